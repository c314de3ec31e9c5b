"""What the JSON of the object graph says (SPEC.md §6).

The schema is closed: unknown fields, missing fields and other spellings are refused. No floating-point number
appears in the JSON: floats are cells, or hexadecimal text.
"""

from __future__ import annotations

from typing import Final

import msgspec

from vitrify.container.limits import Limits
from vitrify.errors import FormatError

CELL_LIMIT_BYTES: Final = 4096
"""Column data and arrays of at least this many bytes have a block of their own."""

_ROWS: Final = b'"rows":'
Width = str
Dtype = str | dict[str, object]


class Const(msgspec.Struct, frozen=True, tag="const", tag_field="kind", forbid_unknown_fields=True):
    """Every row holds the same None, bool, 64-bit int or text."""

    value: bool | int | str | None


class ConstFloat(msgspec.Struct, frozen=True, tag="const_float", tag_field="kind", forbid_unknown_fields=True):
    """Every row holds the same float, in the form of `float.hex`; never a NaN."""

    value: str


class ConstName(msgspec.Struct, frozen=True, tag="const_name", tag_field="kind", forbid_unknown_fields=True):
    """Every row holds the class or function that `Graph.names` lists at this place."""

    name: int


class Run(msgspec.Struct, frozen=True, tag="run", tag_field="kind", forbid_unknown_fields=True):
    """Row i refers to row `start + i` of a table."""

    table: int
    start: int


class Numbers(
    msgspec.Struct,
    frozen=True,
    tag="numbers",
    tag_field="kind",
    forbid_unknown_fields=True,
    omit_defaults=True,
):
    """Fixed-size cells: `of` is bool, int, float, name, a numpy scalar's dtype, or `ref` with a `table`."""

    of: str
    width: Width
    table: int | None = None
    block: int | None = None


class Strings(
    msgspec.Struct,
    frozen=True,
    tag="strings",
    tag_field="kind",
    forbid_unknown_fields=True,
    omit_defaults=True,
):
    """Strings of `n_bytes` in all.

    `of` is `lines` (UTF-8, separated by NUL), or text, bytes or bigint: lengths in bytes first, then the joined bytes.
    """

    of: str
    width: Width
    n_bytes: int
    lengths: int | None = None
    block: int | None = None


class Mixed(
    msgspec.Struct,
    frozen=True,
    tag="mixed",
    tag_field="kind",
    forbid_unknown_fields=True,
    omit_defaults=True,
):
    """Rows of several kinds: a cell a row says which part holds it; each part holds its rows in order."""

    width: Width
    parts: tuple[Const | ConstFloat | ConstName | Run | Numbers | Strings, ...]
    block: int | None = None


Plain = Const | ConstFloat | ConstName | Run | Numbers | Strings
Column = Plain | Mixed


class Arrays(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What a table of arrays has instead of attributes: a dtype, an order, a column for each dimension.

    Data of 4096 bytes or more have a block each, in row order; the others are joined in `joined`. Object arrays keep
    their items in the table's column `items`; views lie in the buffer that their column `buffer` refers to.
    """

    dtype: Dtype
    order: str
    shape: tuple[Column, ...]
    blocks: tuple[int, ...] = ()
    joined: int | None = None


class Name(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A class or function that some value is, by its dotted name."""

    what: str
    name: str


class Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """All objects of one type and shape.

    With `lengths`, row i owns that many consecutive values of each column; without, each column has a value a row.
    """

    type: str
    rows: int
    columns: dict[str, Column]
    layout: str = "attrs"
    lengths: Column | None = None
    arrays: Arrays | None = None


class Graph(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole object: `root` is a column of one value."""

    root: Column
    names: tuple[Name, ...]
    tables: tuple[Table, ...]


_DECODER: Final = msgspec.json.Decoder(Graph)  # made here, not in two threads at once: see `container.layout`


def encode_graph(graph: Graph) -> bytes:
    """The canonical JSON."""
    return msgspec.json.encode(graph)


def decode_graph(text: bytes | memoryview, limits: Limits) -> Graph:
    """Parse the graph's JSON and refuse all but its canonical form.

    Raises:
        LimitError: It is longer, or asks for more tables, columns, rows or text, than `limits` allows.
        FormatError: It breaks SPEC.md §6.
    """
    limits.require("graph_bytes", len(text), "bytes of the object graph")
    # Only a table has a number behind this name: a column of that name is an object, and texts escape their quotes.
    spelled = bytes(text)
    limits.require("tables", spelled.count(_ROWS) - spelled.count(_ROWS + b"{"), "tables of the object graph")
    try:
        graph = _DECODER.decode(text)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise FormatError(f"the object graph is not the JSON that SPEC.md §6 describes ({error!s:.400})") from error
    _require_few(graph, limits)
    if encode_graph(_with_defaults(graph)) != spelled:
        raise FormatError("the object graph is not in canonical form")
    return graph


def _require_few(graph: Graph, limits: Limits) -> None:
    """Count what the tables say, before any of it is read.

    Raises:
        LimitError: It is more than `limits` allows.
    """
    tables = graph.tables
    limits.require("tables", len(tables), "tables of the object graph")
    limits.require("columns", sum([len(table.columns) for table in tables]), "columns of all tables")
    # What no file may say at all (SPEC.md 8.1) is left to the parser, which says so.
    rows = [table.rows for table in tables if 0 <= table.rows < 2**48]
    limits.require("rows", sum(rows), "rows of all tables")
    columns = [graph.root] + [column for table in tables for column in table.columns.values()]
    columns += [part for column in columns if type(column) is Mixed for part in column.parts]
    texts = [column.n_bytes for column in columns if type(column) is Strings and 0 <= column.n_bytes < 2**48]
    limits.require("text_bytes", sum(texts), "bytes of all texts")


def _with_defaults(graph: Graph) -> Graph:
    """The same with the very default objects, which msgspec recognises by identity when it omits defaults."""
    tables = tuple(
        Table(t.type, t.rows, t.columns, lengths=t.lengths, arrays=t.arrays) if t.layout == "attrs" else t
        for t in graph.tables
    )
    return Graph(graph.root, graph.names, tables)
