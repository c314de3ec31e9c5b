"""Tables of arrays on the way in: plain ones, those with gaps between their elements, and views of a buffer."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from vitrify.errors import FormatError
from vitrify.graph.arrays import Array, from_buffer, span_bytes, spread
from vitrify.graph.dtypes import require_values
from vitrify.graph.parse import ParsedGraph
from vitrify.graph.schema import CELL_LIMIT_BYTES

Bytes = npt.NDArray[np.uint8]
Flags = npt.NDArray[np.bool_]
_MAPPABLE: Final = frozenset("fc")


class ArrayReads:
    """Reads single arrays of a table.

    Attributes:
        sizes: The bytes of each array, shape (n,) int64.
    """

    def __init__(
        self,
        *,
        shapes: Sequence[tuple[int, ...]],
        sizes: npt.NDArray[np.int64],
        dtype: np.dtype[Any],
        order: Any,
        blocks: Sequence[int],
        joined: Bytes,
        read_block: Callable[[int, np.dtype[Any]], Bytes],
    ) -> None:
        self.sizes = sizes
        is_big = sizes >= CELL_LIMIT_BYTES
        self._block_of = dict(zip(np.flatnonzero(is_big).tolist(), blocks, strict=True))
        small = np.where(is_big, 0, sizes)
        self._ends, self._sizes = np.cumsum(small).tolist(), small.tolist()
        self._memory, self._read_block = joined.data, read_block
        self._shapes, self._dtype, self._order = shapes, dtype, order
        if len(joined) and dtype.itemsize:
            require_values(joined[: self._ends[-1]].view(dtype))

    def __call__(self, row: int) -> Array:
        """The array of a row, in memory of its own."""
        dtype, shape, size = self._dtype, self._shapes[row], self._sizes[row]
        if size:
            end = self._ends[row]
            return np.ndarray(shape, dtype, bytearray(self._memory[end - size : end]), order=self._order)
        number = self._block_of.get(row)
        if number is None:
            return np.zeros(shape, dtype, order=self._order)
        flat: Array = self._read_block(number, dtype).view(dtype)
        require_values(flat)
        return flat.reshape(shape) if self._order == "C" else flat.reshape(shape[::-1]).T


class ArrayTables:
    """The arrays of a whole graph, table by table.

    Args:
        graph: The graph.
        mmap: Whether to map big blocks of floats.
        reads: Takes, for each table that was asked for, what reads its single arrays.
    """

    def __init__(self, graph: ParsedGraph, *, mmap: bool, reads: dict[int, ArrayReads]) -> None:
        self._reads = reads
        self._graph = graph
        self._mmap = mmap

    def read(self, number: int, later: Flags | None) -> list[Any]:
        """The arrays of a table; None where `later`, shape (n,), says that somebody reads them later.

        Raises:
            FormatError: Their bytes are not values of their dtype, or lie where they cannot.
        """
        parsed = self._graph.tables[number]
        spec = parsed.table.arrays
        assert spec is not None
        assert parsed.dtype is not None
        if parsed.table.layout == "views":
            return self._views(number, parsed.dtype)
        assert parsed.joined is not None
        reads = self._reads[number] = ArrayReads(
            shapes=parsed.shapes,
            sizes=parsed.sizes,
            dtype=parsed.dtype,
            order=spec.order,
            blocks=spec.blocks,
            joined=parsed.joined,
            read_block=self._block,
        )
        if later is None:
            arrays: list[Any] = list(map(reads, range(parsed.table.rows)))
        else:
            arrays = [None if is_later else reads(row) for row, is_later in enumerate(later.tolist())]
        return arrays if parsed.table.layout == "arrays" else self._spaced(number, arrays)

    def _spaced(self, number: int, arrays: list[Any]) -> list[Any]:
        """Arrays with the gaps between elements that they had."""
        spec = self._graph.tables[number].table.arrays
        if spec is None or spec.order != "C":
            raise FormatError("arrays with gaps have no order but C")
        strides = list(zip(*self._strides(number), strict=True))
        for array, steps in zip(arrays, strides, strict=True):
            self._graph.file.spend(span_bytes(array.shape, steps, array.dtype.itemsize), "an array with gaps")
        try:
            return [spread(array, steps) for array, steps in zip(arrays, strides, strict=True)]
        except ValueError as error:
            raise FormatError(str(error)) from error

    def _strides(self, number: int) -> list[list[int]]:
        rows = self._graph.rows(number)
        spec = self._graph.tables[number].table.arrays
        assert spec is not None
        return [rows.integers(f"stride{axis}").tolist() for axis in range(len(spec.shape))]

    def _block(self, number: int, dtype: np.dtype[Any]) -> Bytes:
        if self._mmap and dtype.kind in _MAPPABLE:
            mapped = self._graph.file.map(number)
            if mapped is not None:
                return mapped
        return self._graph.file.piece(number)

    def _views(self, number: int, dtype: np.dtype[Any]) -> list[Any]:
        tables: Mapping[int, Any] | Sequence[Any] = self._graph.tables
        parsed = tables[number]
        if parsed.table.arrays.order != "C":
            raise FormatError("views have no order but C")
        if any(tables[child].table.layout != "arrays" for child, _, _ in parsed.columns["buffer"].refs()):
            raise FormatError("the buffer of a view must be a plain array")
        rows = self._graph.rows(number)
        buffers = rows.arrays("buffer")
        places = [rows.integers("offset").tolist(), *self._strides(number)]
        views: list[Any] = []
        for shape, buffer, offset, *strides in zip(parsed.shapes, buffers, *places, strict=True):
            try:
                views.append(from_buffer(buffer, offset, shape, tuple(strides), dtype))
                require_values(views[-1])
            except ValueError as error:
                raise FormatError(str(error)) from error
        return views
