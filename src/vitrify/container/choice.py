"""Which codec stores a block: what the bytes are says which may be worth trying (SPEC.md §4)."""

from __future__ import annotations

import numpy as np

from vitrify.container import sparse, zstd
from vitrify.container.codecs import SHUFFLE, SPARSE, WORDS, WORTH, ZSTD, Buffer, Codec, Items
from vitrify.container.shuffle import codec as shuffle
from vitrify.container.words import codec as words


def encode(data: Buffer, items: Items, effort: int) -> tuple[Codec, bytes] | None:
    """The smallest stored form of the bytes of a block, and what decodes it; None where they are best left raw.

    Args:
        data: The bytes.
        items: What they are.
        effort: 1-9, from fast to small.
    """
    tried: list[tuple[Codec, bytes | None]] = []
    thin: bytes | None = None
    if isinstance(items, np.dtype):
        thin = sparse.encode(data, items, effort)
        tried = [(SPARSE, thin), (SHUFFLE, shuffle.encode(data, items, effort))]
    elif items == "lines":
        tried = [(WORDS, words.encode(data, effort))]
    found = [(codec, packed) for codec, packed in tried if packed is not None and len(packed) < len(data) * WORTH]
    if not found or thin is not None:  # numbers that are nearly all the same may also come again in some order
        body = zstd.encode([data], len(data), effort)
        found += [] if body is None else [(ZSTD, body)]
    return min(found, key=lambda pair: len(pair[1]), default=None)
