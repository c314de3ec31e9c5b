"""Blocks to bytes: arrays are taken from where they lie, hashed and written in one pass, and never joined in memory.

The header comes first in the file but is known last, since it holds all digests. Its length is known before: a path
gets the blocks first and the header last; a stream, which takes bytes in order, gets them after all were hashed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from typing import TypeVar

import numpy as np
import numpy.typing as npt
from msgspec import Struct

from vitrify.container.alike import alike
from vitrify.container.codecs import Buffer, Codec, Items
from vitrify.container.digest import BLANK, CHUNK_BYTES, digest_count, hex_digest, model_digest
from vitrify.container.layout import (
    CELLS,
    GRAPH,
    ITEM_BYTES,
    METADATA,
    RECORD,
    RESERVED,
    Block,
    Stored,
    block_order,
    encode_header,
)  # fmt: skip
from vitrify.container.parallel import one_ahead, share

_BATCH_CHUNKS = 8
_WORTH_A_THREAD_BYTES = 1 << 20
_T = TypeVar("_T")


class Piece(Struct, frozen=True, kw_only=True):
    """A numbered block to be written; its number is its place in the sequence given to `plan`.

    Attributes:
        name: The name wanted in the safetensors header; a suffix makes it unique.
        dtype: The safetensors dtype.
        shape: The shape in that dtype.
        data: Gives the bytes, flat; called when they are needed, so nothing need be kept.
        items: What the bytes are, which says how they may be encoded.
    """

    name: str
    dtype: str
    shape: tuple[int, ...]
    data: Callable[[], Buffer]
    items: Items = ""

    @property
    def n_bytes(self) -> int:
        """The size before encoding."""
        n = ITEM_BYTES[self.dtype]
        for dim in self.shape:
            n *= dim
        return n


class Group(Struct, frozen=True, kw_only=True):
    """Pieces that are stored together, if that makes them smaller.

    Attributes:
        name: The name wanted for their block.
        numbers: Which, in order.
        codec: What decodes them.
        encode: The stored form of their joined bytes, shape (n_bytes,), at an effort; None where it is not smaller.
    """

    name: str
    numbers: tuple[int, ...]
    codec: Codec
    encode: Callable[[npt.NDArray[np.uint8], int], bytes | None]


class _Draft:
    """A block on its way to the file: its bytes as they are stored, and their digests as far as they are known.

    Attributes:
        name: The name wanted for it.
        numbers: The pieces that it holds; none for a reserved block.
        form: The dtype and shape of what is stored.
        data: Gives the bytes as they are stored.
        digests: Those of `data`, a MiB each.
    """

    def __init__(self, piece: Piece, numbers: tuple[int, ...], effort: int) -> None:
        self.name = piece.name
        self.numbers = numbers
        self.form: tuple[str, tuple[int, ...]] = piece.dtype, piece.shape
        self.data = piece.data
        self.stored_bytes = self._n_bytes = piece.n_bytes
        self.digests = [BLANK] * digest_count(self.stored_bytes)
        self._codec: Codec | None = None
        self._plain: list[tuple[int | None, int, list[str]]] | None = None
        if effort and self._n_bytes:
            from vitrify.container.choice import encode  # with the codecs, which a plain file does without

            data = piece.data()
            if (encoded := encode(data, piece.items, effort)) is not None:
                self._encoded(*encoded, [(numbers, data)])

    def _encoded(self, codec: Codec, body: bytes, plain: Sequence[tuple[tuple[int, ...], Buffer]]) -> None:
        """Take the encoded bytes instead; the digests of what they decode to are needed all the same."""
        self._plain = []
        for numbers, data in plain:
            digests = _digests(data)
            self._plain += [(number, len(data), digests) for number in numbers or (None,)]
        self._codec, self.data, self.stored_bytes = codec, (lambda: body), len(body)
        self.form = "U8", (len(body),)
        self.digests = [BLANK] * digest_count(len(body))

    @classmethod
    def of_group(cls, group: Group, pieces: Sequence[Piece], effort: int) -> _Draft | None:
        """The pieces of a group in one block; None where that would not be smaller."""
        parts = [pieces[number].data() for number in group.numbers]
        joined = np.concatenate([np.frombuffer(part, np.uint8) for part in parts])
        body = group.encode(joined, effort)
        if body is None:
            return None
        draft = cls(Piece(name=group.name, dtype="U8", shape=(len(joined),), data=lambda: b""), (), 0)
        draft.numbers = group.numbers
        draft._encoded(
            group.codec, body, [((number,), part) for number, part in zip(group.numbers, parts, strict=True)]
        )
        return draft

    def hash(self, i: int, chunk: Buffer) -> None:
        """Note the digest of the MiB number `i`."""
        self.digests[i] = hex_digest(chunk)

    @property
    def plain(self) -> list[tuple[int | None, int, list[str]]]:
        """The number, the size and the digests of each piece before encoding."""
        if self._plain is not None:
            return self._plain
        return [(number, self._n_bytes, self.digests) for number in self.numbers or (None,)]

    @property
    def stored(self) -> Stored:
        """What the header says of it."""
        if self._codec is None and len(self.numbers) == 1:
            return Stored(tuple(self.digests), self.numbers[0])
        several = tuple([(number, n_bytes) for number, n_bytes, _ in self.plain if number is not None])
        piece = several[0][0] if len(several) == 1 else None
        pieces = several if len(several) > 1 else ()
        if self._codec is None:
            return Stored(tuple(self.digests), piece, pieces=pieces)
        if self._codec.is_group:
            piece, pieces = None, several
        return Stored(tuple(self.digests), piece, self._codec.name, self._n_bytes, pieces)


def _digests(data: Buffer) -> list[str]:
    found = [BLANK] * digest_count(len(data))

    def digest(i: int) -> None:
        found[i] = hex_digest(memoryview(data)[i * CHUNK_BYTES :][:CHUNK_BYTES])

    share(digest, len(found), least=8)
    return found


_Chunk = tuple[_Draft, int, memoryview]


class Plan:
    """A file whose every byte is decided; what is not hashed yet is hashed on the way.

    Attributes:
        head_bytes: The length of the file's beginning, up to the first block.
        n_bytes: The length of the file.
    """

    def __init__(self, drafts: Sequence[_Draft], *, record: str) -> None:
        self._drafts = sorted(drafts, key=lambda draft: block_order(draft.stored, draft.stored_bytes))
        numbered = [draft.name for draft in self._drafts if draft.numbers]
        self._names = [*_unique(numbered), *(draft.name for draft in self._drafts[len(numbered) :])]
        self._record = record
        self._is_hashed = False
        self.head_bytes = len(self._spell(BLANK))
        self.n_bytes = self.head_bytes + sum(draft.stored_bytes for draft in drafts)

    def buffers(self) -> Iterator[Buffer]:
        """The file's bytes in order."""
        yield self.head()
        for draft in self._drafts:
            yield draft.data()

    def bodies(self) -> Iterator[Buffer]:
        """The bytes after the head; while the caller writes some of them, the next are hashed."""
        with closing(one_ahead(_hash, self._batches())) as batches:
            for batch in batches:
                for _, _, view in batch:
                    yield view
        self._is_hashed = True

    def head(self) -> bytes:
        """The file's first `head_bytes` bytes, complete with all digests."""
        if not self._is_hashed:
            for _ in self.bodies():
                pass
        plain = [found for draft in self._drafts if draft.name != RECORD for found in draft.plain]
        plain.sort(key=lambda found: (found[0] is None, found[0] or 0))
        return self._spell(model_digest((n_bytes, digests) for _, n_bytes, digests in plain))

    def _batches(self) -> Iterator[list[_Chunk]]:
        """All bytes after the head, in order, a few MiB at a time."""
        batch: list[_Chunk] = []
        n_bytes = 0
        for draft in self._drafts:
            view = memoryview(draft.data())
            for i, start in enumerate(range(0, len(view), CHUNK_BYTES)):
                batch.append((draft, i, view[start : start + CHUNK_BYTES]))
                n_bytes += len(batch[-1][2])
                if n_bytes >= _BATCH_CHUNKS * CHUNK_BYTES:
                    yield batch
                    batch, n_bytes = [], 0
        yield batch

    def _spell(self, model: str) -> bytes:
        blocks: list[Block] = []
        position = 0
        for draft, name in zip(self._drafts, self._names, strict=True):
            end = position + draft.stored_bytes
            dtype, shape = draft.form
            blocks.append(Block(name=name, dtype=dtype, shape=shape, begin=position, end=end, stored=draft.stored))
            position = end
        return encode_header(tuple(blocks), model=model, record=self._record)


def plan(
    pieces: Sequence[Piece],
    *,
    cells: bytes,
    graph: bytes,
    record: str,
    effort: int,
    groups: Sequence[Group] = (),
    attached: bytes | None = None,
) -> Plan:
    """Decide where everything lies, and with `effort` 1-9 compress it; `attached` is what the record brings with it."""
    reserved = [
        Piece(name=CELLS, dtype="U8", shape=(len(cells),), data=lambda: cells),
        Piece(name=GRAPH, dtype="U8", shape=(len(graph),), data=lambda: graph),
    ]
    tried = groups if effort else ()
    together = _side_by_side(
        lambda i: _Draft.of_group(tried[i], pieces, effort),
        [sum(pieces[number].n_bytes for number in group.numbers) for group in tried],
    )
    grouped = {number for group, draft in zip(tried, together, strict=True) if draft for number in group.numbers}
    left = [number for number in range(len(pieces)) if number not in grouped]
    alone: list[tuple[Piece, tuple[int, ...]]] = [(pieces[numbers[0]], numbers) for numbers in alike(pieces, left)]
    alone += [(piece, ()) for piece in reserved]
    drafts = [draft for draft in together if draft]
    drafts += _side_by_side(lambda i: _Draft(*alone[i], effort), [piece.n_bytes if effort else 0 for piece, _ in alone])
    if attached is not None:
        record_piece = Piece(name=RECORD, dtype="U8", shape=(len(attached),), data=lambda: attached)
        drafts.append(_Draft(record_piece, (), 0))
    return Plan(drafts, record=record)


def _side_by_side(make: Callable[[int], _T], sizes: Sequence[int]) -> list[_T]:
    """`make(0)`, `make(1)` and so on, one for each of the sizes in bytes; on several threads if they add up."""
    made: dict[int, _T] = {}
    largest_first = sorted(range(len(sizes)), key=lambda i: -sizes[i])

    def take(place: int) -> None:
        i = largest_first[place]
        made[i] = make(i)

    share(take, len(sizes), least=1 if sum(sizes) >= _WORTH_A_THREAD_BYTES else len(sizes))
    return [made[i] for i in range(len(sizes))]


def _hash(batch: list[_Chunk]) -> list[_Chunk]:
    for draft, i, view in batch:
        draft.hash(i, view)
    return batch


def _unique(names: list[str]) -> list[str]:
    """Names with `~2`, `~3` … appended where one comes again, or is reserved."""
    unavailable = (METADATA, *RESERVED, RECORD)
    taken = {*names, *unavailable}
    last: dict[str, int] = dict.fromkeys(unavailable, 1)
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
