"""Is a score still in the same range as before? Fold by fold, by a rule that `in_range` states."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from vitrify.errors import UnsupportedError
from vitrify.record.scoring.rerunning import NoScore, passed_over, rerun, rerun_all
from vitrify.record.scoring.splitters import FOLDS, is_repeatable, overlap
from vitrify.record.summary import Score, Splitter

__all__ = ["NoScore", "Range", "in_range", "passed_over", "rerun", "rerun_all"]

CONFIDENCE: Final = 0.95
SMALL_SHARE: Final = 0.1
ROUNDING: Final = 1e-9
LARGEST: Final = 1e150  # whose square is still a number


@dataclass(frozen=True, slots=True, kw_only=True)
class Range:
    """How a score compares with the one before; see `in_range` for the rule.

    Attributes:
        scorer: Its text.
        verdict: `same`, `in range`, `out of range`, or `incomparable` where there are too few numbers.
        method: `paired` folds, `means` of folds that have no partner, or single `values`.
        before: The mean of the stored folds that were compared.
        after: The mean of the new ones.
        low: The lower end of the interval for after − before.
        high: The upper end.
        differences: For paired folds, after − before; None where one of them is not finite.
        message: All this in a sentence, with the rule.
    """

    scorer: str
    verdict: Literal["same", "in range", "out of range", "incomparable"]
    method: Literal["paired", "means", "values"]
    message: str
    before: float | None = None
    after: float | None = None
    low: float | None = None
    high: float | None = None
    differences: tuple[float | None, ...] = ()

    @property
    def is_in_range(self) -> bool:
        """Whether the score is the same, or in the same range."""
        return self.verdict in ("same", "in range")


def in_range(stored: Score, again: Score, *, is_same_data: bool = True, n_rows: int = 0) -> Range:
    """Whether a score is in the same range as the one before.

    Folds that come from one splitter and the same data are compared one by one: d = after − before for each of the k
    folds. The interval for the mean of d is that of Student's t with k − 1 degrees of freedom at 95 %, two-sided, and
    the variance of d times (1 / k + n_test / n_train), since training sets overlap (Nadeau and Bengio, Inference for
    the Generalization Error, Machine Learning 52, 2003). Folds without a partner are compared by their means with
    Welch's interval, which takes them for independent.

    The score is `same` if all folds are equal, and `in range` if zero lies in the interval, or if the mean differs by
    no more than a tenth of the standard deviation of the stored folds, or if the difference and its interval are
    rounding: 1e-9 of the largest score. It is out of range, too, where a fold has no finite score any more that had
    one, and where it has become better. Single values have no spread: they are in range if they differ by rounding.

    Args:
        stored: From the record.
        again: As `rerun` gave it.
        is_same_data: Whether both come from the same rows; otherwise folds have no partner.
        n_rows: How many rows; needed for splitters whose test size is a number of rows.
    """
    old, new = stored.values, again.values
    is_paired = is_same_data and len(old) == len(new) and _is_same_split(stored.splitter, again.splitter)
    if is_same_data and old == new and any(value is not None for value in old):
        mean = _mean([value for value in old if value is not None])
        message = "the score is the same" if len(old) == 1 else f"all {len(old)} folds are the same"
        return Range(
            scorer=stored.scorer,
            verdict="same",
            method="paired" if is_paired and len(old) > 1 else "values" if len(old) == 1 else "means",
            message=message,
            before=mean,
            after=mean,
            differences=(0.0,) * len(old) if is_paired and None not in old else (),
        )
    if any(value is not None and abs(value) > LARGEST for value in (*old, *new)):
        message = f"a score beyond {LARGEST:g} cannot be compared"
        return Range(scorer=stored.scorer, verdict="incomparable", method="values", message=message)
    if is_paired and len(old) > 1:
        return _paired(stored, again, n_rows)
    return _unpaired(stored, again)


def _is_same_split(one: Splitter | None, other: Splitter | None) -> bool:
    """Whether both make the same folds: parameters say so of scikit-learn's own, of others the digest of the folds."""
    if one is None or other is None or (one.type, one.parameters) != (other.type, other.parameters):
        return False
    return is_repeatable(one) or FOLDS in one.parameters


def _paired(stored: Score, again: Score, n_rows: int) -> Range:
    pairs = list(zip(stored.values, again.values, strict=True))
    differences = tuple(None if old is None or new is None else new - old for old, new in pairs)
    both = [(old, new) for old, new in pairs if old is not None and new is not None]
    n_lost = sum(old is not None and new is None for old, new in pairs)
    if n_lost or len(both) < 2:
        lost = f"{n_lost} of {len(pairs)} folds have no finite score any more"
        return Range(
            scorer=stored.scorer,
            verdict="out of range" if n_lost else "incomparable",
            method="paired",
            message=lost if n_lost else f"only {len(both)} of {len(pairs)} folds have a finite score in both",
            differences=differences,
        )
    moved = [new - old for old, new in both]
    n_folds = len(moved)
    factor = 1 / n_folds + overlap(stored.splitter, len(pairs), n_rows)
    half = _quantile(n_folds - 1) * math.sqrt(factor) * _deviation(moved)
    text = f"95 % interval of the difference in {n_folds} paired folds, with training sets that overlap"
    return _ruled(stored, [old for old, _ in both], [new for _, new in both], half, text, "paired", differences)


def _unpaired(stored: Score, again: Score) -> Range:
    old = [value for value in stored.values if value is not None]
    new = [value for value in again.values if value is not None]
    if len(old) == len(new) == 1:
        return _ruled(stored, old, new, 0.0, "no interval, as there is one value each", "values")
    if len(old) < 2 or len(new) < 2:
        message = f"{len(old)} finite scores before and {len(new)} now are too few to be compared"
        verdict: Literal["out of range", "incomparable"] = "out of range" if old and not new else "incomparable"
        return Range(scorer=stored.scorer, verdict=verdict, method="means", message=message)
    parts = [_deviation(values) ** 2 / len(values) for values in (old, new)]
    error = math.sqrt(sum(parts))
    half = 0.0
    if error:
        shares = [part / sum(parts) for part in parts]
        freedom = 1 / sum(s**2 / (len(v) - 1) for s, v in zip(shares, (old, new), strict=True))
        half = _quantile(freedom) * error
    text = f"95 % interval of the difference by Welch, as {len(old)} folds before and {len(new)} now are no pairs"
    return _ruled(stored, old, new, half, text, "means")


def _ruled(
    stored: Score,
    old: list[float],
    new: list[float],
    half: float,
    how: str,
    method: Literal["paired", "means", "values"],
    differences: tuple[float | None, ...] = (),
) -> Range:
    before, after = _mean(old), _mean(new)
    moved = _mean([b - a for a, b in zip(old, new, strict=True)]) if method == "paired" else after - before
    deviation = _deviation(old)
    low, high = moved - half, moved + half
    numbers = f"{before:.4g} before, {after:.4g} now"
    if max(abs(moved), high - low) <= ROUNDING * max(map(abs, (*old, *new))):
        verdict, why = True, "the difference is rounding"
    elif low <= 0 <= high:
        verdict, why = True, "zero lies in it"
    elif abs(moved) <= SMALL_SHARE * deviation:
        verdict, why = True, f"but the difference is at most a tenth of the folds' spread of {deviation:.2g}"
    else:
        verdict = False
        why = f"zero lies outside, and the difference exceeds a tenth of the folds' spread of {deviation:.2g}"
    interval = how if method == "values" else f"{how}: {low:+.3g} to {high:+.3g}"
    result = "in the same range" if verdict else "higher than before" if moved > 0 else "lower than before"
    return Range(
        scorer=stored.scorer,
        verdict="in range" if verdict else "out of range",
        method=method,
        message=f"{result}: {numbers} ({interval}; {why})",
        before=before,
        after=after,
        low=low,
        high=high,
        differences=differences,
    )


def _mean(values: Sequence[float]) -> float:
    return math.fsum(values) / len(values)


def _deviation(values: Sequence[float]) -> float:
    if len(values) < 2:
        return 0.0
    mean = _mean(values)
    return math.sqrt(math.fsum((value - mean) ** 2 for value in values) / (len(values) - 1))


def _quantile(freedom: float) -> float:
    """Of Student's t, two-sided."""
    try:
        from scipy.special import stdtrit
    except ImportError as error:
        raise UnsupportedError("comparing scores needs scipy", hint="Install scipy") from error
    return float(stdtrit(freedom, (1 + CONFIDENCE) / 2))
