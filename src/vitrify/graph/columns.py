"""Values ⇄ columns: each column is encoded as a whole, by what its values have in common (SPEC.md §6.2).

The type of every value is kept: 1, True, 1.0 and numpy.float64(1.0) never stand for one another.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import accumulate, pairwise
from typing import Any, Final, Protocol

import numpy as np
import numpy.typing as npt

from vitrify.errors import FormatError
from vitrify.graph.cells import CellReader, CellWriter, smallest_signed, smallest_unsigned
from vitrify.graph.schema import (
    Column,
    Const,
    ConstFloat,
    ConstName,
    Graph,
    Mixed,
    Numbers,
    Plain,
    Run,
    Strings,
)  # fmt: skip

NumberArray = npt.NDArray[Any]
Ints = npt.NDArray[np.int64]

SCALARS: Final[dict[type, str]] = {
    kind: np.dtype(kind).str
    for kind in (
        np.bool_, np.int8, np.int16, np.int32, np.int64, np.uint8, np.uint16, np.uint32, np.uint64,
        np.float16, np.float32, np.float64, np.complex64, np.complex128,
    )
}  # fmt: skip
_SCALAR_TEXTS: Final = frozenset(SCALARS.values())
_INLINE_TEXT_CHARS: Final = 1024
_PLAIN_KINDS: Final[dict[type, str]] = {
    type(None): "none", bool: "bool", int: "int", float: "float", str: "text", bytes: "bytes", **SCALARS,
}  # fmt: skip


class Links(Protocol):
    """What a column needs to know of the graph it belongs to."""

    cells: CellWriter

    def name_index(self, value: object) -> int:
        """The place in `Graph.names` of a class or function."""

    def is_name(self, kind: type) -> bool:
        """Whether values of this type are classes or functions, stored by name."""

    def locate(self, values: Sequence[object]) -> tuple[list[int], list[int]]:
        """The table and the row of each object."""


@dataclass(frozen=True, slots=True)
class _Part:
    """Values that one plain column can hold, and where they stand in the whole (None for everywhere)."""

    group: str
    values: Sequence[Any]
    positions: Ints | None
    table: int = -1
    rows: Ints | None = None


def encode_column(values: Sequence[object], links: Links, name: str) -> Column:
    """The column that holds these values; `name` names the blocks it may need."""
    if not values:
        return Const(None)
    kinds = list(dict.fromkeys(map(type, values)))
    group_of = {kind: _group(kind, links) for kind in kinds}
    groups = list(dict.fromkeys(group_of.values()))
    if len(groups) == 1:
        parts = list(_parts(groups[0], values, None, links))
        if len(parts) == 1:
            return _encode_part(parts[0], links, name)
    else:
        place = {group: i for i, group in enumerate(groups)}
        code_of = {kind: place[group] for kind, group in group_of.items()}
        codes = np.fromiter(map(code_of.__getitem__, map(type, values)), np.int64, len(values))
        parts = []
        for i, group in enumerate(groups):
            positions = np.flatnonzero(codes == i)
            parts += _parts(group, [values[p] for p in positions.tolist()], positions, links)
    final = np.zeros(len(values), np.int64)
    for i, part in enumerate(parts):
        final[part.positions] = i
    width = smallest_unsigned(len(parts) - 1)
    block = links.cells.put(final.astype("<" + width).tobytes(), f"{name}.parts")
    return Mixed(width, tuple(_encode_part(part, links, f"{name}.{i}") for i, part in enumerate(parts)), block)


def _group(kind: type, links: Links) -> str:
    plain = _PLAIN_KINDS.get(kind)
    if plain is not None:
        return plain
    return "name" if links.is_name(kind) else "ref"


def _parts(group: str, values: Sequence[Any], positions: Ints | None, links: Links) -> Iterator[_Part]:
    """Split what one plain column cannot hold: ints beyond 64 bits, and references to several tables."""
    if group == "int":
        yield from _int_parts(values, positions)
    elif group == "ref":
        tables, rows = (np.array(found, np.int64) for found in links.locate(values))
        for table in dict.fromkeys(tables.tolist()):
            mine = np.flatnonzero(tables == table)
            where = positions if len(mine) == len(values) else _at(positions, mine)
            yield _Part("ref", (), where, table, rows[mine])
    else:
        yield _Part(group, values, positions)


def _int_parts(values: Sequence[int], positions: Ints | None) -> Iterator[_Part]:
    try:
        yield _Part("int", np.fromiter(values, np.int64, len(values)), positions)  # type: ignore[arg-type]  # an array will do
    except OverflowError:
        fits = np.fromiter((-(2**63) <= v < 2**63 for v in values), np.bool_, len(values))
        small, big = np.flatnonzero(fits), np.flatnonzero(~fits)
        if len(small):
            yield _Part("int", np.array([values[p] for p in small.tolist()], np.int64), _at(positions, small))  # type: ignore[arg-type]  # an array will do
        large = [values[p] for p in big.tolist()]
        texts = [v.to_bytes(v.bit_length() // 8 + 1, "little", signed=True) for v in large]
        yield _Part("bigint", texts, _at(positions, big) if len(small) else positions)


def _at(positions: Ints | None, mine: Ints) -> Ints:
    return mine if positions is None else positions[mine]


def _encode_part(part: _Part, links: Links, name: str) -> Plain:
    values = part.values
    match part.group:
        case "none":
            return Const(None)
        case "bool":
            return _encode_bools(values, links, name)
        case "int":
            return _encode_ints(values, links, name)  # type: ignore[arg-type]  # an array, see _int_parts
        case "float":
            return _encode_floats(values, links, name)
        case "text":
            return _encode_text(values, links, name)
        case "bytes" | "bigint":
            return _encode_strings(part.group, values, links, name)
        case "name":
            return _encode_names(values, links, name)
        case "ref":
            assert part.rows is not None
            return _encode_rows(part.table, part.rows, links, name)
    array = np.fromiter(values, np.dtype(part.group), len(values))
    return Numbers(part.group, part.group[1:], None, links.cells.put(array.tobytes(), name))


def _encode_bools(values: Sequence[bool], links: Links, name: str) -> Plain:
    array = np.fromiter(values, np.bool_, len(values))
    if array.min() == array.max():
        return Const(values[0])
    return Numbers("bool", "u1", None, links.cells.put(array.tobytes(), name))


def _encode_ints(array: Ints, links: Links, name: str) -> Plain:
    low, high = int(array.min()), int(array.max())
    if low == high:
        return Const(low)
    width = smallest_signed(low, high)
    return Numbers("int", width, None, links.cells.put(array.astype("<" + width).tobytes(), name))


def _encode_floats(values: Sequence[float], links: Links, name: str) -> Plain:
    array = np.fromiter(values, np.float64, len(values))
    bits = array.view(np.int64)
    if array[0] == array[0] and bits.min() == bits.max():
        return ConstFloat(float(array[0]).hex())
    return Numbers("float", "f8", None, links.cells.put(array.astype("<f8").tobytes(), name))


def _encode_text(texts: Sequence[str], links: Links, name: str) -> Plain:
    joined = "\0".join(texts)
    try:
        data = joined.encode()
    except UnicodeEncodeError:
        return _encode_strings("text", [t.encode("utf-8", "surrogatepass") for t in texts], links, name)
    if len(texts[0]) <= _INLINE_TEXT_CHARS and texts[0] == texts[-1] and texts.count(texts[0]) == len(texts):
        return Const(texts[0])
    if joined.count("\0") != len(texts) - 1:
        return _encode_strings("text", [t.encode() for t in texts], links, name)
    return Strings("lines", "", len(data), None, links.cells.put(data, name))


def _encode_strings(of: str, values: Sequence[bytes], links: Links, name: str) -> Plain:
    lengths = np.fromiter(map(len, values), np.int64, len(values))
    width = smallest_unsigned(int(lengths.max()))
    where = links.cells.put(lengths.astype("<" + width).tobytes(), f"{name}.lengths")
    data = b"".join(values)
    return Strings(of, width, len(data), where, links.cells.put(data, name))


def _encode_names(values: Sequence[object], links: Links, name: str) -> Plain:
    indexes = np.fromiter(map(links.name_index, values), np.int64, len(values))
    if indexes.min() == indexes.max():
        return ConstName(int(indexes[0]))
    width = smallest_unsigned(int(indexes.max()))
    return Numbers("name", width, None, links.cells.put(indexes.astype("<" + width).tobytes(), name))


def _encode_rows(table: int, rows: Ints, links: Links, name: str) -> Plain:
    start = int(rows[0])
    if int(rows[-1]) == start + len(rows) - 1 and bool((np.diff(rows) == 1).all()):
        return Run(table, start)
    width = smallest_unsigned(int(rows.max()))
    return Numbers("ref", width, table, links.cells.put(rows.astype("<" + width).tobytes(), name))


@dataclass(slots=True, kw_only=True)
class Parsed:
    """A column whose cells have been read and checked, before any object exists.

    Attributes:
        n: The number of values.
        of: none, bool, int, float, text, bytes, name, ref, const, mixed, or a numpy scalar's dtype.
        numbers: Cells of fixed size, or row numbers for `ref`, shape (n,).
        table: The table that a `ref` column refers to.
        value: The value of a `const` column.
        texts: The values of a column of strings or big ints.
        parts: The parts of a `mixed` column; `numbers` holds the part of each row.
    """

    n: int
    of: str
    numbers: NumberArray | None = None
    table: int = -1
    value: object = None
    texts: list[object] | None = None
    parts: list[Parsed] = field(default_factory=list)

    @property
    def is_integral(self) -> bool:
        """Whether all values are ints, Python's or numpy's."""
        return self.of == "int" or (self.of in _SCALAR_TEXTS and self.of[1] in "iu")

    def part(self, begin: int, end: int) -> Parsed:
        """The values from `begin` to `end`; a mixed column cannot be cut."""
        assert self.of != "mixed"
        numbers = None if self.numbers is None else self.numbers[begin:end]
        texts = None if self.texts is None else self.texts[begin:end]
        return Parsed(n=end - begin, of=self.of, numbers=numbers, table=self.table, value=self.value, texts=texts)

    def plain(self) -> list[object]:
        """The values, with None where an object, a class or a function stands."""
        if self.of in ("ref", "name"):
            return [None] * self.n
        if self.of == "mixed":
            assert self.numbers is not None
            values = [iter(part.plain()) for part in self.parts]
            return [next(values[code]) for code in self.numbers.tolist()]
        return self.materialize((), ())

    def refs(self) -> Iterator[tuple[int, NumberArray, NumberArray | None]]:
        """For each table referred to: its number, the rows, and the positions they stand at (None for all)."""
        if self.of == "ref" and self.numbers is not None:
            yield self.table, self.numbers, None
        for i, part in enumerate(self.parts):
            if part.of == "ref" and part.numbers is not None and self.numbers is not None:
                yield part.table, part.numbers, np.flatnonzero(self.numbers == i)

    def materialize(self, objects: Sequence[list[object]], names: Sequence[object]) -> list[object]:
        """The values, one by one; `objects` holds the rows of every table."""
        if self.of == "const":
            return [self.value] * self.n
        if self.texts is not None:
            return self.texts
        assert self.numbers is not None
        if self.of == "ref":
            rows = objects[self.table]
            return [rows[i] for i in self.numbers.tolist()]
        if self.of == "name":
            return [names[i] for i in self.numbers.tolist()]
        if self.of == "mixed":
            values = [iter(part.materialize(objects, names)) for part in self.parts]
            return [next(values[code]) for code in self.numbers.tolist()]
        if self.of in _SCALAR_TEXTS:
            return list(self.numbers)
        return self.numbers.tolist()  # type: ignore[no-any-return]  # numpy types this as Any


def parse_column(column: Column, n: int, cells: CellReader, graph: Graph) -> Parsed:
    """Read the cells of a column of `n` values and check every number in it.

    Raises:
        FormatError: It breaks SPEC.md §6.2.
    """
    if isinstance(column, Mixed):
        codes = cells.numbers(n, column.width, column.block)
        if column.width[0] != "u" or not column.parts or (n and int(codes.max()) >= len(column.parts)):
            raise FormatError("a mixed column names a part that it does not have")
        counts = np.bincount(codes.astype(np.int64), minlength=len(column.parts)).tolist()
        if 0 in counts:
            raise FormatError("a mixed column has a part without values")
        parts = [parse_column(part, count, cells, graph) for part, count in zip(column.parts, counts, strict=True)]
        return Parsed(n=n, of="mixed", numbers=codes, parts=parts)
    return _PARSERS[type(column)](column, n, cells, graph)


def _parse_const(column: Const, n: int, cells: CellReader, graph: Graph) -> Parsed:
    if type(column.value) is int and not -(2**63) <= column.value < 2**63:
        raise FormatError("a constant integer has more than 64 bits")
    return Parsed(n=n, of="const", value=column.value)


def _parse_const_float(column: ConstFloat, n: int, cells: CellReader, graph: Graph) -> Parsed:
    try:
        value = float.fromhex(column.value)
    except (ValueError, OverflowError) as error:
        raise FormatError(f"malformed float {column.value[:40]!r}") from error
    if value != value or value.hex() != column.value:
        raise FormatError(f"float {column.value[:40]!r} is not in canonical form")
    return Parsed(n=n, of="const", value=value)


def _parse_const_name(column: ConstName, n: int, cells: CellReader, graph: Graph) -> Parsed:
    if not 0 <= column.name < len(graph.names):
        raise FormatError(f"a column refers to name {column.name} of {len(graph.names)}")
    return Parsed(n=n, of="name", numbers=np.full(n, column.name, np.int64))


def _parse_run(column: Run, n: int, cells: CellReader, graph: Graph) -> Parsed:
    rows = _rows_of(graph, column.table)
    if not 0 <= column.start <= rows - n:
        raise FormatError(f"a column refers to rows {column.start} … of table {column.table}, which has {rows}")
    numbers = np.arange(column.start, column.start + n, dtype=np.int64)
    return Parsed(n=n, of="ref", numbers=numbers, table=column.table)


def _parse_numbers(column: Numbers, n: int, cells: CellReader, graph: Graph) -> Parsed:
    if (column.table is None) != (column.of != "ref"):
        raise FormatError("a column of numbers names a table exactly when it holds references")
    if column.of in _SCALAR_TEXTS:
        if column.width != column.of[1:]:
            raise FormatError(f"a column of {column.of} scalars has the width {column.width[:20]!r}")
        data = cells.take(n * np.dtype(column.of).itemsize, column.block)
        if column.of == "|b1" and n and int(data.max()) > 1:
            raise FormatError("a column of bools holds more than 0 and 1")
        return Parsed(n=n, of=column.of, numbers=data.view(column.of))
    numbers = cells.numbers(n, column.width, column.block)
    match column.of, column.width[0]:
        case "bool", "u":
            if n and int(numbers.max()) > 1:
                raise FormatError("a column of bools holds more than 0 and 1")
            return Parsed(n=n, of="bool", numbers=numbers.astype(np.bool_))
        case "int", "i":
            return Parsed(n=n, of="int", numbers=numbers)
        case "float", "f":
            return Parsed(n=n, of="float", numbers=numbers)
        case "name", "u":
            return Parsed(n=n, of="name", numbers=_below(numbers, len(graph.names), "name"))
        case "ref", "u":
            assert column.table is not None
            rows = _rows_of(graph, column.table)
            return Parsed(n=n, of="ref", numbers=_below(numbers, rows, "row"), table=column.table)
    raise FormatError(f"unknown column of numbers {column.of[:40]!r} with width {column.width!r}")


def _parse_strings(column: Strings, n: int, cells: CellReader, graph: Graph) -> Parsed:
    if not 0 <= column.n_bytes < 2**63:
        raise FormatError("a column of strings has an impossible size")
    if column.of == "lines":
        return Parsed(n=n, of="text", texts=_parse_lines(column, n, cells))
    if column.of not in _FROM_BYTES or column.width[:1] != "u":
        raise FormatError(f"unknown column of strings {column.of[:40]!r}")
    lengths = cells.numbers(n, column.width, column.lengths).astype(np.int64)
    data = cells.take(column.n_bytes, column.block).tobytes()
    if n and (int(lengths.min()) < 0 or int(lengths.max()) > len(data)):
        raise FormatError("a string is longer than its column")
    ends = list(accumulate(lengths.tolist(), initial=0))
    if ends[-1] != len(data):
        raise FormatError("the lengths of a column of strings do not add up to its size")
    convert = _FROM_BYTES[column.of]
    try:
        texts = [convert(data[a:b]) for a, b in pairwise(ends)]
    except UnicodeDecodeError as error:
        raise FormatError(f"a column of text is not UTF-8 ({error.reason})") from error
    return Parsed(n=n, of="int" if column.of == "bigint" else column.of, texts=texts)


def _parse_lines(column: Strings, n: int, cells: CellReader) -> list[object]:
    if column.width or column.lengths is not None:
        raise FormatError("a column of lines has no lengths")
    try:
        texts: list[object] = list(cells.take(column.n_bytes, column.block).tobytes().decode().split("\0"))
    except UnicodeDecodeError as error:
        raise FormatError(f"a column of text is not UTF-8 ({error.reason})") from error
    if len(texts) != n:
        raise FormatError(f"a column of {n} texts holds {len(texts)}")
    return texts


_FROM_BYTES: Final[dict[str, Callable[[bytes], object]]] = {
    "text": lambda data: data.decode("utf-8", "surrogatepass"),
    "bytes": lambda data: data,
    "bigint": lambda data: int.from_bytes(data, "little", signed=True),
}
_PARSERS: Final[dict[type, Callable[[Any, int, CellReader, Graph], Parsed]]] = {
    Const: _parse_const, ConstFloat: _parse_const_float, ConstName: _parse_const_name, Run: _parse_run,
    Numbers: _parse_numbers, Strings: _parse_strings,
}  # fmt: skip


def _rows_of(graph: Graph, table: int) -> int:
    if not 0 <= table < len(graph.tables):
        raise FormatError(f"a column refers to table {table} of {len(graph.tables)}")
    return graph.tables[table].rows


def _below(numbers: NumberArray, bound: int, what: str) -> NumberArray:
    if len(numbers) and not (int(numbers.min()) >= 0 and int(numbers.max()) < bound):
        raise FormatError(f"a column refers to {what} {int(numbers.max())} of {bound}")
    return numbers
