"""SPEC.md §6.2 and §6.3: values of every kind in columns of every kind, as both readers see them."""

from __future__ import annotations

import json
import struct
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import vitrify
from tests.property.strategies import SCALAR_DTYPES, floats, ints, numpy_scalars, plain, texts
from tests.support.equality import assert_same
from tests.support.independent_reader import Container
from tests.vectors.own import Row
from tests.vectors.strict_graph import Ref, read


def column_of(values: Sequence[Any]) -> dict[str, Any]:
    """The column that holds these values: the only attribute of as many objects."""
    graph = json.loads(Container(_written(values)).graph)
    column: dict[str, Any] = next(t for t in graph["tables"] if t["type"].endswith("Row"))["columns"]["value"]
    return column


def _written(values: Sequence[Any]) -> bytes:
    return vitrify.dumps([Row(value=value) for value in values])


def assert_round_trip(values: Sequence[Any]) -> None:
    """Both readers give the values back, each of its own type."""
    data = _written(values)
    assert_same(list(values), [row.value for row in vitrify.loads(data, trust=[Row])])
    table = next(t for t in read(data).tables if t["type"].endswith("Row"))
    assert_same(list(values), table["columns"]["value"])


def bits(value: float) -> bytes:
    """All of a float."""
    return struct.pack("<d", value)


class TestConstants:
    """§6.2.9 "equal bools, ints, floats (all bits; not NaN), names, and equal text of at most 1024 characters"."""

    @given(st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1), st.integers(1, 5))
    def test_equal_values_are_a_constant(self, value: Any, n: int) -> None:
        """None, bools and ints of 64 bits stand in the JSON."""
        assert column_of([value] * n) == {"kind": "const", "value": value}
        assert_round_trip([value] * n)

    @given(st.floats(allow_nan=False), st.integers(1, 3))
    def test_equal_floats_are_a_constant_in_hexadecimal(self, value: float, n: int) -> None:
        """With the sign of zero, and infinities."""
        assert column_of([value] * n) == {"kind": "const_float", "value": value.hex()}
        assert_round_trip([value] * n)

    def test_long_text_is_not_in_the_json(self) -> None:
        """1024 characters are, 1025 are not."""
        assert column_of(["é" * 1024] * 2)["kind"] == "const"
        assert column_of(["é" * 1025] * 2)["kind"] == "strings"
        assert_round_trip(["é" * 1025] * 2)

    def test_zeros_of_both_signs_are_two_values(self) -> None:
        """They are equal in Python and not in bits."""
        assert column_of([0.0, -0.0])["kind"] == "numbers"
        assert_round_trip([0.0, -0.0])

    @pytest.mark.parametrize("value", [int, np.float32, np.log1p, Row])
    def test_the_same_class_or_function_is_a_constant(self, value: Any) -> None:
        """It stands among the names."""
        assert column_of([value, value]) == {"kind": "const_name", "name": 0}


class TestNumbers:
    """§6.2.5 "one cell of `width` for each value"."""

    @given(st.lists(st.booleans(), min_size=1, max_size=9))
    def test_bools(self, values: list[bool]) -> None:
        """True and False, never 1 and 0."""
        assert_round_trip(values)

    @given(st.lists(st.integers(-(2**63), 2**63 - 1), min_size=1, max_size=9))
    def test_ints(self, values: list[int]) -> None:
        """Of 64 bits; the width is the smallest that holds all."""
        assert_round_trip(values)
        column = column_of(values)
        if len(set(values)) > 1:
            size = next(s for s in (1, 2, 4, 8) if all(-(2 ** (8 * s - 1)) <= v < 2 ** (8 * s - 1) for v in values))
            assert column == {"kind": "numbers", "of": "int", "width": f"i{size}"}

    @given(st.lists(st.integers(0, 2**64 - 1), min_size=1, max_size=5))
    def test_floats_keep_all_bits(self, patterns: list[int]) -> None:
        """NaNs have payloads and signs."""
        values = [struct.unpack("<d", struct.pack("<Q", pattern))[0] for pattern in patterns]
        loaded = [row.value for row in vitrify.loads(_written(values), trust=[Row])]
        assert [bits(v) for v in loaded] == [bits(v) for v in values]

    @given(st.sampled_from(SCALAR_DTYPES), st.data())
    def test_numpy_scalars_keep_their_bytes(self, code: str, data: st.DataObject) -> None:
        """One column of one dtype, whatever the bits."""
        size = np.dtype(code).itemsize
        kinds = st.sampled_from([b"\0", b"\1"]) if code == "b1" else st.binary(min_size=size, max_size=size)
        values = [np.frombuffer(b, code)[0] for b in data.draw(st.lists(kinds, min_size=1, max_size=5))]
        loaded = [row.value for row in vitrify.loads(_written(values), trust=[Row])]
        assert [(type(v), v.tobytes()) for v in loaded] == [(type(v), v.tobytes()) for v in values]
        assert column_of(values)["of"] == np.dtype(code).str


class TestStrings:
    """§6.2.7 "For text that holds NUL or surrogates, bytes, and ints beyond 64 bits."."""

    @given(st.lists(texts, min_size=1, max_size=6))
    def test_text(self, values: list[str]) -> None:
        """With NULs, lone surrogates, empty; as lines only where no value needs more."""
        assert_round_trip(values)
        needs_lengths = any("\0" in v or any("\ud800" <= c <= "\udfff" for c in v) for v in values)
        column = column_of(values)
        assert needs_lengths or column["kind"] == "const" or column["of"] == "lines"

    @given(st.lists(st.binary(max_size=300), min_size=1, max_size=6))
    def test_bytes(self, values: list[bytes]) -> None:
        """Of any length."""
        assert_round_trip(values)

    @given(st.lists(st.integers(2**63, 2**300) | st.integers(-(2**300), -(2**63) - 1), min_size=1, max_size=5))
    def test_ints_beyond_64_bits(self, values: list[int]) -> None:
        """In as few bytes as hold the sign."""
        assert_round_trip(values)
        assert column_of(values)["n_bytes"] == sum(value.bit_length() // 8 + 1 for value in values)


class TestMixed:
    """§6.2.8 "values of several kinds"."""

    @given(st.lists(plain, min_size=1, max_size=12))
    def test_any_plain_values_in_one_column(self, values: list[Any]) -> None:
        """1, True, 1.0 and numpy.float64(1.0) stay what they are."""
        assert_round_trip(values)

    @given(st.lists(ints | floats | numpy_scalars(), min_size=2, max_size=8))
    def test_every_part_has_values(self, values: list[Any]) -> None:
        """There is a part for each type, ints split by size, and no other."""
        column = column_of(values)
        kinds = {(type(v), type(v) is int and not -(2**63) <= v < 2**63) for v in values}
        assert len(column.get("parts", [column])) == len(kinds)


class TestReferences:
    """§6.2.4 "Objects are numbered in the order in which they are found, so most references count up."."""

    @given(st.lists(st.integers(0, 4), min_size=1, max_size=9))
    def test_references_lead_to_the_same_objects(self, picks: list[int]) -> None:
        """Which value is which object, in every pattern of repetition."""
        objects: list[list[int]] = [[i] for i in range(5)]
        values = [objects[pick] for pick in picks]
        loaded = [row.value for row in vitrify.loads(_written(values), trust=[Row])]
        assert [[a is b for b in loaded] for a in loaded] == [[a is b for b in values] for a in values]
        refs = next(t for t in read(_written(values)).tables if t["type"].endswith("Row"))["columns"]["value"]
        assert all(type(ref) is Ref for ref in refs)

    def test_new_objects_are_a_run(self) -> None:
        """No cell for a thousand lists of their own."""
        assert column_of([[i] for i in range(1000)])["kind"] == "run"


class TestCellsAndBlocks:
    """§6.3.2 "A run of 4096 bytes or more is a block of its own"."""

    @pytest.mark.parametrize(
        ("make", "of"),
        [
            (lambda n: [float(i) for i in range(n // 8)], "float"),
            (lambda n: [i % 100 for i in range(n)], "int"),
            (lambda n: [i % 3 == 0 for i in range(n)], "bool"),
            (lambda n: ["x"] + [""] * (n - 1), "lines"),
            (lambda n: [b"y", bytes(n - 1)], "bytes"),
            (lambda n: [np.float64(i) for i in range(n // 8)], "<f8"),
        ],
    )
    @pytest.mark.parametrize("n_bytes", [4088, 4096])
    def test_data_goes_where_its_size_says(self, make: Any, of: str, n_bytes: int) -> None:
        """Just below among the cells, from there on in a block, for every kind of column."""
        values = make(n_bytes)
        column = column_of(values)
        assert column["of"] == of
        assert ("block" in column) == (n_bytes >= 4096)
        assert_round_trip(values)

    @given(st.lists(st.binary(max_size=20), max_size=5))
    def test_cells_are_multiples_of_eight(self, values: list[bytes]) -> None:
        """Each run of cells is padded with zeros."""
        assert len(Container(vitrify.dumps(values)).cells) % 8 == 0
