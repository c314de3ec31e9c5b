"""Digests of training data: the same for the same content, whichever library holds it and however it lies in memory.

What counts and how it becomes bytes is written in SPEC.md §7: missing values are all alike, widths of dtypes and the
sign of zero do not count, kinds do. A digest says that data is the same, not where it is, and nobody gets values back.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, Final, Protocol

import numpy as np
from blake3 import blake3

from vitrify.record.data.tables import Column, Flags, Table, Values, array_column, canonical, stretches
from vitrify.record.data.tagged import tagged

_COLUMN: Final = b"vitrify column 0\n"
_TABLE: Final = b"vitrify table 0\n"


class _Hasher(Protocol):
    def update(self, data: Any, /) -> object: ...


def fingerprint(table: Table, digests: Sequence[str] | None = None) -> str:
    """The digest of a table: of its number of rows, its names, and its columns in order.

    Args:
        table: The data.
        digests: Those of `column_digests`, where they are known already; they are computed where there are none.

    Raises:
        UnsupportedError: A value has no canonical form.
    """
    digests = digests or column_digests(table)
    names = [column.name for column in table.columns]
    hasher = blake3(_TABLE)
    hasher.update(f"{table.n_rows} {len(digests)}\n".encode())
    hasher.update(b"".join(map(tagged, names)) if names else b"0" * len(digests))
    hasher.update(bytes.fromhex("".join(digests)))
    return hasher.hexdigest()


def column_digests(table: Table) -> list[str]:
    """The digest of each column; of texts and records one, as if they were a column.

    Raises:
        UnsupportedError: A value has no canonical form.
    """
    if table.form == "sparse":
        return _sparse_digests(table.nonzeros)
    return [column_digest(column, table.n_rows) for column in value_columns(table)]


def column_digest(column: Column, n_rows: int) -> str:
    """The digest of one column: of its kind, its number of rows, and its values in stretches."""
    hasher = blake3(_COLUMN)
    hasher.update(f"{column.kind} {n_rows}\n".encode())
    for begin, end in stretches(n_rows):
        stretch = column.read(begin, end)
        _update(hasher, column.kind, stretch.values, stretch.is_missing)
    return hasher.hexdigest()


def value_columns(table: Table) -> Sequence[Column]:
    """The columns of a table; rows that have none are one."""
    if table.form not in ("texts", "records"):
        return table.columns
    rows = np.empty(table.n_rows, object)
    rows[:] = table.rows
    return [array_column(rows, None)]


def without_zeros(matrix: Any) -> Any:
    """A CSC matrix that stores no zero: a copy, where it did."""
    if matrix.data.all():
        return matrix
    matrix = matrix.copy()
    matrix.eliminate_zeros()
    return matrix


def _update(hasher: _Hasher, kind: str, values: Values, is_missing: Flags) -> None:
    """Hash a stretch: which values are missing, then all, with nothing or zero where one is missing."""
    some_missing = bool(is_missing.any())
    hasher.update(b"\1" + np.packbits(is_missing, bitorder="little").tobytes() if some_missing else b"\0")
    if kind == "object":
        hasher.update(b"".join(map(tagged, values)))
    elif kind == "text":
        _update_texts(hasher, ["" if gone else text for text, gone in zip(values, is_missing, strict=True)])
    elif values.dtype == object:
        hasher.update(b"\2")  # integers that no 64 bits hold
        _update_texts(hasher, ["0" if gone else str(number) for number, gone in zip(values, is_missing, strict=True)])
    else:
        hasher.update(
            _numbers(kind, values if not some_missing else np.where(is_missing, np.zeros((), values.dtype), values))
        )


def _numbers(kind: str, values: Values) -> Any:
    """Numbers of a canonical dtype as bytes."""
    if kind == "int":
        is_wide = values.dtype.kind == "u" and len(values) > 0 and int(values.max()) >= 1 << 63
        return (b"\1" if is_wide else b"\0") + values.tobytes()
    if kind in ("float", "complex"):
        values = values + 0.0  # of both zeros the one without a sign
    return np.ascontiguousarray(values).view(np.uint8)


def _update_texts(hasher: _Hasher, texts: list[str]) -> None:
    encoded = [text.encode("utf-8", "surrogatepass") for text in texts]
    hasher.update(np.fromiter(map(len, encoded), "<i8", len(encoded)).tobytes())
    hasher.update(b"".join(encoded))


def _sparse_digests(matrix: Any) -> list[str]:
    """The digests of the columns of a CSC matrix: of rows and values other than zero."""
    matrix = without_zeros(matrix)
    kind, values = canonical(matrix.data)
    n_rows = matrix.shape[0]
    rows = matrix.indices.astype("<i8", copy=False).tobytes()
    is_missing = np.isnan(values) if kind in ("float", "complex") else np.zeros(len(values), np.bool_)
    plain = not is_missing.any() and values.dtype.kind in "bfic"
    data = b"" if not plain else _numbers(kind, values).tobytes() if kind != "int" else values.tobytes()
    width = values.dtype.itemsize
    lead = b"\0\0" if kind == "int" else b"\0"
    empty = blake3(_COLUMN + f"sparse {kind} {n_rows} 0\n".encode()).hexdigest()
    digests = []
    for begin, end in pairwise(matrix.indptr.tolist()):
        if begin == end:
            digests.append(empty)
            continue
        head = _COLUMN + f"sparse {kind} {n_rows} {end - begin}\n".encode() + rows[8 * begin : 8 * end]
        if plain:
            digests.append(blake3(head + lead + data[width * begin : width * end]).hexdigest())
        else:
            hasher = blake3(head)
            _update(hasher, kind, values[begin:end], is_missing[begin:end])
            digests.append(hasher.hexdigest())
    return digests
