"""Which codec stores a block: what the bytes are says which may be worth trying (SPEC.md §4)."""

from __future__ import annotations

from vitrify.container.codecs import ZSTD, Codec

Buffer = bytes | memoryview


def encode(data: Buffer, items: str, effort: int) -> tuple[Codec, bytes] | None:
    """The smallest stored form of the bytes of a block, and what decodes it; None where they are best left raw.

    Args:
        data: The bytes.
        items: What they are: `lines` of text that are joined by NUL, numbers or records as numpy writes their dtype
            (`<f8`, `|V64`), or nothing that is known (empty).
        effort: 1-9, from fast to small.
    """
    body = ZSTD.encode([data], len(data), effort)
    return None if body is None else (ZSTD, body)
