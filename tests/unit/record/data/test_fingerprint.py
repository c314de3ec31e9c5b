"""A digest depends on what data says, and on nothing else."""

from __future__ import annotations

import datetime as dt
import decimal
import fractions
import struct
from typing import Any

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from blake3 import blake3

from vitrify.errors import UnsupportedError
from vitrify.record.data.fingerprint import column_digests, fingerprint
from vitrify.record.data.tables import STRETCH_ROWS, read_table
from vitrify.record.data.tagged import tagged


def digest(data: Any) -> str:
    return fingerprint(read_table(data))


def column(data: Any) -> str:
    (found,) = column_digests(read_table(data))
    return found


def frame(*values: Any, dtype: Any = None) -> pd.DataFrame:
    return pd.DataFrame({"a": pd.Series(list(values), dtype=dtype)})


class TestBytes:
    def test_the_example_of_the_specification_holds(self) -> None:
        """Written out by hand, byte for byte."""
        age = blake3(b"vitrify column 0\nfloat 3\n\1\2" + struct.pack("<3d", 1.0, 0.0, 2.5))
        city = blake3(b"vitrify column 0\ntext 3\n\1\4" + struct.pack("<3q", 2, 2, 0) + b"ab\xc3\xbc")
        names = b"t" + struct.pack("<Q", 3) + b"age" + b"t" + struct.pack("<Q", 4) + b"city"
        whole = blake3(b"vitrify table 0\n3 2\n" + names + age.digest() + city.digest())
        data = pd.DataFrame({"age": [1.0, np.nan, 2.5], "city": ["ab", "ü", None]})
        assert column_digests(read_table(data)) == [age.hexdigest(), city.hexdigest()]
        assert digest(data) == whole.hexdigest()
        assert digest(data) == "c690d063f3d20d858b8b79fc8479ee8d6e34d6ccb62d3252382ee3e27d73a98d"

    @pytest.mark.parametrize(
        ("data", "rest"),
        [
            (np.array([-1, 2], "i1"), b"int 2\n\0\0" + struct.pack("<2q", -1, 2)),
            (np.array([1, 2**64 - 1], "u8"), b"int 2\n\0\1" + struct.pack("<2Q", 1, 2**64 - 1)),
            (np.array([[2**64 - 1], [None]], object), b"int 2\n\1\2\1" + struct.pack("<2Q", 2**64 - 1, 0)),
            (np.array([[-1], [10**30]], object), b"int 2\n\0\2" + struct.pack("<2q", 2, 31) + b"-11" + b"0" * 30),
            (np.array([True, False]), b"bool 2\n\0\1\0"),
            (np.array([1 - 2j]), b"complex 1\n\0" + struct.pack("<2d", 1, -2)),
            (np.array(["1970-01-02"], "M8[D]"), b"datetime 1\n\0" + struct.pack("<q", 86_400_000_000_000)),
            (np.array([3], "m8[us]"), b"timedelta 1\n\0" + struct.pack("<q", 3000)),
            (["\ud800", "a"], b"text 2\n\0" + struct.pack("<2q", 3, 1) + b"\xed\xa0\x80a"),
            ([{"b": 1, "a": None}], b"object 1\n\0d" + struct.pack("<Q", 2) + b"t\1" + 7 * b"\0" + b"a0"
             + b"t\1" + 7 * b"\0" + b"bi\1" + 7 * b"\0" + b"1"),
            (np.zeros((0, 1)), b"float 0\n"),
        ],
    )  # fmt: skip
    def test_a_column_is_its_kind_its_rows_and_its_values(self, data: Any, rest: bytes) -> None:
        """Little-endian, in the dtype of the kind."""
        assert column(data) == blake3(b"vitrify column 0\n" + rest).hexdigest()

    def test_stretches_have_a_mask_each(self) -> None:
        """One where a value is missing, none where not."""
        values = np.arange(STRETCH_ROWS + 2.0)
        values[-1] = np.nan
        kind = f"float {len(values)}\n".encode()
        rest = struct.pack("<2d", STRETCH_ROWS, 0)
        expected = blake3(b"vitrify column 0\n" + kind + b"\0" + values[:-2].tobytes() + b"\1\2" + rest)
        assert column(values) == expected.hexdigest()

    @pytest.mark.parametrize(
        ("dtype", "lead", "code"), [("f4", "", "d"), ("i4", "\0", "q"), ("?", "", "?"), ("u8", "\0", "Q")]
    )
    def test_sparse_columns_are_rows_and_values_that_are_not_zero(self, dtype: str, lead: str, code: str) -> None:
        """Zeros that are stored are none; a column without any is that alone."""
        matrix = sp.csc_array((np.array([1, 0, 1], dtype), ([4, 1, 2], [0, 0, 0])), shape=(5, 2))
        kind = {"f4": "float", "?": "bool"}.get(dtype, "int")
        head = f"vitrify column 0\nsparse {kind} 5 "
        first = (
            (f"{head}2\n").encode() + struct.pack("<2q", 2, 4) + b"\0" + lead.encode() + struct.pack(f"<2{code}", 1, 1)
        )
        second = f"{head}0\n".encode()
        assert column_digests(read_table(matrix)) == [blake3(first).hexdigest(), blake3(second).hexdigest()]

    def test_sparse_columns_may_miss_values(self) -> None:
        """Among those stored."""
        matrix = sp.csr_array(np.array([[np.nan], [0.0], [-0.5]]))
        first = (
            b"vitrify column 0\nsparse float 3 2\n" + struct.pack("<2q", 0, 2) + b"\1\1" + struct.pack("<2d", 0, -0.5)
        )
        assert column(matrix) == blake3(first).hexdigest()


X = np.random.default_rng(0).normal(size=(STRETCH_ROWS + 7, 3)).astype("f4")


class TestSame:
    @pytest.mark.parametrize(
        "other",
        [
            np.asfortranarray(X), X.astype("f8"), X.astype(">f8"), np.repeat(X, 2, axis=0)[::2], X[::-1][::-1],
            X.astype(object), X.astype("f8").tolist(), np.hstack([X, X])[:, :3],
        ],
        ids=["fortran", "wide", "big-endian", "strided", "reversed", "objects", "lists", "part"],
    )  # fmt: skip
    def test_arrays_of_the_same_numbers(self, other: Any) -> None:
        """However they lie in memory."""
        assert digest(other) == digest(X)

    @pytest.mark.parametrize(
        ("one", "other"),
        [
            (frame("x", None, "y"), frame("x", np.nan, "y", dtype=object)),
            (frame("x", None, "y"), frame("x", None, "y", dtype="string")),
            (frame("x", None, "y"), frame("x", None, "y", dtype="category")),
            (frame("x", None, "y"), frame("x", pd.NA, np.str_("y"), dtype=object)),
            (frame("x", "y"), pd.DataFrame({"a": pd.Categorical(["x", "y"], ["z", "y", 3, "x"])})),
            (frame(1, None, dtype="Int64"), frame(1, pd.NA, dtype=object)),
            (frame(1, 2), frame(1, 2, dtype="UInt8")),
            (frame(1, 2), frame(1, 2, dtype="category")),
            (frame(1, 2), frame(np.int8(1), 2, dtype=object)),
            (frame(0.0, np.nan), frame(-0.0, None, dtype="Float64")),
            (frame(0.5, np.nan), frame(0.5, None, dtype=object)),
            (frame(True, None, dtype="boolean"), frame(np.True_, None, dtype=object)),
            (frame(None, None, dtype="category"), frame(None, None, dtype=object)),
            (
                frame(pd.Timestamp("2020-01-01 12:00", tz="UTC"), pd.NaT),
                frame(pd.Timestamp("2020-01-01 13:00", tz="Europe/Berlin"), pd.NaT),
            ),
            (frame(pd.Timestamp(2020, 1, 1)), frame(dt.datetime(2020, 1, 1), dtype=object)),
            (frame(pd.Timestamp(2020, 1, 1), None), frame(np.datetime64("2020-01-01"), pd.NaT, dtype=object)),
            (frame(pd.Timestamp(2020, 1, 1), None), frame(pd.Timestamp(2020, 1, 1), None, dtype="category")),
            (frame(1, 2), pd.DataFrame({"a": [1, 2]}, index=["p", "q"])),
            (frame(0.0, 1.5, np.nan), frame(0.0, 1.5, np.nan, dtype=pd.SparseDtype("f8"))),
            (np.array(["9999-12-31"], "M8[D]"), np.array([[dt.datetime(9999, 12, 31)]], object)),
            (["a", "b"], pd.Series(["a", "b"])),
            (["a", "b"], np.array(["a", "b"])),
            ([{"a": 1, "b": 2.0}], [{"b": np.float32(2), "a": np.int64(1)}]),
            (np.array([1, 2]), [[1], [2]]),
        ],
    )  # fmt: skip
    def test_the_same_content(self, one: Any, other: Any) -> None:
        """In other dtypes and containers."""
        assert digest(one) == digest(other)

    @pytest.mark.parametrize("form", ["csr", "coo", "lil"])
    def test_sparse_formats(self, form: str) -> None:
        """With zeros stored or not, and indices of any width."""
        matrix = sp.random(50, 9, density=0.3, format="csc", random_state=0)
        stored = matrix.copy()
        stored.data[3] = 0
        without = stored.copy()
        without.eliminate_zeros()
        assert digest(matrix.asformat(form)) == digest(matrix)
        assert digest(stored) == digest(without) != digest(matrix)

    def test_digests_that_are_known_are_used(self) -> None:
        """And the table is not read again."""
        table = read_table(X)
        assert fingerprint(table, column_digests(table)) == digest(X) == fingerprint(table, [])
        assert fingerprint(table, column_digests(table)[::-1]) == digest(X[:, ::-1])


class TestOther:
    @pytest.mark.parametrize(
        ("one", "other"),
        [
            (X, X[:-1]), (X, X[:, :2]), (X, X[:, [1, 0, 2]]), (X, X[::-1]),
            (frame(1, 2), frame(1.0, 2.0)), (frame(1, 0), frame(True, False)), (frame(1, 2), frame("1", "2")),
            (frame(1, 2), np.array([[1], [2]])), (frame(1, 2), frame(1, 2).rename(columns={"a": "b"})),
            (frame(1, 2), frame(1, 2).rename(columns={"a": 0})), (frame(0.0), frame(np.nan)),
            (frame("a", ""), frame("a", None)), (frame("ab", "c"), frame("a", "bc")),
            (frame("1", 2, dtype=object), frame(1, "2", dtype=object)),
            (frame(1, True, dtype=object), frame(True, 1, dtype=object)),
            (np.array([2**64 - 1], "u8"), np.array([-1])), (np.zeros((0, 2)), np.zeros((0, 3))),
            (sp.csr_array(np.eye(3)), np.eye(3)), (sp.csr_array(np.eye(3)), sp.csr_array(np.eye(3, dtype=int))),
            (sp.csc_array(np.eye(3)), sp.csc_array(np.eye(4)[:, :3])), ([{"a": 1}], [{"a": None}]),
        ],
    )  # fmt: skip
    def test_other_content(self, one: Any, other: Any) -> None:
        """A value, a kind, a name, an order, a number of rows."""
        assert digest(one) != digest(other)


def size(n: int) -> bytes:
    return struct.pack("<Q", n)


class TestTagged:
    @pytest.mark.parametrize(
        ("value", "expected"),
        [
            (None, b"0"), (np.nan, b"0"), (pd.NA, b"0"), (pd.NaT, b"0"), (np.datetime64("NaT"), b"0"),
            (np.timedelta64("NaT"), b"0"), (True, b"b\1"), (np.False_, b"b\0"), (-12, b"i" + size(3) + b"-12"),
            (np.uint64(2**64 - 1), b"i" + size(20) + b"18446744073709551615"),
            (np.float32(0.5), b"f" + struct.pack("<d", 0.5)),
            (-0.0, b"f" + bytes(8)), (complex(1, -0.0), b"c" + struct.pack("<2d", 1, 0)),
            (np.complex64(1j), b"c" + struct.pack("<2d", 0, 1)), ("é", b"t" + size(2) + b"\xc3\xa9"),
            (np.str_("a"), b"t" + size(1) + b"a"), (b"\xff", b"y" + size(1) + b"\xff"),
            (bytearray(b"a"), b"y" + size(1) + b"a"),
            (dt.datetime(1970, 1, 1, 0, 0, 0, 5), b"M" + size(4) + b"5000"),
            (dt.datetime(1970, 1, 1, 1, tzinfo=dt.timezone(dt.timedelta(hours=1))), b"M" + size(1) + b"0"),
            (pd.Timestamp(1001), b"M" + size(4) + b"1001"), (np.datetime64(7, "ns"), b"M" + size(1) + b"7"),
            (dt.timedelta(microseconds=-1), b"m" + size(5) + b"-1000"), (pd.Timedelta(1001), b"m" + size(4) + b"1001"),
            (np.timedelta64(7, "us"), b"m" + size(4) + b"7000"), ([], b"l" + size(0)),
            ((1, [None]), b"l" + size(2) + b"i" + size(1) + b"1l" + size(1) + b"0"),
            (np.array([[True]]), b"l" + size(1) + b"l" + size(1) + b"b\1"),
            (np.array([5], "m8[ns]"), b"l" + size(1) + b"m" + size(1) + b"5"),
            ({"b": 1, "a": True}, b"d" + size(2) + b"t" + size(1) + b"ab\1" + b"t" + size(1) + b"bi" + size(1) + b"1"),
            ({"b", "a"}, b"s" + size(2) + b"t" + size(1) + b"at" + size(1) + b"b"),
            (decimal.Decimal("1.0"), b"o" + size(7) + b"Decimal" + size(14) + b"Decimal('1.0')"),
            (fractions.Fraction(1, 2), b"o" + size(8) + b"Fraction" + size(14) + b"Fraction(1, 2)"),
        ],
    )  # fmt: skip
    def test_a_value_is_a_tag_and_its_bytes(self, value: object, expected: bytes) -> None:
        """Those of SPEC.md §7.6."""
        assert tagged(value) == expected

    def test_what_changes_with_memory_is_refused(self) -> None:
        """An object without a form of its own, at any depth."""
        with pytest.raises(UnsupportedError) as refused:
            digest([{"a": [object()]}])
        assert refused.value.message == "a value of the data is an object, which has no form that stays the same"
        assert refused.value.hint == "Convert it to numbers or text"

    def test_what_holds_itself_is_refused(self) -> None:
        """Instead of without end."""
        endless: list[Any] = []
        endless.append(endless)
        with pytest.raises(UnsupportedError, match="deeper than 32 levels"):
            tagged(endless)
