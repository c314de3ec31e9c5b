"""Memory for blocks: neither zeroed, since it is written at once, nor in huge pages.

numpy asks for huge pages from 4 MiB on. Where physical memory is fragmented, the kernel then compacts it while the
block is first written, which was measured to take up to six times as long as reading the file. Plain pages do not, and
`malloc` hands those of a block that was freed to the next one.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from typing import Any, Final

import numpy as np
import numpy.typing as npt

Memory = Callable[[int], npt.NDArray[np.uint8]]
"""Gives writable memory of so many bytes, shape (n_bytes,), that nothing else uses."""

_HUGE_PAGES_FROM: Final = 1 << 22
_ALIGNMENT: Final = 64


def private_bytes(n_bytes: int) -> npt.NDArray[np.uint8]:
    """Writable memory that belongs to this process alone, shape (n_bytes,), with any contents."""
    make: Any = getattr(ctypes.pythonapi, "PyByteArray_FromStringAndSize", None)
    if n_bytes < _HUGE_PAGES_FROM or make is None:
        return np.empty(n_bytes, np.uint8)
    make.restype, make.argtypes = ctypes.py_object, (ctypes.c_char_p, ctypes.c_ssize_t)
    return np.frombuffer(make(None, n_bytes), np.uint8)


class Scratch:
    """Memory for blocks that somebody copies soon: what nothing refers to any more is handed out again.

    The system zeroes each page of new memory, which takes as long as reading the file.
    """

    def __init__(self, n_bytes: int) -> None:
        self._n_bytes = max(1, n_bytes)
        self._parts: list[bytearray] = []

    def fresh(self) -> Memory:
        """Memory of `n_bytes` in all, piece by piece; what is more comes from elsewhere."""
        whole: npt.NDArray[np.uint8] | None = None
        position = 0

        def take(n_bytes: int) -> npt.NDArray[np.uint8]:
            nonlocal whole, position
            start = position
            position += n_bytes + -n_bytes % _ALIGNMENT
            if start + n_bytes > self._n_bytes:
                return private_bytes(n_bytes)
            if whole is None:
                whole = np.frombuffer(self._unused(), np.uint8)
            return whole[start : start + n_bytes]

        return take

    def _unused(self) -> bytearray:
        """A part without any reference, which Python does not let change its length while there is one."""
        for part in self._parts:
            try:
                part.pop()
            except BufferError:
                continue
            part.append(0)
            return part
        self._parts.append(bytearray(self._n_bytes))
        return self._parts[-1]
