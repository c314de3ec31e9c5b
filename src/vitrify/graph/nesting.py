"""How deep objects lie directly in one another, where Python walks such chains on the C stack.

Lists, dicts, sets and instances of Python classes are freed without recursion, at any depth. Object arrays, and most
of what converters make (a defaultdict, a deque, a partial), are not, and a tuple is hashed recursively: a chain of
100 000 of them crashes the interpreter when it is freed, long after loading. No real object has such a chain: pickle
itself gives up below a depth of 1 000.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from vitrify.container.limits import Limits
from vitrify.graph.order import components, is_cyclic
from vitrify.graph.parsed import Ints
from vitrify.graph.parsed_table import Edges, ParsedTable
from vitrify.graph.schema import Table


class _Nested:
    """A table as the nesting sees it: what it refers to, and whether its objects count."""

    def __init__(self, parsed: ParsedTable) -> None:
        layout = parsed.table.layout
        self.n = parsed.table.rows
        self.counts = _counts(parsed.table)
        self.is_content = layout in ("items", "pairs") and not self.counts
        self.makes = layout == "fields"
        self.edges = parsed.edges() if self.counts or self.is_content else []


def require_shallow(graph: Sequence[ParsedTable], limits: Limits) -> None:
    """Refuse a graph in which more than `limits.depth` such objects lie directly in one another.

    What a converter keeps in a list or a dict lies directly in its object: the container is not there any more.

    Raises:
        LimitError: There is such a chain.
    """
    if sum(parsed.table.rows for parsed in graph if _counts(parsed.table)) <= limits.depth:
        return
    tables = [_Nested(parsed) for parsed in graph]
    edges = [_relevant(table, tables) for table in tables]
    children = [sorted({child for child, _, _ in of_table}) for of_table in edges]
    depth = [0] * len(tables)
    for group in components(children):
        below = max((depth[c] for t in group for c in children[t] if c not in group), default=0)
        own = _longest(group, tables, edges) if is_cyclic(group, children) else int(tables[group[0]].counts)
        limits.require("depth", below + own, "objects deep in one another")
        for t in group:
            depth[t] = below + own


def _counts(table: Table) -> bool:
    return table.layout in ("fields", "object_arrays") or table.type == "tuple"


def _relevant(table: _Nested, tables: Sequence[_Nested]) -> Edges:
    if table.counts:
        return [edge for edge in table.edges if tables[edge[0]].counts or (table.makes and tables[edge[0]].is_content)]
    return [edge for edge in table.edges if tables[edge[0]].counts] if table.is_content else []


def _longest(group: Sequence[int], tables: Sequence[_Nested], edges: Sequence[Sequence[tuple[int, Ints, Ints]]]) -> int:
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
