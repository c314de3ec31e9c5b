"""How scorers become text, and which texts become scorers again."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from sklearn.datasets import make_classification
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import (
    accuracy_score,
    brier_score_loss,
    fbeta_score,
    get_scorer,
    get_scorer_names,
    log_loss,
    make_scorer,
    mean_pinball_loss,
    pairwise,
    precision_score,
    roc_auc_score,
)

from vitrify.errors import UnsupportedError
from vitrify.record.scoring import scorers
from vitrify.record.scoring.scorers import named_scorers, scorer_of, text_of

X, y = make_classification(60, random_state=0)
MODEL = LogisticRegression().fit(X, y)


def near_zero(model: Any, X: Any, y: Any) -> float:
    return float(np.mean(np.abs(model.predict(X) - y) < 0.5))


def both_rates(model: Any, X: Any, y: Any) -> dict[str, float]:
    predicted = model.predict(X)
    return {"right": float(np.mean(predicted == y)), "ones": float(np.mean(predicted))}


def own_metric(true: Any, predicted: Any, weight: float = 1.0) -> float:
    return weight * float(np.mean(true == predicted))


class Scorer:
    def __call__(self, model: Any, X: Any, y: Any) -> float:
        return 1.0


class TestTexts:
    @pytest.mark.parametrize(
        ("scorer", "text"),
        [
            (make_scorer(accuracy_score), "accuracy"),
            (get_scorer("roc_auc"), "roc_auc"),
            (get_scorer("precision_macro"), "precision_macro"),
            (get_scorer("neg_log_loss"), "neg_log_loss"),
            (make_scorer(fbeta_score, beta=2), "sklearn.metrics.fbeta_score(beta=2)"),
            (
                make_scorer(precision_score, average="micro", labels=np.array([0, 1])),
                'sklearn.metrics.precision_score(average="micro", labels=[0, 1])',
            ),
            (
                make_scorer(mean_pinball_loss, greater_is_better=False, alpha=np.float64(0.25)),
                "-sklearn.metrics.mean_pinball_loss(alpha=0.25)",
            ),
            (
                make_scorer(log_loss, greater_is_better=False, response_method="predict_proba", labels=[0, 1]),
                "-sklearn.metrics.log_loss(labels=[0, 1]) on predict_proba",
            ),
            (
                make_scorer(roc_auc_score, response_method=("decision_function", "predict_proba"), max_fpr=0.5),
                "sklearn.metrics.roc_auc_score(max_fpr=0.5) on decision_function|predict_proba",
            ),
            (near_zero, f"{__name__}.near_zero"),
            (Scorer(), f"{__name__}.Scorer"),
            (make_scorer(own_metric, weight=2), f"{__name__}.own_metric(weight=2)"),
            (make_scorer(own_metric, weight=object()), f"{__name__}.own_metric(weight=…)"),
            (make_scorer(own_metric, weight=np.array([None])), f"{__name__}.own_metric(weight=…)"),
        ],
    )
    def test_a_scorer_is_its_name_or_the_metric_it_calls(self, scorer: Any, text: str) -> None:
        assert text_of(scorer) == text

    @pytest.mark.parametrize("name", get_scorer_names())
    def test_every_name_of_scikit_learn_is_kept(self, name: str) -> None:
        """As the very name, or one that calls the same metric in the same way."""
        assert text_of(get_scorer(name)) == name
        assert repr(scorer_of(name)) == repr(get_scorer(name))

    def test_the_passthrough_scorer_is_the_models_own_score(self) -> None:
        """Which is what a search without `scoring=` has."""
        from sklearn.metrics import check_scoring

        assert text_of(check_scoring(MODEL)) == "score"
        assert named_scorers(check_scoring(MODEL))["score"].call(MODEL, X, y) == MODEL.score(X, y)

    @pytest.mark.parametrize(
        ("kind", "responses"),
        [
            ("_PredictScorer", ""),
            ("_ProbaScorer", " on predict_proba"),
            ("_ThresholdScorer", " on decision_function|predict_proba"),
        ],
    )
    def test_scorers_before_1_4_say_what_they_read_by_their_class(self, kind: str, responses: str) -> None:
        """They have no `_response_method`."""
        old = type(kind, (), {"_score_func": staticmethod(fbeta_score), "_sign": 1, "_kwargs": {"beta": 2}})
        old.__module__ = "sklearn.metrics._scorer"
        assert text_of(old()) == f"sklearn.metrics.fbeta_score(beta=2){responses}"


class TestBack:
    @pytest.mark.parametrize(
        "scorer",
        [
            make_scorer(fbeta_score, beta=2),
            make_scorer(precision_score, average="micro", labels=[0, 1]),
            make_scorer(precision_score, zero_division=np.nan),
            make_scorer(log_loss, greater_is_better=False, response_method="predict_proba", labels=[0, 1]),
            make_scorer(roc_auc_score, response_method=("decision_function", "predict_proba"), max_fpr=0.5),
        ],
    )
    def test_a_text_gives_the_same_score(self, scorer: Any) -> None:
        """As the scorer that it came from."""
        again = scorer_of(text_of(scorer))
        assert not isinstance(again, str)
        assert again(MODEL, X, y) == scorer(MODEL, X, y)

    @pytest.mark.parametrize(
        ("text", "reason"),
        [
            ("no_such_scorer", "has no scorer no_such_scorer"),
            ("os.system", "os.system is a scorer of the caller's own"),
            ("os.system(command=1)", "a scorer of the caller's own"),
            ("sklearn.metrics.no_such_metric()", "a scorer of the caller's own"),
            ("sklearn.metrics.get_scorer(scoring=1)", "a scorer of the caller's own"),
            ("sklearn.metrics.fbeta_score(sample_weight=1)", "may not be given sample_weight="),
            ("sklearn.metrics.fbeta_score(greater_is_better=1)", "may not be given greater_is_better="),
            ("sklearn.metrics.fbeta_score(beta=…)", "could not be kept (beta= is no JSON)"),
            ("sklearn.metrics.fbeta_score(2)", "could not be kept (not in their form)"),
            ("sklearn.metrics.fbeta_score(beta=2) on fit", "it reads fit, which no reviewed scorer does"),
            ("sklearn.metrics.fbeta_score(beta=" + "[" * 5000 + ")", "a scorer of the caller's own"),
            ("sklearn.metrics.fbeta_score(beta=" + "[" * 3000 + ")", "could not be kept (beta= is no JSON)"),
        ],
    )
    def test_a_text_that_is_not_reviewed_is_a_reason(self, text: str, reason: str) -> None:
        """Never an import, and never an error."""
        found = scorer_of(text)
        assert isinstance(found, str)
        assert reason in found

    def test_a_metric_that_this_version_lacks_is_a_reason(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """A name of the review that is gone, or not there yet."""
        import sklearn.metrics

        monkeypatch.delattr(sklearn.metrics, "fbeta_score")
        found = scorer_of("sklearn.metrics.fbeta_score(beta=2)")
        assert isinstance(found, str)
        assert "sklearn.metrics.fbeta_score" in found

    @pytest.mark.parametrize(
        ("responses", "found"),
        [
            ("", {}),
            (" on predict_proba", {"needs_proba": True}),
            (" on decision_function|predict_proba", {"needs_threshold": True}),
            (" on predict_log_proba", "has no scorers that read predict_log_proba"),
        ],
    )
    def test_before_1_4_scorers_are_made_with_the_words_of_that_time(
        self, responses: str, found: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """`needs_proba` and `needs_threshold`."""

        def make(
            score_func: Any, *, greater_is_better: bool, needs_proba: bool = False, needs_threshold: bool = False
        ) -> Any:
            given = {"needs_proba": needs_proba, "needs_threshold": needs_threshold}
            return {key: value for key, value in given.items() if value}

        monkeypatch.setattr("sklearn.metrics.make_scorer", make)
        made = scorer_of(f"sklearn.metrics.brier_score_loss(){responses}")
        assert made == found or found in made

    def test_what_make_scorer_refuses_is_a_reason(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """A keyword that this version's metric has not."""

        def refuse(*args: Any, **keywords: Any) -> Any:
            raise TypeError("no such keyword")

        monkeypatch.setattr("sklearn.metrics.make_scorer", refuse)
        assert scorer_of("sklearn.metrics.fbeta_score()") == (
            "sklearn.metrics.make_scorer refuses it (no such keyword)"
        )

    def test_the_callers_own_are_found_by_their_texts(self) -> None:
        """In any form of `scoring=`; one of several values by its key."""
        assert scorer_of(f"{__name__}.near_zero", {"a": near_zero, "b": "r2"}) is near_zero
        assert scorer_of(f"{__name__}.own_metric(weight=…)", make_scorer(own_metric, weight=object)) is not None
        picked = scorer_of(f"{__name__}.both_rates[ones]", both_rates)
        assert not isinstance(picked, str)
        assert picked(MODEL, X, y) == np.mean(MODEL.predict(X))
        assert isinstance(scorer_of(f"{__name__}.both_rates[ones]", near_zero), str)


class TestAsking:
    @pytest.mark.parametrize(
        ("scoring", "texts"),
        [
            (None, {"score": "score"}),
            ("score", {"score": "score"}),
            ("r2", {"score": "r2"}),
            ("sklearn.metrics.fbeta_score(beta=2)", {"score": "sklearn.metrics.fbeta_score(beta=2)"}),
            (near_zero, {"score": f"{__name__}.near_zero"}),
            (["r2", "accuracy"], {"r2": "r2", "accuracy": "accuracy"}),
            ({"r2", "accuracy"}, {"accuracy": "accuracy", "r2": "r2"}),
            ({"auc": "roc_auc", "own": near_zero}, {"auc": "roc_auc", "own": f"{__name__}.near_zero"}),
        ],
    )
    def test_keys_are_those_of_cross_validate(self, scoring: Any, texts: dict[str, str]) -> None:
        """So its result can be read by them."""
        found = {key: named.text for key, named in named_scorers(scoring).items()}
        assert list(found.items()) == list(texts.items())

    @pytest.mark.parametrize(
        ("scoring", "message", "hint"),
        [
            ("roc_acu", "has no scorer roc_acu", "Did you mean roc_auc"),
            ("zzzzzz", "has no scorer zzzzzz", "get_scorer_names"),
            ("acme.score", "acme.score is a scorer of the caller's own", "Give the scorer itself"),
            (3, "scoring= is an int", "Give the name"),
            ([near_zero], "scoring= is a list", "Give the name"),
            ({"a": 3}, "scoring= holds an int", "make_scorer"),
            ([], "scoring= is empty", "Name at least one"),
            (accuracy_score, "scoring= is accuracy_score, a metric", "make_scorer"),
            (
                {"a": lambda *_: 1.0, "b": lambda *_: 2.0},
                "two scorers of scoring= would both be kept",
                "a name of its own",
            ),
        ],
    )
    def test_what_names_no_scorer_is_refused(self, scoring: Any, message: str, hint: str) -> None:
        """With a way out."""
        with pytest.raises(UnsupportedError) as caught:
            named_scorers(scoring)
        assert message in caught.value.message
        assert hint in str(caught.value.hint)


def test_kernels_are_no_metrics() -> None:
    """Their names have a module more."""
    assert callable(pairwise.rbf_kernel)
    assert isinstance(scorer_of("sklearn.metrics.pairwise.rbf_kernel()"), str)


def test_texts_are_json_where_they_can_be() -> None:
    """Keywords are read back by the parser of json."""
    text = text_of(make_scorer(brier_score_loss, greater_is_better=False, pos_label='a") on x'))
    assert json.loads(text.partition("pos_label=")[2].rpartition(")")[0]) == 'a") on x'
    assert callable(scorer_of(text))
    assert scorers.OWN_METHOD == "score"
