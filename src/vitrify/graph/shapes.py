"""Which shape an object has: the one place that decides how a type is saved.

In this order: the builtin containers, numpy arrays, converters, reviewed classes by their attributes, enumerations
and classes of the caller's own. Everything else is refused with a way out.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Final

import numpy as np

from vitrify.errors import FormatError, UnsupportedError
from vitrify.graph.array_tables import ObjectArrayShape
from vitrify.graph.arrays import order_of
from vitrify.graph.containers import DictShape, FrozensetShape, ListShape, SetShape, Shape, TupleShape
from vitrify.graph.dtypes import check_name, encode_dtype, has_other_bytes, require_values
from vitrify.graph.instances import AttrsShape, ConverterShape, EnumShape, ReduceShape, has_plain_state, reduction
from vitrify.graph.members import attributes_of_all, shadowing
from vitrify.graph.names import STANDARD_LIBRARY, NameTable
from vitrify.graph.paths import with_article
from vitrify.graph.registry import REVIEWED_LIBRARIES, Registry, full_name

Groups = Iterator[tuple[Shape | None, list[Any]]]
Handler = Callable[[Sequence[Any]], Groups]

_HINTS: Final = {
    "builtins.generator": "Turn it into a list",
    "builtins.module": "Import it where it is used instead of keeping it",
    "builtins.method": "Keep the object and the method's name instead",
    "builtins.builtin_function_or_method": "Keep the object and the method's name instead",
    "builtins.memoryview": "Turn it into bytes or an array",
    "builtins.object": "Use None, or a named sentinel of a class of your own",
    "builtins.code": "Save the function's source as text",
    "_io.TextIOWrapper": "Close the file and keep its contents or path",
    "_io.BufferedReader": "Close the file and keep its contents or path",
    "_io.BufferedWriter": "Close the file and keep its contents or path",
    "_thread.lock": "Drop it in __getstate__ and make a new one in __setstate__",
    "_thread.RLock": "Drop it in __getstate__ and make a new one in __setstate__",
    "threading.Thread": "Stop it and drop it before saving",
    "socket.socket": "Close it and keep its address",
    "sqlite3.Connection": "Close it and keep its path",
    "operator.itemgetter": "Write a function in a module of your own that gets the item",
    "operator.methodcaller": "Write a function in a module of your own that calls the method",
    "operator.attrgetter": "Give the attribute's name as text, or write a function of your own",
    "sklearn.callback._progressbar.ProgressBar": "Take callbacks off with set_callbacks()",
    "sklearn.callback._scoring_monitor.ScoringMonitor": "Keep what its get_logs() gives, not the callback",
}


class ShapeFinder:
    """Groups objects of one type by shape; each shape is one object, however often it is found."""

    def __init__(self, registry: Registry, names: NameTable, sort: Callable[[Iterable[Any]], list[Any]]) -> None:
        self._registry = registry
        self._names = names
        self._shapes: dict[Any, Shape] = {}
        self._handlers: dict[type, Handler] = {}
        self._containers: dict[type, Callable[[], Shape]] = {
            list: ListShape,
            tuple: TupleShape,
            dict: DictShape,
            set: lambda: SetShape(sort),
            frozenset: lambda: FrozensetShape(sort),
        }

    def groups(self, kind: type, members: Sequence[Any]) -> Groups:
        """The members by shape; None stands for arrays, which are placed when all of them are known.

        Raises:
            UnsupportedError: Objects of this type, or one of these, cannot be saved.
        """
        handler = self._handlers.get(kind)
        if handler is None:
            handler = self._handlers[kind] = self._handler(kind)
        return handler(members)

    def _handler(self, kind: type) -> Handler:
        container = self._containers.get(kind)
        if container is not None:
            return _single(container())
        if kind is np.ndarray or kind is np.memmap:
            return self._array_groups
        converter = self._registry.converter_of(kind)
        if converter is not None:
            self._names.note_library(kind)
            return _single(ConverterShape(converter))
        type_id = self._registry.attrs_id(kind)
        if type_id is not None:
            self._names.note_library(kind)
            return self._by_attributes(kind, type_id, is_reviewed=True)
        _refuse_foreign(kind)
        name = self._names.importable(kind, "class")
        self._names.note_library(kind)
        if issubclass(kind, enum.Enum):
            return self._enum_groups(kind, name)
        return self._own_class(kind, name)

    def _shape(self, key: Any, make: Callable[[], Shape]) -> Shape:
        shape = self._shapes.get(key)
        if shape is None:
            shape = self._shapes[key] = make()
        return shape

    def _array_groups(self, members: Sequence[Any]) -> Groups:
        dtypes = list({id(array.dtype): array.dtype for array in members}.values())  # few, also of thousands of arrays
        kinds = {dtype.char for dtype in dtypes}
        if "T" in kinds:
            strings = [array for array in members if array.dtype.char == "T"]
            yield self._shape("numpy.StringArray", self._string_shape), strings
        for dtype in dtypes:
            if dtype.char not in "TO":
                encode_dtype(dtype)
        plain = [array for array in members if array.dtype.char not in "TO"] if kinds & {"T", "O"} else list(members)
        odd = {dtype for dtype in dtypes if dtype.kind in "UV" and has_other_bytes(dtype)}
        for array in plain if odd else ():
            if array.dtype in odd:
                _require_values(array)
        if plain:
            yield None, plain
        for array in members if "O" in kinds else ():
            if array.dtype.char == "O":
                order = order_of(array)
                key = (np.ndarray, array.ndim, order)
                yield self._shape(key, lambda n=array.ndim, o=order: ObjectArrayShape(n, o)), [array]  # type: ignore[misc]  # bound now

    def _string_shape(self) -> Shape:
        converter = self._registry.converter_for("numpy.StringArray")
        if converter is None:
            raise UnsupportedError("an array of StringDType", hint="Turn it into an array of objects")
        return ConverterShape(converter)

    def _by_attributes(self, kind: type, type_id: str, *, is_reviewed: bool) -> Handler:
        rule = self._registry.rule(type_id)

        def make(names: tuple[str, ...]) -> Shape:
            for name in names:
                check_name(name)
            for name in shadowing(kind, [name for name in names if name not in rule.drop], is_reviewed=is_reviewed):
                raise UnsupportedError(
                    f"{with_article(kind.__qualname__)} whose attribute {name!r} replaces a member of its class",
                    hint="Delete the attribute, or write a subclass",
                )
            return AttrsShape(type_id, kind, is_reviewed=is_reviewed, rule=rule)

        def group(members: Sequence[Any]) -> Groups:
            alike: dict[tuple[str, ...], list[Any]] = {}
            for target, held in zip(members, attributes_of_all(kind, members), strict=True):
                alike.setdefault(tuple(held), []).append(target)
            for names, found in alike.items():
                yield self._shape((kind, names), lambda n=names: make(n)), found  # type: ignore[misc]  # bound now

        return group

    def _enum_groups(self, kind: type[enum.Enum], name: str) -> Handler:
        def group(members: Sequence[Any]) -> Groups:
            for target in members:
                layout = "member" if kind.__members__.get(target.name) is target else "value"
                yield self._shape((kind, layout), lambda how=layout: EnumShape(name, kind, layout=how)), [target]  # type: ignore[misc]  # bound now

        return group

    def _own_class(self, kind: type, name: str) -> Handler:
        by_attributes = self._by_attributes(kind, name, is_reviewed=False)

        def group(members: Sequence[Any]) -> Groups:
            if all(map(has_plain_state, members)):
                yield from by_attributes(members)
                return
            for target in members:
                how, parts = reduction(target)
                fields = tuple(parts)
                shape = self._shape(
                    (kind, how, fields),
                    lambda h=how, f=fields: ReduceShape(name, kind, how=h, fields=f),  # type: ignore[misc]  # bound now
                )
                yield shape, [target]

        return group


def _require_values(array: Any) -> None:
    try:
        require_values(array)
    except FormatError as error:
        raise UnsupportedError(
            f"an array of {array.dtype} from memory that was never written: {error.message}", hint="Fill it first"
        ) from error


def _single(shape: Shape) -> Handler:
    def group(members: Sequence[Any]) -> Groups:
        yield shape, list(members)

    return group


def _refuse_foreign(kind: type) -> None:
    """Refuse what no trust could bring back."""
    library = kind.__module__.split(".", maxsplit=1)[0]
    hint = _HINTS.get(full_name(kind))
    if library in REVIEWED_LIBRARIES:
        raise UnsupportedError(
            f"{with_article(full_name(kind))}, which this vitrify has not reviewed",
            hint=hint or "Upgrade vitrify, or replace it",
        )
    if hint is not None or library in STANDARD_LIBRARY:
        name = kind.__qualname__ if library == "builtins" else full_name(kind)
        if issubclass(kind, enum.Enum):
            hint = hint or "Keep its value, and make the member of it again where you need it"
        raise UnsupportedError(with_article(name), hint=hint or "Replace it by plain data before saving")
