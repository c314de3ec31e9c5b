"""Indexes of every kind, through their public constructors, with names and frequency.

An index never changes, so one that shared memory with another shares it again.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numpy as np
import pandas as pd
from pandas.api.extensions import ExtensionArray

from vitrify.converters.checking.claims import require
from vitrify.converters.checking.reach import charge_reach
from vitrify.converters.checking.values import charge, require_ints
from vitrify.converters.pandas.arrays import are_codes, decode_times, encode_times, with_freq, with_zone
from vitrify.converters.pandas.building import pandas_converter
from vitrify.converters.pandas.memory import is_column, plain
from vitrify.converters.pandas.zones import encode_zone
from vitrify.errors import UnsupportedError
from vitrify.graph.converter import Converter
from vitrify.graph.rows import Rows

_INDEX_BYTES: Final = 3_000
_PLAIN_NAMES: Final = ("Index", "Int64Index", "UInt64Index", "Float64Index")
_RANGE: Final = (-(2**63) + 1, 2**63 - 1)


def _decode_plain(values: Any, name: Any) -> Any:
    require(isinstance(values, ExtensionArray) or is_column(values), "the labels of an index are a flat array")
    require(values.dtype != np.float16, "no index has labels of float16")
    found = pd.Index(values, dtype=values.dtype, name=name, copy=False, tupleize_cols=False)
    require(type(found).__name__ in _PLAIN_NAMES, "these labels make another kind of index")
    return _same_dtype(found, values)


def _same_dtype(index: Any, values: Any) -> Any:
    if index.dtype != values.dtype:
        raise UnsupportedError(f"an index of {values.dtype}: the pandas {pd.__version__} installed here has none")
    return index


def _decode_range(start: int, stop: int, step: int, name: Any) -> Any:
    return pd.RangeIndex(int(start), int(stop), int(step), name=name)


def _check_range(rows: Rows) -> None:
    charge(rows, _INDEX_BYTES)
    for field in ("start", "stop"):
        require_ints(rows, field, *_RANGE)
    rows.require(require_ints(rows, "step", *_RANGE) != 0, "step must not be 0")


def _decode_categorical(values: Any, name: Any) -> Any:
    require(isinstance(values, pd.Categorical), "the labels are a Categorical")
    return pd.CategoricalIndex(values, name=name, copy=False)


def _encode_dates(index: Any) -> tuple[Any, ...]:
    times = encode_times(index, "M")  # which get memory of their own where they get a zone
    return times if index.tz is None else times.copy(), encode_zone(index.tz), index.freq, index.name


def _decode_dates(values: Any, zone: Any, freq: Any, name: Any) -> Any:
    return with_freq(with_zone(decode_times(values, "M"), zone), freq).rename(name)


def _decode_durations(values: Any, freq: Any, name: Any) -> Any:
    return with_freq(decode_times(values, "m"), freq).rename(name)


def _decode_periods(values: Any, name: Any) -> Any:
    require(isinstance(values, pd.arrays.PeriodArray), "the labels are periods")
    return pd.PeriodIndex(values, name=name, copy=False)


def _decode_intervals(values: Any, name: Any) -> Any:
    require(isinstance(values, pd.arrays.IntervalArray), "the labels are intervals")
    return pd.IntervalIndex(values, name=name, copy=False)


def _encode_multi(index: Any) -> tuple[Any, ...]:
    if not all(level.is_unique for level in index.levels):
        raise UnsupportedError("a MultiIndex with a level that holds a label twice")
    levels = [level.rename(None) for level in index.levels]
    return levels, [np.asarray(codes).view() for codes in index.codes], index.sortorder, list(index.names)


def _decode_multi(levels: Any, codes: Any, sortorder: Any, names: Any) -> Any:
    for parts in (levels, codes, names):
        require(type(parts) is list and len(parts) == len(levels) > 0, "each level has labels, codes and a name")
    require(all(isinstance(level, pd.Index) for level in levels), "levels are indexes")
    require(not any(isinstance(level, pd.MultiIndex) for level in levels), "levels are flat")
    require(all(map(are_codes, codes, map(len, levels))), "a code is that of no label")
    require(sortorder is None or (type(sortorder) is int and 0 <= sortorder <= len(levels)), "impossible sortorder")
    return pd.MultiIndex(levels, codes, sortorder=sortorder, names=names, verify_integrity=True)


def _check(rows: Rows) -> None:
    charge(rows, _INDEX_BYTES)
    charge_reach(rows)


def _index(
    name: str,
    fields: tuple[str, ...],
    encode: Callable[..., Any],
    decode: Callable[..., Any],
    check: Callable[[Rows], None] = _check,
) -> Converter[Any]:
    return pandas_converter(name, fields, encode, decode, check)


CONVERTERS: tuple[Converter[Any], ...] = (
    _index("Index", ("values", "name"), lambda i: (plain(i.array), i.name), _decode_plain),
    _index(
        "RangeIndex",
        ("start", "stop", "step", "name"),
        lambda i: (i.start, i.stop, i.step, i.name),
        _decode_range,
        _check_range,
    ),
    _index("CategoricalIndex", ("values", "name"), lambda i: (plain(i.array), i.name), _decode_categorical),
    _index(
        "DatetimeIndex",
        ("values", "tz", "freq", "name"),
        _encode_dates,
        _decode_dates,
    ),
    _index(
        "TimedeltaIndex",
        ("values", "freq", "name"),
        lambda i: (encode_times(i, "m"), i.freq, i.name),
        _decode_durations,
    ),
    _index("PeriodIndex", ("values", "name"), lambda i: (plain(i.array), i.name), _decode_periods),
    _index("IntervalIndex", ("values", "name"), lambda i: (plain(i.array), i.name), _decode_intervals),
    _index("MultiIndex", ("levels", "codes", "sortorder", "names"), _encode_multi, _decode_multi),
)
