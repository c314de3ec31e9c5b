"""The columns of packed trees as bytes: modes, bits, and numbers in planes of bytes."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from vitrify.errors import FormatError

Bytes = npt.NDArray[np.uint8]
Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
PackedInts = tuple[int, int, Bytes]
"""The width, how many, and the planes."""
PackedFloats = tuple[bool, Bytes]
"""Whether they lie in planes, and the bytes; others lie one after another."""
PackedNear = tuple[Bytes, Ints]
"""A bit for each number, 1 where its own bits are given; and these, or how far it is from what is expected."""
DERIVED: Final = 0
STORED: Final = 1
NEAR: Final = 2
NEAR_SHARES: Final = 3
NEAR_ENTROPY: Final = 4
_PLANES: Final = 0
_DICTIONARY: Final = 1
_LEAST_USES: Final = 1.5
_MOST_ENTRIES: Final = 1 << 32
_ALONE_BYTES: Final = 1 << 10


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

    def planes(self, values: npt.NDArray[np.uint64], width: int) -> None:
        """The lowest `width` bytes of each number, byte by byte: all the first bytes, then all the second."""
        data = values.astype("<u8", copy=False).view(np.uint8).reshape(-1, 8)
        self._parts += [data[:, i].tobytes() for i in range(width)]

    def bits(self, flags: Flags) -> None:
        """One bit each, the first in the lowest bit."""
        self.raw(np.packbits(flags, bitorder="little"))

    def ints(self, values: Ints) -> None:
        """The width in bytes, then the numbers in zigzag order (0, -1, 1, -2 …), a plane for each of their bytes."""
        folded = ((values << 1) ^ (values >> 63)).view(np.uint64)
        top = int(folded.max(initial=0))
        width = next(size for size in (0, 1, 2, 4, 8) if top < 1 << (8 * size))
        self.mode(width)
        self.planes(folded, width)

    def floats(self, values: Floats) -> None:
        """Eight planes of bytes; or, where most come again, a dictionary of their bits and the place of each in it."""
        numbers = np.ascontiguousarray(values, "<f8").view("<u8")
        ordered = np.sort(numbers)
        entries = ordered[_are_new(ordered)]
        if len(entries) * _LEAST_USES > len(numbers) or len(entries) > _MOST_ENTRIES or not len(numbers):
            self.mode(_PLANES)
            self.planes(numbers, 8)
            return
        self.mode(_DICTIONARY)
        self.ints(np.array([len(entries)], np.int64))
        self.planes(np.diff(entries, prepend=np.uint64(0)), 8)
        order = np.argsort(numbers)
        places = np.empty(len(numbers), np.uint64)
        places[order] = np.cumsum(_are_new(ordered)) - 1
        self.planes(places, _width_of(len(entries)))

    def near(self, values: Floats, is_given: Flags, apart: Ints) -> None:
        """Which numbers are given; how far the others are from what is expected of them; and those that are given."""
        self.bits(is_given)
        self.ints(apart[~is_given])
        self.floats(values[is_given])

    def parts(self) -> list[bytes]:
        """All of it, in parts that are best compressed each for itself."""
        found: list[bytes] = []
        few: list[bytes] = []
        for part in self._parts:
            if len(part) < _ALONE_BYTES:
                few.append(part)
                continue
            found += [b"".join(few), part]
            few = []
        return [part for part in [*found, b"".join(few)] if part]


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

    def floats(self, n: int) -> PackedFloats:
        """The next `n` floats, as they lie, or from their dictionary."""
        if self.mode(_DICTIONARY) == _PLANES:
            return True, self.take(8 * n)
        n_entries = int(self.ints(1)[0])
        if not 1 <= n_entries <= min(n, _MOST_ENTRIES):
            raise FormatError(f"packed trees have a dictionary of {n_entries} values for {n} numbers")
        entries = np.add.accumulate(_joined(self.take(8 * n_entries), n_entries, 8), dtype=np.uint64)
        if (entries[1:] <= entries[:-1]).any():
            raise FormatError("packed trees have a dictionary that does not ascend")
        width = _width_of(n_entries)
        places = _joined(self.take(n * width), n, width)
        if places.max() >= n_entries:
            raise FormatError("packed trees name a value that their dictionary does not have")
        is_used = np.zeros(n_entries, np.bool_)
        is_used[places] = True
        if not is_used.all():
            raise FormatError("packed trees do not use a value of their dictionary")
        return False, entries.astype("<u8", copy=False)[places].view(np.uint8)

    def near(self, n: int) -> PackedNear:
        """The next `n` numbers that are near what is expected of them, or are given."""
        bits = self.bits(n)
        is_given = flags(bits, n)
        n_given = int(np.count_nonzero(is_given))
        apart = np.empty(n, np.int64)
        apart[~is_given] = self.ints(n - n_given)
        apart[is_given] = floats(self.floats(n_given)).view(np.int64)
        return bits, apart

    def finish(self) -> None:
        """Raises FormatError unless all was read."""
        if self._position != len(self._data):
            raise FormatError("bytes after the end of packed trees")


def integers(packed: PackedInts) -> Ints:
    """The numbers that `Streams.ints` wrote."""
    width, n, planes = packed
    folded = _joined(planes, n, width)
    return (folded >> np.uint64(1)).view(np.int64) ^ -(folded & np.uint64(1)).view(np.int64)


def floats(packed: PackedFloats) -> Floats:
    """The numbers that `Streams.floats` wrote."""
    are_planes, data = packed
    return _joined(data, len(data) // 8, 8).view(np.float64) if are_planes else data.view("<f8")


def flags(packed: Bytes, n: int) -> Flags:
    """The first `n` bits."""
    return np.unpackbits(packed, count=n, bitorder="little").view(np.bool_)


def _are_new(ordered: npt.NDArray[np.uint64]) -> Flags:
    """Which numbers are not the one before."""
    found = np.ones(len(ordered), np.bool_)
    np.not_equal(ordered[1:], ordered[:-1], out=found[1:])
    return found


def _width_of(n_entries: int) -> int:
    """The bytes of the place of one of so many."""
    return next(width for width in (0, 1, 2, 4) if n_entries <= 1 << (8 * width))


def _joined(planes: Bytes, n: int, width: int) -> npt.NDArray[np.uint64]:
    joined = np.zeros((n, 8), np.uint8)
    joined[:, :width] = planes.reshape(width, n).T
    return joined.reshape(-1).view("<u8").astype(np.uint64, copy=False)
