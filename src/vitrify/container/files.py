"""Replacing a file whole: after a failure the old file is still there, and no partial file ever is.

A replaced file keeps its mode, a new one obeys the umask, a symbolic link's target is replaced and not the link;
pipes and devices, which cannot be replaced, are written directly.
"""

from __future__ import annotations

import os
import secrets
import stat
from collections.abc import Iterable
from contextlib import suppress

Buffer = bytes | memoryview
_WRITEV_BUFFERS = 512


def write_file(path: str | bytes | os.PathLike[str], buffers: Iterable[Buffer]) -> None:
    """Write the joined buffers to `path`: to a temporary file beside it, synced, then renamed over it.

    Raises:
        OSError: The folder cannot be written, or the disk is full; the old file is untouched.
    """
    try:
        status: os.stat_result | None = os.stat(path)
    except FileNotFoundError:
        status = None
    if status is not None and stat.S_ISDIR(status.st_mode):
        raise IsADirectoryError(f"{os.fsdecode(path)!r} is a directory, expected the path of a file")
    if status is not None and not stat.S_ISREG(status.st_mode):
        with open(path, "wb", buffering=0) as stream:
            for buffer in buffers:
                _write_all(stream.fileno(), [buffer])
        return
    target = os.path.realpath(os.fsdecode(path))
    folder, name = os.path.split(target)
    temporary = os.path.join(folder, f".{name[:80]}.{secrets.token_hex(8)}.tmp")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
    # A private file is never readable by others, not even while it is written.
    fd = os.open(temporary, flags, 0o666 if status is None else 0o600)
    try:
        try:
            _write_all(fd, buffers)
            if status is not None:
                os.chmod(fd if os.chmod in os.supports_fd else temporary, stat.S_IMODE(status.st_mode))
            os.fsync(fd)
        finally:
            os.close(fd)
        os.replace(temporary, target)
    except BaseException:
        with suppress(OSError):
            os.unlink(temporary)
        raise


def _write_all(fd: int, buffers: Iterable[Buffer]) -> None:
    waiting: list[memoryview] = []
    for buffer in buffers:
        waiting.append(memoryview(buffer))
        if len(waiting) == _WRITEV_BUFFERS:
            _drain(fd, waiting)
            waiting = []
    _drain(fd, waiting)


def _drain(fd: int, waiting: list[memoryview]) -> None:
    """Write all of `waiting`; the system may take a part of it at a time."""
    queue = [view.cast("B") for view in waiting if len(view)]
    while queue:
        n = os.writev(fd, queue) if hasattr(os, "writev") else os.write(fd, queue[0])
        while queue and n >= len(queue[0]):
            n -= len(queue.pop(0))
        if n:
            queue[0] = queue[0][n:]
