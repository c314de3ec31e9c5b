"""What the catalogue says about skops, pickle and joblib: how it was found out is right, and a part runs again here.

The whole is printed by `python -m tests.attacks.peers`.
"""

from __future__ import annotations

import copy
import io
import pickle
import re
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import skops

from tests.attacks.lies import Told
from tests.attacks.models import fitted
from tests.attacks.peer_content import CONTENT, content_ending
from tests.attacks.peer_memory import LIES, PEERS, ask, ending
from tests.attacks.peer_models import Draft, told
from tests.attacks.test_memory_content import Lie

README = Path(__file__).with_name("README.md").read_text(encoding="utf-8")
OPENED = [lie for lie in LIES if lie.model != "frame"]  # that lie is told to the bytes
STABLE = [
    ("M01", 0, "SIGSEGV", ""),
    ("M05", 1, "refused", "Wrong shape for value array from the pickle"),
    ("M08", 0, "error", "X has 4 features, but RandomForestClassifier is expecting 3"),
    ("M09", 3, "SIGSEGV", ""),
    ("M20", 0, "SIGFPE", ""),
    ("M21", 0, "other answer", ""),
    ("M23", 0, "SIGSEGV", ""),
]
"""Row, which of its lies, and what becomes of it, always and with every peer."""
STABLE_CONTENT = [
    ("M12", "a ufunc as a kernel", "error", "X.shape[1] = 4 should be equal to 60"),
    ("M15", "2 for the second output", "error", "could not broadcast input array"),
    ("M19", "texts twice", "other answer", ""),
    ("M29", "votes for a huge class", "error", "MemoryError"),
    ("M29", "votes for what is its own answer", "cannot save", "RecursionError"),
    ("R03", "n_classes_ of DummyClassifier", "error", "MemoryError"),
]
"""The same for lies that are told to the model itself, by their names."""


@cache
def cells() -> dict[str, str]:
    """Row → the cell of each row M and R that says what others do."""
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in README.splitlines() if line.startswith("| ")]
    return {row[0]: row[3] for row in rows if re.fullmatch(r"[MR]\d\d", row[0])}


def opened(lie: Told) -> Any:
    """The model of a lie, with what its paths lead into taken apart, and no lie in it."""
    draft = Draft(fitted(lie.model)[0])
    for path in _paths(lie):
        draft.ref(path)
    return draft.finished()


@pytest.mark.parametrize("model", sorted({lie.model for lie in OPENED}))
def test_a_draft_without_a_lie_is_the_model(model: str) -> None:
    """Pickled, it answers as the model does, whatever was taken apart."""
    honest, calls = fitted(model)
    expected = [ask(pickle.loads(pickle.dumps(honest)), call=call) for call in calls]
    for data in {pickle.dumps(opened(lie)) for lie in OPENED if lie.model == model}:
        assert [ask(pickle.loads(data), call=call) for call in calls] == expected


def _paths(lie: Told) -> list[str]:
    """The first path that an edit asks for."""

    class Asked(Exception):
        pass

    class Recorder:
        def __init__(self) -> None:
            self.paths: list[str] = []

        def _ask(self, path: str, *_: object) -> None:
            self.paths.append(path)
            raise Asked

        array = ref = assign = _ask

    recorder = Recorder()
    with pytest.raises(Asked):
        lie.edit(recorder)  # type: ignore[arg-type]  # it only asks for a path
    return recorder.paths


class WithoutPadding(pickle.Pickler):
    """Writes rows of structures as values: the bytes between their fields are of no one's making."""

    def reducer_override(self, value: Any) -> Any:
        """What stands for such an array."""
        if isinstance(value, np.ndarray) and value.dtype.names:
            return list, (value.tolist(),)
        return NotImplemented


def pickled(model: Any) -> bytes:
    """The model, in bytes that depend on nothing else."""
    stream = io.BytesIO()
    WithoutPadding(stream).dump(model)
    return stream.getvalue()


@pytest.mark.parametrize("lie", OPENED, ids=str)
def test_every_lie_is_in_what_is_written(lie: Told) -> None:
    """A pickle with it differs from one without, and two without are the same."""
    honest = pickled(opened(lie))
    assert pickled(opened(lie)) == honest
    assert pickled(told(fitted(lie.model)[0], lie.edit)) != honest


@pytest.mark.parametrize("peer", PEERS)
@pytest.mark.parametrize(("row", "number", "word", "detail"), STABLE, ids=[row for row, *_ in STABLE])
def test_what_others_do_is_what_the_catalogue_says(row: str, number: int, word: str, detail: str, peer: str) -> None:
    """A crash, a refusal, an error or another answer, by the method that the row is about."""
    found = ending([lie for lie in LIES if lie.row == row][number], peer)
    assert found.word == word, found
    assert detail in found.detail
    assert word in cells()[row]


@pytest.mark.parametrize("lie", [lie for _, lie in CONTENT if lie.name != "votes for what is its own answer"], ids=str)
def test_every_lie_about_content_is_in_what_is_written(lie: Lie) -> None:
    """A pickle with it differs from one without, and two without are the same."""
    model = copy.deepcopy(lie.make())
    honest = pickled(model)
    assert pickled(model) == honest
    lie.edit(model)
    assert pickled(model) != honest


@pytest.mark.parametrize("peer", PEERS)
@pytest.mark.parametrize(("row", "name", "word", "detail"), STABLE_CONTENT)
def test_what_others_do_with_content_is_what_the_catalogue_says(
    row: str, name: str, word: str, detail: str, peer: str
) -> None:
    """An error, another answer, or nothing that is saved."""
    (lie,) = [lie for of, lie in CONTENT if (of, lie.name) == (row, name)]
    found = content_ending(row, lie, peer)
    assert found.word == word, found
    assert detail in found.detail
    assert word in cells()[row]


def test_the_catalogue_says_of_every_row_what_others_do() -> None:
    """With the version that is installed here."""
    assert set(cells()) >= {lie.row for lie in LIES} | {row for row, _ in CONTENT} | {f"R{n:02}" for n in range(1, 7)}
    assert not [row for row, cell in cells().items() if not cell.strip("– ")]
    assert f"skops {skops.__version__}" in README
