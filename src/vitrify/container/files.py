"""Replacing a file whole: after a failure the old file is still there, and no partial file ever is.

What replaces a file is on the disk before it does: else a power cut could cost both. A new file is left to the system
like anybody's, since waiting for the disk takes longer than all the rest, and its digests tell if it is whole.
A replaced file keeps its mode, and its owner and group where the system lets it; a new one obeys the umask. A symbolic
link's target is replaced and not the link. Pipes, devices and descriptors, which cannot be replaced, are written
directly. A file that may not be written is not replaced either, whatever its folder allows: it may be an object of a
cache that is known by its content.
"""

from __future__ import annotations

import errno
import os
import re
import stat
import sys
from collections.abc import Generator, Iterable, Iterator
from contextlib import suppress
from functools import partial
from io import FileIO
from typing import Protocol

Buffer = bytes | memoryview
_WRITEV_BUFFERS = 512
_WRITE_BYTES = 1 << 22
_NAME_BYTES = 80
_MOST_LINKS = 40  # as many as Linux follows: path_resolution(7)
_DESCRIPTOR = re.compile(r"/proc/[0-9]+(?:/task/[0-9]+)?/fd/([0-9]+)")


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
        OSError: The file or its folder may not be written, or the disk is full; the old file is untouched.
    """
    if not path:
        raise FileNotFoundError(errno.ENOENT, "the path of the file is empty")
    given = os.fsdecode(path)
    try:
        status: os.stat_result | None = os.stat(given)
    except FileNotFoundError:
        status = None
    if status is not None and stat.S_ISDIR(status.st_mode):
        raise IsADirectoryError(f"{given!r} is a directory, expected the path of a file")
    if status is not None and not stat.S_ISREG(status.st_mode):
        _write_directly(given, content)
        return
    # Absolute: another thread may change the working directory before the new file is renamed.
    target = _follow(given if os.path.isabs(given) else os.path.join(os.getcwd(), given))
    if descriptor := _DESCRIPTOR.fullmatch(target):
        if target.startswith(f"{os.path.realpath('/proc/self')}/"):
            # Where it stands: opened by its path, a log would be emptied that standard output is added to.
            _write_all(int(descriptor[1]), content.buffers())
        else:
            _write_directly(target, content)
        return
    if not os.path.basename(target):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), given)
    if status is not None and not os.access(given, os.W_OK, effective_ids=os.access in os.supports_effective_ids):
        os.close(os.open(given, os.O_WRONLY))  # The system says why not.
    _replace(given, target, status, content)


def _write_directly(path: str, content: Content) -> None:
    with FileIO(path, "w") as stream:
        _write_all(stream.fileno(), content.buffers())


def _follow(path: str) -> str:
    """Where symbolic links at the end of a path lead; to a descriptor, if one of them stands for an open file.

    The text of such a link is no path: the file may have another name by now, or none. Folders are left to the system,
    for the same reason.

    Raises:
        OSError: There are too many links.
    """
    for _ in range(_MOST_LINKS + 1):
        if not os.path.islink(path):
            return path
        folder, name = os.path.split(path)
        descriptor = os.path.join(os.path.realpath(folder), name)
        if _DESCRIPTOR.fullmatch(descriptor):
            return descriptor
        path = os.path.join(folder, os.readlink(path))
    raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), path)


def _replace(path: str, target: str, old: os.stat_result | None, content: Content) -> None:
    """Write beside `target` and rename; errors tell of `path`, as the caller gave it."""
    folder, name = os.path.split(target)
    # Names are as long as their bytes, and no byte of a cut character may stay: some file systems refuse it.
    shown = os.fsencode(name)[:_NAME_BYTES].decode(sys.getfilesystemencoding(), "ignore")
    temporary = os.path.join(folder, f".{shown}.{os.urandom(8).hex()}.tmp")
    # A private file is never readable by others, not even while it is written.
    opener = partial(os.open, mode=0o666 if old is None else 0o600)
    stream: FileIO | None = None
    try:
        try:
            # Made in one step: no signal comes between the descriptor and the object that closes it.
            stream = FileIO(temporary, "x", opener=opener)
            fd = stream.fileno()
            os.lseek(fd, content.head_bytes, os.SEEK_SET)
            _write_all(fd, content.bodies())
            os.lseek(fd, 0, os.SEEK_SET)
            _write_all(fd, [content.head()])
            if old is not None:
                mode = _take_over(fd, old)
                os.chmod(fd if os.chmod in os.supports_fd else temporary, mode)
                os.fsync(fd)
            stream.close()
            os.replace(temporary, target)
        except BaseException:
            _discard(stream, temporary)
            raise
    except BaseException as error:
        # Once more, for an interrupt may have cut the first attempt short.
        _discard(stream, temporary)
        if isinstance(error, OSError) and error.filename == temporary:
            _name(error, path)
        raise


def _take_over(fd: int, old: os.stat_result) -> int:
    """Give a file the owner and the group of the one it replaces, if the system allows that, and tell its mode.

    Nobody but its owner may do more with the new file than with the old one: where the group stays another, its members
    and all others may do what both might before.
    """
    mode = stat.S_IMODE(old.st_mode)
    made = os.fstat(fd)
    if (made.st_uid, made.st_gid) == (old.st_uid, old.st_gid):
        return mode
    with suppress(OSError):
        os.fchown(fd, -1, old.st_gid)
    with suppress(OSError):
        os.fchown(fd, old.st_uid, -1)
    made = os.fstat(fd)
    if (made.st_uid, made.st_gid) != (old.st_uid, old.st_gid):
        mode &= ~(stat.S_ISUID | stat.S_ISGID)
    if made.st_gid != old.st_gid:
        shared = mode & mode >> 3 & stat.S_IRWXO
        mode = mode & ~(stat.S_IRWXG | stat.S_IRWXO) | shared << 3 | shared
    return mode


def _discard(stream: FileIO | None, temporary: str) -> None:
    with suppress(OSError):
        if stream is not None:
            stream.close()
    with suppress(OSError):
        os.unlink(temporary)


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
