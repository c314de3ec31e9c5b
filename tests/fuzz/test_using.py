"""What the fuzzer sees: accesses beyond arrays, endless training, models that cannot be saved."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.fuzz import guard, using
from tests.support.estimators import FittedCase
from vitrify.errors import UnsupportedError

COMPILER = pytest.mark.skipif(shutil.which("cc") is None, reason="the guard needs a compiler; without one it is off")
PEEK = """
import ctypes, sys
import numpy as np
from tests.fuzz import guard
assert guard.enable() == (sys.argv[1] == "guarded")
array = np.ones(64)
beyond = (ctypes.c_double * 128).from_address(array.ctypes.data)
print(beyond[63], flush=True)
beyond[64] = beyond[64]
"""
CASE = FittedCase(model=None, X=np.zeros((2, 1)), y=np.zeros(2), calls=("predict",))


@COMPILER
@pytest.mark.parametrize(("how", "code"), [("guarded", -signal.SIGSEGV), ("plain", 0)])
def test_one_step_beyond_an_array_is_a_crash_under_the_guard_alone(tmp_path: Path, how: str, code: int) -> None:
    """Elsewhere it goes unseen."""
    environment = os.environ | (guard.build(tmp_path) if how == "guarded" else {})
    done = subprocess.run(
        [sys.executable, "-c", PEEK, how], capture_output=True, text=True, env=environment, check=False
    )
    assert done.stdout == "1.0\n", done.stderr
    assert done.returncode == code


@COMPILER
def test_guarded_memory_holds_what_is_put_there(tmp_path: Path) -> None:
    """Blocks that grow, shrink and are freed, among thousands of others."""
    code = "import tests.fuzz.test_using as t; t.churn()"
    environment = os.environ | guard.build(tmp_path)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=False)
    assert done.stderr == ""
    assert done.stdout == "guarded True\n"


def churn() -> None:
    """Fill arrays of many sizes, and look at them again after others came and went."""
    print("guarded", guard.enable())
    random = np.random.default_rng(0)
    kept: dict[int, Any] = {}
    for step in range(40_000):
        key = int(random.integers(3000))
        if key in kept:
            value, array = kept.pop(key)
            assert (array == value).all()
        kept[key] = step, np.full(int(random.integers(3000)), step)
        if step % 7 == 0:
            value, array = kept[key]
            array.resize(2 * array.size, refcheck=False)
            array[:] = value


class Model:
    """Writes down what it is asked for."""

    def __init__(self, seconds: float = 0.0) -> None:
        self.asked: list[str] = []
        self.seconds = seconds

    def __deepcopy__(self, memo: object) -> Model:
        return self

    def __reduce__(self) -> Any:
        return "somewhere"

    def predict(self, X: Any) -> None:
        self.asked.append("predict")
        raise RuntimeError

    def sample(self) -> None:
        self.asked.append("sample")

    def _repr_html_(self) -> None:
        self.asked.append("html")

    def __repr__(self) -> str:
        self.asked.append("repr")
        return ""

    def partial_fit(self, X: Any, y: Any) -> None:
        self.asked.append("partial_fit")
        end = time.monotonic() + self.seconds
        while time.monotonic() < end:
            pass
        self.asked.append("trained")


@pytest.mark.parametrize("shown", [True, False])
def test_a_model_is_asked_shown_saved_and_trained_on(shown: bool) -> None:
    """Errors of its own change nothing; that it cannot be saved comes out."""
    model = Model()
    with pytest.raises(UnsupportedError, match=r"Model\.__reduce__ gives 'somewhere'"):
        using.use(model, CASE, shown=shown)
    html = ["html"] if shown else []
    assert model.asked == ["predict", "repr", *html, "sample", "partial_fit", "trained"]


def test_training_stops_after_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """And leaves no alarm behind."""
    monkeypatch.setattr(using, "TRAINING_S", 0.1)
    model = Model(seconds=60)
    with pytest.raises(UnsupportedError, match=r"Model\.__reduce__ gives 'somewhere'"):
        using.use(model, CASE)
    assert model.asked[-1] == "partial_fit"
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)
