"""Bytes to blocks: each block is read once, checked against its digests and decoded.

Nothing is handed out before its digest was checked, except what `map` returns, which is for files that were
verified when they were deployed.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from io import TextIOBase
from itertools import accumulate
from typing import BinaryIO, Self

import numpy as np
import numpy.typing as npt

from vitrify.container.codecs import CODECS, RAW
from vitrify.container.digest import CHUNK_BYTES, digest_count, hex_digest, model_digest
from vitrify.container.layout import RECORD, RESERVED, Block, Header, Stored
from vitrify.container.limits import LIMITS, Budget, Limits, require_limits
from vitrify.container.memory import Memory, private_bytes
from vitrify.container.parallel import share
from vitrify.container.sources import FileSource, Source, open_bytes, open_path, open_stream
from vitrify.errors import FormatError, IntegrityError, spelled_out

Bytes = npt.NDArray[np.uint8]
_Place = tuple[Block, memoryview | None, memoryview | None]
FileLike = str | bytes | os.PathLike[str] | BinaryIO
_CHUNKS_PER_THREAD = 4
_WORTH_A_THREAD_BYTES = 1 << 20
_ALIGNMENT = 8
_MOST_MAPS = 256
"""A system lets a process have some ten thousand; a block that stands for more pieces is read."""


class GlassFile:
    """An open glass file whose header has been checked; use it as a context manager.

    Attributes:
        header: What the header says.
        limits: What the file may ask for.
        budget: The memory that it may ask for.
        spend: Takes bytes from it, or raises LimitError; the text says what for.
    """

    def __init__(self, source: Source, limits: Limits, budget: Budget | None = None) -> None:
        self.header: Header = source.header
        self.limits = limits
        self.budget = Budget(limits, self.header.file_bytes) if budget is None else budget
        self.spend = self.budget.spend
        self._source = source
        self._named = {b.name: b for b in self.header.blocks if b.stored.piece is None and not b.stored.pieces}
        self._groups: dict[int, _Together] = {}
        self._places: dict[int, int] = {}
        self._pieces = self._number()
        self._require_model_digest()
        self.spend(sum(map(_memory, self.header.blocks)), "decoded blocks")

    def _require_model_digest(self) -> None:
        """Where no block is encoded, the header alone must say what the digest of the model is (SPEC.md 5.2)."""
        blocks = [*self._pieces, *(self._named[name] for name in RESERVED)]
        if {block.stored.codec for block in blocks} != {RAW}:
            return
        held = [(block.end - block.begin, block.stored.digests) for block in blocks]
        if model_digest(held) != self.header.metadata.model:
            raise IntegrityError("the digest of the model does not match the digests of its blocks")

    def _number(self) -> list[Block]:
        """The block of each number, in order; for an encoded one of several, a block that stands for its share."""
        found: dict[int, Block] = {}
        for block in self.header.blocks:
            stored = block.stored
            if stored.piece is not None:
                found[stored.piece] = block
            elif stored.codec == RAW:
                found |= dict.fromkeys(stored.numbers, block)
                self._places |= {number: place for place, number in enumerate(stored.numbers)}
            elif stored.pieces:
                group = _Together(block)
                found |= group.shares()
                self._groups |= dict.fromkeys(stored.numbers, group)
        return [found[number] for number in range(len(found))]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._source.close()

    @property
    def n_pieces(self) -> int:
        """How many numbered blocks there are."""
        return len(self._pieces)

    def block(self, number: int) -> Block:
        """The block of piece `number`."""
        if not 0 <= number < len(self._pieces):
            raise FormatError(f"the object graph asks for piece {number} of {len(self._pieces)}")
        return self._pieces[number]

    def share(self, number: int) -> int:
        """The bytes that piece `number` takes in the file; what several have together is split among them."""
        block, place = self.block(number), self._places.get(number)
        if place is None:
            return block.stored_bytes
        return (place + 1) * block.stored_bytes // block.n_copies - place * block.stored_bytes // block.n_copies

    def piece(self, number: int) -> Bytes:
        """The decoded bytes of piece `number`, in private memory of their own, shape (n_bytes,) uint8."""
        return self._read(self.block(number))

    def stretch(self, numbers: Sequence[int], memory: Memory) -> list[Bytes]:
        """Several pieces as by `piece`, in memory that they may share; small neighbours are read in one go."""
        blocks = [self.block(number) for number in numbers]
        if self._source.view(0, 0) is not None:  # they lie in memory already
            return [self._read(block, memory) for block in blocks]
        found: dict[int, Bytes] = {}
        for run in self._runs(blocks):
            first = blocks[run[0]]
            if len(run) == 1:
                found[run[0]] = self._read(first, memory)
                continue
            whole = memory(blocks[run[-1]].end - first.begin)
            self._source.read_into(first.begin, whole.data)
            for i in run:
                block = blocks[i]
                found[i] = part = whole[block.begin - first.begin : block.end - first.begin]
                _require_digest(block, 0, part.data)
        return [found[i] for i in range(len(blocks))]

    def _runs(self, blocks: Sequence[Block]) -> list[list[int]]:
        """Places in `blocks`: those of raw blocks that lie side by side, up to a MiB of them, and others alone."""
        runs: list[list[int]] = []
        begin = end = -1
        for i in sorted(range(len(blocks)), key=lambda i: blocks[i].begin):
            block = blocks[i]
            is_alone = block.stored.codec != RAW or bool(block.stored.pieces)
            if not is_alone and block.begin == end and block.end - begin <= CHUNK_BYTES:
                runs[-1].append(i)
            else:
                runs.append([i])
                begin = block.begin
            end = -1 if is_alone else block.end
        return runs

    def pieces(self, numbers: Sequence[int]) -> list[Bytes]:
        """Several pieces as by `piece`; they are read and decoded side by side, those of a group after one another."""
        raw = [number for number in numbers if self.block(number).stored.codec == RAW]
        read = dict(zip(raw, self._stored([self.block(number) for number in raw], private_bytes), strict=True))
        together: dict[str, list[int]] = {}
        for number in numbers:
            if number not in read:
                together.setdefault(self.block(number).name, []).append(number)
        sizes = {name: sum(self.block(number).n_bytes for number in some) for name, some in together.items()}
        largest_first = sorted(together, key=lambda name: -sizes[name])

        def decode(i: int) -> None:
            read.update({number: self._read(self.block(number)) for number in together[largest_first[i]]})

        share(decode, len(together), least=1 if sum(sizes.values()) >= _WORTH_A_THREAD_BYTES else len(together))
        return [read[number] for number in numbers]

    def reserved(self, name: str) -> Bytes:
        """The decoded bytes of a reserved block, shape (n_bytes,) uint8."""
        return self._read(self._named[name])

    def attached(self) -> bytes | None:
        """The bytes that the record brings with it; None where it is all in the header."""
        return self._read(self._named[RECORD]).tobytes() if RECORD in self._named else None

    def check_attached(self) -> None:
        """Compare them with their digests, without decoding them.

        Raises:
            IntegrityError: They do not match.
        """
        if RECORD in self._named:
            block = self._named[RECORD]
            self._compare([(block, self._source.view(block.begin, block.end), None)])

    def map(self, number: int) -> Bytes | None:
        """Piece `number` as a private map of the file, its digests unchecked; None where that cannot be."""
        block = self.block(number)
        if not isinstance(self._source, FileSource) or block.stored.codec != RAW or block.n_copies > _MOST_MAPS:
            return None
        is_shared = block.n_copies > 1  # each has memory of its own, which may be written to
        return np.frombuffer(self._source.map(block.begin, block.end, anew=is_shared), np.uint8)

    def check(self, block: Block) -> None:
        """Compare a block with its digests, a MiB in memory at a time, and decode it if it is encoded.

        Raises:
            IntegrityError: It does not match.
        """
        if block.stored.codec == RAW:
            self._compare([(block, self._source.view(block.begin, block.end), None)])
        else:
            self._read(block)

    def _read(self, block: Block, memory: Memory = private_bytes) -> Bytes:
        if block.stored.piece in self._groups:
            return self._groups[block.stored.piece].piece(block.stored.piece, lambda whole: self._read(whole, memory))
        if block.stored.codec == RAW:
            return self._stored([block], memory)[0]
        stored = self._stored([block], private_bytes)[0]
        out = memory(block.n_bytes)
        try:
            CODECS[block.stored.codec].decode(stored.data, out.data)
        except FormatError as error:
            error.path = spelled_out(f"block {block.name!r:.80}")
            raise
        return out

    def _stored(self, blocks: Sequence[Block], memory: Memory) -> list[Bytes]:
        outs: list[Bytes] = []
        places: list[_Place] = []
        for block in blocks:
            # What several pieces have is read for each of them: a view would be the memory of all.
            view = None if block.n_copies > 1 else self._source.view(block.begin, block.end)
            out = memory(block.stored_bytes) if view is None else np.frombuffer(view, np.uint8)
            outs.append(out)
            places.append((block, view, out.data))
        self._compare(places)
        return outs

    def _compare(self, places: Sequence[_Place]) -> None:
        """Compare each MiB of blocks where it lies, in `view`, or else read into `out` or into a buffer of its own."""
        chunks = [(place, i) for place in places for i in range(digest_count(place[0].stored_bytes))]
        if len(chunks) == 1:
            self._compare_chunk(*chunks[0])
        else:
            share(lambda number: self._compare_chunk(*chunks[number]), len(chunks), least=_CHUNKS_PER_THREAD)

    def _compare_chunk(self, place: _Place, chunk: int) -> None:
        block, view, out = place
        start = chunk * CHUNK_BYTES
        n_bytes = min(CHUNK_BYTES, block.end - block.begin - start)
        if view is not None:
            part = view[start : start + n_bytes]
        else:
            part = memoryview(bytearray(n_bytes)) if out is None else out[start : start + n_bytes]
            self._source.read_into(block.begin + start, part)
        _require_digest(block, chunk, part)


def _require_digest(block: Block, chunk: int, part: memoryview) -> None:
    if hex_digest(part) != block.stored.digests[chunk]:
        raise IntegrityError(
            f"block {block.name!r:.80} does not match its digest", hint="The file was damaged; get it again"
        )


def _memory(block: Block) -> int:
    """The bytes that decoding a block takes, at most."""
    stored = block.stored
    if stored.codec == RAW and not stored.pieces:
        return block.end - block.begin
    factor = 1 if stored.codec == RAW else CODECS[stored.codec].memory
    return block.n_bytes * (factor + block.n_copies - 1)


class _Together:
    """An encoded block that several pieces share: it is decoded for the first, and kept until the last is asked for.

    The pieces of a group have their part of it each; others have all of it.
    """

    def __init__(self, block: Block) -> None:
        self._block = block
        sizes = [n_bytes for _, n_bytes in block.stored.pieces]
        starts = accumulate(sizes[:-1], initial=0) if block.is_group else [0] * len(sizes)
        self._spans = {
            number: (start, start + n_bytes)
            for (number, n_bytes), start in zip(block.stored.pieces, starts, strict=True)
        }
        self._decoded: Bytes | None = None
        self._waiting: set[int] = set()

    def shares(self) -> dict[int, Block]:
        """A block for each piece, which takes its share of the stored bytes."""
        whole = self._block
        total = whole.n_bytes * whole.n_copies
        found: dict[int, Block] = {}
        end = 0
        for number, n_bytes in whole.stored.pieces:
            start, end = end, end + n_bytes
            cuts = [whole.begin + edge * whole.stored_bytes // total for edge in (start, end)]
            stored = Stored((), number, whole.stored.codec, n_bytes)
            found[number] = Block(
                name=whole.name, dtype="U8", shape=(cuts[1] - cuts[0],), begin=cuts[0], end=cuts[1], stored=stored
            )
        return found

    def piece(self, number: int, read: Callable[[Block], Bytes]) -> Bytes:
        """The bytes of a piece, in memory that no other has; each is asked for once, as a rule."""
        if self._decoded is None:
            self._decoded, self._waiting = read(self._block), set(self._spans)
        decoded = self._decoded
        self._waiting.discard(number)
        if not self._waiting:
            self._decoded = None
        begin, end = self._spans[number]
        is_free = self._block.is_group or not self._waiting
        return decoded[begin:end] if is_free and begin % _ALIGNMENT == 0 else decoded[begin:end].copy()


def open_glass(file: FileLike, limits: Limits = LIMITS) -> GlassFile:
    """Open a path or a binary file object.

    Raises:
        OSError: It cannot be opened or read.
        FormatError: It is not one whole glass file.
        LimitError: Its header asks for more than `limits` allows.
        TypeError: `file` or `limits` is something else.
    """
    require_limits(limits)
    source: Source
    if isinstance(file, (str, bytes, os.PathLike)):
        source = open_path(file, limits)
    elif _is_in_text_mode(file):
        raise TypeError('the file was opened in text mode; open it in binary mode: open(path, "rb")')
    elif callable(getattr(file, "read", None)):
        source = open_stream(file, limits)
    else:
        raise TypeError(f"expected a path or a binary file object, got {type(file).__name__}")
    try:
        return GlassFile(source, limits)
    except BaseException:
        source.close()
        raise


def _is_in_text_mode(file: object) -> bool:
    return isinstance(file, TextIOBase)


def open_glass_bytes(
    data: bytes | bytearray | memoryview, limits: Limits = LIMITS, budget: Budget | None = None
) -> GlassFile:
    """Open a byte string; see `open_glass`. One that lies in another file takes memory from that file's `budget`."""
    require_limits(limits)
    return GlassFile(open_bytes(data, limits), limits, budget)
