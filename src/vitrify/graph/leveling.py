"""Splitting tables by level, so that objects that are made whole can be made table by table (SPEC.md §6.5).

A frozenset or a DataFrame can only be made when everything in it is complete, a tuple when the tuples in it exist.
Where rows of one table stand on both sides of such a step, the table is split by how many steps lie below each row.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import accumulate
from typing import Any

from msgspec import Struct

from vitrify.graph.order import components, is_cyclic

Locate = Callable[[Any], tuple[int, int] | None]
Level = tuple[int, int]


class Node(Struct, frozen=True, kw_only=True):
    """A table as the levels see it.

    Attributes:
        is_made: Whether its objects are made whole.
        needs_complete: Whether they need complete values; those that are not made whole do without on a cycle.
        n: The number of rows.
        lengths: The number of items of each row, for containers.
        columns: The columns that hold objects.
        children: The tables that those refer to.
    """

    is_made: bool
    needs_complete: bool
    n: int
    lengths: Sequence[int] | None
    columns: Sequence[Sequence[Any]]
    children: Sequence[int]


class MadeOnCycleError(Exception):
    """An object that is made whole from complete values lies on a cycle; `where` is its table and row."""

    def __init__(self, where: tuple[int, int]) -> None:
        super().__init__(where)
        self.where = where


def levels(nodes: Sequence[Node], locate: Locate) -> list[list[Level]] | None:
    """The level of every row, or None if no table needs to be split.

    Raises:
        MadeOnCycleError: No order of building exists.
    """
    found = [[(0, 0)] * node.n for node in nodes]
    is_split = False
    tables = [node.children for node in nodes]
    for component in components(tables):
        if is_cyclic(component, tables) and any(nodes[i].needs_complete for i in component):
            is_split = True
            for (i, row), level in _steps(component, nodes, locate, lambda i: nodes[i].needs_complete).items():
                found[i][row] = (level, 0)
    made = [i for i, node in enumerate(nodes) if node.is_made]
    direct = [[c for c in node.children if nodes[c].is_made] if node.is_made else [] for node in nodes]
    for component in components(direct):
        if is_cyclic(component, direct) and component[0] in made:
            is_split = True
            for (i, row), level in _steps(component, nodes, locate, lambda _: True).items():
                found[i][row] = (found[i][row][0], level)
    return found if is_split else None


def _steps(
    component: Sequence[int], nodes: Sequence[Node], locate: Locate, counts: Callable[[int], bool]
) -> dict[tuple[int, int], int]:
    """For each row of the tables: the longest chain of rows below it, as far as their tables count."""
    inside = set(component)
    rows = [(i, row) for i in component for row in range(nodes[i].n)]
    number = {key: k for k, key in enumerate(rows)}
    children: list[list[int]] = []
    for i in component:
        node = nodes[i]
        starts = list(accumulate(node.lengths, initial=0)) if node.lengths is not None else range(node.n + 1)
        for row in range(node.n):
            values = (value for column in node.columns for value in column[starts[row] : starts[row + 1]])
            found = dict.fromkeys(key for key in map(locate, values) if key is not None and key[0] in inside)
            children.append([number[key] for key in found])
    level = [0] * len(rows)
    for group in components(children):
        if is_cyclic(group, children):
            on_cycle = next((rows[k] for k in group if counts(rows[k][0]) and nodes[rows[k][0]].is_made), None)
            if on_cycle is not None:
                raise MadeOnCycleError(on_cycle)
        own = set(group)
        below = max((level[c] + counts(rows[c][0]) for k in group for c in children[k] if c not in own), default=0)
        for k in group:
            level[k] = below
    return {key: level[k] for k, key in enumerate(rows)}
