"""What reader and writer of packed words share."""

from __future__ import annotations

from enum import IntEnum
from typing import Final

import numpy as np
import numpy.typing as npt

Bytes = npt.NDArray[np.uint8]
Ints = npt.NDArray[np.int64]

MOST_SHARED: Final = 255
"""A byte says how much is shared, and in columns how long a word is."""

MAX_VOCABULARY_BYTES: Final = 2**31 - 1
_BATCH_BYTES: Final = 1 << 20


class Form(IntEnum):
    """How the rests of words are stored: one after another, or byte by byte, those of all words together."""

    LINES = 0
    COLUMNS = 1


def number_bytes(most: int) -> int:
    """The bytes of a number from 0 to `most`, none for 0 alone."""
    return -(-most.bit_length() // 8)


def gathered(data: Bytes, starts: Ints, sizes: Ints) -> Bytes:
    """The bytes of stretches, one after another; none is empty."""
    ends = np.cumsum(sizes)
    begins = ends - sizes
    found = np.empty(int(ends[-1]), np.uint8)
    for begin in range(0, len(found), _BATCH_BYTES):
        end = min(begin + _BATCH_BYTES, len(found))
        first, last = np.searchsorted(ends, [begin, end - 1], side="right").tolist()
        mine = slice(first, last + 1)
        counts = np.minimum(ends[mine], end) - np.maximum(begins[mine], begin)
        found[begin:end] = data[np.repeat(starts[mine] - begins[mine], counts) + np.arange(begin, end)]
    return found
