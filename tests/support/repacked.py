"""Glass files with other content in an encoded block: the frame is opened, something is changed, all digests are right.

Nothing here imports vitrify.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import zstandard

from tests.support.independent_codecs import unzstd
from tests.support.independent_reader import digests
from tests.support.lying_writer import seal


def codecs(data: bytes) -> list[str]:
    """The codecs of the encoded blocks of a file, in order."""
    header = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])
    return [how["codec"] for how in json.loads(header["__metadata__"]["blocks"]) if "codec" in how]


def repacked(
    data: bytes, change: Callable[[dict[str, Any]], Any], repack: Callable[[bytearray], Any], codec: str, after: int = 0
) -> bytes:
    """The file with another description of a block of a codec, the one after so many of them, and other content in it.

    `change` and `repack` get what there is, and change it in place; what `repack` returns is taken instead.
    """
    n = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + n])
    metadata = header["__metadata__"]
    described = json.loads(metadata["blocks"])
    bodies = [data[8 + n + e["data_offsets"][0] : 8 + n + e["data_offsets"][1]] for e in list(header.values())[1:]]
    at = [i for i, how in enumerate(described) if how.get("codec") == codec][after]
    packed = bytearray(unzstd(bodies[at], None))
    changed = repack(packed)
    bodies[at] = zstandard.ZstdCompressor(level=3).compress(bytes(packed if changed is None else changed))
    described[at]["digests"] = digests(bodies[at])
    change(described[at])
    position = 0
    for name, body in zip(list(header)[1:], bodies, strict=True):
        entry = header[name]
        if entry["dtype"] == "U8" and len(entry["shape"]) == 1:
            entry["shape"] = [len(body)]
        entry["data_offsets"] = [position, position + len(body)]
        position += len(body)
    metadata["blocks"] = json.dumps(described, ensure_ascii=False, separators=(",", ":"))
    text = json.dumps(header, ensure_ascii=False, separators=(",", ":")).encode()
    return seal(text, position) + b"".join(bodies)
