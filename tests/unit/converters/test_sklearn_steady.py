"""Members that boosting and OneVsRestClassifier ask when they are loaded: which may be asked, and how."""

from __future__ import annotations

import collections
import os
import statistics
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.dummy import DummyRegressor
from sklearn.ensemble import (
    BaggingRegressor,
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    HistGradientBoostingRegressor,
    RandomForestRegressor,
    StackingRegressor,
)
from sklearn.feature_extraction.text import HashingVectorizer
from sklearn.gaussian_process.kernels import RBF
from sklearn.kernel_approximation import AdditiveChi2Sampler
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge
from sklearn.metrics.pairwise import linear_kernel
from sklearn.multiclass import OneVsRestClassifier
from sklearn.neighbors import KNeighborsRegressor
from sklearn.pipeline import FeatureUnion, make_pipeline
from sklearn.preprocessing import FunctionTransformer, MinMaxScaler, PolynomialFeatures, StandardScaler
from sklearn.svm import SVC

import vitrify
from tests.support.lying_writer import Lie, Name
from vitrify.converters.sklearn.steady import STEADY, require_steady
from vitrify.errors import StateError, UnsupportedError

RNG = np.random.default_rng(0)
X = RNG.uniform(0.1, 1, (40, 4))
Y = X @ [1.0, 2.0, 3.0, 4.0]
LABELS = np.c_[X[:, 0] > 0.5, X[:, 1] > 0.5].astype(int)
Rows = np.ndarray[Any, Any]


def own_function(x: Rows) -> Rows:
    """A function of the caller's own."""
    return x


def boosted(init: Any, **changes: Any) -> GradientBoostingRegressor:
    """Boosting that starts with an estimator, which is fitted to the same data and then changed."""
    model = GradientBoostingRegressor(n_estimators=2, max_depth=1).fit(X, Y)
    model.init = model.init_ = init.fit(X, Y).set_params(**changes)
    return model


def stepped(step: Any) -> Any:
    """A pipeline with one step before a regressor."""
    return make_pipeline(step, DummyRegressor())


REFUSED: dict[str, tuple[Any, dict[str, Any], str]] = {
    "as many answers as different rows": (
        stepped(FunctionTransformer()),
        {"functiontransformer__func": np.unique, "functiontransformer__kw_args": {"axis": 0}},
        "with a function as func",
    ),
    "the largest of all rows": (
        stepped(FunctionTransformer()),
        {"functiontransformer__func": partial(np.max, axis=0, keepdims=True)},
        "with a function as func",
    ),
    "a ufunc with keywords": (
        stepped(FunctionTransformer(np.log1p)),
        {"functiontransformer__kw_args": {"dtype": "f4"}},
        "with a function as func",
    ),
    "as many answers as a queue keeps": (
        stepped(FunctionTransformer()),
        {"functiontransformer__func": collections.deque},
        "with a function as func",
    ),
    "a mean of the standard library": (
        stepped(FunctionTransformer()),
        {"functiontransformer__func": statistics.mean},
        "with a function as func",
    ),
    "a kernel as a function": (stepped(FunctionTransformer()), {"functiontransformer__func": RBF()}, "calls a RBF as"),
    "work without measure": (
        stepped(AdditiveChi2Sampler()),
        {"additivechi2sampler__sample_steps": 10**8},
        "AdditiveChi2Sampler, which is not known to give one answer for each row",
    ),
    "weights by a function": (KNeighborsRegressor(), {"weights": np.unique}, "with a function as weights"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_must_not_be_asked_is_refused_when_saved(name: str) -> None:
    """The path of the model, the member, and where such a step belongs."""
    init, changes, message = REFUSED[name]
    with pytest.raises(UnsupportedError, match=message) as caught:
        vitrify.dumps({"m": boosted(init, **changes)})
    assert caught.value.path == "$['m']"
    assert "init_ holds a" in caught.value.message
    assert caught.value.hint == "Put such steps before the model, in a Pipeline"


@pytest.mark.parametrize(
    "init",
    [
        LinearRegression(),
        make_pipeline(StandardScaler(), PolynomialFeatures(), Ridge()),
        make_pipeline(FunctionTransformer(np.log1p), FunctionTransformer(), DummyRegressor()),
        make_pipeline(FunctionTransformer(own_function), DummyRegressor()),
        make_pipeline(ColumnTransformer([("a", MinMaxScaler(), [0, 1])]), KNeighborsRegressor()),
        RandomForestRegressor(n_estimators=2, n_jobs=2, random_state=0),
        BaggingRegressor(n_estimators=2, n_jobs=2, random_state=0),
        StackingRegressor([("a", Ridge())], final_estimator=LinearRegression()),
        GradientBoostingRegressor(n_estimators=2),
        "zero",
    ],
    ids=lambda init: type(init).__name__,
)
def test_a_start_of_any_usual_kind_is_saved_and_loaded(init: Any) -> None:
    """Also one that holds a function of the caller's own, who trusts it."""
    model = GradientBoostingRegressor(n_estimators=2, init=init).fit(X, Y)
    again = vitrify.loads(vitrify.dumps(model), trust=[own_function])
    np.testing.assert_array_equal(again.predict(X), model.predict(X))
    assert getattr(again.init_, "n_jobs", None) == getattr(init, "n_jobs", None)


def processes() -> set[str]:
    """The children of this process."""
    children = set[str]()
    for task in Path("/proc/self/task").iterdir():
        children.update((task / "children").read_text(encoding="ascii").split())
    return children


def test_asking_starts_no_workers() -> None:
    """A union of features that asks for two is asked in this process alone, and keeps what it asks for."""
    union = FeatureUnion([("a", StandardScaler()), ("b", MinMaxScaler())], n_jobs=2)
    data = vitrify.dumps(GradientBoostingRegressor(n_estimators=2, init=make_pipeline(union, Ridge())).fit(X, Y))
    before, shared = processes(), set(os.listdir("/dev/shm"))
    again = vitrify.loads(data)
    assert processes() == before
    assert set(os.listdir("/dev/shm")) == shared
    assert again.init_[0].n_jobs == 2


@pytest.mark.parametrize("n", [0, 2])
def test_a_start_with_more_or_fewer_answers_is_refused_when_loaded(n: int) -> None:
    """`predict_stages` writes as many rows as the input has to what the start gave."""
    model = boosted(Ridge())
    model.init_.intercept_ = np.zeros((1, 1))
    lie = Lie(vitrify.dumps(model))
    lie.put(*lie.ref("$.init_.intercept_"), np.zeros((n, 1)))
    message = rf"init_ starts with \({n}, 1\) for 1 row\(s\), and estimators_ has 1 column\(s\)"
    with pytest.raises(StateError, match=message) as caught:
        vitrify.loads(lie.file())
    assert caught.value.path == "$"


def test_a_function_in_what_encodes_categories_is_refused() -> None:
    """The trees read the columns that it gives; for other rows there may be fewer."""
    x = X.copy()
    x[:, 0] = np.arange(40) % 3
    model = HistGradientBoostingRegressor(max_iter=2, categorical_features=[0]).fit(x, Y)
    lie = Lie(vitrify.dumps(model))
    lie.assign("$._preprocessor.transformers_[1][1].func", Name("function", "numpy.unique"))
    message = "_preprocessor holds a FunctionTransformer with a function as func"
    with pytest.raises(StateError, match=message) as caught:
        vitrify.loads(lie.file())
    model._preprocessor.transformers_[1] = ("numerical", FunctionTransformer(np.unique), [1, 2, 3])
    with pytest.raises(UnsupportedError, match=message) as refused:
        vitrify.dumps(model)
    assert caught.value.path == refused.value.path == "$"


def test_a_member_that_reads_files_is_not_asked() -> None:
    """Not even for the file that is called `text`."""
    member = make_pipeline(HashingVectorizer(n_features=8), LogisticRegression())
    model = OneVsRestClassifier(member).fit([f"a{i} b{i % 3}" for i in range(40)], LABELS)
    for one in model.estimators_:
        one[0].input = "filename"
    with pytest.raises(UnsupportedError, match="holds a HashingVectorizer that reads files") as caught:
        vitrify.dumps(model)
    assert caught.value.path == "$"


def test_a_kernel_of_numpy_is_not_asked() -> None:
    """It would make a product of all training data."""
    model = SVC(kernel="linear").fit(X, LABELS[:, 0])
    vars(model).update(kernel=np.outer, _BaseLibSVM__Xfit=X)
    with pytest.raises(UnsupportedError, match="SVC: kernel outer is none of scikit-learn's") as caught:
        vitrify.dumps(model)
    assert caught.value.path == "$"
    assert caught.value.hint == "Write it as a function in a module of your own"
    model.kernel = linear_kernel
    lie = Lie(vitrify.dumps(model))
    (name,) = [name for name in lie.graph["names"] if name["name"].endswith("linear_kernel")]
    name["name"] = "numpy.outer"
    with pytest.raises(StateError, match="kernel outer is none of scikit-learn's") as refused:
        vitrify.loads(lie.file())
    assert refused.value.path == "$"


def test_a_classifier_as_start_gives_a_column_for_each_class() -> None:
    """Its probabilities are the start."""
    y = (X[:, 0] * 3).astype(int)
    model = GradientBoostingClassifier(n_estimators=2, init=LogisticRegression()).fit(X, y)
    again = vitrify.loads(vitrify.dumps(model))
    np.testing.assert_array_equal(again.predict_proba(X), model.predict_proba(X))


@pytest.mark.parametrize(
    ("member", "attribute", "value", "message"),
    [
        (PolynomialFeatures(), "n_output_features_", 2**21, "a PolynomialFeatures of more than 1048576 columns"),
        (StackingRegressor([("a", Ridge())]), "stack_method_", ["fit"], "asks its members for something else"),
    ],
    ids=["columns", "methods"],
)
def test_what_costs_too_much_or_asks_for_more_is_not_asked(
    member: Any, attribute: str, value: Any, message: str
) -> None:
    """A number of columns that no array stands behind, and a method that gives no answers."""
    member.fit(X, Y)
    require_steady(member, "a member")
    setattr(member, attribute, value)
    with pytest.raises(ValueError, match=message):
        require_steady(member, "a member")


def test_the_list_names_classes_of_scikit_learn() -> None:
    """All of them public estimators, or parts of one."""
    assert all(name.startswith("sklearn.") for name in STEADY)
    require_steady(Ridge(), "a member")
    with pytest.raises(ValueError, match=r"^a member holds an AdditiveChi2Sampler, which"):
        require_steady(AdditiveChi2Sampler(), "a member")
