"""The oldest supported scikit-learn, in an environment of its own, and files that travel between versions."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pytest
from sklearn.exceptions import InconsistentVersionWarning

import vitrify
from tests.compat.environments import OLDEST, python_with, run
from vitrify.errors import VersionError, VersionWarning

_WRITE = """
import sys, numpy as np, vitrify
from sklearn.datasets import load_iris
from sklearn.ensemble import GradientBoostingRegressor, RandomForestClassifier
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeRegressor
X, y = load_iris(return_X_y=True)
folder = sys.argv[1]
for name, model in {
    "logistic": make_pipeline(StandardScaler(), LogisticRegression()),
    "ridge": Ridge(),
    "tree": DecisionTreeRegressor(random_state=0),
    "forest": RandomForestClassifier(5, random_state=0),
    "ovr": LogisticRegression(solver="liblinear"),
}.items():
    model.fit(X, y)
    vitrify.dump(model, f"{folder}/{name}.glass")
    np.save(f"{folder}/{name}.npy", model.predict(X))
"""


@pytest.fixture(scope="module")
def old_files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Files that the oldest environment wrote, with the predictions it made."""
    folder = tmp_path_factory.mktemp("old")
    done = run(python_with("oldest", OLDEST), "-c", _WRITE, str(folder))
    assert done.returncode == 0, done.stderr
    return folder


def test_every_estimator_on_the_oldest_scikit_learn() -> None:
    """The whole matrix, run where scikit-learn is 1.2 and numpy 1.23."""
    python = python_with("oldest", OLDEST)
    newest_only = ("--ignore", "tests/conformance/test_compiled_objects.py")  # a table of what the newest version has
    options = ("-q", "-p", "no:randomly", "-o", "addopts=", "-x", *newest_only)
    done = run(python, "-m", "pytest", "tests/conformance", *options)

    assert done.returncode == 0, done.stdout[-5000:] + done.stderr[-2000:]
    assert " passed" in done.stdout
    assert "skipped" not in done.stdout


@pytest.mark.parametrize("name", ["logistic", "ridge", "tree"])
def test_what_is_known_to_work_loads_with_one_warning(name: str, old_files: Path) -> None:
    """A warning that is ours and scikit-learn's, and the predictions of then."""
    from sklearn.datasets import load_iris

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        model = vitrify.load(old_files / f"{name}.glass")

    assert len(caught) == 1
    assert issubclass(caught[0].category, VersionWarning)
    assert issubclass(caught[0].category, InconsistentVersionWarning)
    assert "scikit-learn 1.2.2" in str(caught[0].message)
    expected = np.load(old_files / f"{name}.npy")
    found = model.predict(load_iris().data)
    np.testing.assert_array_equal(found, expected) if expected.dtype.kind == "i" else np.testing.assert_allclose(
        found, expected, rtol=1e-12
    )


@pytest.mark.parametrize("name", ["forest", "ovr"])
def test_what_is_known_to_go_wrong_is_refused(name: str, old_files: Path) -> None:
    """The error names the version to install; pickle predicts wrongly here."""
    with pytest.raises(VersionError, match=r"Install scikit-learn 1\.2\.\*"):
        vitrify.load(old_files / f"{name}.glass")


def test_versions_error_and_ignore(old_files: Path) -> None:
    """The caller decides."""
    with pytest.raises(VersionError, match=r"scikit-learn 1\.2\.2"):
        vitrify.load(old_files / "ridge.glass", versions="error")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        vitrify.load(old_files / "ridge.glass", versions="ignore")
    with pytest.raises(ValueError, match="versions="):
        vitrify.load(old_files / "ridge.glass", versions="whatever")
