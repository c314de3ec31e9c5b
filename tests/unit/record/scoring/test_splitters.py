"""What is kept of splitters, and which are made again."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn import model_selection
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.model_selection import (
    GroupKFold,
    GroupShuffleSplit,
    KFold,
    LeaveOneGroupOut,
    LeaveOneOut,
    LeavePGroupsOut,
    LeavePOut,
    PredefinedSplit,
    RepeatedKFold,
    RepeatedStratifiedKFold,
    ShuffleSplit,
    StratifiedGroupKFold,
    StratifiedKFold,
    StratifiedShuffleSplit,
    TimeSeriesSplit,
)

from vitrify.errors import UnsupportedError
from vitrify.record.scoring.splitters import described, needs_groups, overlap, resolved, splitter_of
from vitrify.record.summary import Splitter

X = np.arange(48.0).reshape(24, 2)
y = np.arange(24) % 2
GROUPS = np.arange(24) // 4

REPEATABLE = [
    KFold(4),
    KFold(4, shuffle=True, random_state=3),
    StratifiedKFold(3, shuffle=True, random_state=np.int64(3)),
    GroupKFold(3),
    StratifiedGroupKFold(3, shuffle=True, random_state=1),
    RepeatedKFold(n_splits=3, n_repeats=2, random_state=5),
    RepeatedStratifiedKFold(n_splits=3, n_repeats=2, random_state=5),
    ShuffleSplit(3, test_size=0.25, random_state=1),
    StratifiedShuffleSplit(3, test_size=6, train_size=10, random_state=1),
    GroupShuffleSplit(3, random_state=1),
    TimeSeriesSplit(3, gap=1, max_train_size=9),
    LeaveOneOut(),
    LeavePOut(2),
    LeaveOneGroupOut(),
    LeavePGroupsOut(2),
]


def folds_of(splitter: Any) -> list[tuple[list[int], list[int]]]:
    groups = GROUPS if needs_groups(f"sklearn.model_selection.{type(splitter).__name__}") else None
    return [(train.tolist(), test.tolist()) for train, test in splitter.split(X, y, groups)]


class Halves:
    """A splitter of the caller's."""

    def __init__(self, random_state: Any = 0) -> None:
        self.random_state = random_state
        self.rows = np.arange(3)
        self.ratio = float("nan")
        self._hidden = 1


class OwnFolds(KFold):
    pass


class TestKept:
    @pytest.mark.parametrize("splitter", REPEATABLE, ids=lambda s: type(s).__name__)
    def test_every_splitter_comes_back_with_the_same_folds(self, splitter: Any) -> None:
        """Through plain parameters."""
        again = splitter_of(described(splitter))
        assert type(again) is type(splitter)
        assert folds_of(again) == folds_of(splitter)

    def test_all_splitters_of_scikit_learn_are_listed_but_one(self) -> None:
        """A predefined split is as long as the data."""
        names = {
            name
            for name in dir(model_selection)
            if isinstance(cls := getattr(model_selection, name, None), type) and hasattr(cls, "split")
        }
        abstract = {"BaseCrossValidator", "BaseShuffleSplit"}
        assert names - abstract - {type(one).__name__ for one in REPEATABLE} == {"PredefinedSplit"}

    @pytest.mark.parametrize(
        ("splitter", "type_", "parameters"),
        [
            (KFold(4), "sklearn.model_selection.KFold", {"n_splits": 4, "shuffle": False, "random_state": None}),
            (
                RepeatedKFold(n_splits=3, n_repeats=2, random_state=np.int64(5)),
                "sklearn.model_selection.RepeatedKFold",
                {"n_splits": 3, "n_repeats": 2, "random_state": 5},
            ),
            (PredefinedSplit([0, 1, 0]), "sklearn.model_selection.PredefinedSplit", {}),
            (resolved(LinearRegression(), [([0], [1])], y), "builtins.list", {"cv": None}),
            (Halves(), f"{__name__}.Halves", {"random_state": 0}),
            (OwnFolds(3), f"{__name__}.OwnFolds", {"n_splits": 3, "shuffle": False, "random_state": None}),
        ],
    )
    def test_the_parameters_are_plain(self, splitter: Any, type_: str, parameters: dict[str, Any]) -> None:
        """What JSON has no form for is left out."""
        kept = described(splitter, has_groups=True, n_splits=7)
        expected = {} if type_ == "builtins.list" else parameters
        assert kept == Splitter(type=type_, parameters=expected, n_splits=7, has_groups=True)

    @pytest.mark.parametrize(
        "splitter",
        [
            KFold(4, shuffle=True),
            ShuffleSplit(3),
            RepeatedKFold(n_splits=2, n_repeats=2),
            StratifiedKFold(3, shuffle=True, random_state=np.random.RandomState(0)),
            Halves(random_state=None),
            Halves(random_state=True),
        ],
        ids=lambda s: type(s).__name__,
    )
    def test_folds_that_nobody_can_repeat_are_refused(self, splitter: Any) -> None:
        """The hint says what to give."""
        with pytest.raises(UnsupportedError, match="cannot be repeated") as caught:
            described(splitter)
        assert caught.value.hint == "Give it a number as random_state="

    @pytest.mark.parametrize(
        ("model", "cv", "target", "kind"),
        [
            (LogisticRegression(), 4, y, StratifiedKFold),
            (LogisticRegression(), None, y, StratifiedKFold),
            (LinearRegression(), 4, y, KFold),
            (LogisticRegression(), 4, None, KFold),
            (LogisticRegression(), KFold(3), y, KFold),
        ],
    )
    def test_a_number_is_the_splitter_that_scikit_learn_takes(
        self, model: Any, cv: Any, target: Any, kind: type
    ) -> None:
        """Stratified for the targets of a classifier."""
        assert type(resolved(model, cv, target)) is kind

    @pytest.mark.parametrize("cv", ["five", 1, 3.5, object()])
    def test_what_splits_nothing_is_refused(self, cv: Any) -> None:
        """With the reason that scikit-learn gives."""
        with pytest.raises(UnsupportedError, match="cv= does not say how to split") as caught:
            resolved(LinearRegression(), cv, y)
        assert isinstance(caught.value.__cause__, (ValueError, TypeError))


class TestBack:
    @pytest.mark.parametrize(
        ("stored", "reason"),
        [
            (Splitter(type="os.system"), "its folds came from os.system, which no file holds"),
            (Splitter(type="sklearn.model_selection.GridSearchCV"), "which no file holds"),
            (Splitter(type="sklearn.model_selection._split.KFold"), "which no file holds"),
            (Splitter(type="sklearn.model_selection.KFold", parameters={"b": 1, "a": 2}), "no parameters a, b"),
            (Splitter(type="sklearn.model_selection.KFold", parameters={"n_splits": "x"}), "cannot be made"),
            (Splitter(type="sklearn.model_selection.KFold", parameters={"n_splits": 1}), "cannot be made"),
        ],
    )
    def test_what_a_file_says_is_looked_up_in_a_table(self, stored: Splitter, reason: str) -> None:
        """Nothing else is imported, made or raised."""
        found = splitter_of(stored)
        assert isinstance(found, str)
        assert reason in found

    def test_a_splitter_that_is_not_here_is_a_reason(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """As with a scikit-learn that has no such class yet."""
        monkeypatch.delattr(model_selection, "StratifiedGroupKFold")
        found = splitter_of(Splitter(type="sklearn.model_selection.StratifiedGroupKFold"))
        assert found == "sklearn.model_selection.StratifiedGroupKFold is not in this version of scikit-learn"

    def test_parameters_of_later_versions_are_dropped_where_they_say_nothing(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """GroupKFold has `shuffle` since 1.6 only."""

        class Old:
            def __init__(self, n_splits: int = 5) -> None:
                self.n_splits = n_splits

        stored = described(GroupKFold(3))
        shuffled = described(GroupKFold(3, shuffle=True, random_state=1))
        monkeypatch.setattr(model_selection, "GroupKFold", Old)
        assert splitter_of(stored).n_splits == 3
        assert "cannot be made with the stored parameters" in splitter_of(shuffled)

    def test_the_callers_own_is_taken_where_it_is_of_the_stored_kind(self) -> None:
        """Another one is not."""
        own = Halves()
        assert splitter_of(described(own), own) is own
        assert isinstance(splitter_of(described(own), KFold(3)), str)
        assert isinstance(splitter_of(described(KFold(3)), own), KFold)


def measured(splitter: Any) -> float:
    """Rows tested for each row trained on, over all folds."""
    folds = folds_of(splitter)
    return sum(len(test) for _, test in folds) / sum(len(train) for train, _ in folds)


@pytest.mark.parametrize(
    "splitter",
    [
        KFold(4),
        RepeatedKFold(n_splits=3, n_repeats=2, random_state=5),
        ShuffleSplit(3, test_size=0.25, random_state=1),
        ShuffleSplit(3, train_size=0.5, random_state=1),
        StratifiedShuffleSplit(3, test_size=6, train_size=12, random_state=1),
        GroupShuffleSplit(3, random_state=1, test_size=0.5),
        TimeSeriesSplit(3),
        LeaveOneOut(),
        LeavePOut(2),
        LeaveOneGroupOut(),
        LeavePGroupsOut(2),
    ],
    ids=lambda s: type(s).__name__,
)
def test_the_overlap_is_that_of_the_folds(splitter: Any) -> None:
    """As counted."""
    assert overlap(described(splitter), len(folds_of(splitter)), 24) == pytest.approx(measured(splitter))


@pytest.mark.parametrize(
    ("splitter", "n_folds", "expected"),
    [
        (None, 5, 1 / 4),
        (None, 1, 1.0),
        (Splitter(type="acme.Folds"), 3, 1 / 2),
        (described(ShuffleSplit(4, random_state=0)), 4, 1 / 9),
        (described(GroupShuffleSplit(4, random_state=0)), 4, 1 / 4),
        (described(ShuffleSplit(4, test_size=10, random_state=0)), 4, 1 / 9),
        (Splitter(type="sklearn.model_selection.ShuffleSplit", parameters={"test_size": 7.5}), 5, 1 / 4),
        (Splitter(type="sklearn.model_selection.LeavePOut", parameters={"p": "x"}), 5, 1 / 4),
        (Splitter(type="sklearn.model_selection.LeavePOut", parameters={"p": -1}), 5, 1 / 4),
        (
            Splitter(type="sklearn.model_selection.RepeatedKFold", parameters={"n_splits": "x", "n_repeats": 2}),
            5,
            1 / 4,
        ),
    ],
)
def test_an_overlap_that_is_not_known_is_that_of_equal_parts(
    splitter: Splitter | None, n_folds: int, expected: float
) -> None:
    """Or that of the defaults."""
    assert overlap(splitter, n_folds, 0) == pytest.approx(expected)
