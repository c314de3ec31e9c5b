"""The keys and the values of dicts: words, and the numbers of the words."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from itertools import accumulate, pairwise

from vitrify.container.codecs import VOCABULARY
from vitrify.container.words import vocabulary
from vitrify.container.words.packing import Dicts
from vitrify.container.writer import Group, Piece
from vitrify.graph.drafts import Draft
from vitrify.graph.schema import Column, Mixed, Numbers, Strings, Table


def vocabulary_groups(drafts: Sequence[Draft], tables: Sequence[Table], pieces: Sequence[Piece]) -> list[Group]:
    """The groups for the tables of dicts; whether their values number their keys is seen when they are encoded.

    Args:
        drafts: All tables, as they were found.
        tables: The same, as they are stored.
        pieces: All pieces.
    """
    found = [_group(draft, table, pieces) for draft, table in zip(drafts, tables, strict=True)]
    return [group for group in found if group is not None]


def _group(draft: Draft, table: Table, pieces: Sequence[Piece]) -> Group | None:
    keys = table.columns.get("keys")
    if table.layout != "pairs" or not isinstance(keys, Strings) or keys.of != "lines" or keys.block is None:
        return None
    lengths = draft.lengths or []
    found = _integers(table.columns["values"])
    if found is None or found.block is None:
        return None
    counts = lengths
    if found is not table.columns["values"]:
        kinds = list(map(type, draft.columns["values"]))
        counts = [kinds[begin:end].count(int) for begin, end in pairwise(accumulate(lengths, initial=0))]
    dicts = Dicts(n_key_bytes=pieces[keys.block].n_bytes, value_bytes=int(found.width[1:]), keys=lengths, values=counts)
    encode = partial(vocabulary.encode, dicts)
    return Group(name="$vocabulary", numbers=(keys.block, found.block), codec=VOCABULARY, encode=encode)


def _integers(column: Column) -> Numbers | None:
    """What holds the integers of a column, all of them."""
    parts = column.parts if isinstance(column, Mixed) else (column,)
    found = [part for part in parts if isinstance(part, Numbers) and part.of == "int"]
    is_all = len(found) == 1 and not any(isinstance(part, Strings) and part.of == "bigint" for part in parts)
    return found[0] if is_all else None
