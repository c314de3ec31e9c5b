"""Every estimator of scikit-learn, plain and in many variants, comes out of a glass file as it went in."""

from __future__ import annotations

import json
import os
import pickle
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import vitrify
from tests.conformance.known_differences import EXPECTED, NOT_BIT_EQUAL
from tests.support.equality import assert_same, differences
from tests.support.estimators import CASES, continue_training, output_calls

GROUPS = 16
NAMES = sorted(CASES)


def _dumps(model: Any) -> bytes:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", vitrify.errors.NotRestoredWarning)
        return vitrify.dumps(model)


def _assert_outputs(name: str, expected: dict[str, object], found: dict[str, object]) -> None:
    """Bit-equal, or equal to 1e-12 for the few whose outputs depend on where memory lies."""
    if name not in NOT_BIT_EQUAL:
        assert_same(expected, found)
        return
    assert list(expected) == list(found)
    for key, value in expected.items():
        other = found[key]
        if isinstance(value, (np.ndarray, float)) and np.asarray(value).dtype.kind == "f":
            np.testing.assert_allclose(np.asarray(other), np.asarray(value), rtol=1e-12, atol=1e-12)
        else:
            assert not differences(value, other)


@pytest.mark.parametrize("name", NAMES)
def test_a_model_comes_back_the_same(name: str) -> None:
    """Types, values, order and aliases of the whole object; parameters; bytes after a second dump; more training."""
    case = CASES[name].fit()
    data = _dumps(case.model)
    loaded = vitrify.loads(data)

    if name in EXPECTED:
        found = differences(case.model, loaded)
        assert len(found) == 1
        assert found[0].startswith(EXPECTED[name][0])
    else:
        assert_same(case.model, loaded)
    assert data == _dumps(loaded)

    import sklearn.base

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # of deprecated estimators
        cloned = sklearn.base.clone(loaded)
    assert type(cloned) is type(case.model)
    expected = {k: v for k, v in case.model.get_params(deep=False).items() if k != "memory"}
    params = {k: v for k, v in loaded.get_params(deep=False).items() if k != "memory"}
    assert not differences(expected, params)

    again = vitrify.loads(data)
    trained = continue_training(case.model, case.X, case.y)
    if trained is not None:
        trained_again = continue_training(again, case.X, case.y)
        if name not in NOT_BIT_EQUAL:
            _assert_outputs(name, output_calls(trained, case.X, case.y), output_calls(trained_again, case.X, case.y))


@pytest.mark.parametrize("group", range(GROUPS))
def test_models_predict_the_same_in_a_fresh_process(group: int, tmp_path: Path) -> None:
    """Every output method is bit-equal where nothing of this process exists, and the bytes are the same there."""
    names = NAMES[group::GROUPS]
    expected: dict[str, dict[str, object]] = {}
    for number, name in enumerate(names):
        case = CASES[name].fit()
        (tmp_path / f"{number}.glass").write_bytes(_dumps(case.model))
        with open(tmp_path / f"{number}.input", "wb") as stream:
            pickle.dump((case.X, case.y), stream)
        expected[name] = output_calls(case.model, case.X, case.y)
    child = [sys.executable, "-m", "tests.conformance.answer", str(tmp_path), str(len(names))]
    root = Path(__file__).parents[2]
    env = {**os.environ, "PYTHONHASHSEED": str(group + 1), "PYTHONPATH": os.pathsep.join(sys.path)}
    subprocess.run(child, check=True, cwd=root, env=env, timeout=600)
    report = json.loads((tmp_path / "report.json").read_text())

    for number, name in enumerate(names):
        assert report[str(number)] == "same bytes", name
        with open(tmp_path / f"{number}.output", "rb") as stream:
            _assert_outputs(name, expected[name], pickle.load(stream))
