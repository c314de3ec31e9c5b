"""Sizes that compiled code takes for granted: clusters, thresholds of bins, degrees of splines, votes, workers."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest
from scipy.interpolate import BSpline
from sklearn.cluster import BisectingKMeans, KMeans, MiniBatchKMeans
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import HistGradientBoostingRegressor, RandomForestRegressor, VotingClassifier
from sklearn.preprocessing import SplineTransformer

import vitrify
from tests.support.equality import assert_same
from tests.support.lying_writer import Lie
from vitrify.errors import LimitError, StateError, UnsupportedError

RNG = np.random.default_rng(0)
X = RNG.normal(size=(60, 4))
Y = X[:, 0]


@pytest.mark.parametrize("cls", [KMeans, MiniBatchKMeans, BisectingKMeans])
def test_there_is_a_cluster(cls: Any) -> None:
    """Without any, the nearest one is read before the begin of the centers."""
    lie = Lie(vitrify.dumps(cls(n_clusters=2, random_state=0).fit(X)))
    lie.put(*lie.ref("$.cluster_centers_"), np.zeros((0, 4)))
    lie.assign("$._n_features_out", 0)
    if cls is MiniBatchKMeans:
        lie.put(*lie.ref("$._counts"), np.zeros(0))
    with pytest.raises(StateError, match=f"{cls.__name__}: there must be a cluster") as caught:
        vitrify.loads(lie.file())
    assert caught.value.path == "$"


BINS = {
    "flags": ("is_categorical_", np.zeros(1, "u1"), r"is_categorical_.shape\[0\] is 1, must be 4"),
    "counts": ("n_bins_non_missing_", np.ones(6000, "u4"), r"is_categorical_.shape\[0\] is 4, must be 6000"),
}


@pytest.mark.parametrize("name", BINS)
def test_bins_know_all_features(name: str) -> None:
    """`_map_to_bins` reads the thresholds and the flag of each column, without bounds."""
    attribute, value, message = BINS[name]
    mapper = HistGradientBoostingRegressor(max_iter=2).fit(X, Y)._bin_mapper
    lie = Lie(vitrify.dumps([mapper]))
    lie.put(*lie.ref(f"$[0].{attribute}"), value)
    with pytest.raises(StateError, match=f"_BinMapper: {message}") as caught:
        vitrify.loads(lie.file())
    assert caught.value.path == "$[0]"


def test_bins_have_thresholds_for_all_features() -> None:
    """Their list is as long as the input is wide; before a fit there is none."""
    mapper = HistGradientBoostingRegressor(max_iter=2).fit(X, Y)._bin_mapper
    assert_same(type(mapper)(), vitrify.loads(vitrify.dumps(type(mapper)())))
    assert_same(mapper, vitrify.loads(vitrify.dumps(mapper)))
    mapper.bin_thresholds_ = mapper.bin_thresholds_[:3]
    data = vitrify.dumps(mapper)
    with pytest.raises(StateError, match="_BinMapper: bin_thresholds_ must be a list for 4 features") as caught:
        vitrify.loads(data)
    assert caught.value.path == "$"


@pytest.mark.parametrize("extrapolate", [False, None])
def test_a_spline_that_fitpack_would_integrate_has_its_degree(extrapolate: Any) -> None:
    """FITPACK has room for degree 5, and `integrate` uses it where nothing lies beyond the ends."""
    spline = BSpline(np.arange(20.0), np.arange(13.0), 6, extrapolate=True)
    assert_same(spline, vitrify.loads(vitrify.dumps(spline)))
    assert_same(spline.integrate(6.5, 8), vitrify.loads(vitrify.dumps(spline)).integrate(6.5, 8))
    lie = Lie(vitrify.dumps([spline]))
    lie.assign("$[0].extrapolate", extrapolate)
    with pytest.raises(StateError, match="a degree above 5 needs extrapolate=True") as caught:
        vitrify.loads(lie.file())
    assert caught.value.path == "$[0]"
    spline.extrapolate = False
    with pytest.raises(UnsupportedError, match="a degree above 5 needs extrapolate=True"):
        vitrify.dumps(spline)


def test_splines_of_features_may_have_any_degree() -> None:
    """They have a column of coefficients for each base function, and no integral by FITPACK."""
    model = SplineTransformer(degree=7, extrapolation="error").fit(X)
    assert_same(model, vitrify.loads(vitrify.dumps(model)))


def test_a_vote_counts_few_places() -> None:
    """`numpy.bincount` makes room for the largest answer, for every row."""
    y = (Y > 0).astype(int)
    model = VotingClassifier([("a", DummyClassifier(strategy="constant", constant=1))]).fit(X, y)
    assert_same(model, vitrify.loads(vitrify.dumps(model)))
    lie = Lie(vitrify.dumps(model))
    lie.assign("$.estimators_[0].constant", 2**31)
    _refuse_votes(lie.file())
    model.estimators_[0].constant = 2**70  # which a column keeps as a text
    _refuse_votes(vitrify.dumps(model))


def _refuse_votes(data: bytes) -> None:
    with pytest.raises(StateError, match="DummyClassifier below its members answers with 1048576 or more") as caught:
        vitrify.loads(data)
    assert caught.value.path == "$"


def test_categories_are_those_that_the_bins_know() -> None:
    """A split by category looks its flag up; where there are no flags, there is no such split."""
    kinds = np.arange(90).reshape(-1, 1) % 3
    model = HistGradientBoostingRegressor(max_iter=2, categorical_features=[0]).fit(kinds, kinds.ravel() == 1)
    assert any(tree.nodes["is_categorical"].any() for stage in model._predictors for tree in stage)
    for mapper in (None, type(model._bin_mapper)()):
        model._bin_mapper = mapper
        with pytest.raises(StateError, match="takes a feature for categorical that _bin_mapper does not") as caught:
            vitrify.loads(vitrify.dumps(model))
        assert caught.value.path == "$"


class TestWorkers:
    """Each is a process with libraries of its own."""

    def test_more_than_the_limit_are_refused_when_loaded(self) -> None:
        """The error says where, and how to allow it."""
        data = vitrify.dumps({"m": RandomForestRegressor(n_jobs=65)})
        with pytest.raises(LimitError, match="RandomForestRegressor: n_jobs: 65, the limit workers is 64") as caught:
            vitrify.loads(data)
        assert caught.value.path == "$['m']"
        assert caught.value.hint is not None
        assert caught.value.hint.endswith("limits=dataclasses.replace(vitrify.LIMITS, workers=65)")
        again = vitrify.loads(data, limits=dataclasses.replace(vitrify.LIMITS, workers=65))
        assert again["m"].n_jobs == 65

    @pytest.mark.parametrize("n_jobs", [None, -1, -1024, 0, 1, 64, np.int64(8)])
    def test_usual_numbers_are_kept(self, n_jobs: Any) -> None:
        """Negative ones count back from the number of processors."""
        model = RandomForestRegressor(n_jobs=n_jobs)
        assert_same(model, vitrify.loads(vitrify.dumps(model)))
