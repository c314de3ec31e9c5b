"""Histogram gradient boosting: what stands in `_predictors` is looked at before any of its fields is read."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from sklearn.ensemble import HistGradientBoostingRegressor

import vitrify
from tests.support.equality import assert_same
from vitrify.errors import StateError

X = np.random.default_rng(0).normal(size=(120, 3))
NODES: dict[str, Callable[[Any], Any]] = {
    "plain floats": lambda nodes: np.zeros(len(nodes)),
    "two dimensions": lambda nodes: np.stack([nodes, nodes]),
    "no dimension": lambda nodes: nodes[0:1].reshape(()),
    "no node": lambda nodes: nodes[:0],
    "a field in another dtype": lambda nodes: nodes.astype(
        [(name, "<f8" if name == "feature_idx" else nodes.dtype[name]) for name in nodes.dtype.names]
    ),
    "a field that is gone": lambda nodes: nodes[[name for name in nodes.dtype.names if name != "is_leaf"]].copy(),
}


def boosted() -> HistGradientBoostingRegressor:
    """A model of two small trees."""
    return HistGradientBoostingRegressor(max_iter=2).fit(X, X[:, 0])


@pytest.mark.parametrize("name", NODES)
@pytest.mark.parametrize("tree", [0, 1])
def test_nodes_of_another_kind_are_refused(name: str, tree: int) -> None:
    """In the first tree and in a later one, with the tree's path."""
    model = boosted()
    predictor = model._predictors[tree][0]
    predictor.nodes = NODES[name](predictor.nodes)
    data = vitrify.dumps(model)
    with pytest.raises(StateError, match="TreePredictor: nodes must be a one-dimensional array") as caught:
        vitrify.loads(data)
    assert caught.value.path == f"$._predictors[{tree}][0]"


def test_predictors_of_another_type_are_refused() -> None:
    """An object with the same attribute would not be checked as a tree is."""
    model = boosted()
    other = HistGradientBoostingRegressor()
    other.nodes = model._predictors[0][0].nodes
    model._predictors[1][0] = other
    data = vitrify.dumps(model)
    with pytest.raises(StateError, match=re.escape("_predictors holds a sklearn.ensemble._hist")):
        vitrify.loads(data)


def test_an_untouched_model_comes_back() -> None:
    """The same functions build both kinds of file."""
    model = boosted()
    assert_same(model, vitrify.loads(vitrify.dumps(model)))
