"""pandas' types through a glass file: what comes back is what was saved, and what cannot be right is refused."""

from __future__ import annotations

import datetime as dt
import os
import subprocess
import sys
import warnings
import zoneinfo
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.preprocessing import FunctionTransformer

import vitrify
from tests.support.equality import assert_same
from tests.support.forge import Forged, forge, forge_value
from vitrify.converters.pandas import FAMILIES, NAMES, OFFSETS, dtypes, zones
from vitrify.errors import LimitError, StateError, UnsupportedError

VERSION = tuple(int(part) for part in pd.__version__.split(".")[:2])
HAS_UNITS = VERSION >= (2, 0)
Make = Callable[[], Any]


def copy_of(obj: Any) -> Any:
    return vitrify.loads(vitrify.dumps(obj))


def refuse(type_id: str, says: str, /, **fields: Any) -> None:
    with pytest.raises(StateError) as caught:
        vitrify.loads(forge(type_id, fields))
    assert caught.value.message.startswith(f"<bytes>: {type_id}")
    assert says in caught.value.message
    assert caught.value.path == "$"


def ints(*values: int, dtype: Any = np.int64) -> Any:
    return np.array(values, dtype)


BERLIN = zoneinfo.ZoneInfo("Europe/Berlin")


# What there is


def dates(*texts: str | None, **options: Any) -> Any:
    return pd.DatetimeIndex(list(texts), **options)


INDEXES: dict[str, Make] = {
    "range": lambda: pd.RangeIndex(0, 10, 3, name="r"),
    "range, down": lambda: pd.RangeIndex(5, -5, -2),
    "range, empty": lambda: pd.RangeIndex(0),
    "int64": lambda: pd.Index([3, 1]),
    "uint64": lambda: pd.Index(np.array([3, 2**64 - 1], np.uint64)),
    "float64": lambda: pd.Index([0.5, np.nan, -0.0]),
    "bool": lambda: pd.Index([True, False]),
    "text": lambda: pd.Index(["a", "ü", ""], name="t"),
    "text as objects": lambda: pd.Index(["a", "b"], dtype=object),
    "objects": lambda: pd.Index([1, "a", None, (1, 2), np.nan, pd.Timestamp("2020")], dtype=object, name=("a", 1)),
    "moments as objects": lambda: pd.Index([pd.Timestamp("2020"), pd.NaT], dtype=object),
    "tuples": lambda: pd.Index([(1, 2), (3, 4)], tupleize_cols=False),
    "empty": lambda: pd.Index([], dtype=object),
    "nullable": lambda: pd.Index(pd.array([1, None], dtype="Int64")),
    "categories": lambda: pd.CategoricalIndex(["a", "b", "a"], ["b", "a", "c"], ordered=True, name="c"),
    "dates": lambda: dates("2020-01-01", None, name="d"),
    "days": lambda: pd.date_range("2020", periods=4, name="d"),
    "business days": lambda: pd.date_range("2020", periods=400, freq="B", tz=BERLIN),
    "hours over a change of clocks": lambda: pd.date_range("2020-10-24", periods=48, freq=pd.offsets.Hour(), tz=BERLIN),
    "months": lambda: pd.date_range("2020", periods=4, freq=pd.offsets.MonthEnd(2)),
    "one date with a frequency": lambda: pd.date_range("2020", periods=1, freq=pd.offsets.Week(weekday=2)),
    "no dates": lambda: dates(freq=pd.offsets.Day()),
    "durations": lambda: pd.TimedeltaIndex([None, pd.Timedelta(5)]),
    "steps": lambda: pd.timedelta_range("1h", periods=4, freq=pd.offsets.Second(90)),
    "periods": lambda: pd.period_range("2020", periods=3, freq="M", name="p"),
    "weeks": lambda: pd.PeriodIndex(["2020-01-01", None], freq="W-WED"),
    "intervals": lambda: pd.interval_range(0, 3, closed="left", name="i"),
    "float intervals": lambda: pd.IntervalIndex.from_tuples([(0, 1.0), (2, 3.5), np.nan]),
    "date intervals": lambda: pd.interval_range(pd.Timestamp("2020", tz="UTC"), periods=3),
    "two levels": lambda: pd.MultiIndex.from_product([[1, 2], ["a", "b"]], names=["q", None]),
    "levels with what is missing": lambda: pd.MultiIndex.from_arrays([["a", None, "b"], [1.5, 2.5, np.nan]]),
    "levels with unused labels": lambda: pd.MultiIndex.from_product([[1, 2, 3], list("xyz")])[[0, 4]],
    "levels of dates": lambda: pd.MultiIndex.from_product(
        [pd.date_range("2020", periods=2), pd.Categorical(list("xy"))]
    ),
    "sorted levels": lambda: pd.MultiIndex([[1, 2], [3, 4]], [[0, 0, 1], [0, 1, 0]], sortorder=2),
    "empty levels": lambda: pd.MultiIndex.from_arrays([[], []], names=["a", "a"]),
}
ARRAYS: dict[str, Make] = {
    **{
        f"{kind}, {what}": lambda kind=kind, values=values: pd.array(values, dtype=kind)
        for kind in ("Int8", "UInt16", "Int32", "Int64", "UInt64", "Float32", "Float64")
        for what, values in {"whole": [1, 2], "missing": [1, None], "empty": []}.items()
    },
    "bool": lambda: pd.array([True, False], dtype="boolean"),
    "bool, missing": lambda: pd.array([True, None], dtype="boolean"),
    "text": lambda: pd.array(["a", None, "ü\0b"], dtype=pd.StringDtype("python")),
    "no text": lambda: pd.array([], dtype=pd.StringDtype("python")),
    "default text": lambda: pd.Series(["a", None, "b"]).array,
    "categories": lambda: pd.Categorical(["a", None, "b"], categories=["b", "a", "z"]),
    "ordered categories": lambda: pd.Categorical([1.5, 0.5], ordered=True),
    "categories of intervals": lambda: pd.cut([1, 5, 9], 3),
    "categories of dates": lambda: pd.Categorical(pd.date_range("2020", periods=3, tz="UTC")),
    "no categories": lambda: pd.Categorical([]),
    "many categories": lambda: pd.Categorical(np.arange(300) % 200),
    "dates": lambda: pd.array(["2020", None], dtype="M8[ns]"),
    "dates in a zone": lambda: pd.date_range("2020", periods=3, tz=BERLIN).array,
    "durations": lambda: pd.timedelta_range("1h", periods=3).array,
    "periods": lambda: pd.period_range("2020", periods=2, freq="M").array,
    "intervals": lambda: pd.interval_range(0, 2, closed="both").array,
    "sparse": lambda: pd.arrays.SparseArray([0.0, np.nan, 1.0]),
    "sparse in blocks": lambda: pd.arrays.SparseArray([0, 0, 1, 2, 0], kind="block", fill_value=0),
    "sparse bools": lambda: pd.arrays.SparseArray([True, False]),
    "nothing stored": lambda: pd.arrays.SparseArray(np.zeros(5), fill_value=0.0),
    "numpy": lambda: pd.Series([1.5, 2.0]).array,
    "numpy objects": lambda: pd.Series([1, "a", [3]], dtype=object).array,
}
DTYPES: dict[str, Make] = {
    **{name: lambda name=name: getattr(pd, f"{name}Dtype")() for name in ("Int8", "UInt64", "Float32", "Boolean")},
    "text": lambda: pd.StringDtype("python"),
    "categories": lambda: pd.CategoricalDtype(["b", "a"], ordered=True),
    "unknown categories": lambda: pd.CategoricalDtype(ordered=None),
    "dates": lambda: pd.DatetimeTZDtype(tz=BERLIN),
    "periods": lambda: pd.PeriodDtype("Q-FEB"),
    "intervals": lambda: pd.IntervalDtype("float64", "left"),
    "intervals of dates": lambda: pd.IntervalDtype(pd.DatetimeTZDtype(tz="UTC"), "both"),
    "unknown intervals": pd.IntervalDtype,
    "sparse": lambda: pd.SparseDtype("int8", 0),
    "sparse floats": lambda: pd.SparseDtype(float),
    "numpy": lambda: pd.Series([1.5]).array.dtype,
}
SCALARS: dict[str, Make] = {
    "NaT": lambda: pd.NaT,
    "NA": lambda: pd.NA,
    "moment": lambda: pd.Timestamp("2020-01-02 03:04:05.000000006"),
    "moment, first": lambda: pd.Timestamp.min,
    "moment, last": lambda: pd.Timestamp.max,
    "moment in a zone": lambda: pd.Timestamp("2020-07-01", tz=BERLIN),
    "moment in UTC": lambda: pd.Timestamp("2020-07-01", tz="UTC"),
    "moment at an offset": lambda: pd.Timestamp("2020", tz=dt.timezone(dt.timedelta(hours=2, minutes=30))),
    "first of two": lambda: pd.Timestamp("2020-10-25 00:30", tz="UTC").tz_convert(BERLIN),
    "second of two": lambda: pd.Timestamp("2020-10-25 01:30", tz="UTC").tz_convert(BERLIN),
    "duration": lambda: pd.Timedelta(days=-3, nanoseconds=5),
    "month": lambda: pd.Period("2020-02", "M"),
    "two days": lambda: pd.Period("2020-01-01", "2D"),
    "interval": lambda: pd.Interval(0, 1),
    "interval of numpy numbers": lambda: pd.Interval(np.float32(0), np.int8(1), "neither"),
    "interval of moments": lambda: pd.Interval(pd.Timestamp("2020"), pd.Timestamp("2021"), "both"),
    "interval of durations": lambda: pd.Interval(pd.Timedelta(1), pd.Timedelta(2), "left"),
}
SERIES: dict[str, Make] = {
    "ints": lambda: pd.Series([1, 2], name="a", index=list("xy")),
    "int8": lambda: pd.Series(np.array([1, 2], np.int8), name=("a", 1)),
    "floats": lambda: pd.Series([1.5, np.nan, -0.0]),
    "complex": lambda: pd.Series([1 + 2j]),
    "foreign byte order": lambda: pd.Series(np.array([1.0, 2.0], ">f8")),
    "bools": lambda: pd.Series([True, False]),
    "text": lambda: pd.Series(["a", None]),
    "text as objects": lambda: pd.Series(["a", None], dtype=object),
    "objects": lambda: pd.Series([1, "a", [2], {"k": np.arange(3)}, pd.NA, None, np.nan], dtype=object),
    "moments as objects": lambda: pd.Series([pd.Timestamp("2020"), pd.NaT], dtype=object),
    "dates": lambda: pd.Series(pd.date_range("2020", periods=2)),
    "dates in a zone": lambda: pd.Series(pd.date_range("2020", periods=2, tz=BERLIN)),
    "durations": lambda: pd.Series(pd.to_timedelta([1, None], unit="s")),
    "nullable": lambda: pd.Series([1, None], dtype="Int8"),
    "categories": lambda: pd.Series(["a", "b"], dtype="category"),
    "empty": lambda: pd.Series([], dtype=float),
    "over levels": lambda: pd.Series([1, 2], index=pd.MultiIndex.from_tuples([("a", 1), ("b", 2)])),
    "strided": lambda: pd.Series(np.arange(10.0)[::3]),
    "name is a moment": lambda: pd.Series([1], name=pd.Timestamp("2020")),
    "attrs": lambda: with_attrs(pd.Series([1])),
    "no duplicates": lambda: pd.Series([1, 2]).set_flags(allows_duplicate_labels=False),
}


def with_attrs(holder: Any) -> Any:
    holder.attrs = {"unit": "m", "source": {"rows": [1, 2]}}
    return holder


def every_kind() -> Any:
    columns = {name: make() for name, make in ARRAYS.items()}
    frame = pd.DataFrame({name: array for name, array in columns.items() if len(array) == 2})
    return frame.assign(i=[1, 2], f=[1.5, 2.5], o=[{}, []], b=[True, False], j=[3, 4], d=pd.to_datetime(["2020", None]))


def unconsolidated() -> Any:
    frame = pd.DataFrame(np.arange(12.0).reshape(3, 4))
    frame["i"], frame["f"], frame["o"], frame["j"] = 1, 1.5, "x", 2
    return frame


FRAMES: dict[str, Make] = {
    "every kind of column": every_kind,
    "rows in memory": lambda: pd.DataFrame(np.arange(12.0).reshape(3, 4), columns=list("abcd")),
    "columns in memory": lambda: pd.DataFrame(np.asfortranarray(np.arange(12.0).reshape(3, 4))),
    "mixed": lambda: pd.DataFrame({"a": [1, 2], "b": ["x", "y"], "c": [1.5, 2.5], "d": [3, 4]}),
    "reordered": lambda: pd.DataFrame({"a": [1, 2], "b": ["x", "y"], "c": [3, 4]})[["c", "b", "a"]],
    "reversed": lambda: pd.DataFrame(np.arange(12.0).reshape(3, 4)).iloc[::-1, ::-1],
    "unconsolidated": unconsolidated,
    "labels twice": lambda: pd.concat([pd.DataFrame({"a": [1, 2]}), pd.DataFrame({"a": ["x", "y"]})], axis=1),
    "objects": lambda: pd.DataFrame(np.array([[1, "a"], [None, [2]]], object)),
    "empty": pd.DataFrame,
    "no rows": lambda: pd.DataFrame({"a": np.zeros(0, np.int8), "b": pd.Categorical([]), "c": np.zeros(0)}),
    "no columns": lambda: pd.DataFrame(index=pd.Index([1, 2, 3], name="i")),
    "no columns left": lambda: pd.DataFrame({"a": [1, 2]})[[]],
    "levels of columns": lambda: pd.DataFrame(
        np.ones((2, 2)), columns=pd.MultiIndex.from_tuples([("a", 1), ("b", 2)], names=["x", None])
    ),
    "dates as rows": lambda: pd.DataFrame({"a": [1, 2]}, index=pd.date_range("2020", periods=2)),
    "names of axes": lambda: pd.DataFrame({"a": [1]}).rename_axis(index="r", columns="c"),
    "int columns": lambda: pd.DataFrame({3: [1], 1: ["a"], 2.5: [2]}),
    "attrs": lambda: with_attrs(pd.DataFrame({"a": [1]})),
    "no duplicates": lambda: pd.DataFrame({"a": [1]}).set_flags(allows_duplicate_labels=False),
}
if HAS_UNITS:
    INDEXES["int32"] = lambda: pd.Index(np.array([1, 2], np.int32))
    INDEXES["seconds"] = lambda: dates("2020", "2021").as_unit("s")
    INDEXES["milliseconds in a zone"] = lambda: pd.date_range("2020", periods=3, tz=BERLIN).as_unit("ms")
    ARRAYS["seconds"] = lambda: pd.array(np.array([1, 2], "M8[s]"))
    ARRAYS["milliseconds"] = lambda: pd.array(np.array([1, 2], "m8[ms]"))
    DTYPES["seconds"] = lambda: pd.DatetimeTZDtype("s", "UTC")
    SCALARS["second"] = lambda: pd.Timestamp("2020").as_unit("s")
    SCALARS["millisecond"] = lambda: pd.Timedelta("1s").as_unit("ms")
    SERIES["seconds"] = lambda: pd.Series(np.array([1, 2], "M8[s]"))
    FRAMES["units"] = lambda: pd.DataFrame({"a": np.array([1], "M8[s]"), "b": np.array([2], "M8[ms]")})
if VERSION >= (3, 0):
    DTYPES["default text"] = lambda: pd.Series(["a"]).dtype
    FRAMES["text"] = lambda: pd.DataFrame({"a": ["x", None], "b": pd.Series(["u", "v"], dtype=object)})
GROUPS = {
    "index": INDEXES, "array": ARRAYS, "dtype": DTYPES, "scalar": SCALARS, "series": SERIES, "frame": FRAMES,
}  # fmt: skip
ALL = {f"{group}: {name}": make for group, makes in GROUPS.items() for name, make in makes.items()}


@pytest.mark.parametrize("make", ALL.values(), ids=ALL)
def test_everything_comes_back(make: Make) -> None:
    """Types, values, dtypes, names, frequencies, attrs and flags."""
    made = make()
    assert_same(made, copy_of(made))


@pytest.mark.parametrize("make", ALL.values(), ids=ALL)
def test_equal_objects_have_equal_bytes(make: Make) -> None:
    """Made again, and loaded and saved again."""
    first = vitrify.dumps(make())
    assert vitrify.dumps(make()) == first
    assert vitrify.dumps(vitrify.loads(first)) == first


def test_the_bytes_do_not_depend_on_the_process() -> None:
    """Pandas keeps some names in sets, whose order changes with the seed of hashes."""
    code = (
        "import sys, pandas as pd, vitrify\n"
        "offset = pd.DateOffset(years=1, months=2, days=3, hours=4, minutes=5, seconds=6)\n"
        "frame = pd.DataFrame({'a': [1, 2], 'b': ['x', 'y'], 'c': pd.Categorical(['u', 'v'])}).assign(d=1.5)\n"
        "sys.stdout.buffer.write(vitrify.dumps([offset, frame]))\n"
    )
    files = {
        subprocess.run(
            [sys.executable, "-W", "ignore", "-c", code],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(files) == 1


def test_the_names_of_all_classes_are_known() -> None:
    """A class of this pandas that is missing in the index would be refused."""
    known = {name for family in FAMILIES for name in family.types}
    warnings.simplefilter("ignore")  # pandas 1.5 warns of the classes that pandas 2 does without
    for module in (pd, pd.arrays, pd.offsets):
        for name in dir(module):
            cls = getattr(module, name)
            if isinstance(cls, type) and name.endswith(("Index", "Dtype", "Array")):
                assert f"{cls.__module__}.{cls.__qualname__}" in known, name
    missing = {cls.__name__ for cls in map(pd.offsets.__dict__.get, dir(pd.offsets)) if isinstance(cls, type)}
    assert missing - set(OFFSETS) <= {"BaseOffset", "Tick"}


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.module.rpartition(".")[2])
def test_the_index_lists_what_the_converters_save(family: Any) -> None:
    """`__init__` and the modules agree."""
    converters = __import__(family.module, fromlist=["CONVERTERS"]).CONVERTERS
    assert {name: c.type_id for c in converters for name in c.types} == dict(family.types)


# Memory


def test_a_frame_keeps_its_layout_in_memory() -> None:
    """Sums, and what estimators make of the array, depend on it to the last bit."""
    rows = pd.DataFrame(np.arange(12.0).reshape(3, 4))
    columns = pd.DataFrame(np.asfortranarray(np.arange(12.0).reshape(3, 4)))
    assert copy_of(rows).to_numpy().flags.c_contiguous == rows.to_numpy().flags.c_contiguous
    assert copy_of(columns).to_numpy().flags.f_contiguous == columns.to_numpy().flags.f_contiguous


def test_columns_of_one_dtype_lie_together_again() -> None:
    """A wide frame does not come back as a thousand arrays."""
    frame = copy_of(pd.DataFrame({f"c{i}": np.arange(3.0) + i for i in range(100)}))
    assert len(frame._mgr.blocks) == 1


def test_writing_to_a_loaded_frame_leaves_its_relatives_alone() -> None:
    """Pandas copies lazily and knows who shares; a file does not, so each has memory of its own."""
    frame = pd.DataFrame({"a": np.arange(600.0), "b": np.arange(600.0)})
    series, renamed = frame["a"].copy(deep=False), frame.rename(columns={"a": "z"}, **lazily())
    loaded, of_series, of_renamed, column = copy_of([frame, series, renamed, frame["b"].array])
    loaded.iloc[0, 0] = -1.0
    of_renamed.iloc[1, 0] = -2.0
    column[2] = -3.0
    assert of_series.tolist() == series.tolist()
    assert loaded.loc[1, "a"] == 1.0
    assert loaded.loc[2, "b"] == 2.0
    assert of_renamed.loc[0, "z"] == 0.0


def _relatives_of_columns() -> list[Any]:
    frame = pd.DataFrame({"a": [1.0, 2.0], "b": [3.0, 4.0]}, index=[5, 7])
    return [frame, frame["a"], frame.iloc[:1], frame["b"].array, frame.to_numpy(), frame.columns, frame.index]


def _relatives_of_an_array() -> list[Any]:
    array = np.arange(12.0).reshape(3, 4)
    return [array, pd.DataFrame(array, copy=False), pd.DataFrame(array[:, ::2], copy=False), pd.Series(array[0])]


def _relatives_of_each_kind() -> list[Any]:
    moments = pd.date_range("2020", periods=3, tz="Europe/Berlin")
    frame = pd.DataFrame(
        {
            "text": ["x", "y", None],
            "category": pd.Categorical(["u", "v", "u"]),
            "masked": pd.array([1, None, 3], dtype="Int64"),
            "date": moments.tz_localize(None),
            "zoned": moments,
            "span": moments - moments[0],
            "period": moments.tz_localize(None).to_period("D"),
            "interval": pd.arrays.IntervalArray.from_breaks([0.0, 1.0, 2.0, 3.0]),
            "sparse": pd.arrays.SparseArray([0, 1, 0]),
        }
    )
    columns = [frame[name] for name in frame]
    return [*columns, frame, *(column.iloc[1:] for column in columns), *(column.array for column in columns)]


def _relatives_of_indexes() -> list[Any]:
    moments = pd.date_range("2020", periods=5, tz="Europe/Berlin")
    spans = pd.interval_range(0, 5)
    levels = pd.MultiIndex.from_product([moments, [1, 2]])
    numbers = np.arange(5)
    return [moments, moments[1:], spans, spans[1:], levels, levels[1:], numbers, pd.Index(numbers, copy=False)]


@pytest.mark.parametrize(
    "make", [_relatives_of_columns, _relatives_of_an_array, _relatives_of_each_kind, _relatives_of_indexes]
)
def test_objects_that_share_memory_are_saved_the_same_after_loading(make: Callable[[], list[Any]]) -> None:
    """In any order: what a loaded object does not share is not in the file in the first place."""
    for relatives in (make(), make()[::-1]):
        data = vitrify.dumps(relatives)
        loaded = vitrify.loads(data)
        assert_same(relatives, loaded)
        assert vitrify.dumps(loaded) == data


def test_a_frame_and_its_array_share_no_memory_after_loading() -> None:
    """Docs say so: writing to one leaves the other as it was."""
    array = np.arange(6.0).reshape(3, 2)
    loaded, frame = copy_of([array, pd.DataFrame(array, columns=["a", "b"], copy=False)])
    loaded[0, 0] = -1.0
    assert frame.loc[0, "a"] == 0.0


def test_intervals_that_share_memory_do_not_after_loading() -> None:
    """An array of intervals can be written to, so each has ends of its own."""
    spans = pd.Series(pd.arrays.IntervalArray.from_breaks([0.0, 1.0, 2.0]))
    whole, part = copy_of([spans, spans.iloc[1:]])
    whole.iloc[1] = pd.Interval(5.0, 6.0)
    assert part.tolist() == [pd.Interval(1.0, 2.0)]


def lazily() -> dict[str, bool]:
    return {} if VERSION >= (3, 0) else {"copy": False}


@pytest.mark.parametrize("kind", ["Int64", "category", "boolean", "datetime64[ns]", "period[D]"])
def test_writing_to_a_loaded_array_leaves_its_relatives_alone(kind: str) -> None:
    """The same for arrays of pandas' own."""
    series = pd.Series([0, 1] * 300).astype("M8[ns]" if kind == "period[D]" else kind)
    series = series.dt.to_period("D") if kind == "period[D]" else series
    loaded, relative = copy_of([series, series.copy(deep=False)])
    loaded.iloc[0] = loaded.iloc[1]
    assert relative.tolist() == series.tolist()


def test_a_loaded_frame_can_be_written_to_without_a_warning() -> None:
    """It is no copy of a slice, as pandas before 3 would suspect."""
    frame = copy_of(pd.DataFrame({"a": [1, 2], "b": ["x", "y"], "c": [3, 4]})[["c", "b", "a"]])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        frame["new"] = 1
        frame.loc[0, "a"] = 9
    assert frame.loc[0, "a"] == 9


def test_lists_in_object_columns_keep_their_identity() -> None:
    """A list that a column and the model hold is one list."""
    shared = [1]
    frame, alias = copy_of([pd.DataFrame({"a": pd.Series([shared, 2], dtype=object)}), shared])
    assert frame.loc[0, "a"] is alias


def test_what_lies_under_a_mask_is_not_saved() -> None:
    """A file tells nothing of values that were masked out."""
    mask = np.array([False, True])
    files = {vitrify.dumps(pd.arrays.IntegerArray(np.array([1, secret]), mask)) for secret in (7, 8)}
    assert len(files) == 1


def test_categories_that_columns_share_are_saved_once() -> None:
    """A dtype that fifty columns have is one dtype."""
    dtype = pd.CategoricalDtype([f"label {i}" for i in range(1000)])
    frame = pd.DataFrame({i: pd.Categorical(["label 1", "label 2"], dtype=dtype) for i in range(50)})
    assert len(vitrify.dumps(frame)) < 40_000
    assert_same(frame, copy_of(frame))


# Time zones


def test_zones_of_the_standard_library_come_back() -> None:
    """UTC, a fixed offset and a place."""
    for zone in (dt.UTC, dt.timezone(dt.timedelta(minutes=-90)), zoneinfo.ZoneInfo("UTC"), BERLIN):
        found = copy_of(pd.Timestamp("2020", tz=zone)).tz
        assert type(found) is type(zone)
        assert found == zone


def test_zones_of_pytz_come_back() -> None:
    """Pandas before 3 makes them."""
    pytz = pytest.importorskip("pytz")
    for zone in (pytz.timezone("Europe/Berlin"), pytz.FixedOffset(90), pytz.utc):
        series = pd.Series(pd.date_range("2020-06-01", periods=3, tz=zone))
        assert_same(series, copy_of(series))
        assert copy_of(series).dt.tz == zone


def test_zones_of_pytz_open_where_pytz_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    """As those that pandas 3 makes of the same key."""
    monkeypatch.setattr(zones, "_pytz", lambda: None)
    assert zones.decode_zone("Europe/Berlin") == BERLIN
    assert zones.decode_zone("UTC") is dt.UTC
    assert zones.decode_zone(-90) == dt.timezone(dt.timedelta(minutes=-90))


def test_zones_of_dateutil_are_refused() -> None:
    """They hold whatever a file on this machine said."""
    tz = pytest.importorskip("dateutil.tz")
    with pytest.raises(UnsupportedError, match="time zone"):
        vitrify.dumps(pd.Timestamp("2020", tz=tz.tzoffset("here", 3600)))


@pytest.mark.parametrize("key", ["Mars/Olympus", "../../etc/passwd", "/etc/localtime", "", "tzdata.zi", "posixrules"])
@pytest.mark.parametrize("has_pytz", [True, False])
def test_only_known_keys_are_zones(key: str, has_pytz: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """No text of a file becomes the path of a file."""
    if not has_pytz:
        monkeypatch.setattr(zones, "_pytz", lambda: None)
    with pytest.raises(UnsupportedError, match="not in the tz database"):
        vitrify.loads(forge("pandas.Timestamp", {"value": 0, "unit": "ns", "tz": key, "fold": 0}))


@pytest.mark.parametrize(
    ("zone", "says"),
    [
        (1500, "a time zone is less than a day away"),
        (2**40, "a time zone is less than a day away"),
        (1.5, "not a time zone"),
        ([], "not a time zone"),
        (b"UTC", "not a time zone"),
        (True, "not a time zone"),
    ],
)
def test_what_is_no_zone_is_refused(zone: Any, says: str) -> None:
    """A tzinfo, a key or minutes."""
    refuse("pandas.Timestamp", says, value=0, unit="ns", tz=zone, fold=0)


# Offsets


def offsets() -> dict[str, Any]:
    found = {name: getattr(pd.offsets, name) for name in OFFSETS if hasattr(pd.offsets, name)}
    needed = {"WeekOfMonth": {"week": 2, "weekday": 3}, "LastWeekOfMonth": {"weekday": 4}}
    fiscal = {"weekday": 4, "startingMonth": 2, "variation": "last"}
    needed |= {"FY5253": fiscal, "FY5253Quarter": {**fiscal, "qtr_with_extra_week": 3}}
    made = {name: cls(3, **needed.get(name, {})) for name, cls in found.items()}
    monday = np.busdaycalendar("1000000", ["2020-01-06"])
    return {
        **made,
        "Week on": pd.offsets.Week(2, weekday=5),
        "normalized": pd.offsets.MonthEnd(-2, normalize=True),
        "quarter": pd.offsets.QuarterEnd(startingMonth=2),
        "shifted": pd.offsets.BusinessDay(2, offset=dt.timedelta(hours=3)),
        "opening hours": pd.offsets.BusinessHour(start=["09:00", "13:30"], end=["12:00", "18:00"]),
        "parts": pd.DateOffset(years=1, months=-2, day=3, hours=1.5),
        "weekmask": pd.offsets.CustomBusinessDay(weekmask="Sun Mon", holidays=["2020-01-05"]),
        "calendar": pd.offsets.CustomBusinessDay(calendar=monday),
        "custom hours": pd.offsets.CustomBusinessHour(weekmask="1111000", start="10:00"),
    }


@pytest.mark.parametrize("name", offsets())
def test_every_offset_comes_back(name: str) -> None:
    """The same kind, number and settings, and the same dates."""
    offset = offsets()[name]
    found = copy_of(offset)
    assert type(found) is type(offset)
    assert (found.n, found.normalize, found.freqstr) == (offset.n, offset.normalize, offset.freqstr)
    kwds = [{k: v for k, v in each.kwds.items() if k != "calendar"} for each in (offset, found)]
    if name != "calendar":
        assert kwds[0] == kwds[1]
    moment = pd.Timestamp("2020-01-05 08:30")
    if "Tick" in str(type(offset).__mro__):
        moment = moment.tz_localize("UTC")
    for _ in range(5):
        moment = moment + offset
    other = pd.Timestamp("2020-01-05 08:30", tz=moment.tz)
    for _ in range(5):
        other = other + found
    assert moment == other


@pytest.mark.parametrize(
    ("kind", "change", "says"),
    [
        ("Day", {"n": 1.5}, "an offset has a number of steps"),
        ("Day", {"n": 2**70}, "an offset has a number of steps"),
        ("Day", {"n": None}, "an offset has a number of steps"),
        ("Day", {"n": True}, "an offset has a number of steps"),
        ("Day", {"normalize": 1}, "an offset has a number of steps"),
        ("MonthEnd", {"n": 2**40}, "an offset has a number of steps"),
        ("Week", {"weekday": 9}, "Day must be 0<=day<=6"),
        ("Week", {"weekday": 2**40}, "impossible weekday"),
        ("Week", {"weekday": "MON"}, "impossible weekday"),
        ("QuarterEnd", {"startingMonth": 2**40}, "impossible startingMonth"),
        ("YearEnd", {"month": 13}, "Month must go from 1 to 12"),
        ("SemiMonthEnd", {"day_of_month": 99}, "day_of_month must be 1<=day_of_month<=27"),
        ("FY5253", {"variation": "nope"}, "impossible variation"),
        ("BusinessDay", {"offset": 1}, "impossible offset"),
        ("BusinessHour", {"start": ("09:00",)}, "impossible start"),
        ("BusinessHour", {"start": ()}, "impossible start"),
        ("BusinessHour", {"start": (dt.time(9, 0, 1),)}, "time data must be specified only with hour and minute"),
        ("CustomBusinessDay", {"weekmask": "0000000", "open_days": "0000000"}, "weekmask of all zeros"),
        ("CustomBusinessDay", {"weekmask": "Mon " * 1000}, "impossible weekmask"),
        ("CustomBusinessDay", {"open_days": "1111"}, "impossible open_days"),
        ("CustomBusinessDay", {"holidays": np.zeros(3)}, "impossible holidays"),
        ("CustomBusinessDay", {"holidays": None}, "impossible holidays"),
        ("DateOffset", {"parts": {"nope": 1}}, "impossible parts"),
        ("DateOffset", {"parts": {"n": 1}}, "impossible parts"),
        ("DateOffset", {"parts": {"years": 2**40}}, "impossible parts"),
        ("DateOffset", {"parts": {"years": "1"}}, "impossible parts"),
        ("DateOffset", {"parts": None}, "impossible parts"),
    ],
)
def test_impossible_offsets_are_refused(kind: str, change: dict[str, Any], says: str) -> None:
    """Small ints, known words."""
    hours = (dt.time(9),)
    usual: dict[str, Any] = {
        "weekday": 1, "week": 1, "month": 3, "startingMonth": 3, "day_of_month": 15, "qtr_with_extra_week": 1,
        "variation": "last", "offset": dt.timedelta(0), "weekmask": "1111100", "open_days": "1111100",
        "holidays": np.zeros(0, "M8[D]"), "start": hours, "end": (dt.time(17),), "parts": {},
    }  # fmt: skip
    fields = {"n": 1, "normalize": False, **{name: usual[name] for name in OFFSETS[kind]}}
    assert vitrify.loads(forge(f"pandas.offsets.{kind}", fields)).n == 1
    refuse(f"pandas.offsets.{kind}", says, **{**fields, **change})


# What other versions have


@pytest.mark.skipif(VERSION >= (2, 0), reason="pandas has other units than nanoseconds")
def test_units_that_this_pandas_does_not_have_are_unsupported() -> None:
    """Dates would come back with another dtype."""
    for type_id, fields in {
        "pandas.DatetimeIndex": {"values": np.zeros(1, "M8[s]"), "tz": None, "freq": None, "name": None},
        "pandas.DatetimeTZDtype": {"unit": "s", "tz": dt.UTC},
        "pandas.Series": series_fields(values=np.zeros(2, "M8[s]")),
        "pandas.DataFrame": frame_fields(blocks=[np.zeros((2, 2), "M8[us]")]),
    }.items():
        with pytest.raises(UnsupportedError, match="dates in"):
            vitrify.loads(forge(type_id, fields))


@pytest.mark.skipif(VERSION >= (2, 0), reason="pandas has other units than nanoseconds")
def test_single_moments_in_other_units_come_as_nanoseconds() -> None:
    """The moment is the same; what cannot be said in nanoseconds is refused."""
    day = vitrify.loads(forge("pandas.Timestamp", {"value": 86400, "unit": "s", "tz": None, "fold": 0}))
    assert day == pd.Timestamp("1970-01-02")
    assert vitrify.loads(forge("pandas.Timedelta", {"value": 5, "unit": "ms"})) == pd.Timedelta("5ms")
    refuse("pandas.Timestamp", "a moment beyond what nanoseconds can say", value=2**60, unit="s", tz=None, fold=0)


@pytest.mark.skipif(VERSION >= (2, 0), reason="pandas has an index of every dtype")
def test_an_index_that_this_pandas_does_not_have_is_unsupported() -> None:
    """It would become an index of 64 bits."""
    with pytest.raises(UnsupportedError, match="index of int8"):
        vitrify.loads(forge("pandas.Index", {"values": ints(1, dtype=np.int8), "name": None}))


@pytest.mark.skipif(VERSION >= (3, 0), reason="pandas has these offsets")
def test_an_offset_that_this_pandas_does_not_have_is_unsupported() -> None:
    """Half years came with pandas 3."""
    with pytest.raises(UnsupportedError, match="HalfYearEnd does not exist"):
        vitrify.loads(forge("pandas.offsets.HalfYearEnd", {"n": 1, "normalize": False, "startingMonth": 6}))


@pytest.mark.skipif(not (2, 0) <= VERSION < (3, 0), reason="only pandas 2 crashes")
def test_dates_with_which_pandas_crashes_are_refused() -> None:
    """`to_pydatetime` on a date beyond the year 9999 ends the interpreter."""
    far = np.array([2**62], "M8[s]")
    for made in (pd.Series(far), pd.DataFrame({"a": far}), pd.DatetimeIndex(far), pd.Timestamp(far[0])):
        with pytest.raises(UnsupportedError, match="years 1 to 9999"):
            vitrify.dumps(made)
    with pytest.raises(UnsupportedError, match="years 1 to 9999"):
        vitrify.loads(forge("pandas.DatetimeIndex", {"values": far, "tz": None, "freq": None, "name": None}))


def test_text_of_pyarrow_needs_pyarrow(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only pandas' default text, which pandas itself keeps without pyarrow where it is missing, opens without."""
    monkeypatch.setattr(dtypes, "has_pyarrow", lambda: False)
    with pytest.raises(UnsupportedError, match="pyarrow"):
        vitrify.loads(forge("pandas.StringDtype", {"storage": "pyarrow", "is_nan": False}))
    if VERSION >= (2, 3):
        found = vitrify.loads(forge("pandas.StringDtype", {"storage": "pyarrow", "is_nan": True}))
        assert (found.storage, str(found.na_value)) == ("python", "nan")
    else:
        with pytest.raises(UnsupportedError, match="text stored by pyarrow does not exist in the pandas"):
            vitrify.loads(forge("pandas.StringDtype", {"storage": "pyarrow", "is_nan": True}))


def test_text_of_pyarrow_comes_back() -> None:
    """Storage and values."""
    pytest.importorskip("pyarrow")
    series = pd.Series(["a", None, "ü"], dtype="string[pyarrow]")
    assert_same(series, copy_of(series))


def arrow_columns() -> dict[str, Any]:
    pa = pytest.importorskip("pyarrow")
    numbers = ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "float32", "float64")
    day = dt.datetime(2020, 1, 2)
    made = {name: ([1, None, 3], getattr(pa, name)()) for name in numbers}
    made["bool"] = [True, None, False], pa.bool_()
    made |= {name: (["a", None, "ü"], getattr(pa, name)()) for name in ("string", "large_string")}
    made |= {name: ([day.date(), None, dt.date(1900, 1, 1)], getattr(pa, name)()) for name in ("date32", "date64")}
    made["moment"] = [day, None, day], pa.timestamp("us")
    made["moment in a zone"] = [day, None, day], pa.timestamp("ns", "Europe/Berlin")
    made["duration"] = [dt.timedelta(1), None, dt.timedelta(2)], pa.duration("s")
    made["time"] = [dt.time(1), None, dt.time(2)], pa.time64("us")
    return {name: pd.array(values, dtype=pd.ArrowDtype(kind)) for name, (values, kind) in made.items()}


def test_columns_of_pyarrow_come_back() -> None:
    """Types without parts: numbers, text, dates, durations."""
    frame = pd.DataFrame(arrow_columns())
    found = copy_of(frame)
    assert_same(frame, found)
    assert found.dtypes.tolist() == frame.dtypes.tolist()
    assert copy_of(frame.dtypes.tolist()) == frame.dtypes.tolist()


def test_columns_of_pyarrow_with_parts_are_refused() -> None:
    """Lists, structs and decimals."""
    pa = pytest.importorskip("pyarrow")
    for kind in (pa.list_(pa.int8()), pa.decimal128(5, 2), pa.struct([("a", pa.int8())])):
        with pytest.raises(UnsupportedError, match="Arrow's"):
            vitrify.dumps(pd.ArrowDtype(kind))


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"name": "decimal128"}, "unknown Arrow type"),
        ({"name": "list"}, "unknown Arrow type"),
        ({"name": "schema"}, "unknown Arrow type"),
        ({"name": 3}, "a type has a name"),
        ({"unit": "s"}, "unknown Arrow type"),
        ({"tz": "UTC"}, "unknown Arrow type"),
        ({"values": np.zeros(2)}, "values have another dtype than the column"),
        ({"values": [1, 2]}, "values must be a flat array"),
        ({"values": ints(1, 2).reshape(1, 2)}, "values must be a flat array"),
        ({"mask": np.zeros(3, bool)}, "a mask of another length"),
        ({"mask": np.zeros(2, np.uint8)}, "a mask of another length"),
        ({"name": "string"}, "text is an array of objects"),
        ({"name": "string", "values": np.array([1, "a"], object), "mask": None}, "text holds mixed"),
        ({"name": "timestamp", "unit": "D"}, "unknown unit of time"),
        ({"name": "timestamp", "unit": "s", "tz": "../etc"}, "unknown time zone"),
        ({"name": "duration", "unit": "s", "tz": "UTC"}, "unknown time zone"),
    ],
)
def test_impossible_columns_of_pyarrow_are_refused(change: dict[str, Any], says: str) -> None:
    """Types of a table, and values of exactly their width."""
    pytest.importorskip("pyarrow")
    fields = {"name": "int64", "unit": None, "tz": None, "values": ints(1, 2), "mask": None}
    assert len(vitrify.loads(forge("pandas.ArrowExtensionArray", fields))) == 2
    refuse("pandas.ArrowExtensionArray", says, **{**fields, **change})


# What is refused


def test_what_pandas_can_hold_but_no_file_is_refused() -> None:
    """Functions and open files, with the path."""
    with pytest.raises(UnsupportedError, match="lambda"):
        vitrify.dumps(pd.Series([lambda x: x], dtype=object))
    with pytest.raises(UnsupportedError, match="not reviewed"):
        vitrify.dumps(pd.DataFrame({"a": [1]}).groupby("a"))


def series_fields(**changes: Any) -> dict[str, Any]:
    fields = {"values": ints(1, 2), "index": pd.RangeIndex(2), "name": None, "attrs": None}
    return {**fields, "allows_duplicate_labels": True, **changes}


def frame_fields(**changes: Any) -> dict[str, Any]:
    fields = {
        "blocks": [ints(1, 2, 3, 4).reshape(2, 2)], "arrays": [], "order": None, "columns": pd.RangeIndex(2),
        "index": pd.RangeIndex(2), "attrs": None, "allows_duplicate_labels": True,
    }  # fmt: skip
    return {**fields, **changes}


LONG = 2**40
CHANGES: dict[str, tuple[dict[str, Any], list[tuple[dict[str, Any], str]]]] = {
    "pandas.Series": (
        series_fields(),
        [
            ({"values": ints(1, 2, 3)}, "values and index differ in length"),
            ({"values": ints(1, 2).reshape(1, 2)}, "values must be a flat array"),
            ({"values": [1, 2]}, "values must be a flat array"),
            ({"values": np.array(["a", "b"])}, "values must be a flat array"),
            ({"values": np.zeros(2, [("a", int)])}, "values must be a flat array"),
            ({"values": np.zeros(2, "M8[D]")}, "dates in 1 D"),
            ({"values": np.zeros(2, "M8")}, "dates in 1 generic"),
            ({"values": None}, "values must be a flat array"),
            ({"index": [0, 1]}, "values and index differ in length"),
            ({"index": pd.RangeIndex(LONG)}, "values and index differ in length"),
            ({"index": None}, "values and index differ in length"),
            ({"name": [1]}, "name must be a hashable type"),
            ({"name": {}}, "name must be a hashable type"),
            ({"attrs": [1]}, "attrs must be a dict"),
            ({"allows_duplicate_labels": 1}, "a flag must be a bool"),
            ({"allows_duplicate_labels": False, "index": pd.Index([1, 1])}, "DuplicateLabelError"),
        ],
    ),
    "pandas.DataFrame": (
        frame_fields(),
        [
            ({"blocks": [ints(1, 2, 3, 4, 5, 6).reshape(2, 3)]}, "columns and index differ in length"),
            ({"blocks": [ints(1, 2)]}, "a table of a frame has two dimensions"),
            ({"blocks": [ints(1, 2).reshape(1, 2)]}, "1 columns but 2 names"),
            ({"blocks": [np.zeros((2, 2, 1))]}, "a table of a frame has two dimensions"),
            ({"blocks": [np.zeros((0, 2))]}, "a table of a frame has two dimensions"),
            ({"blocks": [np.array([["a", "b"], ["c", "d"]])]}, "a table of a frame has two dimensions"),
            ({"blocks": [[1, 2], [3, 4]]}, "a table of a frame has two dimensions"),
            ({"blocks": None}, "a frame has lists of tables and arrays"),
            ({"arrays": [pd.array([1, 2], dtype="Int64")]}, "3 columns but 2 names"),
            ({"arrays": [ints(1, 2)]}, "columns must be arrays"),
            (
                {"arrays": [pd.array([1, 2, 3], dtype="Int64")], "columns": pd.RangeIndex(3)},
                "columns and index differ in length",
            ),
            ({"arrays": None}, "a frame has lists of tables and arrays"),
            ({"order": ints(0, 0)}, "the places of the columns are not a permutation"),
            ({"order": ints(0, 2)}, "the places of the columns are not a permutation"),
            ({"order": ints(-1, 0)}, "the places of the columns are not a permutation"),
            ({"order": ints(0, LONG)}, "the places of the columns are not a permutation"),
            ({"order": ints(0)}, "the places of the columns are not a permutation"),
            ({"order": ints(0, 1, dtype=np.int32)}, "the places of the columns are not a permutation"),
            ({"order": [1, 0]}, "the places of the columns are not a permutation"),
            ({"columns": pd.RangeIndex(3)}, "2 columns but 3 names"),
            ({"columns": ["a", "b"]}, "a frame has two indexes"),
            ({"index": pd.RangeIndex(3)}, "columns and index differ in length"),
            ({"index": pd.RangeIndex(LONG)}, "columns and index differ in length"),
            ({"index": None}, "a frame has two indexes"),
            ({"attrs": 1}, "attrs must be a dict"),
            ({"allows_duplicate_labels": None}, "a flag must be a bool"),
            ({"allows_duplicate_labels": False, "columns": pd.Index(["a", "a"])}, "DuplicateLabelError"),
        ],
    ),
    "pandas.Index": (
        {"values": ints(1, 2), "name": None},
        [
            ({"values": ints(1, 2).reshape(1, 2)}, "the labels of an index are a flat array"),
            ({"values": [1, 2]}, "the labels of an index are a flat array"),
            ({"values": np.zeros(2, "M8[ns]")}, "these labels make another kind of index"),
            ({"values": np.array(["a"])}, "the labels of an index are a flat array"),
            ({"values": np.zeros(2, np.float16)}, "no index has labels of float16"),
            ({"values": np.zeros(2, [("a", int)])}, "the labels of an index are a flat array"),
            ({"values": pd.Categorical(["a"])}, "these labels make another kind of index"),
            ({"values": None}, "the labels of an index are a flat array"),
            ({"name": [1]}, "name must be a hashable type"),
        ],
    ),
    "pandas.RangeIndex": (
        {"start": 0, "stop": 10, "step": 2, "name": None},
        [
            ({"step": 0}, "step must not be 0"),
            ({"stop": 2**70}, "stop must be an int"),
            ({"start": 1.5}, "start must be an int"),
            ({"start": None}, "start must be an int"),
            ({"stop": "x"}, "stop must be an int"),
            ({"name": {}}, "name must be a hashable type"),
        ],
    ),
    "pandas.CategoricalIndex": (
        {"values": pd.Categorical(["a"]), "name": None},
        [
            ({"values": ints(1)}, "the labels are a Categorical"),
            ({"values": pd.array([1], dtype="Int64")}, "the labels are a Categorical"),
            ({"values": None}, "the labels are a Categorical"),
            ({"name": []}, "name must be a hashable type"),
        ],
    ),
    "pandas.DatetimeIndex": (
        {"values": ints(0, 86400 * 10**9).view("M8[ns]"), "tz": None, "freq": pd.offsets.Day(), "name": None},
        [
            ({"values": ints(0, 1)}, "dates and durations are datetime64 or timedelta64"),
            ({"values": ints(0, 1).view("m8[ns]")}, "dates and durations are datetime64 or timedelta64"),
            ({"values": ints(0, 1).view("M8[D]")}, "dates in 1 D"),
            ({"values": ints(0, 1).view("M8[25s]")}, "dates in 25 s"),
            ({"values": ints(0, 1).view("M8[as]")}, "dates in 1 as"),
            ({"values": np.zeros((1, 2), "M8[ns]")}, "dates and durations are datetime64 or timedelta64"),
            ({"values": np.zeros(2, "M8[ns]")}, "does not conform to passed frequency"),
            ({"values": np.array(["NaT", "NaT"], "M8[ns]")}, "does not conform to passed frequency"),
            ({"values": None}, "dates and durations are datetime64 or timedelta64"),
            ({"freq": pd.offsets.Hour()}, "does not conform to passed frequency"),
            ({"freq": pd.offsets.Day(0)}, "does not conform to passed frequency" if HAS_UNITS else "invalid value"),
            ({"freq": pd.offsets.Day(-1)}, "does not conform to passed frequency"),
            ({"freq": "D"}, "a frequency is an offset"),
            ({"freq": 1}, "a frequency is an offset"),
            ({"tz": 2.5}, "not a time zone"),
            ({"name": []}, "name must be a hashable type"),
        ],
    ),
    "pandas.TimedeltaIndex": (
        {"values": ints(0, 10**9).view("m8[ns]"), "freq": pd.offsets.Second(), "name": None},
        [
            ({"values": ints(0, 1)}, "dates and durations are datetime64 or timedelta64"),
            ({"values": ints(0, 1).view("M8[ns]")}, "dates and durations are datetime64 or timedelta64"),
            ({"freq": pd.offsets.MonthEnd()}, "<MonthEnd> is a non-fixed frequency"),
            ({"freq": pd.offsets.Minute()}, "does not conform to passed frequency"),
            ({"freq": "s"}, "a frequency is an offset"),
        ],
    ),
    "pandas.PeriodIndex": (
        {"values": pd.period_range("2020", periods=2, freq="D").array, "name": None},
        [
            ({"values": ints(1)}, "the labels are periods"),
            ({"values": pd.array([1], dtype="Int64")}, "the labels are periods"),
            ({"values": None}, "the labels are periods"),
            ({"name": []}, "name must be a hashable type"),
        ],
    ),
    "pandas.IntervalIndex": (
        {"values": pd.interval_range(0, 2).array, "name": None},
        [
            ({"values": ints(1)}, "the labels are intervals"),
            ({"values": pd.Categorical([1])}, "the labels are intervals"),
            ({"values": None}, "the labels are intervals"),
            ({"name": []}, "name must be a hashable type"),
        ],
    ),
    "pandas.MultiIndex": (
        {
            "levels": [pd.Index([1, 2]), pd.Index(["a", "b"])],
            "codes": [ints(0, 1, dtype=np.int8), ints(1, -1, dtype=np.int8)],
            "sortorder": None,
            "names": ["x", None],
        },
        [
            ({"codes": [ints(0, 2, dtype=np.int8), ints(1, 0, dtype=np.int8)]}, "a code is that of no label"),
            ({"codes": [ints(0, -2, dtype=np.int8), ints(1, 0, dtype=np.int8)]}, "a code is that of no label"),
            ({"codes": [ints(0, LONG), ints(1, 0)]}, "a code is that of no label"),
            ({"codes": [ints(0, 1, dtype=np.int8), ints(1, dtype=np.int8)]}, "Unequal code lengths"),
            ({"codes": [ints(0, 1, dtype=np.int8)]}, "each level has labels, codes and a name"),
            ({"codes": [np.zeros(2), np.zeros(2)]}, "a code is that of no label"),
            ({"codes": [[0, 1], [0, 1]]}, "a code is that of no label"),
            ({"codes": None}, "each level has labels, codes and a name"),
            ({"levels": [pd.Index([1, 1]), pd.Index(["a", "b"])]}, "Level values must be unique"),
            ({"levels": [[1, 2], ["a", "b"]]}, "levels are indexes"),
            ({"levels": [], "codes": [], "names": []}, "each level has labels, codes and a name"),
            ({"levels": [pd.MultiIndex.from_tuples([(1, 2)])] * 2}, "levels are flat"),
            ({"levels": None}, "each level has labels, codes and a name"),
            ({"names": ["x"]}, "each level has labels, codes and a name"),
            ({"names": [["x"], {}]}, "name must be a hashable type"),
            ({"names": "xy"}, "each level has labels, codes and a name"),
            ({"sortorder": 3}, "impossible sortorder"),
            ({"sortorder": -1}, "impossible sortorder"),
            ({"sortorder": "x"}, "impossible sortorder"),
            (
                {"sortorder": 2, "codes": [ints(1, 0, dtype=np.int8), ints(1, 0, dtype=np.int8)]},
                "Value for sortorder must be inferior",
            ),
        ],
    ),
    "pandas.Categorical": (
        {"codes": ints(0, 1, -1, dtype=np.int8), "dtype": pd.CategoricalDtype(["a", "b"])},
        [
            ({"codes": ints(0, 2, dtype=np.int8)}, "a code is that of no category"),
            ({"codes": ints(0, -2, dtype=np.int8)}, "a code is that of no category"),
            ({"codes": ints(0, 127, dtype=np.int8)}, "a code is that of no category"),
            ({"codes": ints(0, LONG)}, "a code is that of no category"),
            ({"codes": ints(0, 1)}, "codes have another dtype than their categories need"),
            ({"codes": ints(0, 1, dtype=np.uint8)}, "a code is that of no category"),
            ({"codes": ints(0, 1, dtype=">i2")}, "a code is that of no category"),
            ({"codes": np.zeros(2)}, "a code is that of no category"),
            ({"codes": ints(0, 1, dtype=np.int8).reshape(1, 2)}, "a code is that of no category"),
            ({"codes": [0, 1]}, "a code is that of no category"),
            ({"dtype": pd.CategoricalDtype()}, "categories are needed"),
            ({"dtype": pd.Int64Dtype()}, "categories are needed"),
            ({"dtype": None}, "categories are needed"),
        ],
    ),
    "pandas.IntegerArray": (
        {"values": ints(1, 2), "mask": np.array([True, False])},
        [
            ({"values": np.zeros(2)}, "values of another dtype"),
            ({"values": np.zeros(2, bool)}, "values of another dtype"),
            ({"values": ints(1, 2, 3)}, "a mask of another length"),
            ({"values": ints(1, 2).reshape(1, 2)}, "values of another dtype"),
            ({"values": ints(1, 2, dtype=">i8")}, "values of another dtype"),
            ({"values": [1, 2]}, "values of another dtype"),
            ({"mask": np.zeros(3, bool)}, "a mask of another length"),
            ({"mask": np.zeros(2, np.uint8)}, "a mask of another length"),
            ({"mask": np.zeros((1, 2), bool)}, "a mask of another length"),
            ({"mask": None}, "a mask of another length"),
        ],
    ),
    "pandas.FloatingArray": (
        {"values": np.zeros(2), "mask": np.zeros(2, bool)},
        [
            ({"values": ints(1, 2)}, "values of another dtype"),
            ({"values": np.zeros(2, np.longdouble)}, "values of another size"),
            ({"values": np.zeros(2, complex)}, "values of another dtype"),
        ],
    ),
    "pandas.BooleanArray": (
        {"values": np.zeros(2, bool), "mask": np.zeros(2, bool)},
        [
            ({"values": ints(1, 2)}, "values of another dtype"),
            ({"values": np.zeros(2)}, "values of another dtype"),
            ({"mask": np.zeros(1, bool)}, "a mask of another length"),
        ],
    ),
    "pandas.StringArray": (
        {"values": np.array(["a", None], object), "storage": "python", "is_nan": False},
        [
            ({"values": np.array([1, "a"], object)}, "text holds mixed"),
            ({"values": np.array([b"a", "a"], object)}, "text holds mixed"),
            ({"values": np.array([[], "a"], object)}, "text holds mixed"),
            ({"values": np.array(["a"])}, "text is an array of objects"),
            ({"values": np.array([["a"]], object)}, "text is an array of objects"),
            ({"values": ["a"]}, "text is an array of objects"),
            ({"storage": "nope"}, "unknown kind of text"),
            ({"storage": None}, "unknown kind of text"),
            ({"is_nan": 1}, "unknown kind of text"),
        ],
    ),
    "pandas.DatetimeArray": (
        {"values": np.zeros(2, "M8[ns]"), "tz": None, "freq": None},
        [
            ({"values": ints(1)}, "dates and durations are datetime64 or timedelta64"),
            ({"values": np.zeros(2, "M8[D]")}, "dates in 1 D"),
            ({"values": np.zeros((1, 2), "M8[ns]")}, "dates and durations are datetime64 or timedelta64"),
            ({"tz": []}, "not a time zone"),
        ],
    ),
    "pandas.TimedeltaArray": (
        {"values": np.zeros(2, "m8[ns]"), "freq": None},
        [
            ({"values": ints(1)}, "dates and durations are datetime64 or timedelta64"),
            ({"values": np.zeros(2, "M8[ns]")}, "dates and durations are datetime64 or timedelta64"),
            ({"values": np.zeros(2, "m8[M]")}, "dates in 1 M"),
        ],
    ),
    "pandas.PeriodArray": (
        {"ordinals": ints(1, 2), "dtype": pd.PeriodDtype("D")},
        [
            ({"ordinals": np.zeros(2)}, "periods are int64"),
            ({"ordinals": ints(1, dtype=np.int32)}, "periods are int64"),
            ({"dtype": "D"}, "periods need their dtype"),
            ({"dtype": pd.Int64Dtype()}, "periods need their dtype"),
        ],
    ),
    "pandas.IntervalArray": (
        {"left": pd.Index([0, 1]), "right": pd.Index([1, 2]), "closed": "left"},
        [
            ({"left": pd.Index([5, 1])}, "left side of interval must be <= right side"),
            ({"left": pd.Index([0])}, "left and right must have the same length"),
            ({"left": pd.Index([0.5, 1.0])}, "the ends of intervals have one dtype"),
            (
                {"left": pd.Index(["a", "b"]), "right": pd.Index(["c", "d"])},
                "category, object, and string subtypes are not supported",
            ),
            ({"left": ints(0, 1)}, "intervals have two indexes"),
            ({"left": pd.MultiIndex.from_tuples([(0, 1), (0, 2)])}, "the ends of intervals have one dtype"),
            ({"closed": "nope"}, "closed"),
            ({"closed": None}, "the ends of intervals have one dtype"),
            ({"right": pd.Index([1, None], dtype=object)}, "the ends of intervals have one dtype"),
        ],
    ),
    "pandas.SparseArray": (
        {
            "values": np.ones(2),
            "indices": ints(1, 3, dtype=np.int32),
            "length": 5,
            "dtype": pd.SparseDtype("f8", 0.0),
            "kind": "integer",
        },
        [
            ({"indices": ints(1, 5, dtype=np.int32)}, "an index is out of range"),
            ({"indices": ints(-1, 3, dtype=np.int32)}, "an index is out of range"),
            ({"indices": ints(3, 1, dtype=np.int32)}, "indices must increase"),
            ({"indices": ints(1, 1, dtype=np.int32)}, "indices must increase"),
            ({"indices": ints(-(2**31), 2**31 - 1, dtype=np.int32)}, "an index is out of range"),
            ({"indices": ints(1, dtype=np.int32)}, "lengths do not fit"),
            ({"indices": ints(1, 3)}, "indices are int32"),
            ({"indices": np.zeros(2)}, "indices are int32"),
            ({"values": np.ones(3)}, "lengths do not fit"),
            ({"values": ints(1, 2)}, "values have another dtype than the array"),
            ({"values": np.array([1, 2], object)}, "values have another dtype than the array"),
            ({"length": LONG}, "lengths do not fit"),
            ({"length": -1}, "lengths do not fit"),
            ({"length": 3}, "an index is out of range"),
            ({"length": 5.0}, "lengths do not fit"),
            ({"dtype": pd.Int64Dtype()}, "a dtype and a kind are needed"),
            ({"kind": "nope"}, "a dtype and a kind are needed"),
        ],
    ),
    "pandas.NumpyExtensionArray": (
        {"values": ints(1)},
        [
            ({"values": ints(1).reshape(1, 1)}, "a flat array is needed"),
            ({"values": [1]}, "a flat array is needed"),
            ({"values": None}, "a flat array is needed"),
        ],
    ),
    "pandas.CategoricalDtype": (
        {"categories": pd.Index(["a"]), "ordered": True},
        [
            ({"categories": ["a"]}, "categories must be an index"),
            ({"categories": pd.Index(["a", "a"])}, "Categorical categories must be unique"),
            ({"categories": pd.Index([np.nan])}, "Categorical categories cannot be null"),
            ({"ordered": 1}, "ordered must be a bool"),
        ],
    ),
    "pandas.DatetimeTZDtype": (
        {"unit": "ns", "tz": dt.UTC},
        [
            ({"unit": "D"}, "unknown unit of time"),
            ({"unit": None}, "unknown unit of time"),
            ({"tz": None}, "a zone is needed"),
            ({"tz": []}, "not a time zone"),
        ],
    ),
    "pandas.PeriodDtype": (
        {"freq": pd.offsets.Day()},
        [
            ({"freq": "D"}, "a period needs an offset"),
            ({"freq": None}, "a period needs an offset"),
            ({"freq": pd.offsets.Easter()}, "Easter"),
        ],
    ),
    "pandas.IntervalDtype": (
        {"subtype": np.dtype("f8"), "closed": "left"},
        [
            ({"subtype": "f8"}, "impossible dtype of intervals"),
            ({"subtype": np.dtype("O")}, "category, object, and string subtypes are not supported"),
            ({"subtype": np.dtype("U3")}, "category, object, and string subtypes are not supported"),
            ({"closed": "nope"}, "impossible dtype of intervals"),
            ({"closed": 1}, "impossible dtype of intervals"),
        ],
    ),
    "pandas.SparseDtype": (
        {"subtype": np.dtype("f8"), "fill_value": 0.0},
        [
            ({"subtype": "f8"}, "impossible dtype of sparse values"),
            ({"subtype": np.dtype("O")}, "impossible dtype of sparse values"),
            ({"subtype": np.dtype("U3")}, "impossible dtype of sparse values"),
            ({"fill_value": [1]}, "the fill value must be a scalar"),
        ],
    ),
    "pandas.NumpyEADtype": (
        {"dtype": np.dtype("f8")},
        [({"dtype": "f8"}, "a dtype is needed"), ({"dtype": None}, "a dtype is needed")],
    ),
    "pandas.Timestamp": (
        {"value": 1, "unit": "ns", "tz": None, "fold": 0},
        [
            ({"value": -(2**63)}, "value must lie in"),
            ({"value": 2**63}, "value must be an int"),
            ({"value": 1.5}, "value must be an int"),
            ({"value": None}, "value must be an int"),
            ({"unit": "D"}, "unknown unit of time"),
            ({"unit": "nope"}, "unknown unit of time"),
            ({"unit": None}, "unknown unit of time"),
            ({"fold": 2}, "fold must lie in 0 … 1"),
            ({"fold": None}, "fold must be an int"),
            ({"fold": 1, "tz": dt.UTC}, "fold belongs to another moment"),
        ],
    ),
    "pandas.Timedelta": (
        {"value": 1, "unit": "ns"},
        [
            ({"value": -(2**63)}, "value must lie in"),
            ({"value": "1"}, "value must be an int"),
            ({"unit": "D"}, "unknown unit of time"),
            ({"unit": "Y"}, "unknown unit of time"),
            ({"unit": 1}, "unknown unit of time"),
        ],
    ),
    "pandas.Period": (
        {"ordinal": 1, "freq": pd.offsets.Day()},
        [
            ({"ordinal": 2**70}, "ordinal must be an int"),
            ({"ordinal": 1.0}, "ordinal must be an int"),
            ({"freq": "D"}, "a period needs an offset"),
            ({"freq": None}, "a period needs an offset"),
            ({"freq": pd.offsets.Easter()}, "Easter"),
        ],
    ),
    "pandas.Interval": (
        {"left": 0, "right": 1, "closed": "left"},
        [
            ({"left": 2}, "left side of interval must be <= right side"),
            ({"left": "a"}, "Only numeric, Timestamp and Timedelta endpoints are allowed"),
            ({"left": None}, "Only numeric, Timestamp and Timedelta endpoints are allowed"),
            ({"left": [0]}, "Only numeric, Timestamp and Timedelta endpoints are allowed"),
            ({"right": pd.Timestamp("2020")}, "Timestamp"),
            ({"closed": "x"}, "closed is left, right, both or neither"),
        ],
    ),
}
HOSTILE = {
    f"{type_id}: {', '.join(change)} {number}": (type_id, fields, change, says)
    for type_id, (fields, changes) in CHANGES.items()
    for number, (change, says) in enumerate(changes)
}


@pytest.mark.parametrize("type_id", CHANGES)
def test_the_fields_that_are_changed_below_are_right_as_they_are(type_id: str) -> None:
    """What is refused below is refused for the change."""
    vitrify.loads(forge(type_id, CHANGES[type_id][0]))


@pytest.mark.parametrize(("type_id", "fields", "change", "says"), HOSTILE.values(), ids=HOSTILE)
def test_impossible_values_are_refused(type_id: str, fields: dict[str, Any], change: dict[str, Any], says: str) -> None:
    """Out of range, of other lengths, of other dtypes, or not what they should be at all."""
    refuse(type_id, says, **{**fields, **change})


def test_a_huge_range_is_not_unrolled() -> None:
    """It is three numbers, in memory as in the file."""
    index = pd.RangeIndex(0, 2**62, 3)
    found = copy_of(index)
    assert len(found) == len(index)


def test_one_array_cannot_be_checked_a_thousand_times() -> None:
    """A small file could keep the reader busy for days."""
    codes = np.zeros(1 << 24, np.int8)
    rows = [{"codes": codes, "dtype": pd.CategoricalDtype(["a"])} for _ in range(1000)]
    with pytest.raises(LimitError, match="share arrays"):
        vitrify.loads(forge_value([Forged("pandas.Categorical", row) for row in rows]))


def test_one_list_of_arrays_cannot_be_checked_a_thousand_times() -> None:
    """Nor behind a list."""
    codes = [np.zeros(1 << 24, np.int8)]
    fields = {"levels": [pd.Index([1])], "codes": codes, "sortorder": None, "names": [None]}
    with pytest.raises(LimitError, match="share arrays"):
        vitrify.loads(forge_value([Forged("pandas.MultiIndex", {**fields, "codes": list(codes)}) for _ in range(1000)]))


@pytest.mark.parametrize("name", NAMES)
def test_reviewed_functions_are_themselves_again(name: str) -> None:
    """A function travels by its id."""
    function = getattr(pd, name.removeprefix("pandas."))
    assert copy_of(function) is function


def test_a_transformer_may_make_frames() -> None:
    """With columns of its own choosing; an index besides could ask for any amount of memory."""
    rows = np.arange(4.0).reshape(2, 2)
    made = copy_of(FunctionTransformer(pd.DataFrame, kw_args={"columns": ["a", "b"]})).transform(rows)
    pd.testing.assert_frame_equal(made, pd.DataFrame(rows, columns=["a", "b"]))
    with pytest.raises(UnsupportedError, match=r"pandas\.DataFrame may not be given index= beforehand"):
        vitrify.dumps(FunctionTransformer(pd.DataFrame, kw_args={"index": [1, 2]}))


def test_other_functions_of_pandas_are_refused() -> None:
    """What reads files, or evaluates text, is on no list."""
    for function in (pd.read_pickle, pd.read_csv, pd.eval, pd.DataFrame.query, pd.DataFrame.to_csv):
        with pytest.raises(
            UnsupportedError, match=rf"cannot save the function pandas\.([\w.]+\.)?{function.__name__} - at"
        ):
            vitrify.dumps(function)
