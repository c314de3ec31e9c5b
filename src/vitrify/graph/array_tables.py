"""Tables of arrays: what stands in for a shape on the way out, and how single arrays are read on the way in.

Arrays get their tables only when all of them are known, because those that share memory are views of one buffer.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from vitrify.container.writer import Piece
from vitrify.graph.arrays import Array, order_of, plain_bytes
from vitrify.graph.containers import Columns, Lengths
from vitrify.graph.dtypes import SAFETENSORS, require_values
from vitrify.graph.rows import Rows
from vitrify.graph.schema import CELL_LIMIT_BYTES, Dtype

Bytes = npt.NDArray[np.uint8]
ARRAY_TYPE: Final = "numpy.ndarray"
_SCALAR_TYPES: Final = frozenset({type(None), bool, int, float, str})


class ObjectArrayShape:
    """Arrays of objects: their items are a column like a list's.

    On the way in, `lengths` are the shapes of the arrays.
    """

    type_id = ARRAY_TYPE
    layout = "object_arrays"
    is_made = False
    needs_complete = False

    def __init__(self, ndim: int, order: str) -> None:
        self.ndim = ndim
        self.order = order

    def take(self, objects: Sequence[Any]) -> tuple[Lengths, Columns]:
        """Sizes, and all items in the array's order."""
        items: list[Any] = []
        for array in objects:
            items += array.ravel(self.order).tolist()
        return [array.size for array in objects], {"items": items}

    def check(self, rows: Rows) -> None:
        """Any items make an object array."""

    def make(self, n: int, lengths: Any, columns: Columns) -> list[Any]:
        """Empty arrays."""
        return [np.empty(shape, object, order=self.order) for shape in lengths]  # type: ignore[call-overload]  # C or F

    def fill(self, objects: list[Any], lengths: Any, columns: Columns) -> None:
        """Put the items in; what numpy could take for a nested array goes one by one."""
        items = columns["items"]
        is_plain = set(map(type, items)) <= _SCALAR_TYPES
        start = 0
        for target in objects:
            flat = target.reshape(-1, order=self.order)
            if is_plain:
                flat[:] = items[start : start + target.size]
            else:
                for i in range(target.size):
                    flat[i] = items[start + i]
            start += target.size


class ArrayMark:
    """Stands where other tables have a shape."""

    type_id = ARRAY_TYPE
    is_made = True
    needs_complete = False

    def __init__(self, layout: str, dtype: np.dtype[Any], ndim: int, order: str) -> None:
        self.layout = layout
        self.dtype = dtype
        self.ndim = ndim
        self.order = order

    def take(self, objects: Sequence[Any]) -> tuple[Lengths, Columns]:
        """Arrays hold no objects."""
        return None, {}

    def check(self, rows: Rows) -> None:
        """Arrays are checked as they are parsed."""

    def make(self, n: int, lengths: Lengths, columns: Columns) -> list[Any]:
        """Arrays are read, not made."""
        return []

    def fill(self, objects: list[Any], lengths: Lengths, columns: Columns) -> None:
        """Arrays are read whole."""


def array_piece(array: Array, name: str, dtype: Dtype) -> Piece:
    """The block of a big array: Fortran-ordered ones transposed, dtypes that safetensors lacks as bytes."""
    order = order_of(array)
    code, shape = safetensors_form(array.shape, dtype, array.dtype.itemsize, order)
    return Piece(
        name=name + (".T" if order == "F" else ""), dtype=code, shape=shape, buffers=lambda: [plain_bytes(array)]
    )


def safetensors_form(shape: tuple[int, ...], dtype: Dtype, itemsize: int, order: str) -> tuple[str, tuple[int, ...]]:
    """The dtype and shape that the block of an array has in the safetensors header."""
    code = SAFETENSORS.get(dtype) if isinstance(dtype, str) else None
    stored = shape[::-1] if order == "F" else shape
    return ("U8", (*stored, itemsize)) if code is None else (code, stored)


class ArrayReads:
    """Reads single arrays of a table.

    Attributes:
        sizes: The bytes of each array, shape (n,) int64.
        is_lazy: Which arrays are read only when the object that uses them is made, or None for no such.
    """

    def __init__(
        self,
        *,
        shapes: Sequence[tuple[int, ...]],
        dtype: np.dtype[Any],
        order: str,
        blocks: Sequence[int],
        joined: Bytes,
        read_block: Callable[[int, np.dtype[Any]], Bytes],
        is_lazy: npt.NDArray[np.bool_] | None,
    ) -> None:
        self._counts = [prod(shape) for shape in shapes]
        self.sizes = np.array(self._counts, np.int64) * dtype.itemsize
        self.is_lazy = is_lazy
        self._is_big = self.sizes >= CELL_LIMIT_BYTES
        self._block_of = np.cumsum(self._is_big) - 1
        small = np.where(self._is_big, 0, self.sizes)
        self._starts = np.cumsum(small) - small
        self._blocks, self._joined, self._read_block = blocks, joined, read_block
        self._shapes, self._dtype, self._order = shapes, dtype, order
        self._has_bad_values = dtype.kind in "bUV"

    def __call__(self, row: int) -> Array:
        """The array of a row; small ones are copied, so that each has memory of its own."""
        if self._is_big[row]:
            data = self._read_block(self._blocks[self._block_of[row]], self._dtype)
        else:
            start = int(self._starts[row])
            data = self._joined[start : start + int(self.sizes[row])].copy()
        flat: Array = data.view(self._dtype) if self._dtype.itemsize else np.zeros(self._counts[row], self._dtype)
        if self._has_bad_values:
            require_values(flat)
        shape = self._shapes[row]
        return flat.reshape(shape) if self._order == "C" else flat.reshape(shape[::-1]).T
