"""datetime and zoneinfo: every field is a column of its own, so dates of a table stay small and readable.

A time zone of the tz database is stored by its key. The key is compared with the list of the zones that exist here
before it is used, so no text from a file becomes the path of a file.
"""

from __future__ import annotations

import re
import zoneinfo
from datetime import date, datetime, time, timedelta, timezone, tzinfo
from functools import lru_cache
from typing import Any, Final

from vitrify.converters.checking.values import charge, exact, require_ints, require_texts
from vitrify.errors import UnsupportedError
from vitrify.graph.converter import Converter
from vitrify.graph.paths import with_article
from vitrify.graph.rows import Rows

_KEY: Final = re.compile(r"[A-Za-z0-9_+\-]{1,40}(?:/[A-Za-z0-9_+\-]{1,40}){0,4}", re.ASCII)
_BOUNDS: Final = {
    "year": (1, 9999), "month": (1, 12), "day": (1, 31), "hour": (0, 23), "minute": (0, 59), "second": (0, 59),
    "microsecond": (0, 999_999), "fold": (0, 1), "days": (-999_999_999, 999_999_999), "seconds": (0, 86_399),
    "microseconds": (0, 999_999), "offset_us": (-86_399_999_999, 86_399_999_999),
}  # fmt: skip
_DATE: Final = ("year", "month", "day")
_TIME: Final = ("hour", "minute", "second", "microsecond", "fold")


def _check(rows: Rows) -> None:
    """Every field that has bounds is a column of ints within them."""
    charge(rows, 100)
    for field in rows.columns:
        if field in _BOUNDS:
            require_ints(rows, field, *_BOUNDS[field])


def _encode_time(value: time) -> tuple[object, ...]:
    return value.hour, value.minute, value.second, value.microsecond, value.fold, value.tzinfo


def _decode_time(hour: int, minute: int, second: int, microsecond: int, fold: int, zone: tzinfo | None) -> time:
    _require_zone(zone)
    return time(hour, minute, second, microsecond, zone, fold=fold)


def _encode_datetime(value: datetime) -> tuple[object, ...]:
    return value.year, value.month, value.day, *_encode_time(value.timetz())


def _decode_datetime(
    year: int, month: int, day: int, hour: int, minute: int, second: int, microsecond: int, fold: int,
    zone: tzinfo | None,
) -> datetime:  # fmt: skip
    _require_zone(zone)
    return datetime(year, month, day, hour, minute, second, microsecond, zone, fold=fold)


def _require_zone(zone: object) -> None:
    if zone is not None and not isinstance(zone, tzinfo):
        raise TypeError(f"tzinfo is {with_article(type(zone).__name__)}")


def _encode_timezone(value: timezone) -> tuple[object, ...]:
    offset, *name = value.__getinitargs__()  # type: ignore[attr-defined]  # missing in typeshed
    return offset // timedelta(microseconds=1), name[0] if name else None


def _decode_timezone(offset_us: int, name: str | None) -> timezone:
    exact(name, str, type(None))
    offset = timedelta(microseconds=int(offset_us))
    return timezone(offset) if name is None else timezone(offset, name)


def _encode_zone(value: zoneinfo.ZoneInfo) -> tuple[object, ...]:
    key: str | None = value.key  # typeshed does not know of zones read from a file, which have none
    if not _KEY.fullmatch(key or ""):
        raise UnsupportedError("a ZoneInfo that is not of the tz database", hint="Make it from a key")
    return (key,)


def _check_zones(rows: Rows) -> None:
    for row, key in enumerate(require_texts(rows, "key", 204)):
        if not _KEY.fullmatch(key):
            rows.fail(row, "key is not that of a time zone")


def _decode_zone(key: str) -> zoneinfo.ZoneInfo:
    if key not in _zones():
        raise UnsupportedError(
            f"the time zone {key} is not in the tz database of this machine",
            hint="Install the package tzdata, or a newer one",
        )
    return zoneinfo.ZoneInfo(key)


@lru_cache(maxsize=1)
def _zones() -> frozenset[str]:
    return frozenset(zoneinfo.available_timezones())


CONVERTERS: Final[tuple[Converter[Any], ...]] = (
    Converter(
        type_id="datetime.date",
        types=("datetime.date",),
        fields=_DATE,
        encode=lambda value: (value.year, value.month, value.day),
        decode=date,
        check=_check,
    ),
    Converter(
        type_id="datetime.time",
        types=("datetime.time",),
        fields=(*_TIME, "tzinfo"),
        encode=_encode_time,
        decode=_decode_time,
        check=_check,
    ),
    Converter(
        type_id="datetime.datetime",
        types=("datetime.datetime",),
        fields=(*_DATE, *_TIME, "tzinfo"),
        encode=_encode_datetime,
        decode=_decode_datetime,
        check=_check,
    ),
    Converter(
        type_id="datetime.timedelta",
        types=("datetime.timedelta",),
        fields=("days", "seconds", "microseconds"),
        encode=lambda value: (value.days, value.seconds, value.microseconds),
        decode=timedelta,
        check=_check,
    ),
    Converter(
        type_id="datetime.timezone",
        types=("datetime.timezone",),
        fields=("offset_us", "name"),
        encode=_encode_timezone,
        decode=_decode_timezone,
        check=_check,
    ),
    Converter(
        type_id="zoneinfo.ZoneInfo",
        types=("zoneinfo.ZoneInfo",),
        fields=("key",),
        encode=_encode_zone,
        decode=_decode_zone,
        check=_check_zones,
    ),
)
