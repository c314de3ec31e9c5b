"""What the nodes of trees hold, and which of it follows from the rest."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from msgspec import Struct

from vitrify.container.trees.places import IMPURE, MAX_CLASSES, MISSING, NODES, UNDEFINED, Group, gathered
from vitrify.container.trees.shapes import Shape, checked_shape, depth_first, gini, shares
from vitrify.container.trees.streams import Bytes, Flags, Floats, Ints
from vitrify.errors import FormatError


class Survey(Struct, frozen=True, kw_only=True):
    """The columns of proper trees whose nodes are numbered through; None for one that does not follow.

    Attributes:
        is_leaf: Which nodes have no children, shape (n,).
        left: For each inner node its left child, shape (k,).
        right: Its right child, shape (k,).
        feature: For each inner node the feature.
        threshold: For each inner node the threshold.
        is_depth_first: Whether every tree grew depth first.
        samples: For each leaf the samples, if those of inner nodes are the sums.
        follows_missing: Whether missing values go where more samples went.
        weights: For each leaf the weight less the samples, if weights are whole and those of inner nodes are the sums.
        classes: For each leaf its class, 255 if it has several, if the values are shares of counts of such.
        impure: The counts of leaves with several classes, those of the first class before those of the second.
        is_gini: Whether impurities are those of these counts.
    """

    is_leaf: Flags
    left: Ints
    right: Ints
    feature: Ints
    threshold: Floats
    is_depth_first: bool
    samples: Ints | None
    follows_missing: bool
    weights: Ints | None
    classes: Bytes | None
    impure: Ints | None
    is_gini: bool


class Columns:
    """The columns of nodes and the values, shape (n, width), one tree after another, gathered when they are needed."""

    def __init__(self, data: Bytes, group: Group) -> None:
        self._data, self._group = data, group
        self._nodes: npt.NDArray[Any] | None = None
        self._values: Floats | None = None

    @property
    def nodes(self) -> npt.NDArray[Any]:
        """The records of all nodes."""
        if self._nodes is None:
            at, counts, _ = self._group.spans.T
            size = self._group.item_bytes
            self._nodes = gathered(self._data, at, counts * size).view(NODES[size])
        return self._nodes

    @property
    def values(self) -> Floats:
        """Their values."""
        if self._values is None:
            _, counts, at = self._group.spans.T
            found = gathered(self._data, at, counts * self._group.width * 8).view("<f8")
            self._values = found.reshape(-1, self._group.width)
        return self._values


def surveyed(data: Bytes, columns: Columns, group: Group) -> Survey | None:
    """What the trees of a group hold; None where they are no proper trees."""
    from vitrify import kernels  # not before there are trees: without any, nothing compiled is needed

    return (_by_kernel(data, group) if kernels.COMPILED else None) or survey(columns, group)


def _by_kernel(data: Bytes, group: Group) -> Survey | None:
    from vitrify import kernels

    n, width = int(group.spans[:, 1].sum()), group.width
    is_leaf, classes, threshold = np.empty(n, np.bool_), np.empty(n, np.uint8), np.empty(n)
    left, right, feature, samples, weights = (np.empty(n, np.int64) for _ in range(5))
    impure = np.empty(n * width if width < MAX_CLASSES else 0, np.int64)
    filled = (is_leaf, left, right, feature, threshold, samples, weights, classes, impure)
    found = kernels.survey_trees(data, group.spans, group.item_bytes, width, filled)
    if found is None:
        return None
    k, n_impure, is_depth_first, sums_samples, follows_missing, sums_weights, has_classes, is_gini = found
    return Survey(
        is_leaf=is_leaf,
        left=left[:k],
        right=right[:k],
        feature=feature[:k],
        threshold=threshold[:k],
        is_depth_first=is_depth_first,
        samples=samples[: n - k] if sums_samples else None,
        follows_missing=follows_missing,
        weights=weights[: n - k] if sums_weights else None,
        classes=classes[: n - k] if has_classes else None,
        impure=_by_class(impure[: n_impure * width].reshape(-1, width)) if has_classes else None,
        is_gini=is_gini,
    )


def survey(columns: Columns, group: Group) -> Survey | None:
    """What the compiled kernel finds, for all trees at once; None where they are no proper trees."""
    nodes = columns.nodes
    counts = group.spans[:, 1]
    starts = np.cumsum(counts) - counts
    is_leaf = nodes["left_child"] == -1
    inner = np.flatnonzero(~is_leaf)
    if not _are_plain(nodes, is_leaf):
        return None
    base = np.repeat(starts, counts)
    left, right = (nodes[name][inner] + base[inner] for name in ("left_child", "right_child"))
    try:
        shape = checked_shape(is_leaf, starts, left, right)
    except FormatError:
        return None
    # Trees whose left children are all the next nodes end where `depth_first` looks for it.
    is_depth_first = np.array_equal(left, inner + 1) and np.array_equal(depth_first(is_leaf, starts)[1], right)
    samples = np.ascontiguousarray(nodes["n_node_samples"])
    of_leaves = samples[is_leaf]
    totals = _totals(np.ascontiguousarray(nodes["weighted_n_node_samples"]), samples, shape)
    tallies = None if totals is None else _counts(columns.values, totals, shape)
    classes, impure = (None, None) if tallies is None else _kinds(tallies[is_leaf])
    return Survey(
        is_leaf=is_leaf,
        left=left,
        right=right,
        feature=nodes["feature"][inner],
        threshold=nodes["threshold"][inner],
        is_depth_first=is_depth_first,
        samples=of_leaves if _are_counts(of_leaves) and np.array_equal(shape.sums(of_leaves), samples) else None,
        follows_missing=MISSING in (nodes.dtype.names or ())
        and np.array_equal(shape.to_the_larger(samples), nodes[MISSING]),
        weights=None if totals is None else totals[is_leaf] - of_leaves,
        classes=classes,
        impure=impure,
        is_gini=tallies is not None and totals is not None and _same(gini(tallies, totals), nodes["impurity"]),
    )


def _are_plain(nodes: npt.NDArray[Any], is_leaf: Flags) -> bool:
    """Whether leaves look as they do in scikit-learn, and padding is zero."""
    leaves = nodes[is_leaf]
    undefined = np.full(len(leaves), float(UNDEFINED))
    is_plain = (
        (leaves["right_child"] == -1).all()
        and (leaves["feature"] == UNDEFINED).all()
        and _same(undefined, leaves["threshold"])
    )
    if "padding" in (nodes.dtype.names or ()):
        padding = nodes.view(np.uint8).reshape(len(nodes), -1)[:, 57:]
        is_plain = is_plain and not padding.any() and nodes[MISSING].max(initial=0) <= 1
    return bool(is_plain)


def _same(found: Floats, expected: Floats) -> bool:
    """Whether all bits are the same."""
    return np.array_equal(found.view(np.int64), np.ascontiguousarray(expected).view(np.int64))


def _are_counts(numbers: Ints) -> bool:
    """Whether a reader takes sums of these numbers, and of their differences."""
    return bool(numbers.min(initial=0) >= 0 and numbers.max(initial=0) < 2**31)


def _totals(weights: Floats, samples: Ints, shape: Shape) -> Ints | None:
    """The weights of all nodes as integers, if they are whole and add up."""
    leaves = weights[shape.is_leaf]
    with np.errstate(invalid="ignore"):
        whole = leaves.astype(np.int64)
    if not (_same(whole.astype(np.float64), leaves) and _are_counts(whole) and _are_counts(samples)):
        return None
    totals = shape.sums(whole)
    return totals if _same(totals.astype(np.float64), weights) else None


def _counts(values: Floats, totals: Ints, shape: Shape) -> Ints | None:
    """The counts of classes that give the values, shape (n, width); None if there are none."""
    width = values.shape[1]
    if not 2 <= width < MAX_CLASSES or totals.min(initial=1) < 1 or not np.isfinite(values).all():
        return None
    leaves = values[shape.is_leaf] * totals[shape.is_leaf, None]
    if (np.abs(leaves) > 2**31).any():
        return None
    counts = shape.sums(np.rint(leaves).astype(np.int64))
    if (counts < 0).any() or not np.array_equal(counts.sum(axis=1), totals):
        return None
    return counts if _same(shares(counts, totals), values) else None


def _kinds(leaves: Ints) -> tuple[Bytes, Ints]:
    """The class of each leaf, most of which hold one; and the counts of the others."""
    is_pure = (leaves != 0).sum(axis=1) <= 1
    classes = np.where(is_pure, leaves.argmax(axis=1), IMPURE).astype(np.uint8)
    return classes, _by_class(leaves[~is_pure])


def _by_class(counts: Ints) -> Ints:
    """Rows of counts as columns, one after another."""
    return np.ascontiguousarray(counts.T).reshape(-1)
