"""Which pages of a file are in the page cache, and how to ask the system to drop them."""

from __future__ import annotations

import ctypes
import mmap
import os


def cached_bytes(path: str) -> int:
    """How many bytes of a file lie in the page cache, by mincore(2): whole pages, the last one counted in full.

    Raises:
        OSError: The system does not tell.
    """
    n_bytes = os.stat(path).st_size
    if not n_bytes:
        return 0
    n_pages = -(-n_bytes // mmap.PAGESIZE)
    library = ctypes.CDLL(None, use_errno=True)
    with open(path, "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY) as mapped:
        first = ctypes.c_char.from_buffer(mapped)
        flags = (ctypes.c_ubyte * n_pages)()
        failed = library.mincore(ctypes.c_void_p(ctypes.addressof(first)), ctypes.c_size_t(n_bytes), flags)
        del first
    if failed:
        raise OSError(ctypes.get_errno(), "mincore failed")
    return sum(flag & 1 for flag in flags) * mmap.PAGESIZE


def evict(path: str) -> None:
    """Ask the system to drop a file from the page cache; what waits to be written is written first."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
    finally:
        os.close(descriptor)
