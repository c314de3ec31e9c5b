"""Memory for big blocks.

numpy asks for huge pages from 4 MiB on. Where physical memory is fragmented, the kernel then compacts it while the
block is first written, which was measured to take six times as long as reading the file; plain pages do not.
"""

from __future__ import annotations

import mmap
from typing import Any, Final

import numpy as np
import numpy.typing as npt

_FROM_BYTES: Final = 1 << 25


def private_bytes(n_bytes: int) -> npt.NDArray[np.uint8]:
    """Writable memory that belongs to this process alone, shape (n_bytes,), with any contents."""
    flags = getattr(mmap, "MAP_PRIVATE", 0) | getattr(mmap, "MAP_ANONYMOUS", 0)
    if n_bytes < _FROM_BYTES or not flags:
        return np.empty(n_bytes, np.uint8)
    mapped: Any = mmap.mmap(-1, n_bytes, flags=flags)
    return np.frombuffer(mapped, np.uint8)
