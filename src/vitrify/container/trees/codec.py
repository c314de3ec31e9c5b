"""The codec `trees`: the nodes and values of decision trees, packed, in one zstd frame (SPEC.md 4.6)."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from vitrify.container import zstd
from vitrify.container.codecs import WORTH
from vitrify.container.trees.packing import pack
from vitrify.container.trees.places import Group
from vitrify.container.trees.unpacking import unpack


def encode(group: Group, data: npt.NDArray[np.uint8], effort: int) -> bytes | None:
    """The stored form of a group, shape (n_bytes,), or None where it would not be smaller."""
    packed = pack(data, group)
    if packed is None or (n_bytes := sum(map(len, packed))) > len(data):
        return None
    stored = zstd.frame(packed, n_bytes, effort, apart=True)
    return stored if len(stored) < len(data) * WORTH else None


def decode(stored: memoryview, out: memoryview) -> None:
    """Decode the frame, and fill `out` from what it holds."""
    unpack(zstd.content(stored, len(out), "packed trees"), np.frombuffer(out, np.uint8))
