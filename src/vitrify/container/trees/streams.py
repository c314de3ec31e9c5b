"""The columns of packed trees as bytes: modes, bits, and numbers in planes of bytes."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt

from vitrify.errors import FormatError

Bytes = npt.NDArray[np.uint8]
Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
PackedInts = tuple[int, int, Bytes]
DERIVED: Final = 0
STORED: Final = 1


class Streams:
    """The columns of a packed group, one after another: a byte of mode, and numbers in planes of bytes."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def mode(self, mode: int) -> None:
        """A byte that says how the next column is kept."""
        self._parts.append(bytes([mode]))

    def raw(self, data: Bytes) -> None:
        """Bytes whose number the reader knows."""
        self._parts.append(data.tobytes())

    def bits(self, flags: Flags) -> None:
        """One bit each, the first in the lowest bit."""
        self.raw(np.packbits(flags, bitorder="little"))

    def ints(self, values: Ints) -> None:
        """The width in bytes, then the numbers in zigzag order (0, -1, 1, -2 …), a plane for each of their bytes."""
        folded = ((values << 1) ^ (values >> 63)).view(np.uint64)
        top = int(folded.max(initial=0))
        width = next(size for size in (0, 1, 2, 4, 8) if top < 1 << (8 * size))
        self.mode(width)
        self.raw(_planes(folded.astype("<u8"), width))

    def floats(self, values: Floats) -> None:
        """Eight planes of bytes."""
        self.raw(_planes(np.ascontiguousarray(values, "<f8"), 8))

    def joined(self) -> bytes:
        """All of it."""
        return b"".join(self._parts)


class StreamReader:
    """Reads what `Streams` wrote; no number is believed further than the bytes that are there."""

    def __init__(self, data: Bytes) -> None:
        self._data = data
        self._position = 0

    def take(self, n: int) -> Bytes:
        """The next `n` bytes."""
        start = self._position
        if n > len(self._data) - start:
            raise FormatError("packed trees end too early")
        self._position = start + n
        return self._data[start : start + n]

    def mode(self, most: int) -> int:
        """The next byte, at most `most`."""
        mode = int(self.take(1)[0])
        if mode > most:
            raise FormatError(f"packed trees have a column of the unknown kind {mode}")
        return mode

    def bits(self, n: int) -> Bytes:
        """The next `n` bits, as they lie."""
        packed = self.take(-(-n // 8))
        if n % 8 and packed[-1] >> (n % 8):
            raise FormatError("packed trees have bits after the last")
        return packed

    def packed(self, n: int) -> PackedInts:
        """The next `n` integers, as they lie."""
        width = self.mode(8)
        if width not in (0, 1, 2, 4, 8):
            raise FormatError(f"packed trees have numbers of {width} bytes")
        return width, n, self.take(n * width)

    def ints(self, n: int) -> Ints:
        """The next `n` integers."""
        return integers(self.packed(n))

    def finish(self) -> None:
        """Raises FormatError unless all was read."""
        if self._position != len(self._data):
            raise FormatError("bytes after the end of packed trees")


def integers(packed: PackedInts) -> Ints:
    """The numbers that `Streams.ints` wrote."""
    width, n, planes = packed
    folded = _joined(planes, n, width)
    return (folded >> np.uint64(1)).view(np.int64) ^ -(folded & np.uint64(1)).view(np.int64)


def floats(planes: Bytes) -> Floats:
    """The numbers that `Streams.floats` wrote."""
    return _joined(planes, len(planes) // 8, 8).view(np.float64)


def flags(packed: Bytes, n: int) -> Flags:
    """The first `n` bits."""
    return np.unpackbits(packed, count=n, bitorder="little").view(np.bool_)


def _planes(values: npt.NDArray[Any], width: int) -> Bytes:
    """The lowest `width` bytes of each number, byte by byte: all the first bytes, then all the second."""
    return np.ascontiguousarray(values.view(np.uint8).reshape(-1, 8)[:, :width].T).reshape(-1)


def _joined(planes: Bytes, n: int, width: int) -> npt.NDArray[np.uint64]:
    joined = np.zeros((n, 8), np.uint8)
    joined[:, :width] = planes.reshape(width, n).T
    return joined.reshape(-1).view("<u8").astype(np.uint64, copy=False)
