"""`sklearn.tree._tree.Tree`: the nodes and values of one decision tree, fully checked (attacks M01-M07).

scikit-learn's `Tree.__setstate__` checks dtypes and shapes only, and prediction follows child indices without any
bound: a wrong one reads, or writes, foreign memory. Source of the invariants: `sklearn/tree/_tree.pyx`.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from sklearn.tree._tree import NODE_DTYPE, Tree

from vitrify import kernels
from vitrify.errors import UnsupportedError
from vitrify.graph.converter import Converter
from vitrify.graph.rows import Rows

_BATCH_NODES: Final = 1 << 14
_FIELDS: Final = {
    "left_child": "<i8",
    "right_child": "<i8",
    "feature": "<i8",
    "threshold": "<f8",
    "impurity": "<f8",
    "n_node_samples": "<i8",
    "weighted_n_node_samples": "<f8",
}
_STATE: Final = frozenset({"max_depth", "node_count", "nodes", "values"})
_MISSING: Final = "missing_go_to_left"
_VALUE_DTYPE: Final = np.dtype("<f8")
_INTP: Final = np.dtype(np.intp)
Ints = npt.NDArray[np.int64]


def _encode(tree: Any) -> tuple[object, ...]:
    _, arguments, state = tree.__reduce__()
    if len(arguments) != 3 or state.keys() != _STATE:
        raise UnsupportedError("a Tree whose state is not the one vitrify has reviewed", hint="Upgrade vitrify")
    n_features, n_classes, n_outputs = arguments
    return n_features, n_classes, n_outputs, state["max_depth"], state["nodes"], state["values"]


def _decode(n_features: int, n_classes: Any, n_outputs: int, max_depth: int, nodes: Any, values: Any) -> Any:
    tree = Tree(n_features, n_classes if n_classes.dtype is _INTP else n_classes.astype(np.intp), n_outputs)
    if not _is_current(nodes.dtype):
        converted = np.zeros(len(nodes), NODE_DTYPE)
        for name in NODE_DTYPE.names:
            if name in nodes.dtype.names:
                converted[name] = nodes[name]
        nodes = converted
    tree.__setstate__({"max_depth": max_depth, "node_count": len(nodes), "nodes": nodes, "values": values})
    return tree


def _check(rows: Rows) -> None:
    n_features = rows.integers("n_features")
    n_outputs = rows.integers("n_outputs")
    max_depth = rows.integers("max_depth")
    rows.require(n_features >= 1, "n_features must be at least 1")
    classes = rows.arrays("n_classes")
    nodes, values = rows.arrays("nodes"), rows.arrays("values")
    for row in range(rows.n):
        _check_shapes(rows, row, int(n_outputs[row]), classes[row], nodes[row], values[row])
    if kernels.COMPILED and kernels.tree_nodes_hold(nodes, n_features.tolist(), max_depth.tolist()):
        return
    for batch in _batches([len(tree) for tree in nodes]):
        _check_nodes(rows, batch, [nodes[row] for row in batch], n_features[batch], max_depth[batch])
    if kernels.COMPILED:
        rows.fail(0, "the nodes of this tree, or of one after it, are refused")


def _check_shapes(rows: Rows, row: int, n_outputs: int, n_classes: Any, nodes: Any, values: Any) -> None:
    """Everything that is not about single nodes."""
    if n_classes.ndim != 1 or n_classes.dtype.kind != "i" or len(n_classes) != n_outputs or n_outputs < 1:
        rows.fail(row, "n_classes must hold one int for each output")
    counts = n_classes.tolist()
    if min(counts) < 1:
        rows.fail(row, "n_classes must be at least 1 for each output")
    if nodes.ndim != 1 or len(nodes) == 0 or not nodes.flags.c_contiguous:
        rows.fail(row, "nodes must be a one-dimensional array of at least one node")
    if not _is_node_dtype(nodes.dtype):
        rows.fail(row, "nodes must have scikit-learn's node dtype")
    expected = (len(nodes), n_outputs, max(counts))
    if values.shape != expected or values.dtype != _VALUE_DTYPE or not values.flags.c_contiguous:
        rows.fail(row, f"values must be float64 of shape {expected}, not {values.dtype} {values.shape}")


@lru_cache(maxsize=64)
def _is_node_dtype(dtype: np.dtype[Any]) -> bool:
    """The fields of 1.2, or those since 1.3."""
    fields = {name: spec[0].str for name, spec in (dtype.fields or {}).items()}
    return fields.pop(_MISSING, "|u1") == "|u1" and fields == _FIELDS


@lru_cache(maxsize=64)
def _is_current(dtype: np.dtype[Any]) -> bool:
    """Whether this is the dtype of the running scikit-learn."""
    return bool(dtype == NODE_DTYPE)


def _batches(sizes: list[int]) -> list[Ints]:
    """Runs of trees of about `_BATCH_NODES` nodes, so that what is checked together fits into the cache."""
    batches: list[Ints] = []
    start = total = 0
    for row, size in enumerate(sizes):
        if total and total + size > _BATCH_NODES:
            batches.append(np.arange(start, row))
            start, total = row, 0
        total += size
    if total:
        batches.append(np.arange(start, len(sizes)))
    return batches


def _check_nodes(rows: Rows, batch: Ints, nodes: list[Any], n_features: Ints, max_depth: Ints) -> None:
    """All nodes of a batch of trees at once; `nodes` holds one structured array a tree.

    Nodes are numbered through the batch; `inner` are those with children, and what holds for them is checked for them
    alone, since half of all nodes are leaves.
    """
    sizes = np.array([len(tree) for tree in nodes], np.int64)
    ends = np.cumsum(sizes)
    starts = ends - sizes
    n = int(ends[-1])

    def require(ok: npt.NDArray[np.bool_], message: str, where: Ints | None = None) -> None:
        if not ok.all():
            node = int(np.argmin(ok)) if where is None else int(where[np.argmin(ok)])
            tree = int(np.searchsorted(ends, node, side="right"))
            rows.fail(int(batch[tree]), f"node {node - int(starts[tree])}: {message}")

    left, right, feature = (_gather(nodes, name) for name in ("left_child", "right_child", "feature"))
    is_leaf = left == -1
    require((right == -1) == is_leaf, "has one child")
    require((feature == -2) >= is_leaf, "is a leaf with a feature")
    inner = np.flatnonzero(~is_leaf)
    tree_of = np.repeat(np.arange(len(nodes)), sizes)[inner]
    begin, end = starts[tree_of], ends[tree_of]
    left, right, feature = left[inner] + begin, right[inner] + begin, feature[inner]
    require((left > inner) & (left < end), "has a left child that is not a later node", inner)
    require((right > inner) & (right < end), "has a right child that is not a later node", inner)
    require((feature >= 0) & (feature < n_features[tree_of]), "tests a feature that does not exist", inner)
    parent = np.full(n, -1, np.int64)
    parent[left] = parent[right] = np.arange(len(inner))
    parent[starts] = 0
    require(parent >= 0, "is not the child of any node")
    if 2 * len(inner) != n - len(nodes):
        rows.fail(int(batch[0]), "a node is the child of two nodes")
    _check_depths(rows, batch, parent[inner], begin == inner, tree_of, max_depth)
    require(_gather(nodes, "n_node_samples") >= 0, "has a negative number of samples")
    threshold = _gather(nodes, "threshold")[inner]
    require(threshold == threshold, "has a threshold that is not a number", inner)
    missing = [tree[_MISSING] if _MISSING in tree.dtype.names else np.zeros(len(tree), np.uint8) for tree in nodes]
    require(np.concatenate(missing) <= 1, f"has a {_MISSING} that is neither 0 nor 1")


def _check_depths(
    rows: Rows, batch: Ints, above: Ints, is_root: npt.NDArray[np.bool_], tree_of: Ints, max_depth: Ints
) -> None:
    """`max_depth` of each tree is the number of steps to its deepest leaf, one below an inner node.

    Args:
        rows: The trees.
        batch: The row of each tree of the batch.
        above: For each inner node, which inner node is its parent.
        is_root: Which inner nodes are roots.
        tree_of: The tree of each inner node, within the batch.
        max_depth: What each tree of the batch says.
    """
    first = np.flatnonzero(is_root)
    above = above.copy()
    above[first] = first
    steps: Ints = (~is_root).astype(np.int64)
    while True:  # each round doubles the distance looked up
        further = steps[above]
        if not further.any():
            break
        steps += further
        above = above[above]
    depth = np.zeros(len(batch), np.int64)
    if len(first):
        depth[tree_of[first]] = np.maximum.reduceat(steps, first) + 1
    if not np.array_equal(depth, max_depth):
        tree = int(np.argmax(depth != max_depth))
        rows.fail(int(batch[tree]), f"max_depth is {int(max_depth[tree])}, the tree's depth is {int(depth[tree])}")


def _gather(nodes: list[Any], name: str) -> npt.NDArray[Any]:
    if len(nodes) == 1:
        return np.ascontiguousarray(nodes[0][name])
    return np.concatenate([tree[name] for tree in nodes])


CONVERTERS: Final = (
    Converter[Any](
        type_id="sklearn.tree.Tree",
        types=("sklearn.tree._tree.Tree",),
        fields=("n_features", "n_classes", "n_outputs", "max_depth", "nodes", "values"),
        encode=_encode,
        decode=_decode,
        check=_check,
        streams=True,
        owns_arrays=True,
        packs="trees",
    ),
)
