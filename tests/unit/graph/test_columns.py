"""Values to columns and back, apart from any file: what is chosen, what is read, what the checks see."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.property.strategies import ints, plain
from tests.support.equality import assert_same
from vitrify.graph.cells import CellWriter, smallest_signed, smallest_unsigned
from vitrify.graph.columns import encode_column
from vitrify.graph.parsed import Parsed, parse_column
from vitrify.graph.schema import Const, ConstFloat, ConstName, Graph, Mixed, Name, Numbers, Run, Strings, Table


class Thing:
    """An object; its table and row are given."""

    def __init__(self, table: int, row: int) -> None:
        self.place = (table, row)


class Graphless:
    """What a column needs of the graph, without one."""

    def __init__(self) -> None:
        self.cells = CellWriter()
        self.names: list[object] = []

    def is_name(self, kind: type) -> bool:
        """Classes."""
        return kind is type

    def name_index(self, value: object) -> int:
        """In order of first use."""
        if value not in self.names:
            self.names.append(value)
        return self.names.index(value)

    def locate(self, values: Sequence[Any]) -> tuple[list[int], list[int]]:
        """As the things say."""
        return [value.place[0] for value in values], [value.place[1] for value in values]


class Cells:
    """Reads what a `CellWriter` has written, from a file that has memory for all of it."""

    def __init__(self, written: CellWriter) -> None:
        self.file = self
        self.spent: list[tuple[int, str]] = []
        self._pool = np.frombuffer(bytes(written.pool), np.uint8)
        self._pieces = written.pieces
        self._position = 0

    def take(self, n_bytes: int, block: int | None) -> Any:
        """The next bytes."""
        if block is not None:
            return np.frombuffer(self._pieces[block].data(), np.uint8)
        start, self._position = self._position, self._position + n_bytes + -n_bytes % 8
        return self._pool[start : start + n_bytes]

    def spend(self, n_bytes: int, what: str) -> None:
        """Note what is taken from the memory of the file."""
        self.spent.append((n_bytes, what))

    def numbers(self, n: int, width: str, block: int | None) -> Any:
        """The next numbers."""
        return self.take(n * int(width[1]), block).view("<" + width)


def encoded(values: Sequence[Any]) -> tuple[Any, Graphless]:
    """The column, and where its data went."""
    links = Graphless()
    return encode_column(values, links, "x"), links


def parsed(values: Sequence[Any]) -> tuple[Parsed, Graphless]:
    """The column, encoded and read again."""
    column, links = encoded(values)
    tables = tuple(Table("t", 100, {}) for _ in range(5))
    names = tuple(Name("class", str(name)) for name in links.names)
    graph = Graph(Const(None), names, tables)
    return parse_column(column, len(values), Cells(links.cells), graph), links  # type: ignore[arg-type]  # a stand-in


class TestChoice:
    @pytest.mark.parametrize(
        ("values", "column"),
        [
            ([], Const(None)),
            ([None, None], Const(None)),
            ([True], Const(True)),
            ([True, False], Numbers("bool", "u1")),
            ([7, 7], Const(7)),
            ([-128, 127], Numbers("int", "i1")),
            ([-129, 0], Numbers("int", "i2")),
            ([0, 2**31], Numbers("int", "i8")),
            ([2**63], Strings("bigint", "u1", 9)),
            ([2**63 - 1], Const(2**63 - 1)),
            ([0.5, 0.5], ConstFloat("0x1.0000000000000p-1")),
            ([float("nan")] * 2, Numbers("float", "f8")),
            (["a", "b"], Strings("lines", "", 3)),
            (["a\0", "b"], Strings("text", "u1", 3)),
            (["\ud800", "b"], Strings("text", "u1", 4)),
            (["\ud800"] * 2, Strings("text", "u1", 6)),
            ([b"", b"xy"], Strings("bytes", "u1", 2)),
            ([b"x" * 300], Strings("bytes", "u2", 300)),
            ([np.float32(1)] * 2, Numbers("<f4", "f4")),
            ([int, int], ConstName(0)),
            ([int, float], Numbers("name", "u1")),
            ([Thing(2, 3), Thing(2, 4)], Run(2, 3)),
            ([Thing(2, 3)], Run(2, 3)),
            ([Thing(2, 4), Thing(2, 3)], Numbers("ref", "u1", 2)),
            ([1, None], Mixed("u1", (Const(1), Const(None)))),
            ([1, 2**70, 2], Mixed("u1", (Numbers("int", "i1"), Strings("bigint", "u1", 9)))),
            ([Thing(1, 0), Thing(0, 0)], Mixed("u1", (Run(1, 0), Run(0, 0)))),
            ([True, 1, 1.0], Mixed("u1", (Const(True), Const(1), ConstFloat("0x1.0000000000000p+0")))),
        ],
    )
    def test_it_is_the_one_of_the_spec(self, values: list[Any], column: Any) -> None:
        """SPEC.md 6.2.9, case by case."""
        assert encoded(values)[0] == column

    @given(st.integers(-(2**63), 2**63 - 1), st.integers(-(2**63), 2**63 - 1))
    def test_widths_are_the_narrowest(self, one: int, other: int) -> None:
        """As numpy sees it."""
        low, high = sorted((one, other))
        signed = next(w for w in ("i1", "i2", "i4", "i8") if np.iinfo(w).min <= low and high <= np.iinfo(w).max)
        assert smallest_signed(low, high) == signed
        unsigned = next(w for w in ("u1", "u2", "u4", "u8") if abs(high) <= np.iinfo(w).max)
        assert smallest_unsigned(abs(high)) == unsigned


class TestParsed:
    @given(st.lists(plain, max_size=12))
    def test_values_come_back(self, values: list[Any]) -> None:
        """Without any file around them."""
        assert_same(values, parsed(values)[0].materialize((), ()) if values else [])

    @given(st.lists(ints, min_size=1, max_size=12), st.integers(0, 12), st.integers(0, 12))
    def test_a_part_is_a_slice(self, values: list[int], begin: int, end: int) -> None:
        """Of every column that is not mixed."""
        found, _ = parsed(values)
        begin, end = sorted((min(begin, len(values)), min(end, len(values))))
        if found.of != "mixed":
            assert found.part(begin, end).materialize((), ()) == values[begin:end]
            assert found.part(begin, end).n == end - begin

    def test_refs_say_where_they_stand(self) -> None:
        """For each table: the rows, and the positions in the column."""
        found, _ = parsed([Thing(3, 5), 1, Thing(0, 9), Thing(3, 4)])
        refs = {
            table: (rows.tolist(), positions.tolist())
            for table, rows, positions in found.refs()
            if positions is not None
        }
        assert refs == {3: ([5, 4], [0, 3]), 0: ([9], [2])}
        (only,) = parsed([Thing(3, 5), Thing(3, 4)])[0].refs()
        assert (only[0], only[1].tolist(), only[2]) == (3, [5, 4], None)

    def test_plain_hides_objects_and_names(self) -> None:
        """Checks look at plain values before any object exists."""
        assert parsed([Thing(1, 1), 7, int, "x", None])[0].plain() == [None, 7, None, "x", None]
        assert parsed([int, float])[0].plain() == [None, None]
        assert parsed([1.5, 2.5])[0].plain() == [1.5, 2.5]

    def test_objects_are_taken_from_their_tables(self) -> None:
        """And names from theirs, each the very object."""
        rows = [object() for _ in range(10)]
        found, links = parsed([Thing(1, 4), int, Thing(1, 2)])
        values = found.materialize([[], rows], links.names)
        assert values[0] is rows[4]
        assert values[1] is int
        assert values[2] is rows[2]


class TestManyValues:
    """Long columns are worked through a part at a time."""

    N = 40_000

    @pytest.mark.parametrize("odd", ["plain", "not\0so", "\ud800", "größer"])
    def test_texts_come_back_and_lie_as_short_columns_do(self, odd: str) -> None:
        texts = [f"word{i}" for i in range(self.N)]
        texts[self.N // 2] = odd
        found, links = parsed(texts)
        assert found.materialize((), ()) == texts
        separator = b"" if odd in ("not\0so", "\ud800") else b"\0"
        data = bytes(links.cells.pieces[-1].data())
        assert data == separator.join(text.encode("utf-8", "surrogatepass") for text in texts)

    @pytest.mark.parametrize("value", [7, 0.5, True, None, "text"])
    def test_values_one_after_another_are_those_of_the_list(self, value: object) -> None:
        mixed: list[object] = [value] * self.N
        if value is not None:
            mixed[3] = {int: 8, float: 1.5, bool: False, str: "other"}[type(value)]
        found, _ = parsed(mixed)
        each = list(found.each((), ()))
        assert_same(each, mixed)
        assert_same(each, found.materialize((), ()))
