"""Functions of scikit-learn and classes of scipy.sparse as values in a model, and what a file may call them with."""

from __future__ import annotations

import inspect
from functools import partial
from typing import Any

import numpy as np
import pytest
import scipy.sparse
import sklearn
from sklearn import metrics
from sklearn.cluster import AgglomerativeClustering
from sklearn.ensemble import RandomForestClassifier
from sklearn.feature_selection import SelectKBest, mutual_info_classif
from sklearn.metrics.pairwise import euclidean_distances, rbf_kernel
from sklearn.neighbors import kneighbors_graph, radius_neighbors_graph
from sklearn.preprocessing import FunctionTransformer, minmax_scale
from sklearn.svm import SVC

import vitrify
from tests.support.forge import forge
from vitrify.converters import default_registry
from vitrify.converters.sklearn import KEYWORDS, REVIEWED
from vitrify.errors import StateError, UnsupportedError

X = np.random.default_rng(0).normal(size=(40, 4))
y = (X[:, 0] + X[:, 1] > 0).astype(int)
GUESS = (X[:, 0] > 0).astype(int)
THREE = np.arange(40) % 3
SHARES = np.full((40, 3), 0.25) + np.eye(3)[THREE] * 0.25

SCORES: dict[str, tuple[Any, Any]] = {
    "f1_score": (partial(metrics.f1_score, average="micro"), GUESS),
    "f1_score of words": (partial(metrics.f1_score, pos_label=0, labels=[0, 1], zero_division=0.0), GUESS),
    "fbeta_score": (partial(metrics.fbeta_score, beta=0.5, average="macro"), GUESS),
    "precision_score": (partial(metrics.precision_score, average="weighted"), GUESS),
    "recall_score": (partial(metrics.recall_score, labels=np.array([1])), GUESS),
    "jaccard_score": (partial(metrics.jaccard_score, average="macro"), GUESS),
    "roc_auc_score": (partial(metrics.roc_auc_score, max_fpr=0.5), X[:, 0]),
    "average_precision_score": (partial(metrics.average_precision_score, pos_label=0), X[:, 0]),
    "accuracy_score": (partial(metrics.accuracy_score, normalize=False), GUESS),
    "balanced_accuracy_score": (partial(metrics.balanced_accuracy_score, adjusted=True), GUESS),
    "cohen_kappa_score": (partial(metrics.cohen_kappa_score, weights="quadratic"), GUESS),
    "d2_pinball_score": (partial(metrics.d2_pinball_score, alpha=0.9), X[:, 0]),
    "mean_tweedie_deviance": (partial(metrics.mean_tweedie_deviance, power=1.5), np.abs(X[:, 0])),
    "r2_score": (partial(metrics.r2_score, multioutput="variance_weighted"), X[:, 0]),
}


@pytest.mark.parametrize("name", SCORES)
def test_a_metric_with_plain_keywords_gives_the_same_score(name: str) -> None:
    """As `oob_score=` of a forest, or a scorer."""
    score, given = SCORES[name]
    loaded = vitrify.loads(vitrify.dumps(score))
    assert loaded.func is score.func
    assert loaded.keywords.keys() == score.keywords.keys()
    assert loaded(y, given) == score(y, given)


def test_multiclass_metrics_keep_their_keywords() -> None:
    """Scores of more than two classes."""
    for score in (
        partial(metrics.roc_auc_score, multi_class="ovo", average="weighted"),
        partial(metrics.top_k_accuracy_score, k=1, labels=[0, 1, 2]),
        partial(metrics.log_loss, labels=[0, 1, 2], normalize=False),
    ):
        assert vitrify.loads(vitrify.dumps(score))(THREE, SHARES) == score(THREE, SHARES)


def test_a_forest_scored_by_a_partial_comes_back() -> None:
    """`oob_score=` is called by a further fit as well."""
    forest = RandomForestClassifier(20, oob_score=partial(metrics.f1_score, average="micro"), random_state=0).fit(X, y)
    loaded = vitrify.loads(vitrify.dumps(forest))
    assert loaded.oob_score_ == forest.oob_score_
    assert loaded.fit(X, y).oob_score_ == forest.oob_score_


def test_kernels_and_scores_with_fixed_arguments_come_back() -> None:
    """Where scikit-learn's own documentation fixes arguments with `functools.partial`."""
    select = SelectKBest(partial(mutual_info_classif, random_state=0, n_jobs=1), k=2).fit(X, y)
    np.testing.assert_array_equal(vitrify.loads(vitrify.dumps(select)).fit(X, y).scores_, select.scores_)
    svc = SVC(kernel=partial(rbf_kernel, gamma=0.5)).fit(X, y)
    others = X + 0.1
    loaded = vitrify.loads(vitrify.dumps(svc))
    np.testing.assert_array_equal(loaded.decision_function(others), svc.decision_function(others))
    scale = FunctionTransformer(partial(minmax_scale, feature_range=(-1, 1), axis=1))
    np.testing.assert_array_equal(vitrify.loads(vitrify.dumps(scale)).transform(X), scale.transform(X))


@pytest.mark.parametrize(
    "connectivity",
    [
        partial(kneighbors_graph, n_neighbors=5, mode="connectivity", metric="manhattan", include_self=False),
        partial(radius_neighbors_graph, radius=10.0, n_jobs=2),
    ],
    ids=["kneighbors_graph", "radius_neighbors_graph"],
)
def test_a_connectivity_that_is_computed_comes_back(connectivity: Any) -> None:
    """`connectivity=` may be a function of the data."""
    model = AgglomerativeClustering(connectivity=connectivity).fit(X)
    loaded = vitrify.loads(vitrify.dumps(model))
    np.testing.assert_array_equal(loaded.fit(X).labels_, model.labels_)


@pytest.mark.parametrize("kind", ["matrix", "array"])
@pytest.mark.parametrize("layout", ["bsr", "coo", "csc", "csr", "dia", "dok", "lil"])
def test_a_class_of_sparse_matrices_may_be_a_value(layout: str, kind: str) -> None:
    """`FunctionTransformer(csr_matrix)` makes what comes next sparse."""
    cls = getattr(scipy.sparse, f"{layout}_{kind}")
    loaded = vitrify.loads(vitrify.dumps(FunctionTransformer(cls)))
    assert loaded.func is cls
    made = loaded.transform(X)
    assert type(made) is cls
    np.testing.assert_array_equal(made.toarray(), X)
    half = vitrify.loads(vitrify.dumps(partial(cls, dtype=np.float32)))
    assert half(X).dtype == np.float32


REFUSED: dict[str, tuple[Any, dict[str, Any], str]] = {
    "sample_weight": (metrics.f1_score, {"sample_weight": np.ones(3)}, "may not be given sample_weight="),
    "X_norm_squared": (euclidean_distances, {"X_norm_squared": np.ones(3)}, "may not be given X_norm_squared="),
    "contingency": (metrics.mutual_info_score, {"contingency": np.ones((2, 2))}, "may not be given contingency="),
    "metric, a class": (kneighbors_graph, {"n_neighbors": 1, "metric": dict}, "a metric= that is no text"),
    "metric, a function": (kneighbors_graph, {"n_neighbors": 1, "metric": rbf_kernel}, "a metric= that is no text"),
    "metric_params": (kneighbors_graph, {"metric_params": {}}, "may not be given metric_params="),
    "n_jobs": (mutual_info_classif, {"n_jobs": 1025}, "may not be given this n_jobs="),
    "n_jobs, as text": (mutual_info_classif, {"n_jobs": "2"}, "may not be given this n_jobs="),
    "average, a function": (metrics.f1_score, {"average": np.mean}, "may be given plain values only"),
    "zero_division, an object": (metrics.f1_score, {"zero_division": SVC()}, "may be given plain values only"),
    "shape": (scipy.sparse.csr_matrix, {"shape": (2**40, 2**40)}, "may not be given shape="),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_no_review_lists_is_refused_when_saved_and_when_loaded(name: str) -> None:
    """The same list stands before both."""
    function, keywords, message = REFUSED[name]
    with pytest.raises(UnsupportedError, match=message) as refused:
        vitrify.dumps({"f": partial(function, **keywords)})
    assert refused.value.path == "$['f']"
    fields = {"func": function, "args": (), "keywords": keywords, "attributes": None}
    with pytest.raises(StateError, match=message) as hostile:
        vitrify.loads(forge("functools.partial", fields))
    assert hostile.value.path == "$"


@pytest.mark.skipif(
    tuple(map(int, sklearn.__version__.split(".")[:2])) < (1, 9), reason="earlier versions lack some of the keywords"
)
@pytest.mark.parametrize("name", sorted(KEYWORDS))
def test_every_keyword_that_a_file_may_give_is_one_of_the_function(name: str) -> None:
    """Those that some versions lack aside; and none is a file, a function or memory to write to."""
    function = default_registry().resolve_name(name)
    of_other_versions = {"eps", "force_all_finite", "raise_warning", "squared"}
    assert KEYWORDS[name] <= set(inspect.signature(function).parameters) | of_other_versions
    assert not KEYWORDS[name] & {"X_norm_squared", "Y_norm_squared", "estimator", "func", "metric_params", "out"}
    assert list(REVIEWED.functions[name].keywords) == sorted(KEYWORDS[name])
