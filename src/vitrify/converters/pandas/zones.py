"""Time zones of pandas objects: tzinfo of the standard library as such, those of pytz by their key.

pandas made zones with pytz until version 3. Where pytz is not installed, its zones come back as those that pandas 3
makes of the same key.
"""

from __future__ import annotations

import zoneinfo
from datetime import UTC, timedelta, timezone, tzinfo
from functools import lru_cache
from importlib import import_module
from types import ModuleType
from typing import Any

from vitrify.converters.checking.claims import require
from vitrify.errors import UnsupportedError

Zone = tzinfo | str | int | None
_MAX_MINUTES = 1439


def encode_zone(zone: tzinfo | None) -> Zone:
    """What stands for a time zone in a file: itself, the key of a pytz zone, or the minutes of a fixed pytz offset.

    Raises:
        UnsupportedError: It is of another library.
    """
    if zone is None or type(zone) in (timezone, zoneinfo.ZoneInfo):
        return zone
    if type(zone).__module__.split(".")[0] == "pytz":
        key = getattr(zone, "zone", None)
        if isinstance(key, str):
            return key
        minutes = getattr(zone, "_minutes", None)
        if type(minutes) is int:
            return minutes
    raise UnsupportedError(f"the time zone {zone!r}", hint="Use zoneinfo or datetime.timezone")


def decode_zone(zone: Any) -> tzinfo | None:
    """The time zone.

    Raises:
        ValueError: It is none.
        UnsupportedError: It is not in the tz database of this machine.
    """
    if zone is None or type(zone) is timezone or type(zone) is zoneinfo.ZoneInfo:
        return zone
    pytz = _pytz()
    if type(zone) is int:
        require(-_MAX_MINUTES <= zone <= _MAX_MINUTES, "a time zone is less than a day away")
        offset: tzinfo = pytz.FixedOffset(zone) if pytz else timezone(timedelta(minutes=zone))
        return offset
    require(type(zone) is str, "not a time zone")
    key: str = zone
    if pytz is not None:
        if key in pytz.all_timezones_set:
            found: tzinfo = pytz.timezone(key)
            return found
    elif key == "UTC":
        return UTC
    elif key in _zones():
        return zoneinfo.ZoneInfo(key)
    raise UnsupportedError(
        f"the time zone {key[:80]!r} is not in the tz database of this machine",
        hint="Install the package tzdata, or a newer one",
    )


def _pytz() -> ModuleType | None:
    try:
        return import_module("pytz")
    except ImportError:
        return None


@lru_cache(maxsize=1)
def _zones() -> frozenset[str]:
    return frozenset(zoneinfo.available_timezones())
