"""What the header says: its fields, their order and their one canonical spelling (SPEC.md §2).

The header of a given set of blocks has exactly one form, so whatever decodes must encode to the bytes read: that
alone refuses duplicate keys, stray spaces, reordered or unknown fields and numbers written in another way.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from math import prod
from typing import Final

import msgspec
from msgspec import Struct

from vitrify.container.codecs import CODECS, RAW
from vitrify.container.digest import BLANK, DIGEST_CHARS, digest_count, hex_digest
from vitrify.container.limits import Limits
from vitrify.errors import FormatError, IntegrityError, NewerFormatError

FORMAT: Final = "vitrify/1"
_DRAFT: Final = "vitrify/0"
ROOT_PREFIX: Final = b'{"__metadata__":{"root":"'
ALIGNMENT: Final = 64
SIGNATURE_ROOM_BYTES: Final = 4096
SIGNATURE_ROOM_FROM_BYTES: Final = 1 << 20
ITEM_BYTES: Final = {
    "BOOL": 1, "U8": 1, "I8": 1, "U16": 2, "I16": 2, "F16": 2, "U32": 4, "I32": 4, "F32": 4,
    "U64": 8, "I64": 8, "F64": 8, "C64": 8,
}  # fmt: skip
CELLS: Final = "$cells"
GRAPH: Final = "$graph"
RECORD: Final = "$record"
RESERVED: Final = (CELLS, GRAPH)
"""The blocks of every file that have no number; only `RECORD` may follow."""

METADATA: Final = "__metadata__"
_UNNUMBERED: Final = (RESERVED, (*RESERVED, RECORD))
_HEX: Final = re.compile("[0-9a-f]{64}")
_FORMAT_FIELD: Final = re.compile(rb'","format":"([^"\\]{0,40})"')
_MAX_INT = 2**63 - 1
_MOST_DIMENSIONS: Final = 65


class Entry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One safetensors header entry."""

    dtype: str
    shape: tuple[int, ...]
    data_offsets: tuple[int, int]


class Stored(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """How one block is stored.

    Attributes:
        digests: One for each MiB of the stored bytes.
        piece: The number by which the object graph knows it.
        codec: The name of its codec.
        n_bytes: Its size after decoding, if it is encoded.
        pieces: Of a group: the number and the size of each piece that it decodes to, one after another. Of several
            pieces with the same bytes, which are stored once: the number of each, and their size.
    """

    digests: tuple[str, ...]
    piece: int | None = None
    codec: str = RAW
    n_bytes: int | None = None
    pieces: tuple[tuple[int, int], ...] = ()

    @property
    def numbers(self) -> tuple[int, ...]:
        """The numbers of the pieces that the block holds; none for a reserved one."""
        return (self.piece,) if self.piece is not None else tuple([number for number, _ in self.pieces])


class Metadata(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The `__metadata__` of a glass file; every value is text, as safetensors asks."""

    root: str
    format: str
    model: str
    record: str
    blocks: str


_ENTRY: Final = msgspec.json.Decoder(Entry)
_DESCRIBED: Final = msgspec.json.Decoder(tuple[Stored, ...])
_RAW_HEADER: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])
_TEXTS: Final = msgspec.json.Decoder(dict[str, str])
_PREPARED: Final = msgspec.json.Decoder(Metadata)
"""All are made under the lock of imports: two threads in which msgspec first looks into a type end the process
(SIGSEGV)."""


class Block(Struct, frozen=True, kw_only=True):
    """A named run of bytes in the data section.

    Attributes:
        name: The name in the safetensors header.
        dtype: The safetensors dtype of the stored bytes.
        shape: The shape of the stored bytes in that dtype.
        begin: Offset of the first stored byte in the data section.
        end: Offset after the last stored byte.
        stored: Digests, codec and decoded size.
    """

    name: str
    dtype: str
    shape: tuple[int, ...]
    begin: int
    end: int
    stored: Stored

    @property
    def stored_bytes(self) -> int:
        """The size in the file."""
        return self.end - self.begin

    @property
    def n_bytes(self) -> int:
        """The size after decoding."""
        return self.stored_bytes if self.stored.n_bytes is None else self.stored.n_bytes

    @property
    def is_group(self) -> bool:
        """Whether it decodes to several pieces, one after another."""
        return self.stored.codec != RAW and CODECS[self.stored.codec].is_group

    @property
    def n_copies(self) -> int:
        """How many pieces have its bytes; 1 for a group, whose pieces have their share of them."""
        return len(self.stored.pieces) if self.stored.pieces and not self.is_group else 1


class Header(Struct, frozen=True, kw_only=True):
    """A header that has passed every check of SPEC.md §2."""

    metadata: Metadata
    blocks: tuple[Block, ...]
    header_bytes: int

    @property
    def data_start(self) -> int:
        """The offset of the data section in the file."""
        return 8 + self.header_bytes

    @property
    def data_bytes(self) -> int:
        """The size of the data section."""
        return self.blocks[-1].end if self.blocks else 0

    @property
    def file_bytes(self) -> int:
        """The size of the whole file."""
        return self.data_start + self.data_bytes


def encode_header(blocks: tuple[Block, ...], *, model: str, record: str) -> bytes:
    """The first bytes of the file, from the length to the end of the padding."""
    stored = msgspec.json.encode([block.stored for block in blocks]).decode()
    metadata = Metadata(root=BLANK, format=FORMAT, model=model, record=record, blocks=stored)
    entries = {block.name: Entry(block.dtype, block.shape, (block.begin, block.end)) for block in blocks}
    text = _spell(metadata, entries)
    header_bytes = _padded_bytes(len(text), blocks[-1].end if blocks else 0)
    blank = header_bytes.to_bytes(8, "little") + text.ljust(header_bytes)
    return _with_root(blank, hex_digest(blank))


def decode_length(head: bytes, limits: Limits) -> int:
    """The header's length in bytes, from the first 8 bytes of a file.

    Raises:
        LimitError: It is beyond `limits.header_bytes`.
    """
    length = int.from_bytes(head[:8], "little")
    limits.require("header_bytes", length, "bytes of the header")
    return length


def decode_header(head: bytes, limits: Limits) -> Header:
    """Check and parse the first `8 + length` bytes of a file.

    Raises:
        NewerFormatError: The format version is not one of ours.
        IntegrityError: The root digest does not match.
        FormatError: A clause of SPEC.md §2 is broken.
        LimitError: There are more blocks than `limits` allows.
    """
    text = head[8:]
    root = head[8 + len(ROOT_PREFIX) :][:DIGEST_CHARS]
    if hex_digest(_with_root(head, BLANK)).encode() != root:
        raise IntegrityError("the header does not match its digest", hint="The file was damaged; get it again")
    # A later format may have other fields, or no JSON at all, behind its name: no more is read before this.
    named = _FORMAT_FIELD.match(head, 8 + len(ROOT_PREFIX) + DIGEST_CHARS)
    if named is not None and named[1] != FORMAT.encode():
        _refuse_format(named[1].decode("utf-8", "replace"))
    try:
        raw = _RAW_HEADER.decode(text)
        metadata = _TEXTS.decode(raw.pop(METADATA, msgspec.Raw(b"null")))
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise FormatError(f"the header is not the JSON that SPEC.md §2 describes ({error!s:.400})") from error
    if metadata.get("format") != FORMAT:
        _refuse_format(metadata.get("format"))
    if metadata.get("root", "").encode() != root:
        raise FormatError("the root digest is not 64 digits")
    limits.require("blocks", len(raw), "blocks")
    try:
        typed = msgspec.convert(metadata, Metadata)
        entries = {name: _ENTRY.decode(entry) for name, entry in raw.items()}
        stored = _DESCRIBED.decode(typed.blocks)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise FormatError(f"the header is not the JSON that SPEC.md §2 describes ({error!s:.400})") from error
    n_more = sum([len(how.pieces) - 1 for how in stored if how.pieces])
    limits.require("blocks", len(stored) + n_more, "blocks, and pieces in groups")
    if len(stored) != len(entries):
        raise FormatError(f"{len(entries)} blocks but {len(stored)} descriptions of how they are stored")
    blocks = tuple(
        Block(name=name, dtype=e.dtype, shape=e.shape, begin=e.data_offsets[0], end=e.data_offsets[1], stored=s)
        for (name, e), s in zip(entries.items(), stored, strict=True)
    )
    if not _HEX.fullmatch(typed.model):
        raise FormatError("the digest of the model is not 64 hexadecimal digits")
    header = Header(metadata=typed, blocks=blocks, header_bytes=len(text))
    _check_blocks(blocks)
    spelled = msgspec.json.encode([how if how.codec is RAW else _with_default(how) for how in stored]).decode()
    if spelled != typed.blocks or _spell(typed, entries) != text.rstrip(b" "):
        raise FormatError("the header is not in canonical form")
    if len(text) != _padded_bytes(len(text.rstrip(b" ")), header.data_bytes):
        raise FormatError("the header is not padded to the length that SPEC.md §2 gives")
    return header


def block_order(stored: Stored, stored_bytes: int) -> tuple[int, int, int]:
    """The sort key that fixes the order of blocks in the data section (SPEC.md §2).

    Raw pieces come first, those whose size has the larger power-of-two factor (up to 64) before the others: so each
    begins at a multiple of its item size without a hole. Encoded pieces follow, the reserved blocks come last.
    """
    numbers = stored.numbers
    if not numbers:
        return (2, 0, 0)
    if stored.codec != RAW:
        return (1, 0, numbers[0])
    return (0, -min(stored_bytes & -stored_bytes, ALIGNMENT) if stored_bytes else -ALIGNMENT, numbers[0])


def _check_blocks(blocks: tuple[Block, ...]) -> None:
    position = 0
    pieces: list[int] = []
    for block in blocks:
        stored, begin, end = block.stored, block.begin, block.end
        if block.dtype not in ITEM_BYTES:
            raise FormatError(f"unknown dtype {block.dtype!r:.80} of block {block.name!r:.80}")
        lengths = (*block.shape, begin, end)
        if min(lengths) < 0 or max(lengths) > _MAX_INT or len(lengths) > 2 + _MOST_DIMENSIONS:
            raise FormatError(f"impossible shape or offsets of block {block.name!r:.80}")
        if begin != position or end < begin:
            raise FormatError(f"block {block.name!r:.80} does not begin where the one before it ends")
        if prod(block.shape) * ITEM_BYTES[block.dtype] != end - begin:
            raise FormatError(f"block {block.name!r:.80} has {end - begin} bytes, its shape needs another size")
        if len(stored.digests) != digest_count(end - begin):
            raise FormatError(f"block {block.name!r:.80} has {len(stored.digests)} digests for its size")
        is_raw, numbers = stored.codec == RAW, stored.numbers
        if not (is_raw and numbers) and (block.dtype, block.shape) != ("U8", (end - begin,)):
            raise FormatError(f"block {block.name!r:.80} must be plain bytes")
        if block.name == RECORD and not numbers and not is_raw:
            raise FormatError("the block of the record must be raw")
        if is_raw != (stored.n_bytes is None):
            raise FormatError(f"block {block.name!r:.80} must give a decoded size exactly when it is encoded")
        if not is_raw and (stored.codec not in CODECS or not 0 <= block.n_bytes <= _MAX_INT):
            raise FormatError(f"block {block.name!r:.80} has an unknown codec or size")
        if stored.pieces or not is_raw:
            _check_pieces(block)
        pieces += numbers
        position = end
    order = [block_order(block.stored, block.stored_bytes) for block in blocks]
    if order != sorted(order) or tuple(b.name for b in blocks if not b.stored.numbers) not in _UNNUMBERED:
        raise FormatError("the blocks are not in canonical order")
    if sorted(pieces) != list(range(len(pieces))):
        raise FormatError("the blocks are not numbered 0, 1, 2 … without gap or repetition")


def _check_pieces(block: Block) -> None:
    stored = block.stored
    if not stored.pieces and not block.is_group:
        return
    numbers, sizes = [number for number, _ in stored.pieces], [n_bytes for _, n_bytes in stored.pieces]
    if stored.piece is not None:
        raise FormatError(f"block {block.name!r:.80} has a number, and names several pieces")
    if not numbers or numbers != sorted(set(numbers)) or numbers[0] < 0 or numbers[-1] > _MAX_INT:
        raise FormatError(f"the pieces of block {block.name!r:.80} are not in order")
    if block.is_group:
        if min(sizes) < 1 or sum(sizes) != stored.n_bytes:
            raise FormatError(f"the pieces of block {block.name!r:.80} do not add up to its size")
    elif len(numbers) < 2 or set(sizes) != {block.n_bytes} or block.n_bytes < 1:
        raise FormatError(
            f"block {block.name!r:.80} is no group, and names several pieces that are not as large as it is"
        )


def _with_default(how: Stored) -> Stored:
    """The same with the very default object, which msgspec recognises by identity when it omits defaults."""
    return Stored(how.digests, how.piece, RAW, how.n_bytes, how.pieces) if how.codec == RAW else how


def _refuse_format(found: object) -> None:
    shown = repr(found)[:40]
    if found == _DRAFT:
        raise FormatError(f"the file has format {shown}, a draft that no release reads", hint="Save the model again")
    if isinstance(found, str) and found.startswith("vitrify/"):
        raise NewerFormatError(f"the file has format {shown}, this vitrify reads {FORMAT!r}", hint="Upgrade vitrify")
    raise FormatError(f"the header names the format {shown}, expected {FORMAT!r}")


def _spell(metadata: Metadata, entries: Mapping[str, Entry]) -> bytes:
    return msgspec.json.encode({METADATA: metadata, **entries})


def _padded_bytes(text_bytes: int, data_bytes: int) -> int:
    """The header's length: data starts 64-byte aligned, and large files leave room for a signature."""
    room = SIGNATURE_ROOM_BYTES if data_bytes >= SIGNATURE_ROOM_FROM_BYTES else 0
    return -(-(8 + text_bytes + room) // ALIGNMENT) * ALIGNMENT - 8


def _with_root(head: bytes, root: str) -> bytes:
    start = 8 + len(ROOT_PREFIX)
    return head[:start] + root.encode() + head[start + DIGEST_CHARS :]
