"""How deep objects lie directly in one another, where Python walks such chains on the C stack.

Lists, dicts, sets and instances of Python classes are freed without recursion, at any depth. Object arrays, and most
of what converters make (a defaultdict, a deque, a partial), are not, and a tuple is hashed recursively: a chain of
100 000 of them crashes the interpreter when it is freed, long after loading. No real object has such a chain: pickle
itself gives up below a depth of 1 000.
"""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from vitrify.container.limits import Limits
from vitrify.graph.containers import offsets
from vitrify.graph.order import components, is_cyclic
from vitrify.graph.parsed import Parsed

Ints = npt.NDArray[np.int64]


class NestedTable:
    """A table as the nesting sees it: what its columns refer to, and whether its objects count."""

    def __init__(
        self,
        type_id: str,
        layout: str,
        n: int,
        columns: Mapping[str, Parsed],
        lengths: Ints | None,
        children: Sequence[int] = (),
    ) -> None:
        self.type_id = type_id
        self.children = children
        self.counts = layout in ("fields", "object_arrays") or type_id == "tuple"
        self.is_content = layout in ("items", "pairs") and not self.counts
        self.makes = layout == "fields"
        self.is_attrs = layout == "attrs"
        self.n = n
        self._columns = columns
        self._lengths = lengths

    @property
    def most_items(self) -> int:
        """How many values of one column a row has at most."""
        return 1 if self._lengths is None else int(self._lengths.max(initial=0))

    def references(self) -> list[tuple[int, npt.NDArray[Any]]]:
        """For each table referred to: its number, and the rows there."""
        return [(child, rows) for column in self._columns.values() for child, rows, _ in column.refs()]

    def edges(self, fields: Container[str] | None = None) -> list[tuple[int, Ints, Ints]]:
        """For each table referred to: its number, the rows here and the rows there; of some fields only, if given."""
        starts = None if self._lengths is None else offsets(self._lengths)
        found: list[tuple[int, Ints, Ints]] = []
        for name, column in self._columns.items():
            if fields is not None and name not in fields:
                continue
            for child, rows, positions in column.refs():
                where = np.arange(len(rows)) if positions is None else positions
                owners = where if starts is None else np.searchsorted(starts, where, side="right") - 1
                found.append((child, owners.astype(np.int64), rows.astype(np.int64)))
        return found


def require_shallow(tables: Sequence[NestedTable], limits: Limits) -> None:
    """Refuse a graph in which more than `limits.depth` such objects lie directly in one another.

    What a converter keeps in a list or a dict lies directly in its object: the container is not there any more.

    Raises:
        LimitError: There is such a chain.
    """
    if sum(table.n for table in tables if table.counts) <= limits.depth:
        return
    edges = [_relevant(table, tables) for table in tables]
    children = [sorted({child for child, _, _ in of_table}) for of_table in edges]
    depth = [0] * len(tables)
    for group in components(children):
        below = max((depth[c] for t in group for c in children[t] if c not in group), default=0)
        own = _longest(group, tables, edges) if is_cyclic(group, children) else int(tables[group[0]].counts)
        limits.require("depth", below + own, "objects deep in one another")
        for t in group:
            depth[t] = below + own


def _relevant(table: NestedTable, tables: Sequence[NestedTable]) -> list[tuple[int, Ints, Ints]]:
    if table.counts:
        return [
            edge for edge in table.edges() if tables[edge[0]].counts or (table.makes and tables[edge[0]].is_content)
        ]
    return [edge for edge in table.edges() if tables[edge[0]].counts] if table.is_content else []


def _longest(
    group: Sequence[int], tables: Sequence[NestedTable], edges: Sequence[Sequence[tuple[int, Ints, Ints]]]
) -> int:
    """The longest chain of counted rows within tables that refer to one another."""
    base = dict(zip(group, np.cumsum([0, *(tables[t].n for t in group)]).tolist(), strict=False))
    is_used = np.zeros(sum(tables[t].n for t in group), np.bool_)
    parts: list[tuple[Ints, Ints, bool]] = []
    for t in group:
        for child, owners, rows in edges[t]:
            if child in base:
                parts.append((owners + base[t], rows + base[child], tables[t].is_content))
                is_used[parts[-1][1]] |= not tables[t].is_content
    kept = [is_used[sources] if is_content else slice(None) for sources, _, is_content in parts]
    sources = np.concatenate([part[0][keep] for part, keep in zip(parts, kept, strict=True)])
    targets = np.concatenate([part[1][keep] for part, keep in zip(parts, kept, strict=True)])
    nodes, packed = np.unique(np.concatenate([sources, targets]), return_inverse=True)
    packed = packed.reshape(2, -1)
    weight = np.concatenate([np.full(tables[t].n, tables[t].counts, np.int64) for t in group])[nodes].tolist()
    children: list[list[int]] = [[] for _ in nodes]
    for source, target in zip(packed[0].tolist(), packed[1].tolist(), strict=True):
        children[source].append(target)
    depth = [0] * len(nodes)
    for chain in components(children):
        own = set(chain)
        below = max((depth[c] for row in chain for c in children[row] if c not in own), default=0)
        total = below + sum(weight[row] for row in chain)
        for row in chain:
            depth[row] = total
    return max(depth, default=0)
