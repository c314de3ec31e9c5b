"""How much a table's objects refer to, counted as often as they do.

A check costs time in proportion to the arrays it reads. A file that names one array of 100 MB from a million rows is
small, and would be checked for days; a model that does so does not exist.
"""

from __future__ import annotations

from math import prod
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from vitrify.errors import LimitError
from vitrify.graph.rows import Rows

_ARRAY: Final = "numpy.ndarray"
_MAX_DEPTH: Final = 8
_CELL_BYTES: Final = 8
_UNREAD_BYTES: Final = 16
_MAX_REPEATED_BYTES: Final = 1 << 33

Bytes = npt.NDArray[np.float64]


def charge_reach(rows: Rows) -> None:
    """Refuse a table whose objects together refer to far more than the file holds.

    Raises:
        LimitError: They would read the same arrays again and again, 8 GiB beyond their size.
    """
    reached: dict[int, Bytes] = {}
    leaves: dict[int, float] = {}
    total = float(_bytes_of(rows, _MAX_DEPTH, reached, leaves).sum())
    once = sum(leaves.values())
    if total > once + _MAX_REPEATED_BYTES:
        raise LimitError(
            f"{rows.n} objects of type {rows.type_id} share arrays so often that checking them would take too long",
            limit=int(once) + _MAX_REPEATED_BYTES,
            actual=int(total),
        )


def _bytes_of(rows: Rows, depth: int, reached: dict[int, Bytes], leaves: dict[int, float]) -> Bytes:
    """For each row, the size of all that it refers to, shape (n,)."""
    if rows.table in reached or depth == 0:
        return reached.get(rows.table, np.zeros(rows.n))
    if rows.type_id == _ARRAY and rows.lengths is None:
        reached[rows.table] = _array_bytes(rows)
        leaves[rows.table] = float(reached[rows.table].sum())
        return reached[rows.table]
    reached[rows.table] = np.zeros(rows.n)
    owners = np.arange(rows.n)
    total = np.zeros(rows.n)
    if rows.lengths is not None:
        owners = np.repeat(owners, rows.lengths)
        total += rows.lengths * float(_CELL_BYTES)
    for column in rows.columns.values():
        for table, children, positions in column.refs():
            below = _bytes_of(rows.others(table), depth - 1, reached, leaves)[children]
            total += np.bincount(owners if positions is None else owners[positions], below, minlength=rows.n)
    reached[rows.table] = total
    return total


def _array_bytes(rows: Rows) -> Bytes:
    known: list[Any] = rows.objects[rows.table]
    sizes = np.zeros(rows.n)
    for row in range(rows.n):
        array = known[row] if row < len(known) else None
        if array is not None:
            sizes[row] = array.nbytes
        else:
            shape = rows.shape_of(rows.table, row)
            sizes[row] = _UNREAD_BYTES * prod(shape) if shape is not None else 0
    return sizes
