"""Block codecs: how the bytes of a block are stored (SPEC.md §4).

A codec has a name and a module, lossless to the bit. It may neither read nor write beyond the sizes that the header
declares, and it refuses anything that its own encoder would not have written. A module is imported when the first
block needs it: most files need none.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from importlib import import_module
from types import MappingProxyType
from typing import Any, Final, Protocol, cast

import numpy as np
from msgspec import Struct

Buffer = bytes | memoryview
Items = str | np.dtype[Any]
"""What the bytes of a block are: `lines` of text that are joined by NUL; the dtype of numbers or records, with a shape
for rows of them; or nothing that is known (empty)."""

RAW: Final = "raw"
WORTH: Final = 0.97
"""A block is encoded only if that leaves less of it than this share."""


class Decoder(Protocol):
    """The module of a codec."""

    def decode(self, stored: memoryview, out: memoryview) -> None:
        """Fill `out`, whose length is the declared size, from `stored`.

        Raises:
            FormatError: `stored` is not exactly one encoding of that many bytes.
        """


class Codec(Struct, frozen=True, kw_only=True):
    """How a block may be stored.

    Attributes:
        name: What the header calls it.
        module: The module with its functions `encode` and `decode`.
        memory: How much memory it takes to decode a block, the decoded bytes among it, for each of these.
        is_group: Whether what it decodes to is several pieces.
    """

    name: str
    module: str
    memory: int
    is_group: bool = False

    def decode(self, stored: memoryview, out: memoryview) -> None:
        """Fill `out` from `stored`; see `Decoder`."""
        found = sys.modules.get(self.module) or import_module(self.module)
        cast(Decoder, found).decode(stored, out)


def _registry(*codecs: Codec) -> Mapping[str, Codec]:
    by_name = {codec.name: codec for codec in codecs}
    if len(by_name) != len(codecs):
        raise ValueError("two block codecs share a name")
    return MappingProxyType(by_name)


ZSTD: Final = Codec(name="zstd", module="vitrify.container.zstd", memory=1)
TREES: Final = Codec(name="trees", module="vitrify.container.trees.codec", memory=4, is_group=True)
SHUFFLE: Final = Codec(name="shuffle", module="vitrify.container.shuffle.codec", memory=2)
WORDS: Final = Codec(name="words", module="vitrify.container.words.codec", memory=2)
VOCABULARY: Final = Codec(name="vocabulary", module="vitrify.container.words.vocabulary", memory=4, is_group=True)
SPARSE: Final = Codec(name="sparse", module="vitrify.container.sparse", memory=2)
CODECS: Final = _registry(ZSTD, TREES, SHUFFLE, WORDS, VOCABULARY, SPARSE)
