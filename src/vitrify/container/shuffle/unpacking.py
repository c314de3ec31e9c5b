"""Planes back to items."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
import numpy.typing as npt
from msgspec.structs import replace

from vitrify.container.shuffle.layout import (
    MAX_ENTRIES,
    NUMBER_BYTES,
    STRETCH_ITEMS,
    Bytes,
    Field,
    Kind,
    Numbers,
    strided,
    unfolded,
    unsigned,
)
from vitrify.errors import FormatError

Flags = npt.NDArray[np.bool_]
Take = Callable[[int], Bytes]
"""Gives the next so many bytes of what is packed, shape (n,).

Raises:
    FormatError: There are not so many.
"""

_NONE: Final = np.empty(0, np.uint8)


def unpack(take: Take, out: Bytes) -> None:
    """Fill `out`, shape (n_bytes,), with the items that were packed; what `take` still holds is the caller's to see.

    Raises:
        FormatError: They are not items of so many bytes.
    """
    fields = _read_fields(take)
    item_bytes = sum(field.width for field in fields)
    if not len(out) or len(out) % item_bytes:
        raise FormatError(f"shuffled items of {item_bytes} bytes do not fill {len(out)}")
    items = out.reshape(-1, item_bytes)
    fields = _read_tables(take, fields, len(items))
    used = {i: np.zeros(len(field.table), np.bool_) for i, field in enumerate(fields) if field.kind.has_entries}
    for start in range(0, len(items), STRETCH_ITEMS):
        _fill(take, fields, items[start : start + STRETCH_ITEMS], used)
    if not all(flags.all() for flags in used.values()):
        raise FormatError("shuffled items do not use a value of their dictionary")


def _read_fields(take: Take) -> list[Field]:
    fields: list[Field] = []
    offset = 0
    for _ in range(int(take(1)[0])):
        low, high, kind = take(3).tolist()
        width = low | high << 8
        if not width or kind > max(Kind):
            raise FormatError(f"shuffled items have a field of {width} bytes, of the kind {kind}")
        if width not in NUMBER_BYTES and kind not in (Kind.PLANES, Kind.FOLLOWS):
            raise FormatError(f"shuffled items have numbers of {width} bytes")
        fields.append(Field(offset=offset, width=width, kind=Kind(kind), table=_NONE))
        offset += width
    if not fields:
        raise FormatError("shuffled items have no fields")
    return fields


def _read_tables(take: Take, fields: list[Field], n: int) -> list[Field]:
    """The fields with the entries of their dictionaries, and then with what follows from those."""
    full = [
        replace(field, table=_read_entries(take, field, n)) if field.kind.has_entries else field for field in fields
    ]
    for i, field in enumerate(full):
        if field.kind == Kind.FOLLOWS:
            leader = int(take(1)[0])
            if leader >= len(full) or not full[leader].kind.has_entries:
                raise FormatError("shuffled items have a field that follows one without a dictionary")
            n_values = len(full[leader].table)
            table = _numbers(take(n_values * field.width), n_values, field.width)
            full[i] = replace(field, table=table, follows=leader)
    return full


def _read_entries(take: Take, field: Field, n: int) -> Numbers:
    n_entries = int.from_bytes(take(8).tobytes(), "little")
    if not 1 <= n_entries <= min(n, MAX_ENTRIES):
        raise FormatError(f"shuffled items have a dictionary of {n_entries} values for {n} items")
    apart = _numbers(take(n_entries * field.width), n_entries, field.width)
    entries = np.add.accumulate(apart, dtype=apart.dtype)
    if field.kind == Kind.DICTIONARY_DIFFERENCES and n_entries <= 2:
        raise FormatError("shuffled items have differences of bits")
    if (entries[1:] <= entries[:-1]).any():
        raise FormatError("shuffled items have a dictionary that does not ascend")
    return entries


def _fill(take: Take, fields: list[Field], items: Bytes, used: dict[int, Flags]) -> None:
    """The next items, one field after another, shape (n, item_bytes)."""
    indexes: dict[int, Numbers] = {}
    n = len(items)
    for i, field in enumerate(fields):
        if field.kind == Kind.PLANES:
            _put_planes(take(n * field.width), items, field)
        elif field.kind == Kind.DIFFERENCES:
            strided(items, field.offset, field.width)[:] = unfolded(_numbers(take(n * field.width), n, field.width))
        elif field.kind != Kind.FOLLOWS:
            indexes[i] = _read_indexes(take, field, n)
            _put_entries(indexes[i], items, field, used[i])
    for field in fields:
        if field.kind == Kind.FOLLOWS:
            _put_entries(indexes[field.follows], items, field, used[field.follows])


def _put_planes(data: Bytes, items: Bytes, field: Field) -> None:
    """What the compiled kernel does, if there is none."""
    from vitrify import kernels  # not before there are shuffled items: without any, nothing compiled is needed

    if not (kernels.COMPILED and kernels.put_planes(data, items, field.offset, field.width, items.shape[1])):
        items[:, field.offset : field.offset + field.width] = data.reshape(field.width, -1).T


def _put_entries(indexes: Numbers, items: Bytes, field: Field, used: Flags) -> None:
    """Put values of a table into a field; `used` gets a mark for each of them."""
    from vitrify import kernels

    place = field.offset, field.width, items.shape[1]
    entries = indexes.astype(np.uint32, copy=False)
    if not (kernels.COMPILED and kernels.put_entries(entries, field.table, used, items, *place)):
        if indexes.max() >= len(field.table):
            raise FormatError("shuffled items name a value that their dictionary does not have")
        used[indexes] = True
        strided(items, field.offset, field.width)[:] = field.table[indexes]


def _read_indexes(take: Take, field: Field, n: int) -> Numbers:
    """Which entries the items have, shape (n,); whether there are such is not seen yet."""
    if field.has_flags:
        bits = take(-(-n // 8))
        if n % 8 and bits[-1] >> (n % 8):
            raise FormatError("shuffled items have bits after the last")
        return np.unpackbits(bits, count=n, bitorder="little")
    width = field.index_bytes
    if not width:
        return np.zeros(n, np.uint8)
    indexes = _numbers(take(n * width), n, width)
    return unfolded(indexes) if field.kind == Kind.DICTIONARY_DIFFERENCES else indexes


def _numbers(data: Bytes, n: int, width: int) -> Numbers:
    """The numbers whose planes these are, shape (n,)."""
    numbers = np.empty((n, width), np.uint8)
    _put_planes(data, numbers, Field(offset=0, width=width, kind=Kind.PLANES, table=_NONE))
    return numbers.view(unsigned(width)).reshape(-1)
