"""OneVsRestClassifier: a member that gives more answers than rows would crash scipy when it predicts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.decomposition import FactorAnalysis
from sklearn.feature_extraction import DictVectorizer
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression, RidgeClassifier
from sklearn.multiclass import OneVsRestClassifier
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.svm import SVC, LinearSVC

import vitrify
from tests.attacks.harness import Attack, assert_refused, run_one
from tests.support.lying_writer import Lie
from vitrify.errors import StateError, UnsupportedError

RNG = np.random.default_rng(3)
X = RNG.normal(size=(60, 4))
LABELS = (RNG.random((60, 3)) < 0.4).astype(int)
CONSTANT = np.column_stack([np.ones(60, int), LABELS])
WORDS = ["red blue", "green", "blue green", "yellow"] * 15
COLOURS = pd.DataFrame({"colour": WORDS})


class Own(ClassifierMixin, BaseEstimator):
    """A classifier of the caller's own; all may run out of memory."""

    has_room: ClassVar[bool] = True

    def fit(self, X: Any, y: Any) -> Own:
        """Learn nothing but sizes."""
        self.classes_, self.n_features_in_ = np.unique(y), X.shape[1]
        return self

    def decision_function(self, X: Any) -> Any:
        """The sum of each row."""
        if not Own.has_room:
            raise MemoryError("no room for answers")
        return np.sum(X, axis=1)


def _fit(member: Any, labels: Any = LABELS) -> OneVsRestClassifier:
    return OneVsRestClassifier(member).fit(X, labels)


def _wider(number: int, name: str, shape: tuple[int, ...]) -> Callable[[Any], None]:
    """Another shape for an attribute of a member's last step, or of the member."""

    def edit(model: Any) -> None:
        member = model.estimators_[number]
        target = member.steps[0][1] if hasattr(member, "steps") else member
        setattr(target, name, np.full(shape, 0.5))

    return edit


HOSTILE = {
    "coefficients": (LogisticRegression(), _wider(0, "coef_", (2, 4)), r"\[0\].*\(2,\) for 1 row"),
    "intercepts": (LogisticRegression(), _wider(1, "intercept_", (5,)), r"\[1\].*\(5,\) for 1 row"),
    "rows of intercepts": (LogisticRegression(), _wider(2, "intercept_", (2, 1)), r"\[2\].*\(2,\) for 1 row"),
    "coefficients without an intercept": (
        LinearSVC(fit_intercept=False), _wider(1, "coef_", (2, 4)), r"\[1\].*\(2,\) for 1 row",
    ),
    "means": (GaussianNB(), _wider(0, "theta_", (2, 7, 4)), r"\[0\].*\(7,\) for 1 row"),
    "a step before": (
        make_pipeline(FactorAnalysis(2), LogisticRegression()), _wider(0, "mean_", (9, 4)), r"\[0\].*\(9,\) for 1 row",
    ),
}  # fmt: skip


def _refuse(model: Any, match: str) -> None:
    """`dump` refuses it; a file that lies about the kind of labels, so that it does not, is refused by `load`."""
    with pytest.raises(UnsupportedError, match=match):
        vitrify.dumps(model)
    model.label_binarizer_.y_type_ = "multiclass"
    lie = Lie(vitrify.dumps(model))
    lie.assign("$.label_binarizer_.y_type_", "multilabel-indicator")
    outcome = run_one(Attack(lie.file(), then=(("predict", X[:1]), ("predict", X)), label=match))
    assert_refused(outcome, StateError, path="$", match=match)


@pytest.mark.parametrize("name", HOSTILE)
def test_a_member_with_more_answers_than_rows_is_refused(name: str) -> None:
    """Whichever array it is that brings them."""
    member, edit, match = HOSTILE[name]
    model = _fit(member)
    edit(model)
    _refuse(model, match)


def test_a_constant_member_with_two_answers_is_refused() -> None:
    """A label that every row has is learnt as a constant."""
    with pytest.warns(UserWarning, match="is present in all training examples"):
        model = _fit(LogisticRegression(), CONSTANT)
    model.estimators_[0].y_ = np.ones((1, 2))
    _refuse(model, r"estimators_\[0\] gives answers of shape \(2,\) for 1 row")


def test_what_kind_of_labels_it_has_must_be_text() -> None:
    """Anything else compares as it likes."""
    lie = Lie(vitrify.dumps(_fit(LogisticRegression())))
    lie.assign("$.label_binarizer_.y_type_", None)
    outcome = run_one(Attack(lie.file(), then=(("predict", X),), label="y_type_"))
    assert_refused(outcome, StateError, path="$", match="the y_type_ of label_binarizer_ a str")


ROWS = {
    "linear": (RidgeClassifier(), X),
    "linear without an intercept": (LinearSVC(fit_intercept=False), X),
    "kernel": (SVC(), X),
    "named columns": (make_pipeline(StandardScaler(), SVC()), pd.DataFrame(X, columns=list("abcd"))),
    "texts": (make_pipeline(TfidfVectorizer(), SVC()), WORDS),
    "dicts": (make_pipeline(DictVectorizer(), RidgeClassifier()), [{"colour": word} for word in WORDS]),
}


@pytest.mark.parametrize("name", ROWS)
def test_members_are_asked_in_their_own_terms(name: str) -> None:
    """Numbers, named columns, texts or dicts; and answer as before."""
    member, rows = ROWS[name]
    model = OneVsRestClassifier(member).fit(rows, LABELS)
    loaded = vitrify.loads(vitrify.dumps(model))
    np.testing.assert_array_equal(loaded.predict(rows), model.predict(rows))


@pytest.mark.parametrize("colours", [COLOURS, COLOURS.to_numpy()], ids=["named", "unnamed"])
def test_a_member_that_cannot_be_asked_is_refused_by_dump(colours: Any) -> None:
    """With the way out, which works."""
    model = OneVsRestClassifier(make_pipeline(OneHotEncoder(), LogisticRegression())).fit(colours, LABELS)
    with pytest.raises(UnsupportedError, match=r"estimators_\[0\] takes no row .* Put the preprocessing before One"):
        vitrify.dumps(model)
    model = make_pipeline(OneHotEncoder(), OneVsRestClassifier(LogisticRegression())).fit(colours, LABELS)
    loaded = vitrify.loads(vitrify.dumps(model))
    np.testing.assert_array_equal(loaded.predict(colours), model.predict(colours))


def test_one_class_to_choose_needs_no_asking() -> None:
    """The answers are compared, not counted."""
    model = OneVsRestClassifier(make_pipeline(OneHotEncoder(), LogisticRegression())).fit(COLOURS, WORDS)
    loaded = vitrify.loads(vitrify.dumps(model))
    assert list(loaded.predict(COLOURS)) == WORDS


def test_a_member_of_ones_own_without_room_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """Too little memory says nothing about the file, so it is not called damaged."""
    model = OneVsRestClassifier(Own()).fit(X, LABELS)
    data = vitrify.dumps(model)
    np.testing.assert_array_equal(vitrify.loads(data, trust=[Own]).predict(X), model.predict(X))
    monkeypatch.setattr(Own, "has_room", False)
    with pytest.raises(MemoryError, match="no room for answers"):
        vitrify.loads(data, trust=[Own])
