"""In which order tables can be built: what a table refers to comes first, and cycles are found.

All of it is iterative: neither depth nor length of a chain of references can exhaust the stack.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence


def components(children: Sequence[Sequence[int]]) -> list[list[int]]:
    """Strongly connected components, each after all that it refers to (Tarjan 1972)."""
    met = [0] * len(children)  # in which order, from 1; 0 for what is still to be met
    low = met.copy()
    stack: list[int] = []
    is_open = [False] * len(children)  # whether it is on that stack
    found: list[list[int]] = []
    n_met = 0
    for root in range(len(children)):
        work: list[tuple[int, Iterator[int] | None]] = [] if met[root] else [(root, None)]
        while work:
            node, rest = work.pop()
            if rest is None:
                n_met += 1
                met[node] = low[node] = n_met
                is_open[node] = True
                stack.append(node)
                rest = iter(children[node])
            for child in rest:
                if not met[child]:
                    work += ((node, rest), (child, None))
                    break
                if is_open[child] and met[child] < low[node]:
                    low[node] = met[child]
            else:
                if low[node] == met[node]:
                    component = [stack.pop()]
                    while component[-1] != node:
                        component.append(stack.pop())
                    for member in component:
                        is_open[member] = False
                    found.append(component if len(component) == 1 else sorted(component))
                elif low[node] < low[work[-1][0]]:
                    low[work[-1][0]] = low[node]
    return found


def is_cyclic(component: Sequence[int], children: Sequence[Sequence[int]]) -> bool:
    """Whether a component is more than a single node that does not refer to itself."""
    return len(component) > 1 or component[0] in children[component[0]]
