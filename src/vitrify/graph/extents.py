"""How many bytes each array of a table takes, and where they lie: in a block of its own, or joined with others.

Most tables hold a few arrays, for which Python's ints are faster than numpy's machinery; some hold many thousands.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from math import prod
from typing import Final

import numpy as np
import numpy.typing as npt
from msgspec import Struct

from vitrify.errors import FormatError
from vitrify.graph.schema import CELL_LIMIT_BYTES

Ints = npt.NDArray[np.int64]
Shapes = Sequence[tuple[int, ...]]
_FEW: Final = 48
_MAX_SIZE: Final = 2.0**60


class Extents(Struct, frozen=True):
    """The sizes of the arrays of a table in bytes.

    Attributes:
        sizes: Those of all, shape (n,).
        big: The rows of arrays that have a block of their own.
        joined: For each row the bytes that it has among those that are joined.
        ends: For each row where these end.
    """

    sizes: Ints
    big: Sequence[int]
    joined: Sequence[int]
    ends: Sequence[int]

    @classmethod
    def of(cls, sizes: Ints) -> Extents:
        """Where arrays of these sizes lie."""
        if len(sizes) <= _FEW:
            plain = sizes.tolist()
            big = [row for row, size in enumerate(plain) if size >= CELL_LIMIT_BYTES]
            joined = [size if size < CELL_LIMIT_BYTES else 0 for size in plain]
            return cls(sizes, big, joined, list(accumulate(joined)))
        is_big = sizes >= CELL_LIMIT_BYTES
        small = np.where(is_big, 0, sizes)
        return cls(sizes, np.flatnonzero(is_big).tolist(), small.tolist(), np.cumsum(small).tolist())

    @property
    def joined_bytes(self) -> int:
        """The bytes of all arrays that are joined."""
        return self.ends[-1] if self.ends else 0


def products(shapes: Shapes, dims: Sequence[Ints], itemsize: int = 1) -> Ints:
    """The size of each array, shape (n,), from the shapes or, what is the same, from each dimension of all.

    Raises:
        FormatError: One, or the sum of all, is beyond what any file can hold.
    """
    if len(shapes) <= _FEW:
        sizes = [itemsize * prod(shape) for shape in shapes]
        _require_possible(sum(size or _bound(shape, itemsize) for size, shape in zip(sizes, shapes, strict=True)))
        return np.array(sizes, np.int64)
    if not dims:
        return np.full(len(shapes), itemsize, np.int64)
    table = np.array([*dims, np.full(len(shapes), itemsize, np.int64)])
    _require_possible(np.maximum(table, 1).prod(axis=0, dtype=np.float64).sum())
    exact: Ints = table.prod(axis=0)
    return exact


def _bound(shape: tuple[int, ...], itemsize: int) -> int:
    """The size without its zeros: numpy refuses (0, 2**47, 2**47), too."""
    return max(itemsize, 1) * prod(dim or 1 for dim in shape)


def _require_possible(total: float) -> None:
    if total >= _MAX_SIZE:
        raise FormatError("impossible shape of an array")
