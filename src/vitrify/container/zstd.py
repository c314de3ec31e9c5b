"""The codec `zstd`: one zstd frame that carries its content size (RFC 8878, SPEC.md 4.2)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Final

import numpy as np
import numpy.typing as npt
import zstandard

from vitrify.container.codecs import WORTH, Buffer
from vitrify.errors import FormatError

_LEVELS: Final = (0, 1, 2, 3, 5, 7, 9, 12, 16, 19)
_MAX_WINDOW: Final = 1 << 27


def encode(buffers: Sequence[Buffer], n_bytes: int, effort: int) -> bytes | None:
    """A frame at the zstd level for `effort` 1-9, or None if it saves less than 3 percent."""
    stored = frame(buffers, n_bytes, effort)
    return stored if len(stored) < n_bytes * WORTH else None


def frame(buffers: Iterable[Buffer], n_bytes: int, effort: int, *, apart: bool = False) -> bytes:
    """A frame of buffers with `n_bytes` in all; with `apart` none of them shares statistics with the next."""
    level = _LEVELS[effort]
    compressor = zstandard.ZstdCompressor(level=level, write_content_size=True).compressobj(size=n_bytes)
    parts: list[bytes] = []
    for buffer in buffers:
        parts.append(compressor.compress(buffer))
        if apart:
            parts.append(compressor.flush(zstandard.COMPRESSOBJ_FLUSH_BLOCK))
    parts.append(compressor.flush())
    return b"".join(parts)


def decode(stored: memoryview, out: memoryview) -> None:
    """Stream the frame into `out`; neither window nor content size is believed before it is checked."""
    with reading(stored) as (content_bytes, fill):
        if content_bytes != len(out):
            raise FormatError(f"zstd frame holds {content_bytes} bytes, the header says {len(out)}")
        fill(out)


def content(stored: memoryview, most_bytes: int, what: str) -> npt.NDArray[np.uint8]:
    """What a frame holds, shape (n_bytes,), if it is something and no more than `most_bytes`."""
    with reading(stored) as (content_bytes, fill):
        if not 0 < content_bytes <= most_bytes:
            raise FormatError(f"{what} of {content_bytes} bytes, for a block of {most_bytes}")
        found = np.empty(content_bytes, np.uint8)
        fill(found.data)
    return found


@contextmanager
def reading(stored: memoryview) -> Iterator[tuple[int, Callable[[memoryview], None]]]:
    """What a frame says of its content size, and what fills memory with the next of its content, all in all."""
    try:
        header = zstandard.get_frame_parameters(stored)
        if header.window_size > _MAX_WINDOW or header.dict_id:
            raise FormatError("zstd frame asks for too large a window, or for a dictionary")
        if _frame_bytes(stored) != len(stored):
            raise FormatError("bytes after the end of a zstd frame")
        decoder = zstandard.ZstdDecompressor(max_window_size=_MAX_WINDOW)
        with decoder.stream_reader(stored) as reader:

            def fill(out: memoryview) -> None:
                done = 0
                while done < len(out):
                    n = reader.readinto(out[done:])
                    if n == 0:
                        raise FormatError(f"zstd frame ends after {done} of {len(out)} bytes")
                    done += n

            yield header.content_size, fill
            if reader.read(1):
                raise FormatError("zstd frame holds more than the header says")
    except zstandard.ZstdError as error:
        raise FormatError(f"damaged zstd frame ({error})") from error


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
