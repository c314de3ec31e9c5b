"""Probes of a model that opens files: a record would say which, so none are kept and none are replayed."""

from __future__ import annotations

import builtins
from pathlib import Path
from typing import Any

import pytest
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

import vitrify
from vitrify.errors import ReadsFilesWarning, VerificationError, VitrifyWarning

TEXTS = ["red blue", "blue green"] * 6
Y = [0, 1] * 6
REASON = "$.steps[0][1] opens the files whose names it is given, and its probes could name any"
NO_PROBES = "X: the model opens the files whose names it is given, and a record names none to open"


class OwnWords(CountVectorizer):
    """A vectorizer of a caller's."""


def hostile(kind: type[CountVectorizer], folder: Path) -> Path:
    """A file whose model opens files, and whose probes name one."""
    model = make_pipeline(kind(), LogisticRegression()).fit(TEXTS, Y)
    record = vitrify.capture(model, TEXTS, Y)
    rows = record.attached.probes["X"]
    rows[:] = [str(folder / "secret")] * len(rows)
    model[0].input = "filename"
    vitrify.dump(model, folder / "m.glass", record=record)
    return folder / "m.glass"


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the files called `secret` that Python's `open` is asked for."""
    names: list[str] = []
    original = builtins.open

    def noting(file: Any, *args: Any, **kwargs: Any) -> Any:
        if str(file).endswith("secret"):
            names.append(str(file))
        return original(file, *args, **kwargs)

    monkeypatch.setattr(builtins, "open", noting)
    return names


@pytest.mark.parametrize("kind", [CountVectorizer, OwnWords])
def test_verify_opens_nothing_and_fails(kind: Any, tmp_path: Path, opened: list[str]) -> None:
    """One finding, with the way out."""
    path = hostile(kind, tmp_path)
    (tmp_path / "secret").write_text("red")
    report = vitrify.verify(path, trust=[OwnWords])
    (finding,) = [one for one in report.findings if one.check.startswith("probes")]
    message = f"not replayed: {REASON} - to leave this check out, skip=['probes']"
    assert (finding.check, finding.status, finding.message) == ("probes", "fail", message)
    assert vitrify.verify(path, skip="probes", trust=[OwnWords]).ok
    assert opened == []


@pytest.mark.parametrize("kind", [CountVectorizer, OwnWords])
def test_load_with_probes_opens_nothing_and_fails(kind: Any, tmp_path: Path, opened: list[str]) -> None:
    """The same model loads without them."""
    path = hostile(kind, tmp_path)
    (tmp_path / "secret").write_text("red")
    with pytest.warns(ReadsFilesWarning), pytest.raises(VerificationError) as caught:
        vitrify.load(path, verify="probes", trust=[OwnWords])
    assert caught.value.message == f"m.glass: probes are not replayed: {REASON}"
    assert caught.value.hint == "Load it without verify="
    with pytest.warns(ReadsFilesWarning):
        loaded = vitrify.load(path, trust=[OwnWords])
    assert opened == []
    assert loaded[:1].transform([str(tmp_path / "secret")]).sum() == 1
    assert opened == [str(tmp_path / "secret")]


@pytest.mark.parametrize("probes", ["synthetic", "sample"])
def test_capture_keeps_no_probes_and_says_why(probes: Any, tmp_path: Path) -> None:
    """Made-up names are of no files, and real ones would be opened wherever the file is verified."""
    names = []
    for number, text in enumerate(TEXTS):
        names.append(str(tmp_path / f"{number}.txt"))
        Path(names[-1]).write_text(text)
    model = make_pipeline(CountVectorizer(input="filename"), LogisticRegression()).fit(names, Y)
    with pytest.warns(VitrifyWarning, match="no probes are kept") as caught:
        record = vitrify.capture(model, names, Y, probes=probes)
    assert str(caught[0].message).endswith(NO_PROBES)
    assert record.attached.probes == {}
