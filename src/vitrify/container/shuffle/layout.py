"""What reader and writer of shuffled items share: fields, their kinds, and how numbers become planes."""

from __future__ import annotations

from enum import IntEnum
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from msgspec import Struct

Bytes = npt.NDArray[np.uint8]
Numbers = npt.NDArray[Any]

MAX_FIELDS: Final = 255
MAX_FIELD_BYTES: Final = 65535
MAX_ENTRIES: Final = 1 << 32
STRETCH_ITEMS: Final = 1 << 16
NUMBER_BYTES: Final = frozenset({1, 2, 4, 8})
HEADER_BYTES: Final = 4096
_FLAG_ENTRIES: Final = 2


class Kind(IntEnum):
    """How a field is stored."""

    PLANES = 0
    DIFFERENCES = 1
    DICTIONARY = 2
    DICTIONARY_DIFFERENCES = 3
    FOLLOWS = 4

    @property
    def has_entries(self) -> bool:
        """Whether there are indexes of a dictionary."""
        return self in (Kind.DICTIONARY, Kind.DICTIONARY_DIFFERENCES)


class Field(Struct, frozen=True, kw_only=True):
    """A part of each item.

    Attributes:
        offset: Where it begins in the item.
        width: Its bytes.
        kind: How it is stored.
        table: The entries of its dictionary, shape (k,), ascending; or its value for each entry of the dictionary of
            the field that it follows, shape (k,); empty for other kinds.
        follows: The number of the field that it follows, if that is its kind.
    """

    offset: int
    width: int
    kind: Kind
    table: Numbers
    follows: int = 0

    @property
    def has_flags(self) -> bool:
        """Whether indexes are bits."""
        return len(self.table) == _FLAG_ENTRIES

    @property
    def index_bytes(self) -> int:
        """The bytes of an index into the dictionary, if it is not a bit."""
        top = len(self.table) - 1
        return next(size for size in (0, 1, 2, 4) if top < 1 << (8 * size))


def unsigned(width: int) -> np.dtype[Any]:
    """The dtype of numbers of so many bytes; of plain bytes where there are no such numbers."""
    return np.dtype(f"<u{width}" if width in NUMBER_BYTES else f"V{width}")


def strided(items: Bytes, offset: int, width: int) -> Numbers:
    """A field of all items, where they lie; `items` has the shape (n, item_bytes)."""
    n, item_bytes = items.shape
    return np.ndarray((n,), unsigned(width), items, offset, (item_bytes,))


def planes(values: Numbers) -> Bytes:
    """The first bytes of all values, then the second …, shape (width, n)."""
    width = values.dtype.itemsize
    return np.ascontiguousarray(np.ascontiguousarray(values).view(np.uint8).reshape(-1, width).T)


def folded(values: Numbers) -> Numbers:
    """The differences between neighbours, the first from 0, in zigzag order: 0, -1, 1, -2 and so on."""
    width = values.dtype.itemsize
    apart = values.copy()
    apart[1:] -= values[:-1]
    sign = apart.view(f"<i{width}") >> (8 * width - 1)
    found: Numbers = (apart << np.array(1, apart.dtype)) ^ sign.view(apart.dtype)
    return found


def unfolded(numbers: Numbers) -> Numbers:
    """The values whose differences `folded` gave."""
    one = np.array(1, numbers.dtype)
    apart = (numbers >> one) ^ (np.array(0, numbers.dtype) - (numbers & one))
    return np.add.accumulate(apart, dtype=numbers.dtype)
