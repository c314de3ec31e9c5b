"""Neighbours that were fitted on a tree keep a view of its compiled memory, which comes back as an array."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest
from sklearn.neighbors import (
    BallTree,
    KDTree,
    KNeighborsClassifier,
    KNeighborsRegressor,
    KNeighborsTransformer,
    NearestNeighbors,
    RadiusNeighborsClassifier,
)  # fmt: skip

import vitrify

X = np.random.default_rng(0).normal(size=(60, 3))
y = (X[:, 0] > 0).astype(int)
OTHERS = X[:20] + 0.01
ASKED: dict[type, str] = {
    NearestNeighbors: "kneighbors",
    KNeighborsClassifier: "predict_proba",
    KNeighborsRegressor: "predict",
    KNeighborsTransformer: "transform",
    RadiusNeighborsClassifier: "predict",
}


@pytest.mark.parametrize("tree", [BallTree, KDTree])
@pytest.mark.parametrize("cls", ASKED)
def test_a_model_fitted_on_a_tree_answers_the_same(cls: Any, tree: Any) -> None:
    """scikit-learn takes trees as training data; pickle does not take what is kept of them."""
    model = cls().fit(tree(X, leaf_size=5), y)
    with pytest.raises(TypeError, match="no default __reduce__"):
        pickle.dumps(model)

    loaded = vitrify.loads(vitrify.dumps(model))
    for mine, its in zip(asked(model), asked(loaded), strict=True):
        np.testing.assert_array_equal(mine, its)


def asked(model: Any) -> list[Any]:
    """What the model says about points that it has not seen, and who the neighbours of its own points are."""
    found = getattr(model, ASKED[type(model)])(OTHERS)
    answers = list(found) if isinstance(found, tuple) else [found.toarray() if hasattr(found, "toarray") else found]
    return answers + list(model.kneighbors() if hasattr(model, "kneighbors") else model.radius_neighbors(OTHERS)[0])


def test_the_points_and_their_tree_still_share_memory() -> None:
    """The view was one of the tree's data; a file holds them once, and says the same when it is written again."""
    model = NearestNeighbors().fit(KDTree(X))
    data = vitrify.dumps(model)
    loaded = vitrify.loads(data)
    assert type(loaded._fit_X) is np.ndarray
    np.testing.assert_array_equal(loaded._fit_X, X)
    assert np.shares_memory(loaded._fit_X, loaded._tree.data)
    assert vitrify.dumps(loaded) == data
