"""A model that is trained anew, and how it differs from the one before."""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.base import BaseEstimator
from sklearn.datasets import make_classification, make_regression
from sklearn.linear_model import Ridge
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GridSearchCV, GroupKFold, KFold
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from vitrify.errors import StateError, UnsupportedError
from vitrify.record.attached import Attached
from vitrify.record.data.fingerprint import fingerprint
from vitrify.record.data.tables import read_table
from vitrify.record.scoring.scores import capture_scores
from vitrify.record.summary import Data, Score, Summary, Target
from vitrify.verification.outputs import compared_outputs
from vitrify.verification.rebuilding import rebuild

X, y = make_classification(90, 6, random_state=0)
XR, yr = make_regression(60, 4, noise=3.0, random_state=0)
GROUPS = np.arange(90) // 10


def record_of(model: Any, X: Any, y: Any, **keywords: Any) -> Summary:
    """As much of a record as a rebuild reads."""
    rows = fingerprint(read_table(X))
    target = None if y is None else Target(form="array", n_outputs=1, fingerprint=fingerprint(read_table(y, "y")))
    return Summary(
        versions={},
        data=Data(form="array", n_rows=len(X), n_columns=X.shape[1], fingerprint=rows),
        target=target,
        scores=capture_scores(model, X, y, **keywords),
    )


def probes_of(model: Any, X: Any, *methods: str) -> Attached:
    return Attached(probes={"X": X, "outputs": {method: getattr(model, method)(X) for method in methods}})


class Fixed(BaseEstimator):
    """Gives what it is told."""

    def __init__(self, output: Any = None) -> None:
        self.output = output

    def fit(self, X: Any, y: Any = None) -> Fixed:
        return self

    def predict(self, X: Any) -> Any:
        if isinstance(self.output, Exception):
            raise self.output
        return self.output


class TestRebuild:
    def test_on_the_same_data_nothing_differs(self) -> None:
        """The model is new, the old one is left alone."""
        model = GaussianNB().fit(X, y)
        summary = record_of(model, X, y, cv=3, scoring=["roc_auc", "f1"], holdout=(X, y))
        rebuilt = rebuild(model, summary, probes_of(model, X[:9], "predict", "predict_proba"), X, y)
        assert rebuilt.model is not model
        assert np.array_equal(rebuilt.model.theta_, model.theta_)
        assert rebuilt.is_same_data
        assert [score.range and score.range.verdict for score in rebuilt.scores] == ["same", "same"]
        assert [score.values for score in rebuilt.new_scores] == [score.values for score in summary.scores[:2]]
        assert [(one.method, one.agreeing, one.largest) for one in rebuilt.outputs] == [
            ("predict", 1.0, 0.0),
            ("predict_proba", 1.0, 0.0),
        ]

    def test_on_other_data_folds_have_no_partners(self) -> None:
        """Scores are compared by their means, outputs as they are."""
        model = Ridge().fit(XR[:40], yr[:40])
        summary = record_of(model, XR[:40], yr[:40], cv=4)
        rebuilt = rebuild(model, summary, probes_of(model, XR[:5], "predict"), XR[20:], yr[20:])
        assert not rebuilt.is_same_data
        assert rebuilt.scores[0].range is not None
        assert rebuilt.scores[0].range.method == "means"
        expected = Ridge().fit(XR[20:], yr[20:]).predict(XR[:5])
        (output,) = rebuilt.outputs
        assert output.largest == pytest.approx(np.abs(expected - model.predict(XR[:5])).max())
        assert output.correlation == pytest.approx(np.corrcoef(expected, model.predict(XR[:5]))[0, 1])
        assert (output.agreeing, output.n_values) == (0.0, 5)

    @pytest.mark.parametrize("without", ["data", "target"])
    def test_data_is_the_same_only_if_the_record_says_so(self, without: str) -> None:
        """Rows and targets both."""
        model = Ridge().fit(XR, yr)
        summary = record_of(model, XR, yr)
        assert rebuild(model, summary, Attached(), XR, yr).is_same_data
        assert not rebuild(model, msgspec.structs.replace(summary, **{without: None}), Attached(), XR, yr).is_same_data
        assert not rebuild(model, summary, Attached(), XR, yr + 1).is_same_data

    def test_without_targets_rows_alone_count(self) -> None:
        """As for a scaler."""
        model = StandardScaler().fit(X)
        rebuilt = rebuild(model, record_of(model, X, None), probes_of(model, X[:3], "transform"), X)
        assert rebuilt.is_same_data
        assert rebuilt.outputs[0].agreeing == 1.0

    def test_data_of_a_library_that_is_not_read_is_other_data(self) -> None:
        """The model may read it."""

        class Rows:
            shape = (3, 2)

        summary = record_of(GaussianNB(), X, None)
        assert not rebuild(Fixed(), summary, Attached(), Rows()).is_same_data

    @pytest.mark.parametrize("is_in_pipeline", [False, True])
    def test_a_search_searches_again(self, is_in_pipeline: bool) -> None:
        """And its own scores are the new ones; groups reach it."""
        search = GridSearchCV(KNeighborsClassifier(), {"n_neighbors": [1, 5]}, cv=GroupKFold(3))
        if is_in_pipeline:
            model: Any = make_pipeline(StandardScaler(), search).fit(X, y, gridsearchcv__groups=GROUPS)
        else:
            model = search.fit(X, y, groups=GROUPS)
        summary = record_of(model, X, y)
        rebuilt = rebuild(model, summary, Attached(), X, y, groups=GROUPS)
        assert [score.range and score.range.verdict for score in rebuilt.scores] == ["same"]
        assert rebuilt.new_scores[0].origin == "search"

    def test_groups_reach_no_search_that_has_no_use_for_them(self) -> None:
        """Its splitter says so."""
        model = GridSearchCV(Ridge(), {"alpha": [0.1, 1]}, cv=KFold(2)).fit(XR, yr)
        rebuilt = rebuild(model, record_of(model, XR, yr), Attached(), XR, yr, groups=np.arange(60))
        assert rebuilt.model.best_params_ == model.best_params_

    def test_a_score_that_the_search_no_longer_gives_is_a_reason(self) -> None:
        """The others are compared."""
        model = GridSearchCV(Ridge(), {"alpha": [0.1, 1]}, cv=2).fit(XR, yr)
        summary = record_of(model, XR, yr)
        lost = msgspec.structs.replace(summary.scores[0], scorer="r2")
        rebuilt = rebuild(model, msgspec.structs.replace(summary, scores=(lost,)), Attached(), XR, yr)
        (score,) = rebuilt.scores
        assert (score.after, score.range) == (None, None)
        assert "gives no such score any more" in score.message
        assert rebuilt.new_scores == ()

    def test_what_cannot_be_repeated_is_a_reason(self) -> None:
        """The model is trained all the same."""
        model = Ridge().fit(XR, yr)
        summary = Summary(versions={}, scores=(Score(scorer="r2", values=(0.5,), origin="given"),))
        rebuilt = rebuild(model, summary, Attached(), XR, yr)
        assert (
            rebuilt.scores[0].message == "the record does not say how its folds were made, or they cannot be repeated"
        )
        assert np.array_equal(rebuilt.model.coef_, model.coef_)

    @pytest.mark.parametrize(
        ("model", "data", "kind", "message"),
        [
            (Ridge(), (XR, yr[:3]), StateError, "y has 3 rows, and X has 60"),
            (Ridge(), (XR[:0], yr[:0]), StateError, "X has no rows"),
            (Ridge(), (XR, np.where(yr > 0, np.nan, yr)), StateError, "values of y are missing"),
            (
                Ridge(),
                ([["a"], ["b"]], [1.0, 2.0]),
                StateError,
                "Ridge cannot be fitted on this data (ValueError: could not convert",
            ),
            (object(), (XR, yr), UnsupportedError, "an object has no fit"),
        ],
    )
    def test_what_cannot_be_trained(self, model: Any, data: Any, kind: Any, message: str) -> None:
        """Says why and what to do."""
        with pytest.raises(kind) as caught:
            rebuild(model, Summary(versions={}), Attached(), *data)
        assert message in caught.value.message
        assert caught.value.hint


class TestOutputs:
    @pytest.mark.parametrize(
        ("before", "after", "agreeing", "largest", "words"),
        [
            (np.array(["a", "b", "b", "c"]), np.array(["a", "b", "c", "c"]), 0.75, None, "75.0% of 4 values agree"),
            (np.array([1.0, np.nan, 3.0]), np.array([1.0, np.nan, 4.0]), 2 / 3, 1.0, "largest difference 1"),
            (np.array([np.nan, np.nan]), np.array([np.nan, 1.0]), 0.5, None, "50.0% of 2 values agree"),
            (np.array([1, 2], object), np.array([1, "2"], object), 0.5, None, "50.0%"),
            (np.array([1, 2, 3]), np.array([1.0, 2.0, 5.0]), 2 / 3, 2.0, "correlation"),
            (np.array([2.0, 2.0]), np.array([1.0, 2.0]), 0.5, 1.0, "largest difference 1"),
            (np.array([1e300, -1e300]), np.array([1e300, 1e299]), 0.5, 1.1e300, "50.0%"),
            ([np.array([1.0]), np.array([2.0, 3.0])], [np.array([1.0]), np.array([2.0, 4.0])], 2 / 3, 1.0, "66.7%"),
            (["a", "b"], ["a", "c"], 0.5, None, "50.0% of 2"),
            (pd.DataFrame({"a": [1.0, 2.0]}), pd.DataFrame({"a": [1.0, 3.0]}), 0.5, 1.0, "50.0% of 2"),
            (sparse.csr_matrix(np.eye(3)), sparse.csr_matrix(np.diag([1.0, 1.0, 3.0])), 8 / 9, 2.0, "88.9% of 9"),
            (sparse.csr_matrix(np.eye(3)), np.eye(3), 1.0, 0.0, "100.0% of 9"),
            (np.zeros((3, 0)), np.zeros((3, 0)), None, None, "it gave no values"),
            (np.zeros(3), np.zeros((3, 2)), None, None, "its shape was (3,) and is (3, 2)"),
            (np.zeros(3), ValueError("no more"), None, None, "it gives nothing now (ValueError: no more)"),
        ],
    )
    def test_how_far_they_are_apart(self, before: Any, after: Any, agreeing: Any, largest: Any, words: str) -> None:
        """Whatever their form."""
        (found,) = compared_outputs(Fixed(after), {"X": XR[:3], "outputs": {"predict": before}})
        assert found.agreeing == pytest.approx(agreeing)
        assert found.largest == pytest.approx(largest)
        assert words in found.message

    @pytest.mark.parametrize("method", ["fit", "set_params", "_validate", "__class__", "no_such", 3])
    def test_only_methods_that_give_outputs_are_called(self, method: Any) -> None:
        """Whatever a file names."""
        model = Fixed(XR)
        (found,) = compared_outputs(model, {"X": XR, "outputs": {method: XR}})
        assert found.message == "the new model has no such method"

    @pytest.mark.parametrize("probes", [{}, {"X": XR}, {"outputs": {}}, {"X": XR, "outputs": 3}])
    def test_without_probes_there_is_nothing_to_tell(self, probes: dict[str, Any]) -> None:
        """No error either."""
        assert compared_outputs(Fixed(XR), probes) == []

    def test_sparse_outputs_of_a_model(self) -> None:
        """Stay sparse."""
        rows = np.array([["a"], ["b"], ["a"]], dtype=object)
        model = OneHotEncoder().fit(rows)
        attached = probes_of(model, rows, "transform")
        rebuilt = rebuild(model, Summary(versions={}), attached, np.array([["a"], ["b"]], dtype=object))
        assert rebuilt.outputs[0].message == "100.0% of 6 values agree, largest difference 0"


def test_a_rebuilt_model_is_as_good_where_its_data_is() -> None:
    """On rows that neither has seen."""
    model = GaussianNB().fit(X[:60], y[:60])
    rebuilt = rebuild(model, record_of(model, X[:60], y[:60], cv=3, scoring="roc_auc"), Attached(), X[:60], y[:60])
    old, new = (roc_auc_score(y[60:], one.predict_proba(X[60:])[:, 1]) for one in (model, rebuilt.model))
    assert old == new
