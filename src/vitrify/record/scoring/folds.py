"""Cross-validation a fold at a time: what `cross_validate` gives, with progress, and with errors that say where.

Each fold is one call of scikit-learn's `cross_validate`, so cloning, cutting and scoring are its own.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

from vitrify.errors import StateError, UnsupportedError
from vitrify.graph.paths import with_article
from vitrify.record.data.tables import read_table
from vitrify.record.scoring.cloning import unfitted
from vitrify.record.scoring.scorers import Call
from vitrify.record.scoring.splitters import (
    MAX_FOLDS,
    fold_digest,
    folds_digest,
    needs_groups,
    shown_name,
    type_name,
)  # fmt: skip
from vitrify.record.telling import MAX_CHARS, Progress, told


@dataclass(frozen=True, slots=True, kw_only=True)
class Folds:
    """What the folds gave.

    Attributes:
        values: The text of a scorer → one value for each fold; None for what is not finite or failed.
        fit_seconds: For each fold.
        score_seconds: For each fold, all scorers together.
        failed: The text of a scorer → how many folds failed, and the first error.
        lost: The text of a scorer that no fold gave → why.
        digest: Of the rows of the folds, where no parameters of the splitter say which they are; else empty.
    """

    values: dict[str, list[float | None]] = field(default_factory=dict)
    fit_seconds: list[float] = field(default_factory=list)
    score_seconds: list[float] = field(default_factory=list)
    failed: dict[str, tuple[int, Exception]] = field(default_factory=dict)
    lost: dict[str, StateError] = field(default_factory=dict)
    digest: str = ""


def check_rows(X: Any, y: Any, groups: Any = None) -> int:
    """The number of rows.

    Raises:
        StateError: There are none, X, y and groups differ in it, or a target is missing.
    """
    n_rows = count_rows(X, "X")
    if n_rows == 0:
        raise StateError("X has no rows", hint="Give the rows that the model is trained on")
    for what, given in (("y", y), ("groups", groups)):
        if given is not None and (found := count_rows(given, what)) != n_rows:
            raise StateError(
                f"{what} has {found:,} rows, and X has {n_rows:,}", hint=f"Give one value of {what} for each row of X"
            )
    n_missing = 0 if y is None else _n_missing(y)
    if n_missing:
        raise StateError(
            f"{n_missing:,} of {n_rows:,} values of y are missing", hint="Leave out the rows whose target is missing"
        )
    return n_rows


def count_rows(data: Any, what: str) -> int:
    """The number of rows of whatever a model may take.

    Raises:
        UnsupportedError: It has none to count.
    """
    shape = getattr(data, "shape", None)
    if isinstance(shape, tuple) and shape:
        return int(shape[0])
    if shape is not None or not hasattr(data, "__len__"):
        raise UnsupportedError(
            f"{what} is {with_article(type(data).__name__)}, which has no rows",
            hint="Give an array, a DataFrame, or a list",
        )
    return len(data)


def _n_missing(y: Any) -> int:
    try:
        table = read_table(y, "y")
    except UnsupportedError:  # of a library whose tables are not read: its model may know better
        return 0
    return sum(int(column.read(0, table.n_rows).is_missing.sum()) for column in table.columns)


def run_folds(
    model: Any,
    X: Any,
    y: Any,
    *,
    splitter: Any,
    calls: Mapping[str, Call],
    groups: Any = None,
    progress: Progress | None = None,
) -> Folds:
    """Fit a clone on each training part, and score it on the rest.

    Args:
        model: Any estimator; it is left as it is.
        X: The rows.
        y: The targets, or None.
        splitter: As `splitters.resolved` gives it.
        calls: The scorers, by their texts.
        groups: For splitters by groups.
        progress: Called after each fold with the number done, of all, and the seconds since the first began.

    Raises:
        StateError: The data cannot be split, or no fold could be fitted.
        UnsupportedError: The model cannot be cloned, or the splitter does not take groups.
    """
    clone = unfitted(model)
    check_rows(X, y, groups)
    takes_groups = needs_groups(type_name(splitter))
    if takes_groups and groups is None:
        raise UnsupportedError(f"{type(splitter).__name__} splits by groups", hint="Give them as groups=")
    if takes_groups is False and groups is not None:
        raise UnsupportedError(
            f"{type(splitter).__name__} takes no notice of groups",
            hint="Leave groups= out, or choose a splitter such as GroupKFold",
        )
    total = count_folds(splitter, X, y, groups)
    begin = time.perf_counter()
    rows: list[dict[str, float | None]] = []
    digests: list[bytes] = []
    folds, scoring = Folds(), _Scoring(calls)
    first: Exception | None = None
    for train, test in splits(splitter, X, y, groups):
        if takes_groups is None:  # a splitter that no parameters describe
            digests.append(fold_digest(train, test))
        try:
            fold = _one(clone, X, y, train, test, scoring)
        except Exception as error:  # noqa: BLE001 a model's fit raises what it likes; the first one is told
            first = first or error
            fold = {}
        rows.append({text: _finite(fold[f"test_{text}"][0]) for text in scoring.texts if f"test_{text}" in fold})
        folds.fit_seconds.append(float(fold["fit_time"][0]) if fold else 0.0)
        folds.score_seconds.append(float(fold["score_time"][0]) if fold else 0.0)
        if progress is not None:
            progress(len(rows), max(total, len(rows)), time.perf_counter() - begin)
    if first is not None and not any(rows):
        raise not_fitted(model, first) from first
    for text in scoring.texts:
        folds.values[text] = [row.get(text) for row in rows]
        lost = [error for name, error in scoring.errors if name == text]
        n_lost = len(lost) + sum(not row for row in rows)
        if n_lost:
            folds.failed[text] = (n_lost, first or lost[0])
        if n_lost == len(rows):
            folds.lost[text] = not_fitted(model, first) if first else not_scored(text, model, lost[0], y)
    return replace(folds, digest=folds_digest(digests))


def count_folds(splitter: Any, X: Any, y: Any, groups: Any = None) -> int:
    """How many folds it makes.

    Raises:
        StateError: It cannot split this data, or makes more folds than a record holds.
    """
    try:
        n_splits = int(splitter.get_n_splits(X, y, groups))
    except Exception as error:  # a splitter may be the caller's own: it raises what it likes
        raise _not_split(splitter, error) from error
    if n_splits > MAX_FOLDS:
        raise StateError(
            f"{shown_name(splitter)} makes {n_splits:,} folds, more than the {MAX_FOLDS:,} that a record holds",
            hint="Choose a splitter with fewer folds, such as cv=10",
        )
    return n_splits


def splits(splitter: Any, X: Any = None, y: Any = None, groups: Any = None) -> Iterator[tuple[Any, Any]]:
    """The rows to train on and to test with, fold by fold.

    Raises:
        StateError: It cannot split this data, or makes no folds.
    """
    n_folds = 0
    try:
        for train, test in splitter.split(X, y, *(() if groups is None else (groups,))):
            n_folds += 1
            yield train, test
    except Exception as error:  # a splitter may be the caller's own: it raises what it likes
        raise _not_split(splitter, error) from error
    if n_folds == 0:
        raise StateError(f"{shown_name(splitter)} makes no folds", hint="Choose another splitter, or a number of folds")


def _not_split(splitter: Any, error: Exception) -> StateError:
    return StateError(
        f"{shown_name(splitter)} cannot split this data ({told(error)})",
        hint="Choose fewer folds, or another splitter",
    )


def _one(clone: Any, X: Any, y: Any, train: Any, test: Any, scoring: _Scoring) -> dict[str, Any]:
    from sklearn.model_selection import cross_validate

    found: dict[str, Any] = cross_validate(clone, X, y, cv=[(train, test)], scoring=scoring, error_score="raise")
    return found


class _Scoring:
    """All scorers as one: where one fails, the others still score."""

    def __init__(self, calls: Mapping[str, Call]) -> None:
        self.calls = dict(calls)
        self.texts: dict[str, None] = {}
        self.errors: list[tuple[str, Exception]] = []
        self._together = _together(self.calls)

    def __call__(self, model: Any, X: Any, y: Any = None) -> dict[str, float]:
        data = (X,) if y is None else (X, y)
        found: dict[str, Any] = {}
        if self._together is not None:
            with suppress(Exception):  # each is asked again by itself below
                found = self._together(model, *data)
        for text, call in self.calls.items():
            if text in found and not isinstance(found[text], str):
                continue
            try:
                found[text] = call(model, *data)
            except Exception as error:  # noqa: BLE001 a scorer may be the caller's own: it raises what it likes
                found[text] = float("nan")
                self.errors.append((text, error))
        return self._numbers(found)

    def _numbers(self, found: dict[str, Any]) -> dict[str, float]:
        numbers: dict[str, float] = {}
        for text in self.calls:
            several = found[text] if isinstance(found[text], dict) else None
            named = {f"{text}[{key}]": value for key, value in several.items()} if several else {text: found[text]}
            for name, value in named.items():
                self.texts.setdefault(name)
                try:
                    numbers[name] = float(value)
                except (TypeError, ValueError) as error:
                    numbers[name] = float("nan")
                    self.errors.append((name, error))
        return numbers


def _together(calls: Mapping[str, Call]) -> Call | None:
    """A scorer that predicts once for all; None where scikit-learn has none (before 1.6), or one is enough."""
    from inspect import signature

    from sklearn.metrics import check_scoring

    if len(calls) < 2 or "raise_exc" not in signature(check_scoring).parameters:
        return None
    together: Call = check_scoring(scoring=dict(calls), raise_exc=False)
    return together


def _finite(value: Any) -> float | None:
    number = float(value)
    return number if number - number == 0 else None


def not_fitted(model: Any, error: Exception) -> StateError:
    """Why the data does not train the model."""
    text = str(error)
    hint = "The model's own message is in brackets: check X and y"
    if "could not convert string" in text or "to numeric" in text:
        hint = "Encode columns of text first, as in a Pipeline with an OrdinalEncoder"
    elif "NaN" in text or "missing values" in text:
        hint = "Fill missing values first, as in a Pipeline with a SimpleImputer"
    return StateError(f"{type(model).__name__} cannot be fitted on this data ({told(error)})", hint=hint)


def not_scored(text: str, model: Any, error: Exception, y: Any) -> StateError:
    """Why a scorer gives nothing."""
    from sklearn.exceptions import NotFittedError

    kind = type(model).__name__
    if isinstance(error, NotFittedError):
        return StateError(f"this {kind} is not fitted yet", hint="Call fit first")
    hint = "Choose a scorer that fits the model and the target, such as roc_auc_ovr for several classes"
    if any(words in str(error) for words in ("feature", "2D array")):
        hint = "Give X with the columns that the model was trained on"
    elif y is None:
        hint = "Give y, if the scorer compares with it"
    return StateError(f"{text[:MAX_CHARS]} cannot score a {kind} on this data ({told(error)})", hint=hint)
