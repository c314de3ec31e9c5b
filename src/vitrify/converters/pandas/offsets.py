"""Offsets (the frequencies of indexes and periods): their kind, and the values that their constructor takes.

A frequency is never read as text: "2B" and the like would go through a parser of pandas. The kinds are those of a
literal table, and every value is checked before the constructor sees it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import time, timedelta
from typing import Any, Final

import numpy as np
import pandas as pd

from vitrify.converters.checking.claims import require
from vitrify.converters.checking.values import charge
from vitrify.converters.pandas import OFFSETS, types_of
from vitrify.converters.pandas.refusals import missing_here
from vitrify.errors import UnsupportedError
from vitrify.graph.converter import Converter
from vitrify.graph.rows import Rows

_TICKS: Final = ("Day", "Hour", "Minute", "Second", "Milli", "Micro", "Nano")
_MAX_STEPS: Final = 100_000
_MAX_TICKS: Final = 2**62
_MAX_PART: Final = 2**31
_OFFSET_BYTES: Final = 2_000
_EASTER: Final = 3
_DAY: Final = "Mon|Tue|Wed|Thu|Fri|Sat|Sun"
_WEEKMASK: Final = re.compile(rf"[01]{{7}}|(?:{_DAY})(?: (?:{_DAY})){{0,6}}")
_PARTS: Final = frozenset((
    "years", "months", "weeks", "days", "hours", "minutes", "seconds", "milliseconds", "microseconds",
    "nanoseconds", "year", "month", "weekday", "day", "hour", "minute", "second", "millisecond", "microsecond",
    "nanosecond",
))  # fmt: skip


def is_offset(value: object) -> bool:
    """Whether a value is an offset of pandas."""
    return isinstance(value, pd.offsets.BaseOffset)


def _is_small(value: object) -> bool:
    return value is None or (type(value) is int and -1_000 <= value <= 1_000)


def _is_weekmask(value: object) -> bool:
    return type(value) is str and _WEEKMASK.fullmatch(value) is not None


def _is_holidays(value: object) -> bool:
    return type(value) is np.ndarray and value.ndim == 1 and value.dtype == np.dtype("M8[D]")


def _is_hours(value: object) -> bool:
    return type(value) is tuple and 0 < len(value) <= 100 and all(type(item) is time for item in value)


def _is_parts(value: object) -> bool:
    if type(value) is not dict or not value.keys() <= _PARTS:
        return False
    return all(type(v) in (int, float) and abs(v) <= _MAX_PART for v in value.values())


_CLAIMS: Final[dict[str, Callable[[object], bool]]] = {
    **dict.fromkeys(("weekday", "week", "month", "startingMonth", "day_of_month", "qtr_with_extra_week"), _is_small),
    "method": lambda value: type(value) is int and 1 <= value <= 3,
    "variation": lambda value: type(value) is str and value in ("nearest", "last"),
    "offset": lambda value: isinstance(value, timedelta),
    "weekmask": _is_weekmask,
    "open_days": _is_weekmask,
    "holidays": _is_holidays,
    "start": _is_hours,
    "end": _is_hours,
    "parts": _is_parts,
}


def _read(offset: Any, name: str) -> Any:
    """One value of an offset, in the form in which it is saved."""
    if name == "parts":
        return dict(sorted(offset.kwds.items()))
    if name == "method":
        return getattr(offset, "method", _EASTER)
    if name == "open_days":
        return "".join("1" if is_open else "0" for is_open in offset.calendar.weekmask.tolist())
    if name == "holidays":
        return np.array(offset.calendar.holidays, "M8[D]")
    return getattr(offset, name)


def _encoder(kind: str) -> Callable[[Any], tuple[Any, ...]]:
    names = OFFSETS[kind]

    def encode(offset: Any) -> tuple[Any, ...]:
        values = tuple(_read(offset, name) for name in names)
        for name, value in zip(names, values, strict=True):
            if not _CLAIMS[name](value):
                raise UnsupportedError(f"a {kind} offset with {name} {value!r:.80}")
        return (offset.n, offset.normalize, *values)

    return encode


def _decoder(kind: str) -> Callable[..., Any]:
    names = OFFSETS[kind]
    most = _MAX_TICKS if kind in _TICKS else _MAX_STEPS

    def decode(n: Any, normalize: Any, *values: Any) -> Any:
        cls: Any = getattr(pd.offsets, kind, None)
        if cls is None:
            raise missing_here(f"the offset {kind}")
        require(type(n) is int and abs(n) <= most and type(normalize) is bool, "an offset has a number of steps")
        for name, value in zip(names, values, strict=True):
            require(_CLAIMS[name](value), f"impossible {name}")
        given = dict(zip(names, values, strict=True))
        if given.get("method") == _EASTER:
            del given["method"]
        elif "method" in given and not hasattr(cls(), "method"):
            raise missing_here("another Easter than the western one")
        if "parts" in given:
            return cls(n, normalize, **given["parts"])
        open_days = given.pop("open_days", None)
        if open_days is not None and _open_days(given["weekmask"]) != open_days:
            given["calendar"] = np.busdaycalendar(open_days, given.pop("holidays"))
            del given["weekmask"]
        return cls(n, normalize, **given)

    return decode


def _open_days(weekmask: str) -> str:
    return "".join("1" if is_open else "0" for is_open in np.busdaycalendar(weekmask).weekmask.tolist())


def _check(rows: Rows) -> None:
    charge(rows, _OFFSET_BYTES)


def _offset(kind: str) -> Converter[Any]:
    type_id = f"pandas.offsets.{kind}"
    return Converter(
        type_id=type_id,
        types=types_of(type_id),
        fields=("n", "normalize", *OFFSETS[kind]),
        encode=_encoder(kind),
        decode=_decoder(kind),
        check=_check,
    )


CONVERTERS: tuple[Converter[Any], ...] = tuple(map(_offset, OFFSETS))
