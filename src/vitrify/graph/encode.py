"""Objects to tables: every object is found once, grouped by shape, and each column is encoded as a whole.

The object is only read. What cannot be saved is collected, so that all problems are reported at once; nothing is
written before that.
"""

from __future__ import annotations

import enum
import types
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Any, Final

import numpy as np

from vitrify.container.writer import Piece
from vitrify.errors import UnsupportedError
from vitrify.graph.arrays import find_views, order_of, plain_bytes
from vitrify.graph.cells import CellWriter
from vitrify.graph.columns import SCALARS, encode_column
from vitrify.graph.containers import DictShape, FrozensetShape, ListShape, SetShape, Shape, TupleShape
from vitrify.graph.dtypes import SAFETENSORS, encode_dtype
from vitrify.graph.instances import (
    AttrsShape, ConverterShape, EnumShape, ReduceShape, attributes, has_plain_state, is_shadowing, reduction,
)  # fmt: skip
from vitrify.graph.leveling import MadeOnCycleError, Node, levels
from vitrify.graph.paths import Edge, Holder, Paths
from vitrify.graph.registry import REVIEWED_LIBRARIES, Registry, find, full_name
from vitrify.graph.schema import CELL_LIMIT_BYTES, Arrays, Column, Graph, Name, Table, encode_graph

_PLAIN: Final = frozenset({type(None), bool, int, float, str, bytes, *SCALARS})
_FUNCTIONS: Final = (types.FunctionType, types.BuiltinFunctionType, types.MethodDescriptorType, np.ufunc, type(np.mean))
_FUNCTION_TYPE_NAMES: Final = frozenset({"cython_function_or_method", "fused_cython_function", "_ArrayFunctionDispatcher"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Encoded:
    """A whole object as the container takes it.

    Attributes:
        graph: The canonical JSON of the object graph.
        cells: Small column data and arrays.
        pieces: The blocks.
        libraries: The top-level packages that the object's types come from, sorted.
        main_names: Names of `__main__` that it needs.
        dropped: Paths of parameters that are never restored.
    """

    graph: bytes
    cells: bytes
    pieces: list[Piece]
    libraries: tuple[str, ...]
    main_names: tuple[str, ...]
    dropped: tuple[str, ...]


@dataclass(slots=True, eq=False)
class Draft:
    """A table that is still growing; `columns` keeps all values alive while identity is tracked by `id`."""

    shape: Shape
    objects: list[Any] = field(default_factory=list)
    row_of: dict[int, int] = field(default_factory=dict)
    lengths: list[int] | None = None
    columns: dict[str, list[Any]] = field(default_factory=dict)
    n_taken: int = 0
    is_waiting: bool = False
    number: int = -1
    linked: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class _Problem:
    draft: Draft | None
    field: str
    position: int
    what: str
    hint: str


def encode(root: Any, registry: Registry) -> Encoded:
    """Encode an object of any supported type.

    Raises:
        UnsupportedError: Lists every value in it that cannot be saved, with its path.
    """
    return _Encoder(registry).run(root)


class _Encoder:
    def __init__(self, registry: Registry) -> None:
        self.registry = registry
        self.cells = CellWriter()
        self._drafts: dict[Any, Draft] = {}
        self._draft_of: dict[int, Draft] = {}
        self._arrays: dict[int, Any] = {}
        self._keep: list[Any] = []
        self._handlers: dict[type, Callable[[Sequence[Any]], Iterable[tuple[Any, list[Any]]]]] = {}
        self._shapes: dict[Any, Shape] = {}
        self._waiting: deque[Draft] = deque()
        self._names: dict[int, int] = {}
        self._name_list: list[Name] = []
        self._problems: list[_Problem] = []
        self._bad: set[int] = set()
        self._dropped: list[tuple[Draft, int, str]] = []
        self._libraries: set[str] = set()

    def run(self, root: Any) -> Encoded:
        self._root = root
        self._scan([root], None, "")
        while self._waiting:
            self._take(self._waiting.popleft())
        if self._problems:
            raise self._refusal()
        drafts = self._place_arrays()
        dropped = self._dropped_paths(drafts)
        drafts = self._split_by_level(drafts)
        for number, draft in enumerate(drafts):
            draft.number = number
        namer = _Namer(lambda: self._paths(drafts))
        root_column = encode_column([root], self, "$root")
        tables = tuple(self._table(draft, namer) for draft in drafts)
        graph = encode_graph(Graph(root_column, tuple(self._name_list), tables))
        return Encoded(
            graph=graph,
            cells=bytes(self.cells.pool),
            pieces=self.cells.pieces,
            libraries=tuple(sorted(self._libraries)),
            main_names=tuple(n.name for n in self._name_list if n.name.startswith("__main__.")),
            dropped=dropped,
        )

    def _dropped_paths(self, drafts: Sequence[Draft]) -> tuple[str, ...]:
        if not self._dropped:
            return ()
        place = {id(draft): i for i, draft in enumerate(drafts)}
        paths = self._paths(drafts)
        return tuple(f"{paths.of(place[id(draft)], row)}.{name}" for draft, row, name in self._dropped)

    # Finding objects

    def _scan(self, values: Sequence[Any], draft: Draft | None, field_name: str) -> None:
        """Find the objects among the values of a column, each kind at once."""
        kinds = dict.fromkeys(map(type, values))
        for kind in kinds:
            if kind in _PLAIN:
                continue
            if draft is not None:
                draft.linked.add(field_name)
            members = values if len(kinds) == 1 else [v for v in values if type(v) is kind]
            fresh = dict(zip(map(id, members), members, strict=True))
            if not self._draft_of.keys().isdisjoint(fresh):
                fresh = {key: value for key, value in fresh.items() if key not in self._draft_of}
            if not fresh:
                continue
            try:
                self._add(kind, fresh)
            except UnsupportedError as error:
                self._report(error, kind, values, draft, field_name)

    def _report(
        self, error: UnsupportedError, kind: type, values: Sequence[Any], draft: Draft | None, field_name: str
    ) -> None:
        """Note each value of the kind that cannot be saved; the others are taken one by one."""
        start = len(draft.columns[field_name]) - len(values) if draft is not None else 0
        for i, value in enumerate(values):
            if type(value) is not kind or id(value) in self._draft_of or id(value) in self._bad:
                continue
            try:
                self._add(kind, {id(value): value})
            except UnsupportedError as own:
                self._bad.add(id(value))
                self._keep.append(value)
                self._problems.append(_Problem(draft, field_name, start + i, own.message, own.hint or ""))

    def _add(self, kind: type, fresh: dict[int, Any]) -> None:
        if self.is_name(kind):
            for value in fresh.values():
                self.name_index(value)
            return
        handler = self._handlers.get(kind)
        if handler is None:
            handler = self._handlers[kind] = self._handler(kind)
        for key, members in handler(list(fresh.values())):
            if key is None:
                self._arrays.update(zip(map(id, members), members, strict=True))
                continue
            draft = self._drafts.get(key)
            if draft is None:
                draft = self._drafts[key] = Draft(self._shapes[key])
            ids = list(map(id, members))
            draft.row_of.update(zip(ids, range(len(draft.objects), len(draft.objects) + len(ids)), strict=True))
            draft.objects += members
            self._draft_of.update(dict.fromkeys(ids, draft))
            if not draft.is_waiting:
                draft.is_waiting = True
                self._waiting.append(draft)

    def _take(self, draft: Draft) -> None:
        draft.is_waiting = False
        batch = draft.objects[draft.n_taken :]
        draft.n_taken = len(draft.objects)
        try:
            lengths, columns = draft.shape.take(batch)
        except UnsupportedError as error:
            self._problems.append(_Problem(draft, "", draft.n_taken - len(batch), error.message, error.hint or ""))
            return
        if lengths is not None:
            draft.lengths = draft.lengths or []
            draft.lengths += lengths
        for name, values in columns.items():
            if name == "memory" and draft.shape.layout == "attrs" and any(v is not None for v in values):
                values = self._drop_memory(draft, values)
            draft.columns.setdefault(name, []).extend(values)
            self._scan(values, draft, name)

    def _drop_memory(self, draft: Draft, values: list[Any]) -> list[Any]:
        """`memory=` names a folder whose pickles a later fit would load, so no file carries it (attacks F32)."""
        if not isinstance(draft.shape, AttrsShape) or not draft.shape.is_reviewed:
            return values
        first = draft.n_taken - len(values)
        self._dropped += [(draft, first + i, "memory") for i, v in enumerate(values) if v is not None]
        return [None] * len(values)

    # Which shape an object has

    def _handler(self, kind: type) -> Callable[[Sequence[Any]], Iterable[tuple[Any, list[Any]]]]:
        simple = _CONTAINERS.get(kind)
        if simple is not None:
            shape: Shape = SetShape(self._sorted) if kind is set else (
                FrozensetShape(self._sorted) if kind is frozenset else simple()
            )  # fmt: skip
            return self._single(kind, shape)
        if kind is np.ndarray or kind is np.memmap:
            return self._array_groups
        converter = self.registry.converter_of(kind)
        if converter is not None:
            self._note_library(kind)
            return self._single(kind, ConverterShape(converter))
        type_id = self.registry.attrs_id(kind)
        if type_id is not None:
            self._note_library(kind)
            return self._by_attributes(kind, type_id, is_reviewed=True)
        self._refuse_foreign(kind)
        name = self._importable_name(kind, "class")
        self._note_library(kind)
        if issubclass(kind, enum.Enum):
            return self._enum_groups(kind, name)
        return self._own_class(kind, name)

    def _single(self, key: Any, shape: Shape) -> Callable[[Sequence[Any]], Iterable[tuple[Any, list[Any]]]]:
        self._shapes[key] = shape
        return lambda members: [(key, list(members))]

    def _array_groups(self, members: Sequence[Any]) -> Iterable[tuple[Any, list[Any]]]:
        plain = [array for array in members if array.dtype != object]
        for dtype in dict.fromkeys(array.dtype for array in plain):
            encode_dtype(dtype)
        if plain:
            yield None, plain
        for array in members:
            if array.dtype == object:
                key = ("object array", array.ndim, order_of(array))
                if key not in self._shapes:
                    self._shapes[key] = ObjectArrayShape(array.ndim, order_of(array))
                yield key, [array]

    def _by_attributes(
        self, kind: type, type_id: str, *, is_reviewed: bool
    ) -> Callable[[Sequence[Any]], Iterable[tuple[Any, list[Any]]]]:
        def group(members: Sequence[Any]) -> Iterable[tuple[Any, list[Any]]]:
            groups: dict[tuple[str, ...], list[Any]] = {}
            for target in members:
                groups.setdefault(tuple(attributes(target)), []).append(target)
            for names, alike in groups.items():
                key = (kind, names)
                if key not in self._shapes:
                    for name in names:
                        self._refuse_shadowing(kind, name, is_reviewed=is_reviewed)
                    self._shapes[key] = AttrsShape(type_id, kind, is_reviewed=is_reviewed)
                yield key, alike

        return group

    def _refuse_shadowing(self, kind: type, name: Any, *, is_reviewed: bool) -> None:
        if not isinstance(name, str) or is_shadowing(kind, name, is_reviewed=is_reviewed):
            raise UnsupportedError(
                f"a {kind.__qualname__} whose attribute {name!r} replaces a member of its class",
                hint="Delete the attribute, or write a subclass",
            )

    def _enum_groups(self, kind: type[enum.Enum], name: str) -> Callable[[Sequence[Any]], Iterable[tuple[Any, list[Any]]]]:
        def group(members: Sequence[Any]) -> Iterable[tuple[Any, list[Any]]]:
            for target in members:
                layout = "member" if kind.__members__.get(target.name) is target else "value"
                key = (kind, layout)
                self._shapes.setdefault(key, EnumShape(name, kind, layout=layout))
                yield key, [target]

        return group

    def _own_class(self, kind: type, name: str) -> Callable[[Sequence[Any]], Iterable[tuple[Any, list[Any]]]]:
        by_attributes = self._by_attributes(kind, name, is_reviewed=False)

        def group(members: Sequence[Any]) -> Iterable[tuple[Any, list[Any]]]:
            if all(map(has_plain_state, members)):
                yield from by_attributes(members)
                return
            for target in members:
                how, parts = reduction(target)
                key = (kind, how, tuple(parts))
                if key not in self._shapes:
                    self._shapes[key] = ReduceShape(name, kind, how=how, fields=tuple(parts))
                yield key, [target]

        return group

    def _refuse_foreign(self, kind: type) -> None:
        library = kind.__module__.split(".")[0]
        hint = _HINTS.get(full_name(kind)) or _HINTS.get(kind.__qualname__)
        if library in REVIEWED_LIBRARIES:
            raise UnsupportedError(
                f"a {full_name(kind)}, which this vitrify has not reviewed",
                hint=hint or "Upgrade vitrify, or ask for it",
            )
        if hint is not None or library == "builtins" or library in _STANDARD_LIBRARY:
            raise UnsupportedError(f"a {full_name(kind)}", hint=hint or "Replace it by plain data before saving")

    def _note_library(self, kind: type) -> None:
        self._libraries.add(kind.__module__.split(".")[0])

    # Names of classes and functions

    def is_name(self, kind: type) -> bool:
        """Whether values of this type are classes or functions."""
        return issubclass(kind, (type, *_FUNCTIONS)) or kind.__name__ in _FUNCTION_TYPE_NAMES

    def name_index(self, value: object) -> int:
        """The place of a class or function in the list of names."""
        found = self._names.get(id(value))
        if found is None:
            what = "class" if isinstance(value, type) else "function"
            name = self.registry.name_of(value) or self._own_name(value, what)
            if isinstance(value, type):
                self._note_library(value)
            found = self._names[id(value)] = len(self._name_list)
            self._name_list.append(Name(what, name))
            self._keep.append(value)
        return found

    def _own_name(self, value: Any, what: str) -> str:
        module = getattr(value, "__module__", None)
        top = str(module).split(".")[0]
        if top in REVIEWED_LIBRARIES or top in _STANDARD_LIBRARY or module is None:
            shown = f"{module}.{getattr(value, '__qualname__', value)}" if module else str(type(value).__name__)
            raise UnsupportedError(
                f"the {what} {shown}, which this vitrify has not reviewed",
                hint="Wrap it in a named function of your own module",
            )
        return self._importable_name(value, what)

    def _importable_name(self, value: Any, what: str) -> str:
        module, qualname = value.__module__, value.__qualname__
        if "<lambda>" in qualname:
            raise UnsupportedError("a lambda", hint="Write it as a named function in a module of yours")
        if "<locals>" in qualname or find(module, qualname) is not value:
            raise UnsupportedError(
                f"the {what} {qualname}, which cannot be found by that name in {module}",
                hint=f"Move the {what} to the top level of a module",
            )
        return f"{module}.{qualname}"

    # Order of set items

    def _sorted(self, items: Iterable[Any]) -> list[Any]:
        members = list(items)
        kinds = set(map(type, members))
        if len(kinds) <= 1 and kinds <= {str, int, bytes, bool}:
            return sorted(members)
        return sorted(members, key=self._sort_key)

    def _sort_key(self, item: Any) -> tuple[bytes, bytes]:
        alone = _Encoder(self.registry).run(item)
        return alone.graph, alone.cells

    # Emitting tables

    def locate(self, values: Sequence[object]) -> tuple[list[int], list[int]]:
        """The table and the row of each object."""
        ids = list(map(id, values))
        drafts = list(map(self._draft_of.__getitem__, ids))
        return [d.number for d in drafts], [d.row_of[i] for d, i in zip(drafts, ids, strict=True)]

    def _place_arrays(self) -> list[Draft]:
        """Give arrays their tables: by dtype, dimensions and order; those that share memory become views."""
        arrays = list(self._arrays.values())
        views = find_views(arrays)
        buffers: dict[int, Any] = {}
        for i, array in enumerate(arrays):
            view = views.get(i)
            if view is None:
                self._place(("array", array.dtype, array.ndim, order_of(array)), array, None)
                continue
            buffers.setdefault(id(view.buffer), view.buffer)
            draft = self._place(("view", array.dtype, array.ndim), array, "view")
            draft.linked.add("buffer")
            draft.columns.setdefault("buffer", []).append(view.buffer)
            draft.columns.setdefault("offset", []).append(view.offset)
            for axis, stride in enumerate(view.strides):
                draft.columns.setdefault(f"stride{axis}", []).append(stride)
        for buffer in buffers.values():
            self._place(("array", buffer.dtype, 1, "C"), buffer, None)
        return list(self._drafts.values())

    def _place(self, key: Any, array: Any, marker: str | None) -> Draft:
        draft = self._drafts.get(key)
        if draft is None:
            draft = self._drafts[key] = Draft(ArrayMark(key, is_view=marker is not None))
        draft.row_of[id(array)] = len(draft.objects)
        draft.objects.append(array)
        self._draft_of[id(array)] = draft
        return draft

    def _split_by_level(self, drafts: list[Draft]) -> list[Draft]:
        """Split tables so that whatever is made whole refers only to tables before it (SPEC.md §6.5)."""
        place = {id(draft): i for i, draft in enumerate(drafts)}
        nodes = [self._node(draft, place) for draft in drafts]
        try:
            found = levels(nodes, lambda value: self._place_of(value, place))
        except MadeOnCycleError as error:
            self._problems.append(self._cycle_problem(drafts, *error.where))
            raise self._refusal() from None
        if found is None:
            return drafts
        return [part for draft, of_rows in zip(drafts, found, strict=True) for part in self._split(draft, of_rows)]

    def _node(self, draft: Draft, place: dict[int, int]) -> Node:
        columns = [draft.columns[name] for name in draft.columns if name in draft.linked]
        children: set[Any] = set()
        for values in columns:
            children.update(map(self._draft_of.get, map(id, values)))
        return Node(
            is_made=draft.shape.is_made,
            needs_complete=draft.shape.needs_complete,
            n=len(draft.objects),
            lengths=draft.lengths,
            columns=columns,
            children=sorted(place[id(child)] for child in children if child is not None),
        )

    def _cycle_problem(self, drafts: Sequence[Draft], table: int, row: int) -> _Problem:
        what = f"a {drafts[table].shape.type_id} that contains itself"
        return _Problem(drafts[table], "", row, what, "It is rebuilt from its parts, so it cannot be one of them")

    def _place_of(self, value: Any, place: dict[int, int]) -> tuple[int, int] | None:
        draft = self._draft_of.get(id(value))
        if draft is None or type(value) in _PLAIN:
            return None
        return place[id(draft)], draft.row_of[id(value)]

    def _split(self, draft: Draft, of_rows: Sequence[tuple[int, int]]) -> list[Draft]:
        if len(set(of_rows)) <= 1:
            return [draft]
        starts = list(accumulate(draft.lengths, initial=0)) if draft.lengths is not None else None
        parts: dict[tuple[int, int], Draft] = {}
        for row, (target, level) in enumerate(zip(draft.objects, of_rows, strict=True)):
            part = parts.setdefault(level, Draft(draft.shape, linked=draft.linked))
            part.row_of[id(target)] = len(part.objects)
            part.objects.append(target)
            self._draft_of[id(target)] = part
            begin, end = (starts[row], starts[row + 1]) if starts is not None else (row, row + 1)
            if draft.lengths is not None:
                part.lengths = part.lengths or []
                part.lengths.append(draft.lengths[row])
            for name, values in draft.columns.items():
                part.columns.setdefault(name, []).extend(values[begin:end])
        return [parts[level] for level in sorted(parts)]

    def _table(self, draft: Draft, namer: _Namer) -> Table:
        prefix = f"${draft.number}"
        if isinstance(draft.shape, ArrayMark):
            return self._array_table(draft, draft.shape, namer)
        lengths: Column | None = None
        if draft.lengths is not None:
            lengths = encode_column(draft.lengths, self, f"{prefix}.lengths")
        columns = {
            name: encode_column(values, self, f"{prefix}.{name}"[:80]) for name, values in draft.columns.items()
        }
        arrays = None
        if isinstance(draft.shape, ObjectArrayShape):
            shape = draft.shape
            dims = tuple(
                encode_column([a.shape[axis] for a in draft.objects], self, f"{prefix}.shape{axis}")
                for axis in range(shape.ndim)
            )
            arrays = Arrays("|O", shape.order, dims)
        return Table(draft.shape.type_id, len(draft.objects), columns, draft.shape.layout, lengths, arrays)

    def _array_table(self, draft: Draft, mark: ArrayMark, namer: _Namer) -> Table:
        prefix = f"${draft.number}"
        columns = {name: encode_column(values, self, f"{prefix}.{name}") for name, values in draft.columns.items()}
        shape = tuple(
            encode_column([a.shape[axis] for a in draft.objects], self, f"{prefix}.shape{axis}")
            for axis in range(mark.ndim)
        )
        dtype = encode_dtype(mark.dtype)
        if mark.is_view:
            return Table("numpy.ndarray", len(draft.objects), columns, "views", None, Arrays(dtype, "C", shape))
        blocks: list[int] = []
        small: list[Any] = []
        for row, array in enumerate(draft.objects):
            if array.nbytes < CELL_LIMIT_BYTES:
                small.append(array)
            else:
                blocks.append(self.cells.add(_array_piece(array, namer(draft.number, row), dtype)))
        joined = self.cells.put(b"".join(map(plain_bytes, small)), f"{prefix}.arrays")
        arrays = Arrays(dtype, mark.order, shape, tuple(blocks), joined)
        return Table("numpy.ndarray", len(draft.objects), columns, "arrays", None, arrays)

    # Paths

    def _paths(self, drafts: Sequence[Draft]) -> Paths:
        place = {id(draft): i for i, draft in enumerate(drafts)}
        edges: list[Edge] = []
        holders: list[Holder] = []
        for i, draft in enumerate(drafts):
            keys = draft.columns.get("keys", ())
            starts = None
            if draft.lengths is not None:
                starts = np.fromiter(accumulate(draft.lengths, initial=0), np.int64, len(draft.lengths) + 1)
            layout = draft.shape.layout
            holders.append(Holder(n=len(draft.objects), layout=layout, starts=starts, key=keys.__getitem__))  # type: ignore[arg-type]  # a list's
            for name in draft.columns:
                if name in draft.linked:
                    edges += self._edges(i, name, draft.columns[name], place)
        start = self._draft_of.get(id(self._root))
        found = None if start is None else (place[id(start)], start.row_of[id(self._root)])
        return Paths(holders, edges, found)

    def _edges(self, table: int, name: str, values: Sequence[Any], place: dict[int, int]) -> list[Edge]:
        by_child: dict[int, tuple[list[int], list[int]]] = {}
        for position, value in enumerate(values):
            if type(value) in _PLAIN:
                continue
            draft = self._draft_of.get(id(value))
            if draft is not None:
                rows, positions = by_child.setdefault(place[id(draft)], ([], []))
                rows.append(draft.row_of[id(value)])
                positions.append(position)
        return [
            Edge(table=table, field=name, child=child, rows=np.array(r, np.int64), positions=np.array(p, np.int64))
            for child, (r, p) in by_child.items()
        ]

    def _refusal(self) -> UnsupportedError:
        drafts = list(self._drafts.values())
        place = {id(draft): i for i, draft in enumerate(drafts)}
        paths = self._paths(drafts)
        found: list[tuple[str, str, str]] = []
        for problem in self._problems:
            where = "$"
            if problem.draft is not None and problem.field:
                table, row, step = paths.step(place[id(problem.draft)], problem.field, problem.position)
                where = paths.of(table, row) + step
            elif problem.draft is not None:
                where = paths.of(place[id(problem.draft)], problem.position)
            found.append((where, problem.what, problem.hint))
        if len(found) == 1:
            where, what, hint = found[0]
            return UnsupportedError(f"cannot save {what}", path=where, hint=hint or None, problems=tuple(found))
        lines = [f"cannot save {len(found)} values:"]
        lines += [f"  {where}: {what}" + (f". {hint}" if hint else "") for where, what, hint in found]
        return UnsupportedError("\n".join(lines), problems=tuple(found))


class ArrayMark:
    """Stands where other tables have a shape: arrays are placed only when all of them are known."""

    type_id = "numpy.ndarray"
    layout = "arrays"
    is_made = True
    needs_complete = False

    def __init__(self, key: Any, *, is_view: bool = False) -> None:
        self.dtype: np.dtype[Any] = key[1]
        self.ndim: int = key[2]
        self.order: str = "C" if is_view else key[3]
        self.is_view = is_view

    def take(self, objects: Sequence[Any]) -> tuple[list[int] | None, dict[str, list[Any]]]:
        """Nothing: arrays hold no objects."""
        return None, {}

    check = make = fill = None  # type: ignore[assignment]  # never called on this side


class ObjectArrayShape:
    """Arrays of objects: their items are a column like a list's."""

    type_id = "numpy.ndarray"
    layout = "object_arrays"
    is_made = False
    needs_complete = False

    def __init__(self, ndim: int, order: str) -> None:
        self.ndim = ndim
        self.order = order

    def take(self, objects: Sequence[Any]) -> tuple[list[int] | None, dict[str, list[Any]]]:
        """Sizes, and all items in the array's order."""
        items: list[Any] = []
        for array in objects:
            items += array.ravel(self.order).tolist()
        return [array.size for array in objects], {"items": items}

    check = make = fill = None  # type: ignore[assignment]  # never called on this side


class _Namer:
    """Readable names for big arrays; the paths are worked out only if there is one."""

    def __init__(self, make: Callable[[], Paths]) -> None:
        self._make = make
        self._paths: Paths | None = None

    def __call__(self, table: int, row: int) -> str:
        if self._paths is None:
            self._paths = self._make()
        path = self._paths.of(table, row)
        name = path.removeprefix("$").replace("[", ".").replace("]", "").replace("'", "").lstrip(".")
        return name.replace("$", "_") or "root"


def _array_piece(array: Any, name: str, dtype: Any) -> Piece:
    code = SAFETENSORS.get(dtype) if isinstance(dtype, str) else None
    shape = array.T.shape if array.flags.fnc else array.shape
    if code is None:
        code, shape = "U8", (*shape, array.dtype.itemsize)
    return Piece(
        name=name + (".T" if array.flags.fnc else ""),
        dtype=code,
        shape=tuple(shape),
        buffers=lambda: [plain_bytes(array)],
    )


_CONTAINERS: Final[dict[type, Callable[[], Shape]]] = {
    list: ListShape, tuple: TupleShape, dict: DictShape, set: ListShape, frozenset: ListShape,
}  # fmt: skip
_STANDARD_LIBRARY: Final = __import__("sys").stdlib_module_names - {"__main__"}
_HINTS: Final = {
    "builtins.generator": "Turn it into a list",
    "builtins.module": "Import it where it is used instead of keeping it",
    "_io.TextIOWrapper": "Close the file and keep its contents or path",
    "_io.BufferedReader": "Close the file and keep its contents or path",
    "_io.BufferedWriter": "Close the file and keep its contents or path",
    "_thread.lock": "Drop it in __getstate__ and make a new one in __setstate__",
    "_thread.RLock": "Drop it in __getstate__ and make a new one in __setstate__",
    "threading.Thread": "Stop it and drop it before saving",
    "builtins.method": "Keep the object and the method's name instead",
    "builtins.memoryview": "Turn it into bytes or an array",
    "builtins.object": "Use None or a named sentinel of your own class",
}
