"""Rare but legal trees pass the checks: each kind is made, is seen to be of that kind, and comes back the same."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from sklearn.datasets import make_classification, make_regression
from sklearn.ensemble import (
    ExtraTreesRegressor,
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    IsolationForest,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor, ExtraTreeRegressor

import vitrify
from tests.support.equality import assert_same
from tests.upstream import trees
from vitrify import kernels

X, Y = make_regression(200, 5, noise=5.0, random_state=0)
XC, YC = make_classification(200, 5, n_informative=3, n_redundant=0, n_classes=3, random_state=0)
HOLES = np.where(np.random.default_rng(0).random(X.shape) < 0.3, np.nan, X)
IS_MISSING = np.where(np.arange(200)[:, None] % 2 == 0, np.nan, np.ones((200, 5)))
"""Nothing to split on but what is missing: thresholds are infinite."""
INFINITE = np.where(np.arange(200)[:, None] % 3 == 0, [np.inf, -np.inf, np.inf, -np.inf, np.inf], X)
HALF_WEIGHT = np.where(np.arange(200) < 100, 0.0, 1.0)
RISING = [1, -1, 0, 0, 0]

MADE: dict[str, tuple[str, Callable[[], Any]]] = {
    "pruned": ("tree: pruned", lambda: DecisionTreeRegressor(ccp_alpha=20.0, random_state=0).fit(X, Y)),
    "pruned classes": ("tree: pruned", lambda: DecisionTreeClassifier(ccp_alpha=0.01, random_state=0).fit(XC, YC)),
    "pruned to the root": ("tree: one node", lambda: DecisionTreeRegressor(ccp_alpha=1e9, random_state=0).fit(X, Y)),
    "pruned best-first": (
        "tree: pruned",
        lambda: DecisionTreeRegressor(ccp_alpha=5.0, max_leaf_nodes=40, random_state=0).fit(X, Y),
    ),
    "pruned forest": (
        "tree: pruned",
        lambda: RandomForestRegressor(5, ccp_alpha=20.0, max_leaf_nodes=30, random_state=0).fit(X, Y),
    ),
    "pruned boosting": (
        "tree: pruned",
        lambda: GradientBoostingRegressor(n_estimators=5, ccp_alpha=20.0, random_state=0).fit(X, Y),
    ),
    "best-first": ("tree: best-first", lambda: DecisionTreeClassifier(max_leaf_nodes=17, random_state=0).fit(XC, YC)),
    "best-first boosting": (
        "tree: best-first",
        lambda: GradientBoostingClassifier(n_estimators=5, max_leaf_nodes=6, random_state=0).fit(XC, YC),
    ),
    "missing values": ("tree: missing values go left", lambda: DecisionTreeRegressor(random_state=0).fit(HOLES, Y)),
    "missing values, best-first": (
        "tree: missing values go left",
        lambda: RandomForestClassifier(5, max_leaf_nodes=20, random_state=0).fit(HOLES, YC),
    ),
    "missing values, random splits": (
        "tree: missing values go left",
        lambda: ExtraTreesRegressor(5, random_state=0).fit(HOLES, Y),
    ),
    "only what is missing": (
        "tree: infinite threshold",
        lambda: DecisionTreeRegressor(random_state=0).fit(IS_MISSING, np.arange(200) % 2),
    ),
    "only what is missing, forest": (
        "tree: infinite threshold",
        lambda: RandomForestClassifier(5, random_state=0).fit(IS_MISSING, np.arange(200) % 2),
    ),
    "monotonic": (
        "tree: monotonic",
        lambda: DecisionTreeRegressor(monotonic_cst=RISING, random_state=0).fit(X, Y),
    ),
    "monotonic best-first": (
        "tree: monotonic",
        lambda: RandomForestRegressor(5, monotonic_cst=RISING, max_leaf_nodes=20, random_state=0).fit(X, Y),
    ),
    "half the weights zero": (
        "tree",
        lambda: ExtraTreeRegressor(random_state=0).fit(X, Y, sample_weight=HALF_WEIGHT),
    ),
    "a node whose weights cancel": (
        "tree: node without weight",
        lambda: DecisionTreeRegressor(random_state=0).fit(X[:9], Y[:9], sample_weight=[1, -1, 1, 1, -1, 1, -1, 1, 1]),
    ),
    "negative weights": (
        "tree: node with negative weight",
        lambda: DecisionTreeRegressor(random_state=0).fit(X, Y, sample_weight=-np.ones(200)),
    ),
    "one sample": ("tree: one node", lambda: DecisionTreeRegressor(random_state=0).fit(X[:1], Y[:1])),
    "one class": ("tree: one node", lambda: DecisionTreeClassifier(random_state=0).fit(XC, np.zeros(200))),
    "no feature that varies": (
        "tree: one node",
        lambda: IsolationForest(n_estimators=5, random_state=0).fit(np.ones((50, 3))),
    ),
    "several outputs": (
        "tree: several outputs",
        lambda: DecisionTreeClassifier(random_state=0).fit(XC, np.column_stack([YC, YC % 2, YC > 1])),
    ),
    "a chain": (
        "tree: deep",
        lambda: DecisionTreeRegressor(random_state=0).fit(np.arange(60)[:, None], 4.0 ** np.arange(60)),
    ),
    "a single leaf": (
        "predictor: one node",
        lambda: HistGradientBoostingRegressor(max_iter=3, min_samples_leaf=150).fit(X, Y),
    ),
    "histograms with missing values": (
        "predictor: missing values go left",
        lambda: HistGradientBoostingClassifier(max_iter=3, monotonic_cst=RISING).fit(HOLES, YC > 0),
    ),
    "histograms with infinite values": (
        "predictor: infinite threshold",
        lambda: HistGradientBoostingRegressor(max_iter=3).fit(IS_MISSING, np.arange(200) % 2),
    ),
    "histograms with categories": (
        "predictor: categories",
        lambda: HistGradientBoostingRegressor(max_iter=3, categorical_features=[0]).fit(
            np.column_stack([np.arange(200) % 7, X]), Y + 1e4 * (np.arange(200) % 7 % 2)
        ),
    ),
    "histograms, infinite inputs": ("predictor", lambda: HistGradientBoostingRegressor(max_iter=3).fit(INFINITE, Y)),
}  # fmt: skip


@pytest.fixture(params=["compiled", "numpy"])
def checks(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both ways in which nodes are checked."""
    if request.param == "numpy":
        monkeypatch.setattr(kernels, "COMPILED", False)
    else:
        assert kernels.COMPILED, "without the compiled loops only half of this is tested"


@pytest.mark.parametrize("name", MADE)
@pytest.mark.usefixtures("checks")
def test_a_legal_tree_comes_back(name: str) -> None:
    """It is of the kind that it is meant to be, loads, is the same, and predicts the same bits."""
    kind, fit = MADE[name]
    model = fit()
    assert trees.kinds(model)[kind] > 0, sorted(trees.kinds(model))

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        loaded = vitrify.loads(vitrify.dumps(model))

    assert_same(model, loaded)
    rows = np.vstack([np.zeros((1, model.n_features_in_)), np.full((1, model.n_features_in_), 1e30)])
    np.testing.assert_array_equal(model.predict(rows), loaded.predict(rows))
