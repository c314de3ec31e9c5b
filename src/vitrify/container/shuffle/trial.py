"""What is worth trying on a field: how small a sample of it becomes in each way.

Figures are estimates of compressed bytes. They decide about size alone, never about what comes back.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
import numpy.typing as npt
import zstandard

from vitrify.container.shuffle.layout import MAX_ENTRIES, NUMBER_BYTES, Bytes, Numbers, folded, planes, unsigned

_LEVEL: Final = 1
_FRAME_BYTES: Final = 6
_SAMPLE_BYTES: Final = 1 << 17
_LEAST_SAMPLE_ITEMS: Final = 1 << 12
_SPREAD: Final = 4
_BATCH_ITEMS: Final = 1 << 16
_ONE_IN_BITS: Final = 6
_MULTIPLIERS: Final = {4: 0x9E3779B1, 8: 0x9E3779B97F4A7C15}
_MOST_ENTRIES: Final = 7 / 8
_MANY_ITEMS: Final = 1 << 18
_ITEMS_PER_ENTRY: Final = 8
_MOST_COUNTED: Final = 1 << 16


def sample(n: int, item_bytes: int) -> list[slice]:
    """Some of `n` items, from several places; all if they are few."""
    m = max(_LEAST_SAMPLE_ITEMS, _SAMPLE_BYTES // item_bytes)
    if n <= m:
        return [slice(0, n)]
    starts = [i * (n - m // _SPREAD) // (_SPREAD - 1) for i in range(_SPREAD)]
    return [slice(start, start + m // _SPREAD) for start in starts]


class Trial:
    """Compresses samples; for one thread."""

    def __init__(self) -> None:
        self._compressor = zstandard.ZstdCompressor(level=_LEVEL)

    def stored_bytes(self, data: Bytes) -> int:
        """What zstd makes of these bytes, roughly."""
        return len(self._compressor.compress(np.ascontiguousarray(data).data)) - _FRAME_BYTES

    def planes_bytes(self, values: Numbers) -> int:
        """The same for the planes of numbers, each for itself."""
        return sum(self.stored_bytes(plane) for plane in planes(values))

    def best_of_two(self, values: Numbers) -> tuple[int, bool]:
        """The planes of numbers, or those of their differences: the smaller, and whether it is the latter."""
        plain, apart = self.planes_bytes(values), self.planes_bytes(folded(values))
        return (apart, True) if apart < plain else (plain, False)


def entries(values: Numbers) -> Numbers | None:
    """The distinct values, ascending; None where they are too many for a dictionary to pay."""
    n, width = len(values), values.dtype.itemsize
    most = n * _MOST_ENTRIES if n <= _MANY_ITEMS else max(_MANY_ITEMS, n // _ITEMS_PER_ENTRY)
    if width not in NUMBER_BYTES or (n > _BATCH_ITEMS and distinct_share(values) * n > most):
        return None
    found = np.empty(0, unsigned(width))
    waiting: list[Numbers] = []
    for batch in _batches(values):
        waiting.append(_unique(batch))
        if sum(map(len, waiting)) > max(_MANY_ITEMS, len(found)):
            found, waiting = _unique(np.concatenate([found, *waiting])), []
    found = _unique(np.concatenate([found, *waiting]))
    return found if len(found) <= min(most, MAX_ENTRIES) else None


def indexes(table: Numbers, values: Numbers) -> Numbers:
    """Where each of the values stands in a table that ascends and holds them all; for a stretch of values."""
    dtype = np.min_scalar_type(len(table) - 1).newbyteorder("<")
    if table[-1] <= _MOST_COUNTED:
        places = np.zeros(int(table[-1]) + 1, dtype)
        places[table] = np.arange(len(table))
        counted: Numbers = places[values]
        return counted
    order = np.argsort(values)
    ordered = values[order]
    is_new = _is_new(ordered)
    found = np.empty(len(values), dtype)
    found[order] = np.searchsorted(table, ordered[is_new])[np.cumsum(is_new) - 1]
    return found


def distinct_share(values: Numbers) -> float:
    """How many of the values are distinct, from 0 to 1.

    Of many values only those that a hash picks are compared: with a value it picks every repetition of it.
    """
    n, width = len(values), values.dtype.itemsize
    if n <= _BATCH_ITEMS or width not in _MULTIPLIERS:
        return len(_unique(values)) / n
    multiplier = values.dtype.type(_MULTIPLIERS[width])
    bound = values.dtype.type(1 << (8 * width - _ONE_IN_BITS))
    picked = np.concatenate([batch[batch * multiplier < bound] for batch in _batches(values)])
    return min(1.0, (len(_unique(picked)) << _ONE_IN_BITS) / n)


def _batches(values: Numbers) -> Iterator[Numbers]:
    for start in range(0, len(values), _BATCH_ITEMS):
        yield np.ascontiguousarray(values[start : start + _BATCH_ITEMS])


def _unique(values: Numbers) -> Numbers:
    ordered = np.sort(values)
    return ordered[_is_new(ordered)]


def _is_new(ordered: Numbers) -> npt.NDArray[np.bool_]:
    """Which of sorted values differ from the one before."""
    is_new = np.ones(len(ordered), np.bool_)
    np.not_equal(ordered[1:], ordered[:-1], out=is_new[1:])
    return is_new
