"""Values of data as values of Python, as they stand in a record and are compared with what it says."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from numbers import Integral, Real
from typing import Any, Final

import numpy as np

from vitrify.record.data.tables import in_64_bits, is_nothing, moment_ns, span_ns

_EPOCH: Final = dt.datetime(1970, 1, 1)
_SECOND_NS: Final = 1_000_000_000
_DAY_NS: Final = 86_400 * _SECOND_NS

Plain = None | bool | int | float | str | tuple[Any, ...]


def plain_value(value: Any) -> Plain:
    """The value as None, bool, int, float, text, or a tuple of these; of anything else its text.

    Moments and spans have one text, whichever library holds them: that of pandas, of UTC where a moment knows its zone.
    """
    if is_nothing(value):
        return None
    if isinstance(value, (bool, np.bool_)):
        return bool(value)
    if isinstance(value, str):
        return str(value)
    if isinstance(value, (np.timedelta64, dt.timedelta)):  # before integers, as which numpy counts spans
        return _span_text(in_64_bits(span_ns(value)))
    if isinstance(value, Integral):
        return int(value)
    if isinstance(value, (float, np.floating)):
        return float(value)
    if isinstance(value, tuple):
        return tuple(plain_value(part) for part in value)
    if isinstance(value, (np.datetime64, dt.datetime)):
        return _moment_text(in_64_bits(moment_ns(value)))
    return str(value)


def _moment_text(ns: int) -> str:
    seconds, rest = divmod(ns, _SECOND_NS)
    return str(_EPOCH + dt.timedelta(seconds=seconds)) + _fraction(rest)


def _span_text(ns: int) -> str:
    days, rest = divmod(ns, _DAY_NS)
    seconds, rest = divmod(rest, _SECOND_NS)
    sign = "+" if days < 0 else ""
    return f"{days} days {sign}{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}{_fraction(rest)}"


def _fraction(ns: int) -> str:
    """The part of a second in six digits, or in nine where it needs them."""
    return "" if not ns else f".{ns:09}" if ns % 1000 else f".{ns // 1000:06}"


def kind_of_values(types: Iterable[type]) -> str:
    """The kind of values of these types: bool, int, float, text, else object; those of None do not count."""
    found = {kind for kind in types if kind is not type(None)}
    if found and all(issubclass(kind, str) for kind in found):
        return "text"
    if found and all(issubclass(kind, (bool, np.bool_)) for kind in found):
        return "bool"
    if not found or any(issubclass(kind, (bool, np.bool_)) for kind in found):
        return "object"
    if all(issubclass(kind, Integral) for kind in found):
        return "int"
    return "float" if all(issubclass(kind, Real) for kind in found) else "object"
