"""BLAKE3 digests of blocks, one per MiB (SPEC.md §3).

A digest finds damage. It says nothing about who wrote the file. Hashing stays on the calling thread: BLAKE3's
own thread pool does not survive `fork`, and a service that loads before and after forking would hang in it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from blake3 import blake3

CHUNK_BYTES = 1 << 20
DIGEST_CHARS = 64
BLANK = "0" * DIGEST_CHARS
_MODEL_CONTEXT = b"vitrify model 0\n"


def hex_digest(data: bytes | memoryview) -> str:
    """The BLAKE3 digest of `data`, 64 lower-case hexadecimal digits."""
    return blake3(data).hexdigest()


def chunk_digests(buffers: Iterable[bytes | memoryview]) -> list[str]:
    """One digest for each MiB of the joined buffers; none for no bytes."""
    digests: list[str] = []
    hasher, room = blake3(), CHUNK_BYTES
    for buffer in buffers:
        view = memoryview(buffer)
        start = 0
        while start < len(view):
            part = view[start : start + room]
            hasher.update(part)
            start += len(part)
            room -= len(part)
            if room == 0:
                digests.append(hasher.hexdigest())
                hasher, room = blake3(), CHUNK_BYTES
    if room != CHUNK_BYTES:
        digests.append(hasher.hexdigest())
    return digests


def model_digest(blocks: Iterable[tuple[int, Sequence[str]]]) -> str:
    """The digest of the object graph and all arrays before compression (SPEC.md §5).

    Args:
        blocks: Size and digests of what each block holds when decoded: numbered ones in order, then cells and graph.
    """
    parts = [f"{n_bytes}\n{''.join(digests)}" for n_bytes, digests in blocks]
    return hex_digest(_MODEL_CONTEXT + "".join(parts).encode())


def digest_count(n_bytes: int) -> int:
    """How many digests a block of `n_bytes` has."""
    return -(-n_bytes // CHUNK_BYTES)
