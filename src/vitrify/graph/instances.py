"""Objects of classes as shapes: by their attributes, or by what their own `__reduce_ex__` says.

Classes of reviewed libraries are always taken by their attributes; none of their code runs. For a class of the
caller's own, `copyreg`'s protocol is honoured as far as it names no callable but the class itself.
"""

from __future__ import annotations

import copyreg
import enum
import functools
from collections.abc import Callable, Mapping, Sequence
from sys import intern
from typing import Any, Final

import numpy as np

from vitrify.errors import StateError, UnsupportedError, VitrifyError
from vitrify.graph.containers import Columns, Lengths, Shape
from vitrify.graph.converter import AttrsRule, Converter
from vitrify.graph.members import attributes_of_all, is_property, shadowing, slots_of
from vitrify.graph.parameters import check_parameters, require_state, restricted, unrestorable
from vitrify.graph.paths import with_article
from vitrify.graph.rows import Rows

REDUCE_FIELDS: Final = ("args", "kwargs", "state", "items", "pairs")


class RowError(Exception):
    """A converter or rule failed, with the exception that is its cause, at a row of those it was given."""

    def __init__(self, row: int) -> None:
        super().__init__(row)
        self.row = row


class ConverterShape:
    """Objects that a converter takes apart."""

    layout = "fields"

    def __init__(self, converter: Converter[Any]) -> None:
        self.converter = converter
        self.type_id = converter.type_id
        self.is_made = self.needs_complete = converter.decode is not None

    def take(self, objects: Sequence[Any]) -> tuple[Lengths, Columns]:
        """What `encode` returns, turned into columns."""
        rows = list(map(self.converter.encode, objects))
        columns = zip(*rows, strict=True) if self.converter.fields else ()
        return None, {field: list(column) for field, column in zip(self.converter.fields, columns, strict=True)}

    def check(self, rows: Rows) -> None:
        """The converter's own check."""
        if tuple(rows.columns) != self.converter.fields:
            rows.fail(0, f"has the fields {', '.join(rows.columns)[:200]}, not {', '.join(self.converter.fields)}")
        self.converter.check(rows)

    def make(self, n: int, lengths: Lengths, columns: Columns) -> list[Any]:
        """Call `decode` on the values, or `allocate`."""
        if self.converter.decode is None:
            assert self.converter.allocate is not None
            return [self.converter.allocate() for _ in range(n)]
        if not columns:
            return [self.converter.decode() for _ in range(n)]
        made: list[Any] = []
        try:
            made.extend(map(self.converter.decode, *columns.values()))
        except (VitrifyError, MemoryError):
            raise
        except Exception as error:
            raise RowError(len(made)) from error
        return made

    def fill(self, objects: list[Any], lengths: Lengths, columns: Columns) -> None:
        """Call `fill` on objects and values."""
        if self.converter.fill is None:
            return
        for row, (target, *values) in enumerate(zip(objects, *columns.values(), strict=True)):
            try:
                self.converter.fill(target, *values)
            except (VitrifyError, MemoryError):
                raise
            except Exception as error:
                raise RowError(row) from error


class AttrsShape:
    """Objects that are their attributes, in the order in which they were set."""

    layout = "attrs"
    is_made = False
    needs_complete = False

    def __init__(self, type_id: str, cls: type, *, is_reviewed: bool, rule: AttrsRule | None = None) -> None:
        self.type_id = type_id
        self.cls = cls
        self.is_reviewed = is_reviewed
        self.rule = rule or AttrsRule()
        self._properties = frozenset(name for name in self.rule.derived if is_property(cls, name))

    def take(self, objects: Sequence[Any]) -> tuple[Lengths, Columns]:
        """A column for each attribute; all objects have the same ones."""
        states = attributes_of_all(self.cls, objects)
        names = [name for name in states[0] if name not in self.rule.drop]
        columns: Columns
        if len(names) == len(states[0]):
            values = zip(*[state.values() for state in states], strict=True)
            columns = {name: list(column) for name, column in zip(names, values, strict=True)}
        else:
            columns = {name: [state[name] for state in states] for name in names}
        for name, stored_as in self.rule.stored_as.items():
            if name in columns:
                columns[name] = list(map(stored_as, objects))
        refused = unrestorable(self.type_id, self.cls, columns, is_reviewed=self.is_reviewed)
        if refused is not None:
            raise RowError(refused[0]) from refused[1]
        if self.rule.precheck is not None:
            for row, target in enumerate(objects):
                try:
                    self.rule.precheck(target)
                except UnsupportedError as error:
                    raise RowError(row) from error
        return None, columns

    def restricts(self, name: str) -> bool:
        """Whether an attribute is a parameter that not every file may set."""
        return bool(restricted(self.cls, (name,), is_reviewed=self.is_reviewed))

    def check(self, rows: Rows) -> None:
        """No attribute may stand in front of a method, a property or a dunder of the class."""
        names = [name for name in rows.columns if name not in self._properties]
        for name in shadowing(self.cls, names, is_reviewed=self.is_reviewed):
            rows.fail(0, f"attribute {name[:80]!r} would hide a member of the class")
        for name in self.rule.drop:
            if name in names:
                rows.fail(0, f"attribute {name!r} is never in a file")
        if self.is_reviewed:
            check_parameters(rows)
        self.rule.check(rows)

    def make(self, n: int, lengths: Lengths, columns: Columns) -> list[Any]:
        """Bare objects; a class of a reviewed library has no say in it."""
        if self.is_reviewed:
            return [object.__new__(self.cls) for _ in range(n)]
        cls: Any = self.cls
        return [cls.__new__(cls) for _ in range(n)]

    def fill(self, objects: list[Any], lengths: Lengths, columns: Columns) -> None:
        """Set the attributes, past any `__setattr__` of the class."""
        columns = {name: column for name, column in columns.items() if name not in self._properties}
        names = [intern(name) for name in columns]
        slots = [name for name in slots_of(self.cls) if name in columns]
        for target, values in zip(objects, zip(*columns.values(), strict=True), strict=bool(names)):
            if not slots:
                target.__dict__.update(zip(names, values, strict=True))
            else:
                for name, value in zip(names, values, strict=True):
                    object.__setattr__(target, name, value)

    def finish(self, objects: list[Any]) -> None:
        """Call the rule's `finish`, when all that the objects hold is filled."""
        if self.rule.finish is not None:
            _each(self.rule.finish, objects)

    def ask(self, objects: list[Any]) -> None:
        """Call the rule's `ask`, when the whole file is built."""
        if self.rule.ask is not None:
            _each(self.rule.ask, objects)


class ReduceShape:
    """Objects of a caller's class that say themselves how they are rebuilt.

    `how` is `new` (`cls.__new__(cls, *args, **kwargs)`) or `call` (`cls(*args)`); then `state`, `items` and `pairs`
    are set as `copyreg` documents.
    """

    def __init__(self, type_id: str, cls: type, *, how: str, fields: tuple[str, ...]) -> None:
        self.type_id = type_id
        self.cls = cls
        self.layout = how
        self.fields = fields
        self.is_made = "args" in fields or "kwargs" in fields
        self.needs_complete = True

    def take(self, objects: Sequence[Any]) -> tuple[Lengths, Columns]:
        """The parts of each object's reduction."""
        parts = [reduction(target)[1] for target in objects]
        for part in parts:
            require_state(self.cls, part.get("state"))
        return None, {field: [part[field] for part in parts] for field in self.fields}

    def check(self, rows: Rows) -> None:
        """The fields must be known, in their order; and no class is called that does not ask for it."""
        if self.layout == "call" and not _reduces_itself(self.cls):
            rows.fail(0, "asks for a call of its class, which has no __reduce__ that does")
        known = [field for field in REDUCE_FIELDS if (self.layout, field) != ("call", "kwargs")]
        if list(rows.columns) != [field for field in known if field in rows.columns]:
            rows.fail(0, "has fields that no object has")

    def make(self, n: int, lengths: Lengths, columns: Columns) -> list[Any]:
        """Call the class, or its `__new__`."""
        args = columns.get("args") or [()] * n
        kwargs = columns.get("kwargs") or [{}] * n
        cls: Any = self.cls
        if self.layout == "call":
            return [cls(*a) for a in args]
        return [cls.__new__(cls, *a, **k) for a, k in zip(args, kwargs, strict=True)]

    def fill(self, objects: list[Any], lengths: Lengths, columns: Columns) -> None:
        """Give each its items, pairs and state."""
        for i, target in enumerate(objects):
            for item in columns["items"][i] if "items" in columns else ():
                target.append(item)
            for key, value in columns["pairs"][i] if "pairs" in columns else ():
                target[key] = value
            if "state" in columns:
                set_state(target, columns["state"][i])


class LateStateShape(ReduceShape):
    """Objects that were saved as their attributes, of a class that has a `__setstate__` now: it gets them."""

    def __init__(self, type_id: str, cls: type) -> None:
        super().__init__(type_id, cls, how="new", fields=())

    def check(self, rows: Rows) -> None:
        """Nothing: what names the attributes may have is for `__setstate__` to say."""

    def fill(self, objects: list[Any], lengths: Lengths, columns: Columns) -> None:
        """Give each its state in the form that `copyreg` documents."""
        for target, values in zip(objects, zip(*columns.values(), strict=True), strict=bool(columns)):
            state = dict(zip(columns, values, strict=True))
            slots = {name: state.pop(name) for name in slots_of(self.cls) if name in state}
            set_state(target, (state or None, slots) if slots else state)


class EnumShape:
    """Members of an enumeration, by name; combined flags, which have none, by value."""

    is_made = True
    needs_complete = True

    def __init__(self, type_id: str, cls: type[enum.Enum], *, layout: str) -> None:
        self.type_id = type_id
        self.cls = cls
        self.layout = layout

    def take(self, objects: Sequence[Any]) -> tuple[Lengths, Columns]:
        """One column of names or values."""
        if self.layout == "member":
            return None, {"member": [target.name for target in objects]}
        return None, {"value": [target.value for target in objects]}

    def check(self, rows: Rows) -> None:
        """Every name must be a member's."""
        if list(rows.columns) != ["member" if self.layout == "member" else "value"]:
            rows.fail(0, "an enum member has one name or value")
        for row, name in enumerate(rows.values("member")) if self.layout == "member" else ():
            if not isinstance(name, str) or name not in self.cls.__members__:
                rows.fail(row, f"has no member {str(name)[:80]!r}")

    def make(self, n: int, lengths: Lengths, columns: Columns) -> list[Any]:
        """The members themselves."""
        if self.layout == "member":
            return [self.cls.__members__[name] for name in columns["member"]]
        return [self.cls(value) for value in columns["value"]]

    def fill(self, objects: list[Any], lengths: Lengths, columns: Columns) -> None:
        """Nothing: they exist."""


def _each(call: Callable[[Any], None], objects: Sequence[Any]) -> None:
    for row, target in enumerate(objects):
        try:
            call(target)
        except (VitrifyError, MemoryError):
            raise
        except Exception as error:
            raise RowError(row) from error


def has_plain_state(target: Any) -> bool:
    """Whether attributes alone rebuild a caller's object, as `copyreg` sees it."""
    cls: Any = type(target)
    if not _is_plain(cls):
        return False
    how, parts = reduction(target)
    return how == "new" and not set(parts) - {"state"}


@functools.lru_cache(maxsize=4096)
def _is_plain(cls: Any) -> bool:
    """Whether a class leaves saving to `object`, or to scikit-learn's BaseEstimator, which only adds a version."""
    for name in ("__getstate__", "__setstate__", "__reduce__", "__reduce_ex__"):
        found = getattr(cls, name, None)
        if found is not getattr(object, name, None) and getattr(found, "__module__", None) != "sklearn.base":
            return False
    return True


def own_attrs_shape(type_id: str, cls: type) -> Shape:
    """The shape of a caller's objects that were saved as their attributes; no `__setstate__` is passed by.

    Otherwise a file could set what the class makes from its state, such as the pointers of XGBoost's Booster.
    """
    found = getattr(cls, "__setstate__", None)
    if found is None or getattr(found, "__module__", None) == "sklearn.base":  # which only reads a version
        return AttrsShape(type_id, cls, is_reviewed=False)
    return LateStateShape(type_id, cls)


def _reduces_itself(cls: Any) -> bool:
    return cls.__reduce__ is not object.__reduce__ or cls.__reduce_ex__ is not object.__reduce_ex__


def reduction(target: Any) -> tuple[str, dict[str, Any]]:
    """How an object wants to be rebuilt: `new` or `call`, and the parts that are not empty.

    Raises:
        UnsupportedError: It asks for a callable other than its class.
    """
    cls = type(target)
    found = target.__reduce_ex__(4)
    if not isinstance(found, tuple) or not 2 <= len(found) <= 5:
        raise UnsupportedError(f"{cls.__qualname__}.__reduce__ gives {str(found)[:60]!r}, which is no recipe")
    function, args, state, items, pairs = (*found, None, None, None)[:5]
    parts: dict[str, Any] = {}
    if function is copyreg.__newobj__ and args[0] is cls:  # type: ignore[attr-defined]  # missing in typeshed
        how, parts["args"] = "new", args[1:]
    elif function is copyreg.__newobj_ex__ and args[0] is cls:  # type: ignore[attr-defined]  # missing in typeshed
        how, parts["args"], parts["kwargs"] = "new", args[1], args[2]
    elif function is cls:
        how, parts["args"] = "call", args
    else:
        if isinstance(target, np.ndarray):
            raise UnsupportedError(
                f"{with_article(cls.__qualname__)}, which is a subclass of numpy's ndarray",
                hint="Keep np.asarray(x) of it, or write a converter",
            )
        name = getattr(function, "__qualname__", type(function).__qualname__)
        raise UnsupportedError(
            f"{cls.__qualname__}.__reduce__ asks to call {name}", hint="Only the class itself may be called"
        )
    parts["state"] = state
    parts["items"] = None if items is None else list(items)
    parts["pairs"] = None if pairs is None else list(pairs)
    return how, {name: parts[name] for name in REDUCE_FIELDS if parts.get(name) not in (None, (), {})}


def set_state(target: Any, state: Any) -> None:
    """What `copyreg` documents: `__setstate__` if there is one, else attributes and slots."""
    set_by_class = getattr(type(target), "__setstate__", None)
    if set_by_class is not None:
        set_by_class(target, state)
        return
    plain, slots = state if isinstance(state, tuple) and len(state) == 2 else (state, None)
    for values in (plain, slots):
        if values is None:
            continue
        if not isinstance(values, Mapping):
            raise StateError(f"the state of {type(target).__qualname__} is not a mapping")
        for name, value in values.items():
            if not isinstance(name, str) or shadowing(type(target), (name,), is_reviewed=False):
                raise StateError(f"attribute {str(name)[:80]!r} would hide a member of {type(target).__qualname__}")
            object.__setattr__(target, name, value)
