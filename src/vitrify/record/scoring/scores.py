"""How good a model is: the scores of a cross-validation, a search or a holdout, fold by fold.

Nothing is run unless it is asked for: a fitted search gives the scores that it found, `scores=` those of the caller.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

import msgspec
import numpy as np

from vitrify.errors import StateError, UnsupportedError
from vitrify.graph.paths import cut
from vitrify.record.scoring.cloning import unfitted
from vitrify.record.scoring.folds import check_rows, count_folds, not_scored, run_folds, splits
from vitrify.record.scoring.scorers import OWN_METHOD, named_scorers, text_of
from vitrify.record.scoring.splitters import (
    INDICES,
    MAX_FOLDS,
    described,
    fold_digest,
    folds_digest,
    needs_groups,
    resolved,
    shown_name,
    type_name,
    with_folds,
)  # fmt: skip
from vitrify.record.summary import Score, Splitter
from vitrify.record.telling import Progress, told, warn_caller

_TEST: Final = "test_"


def capture_scores(
    model: Any,
    X: Any = None,
    y: Any = None,
    *,
    cv: Any = None,
    scoring: Any = None,
    scores: Any = None,
    groups: Any = None,
    holdout: Any = None,
    fingerprint: str = "",
    progress: Progress | None = None,
) -> tuple[Score, ...]:
    """All scores of a record: those of a fitted search, given ones, of a cross-validation, and of a holdout.

    Args:
        model: Fitted, for a search or a holdout.
        X: The training data.
        y: The targets.
        cv: Cross-validates, as in `cross_validate`; None runs nothing. With `scores` it says how their folds were made.
        scoring: The scorers, in any form that `cross_validate` takes; None for the model's own `score`.
        scores: What `cross_validate` or `cross_val_score` returned.
        groups: For splitters by groups.
        holdout: `(X, y)` that the model has not seen.
        fingerprint: Of the holdout's rows.
        progress: See `folds.run_folds`.

    Raises:
        UnsupportedError: What was asked for does not go together, or is not possible for this model.
        StateError: The data does not fit.
    """
    if scoring is not None and cv is None and scores is None and holdout is None:
        raise UnsupportedError(
            "scoring= scores nothing by itself", hint="Give cv=5 to cross-validate, scores= that you have, or holdout="
        )
    if groups is not None and cv is None:
        raise UnsupportedError("groups= is for a cross-validation", hint="Give cv=, such as GroupKFold(5)")
    found = list(of_search(model, y))
    if scores is not None:
        splitter = None if cv is None else resolved(model, cv, y)
        kept = None if splitter is None else described(splitter, has_groups=groups is not None)
        ready = given(scores, scoring=scoring, splitter=kept)
        found += ready if splitter is None else _with_folds_of(splitter, ready, X, y, groups)
    elif cv is not None:
        if X is None:
            raise UnsupportedError("cv= has no data to split", hint="Give X= and y=")
        found += cross_validated(model, X, y, cv=cv, scoring=scoring, groups=groups, progress=progress)
    if holdout is not None:
        if not isinstance(holdout, (tuple, list)) or len(holdout) != 2:
            raise UnsupportedError("holdout= is no pair", hint="Give holdout=(X_test, y_test)")
        rows, targets = holdout
        found += _held_out(model, rows, targets, scoring, fingerprint)
    return tuple(found)


def cross_validated(
    model: Any,
    X: Any,
    y: Any = None,
    *,
    cv: Any,
    scoring: Any = None,
    groups: Any = None,
    progress: Progress | None = None,
) -> tuple[Score, ...]:
    """One score for each scorer, with the numbers that scikit-learn's `cross_validate` gives.

    Raises:
        UnsupportedError: `cv` draws other folds each time, `scoring` names no scorer, or the model cannot be cloned.
        StateError: The data does not fit, or no fold could be fitted or scored.
    """
    clone = unfitted(model)
    check_rows(X, y, groups)
    scorers = named_scorers(scoring)
    splitter = resolved(model, cv, y)
    kept = described(splitter, has_groups=groups is not None)
    calls = {named.text: named.call for named in scorers.values()}
    folds = run_folds(clone, X, y, splitter=splitter, calls=calls, groups=groups, progress=progress)
    for text, (n_failed, error) in folds.failed.items():
        if text in folds.lost:
            raise folds.lost[text] from error
        message = f"{n_failed} of {len(folds.fit_seconds)} folds gave no {cut(text)} ({told(error)})"
        warn_caller(message)
    return tuple(
        Score(
            scorer=text,
            values=tuple(values),
            origin="cross_validate",
            fit_seconds=tuple(folds.fit_seconds),
            score_seconds=tuple(folds.score_seconds),
            splitter=with_folds(kept, len(values), folds.digest),
        )
        for text, values in folds.values.items()
    )


def given(scores: Any, *, scoring: Any = None, splitter: Splitter | None = None) -> tuple[Score, ...]:
    """Scores that the caller computed.

    Args:
        scores: What `cross_validate` returned, or an array as of `cross_val_score`.
        scoring: What it was called with; without it, scores keep the names that `cross_validate` gave them, and an
            unnamed one is called `score`.
        splitter: How the folds were made.

    Raises:
        UnsupportedError: It is nothing of these.
        StateError: They are not one number for each fold, or `scoring` does not name them.
    """
    if isinstance(scores, Mapping):
        tests = {str(key)[len(_TEST) :]: value for key, value in scores.items() if str(key).startswith(_TEST)}
        fit, score = (_seconds(scores.get(key, ()), key) for key in ("fit_time", "score_time"))
    else:
        tests, fit, score = {OWN_METHOD: scores}, (), ()
    if not tests:
        raise UnsupportedError(
            "scores= holds no test scores", hint="Give what cross_validate or cross_val_score returned"
        )
    named = {} if scoring is None else {key: scorer.text for key, scorer in named_scorers(scoring).items()}
    if scoring is not None and not set(tests) <= set(named):
        if not callable(scoring):
            raise StateError(
                f"scores= holds {cut(', '.join(sorted(tests)))}, and scoring= names {cut(', '.join(sorted(named)))}",
                hint="Give the scoring= that cross_validate was called with",
            )
        named = {key: f"{named[OWN_METHOD]}[{key}]" for key in tests}
    found = tuple(
        Score(
            scorer=named.get(key, key),
            values=_numbers(values, key),
            origin="given",
            fit_seconds=fit,
            score_seconds=score,
            splitter=None if splitter is None else with_folds(splitter, len(_numbers(values, key))),
        )
        for key, values in tests.items()
    )
    counts = {len(part) for one in found for part in (one.values, one.fit_seconds, one.score_seconds) if part}
    if len(counts) > 1:
        raise StateError(
            "scores= holds different numbers of folds", hint="Give what cross_validate returned, unchanged"
        )
    return found


def _with_folds_of(splitter: Any, found: tuple[Score, ...], X: Any, y: Any, groups: Any) -> tuple[Score, ...]:
    """Given scores with the digest of their folds, where these are given as well.

    Raises:
        StateError: The splitter makes another number of folds, or none.
    """
    n_folds: int | None = None
    with suppress(StateError):  # it may need rows or groups that are not here
        n_folds = count_folds(splitter, X, y, groups)
    n_scores = len(found[0].values)
    if n_folds is not None and n_folds != n_scores:
        raise StateError(
            f"scores= holds {n_scores:,} folds, and {shown_name(splitter)} makes {n_folds:,}",
            hint="Give the cv= that cross_validate was called with",
        )
    if type_name(splitter) != INDICES:
        return found
    digest = folds_digest([fold_digest(*fold) for fold in splits(splitter)])
    return tuple(
        msgspec.structs.replace(score, splitter=with_folds(score.splitter, n_scores, digest))
        for score in found
        if score.splitter is not None
    )


def _numbers(values: Any, what: str) -> tuple[float | None, ...]:
    try:
        array = np.asarray(values, np.float64)
    except (TypeError, ValueError) as error:
        raise UnsupportedError(
            f"scores= has {cut(what)} that are no numbers ({error})",
            hint="Give what cross_validate or cross_val_score returned",
        ) from error
    if array.ndim != 1 or not 0 < len(array) <= MAX_FOLDS:
        raise StateError(
            f"scores= has {cut(what)} of shape {array.shape}, where one number for each fold is needed",
            hint=f"Give 1 to {MAX_FOLDS:,} folds, as cross_validate returns them",
        )
    return tuple(value if np.isfinite(value) else None for value in array.tolist())


def _seconds(values: Any, what: str) -> tuple[float, ...]:
    return () if len(values) == 0 else tuple(value or 0.0 for value in _numbers(values, what))


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A fitted search.

    Attributes:
        search: Itself.
        before: The steps of the pipeline that it ends; None where it is the model.
    """

    search: Any
    before: Any = None


def search_in(model: Any) -> Found | None:
    """The fitted search that a model is, or that a pipeline ends with."""
    from_pipeline = getattr(model, "steps", None)
    if isinstance(from_pipeline, list) and from_pipeline and type(model).__module__ == "sklearn.pipeline":
        last = from_pipeline[-1][1]
        return Found(search=last, before=model[:-1] if len(from_pipeline) > 1 else None) if _is_search(last) else None
    return Found(search=model) if _is_search(model) else None


def _is_search(model: Any) -> bool:
    names = {cls.__name__ for cls in type(model).__mro__ if cls.__module__.startswith("sklearn.")}
    return "BaseSearchCV" in names and "cv_results_" in vars(model)


def of_search(search: Any, y: Any = None) -> tuple[Score, ...]:
    """What a fitted search found for its best candidate; nothing for other models, or where it names no best one.

    The splitter is kept where it can be repeated: not that of a halving search, which draws a part of the rows. A
    number of folds stands for stratified ones where the target has classes, which only `y` tells.
    """
    found = search_in(search)
    best = None if found is None else getattr(found.search, "best_index_", None)
    scorers: Any = None if found is None else getattr(found.search, "scorer_", None)
    if found is None or best is None or scorers is None:
        return ()
    results = found.search.cv_results_
    several = isinstance(scorers, Mapping)
    splitter = _splitter_of_search(found.search, y)
    scores = []
    for key in (name[len("split0_test_") :] for name in results if name.startswith("split0_test_")):
        values: list[float] = []
        while (name := f"split{len(values)}_test_{key}") in results:
            values.append(float(np.asarray(results[name])[best]))
        if several:
            text = text_of(scorers[key]) if key in scorers else key
        else:
            text = text_of(scorers) if key == OWN_METHOD else f"{text_of(scorers)}[{key}]"
        kept = None if splitter is None else with_folds(splitter, len(values))
        scores.append(Score(scorer=text, values=_numbers(values[:MAX_FOLDS], key), origin="search", splitter=kept))
    return tuple(scores)


def _splitter_of_search(search: Any, y: Any) -> Splitter | None:
    from sklearn.base import is_classifier

    cv = 5 if search.cv is None else search.cv
    if getattr(search, "n_resources_", None) is not None or (isinstance(cv, Iterable) and not hasattr(cv, "split")):
        return None
    if isinstance(cv, int) and y is None and is_classifier(search.estimator):
        return None
    try:
        splitter = resolved(search.estimator, cv, y)
        return described(splitter, has_groups=needs_groups(type_name(splitter)) is True)
    except UnsupportedError:
        return None


def holdout(model: Any, X: Any, y: Any, scoring: Any = None, *, fingerprint: str = "") -> Score:
    """What one scorer gives for a fitted model on data that it has not seen.

    Raises:
        UnsupportedError: `scoring` names no scorer, or several.
        StateError: The model is not fitted, or the data does not fit.
    """
    found = _held_out(model, X, y, scoring, fingerprint)
    if len(found) != 1:
        raise UnsupportedError(
            f"scoring= names {len(found)} scorers, where one is asked for", hint="Call once for each scorer"
        )
    return found[0]


def _held_out(model: Any, X: Any, y: Any, scoring: Any, fingerprint: str) -> list[Score]:
    check_rows(X, y)
    return [
        Score(scorer=text, values=(value,), origin="holdout", fingerprint=fingerprint)
        for named in named_scorers(scoring).values()
        for text, value in score_once(model, X, y, named.text, named.call).items()
    ]


def score_once(model: Any, X: Any, y: Any, text: str, call: Any) -> dict[str, float | None]:
    """What a scorer gives for a model as it is; several values where it returns a dict.

    Raises:
        StateError: It fails, or gives no number.
    """
    try:
        value = call(model, X) if y is None else call(model, X, y)
        several = {f"{text}[{key}]": one for key, one in value.items()} if isinstance(value, dict) else {text: value}
        numbers = {name: float(one) for name, one in several.items()}
    except Exception as error:  # a model raises what it likes
        raise not_scored(text, model, error, y) from error
    return {name: number if np.isfinite(number) else None for name, number in numbers.items()}
