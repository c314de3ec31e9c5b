"""Data of any library is read as the same columns."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from scipy.stats import norm

from vitrify.errors import UnsupportedError
from vitrify.record.data.tables import STRETCH_ROWS, Table, is_nothing, read_table, stretches


def frame(values: Any, dtype: Any = object) -> pd.DataFrame:
    return pd.DataFrame({"a": pd.Series(values, dtype=dtype)})


def read(table: Table, n_rows: int | None = None) -> list[Any]:
    """The values of the first column, None where one is missing."""
    stretch = table.columns[0].read(0, table.n_rows if n_rows is None else n_rows)
    values = stretch.values.tolist()
    return [None if gone else value for value, gone in zip(values, stretch.is_missing, strict=True)]


class TestColumns:
    @pytest.mark.parametrize(
        ("data", "kind", "dtype", "values"),
        [
            (np.array([1, 2], ">i2"), "int", "<i8", [1, 2]),
            (np.array([1, 2], "u2"), "int", "<u8", [1, 2]),
            (np.array([1.5, np.nan], "f2"), "float", "<f8", [1.5, None]),
            (np.array([True]), "bool", "?", [True]),
            (np.array([1j], "c8"), "complex", "<c16", [1j]),
            (np.array(["1970-01-01T00:00:01", "NaT"], "M8[s]"), "datetime", "<M8[ns]", [10**9, None]),
            (np.array([1, "NaT"], "m8[us]"), "timedelta", "<m8[ns]", [1000, None]),
            (np.array([["a"], ["b"]]), "text", "O", ["a", "b"]),
            (np.array([[b"a"]]), "object", "S1", [b"a"]),
            (np.array([[None], [np.nan], ["a"]], object), "text", "O", [None, None, "a"]),
            (np.array([["a"], [1]], object), "object", "O", ["a", 1]),
            (np.array([True, 1, None], object), "object", "O", [True, 1, None]),
            (np.array([np.True_, None], object), "bool", "?", [True, None]),
            (np.array([1, None], object), "int", "<i8", [1, None]),
            (np.array([1, np.nan], object), "int", "<i8", [1, None]),
            (np.array([1, 2.5, None], object), "float", "<f8", [1.0, 2.5, None]),
            (np.array([2**63, None], object), "int", "<u8", [2**63, None]),
            (np.array([2**63, -1], object), "int", "O", [2**63, -1]),
            (np.array([None, None], object), "object", "O", [None, None]),
            (np.array([dt.datetime(1970, 1, 2), pd.NaT], object), "datetime", "<M8[ns]", [86_400 * 10**9, None]),
            (frame([1, None], "Int8"), "int", "<i8", [1, None]),
            (frame([True, None], "boolean"), "bool", "?", [True, None]),
            (frame([0.5, None], "Float32"), "float", "<f8", [0.5, None]),
            (frame(["a", None], "string"), "text", "O", ["a", None]),
            (frame(["a", pd.NA]), "text", "O", ["a", None]),
            (frame(["a", None, "a"], "category"), "text", "O", ["a", None, "a"]),
            (frame([3, None, 1], "category"), "int", "<i8", [3, None, 1]),
            (frame([0.5, None, 1], "category"), "float", "<f8", [0.5, None, 1.0]),
            (frame([None], "category"), "object", "O", [None]),
            (frame([pd.Timestamp(0, tz="Europe/Berlin")], None), "datetime", "<M8[ns]", [0]),
            (frame([0.0, 2.0], pd.SparseDtype("f8")), "float", "<f8", [0.0, 2.0]),
            (pd.Series(["a", None]), "text", "O", ["a", None]),
            (pd.Series([1.0], name="y"), "float", "<f8", [1.0]),
            ([[1, 2], [3, 4]], "int", "<i8", [1, 3]),
            (range(2), "int", "<i8", [0, 1]),
        ],
    )  # fmt: skip
    def test_values_come_in_the_dtype_of_their_kind(self, data: Any, kind: str, dtype: str, values: list[Any]) -> None:
        """With those that are missing told apart; integers beyond 64 bits stay objects."""
        table = read_table(data)
        assert table.columns[0].kind == kind
        assert table.columns[0].read(0, table.n_rows).values.dtype == np.dtype(dtype)
        assert read(table) == values

    def test_a_stretch_is_a_part(self) -> None:
        """Of a categorical column, too."""
        values = np.arange(STRETCH_ROWS + 3) % 7
        for data in (values, pd.DataFrame({"a": pd.Categorical(values)})):
            parts = [read_table(data).columns[0].read(*span).values for span in stretches(len(values))]
            assert [len(part) for part in parts] == [STRETCH_ROWS, 3]
            np.testing.assert_array_equal(np.concatenate(parts), values)

    def test_categories_are_all_that_are_allowed(self) -> None:
        """In their order; the kind is that of those used."""
        data = pd.DataFrame({"a": pd.Categorical(["x", "z"], ["z", 1, "x"], ordered=True)})
        (column,) = read_table(data).columns
        assert (column.kind, column.dtype, column.categories, column.is_ordered) == (
            "text",
            "category",
            ["z", 1, "x"],
            True,
        )

    def test_a_matrix_has_columns(self) -> None:
        """As an array has."""
        with pytest.warns(PendingDeprecationWarning):
            data = np.matrix([[1, 2], [3, 4]])
        assert read(read_table(data)) == [1, 3]

    def test_an_integer_beyond_floats_is_refused_among_them(self) -> None:
        """Instead of an infinite value."""
        with pytest.raises(UnsupportedError) as refused:
            read(read_table(np.array([10**400, 0.5], object)))
        assert refused.value.message == "an integer of the data is too large to be a float"
        assert refused.value.hint == "Scale that column"


class TestForms:
    @pytest.mark.parametrize(
        ("data", "form", "n_rows", "n_columns"),
        [
            (np.zeros((3, 2)), "array", 3, 2), (np.zeros(3), "array", 3, 1), (pd.DataFrame({"a": [1]}), "frame", 1, 1),
            (sp.coo_array(np.zeros((3, 2))), "sparse", 3, 2), (["a", "b"], "texts", 2, 0), (("a",), "texts", 1, 0),
            (np.array(["a"]), "texts", 1, 0), (pd.Series(["a"]), "texts", 1, 0), ([{"a": 1}], "records", 1, 0),
            (pd.Series([{"a": 1}]), "records", 1, 0), (np.array([{}], object), "records", 1, 0), ([], "array", 0, 1),
        ],
    )  # fmt: skip
    def test_data_has_a_form(self, data: Any, form: str, n_rows: int, n_columns: int) -> None:
        """Rows of texts and dicts have no columns."""
        table = read_table(data)
        assert (table.form, table.n_rows, table.n_columns) == (form, n_rows, n_columns)

    @pytest.mark.parametrize(
        ("data", "message"),
        [
            (3, "y is an int, which is no table that vitrify reads"),
            ("ab", "y is a str, which is no table that vitrify reads"),
            (np.float64(1), "y is a float64, which is no table that vitrify reads"),
            (pd.Timestamp(0), "y is a Timestamp, which is no table that vitrify reads"),
            (norm(), "y is a rv_continuous_frozen, which is no table that vitrify reads"),
            ([[1], [1, 2]], "y is a list whose rows differ in length"),
            ([1, [1, 2]], "y is a list whose rows differ in length"),
            (np.zeros((1, 1, 1)), "an array of shape (1, 1, 1) and dtype float64 is no table of rows and columns"),
            (np.zeros(1, "V3"), "an array of shape (1,) and dtype |V3 is no table of rows and columns"),
        ],
    )  # fmt: skip
    def test_what_is_no_table_is_refused(self, data: Any, message: str) -> None:
        """By what it is."""
        with pytest.raises(UnsupportedError) as refused:
            read_table(data, "y")
        assert refused.value.message == message

    @pytest.mark.parametrize(
        "data",
        [
            np.arange(6).reshape(3, 2), np.arange(3), pd.DataFrame({"a": [1, 2, 3]}), sp.csc_array(np.eye(3)),
            ["a", "b", "c"], [{"a": 1}, {"a": 2}, {"a": 3}],
        ],
    )  # fmt: skip
    def test_rows_are_taken_in_their_form(self, data: Any) -> None:
        """So that a model takes them."""
        taken = read_table(data).take(np.array([2, 0]))
        assert type(taken) is (list if isinstance(data, list) else type(read_table(data).source))
        if isinstance(data, list):
            assert taken == [data[2], data[0]]
        else:
            again = data.iloc[[2, 0]] if isinstance(data, pd.DataFrame) else data[[2, 0]]
            assert (taken != again).sum().sum() == 0


@pytest.mark.parametrize(
    "value", [None, np.nan, np.float32("nan"), pd.NA, pd.NaT, np.datetime64("NaT"), np.timedelta64("NaT")]
)
def test_nothing_is_nothing(value: object) -> None:
    """In every library."""
    assert is_nothing(value) is True


@pytest.mark.parametrize("value", ["", 0, 0.0, False, np.datetime64(0, "s"), (), "NaT"])
def test_something_is_something(value: object) -> None:
    """Also what is empty."""
    assert is_nothing(value) is False
