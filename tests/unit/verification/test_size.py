"""What `verify` takes does not grow with more than the model: memory for it once, and each byte of the file twice."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from sklearn.neighbors import KNeighborsClassifier

import vitrify

ROOM_BYTES = 48 << 20
"""For blocks on their way, and for the distances of 32 probes to all rows, a part at a time."""

CHILD = """
import json, sys
import sklearn.neighbors
import vitrify

def told(file, name):
    lines = open(f"/proc/self/{file}", encoding="ascii", errors="replace")
    return next(int(line.split()[1]) for line in lines if line.startswith(f"{name}:"))

small, path = sys.argv[1:]
vitrify.verify(small)  # imports what verify needs
before = told("status", "VmRSS") << 10, told("io", "rchar")
report = vitrify.verify(path)
print(json.dumps({
    "ok": report.ok,
    "checks": [finding.check for finding in report.findings],
    "peak_bytes": (told("status", "VmHWM") << 10) - before[0],
    "read_bytes": told("io", "rchar") - before[1],
}))
"""


def _save(path: Path, n_rows: int, n_columns: int) -> Path:
    """A model that holds its training data, with the record of some rows of it."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n_rows, n_columns))
    y = (X[:, 0] > 0).astype(int)
    model = KNeighborsClassifier(algorithm="brute").fit(X, y)
    vitrify.dump(model, path, record=vitrify.capture(model, X[:100], y[:100]), compress=False)
    return path


@pytest.mark.skipif(sys.platform != "linux", reason="memory and reads are counted in /proc")
def test_a_model_of_100_megabytes_lies_in_memory_once(tmp_path: Path) -> None:
    """Verified with its probes: its blocks are read to be hashed, and again to be built."""
    small, large = _save(tmp_path / "small.glass", 100, 125), _save(tmp_path / "large.glass", 100_000, 125)
    n_bytes = large.stat().st_size
    assert 100e6 < n_bytes < 110e6
    command = [sys.executable, "-c", CHILD, str(small), str(large)]
    told = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
    assert told["ok"] is True
    assert told["checks"] == [
        "integrity", "versions", "content", "probes:predict", "probes:predict_proba", "probes:kneighbors",
        "probes:kneighbors_graph",
    ]  # fmt: skip
    assert told["peak_bytes"] < n_bytes + ROOM_BYTES
    assert n_bytes <= told["read_bytes"] < 2 * n_bytes + (8 << 20)
