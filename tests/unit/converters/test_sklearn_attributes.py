"""Attributes of fitted models that no fit gives: set by hand, saved, and refused when they are loaded."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import (
    BaggingClassifier,
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
)
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LinearRegression
from sklearn.neighbors import KDTree, KNeighborsClassifier, KNeighborsRegressor
from sklearn.preprocessing import MultiLabelBinarizer, OneHotEncoder, SplineTransformer
from sklearn.tree import DecisionTreeClassifier

import vitrify
from tests.support.lying_writer import Lie
from vitrify.converters.sklearn import losses
from vitrify.errors import StateError

X = np.random.default_rng(0).normal(size=(40, 3))
Y = np.arange(40) % 2
BOTH = np.c_[Y, np.arange(40) % 3]
WORDS = np.array([["a", "x"], ["b", "y"], ["b", "y"], ["b", "z"]] * 5, object)


def neighbours() -> Any:
    """One output."""
    return KNeighborsClassifier(algorithm="kd_tree").fit(X, Y)


def two_outputs() -> Any:
    """Two, with classes of their own."""
    return KNeighborsClassifier().fit(X, BOTH)


def boosting() -> Any:
    """Of stumps."""
    return GradientBoostingClassifier(n_estimators=2, max_depth=1).fit(X, Y)


def bagging() -> Any:
    """Of trees."""
    return BaggingClassifier(n_estimators=2).fit(X, Y)


def words() -> Any:
    """Some of which are rare."""
    return OneHotEncoder(min_frequency=6).fit(WORDS)


def full_of(item: Any) -> Any:
    """The matrix of members, with others in it."""
    return np.array([[item], [item]], object)


def first(values: Any, item: Any) -> Any:
    """The same list with another first item."""
    return [item, *values[1:]]


CASES: list[tuple[Callable[[], Any], str, Callable[[Any], Any], str]] = [
    (neighbours, "_tree", lambda _: 5, "_tree must be a KDTree or a BallTree"),
    (neighbours, "_tree", lambda _: [1], "_tree must be a KDTree or a BallTree"),
    (neighbours, "_tree", lambda _: KDTree(X[:9]), "_tree has other points than _fit_X"),
    (neighbours, "_fit_X", lambda _: X[:, :2].copy(), "_fit_X.shape[1] is 2, must be 3"),
    (
        neighbours,
        "effective_metric_params_",
        lambda _: {"X_norm_squared": np.ones(40)},
        "effective_metric_params_ may not hold X_norm_squared",
    ),
    (neighbours, "classes_", lambda _: np.zeros((2, 1)), "classes_ must be a vector"),
    (neighbours, "classes_", lambda _: [0, 1], "classes_ must be a vector"),
    (neighbours, "_y", lambda y: y[:-1], "_y must hold 40 ints"),
    (neighbours, "_y", lambda y: y + 1, "_y must number the 2 classes"),
    (two_outputs, "_y", lambda y: y[:, 0], "_y must be a matrix of ints, with a column for each of classes_"),
    (two_outputs, "_y", lambda y: y * 1.0, "_y must be a matrix of ints, with a column for each of classes_"),
    (two_outputs, "classes_", lambda c: c[:1], "_y must be a matrix of ints, with a column for each of classes_"),
    (two_outputs, "classes_", lambda c: first(c, 3), "classes_ must hold vectors"),
    (two_outputs, "classes_", lambda c: first(c, np.zeros((2, 1))), "classes_ must hold vectors"),
    (two_outputs, "_y", lambda y: y - [0, 1], "column 1 of _y must number its 3 classes"),
    (two_outputs, "_y", lambda y: np.add(y, [1, 0]), "column 0 of _y must number its 2 classes"),
    (boosting, "classes_", lambda _: np.zeros((2, 1)), "classes_ must be a vector"),
    (
        boosting,
        "estimators_",
        lambda _: full_of(LinearRegression().fit(X, Y)),
        "estimators_ holds a sklearn.linear_model._base.LinearRegression",
    ),
    (
        boosting,
        "estimators_",
        lambda _: full_of(DecisionTreeClassifier(max_depth=1).fit(X, Y)),
        "a tree holds more than one value a node",
    ),
    (
        words,
        "_infrequent_indices",
        lambda found: first(found, np.array([[0]])),
        "infrequent categories must be numbers of categories, with a mapping for each category",
    ),
    (
        lambda: CountVectorizer().fit(["a word", "another"]),
        "vocabulary_",
        lambda _: {"another": "0", "word": 1},
        "vocabulary_ must number its 2 entries 0 to 1, each once",
    ),
    (
        lambda: CountVectorizer().fit(["a word", "another"]),
        "vocabulary_",
        lambda _: {"another": 2**70, "word": 1.0},
        "vocabulary_ must number its 2 entries 0 to 1, each once",
    ),
]


@pytest.mark.parametrize(("make", "attribute", "change", "message"), CASES)
def test_it_is_refused_with_its_reason(make: Any, attribute: str, change: Any, message: str) -> None:
    """And its path; as it was fitted, the same model is loaded."""
    model = make()
    assert type(vitrify.loads(vitrify.dumps(model))) is type(model)
    vars(model)[attribute] = change(vars(model)[attribute])
    with pytest.raises(StateError) as caught:
        vitrify.loads(vitrify.dumps({"m": model}))
    assert caught.value.message.removeprefix("<bytes>: ").partition(": ")[2] == message
    assert caught.value.path == "$['m']"


@pytest.mark.parametrize(
    ("classes", "message"),
    [
        (["a", "a"], "classes_ names a class twice"),
        ([1, 1.0], "classes_ names a class twice"),
        ([("a", [1]), "b"], "classes_ must hold plain values"),
    ],
)
def test_classes_of_labels_are_distinct_plain_values(classes: Any, message: str) -> None:
    """They are looked at when the object is complete."""
    model = MultiLabelBinarizer().fit([["a"], ["b"]])
    held = np.empty(2, object)
    held[:] = classes
    model.classes_ = held
    name = "sklearn.preprocessing._label.MultiLabelBinarizer"
    with pytest.raises(StateError) as caught:
        vitrify.loads(vitrify.dumps(model))
    assert caught.value.message == f"<bytes>: {name} cannot be rebuilt from these values (ValueError: {message})"


def test_labels_that_were_counted_come_back() -> None:
    """With the cache that the first transform makes."""
    model = MultiLabelBinarizer().fit([["a"], ["b"]])
    before = model.transform([["b"]]).tolist()
    assert vars(model)["_cached_dict"] == {"a": 0, "b": 1}
    assert vitrify.loads(vitrify.dumps(model)).transform([["b"]]).tolist() == before == [[0, 1]]
    assert vars(vitrify.loads(vitrify.dumps(MultiLabelBinarizer()))) == vars(MultiLabelBinarizer())


@pytest.mark.parametrize("ngrams", [(0, 1), (2, 1), (-1, 3)])
def test_words_are_counted_from_one_up(ngrams: tuple[int, int]) -> None:
    """Saving refuses it, too: this is a lie."""
    lie = Lie(vitrify.dumps(CountVectorizer(ngram_range=(3, 4))))
    (table,) = lie.tables("tuple")
    table["columns"]["items"] = lie.counts(ngrams)
    with pytest.raises(StateError) as caught:
        vitrify.loads(lie.file())
    expected = f"ngram_range must rise from at least 1, not {ngrams[0]} to {ngrams[1]}"
    assert caught.value.message.endswith(f"CountVectorizer: {expected}")


def test_a_vectorizer_without_its_range_does_nothing_with_it() -> None:
    """An attribute that is missing is missed when it is used."""
    lie = Lie(vitrify.dumps(CountVectorizer()))
    table = lie.graph["tables"][lie.graph["root"]["table"]]
    lie.tables("tuple")[0]  # which nothing refers to any more, and is still whole
    del table["columns"]["ngram_range"]
    found = vitrify.loads(lie.file())
    with pytest.raises(AttributeError, match="ngram_range"):
        found.fit(["a word"])


def test_boosting_without_classes_has_one_column() -> None:
    """A regressor."""
    model = GradientBoostingRegressor(n_estimators=2, max_depth=1).fit(X, X[:, 0])
    assert vitrify.loads(vitrify.dumps(model)).predict(X[:2]).tolist() == model.predict(X[:2]).tolist()
    other = KNeighborsRegressor().fit(X, X[:, 0])
    assert vitrify.loads(vitrify.dumps(other)).predict(X[:2]).tolist() == other.predict(X[:2]).tolist()


def test_losses_that_a_version_lacks_have_no_converter(monkeypatch: pytest.MonkeyPatch) -> None:
    """The others have."""
    name = "CyPinballLoss"
    have = {converter.type_id for converter in losses._converters()}
    monkeypatch.delattr(losses._loss, name)
    assert have - {converter.type_id for converter in losses._converters()} == {"sklearn.loss.PinballLoss"}


NOT_COUNTED = "n_classes_ is not the number of classes_"
SPLINES = "bsplines_ must hold 3 splines with a matrix of coefficients each"
COUNTED: list[tuple[Callable[[], Any], str, Callable[[Any], Any], str]] = [
    (bagging, "n_classes_", lambda _: 7, NOT_COUNTED),
    (bagging, "n_classes_", lambda _: 2.0, NOT_COUNTED),
    (lambda: DummyClassifier().fit(X, BOTH), "n_classes_", lambda n: n[:1], NOT_COUNTED),
    (lambda: DummyClassifier().fit(X, BOTH), "classes_", lambda _: 3, NOT_COUNTED),
    (lambda: DummyClassifier().fit(X, BOTH), "classes_", lambda c: first(c, 3), NOT_COUNTED),
    (
        lambda: HistGradientBoostingClassifier(max_iter=2).fit(X, Y),
        "n_trees_per_iteration_",
        lambda _: 2,
        "_predictors must hold 2 trees an iteration",
    ),
    (boosting, "n_trees_per_iteration_", lambda _: 2, "estimators_ must have 2 columns"),
    (
        lambda: SplineTransformer().fit(X),
        "n_features_out_",
        lambda n: n + 1,
        "n_features_out_ is 22, which does not follow from bsplines_",
    ),
    (lambda: SplineTransformer().fit(X), "bsplines_", lambda s: s[:2], SPLINES),
    (lambda: SplineTransformer().fit(X), "bsplines_", lambda s: first(s, 1), SPLINES),
]


@pytest.mark.parametrize(("make", "attribute", "change", "message"), COUNTED)
def test_counts_are_those_of_what_is_counted(make: Any, attribute: str, change: Any, message: str) -> None:
    """Predictions allocate by them and write by the others."""
    model = make()
    if attribute not in vars(model):
        pytest.skip("this version has no such attribute")
    test_it_is_refused_with_its_reason(lambda: model, attribute, change, message)
