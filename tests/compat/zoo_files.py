"""The whole zoo as files, and what becomes of them; run in an environment, with the files of another.

python -m tests.compat.zoo_files dump FOLDER      # NAME.glass, and NAME.npz with what the model answers
python -m tests.compat.zoo_files load FOLDER      # prints JSON: name → what `outcome` says
"""

from __future__ import annotations

import json
import sys
import warnings
from pathlib import Path
from typing import Any

import numpy as np

import vitrify
from tests.compat.answers import as_arrays, differing
from tests.support.estimators import CASES, output_calls
from vitrify.errors import VersionWarning, VitrifyError


def dump(folder: Path) -> None:
    """Fit every case, and write its file and its answers."""
    for name, case in CASES.items():
        fitted = case.fit()
        vitrify.dump(fitted.model, folder / f"{name}.glass")
        answers = output_calls(fitted.model, fitted.X, fitted.y, calls=fitted.calls)
        np.savez(folder / f"{name}.npz", **as_arrays(answers))


def outcome(file: Path) -> dict[str, Any]:
    """How it loads by default and with `versions="ignore"`, which warnings are ours, and which outputs differ."""
    found: dict[str, Any] = {"default": "model", "ignore": "model", "warned": [], "differs": []}
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            vitrify.load(file)
        except VitrifyError as error:
            found["default"] = f"{type(error).__name__}: {error}"
    found["warned"] = [issubclass(each.category, VersionWarning) for each in caught]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            model = vitrify.load(file, versions="ignore")
        except VitrifyError as error:
            found["ignore"] = f"{type(error).__name__}: {error}"
            return found
        found["differs"] = _differing(model, file)
    return found


def _differing(model: Any, file: Path) -> list[str]:
    if file.stem not in CASES:
        return []
    with np.load(file.with_suffix(".npz")) as before:
        expected = dict(before)
    X, y = CASES[file.stem].data().test()
    calls = tuple(dict.fromkeys(key.partition("|")[0] for key in expected))
    answers: dict[str, object] = {}
    for call in calls:
        try:
            answers |= output_calls(model, X, y, calls=(call,))
        except Exception as error:  # a method that is no more there
            answers[call] = type(error)
    return differing(expected, as_arrays(answers))


if __name__ == "__main__":
    where = Path(sys.argv[2])
    if sys.argv[1] == "dump":
        dump(where)
    else:
        print(json.dumps({file.stem: outcome(file) for file in sorted(where.glob("*.glass"))}))
