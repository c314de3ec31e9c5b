"""Columns on the way in: their cells read, and every number in them checked, before any object exists.

The type of every value is kept: 1, True, 1.0 and numpy.float64(1.0) never stand for one another.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import accumulate, chain, pairwise
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from msgspec import Struct

from vitrify.container.reader import Bytes
from vitrify.errors import FormatError
from vitrify.graph.cells import CellReader
from vitrify.graph.columns import AT_ONCE, SCALARS
from vitrify.graph.schema import (
    Column,
    Const,
    ConstFloat,
    ConstName,
    Graph,
    Mixed,
    Numbers,
    Run,
    Strings,
)  # fmt: skip

Ints = npt.NDArray[np.int64]
NumberArray = npt.NDArray[Any]
Reference = tuple[int, NumberArray, NumberArray | None]
_SCALAR_TEXTS: Final = frozenset(SCALARS.values())

# What a value takes beyond its cells and the places that `parse` charges, by the kind of its column, at the worst
# moment of a load. A compressed cell can be a thousandth of a byte: 4 kB may ask for 40 million objects (attacks R04).
_NUMBER_BYTES: Final = 32
_BOOL_BYTES: Final = 2
_LINK_BYTES: Final = 56
"""A reference or a name: its number as an int of Python's, and in the arrays by which references are followed."""

_PART_BYTES: Final = 24
"""A value of a mixed column: the number of its part in a list, and the place in the list of its part."""

_BYTES_BYTES: Final = 48
_ASCII_BYTES: Final = 64
_TEXT_BYTES: Final = 88
_END_BYTES: Final = 48
"""Where a string ends that has a length of its own, as an int of Python's, and its length in an array."""


class Parsed(Struct, kw_only=True):
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
    texts: list[Any] | None = None
    parts: Sequence[Parsed] = ()
    _refs: Sequence[Reference] | None = None

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
            return self.merged([part.plain() for part in self.parts])
        return self.materialize((), ())

    def merged(self, values: Iterable[Iterable[object]]) -> list[object]:
        """The values of a mixed column, from those of its parts."""
        assert self.numbers is not None
        waiting = [iter(of_part) for of_part in values]
        return [next(waiting[code]) for code in self.numbers.tolist()]

    def positions(self) -> list[Ints]:
        """For each part of a mixed column, where its values stand; a file may have as many parts as values."""
        assert self.numbers is not None
        by_part = self.numbers.argsort(kind="stable")
        ends = accumulate(part.n for part in self.parts)
        return [by_part[end - part.n : end] for part, end in zip(self.parts, ends, strict=True)]

    def first_names(self) -> dict[int, int]:
        """The place in `Graph.names` of each class or function among the values, and where it stands first."""
        if self.of == "name" and self.numbers is not None:
            indexes, firsts = np.unique(self.numbers, return_index=True)
            return dict(zip(indexes.tolist(), firsts.tolist(), strict=True))
        found: dict[int, int] = {}
        if any(part.of == "name" for part in self.parts):
            for part, positions in zip(self.parts, self.positions(), strict=True):
                for index, first in part.first_names().items():
                    found.setdefault(index, int(positions[first]))
        return found

    def refs(self) -> Sequence[Reference]:
        """For each table referred to: its number, the rows, and the positions they stand at (None for all)."""
        if self.of == "ref" and self.numbers is not None:
            return ((self.table, self.numbers, None),)
        if self._refs is None:
            positions = self.positions() if any(part.of == "ref" for part in self.parts) else ()
            self._refs = [
                (part.table, part.numbers, its_own.copy())  # of the others, nothing need stay in memory
                for part, its_own in zip(self.parts, positions, strict=bool(positions))
                if part.of == "ref" and part.numbers is not None
            ]
        return self._refs

    def materialize(self, objects: Sequence[list[object]], names: Sequence[object]) -> list[object]:
        """The values, one by one; `objects` holds the rows of every table."""
        if self.of == "const":
            return [self.value] * self.n
        if self.texts is not None:
            return self.texts
        assert self.numbers is not None
        if self.of == "ref":
            return list(map(objects[self.table].__getitem__, self.numbers.tolist()))
        if self.of == "name":
            return list(map(names.__getitem__, self.numbers.tolist()))
        if self.of == "mixed":
            return self.merged([part.materialize(objects, names) for part in self.parts])
        if self.of in _SCALAR_TEXTS:
            return list(self.numbers)
        return self.numbers.tolist()  # type: ignore[no-any-return]  # numpy types this as Any

    def each(self, objects: Sequence[list[object]], names: Sequence[object]) -> Iterable[object]:
        """What `materialize` lists, for who goes through it once: of many numbers, only a few are listed at a time."""
        numbers = self.numbers
        if numbers is None or self.n <= AT_ONCE or self.of not in ("bool", "int", "float"):
            return self.materialize(objects, names)
        return chain.from_iterable(numbers[start : start + AT_ONCE].tolist() for start in range(0, self.n, AT_ONCE))


def offsets(lengths: Ints) -> Ints:
    """Where the items of each row begin, and the total at the end, shape (n + 1,)."""
    return np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths)])


def parse_column(column: Column, n: int, cells: CellReader, graph: Graph) -> Parsed:
    """Read the cells of a column of `n` values and check every number in it.

    Raises:
        FormatError: It breaks SPEC.md §6.2.
    """
    return _PARSERS[type(column)](column, n, cells, graph)


def parse_columns(columns: Mapping[str, Column], n: int, cells: CellReader, graph: Graph) -> dict[str, Parsed]:
    """The same for all columns of a table, in their order."""
    return {name: _PARSERS[type(column)](column, n, cells, graph) for name, column in columns.items()}


def _parse_mixed(column: Mixed, n: int, cells: CellReader, graph: Graph) -> Parsed:
    cells.file.spend(n * _PART_BYTES, "the values of a mixed column")
    codes = cells.numbers(n, column.width, column.block)
    if column.width[0] != "u" or not column.parts or (n and int(codes.max()) >= len(column.parts)):
        raise FormatError("a mixed column names a part that it does not have")
    counts = np.bincount(codes.astype(np.int64), minlength=len(column.parts)).tolist()
    if 0 in counts:
        raise FormatError("a mixed column has a part without values")
    parts = [parse_column(part, count, cells, graph) for part, count in zip(column.parts, counts, strict=True)]
    return Parsed(n=n, of="mixed", numbers=codes, parts=parts)


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
    cells.file.spend(n * _LINK_BYTES, "the names of a column")
    return Parsed(n=n, of="name", numbers=np.full(n, column.name, np.int64))


def _parse_run(column: Run, n: int, cells: CellReader, graph: Graph) -> Parsed:
    rows = _rows_of(graph, column.table)
    if not 0 <= column.start <= rows - n:
        raise FormatError(f"a column refers to rows {column.start} … of table {column.table}, which has {rows}")
    cells.file.spend(n * _LINK_BYTES, "the references of a column")
    numbers = np.arange(column.start, column.start + n, dtype=np.int64)
    return Parsed(n=n, of="ref", numbers=numbers, table=column.table)


def _parse_numbers(column: Numbers, n: int, cells: CellReader, graph: Graph) -> Parsed:
    if (column.table is None) != (column.of != "ref"):
        raise FormatError("a column of numbers names a table exactly when it holds references")
    cells.file.spend(n * _BYTES_OF.get(column.of, _NUMBER_BYTES), "the values of a column")
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
    stored = cells.take(column.n_bytes, column.block)
    cells.file.spend(_string_bytes(column.of, n, stored) + n * _END_BYTES, "the strings of a column")
    data = stored.tobytes()
    del stored
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


def _parse_lines(column: Strings, n: int, cells: CellReader) -> list[str]:
    if column.width or column.lengths is not None:
        raise FormatError("a column of lines has no lengths")
    stored = cells.take(column.n_bytes, column.block)
    cells.file.spend(_string_bytes("text", n, stored), "the texts of a column")
    try:
        text = str(stored.data, "utf-8")
    except UnicodeDecodeError as error:
        raise FormatError(f"a column of text is not UTF-8 ({error.reason})") from error
    del stored
    texts = text.split("\0")
    if len(texts) != n:
        raise FormatError(f"a column of {n} texts holds {len(texts)}")
    return texts


def _string_bytes(of: str, n: int, stored: Bytes) -> int:
    """What `n` strings of these bytes take, and the copy of all that is cut into them.

    Python keeps a text in as many bytes a character as its largest one needs.
    """
    if of != "text":
        return n * _BYTES_BYTES + 2 * len(stored)
    top = int(stored.max(initial=0))
    width = 1 if top < _FIRST_OF_TWO_BYTES else 2 if top < _FIRST_OF_FOUR_BYTES else 4
    return n * (_ASCII_BYTES if top < _FIRST_NOT_ASCII else _TEXT_BYTES) + 2 * width * len(stored)


_FIRST_NOT_ASCII: Final = 0x80
_FIRST_OF_TWO_BYTES: Final = 0xC4
_FIRST_OF_FOUR_BYTES: Final = 0xF0
"""Bytes of UTF-8 with which characters begin that Python keeps in two bytes each, and in four."""

_BYTES_OF: Final = {"bool": _BOOL_BYTES, "|b1": _BOOL_BYTES, "name": _LINK_BYTES, "ref": _LINK_BYTES}
_FROM_BYTES: Final[dict[str, Callable[[bytes], object]]] = {
    "text": lambda data: data.decode("utf-8", "surrogatepass"),
    "bytes": lambda data: data,
    "bigint": lambda data: int.from_bytes(data, "little", signed=True),
}
_PARSERS: Final[dict[type, Callable[[Any, int, CellReader, Graph], Parsed]]] = {
    Const: _parse_const, ConstFloat: _parse_const_float, ConstName: _parse_const_name, Run: _parse_run,
    Numbers: _parse_numbers, Strings: _parse_strings, Mixed: _parse_mixed,
}  # fmt: skip


def _rows_of(graph: Graph, table: int) -> int:
    if not 0 <= table < len(graph.tables):
        raise FormatError(f"a column refers to table {table} of {len(graph.tables)}")
    return graph.tables[table].rows


def _below(numbers: NumberArray, bound: int, what: str) -> NumberArray:
    """Unsigned numbers that are all below `bound`.

    Raises:
        FormatError: One is not.
    """
    if len(numbers) and int(numbers.max()) >= bound:
        raise FormatError(f"a column refers to {what} {int(numbers.max())} of {bound}")
    return numbers
