"""The scores of a record: the numbers of scikit-learn, and what is refused."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.cluster import KMeans
from sklearn.datasets import make_classification, make_regression
from sklearn.decomposition import PCA
from sklearn.ensemble import RandomForestClassifier
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LinearRegression, Ridge, RidgeClassifier
from sklearn.metrics import accuracy_score, fbeta_score, make_scorer
from sklearn.model_selection import (
    GridSearchCV,
    GroupKFold,
    HalvingGridSearchCV,
    KFold,
    LeaveOneOut,
    RandomizedSearchCV,
    ShuffleSplit,
    StratifiedKFold,
    cross_val_score,
    cross_validate,
)
from sklearn.naive_bayes import GaussianNB, MultinomialNB
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier

from vitrify import capture
from vitrify.errors import StateError, UnsupportedError, VitrifyWarning
from vitrify.record.scoring import folds
from vitrify.record.scoring.cloning import unfitted
from vitrify.record.scoring.scores import capture_scores, cross_validated, given, holdout, of_search, search_in
from vitrify.record.summary import Splitter, Summary, read_summary, write_summary
from vitrify.record.telling import told

X, y = make_classification(90, 6, random_state=0)
XR, yr = make_regression(60, 4, noise=3.0, random_state=0)
GROUPS = np.arange(90) // 10
TEXTS = [f"row {'good' if label else 'bad'} {i % 7}" for i, label in enumerate(y)]


def rates(model: Any, X: Any, y: Any) -> dict[str, float]:
    predicted = model.predict(X)
    return {"right": float(np.mean(predicted == y)), "ones": float(np.mean(predicted))}


def fails_at_times(model: Any, X: Any, y: Any) -> float:
    if X[0, 1] > 0:
        raise RuntimeError("not today")
    return float(np.mean(model.predict(X) == y))


def gives_text(model: Any, X: Any, y: Any) -> Any:
    return "good"


class Fussy(ClassifierMixin, BaseEstimator):
    """Refuses data whose first value is positive."""

    def __init__(self, limit: float = 0.0) -> None:
        self.limit = limit

    def fit(self, X: Any, y: Any) -> Fussy:
        if X[0, 0] > self.limit:
            raise RuntimeError("too much")
        self.classes_ = np.unique(y)
        return self

    def predict(self, X: Any) -> Any:
        return np.zeros(len(X), int)


class Frozen:
    def predict(self, X: Any) -> Any:
        return np.zeros(len(X))


class Uncloneable(Frozen):
    def fit(self, X: Any, y: Any) -> Uncloneable:
        return self


class Odd:
    """A splitter of the caller's that fails in one of its methods."""

    def __init__(self, fails: str) -> None:
        self.fails = fails

    def get_n_splits(self, *data: Any) -> int:
        if self.fails == "count":
            raise RuntimeError("cannot count")
        return 2

    def split(self, *data: Any) -> Iterator[Any]:
        if self.fails == "split":
            raise RuntimeError("cannot split")
        yield from ()


class TestCrossValidated:
    @pytest.mark.parametrize(
        ("model", "data", "keywords"),
        [
            (GaussianNB(), (X, y), {"cv": 5}),
            (GaussianNB(), (X, y), {"cv": 4, "scoring": "roc_auc"}),
            (GaussianNB(), (pd.DataFrame(X), pd.Series(y)), {"cv": 3, "scoring": ["roc_auc", "f1", "neg_log_loss"]}),
            (
                Ridge(),
                (XR, yr),
                {"cv": KFold(4, shuffle=True, random_state=1), "scoring": ("r2", "neg_mean_squared_error")},
            ),
            (RandomForestClassifier(5, random_state=0), (X, y), {"cv": ShuffleSplit(3, random_state=2)}),
            (SVC(kernel="precomputed"), (X @ X.T, y), {"cv": 3}),
            (make_pipeline(CountVectorizer(), MultinomialNB()), (TEXTS, y), {"cv": 3}),
            (RidgeClassifier(), (sparse.csr_matrix(X), y), {"cv": 3}),
            (GaussianNB(), (X, y), {"cv": 3, "scoring": {"beta": make_scorer(fbeta_score, beta=2), "n": "accuracy"}}),
            (GaussianNB(), (X, y), {"cv": 3, "scoring": rates}),
            (GaussianNB(), (X, y), {"cv": [(np.arange(60), np.arange(60, 90))]}),
            (GridSearchCV(Ridge(), {"alpha": [0.1, 1]}, cv=2), (XR, yr), {"cv": 3}),
            (KMeans(3, n_init=1, random_state=0), (X, None), {"cv": 3}),
        ],
    )
    def test_the_numbers_are_those_of_cross_validate(self, model: Any, data: Any, keywords: dict[str, Any]) -> None:
        """Bit by bit, for every scorer and fold."""
        expected = cross_validate(model, *data, **keywords)
        found = cross_validated(model, *data, **keywords)
        tests = [values.tolist() for key, values in expected.items() if key.startswith("test_")]
        assert [list(score.values) for score in found] == tests
        for score in found:
            assert score.origin == "cross_validate"
            assert score.splitter is not None
            assert score.splitter.n_splits == len(score.values) == len(score.fit_seconds) == len(score.score_seconds)

    def test_groups_are_kept_as_a_fact(self) -> None:
        """And split by."""
        expected = cross_val_score(GaussianNB(), X, y, cv=GroupKFold(3), groups=GROUPS)
        (score,) = cross_validated(GaussianNB(), X, y, cv=GroupKFold(3), groups=GROUPS)
        assert list(score.values) == expected.tolist()
        assert score.splitter is not None
        assert (score.splitter.type, score.splitter.has_groups) == ("sklearn.model_selection.GroupKFold", True)

    def test_names_stand_for_scorers(self) -> None:
        """Not the keys that the caller chose, except for several values of one scorer."""
        scoring = {"mine": make_scorer(fbeta_score, beta=2), "acc": make_scorer(accuracy_score)}
        found = cross_validated(GaussianNB(), X, y, cv=3, scoring=scoring)
        assert [score.scorer for score in found] == ["sklearn.metrics.fbeta_score(beta=2)", "accuracy"]
        several = cross_validated(GaussianNB(), X, y, cv=3, scoring=rates)
        assert [score.scorer for score in several] == [f"{__name__}.rates[right]", f"{__name__}.rates[ones]"]

    def test_progress_is_told_after_each_fold(self) -> None:
        """With the seconds since the first one began."""
        seen: list[tuple[int, int, float]] = []
        cross_validated(Ridge(), XR, yr, cv=4, progress=lambda *now: seen.append(now))
        assert [now[:2] for now in seen] == [(1, 4), (2, 4), (3, 4), (4, 4)]
        assert 0 < seen[0][2] <= seen[3][2]

    def test_the_model_is_left_alone(self) -> None:
        """Folds are fitted on clones."""
        model = Ridge().fit(XR, yr)
        before = model.coef_.copy()
        cross_validated(model, XR, yr, cv=3)
        assert np.array_equal(model.coef_, before)

    def test_a_fold_that_cannot_be_scored_is_none(self) -> None:
        """The others are kept, a warning tells, and other scorers are not touched."""
        scoring = {"own": fails_at_times, "right": "accuracy"}
        with pytest.warns(VitrifyWarning, match=r"of 6 folds gave no .*fails_at_times \(RuntimeError: not today\)"):
            own, right = cross_validated(GaussianNB(), X, y, cv=KFold(6), scoring=scoring)
        expected = cross_val_score(GaussianNB(), X, y, cv=KFold(6)).tolist()
        assert list(right.values) == expected
        first_rows = X[np.arange(0, 90, 15), 1]
        assert list(own.values) == [None if row > 0 else value for row, value in zip(first_rows, expected, strict=True)]

    def test_a_fold_that_cannot_be_fitted_is_none(self) -> None:
        """Where others can."""
        folds_ = [(np.arange(30, 90), np.arange(30)), (np.arange(60), np.arange(60, 90))]
        limit = float(min(X[30, 0], X[0, 0]))
        with pytest.warns(VitrifyWarning, match=r"1 of 2 folds gave no score \(RuntimeError: too much\)"):
            (score,) = cross_validated(Fussy(limit), X, y, cv=folds_)
        assert sorted(value is None for value in score.values) == [False, True]
        assert score.fit_seconds[score.values.index(None)] == 0.0

    def test_nan_is_none(self) -> None:
        """JSON has no word for it."""
        (score,) = cross_validated(GaussianNB(), X, y, cv=3, scoring={"n": lambda *_: float("nan")})
        assert score.values == (None, None, None)

    def test_scores_are_written_and_read(self) -> None:
        """In the header's one spelling."""
        scores = cross_validated(GaussianNB(), X, y, cv=StratifiedKFold(3), scoring=["r2", "f1"])
        text = write_summary(Summary(versions={}, scores=scores))
        assert read_summary(text).scores == scores
        assert json.loads(text)["scores"][0]["splitter"]["parameters"]["n_splits"] == 3

    @pytest.mark.parametrize("scorers", [1, 3])
    def test_one_scorer_after_the_other_gives_the_same(self, scorers: int, monkeypatch: pytest.MonkeyPatch) -> None:
        """As before scikit-learn 1.6, which cannot predict once for all."""
        scoring = ["roc_auc", "f1", "neg_log_loss"][:scorers]
        together = cross_validated(GaussianNB(), X, y, cv=3, scoring=scoring)
        monkeypatch.setattr(folds, "_together", lambda calls: None)
        alone = cross_validated(GaussianNB(), X, y, cv=3, scoring=scoring)
        assert [score.values for score in alone] == [score.values for score in together]


MISSING = np.where(np.arange(90) == 4, np.nan, y.astype(float))
WORDS = np.array([["red", "1"], ["blue", "2"]] * 45, dtype=object)
HOLES = np.where(np.arange(540).reshape(90, 6) == 7, np.nan, X)


class TestRefused:
    @pytest.mark.parametrize(
        ("model", "data", "keywords", "message", "hint"),
        [
            (GaussianNB(), (X, y[:80]), {}, "y has 80 rows, and X has 90", "one value of y"),
            (GaussianNB(), (X[:0], y[:0]), {}, "X has no rows", "Give the rows"),
            (GaussianNB(), ([], []), {}, "X has no rows", "Give the rows"),
            (GaussianNB(), (X, MISSING), {}, "1 of 90 values of y are missing", "Leave out the rows"),
            (GaussianNB(), (X, [*y.tolist()[:-1], None]), {}, "1 of 90 values of y", "Leave out the rows"),
            (GaussianNB(), (X, y), {"groups": GROUPS[:3], "cv": GroupKFold(3)}, "groups has 3 rows", "one value"),
            (GaussianNB(), (WORDS, y), {}, "GaussianNB cannot be fitted on this data (ValueError: could", "Encode"),
            (GaussianNB(), (HOLES, y), {}, "GaussianNB cannot be fitted on this data (ValueError: Input X", "SimpleI"),
            (Fussy(-99.0), (X, y), {}, "fitted on this data (RuntimeError: too much)", "message is in brackets"),
            (GaussianNB(), (X, y), {"cv": 80}, "StratifiedKFold cannot split this data", "fewer folds"),
            (GaussianNB(), (X, y), {"cv": KFold(91)}, "KFold cannot split this data", "fewer folds"),
            (GaussianNB(), (X, y), {"cv": Odd("count")}, "split this data (RuntimeError: cannot count)", "fewer"),
            (GaussianNB(), (X, y), {"cv": Odd("split")}, "split this data (RuntimeError: cannot split)", "fewer"),
            (GaussianNB(), (X, y), {"cv": Odd("empty")}, "Odd makes no folds", "another splitter"),
            (GaussianNB(), (X, y), {"cv": []}, "cv= makes no folds", "a number of folds"),
            (GaussianNB(), (X, y), {"scoring": gives_text}, "gives_text cannot score a GaussianNB", "Choose"),
            (GaussianNB(), (X, np.arange(90) // 30), {"scoring": "roc_auc"}, "roc_auc cannot score", "roc_auc_ovr"),
        ],
    )
    def test_data_that_does_not_fit(
        self, model: Any, data: Any, keywords: dict[str, Any], message: str, hint: str
    ) -> None:
        """Says what, where and what to do."""
        with pytest.raises(StateError) as caught:
            cross_validated(model, *data, **({"cv": 3} | keywords))
        assert message in caught.value.message
        assert hint in str(caught.value.hint)
        if "(" in caught.value.message:
            assert caught.value.__cause__ is not None

    @pytest.mark.parametrize(
        ("model", "data", "keywords", "message", "hint"),
        [
            (Frozen(), (X, y), {"cv": KFold(3)}, "a Frozen has no fit", "scores="),
            (Uncloneable(), (X, y), {"cv": KFold(3)}, "a Uncloneable cannot be cloned", "BaseEstimator"),
            (GaussianNB(), (X, y), {"cv": KFold(3, shuffle=True)}, "cannot be repeated", "random_state"),
            (GaussianNB(), (X, y), {"cv": GroupKFold(3)}, "GroupKFold splits by groups", "groups="),
            (GaussianNB(), (X, y), {"cv": 3, "groups": GROUPS}, "StratifiedKFold takes no notice", "GroupKFold"),
            (GaussianNB(), (X, y), {"cv": 3, "scoring": "auc"}, "has no scorer auc", "roc_auc?"),
            (GaussianNB(), (iter(X), y), {"cv": 3}, "X is a generator", "array"),
            (GaussianNB(), (np.array(3.0), y), {"cv": 3}, "X is a ndarray, which has no rows", "array"),
        ],
    )
    def test_what_cannot_be_done(
        self, model: Any, data: Any, keywords: dict[str, Any], message: str, hint: str
    ) -> None:
        """With a way out."""
        if message == "X is a generator":
            data = ((row for row in X), y)
        with pytest.raises(UnsupportedError) as caught:
            cross_validated(model, *data, **keywords)
        assert message in caught.value.message
        assert hint in str(caught.value.hint)

    def test_more_folds_than_a_record_holds(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Before anything is fitted."""
        monkeypatch.setattr(folds, "MAX_FOLDS", 50)
        with pytest.raises(StateError, match="LeaveOneOut makes 90 folds, more than the 50"):
            cross_validated(GaussianNB(), X, y, cv=LeaveOneOut())

    def test_targets_of_a_library_that_is_not_read_go_to_the_model(self) -> None:
        """It may know what to do with them."""

        class Column:
            shape = (90,)

        assert folds.check_rows(X, Column()) == 90

    def test_messages_of_others_are_cut(self) -> None:
        """And stand on one line."""
        assert told(ValueError("a\nb" + "c" * 1000)) == "ValueError: a b" + "c" * 284 + "…"
        assert told(ValueError()) == "ValueError"

    def test_a_clone_has_learned_nothing(self) -> None:
        """But has the parameters."""
        clone = unfitted(Ridge(alpha=3).fit(XR, yr))
        assert clone.alpha == 3
        assert not hasattr(clone, "coef_")

    @pytest.mark.parametrize(
        ("data", "hint"),
        [
            ((X[:, :2], y), "Give X with the columns that the model was trained on"),
            ((X, None), "Give y, if the scorer compares with it"),
            ((X, np.arange(90)), "Choose a scorer that fits the model and the target"),
        ],
    )
    def test_the_way_out_is_that_of_the_cause(self, data: Any, hint: str) -> None:
        """Of rows, of the target, or of the scorer."""
        with pytest.raises(StateError, match="roc_auc cannot score a GaussianNB on this data") as caught:
            holdout(GaussianNB().fit(X, y), *data, "roc_auc")
        assert str(caught.value.hint).startswith(hint)

    def test_the_warning_of_lost_folds_is_about_the_callers_line(self) -> None:
        """Not about one of ours."""
        with pytest.warns(VitrifyWarning, match="folds gave no") as caught:
            capture(GaussianNB().fit(X, y), X, y, cv=KFold(6), scoring=fails_at_times)
        assert [warning.filename for warning in caught] == [__file__]


class TestGiven:
    @pytest.mark.parametrize(
        ("cv", "message"),
        [
            (7, "scores= holds 5 folds, and StratifiedKFold makes 7"),
            (KFold(2), "scores= holds 5 folds, and KFold makes 2"),
            (LeaveOneOut(), "scores= holds 5 folds, and LeaveOneOut makes 90"),
            ([(np.arange(60), np.arange(60, 90))], "scores= holds 5 folds, and cv= makes 1"),
            ([], "scores= holds 5 folds, and cv= makes 0"),
        ],
    )
    def test_folds_of_another_number_are_refused(self, cv: Any, message: str) -> None:
        with pytest.raises(StateError) as caught:
            capture_scores(GaussianNB(), X, y, scores=[0.5] * 5, cv=cv)
        assert caught.value.message == message
        assert caught.value.hint == "Give the cv= that cross_validate was called with"

    def test_a_number_that_only_rows_tell_is_taken(self) -> None:
        """Where there are none."""
        (score,) = capture_scores(GaussianNB(), scores=[0.5] * 5, cv=LeaveOneOut())
        assert score.splitter is not None
        assert (score.splitter.type, score.splitter.n_splits) == ("sklearn.model_selection.LeaveOneOut", 5)

    def test_folds_that_are_given_with_them_have_the_digest_of_a_run(self) -> None:
        """So that both can be compared fold by fold."""
        indices = list(KFold(3, shuffle=True, random_state=0).split(X))
        flags = [tuple(np.isin(np.arange(90), rows) for rows in fold) for fold in indices]
        others = list(KFold(3, shuffle=True, random_state=1).split(X))
        (ran,) = cross_validated(GaussianNB(), X, y, cv=indices)
        found = [capture_scores(GaussianNB(), X, y, scores=[0.5] * 3, cv=cv)[0] for cv in (indices, flags, others)]
        assert [score.splitter == ran.splitter for score in found] == [True, True, False]
        assert ran.splitter is not None
        assert len(str(ran.splitter.parameters["folds_digest"])) == 64

    @pytest.mark.parametrize("cv", [[((0, 1), [[2], [3, 4]])], [(["a"], [0])], [([[0]], [1])]])
    def test_folds_that_are_no_indices_have_no_digest(self, cv: Any) -> None:
        (score,) = capture_scores(GaussianNB(), X, y, scores=[0.5], cv=cv)
        assert score.splitter == Splitter(type="builtins.list", n_splits=1)

    def test_folds_that_are_no_pairs_are_refused(self) -> None:
        with pytest.raises(StateError, match=r"^cv= cannot split this data \(TypeError: cannot unpack") as caught:
            capture_scores(GaussianNB(), X, y, scores=[0.5], cv=[1])
        assert caught.value.hint == "Choose fewer folds, or another splitter"

    def test_what_cross_validate_returned(self) -> None:
        """All scorers, with the times."""
        returned = cross_validate(GaussianNB(), X, y, cv=3, scoring=("r2", "f1"), return_train_score=True)
        r2, f1 = given(returned)
        assert (r2.scorer, f1.scorer) == ("r2", "f1")
        assert list(r2.values) == returned["test_r2"].tolist()
        assert list(f1.fit_seconds) == returned["fit_time"].tolist()
        assert list(f1.score_seconds) == returned["score_time"].tolist()
        assert (r2.origin, r2.splitter) == ("given", None)

    @pytest.mark.parametrize(
        ("scores", "scoring", "texts"),
        [
            ([0.5, 0.25], None, ["score"]),
            (np.array([0.5, 0.25]), "roc_auc", ["roc_auc"]),
            ({"test_score": [0.5, 0.25]}, make_scorer(fbeta_score, beta=2), ["sklearn.metrics.fbeta_score(beta=2)"]),
            ({"test_auc": [0.5, 0.25]}, None, ["auc"]),
            ({"test_auc": [0.5, 0.25]}, {"auc": "roc_auc"}, ["roc_auc"]),
            ({"test_a": [0.5, 0.25], "test_b": [0.5, 0.25]}, rates, [f"{__name__}.rates[a]", f"{__name__}.rates[b]"]),
        ],
    )
    def test_scoring_names_them(self, scores: Any, scoring: Any, texts: list[str]) -> None:
        """As `cross_validate` was called with it."""
        found = given(scores, scoring=scoring)
        assert [score.scorer for score in found] == texts
        assert {score.values for score in found} == {(0.5, 0.25)}

    def test_nan_is_none(self) -> None:
        """A fold that failed."""
        (score,) = given({"test_score": [0.5, np.nan, np.inf], "fit_time": [1.0, np.nan, 2.0]})
        assert score.values == (0.5, None, None)
        assert score.fit_seconds == (1.0, 0.0, 2.0)

    @pytest.mark.parametrize(
        ("scores", "scoring", "kind", "message"),
        [
            ({"fit_time": [1.0]}, None, UnsupportedError, "scores= holds no test scores"),
            (["a", "b"], None, UnsupportedError, "scores= has score that are no numbers"),
            (object(), None, UnsupportedError, "scores= has score that are no numbers"),
            (0.5, None, StateError, "scores= has score of shape ()"),
            ([], None, StateError, "scores= has score of shape (0,)"),
            ([[0.5], [0.25]], None, StateError, "scores= has score of shape (2, 1)"),
            ({"test_a": [0.5], "test_b": [0.5, 0.25]}, None, StateError, "different numbers of folds"),
            ({"test_a": [0.5], "fit_time": [0.5, 0.25]}, None, StateError, "different numbers of folds"),
            ({"test_a": [0.5]}, "r2", StateError, "scores= holds a, and scoring= names score"),
        ],
    )
    def test_other_things_are_refused(self, scores: Any, scoring: Any, kind: Any, message: str) -> None:
        """With a way out."""
        with pytest.raises(kind) as caught:
            given(scores, scoring=scoring)
        assert message in caught.value.message
        assert caught.value.hint


class TestSearches:
    @pytest.mark.parametrize(
        "search",
        [
            GridSearchCV(GaussianNB(), {"var_smoothing": [0.01, 1.0]}, cv=3),
            RandomizedSearchCV(
                GaussianNB(), {"var_smoothing": [0.01, 1.0]}, n_iter=2, cv=KFold(3), scoring="roc_auc", random_state=0
            ),
            GridSearchCV(GaussianNB(), {"var_smoothing": [0.01, 1.0]}, scoring=["f1", "r2"], refit="f1"),
            GridSearchCV(
                GaussianNB(), {"var_smoothing": [0.01, 1.0]}, scoring=make_scorer(fbeta_score, beta=2), refit=False
            ),
            GridSearchCV(GaussianNB(), {"var_smoothing": [0.01, 1.0]}, scoring=rates, refit="right", cv=4),
        ],
    )
    def test_the_best_candidates_splits_are_those_of_cross_validate(self, search: Any) -> None:
        """With its parameters."""
        search.fit(X, y)
        best = GaussianNB(**search.best_params_)
        expected = cross_validate(best, X, y, cv=search.cv, scoring=search.scoring)
        found = of_search(search, y)
        tests = [expected[key].tolist() for key in expected if key.startswith("test_")]
        assert [list(score.values) for score in found] == tests
        texts = [score.scorer for score in cross_validated(best, X, y, cv=search.cv or 5, scoring=search.scoring)]
        assert [score.scorer for score in found] == texts
        kind = "KFold" if isinstance(search.cv, KFold) else "StratifiedKFold"
        for score in found:
            assert score.origin == "search"
            assert score.splitter is not None
            assert (score.splitter.type, score.splitter.n_splits) == (
                f"sklearn.model_selection.{kind}",
                len(score.values),
            )

    @pytest.mark.parametrize(
        ("cv", "target", "type_"),
        [
            (3, None, None),
            (KFold(3, shuffle=True), y, None),
            ([(np.arange(60), np.arange(60, 90))], y, None),
            (KFold(3), None, "sklearn.model_selection.KFold"),
        ],
    )
    def test_a_splitter_that_cannot_be_repeated_is_left_out(self, cv: Any, target: Any, type_: str | None) -> None:
        """The numbers are kept all the same."""
        search = GridSearchCV(GaussianNB(), {"var_smoothing": [0.01, 1.0]}, cv=cv).fit(X, y)
        (score,) = of_search(search, target)
        assert score.values[0] == search.cv_results_["split0_test_score"][search.best_index_]
        assert (score.splitter and score.splitter.type) == type_

    def test_a_halving_search_has_folds_of_its_own(self) -> None:
        """It draws a part of the rows."""
        search = HalvingGridSearchCV(
            GaussianNB(), {"var_smoothing": [0.01, 1.0]}, cv=2, random_state=0, min_resources=40
        )
        search.fit(X, y)
        (score,) = of_search(search, y)
        assert len(score.values) == 2
        assert score.splitter is None

    def test_groups_of_a_search_are_a_fact(self) -> None:
        """Its splitter tells."""
        search = GridSearchCV(GaussianNB(), {"var_smoothing": [0.01, 1.0]}, cv=GroupKFold(3)).fit(X, y, groups=GROUPS)
        (score,) = of_search(search, y)
        assert score.splitter is not None
        assert score.splitter.has_groups

    def test_a_pipeline_may_end_with_a_search(self) -> None:
        """Or be one."""
        search = GridSearchCV(GaussianNB(), {"var_smoothing": [0.01, 1.0]}, cv=3)
        found = search_in(make_pipeline(StandardScaler(), search).fit(X, y))
        assert found is not None
        assert len(found.before.steps) == 1
        alone = search_in(Pipeline([("search", search)]).fit(X, y))
        assert alone is not None
        assert alone.before is None

    @pytest.mark.parametrize(
        "model",
        [
            GaussianNB(),
            make_pipeline(StandardScaler(), GaussianNB()),
            GridSearchCV(GaussianNB(), {"var_smoothing": [1.0]}),
            GridSearchCV(GaussianNB(), {"var_smoothing": [1.0]}, scoring=["f1", "r2"], refit=False).fit(X, y),
            object(),
        ],
    )
    def test_nothing_is_found_where_nothing_was_searched(self, model: Any) -> None:
        """Or no candidate is the best."""
        assert of_search(model, y) == ()


class TestHoldout:
    def test_a_fitted_model_is_scored(self) -> None:
        """As scikit-learn does it."""
        model = GaussianNB().fit(X[:60], y[:60])
        score = holdout(model, X[60:], y[60:], "accuracy", fingerprint="abc")
        assert score.values == (model.score(X[60:], y[60:]),)
        assert (score.scorer, score.origin, score.fingerprint) == ("accuracy", "holdout", "abc")

    def test_without_targets(self) -> None:
        """By the model's own score."""
        model = KMeans(2, n_init=1, random_state=0).fit(X)
        assert holdout(model, X, None).values == (model.score(X),)

    @pytest.mark.parametrize(
        ("model", "data", "scoring", "kind", "message"),
        [
            (GaussianNB(), (X, y), None, StateError, "this GaussianNB is not fitted yet"),
            (Frozen(), (X, y), None, StateError, "score cannot score a Frozen on this data"),
            (GaussianNB().fit(X, y), (X, y[:3]), None, StateError, "y has 3 rows"),
            (GaussianNB().fit(X, y), (X[:, :2], y), None, StateError, "on this data (ValueError: X has 2 features"),
            (GaussianNB().fit(X, y), (X, y), ["f1", "r2"], UnsupportedError, "scoring= names 2 scorers"),
            (GaussianNB().fit(X, y), (X, y), rates, UnsupportedError, "scoring= names 2 scorers"),
        ],
    )
    def test_what_cannot_be_scored(self, model: Any, data: Any, scoring: Any, kind: Any, message: str) -> None:
        """Says why and what to do."""
        with pytest.raises(kind) as caught:
            holdout(model, *data, scoring)
        assert message in caught.value.message
        assert caught.value.hint


class TestCapture:
    def test_nothing_is_run_unless_asked(self) -> None:
        """A search gives its own."""
        search = GridSearchCV(Ridge(), {"alpha": [0.1, 1]}, cv=2).fit(XR, yr)
        assert capture_scores(Ridge().fit(XR, yr), XR, yr) == ()
        assert [score.origin for score in capture_scores(search, XR, yr)] == ["search"]

    def test_all_at_once(self) -> None:
        """In this order."""
        search = GridSearchCV(Ridge(), {"alpha": [0.1, 1]}, cv=2).fit(XR, yr)
        found = capture_scores(search, XR, yr, cv=2, scoring="r2", holdout=(XR, yr), fingerprint="abc")
        assert [(score.origin, score.scorer) for score in found] == [
            ("search", "score"),
            ("cross_validate", "r2"),
            ("holdout", "r2"),
        ]
        assert found[2].fingerprint == "abc"

    def test_cv_beside_scores_says_how_they_came(self) -> None:
        """And runs nothing."""
        (score,) = capture_scores(Ridge(), scores=[0.5, 0.25, 0.125], cv=KFold(3), scoring="r2")
        assert score.values == (0.5, 0.25, 0.125)
        parameters = {"n_splits": 3, "shuffle": False, "random_state": None}
        assert score.splitter == Splitter(type="sklearn.model_selection.KFold", parameters=parameters, n_splits=3)
        assert capture_scores(Ridge(), scores=[0.5])[0].splitter is None

    @pytest.mark.parametrize(
        ("keywords", "message", "hint"),
        [
            ({"scoring": "r2"}, "scoring= scores nothing by itself", "Give cv=5"),
            ({"groups": GROUPS}, "groups= is for a cross-validation", "Give cv="),
            ({"cv": 3}, "cv= has no data to split", "Give X= and y="),
            ({"holdout": XR}, "holdout= is no pair", "holdout=(X_test, y_test)"),
            ({"holdout": (XR, yr, yr)}, "holdout= is no pair", "holdout=(X_test, y_test)"),
        ],
    )
    def test_what_does_not_go_together(self, keywords: dict[str, Any], message: str, hint: str) -> None:
        """Is a TypeError with a way out."""
        with pytest.raises(TypeError) as caught:
            capture_scores(Ridge().fit(XR, yr), **keywords)
        assert isinstance(caught.value, UnsupportedError)
        assert message in caught.value.message
        assert hint in str(caught.value.hint)


def test_a_search_that_somebody_thinned_out_gives_nothing() -> None:
    """No error: nobody asked for its scores."""
    search = GridSearchCV(Ridge(), {"alpha": [0.1, 1]}, cv=2).fit(XR, yr)
    del search.scorer_
    assert of_search(search, yr) == ()


def test_steps_are_no_pipeline_by_their_name_alone() -> None:
    """A model of the caller's may have them."""

    class Walker(LinearRegression):
        steps = [("a", GridSearchCV(Ridge(), {"alpha": [0.1]}, cv=2).fit(XR, yr))]

    assert search_in(Walker()) is None
    assert search_in(make_pipeline(PCA(2), DecisionTreeClassifier())) is None
