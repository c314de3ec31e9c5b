"""What would not load is refused when it is saved, with its place; and what is left out says so."""

from __future__ import annotations

import operator
import warnings
from typing import Any

import numpy as np
import pytest
import sklearn
from sklearn.ensemble import ExtraTreesRegressor, RandomForestClassifier
from sklearn.feature_extraction import FeatureHasher
from sklearn.feature_extraction.text import CountVectorizer, HashingVectorizer, TfidfVectorizer
from sklearn.feature_selection import RFE
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import PolynomialFeatures
from sklearn.random_projection import GaussianRandomProjection, SparseRandomProjection

import vitrify
from tests.support.lying_writer import Lie
from vitrify.errors import NotRestoredWarning, StateError, UnsupportedError

X = np.random.default_rng(0).normal(size=(40, 4))
y = (X[:, 0] > 0).astype(int)
HAS_CALLBACKS = tuple(map(int, sklearn.__version__.split(".")[:2])) >= (1, 9)
needs_callbacks = pytest.mark.skipif(not HAS_CALLBACKS, reason="scikit-learn has callbacks since 1.9")


def refitted(forest: Any, *, X: Any, y: Any) -> Any:
    """A forest whose trees are those of an earlier fit; scikit-learn only warns."""
    forest.set_params(warm_start=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        return forest.fit(X, y)


def two_outputs() -> Any:
    """One output first, then two."""
    return refitted(RandomForestClassifier(3).fit(X, y), X=X, y=np.c_[y, y])


def fewer_features() -> Any:
    """Four features first, then two."""
    return refitted(ExtraTreesRegressor(3).fit(X, y), X=X[:, :2], y=y)


HASH_WIDTH = "n_features is not an int from 1 to 2147483647"
REFUSED: dict[str, tuple[Any, str]] = {
    "a forest with another number of outputs": (two_outputs, r"n_outputs_ is 2, while estimators_\[0\] has 1"),
    "a forest with other features": (fewer_features, r"n_features_in_ is 2, while estimators_\[0\] has 4"),
    "a hasher of no columns": (lambda: FeatureHasher(n_features=0), f"FeatureHasher whose {HASH_WIDTH}"),
    "a hasher of too many": (lambda: FeatureHasher(n_features=2**31), f"FeatureHasher whose {HASH_WIDTH}"),
    "a hasher of half columns": (lambda: FeatureHasher(n_features=8.5), f"FeatureHasher whose {HASH_WIDTH}"),
    "hashed words": (lambda: HashingVectorizer(n_features=-1), f"HashingVectorizer whose {HASH_WIDTH}"),
    "hashed words of no letters": (lambda: HashingVectorizer(ngram_range=(0, 1)), "goes from 0 to 1"),
    "counted words that fall": (lambda: CountVectorizer(ngram_range=(2, 1)), "goes from 2 to 1"),
    "weighted words that fall": (lambda: TfidfVectorizer(ngram_range=(3, 2)), "goes from 3 to 2"),
    "a polynomial of high degree": (lambda: PolynomialFeatures(256).fit(X[:, :1]), "PolynomialFeatures of degree 256"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_would_not_load_is_not_saved(name: str) -> None:
    """The path is that of the one at fault, also among others of its class."""
    make, message = REFUSED[name]
    model = make()
    good = {RandomForestClassifier: lambda: RandomForestClassifier(2).fit(X, y), PolynomialFeatures: PolynomialFeatures}
    sound = good.get(type(model), type(model))()
    with pytest.raises(UnsupportedError, match=message) as refused:
        vitrify.dumps({"models": [sound, model]})
    assert refused.value.path == "$['models'][1]"
    assert refused.value.hint


@pytest.mark.parametrize(
    "model",
    [
        PolynomialFeatures(255).fit(X[:, :1]),
        FeatureHasher(n_features=2**31 - 1),
        FeatureHasher(n_features=np.int64(8)),
        CountVectorizer(ngram_range=(3, 3)),
        SparseRandomProjection(eps=0.5, random_state=0).fit(np.eye(8, 500)),
        GaussianRandomProjection(eps=0.5, random_state=0).fit(np.eye(8, 500)),
        RandomForestClassifier(),
        RandomForestClassifier(2).fit(X, np.c_[y, y]),
        refitted(RandomForestClassifier(2).fit(X, y).set_params(n_estimators=3), X=X, y=y),
    ],
    ids=[
        "degree 255",
        "most columns",
        "columns as int64",
        "ngrams",
        "sparse",
        "gaussian",
        "unfitted",
        "two outputs",
        "one more tree",
    ],
)
def test_what_is_at_a_bound_comes_back(model: Any) -> None:
    """Nothing legal is refused."""
    loaded = vitrify.loads(vitrify.dumps(model))
    assert loaded.get_params() == model.get_params()
    assert vars(loaded).keys() == vars(model).keys()


def with_callbacks() -> Any:
    """A model that was watched while it was fitted."""
    from sklearn.callback import ScoringMonitor

    return LogisticRegression().set_callbacks(ScoringMonitor(scoring="accuracy")).fit(X, y)


@needs_callbacks
def test_callbacks_are_left_out_and_the_model_is_as_if_it_had_none() -> None:
    """They act while a model is fitted, and a file says nothing about what a fit does."""
    model = with_callbacks()
    with pytest.warns(NotRestoredWarning, match=r"^\$\[0\]\._skl_callbacks is not saved: callbacks act while"):
        data = vitrify.dumps([model, LogisticRegression().fit(X, y)])
    loaded = vitrify.loads(data)[0]
    assert vars(loaded).keys() == vars(model).keys() - {"_skl_callbacks"}
    np.testing.assert_array_equal(loaded.predict_proba(X), model.predict_proba(X))
    np.testing.assert_array_equal(sklearn.clone(loaded).fit(X, y).coef_, model.coef_)
    assert len(model._skl_callbacks) == 1


@needs_callbacks
def test_a_callback_alone_says_what_to_keep_instead() -> None:
    """Its log is plain data."""
    from sklearn.callback import ScoringMonitor

    with pytest.raises(UnsupportedError, match=r"a sklearn\.callback\.\S+ScoringMonitor") as refused:
        vitrify.dumps(ScoringMonitor(scoring="accuracy"))
    assert refused.value.hint == "Keep what its get_logs() gives, not the callback"


def test_what_gets_attributes_by_name_is_refused_and_its_name_is_not() -> None:
    """No file may say which attributes to get, but scikit-learn looks one up in the estimator that was fitted."""
    with pytest.raises(UnsupportedError, match=r"an operator\.attrgetter") as refused:
        vitrify.dumps(RFE(LogisticRegression(), importance_getter=operator.attrgetter("coef_")))
    assert refused.value.path == "$.importance_getter"
    assert refused.value.hint == "Give the attribute's name as text, or write a function of your own"
    model = RFE(LogisticRegression(), importance_getter="coef_").fit(X, y)
    np.testing.assert_array_equal(vitrify.loads(vitrify.dumps(model)).fit(X, y).support_, model.support_)


@pytest.mark.parametrize("value", [None, 1, "print"])
def test_a_file_that_names_callbacks_is_refused(value: object) -> None:
    """Whatever the callbacks are: a fit would call them."""
    model = LogisticRegression().fit(X, y)
    vars(model)["_skl_callback_"] = value
    lie = Lie(vitrify.dumps(model))
    (table,) = [table for table in lie.graph["tables"] if table["type"].endswith("LogisticRegression")]
    table["columns"] = {
        name.replace("_skl_callback_", "_skl_callbacks"): column for name, column in table["columns"].items()
    }
    with pytest.raises(StateError, match="LogisticRegression: _skl_callbacks is never in a file") as refused:
        vitrify.loads(lie.file())
    assert refused.value.path == "$"
