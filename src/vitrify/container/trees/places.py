"""Where the trees of a group lie in its bytes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
from msgspec import Struct

from vitrify.container.trees.streams import Bytes, Ints, StreamReader, Streams
from vitrify.errors import FormatError

MISSING: Final = "missing_go_to_left"
_COLUMNS: Final = (
    ("left_child", "<i8"), ("right_child", "<i8"), ("feature", "<i8"), ("threshold", "<f8"), ("impurity", "<f8"),
    ("n_node_samples", "<i8"), ("weighted_n_node_samples", "<f8"),
)  # fmt: skip
NODES: Final = {
    56: np.dtype(list(_COLUMNS)),
    64: np.dtype([*_COLUMNS, (MISSING, "|u1"), ("padding", "|V7")]),
}
"""The record of a node by its size: that of scikit-learn 1.2, and that since 1.3."""

UNDEFINED: Final = -2
MAX_CLASSES: Final = 255
IMPURE: Final = 255


class Group(Struct, frozen=True, kw_only=True):
    """Where the trees of a group lie in its bytes; all have nodes of one size and values of one width.

    Attributes:
        n_bytes: The size of the group.
        item_bytes: The size of a node: 56 or 64.
        width: The float64 numbers of a node in the values.
        spans: For each tree the offset of its nodes, their number, and the offset of its values, shape (n, 3) int64.
    """

    n_bytes: int
    item_bytes: int
    width: int
    spans: Ints


def runs(at: Ints, sizes: Ints) -> Iterator[tuple[int, int, int]]:
    """Stretches of spans without a gap: where each begins, and the sum of sizes before it and up to its end."""
    ends = np.cumsum(sizes)
    cuts = np.flatnonzero(at[1:] != at[:-1] + sizes[:-1]) + 1
    for first, last in zip([0, *cuts.tolist()], [*(cuts - 1).tolist(), len(at) - 1], strict=True):
        yield int(at[first]), int(ends[first] - sizes[first]), int(ends[last])


def _covered(group: Group) -> Ints:
    """The edges of what the trees cover, in order: where each run begins, and where it ends.

    Raises:
        FormatError: Trees lie outside of the group, or upon one another.
    """
    nodes_at, counts, values_at = group.spans.T
    begins = np.concatenate([nodes_at, values_at])
    ends = np.concatenate([nodes_at + counts * group.item_bytes, values_at + counts * group.width * 8])
    order = np.argsort(begins, kind="stable")
    edges = np.stack([begins[order], ends[order]], axis=1).reshape(-1)
    if len(edges) and (edges[0] < 0 or edges[-1] > group.n_bytes or (np.diff(edges) < 0).any()):
        raise FormatError("packed trees lie outside of their group, or upon one another")
    return edges


def gaps(group: Group) -> list[tuple[int, int]]:
    """The stretches of the group that belong to no tree: begin and end."""
    edges = [0, *_covered(group).tolist(), group.n_bytes]
    return [(begin, end) for begin, end in zip(edges[::2], edges[1::2], strict=True) if begin < end]


def gathered(data: Bytes, at: Ints, sizes: Ints) -> Bytes:
    """The bytes of spans, one after another."""
    parts = [data[begin : begin + stop - start] for begin, start, stop in runs(at, sizes)]
    return parts[0] if len(parts) == 1 else np.concatenate(parts)


def write_spans(streams: Streams, group: Group) -> None:
    """Each offset as the distance from where the tree before ends."""
    nodes_at, counts, values_at = group.spans.T
    streams.mode(group.item_bytes)
    streams.ints(np.array([group.width], np.int64))
    streams.ints(np.array([len(counts)], np.int64))
    streams.ints(counts)
    streams.ints(nodes_at - np.append(0, (nodes_at + counts * group.item_bytes)[:-1]))
    streams.ints(values_at - np.append(0, (values_at + counts * group.width * 8)[:-1]))


def read_spans(reader: StreamReader, n_bytes: int) -> Group:
    """The group that `write_spans` wrote.

    Raises:
        FormatError: It has no room for such trees.
    """
    item_bytes = reader.mode(64)
    if item_bytes not in NODES:
        raise FormatError(f"packed trees have nodes of {item_bytes} bytes")
    width, n_trees = int(reader.ints(1)[0]), int(reader.ints(1)[0])
    if not 1 <= width <= n_bytes // 8 or not 1 <= n_trees <= n_bytes // item_bytes:
        raise FormatError("packed trees are more than their group has room for")
    counts = reader.ints(n_trees)
    if counts.min() < 1 or counts.max() > n_bytes or int(counts.sum()) > n_bytes // (item_bytes + 8 * width):
        raise FormatError("packed trees have more nodes than their group has room for")
    sizes = counts * item_bytes, counts * width * 8
    offsets = []
    for size in sizes:
        apart = reader.ints(n_trees)
        if (np.abs(apart) > n_bytes).any():
            raise FormatError("packed trees lie outside of their group")
        offsets.append(np.cumsum(apart) + np.append(0, np.cumsum(size)[:-1]))
    return Group(
        n_bytes=n_bytes, item_bytes=item_bytes, width=width, spans=np.stack([offsets[0], counts, offsets[1]], axis=1)
    )
