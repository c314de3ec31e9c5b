"""A few modules of scikit-learn's own tests, run with every fitted estimator sent through a file."""

from __future__ import annotations

import re

import pytest

from tests.upstream.expected import Expected
from tests.upstream.plugin import METHODS
from tests.upstream.run import Outcome, modules, report, run_module

EXPECTED = Expected.read()

# Module → at least so many estimators of so many classes go through in it.
FAST = {
    "sklearn.tree.tests.test_monotonic_tree": (200, 6),
    "sklearn.linear_model.tests.test_base": (150, 1),
    "sklearn.preprocessing.tests.test_label": (80, 3),
    "sklearn.feature_extraction.tests.test_text": (450, 5),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", FAST)
def test_what_a_test_of_scikit_learn_fits_comes_back(name: str) -> None:
    """Nothing is refused or different that the list does not explain, and its tests pass with what was loaded."""
    outcome = run_module(name, limit_s=120)

    n_estimators, n_classes = FAST[name]
    assert outcome.unexpected(EXPECTED) == [], report(outcome, EXPECTED)
    assert outcome.tests["passed"] > 0
    assert outcome.counts["loaded"] >= n_estimators
    assert len(outcome.types) >= n_classes


def test_the_run_would_say_what_is_refused_or_different() -> None:
    """Each kind of thing that can be noted is a line, unless an entry of the list explains it."""
    outcome = Outcome()
    for kind in ("refused", "defect", "difference", "warning"):
        outcome.noted.append({"kind": kind, "subject": "a.B", "text": "what", "test": "t.py::test", "n": 2})
    outcome.failed["t.py::test"] = {"use": "all", "text": "AssertionError"}
    outcome.trouble.append("t: took more than 1 s")

    found = outcome.unexpected(Expected(entries=()))

    assert [line.partition(":")[0] for line in found] == [
        "refused",
        "defect",
        "difference",
        "warning",
        "fails (all)",
        "t",
    ]


def test_the_list_gives_a_reason_for_each_entry() -> None:
    """Entries are of known kinds, with patterns that compile and sentences that say why; defects only in one test."""
    for entry in EXPECTED.entries:
        assert entry.kind in {"refused", "defect", "difference", "warning", "fails"}, entry
        assert entry.tests or entry.kind != "defect", entry
        assert len(entry.reason.split()) >= 4, entry
        assert entry.match, entry
        re.compile(entry.match)
        re.compile(entry.tests)


def test_modules_with_compiled_objects_come_first_and_all_are_chosen() -> None:
    """The order of a full run, and how a part of it is chosen."""
    names = modules()

    assert names[0].startswith("sklearn.tree.tests.")
    assert "sklearn.ensemble._hist_gradient_boosting.tests.test_gradient_boosting" in names
    assert "sklearn.tests.test_common" in names
    assert modules("tree.tests.test_tree") == ["sklearn.tree.tests.test_tree"]


def test_every_method_that_fits_is_hooked() -> None:
    """No estimator has another public method whose name says that it fits."""
    from sklearn.utils import all_estimators

    found = {name for _, cls in all_estimators() for name in dir(cls) if re.match("(partial_)?fit", name)}

    assert found - {"fit_intercept"} == set(METHODS)
