"""The bytes of one column: where they lie, and how much of them belongs to each position."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from vitrify.graph.columns import Parsed
from vitrify.graph.schema import Column, Mixed, Numbers, Strings
from vitrify.inspection.tables import Ints


@dataclass(frozen=True, slots=True)
class Run:
    """Bytes that lie together: among the cells or in a block, with their weight at each position of a column.

    Attributes:
        block: The number of the block, or None for cells.
        n_bytes: How many there are, decoded.
        texts: The texts or byte strings that the bytes are, one a position; None if all positions weigh the same.
        positions: The positions, shape (k,); None for all.
    """

    block: int | None
    n_bytes: int
    texts: Sequence[object] | None
    positions: Ints | None

    def weights(self) -> Ints | None:
        """The weight of each position, shape (k,); None if all weigh the same."""
        if self.texts is None:
            return None
        return np.fromiter((len(text) + 1 for text in self.texts), np.int64, len(self.texts))  # type: ignore[arg-type]  # texts


def runs(column: Column, parsed: Parsed, positions: Ints | None = None) -> Iterator[Run]:
    """The bytes of one column."""
    match column:
        case Numbers():
            item_bytes = (
                parsed.numbers.dtype.itemsize if parsed.of not in _OWN_WIDTH and parsed.numbers is not None else 0
            )
            yield Run(column.block, parsed.n * (item_bytes or int(column.width[1])), None, positions)
        case Strings():
            if column.lengths is not None or column.width:
                yield Run(column.lengths, parsed.n * int(column.width[1]), None, positions)
            yield Run(column.block, column.n_bytes, parsed.texts if parsed.of in ("text", "bytes") else None, positions)
        case Mixed():
            yield Run(column.block, parsed.n * int(column.width[1]), None, positions)
            for code, part in enumerate(column.parts):
                mine = np.flatnonzero(parsed.numbers == code)
                yield from runs(part, parsed.parts[code], mine if positions is None else positions[mine])


_OWN_WIDTH: Final = frozenset({"bool", "int", "float", "name", "ref"})
