"""The shape of trees, and what follows from it and from what their leaves hold."""

from __future__ import annotations

import numpy as np
from msgspec import Struct

from vitrify.container.trees.streams import Bytes, Flags, Floats, Ints
from vitrify.errors import FormatError


class Shape(Struct, frozen=True, kw_only=True):
    """The trees of a group laid end to end, all nodes numbered through.

    Attributes:
        is_leaf: Which nodes have no children, shape (n,).
        inner: The others, shape (k,).
        left: Their left children, shape (k,).
        right: Their right children, shape (k,).
        levels: Positions in `inner`, the deepest first: for each level those of its nodes.
    """

    is_leaf: Flags
    inner: Ints
    left: Ints
    right: Ints
    levels: tuple[Ints, ...]

    def sums(self, leaves: Ints) -> Ints:
        """For each node the sum over the leaves below it; `leaves` has one number (or row) for each leaf."""
        total = np.zeros((len(self.is_leaf), *leaves.shape[1:]), np.int64)
        total[self.is_leaf] = leaves
        for level in self.levels:
            total[self.inner[level]] = total[self.left[level]] + total[self.right[level]]
        return total

    def to_the_larger(self, samples: Ints) -> Bytes:
        """Where no value was missing in training, missing ones go where more samples went."""
        found = np.zeros(len(samples), np.uint8)
        found[self.inner] = samples[self.left] > samples[self.right]
        return found


def depth_first(is_leaf: Flags, starts: Ints) -> tuple[Ints, Ints]:
    """The children of inner nodes if every tree, of one node at least, grew depth first.

    The left child is the next node, the right one the next at the same height, where each inner node adds one to the
    height and each leaf takes one away.

    Raises:
        FormatError: A tree does not end with its last node.
    """
    n = len(is_leaf)
    step = np.where(is_leaf, -1, 1)
    height = np.cumsum(step) - step
    ends = np.append(starts[1:], n)
    after = np.append(height, height[-1] + step[-1])
    if (after[ends] - after[starts] != -1).any() or (np.minimum.reduceat(height, starts) != height[starts]).any():
        raise FormatError("packed trees do not end where they should")
    inner = np.flatnonzero(~is_leaf)
    order = np.argsort(height, kind="stable")  # trees lie at falling heights: one is over before the next begins
    following = np.empty(n, np.int64)
    following[order[:-1]], following[order[-1]] = order[1:], -1
    return inner + 1, following[inner]


def checked_shape(is_leaf: Flags, starts: Ints, left: Ints, right: Ints) -> Shape:
    """Check that the children of each tree are its nodes without the root, each once, and find the levels.

    Raises:
        FormatError: They are not.
    """
    inner = np.flatnonzero(~is_leaf)
    ends = np.append(starts[1:], len(is_leaf))[np.searchsorted(starts, inner, side="right") - 1]
    parents = np.zeros(len(is_leaf), np.int64)
    parents[starts] = 1
    if ((left <= inner) | (left >= ends) | (right <= inner) | (right >= ends)).any():
        raise FormatError("packed trees have children outside of their tree")
    parents += np.bincount(left, minlength=len(is_leaf)) + np.bincount(right, minlength=len(is_leaf))
    if (parents != 1).any():
        raise FormatError("packed trees have a node that is not the child of one node")
    place = np.cumsum(~is_leaf) - 1
    levels: list[Ints] = []
    reached = starts[~is_leaf[starts]]
    while len(reached):
        level = place[reached]
        levels.append(level)
        reached = np.concatenate([left[level], right[level]])
        reached = reached[~is_leaf[reached]]
    return Shape(is_leaf=is_leaf, inner=inner, left=left, right=right, levels=tuple(reversed(levels)))


def shares(counts: Ints, totals: Ints) -> Floats:
    """The counts, shape (n, width), as shares of their totals."""
    found: Floats = counts.astype(np.float64) / totals.astype(np.float64)[:, None]
    return found


def gini(counts: Ints, totals: Ints) -> Floats:
    """`1 - Σ count² / total²`, in scikit-learn's order of operations (`sklearn/tree/_criterion.pyx`, Gini)."""
    squares = np.zeros(len(counts))
    for k in range(counts.shape[1]):
        squares += counts[:, k].astype(np.float64) ** 2
    total = totals.astype(np.float64)
    impurity: Floats = 1.0 - squares / (total * total)
    return impurity
