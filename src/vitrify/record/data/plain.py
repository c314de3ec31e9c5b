"""Values of data as values of Python, as they stand in a record and are compared with what it says."""

from __future__ import annotations

from collections.abc import Iterable
from numbers import Integral, Real
from typing import Any

import numpy as np

from vitrify.record.data.tables import is_nothing

Plain = None | bool | int | float | str | tuple[Any, ...]


def plain_value(value: Any) -> Plain:
    """The value as None, bool, int, float, text, or a tuple of these; of anything else its text."""
    if is_nothing(value):
        return None
    if isinstance(value, (bool, np.bool_)):
        return bool(value)
    if isinstance(value, str):
        return str(value)
    if isinstance(value, np.timedelta64):  # numpy counts spans as integers
        return str(value)
    if isinstance(value, Integral):
        return int(value)
    if isinstance(value, (float, np.floating)):
        return float(value)
    if isinstance(value, tuple):
        return tuple(plain_value(part) for part in value)
    return str(value)


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
