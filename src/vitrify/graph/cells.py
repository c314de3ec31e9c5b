"""Where the bytes of columns and arrays lie: small ones one after another in `$cells`, big ones in a block each.

Cells are taken in the order of the graph, each at a multiple of 8, so they need no addresses; nothing may be left
over, and every numbered block must be used exactly once.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from vitrify.container.codecs import RAW, Items
from vitrify.container.layout import CELLS
from vitrify.container.reader import Bytes, GlassFile
from vitrify.container.writer import Piece
from vitrify.errors import FormatError
from vitrify.graph.schema import CELL_LIMIT_BYTES

_ALIGN = 8


class CellWriter:
    """Collects cells and pieces in the order in which columns are encoded."""

    def __init__(self) -> None:
        self.pool = bytearray()
        self.pieces: list[Piece] = []

    def put(self, data: bytes | memoryview, name: str, items: Items = "") -> int | None:
        """Store `data`; the number of its block, or None if it lies among the cells. `items` as in `Piece`."""
        n_bytes = len(data)
        if n_bytes < CELL_LIMIT_BYTES:
            self.pool += data
            self.pool += bytes(-n_bytes % _ALIGN)
            return None
        return self.add(Piece(name=name, dtype="U8", shape=(n_bytes,), data=lambda: data, items=items))

    def add(self, piece: Piece) -> int:
        """Give a piece its number."""
        self.pieces.append(piece)
        return len(self.pieces) - 1


class CellReader:
    """Hands out cells and pieces in the order of the graph, and sees to it that all are used once."""

    def __init__(self, file: GlassFile) -> None:
        self.file = file
        self._pool: Bytes = file.reserved(CELLS)
        self._position = 0
        self._n_used = 0

    def take(self, n_bytes: int, block: int | None) -> Bytes:
        """The next `n_bytes`, from the block named or from the cells; shape (n_bytes,) uint8, private memory.

        Raises:
            FormatError: There are not so many, or they lie where they should not.
        """
        if n_bytes < CELL_LIMIT_BYTES:
            if block is not None:
                raise FormatError(f"{n_bytes} bytes in a block of their own, fewer than {CELL_LIMIT_BYTES}")
            start = self._position
            self._position = start + n_bytes + -n_bytes % _ALIGN
            if self._position > len(self._pool):
                raise FormatError("the graph needs more cells than the file has")
            if any(self._pool.data[start + n_bytes : self._position]):
                raise FormatError("cells are not padded with zeros")
            return self._pool[start : start + n_bytes]
        if block is None:
            raise FormatError(f"{n_bytes} bytes among the cells, {CELL_LIMIT_BYTES} or more need a block")
        self.claim(block, n_bytes)
        return self.file.piece(block)

    def claim(self, block: int, n_bytes: int, dtype: str = "U8", shape: tuple[int, ...] | None = None) -> None:
        """Say that block `block` is used, has that many bytes, and shows itself to safetensors as it will be used.

        Raises:
            FormatError: It is not the next one, or has another size, dtype or shape.
        """
        found = self.file.block(block)
        if found.n_bytes != n_bytes or block != self._n_used:
            raise FormatError(
                f"piece {block} has {found.n_bytes} bytes; the graph needs piece {self._n_used}, {n_bytes} bytes"
            )
        expected = (dtype, (n_bytes,) if shape is None else shape)
        if found.stored.codec == RAW and (found.dtype, found.shape) != expected:
            raise FormatError(
                f"piece {block} is {found.dtype} {found.shape}, the graph uses it as {expected[0]} {expected[1]}"
            )
        self._n_used += 1

    def numbers(self, n: int, width: str, block: int | None) -> npt.NDArray[np.generic]:
        """`n` little-endian numbers of a width such as `u4`, shape (n,)."""
        if width not in _WIDTHS:
            raise FormatError(f"unknown width {width[:20]!r} of a column")
        return self.take(n * int(width[1]), block).view("<" + width)

    def finish(self) -> None:
        """Raises FormatError unless every cell and every block was used."""
        if self._position != len(self._pool):
            raise FormatError("the file has cells that the graph does not use")
        if self._n_used != self.file.n_pieces:
            raise FormatError("the file has blocks that the graph does not use")


_WIDTHS = frozenset({"i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f8"})


def smallest_signed(low: int, high: int) -> str:
    """The narrowest signed width that holds both."""
    for size in (1, 2, 4):
        bound = 1 << (8 * size - 1)
        if -bound <= low and high < bound:
            return f"i{size}"
    return "i8"


def smallest_unsigned(high: int) -> str:
    """The narrowest unsigned width that holds `high`."""
    for size in (1, 2, 4):
        if high < 1 << (8 * size):
            return f"u{size}"
    return "u8"
