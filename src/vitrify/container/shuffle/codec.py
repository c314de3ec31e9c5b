"""The codec `shuffle`: numbers and records, their bytes in another order, in one zstd frame (SPEC.md 4.7)."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt

from vitrify.container import zstd
from vitrify.container.codecs import Buffer
from vitrify.container.shuffle.layout import HEADER_BYTES
from vitrify.container.shuffle.packing import Packed, pack
from vitrify.container.shuffle.unpacking import unpack
from vitrify.errors import FormatError

_FAST: Final = 3
_STRONG: Final = 8
"""Planes hold few repetitions: between those two, zstd finds less than at its fastest."""

_NOISE: Final = 0.75
_LARGE: Final = 1 << 22
"""More effort takes minutes where most bytes have no pattern, and finds nothing."""


def encode(data: Buffer, dtype: np.dtype[Any], effort: int) -> bytes | None:
    """The stored form of items of a dtype, or None where plain zstd does as well, or is likely to."""
    packed = pack(np.frombuffer(data, np.uint8), dtype)
    if packed is None:
        return None
    best = _frame(packed, 1)
    if effort > _FAST and (len(data) <= _LARGE or len(best) <= len(data) * _NOISE):
        best = min(best, _frame(packed, min(effort, _STRONG)), key=len)
    if packed.has_repeats and len(zstd.frame([data], len(data), effort)) <= len(best):
        return None
    return best


def _frame(packed: Packed, effort: int) -> bytes:
    return zstd.frame((part.data for part in packed.parts()), packed.n_bytes, effort, apart=True)


def decode(stored: memoryview, out: memoryview) -> None:
    """Stream the frame, and put the bytes where they belong."""
    with zstd.reading(stored) as (content_bytes, fill):
        if content_bytes > 2 * len(out) + HEADER_BYTES:
            raise FormatError(f"shuffled items take {content_bytes} bytes, for a block of {len(out)}")
        left = content_bytes

        def take(n_bytes: int) -> npt.NDArray[np.uint8]:
            nonlocal left
            if n_bytes > left:
                raise FormatError("shuffled items end too early")
            left -= n_bytes
            taken = np.empty(n_bytes, np.uint8)
            fill(taken.data)
            return taken

        unpack(take, np.frombuffer(out, np.uint8))
        if left:
            raise FormatError("bytes after the end of shuffled items")
