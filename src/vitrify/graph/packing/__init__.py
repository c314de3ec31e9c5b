"""Which pieces are stored together: what lies in one follows in part from what lies in the others."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from vitrify.container.writer import Group, Piece
from vitrify.graph.drafts import Draft
from vitrify.graph.packing.trees import Places, tree_groups
from vitrify.graph.packing.vocabularies import vocabulary_groups
from vitrify.graph.schema import Table

Packer = Callable[[Sequence[Draft], Places, Sequence[Piece]], list[Group]]
_PACKERS: Final[Mapping[str, Packer]] = {"trees": tree_groups}


def groups(
    drafts: Sequence[Draft],
    tables: Sequence[Table],
    packed: Mapping[str, Sequence[Draft]],
    places: Places,
    pieces: Sequence[Piece],
) -> list[Group]:
    """Which pieces are stored together.

    Args:
        drafts: All tables of a graph.
        tables: The same as they are written.
        packed: For each codec the tables whose converters ask for it.
        places: For arrays by `id` the number of the piece, and the offset in it.
        pieces: All pieces.
    """
    found = [group for codec, some in packed.items() for group in _PACKERS[codec](some, places, pieces)]
    return found + vocabulary_groups(drafts, tables, pieces)
