"""The object graph of a file as columns: everything is read and checked, nothing is imported or built.

What a file holds, what it needs and where each thing is can be told from here without any library it names.
"""

from __future__ import annotations

from functools import cached_property
from typing import Final

import numpy as np
import numpy.typing as npt
from msgspec import Struct

from vitrify.container.layout import GRAPH
from vitrify.container.reader import GlassFile
from vitrify.errors import FormatError, UnsupportedError
from vitrify.graph.array_tables import ARRAY_TYPE, safetensors_form
from vitrify.graph.cells import CellReader
from vitrify.graph.dtypes import decode_dtype
from vitrify.graph.extents import Extents, products
from vitrify.graph.parsed import Parsed, offsets, parse_column, parse_columns
from vitrify.graph.parsed_table import Link, ParsedTable, first_uses
from vitrify.graph.paths import Edge, Holder, Paths, cut
from vitrify.graph.registry import REVIEWED_LIBRARIES, Registry
from vitrify.graph.rows import Rows
from vitrify.graph.schema import Graph, Table, decode_graph

BUILTIN_LAYOUTS: Final = {
    "list": ("items",),
    "tuple": ("items",),
    "set": ("items",),
    "frozenset": ("items",),
    "dict": ("pairs",),
    ARRAY_TYPE: ("arrays", "spaced", "views", "object_arrays"),
}
_FIELDS_OF_LAYOUT: Final[dict[str, tuple[str, ...]]] = {
    "items": ("items",),
    "pairs": ("keys", "values"),
    "arrays": (),
    "object_arrays": ("items",),
}
OWN_LAYOUTS: Final = ("attrs", "new", "call", "member", "value")
_MAX_DIMS: Final = 64
_NUMPY_DIMS: Final = 64 if int(np.__version__.split(".", maxsplit=1)[0]) >= 2 else 32
_MAX_LENGTHS: Final = 2**48
_VALUE_BYTES: Final = 16
"""The places of a value: in the list that its column becomes, and in its object."""

_LENGTH_BYTES: Final = 56
"""A length, as an int of Python's in a list, and in two arrays."""

_ARRAY_BYTES: Final = 256
"""An array, what holds its elements, and its shape; each dimension comes with `_LENGTH_BYTES`."""

_OBJECT_BYTES: Final = 160
_ROW_BYTES: Final = {"list": 72, "tuple": 56, "dict": 112, "set": 232, "frozenset": 232, ARRAY_TYPE: 0}
"""What a small object takes, the garbage collector's part included, in bytes; arrays are charged on their own."""

_HASHED_BYTES: Final = {"dict": 72, "set": 80, "frozenset": 80}
"""What an item takes in a table of hashes, which is half empty and copied when it grows, beyond `_VALUE_BYTES`."""


class Foreign(Struct, frozen=True, kw_only=True):
    """A class or function that the registry does not have: the table that needs it, or else its place among names."""

    name: str
    what: str
    table: int = -1
    index: int = -1


class ParsedGraph:
    """An object graph whose every number has been checked.

    Attributes:
        file: The file it came from.
        registry: What is reviewed, here and now.
        graph: What the graph's JSON says.
        root: The column of one value that is the whole object.
        tables: The tables, in the order of the file.
    """

    def __init__(self, file: GlassFile, registry: Registry) -> None:
        self.file = file
        self.registry = registry
        self.graph: Graph = decode_graph(file.reserved(GRAPH).tobytes(), file.limits)
        self.cells = CellReader(file)
        self.root = parse_column(self.graph.root, 1, self.cells, self.graph)
        self.tables = [self._parse(table) for table in self.graph.tables]
        self.cells.finish()
        self.objects: list[list[object]] = [[] for _ in self.tables]
        self._paths: Paths | None = None

    def _parse(self, table: Table) -> ParsedTable:
        if not 0 <= table.rows < 2**48:
            raise FormatError(f"a table of {table.rows} rows")
        _check_fields(table)
        n, lengths = table.rows, None
        # A row of a few bits, or of none, becomes an object: 700 bytes of file could ask for 64 million sets.
        self.file.spend(n * _ROW_BYTES.get(table.type, _OBJECT_BYTES), "the objects of a table")
        value_bytes = _VALUE_BYTES * max(1, len(table.columns))
        if table.lengths is not None:
            self.file.spend(n * _LENGTH_BYTES, "the lengths of a table")
            value_bytes += _HASHED_BYTES.get(table.type, 0)
            parsed = parse_column(table.lengths, n, self.cells, self.graph)
            lengths = _lengths(parsed)
            self.file.limits.require("items", int(lengths.max(initial=0)), f"items of one {cut(table.type)}")
            n = int(lengths.sum())
        self.file.spend(n * value_bytes, "the values of a table")
        columns = parse_columns(table.columns, n, self.cells, self.graph)
        result = ParsedTable.of(table, columns, lengths)
        if table.arrays is not None:
            self._parse_arrays(result, table)
        return result

    def _parse_arrays(self, parsed: ParsedTable, table: Table) -> None:
        arrays = table.arrays
        assert arrays is not None
        if len(arrays.shape) > _MAX_DIMS or arrays.order not in ("C", "F"):
            raise FormatError("a table of arrays has an impossible shape or order")
        self.file.spend(table.rows * (_ARRAY_BYTES + _LENGTH_BYTES * len(arrays.shape)), "a table of arrays")
        dims = [_lengths(parse_column(c, table.rows, self.cells, self.graph)) for c in arrays.shape]
        parsed.shapes = list(zip(*(d.tolist() for d in dims), strict=True)) if dims else [()] * table.rows
        if len(dims) > _NUMPY_DIMS:
            raise UnsupportedError(f"an array of {len(dims)} dimensions; this numpy has at most {_NUMPY_DIMS}")
        if table.layout == "object_arrays":
            counts = products(parsed.shapes, dims)
            if arrays.dtype != "|O" or parsed.lengths is None or not np.array_equal(counts, parsed.lengths):
                raise FormatError("a table of object arrays has other sizes than its shapes")
            return
        parsed.dtype = decode_dtype(arrays.dtype)
        itemsize = parsed.dtype.itemsize
        sizes = products(parsed.shapes, dims, itemsize)
        if table.layout == "views":
            self.file.spend(int(sizes.sum()), "the elements of views")
            return
        extents = parsed.extents = Extents.of(sizes)
        if len(extents.big) != len(arrays.blocks):
            raise FormatError(f"{len(extents.big)} big arrays but {len(arrays.blocks)} blocks")
        for block, row in zip(arrays.blocks, extents.big, strict=True):
            form = safetensors_form(parsed.shapes[row], arrays.dtype, itemsize, arrays.order)
            self.cells.claim(block, int(sizes[row]), *form)
        parsed.joined = self.cells.take(extents.joined_bytes, arrays.joined)

    # What the file needs

    def foreign(self) -> list[Foreign]:
        """The classes and functions that the registry does not have, in the order of the file.

        Raises:
            FormatError: A table has a layout that no type has.
        """
        found: dict[str, Foreign] = {}
        for number, parsed in enumerate(self.tables):
            table = parsed.table
            if table.layout in BUILTIN_LAYOUTS.get(table.type, ()) or self.registry.knows(table.type):
                continue
            if table.layout == "fields":
                is_reviewed_library = table.type.split(".", maxsplit=1)[0] in REVIEWED_LIBRARIES
                raise UnsupportedError(
                    f"{cut(table.type)} was saved by a converter that is not here",
                    path=self.path(number, 0) if table.rows else None,
                    hint="Upgrade vitrify" if is_reviewed_library else "Pass it in converters=[…]",
                )
            if table.layout not in OWN_LAYOUTS:
                raise FormatError(f"a table of type {cut(table.type)!r} has the unknown layout {cut(table.layout)!r}")
            found.setdefault(table.type, Foreign(name=table.type, what="class", table=number))
        for index, name in enumerate(self.graph.names):
            if name.what not in ("class", "function"):
                raise FormatError(f"a name is neither a class nor a function but {cut(name.what)!r}")
            if not self.registry.knows_name(name.name):
                found.setdefault(name.name, Foreign(name=name.name, what=name.what, index=index))
        return list(found.values())

    def path_of(self, foreign: Foreign) -> str:
        """The path of the first place where a foreign name is used."""
        if foreign.table >= 0:
            return self.path(foreign.table, 0)
        if foreign.index not in self._first_uses:
            return "$"
        paths = self._all_paths()
        table, row, step = paths.step(*self._first_uses[foreign.index])
        return paths.of(table, row) + step

    @cached_property
    def _first_uses(self) -> dict[int, tuple[int, str, int]]:
        return first_uses(self.tables)

    def rows(self, number: int) -> Rows:
        """A table as the content checks see it."""
        parsed = self.tables[number]
        return Rows(
            table=number,
            type_id=parsed.table.type,
            n=parsed.table.rows,
            columns=parsed.columns,
            lengths=parsed.lengths,
            objects=self.objects,
            read=self.rows,
            path=self.path,
            shape_of=self.shape_of,
            spend=self.file.spend,
            limits=self.file.limits,
        )

    def shape_of(self, table: int, row: int) -> tuple[int, ...] | None:
        """The shape of an array, None where a table has no arrays."""
        shapes = self.tables[table].shapes
        return shapes[row] if shapes else None

    def path(self, table: int, row: int) -> str:
        """Where in the model a row is."""
        return self._all_paths().of(table, row)

    def _all_paths(self) -> Paths:
        if self._paths is None:
            holders = [self._holder(parsed) for parsed in self.tables]
            edges = [_edge(number, link) for number, parsed in enumerate(self.tables) for link in parsed.links]
            root = next(((t, int(r[0])) for t, r, _ in self.root.refs()), None)
            self._paths = Paths(holders, edges, root)
        return self._paths

    def _holder(self, parsed: ParsedTable) -> Holder:
        starts = None if parsed.lengths is None else offsets(parsed.lengths)
        keys = parsed.columns.get("keys")
        return Holder(n=parsed.table.rows, layout=parsed.table.layout, starts=starts, key=_KeyOf(keys))


def _edge(number: int, link: Link) -> Edge:
    name, child, rows, positions = link
    where = np.arange(len(rows), dtype=np.int64) if positions is None else positions.astype(np.int64)
    return Edge(table=number, field=name, child=child, rows=rows.astype(np.int64), positions=where)


class _KeyOf:
    """The key at a position of a dict table, for paths; keys that are objects show as their kind."""

    def __init__(self, keys: Parsed | None) -> None:
        self._keys = keys
        self._values: list[object] | None = None

    def __call__(self, position: int) -> object:
        assert self._keys is not None  # of all layouts, only that of dicts asks
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
        if parsed.n and not 0 <= parsed.n * parsed.value < _MAX_LENGTHS:
            raise FormatError("impossible lengths")
        return np.full(parsed.n, parsed.value, np.int64)
    if parsed.of == "int" and parsed.numbers is not None:
        lengths = parsed.numbers.astype(np.int64)
    elif parsed.n == 0:
        return np.zeros(0, np.int64)
    else:
        raise FormatError("lengths must be ints")
    if parsed.n and (int(lengths.min()) < 0 or float(lengths.sum(dtype=np.float64)) >= _MAX_LENGTHS):
        raise FormatError("impossible lengths")
    return lengths


def _check_fields(table: Table) -> None:
    """Builtin containers and arrays have exactly the fields of their layout.

    Raises:
        FormatError: Something is missing or too much.
    """
    fields = _FIELDS_OF_LAYOUT.get(table.layout)
    if table.layout in ("views", "spaced") and table.arrays is not None:
        strides = tuple(f"stride{axis}" for axis in range(len(table.arrays.shape)))
        fields = strides if table.layout == "spaced" else ("buffer", "offset", *strides)
    if table.type in BUILTIN_LAYOUTS and (
        table.layout not in BUILTIN_LAYOUTS[table.type] or tuple(table.columns) != fields
    ):
        raise FormatError(f"a table of type {table.type!r} has other fields than its layout")
    has_items = table.type in BUILTIN_LAYOUTS and table.layout in ("items", "pairs", "object_arrays")
    if (table.lengths is not None) != has_items or (table.arrays is not None) != (table.type == ARRAY_TYPE):
        raise FormatError(
            f"a table of type {cut(table.type)!r} has lengths or arrays where it should not, or lacks them"
        )
