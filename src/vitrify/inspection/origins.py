"""Where each object is first reached: every row's one owner, and from that its path.

Objects that are referred to from several places belong to the place nearest to the root, so bytes are counted once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from vitrify.inspection.address import ROOT, join, spell_key
from vitrify.inspection.tables import BY_STATE, Ints, Ref, Slot, Tables

MAX_DEPTH: Final = 100
_ROW_BYTES: Final = 64
_UNSEEN: Final = -1
_AT_ROOT: Final = -2


@dataclass(frozen=True, slots=True)
class Step:
    """Rows of one table that one column leads to for the first time.

    Attributes:
        edge: The number of the column.
        child: The table that is referred to.
        rows: Its rows, shape (k,).
        positions: Where in the column each is referred to, shape (k,).
    """

    edge: int
    child: int
    rows: Ints
    positions: Ints


class Origins:
    """The first reference to every row that can be reached within 100 steps from the root, breadth first.

    Raises:
        LimitError: The file has more objects than its size allows.
    """

    def __init__(self, tables: Tables) -> None:
        self._tables = tables
        n_rows = sum(parsed.table.rows for parsed in tables.tables)
        tables.file.spend(_ROW_BYTES * n_rows, "what is noted of each object")
        self.edges = list(tables.references)
        self._number = {edge: number for number, edge in enumerate(self.edges)}
        self._edge = [np.full(parsed.table.rows, _UNSEEN, np.int32) for parsed in tables.tables]
        self._position = [np.zeros(parsed.table.rows, np.int64) for parsed in tables.tables]
        self._paths: dict[tuple[int, int], str] = {}
        self.steps: list[Step] = []
        if isinstance(tables.root, Ref):
            self._edge[tables.root.table][tables.root.row] = _AT_ROOT
            self._walk(tables.root)

    def reached(self, table: int) -> Ints:
        """The rows of a table that belong to something, in order."""
        return np.flatnonzero(self._edge[table] != _UNSEEN)

    def owner(self, ref: Ref) -> tuple[int, str, int] | None:
        """The table, column and position of the first reference to a row; None for the root."""
        edge = int(self._edge[ref.table][ref.row])
        return None if edge < 0 else (*self.edges[edge], int(self._position[ref.table][ref.row]))

    def is_owned_by(self, ref: Ref, slot: Slot) -> bool:
        """Whether a slot holds the first reference to a row."""
        return self.owner(ref) == (slot.table, slot.field, slot.position)

    def owned(self, table: int, rows: Ints) -> list[Step]:
        """What belongs to these rows directly."""
        found: list[Step] = []
        positions = self._tables.positions(table, rows)
        for field in self._tables.linked[table]:
            edge = self._number[table, field]
            for child, child_rows, places in self._tables.references[table, field].at(positions):
                mine = (self._edge[child][child_rows] == edge) & (self._position[child][child_rows] == places)
                if mine.any():
                    found.append(Step(edge, child, child_rows[mine], places[mine]))
        return found

    def path(self, ref: Ref) -> str:
        """Where a row is, spelled as `address` says."""
        waiting: list[tuple[tuple[int, int], str]] = []
        key, path = (ref.table, ref.row), ROOT
        while True:
            known = self._paths.get(key)
            if known is not None:
                path = known
                break
            owner = self.owner(Ref(*key))
            if owner is None:
                break
            table, field, position = owner
            waiting.append((key, self.step(table, field, position, key[0])))
            key = (table, int(self._tables.holders(table, np.array([position]))[0]))
        for key, step in reversed(waiting):
            path = self._paths[key] = join(path, step)
        return path

    def step(self, table: int, field: str, position: int, child: int | None) -> str:
        """The step from a row to what a position of one of its columns holds; `child` is the table referred to."""
        tables = self._tables
        layout = tables.layout(table)
        starts = tables.starts[table]
        if starts is not None:
            index = position - int(starts[int(np.searchsorted(starts, position, side="right")) - 1])
            if layout != "pairs":
                return str(index)
            if field == "keys":
                return f"#keys.{index}"
            return spell_key(tables.value(tables.tables[table].columns["keys"], position), index)
        if layout in BY_STATE:
            return "" if field == "state" and child is not None and tables.layout(child) == "pairs" else f"#{field}"
        return "#buffer" if layout == "views" else spell_key(field, list(tables.tables[table].columns).index(field))

    def _walk(self, root: Ref) -> None:
        frontier = [(root.table, np.array([root.row], np.int64))]
        for _ in range(MAX_DEPTH):
            following: list[tuple[int, Ints]] = []
            for table, rows in frontier:
                positions = self._tables.positions(table, rows)
                for field in self._tables.linked[table]:
                    for child, child_rows, places in self._tables.references[table, field].at(positions):
                        step = self._claim(self._number[table, field], child, child_rows, places)
                        if len(step.rows):
                            self.steps.append(step)
                            following.append((child, step.rows))
            frontier = following

    def _claim(self, edge: int, child: int, rows: Ints, places: Ints) -> Step:
        """Note the rows that nothing else has reached before; the first of several references counts."""
        fresh = np.flatnonzero(self._edge[child][rows] == _UNSEEN)
        fresh = fresh[np.sort(np.unique(rows[fresh], return_index=True)[1])]
        rows, places = rows[fresh], places[fresh]
        self._edge[child][rows] = edge
        self._position[child][rows] = places
        return Step(edge, child, rows, places)
