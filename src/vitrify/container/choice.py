"""Which codec stores a block: what the bytes are says which may be worth trying (SPEC.md §4)."""

from __future__ import annotations

import numpy as np

from vitrify.container import zstd
from vitrify.container.codecs import SHUFFLE, WORDS, WORTH, ZSTD, Buffer, Codec, Items
from vitrify.container.shuffle import codec as shuffle
from vitrify.container.words import codec as words


def encode(data: Buffer, items: Items, effort: int) -> tuple[Codec, bytes] | None:
    """The smallest stored form of the bytes of a block, and what decodes it; None where they are best left raw.

    Args:
        data: The bytes.
        items: What they are.
        effort: 1-9, from fast to small.
    """
    if isinstance(items, np.dtype):
        shuffled = shuffle.encode(data, items, effort)
        if shuffled is not None and len(shuffled) < len(data) * WORTH:
            return SHUFFLE, shuffled
    if items == "lines" and (packed := words.encode(data, effort)) is not None and len(packed) < len(data) * WORTH:
        return WORDS, packed
    body = zstd.encode([data], len(data), effort)
    return None if body is None else (ZSTD, body)
