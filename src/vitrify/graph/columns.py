"""Values ⇄ columns: each column is encoded as a whole, by what its values have in common (SPEC.md §6.2).

The type of every value is kept: 1, True, 1.0 and numpy.float64(1.0) never stand for one another.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from io import BytesIO
from typing import Any, Final, Protocol

import numpy as np
import numpy.typing as npt
from msgspec import Struct

from vitrify.graph.cells import CellWriter, smallest_signed, smallest_unsigned
from vitrify.graph.schema import (
    CELL_LIMIT_BYTES,
    Column,
    Const,
    ConstFloat,
    ConstName,
    Mixed,
    Numbers,
    Plain,
    Run,
    Strings,
)  # fmt: skip

NumberArray = npt.NDArray[Any]
Ints = npt.NDArray[np.int64]

SCALARS: Final[dict[type, str]] = {
    kind: np.dtype(kind).str
    for kind in (
        np.bool_, np.int8, np.int16, np.int32, np.int64, np.uint8, np.uint16, np.uint32, np.uint64,
        np.float16, np.float32, np.float64, np.complex64, np.complex128,
    )
}  # fmt: skip
_INLINE_TEXT_CHARS: Final = 1024
AT_ONCE: Final = 1 << 14
"""How many values of a long column are worked through at a time, so that no second copy of all lies in memory."""

_PLAIN_KINDS: Final[dict[type, str]] = {
    type(None): "none", bool: "bool", int: "int", float: "float", str: "text", bytes: "bytes", **SCALARS,
}  # fmt: skip


class Links(Protocol):
    """What a column needs to know of the graph it belongs to."""

    cells: CellWriter

    def name_index(self, value: object) -> int:
        """The place in `Graph.names` of a class or function."""

    def is_name(self, kind: type) -> bool:
        """Whether values of this type are classes or functions, stored by name."""

    def locate(self, values: Sequence[object]) -> tuple[list[int], list[int]]:
        """The table and the row of each object."""


class _Part(Struct, frozen=True):
    """Values that one plain column can hold, and where they stand in the whole (None for everywhere)."""

    group: str
    values: Sequence[Any]
    positions: Ints | None
    table: int = -1
    rows: Ints | None = None


def encode_column(values: Sequence[object], links: Links, name: str) -> Column:
    """The column that holds these values; `name` names the blocks it may need."""
    if not values:
        return Const(None)
    if len(values) == 1 and (only := _encode_one(values[0], links)) is not None:
        return only
    kinds = list(dict.fromkeys(map(type, values)))
    group_of = {kind: _group(kind, links) for kind in kinds}
    groups = list(dict.fromkeys(group_of.values()))
    if len(groups) == 1:
        parts = list(_parts(groups[0], values, None, links))
        if len(parts) == 1:
            return _encode_part(parts[0], links, name)
    else:
        place = {group: i for i, group in enumerate(groups)}
        code_of = {kind: place[group] for kind, group in group_of.items()}
        codes = np.fromiter(map(code_of.__getitem__, map(type, values)), np.int64, len(values))
        parts = []
        for i, group in enumerate(groups):
            positions = (codes == i).nonzero()[0]
            parts += _parts(group, [values[p] for p in positions.tolist()], positions, links)
    final = np.zeros(len(values), np.int64)
    for i, part in enumerate(parts):
        final[part.positions] = i
    width = smallest_unsigned(len(parts) - 1)
    block = _put(links, final.astype("<" + width), f"{name}.parts")
    return Mixed(width, tuple(_encode_part(part, links, f"{name}.{i}") for i, part in enumerate(parts)), block)


def _encode_one(value: Any, links: Links) -> Plain | None:
    """The column of a single value, as most tables have them: what the columns below come to, by a longer way."""
    kind = type(value)
    if value is None or kind is bool or (kind is int and -(2**63) <= value < 2**63):
        return Const(value)
    if kind is float and value == value:
        return ConstFloat(value.hex())
    if kind is str and len(value) <= _INLINE_TEXT_CHARS and value.isascii():
        return Const(value)
    if kind in _PLAIN_KINDS or links.is_name(kind):
        return None
    (table,), (row,) = links.locate((value,))
    return Run(table, row)


def _group(kind: type, links: Links) -> str:
    plain = _PLAIN_KINDS.get(kind)
    if plain is not None:
        return plain
    return "name" if links.is_name(kind) else "ref"


def _parts(group: str, values: Sequence[Any], positions: Ints | None, links: Links) -> Iterator[_Part]:
    """Split what one plain column cannot hold: ints beyond 64 bits, and references to several tables."""
    if group == "int":
        yield from _int_parts(values, positions)
    elif group == "ref":
        tables, rows = (np.array(found, np.int64) for found in links.locate(values))
        for table in dict.fromkeys(tables.tolist()):
            mine = (tables == table).nonzero()[0]
            where = positions if len(mine) == len(values) else _at(positions, mine)
            yield _Part("ref", (), where, table, rows[mine])
    else:
        yield _Part(group, values, positions)


def _int_parts(values: Sequence[int], positions: Ints | None) -> Iterator[_Part]:
    try:
        yield _Part("int", np.fromiter(values, np.int64, len(values)), positions)  # type: ignore[arg-type]  # an array will do
    except OverflowError:
        fits = np.fromiter((-(2**63) <= v < 2**63 for v in values), np.bool_, len(values))
        small, big = np.flatnonzero(fits), np.flatnonzero(~fits)
        if len(small):
            yield _Part("int", np.array([values[p] for p in small.tolist()], np.int64), _at(positions, small))  # type: ignore[arg-type]  # an array will do
        large = [values[p] for p in big.tolist()]
        texts = [v.to_bytes(v.bit_length() // 8 + 1, "little", signed=True) for v in large]
        yield _Part("bigint", texts, _at(positions, big) if len(small) else positions)


def _at(positions: Ints | None, mine: Ints) -> Ints:
    return mine if positions is None else positions[mine]


def _encode_part(part: _Part, links: Links, name: str) -> Plain:
    values = part.values
    match part.group:
        case "none":
            return Const(None)
        case "bool":
            return _encode_bools(values, links, name)
        case "int":
            return _encode_ints(values, links, name)  # type: ignore[arg-type]  # an array, see _int_parts
        case "float":
            return _encode_floats(values, links, name)
        case "text":
            return _encode_text(values, links, name)
        case "bytes" | "bigint":
            return _encode_strings(part.group, values, links, name)
        case "name":
            return _encode_names(values, links, name)
        case "ref":
            assert part.rows is not None
            return _encode_rows(part.table, part.rows, links, name)
    array = np.fromiter(values, np.dtype(part.group), len(values))
    return Numbers(part.group, part.group[1:], None, _put(links, array, name))


def _encode_bools(values: Sequence[bool], links: Links, name: str) -> Plain:
    array = np.fromiter(values, np.bool_, len(values))
    if array.min() == array.max():
        return Const(values[0])
    return Numbers("bool", "u1", None, _put(links, array, name))


def _encode_ints(array: Ints, links: Links, name: str) -> Plain:
    low, high = int(array.min()), int(array.max())
    if low == high:
        return Const(low)
    width = smallest_signed(low, high)
    return Numbers("int", width, None, _put(links, array.astype("<" + width), name))


def _encode_floats(values: Sequence[float], links: Links, name: str) -> Plain:
    array = np.fromiter(values, np.float64, len(values))
    bits = array.view(np.int64)
    if array[0] == array[0] and bits.min() == bits.max():
        return ConstFloat(float(array[0]).hex())
    return Numbers("float", "f8", None, _put(links, array.astype("<f8"), name))


def _encode_text(texts: Sequence[str], links: Links, name: str) -> Plain:
    try:
        data = _joined(texts)
    except UnicodeEncodeError:
        return _encode_strings("text", [t.encode("utf-8", "surrogatepass") for t in texts], links, name)
    if len(texts[0]) <= _INLINE_TEXT_CHARS and texts[0] == texts[-1] and texts.count(texts[0]) == len(texts):
        return Const(texts[0])
    if data.count(0) != len(texts) - 1:
        return _encode_strings("text", [t.encode() for t in texts], links, name)
    return Strings("lines", "", len(data), None, links.cells.put(data, name, "lines"))


def _joined(texts: Sequence[str]) -> bytes:
    """The texts as UTF-8 with a NUL between neighbours; of many, only a few are in memory a second time."""
    if len(texts) <= AT_ONCE:
        return "\0".join(texts).encode()
    out = BytesIO()
    for start in range(0, len(texts), AT_ONCE):
        out.write(b"\0" if start else b"")
        out.write("\0".join(texts[start : start + AT_ONCE]).encode())
    return out.getvalue()


def _encode_strings(of: str, values: Sequence[bytes], links: Links, name: str) -> Plain:
    lengths = np.fromiter(map(len, values), np.int64, len(values))
    width = smallest_unsigned(int(lengths.max()))
    where = _put(links, lengths.astype("<" + width), f"{name}.lengths")
    data = b"".join(values)
    return Strings(of, width, len(data), where, links.cells.put(data, name))


def _encode_names(values: Sequence[object], links: Links, name: str) -> Plain:
    indexes = np.fromiter(map(links.name_index, values), np.int64, len(values))
    if indexes.min() == indexes.max():
        return ConstName(int(indexes[0]))
    width = smallest_unsigned(int(indexes.max()))
    return Numbers("name", width, None, _put(links, indexes.astype("<" + width), name))


def _encode_rows(table: int, rows: Ints, links: Links, name: str) -> Plain:
    start = int(rows[0])
    if int(rows[-1]) == start + len(rows) - 1 and bool((rows[1:] - rows[:-1] == 1).all()):
        return Run(table, start)
    width = smallest_unsigned(int(rows.max()))
    return Numbers("ref", width, table, _put(links, rows.astype("<" + width), name))


def _put(links: Links, numbers: NumberArray, name: str) -> int | None:
    is_small = numbers.nbytes < CELL_LIMIT_BYTES
    return links.cells.put(numbers.tobytes() if is_small else numbers.view(np.uint8).data, name, numbers.dtype)
