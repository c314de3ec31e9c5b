"""Which rare but legal kinds of trees lie in an estimator: what a check that is too strict would refuse first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import numpy as np

_INSIDE = (
    "estimators_",
    "estimator_",
    "best_estimator_",
    "steps",
    "estimator",
    "calibrated_classifiers_",
    "_predictors",
)

_DEEP = 40


def kinds(estimator: Any) -> Counter[str]:
    """How many trees of each kind there are, for example `best-first` or `infinite threshold`."""
    found: Counter[str] = Counter()
    for owner in _owners(estimator, 4):
        if hasattr(owner, "tree_"):
            found.update(_kinds_of_tree(owner, owner.tree_))
        elif hasattr(owner, "nodes"):
            found.update(_kinds_of_predictor(owner.nodes))
    return found


def _owners(value: Any, depth: int) -> Iterator[Any]:
    """Everything that holds a tree, as far as the usual attributes lead to it."""
    if isinstance(value, (list, tuple)) or (isinstance(value, np.ndarray) and value.dtype == object):
        for item in np.ravel(value) if isinstance(value, np.ndarray) else value:
            yield from _owners(item, depth)
    elif hasattr(value, "__dict__") and depth and not isinstance(value, type):
        held = vars(value)
        if "tree_" in held or "left_cat_bitsets" in held or "raw_left_cat_bitsets" in held:
            yield value
        for name in _INSIDE:
            if name in held:
                yield from _owners(held[name], depth - 1)


def _kinds_of_tree(owner: Any, tree: Any) -> Iterator[str]:
    if not all(hasattr(tree, name) for name in ("children_left", "threshold", "weighted_n_node_samples")):
        return
    yield "tree"
    inner = tree.children_left != -1
    if getattr(owner, "ccp_alpha", 0) > 0:
        yield "tree: pruned"
    if getattr(owner, "max_leaf_nodes", None) is not None:
        yield "tree: best-first"
    if getattr(owner, "monotonic_cst", None) is not None:
        yield "tree: monotonic"
    if getattr(owner, "splitter", None) == "random":
        yield "tree: random splits"
    if np.isinf(tree.threshold[inner]).any():
        yield "tree: infinite threshold"
    if (tree.missing_go_to_left[inner] != 0).any():
        yield "tree: missing values go left"
    if (tree.weighted_n_node_samples == 0).any():
        yield "tree: node without weight"
    if (tree.weighted_n_node_samples < 0).any():
        yield "tree: node with negative weight"
    if tree.node_count == 1:
        yield "tree: one node"
    if tree.max_depth >= _DEEP:
        yield "tree: deep"
    if tree.n_outputs > 1:
        yield "tree: several outputs"
    if np.isnan(tree.impurity).any() or (tree.impurity < 0).any():
        yield "tree: odd impurity"


def _kinds_of_predictor(nodes: Any) -> Iterator[str]:
    yield "predictor"
    inner = nodes["is_leaf"] == 0
    if len(nodes) == 1:
        yield "predictor: one node"
    if (nodes["is_categorical"] != 0).any():
        yield "predictor: categories"
    if (nodes["missing_go_to_left"][inner] != 0).any():
        yield "predictor: missing values go left"
    if np.isinf(nodes["num_threshold"][inner]).any():
        yield "predictor: infinite threshold"
