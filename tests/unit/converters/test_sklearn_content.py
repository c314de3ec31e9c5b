"""Legal models near the border of the content checks: what looks odd, and is right, comes back."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from sklearn import cluster, covariance, dummy, ensemble, linear_model, multiclass, neighbors, preprocessing, svm
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.frozen import FrozenEstimator
from sklearn.gaussian_process import GaussianProcessClassifier
from sklearn.metrics.pairwise import linear_kernel
from sklearn.model_selection import GridSearchCV
from sklearn.naive_bayes import GaussianNB
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.semi_supervised import SelfTrainingClassifier

import vitrify
from tests.support.equality import assert_same

X = np.random.default_rng(5).normal(size=(60, 4))
Y = np.arange(60) % 3
TWO = Y == 0
PAIRS = np.column_stack([Y, TWO])
WORDS = ["a", "bb", "ccc", "dddd"] * 15
INVERSE = [[1.0, 0.0, 0.0, 0.0], [0.0, 1.0, 0.0, 0.0], [0.0, 0.0, 2.0, 0.0], [0.0, 0.0, 0.0, 1.0]]
FROZEN = FrozenEstimator(GaussianNB().fit(X, Y))

LEGAL: dict[str, Callable[[], Any]] = {
    "an inverse covariance in lists": lambda: neighbors.NearestNeighbors(
        algorithm="brute", metric="mahalanobis", metric_params={"VI": INVERSE}
    ).fit(X),
    "no precision": lambda: covariance.MinCovDet(store_precision=False, random_state=0).fit(X),
    "averages of two classes": lambda: linear_model.SGDClassifier(average=True, random_state=0).fit(X, TWO),
    "averages that have not begun": lambda: linear_model.SGDClassifier(average=10**6, random_state=0).fit(X, Y),
    "coefficients of a fit that failed": lambda: _failed(linear_model.SGDClassifier()),
    "sparse coefficients": lambda: linear_model.SGDClassifier(random_state=0).fit(X, Y).sparsify(),
    "coefficients of unchecked input": lambda: linear_model.Lasso(alpha=0.1).fit(
        np.asfortranarray(X), X[:, 0], check_input=False
    ),
    "coefficients of one feature": lambda: linear_model.Lasso(alpha=0.1, warm_start=True).fit(X[:, :1], X[:, 0]),
    "one target in a column": lambda: linear_model.Lasso(alpha=0.1, warm_start=True).fit(X, X[:, :1]),
    "classes of two outputs": lambda: ensemble.RandomForestClassifier(2, random_state=0).fit(X, PAIRS),
    "guesses for two outputs": lambda: dummy.DummyClassifier().fit(X, PAIRS),
    "splines without a bias": lambda: preprocessing.SplineTransformer(include_bias=False).fit(X),
    "periodic splines": lambda: preprocessing.SplineTransformer(extrapolation="periodic").fit(X),
    "labels in tuples": lambda: preprocessing.MultiLabelBinarizer().fit([[("a", 1), ("b", 2)], [("c", 3)]]),
    "a kernel of the library": lambda: svm.SVC(kernel=linear_kernel).fit(X, Y),
    "categories of texts": lambda: ensemble.HistGradientBoostingClassifier(
        max_iter=2, categorical_features=[0], random_state=0
    ).fit(np.column_stack([Y % 2, X[:, 0]]), Y),
}
UNFITTED = [
    cluster.Birch(threshold=0.25),
    linear_model.Lasso(alpha=0.25),
    linear_model.SGDClassifier(alpha=0.25),
    multiclass.OneVsRestClassifier(linear_model.Lasso(alpha=0.25)),
    neighbors.KNeighborsClassifier(metric_params={"p": 3}),
    preprocessing.SplineTransformer(degree=2),
]
VOTERS: dict[str, Any] = {
    "a pipeline": make_pipeline(preprocessing.StandardScaler(), svm.SVC()),
    "a search": GridSearchCV(GaussianNB(), {"var_smoothing": [1e-9]}, cv=2),
    "a gaussian process": GaussianProcessClassifier(),
    "a network": MLPClassifier((3,), max_iter=2, random_state=0),
    "a ridge": linear_model.RidgeClassifier(),
    "itself": ensemble.VotingClassifier([("bayes", GaussianNB())]),
    "as many rounds as there can be": linear_model.RidgeClassifier(max_iter=sys.maxsize),
    "a stack": ensemble.StackingClassifier([("bayes", GaussianNB())], cv=2),
    "self-training": SelfTrainingClassifier(GaussianNB()),
    "what was frozen with more classes": FROZEN,
}


class Guess(ClassifierMixin, BaseEstimator):
    """A classifier of the caller's own."""

    def fit(self, X: Any, y: Any) -> Guess:
        """Learn nothing, and name a class that no model of scikit-learn may vote with."""
        self.classes_ = np.array([2**40])
        return self

    def predict(self, X: Any) -> Any:
        """The first class."""
        return np.zeros(len(X), int)


def _failed(model: Any) -> Any:
    """After a fit with weights for other samples, `coef_` is None."""
    with pytest.raises(ValueError, match=r"sample_weight.shape == \(3,\)"):
        model.fit(X, Y, sample_weight=np.ones(3))
    assert model.coef_ is None
    return model


def _lengths(left: Any, right: Any) -> Any:
    return np.array([[float(len(a) * len(b)) for b in right] for a in left])


@pytest.mark.parametrize("name", LEGAL)
def test_legal_models_come_back(name: str) -> None:
    """Scikit-learn makes them like this."""
    model = LEGAL[name]()

    assert_same(model, vitrify.loads(vitrify.dumps(model)))


@pytest.mark.parametrize("model", UNFITTED, ids=lambda model: type(model).__name__)
def test_models_that_were_never_fitted_come_back(model: Any) -> None:
    """They have parameters only: there is nothing that a check could compare."""
    assert_same(model, vitrify.loads(vitrify.dumps(model)))


def test_search_trees_of_several_models_come_back() -> None:
    """They lie in one table, each with the points of its own model."""
    models = [neighbors.NearestNeighbors(algorithm="kd_tree").fit(X[:n]) for n in (20, 40, 60)]
    for loaded, n in zip(vitrify.loads(vitrify.dumps(models)), (20, 40, 60), strict=True):
        np.testing.assert_array_equal(np.asarray(loaded._tree.data), X[:n])


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.filterwarnings("ignore:y contains no unlabeled samples")
@pytest.mark.parametrize("name", VOTERS)
def test_members_of_a_hard_vote_come_back(name: str) -> None:
    """Whatever wraps the classifier that answers."""
    model = ensemble.VotingClassifier([("one", VOTERS[name]), ("other", "drop")]).fit(X, TWO)
    loaded = vitrify.loads(vitrify.dumps(model))

    assert_same(model, loaded)


def test_a_member_of_ones_own_votes_as_it_likes() -> None:
    """Who trusts a class answers for what it answers."""
    model = ensemble.VotingClassifier([("own", Guess()), ("bayes", GaussianNB())]).fit(X, Y)
    loaded = vitrify.loads(vitrify.dumps(model), trust=[Guess])

    np.testing.assert_array_equal(loaded.predict(X), model.predict(X))


def test_a_kernel_for_texts_comes_back() -> None:
    """A function of the caller's own takes what it likes; such a machine has no number of features."""
    model = svm.SVC(kernel=_lengths).fit(WORDS, np.arange(60) % 2)
    loaded = vitrify.loads(vitrify.dumps(model), trust=[_lengths])

    assert loaded.predict(WORDS).tolist() == model.predict(WORDS).tolist()
