"""What is reviewed of pandas; nothing of it is imported here.

pandas 3 calls its public classes `pandas.X`; before, they were called after the module that defines them.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from vitrify.graph.registry import Family

_HERE: Final = "vitrify.converters.pandas"
_OFFSETS: Final = "pandas._libs.tslibs.offsets"
_WIDTHS: Final = ("8", "16", "32", "64")


def _listed(module: str, names: Iterable[str], *, public: str = "pandas") -> dict[str, str]:
    """`pandas.core.a.Name` and `pandas.Name` → `pandas.Name`."""
    return {f"{place}.{name}": f"pandas.{name}" for name in names for place in (module, public)}


_SCALARS: Final = {
    **_listed("pandas._libs.tslibs.timestamps", ["Timestamp"]),
    **_listed("pandas._libs.tslibs.timedeltas", ["Timedelta"]),
    **_listed("pandas._libs.tslibs.period", ["Period"]),
    **_listed("pandas._libs.interval", ["Interval"]),
    "pandas._libs.missing.NAType": "pandas.NA",
    "pandas.api.typing.NAType": "pandas.NA",
    "pandas._libs.tslibs.nattype.NaTType": "pandas.NaT",
    "pandas.api.typing.NaTType": "pandas.NaT",
}
_DTYPES: Final = {
    **_listed("pandas.core.arrays.integer", [f"{sign}{n}Dtype" for sign in ("Int", "UInt") for n in _WIDTHS]),
    **_listed("pandas.core.arrays.floating", ["Float32Dtype", "Float64Dtype"]),
    **_listed("pandas.core.arrays.boolean", ["BooleanDtype"]),
    **_listed("pandas.core.arrays.string_", ["StringDtype"]),
    **_listed(
        "pandas.core.dtypes.dtypes",
        ["CategoricalDtype", "DatetimeTZDtype", "PeriodDtype", "IntervalDtype", "SparseDtype"],
    ),
    "pandas.core.arrays.sparse.dtype.SparseDtype": "pandas.SparseDtype",
    "pandas.core.dtypes.dtypes.PandasDtype": "pandas.NumpyEADtype",
    "pandas.core.dtypes.dtypes.NumpyEADtype": "pandas.NumpyEADtype",
}
_ARRAYS: Final = {
    **_listed("pandas.core.arrays.categorical", ["Categorical"]),
    **_listed("pandas.core.arrays.integer", ["IntegerArray"], public="pandas.arrays"),
    **_listed("pandas.core.arrays.floating", ["FloatingArray"], public="pandas.arrays"),
    **_listed("pandas.core.arrays.boolean", ["BooleanArray"], public="pandas.arrays"),
    **_listed("pandas.core.arrays.datetimes", ["DatetimeArray"], public="pandas.arrays"),
    **_listed("pandas.core.arrays.timedeltas", ["TimedeltaArray"], public="pandas.arrays"),
    **_listed("pandas.core.arrays.period", ["PeriodArray"], public="pandas.arrays"),
    **_listed("pandas.core.arrays.interval", ["IntervalArray"], public="pandas.arrays"),
    **_listed("pandas.core.arrays.sparse.array", ["SparseArray"], public="pandas.arrays"),
    **_listed("pandas.core.arrays.numpy_", ["NumpyExtensionArray"], public="pandas.arrays"),
    "pandas.core.arrays.numpy_.PandasArray": "pandas.NumpyExtensionArray",
    **_listed("pandas.core.arrays.string_", ["StringArray"], public="pandas.arrays"),
    "pandas.core.arrays.string_.StringArrayNumpySemantics": "pandas.StringArray",
    "pandas.core.arrays.string_arrow.ArrowStringArray": "pandas.StringArray",
    "pandas.core.arrays.string_arrow.ArrowStringArrayNumpySemantics": "pandas.StringArray",
    "pandas.arrays.ArrowStringArray": "pandas.StringArray",
}
_ARROW: Final = {
    **_listed("pandas.core.arrays.arrow.array", ["ArrowExtensionArray"], public="pandas.arrays"),
    **_listed("pandas.core.arrays.arrow.dtype", ["ArrowDtype"]),
    "pandas.core.dtypes.dtypes.ArrowDtype": "pandas.ArrowDtype",
}
_INDEXES: Final = {
    **_listed("pandas.core.indexes.base", ["Index"]),
    **{f"pandas.core.indexes.numeric.{kind}Index": "pandas.Index" for kind in ("Int64", "UInt64", "Float64")},
    **_listed("pandas.core.indexes.range", ["RangeIndex"]),
    **_listed("pandas.core.indexes.category", ["CategoricalIndex"]),
    **_listed("pandas.core.indexes.datetimes", ["DatetimeIndex"]),
    **_listed("pandas.core.indexes.timedeltas", ["TimedeltaIndex"]),
    **_listed("pandas.core.indexes.period", ["PeriodIndex"]),
    **_listed("pandas.core.indexes.interval", ["IntervalIndex"]),
    **_listed("pandas.core.indexes.multi", ["MultiIndex"]),
}
_FRAMES: Final = {**_listed("pandas.core.series", ["Series"]), **_listed("pandas.core.frame", ["DataFrame"])}

OFFSETS: Final[dict[str, tuple[str, ...]]] = {
    **dict.fromkeys(("Day", "Hour", "Minute", "Second", "Milli", "Micro", "Nano"), ()),
    **dict.fromkeys(("MonthBegin", "MonthEnd", "BusinessMonthBegin", "BusinessMonthEnd"), ()),
    "Easter": ("method",),
    **dict.fromkeys(("SemiMonthBegin", "SemiMonthEnd"), ("day_of_month",)),
    **dict.fromkeys(("QuarterBegin", "QuarterEnd", "BQuarterBegin", "BQuarterEnd"), ("startingMonth",)),
    **dict.fromkeys(("HalfYearBegin", "HalfYearEnd", "BHalfYearBegin", "BHalfYearEnd"), ("startingMonth",)),
    **dict.fromkeys(("YearBegin", "YearEnd", "BYearBegin", "BYearEnd"), ("month",)),
    **dict.fromkeys(("Week", "LastWeekOfMonth"), ("weekday",)),
    "WeekOfMonth": ("week", "weekday"),
    "FY5253": ("weekday", "startingMonth", "variation"),
    "FY5253Quarter": ("weekday", "startingMonth", "qtr_with_extra_week", "variation"),
    "BusinessDay": ("offset",),
    "BusinessHour": ("start", "end", "offset"),
    "CustomBusinessDay": ("weekmask", "open_days", "holidays", "offset"),
    "CustomBusinessHour": ("weekmask", "open_days", "holidays", "start", "end", "offset"),
    **dict.fromkeys(
        ("CustomBusinessMonthBegin", "CustomBusinessMonthEnd"), ("weekmask", "open_days", "holidays", "offset")
    ),
    "DateOffset": ("parts",),
}
"""What each kind of offset has besides `n` and `normalize`."""

FAMILIES: Final[tuple[Family, ...]] = (
    Family(module=f"{_HERE}.scalars", types=_SCALARS),
    Family(
        module=f"{_HERE}.offsets",
        types={
            **{f"{_OFFSETS}.{name}": f"pandas.offsets.{name}" for name in OFFSETS},
            "pandas.DateOffset": "pandas.offsets.DateOffset",
        },
    ),
    Family(module=f"{_HERE}.dtypes", types=_DTYPES),
    Family(module=f"{_HERE}.arrays", types=_ARRAYS),
    Family(module=f"{_HERE}.arrow", types=_ARROW),
    Family(module=f"{_HERE}.indexes", types=_INDEXES),
    Family(module=f"{_HERE}.frames", types=_FRAMES),
)
ATTRS: Final[dict[str, str]] = {}
NAMES: Final[dict[str, tuple[str, str]]] = {
    f"pandas.{name}": ("pandas", name)
    for name in ("DataFrame", "Series", "get_dummies", "isna", "notna", "to_datetime", "to_numeric", "to_timedelta")
}
KEYWORDS: Final[dict[str, frozenset[str]]] = {
    "pandas.DataFrame": frozenset({"columns"}),  # with an index besides, a file could ask for a table of any size
    "pandas.Series": frozenset({"name"}),
    "pandas.get_dummies": frozenset({"dummy_na", "drop_first", "sparse"}),
    "pandas.to_datetime": frozenset({"dayfirst", "errors", "unit", "utc", "yearfirst"}),
    "pandas.to_numeric": frozenset({"downcast", "errors"}),
    "pandas.to_timedelta": frozenset({"errors", "unit"}),
}
"""Id of a reviewed function → the keyword arguments that a file may give it; none where the id is missing."""


def types_of(type_id: str) -> tuple[str, ...]:
    """Every `module.qualname` that objects of this type id have had."""
    return tuple(name for family in FAMILIES for name, own in family.types.items() if own == type_id)
