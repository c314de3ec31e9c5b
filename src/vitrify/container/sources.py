"""Where the bytes of a file come from: a path, a byte string or a stream.

A source is opened once, and what was verified is what is used: nothing is read a second time.
"""

from __future__ import annotations

import mmap
import os
import stat
import threading
from collections.abc import Callable
from io import FileIO
from typing import BinaryIO, Protocol

from vitrify.container.layout import ALIGNMENT, ROOT_PREFIX, Header, decode_header, decode_length
from vitrify.container.limits import Limits
from vitrify.container.memory import private_bytes
from vitrify.container.sniff import looks_like
from vitrify.errors import FormatError, NotGlassFileError

_FIRST_READ_BYTES = 1 << 16
_UNPROVEN_BYTES = 1 << 24
_GROWTH = 8
_SEEKING = threading.Lock()
_SHORTER = "the file became shorter while it was read"
_REPLACE = "Replace a file whole, as dump does, and never write into one that is in use"


class Source(Protocol):
    """Random access to the data section of one file."""

    header: Header

    def read_into(self, begin: int, out: memoryview) -> None:
        """Fill `out` from offset `begin` of the data section."""

    def view(self, begin: int, end: int) -> memoryview | None:
        """The bytes themselves where they already lie in private, writable memory, else None."""

    def close(self) -> None:
        """Release what the source holds open."""


class MemorySource:
    """A file that lies in memory; `private` memory may be handed out without a copy."""

    def __init__(self, data: memoryview, header: Header, *, private: bool) -> None:
        self.header = header
        self._data = data
        self._private = private

    def read_into(self, begin: int, out: memoryview) -> None:
        """Fill `out` from offset `begin` of the data section."""
        out[:] = self._data[begin : begin + len(out)]

    def view(self, begin: int, end: int) -> memoryview | None:
        """The bytes themselves, if they are private."""
        return self._data[begin:end] if self._private else None

    def close(self) -> None:
        """Nothing is held open."""


class FileSource:
    """A regular file, read with `pread`, so that its descriptor's position does not matter."""

    def __init__(self, file: FileIO, header: Header) -> None:
        self.header = header
        self._data_start = header.data_start
        self._file = file
        self._map: memoryview | None = None

    def read_into(self, begin: int, out: memoryview) -> None:
        """Fill `out` from offset `begin` of the data section."""
        position = self._data_start + begin
        done = 0
        while done < len(out):
            n = _pread_into(self._file.fileno(), out[done:], position + done)
            if n == 0:
                raise FormatError(_SHORTER, hint=_REPLACE)
            done += n

    def view(self, begin: int, end: int) -> memoryview | None:
        """None: every block is read into memory of its own."""
        return None

    def map(self, begin: int, end: int, *, anew: bool = False) -> memoryview:
        """A private, writable map of part of the data section; the file is never changed.

        With `anew`, the memory is no other map's, even of the same part.

        Raises:
            FormatError: The file has become shorter since it was opened.
        """
        mapped = None if anew else self._map
        if mapped is None:
            n_bytes = self.header.file_bytes
            if os.fstat(self._file.fileno()).st_size < n_bytes:
                raise FormatError(_SHORTER, hint=_REPLACE)
            try:
                mapped = memoryview(mmap.mmap(self._file.fileno(), n_bytes, access=mmap.ACCESS_COPY))
            except ValueError as error:  # it has become shorter just now
                raise FormatError(_SHORTER, hint=_REPLACE) from error
            self._map = self._map if anew else mapped
        start = self._data_start
        return mapped[start + begin : start + end]

    def close(self) -> None:
        """Close the descriptor; maps live on until their arrays are gone."""
        self._file.close()


def open_bytes(data: bytes | bytearray | memoryview, limits: Limits) -> MemorySource:
    """A source over a byte string; its arrays are copied out of it.

    Raises:
        FormatError: The bytes are not one whole glass file.
        LimitError: Its header asks for more than `limits` allows.
    """
    view = memoryview(data).cast("B")
    header, _ = _parse(bytes(view[:_FIRST_READ_BYTES]), lambda begin, end: bytes(view[begin:end]), limits)
    _check_size(header, len(view))
    return MemorySource(view[header.data_start :], header, private=False)


def open_path(path: str | bytes | os.PathLike[str], limits: Limits) -> Source:
    """A source over a file; small files, pipes and devices are read whole.

    Raises:
        OSError: The file cannot be opened.
        FormatError: It is not one whole glass file.
        LimitError: Its header asks for more than `limits` allows.
    """
    # An object that closes itself: no signal comes between a descriptor and whoever would close it.
    try:
        file = FileIO(path, "r")
    except IsADirectoryError:
        raise NotGlassFileError("this is a directory", hint="Give the path of one file") from None
    try:
        fd = file.fileno()
        status = os.fstat(fd)
        if not stat.S_ISREG(status.st_mode) or status.st_size <= _FIRST_READ_BYTES:
            source: Source = _read_stream(file, limits, is_own=True)
            file.close()
            return source
        n_bytes = status.st_size
        head = _pread(fd, _FIRST_READ_BYTES, 0)
        header, _ = _parse(head, lambda begin, end: _pread(fd, min(end, n_bytes) - begin, begin), limits)
        _check_size(header, n_bytes)
        return FileSource(file, header)
    except BaseException:
        file.close()
        raise


def open_stream(stream: BinaryIO, limits: Limits) -> MemorySource:
    """A source over a binary file object, read from its position to its end, seekable or not.

    Raises:
        FormatError: What follows is not one whole glass file.
        LimitError: Its header asks for more than `limits` allows.
    """
    return _read_stream(stream, limits, is_own=False)


def _read_stream(stream: BinaryIO | FileIO, limits: Limits, *, is_own: bool) -> MemorySource:
    """See `open_stream`; `is_own` says that it was opened here, so that nobody has read it before."""
    head = _read_up_to(stream, _FIRST_READ_BYTES)
    if not head:
        _refuse(head, is_stream=not is_own)
    header, consumed = _parse(head, lambda begin, end: _read_up_to(stream, end - begin), limits)
    rest = consumed[header.data_start :]
    data = _aligned(min(header.data_bytes, _UNPROVEN_BYTES))
    got = min(len(rest), len(data))
    data[:got] = rest[:got]
    while got < header.data_bytes:
        if got == len(data):
            data = _grown(data, min(header.data_bytes, _GROWTH * got))
        part = stream.read(min(len(data) - got, 1 << 24))
        if not part:
            break
        data[got : got + len(part)] = part
        got += len(part)
    trailing = len(rest) > header.data_bytes or bool(stream.read(1))
    _check_size(header, header.data_start + got + (1 if trailing else 0))
    return MemorySource(data, header, private=True)


def _grown(data: memoryview, n_bytes: int) -> memoryview:
    """Larger memory with the same beginning: a claim is believed as far as bytes have come."""
    larger = _aligned(n_bytes)
    larger[: len(data)] = data
    return larger


def _pread_into(fd: int, out: memoryview, position: int) -> int:
    """Read at a position; where the system has no `preadv`, a descriptor has one reader at a time."""
    if hasattr(os, "preadv"):
        return os.preadv(fd, [out], position)
    with _SEEKING:
        os.lseek(fd, position, os.SEEK_SET)
        data = os.read(fd, min(len(out), 1 << 24))
    out[: len(data)] = data
    return len(data)


def _pread(fd: int, n_bytes: int, position: int) -> bytes:
    buffer = bytearray(n_bytes)
    done = 0
    while done < n_bytes:
        n = _pread_into(fd, memoryview(buffer)[done:], position + done)
        if n == 0:
            break
        done += n
    return bytes(buffer[:done])


def _aligned(n_bytes: int) -> memoryview:
    """Private memory that starts at a multiple of 64, so that arrays can lie in it as they do in the file."""
    room = private_bytes(n_bytes + ALIGNMENT)
    start = -room.__array_interface__["data"][0] % ALIGNMENT
    return room.data[start : start + n_bytes]


def _read_up_to(stream: BinaryIO | FileIO, n_bytes: int) -> bytes:
    parts: list[bytes | bytearray | memoryview] = []
    while n_bytes > 0:
        part: object = stream.read(min(n_bytes, 1 << 24))
        if not part:
            break
        if not isinstance(part, (bytes, bytearray, memoryview)):
            raise TypeError(f"read() of the file object gave {type(part).__name__}, expected bytes")
        parts.append(part)
        n_bytes -= len(part)
    return b"".join(parts)


def _parse(head: bytes, read: Callable[[int, int], bytes], limits: Limits) -> tuple[Header, bytes]:
    """The header, and all bytes read so far: at least the header, perhaps data behind it."""
    start = 8 + len(ROOT_PREFIX)
    if head[8:start] != ROOT_PREFIX and (len(head) <= 8 or not ROOT_PREFIX.startswith(head[8:])):
        _refuse(head)
    length = decode_length(head, limits)
    end = 8 + length
    if length < len(ROOT_PREFIX):
        raise FormatError(f"the header would be {length} bytes, too short for any")
    if len(head) < end:
        head = head + read(len(head), end) if len(head) == _FIRST_READ_BYTES else head
        if len(head) < end:
            raise FormatError(
                f"truncated: the header has {end} bytes, the file ends after {len(head)}",
                hint="Its write or copy was cut off; get it again",
            )
    header = decode_header(head[:end], limits)
    limits.require("file_bytes", header.file_bytes, "bytes of the file")
    return header, head


def _refuse(head: bytes, *, is_stream: bool = False) -> None:
    if head[8:9] == b"{" and int.from_bytes(head[:8], "little") < 100_000_000:
        raise NotGlassFileError(
            "this is a safetensors file, but not a glass file", hint="safetensors.safe_open reads its arrays"
        )
    kind, hint = looks_like(head, is_stream=is_stream)
    raise NotGlassFileError(f"not a glass file: this is {kind}", hint=hint[0].upper() + hint[1:])


def _check_size(header: Header, found: int) -> None:
    if found < header.file_bytes:
        raise FormatError(
            f"truncated: the file should have {header.file_bytes} bytes, it has {found}",
            hint="Its write or copy was cut off; get it again",
        )
    if found > header.file_bytes:
        raise FormatError(
            f"trailing data after the {header.file_bytes} bytes of the file",
            hint="A glass file holds one object; put several into one dict or list",
        )
