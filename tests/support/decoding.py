"""What a codec makes of some content, and what the second reader does: bytes, or None where they refuse it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from vitrify.container import zstd
from vitrify.errors import FormatError


def decoded(decode: Callable[[memoryview, memoryview], None], content: bytes, n_bytes: int) -> bytes | None:
    """The block of so many bytes that a frame with this content decodes to."""
    out = bytearray(n_bytes)
    try:
        decode(memoryview(zstd.frame([content], len(content), 1)), memoryview(out))
    except FormatError:
        return None
    return bytes(out)


def agreed(read: Callable[[bytes, int], Any], content: bytes, n_bytes: int) -> Any:
    """The same by the second reader."""
    try:
        return read(content, n_bytes)
    except ValueError:
        return None
