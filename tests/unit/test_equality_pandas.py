"""The comparator on pandas objects: near misses differ, likes do not."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.support.equality import assert_same, differences
from tests.support.near_misses import Make, check_each_differs_from_the_others, check_each_equals_its_like


def frame(**columns: Any) -> Any:
    return pd.DataFrame({"a": [1, 2], "b": [0.5, np.nan], **columns})


def noted(**attrs: object) -> Any:
    made = frame()
    made.attrs.update(attrs)
    return made


def no_duplicates() -> Any:
    return frame().set_flags(allows_duplicate_labels=False)


GROUPS: dict[str, tuple[Make, ...]] = {
    "scalars": (
        lambda: pd.NA,
        lambda: pd.NaT,
        lambda: np.nan,
        lambda: None,
        lambda: pd.Timestamp("2024-01-01"),
        lambda: pd.Timestamp("2024-01-01 00:00:00.000000001"),
        lambda: pd.Timestamp("2024-01-01", tz="UTC"),
        lambda: pd.Timestamp("2024-01-01", tz="Europe/Berlin"),
        lambda: pd.Timestamp("2024-01-01", tz="Europe/Paris"),
        lambda: dt.datetime(2024, 1, 1),
        lambda: pd.Timedelta("1s"),
        lambda: pd.Timedelta("1s 1ns"),
        lambda: dt.timedelta(seconds=1),
        lambda: pd.Period("2024", "D"),
        lambda: pd.Period("2024", "M"),
        lambda: pd.Interval(0, 1),
        lambda: pd.Interval(0, 1, closed="left"),
        lambda: pd.Interval(0, 1.0),
        lambda: pd.offsets.Day(1),
        lambda: pd.offsets.Day(2),
        lambda: pd.offsets.MonthEnd(1),
        lambda: pd.offsets.MonthEnd(1, normalize=True),
    ),
    "dtypes": (
        lambda: pd.CategoricalDtype(["a", "b"]),
        lambda: pd.CategoricalDtype(["b", "a"]),
        lambda: pd.CategoricalDtype(["a", "b"], ordered=True),
        pd.CategoricalDtype,
        lambda: pd.DatetimeTZDtype("ns", "UTC"),
        lambda: pd.DatetimeTZDtype("ns", "Europe/Berlin"),
        lambda: pd.PeriodDtype("D"),
        lambda: pd.PeriodDtype("M"),
        lambda: pd.IntervalDtype("f8", "left"),
        lambda: pd.IntervalDtype("f8", "right"),
        pd.Int64Dtype,
        pd.Int32Dtype,
        pd.BooleanDtype,
        lambda: pd.StringDtype("python"),
        lambda: pd.SparseDtype("f8", 0.0),
        lambda: pd.SparseDtype("f8", 1.0),
        lambda: np.dtype("f8"),
    ),
    "indexes": (
        lambda: pd.Index([0, 1]),
        lambda: pd.Index([0, 1], name="n"),
        lambda: pd.Index([0, 1], name=1),
        lambda: pd.Index([0, 1], name=True),
        lambda: pd.Index([0, 2]),
        lambda: pd.Index([0.0, 1.0]),
        lambda: pd.Index([0, 1], dtype=object),
        lambda: pd.Index([0, True], dtype=object),
        lambda: pd.RangeIndex(2),
        lambda: pd.RangeIndex(0, 4, 2),
        lambda: pd.RangeIndex(0, 3, 2),
        lambda: pd.Index(["a", "b"]),
        lambda: pd.CategoricalIndex(["a", "b"]),
        lambda: pd.CategoricalIndex(["a", "b"], categories=["b", "a"]),
        lambda: pd.MultiIndex.from_tuples([("a", 1), ("b", 2)]),
        lambda: pd.MultiIndex.from_tuples([("a", 1), ("b", 2)], names=["x", "y"]),
        lambda: pd.MultiIndex.from_tuples([("a", 1), ("b", 3)]),
        lambda: pd.date_range("2024", periods=2, freq="D"),
        lambda: (
            pd.DatetimeIndex(["2024-01-01", "2024-01-02"]).as_unit("ns") if hasattr(pd.DatetimeIndex, "as_unit") else 1
        ),
        lambda: pd.date_range("2024", periods=2, freq="D", tz="UTC"),
        lambda: pd.date_range("2024", periods=2, freq="2D"),
        lambda: pd.timedelta_range("1s", periods=2, freq="s") if pd.__version__ >= "2" else 2,
        lambda: pd.period_range("2024", periods=2, freq="D"),
        lambda: pd.interval_range(0, 2),
        lambda: pd.interval_range(0, 2, closed="both"),
    ),
    "arrays": (
        lambda: pd.array([1, None], dtype="Int64"),
        lambda: pd.array([1, 2], dtype="Int64"),
        lambda: pd.array([1, None], dtype="Int32"),
        lambda: pd.array([1, None], dtype="Float64"),
        lambda: pd.array([True, None], dtype="boolean"),
        lambda: pd.array([True, False], dtype="boolean"),
        lambda: pd.array(["a", None], dtype="string"),
        lambda: pd.array(["a", "b"], dtype="string"),
        lambda: pd.array(["a", "c"], dtype="string"),
        lambda: pd.Categorical(["a", "b"]),
        lambda: pd.Categorical(["a", "a"], categories=["a", "b"]),
        lambda: pd.Categorical(["a", None], categories=["a", "b"]),
        lambda: pd.Categorical(["a", "b"], ordered=True),
        lambda: pd.Categorical([1, 2]),
        lambda: pd.Categorical([1.0, 2.0]),
        lambda: pd.arrays.SparseArray([0.0, 1.0]),
        lambda: pd.arrays.SparseArray([0.0, 1.0], fill_value=1.0),
        lambda: pd.arrays.SparseArray([1.0, 0.0]),
        lambda: pd.arrays.IntervalArray.from_breaks([0, 1, 2]),
        lambda: pd.arrays.IntervalArray.from_breaks([0, 1, 3]),
        lambda: pd.array(["2024", "2025"], dtype="M8[ns]"),
        lambda: pd.array(["2024", "NaT"], dtype="M8[ns]"),
        lambda: pd.array([1.0, 2.0], dtype="f8").to_numpy(),
    ),
    "series": (
        lambda: pd.Series([1, 2]),
        lambda: pd.Series([1, 2], name="a"),
        lambda: pd.Series([1, 3]),
        lambda: pd.Series([1.0, 2.0]),
        lambda: pd.Series([1, 2], index=[1, 0]),
        lambda: pd.Series([1, 2], index=["0", "1"]),
        lambda: pd.Series([1, 2], dtype=object),
        lambda: pd.Series([1, [2]], dtype=object),
        lambda: pd.Series([1, [3]], dtype=object),
        lambda: pd.Series([0.0, np.nan]),
        lambda: pd.Series([-0.0, np.nan]),
        lambda: pd.DataFrame({"a": [1, 2]}),
    ),
    "frames": (
        frame,
        lambda: frame(a=[1, 3]),
        lambda: frame(a=[1.0, 2.0]),
        lambda: frame(c=[1, 2]),
        lambda: frame()[["b", "a"]],
        lambda: frame().set_axis([1, 0]),
        lambda: frame().set_axis(pd.RangeIndex(1, 3)),
        lambda: frame().rename(columns={"b": "c"}),
        lambda: frame().rename_axis(index="n"),
        lambda: frame().rename_axis(columns="n"),
        lambda: noted(source="x"),
        lambda: noted(source="y"),
        no_duplicates,
        lambda: pd.concat([frame(), frame()], axis=1),
        lambda: frame(b=["x", "y"]),
        lambda: frame(b=pd.Categorical(["x", "y"])),
        lambda: frame(b=pd.Categorical(["x", "y"], categories=["y", "x"])),
        lambda: pd.DataFrame({1: [1, 2], "b": [0.5, np.nan]}),
        lambda: pd.DataFrame({True: [1, 2], "b": [0.5, np.nan]}),
        pd.DataFrame,
    ),
}


@pytest.mark.parametrize("name", GROUPS)
def test_a_pandas_value_equals_one_made_in_the_same_way(name: str) -> None:
    """No false alarm."""
    check_each_equals_its_like(GROUPS[name])


@pytest.mark.parametrize("name", GROUPS)
def test_a_pandas_value_differs_from_every_near_miss(name: str) -> None:
    """No difference is overlooked, whichever side it is on and however deep it lies."""
    check_each_differs_from_the_others(GROUPS[name])


def test_every_row_counts() -> None:
    """A difference in the last of many rows is found and its place named."""
    one = pd.DataFrame({"x": np.arange(500.0), "y": ["a"] * 500})
    two = one.copy()
    two.iloc[499, 0] = -1.0
    assert differences(one, two)[0].startswith("$['x']")
    three = one.copy()
    three.iloc[499, 1] = "b"
    assert differences(one, three)[0].startswith("$['y']")


def test_blocks_do_not_count() -> None:
    """How pandas stores columns in blocks is not visible and makes no difference."""
    whole = pd.DataFrame(np.arange(6.0).reshape(3, 2), columns=["a", "b"])
    assert_same(whole, pd.DataFrame({"a": [0.0, 2.0, 4.0], "b": [1.0, 3.0, 5.0]}))


def test_objects_in_a_column_keep_their_identity() -> None:
    """A list that a column holds twice is one list."""
    shared = [1]
    one = pd.DataFrame({"a": [shared, shared]})
    assert_same(one, one)
    assert differences(one, pd.DataFrame({"a": [[1], [1]]}))
    assert differences(pd.DataFrame({"a": [[1], [1]]}), one)


def test_what_lies_under_a_mask_does_not_count() -> None:
    """A missing value of a nullable array has no value."""
    missing = np.array([False, True])
    one, two = (pd.arrays.IntegerArray(np.array([1, hidden]), missing) for hidden in (2, 3))
    assert_same(one, two)
