"""In which order tables can be built: what a table refers to comes first, and cycles are found.

All of it is iterative: neither depth nor length of a chain of references can exhaust the stack.
"""

from __future__ import annotations

from collections.abc import Sequence


def components(children: Sequence[Sequence[int]]) -> list[list[int]]:
    """Strongly connected components, each after all that it refers to (Tarjan 1972)."""
    n = len(children)
    index = [-1] * n
    low = [0] * n
    on_stack = [False] * n
    stack: list[int] = []
    found: list[list[int]] = []
    counter = 0
    for root in range(n):
        if index[root] >= 0:
            continue
        work = [(root, 0)]
        while work:
            node, next_child = work.pop()
            if next_child == 0:
                index[node] = low[node] = counter
                counter += 1
                stack.append(node)
                on_stack[node] = True
            descended = False
            for i in range(next_child, len(children[node])):
                child = children[node][i]
                if index[child] < 0:
                    work.append((node, i + 1))
                    work.append((child, 0))
                    descended = True
                    break
                if on_stack[child]:
                    low[node] = min(low[node], index[child])
            if descended:
                continue
            if low[node] == index[node]:
                component: list[int] = []
                while True:
                    member = stack.pop()
                    on_stack[member] = False
                    component.append(member)
                    if member == node:
                        break
                found.append(sorted(component))
            if work:
                parent = work[-1][0]
                low[parent] = min(low[parent], low[node])
    return found


def is_cyclic(component: Sequence[int], children: Sequence[Sequence[int]]) -> bool:
    """Whether a component is more than a single node that does not refer to itself."""
    return len(component) > 1 or component[0] in children[component[0]]
