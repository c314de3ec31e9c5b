"""Memory for blocks: neither zeroed, since it is written at once, nor in huge pages.

numpy asks for huge pages from 4 MiB on. Where physical memory is fragmented, the kernel then compacts it while the
block is first written, which was measured to take up to six times as long as reading the file. Plain pages do not, and
`malloc` hands those of a block that was freed to the next one.
"""

from __future__ import annotations

import ctypes
from typing import Any, Final

import numpy as np
import numpy.typing as npt

_HUGE_PAGES_FROM: Final = 1 << 22


def private_bytes(n_bytes: int) -> npt.NDArray[np.uint8]:
    """Writable memory that belongs to this process alone, shape (n_bytes,), with any contents."""
    make: Any = getattr(ctypes.pythonapi, "PyByteArray_FromStringAndSize", None)
    if n_bytes < _HUGE_PAGES_FROM or make is None:
        return np.empty(n_bytes, np.uint8)
    make.restype, make.argtypes = ctypes.py_object, (ctypes.c_char_p, ctypes.c_ssize_t)
    return np.frombuffer(make(None, n_bytes), np.uint8)
