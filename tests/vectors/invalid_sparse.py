"""Invalid golden files that break SPEC.md 4.11: numbers most of which are the same."""

from __future__ import annotations

from tests.vectors.cases import packed

N = 74_999
"""The size of the first such block of `sparse`, whose numbers have one byte."""


def numbers(
    gaps: bytes, others: bytes, *, width: int = 1, common: bytes = b"\0", k: int | None = None, gap_bytes: int = 1
) -> bytes:
    """A content; `k` is what is said of the number of others."""
    n_others = len(gaps) if k is None else k
    return bytes([width]) + common + n_others.to_bytes(8, "little") + bytes([gap_bytes]) + gaps + others


def _add(name: str, message: str, content: bytes) -> None:
    """Add a file whose block of 74 999 bytes holds this."""
    packed(f"sparse_{name}", "4.11", message, content, of="sparse", codec="sparse")


_FAR = (N // 2).to_bytes(4, "little")

_add("width", "of 3 bytes, for a block of 74999", numbers(b"\0", b"\1\1\1", width=3, common=b"\0\0\0"))
_add("size", "of 16 bytes, for a block of 74999", numbers(b"\0", bytes(16), width=16, common=b"\1" * 16))
_add("items", "of 2 bytes, for a block of 74999", numbers(b"\0", bytes(2), width=2, common=b"\1\1"))
_add("ends_early", "end too early", numbers(b"", b"")[:10])
_add("none", "0 others among 74999", numbers(b"", b""))
_add("most", "37500 others among 74999", numbers(b"", b"", k=N // 2 + 1))
_add("huge", "18446744073709551615 others", numbers(b"", b"", k=2**64 - 1))
_add("gap_bytes", "with gaps of 3", numbers(b"\0\0\1", b"\1", k=1, gap_bytes=3))
_add("truncated", "3 of which are others", numbers(b"\0\0\0", b"\1\1"))
_add("trailing", "1 of which are others", numbers(b"\0", b"\1\1"))
_add("gap", "leave the block", numbers(N.to_bytes(4, "little"), b"\1", k=1, gap_bytes=4))
_add("overflow", "leave the block", numbers(b"\xff" * 16, b"\1\1", k=2, gap_bytes=8))
_add("place", "leave the block", numbers(bytes(byte for byte in _FAR for _ in range(2)), b"\1\1", k=2, gap_bytes=4))
_add("common", "the one number among the others", numbers(b"\0\1", b"\1\0"))
_add("wide_gaps", "in more bytes than they need", numbers(b"\0\xff\0\0", b"\1\1", k=2, gap_bytes=2))
