"""The comparator on compiled objects and generators, whose content is their state."""

from __future__ import annotations

import copy
import functools
from typing import Any

import numpy as np
import pytest
import scipy.stats
from sklearn._loss.loss import HalfSquaredError, HalfTweedieLoss, PinballLoss
from sklearn.cluster import Birch
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.metrics import DistanceMetric
from sklearn.neighbors import BallTree, KDTree
from sklearn.tree import DecisionTreeRegressor
from sklearn.utils import Bunch

from tests.support.equality import assert_same, differences
from tests.support.near_misses import Make, check_each_differs_from_the_others, check_each_equals_its_like

POINTS = np.random.RandomState(0).rand(40, 2)


def drawn(generator: Any, n: int) -> Any:
    generator.random(n)
    return generator


def gaussian(generator: Any) -> Any:
    generator.standard_normal()
    return generator


def spawned(n: int) -> np.random.SeedSequence:
    sequence = np.random.SeedSequence(1)
    sequence.spawn(n)
    return sequence


@functools.cache
def fitted_tree(depth: int, sign: int) -> Any:
    return DecisionTreeRegressor(max_depth=depth, random_state=0).fit(sign * POINTS, POINTS[:, 0]).tree_


def tree(depth: int, sign: int = 1) -> Any:
    return copy.deepcopy(fitted_tree(depth, sign))


@functools.cache
def fitted_predictor(n_leaves: int) -> Any:
    model = HistGradientBoostingRegressor(max_iter=1, max_leaf_nodes=n_leaves, min_samples_leaf=2)
    return model.fit(POINTS, POINTS[:, 0])._predictors[0][0]


def predictor(n_leaves: int) -> Any:
    return copy.deepcopy(fitted_predictor(n_leaves))


def used(search_tree: Any) -> Any:
    search_tree.query(POINTS[:3], k=2)
    return search_tree


GROUPS: dict[str, tuple[Make, ...]] = {
    "generators": (
        lambda: np.random.RandomState(0),
        lambda: np.random.RandomState(1),
        lambda: drawn(np.random.RandomState(0), 1),
        lambda: gaussian(np.random.RandomState(0)),
        lambda: np.random.RandomState(np.random.PCG64(0)),
        lambda: np.random.mtrand._rand,
        lambda: np.random.default_rng(0),
        lambda: drawn(np.random.default_rng(0), 1),
        *(lambda kind=kind: kind(1) for kind in (np.random.PCG64, np.random.PCG64DXSM, np.random.MT19937)),
        *(lambda kind=kind: kind(1) for kind in (np.random.Philox, np.random.SFC64)),
        lambda: np.random.Generator(np.random.MT19937(1)),
        lambda: spawned(0),
        lambda: spawned(1),
        lambda: np.random.SeedSequence(2),
        lambda: np.random.SeedSequence([1]),
    ),
    "trees": (
        lambda: tree(1),
        lambda: tree(2),
        lambda: tree(2, sign=-1),
        lambda: predictor(3),
        lambda: predictor(4),
    ),
    "search trees": (
        lambda: KDTree(POINTS, leaf_size=4),
        lambda: KDTree(POINTS, leaf_size=5),
        lambda: KDTree(POINTS[::-1], leaf_size=4),
        lambda: KDTree(POINTS, leaf_size=4, metric="manhattan"),
        lambda: used(KDTree(POINTS, leaf_size=4)),
        lambda: BallTree(POINTS, leaf_size=4),
        lambda: BallTree(POINTS, leaf_size=4, metric="minkowski", p=3),
        lambda: BallTree(POINTS, leaf_size=4, metric="minkowski", p=4),
    ),
    "metrics": (
        lambda: DistanceMetric.get_metric("euclidean"),
        lambda: DistanceMetric.get_metric("haversine"),
        lambda: DistanceMetric.get_metric("minkowski", p=3),
        lambda: DistanceMetric.get_metric("minkowski", p=4),
        lambda: DistanceMetric.get_metric("seuclidean", V=np.array([1.0, 2.0])),
        lambda: DistanceMetric.get_metric("seuclidean", V=np.array([1.0, 3.0])),
        lambda: DistanceMetric.get_metric("mahalanobis", V=np.eye(2)),
        lambda: DistanceMetric.get_metric("mahalanobis", V=2 * np.eye(2)),
        lambda: DistanceMetric.get_metric("pyfunc", func=np.dot),
        lambda: DistanceMetric.get_metric("pyfunc", func=np.vdot),
    ),
    "distributions": (
        lambda: scipy.stats.uniform(0, 1),
        lambda: scipy.stats.uniform(0, 2),
        lambda: scipy.stats.uniform(scale=1),
        lambda: scipy.stats.norm(0, 1),
        lambda: scipy.stats.randint(0, 2),
        lambda: scipy.stats.uniform,
        lambda: scipy.stats.norm,
    ),
    "bunches": (lambda: Bunch(a=1), lambda: Bunch(a=2), lambda: Bunch(b=1), lambda: {"a": 1}),
    "losses": (
        HalfSquaredError,
        lambda: PinballLoss(quantile=0.5),
        lambda: PinballLoss(quantile=0.25),
        lambda: PinballLoss(quantile=0.5).closs,
        lambda: PinballLoss(quantile=0.25).closs,
        lambda: HalfSquaredError().closs,
        lambda: HalfTweedieLoss(power=1.5),
        lambda: HalfTweedieLoss(power=1.25),
    ),
}


@pytest.mark.parametrize("name", GROUPS)
def test_a_compiled_object_equals_one_made_in_the_same_way(name: str) -> None:
    """No false alarm."""
    check_each_equals_its_like(GROUPS[name])


@pytest.mark.parametrize("name", GROUPS)
def test_a_compiled_object_differs_from_every_near_miss(name: str) -> None:
    """No difference is overlooked, whichever side it is on and however deep it lies."""
    check_each_differs_from_the_others(GROUPS[name])


def test_numpys_global_generator_must_be_that_generator() -> None:
    """A copy of the singleton with an equal state is another generator."""
    copied = np.random.RandomState()
    copied.set_state(np.random.get_state())
    assert_same([np.random.mtrand._rand], [np.random.mtrand._rand])
    assert differences([np.random.mtrand._rand], [copied])
    assert differences([copied], [np.random.mtrand._rand])


def test_leaves_of_a_cluster_tree_are_followed() -> None:
    """A change in the last of the linked leaves is found."""
    models = [Birch(threshold=0.05, n_clusters=None).fit(POINTS) for _ in range(2)]
    assert_same(*models)
    leaf = models[1].dummy_leaf_
    while leaf.next_leaf_ is not None:
        leaf = leaf.next_leaf_
    leaf.subclusters_[-1].squared_sum_ += 1e-9
    assert differences(*models)


def test_what_a_bunch_drops_itself_does_not_count() -> None:
    """A Bunch drops attributes that are no keys in its own `__setstate__`, so they are not content."""
    one, two = Bunch(a=1), Bunch(a=1)
    vars(two).clear()
    assert_same(one, two)
    two["a"] = 2
    assert differences(one, two)
