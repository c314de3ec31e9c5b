"""Which codec stores a block: what the bytes are says which may be worth trying (SPEC.md §4)."""

from __future__ import annotations

from typing import Any

import numpy as np

from vitrify.container.codecs import SHUFFLE, WORDS, WORTH, ZSTD, Codec

Buffer = bytes | memoryview
Items = str | np.dtype[Any]


def encode(data: Buffer, items: Items, effort: int) -> tuple[Codec, bytes] | None:
    """The smallest stored form of the bytes of a block, and what decodes it; None where they are best left raw.

    Args:
        data: The bytes.
        items: What they are: `lines` of text that are joined by NUL; the dtype of numbers or records, with a shape
            for rows of them; or nothing that is known (empty).
        effort: 1-9, from fast to small.
    """
    if isinstance(items, np.dtype):
        shuffled = SHUFFLE.encode(data, items, effort)
        if shuffled is not None and len(shuffled) < len(data) * WORTH:
            return SHUFFLE, shuffled
    if items == "lines" and (packed := WORDS.encode(data, effort)) is not None and len(packed) < len(data) * WORTH:
        return WORDS, packed
    body = ZSTD.encode([data], len(data), effort)
    return None if body is None else (ZSTD, body)
