"""What only older versions of scikit-learn have comes back as what took its place; `tests/compat` has their files."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn._loss import _loss
from sklearn.cluster import KMeans
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import _scorer, accuracy_score, log_loss, make_scorer, roc_auc_score
from sklearn.model_selection import GridSearchCV
from sklearn.neighbors import BallTree

import vitrify
from tests.support.forge import forge
from tests.support.lying_writer import Lie
from vitrify.converters.sklearn import boosting, losses, neighbors, older
from vitrify.errors import StateError, UnsupportedError

RNG = np.random.default_rng(0)
X = RNG.normal(size=(60, 3))
Y = (X[:, 0] + RNG.normal(size=60) > 0).astype(int)
MODEL = LogisticRegression().fit(X, Y)
SCORERS: dict[str, tuple[Any, Any]] = {
    "_PredictScorer": (accuracy_score, "predict"),
    "_ProbaScorer": (log_loss, "predict_proba"),
    "_ThresholdScorer": (roc_auc_score, ("decision_function", "predict_proba")),
}
SCORER = "sklearn.metrics._scorer"
PASSTHROUGH = f"{SCORER}._passthrough_scorer"


def older_scorer(name: str, *, keyword: str | None = None) -> bytes:
    """The file of a scorer as scikit-learn 1.2 has it, with a keyword or none."""
    function, response = SCORERS[name]
    given = {} if keyword is None else {"normalize": True}
    lie = Lie(vitrify.dumps(make_scorer(function, response_method=response, **given)))
    (table,) = lie.tables(f"{SCORER}._Scorer")
    table["type"] = f"{SCORER}.{name}"
    del table["columns"]["_response_method"]
    if keyword is not None:
        (keywords,) = lie.tables("dict")
        (keywords["columns"]["keys"],) = lie.column([keyword])["parts"]
    return lie.file()


class TestScorers:
    @pytest.mark.parametrize("name", SCORERS)
    def test_they_score_as_the_class_of_today_does(self, name: str) -> None:
        """And are of that class, so that they are saved again as such."""
        function, response = SCORERS[name]
        loaded = vitrify.loads(older_scorer(name))
        expected = make_scorer(function, response_method=response)
        assert type(loaded) is type(expected)
        assert vars(loaded) == vars(expected)
        assert loaded(MODEL, X, Y) == expected(MODEL, X, Y)
        assert vars(vitrify.loads(vitrify.dumps(loaded))) == vars(expected)

    def test_their_keywords_are_looked_at_as_before(self) -> None:
        """Only reviewed ones reach the function."""
        with pytest.raises(StateError, match=r"_kwargs cannot be given: .*may not be given out= beforehand.* - at \$$"):
            vitrify.loads(older_scorer("_PredictScorer", keyword="out"))

    def test_a_version_that_has_the_class_leaves_it_alone(self) -> None:
        """What it asks for is in its code."""

        class _PredictScorer:
            pass

        scorer = _PredictScorer()
        older.completed("_PredictScorer")(scorer)
        assert vars(scorer) == {}

    def test_a_version_without_either_class(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """The error says what to install."""
        data = older_scorer("_PredictScorer")
        monkeypatch.delattr(_scorer, "_Scorer")
        with pytest.raises(UnsupportedError, match=r"_PredictScorer does not exist in the scikit-learn") as caught:
            vitrify.loads(data)
        assert caught.value.hint == "Install the version that wrote the file: vitrify inspect shows it"


class TestPassthrough:
    def test_a_search_scores_as_its_estimator_does(self) -> None:
        """The function of 1.2 stands in the file by its name, also when it is saved again."""
        search = GridSearchCV(LogisticRegression(), {"C": [0.1, 1.0]}, cv=2).fit(X, Y)
        search.scorer_ = older._passthrough_scorer
        data = vitrify.dumps(search)
        assert PASSTHROUGH.encode() in data
        loaded = vitrify.loads(data)
        assert loaded.score(X, Y) == search.best_estimator_.score(X, Y)
        assert loaded.scorer_ is search.scorer_
        assert vitrify.dumps(loaded) == data

    def test_it_takes_what_score_takes(self) -> None:
        """Targets or none, and weights."""
        score: Any = older._passthrough_scorer
        weights = np.arange(60.0)
        assert score(MODEL, X, Y, sample_weight=weights) == MODEL.score(X, Y, sample_weight=weights)
        clusters = KMeans(2, n_init=1, random_state=0).fit(X)
        assert score(clusters, X) == clusters.score(X)

    def test_a_version_that_has_the_function_has_its_own(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Not one that looks like it."""
        monkeypatch.setattr(_scorer, "_passthrough_scorer", accuracy_score, raising=False)
        older._passthrough.cache_clear()
        try:
            assert older._passthrough_scorer is accuracy_score
        finally:
            older._passthrough.cache_clear()

    def test_nothing_else_has_an_older_name(self) -> None:
        """Names of modules and functions are no way in."""
        with pytest.raises(AttributeError):
            older.make_scorer  # noqa: B018  # looked up for its error


class TestLosses:
    @pytest.mark.parametrize(
        ("name", "fields", "expected"),
        [
            ("Log", {}, _loss.CyHalfBinomialLoss()),
            ("SquaredLoss", {}, _loss.CyHalfSquaredError()),
            ("Huber", {"c": 0.25}, _loss.CyHuberLoss(0.25)),
        ],
    )
    def test_those_of_stochastic_gradients_are_what_took_their_place(
        self, name: str, fields: dict[str, Any], expected: Any
    ) -> None:
        """With their parameter."""
        loaded = vitrify.loads(forge(f"sklearn.sgd_loss.{name}", fields))
        assert type(loaded) is type(expected)
        assert loaded.__reduce__() == expected.__reduce__()

    def test_a_parameter_is_a_float(self) -> None:
        """As for those that are still there."""
        with pytest.raises(StateError, match=r"TypeError: c must be a float\) - at \$$"):
            vitrify.loads(forge("sklearn.sgd_loss.Huber", {"c": "0.25"}))

    def test_a_version_without_a_successor_reads_none(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Then the type does not exist there."""
        monkeypatch.delattr(_loss, "CyHuberLoss")
        assert losses._successor("Huber") == []
        assert losses._successor("Hinge") == []


def test_nodes_of_a_newer_histogram_boosting_are_refused_by_an_older_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """Numbers of features had 4 bytes; other attributes mean something else there, too."""
    data = vitrify.dumps(HistGradientBoostingRegressor(max_iter=2).fit(X, Y))
    narrow = [(name, "<u4" if name == "feature_idx" else dtype) for name, dtype in _node_fields()]
    monkeypatch.setattr(boosting, "_current_dtype", lambda found: np.dtype(narrow))
    with pytest.raises(UnsupportedError, match=r"nodes of histogram boosting with .* do not exist in the scikit-learn"):
        vitrify.loads(data)


def _node_fields() -> list[tuple[str, Any]]:
    from sklearn.ensemble._hist_gradient_boosting.common import PREDICTOR_RECORD_DTYPE as found

    return [(name, found[name]) for name in found.names]


@pytest.mark.parametrize("writes", [True, False])
def test_a_distance_that_computes_in_its_vector_gets_one_that_is_long_enough(
    writes: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Mahalanobis before 1.3: one number, as newer versions save, would be written past its end."""
    tree = BallTree(X, metric="mahalanobis", VI=np.eye(3))
    data = vitrify.dumps(tree)
    saved = tree.__getstate__()[11].__getstate__()[1]
    monkeypatch.setattr(neighbors, "_writes_to_vec", lambda cls: writes)
    found = vitrify.loads(data).__getstate__()[11].__getstate__()[1]
    assert found.shape == ((3,) if writes else saved.shape)
