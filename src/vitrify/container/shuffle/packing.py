"""Items to planes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import numpy as np
from msgspec import Struct

from vitrify.container.shuffle.choosing import WORTH, Chooser
from vitrify.container.shuffle.items import Items
from vitrify.container.shuffle.layout import NUMBER_BYTES, STRETCH_ITEMS, Bytes, Field, Kind, folded, planes, unsigned
from vitrify.container.shuffle.splitting import Span, splits
from vitrify.container.shuffle.trial import Trial, distinct_share, sample

_MOST_DISTINCT: Final = 0.99


class Packed(Struct, frozen=True, kw_only=True):
    """Items before compression.

    Attributes:
        fields: How each field is stored.
        estimate: An estimate of the compressed size.
    """

    fields: tuple[Field, ...]
    estimate: float
    _items: Items

    @property
    def n_bytes(self) -> int:
        """The length of all parts."""
        n = len(self._items)
        n_bytes = 1 + 3 * len(self.fields)
        for field in self.fields:
            if field.kind == Kind.FOLLOWS:
                n_bytes += 1 + len(field.table) * field.width
            elif field.kind.has_entries:
                n_bytes += 8 + len(field.table) * field.width
                n_bytes += -(-n // 8) if field.has_flags else n * field.index_bytes
            else:
                n_bytes += n * field.width
        return n_bytes

    @property
    def has_repeats(self) -> bool:
        """Whether values come again; if they do so in the same order, zstd alone may find what no sample shows."""
        return len(self._items) > STRETCH_ITEMS and any(len(field.table) > 1 for field in self.fields)

    def parts(self) -> Iterator[Bytes]:
        """What `unpack` reads, piece by piece; each is best compressed for itself."""
        head = [len(self.fields)]
        for field in self.fields:
            head += [field.width & 255, field.width >> 8, field.kind]
        yield np.array(head, np.uint8)
        for field in self.fields:
            if field.kind.has_entries:
                yield np.array([len(field.table)], "<u8").view(np.uint8)
                yield from planes(np.diff(field.table, prepend=field.table.dtype.type(0)))
        for field in self.fields:
            if field.kind == Kind.FOLLOWS:
                yield np.array([field.follows], np.uint8)
                yield from planes(field.table)
        for start in range(0, len(self._items), STRETCH_ITEMS):
            yield from self._stretch(slice(start, start + STRETCH_ITEMS))

    def _stretch(self, here: slice) -> Iterator[Bytes]:
        items = self._items
        for field in self.fields:
            match field.kind:
                case Kind.PLANES:
                    yield from planes(items.values(field, here))
                case Kind.DIFFERENCES:
                    yield from planes(folded(items.values(field, here)))
                case Kind.DICTIONARY if field.has_flags:
                    yield np.packbits(items.indexes(field, here), bitorder="little")
                case Kind.DICTIONARY if field.index_bytes:
                    yield from planes(items.indexes(field, here))
                case Kind.DICTIONARY_DIFFERENCES:
                    yield from planes(folded(items.indexes(field, here)))


def pack(data: Bytes, dtype: np.dtype[Any]) -> Packed | None:
    """The items of a block, shape (n_bytes,) uint8; None where zstd alone would do as well."""
    item, row = splits(dtype)
    item_bytes = dtype.base.itemsize
    if not item or not len(data) or len(data) % item_bytes:
        return None
    trial = Trial()
    best = _packed(Items(data, item_bytes), item, trial)
    if row and len(data) % dtype.itemsize == 0:
        has_repeats = len(item) > 1 or _may_repeat(data, item_bytes)
        found = _packed(Items(data, dtype.itemsize), row, trial, has_repeats=has_repeats)
        if found.estimate < best.estimate * WORTH:
            best = found
    places = sample(len(data) // item_bytes, item_bytes)
    some = np.concatenate([data[here.start * item_bytes : here.stop * item_bytes] for here in places])
    plain = trial.stored_bytes(some) * len(data) / len(some)
    return best if best.estimate < plain * WORTH else None


def _may_repeat(data: Bytes, width: int) -> bool:
    """Whether there may be a column of a row whose values repeat."""
    return width not in NUMBER_BYTES or distinct_share(data.view(unsigned(width))) < _MOST_DISTINCT


def _packed(items: Items, spans: list[Span], trial: Trial, *, has_repeats: bool = True) -> Packed:
    choices = Chooser(items, trial, has_repeats=has_repeats).choose(spans)
    return Packed(
        fields=tuple(choice.field for choice in choices),
        estimate=sum(choice.n_bytes for choice in choices),
        _items=items,
    )
