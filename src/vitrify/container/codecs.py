"""Block codecs: how the bytes of a block are stored (SPEC.md §4).

A codec is a small class with a name, lossless to the bit. It may neither read nor write beyond the sizes that the
header declares, and it refuses anything that its own encoder would not have written.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import MappingProxyType
from typing import Any, Final, Protocol

import numpy as np
import numpy.typing as npt
import zstandard

from vitrify.container import shuffle, trees, words
from vitrify.errors import FormatError

Buffer = bytes | memoryview
WORTH: Final = 0.97
"""A block is encoded only if that leaves less of it than this share."""


class Codec(Protocol):
    """Decodes the bytes of one block.

    Attributes:
        name: What the header calls it.
        is_group: Whether what it decodes to is several pieces.
        memory: How much memory it takes to decode a block, the decoded bytes among it, for each of these.
    """

    name: str
    is_group: bool
    memory: int

    def decode(self, stored: memoryview, out: memoryview) -> None:
        """Fill `out`, whose length is the declared size, from `stored`.

        Raises:
            FormatError: `stored` is not exactly one encoding of that many bytes.
        """


class Zstd:
    """One zstd frame that carries its content size (RFC 8878)."""

    name = "zstd"
    is_group = False
    memory = 1
    _LEVELS = (0, 1, 2, 3, 5, 7, 9, 12, 16, 19)
    _MAX_WINDOW = 1 << 27

    def encode(self, buffers: Sequence[bytes | memoryview], n_bytes: int, effort: int) -> bytes | None:
        """A frame at the zstd level for `effort` 1-9, or None if it saves less than 3 percent."""
        stored = self.frame(buffers, n_bytes, effort)
        return stored if len(stored) < n_bytes * WORTH else None

    def frame(self, buffers: Iterable[Buffer], n_bytes: int, effort: int, *, apart: bool = False) -> bytes:
        """A frame of buffers with `n_bytes` in all; with `apart` none of them shares statistics with the next."""
        level = self._LEVELS[effort]
        compressor = zstandard.ZstdCompressor(level=level, write_content_size=True).compressobj(size=n_bytes)
        parts: list[bytes] = []
        for buffer in buffers:
            parts.append(compressor.compress(buffer))
            if apart:
                parts.append(compressor.flush(zstandard.COMPRESSOBJ_FLUSH_BLOCK))
        parts.append(compressor.flush())
        return b"".join(parts)

    def decode(self, stored: memoryview, out: memoryview) -> None:
        """Stream the frame into `out`; neither window nor content size is believed before it is checked."""
        with self.reading(stored) as (content_bytes, fill):
            if content_bytes != len(out):
                raise FormatError(f"zstd frame holds {content_bytes} bytes, the header says {len(out)}")
            fill(out)

    @contextmanager
    def reading(self, stored: memoryview) -> Iterator[tuple[int, Callable[[memoryview], None]]]:
        """What a frame says of its content size, and what fills memory with the next of its content, all in all."""
        try:
            frame = zstandard.get_frame_parameters(stored)
            if frame.window_size > self._MAX_WINDOW or frame.dict_id:
                raise FormatError("zstd frame asks for too large a window, or for a dictionary")
            if _frame_bytes(stored) != len(stored):
                raise FormatError("bytes after the end of a zstd frame")
            decoder = zstandard.ZstdDecompressor(max_window_size=self._MAX_WINDOW)
            with decoder.stream_reader(stored) as reader:

                def fill(out: memoryview) -> None:
                    done = 0
                    while done < len(out):
                        n = reader.readinto(out[done:])
                        if n == 0:
                            raise FormatError(f"zstd frame ends after {done} of {len(out)} bytes")
                        done += n

                yield frame.content_size, fill
                if reader.read(1):
                    raise FormatError("zstd frame holds more than the header says")
        except zstandard.ZstdError as error:
            raise FormatError(f"damaged zstd frame ({error})") from error


class Trees:
    """The nodes and values of decision trees: packed, in one zstd frame."""

    name = "trees"
    is_group = True
    memory = 4

    def encode(self, group: trees.Group, data: npt.NDArray[np.uint8], effort: int) -> bytes | None:
        """The stored form of a group, shape (n_bytes,), or None where it would not be smaller."""
        packed = trees.pack(data, group)
        if packed is None or (n_bytes := sum(map(len, packed))) > len(data):
            return None
        stored = ZSTD.frame(packed, n_bytes, effort, apart=True)
        return stored if len(stored) < len(data) * WORTH else None

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


class Shuffle:
    """Numbers and records: their bytes in another order, in one zstd frame."""

    name = "shuffle"
    is_group = False
    memory = 2
    _FAST, _STRONG = 3, 8  # planes hold few repetitions: between those, zstd finds less than at its fastest
    _NOISE, _LARGE = 0.75, 1 << 22  # more effort takes minutes where most bytes have no pattern, and finds nothing

    def encode(self, data: Buffer, dtype: np.dtype[Any], effort: int) -> bytes | None:
        """The stored form of items of a dtype, or None where plain zstd does as well, or is likely to."""
        packed = shuffle.pack(np.frombuffer(data, np.uint8), dtype)
        if packed is None:
            return None
        best = self._frame(packed, 1)
        if effort > self._FAST and (len(data) <= self._LARGE or len(best) <= len(data) * self._NOISE):
            best = min(best, self._frame(packed, min(effort, self._STRONG)), key=len)
        if packed.has_repeats and len(ZSTD.frame([data], len(data), effort)) <= len(best):
            return None
        return best

    def _frame(self, packed: shuffle.Packed, effort: int) -> bytes:
        return ZSTD.frame((part.data for part in packed.parts()), packed.n_bytes, effort, apart=True)

    def decode(self, stored: memoryview, out: memoryview) -> None:
        """Stream the frame, and put the bytes where they belong."""
        with ZSTD.reading(stored) as (content_bytes, fill):
            if content_bytes > 2 * len(out) + shuffle.HEADER_BYTES:
                raise FormatError(f"shuffled items take {content_bytes} bytes, for a block of {len(out)}")
            left = content_bytes

            def take(n_bytes: int) -> npt.NDArray[np.uint8]:
                nonlocal left
                if n_bytes > left:
                    raise FormatError("shuffled items end too early")
                left -= n_bytes
                taken = np.empty(n_bytes, np.uint8)
                fill(taken.data)
                return taken

            shuffle.unpack(take, np.frombuffer(out, np.uint8))
            if left:
                raise FormatError("bytes after the end of shuffled items")


class Words:
    """Lines, each without what it shares with the one before, in one zstd frame."""

    name = "words"
    is_group = False
    memory = 2

    def encode(self, data: Buffer, effort: int) -> bytes | None:
        """The stored form of lines, or None where plain zstd is likely to do as well."""
        plain = np.frombuffer(data, np.uint8)
        lines = words.Lines.of(plain)
        form = _best_form(lines, lines, effort)
        return None if form is None else _packed(words.pack(lines, form), plain, words.unpack, effort)

    def decode(self, stored: memoryview, out: memoryview) -> None:
        """Decode the frame, and fill `out` from what it holds."""
        words.unpack(_content(stored, len(out)), np.frombuffer(out, np.uint8))


class Vocabulary:
    """The keys and the values of dicts that number them: the words by number, and the numbers, in one zstd frame."""

    name = "vocabulary"
    is_group = True
    memory = 4

    def encode(self, dicts: words.Dicts, data: npt.NDArray[np.uint8], effort: int) -> bytes | None:
        """The stored form of a group, or None where it is none or plain zstd is likely to do as well."""
        found = words.pack_vocabulary(data, dicts)
        if found is None:
            return None
        values, by_value, keys = found
        form = _best_form(by_value, keys, effort)
        packed = None if form is None else words.pack(by_value, form)
        return None if packed is None else _packed([*values, *packed], data, words.unpack_vocabulary, effort)

    def decode(self, stored: memoryview, out: memoryview) -> None:
        """Decode the frame, and fill `out` from what it holds."""
        words.unpack_vocabulary(_content(stored, len(out)), np.frombuffer(out, np.uint8))


def _best_form(lines: words.Lines, otherwise: words.Lines, effort: int) -> words.Form | None:
    """The form in which a sample takes least; None unless one of `otherwise`, as it is, takes clearly more."""
    part, plain = lines.sample(), otherwise.sample()
    if part is None or plain is None:
        return None
    sizes: dict[words.Form, int] = {}
    for form in words.Form:
        packed = words.pack(part, form)
        if packed is not None:
            sizes[form] = len(_words_frame(packed, effort))
    best = min(sizes, key=sizes.__getitem__)
    return best if sizes[best] < _CLEARLY * len(_words_frame([plain.joined().tobytes()], effort)) else None


def _packed(
    packed: list[bytes] | None,
    data: npt.NDArray[np.uint8],
    unpack: Callable[[npt.NDArray[np.uint8], npt.NDArray[np.uint8]], None],
    effort: int,
) -> bytes | None:
    """The frame of what `data` was packed to; None if that is larger, or does not give these very bytes back."""
    if packed is None or sum(map(len, packed)) > len(data):
        return None
    again = np.empty_like(data)
    unpack(np.frombuffer(b"".join(packed), np.uint8), again)
    return _words_frame(packed, effort) if np.array_equal(again, data) else None


def _words_frame(packed: list[bytes], effort: int) -> bytes:
    """A frame, at more effort than others: what is left of words is little."""
    return ZSTD.frame(packed, sum(map(len, packed)), min(9, effort + 2), apart=True)


def _content(stored: memoryview, n_bytes: int) -> npt.NDArray[np.uint8]:
    """What a frame holds, if it is no more than `n_bytes`."""
    with ZSTD.reading(stored) as (content_bytes, fill):
        if not 0 < content_bytes <= n_bytes:
            raise FormatError(f"packed words of {content_bytes} bytes, for a block of {n_bytes}")
        packed = np.empty(content_bytes, np.uint8)
        fill(packed.data)
    return packed


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
SHUFFLE = Shuffle()
WORDS = Words()
VOCABULARY = Vocabulary()
CODECS = _registry(ZSTD, TREES, SHUFFLE, WORDS, VOCABULARY)
RAW = "raw"
_CLEARLY = 0.9
