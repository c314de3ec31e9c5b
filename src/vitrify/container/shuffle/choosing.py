"""How each field of an item is stored: in the way that a trial on a sample finds smallest."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Final

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from vitrify.container.shuffle.items import Items
from vitrify.container.shuffle.layout import NUMBER_BYTES, STRETCH_ITEMS, Field, Kind, Numbers, planes, strided
from vitrify.container.shuffle.splitting import Span
from vitrify.container.shuffle.trial import Trial, entries, sample

WORTH: Final = 0.98
_LEAST_FOLLOWER_BYTES: Final = 256
_MAX_FOLLOWER_WIDTH: Final = 64
_ITEMS_PER_LEADING_ENTRY: Final = 4
_FIRST_ITEMS: Final = 1 << 10
_NONE: Final = np.empty(0, np.uint8)


class Choice(Struct, frozen=True, kw_only=True):
    """A field, and an estimate of its compressed size.

    Attributes:
        field: It.
        n_bytes: The estimate.
    """

    field: Field
    n_bytes: float


class Chooser:
    """Chooses for the fields of some items."""

    def __init__(self, items: Items, trial: Trial, *, has_repeats: bool = True) -> None:
        self._items = items
        self._trial = trial
        self._has_repeats = has_repeats
        self._places = sample(len(items), items.all.shape[1])
        self._scale = len(items) / sum(here.stop - here.start for here in self._places)

    def choose(self, spans: Sequence[Span]) -> list[Choice]:
        """One for each field."""
        return self._following([self._choice(span) for span in spans])

    def _sampled(self, take: Callable[[Field, slice], Numbers], field: Field) -> Numbers:
        return np.concatenate([take(field, here) for here in self._places])

    def _choice(self, span: Span) -> Choice:
        """A field on its own."""
        offset, width = span
        field = Field(offset=offset, width=width, kind=Kind.PLANES, table=_NONE)
        few = self._sampled(self._items.values, field)
        if width not in NUMBER_BYTES:
            return Choice(field=field, n_bytes=self._scale * self._trial.stored_bytes(planes(few)))
        n_bytes, is_apart = self._trial.best_of_two(few)
        field = replace(field, kind=Kind.DIFFERENCES if is_apart else Kind.PLANES)
        best = Choice(field=field, n_bytes=self._scale * n_bytes)
        table = entries(strided(self._items.all, offset, width)) if self._has_repeats else None
        if table is not None and (other := self._dictionary(field, table)).n_bytes < best.n_bytes:
            return other
        return best

    def _dictionary(self, field: Field, table: Numbers) -> Choice:
        field = replace(field, kind=Kind.DICTIONARY, table=table)
        n_bytes: float = self._trial.planes_bytes(np.diff(table, prepend=table.dtype.type(0)))
        few = self._sampled(self._items.indexes, field)
        if field.has_flags:
            n_bytes += self._scale * self._trial.stored_bytes(np.packbits(few))
        elif field.index_bytes:
            more, is_apart = self._trial.best_of_two(few)
            n_bytes += self._scale * more
            field = replace(field, kind=Kind.DICTIONARY_DIFFERENCES if is_apart else Kind.DICTIONARY)
        return Choice(field=field, n_bytes=n_bytes)

    def _following(self, choices: Sequence[Choice]) -> list[Choice]:
        """The choices, where a field that is the same wherever another has the same value is left out."""
        found = list(choices)
        is_followed: set[int] = set()
        for leader in sorted(range(len(choices)), key=lambda i: len(choices[i].field.table)):
            field = found[leader].field
            if not field.kind.has_entries or not 1 < len(field.table) <= len(self._items) // _ITEMS_PER_LEADING_ENTRY:
                continue
            others = {
                i: choice.field
                for i, choice in enumerate(found)
                if i not in is_followed | {leader}
                and choice.n_bytes >= _LEAST_FOLLOWER_BYTES
                and choice.field.width <= _MAX_FOLLOWER_WIDTH
            }
            for i, table in self._tables(field, others).items():
                n_bytes = self._trial.stored_bytes(planes(table))
                if n_bytes < found[i].n_bytes * WORTH:
                    follower = replace(others[i], kind=Kind.FOLLOWS, table=table, follows=leader)
                    found[i] = Choice(field=follower, n_bytes=n_bytes)
                    is_followed.add(leader)
        return found

    def _tables(self, leader: Field, others: dict[int, Field]) -> dict[int, Numbers]:
        """The values of fields for each entry of a dictionary, shape (k,); without fields that have several."""
        n = len(self._items)
        is_known = np.zeros(len(leader.table), np.bool_)
        tables: dict[int, Numbers] = {}
        edges = [0, *range(min(n, _FIRST_ITEMS), n, STRETCH_ITEMS), n]
        for start, end in pairwise(edges):
            here = slice(start, end)
            entry = self._items.indexes(leader, here)
            is_new = ~is_known[entry]
            for i, field in others.items() if start == 0 else [(i, others[i]) for i in tables]:
                values = self._items.values(field, here)
                table = tables.setdefault(i, np.zeros(len(leader.table), values.dtype))
                table[entry[is_new]] = values[is_new]
                if not np.array_equal(table[entry], values):
                    del tables[i]
            is_known[entry] = True
            if not tables:
                break
        return tables
