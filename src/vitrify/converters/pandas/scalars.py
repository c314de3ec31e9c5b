"""Single values of pandas: moments, durations, periods, intervals, NaT and NA."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pandas as pd

from vitrify.converters.checking.claims import require
from vitrify.converters.checking.values import charge, require_ints
from vitrify.converters.pandas import types_of
from vitrify.converters.pandas.memory import check_times, times_of
from vitrify.converters.pandas.offsets import is_offset
from vitrify.converters.pandas.refusals import PANDAS
from vitrify.converters.pandas.zones import decode_zone, encode_zone
from vitrify.graph.converter import Converter
from vitrify.graph.rows import Rows

_UNITS: Final = ("s", "ms", "us", "ns")
_CLOSED: Final = ("left", "right", "both", "neither")
_INT64: Final = (-(2**63) + 1, 2**63 - 1)


def _value(moment: Any) -> int:
    """The ticks since 1970, or of a duration, in its own unit."""
    return int(moment.value if PANDAS < (2, 0) else moment._value)


def _unit(moment: Any) -> str:
    return str(getattr(moment, "unit", "ns")) if PANDAS >= (2, 0) else "ns"


def _encode_timestamp(moment: Any) -> tuple[Any, ...]:
    if PANDAS < (3, 0) and _unit(moment) != "ns":
        times_of(np.array([_value(moment)], np.int64).view(f"M8[{_unit(moment)}]"))
    return _value(moment), _unit(moment), encode_zone(moment.tz), moment.fold


def _decode_timestamp(value: int, unit: Any, zone: Any, fold: int) -> Any:
    ticks = _ticks(value, unit, "M")
    found = pd.Timestamp(ticks)
    tz = decode_zone(zone)
    if tz is not None:
        found = found.tz_localize("UTC").tz_convert(tz)
    if found.fold != fold:
        require(tz is None, "fold belongs to another moment")
        found = found.replace(fold=int(fold))
    return found


def _decode_timedelta(value: int, unit: Any) -> Any:
    return pd.Timedelta(_ticks(value, unit, "m"))


def _ticks(value: int, unit: Any, kind: str) -> Any:
    """A numpy scalar; pandas before 2 has nanoseconds only, to which other units are turned where they fit."""
    require(type(unit) is str and unit in _UNITS, "unknown unit of time")
    ticks = np.array([int(value)], np.int64).view(f"{kind}8[{unit}]")
    if PANDAS < (2, 0):
        finer = ticks.astype(f"{kind}8[ns]")
        require((finer.astype(ticks.dtype) == ticks).all(), "a moment beyond what nanoseconds can say")
        return finer[0]
    check_times(ticks)
    return ticks[0]


def _decode_period(ordinal: int, freq: Any) -> Any:
    require(is_offset(freq), "a period needs an offset")
    return pd.Period(ordinal=int(ordinal), freq=freq)


def _decode_interval(left: Any, right: Any, closed: Any) -> Any:
    require(type(closed) is str and closed in _CLOSED, "closed is left, right, both or neither")
    return pd.Interval(left, right, closed)


def _check_ticks(rows: Rows) -> None:
    charge(rows, 100)
    require_ints(rows, "ordinal" if rows.has("ordinal") else "value", *_INT64)
    if rows.has("fold"):
        require_ints(rows, "fold", 0, 1)


def _check_intervals(rows: Rows) -> None:
    charge(rows, 200)


CONVERTERS: tuple[Converter[Any], ...] = (
    Converter(
        type_id="pandas.Timestamp",
        types=types_of("pandas.Timestamp"),
        fields=("value", "unit", "tz", "fold"),
        encode=_encode_timestamp,
        decode=_decode_timestamp,
        check=_check_ticks,
    ),
    Converter(
        type_id="pandas.Timedelta",
        types=types_of("pandas.Timedelta"),
        fields=("value", "unit"),
        encode=lambda duration: (_value(duration), _unit(duration)),
        decode=_decode_timedelta,
        check=_check_ticks,
    ),
    Converter(
        type_id="pandas.Period",
        types=types_of("pandas.Period"),
        fields=("ordinal", "freq"),
        encode=lambda period: (period.ordinal, period.freq),
        decode=_decode_period,
        check=_check_ticks,
    ),
    Converter(
        type_id="pandas.Interval",
        types=types_of("pandas.Interval"),
        fields=("left", "right", "closed"),
        encode=lambda interval: (interval.left, interval.right, interval.closed),
        decode=_decode_interval,
        check=_check_intervals,
    ),
    Converter(
        type_id="pandas.NaT",
        types=types_of("pandas.NaT"),
        fields=(),
        encode=lambda _: (),
        decode=lambda: pd.NaT,
    ),
    Converter(
        type_id="pandas.NA",
        types=types_of("pandas.NA"),
        fields=(),
        encode=lambda _: (),
        decode=lambda: pd.NA,
    ),
)
