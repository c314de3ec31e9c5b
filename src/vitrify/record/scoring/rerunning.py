"""The stored scores again, on clones of the model, in the versions that are here.

What a file says of splitter and scorer is looked up in closed tables; nothing is imported because a file names it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from vitrify.errors import StateError, UnsupportedError
from vitrify.graph.paths import cut
from vitrify.record.scoring.cloning import unfitted
from vitrify.record.scoring.folds import Folds, check_rows, not_fitted, run_folds
from vitrify.record.scoring.scorers import OWN_METHOD, Call, scorer_of
from vitrify.record.scoring.scores import score_once, search_in
from vitrify.record.scoring.splitters import described, is_repeatable, needs_groups, resolved, splitter_of, with_folds
from vitrify.record.summary import Score, Splitter
from vitrify.record.telling import Progress


@dataclass(frozen=True, slots=True, kw_only=True)
class NoScore:
    """Why a stored score could not be had again.

    Attributes:
        reason: In words.
        has_failed: Whether the model was asked and gave none; else what asks it is not here: scorer, folds or groups.
    """

    reason: str
    has_failed: bool = False


def rerun(
    model: Any,
    score: Score,
    X: Any,
    y: Any = None,
    *,
    groups: Any = None,
    scoring: Any = None,
    cv: Any = None,
    progress: Progress | None = None,
) -> Score | NoScore:
    """The same score again, with the versions that are here, or why that is not possible.

    See `rerun_all`, which fits only once for several scorers.
    """
    return rerun_all(model, [score], X, y, groups=groups, scoring=scoring, cv=cv, progress=progress)[0]


def rerun_all(
    model: Any,
    scores: Iterable[Score],
    X: Any,
    y: Any = None,
    *,
    groups: Any = None,
    scoring: Any = None,
    cv: Any = None,
    progress: Progress | None = None,
) -> list[Score | NoScore]:
    """For each score the same again, or why that is not possible.

    A cross-validation fits clones of the model; that of a search, of its best candidate. A holdout is scored with the
    model as it is.

    Args:
        model: As it was loaded.
        scores: From the record.
        X: The rows: the training data, or for holdouts the holdout.
        y: The targets.
        groups: For splitters by groups.
        scoring: Scorers of the caller's own, which no file holds; see `scorers.scorer_of`.
        cv: The same for the splitter.
        progress: See `folds.run_folds`.

    Raises:
        StateError: X, y and groups do not belong together.
        UnsupportedError: `scoring` or `cv` is nothing that scikit-learn takes.
    """
    check_rows(X, y, groups)
    stored = list(scores)
    found: list[Score | NoScore] = [NoScore(reason="") for _ in stored]
    calls: list[Call | None] = [None for _ in stored]
    for i, score in enumerate(stored):
        if score.origin == "given" and score.scorer == OWN_METHOD:
            found[i] = NoScore(reason="it was given without the name of its scorer")
            continue
        named = scorer_of(score.scorer, scoring)
        if isinstance(named, str):
            another = "" if "." in score.scorer else f": give another as scoring={{{cut(score.scorer)!r}: …}}"
            found[i] = NoScore(reason=named + another)
        else:
            calls[i] = named
    own = None if cv is None else resolved(model, cv, y)
    for members in _alike(stored, calls):
        one = stored[members[0]]
        asked = {stored[i].scorer: call for i in members if (call := calls[i]) is not None}
        again: Folds | NoScore
        try:
            if one.origin == "holdout":
                again = _on_holdout(model, X, y, asked)
            else:
                again = _folds(model, one, X, y, groups, own, asked, progress)
        except StateError as error:
            again = _failed(one, y, error)
        except UnsupportedError as error:
            again = NoScore(reason=str(error))
        for i in members:
            found[i] = again if isinstance(again, NoScore) else _again(stored[i], again, y, own)
    return found


def _failed(score: Score, y: Any, error: StateError) -> NoScore:
    """What was not run when the model was saved may be a score with a target that the record does not know."""
    if y is None and score.origin in ("given", "search"):
        return NoScore(reason=f"{error}. If the model was trained with a target, give y")
    return NoScore(reason=str(error), has_failed=True)


def passed_over(model: Any, scores: Iterable[Score], cv: Any, y: Any) -> str:
    """The type of the stored splitter that is used where the caller gives another; empty where theirs is needed.

    Raises:
        UnsupportedError: `cv` is nothing that scikit-learn takes.
    """
    own = resolved(model, cv, y)
    stored = [score.splitter for score in scores if score.splitter is not None]
    if not stored or not all(map(is_repeatable, stored)):
        return ""
    try:
        given = described(own)
    except UnsupportedError:  # it draws other folds each time
        return stored[0].type
    is_other = all((one.type, one.parameters) != (given.type, given.parameters) for one in stored)
    return stored[0].type if is_other else ""


def _alike(stored: Sequence[Score], calls: Sequence[Call | None]) -> list[list[int]]:
    """Scores that come from the same fits."""
    groups: list[list[int]] = []
    for i, score in enumerate(stored):
        if calls[i] is None:
            continue
        for members in groups:
            one = stored[members[0]]
            if (one.splitter, one.origin) == (score.splitter, score.origin):
                members.append(i)
                break
        else:
            groups.append([i])
    return groups


def _again(score: Score, folds: Folds, y: Any, cv: Any) -> Score | NoScore:
    if score.scorer in folds.lost:
        return _failed(score, y, folds.lost[score.scorer])
    values = folds.values.get(score.scorer)
    if values is None:
        return NoScore(reason=f"{cut(score.scorer)} gives no single number any more", has_failed=True)
    used = _used(score.splitter, cv)
    return Score(
        scorer=score.scorer,
        values=tuple(values),
        origin="cross_validate" if score.origin == "given" else score.origin,
        fit_seconds=tuple(folds.fit_seconds),
        score_seconds=tuple(folds.score_seconds),
        splitter=None if used is None else with_folds(used, len(values), folds.digest),
        fingerprint=score.fingerprint,
    )


def _used(stored: Splitter | None, cv: Any) -> Splitter | None:
    """What made the new folds: the stored splitter, or the caller's in its place; None if none could again."""
    if stored is None or is_repeatable(stored):
        return stored
    try:
        return described(cv, has_groups=stored.has_groups)
    except UnsupportedError:
        return None


def _on_holdout(model: Any, X: Any, y: Any, calls: dict[str, Call]) -> Folds:
    folds = Folds()
    for text, call in calls.items():
        try:
            folds.values.update({name: [value] for name, value in score_once(model, X, y, text, call).items()})
        except StateError as error:
            folds.lost[text] = error
    return folds


def _folds(
    model: Any, score: Score, X: Any, y: Any, groups: Any, cv: Any, calls: dict[str, Call], progress: Progress | None
) -> Folds | NoScore:
    stored = score.splitter
    if stored is None:
        return NoScore(reason="the record does not say how its folds were made, or they cannot be repeated")
    splitter = splitter_of(stored, cv)
    if isinstance(splitter, str):
        return NoScore(reason=splitter)
    if (needs_groups(stored.type) or stored.has_groups) and groups is None:
        return NoScore(reason=f"{cut(stored.type)} splits by groups: give them as groups=")
    if not stored.has_groups and not needs_groups(stored.type):
        groups = None
    if score.origin == "search":
        trained = _best_of(model, X, y)
        if isinstance(trained, NoScore):
            return trained
        model, X = trained
    return run_folds(model, X, y, splitter=splitter, calls=calls, groups=groups, progress=progress)


def _best_of(model: Any, X: Any, y: Any) -> tuple[Any, Any] | NoScore:
    """The best candidate of a search, unfitted, and the rows as it saw them."""
    from sklearn.base import clone

    found = search_in(model)
    parameters = None if found is None else getattr(found.search, "best_params_", None)
    if found is None or parameters is None:
        return NoScore(reason="the model is no fitted search, so its best candidate is not known")
    try:
        best = clone(found.search.estimator).set_params(**clone(parameters, safe=False))
    except (TypeError, ValueError, RuntimeError) as error:
        return NoScore(reason=f"the best candidate of the search cannot be made here ({error})")
    if found.before is None:
        return best, X
    before = unfitted(found.before)
    try:
        return best, before.fit_transform(X, y)
    except Exception as error:  # whatever a model's fit raises
        raise not_fitted(before, error) from error
