"""The items of a block that is to be packed."""

from __future__ import annotations

import numpy as np

from vitrify.container.shuffle.layout import STRETCH_ITEMS, Bytes, Field, Numbers, strided
from vitrify.container.shuffle.trial import indexes


class Items:
    """Items where they lie, and where their fields stand in dictionaries.

    Attributes:
        all: Their bytes, shape (n, item_bytes).
    """

    def __init__(self, data: Bytes, item_bytes: int) -> None:
        self.all = data.reshape(-1, item_bytes)
        self._found: dict[int, Numbers] = {}

    def __len__(self) -> int:
        return len(self.all)

    def values(self, field: Field, here: slice) -> Numbers:
        """A field of some of them, shape (m,)."""
        return np.ascontiguousarray(strided(self.all[here], field.offset, field.width))

    def indexes(self, field: Field, here: slice) -> Numbers:
        """The indexes of some of them into the dictionary of a field, shape (m,); kept where there are few in all."""
        if len(self) > STRETCH_ITEMS:
            return indexes(field.table, self.values(field, here))
        if field.offset not in self._found:
            self._found[field.offset] = indexes(field.table, self.values(field, slice(None)))
        return self._found[field.offset][here]
