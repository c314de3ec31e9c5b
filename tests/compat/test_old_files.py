"""Files that an older scikit-learn wrote with a record, and what is said of them here."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.datasets import load_diabetes, load_iris
from sklearn.tree import DecisionTreeClassifier

import vitrify
from tests.compat.files import make_progress
from vitrify.errors import VerificationError, VersionError

FILES = Path(__file__).parent / "files"
FLOWERS, PROGRESS = FILES / "flowers-1.3.glass", FILES / "progress-1.5.glass"
FLOWER = [[5.1, 3.5, 1.4, 0.2]]


def statuses(report: vitrify.Report) -> dict[str, str]:
    """Check → status."""
    return {finding.check: finding.status for finding in report.findings}


def test_a_tree_that_would_give_counts_is_refused() -> None:
    """The change is known: the error names the version that the file needs."""
    with pytest.raises(VersionError, match=r"scikit-learn 1\.3\.2.* class counts.* Install scikit-learn 1\.3\.\*"):
        vitrify.load(FLOWERS)


def test_asked_not_to_look_at_versions_it_gives_counts() -> None:
    """A probability of 50, as a pickle of such a tree gives it: of 50 setosas, all fell into one leaf."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model = vitrify.load(FLOWERS, versions="ignore")

    assert model.predict_proba(FLOWER).tolist() == [[50.0, 0.0, 0.0]]
    again = DecisionTreeClassifier(max_depth=2, random_state=0).fit(*load_iris(return_X_y=True))
    assert again.predict_proba(FLOWER).tolist() == [[1.0, 0.0, 0.0]]


def test_the_probes_find_it_without_knowing_versions() -> None:
    """So do changes that nobody has listed."""
    with pytest.raises(VerificationError, match=r"predict_proba: 54 of 96 values differ.*50\.0, was 1\.0") as caught:
        vitrify.load(FLOWERS, versions="ignore", verify="probes")

    assert caught.value.message.startswith("flowers-1.3.glass: the model does not predict what it did")
    assert "predict:" not in caught.value.message


def test_verify_says_both() -> None:
    """The labels and the leaves are what they were; the probabilities are not."""
    report = vitrify.verify(FLOWERS)

    assert not report.ok
    assert statuses(report) == {
        "integrity": "pass",
        "versions": "fail",
        "content": "pass",
        "probes:predict": "pass",
        "probes:predict_proba": "fail",
        "probes:predict_log_proba": "fail",
        "probes:apply": "pass",
        "probes:decision_path": "pass",
    }
    assert not vitrify.verify(FLOWERS, skip=["versions"]).ok


def test_a_forest_that_no_change_touches_is_verified() -> None:
    """Other versions are a warning; the probes and the scores are as before."""
    X, y = load_diabetes(return_X_y=True, as_frame=True, scaled=False)
    report = vitrify.verify(PROGRESS, X, y)

    assert report.ok
    found = statuses(report)
    assert found["versions"] == "warn"
    assert {found[f"probes:{method}"] for method in ("predict", "apply", "decision_path")} == {"pass"}
    assert (found["schema"], found["scores:r2"]) == ("pass", "pass")


def test_the_file_of_the_tutorial_is_that_of_its_script() -> None:
    """What the script notes down is in the file; the script that made it reads the page."""
    record = vitrify.inspect(PROGRESS).record

    assert record.versions["sklearn"] == "1.5.2"
    for text in (record.notes, *record.authors, record.license, record.data.reference.uri):  # type: ignore[union-attr]
        assert f'"{text}"' in make_progress.script()
    model = vitrify.load(PROGRESS, versions="ignore")
    names: dict[str, Any] = {}
    exec(make_progress.script().split("record =")[0], names)
    X = load_diabetes(return_X_y=True, as_frame=True, scaled=False)[0]
    np.testing.assert_allclose(model.predict(X), names["model"].predict(X), rtol=0.05)
