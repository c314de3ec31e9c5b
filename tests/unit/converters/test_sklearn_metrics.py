"""Metrics and kernels that are functions get the keywords that partials may get; with names, no army of threads."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import pytest
from scipy.spatial import distance
from sklearn.decomposition import FastICA, KernelPCA
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import PairwiseKernel
from sklearn.kernel_approximation import Nystroem
from sklearn.kernel_ridge import KernelRidge
from sklearn.neighbors import BallTree, KernelDensity, KNeighborsClassifier, NearestNeighbors

import vitrify
from tests.support.lying_writer import Lie
from vitrify.converters.sklearn.functions import KERNEL, problem_of, with_metric
from vitrify.errors import StateError, UnsupportedError
from vitrify.graph.converter import AttrsRule

X = np.random.default_rng(0).normal(size=(40, 3))
Y = np.arange(40) % 2
WEIGHTS = {"p": 3.0, "w": np.array([1.0, 2.0, 0.5])}


def far(a: Any, b: Any, *, out: float) -> float:
    """A metric of one's own, which may call its keywords what it likes."""
    return float(np.abs(a - b).max() * out)


LEGAL: dict[str, tuple[Any, Any]] = {
    "neighbours": (
        NearestNeighbors(p=None, metric=distance.minkowski, metric_params=WEIGHTS, algorithm="brute"),
        "kneighbors",
    ),
    "trees": (
        NearestNeighbors(p=None, metric=distance.minkowski, metric_params=WEIGHTS, algorithm="ball_tree"),
        "kneighbors",
    ),
    "names": (NearestNeighbors(metric="minkowski", metric_params={"w": WEIGHTS["w"]}), "kneighbors"),
    "own metric": (NearestNeighbors(metric=far, metric_params={"out": 2.0}, algorithm="brute"), "kneighbors"),
    "own metric in a tree": (
        NearestNeighbors(metric=far, metric_params={"out": 2.0}, algorithm="ball_tree"),
        "kneighbors",
    ),
    "own kernel": (KernelPCA(2, kernel=far, kernel_params={"out": 2.0}), "transform"),
    "partial": (Nystroem(kernel=partial(distance.minkowski, p=3.0), n_components=3, random_state=0), "transform"),
    "keywords": (
        Nystroem(kernel=distance.minkowski, kernel_params={"p": 1.0}, n_components=3, random_state=0),
        "transform",
    ),
    "ridge": (KernelRidge(kernel=np.dot, kernel_params={}), "predict"),
    "threads": (
        GaussianProcessRegressor(PairwiseKernel(metric="rbf", pairwise_kernels_kwargs={"n_jobs": 2})),
        "predict",
    ),
    "density": (KernelDensity(metric="seuclidean", metric_params={"V": np.ones(3)}), "score_samples"),
    "function": (FastICA(2, fun="logcosh", fun_args={"alpha": 1.5}, random_state=0), "transform"),
}


@pytest.mark.parametrize("name", LEGAL)
def test_reviewed_keywords_and_functions_of_ones_own_come_back(name: str) -> None:
    """And give the same answers."""
    model, method = LEGAL[name]
    model.fit(X, Y)
    loaded = vitrify.loads(vitrify.dumps(model), trust=[far])
    for found, expected in zip(getattr(loaded, method)(X[:4]), getattr(model, method)(X[:4]), strict=True):
        np.testing.assert_array_equal(found, expected)


class Other:
    """Whose attributes will claim to be another class's."""


OUT = {"out": np.zeros(())}
REFUSED: dict[str, tuple[Any, str]] = {
    "metric_params": (
        KNeighborsClassifier(metric=max, metric_params={"key": len}),
        r"metric_params cannot be given: builtins\.max may not be given key=",
    ),
    "a partial": (
        KernelDensity(metric=partial(np.dot), metric_params=OUT),
        r"metric_params cannot be given: numpy\.dot may not be given out=",
    ),
    "kernel_params": (
        KernelPCA(kernel=np.vdot, kernel_params={"where": False}),
        r"kernel_params cannot be given: numpy\.vdot may not be given where=",
    ),
    "no dict": (Nystroem(kernel=np.dot, kernel_params=[("out", 1)]), "kernel_params is no dict from names"),
    "pairwise_kernels_kwargs": (
        PairwiseKernel(metric=np.dot, pairwise_kernels_kwargs=OUT),
        r"pairwise_kernels_kwargs cannot be given: numpy\.dot may not be given out=",
    ),
    "threads for a name": (
        PairwiseKernel(metric="rbf", pairwise_kernels_kwargs={"n_jobs": 1025}),
        "pairwise_kernels_kwargs asks for more than 1024 workers",
    ),
    "threads for a function": (
        KernelRidge(kernel=np.dot, kernel_params={"n_jobs": np.int64(-1025)}),
        "kernel_params asks for more than 1024 workers",
    ),
    "threads as a text": (
        KernelDensity(metric_params={"n_jobs": "99999"}),
        "metric_params: n_jobs must be None or an int",
    ),
    "threads as a number that is no int": (
        PairwiseKernel(metric="rbf", pairwise_kernels_kwargs={"n_jobs": 2.0}),
        "pairwise_kernels_kwargs: n_jobs must be None or an int",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_others_are_refused_when_saved_and_when_loaded(name: str) -> None:
    """`out=` would write into an array of the file's choosing, and `key=` call something."""
    model, message = REFUSED[name]
    with pytest.raises(UnsupportedError, match=f"a {type(model).__name__} whose {message}") as refused:
        vitrify.dumps([model])
    assert refused.value.path == "$[0]"
    assert refused.value.hint == (
        "Set it when the model is loaded"
        if message.endswith(("workers", "an int"))
        else "Write a function of your own instead"
    )
    other = Other()
    vars(other).update(vars(model))
    lie = Lie(vitrify.dumps(other))
    (table,) = lie.tables(f"{__name__}.Other")
    table["type"] = f"{type(model).__module__}.{type(model).__qualname__}"
    with pytest.raises(StateError, match=message) as hostile:
        vitrify.loads(lie.file())
    assert hostile.value.path == "$"


def test_what_neighbours_have_made_of_their_metric_is_looked_at_as_well() -> None:
    """`effective_metric_` is what they call."""
    model = NearestNeighbors(p=None, metric=distance.minkowski, metric_params={"p": 3.0}, algorithm="brute").fit(X)
    model.effective_metric_, model.effective_metric_params_ = np.dot, OUT
    with pytest.raises(UnsupportedError, match=r"effective_metric_params_ cannot be given: numpy\.dot may not"):
        vitrify.dumps(model)


def test_the_metric_of_a_search_tree_gets_no_other_keywords_either() -> None:
    """Compiled code calls it with views of its own memory."""
    tree = BallTree(X, metric=distance.minkowski, p=3.0)
    found = vitrify.loads(vitrify.dumps(tree)).query(X[:3], k=2)
    np.testing.assert_array_equal(found, tree.query(X[:3], k=2))
    lie = Lie(vitrify.dumps(tree))
    (keywords,) = lie.tables("dict")
    (keywords["columns"]["keys"],) = lie.column(["out"])["parts"]
    with pytest.raises(StateError, match=r"minkowski may not be given out= beforehand.* - at \$\.dist_metric$"):
        vitrify.loads(lie.file())
    wrong = BallTree(X, metric=partial(np.dot), out=np.zeros(()))
    with pytest.raises(UnsupportedError, match=r"a PyFuncDistance whose kwargs cannot be given: numpy\.dot may not"):
        vitrify.dumps(wrong)


@pytest.mark.parametrize("given", [[("axis", 0)], {0: 1}])
def test_keywords_are_a_dict_from_names(given: Any) -> None:
    assert problem_of(np.sum, given, "metric_params") == "metric_params is no dict from names"


def test_a_rule_that_looks_at_a_metric_keeps_what_it_was() -> None:
    """Its own look before saving, and after loading, come first."""
    seen: list[str] = []
    rule = AttrsRule(precheck=lambda _: seen.append("precheck"), finish=lambda _: seen.append("finish"))
    found = with_metric(KERNEL, rule)
    model = KernelRidge(kernel=distance.minkowski, kernel_params={"out": np.zeros(1)})
    assert found.precheck is not None
    assert found.finish is not None
    with pytest.raises(UnsupportedError, match="a KernelRidge whose kernel_params cannot be given"):
        found.precheck(model)
    with pytest.raises(ValueError, match="kernel_params cannot be given"):
        found.finish(model)
    assert seen == ["precheck", "finish"]
