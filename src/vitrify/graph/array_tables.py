"""Tables of arrays: what stands in for a shape, and the blocks of big ones.

Arrays get their tables only when all of them are known, because those that share memory are views of one buffer.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from vitrify.container.writer import Piece
from vitrify.graph.arrays import Array, order_of, plain_bytes
from vitrify.graph.containers import Columns, Lengths
from vitrify.graph.dtypes import SAFETENSORS
from vitrify.graph.rows import Rows
from vitrify.graph.schema import Dtype

ARRAY_TYPE: Final = "numpy.ndarray"


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
        """Put the items in, each as it is: also what could pass for an array within the array."""
        items, end = columns["items"], 0
        for target in objects:
            start, end = end, end + target.size
            its_own = items if target.size == len(items) else items[start:end]
            if self.ndim == 1 and its_own:
                # What numpy does for pickles of its own, in a third of the time. Nothing has a view of the array yet.
                target.__setstate__((target.shape, target.dtype, False, its_own))
            else:
                target.reshape(-1, order=self.order)[:] = np.fromiter(its_own, object, target.size)


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


class ArrayBytes:
    """Gives the elements of an array as `plain_bytes`; where they lie so already, they are looked at only once."""

    def __init__(self, array: Array) -> None:
        self._array = array
        self._found: memoryview | None = None

    def __call__(self) -> memoryview:
        """Flat, unsigned bytes."""
        if self._found is not None:
            return self._found
        found = plain_bytes(self._array)
        if np.may_share_memory(found, self._array):
            self._found = found
        return found


def array_piece(array: Array, name: str, dtype: Dtype) -> Piece:
    """The block of a big array: Fortran-ordered ones transposed, dtypes that safetensors lacks as bytes."""
    order = order_of(array)
    code, shape = safetensors_form(array.shape, dtype, array.dtype.itemsize, order)
    return Piece(
        name=name + (".T" if order == "F" else ""),
        dtype=code,
        shape=shape,
        data=ArrayBytes(array),
        items=np.dtype((array.dtype, shape[array.ndim - 1 : array.ndim])) if array.ndim > 1 else array.dtype,
    )


def safetensors_form(shape: tuple[int, ...], dtype: Dtype, itemsize: int, order: str) -> tuple[str, tuple[int, ...]]:
    """The dtype and shape that the block of an array has in the safetensors header."""
    code = SAFETENSORS.get(dtype) if isinstance(dtype, str) else None
    stored = shape[::-1] if order == "F" else shape
    return ("U8", (*stored, itemsize)) if code is None else (code, stored)
