"""Which part owns which bytes of the file.

Columns hold the values of many objects, so their bytes are split by position: exactly where they are stored as they
are, in proportion where they are compressed. The sums are exact: every byte of the file is counted once.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from vitrify.container.layout import CELLS, Block
from vitrify.graph.schema import CELL_LIMIT_BYTES, Column, Numbers
from vitrify.inspection.arrays import Arrays
from vitrify.inspection.origins import Origins
from vitrify.inspection.runs import Run, runs
from vitrify.inspection.tables import Ints, Tables

STRUCTURE: Final = 0
ROOT_LABEL: Final = 1
Floats = npt.NDArray[np.float64]


class Sizes:
    """Bytes by label; label 0 is what belongs to no part.

    Args:
        tables: The tables.
        arrays: Their arrays.
        labels: For each table, the label of each row.
        cells: For each column, positions whose label is not that of their row, and it.
        n_labels: How many labels there are.

    Attributes:
        stored: The bytes in the file that have each label, shape (n_labels,).
    """

    def __init__(
        self,
        tables: Tables,
        arrays: Arrays,
        labels: list[npt.NDArray[np.int32]],
        cells: Mapping[tuple[int, str], tuple[Ints, Ints]],
        n_labels: int,
    ) -> None:
        self._tables = tables
        self._arrays = arrays
        self._labels = labels
        self._special = cells
        self.stored = np.zeros(n_labels, np.int64)
        self._cells = np.zeros(n_labels, np.float64)
        for run in runs(tables.graph.root, tables.root_column):
            self._add(run, np.full(1, ROOT_LABEL))
        for table in range(len(tables.tables)):
            self._add_table(table)
        self._finish()

    def _add_table(self, table: int) -> None:
        parsed = self._tables.tables[table]
        spec = parsed.table
        rows = self._labels[table]
        if spec.lengths is not None and parsed.lengths is not None:
            self._add_lengths(spec.lengths, rows)
        for field, column in spec.columns.items():
            labels = rows if parsed.lengths is None else np.repeat(rows, parsed.lengths)
            special = self._special.get((table, field))
            if special is not None:
                labels = labels.copy()
                labels[special[0]] = special[1]
            for run in runs(column, parsed.columns[field]):
                self._add(run, labels if run.positions is None else labels[run.positions])
        if spec.arrays is not None:
            for column in spec.arrays.shape:
                self._add_lengths(column, rows)
            self._add_arrays(table, rows)

    def _add_lengths(self, column: Column, labels: Ints) -> None:
        """Lengths are ints, of which the parsed form is not kept."""
        if isinstance(column, Numbers):
            self._add(Run(column.block, len(labels) * int(column.width[1])), labels)

    def _add_arrays(self, table: int, labels: Ints) -> None:
        if not self._tables.is_stored_array(table):
            return
        placed = self._arrays.placement(table)
        for row, number in zip(np.flatnonzero(placed.is_big).tolist(), placed.blocks, strict=True):
            self.stored[labels[row]] += self._tables.file.share(number)
        small = ~placed.is_big
        sizes = placed.sizes[small]
        self._add(Run(placed.joined, int(sizes.sum()), lambda: sizes), labels[small])

    def _add(self, run: Run, labels: Ints) -> None:
        n_bytes = run.n_bytes
        if n_bytes == 0:
            return
        is_cells = n_bytes < CELL_LIMIT_BYTES or run.block is None
        stored_bytes = 0 if is_cells or run.block is None else self._tables.file.share(run.block)
        if int(labels.min()) == int(labels.max()):
            self._cells[labels[0]] += n_bytes if is_cells else 0
            self.stored[labels[0]] += stored_bytes
            return
        total = np.bincount(labels, run.weights() if run.weights is not None else None, len(self.stored)).astype(
            np.float64
        )
        if is_cells:
            self._cells += total * (n_bytes / total.sum())
        else:
            self.stored += allot(stored_bytes, total)

    def _finish(self) -> None:
        """The cells, with their padding, and all that is no piece."""
        header = self._tables.file.header
        cells = reserved(header.blocks, CELLS)
        self._cells[STRUCTURE] += max(0.0, cells.n_bytes - float(self._cells.sum()))
        if cells.n_bytes:
            self.stored += allot(cells.stored_bytes, self._cells)
        self.stored[STRUCTURE] += header.file_bytes - int(self.stored.sum())


def reserved(blocks: tuple[Block, ...], name: str) -> Block:
    """A reserved block by its name."""
    return next(block for block in blocks if block.name == name and block.stored.piece is None)


def allot(n_bytes: int, weights: Floats) -> npt.NDArray[np.int64]:
    """`n_bytes` split by weight into whole numbers that add up to it."""
    ends = np.floor(np.cumsum(weights) * (n_bytes / weights.sum()) + 0.5).astype(np.int64)
    ends[np.flatnonzero(weights)[-1] :] = n_bytes
    parts: npt.NDArray[np.int64] = np.diff(ends, prepend=0)
    return parts


def label_rows(
    tables: Tables,
    origins: Origins,
    own: Mapping[tuple[int, int], int],
    groups: list[tuple[int, Ints, int]],
    cells: Mapping[tuple[int, str], tuple[Ints, Ints]],
) -> list[npt.NDArray[np.int32]]:
    """For each table the label of each row: its own, or that of the cell or row that it was reached from.

    Args:
        tables: The tables.
        origins: Where each row was first reached.
        own: Row → label, for the objects that are parts.
        groups: Table, rows and label of those that stand for many.
        cells: As in `Sizes`.
    """
    labels: list[Any] = [np.full(parsed.table.rows, -1, np.int32) for parsed in tables.tables]
    for (table, row), label in own.items():
        labels[table][row] = label
    for table, rows, label in groups:
        labels[table][rows] = label
    for step in origins.steps:
        table, field = origins.edges[step.edge]
        found = labels[table][tables.holders(table, step.positions)]
        special = cells.get((table, field))
        if special is not None:
            places = np.minimum(np.searchsorted(special[0], step.positions), len(special[0]) - 1)
            hit = special[0][places] == step.positions
            found[hit] = special[1][places[hit]]
        fresh = labels[step.child][step.rows] < 0
        labels[step.child][step.rows[fresh]] = found[fresh]
    for mine in labels:
        mine[mine < 0] = STRUCTURE
    return labels
