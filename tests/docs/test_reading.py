"""The security model's table of what to read: complete, and its figures are right."""

from __future__ import annotations

import fnmatch
import sys
import tomllib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

import numpy as np
import pandas as pd
import pytest
import scipy.sparse
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.neighbors import KNeighborsClassifier
from sklearn.svm import SVC

import vitrify
from tests.docs import reading
from tests.docs.pages import ROOT

SAMPLE = '''"""A module.

Two lines.
"""

# A comment.
X = 1  # another


class C:
    """A class."""  # of no use

    name: str
    """What it is called."""

    def method(self) -> str:
        """Nothing else."""
        return """
        three lines
        """


def f(a: str = "b") -> None:
    (
        "no docstring", a,
    )
'''


def measured() -> list[str]:
    """The modules of which `make coverage` asks every branch."""
    report = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["coverage"]["report"]
    every = [path.relative_to(ROOT).as_posix() for path in reading.SOURCE.rglob("*.py")]
    return [path for path in every if any(fnmatch.fnmatch(path, pattern) for pattern in report["include"])]


def listed() -> list[str]:
    """The modules of the table."""
    return [module.relative_to(ROOT).as_posix() for modules, _ in reading.rows() for module in modules]


@contextmanager
def watched() -> Iterator[set[str]]:
    """The modules of ours of which a function is called within."""
    found: set[str] = set()
    source = f"{reading.SOURCE}/"

    def note(frame: FrameType, event: str, _: Any) -> None:
        if event == "call" and frame.f_code.co_filename.startswith(source):
            found.add(frame.f_code.co_filename)

    sys.setprofile(note)
    try:
        yield found
    finally:
        sys.setprofile(None)


X = np.random.RandomState(0).rand(40, 3)
Y = np.arange(40) % 2
VALUES: dict[str, Callable[[], Any]] = {
    "forest": lambda: RandomForestClassifier(3).fit(X, Y),
    "boosting": lambda: HistGradientBoostingClassifier(max_iter=2).fit(X, Y),
    "neighbours": lambda: KNeighborsClassifier().fit(X, Y),
    "support vectors": lambda: SVC().fit(X, Y),
    "frame": lambda: pd.DataFrame({"a": X[:, 0], "b": pd.Categorical(Y)}),
    "sparse": lambda: scipy.sparse.csr_array(X),
    "values": lambda: {"a": [1, (2, "x")], "b": {np.float64(1.0)}, "c": np.random.RandomState(1)},
}


def test_lines_of_code_are_counted() -> None:
    """Not comments, blank lines and docstrings; a text that is a value counts with all its lines."""
    assert reading.code_lines(SAMPLE) == len(["X", "class", "name", "def", *"123", "def", *"123"])


@pytest.mark.parametrize("number", range(14))
def test_each_row_states_its_lines(number: int) -> None:
    """`python -m tests.docs.reading --write` puts in what is right."""
    table = reading.rows()
    assert len(table) == 14
    modules, stated = table[number]
    assert abs(stated - reading.counted(modules)) <= reading.ROUNDED_TO


def test_the_sentences_state_the_sums() -> None:
    """Of all, and of the reader alone."""
    for stated, right in reading.totals():
        assert abs(stated - right) <= 4 * reading.ROUNDED_TO


def test_the_table_has_every_module_that_is_measured_once() -> None:
    """But for those that only save, and empty ones."""
    given = listed()
    python = [path for path in given if path.endswith(".py")]
    assert len(set(given)) == len(given)
    missing = {path for path in set(measured()) - set(python) if reading.code_lines((ROOT / path).read_text("utf-8"))}
    assert missing == reading.ONLY_SAVES
    assert set(python) <= set(measured())


@pytest.mark.parametrize("name", VALUES)
def test_what_runs_while_loading_is_in_the_table(name: str) -> None:
    """And nothing that is said to run only while saving does."""
    data = vitrify.dumps(VALUES[name]())
    with watched() as ran:
        vitrify.loads(data)
    found = {path.removeprefix(f"{ROOT}/") for path in ran}
    assert "src/vitrify/graph/decode.py" in found
    assert found <= set(listed())


def test_what_replays_probes_is_in_the_table() -> None:
    """In the row before the last, which a plain load needs nothing of."""
    data = vitrify.dumps(RandomForestClassifier(3, random_state=0).fit(X, Y), X=X, y=Y)
    with watched() as plainly:
        vitrify.loads(data)
    with watched() as ran:
        vitrify.loads(data, verify="probes")
    row = {str(path) for path in reading.rows()[-2][0]}
    assert f"{reading.SOURCE}/record/probing/probes.py" in ran - plainly
    assert ran - plainly <= row | {f"{ROOT}/{path}" for path in listed()}
    assert not plainly & row


def test_saving_is_noticed() -> None:
    """The watch of the test above sees what only saves."""
    with watched() as ran:
        vitrify.dumps({"a": [np.zeros(3)]})
    assert "src/vitrify/graph/encode.py" in {path.removeprefix(f"{ROOT}/") for path in ran}
