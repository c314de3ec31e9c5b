"""Memory that ends where a loop must stop: a step beyond it is a crash, where otherwise it would go unseen.

Blocks from the heap are exact to the byte under AddressSanitizer, and unguarded without. Beside a page that may not be
touched blocks are exact everywhere, on one side: that of the page.
"""

from __future__ import annotations

import ctypes
import mmap
import os
from enum import Enum
from typing import Any

import numpy as np


class Place(Enum):
    """Where a copy lies."""

    HEAP = 0
    BEGIN = 1
    """Right behind a page that may not be touched."""
    END = 2
    """Right before one."""


def placed(array: Any, place: Place) -> Any:
    """A copy of a contiguous array in memory of its own, writable if the array is."""
    if place is Place.HEAP or os.name != "posix":
        copy = np.empty(array.shape, array.dtype)
    else:
        copy = _beside_a_page(array, place)
    _bytes(copy)[:] = _bytes(array)
    copy.flags.writeable = array.flags.writeable
    return copy


def _bytes(array: Any) -> Any:
    return array.reshape(-1).view(np.uint8) if array.size else np.empty(0, np.uint8)


def _beside_a_page(array: Any, place: Place) -> Any:
    inner = -(-max(array.nbytes, 1) // mmap.PAGESIZE) * mmap.PAGESIZE
    pages = mmap.mmap(-1, inner + 2 * mmap.PAGESIZE)
    begin = np.frombuffer(pages, np.uint8).ctypes.data
    for at in (begin, begin + mmap.PAGESIZE + inner):
        if ctypes.CDLL(None).mprotect(ctypes.c_void_p(at), ctypes.c_size_t(mmap.PAGESIZE), 0):
            raise OSError("a page cannot be guarded")
    offset = mmap.PAGESIZE + (inner - array.nbytes if place is Place.END else 0)
    return np.ndarray(array.shape, array.dtype, buffer=pages, offset=offset)
