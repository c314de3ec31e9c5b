"""Stored scores are found again, or the reason says why not."""

from __future__ import annotations

import sys
from typing import Any

import msgspec
import numpy as np
import pytest
from sklearn.base import BaseEstimator
from sklearn.datasets import make_classification
from sklearn.linear_model import Ridge, RidgeClassifier
from sklearn.metrics import fbeta_score, make_scorer
from sklearn.model_selection import GridSearchCV, GroupKFold, KFold, PredefinedSplit, cross_val_score
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import vitrify
from vitrify.errors import StateError, UnsupportedError
from vitrify.record.scoring.comparing import NoScore, in_range, rerun, rerun_all
from vitrify.record.scoring.scores import cross_validated, given, holdout, of_search
from vitrify.record.summary import Score, Splitter

X, y = make_classification(90, 6, random_state=0)
GROUPS = np.arange(90) // 10


def right(model: Any, X: Any, y: Any) -> float:
    return float(np.mean(model.predict(X) == y))


def rates(model: Any, X: Any, y: Any) -> dict[str, float]:
    return {"right": right(model, X, y), "ones": float(np.mean(model.predict(X)))}


class Counting(BaseEstimator):
    """Counts its fits."""

    fits = 0

    def fit(self, X: Any, y: Any) -> Counting:
        type(self).fits += 1
        return self

    def predict(self, X: Any) -> Any:
        return np.zeros(len(X), int)

    def score(self, X: Any, y: Any) -> float:
        return right(self, X, y)


class OwnFolds(KFold):
    """A splitter that no file holds."""


class Shy(StandardScaler):
    """Refuses to be fitted."""

    def fit_transform(self, X: Any, y: Any = None, **keywords: Any) -> Any:
        raise RuntimeError("not now")


def stored(**changes: Any) -> Score:
    (score,) = cross_validated(GaussianNB(), X, y, cv=3)
    return msgspec.structs.replace(score, **changes)


@pytest.mark.parametrize(
    ("keywords", "again"),
    [
        ({"cv": 3}, {}),
        ({"cv": KFold(4, shuffle=True, random_state=1), "scoring": ["roc_auc", "f1"]}, {}),
        ({"cv": 3, "scoring": make_scorer(fbeta_score, beta=2)}, {}),
        ({"cv": GroupKFold(3), "groups": GROUPS}, {"groups": GROUPS}),
        ({"cv": 3, "scoring": right}, {"scoring": right}),
        ({"cv": 3, "scoring": rates}, {"scoring": rates}),
        ({"cv": PredefinedSplit(np.arange(90) % 3)}, {"cv": PredefinedSplit(np.arange(90) % 3)}),
        ({"cv": [(np.arange(60), np.arange(60, 90))]}, {"cv": [(np.arange(60), np.arange(60, 90))]}),
        ({"cv": 3}, {"groups": GROUPS}),
    ],
)
def test_a_cross_validation_gives_the_same_again(keywords: dict[str, Any], again: dict[str, Any]) -> None:
    """With the model that comes from a file."""
    scores = cross_validated(GaussianNB(), X, y, **keywords)
    model = vitrify.loads(vitrify.dumps(GaussianNB().fit(X, y)))
    found = rerun_all(model, scores, X, y, **again)
    for before, after in zip(scores, found, strict=True):
        assert isinstance(after, Score)
        assert (after.scorer, after.values, after.splitter) == (before.scorer, before.values, before.splitter)
        assert in_range(before, after).verdict == "same"


@pytest.mark.parametrize("is_in_pipeline", [False, True])
def test_a_search_is_repeated_with_its_best_candidate(is_in_pipeline: bool) -> None:
    """On the rows as its pipeline made them."""
    search = GridSearchCV(RidgeClassifier(), {"alpha": [0.1, 9000.0]}, cv=3, scoring=["f1", "r2"], refit="f1")
    model = (make_pipeline(StandardScaler(), search) if is_in_pipeline else search).fit(X, y)
    scores = of_search(model, y)
    found = rerun_all(vitrify.loads(vitrify.dumps(model)), scores, X, y)
    assert len(scores) == 2
    for before, after in zip(scores, found, strict=True):
        assert isinstance(after, Score)
        assert after.values == pytest.approx(before.values)


def test_a_holdout_is_scored_with_the_model_as_it_is() -> None:
    """Nothing is fitted."""
    model = GaussianNB().fit(X[:60], y[:60])
    score = holdout(model, X[60:], y[60:], "roc_auc", fingerprint="abc")
    again = rerun(model, score, X[60:], y[60:])
    assert again == score


def test_scorers_share_their_fits() -> None:
    """One for each fold, however many scorers; other splitters have fits of their own."""
    scores = [
        *cross_validated(Counting(), X, y, cv=KFold(3), scoring=["accuracy", "f1", "r2"]),
        *cross_validated(Counting(), X, y, cv=KFold(4)),
    ]
    Counting.fits = 0
    seen: list[int] = []
    found = rerun_all(Counting(), scores, X, y, progress=lambda done, total, seconds: seen.append(total))
    assert Counting.fits == 7
    assert seen == [3, 3, 3, 4, 4, 4, 4]
    assert [one.values for one in found if isinstance(one, Score)] == [score.values for score in scores]


@pytest.mark.parametrize(
    ("score", "model", "keywords", "reason"),
    [
        (given([0.5, 0.25])[0], GaussianNB(), {}, "given without the name of its scorer"),
        (given([0.5, 0.25], scoring="f1")[0], GaussianNB(), {}, "does not say how its folds were made"),
        (stored(splitter=Splitter(type="acme.Folds")), GaussianNB(), {}, "its folds came from acme.Folds"),
        (stored(splitter=Splitter(type="acme.Folds")), GaussianNB(), {"cv": 3}, "its folds came from acme.Folds"),
        (stored(scorer="no_such"), GaussianNB(), {}, "has no scorer no_such"),
        (stored(scorer="max_error"), GaussianNB(), {}, "has no scorer max_error: give another as scoring={'max_error'"),
        (stored(scorer="acme.score"), GaussianNB(), {}, "given again with scoring="),
        (stored(scorer="acme.score"), GaussianNB(), {"scoring": right}, "given again with scoring="),
        (stored(origin="search"), GaussianNB(), {}, "the model is no fitted search"),
        (stored(splitter=Splitter(type="sklearn.model_selection.LeaveOneGroupOut")), GaussianNB(), {}, "groups="),
        (
            stored(splitter=Splitter(type="acme.Folds", has_groups=True)),
            GaussianNB(),
            {"cv": KFold(3)},
            "came from acme",
        ),
        (
            stored(splitter=Splitter(type="sklearn.model_selection.LeavePOut", parameters={"p": 40})),
            GaussianNB(),
            {},
            "more than the 10,000",
        ),
        (
            stored(splitter=Splitter(type="sklearn.model_selection.KFold", parameters={"n_splits": 91})),
            GaussianNB(),
            {},
            "cannot split this data",
        ),
        (stored(scorer="neg_log_loss"), RidgeClassifier(), {}, "neg_log_loss cannot score a RidgeClassifier"),
        (stored(origin="holdout"), GaussianNB(), {}, "this GaussianNB is not fitted yet"),
        (stored(), object(), {}, "an object has no fit"),
        (
            stored(scorer=f"{__name__}.right"),
            GaussianNB(),
            {"scoring": {"a": lambda *_: 1.0}},
            "given again with scoring=",
        ),
        (stored(scorer=f"{__name__}.rates"), GaussianNB(), {"scoring": rates}, "gives no single number any more"),
        (stored(scorer=f"{__name__}.rates[twos]"), GaussianNB(), {"scoring": rates}, "cannot score a GaussianNB"),
    ],
)
def test_what_cannot_be_repeated_is_a_reason(score: Score, model: Any, keywords: dict[str, Any], reason: str) -> None:
    """Whatever the file says."""
    found = rerun(model, score, X, y, **keywords)
    assert isinstance(found, NoScore)
    assert reason in found.reason


@pytest.mark.parametrize(
    ("score", "model", "keywords", "has_failed"),
    [
        (stored(), Ridge(solver="no"), {}, True),
        (stored(scorer="neg_log_loss"), RidgeClassifier(), {}, True),
        (stored(origin="holdout"), GaussianNB(), {}, True),
        (stored(scorer=f"{__name__}.rates"), GaussianNB(), {"scoring": rates}, True),
        (stored(scorer="acme.score"), GaussianNB(), {}, False),
        (stored(splitter=Splitter(type="acme.Folds")), GaussianNB(), {}, False),
        (stored(splitter=Splitter(type="sklearn.model_selection.LeaveOneGroupOut")), GaussianNB(), {}, False),
        (stored(origin="search"), GaussianNB(), {}, False),
        (stored(), object(), {}, False),
    ],
)
def test_a_model_that_gives_none_has_failed(
    score: Score, model: Any, keywords: dict[str, Any], has_failed: bool
) -> None:
    """Not one that nothing here can ask."""
    found = rerun(model, score, X, y, **keywords)
    assert isinstance(found, NoScore)
    assert found.has_failed == has_failed


@pytest.mark.parametrize(("origin", "has_failed"), [("given", False), ("cross_validate", True)])
def test_without_a_target_only_what_was_run_without_one_fails(origin: Any, has_failed: bool) -> None:
    """A record of given scores does not know whether there was one."""
    splitter = Splitter(type="sklearn.model_selection.StratifiedKFold", parameters={"n_splits": 3})
    found = rerun(GaussianNB(), stored(scorer="accuracy", origin=origin, splitter=splitter), X)
    assert isinstance(found, NoScore)
    assert found.has_failed == has_failed
    assert ("give y" in found.reason) != has_failed


def test_a_scorer_that_fails_does_not_take_others_with_it() -> None:
    """Of the same folds."""
    scores = [stored(scorer="neg_log_loss"), stored()]
    lost, kept = rerun_all(RidgeClassifier(), scores, X, y)
    assert isinstance(lost, NoScore)
    assert isinstance(kept, Score)
    assert list(kept.values) == cross_val_score(RidgeClassifier(), X, y, cv=3).tolist()


@pytest.mark.parametrize("origin", ["cross_validate", "holdout"])
def test_of_several_scorers_each_has_its_reason(origin: Any) -> None:
    model = RidgeClassifier().fit(X, y)
    lost, kept = rerun_all(model, [stored(scorer=name, origin=origin) for name in ("neg_log_loss", "f1")], X, y)
    assert isinstance(lost, NoScore)
    assert lost.reason.startswith("neg_log_loss cannot score a RidgeClassifier")
    assert isinstance(kept, Score)


@pytest.mark.parametrize(("seed", "method"), [(0, "paired"), (1, "means"), (None, "means")])
def test_folds_of_an_own_splitter_are_pairs_only_if_they_are_the_same(seed: Any, method: str) -> None:
    """Those that are drawn each time have no splitter that a record could keep."""
    (before,) = cross_validated(Ridge(), X, y, cv=OwnFolds(3, shuffle=True, random_state=0))
    after = rerun(Ridge(alpha=5.0), before, X, y, cv=OwnFolds(3, shuffle=True, random_state=seed))
    assert isinstance(after, Score)
    assert (after.splitter is None) == (seed is None)
    assert in_range(before, after).method == method


def test_given_scores_are_repeated_where_they_came_with_scorer_and_splitter() -> None:
    """What comes back was cross-validated."""
    before = stored()
    (score,) = given(list(before.values), scoring="accuracy", splitter=before.splitter)
    again = rerun(GaussianNB(), score, X, y)
    assert isinstance(again, Score)
    assert (score.origin, again.origin) == ("given", "cross_validate")
    assert in_range(score, again).verdict == "same"


@pytest.mark.parametrize("text", ["max_error", "accuracy_of_old", "acme.moved"])
def test_a_scorer_that_is_gone_may_be_replaced(text: str) -> None:
    """By its text."""
    again = rerun(GaussianNB(), stored(scorer=text), X, y, scoring={text: "accuracy", "other": right})
    assert isinstance(again, Score)
    assert (again.scorer, again.values) == (text, stored().values)


def test_one_that_cannot_be_repeated_does_not_stop_the_others() -> None:
    """They stand in their places."""
    first, second, third = rerun_all(GaussianNB(), [stored(), stored(scorer="no_such"), stored()], X, y)
    assert isinstance(first, Score)
    assert isinstance(second, NoScore)
    assert isinstance(third, Score)


@pytest.mark.parametrize("broken", ["candidate", "steps"])
def test_a_search_that_cannot_be_made_again_is_a_reason(broken: str) -> None:
    """Its parameters, or the steps before it."""
    search = GridSearchCV(RidgeClassifier(), {"alpha": [0.1, 1.0]}, cv=3)
    model = make_pipeline(StandardScaler(), search).fit(X, y)
    (score,) = of_search(model, y)
    if broken == "candidate":
        search.best_params_ = {"no_such": 1}
    else:
        model.steps[0] = ("shy", Shy())
    found = rerun(model, score, X, y)
    assert isinstance(found, NoScore)
    assert (
        "the best candidate" if broken == "candidate" else "fitted on this data (RuntimeError: not now)"
    ) in found.reason
    assert found.has_failed == (broken == "steps")


@pytest.mark.parametrize(
    ("data", "keywords", "kind", "message"),
    [
        ((X, y[:3]), {}, StateError, "y has 3 rows, and X has 90"),
        ((X[:0], y[:0]), {}, StateError, "X has no rows"),
        ((X, y), {"cv": "five"}, UnsupportedError, "cv= does not say how"),
        ((X, y), {"scoring": 3}, UnsupportedError, "scoring= is an int"),
    ],
)
def test_what_the_caller_gives_wrongly_is_an_error(data: Any, keywords: Any, kind: Any, message: str) -> None:
    """With a way out."""
    with pytest.raises(kind) as caught:
        rerun(GaussianNB(), stored(), *data, **keywords)
    assert message in caught.value.message
    assert caught.value.hint


def test_other_data_gives_another_number_of_groups() -> None:
    """Which is no error: the comparison goes by the means."""
    from sklearn.model_selection import LeaveOneGroupOut

    (before,) = cross_validated(Ridge(), X, y.astype(float), cv=LeaveOneGroupOut(), groups=GROUPS)
    after = rerun(Ridge(), before, X, y.astype(float), groups=GROUPS // 2)
    assert isinstance(after, Score)
    assert after.splitter is not None
    assert (len(before.values), len(after.values), after.splitter.n_splits) == (9, 5, 5)
    assert in_range(before, after).method == "means"


def test_nothing_that_a_file_names_is_imported() -> None:
    """Neither for a splitter nor for a scorer."""
    for score in (stored(scorer="this.s"), stored(splitter=Splitter(type="this.s"))):
        assert isinstance(rerun(GaussianNB(), score, X, y), NoScore)
    assert "this" not in sys.modules
