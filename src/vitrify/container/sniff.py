"""What a file that is not a glass file looks like, for the error message.

Only the first bytes are looked at, and the answer never chooses another loader.
"""

from __future__ import annotations

import re
from typing import Final

_OLD_PICKLE: Final = re.compile(
    rb"\(?c[A-Za-z_][\w.]*\n[A-Za-z_][\w.]*\n"  # a class or function
    rb"|[(\]}][dlt]?(?:p0\n|q\x00)"  # an empty dict, list or tuple, and its number
)
"""How pickles of protocols 0 and 1, which have no magic number, begin with a class, a dict or a list."""

_MAGIC: tuple[tuple[bytes, str, str], ...] = (
    (b"\x80", "a pickle (or an uncompressed joblib file)", "load it where it was written and dump it with vitrify"),
    (b"ZF", "an old compressed joblib file", "load it where it was written and dump it with vitrify"),
    (b"\x93NUMPY", "a numpy .npy file", "read it with numpy.load(…, allow_pickle=False)"),
    (b"PK\x03\x04", "a zip archive (skops, .npz, .keras and .pt files are zip archives)", "use the tool that wrote it"),
    (b"PK\x05\x06", "an empty zip archive", "use the tool that wrote it"),
    (b"\x1f\x8b", "a gzip stream (joblib compress= writes these)", "load it where it was written, then dump it"),
    (b"BZh", "a bzip2 stream (joblib compress= writes these)", "load it where it was written, then dump it"),
    (b"\xfd7zXZ", "an xz stream (joblib compress= writes these)", "load it where it was written, then dump it"),
    (b"\x5d\x00\x00", "an lzma stream (joblib compress= writes these)", "load it where it was written, then dump it"),
    (b"\x04\x22\x4d\x18", "an lz4 stream", "load it where it was written, then dump it"),
    (b"\x28\xb5\x2f\xfd", "a zstd stream", "decompress it first"),
    (b"\x89HDF", "an HDF5 file", "use the tool that wrote it"),
    (b"\x7fELF", "a program", "check the path"),
    (b"%PDF", "a PDF", "check the path"),
    (b"version https://git-lfs", "a Git LFS pointer, not the file itself", "run git lfs pull"),
    (b"<", "a web page or XML", "check the address it was downloaded from"),
    (b"{", "JSON text", "check the path"),
    (b"x\x01", "a zlib stream (joblib compress= writes these)", "load it where it was written, then dump it"),
    (b"x\x5e", "a zlib stream (joblib compress= writes these)", "load it where it was written, then dump it"),
    (b"x\x9c", "a zlib stream (joblib compress= writes these)", "load it where it was written, then dump it"),
    (b"x\xda", "a zlib stream (joblib compress= writes these)", "load it where it was written, then dump it"),
)


def looks_like(head: bytes, *, is_stream: bool = False) -> tuple[str, str]:
    """A noun phrase for what starts with `head`, and what to do about it.

    Args:
        head: The first bytes.
        is_stream: Whether they come from a file object of the caller's, which may have been read before.
    """
    if not head and is_stream:
        return "empty", "the file was never written, its write was cut off, or the stream was already read to its end"
    if not head:
        return "empty", "the file was never written, or its write was cut off"
    if _OLD_PICKLE.match(head):
        return "a pickle of protocol 0 or 1", "load it where it was written and dump it with vitrify"
    for magic, kind, hint in _MAGIC:
        if head.startswith(magic):
            return kind, hint
    return "not a file that vitrify knows", "check the path"
