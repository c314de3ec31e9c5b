"""The codec `vocabulary`: the keys and values of dicts that number them, in one zstd frame (SPEC.md 4.9).

The words come in the order of their numbers, and the numbers beside them.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from vitrify.container import zstd
from vitrify.container.words.framing import best_form, framed
from vitrify.container.words.packing import Dicts, pack, pack_vocabulary
from vitrify.container.words.unpacking import unpack_vocabulary


def encode(dicts: Dicts, data: npt.NDArray[np.uint8], effort: int) -> bytes | None:
    """The stored form of a group, or None where it is none or plain zstd is likely to do as well."""
    found = pack_vocabulary(data, dicts)
    if found is None:
        return None
    values, by_value, keys = found
    form = best_form(by_value, keys, effort)
    packed = None if form is None else pack(by_value, form)
    return None if packed is None else framed([*values, *packed], data, unpack_vocabulary, effort)


def decode(stored: memoryview, out: memoryview) -> None:
    """Decode the frame, and fill `out` from what it holds."""
    unpack_vocabulary(zstd.content(stored, len(out), "packed words"), np.frombuffer(out, np.uint8))
