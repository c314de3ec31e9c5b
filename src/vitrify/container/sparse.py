"""The codec `sparse`: numbers most of which are the same, as the places of the others and these (SPEC.md 4.11).

Masks, coefficients that a penalty made zero, stored training data of ones and zeros.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from vitrify.container import zstd
from vitrify.container.codecs import Buffer
from vitrify.container.shuffle.layout import NUMBER_BYTES, Bytes, Numbers, planes, unsigned
from vitrify.errors import FormatError

_WHAT: Final = "sparse numbers"
_HEAD_BYTES: Final = 1 + 8 + 1
"""The width of the numbers, how many are others, and the width of the gaps between these."""

_MOST_OTHERS: Final = 2
"""One number in so many may be another."""

_SAMPLES: Final = 4
_SAMPLE_ITEMS: Final = 256
_STRETCH_ITEMS: Final = 1 << 16


def encode(data: Buffer, dtype: np.dtype[Any], effort: int) -> bytes | None:
    """The stored form of numbers of a dtype, or None where no number makes up half of them."""
    width = _width(dtype)
    if not width or not len(data) or len(data) % width:
        return None
    numbers = np.frombuffer(data, unsigned(width))
    common = _common(numbers)
    if common is None:
        return None
    places = np.flatnonzero(numbers != common)
    if not 0 < len(places) <= len(numbers) // _MOST_OTHERS:
        return None
    parts = list(_parts(numbers, common, places))
    n_bytes = sum(len(part) for part in parts)
    if n_bytes > len(data):
        return None
    return min((zstd.frame(parts, n_bytes, level, apart=True) for level in (1, effort)), key=len)


def _width(dtype: np.dtype[Any]) -> int:
    """The bytes of a number; 0 where there are none, or several."""
    dtype = dtype.base
    width = dtype.itemsize // 2 if dtype.kind == "c" else dtype.itemsize
    return width if dtype.kind in "biufcmM" and width in NUMBER_BYTES else 0


def _common(numbers: Numbers) -> Numbers | None:
    """What half of some of the numbers are, or more, shape (1,)."""
    starts = np.linspace(0, max(0, len(numbers) - _SAMPLE_ITEMS), _SAMPLES).astype(np.intp).tolist()
    found, counts = np.unique(
        np.concatenate([numbers[start : start + _SAMPLE_ITEMS] for start in starts]), return_counts=True
    )
    best = int(counts.argmax())
    return found[best : best + 1] if counts[best] * _MOST_OTHERS >= counts.sum() else None


def _parts(numbers: Numbers, common: Numbers, places: npt.NDArray[np.intp]) -> Iterator[memoryview]:
    """What `decode` reads, piece by piece; each is best compressed for itself."""
    gaps = np.diff(places, prepend=-1) - 1
    gap_bytes = _fewest(int(gaps.max()))
    yield memoryview(_head(common, len(places), gap_bytes))
    for plane in (*planes(gaps.astype(unsigned(gap_bytes))), *planes(numbers[places])):
        yield plane.data


def _head(common: Numbers, n_others: int, gap_bytes: int) -> bytes:
    return bytes([common.itemsize]) + common.tobytes() + n_others.to_bytes(8, "little") + bytes([gap_bytes])


def _fewest(number: int) -> int:
    """The fewest bytes that hold a number, as a width of numbers."""
    return next(width for width in sorted(NUMBER_BYTES) if number < 1 << 8 * width)


def decode(stored: memoryview, out: memoryview) -> None:
    """Fill `out` with the one number, and then put the others where they belong, a stretch of them at a time."""
    content = zstd.content(stored, len(out), _WHAT)
    width = int(content[0])
    if width not in NUMBER_BYTES or len(out) % width:
        raise FormatError(f"{_WHAT} of {width} bytes, for a block of {len(out)}")
    if len(content) < _HEAD_BYTES + width:
        raise FormatError(f"{_WHAT} end too early")
    numbers = np.frombuffer(out, unsigned(width))
    common = content[1 : 1 + width].view(unsigned(width))
    n_others = int.from_bytes(content[1 + width : 9 + width].tobytes(), "little")
    gap_bytes = int(content[9 + width])
    if not 0 < n_others <= len(numbers) // _MOST_OTHERS:
        raise FormatError(f"{n_others} others among {len(numbers)} {_WHAT}")
    if gap_bytes not in NUMBER_BYTES or len(content) != _HEAD_BYTES + width + n_others * (gap_bytes + width):
        raise FormatError(f"{len(content)} bytes of {_WHAT}, {n_others} of which are others with gaps of {gap_bytes}")
    rest = content[_HEAD_BYTES + width :]
    gaps, others = rest[: n_others * gap_bytes].reshape(gap_bytes, -1), rest[n_others * gap_bytes :].reshape(width, -1)
    numbers[:] = common
    begin = largest = 0
    for start in range(0, n_others, _STRETCH_ITEMS):
        here = slice(start, start + _STRETCH_ITEMS)
        some = _joined(gaps[:, here])
        if some.max() >= len(numbers):  # before they are added up
            raise FormatError(f"{_WHAT} leave the block")
        largest = max(largest, int(some.max()))
        places = np.cumsum(some.astype(np.int64) + 1) + (begin - 1)
        begin = int(places[-1]) + 1
        if begin > len(numbers):
            raise FormatError(f"{_WHAT} leave the block")
        values = _joined(others[:, here])
        if (values == common).any():
            raise FormatError(f"{_WHAT} have the one number among the others")
        numbers[places] = values
    if _fewest(largest) != gap_bytes:
        raise FormatError(f"gaps of {_WHAT} in more bytes than they need")


def _joined(planes: Bytes) -> Numbers:
    """The numbers whose planes these are, shape (n,), from the shape (width, n)."""
    return np.ascontiguousarray(planes.T).view(unsigned(len(planes))).reshape(-1)
