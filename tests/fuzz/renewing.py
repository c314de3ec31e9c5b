"""Digests of damaged files, computed anew where the damage leaves a place for them; nothing here imports vitrify."""

from __future__ import annotations

import json
from typing import Any

from blake3 import blake3

from tests.support.independent_reader import digests
from tests.support.lying_writer import resealed

_SPELLED = {"ensure_ascii": False, "separators": (",", ":")}


def split(data: bytes) -> tuple[bytes, bytes, bytes]:
    """The 8 bytes of the length, the header with its padding, and the rest."""
    n = int.from_bytes(data[:8], "little")
    return data[:8], data[8 : 8 + n], data[8 + n :]


def rooted(data: bytes) -> bytes:
    """The bytes with the root digest that their header needs."""
    length, header, body = split(data)
    return resealed(length + header) + body


def renewed(data: bytes) -> bytes:
    """The bytes with the digests of all blocks, of the model and of the header that they need.

    Where the header is not JSON of the right kind, only the root digest is renewed. The length of the header is kept if
    it is that of the text and its padding, so that a wrong length stays wrong.
    """
    length, header, body = split(data)
    text = header.rstrip(b" ")
    try:
        parsed: Any = json.loads(text)
        with_digests(parsed, body)
        spelled = json.dumps(parsed, **_SPELLED).encode()  # type: ignore[arg-type]  # keywords of two kinds
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError, OverflowError):
        return rooted(data)
    return resealed(length + spelled.ljust(len(header))) + body


def with_digests(header: Any, body: bytes) -> None:
    """Put into the JSON of a header the digests that the blocks behind it have.

    Raises:
        ValueError, TypeError, KeyError, IndexError, AttributeError: The header is not of the kind.
    """
    metadata = header["__metadata__"]
    blocks = json.loads(metadata["blocks"])
    stored = []
    for entry, how in zip([value for key, value in header.items() if key != "__metadata__"], blocks, strict=False):
        begin, end = entry["data_offsets"]
        how["digests"] = digests(body[max(begin, 0) : max(end, 0)])
        stored.append((how, body[max(begin, 0) : max(end, 0)]))
    metadata["blocks"] = json.dumps(blocks, **_SPELLED)  # type: ignore[arg-type]  # keywords of two kinds
    if any("codec" in how for how, _ in stored):
        return  # the digest of the model is that of decoded blocks
    last = len(stored)
    stored.sort(key=lambda block: block[0].get("piece", last))
    model = blake3(b"vitrify model 0\n")
    for how, data in stored:
        model.update(f"{len(data)}\n{''.join(how['digests'])}".encode())
    metadata["model"] = model.hexdigest()
