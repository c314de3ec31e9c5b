"""Valid golden files with packed trees (SPEC.md 4.6) whose numbers are near what follows from others."""

from __future__ import annotations

from math import log2
from typing import Any

import numpy as np

from tests.vectors.valid import balanced, case, in_dtype

_N, _WIDTH = 127, 5


@case
def trees_of_errors() -> Any:
    """A packed tree of five outputs (4.6.6 - 4.6.8): weights, means and squared errors from sums in another order."""
    nodes, values = _summed(lambda leaf, k: (leaf * 7 + k * 3) % 11 / 8 + 0.1)
    mean_square = values["squares"] / nodes["weighted_n_node_samples"]
    squares = sum(values["means"][:, k] * values["means"][:, k] for k in range(_WIDTH))
    is_leaf = nodes["left_child"] < 0
    nodes["impurity"] = np.where(is_leaf, 0.0, (mean_square - squares) / _WIDTH)
    nodes["impurity"][[12, 40, 97]] = 0.3, -0.0, 1e300  # nothing is near these
    nodes["impurity"][13] = 2.0**-52
    nodes["weighted_n_node_samples"][64] += 1.0
    values["means"][1, 2], values["means"][2, 0] = np.nan, -values["means"][2, 0]
    return _tree(nodes, values["means"], [1] * _WIDTH)


@case
def trees_of_shares() -> Any:
    """A packed tree of weighted classes (4.6.6 - 4.6.8): shares and Gini impurities but for the last bits."""
    nodes, values = _summed(lambda leaf, k: float(leaf % _WIDTH == k))
    nodes["threshold"] = np.where(nodes["left_child"] < 0, -2.0, np.arange(_N) % 4 / 8)
    weights = nodes["weighted_n_node_samples"]
    squares = sum((values["means"][:, k] * weights) ** 2 for k in range(_WIDTH))
    nodes["impurity"] = 1.0 - squares / (weights * weights)
    nodes["impurity"][5] = 0.125
    return _tree(nodes, values["means"], [_WIDTH])


@case
def trees_of_entropy() -> Any:
    """A packed tree whose impurities are entropies (4.6.8), as far as anybody's logarithm says, in the last bits."""
    nodes, values = _summed(lambda leaf, k: (1.0, 0.25, 0.5, 0.125, 0.0)[(leaf + k) % _WIDTH] / 1.875)
    values["means"][1, 3] = -0.5
    for i, row in enumerate(values["means"].tolist()):
        nodes["impurity"][i] = round(-sum(share * log2(share) for share in row if share > 0) * 2**50) / 2**50
    return _tree(nodes, values["means"], [_WIDTH])


@case
def trees_of_numbers() -> Any:
    """A packed tree whose numbers (4.6.4 - 4.6.8) have nothing to do with one another."""
    nodes = balanced(_N, _WIDTH, is_counted=True)["nodes"]
    for factor, name in enumerate(("n_node_samples", "weighted_n_node_samples", "impurity"), start=3):
        nodes[name] = np.arange(_N) * factor * 37 % 128 + 1
    nodes["missing_go_to_left"] = np.arange(_N) % 2
    return _tree(nodes, np.arange(_N * _WIDTH) * 97 % 1024 / 1024, [1] * _WIDTH)


def _summed(leaf_value: Any) -> tuple[Any, dict[str, Any]]:
    """A tree whose inner nodes have weighted sums over their leaves, one after another from the last to the first."""
    nodes = balanced(_N, _WIDTH, is_counted=True)["nodes"]
    weights, means, squares = np.zeros(_N), np.zeros((_N, _WIDTH)), np.zeros(_N)
    ends = list(range(1, _N + 1))
    for i in reversed(range(_N)):
        if nodes["left_child"][i] >= 0:
            ends[i] = ends[nodes["right_child"][i]]
        leaves = [j for j in reversed(range(i, ends[i])) if nodes["left_child"][j] < 0]
        for j in leaves:
            weight = 0.3 + j % 4 * 0.7
            weights[i] += weight
            for k in range(_WIDTH):
                means[i, k] += weight * leaf_value(j, k)
                squares[i] += weight * leaf_value(j, k) * leaf_value(j, k)
        means[i] /= weights[i]
    nodes["weighted_n_node_samples"] = weights
    return nodes, {"means": means, "squares": squares}


def _tree(nodes: Any, values: Any, n_classes: list[int]) -> Any:
    import sklearn.tree._tree as library

    tree = library.Tree(3, np.array(n_classes, np.intp), len(n_classes))
    shape = (_N, len(n_classes), max(n_classes))
    state = in_dtype({"nodes": nodes, "values": values.reshape(shape)}, library.NODE_DTYPE)
    tree.__setstate__({"max_depth": 6, "node_count": _N, **state})
    return tree
