"""Where in the model a row of a table is: `$.steps[1].coef_`.

Found by walking the tables from the root, breadth first and column by column; only error messages and the names of
big arrays need it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from msgspec import Struct

from vitrify.errors import spelled_out

_MAX_KEY_CHARS = 60
_MAX_STEPS = 60
_MAX_KNOWN = 10_000
Ints = npt.NDArray[np.int64]


class Edge(Struct, frozen=True, kw_only=True):
    """The references of one column to one table.

    Attributes:
        table: The table that has the column.
        field: The column's name.
        child: The table referred to.
        rows: The rows referred to, shape (k,) int64.
        positions: The positions of the references in the column, shape (k,) int64.
    """

    table: int
    field: str
    child: int
    rows: Ints
    positions: Ints


class Holder(Struct, frozen=True, kw_only=True):
    """What the paths need to know of a table: how many rows, where each row's items begin, and how they are called."""

    n: int
    layout: str
    starts: Ints | None
    key: Callable[[int], Any]


class Paths:
    """The path of every row that can be reached from the root."""

    def __init__(self, holders: Sequence[Holder], edges: Sequence[Edge], root: tuple[int, int] | None) -> None:
        self._holders = holders
        self._edges = edges
        self._parent: list[Ints] = [np.full(h.n, -1, np.int64) for h in holders]
        self._position: list[Ints] = [np.full(h.n, -1, np.int64) for h in holders]
        self._attributes: dict[str, str] = {}
        self._known: dict[tuple[int, int], tuple[str, int]] = {}
        self._root = root
        if root is not None:
            self._walk(root)

    def of(self, table: int, row: int) -> str:
        """The path of a row; `$…` marks what lies too deep to be written out."""
        steps: list[str] = []
        passed: list[tuple[int, int]] = []
        above = ("$", 0)
        while (table, row) != self._root:
            known = self._known.get((table, row))
            if known is not None and known[1] + len(steps) <= _MAX_STEPS:
                above = known
                break
            parents = self._parent[table]
            edge_number = parents.item(row) if row < len(parents) else -1
            if edge_number < 0 or len(steps) >= _MAX_STEPS:
                return "$…" + "".join(reversed(steps))
            edge = self._edges[edge_number]
            passed.append((table, row))
            table, row, step = self.step(edge.table, edge.field, self._position[table].item(row))
            steps.append(step)
        if len(self._known) > _MAX_KNOWN:
            self._known.clear()
        while passed:
            above = self._known[passed.pop()] = above[0] + steps.pop(), above[1] + 1
        return above[0]

    def step(self, table: int, field: str, position: int) -> tuple[int, int, str]:
        """The row that holds a position of a column, and the step from it to the value there."""
        holder = self._holders[table]
        if holder.starts is None:
            return table, position, self._attribute(field)
        row = int(holder.starts.searchsorted(position, side="right")) - 1
        if holder.layout == "pairs":
            key = holder.key(position)
            where = f"[{cut(repr(key))}]" if field == "values" else f".keys[{position - int(holder.starts[row])}]"
            return table, row, where
        return table, row, f"[{position - int(holder.starts[row])}]"

    def _attribute(self, field: str) -> str:
        """The step to an attribute, of which a graph has few."""
        found = self._attributes.get(field)
        if found is None:
            found = self._attributes[field] = f".{cut(field)}"
        return found

    def _walk(self, root: tuple[int, int]) -> None:
        by_table: dict[int, list[int]] = {}
        for number, edge in enumerate(self._edges):
            by_table.setdefault(edge.table, []).append(number)
        frontier: dict[int, Ints] = {root[0]: np.array([root[1]], np.int64)}
        seen = [np.zeros(holder.n, np.bool_) for holder in self._holders]
        seen[root[0]][root[1]] = True
        for _ in range(_MAX_STEPS):
            if not frontier:
                break
            following: dict[int, list[Ints]] = {}
            for table, rows in frontier.items():
                inside = np.zeros(self._holders[table].n, np.bool_)
                inside[rows] = True
                for number in by_table.get(table, ()):
                    found = self._follow(number, inside, seen)
                    if len(found):
                        following.setdefault(self._edges[number].child, []).append(found)
            frontier = {table: np.concatenate(parts) for table, parts in following.items()}

    def _follow(self, number: int, inside: npt.NDArray[np.bool_], seen: list[npt.NDArray[np.bool_]]) -> Ints:
        """Mark the unseen rows that an edge leads to from the rows inside; the first reference counts."""
        edge = self._edges[number]
        starts = self._holders[edge.table].starts
        holders = edge.positions if starts is None else np.searchsorted(starts, edge.positions, side="right") - 1
        usable = inside[holders] & ~seen[edge.child][edge.rows]
        rows, positions = edge.rows[usable], edge.positions[usable]
        rows, first = np.unique(rows, return_index=True)
        seen[edge.child][rows] = True
        self._parent[edge.child][rows] = number
        self._position[edge.child][rows] = positions[first]
        return rows


def with_article(noun: str) -> str:
    """`an array.array`, `a tuple`: a noun that stands for one thing, by the letter it begins with."""
    has_vowel = noun[:1].lower() in "aeio" and not noun.lower().startswith("one")
    return f"{'an' if has_vowel else 'a'} {noun}"


def cut(text: str) -> str:
    """Text from a file or a model, short, and spelled out where it would not show."""
    shown = spelled_out(text[: _MAX_KEY_CHARS + 1])
    return shown if len(shown) <= _MAX_KEY_CHARS else shown[:_MAX_KEY_CHARS] + "…"
