"""Arrays of numpy's StringDType: their texts, with None where one is missing.

Each element of such an array points into memory of its own, so neither bytes nor views of it can be stored: arrays
that shared elements come back apart. Everything is text, and nothing is allocated but for texts that the file has.
"""

from __future__ import annotations

from math import prod
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from vitrify.converters.checking.values import charge, exact
from vitrify.graph.converter import Converter
from vitrify.graph.rows import Rows

_OBJECT_BYTES: Final = 400
_MAX_DIMS: Final = 64


def _encode(array: npt.NDArray[Any]) -> tuple[object, ...]:
    dtype: Any = array.dtype
    order: Any = "F" if array.flags.fnc else "C"
    items: list[Any] = array.ravel(order).tolist()
    if hasattr(dtype, "na_object"):
        missing = dtype.na_object
        items = [None if item is missing or (item != item) is True else item for item in items]
    return dtype, array.shape, order, items


def _check(rows: Rows) -> None:
    charge(rows, _OBJECT_BYTES)


def _decode(dtype: Any, shape: tuple[int, ...], order: str, items: list[str | None]) -> npt.NDArray[Any]:
    if type(dtype).__name__ != "StringDType":
        raise TypeError(f"its dtype is {type(dtype).__name__}")
    exact(shape, tuple)
    exact(items, list)
    if len(shape) > _MAX_DIMS or not all(type(n) is int and n >= 0 for n in shape) or prod(shape) != len(items):
        raise ValueError(f"{len(items)} texts do not make its shape")
    if order != "C" and not (order == "F" and len(shape) > 1):
        raise ValueError("its order is neither C nor F")
    has_missing = hasattr(dtype, "na_object")
    if not set(map(type, items)) <= ({str, type(None)} if has_missing else {str}):
        raise TypeError("it holds more than texts")
    flat = np.empty(len(items), dtype)
    missing = dtype.na_object if has_missing else None
    flat[:] = [missing if item is None else item for item in items] if has_missing else items
    return flat.reshape(shape) if order == "C" else flat.reshape(shape[::-1]).T


CONVERTERS: Final[tuple[Converter[Any], ...]] = (
    Converter(
        type_id="numpy.StringArray",
        types=("numpy.ndarray[StringDType]",),
        fields=("dtype", "shape", "order", "items"),
        encode=_encode,
        decode=_decode,
        check=_check,
    ),
)
