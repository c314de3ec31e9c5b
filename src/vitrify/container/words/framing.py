"""From words that are packed to a frame: in which form they take least, and whether it is worth it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
import numpy.typing as npt

from vitrify.container import zstd
from vitrify.container.words.forms import Form
from vitrify.container.words.packing import Lines, pack

Bytes = npt.NDArray[np.uint8]
_CLEARLY: Final = 0.9


def best_form(lines: Lines, otherwise: Lines, effort: int) -> Form | None:
    """The form in which a sample takes least; None unless one of `otherwise`, as it is, takes clearly more."""
    part, plain = lines.sample(), otherwise.sample()
    if part is None or plain is None:
        return None
    sizes: dict[Form, int] = {}
    for form in Form:
        packed = pack(part, form)
        if packed is not None:
            sizes[form] = len(_frame(packed, effort))
    best = min(sizes, key=sizes.__getitem__)
    return best if sizes[best] < _CLEARLY * len(_frame([plain.joined().tobytes()], effort)) else None


def framed(
    packed: list[bytes] | None, data: Bytes, unpack: Callable[[Bytes, Bytes], None], effort: int
) -> bytes | None:
    """The frame of what `data` was packed to; None if that is larger, or does not give these very bytes back."""
    if packed is None or sum(map(len, packed)) > len(data):
        return None
    again = np.empty_like(data)
    unpack(np.frombuffer(b"".join(packed), np.uint8), again)
    return _frame(packed, effort) if np.array_equal(again, data) else None


def _frame(packed: list[bytes], effort: int) -> bytes:
    """A frame, at more effort than others: what is left of words is little."""
    return zstd.frame(packed, sum(map(len, packed)), min(9, effort + 2), apart=True)
