"""The bytes of one column: where they lie, and how much of them belongs to each position."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from vitrify.graph.parsed import Parsed
from vitrify.graph.schema import Column, Mixed, Numbers, Strings
from vitrify.inspection.tables import Ints


@dataclass(frozen=True, slots=True)
class Run:
    """Bytes that lie together: among the cells or in a block, with their weight at each position of a column.

    Attributes:
        block: The number of the block, or None for cells.
        n_bytes: How many there are, decoded.
        weights: Gives the weight of each position, shape (k,); None if all weigh the same.
        positions: The positions, shape (k,); None for all.
    """

    block: int | None
    n_bytes: int
    weights: Callable[[], Ints] | None = None
    positions: Ints | None = None


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
            yield Run(column.block, column.n_bytes, _text_weights(parsed), positions)
        case Mixed():
            yield Run(column.block, parsed.n * int(column.width[1]), None, positions)
            for part, read, mine in zip(column.parts, parsed.parts, parsed.positions(), strict=True):
                yield from runs(part, read, mine if positions is None else positions[mine])


_OWN_WIDTH: Final = frozenset({"bool", "int", "float", "name", "ref"})


def _text_weights(parsed: Parsed) -> Callable[[], Ints] | None:
    texts = parsed.texts
    if parsed.of not in ("text", "bytes") or texts is None:
        return None
    return lambda: np.fromiter((len(text) + 1 for text in texts), np.int64, len(texts))
