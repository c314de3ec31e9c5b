"""Tables of arrays on the way in: plain ones, those with gaps between their elements, and views of a buffer."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final
from weakref import proxy

import numpy as np
import numpy.typing as npt

from vitrify.container.memory import Memory
from vitrify.errors import FormatError
from vitrify.graph.arrays import Array, from_buffer, span_bytes, spread
from vitrify.graph.dtypes import require_values
from vitrify.graph.extents import Extents
from vitrify.graph.parse import ParsedGraph

Bytes = npt.NDArray[np.uint8]
Flags = npt.NDArray[np.bool_]
ReadBlocks = Callable[[Sequence[int], np.dtype[Any], Memory | None], list[Bytes]]
"""Gives the bytes of blocks of a dtype: each in memory of its own, or all of them in some of the memory it is given."""
_MAPPABLE: Final = frozenset("fc")
_MIN_NUMPY_DIMS: Final = 32
"""How many dimensions every numpy can give an array; a stack of arrays has one more than each."""


class ArrayReads:
    """Reads single arrays of a table.

    Attributes:
        sizes: The bytes of each array, shape (n,) int64.
    """

    def __init__(
        self,
        *,
        shapes: Sequence[tuple[int, ...]],
        extents: Extents,
        dtype: np.dtype[Any],
        order: Any,
        blocks: Sequence[int],
        joined: Bytes,
        read_blocks: ReadBlocks,
    ) -> None:
        self.sizes = extents.sizes
        self._block_of = dict(zip(extents.big, blocks, strict=True))
        self._ends, self._sizes = extents.ends, extents.joined
        self._cells, self._read_blocks = joined.data, read_blocks
        self._shapes, self._dtype, self._order = shapes, dtype, order
        self._stack: Array | None = None
        self._are_plain = order == "C" and (all(extents.joined) or not (blocks or dtype.itemsize == 0))
        if len(joined) and dtype.itemsize:
            flat = joined[: self._ends[-1]].view(dtype)
            require_values(flat)
            is_stackable = self._are_plain and dtype.fields is None and 0 < len(shapes[0]) < _MIN_NUMPY_DIMS
            if is_stackable and shapes.count(shapes[0]) == len(shapes):
                self._stack = flat.reshape(len(shapes), *shapes[0])

    def __call__(self, row: int) -> Array:
        """The array of a row, in memory of its own."""
        return self._several([row], None)[0]

    def _several(self, rows: Sequence[int], scratch: Memory | None) -> list[Array]:
        block_of = self._block_of
        data = iter(self._read_blocks([block_of[row] for row in rows if row in block_of], self._dtype, scratch))
        return [self._big(row, next(data)) if row in block_of else self._small(row) for row in rows]

    def _small(self, row: int) -> Array:
        dtype, shape, size = self._dtype, self._shapes[row], self._sizes[row]
        if size:
            end = self._ends[row]
            return np.ndarray(shape, dtype, bytearray(self._cells[end - size : end]), order=self._order)
        return np.ndarray(shape, dtype, order=self._order)  # of items of no bytes, zeros() would make longer ones

    def _big(self, row: int, data: Bytes) -> Array:
        flat: Array = data.view(self._dtype)
        require_values(flat)
        shape = self._shapes[row]
        return flat.reshape(shape) if self._order == "C" else flat.reshape(shape[::-1]).T

    def some(self, rows: Sequence[int], scratch: Memory | None = None) -> list[Array]:
        """The arrays of several rows, each in memory of its own, or those of blocks together in some of `scratch`."""
        if self._stack is not None:
            stack = self._stack
            return [stack[row].copy() for row in rows]
        if not self._are_plain:
            return self._several(rows, scratch)
        array, dtype, shapes, cells = np.ndarray, self._dtype, self._shapes, self._cells
        ends, sizes = self._ends, self._sizes
        if not len(cells):
            return [array(shapes[row], dtype) for row in rows]
        return [array(shapes[row], dtype, bytearray(cells[ends[row] - sizes[row] : ends[row]])) for row in rows]


class ArrayTables:
    """The arrays of a whole graph, table by table.

    Args:
        graph: The graph.
        mmap: Whether to map big blocks of floats.
        reads: Takes, for each table that was asked for, what reads its single arrays.
    """

    def __init__(self, graph: ParsedGraph, *, mmap: bool, reads: dict[int, ArrayReads]) -> None:
        self._reads = reads
        self._graph: ParsedGraph = proxy(graph)  # which has `reads`, and these lead here
        self._mmap = mmap
        self._ready: dict[int, Bytes] = {}

    def fetch(self, numbers: Iterable[int], later: Mapping[int, Flags]) -> None:
        """Read the blocks of whole tables before `read` takes them, all of them side by side.

        Args:
            numbers: The tables.
            later: For some of them, which rows somebody reads later, each of shape (n,).
        """
        wanted: list[int] = []
        for number in numbers:
            parsed = self._graph.tables[number]
            spec = parsed.table.arrays
            if spec is None or parsed.extents is None or (parsed.dtype is not None and self._is_mapped(parsed.dtype)):
                continue
            if number in later:
                is_now = ~later[number][np.array(parsed.extents.big, np.int64)]
                wanted += np.array(spec.blocks, np.int64)[is_now].tolist()
            else:
                wanted += spec.blocks
        self._ready = dict(zip(wanted, self._graph.file.pieces(wanted), strict=True))

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
        assert parsed.extents is not None
        assert parsed.joined is not None
        reads = self._reads[number] = ArrayReads(
            shapes=parsed.shapes,
            extents=parsed.extents,
            dtype=parsed.dtype,
            order=spec.order,
            blocks=spec.blocks,
            joined=parsed.joined,
            read_blocks=self._blocks,
        )
        if later is None:
            arrays: list[Any] = reads.some(range(parsed.table.rows))
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
        if number in self._ready:
            return self._ready.pop(number)
        mapped = self._graph.file.map(number) if self._is_mapped(dtype) else None
        return self._graph.file.piece(number) if mapped is None else mapped

    def _blocks(self, numbers: Sequence[int], dtype: np.dtype[Any], scratch: Memory | None) -> list[Bytes]:
        if scratch is None or self._is_mapped(dtype):
            return [self._block(number, dtype) for number in numbers]
        return self._graph.file.stretch(numbers, scratch)

    def _is_mapped(self, dtype: np.dtype[Any]) -> bool:
        return self._mmap and dtype.kind in _MAPPABLE

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
