"""Attacks M12 to M29 and R03 on arrays that only count together with other attributes, or when training goes on.

Each file is that of a model with one lie, which crashed the interpreter, or asked for any amount of memory, when the
model was used. What reads what stands in `docs/reference/content-checks.md`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import pytest
from sklearn import (
    cluster,
    covariance,
    decomposition,
    dummy,
    ensemble,
    linear_model,
    neighbors,
    preprocessing,
    svm,
    tree,
)
from sklearn.base import clone
from sklearn.frozen import FrozenEstimator
from sklearn.kernel_approximation import PolynomialCountSketch
from sklearn.metrics.pairwise import linear_kernel, paired_euclidean_distances

import vitrify
from tests.attacks.harness import Attack, assert_refused, run_one
from tests.support import lying_writer
from vitrify.errors import StateError

RNG = np.random.default_rng(11)
X = RNG.normal(size=(60, 4))
Y = np.arange(60) % 3
PAIRS = np.column_stack([Y, Y % 2])
TARGET = X[:, 0] - X[:, 1]
TARGETS = np.column_stack([TARGET, -TARGET])
LARGEST = 2**63 - 1
CATEGORIES = ensemble.HistGradientBoostingRegressor(max_iter=2, categorical_features=[1], min_samples_leaf=2)

_COVARIANCES = {
    "precision": covariance.EmpiricalCovariance(),
    "no-precision": covariance.EmpiricalCovariance(store_precision=False),
    "shrunk": covariance.ShrunkCovariance(),
    "ledoit-wolf": covariance.LedoitWolf(),
    "oas": covariance.OAS(),
    "robust": covariance.MinCovDet(random_state=0),
    "envelope": covariance.EllipticEnvelope(random_state=0),
    "lasso": covariance.GraphicalLasso(),
}
_AVERAGED = {
    "sgd": (linear_model.SGDClassifier(average=True, random_state=0), Y),
    "sgd-regressor": (linear_model.SGDRegressor(average=True, random_state=0), TARGET),
    "sgd-one-class": (linear_model.SGDOneClassSVM(average=True, random_state=0), Y),
}
_WARM = {
    "lasso": (linear_model.Lasso(alpha=0.1, warm_start=True), TARGET),
    "net": (linear_model.ElasticNet(alpha=0.1, warm_start=True), TARGET),
    "multi-lasso": (linear_model.MultiTaskLasso(alpha=0.1, warm_start=True), TARGETS),
    "multi-net": (linear_model.MultiTaskElasticNet(alpha=0.1, warm_start=True), TARGETS),
}


@dataclass(frozen=True)
class Lie:
    """A fitted model, an attribute to replace, by what, what is asked of it then, and what the refusal says, and where.

    `function` takes the place of linear_kernel in the bytes: `dump` refuses such a model.
    """

    name: str
    make: Callable[[], Any]
    edit: Callable[[Any], None]
    use: tuple[Any, ...]
    match: str
    path: str = "$"
    function: str = ""

    def __str__(self) -> str:
        return self.name


def _set(**values: Any) -> Callable[[Any], None]:
    return lambda model: vars(model).update(values)


def _change(name: str, change: Callable[[Any], Any]) -> Callable[[Any], None]:
    return lambda model: vars(model).update({name: change(vars(model)[name])})


def _narrow(array: Any) -> Any:
    return np.array(array[..., :1])


def _votes(*labels: int) -> Callable[[Any], None]:
    """Members that answer with these labels."""

    def edit(model: Any) -> None:
        for member in model.estimators_:
            member.classes_ = np.array(labels)

    return edit


def _members(*others: Any) -> Callable[[Any], None]:
    return lambda model: vars(model).update(estimators_=list(others))


def _without_width(model: Any) -> None:
    """Averages that are too narrow, and nothing that says how wide they must be."""
    del model.n_features_in_
    model._average_coef = _narrow(model._average_coef)


def _columns(*mask: bool) -> Callable[[Any], None]:
    """Other columns for the encoder of categories."""

    def edit(model: Any) -> None:
        (name, encoder, _), *others = model._preprocessor.transformers_
        model._preprocessor.transformers_ = [(name, encoder, np.array(mask, bool)), *others]

    return edit


def _follow(model: Any, node: Any) -> None:
    model.dummy_leaf_.next_leaf_.next_leaf_ = node


def _deep(depth: int) -> Any:
    """A classifier within so many that answer for it."""
    model = tree.DecisionTreeClassifier(max_depth=1).fit(X, Y)
    for _ in range(depth):
        model = FrozenEstimator(model)
    return model


def _endless() -> Any:
    """A classifier that answers what it answers itself."""
    model = FrozenEstimator(tree.DecisionTreeClassifier().fit(X, Y))
    model.estimator = model
    return model


def _constant() -> Any:
    """A classifier that always answers with the largest int."""
    model = dummy.DummyClassifier(strategy="constant", constant=0).fit(X, Y)
    model.constant = LARGEST
    return model


def _scaled() -> Any:
    """A classifier that takes the answers of a scaler for its classes."""
    model = linear_model.RidgeClassifier().fit(X, Y)
    model._label_binarizer = preprocessing.MaxAbsScaler().fit(X[:, :3])
    return model


_METRIC = {"VI": np.eye(4)}
_TRANSFORM = ("transform", X)
_PREDICT = ("predict", X)


@cache
def _voting() -> Any:
    members = [("a", tree.DecisionTreeClassifier(max_depth=1)), ("b", tree.DecisionTreeClassifier(max_depth=2))]
    return ensemble.VotingClassifier(members)


def _fit(model: Any, *target: Any) -> Callable[[], Any]:
    return lambda: clone(model).fit(X, *target)


M12 = [
    Lie(
        "fewer samples for a kernel", _fit(svm.SVC(kernel=linear_kernel), Y),
        _change("_BaseLibSVM__Xfit", lambda a: a[:1]), (_PREDICT,), "1 training samples for the kernel, must be 60",
    ),
    Lie(
        "a ufunc as a kernel", _fit(svm.SVC(kernel=linear_kernel), Y),
        _set(kernel=np.maximum), (("predict", X[:1]),), "kernel maximum is none of scikit-learn's",
        function="numpy.maximum",
    ),
    Lie(
        "a paired distance as a kernel", _fit(svm.SVR(kernel=linear_kernel), TARGET),
        _set(kernel=paired_euclidean_distances), (("predict", X[:1]),), "X and Y should be of same shape",
    ),
]  # fmt: skip
M15 = [
    *(
        Lie(
            f"a tree of other points, {cls.__name__}", _fit(cls(algorithm="kd_tree"), Y),
            _set(_tree=neighbors.KDTree(RNG.normal(size=(500, 4)))), (_TRANSFORM,), "other points than _fit_X",
        )
        for cls in (neighbors.KNeighborsTransformer, neighbors.RadiusNeighborsTransformer)
    ),
    Lie(
        "no tree", _fit(neighbors.KNeighborsTransformer(), Y),
        _set(_tree="kd_tree"), (_TRANSFORM,), "_tree must be a KDTree or a BallTree",
    ),
    *(
        Lie(
            f"a small VI in {name}", _fit(neighbors.NearestNeighbors(metric="mahalanobis", metric_params=_METRIC,
            algorithm="brute")), _set(**{name: {"VI": np.eye(1)}}), (("kneighbors", X),), f"{name} .*VI|VI .*{name}",
        )
        for name in ("metric_params", "effective_metric_params_")
    ),
    *(
        Lie(
            f"{label} for the second output", _fit(neighbors.RadiusNeighborsClassifier(9.0), PAIRS),
            _change("_y", lambda a, label=label: np.where([False, True], label, a)), (("predict_proba", X),),
            "column 1 of _y must number its 2 classes",
        )
        for label in (LARGEST, 2, -1)
    ),
    Lie(
        "labels of one output for two", _fit(neighbors.RadiusNeighborsClassifier(9.0), PAIRS),
        _change("_y", lambda a: a[:, 0].copy()), (_PREDICT,), "_y must be a matrix of ints",
    ),
    Lie(
        "classes that are no vector", _fit(neighbors.RadiusNeighborsClassifier(9.0), PAIRS),
        _change("classes_", lambda a: [a[0], 2]), (_PREDICT,), "classes_ must hold vectors",
    ),
]  # fmt: skip
M16 = [
    *(
        Lie(f"{name}, {attribute}", _fit(model), _change(attribute, change), (("mahalanobis", X),),
            rf"{attribute}.shape\[\d\] is 1, must be 4")
        for name, model in _COVARIANCES.items()
        for attribute in (["covariance_"] if name == "no-precision" else ["precision_", "covariance_"])
        for change in (_narrow, lambda a: a[:1, :1].copy())
    ),
    Lie("none", _fit(covariance.OAS()), _set(covariance_=None), (("mahalanobis", X),), "covariance_ must be an array"),
]  # fmt: skip
M16 += [
    Lie(
        f"a leaf of Birch before {what}", _fit(cluster.Birch(threshold=0.8, branching_factor=5)), edit,
        (("partial_fit", X),), match,
    )
    for what, edit, match in (
        ("itself", lambda model: _follow(model, model.dummy_leaf_.next_leaf_), "dummy_leaf_ leads back to itself"),
        ("the first", lambda model: _follow(model, model.dummy_leaf_), "dummy_leaf_ leads back to itself"),
        ("a number", lambda model: _follow(model, 3), "is followed by something else than nodes"),
    )
]  # fmt: skip
M09 = [
    Lie(
        f"columns {columns}", lambda: clone(CATEGORIES).fit(np.column_stack([X[:, 0], Y]), TARGET), _columns(*columns),
        (("predict", np.column_stack([X[:, 0], Y])),), r"_preprocessor gives \(1, 1\) for 1 row\(s\) of 2 features",
    )
    for columns in ([False, False], [])
]  # fmt: skip
M19 = [
    Lie(
        name, lambda classes=classes: preprocessing.MultiLabelBinarizer().fit(classes), _change("classes_", change),
        (("transform", classes),), match,
    )
    for name, classes, change, match in (
        ("ints twice", [[1, 2], [3]], lambda a: np.concatenate([a, a]), "classes_ names a class twice"),
        ("texts twice", [["a", "b"]], lambda a: np.concatenate([a, a]), "classes_ names a class twice"),
        ("one and true", [[0, 1], [2]], lambda a: np.array([1, True, 2], object), "classes_ names a class twice"),
        ("lists", [["a", "b"]], lambda a: np.array([["a"], None], object), "classes_ must hold plain values"),
    )
]  # fmt: skip
M29 = [
    *(
        Lie(f"{name}, {attribute}", _fit(model, target), _change(attribute, _narrow), (("partial_fit", X, target),),
            f"{attribute} must hold 4 coefficients")
        for name, (model, target) in _AVERAGED.items()
        for attribute in ("coef_", "_standard_coef", "_average_coef")
    ),
    *(
        Lie(f"{name}, no width of the input", _fit(model, target), _without_width, (("partial_fit", X, target),),
            "n_features_in_ is missing")
        for name, (model, target) in _AVERAGED.items()
    ),
    Lie(
        "rows of averages", _fit(*_AVERAGED["sgd"]), _change("_average_coef", lambda a: a[:1].copy()),
        (("partial_fit", X, Y),), "_average_coef has 1 rows of coefficients, must have 3",
    ),
    Lie(
        "no array of coefficients", _fit(*_AVERAGED["sgd"]), _set(coef_=1.0), (("partial_fit", X, Y),),
        "coef_ must hold 4 coefficients",
    ),
    *(
        Lie(name, _fit(model, target), _change("coef_", _narrow), (("fit", X, target),), "coef_ must hold 4")
        for name, (model, target) in _WARM.items()
    ),
    *(
        Lie(
            f"votes for {what}", _fit(_voting(), Y), edit, (_PREDICT,), match,
            "$.estimators_[0]" if what == "what is its own answer" else "$",
        )
        for what, edit, match in (
            ("the largest int", _votes(0, 1, LARGEST), "below its members holds 9223372036854775807"),
            ("a huge class", _votes(0, 1, 2**40), "answers with class 1099511627776, which takes too long"),
            (
                "the largest constant",
                _members(_constant()),
                "below its members answers with 1048576 or more",
            ),
            ("what is its own answer", _members(_endless()), "a member of itself"),
            ("an answer far below", _members(_deep(65)), "members lie too deep within each other"),
            ("a regressor's answers", _members(linear_model.LinearRegression().fit(X, Y)), "answers with something"),
            (
                "what a scaler answers",
                _members(_scaled()),
                "answers with something else than classes",
            ),
        )
    ),
]  # fmt: skip
R03 = [
    *(
        Lie(f"{name} of {type(model).__name__}", _fit(model, *target), _set(**{name: 2**33}), (use,), match)
        for name, model, target, use, match in (
            ("n_features_out_", preprocessing.SplineTransformer(), (), _TRANSFORM, "does not follow from bsplines_"),
            ("n_components_", decomposition.SparseCoder(np.eye(4)), (), ("get_feature_names_out",), "dictionary.shape"),
            ("n_trees_per_iteration_", ensemble.GradientBoostingRegressor(n_estimators=2), (TARGET,), _PREDICT, "8589"),
            ("n_outputs_", dummy.DummyRegressor(), (TARGET,), _PREDICT, "constant_.shape"),
            ("n_classes_", dummy.DummyClassifier(strategy="uniform"), (Y,), ("predict_proba", X), "number of classes_"),
            ("n_classes_", ensemble.BaggingClassifier(n_estimators=2), (Y,), _PREDICT, "the number of classes_"),
            ("n_classes_", ensemble.RandomForestClassifier(2), (Y,), _PREDICT, "n_classes_ is not the number"),
            ("_n_features_out", PolynomialCountSketch(), (), ("get_feature_names_out",), "at most 16777216"),
            (
                "n_trees_per_iteration_", ensemble.GradientBoostingClassifier(n_estimators=2, init="zero"), (Y,),
                _PREDICT, "estimators_ must have 8589934592 columns",
            ),
            (
                "n_trees_per_iteration_", ensemble.HistGradientBoostingClassifier(max_iter=2), (Y,),
                _PREDICT, "_predictors must hold 8589934592 trees an iteration",
            ),
        )
    ),
    Lie(
        "_n_components of NMF", lambda: decomposition.NMF(2, init="random", max_iter=5, tol=1.0).fit(X**2),
        _set(_n_components=2**33), (("transform", X**2),), "components_.shape",
    ),
    Lie(
        "classes of two outputs", _fit(ensemble.RandomForestClassifier(2), PAIRS), _set(n_classes_=[3, 2**33]),
        (_PREDICT,), "n_classes_ is not the number of classes_",
    ),
    Lie(
        "splines of fewer features", _fit(preprocessing.SplineTransformer()),
        _change("bsplines_", lambda found: found[:1]), (_TRANSFORM,), "bsplines_ must hold 4 splines",
    ),
]  # fmt: skip


def _refuse(lie: Lie) -> None:
    model = lie.make()
    if lie.function:
        bytes_of = lying_writer.Lie(vitrify.dumps(model))
        (name,) = [name for name in bytes_of.graph["names"] if name["name"].endswith(".linear_kernel")]
        name["name"] = lie.function
        data = bytes_of.file()
    else:
        lie.edit(model)
        data = vitrify.dumps(model)
    outcome = run_one(Attack(data, then=lie.use, label=str(lie)))
    assert_refused(outcome, StateError, path=lie.path, match=lie.match)


@pytest.mark.parametrize("lie", M09, ids=str)
def test_M09_columns_that_never_reach_the_trees(lie: Lie) -> None:
    """An encoder in front of histogram boosting that gives fewer columns than the trees test."""
    _refuse(lie)


@pytest.mark.parametrize("lie", M19, ids=str)
def test_M19_classes_of_labels(lie: Lie) -> None:
    """Their places become columns of a sparse matrix, which is as wide as there are different ones."""
    _refuse(lie)


@pytest.mark.parametrize("lie", M12, ids=str)
def test_M12_kernels_that_are_functions(lie: Lie) -> None:
    """They stand for a precomputed kernel, with a column for each training sample."""
    _refuse(lie)


@pytest.mark.parametrize("lie", M15, ids=str)
def test_M15_neighbours(lie: Lie) -> None:
    """Search trees, metrics and labels that belong to other data."""
    _refuse(lie)


@pytest.mark.parametrize("lie", M16, ids=str)
def test_M16_covariances_and_leaves(lie: Lie) -> None:
    """An inverse is read as far as the input is wide, in both directions; leaves are followed to the last."""
    _refuse(lie)


@pytest.mark.parametrize("lie", M29, ids=str)
def test_M29_training_that_goes_on_and_votes(lie: Lie) -> None:
    """Coefficients as wide as the input, and labels that can be counted."""
    _refuse(lie)


@pytest.mark.parametrize("lie", R03, ids=str)
def test_R03_sizes_of_answers(lie: Lie) -> None:
    """Each is that of something that the model holds."""
    _refuse(lie)
