"""What "in the same range as before" means, number by number."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import pytest
from scipy import stats

from vitrify.errors import UnsupportedError
from vitrify.record.scoring.comparing import in_range
from vitrify.record.summary import Score, Splitter

FIVE = Splitter(
    type="sklearn.model_selection.KFold",
    parameters={"n_splits": 5, "shuffle": False, "random_state": None},
    n_splits=5,
)
BEFORE = (0.81, 0.84, 0.79, 0.86, 0.82)


def score(values: tuple[float | None, ...], splitter: Splitter | None = FIVE) -> Score:
    return Score(scorer="r2", values=values, origin="cross_validate", splitter=splitter)


def moved(*by: float) -> tuple[float, ...]:
    return tuple(value + step for value, step in zip(BEFORE, by, strict=True))


class TestPaired:
    @pytest.mark.parametrize(
        ("after", "verdict", "word"),
        [
            (BEFORE, "same", "all 5 folds are the same"),
            (moved(0.01, -0.01, 0.02, -0.02, 0.01), "in range", "zero lies in it"),
            (moved(-0.001, -0.0011, -0.001, -0.0012, -0.001), "in range", "at most a tenth of the folds' spread"),
            (moved(-0.1, -0.11, -0.1, -0.12, -0.1), "out of range", "lower than before"),
            (moved(0.1, 0.11, 0.1, 0.12, 0.1), "out of range", "higher than before"),
            ((0.1, 0.9, 0.2, 0.8, 0.3), "in range", "zero lies in it"),
            ((None, *BEFORE[1:]), "out of range", "1 of 5 folds have no finite score any more"),
            ((None,) * 5, "out of range", "5 of 5 folds have no finite score any more"),
        ],
    )
    def test_the_rule(self, after: tuple[float | None, ...], verdict: str, word: str) -> None:
        """In words and in the verdict."""
        found = in_range(score(BEFORE), score(after))
        assert (found.verdict, found.method) == (verdict, "paired")
        assert found.is_in_range == (verdict in ("same", "in range"))
        assert word in found.message

    def test_the_interval_is_that_of_nadeau_and_bengio(self) -> None:
        """Computed here from the paper's formula, with n_test / n_train = 1 / 4."""
        after = moved(-0.05, 0.01, -0.03, 0.02, -0.04)
        d = np.subtract(after, BEFORE)
        half = stats.t.ppf(0.975, 4) * np.sqrt((1 / 5 + 1 / 4) * d.var(ddof=1))
        found = in_range(score(BEFORE), score(after))
        assert found.low == pytest.approx(d.mean() - half)
        assert found.high == pytest.approx(d.mean() + half)
        assert found.before == pytest.approx(np.mean(BEFORE))
        assert found.after == pytest.approx(np.mean(after))
        assert found.differences == pytest.approx(d)
        assert f"{found.low:+.3g} to {found.high:+.3g}" in found.message

    def test_the_same_step_in_every_fold_is_out_of_range(self) -> None:
        """Its interval is a point; up to rounding."""
        before = (0.5, 0.25, 0.75, 0.5, 0.25)
        assert in_range(score(before), score(tuple(v + 0.125 for v in before))).verdict == "out of range"
        again = in_range(score((0.5,) * 5), score((0.5 + 1e-12,) * 5))
        assert (again.verdict, "rounding" in again.message) == ("in range", True)

    @pytest.mark.parametrize("size", [1e-30, 1.0, 1e30])
    def test_the_rule_knows_no_unit(self, size: float) -> None:
        """Errors of a regression may be as small or large as they like."""
        before = score(tuple(-size * value for value in BEFORE))
        for factor, verdict in ((1.5, "out of range"), (1 + 1e-12, "in range")):
            after = tuple(-size * factor * value for value in BEFORE)
            assert in_range(before, score(after)).verdict == verdict
            assert in_range(before, score(after, None)).verdict == verdict

    def test_folds_that_never_had_a_score_do_not_count(self) -> None:
        """Those that have one in both do."""
        before, after = (None, 0.5, 0.75, 0.5, 0.25), (None, 0.75, 0.5, 0.75, 0.125)
        found = in_range(score(before), score(after))
        assert found.differences == (None, 0.25, -0.25, 0.25, -0.125)
        assert (found.before, found.verdict) == (0.5, "in range")
        assert in_range(score(before), score(before)).verdict == "same"
        assert in_range(score((None,) * 5), score((None,) * 5)).verdict == "incomparable"
        assert "only 1 of 5" in in_range(score((0.5, *(None,) * 4)), score((0.75, *(None,) * 4))).message


class TestMeans:
    @pytest.mark.parametrize("type_", ["builtins.list", "sklearn.model_selection.PredefinedSplit", "acme.Folds"])
    def test_folds_that_no_parameters_describe_are_pairs_only_with_the_same_digest(self, type_: str) -> None:
        after = (0.80, 0.83, 0.75, 0.88, 0.70)
        digests: tuple[dict[str, Any], ...] = ({}, {"folds_digest": "0e"}, {"folds_digest": "1f"})
        kinds = [Splitter(type=type_, parameters=one, n_splits=5) for one in digests]
        methods = [[in_range(score(BEFORE, one), score(after, other)).method for other in kinds] for one in kinds]
        assert methods == [["means"] * 3, ["means", "paired", "means"], ["means", "means", "paired"]]

    @pytest.mark.parametrize("case", ["no splitter", "another", "other data", "other number"])
    def test_folds_without_partners_are_compared_by_welch(self, case: str) -> None:
        """With the interval that scipy gives."""
        after = (0.80, 0.83, 0.75, 0.88, 0.70)
        if case == "other number":
            after = after[:3]
        splitter = {"no splitter": None, "another": Splitter(type="acme.Folds")}.get(case, FIVE)
        found = in_range(score(BEFORE), score(after, splitter), is_same_data=case != "other data")
        expected = stats.ttest_ind(after, BEFORE, equal_var=False).confidence_interval(0.95)
        assert (found.method, found.verdict) == ("means", "in range")
        assert (found.low, found.high) == pytest.approx((expected.low, expected.high))
        assert "by Welch" in found.message

    def test_another_mean_is_out_of_range(self) -> None:
        """Also where there is no spread at all."""
        assert in_range(score(BEFORE, None), score(tuple(v - 0.3 for v in BEFORE), None)).verdict == "out of range"
        assert in_range(score((0.5, 0.5), None), score((0.75, 0.75, 0.75), None)).verdict == "out of range"
        assert in_range(score((0.5, 0.5), None), score((0.5, 0.5), None)).verdict == "same"

    def test_spread_that_is_tiny_or_on_one_side_alone(self) -> None:
        """Squares that vanish do not divide by nothing."""
        found = in_range(score((0.5, 0.5), None), score((1e-170, 2e-170, 3e-170), None))
        assert found.verdict == "out of range"
        assert found.high is not None
        assert found.high < 0

    @pytest.mark.parametrize(
        ("before", "after", "verdict"),
        [
            ((0.5,), (0.5,), "same"),
            ((0.5,), (0.5 + 1e-12,), "in range"),
            ((0.5,), (0.6,), "out of range"),
            ((0.5,), (None,), "out of range"),
            ((None,), (0.5,), "incomparable"),
            ((0.5,), (0.5, 0.6), "incomparable"),
            ((), (), "incomparable"),
            ((1e200, 0.0), (0.0, 1e200), "incomparable"),
        ],
    )
    def test_single_values(
        self, before: tuple[float | None, ...], after: tuple[float | None, ...], verdict: str
    ) -> None:
        """Have no spread."""
        found = in_range(score(before, None), score(after, None))
        assert found.verdict == verdict
        assert found.message


def test_false_alarms_are_rare_where_nothing_has_changed() -> None:
    """Folds that share most of their training rows, and a model that draws: 5 % or fewer are out of range."""
    random = np.random.default_rng(0)
    alarms = 0
    for _ in range(400):
        folds = random.normal(0.8, 0.02, 5)
        one, other = (folds + random.normal(0, 0.01) * 0.2 + random.normal(0, 0.01, 5) for _ in range(2))
        alarms += not in_range(score(tuple(one.tolist())), score(tuple(other.tolist()))).is_in_range
    assert alarms / 400 <= 0.05


def test_without_scipy_there_is_no_interval(monkeypatch: pytest.MonkeyPatch) -> None:
    """The error says what to install."""
    monkeypatch.setitem(sys.modules, "scipy.special", None)
    with pytest.raises(UnsupportedError, match="comparing scores needs scipy") as caught:
        in_range(score(BEFORE), score(moved(0.1, 0.2, 0.1, 0.1, 0.1)))
    assert caught.value.hint == "Install scipy"
