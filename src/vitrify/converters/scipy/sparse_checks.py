"""What must hold of a sparse matrix before scipy's compiled code may see it (attacks M17).

scipy checks little of this itself: an index out of range, or row pointers that go back, crash the interpreter or read
foreign memory. Every function raises ValueError; none builds anything.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain
from typing import Any, Final

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
_INDEX_DTYPES: Final = (np.dtype(np.int32), np.dtype(np.int64))
_NUMBERS: Final = (int, float, complex, np.number, np.bool_)
_INTS: Final = (int, np.integer)
_MAX_DIMS: Final = 32


def shape_from(values: object) -> tuple[int, ...]:
    """The shape that an int64 array holds, shape (ndim,).

    Raises:
        ValueError: It is not one.
    """
    if type(values) is not np.ndarray or values.dtype != np.int64 or values.ndim != 1:
        raise ValueError("shape must be one array of int64")
    if not 1 <= len(values) <= _MAX_DIMS or int(values.min()) < 0:
        raise ValueError("impossible shape")
    return tuple(values.tolist())


def check_compressed(shape: tuple[int, ...], major: int, minor: int, data: Any, indices: Any, indptr: Any) -> None:
    """Rows (or columns, or blocks) one after another: `major` of them, each with indices below `minor`.

    `data` may have any number of dimensions behind the first.

    Raises:
        ValueError: An index is out of range, row pointers go back, or lengths do not agree.
    """
    check_numbers(data, "data")
    _check_index(indices, "indices", shape)
    _check_index(indptr, "indptr", shape)
    if len(indptr) != major + 1:
        raise ValueError(f"indptr has {len(indptr)} entries, needs {major + 1}")
    if not len(indices) == len(data) == int(indptr[-1]) or int(indptr[0]) != 0:
        raise ValueError(
            f"indptr goes from {int(indptr[0])} to {int(indptr[-1])}, with {len(indices)} indices and {len(data)} items"
        )
    if not bool((indptr[1:] >= indptr[:-1]).all()):
        raise ValueError("indptr goes back")
    _check_range(indices, minor, "indices")


def check_coordinates(shape: tuple[int, ...], data: Any, coords: Sequence[Any]) -> None:
    """One array of coordinates for each dimension, as long as `data`.

    Raises:
        ValueError: A coordinate is out of range, or lengths do not agree.
    """
    check_numbers(data, "data")
    if len(coords) != len(shape) or data.ndim != 1:
        raise ValueError(f"{len(coords)} arrays of coordinates for {len(shape)} dimensions")
    for axis, (coord, size) in enumerate(zip(coords, shape, strict=True)):
        _check_index(coord, f"coords[{axis}]", shape)
        if len(coord) != len(data):
            raise ValueError(f"coords[{axis}] has {len(coord)} entries, data has {len(data)}")
        _check_range(coord, size, f"coords[{axis}]")


def is_canonical(coords: Sequence[Array]) -> bool:
    """Whether coordinates are in order, by rows or by columns, and none comes twice."""
    return _is_increasing(coords) or _is_increasing(coords[::-1])


def check_diagonals(shape: tuple[int, ...], data: Any, offsets: Any) -> None:
    """A row of `data` for each diagonal.

    Raises:
        ValueError: A diagonal comes twice or lies where arithmetic on indices would overflow.
    """
    check_numbers(data, "data")
    _check_index(offsets, "offsets", shape)
    if len(shape) != 2 or data.ndim != 2 or len(offsets) != len(data):
        raise ValueError(f"{len(offsets)} offsets for data of shape {data.shape}")
    if max(data.shape) > np.iinfo(offsets.dtype).max:
        raise ValueError(f"data of shape {data.shape} is too big for offsets of dtype {offsets.dtype}")
    if not len(offsets):
        return
    furthest = max(-int(offsets.min()), int(offsets.max()))
    if furthest + max(shape) > np.iinfo(offsets.dtype).max:
        raise ValueError(f"a diagonal lies {furthest} beyond the main one")
    if len(np.unique(offsets)) != len(offsets):
        raise ValueError("a diagonal comes twice")


def check_lists(shape: tuple[int, ...], rows: Any, data: Any) -> None:
    """A list of column numbers and a list of values for each row.

    Raises:
        ValueError: Column numbers are out of range or order, or lists do not go together.
    """
    for lists in (rows, data):
        if type(lists) is not np.ndarray or lists.dtype != object or len(shape) != 2 or lists.shape != shape[:1]:
            raise ValueError("needs an object array with a list for each row")
        if not all(type(items) is list for items in lists):
            raise ValueError("each row must be a list")
    lengths = np.fromiter(map(len, rows), np.int64, len(rows))
    if not np.array_equal(lengths, np.fromiter(map(len, data), np.int64, len(data))):
        raise ValueError("a row needs a number for each of its columns")
    if not all(issubclass(kind, _NUMBERS) for kind in set(map(type, chain.from_iterable(data)))):
        raise ValueError("a row holds what is no number")
    if not all(issubclass(kind, _INTS) and kind is not bool for kind in set(map(type, chain.from_iterable(rows)))):
        raise ValueError("a column is no int")
    try:
        columns = np.fromiter(chain.from_iterable(rows), np.int64, int(lengths.sum()))
    except OverflowError as error:
        raise ValueError("a column is far out of range") from error
    _check_range(columns, shape[1], "columns")
    is_next = np.ones(len(columns), np.bool_)
    is_next[(np.cumsum(lengths) - lengths)[lengths > 0]] = False
    if not bool((columns[1:] > columns[:-1])[is_next[1:]].all()):
        raise ValueError("the columns of a row are out of order")


def check_pairs(shape: tuple[int, ...], pairs: Any) -> None:
    """A dict of coordinates → value.

    Raises:
        ValueError: A coordinate is out of range or no coordinate, or a value is no number.
    """
    if type(pairs) is not dict:
        raise ValueError("needs a dict of coordinates")
    for key, value in pairs.items():
        key_parts = key if len(shape) > 1 else (key,)
        if not isinstance(key_parts, tuple) or len(key_parts) != len(shape) or not isinstance(value, _NUMBERS):
            raise ValueError("needs a number for a tuple of coordinates")
        for part, size in zip(key_parts, shape, strict=True):
            _as_index(part, size)


def check_numbers(array: Any, name: str) -> None:
    """An array of numbers or bools in the machine's own byte order.

    Raises:
        ValueError: It is something else.
    """
    if type(array) is not np.ndarray or array.ndim < 1:
        raise ValueError(f"{name} must be an array")
    if array.dtype.kind not in "biufc" or not array.dtype.isnative:
        raise ValueError(f"{name} has dtype {array.dtype}, needs numbers in native byte order")


def _check_index(array: Any, name: str, shape: Iterable[int]) -> None:
    if type(array) is not np.ndarray or array.ndim != 1:
        raise ValueError(f"{name} must be a one-dimensional array")
    if array.dtype not in _INDEX_DTYPES or not array.dtype.isnative:
        raise ValueError(f"{name} has dtype {array.dtype}, needs int32 or int64")
    if max(shape) > np.iinfo(array.dtype).max:
        raise ValueError(f"{name} has dtype {array.dtype}, too small for a shape of {max(shape)}")


def _check_range(array: Array, bound: int, name: str) -> None:
    if not len(array):
        return
    low, high = int(array.min()), int(array.max())
    if low < 0 or high >= bound:
        raise ValueError(f"{name} reaches from {low} to {high}, must lie in [0, {bound})")


def _as_index(value: object, bound: int) -> int:
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, (int, np.integer)) or not 0 <= value < bound:
        raise ValueError(f"a coordinate lies outside [0, {bound})")
    return int(value)


def _is_increasing(coords: Sequence[Array]) -> bool:
    """Whether the tuples that the arrays spell, most significant first, strictly increase."""
    greater = np.zeros(max(len(coords[0]) - 1, 0), np.bool_)
    equal = np.ones_like(greater)
    for coord in coords:
        greater |= equal & (coord[1:] > coord[:-1])
        equal &= coord[1:] == coord[:-1]
    return bool(greater.all())
