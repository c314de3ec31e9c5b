"""Block codecs: how the bytes of a block are stored (SPEC.md §4).

A codec is a small class with a name, lossless to the bit. It may neither read nor write beyond the sizes that the
header declares, and it refuses anything that its own encoder would not have written.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Protocol

import numpy as np
import numpy.typing as npt
import zstandard

from vitrify.container import trees
from vitrify.errors import FormatError


class Codec(Protocol):
    """Decodes the bytes of one block.

    Attributes:
        name: What the header calls it.
        is_group: Whether what it decodes to is several pieces.
    """

    name: str
    is_group: bool

    def decode(self, stored: memoryview, out: memoryview) -> None:
        """Fill `out`, whose length is the declared size, from `stored`.

        Raises:
            FormatError: `stored` is not exactly one encoding of that many bytes.
        """


class Zstd:
    """One zstd frame that carries its content size (RFC 8878)."""

    name = "zstd"
    is_group = False
    _LEVELS = (0, 1, 2, 3, 5, 7, 9, 12, 16, 19)
    _MAX_WINDOW = 1 << 27
    _WORTH = 0.97

    def encode(self, buffers: Sequence[bytes | memoryview], n_bytes: int, effort: int) -> bytes | None:
        """A frame at the zstd level for `effort` 1-9, or None if it saves less than 3 percent."""
        level = self._LEVELS[effort]
        compressor = zstandard.ZstdCompressor(level=level, write_content_size=True).compressobj(size=n_bytes)
        parts = [compressor.compress(buffer) for buffer in buffers]
        parts.append(compressor.flush())
        stored = b"".join(parts)
        return stored if len(stored) < n_bytes * self._WORTH else None

    def decode(self, stored: memoryview, out: memoryview) -> None:
        """Stream the frame into `out`; neither window nor content size is believed before it is checked."""
        try:
            frame = zstandard.get_frame_parameters(stored)
            if frame.content_size != len(out):
                raise FormatError(f"zstd frame holds {frame.content_size} bytes, the header says {len(out)}")
            if frame.window_size > self._MAX_WINDOW or frame.dict_id:
                raise FormatError("zstd frame asks for too large a window, or for a dictionary")
            if _frame_bytes(stored) != len(stored):
                raise FormatError("bytes after the end of a zstd frame")
            decoder = zstandard.ZstdDecompressor(max_window_size=self._MAX_WINDOW)
            with decoder.stream_reader(stored) as reader:
                done = 0
                while done < len(out):
                    n = reader.readinto(out[done:])
                    if n == 0:
                        raise FormatError(f"zstd frame ends after {done} of {len(out)} bytes")
                    done += n
                if reader.read(1):
                    raise FormatError("zstd frame holds more than the header says")
        except zstandard.ZstdError as error:
            raise FormatError(f"damaged zstd frame ({error})") from error


class Trees:
    """The nodes and values of decision trees: packed, in one zstd frame."""

    name = "trees"
    is_group = True

    def encode(self, group: trees.Group, data: npt.NDArray[np.uint8], effort: int) -> bytes | None:
        """The stored form of a group, shape (n_bytes,), or None where it would not be smaller."""
        packed = trees.pack(data, group)
        return None if packed is None or len(packed) > len(data) else ZSTD.encode([packed], len(packed), effort)

    def decode(self, stored: memoryview, out: memoryview) -> None:
        """Decode the frame, and fill `out` from what it holds."""
        try:
            n_bytes = zstandard.get_frame_parameters(stored).content_size
        except zstandard.ZstdError as error:
            raise FormatError(f"damaged zstd frame ({error})") from error
        if not 0 < n_bytes <= len(out):
            raise FormatError(f"packed trees of {n_bytes} bytes, for a group of {len(out)}")
        packed = np.empty(n_bytes, np.uint8)
        ZSTD.decode(stored, packed.data)
        trees.unpack(packed, np.frombuffer(out, np.uint8))


def _frame_bytes(stored: memoryview) -> int:
    """The length of the frame at the start of `stored`, found by walking its block headers (RFC 8878 §3.1.1)."""
    position = zstandard.frame_header_size(stored)
    has_checksum = zstandard.get_frame_parameters(stored).has_checksum
    while position + 3 <= len(stored):
        header = int.from_bytes(stored[position : position + 3], "little")
        is_last, kind, size = header & 1, header >> 1 & 3, header >> 3
        position += 3 + (1 if kind == 1 else size)
        if is_last:
            return position + (4 if has_checksum else 0)
    return -1


def _registry(*codecs: Codec) -> Mapping[str, Codec]:
    by_name = {codec.name: codec for codec in codecs}
    if len(by_name) != len(codecs):
        raise ValueError("two block codecs share a name")
    return MappingProxyType(by_name)


ZSTD = Zstd()
TREES = Trees()
CODECS = _registry(ZSTD, TREES)
RAW = "raw"
