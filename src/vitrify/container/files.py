"""Replacing a file whole: after a failure the old file is still there, and no partial file ever is.

What replaces a file is on the disk before it does: else a power cut could cost both. A new file is left to the system
like anybody's, since waiting for the disk takes longer than all the rest, and its digests tell if it is whole.
A replaced file keeps its mode, a new one obeys the umask, a symbolic link's target is replaced and not the link;
pipes and devices, which cannot be replaced, are written directly.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Generator, Iterable, Iterator
from contextlib import suppress
from functools import partial
from io import FileIO
from typing import Protocol

Buffer = bytes | memoryview
_WRITEV_BUFFERS = 512
_WRITE_BYTES = 1 << 22


class Content(Protocol):
    """What is to be written: a head whose length is known, but which is cheapest to get after what follows it."""

    @property
    def head_bytes(self) -> int:
        """The length of the head."""

    def head(self) -> bytes:
        """The first bytes."""

    def bodies(self) -> Iterator[Buffer]:
        """The bytes after the head, in order."""

    def buffers(self) -> Iterator[Buffer]:
        """All bytes in order."""


def write_file(path: str | bytes | os.PathLike[str], content: Content) -> None:
    """Write `content` to `path`: to a temporary file beside it, then renamed; synced before that if it replaces one.

    Raises:
        OSError: The folder cannot be written, or the disk is full; the old file is untouched.
    """
    if not path:
        raise FileNotFoundError(errno.ENOENT, "the path of the file is empty")
    try:
        status: os.stat_result | None = os.stat(path)
    except FileNotFoundError:
        status = None
    if status is not None and stat.S_ISDIR(status.st_mode):
        raise IsADirectoryError(f"{os.fsdecode(path)!r} is a directory, expected the path of a file")
    if status is not None and not stat.S_ISREG(status.st_mode):
        with open(path, "wb", buffering=0) as device:
            _write_all(device.fileno(), content.buffers())
        return
    target = os.path.realpath(os.fsdecode(path))
    folder, name = os.path.split(target)
    temporary = os.path.join(folder, f".{name[:80]}.{os.urandom(8).hex()}.tmp")
    # A private file is never readable by others, not even while it is written.
    opener = partial(os.open, mode=0o666 if status is None else 0o600)
    stream: FileIO | None = None
    try:
        # Made in one step: no signal comes between the descriptor and the object that closes it.
        stream = FileIO(temporary, "x", opener=opener)
        fd = stream.fileno()
        os.lseek(fd, content.head_bytes, os.SEEK_SET)
        _write_all(fd, content.bodies())
        os.lseek(fd, 0, os.SEEK_SET)
        _write_all(fd, [content.head()])
        if status is not None:
            os.chmod(fd if os.chmod in os.supports_fd else temporary, stat.S_IMODE(status.st_mode))
            os.fsync(fd)
        stream.close()
        os.replace(temporary, target)
    except BaseException as error:
        if isinstance(error, OSError) and error.filename == temporary:
            _name(error, os.fsdecode(path))
        with suppress(OSError):
            if stream is not None:
                stream.close()
        with suppress(OSError):
            os.unlink(temporary)
        raise


def _name(error: OSError, path: str) -> None:
    """Let an error tell of the path that the caller gave; nobody knows the temporary one."""
    error.filename = path
    if error.filename2 is not None:
        del error.filename2


def _write_all(fd: int, buffers: Iterable[Buffer]) -> None:
    waiting: list[memoryview] = []
    n_bytes = 0
    try:
        for buffer in buffers:
            waiting.append(memoryview(buffer))
            n_bytes += len(buffer)
            if len(waiting) == _WRITEV_BUFFERS or n_bytes >= _WRITE_BYTES:
                _drain(fd, waiting)
                waiting, n_bytes = [], 0
        _drain(fd, waiting)
    finally:
        # Whoever keeps the error keeps this frame; what makes the buffers, and its thread, must not wait for that.
        if isinstance(buffers, Generator):
            buffers.close()


def _drain(fd: int, waiting: list[memoryview]) -> None:
    """Write all of `waiting`; the system may take a part of it at a time."""
    queue = [view.cast("B") for view in waiting if len(view)]
    while queue:
        n = os.writev(fd, queue) if hasattr(os, "writev") else os.write(fd, queue[0])
        while queue and n >= len(queue[0]):
            n -= len(queue.pop(0))
        if n:
            queue[0] = queue[0][n:]
