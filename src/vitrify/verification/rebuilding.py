"""Training a model anew from its parameters, and telling how the new one differs from the old."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from vitrify.errors import UnsupportedError
from vitrify.record.attached import Attached
from vitrify.record.data.same_data import is_same_data_as
from vitrify.record.data.schema import Misfit, Schema, misfits
from vitrify.record.data.tables import read_table
from vitrify.record.scoring.cloning import unfitted
from vitrify.record.scoring.comparing import NoScore, Range, in_range, rerun_all
from vitrify.record.scoring.folds import check_rows, not_fitted
from vitrify.record.scoring.scores import of_search, search_in
from vitrify.record.scoring.splitters import needs_groups, type_name
from vitrify.record.summary import Score, Summary
from vitrify.record.telling import Progress
from vitrify.verification.outputs import OutputComparison, compared_outputs


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreComparison:
    """A stored score and that of the new model.

    Attributes:
        before: As it is stored.
        after: The new one; None where there is none.
        range: How they compare; None where there is none.
        message: The same in a sentence, or why there is no new score.
    """

    before: Score
    after: Score | None
    range: Range | None
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Rebuilt:
    """A model that was trained anew.

    Attributes:
        model: It.
        is_same_data: Whether it was trained on the very rows and targets of the old one, as far as the record says.
        misfits: What of its data does not fit what the old one expects.
        scores: One comparison for each stored score but holdouts.
        outputs: One comparison for each method of the probes.
    """

    model: Any
    is_same_data: bool
    misfits: tuple[Misfit, ...]
    scores: tuple[ScoreComparison, ...]
    outputs: tuple[OutputComparison, ...]

    @property
    def new_scores(self) -> tuple[Score, ...]:
        """The scores of the new model, for its own record."""
        return tuple(score.after for score in self.scores if score.after is not None)


def rebuild(
    model: Any,
    summary: Summary,
    attached: Attached,
    X: Any,
    y: Any = None,
    *,
    groups: Any = None,
    scoring: Any = None,
    cv: Any = None,
    progress: Progress | None = None,
) -> Rebuilt:
    """Fit a clone of the model on data, run the stored cross-validation on it, and compare both with the record.

    Args:
        model: As it was loaded; it is left as it is.
        summary: Of its record.
        attached: Of its record.
        X: The rows to train on: those of before, or others.
        y: The targets.
        groups: For splitters by groups.
        scoring: Scorers of the caller's own, which no file holds.
        cv: The same for the splitter.
        progress: See `record.folds.run_folds`.

    Raises:
        UnsupportedError: The model has no `fit`, or cannot be cloned.
        StateError: X, y and groups do not belong together, or the model cannot be fitted on them.
        FormatError: The record does not say what it says it does.
    """
    new = unfitted(model)
    n_rows = check_rows(X, y, groups)
    found = _misfits(summary, attached, X)
    keywords = _fit_keywords(new, groups)
    try:
        if y is None:
            new.fit(X, **keywords)
        else:
            new.fit(X, y, **keywords)
    except Exception as error:  # whatever a model's fit raises
        raise not_fitted(new, error) from error
    is_same_data = is_same_data_as(summary, X, y)
    stored = [score for score in summary.scores if score.origin != "holdout"]
    again = _again(new, stored, X, y, groups, scoring, cv, progress)
    return Rebuilt(
        model=new,
        is_same_data=is_same_data,
        misfits=found,
        scores=tuple(_compared(old, now, is_same_data, n_rows) for old, now in zip(stored, again, strict=True)),
        outputs=tuple(compared_outputs(new, attached.probes)),
    )


def _misfits(summary: Summary, attached: Attached, X: Any) -> tuple[Misfit, ...]:
    """None where the record keeps nothing of the columns, or X is of a library that is not read."""
    if summary.data is None:
        return ()
    try:
        return tuple(misfits(Schema.of(attached.columns, summary.data), read_table(X)))
    except UnsupportedError:
        return ()


def _fit_keywords(model: Any, groups: Any) -> dict[str, Any]:
    """The groups, for a search whose folds need them."""
    steps = getattr(model, "steps", None)
    name, last = steps[-1] if isinstance(steps, list) and steps else ("", model)
    cv = getattr(last, "cv", None)
    if groups is None or not hasattr(cv, "split") or needs_groups(type_name(cv)) is False:
        return {}
    return {f"{name}__groups" if name else "groups": groups}


def _again(
    new: Any, stored: list[Score], X: Any, y: Any, groups: Any, scoring: Any, cv: Any, progress: Progress | None
) -> list[Score | NoScore]:
    """Each score for the new model; what its search found by itself needs no second run."""
    searched = {score.scorer: score for score in of_search(new, y)} if search_in(new) is not None else {}
    gone = NoScore(reason="its search gives no such score any more", has_failed=True)
    found: list[Score | NoScore] = [searched.get(score.scorer, gone) for score in stored]
    rest = [i for i, score in enumerate(stored) if score.origin != "search"]
    ran = rerun_all(
        new, [stored[i] for i in rest], X, y, groups=groups, scoring=scoring, cv=cv, progress=progress
    )  # fmt: skip
    for i, score in zip(rest, ran, strict=True):
        found[i] = score
    return found


def _compared(before: Score, after: Score | NoScore, is_same_data: bool, n_rows: int) -> ScoreComparison:
    if isinstance(after, NoScore):
        return ScoreComparison(before=before, after=None, range=None, message=after.reason)
    compared = in_range(before, after, is_same_data=is_same_data, n_rows=n_rows)
    return ScoreComparison(before=before, after=after, range=compared, message=compared.message)
