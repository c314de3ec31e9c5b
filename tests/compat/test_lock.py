"""An environment that uv makes from what `vitrify lock` writes, and the model in it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import vitrify
from tests.compat.environments import ROOT
from tests.unit.cli.terminal import run

X = np.random.default_rng(0).normal(size=(60, 4))
y = (X[:, 0] + X[:, 1] > 0).astype(int)
_LOAD = """
import json, sys, warnings
from importlib.metadata import distributions
import numpy as np
warnings.simplefilter("error")
import vitrify
model = vitrify.load(sys.argv[1])
np.save(sys.argv[3], model.predict_proba(np.load(sys.argv[2])))
found = {one.metadata["Name"].lower().replace("_", "-"): one.version for one in distributions()}
print(json.dumps({"file": vitrify.__file__, "found": found}))
"""


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with a whole record, data, what the model predicts, and the requirements."""
    folder = tmp_path_factory.mktemp("locked")
    model = make_pipeline(StandardScaler(), LogisticRegression()).fit(X, y)
    vitrify.dump(model, folder / "churn.glass", record=vitrify.capture(model, X, y, cv=3, scoring="roc_auc"))
    np.save(folder / "X.npy", X)
    np.savez(folder / "train.npz", X=X, y=y)
    np.save(folder / "expected.npy", model.predict_proba(X))
    done = run("lock", str(folder / "churn.glass"), "-o", str(folder / "requirements.txt"))
    assert (done.returncode, done.stderr) == (0, b"")
    return folder


@pytest.fixture(scope="module")
def python(files: Path) -> Path:
    """The interpreter of an environment with the requirements, and with this vitrify installed."""
    uv = shutil.which("uv") or str(Path(sys.executable).with_name("uv"))
    interpreter = files / "env" / ("Scripts" if os.name == "nt" else "bin") / "python"
    subprocess.run([uv, "venv", "--quiet", "--python", sys.executable, str(files / "env")], check=True)
    # Else uv would take a wheel that it built earlier, when other modules stood here.
    install = [uv, "pip", "install", "--quiet", "--python", str(interpreter), "--reinstall-package", "vitrify"]
    subprocess.run([*install, "-r", str(files / "requirements.txt"), str(ROOT)], check=True)
    return interpreter


def test_the_file_loads_and_predicts_in_an_environment_made_from_its_lock(files: Path, python: Path) -> None:
    """The versions are those of the lock, nothing warns, and the probabilities are the same to the last bit."""
    words = [str(python), "-I", "-c", _LOAD, *(str(files / name) for name in ("churn.glass", "X.npy", "found.npy"))]
    done = subprocess.run(words, cwd=files, capture_output=True, text=True, check=False, timeout=300)
    assert (done.returncode, done.stderr) == (0, "")
    told = json.loads(done.stdout)
    assert Path(told["file"]).is_relative_to(files / "env")
    np.testing.assert_array_equal(np.load(files / "found.npy"), np.load(files / "expected.npy"))
    lines = (files / "requirements.txt").read_text().splitlines()
    pins = dict(line.split("==") for line in lines if not line.startswith("#"))
    assert {"numpy", "scipy", "scikit-learn", "joblib", "threadpoolctl", "vitrify"} <= set(pins)
    assert pins.items() <= told["found"].items()


def test_the_file_verifies_there(files: Path, python: Path) -> None:
    """Bytes, content, versions, every output, the data and the scores of a new cross-validation."""
    command = [str(python), "-I", "-m", "vitrify", "verify", "churn.glass", "--data", "train.npz", "--json"]
    done = subprocess.run(command, cwd=files, capture_output=True, text=True, check=False, timeout=300)
    assert (done.returncode, done.stderr) == (0, "")
    report = json.loads(done.stdout)
    assert report["ok"] is True
    checks = {finding["check"] for finding in report["findings"] if finding["status"] == "pass"}
    wanted = {"integrity", "content", "versions", "probes:predict", "probes:predict_proba", "data", "schema"}
    assert {*wanted, "scores:roc_auc"} <= checks
