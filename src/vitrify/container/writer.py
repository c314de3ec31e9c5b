"""Blocks to bytes: everything is hashed first, then written in one pass.

Nothing is written before all digests are known, so a failed encoding leaves no byte behind; arrays are taken from
where they lie and never joined in memory.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import msgspec
from blake3 import blake3

from vitrify.container.codecs import CODECS, RAW
from vitrify.container.digest import chunk_digests
from vitrify.container.layout import (
    CELLS,
    GRAPH,
    ITEM_BYTES,
    METADATA,
    RESERVED,
    Block,
    Stored,
    block_order,
    encode_header,
)  # fmt: skip

Buffer = bytes | memoryview
MODEL_CONTEXT = b"vitrify model 0\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A numbered block to be written; its number is its place in the sequence given to `plan`.

    Attributes:
        name: The name wanted in the safetensors header; a suffix makes it unique.
        dtype: The safetensors dtype.
        shape: The shape in that dtype.
        buffers: Gives the bytes; called once to hash and once to write, so nothing need be kept.
    """

    name: str
    dtype: str
    shape: tuple[int, ...]
    buffers: Callable[[], Sequence[Buffer]]

    @property
    def n_bytes(self) -> int:
        """The size before encoding."""
        n = ITEM_BYTES[self.dtype]
        for dim in self.shape:
            n *= dim
        return n


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A file whose every byte is decided."""

    head: bytes
    bodies: tuple[Callable[[], Sequence[Buffer]], ...]
    n_bytes: int

    def buffers(self) -> Iterator[Buffer]:
        """The file's bytes in order."""
        yield self.head
        for body in self.bodies:
            yield from body()


def plan(pieces: Sequence[Piece], *, cells: bytes, graph: bytes, record: str, effort: int) -> Plan:
    """Hash (and with `effort` 1-9 compress) all blocks, and spell the header.

    The digest of the model covers the object graph and the bytes of all pieces before compression (SPEC.md §5).
    """
    reserved = (
        Piece(name=CELLS, dtype="U8", shape=(len(cells),), buffers=lambda: [cells]),
        Piece(name=GRAPH, dtype="U8", shape=(len(graph),), buffers=lambda: [graph]),
    )
    model = blake3(MODEL_CONTEXT)
    drafts: list[tuple[Piece, Stored, int, Callable[[], Sequence[Buffer]]]] = []
    for number, piece in enumerate((*pieces, *reserved)):
        buffers = piece.buffers()
        plain = chunk_digests(buffers)
        model.update(f"{piece.n_bytes}\n".encode())
        model.update("".join(plain).encode())
        numbered = number if number < len(pieces) else None
        body = CODECS["zstd"].encode(buffers, piece.n_bytes, effort) if effort and piece.n_bytes else None
        if body is None:
            drafts.append((piece, Stored(tuple(plain), numbered), piece.n_bytes, piece.buffers))
        else:
            stored = Stored(tuple(chunk_digests([body])), numbered, "zstd", piece.n_bytes)
            drafts.append((piece, stored, len(body), _constant(body)))
    drafts.sort(key=lambda draft: block_order(draft[1], draft[2]))
    names = [*_unique([draft[0].name for draft in drafts if draft[1].piece is not None]), *RESERVED]
    blocks: list[Block] = []
    position = 0
    for (piece, stored, stored_bytes, _), name in zip(drafts, names, strict=True):
        is_raw = stored.codec == RAW
        blocks.append(
            Block(
                name=name,
                dtype=piece.dtype if is_raw else "U8",
                shape=piece.shape if is_raw else (stored_bytes,),
                begin=position,
                end=position + stored_bytes,
                stored=stored,
            )
        )
        position += stored_bytes
    head = encode_header(tuple(blocks), model=model.hexdigest(), record=record)
    return Plan(head=head, bodies=tuple(draft[3] for draft in drafts), n_bytes=len(head) + position)


def encode_json(value: object) -> bytes:
    """The canonical JSON of a struct: fields in their order, no spaces."""
    return msgspec.json.encode(value)


def _constant(body: bytes) -> Callable[[], Sequence[Buffer]]:
    return lambda: [body]


def _unique(names: list[str]) -> list[str]:
    """Names with `~2`, `~3` … appended where one comes again, or is reserved."""
    taken = {*names, METADATA, *RESERVED}
    last: dict[str, int] = dict.fromkeys((METADATA, *RESERVED), 1)
    result: list[str] = []
    for name in names:
        unique = name
        while name in last and (unique == name or unique in taken):
            last[name] += 1
            unique = f"{name}~{last[name]}"
        last.setdefault(name, 1)
        taken.add(unique)
        result.append(unique)
    return result
