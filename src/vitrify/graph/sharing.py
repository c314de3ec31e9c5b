"""How often objects can be reached, and which hold themselves: what walks a model follows every reference.

Thirty lists, each of which holds the next one twice, take a kilobyte and are walked for an hour; an estimator that is
its own member, twice, for ever. `repr`, `get_params`, `clone` and `predict` all walk. Models share objects, as members
share a generator of random numbers, but hardly ever what shares others in turn.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from vitrify.container.limits import Limits
from vitrify.errors import StateError
from vitrify.graph.order import components, is_cyclic
from vitrify.graph.parsed_table import Edges, ParsedTable

Counts = npt.NDArray[np.float64]
Path = Callable[[int, int], str]
_ENOUGH: Final = 64
"""A model that is met 2**64 times is met too often, and numbers of a million bits would take long."""

_MEMBERS: Final = frozenset(
    """
    base_estimator best_estimator_ calibrated_classifiers_ classifier classifier_ estimator estimator_ estimators
    estimators_ final_estimator final_estimator_ init init_ regressor regressor_ steps transformer transformer_
    transformer_list transformers transformers_ _preprocessor k1 k2 kernel kernel_ kernels
    """.split()  # noqa: SIM905
)
"""Attributes under which scikit-learn's estimators, and kernels, keep others and walk on; any other is just kept."""


def require_reachable(
    tables: Sequence[ParsedTable], order: Sequence[Sequence[int]], limits: Limits, path: Path
) -> None:
    """Refuse a graph that is far larger for who walks it than in the file, and estimators that are their own members.

    Args:
        tables: All tables.
        order: Their numbers, each after all that it refers to, those that refer to one another together.
        limits: Of which `reached` bounds how many objects are met, each as often as it can be reached.
        path: Where a row of a table is.

    Raises:
        LimitError: More are met.
        StateError: An estimator is a member of itself.
    """
    children = [table.children for table in tables]
    cycles = [group for group in order if is_cyclic(group, children)]
    for group in cycles:
        if any(_is_estimator(tables[number]) for number in group):
            _require_no_member_of_itself(tables, group, path)
    if _most(tables, order, cycles) <= limits.reached:
        return
    reached: dict[int, Counts] = {}
    for group in order:
        if group in cycles:
            _reach_together(tables, group, reached)
        else:
            reached[group[0]] = _reach(tables[group[0]], reached)
        for number in group:
            if reached[number].size and (most := float(reached[number].max())) > limits.reached:
                what = "objects, each as often as it can be reached"
                limits.require("reached", int(min(most, 1e18)), what, path(number, int(reached[number].argmax())))


def _is_estimator(table: ParsedTable) -> bool:
    return table.table.layout == "attrs" and table.table.type.startswith("sklearn.")


def _require_no_member_of_itself(tables: Sequence[ParsedTable], group: Sequence[int], path: Path) -> None:
    rows = _Together(tables, group)
    for number in group:
        rows.add(number, tables[number].edges(_MEMBERS if _is_estimator(tables[number]) else None))
    for nodes in components(rows.children):
        if is_cyclic(nodes, rows.children):
            for number, row in map(rows.where, nodes):
                if _is_estimator(tables[number]):
                    raise StateError(f"{tables[number].table.type}: a member of itself", path=path(number, row))


def _most(tables: Sequence[ParsedTable], order: Sequence[Sequence[int]], cycles: Sequence[Sequence[int]]) -> int:
    """As many objects as are met from any row, or more: told without a look at single rows.

    As if every row had as many references as the one that has most, each to the row from which most are met.
    """
    most: dict[int, int] = {}
    for group in order:
        if group in cycles:
            most |= dict.fromkeys(group, _most_together(tables, group, most))
            continue
        table = tables[group[0]]
        n = table.most_items
        most[group[0]] = 1 + sum(min(n, len(rows)) * most[child] for _, child, rows, _ in table.links)
    return max(most.values(), default=0)


def _most_together(tables: Sequence[ParsedTable], group: Sequence[int], most: Mapping[int, int]) -> int:
    """The same for tables that refer to one another.

    Where each row is referred to once at most, no row is met twice from another. Each reference beyond those can be
    taken or not, and with that choice there is one way from a row to another.
    """
    met = n_inside = 0
    is_referred = {number: np.zeros(tables[number].table.rows, np.bool_) for number in group}
    for number in group:
        met += tables[number].table.rows
        for _, child, rows, _ in tables[number].links:
            if child in is_referred:
                n_inside += len(rows)
                is_referred[child][rows] = True
            else:
                met += len(rows) * most[child]
    n_beyond = n_inside - sum(int(np.count_nonzero(flags)) for flags in is_referred.values())
    return met << min(n_beyond, _ENOUGH)


def _reach(table: ParsedTable, reached: dict[int, Counts]) -> Counts:
    total = np.ones(table.table.rows)
    for child, owners, rows in table.edges():
        if child in reached:
            total += np.bincount(owners, reached[child][rows], minlength=table.table.rows)
    return total


def _reach_together(tables: Sequence[ParsedTable], group: Sequence[int], reached: dict[int, Counts]) -> None:
    """The rows of tables that refer to one another, those on a cycle as one."""
    rows = _Together(tables, group)
    own: list[float] = []
    for number in group:
        own += _reach(tables[number], reached).tolist()
    for number in group:
        rows.add(number, tables[number].edges())
    total = [0.0] * len(own)
    for nodes in components(rows.children):
        inside = set(nodes)
        outside = (child for node in nodes for child in rows.children[node] if child not in inside)
        met = sum(own[node] for node in nodes) + sum(total[child] for child in outside)
        for node in nodes:
            total[node] = met
    for number in group:
        begin = rows.begins[number]
        reached[number] = np.array(total[begin : begin + tables[number].table.rows])


class _Together:
    """The rows of tables that refer to one another, numbered through, and which refers to which."""

    def __init__(self, tables: Sequence[ParsedTable], group: Sequence[int]) -> None:
        self.begins: dict[int, int] = {}
        n = 0
        for number in group:
            self.begins[number] = n
            n += tables[number].table.rows
        self.children: list[list[int]] = [[] for _ in range(n)]

    def add(self, number: int, edges: Edges) -> None:
        """Add the references of a table's rows to those of the others, and to its own."""
        begin = self.begins[number]
        for child, owners, rows in edges:
            if child in self.begins:
                for owner, row in zip((owners + begin).tolist(), (rows + self.begins[child]).tolist(), strict=True):
                    self.children[owner].append(row)

    def where(self, node: int) -> tuple[int, int]:
        """The table and the row of a node."""
        number = max((number for number, begin in self.begins.items() if begin <= node), key=self.begins.__getitem__)
        return number, node - self.begins[number]
