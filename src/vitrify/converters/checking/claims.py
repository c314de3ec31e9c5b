"""What counts as a number, or an array of them, where scipy takes "array_like"."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

_SCALARS: Final = (int, float, complex, np.number, np.bool_)
_MAX_LIST_DEPTH: Final = 4


def is_array(value: object, kinds: str = "biufc", ndim: int | None = None) -> bool:
    """Whether `value` is an ndarray of one of these dtype kinds in native byte order, of `ndim` dimensions if given."""
    if type(value) is not np.ndarray:
        return False
    return value.dtype.kind in kinds and value.dtype.isnative and (ndim is None or value.ndim == ndim)


def is_numeric(value: Any, depth: int = 0) -> bool:
    """Whether `value` is a number, an array of numbers, or a list or tuple of those."""
    if isinstance(value, _SCALARS) or is_array(value):
        return True
    if type(value) not in (list, tuple) or depth >= _MAX_LIST_DEPTH:
        return False
    return all(is_numeric(item, depth + 1) for item in value)


def require(condition: object, message: str) -> None:
    """Raise ValueError unless the condition holds."""
    if not condition:
        raise ValueError(message)
