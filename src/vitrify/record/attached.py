"""What grows with the columns and rows of the data: statistics, probes and texts, in a block of their own.

The block is a glass file in itself, of builtin types, arrays and tables alone, and no name in it is ever trusted. It is
read when somebody asks: `load` compares its digests and leaves it closed.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Never

import msgspec

from vitrify.container.limits import LIMITS, Limits
from vitrify.container.reader import GlassFile, open_glass_bytes
from vitrify.container.writer import plan
from vitrify.converters import default_registry
from vitrify.errors import FormatError, UnsupportedError
from vitrify.graph.decode import Decoder
from vitrify.graph.encode import encode
from vitrify.graph.paths import cut
from vitrify.record.summary import read_summary


@dataclass(frozen=True, slots=True, kw_only=True)
class Attached:
    """The part of a record outside of the header.

    Attributes:
        columns: Of the input: a name of what is known → one value for each column; see `record.data.statistics`.
        target: The same for the columns of the target.
        probes: `X`, rows of input, and `outputs`, method → what it gave for them; empty where there are none.
        texts: The name of a text → the text: scripts, cells, classes of the caller's.
    """

    columns: dict[str, Any] = field(default_factory=dict)
    target: dict[str, Any] = field(default_factory=dict)
    probes: dict[str, Any] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to attach."""
        return not (self.columns or self.target or self.probes or self.texts)


_FIELDS = ("columns", "target", "probes", "texts")
_PLAIN = frozenset({"numpy", "scipy", "pandas", "datetime", "zoneinfo", "decimal"})
_NO_RECORD = '{"versions":{}}'


def write_attached(attached: Attached, effort: int = 3) -> bytes | None:
    """The bytes of the block; None where there is nothing to attach.

    Raises:
        UnsupportedError: A probe holds what no file can, or what no record has.
    """
    if attached.is_empty:
        return None
    encoded = encode({name: getattr(attached, name) for name in _FIELDS}, default_registry(), packs=effort > 0)
    _require_plain(encoded.graph)
    prepared = plan(
        encoded.pieces, cells=encoded.cells, graph=encoded.graph, record=_NO_RECORD, effort=effort,
        groups=encoded.groups,
    )  # fmt: skip
    return b"".join(prepared.buffers())


def read_attached(file: GlassFile, limits: Limits = LIMITS) -> Attached:
    """What a file's record brings with it.

    Raises:
        FormatError: It is not what `write_attached` writes.
        VitrifyError: Its bytes are damaged, or ask for too much.
    """
    data = file.attached()
    if data is None:
        return Attached()
    with open_glass_bytes(data, limits, file.budget) as opened:
        if opened.header.metadata.record != _NO_RECORD or opened.attached() is not None:
            raise FormatError("the block of the record has a record of its own")
        decoder = Decoder(opened, default_registry())
        for name in decoder.graph.names:
            _nothing(name.name, name.what, "")
        if not all(_is_plain(parsed.table.type) for parsed in decoder.tables):
            raise FormatError("the record needs types that no record has")
        found = decoder.build(_nothing)
    if type(found) is not dict or tuple(found) != _FIELDS or any(type(part) is not dict for part in found.values()):
        raise FormatError("the block of the record is not what SPEC.md §7 describes")
    attached = Attached(**found)
    source = read_summary(file.header.metadata.record).source
    listed = () if source is None else source.texts
    if tuple(attached.texts) != listed or any(type(text) is not str for text in attached.texts.values()):
        raise FormatError("the block of the record is not what SPEC.md §7 describes (texts)")
    return attached


def _require_plain(graph: bytes) -> None:
    """What is written must be what `read_attached` takes.

    Raises:
        UnsupportedError: It is not.
    """
    found = msgspec.json.decode(graph)
    strange = [table["type"] for table in found["tables"] if not _is_plain(table["type"])]
    strange += [name["name"] for name in found["names"]]
    if strange:
        raise UnsupportedError(
            f"the data or its outputs hold {cut(strange[0])}, which no record has",
            hint="Give X as plain numbers, texts, moments and categories, or probes=None to capture",
        )


def _is_plain(type_id: str) -> bool:
    """Whether it is a builtin container, or a type of arrays, tables, dates, time zones and decimals."""
    library, _, name = type_id.partition(".")
    return not name or (library in _PLAIN and not name.startswith("random."))


def _nothing(name: str, what: str, path: str) -> Never:
    raise FormatError("the record needs names that no record has")
