"""The codec `words`: lines, each without what it shares with the one before, in one zstd frame (SPEC.md 4.8)."""

from __future__ import annotations

import numpy as np

from vitrify.container import zstd
from vitrify.container.codecs import Buffer
from vitrify.container.words.framing import best_form, framed
from vitrify.container.words.packing import Lines, pack
from vitrify.container.words.unpacking import unpack


def encode(data: Buffer, effort: int) -> bytes | None:
    """The stored form of lines, or None where plain zstd is likely to do as well."""
    plain = np.frombuffer(data, np.uint8)
    lines = Lines.of(plain)
    form = best_form(lines, lines, effort)
    return None if form is None else framed(pack(lines, form), plain, unpack, effort)


def decode(stored: memoryview, out: memoryview) -> None:
    """Decode the frame, and fill `out` from what it holds."""
    unpack(zstd.content(stored, len(out), "packed words"), np.frombuffer(out, np.uint8))
