"""The trees of SPEC.md 4.6, node by node, written from it alone: this never imports vitrify.

Numbers in comments are the points of 4.6. Floats are kept as their bits.
"""

from __future__ import annotations

import struct
from itertools import pairwise
from typing import Any

import numpy as np

from tests.support.independent_columns import Columns, require

_UNDEFINED = (-1, -1, -2, 0xC000_0000_0000_0000)


def number(value: Any) -> Any:
    """The value, or 0 for what is none."""
    return value if value == value else np.float64(0)


def as_float(bits: int) -> Any:
    """The float64 number of these bits."""
    return np.uint64(bits).view(np.float64)


def as_bits(value: Any) -> int:
    """The bits of a float64 number."""
    return int(np.float64(value).view(np.uint64))


def moved(near: tuple[int, int | None], expected: Any) -> int:
    """The bits of a number that is so many last bits from what is expected."""
    apart, given = near
    return (as_bits(number(expected)) + apart) % 2**64 if given is None else given


def shifted(near: tuple[int, int | None], expected: Any, scale: Any) -> int:
    """The bits of a number that is so many units of the scale from what is expected."""
    apart, given = near
    if given is not None:
        return given
    unit = as_float(max((as_bits(scale) >> 52) % 2048 - 55, 0) << 52)
    return as_bits(number(number(expected) + np.float64(apart) * unit))


def small(numbers: list[int]) -> list[int]:
    """Numbers of which sums or distances are made."""
    require(all(-(2**31) <= number <= 2**31 for number in numbers), "packed numbers beyond 31 bits")
    return numbers


def untree(packed: bytes, n_bytes: int) -> bytes:
    """The group that was packed."""
    require(1 <= len(packed) <= n_bytes, "size of packed trees")
    columns = Columns(packed)
    size = columns.take(1)[0]
    (width,), (n_trees,) = columns.ints(1), columns.ints(1)  # 1
    require(size in (56, 64) and width >= 1 and 1 <= n_trees <= n_bytes, "kind of packed trees")
    counts = columns.ints(n_trees)
    require(min(counts) >= 1 and sum(counts) * (size + 8 * width) <= n_bytes, "numbers of nodes")
    runs, places = [], []
    for unit in (size, 8 * width):
        position, begins = 0, []
        for count, distance in zip(counts, columns.ints(n_trees), strict=True):
            begins.append(position + distance)
            position += distance + count * unit
            runs.append((begins[-1], position))
        places.append(begins)
    out, taken = bytearray(n_bytes), [(0, 0), *sorted(runs), (n_bytes, n_bytes)]
    gaps = [(a[1], b[0]) for a, b in pairwise(taken)]
    require(all(begin <= end for begin, end in gaps), "trees outside of their group, or upon one another")
    with np.errstate(all="ignore"):
        nodes, values = _nodes(columns, counts, size, width)
    first = 0
    for count, at, values_at in zip(counts, *places, strict=True):
        out[at : at + count * size] = b"".join(nodes[first : first + count])
        out[values_at : values_at + count * 8 * width] = b"".join(values[first : first + count])
        first += count
    for begin, end in gaps:  # 9
        out[begin:end] = columns.take(end - begin)
    require(not columns.data, "bytes after packed trees")
    return bytes(out)


def _nodes(columns: Columns, counts: list[int], size: int, width: int) -> tuple[list[bytes], list[bytes]]:
    """The bytes of each node, and of its values."""
    n, firsts = sum(counts), [sum(counts[:i]) for i in range(len(counts))]
    is_leaf = columns.bits(n)  # 2
    leaves, inner = [i for i in range(n) if is_leaf[i]], [i for i in range(n) if not is_leaf[i]]
    children = _children(columns, is_leaf, inner, firsts, counts)
    feature = dict(zip(inner, columns.ints(len(inner)), strict=True))  # 3
    threshold = dict(zip(inner, columns.floats(len(inner)), strict=True))

    def sums(of_leaves: list[Any]) -> list[Any]:
        found: dict[int, Any] = dict(zip(leaves, of_leaves, strict=True))
        for i in reversed(inner):
            left, right = children[i]
            found[i] = [a + b for a, b in zip(found[left], found[right], strict=True)]
        return [found[i] for i in range(n)]

    def sums_of(of_leaves: list[int]) -> list[int]:
        return [total for (total,) in sums([[number] for number in small(of_leaves)])]

    samples = columns.ints(n) if columns.is_stored() else sums_of(columns.ints(len(leaves)))  # 4
    missing = [0] * n  # 5
    if size == 64:
        if columns.is_stored():
            missing = columns.bits(n)
        else:
            missing = [int(i in children and samples[children[i][0]] > samples[children[i][1]]) for i in range(n)]
    totals = None  # 6
    mode = columns.mode(2)
    if mode == 0:
        more = zip(small(columns.ints(len(leaves))), small([samples[i] for i in leaves]), strict=True)
        totals = sums_of([a + b for a, b in more])
        weights = [as_bits(total) for total in totals]
    elif mode == 1:
        weights = columns.floats(n)
    else:
        weights = _spread(columns.floats(len(leaves)), leaves, n)
        near = dict(zip(inner, columns.near(len(inner)), strict=True))
        for i in reversed(inner):
            left, right = children[i]
            weights[i] = moved(near[i], as_float(weights[left]) + as_float(weights[right]))
    tallies = None
    mode = columns.mode(2)
    if mode == 0:  # 7
        require(totals is not None and min(totals) >= 1 and 2 <= width <= 254, "shares of nothing")
        kinds = columns.take(len(leaves))
        several = sum(kind == 255 for kind in kinds)
        impure = small(columns.ints(several * width))
        rows = iter([impure[i::several] for i in range(several)])
        require(all(kind == 255 or kind < width for kind in kinds), "a class that is not there")
        tallies = sums(
            [
                next(rows) if kind == 255 else [(totals or [])[leaf] * (c == kind) for c in range(width)]
                for leaf, kind in zip(leaves, kinds, strict=True)
            ]
        )
        values = [[as_bits(np.float64(c) / as_float(w)) for c in row] for row, w in zip(tallies, weights, strict=True)]
    elif mode == 1:
        values = _rows(columns.floats(n * width), width)
    else:
        values = _spread(_rows(columns.floats(len(leaves) * width), width), leaves, n)
        near_rows = dict(zip(inner, _rows(columns.near(len(inner) * width), width), strict=True))
        for i in reversed(inner):
            of_children = zip(near_rows[i], *[values[child] for child in children[i]], strict=True)
            values[i] = [moved(apart, _mean(i, children, weights, pair)) for apart, *pair in of_children]
    mode = columns.mode(4)  # 8
    if mode == 0:
        require(tallies is not None, "an impurity of nothing")
        squares = [sum(float(c) * float(c) for c in row) for row in tallies or []]
        impurity = [as_bits(1.0 - q / (as_float(w) * as_float(w))) for q, w in zip(squares, weights, strict=True)]
    elif mode == 1:
        impurity = columns.floats(n)
    else:
        impurity = _near_impurity(columns, children, weights, values, mode)
    offsets = [first for first, count in zip(firsts, counts, strict=True) for _ in range(count)]
    records = []
    for i in range(n):
        left, right = (child - offsets[i] for child in children.get(i, (0, 0)))
        begin = _UNDEFINED if is_leaf[i] else (left, right, feature[i], threshold[i])
        record = struct.pack("<qqqQQqQ", *begin, impurity[i], samples[i], weights[i])
        records.append(record + (bytes([missing[i]]) + bytes(7) if size == 64 else b""))
    return records, [struct.pack(f"<{width}Q", *row) for row in values]


def _spread(of_leaves: list[Any], leaves: list[int], n: int) -> list[Any]:
    """What leaves have, in their places."""
    found: list[Any] = [0] * n
    for i, value in zip(leaves, of_leaves, strict=True):
        found[i] = value
    return found


def _rows(flat: list[Any], width: int) -> list[Any]:
    return [flat[i : i + width] for i in range(0, len(flat), width)]


def _mean(i: int, children: dict[int, tuple[int, int]], weights: list[int], pair: list[int]) -> Any:
    """The mean of what both children of a node have, given as bits."""
    a, b = (as_float(weights[child]) * as_float(bits) for child, bits in zip(children[i], pair, strict=True))
    return (a + b) / as_float(weights[i])


def _near_impurity(
    columns: Columns, children: dict[int, tuple[int, int]], weights: list[int], values: list[list[int]], mode: int
) -> list[int]:
    """The impurities that are near those of shares of classes, or of squared errors (8)."""
    n, width, n_outputs = len(values), len(values[0]), np.int64(1 if mode == 2 else columns.ints(1)[0])
    require(1 <= n_outputs <= width, "outputs")
    near, found = columns.near(n), [0] * n
    squares, entropies = [np.float64(0)] * n, [np.float64(0)] * n
    for i, row in enumerate(values):
        for bits in row:
            value = as_float(bits)
            squares[i] = squares[i] + value * value
            if value > 0:
                entropies[i] = entropies[i] - value * _log2(value)
    for i in reversed(range(n)):
        if mode == 3:
            found[i] = shifted(near[i], np.float64(1) - squares[i] / n_outputs, 1.0)
        elif mode == 4:
            found[i] = shifted(near[i], entropies[i] / n_outputs, 1.0)
        elif i not in children:
            found[i] = shifted(near[i], 0.0, squares[i])
        else:
            pair = [as_bits(as_float(found[child]) * np.float64(width) + squares[child]) for child in children[i]]
            mean = number(_mean(i, children, weights, pair))
            found[i] = shifted(near[i], (mean - squares[i]) / width, mean)
    return found


def _log2(value: Any) -> Any:
    """The logarithm as 8 has it."""
    exponent, fraction = divmod(as_bits(value), 2**52)
    exponent, y = exponent % 2048 - 1023, as_float(1023 << 52 | fraction)
    if y > 1.4142135623730951:
        exponent, y = exponent + 1, y / 2
    s = (y - 1) / (y + 1)
    r = np.float64(1) / 23
    for d in (21, 19, 17, 15, 13, 11, 9, 7, 5, 3, 1):
        r = r * (s * s) + np.float64(1) / d
    return s * r * 2.885390081777927 + exponent


def _children(
    columns: Columns, is_leaf: list[int], inner: list[int], firsts: list[int], counts: list[int]
) -> dict[int, tuple[int, int]]:
    """The children of each inner node."""
    found: dict[int, tuple[int, int]] = {}
    if columns.is_stored():
        for i, left, right in zip(inner, small(columns.ints(len(inner))), columns.ints(len(inner)), strict=True):
            found[i] = i + left, i + left + small([right])[0]
    else:
        for first, count in zip(firsts, counts, strict=True):
            waiting: list[int] = []
            for i in range(first, first + count):
                if i > first and is_leaf[i - 1]:
                    require(waiting, "a tree ends before its last node")
                    parent = waiting.pop()
                    found[parent] = parent + 1, i
                if not is_leaf[i]:
                    waiting.append(i)
            require(not waiting and is_leaf[first + count - 1], "a tree does not end with its last node")
    ends = [first + count for first, count in zip(firsts, counts, strict=True) for _ in range(count)]
    require(all(i < child < ends[i] for i, pair in found.items() for child in pair), "children outside of their tree")
    once = sorted([child for pair in found.values() for child in pair] + firsts)
    require(once == list(range(len(is_leaf))), "a node that is not the child of one node")
    return found
