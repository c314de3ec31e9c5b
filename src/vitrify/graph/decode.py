"""Tables to objects: parse everything, check everything, then build.

Parsing reads every cell and checks every number in it; the content checks see all columns of all tables; only then is
anything of the caller's own imported or built. Objects that may lie on cycles are allocated first and filled after.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from math import prod
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from vitrify.container.layout import GRAPH
from vitrify.container.reader import GlassFile
from vitrify.errors import FormatError, StateError, UnsupportedError, VitrifyError
from vitrify.graph.arrays import from_buffer
from vitrify.graph.cells import CellReader
from vitrify.graph.columns import Parsed, parse_column
from vitrify.graph.containers import (
    Columns, DictShape, FrozensetShape, Lengths, ListShape, SetShape, Shape, TupleShape, offsets,
)  # fmt: skip
from vitrify.graph.dtypes import decode_dtype
from vitrify.graph.instances import AttrsShape, ConverterShape, EnumShape, ReduceShape
from vitrify.graph.order import components, is_cyclic
from vitrify.graph.paths import Edge, Holder, Paths, cut
from vitrify.graph.registry import Registry
from vitrify.graph.rows import Rows
from vitrify.graph.schema import CELL_LIMIT_BYTES, Graph, Table, decode_graph

Resolve = Callable[[str, str, str], Any]
_MAX_DIMS: Final = 64
_MAPPABLE: Final = frozenset("fc")
_VALUE_BYTES: Final = 16
_USER_LAYOUTS: Final = frozenset({"attrs", "new", "call", "member", "value"})


@dataclass(slots=True, kw_only=True)
class ParsedTable:
    """A table whose columns have been read.

    Attributes:
        table: What the graph's JSON says.
        columns: The columns, by field name.
        lengths: For containers: how many items each row has, shape (n,) int64.
        arrays: For tables of arrays: the arrays themselves, or None where they are not read yet.
        children: The tables that its columns refer to.
    """

    table: Table
    columns: dict[str, Parsed]
    lengths: npt.NDArray[np.int64] | None = None
    shapes: list[tuple[int, ...]] = field(default_factory=list)
    joined: npt.NDArray[np.uint8] | None = None
    children: list[int] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Foreign:
    """A class or function that the registry does not have: the table or name that needs it first."""

    name: str
    what: str
    table: int


class Decoder:
    """One object graph on its way from a file to objects."""

    def __init__(self, file: GlassFile, registry: Registry, *, mmap: bool = False) -> None:
        self.file = file
        self.registry = registry
        self._mmap = mmap
        self.graph: Graph = decode_graph(file.reserved(GRAPH).tobytes(), file.limits)
        self.cells = CellReader(file)
        self.root = parse_column(self.graph.root, 1, self.cells, self.graph)
        self.tables = [self._parse(table) for table in self.graph.tables]
        self.cells.finish()
        self._objects: list[list[Any]] = [[] for _ in self.tables]
        self._names: list[Any] = []
        self._paths: Paths | None = None

    # Parsing

    def _parse(self, table: Table) -> ParsedTable:
        if not 0 <= table.rows < 2**48:
            raise FormatError(f"a table of {table.rows} rows")
        n, lengths = table.rows, None
        if table.lengths is not None:
            self._spend(n)
            parsed = parse_column(table.lengths, n, self.cells, self.graph)
            lengths = _lengths(parsed)
            n = int(lengths.sum())
        self._spend(n * max(1, len(table.columns)))
        columns = {name: parse_column(c, n, self.cells, self.graph) for name, c in table.columns.items()}
        result = ParsedTable(table=table, columns=columns, lengths=lengths)
        result.children = sorted({child for column in columns.values() for child, _, _ in column.refs()})
        if table.arrays is not None:
            self._parse_arrays(result, table)
        return result

    def _parse_arrays(self, parsed: ParsedTable, table: Table) -> None:
        arrays = table.arrays
        assert arrays is not None
        if len(arrays.shape) > _MAX_DIMS or arrays.order not in ("C", "F"):
            raise FormatError("a table of arrays has an impossible shape or order")
        self._spend(table.rows * len(arrays.shape))
        dims = [_lengths(parse_column(c, table.rows, self.cells, self.graph)).tolist() for c in arrays.shape]
        parsed.shapes = list(zip(*dims, strict=True)) if dims else [()] * table.rows
        if table.layout == "object_arrays":
            sizes = parsed.lengths.tolist() if parsed.lengths is not None else []
            if arrays.dtype != "|O" or [prod(shape) for shape in parsed.shapes] != sizes:
                raise FormatError("a table of object arrays has other sizes than its shapes")
            return
        itemsize = decode_dtype(arrays.dtype).itemsize
        sizes = [prod(shape) * itemsize for shape in parsed.shapes]
        if table.layout == "views":
            for size in sizes:
                self.file.spend(size, "the elements of a view")
            return
        big = [size for size in sizes if size >= CELL_LIMIT_BYTES]
        if len(big) != len(arrays.blocks):
            raise FormatError(f"{len(big)} big arrays but {len(arrays.blocks)} blocks")
        for block, size in zip(arrays.blocks, big, strict=True):
            self.cells.claim(block, size)
        parsed.joined = self.cells.take(sum(size for size in sizes if size < CELL_LIMIT_BYTES), arrays.joined)

    def _spend(self, n_values: int) -> None:
        self.file.spend(_VALUE_BYTES * n_values, "the values of a column")

    # What the file needs

    def foreign(self) -> list[Foreign]:
        """The classes and functions that the registry does not have, in the order of the file.

        Raises:
            FormatError: A table has a layout that no type has.
        """
        found: dict[str, Foreign] = {}
        for number, parsed in enumerate(self.tables):
            table = parsed.table
            if (table.type, table.layout) in _BUILTIN or self.registry.knows(table.type):
                continue
            if table.layout not in _USER_LAYOUTS:
                raise FormatError(f"a table of type {cut(table.type)!r} has the unknown layout {cut(table.layout)!r}")
            found.setdefault(table.type, Foreign(name=table.type, what="class", table=number))
        for index, name in enumerate(self.graph.names):
            if name.what not in ("class", "function"):
                raise FormatError(f"a name is neither a class nor a function but {cut(name.what)!r}")
            if not self.registry.knows_name(name.name):
                holder = self._first_use(index)
                found.setdefault(name.name, Foreign(name=name.name, what=name.what, table=holder))
        return list(found.values())

    def path_of(self, foreign: Foreign) -> str:
        """The path of the first place where a foreign name is used."""
        if foreign.table < 0:
            return "$"
        if self.tables[foreign.table].table.type == foreign.name:
            return self.path(foreign.table, 0)
        return self._name_path(foreign)

    def _first_use(self, index: int) -> int:
        for number, parsed in enumerate(self.tables):
            if any(_name_position(column, index) is not None for column in parsed.columns.values()):
                return number
        return -1

    def _name_path(self, foreign: Foreign) -> str:
        index = next(i for i, name in enumerate(self.graph.names) if name.name == foreign.name)
        paths = self._all_paths()
        for field_name, column in self.tables[foreign.table].columns.items():
            position = _name_position(column, index)
            if position is not None:
                table, row, step = paths.step(foreign.table, field_name, position)
                return paths.of(table, row) + step
        return self.path(foreign.table, 0)

    # Checking and building

    def build(self, resolve: Resolve) -> Any:
        """Check all tables, then build them; `resolve` gives the class or function for a foreign name.

        Args:
            resolve: Called with the name, `class` or `function`, and the path, when everything else has passed.

        Raises:
            StateError: The values of some object cannot belong to its type.
            UnsupportedError: A type does not exist in the versions installed here.
        """
        was_enabled = gc.isenabled()
        gc.disable()
        try:
            return self._build(resolve)
        finally:
            if was_enabled:
                gc.enable()

    def _build(self, resolve: Resolve) -> Any:
        foreign = {f.name: f for f in self.foreign()}
        tainted = self._tainted(foreign)
        order = self._order()
        shapes: dict[int, Shape | None] = {}
        for number, parsed in enumerate(self.tables):
            if parsed.table.type not in foreign:
                shapes[number] = self._shape(parsed.table)
        for component in order:
            for number in component:
                if shapes.get(number) is None and number in shapes:
                    self._objects[number] = self._arrays(self.tables[number])
        for number in range(len(self.tables)):
            shape = shapes.get(number)
            if shape is not None:
                shape.check(self.rows(number))
        self._names = [
            None if name.name in foreign else self.registry.resolve_name(name.name) for name in self.graph.names
        ]
        for component in order:
            if not tainted.intersection(component):
                self._construct(component, shapes)
        if foreign:
            self._resolve_foreign(foreign, shapes, resolve)
            for component in order:
                if tainted.intersection(component):
                    self._construct(component, shapes)
        return self.root.materialize(self._objects, self._names)[0]

    def _resolve_foreign(self, foreign: dict[str, Foreign], shapes: dict[int, Shape | None], resolve: Resolve) -> None:
        for index, name in enumerate(self.graph.names):
            if name.name in foreign:
                found = resolve(name.name, name.what, self.path_of(foreign[name.name]))
                if isinstance(found, type) != (name.what == "class") or not callable(found):
                    raise UnsupportedError(f"{cut(name.name)} is not the {name.what} that the file means")
                self._names[index] = found
        for number, parsed in enumerate(self.tables):
            if parsed.table.type in foreign:
                cls = resolve(parsed.table.type, "class", self.path_of(foreign[parsed.table.type]))
                if not isinstance(cls, type):
                    raise UnsupportedError(f"{cut(parsed.table.type)} is not a class here", path=self.path(number, 0))
                shapes[number] = self._foreign_shape(parsed, cls)
        for number, parsed in enumerate(self.tables):
            shape = shapes[number]
            if parsed.table.type in foreign and shape is not None:
                shape.check(self.rows(number))

    def _foreign_shape(self, parsed: ParsedTable, cls: type) -> Shape:
        table = parsed.table
        if table.layout == "attrs":
            return AttrsShape(table.type, cls, is_reviewed=False)
        if table.layout in ("member", "value"):
            return EnumShape(table.type, cls, layout=table.layout)
        return ReduceShape(table.type, cls, how=table.layout, fields=tuple(table.columns))

    def _shape(self, table: Table) -> Shape | None:
        builtin = _BUILTIN.get((table.type, table.layout))
        if builtin is not None:
            return builtin
        if table.type == "numpy.ndarray":
            return None
        converter = self.registry.converter_for(table.type)
        if converter is not None and table.layout == "fields":
            return ConverterShape(converter)
        if converter is None and table.layout == "attrs":
            cls = self.registry.attrs_class(table.type)
            if cls is not None:
                return AttrsShape(table.type, cls, is_reviewed=True)
        raise FormatError(f"a table of type {cut(table.type)!r} has the layout {cut(table.layout)!r}")

    def _order(self) -> list[list[int]]:
        children = [parsed.children for parsed in self.tables]
        return components(children)

    def _tainted(self, foreign: dict[str, Foreign]) -> set[int]:
        """Tables that hold, or depend on, anything that is not reviewed."""
        indexes = {i for i, name in enumerate(self.graph.names) if name.name in foreign}
        tainted = {
            number
            for number, parsed in enumerate(self.tables)
            if parsed.table.type in foreign
            or any(_uses_names(column, indexes) for column in parsed.columns.values())
        }
        for component in self._order() if tainted else ():
            if any(number in tainted or tainted.intersection(self.tables[number].children) for number in component):
                tainted.update(component)
        return tainted

    def _construct(self, component: Sequence[int], shapes: dict[int, Shape | None]) -> None:
        live = [number for number in component if shapes[number] is not None]
        children = [self.tables[number].children for number in range(len(self.tables))] if len(component) > 1 else None
        cyclic = len(component) > 1 or component[0] in self.tables[component[0]].children
        try:
            made = self._made_order(live, shapes, cyclic=cyclic) if cyclic or children else live
            for number in live:
                shape = shapes[number]
                assert shape is not None
                if not shape.is_made:
                    self._objects[number] = shape.make(self.tables[number].table.rows, *self._values(number, empty=True))
            for number in made:
                shape = shapes[number]
                assert shape is not None
                if shape.is_made:
                    self._objects[number] = shape.make(self.tables[number].table.rows, *self._values(number))
            late: list[int] = []
            for number in live:
                shape = shapes[number]
                assert shape is not None
                if shape.type_id in ("dict", "set") or isinstance(shape, ReduceShape):
                    late.append(number)
                else:
                    shape.fill(self._objects[number], *self._values(number))
            for number in late:
                shape = shapes[number]
                assert shape is not None
                shape.fill(self._objects[number], *self._values(number))
        except VitrifyError:
            raise
        except (TypeError, ValueError, KeyError, IndexError, OverflowError, AttributeError) as error:
            table = self.tables[component[0]].table
            raise StateError(
                f"{cut(table.type)} cannot be rebuilt from these values ({type(error).__name__}: {error})",
                path=self.path(component[0], 0) if table.rows else None,
            ) from error

    def _made_order(self, live: Sequence[int], shapes: dict[int, Shape | None], *, cyclic: bool) -> list[int]:
        """The order in which the tables of a cycle can be made whole: what they refer to directly comes first."""
        made = [n for n in live if (shape := shapes[n]) is not None and shape.is_made]
        place = {number: i for i, number in enumerate(made)}
        direct = [[place[c] for c in self.tables[n].children if c in place] for n in made]
        result: list[int] = []
        for group in components(direct):
            shape = shapes[made[group[0]]]
            assert shape is not None
            if is_cyclic(group, direct) or (cyclic and shape.needs_complete):
                raise FormatError(f"objects of type {cut(shape.type_id)} lie on a cycle, but are made whole")
            result += [made[i] for i in group]
        return result

    def _values(self, number: int, *, empty: bool = False) -> tuple[Lengths, Columns]:
        parsed = self.tables[number]
        lengths = None if parsed.lengths is None else parsed.lengths.tolist()
        if parsed.table.layout == "object_arrays":
            lengths = parsed.shapes  # type: ignore[assignment]  # its shape takes shapes
        if empty:
            return lengths, {}
        return lengths, {name: c.materialize(self._objects, self._names) for name, c in parsed.columns.items()}

    # Arrays

    def _arrays(self, parsed: ParsedTable) -> list[Any]:
        spec = parsed.table.arrays
        if spec is None or parsed.table.layout not in ("arrays", "views"):
            raise FormatError("a table of arrays has no arrays")
        dtype = decode_dtype(spec.dtype)
        if parsed.table.layout == "views":
            return self._views(parsed, dtype)
        if parsed.columns or parsed.joined is None:
            raise FormatError("a table of arrays has columns")
        arrays: list[Any] = []
        blocks = iter(spec.blocks)
        position = 0
        for shape in parsed.shapes:
            size = prod(shape) * dtype.itemsize
            if size >= CELL_LIMIT_BYTES:
                data = self._block(next(blocks), dtype)
            else:
                data = parsed.joined[position : position + size].copy()
                position += size
            flat = data.view(dtype) if dtype.itemsize else np.zeros(prod(shape), dtype)
            arrays.append(flat.reshape(shape) if spec.order == "C" else flat.reshape(shape[::-1]).T)
        return arrays

    def _block(self, number: int, dtype: np.dtype[Any]) -> npt.NDArray[np.uint8]:
        if self._mmap and dtype.kind in _MAPPABLE:
            mapped = self.file.map(number)
            if mapped is not None:
                return mapped
        return self.file.piece(number)

    def _views(self, parsed: ParsedTable, dtype: np.dtype[Any]) -> list[Any]:
        rank = len(parsed.table.arrays.shape) if parsed.table.arrays is not None else 0
        names = ["buffer", "offset", *(f"stride{axis}" for axis in range(rank))]
        if list(parsed.columns) != names:
            raise FormatError("a table of views has other columns than buffer, offset and strides")
        rows = self.rows(self.tables.index(parsed))
        buffers = rows.arrays("buffer")
        places = [rows.integers(name).tolist() for name in names[1:]]
        views: list[Any] = []
        for shape, buffer, offset, *strides in zip(parsed.shapes, buffers, *places, strict=True):
            if buffer.dtype != np.uint8 or buffer.ndim != 1:
                raise FormatError("a view lies in an array that is not a buffer")
            try:
                views.append(from_buffer(buffer, offset, shape, tuple(strides), dtype))
            except ValueError as error:
                raise FormatError(str(error)) from error
        return views

    # For messages and checks

    def rows(self, number: int) -> Rows:
        """A table as the content checks see it."""
        parsed = self.tables[number]
        return Rows(
            table=number,
            type_id=parsed.table.type,
            n=parsed.table.rows,
            columns=parsed.columns,
            lengths=parsed.lengths,
            objects=self._objects,
            others=self.rows,
            path=self.path,
        )

    def path(self, table: int, row: int) -> str:
        """Where in the model a row is."""
        return self._all_paths().of(table, row)

    def _all_paths(self) -> Paths:
        if self._paths is None:
            holders = [self._holder(parsed) for parsed in self.tables]
            edges = [edge for number in range(len(self.tables)) for edge in self._edges(number)]
            root = next(((t, int(r[0])) for t, r, _ in self.root.refs()), None)
            self._paths = Paths(holders, edges, root)
        return self._paths

    def _holder(self, parsed: ParsedTable) -> Holder:
        starts = None if parsed.lengths is None else offsets(parsed.lengths)
        keys = parsed.columns.get("keys")
        return Holder(n=parsed.table.rows, layout=parsed.table.layout, starts=starts, key=_KeyOf(keys))

    def _edges(self, number: int) -> list[Edge]:
        edges: list[Edge] = []
        for name, column in self.tables[number].columns.items():
            for child, rows, positions in column.refs():
                where = np.arange(len(rows), dtype=np.int64) if positions is None else positions.astype(np.int64)
                edges.append(Edge(table=number, field=name, child=child, rows=rows.astype(np.int64), positions=where))
        return edges


class ObjectArrays:
    """Arrays of objects: allocated in their shape, filled in their order."""

    type_id = "numpy.ndarray"
    layout = "object_arrays"
    is_made = False
    needs_complete = False

    def take(self, objects: Sequence[Any]) -> tuple[Lengths, Columns]:
        """Never called on this side."""
        raise NotImplementedError

    def check(self, rows: Rows) -> None:
        """Any items make an object array."""

    def make(self, n: int, lengths: Lengths, columns: Columns) -> list[Any]:
        """Empty arrays."""
        return [np.empty(shape, object) for shape in lengths or ()]

    def fill(self, objects: list[Any], lengths: Lengths, columns: Columns) -> None:
        """Put the items in."""
        position = 0
        for target in objects:
            flat = target.reshape(-1)
            for i in range(target.size):
                flat[i] = columns["items"][position + i]
            position += target.size


def _unsorted(items: Any) -> list[Any]:
    return list(items)


_BUILTIN: Final[dict[tuple[str, str], Shape]] = {
    ("list", "items"): ListShape(),
    ("tuple", "items"): TupleShape(),
    ("set", "items"): SetShape(_unsorted),
    ("frozenset", "items"): FrozensetShape(_unsorted),
    ("dict", "pairs"): DictShape(),
    ("numpy.ndarray", "object_arrays"): ObjectArrays(),
    ("numpy.ndarray", "arrays"): None,  # type: ignore[dict-item]  # arrays are read before anything is built
    ("numpy.ndarray", "views"): None,  # type: ignore[dict-item]  # likewise
}


class _KeyOf:
    """The key at a position of a dict table, for paths; keys that are objects show as their kind."""

    def __init__(self, keys: Parsed | None) -> None:
        self._keys = keys
        self._values: list[object] | None = None

    def __call__(self, position: int) -> object:
        if self._keys is None:
            return "?"
        if self._values is None:
            plain = self._keys.of not in ("ref", "name", "mixed")
            self._values = self._keys.materialize((), ()) if plain else []
        return self._values[position] if position < len(self._values) else position


def _lengths(parsed: Parsed) -> npt.NDArray[np.int64]:
    """A column of non-negative ints.

    Raises:
        FormatError: It is something else.
    """
    if parsed.of == "const" and type(parsed.value) is int:
        lengths = np.full(parsed.n, parsed.value, np.int64)
    elif parsed.of == "int" and parsed.numbers is not None:
        lengths = parsed.numbers.astype(np.int64)
    elif parsed.n == 0:
        return np.zeros(0, np.int64)
    else:
        raise FormatError("lengths must be ints")
    if parsed.n and (int(lengths.min()) < 0 or float(lengths.astype(np.float64).sum()) >= 2**48):
        raise FormatError("impossible lengths")
    return lengths


def _name_position(column: Parsed, index: int) -> int | None:
    if column.of == "name" and column.numbers is not None:
        found = np.flatnonzero(column.numbers == index)
        return int(found[0]) if len(found) else None
    for i, part in enumerate(column.parts):
        inner = _name_position(part, index)
        if inner is not None and column.numbers is not None:
            return int(np.flatnonzero(column.numbers == i)[inner])
    return None


def _uses_names(column: Parsed, indexes: set[int]) -> bool:
    if column.of == "name" and column.numbers is not None:
        return bool(np.isin(column.numbers, list(indexes)).any())
    return any(_uses_names(part, indexes) for part in column.parts)
