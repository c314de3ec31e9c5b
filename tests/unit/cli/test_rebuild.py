"""`vitrify rebuild`: the new file, what it says of the old one, and what is never overwritten."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from sklearn.datasets import load_diabetes
from sklearn.linear_model import Ridge

import vitrify
from tests.unit.cli.terminal import run

FRAME, TARGET = load_diabetes(return_X_y=True, as_frame=True)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    model = Ridge(alpha=0.5).fit(FRAME, TARGET)
    vitrify.dump(model, tmp_path / "old.glass", record=vitrify.capture(model, FRAME, TARGET, cv=3, notes="ours"))
    FRAME.assign(y=TARGET).to_parquet(tmp_path / "train.parquet")
    FRAME.assign(y=TARGET * 2)[::2].to_parquet(tmp_path / "other.parquet")
    return tmp_path


def words(folder: Path, data: str = "train.parquet", out: str = "new.glass") -> tuple[str, ...]:
    old = str(folder / "old.glass")
    return ("rebuild", old, "--data", str(folder / data), "--target", "y", "-o", str(folder / out))


def test_the_same_data_gives_the_same_model(folder: Path) -> None:
    """Which is said, and saved with its lineage and what its authors said."""
    done = run(*words(folder))
    assert (done.returncode, done.stderr) == (0, b"")
    lines = done.stdout.decode().splitlines()
    assert lines[0].split() == ["data", "the", "very", "data", "of", "before"]
    assert lines[-1] == f"saved {folder / 'new.glass'}"
    old, new = vitrify.inspect(folder / "old.glass"), vitrify.inspect(folder / "new.glass")
    assert new.record.parents == (old.model_digest,)
    assert new.record.notes == "ours"
    assert vitrify.verify(folder / "new.glass", FRAME, TARGET).ok


def test_programs_read_how_it_compares(folder: Path) -> None:
    """Other data: other scores, and outputs that are told by method."""
    done = run(*words(folder, "other.parquet"), "--json", "--reference", "s3://bucket/half@v4")
    assert (done.returncode, done.stderr) == (0, b"")
    told = json.loads(done.stdout)
    assert told["is_same_data"] is False
    (score,) = told["scores"]
    assert len(score["before"]) == len(score["after"]) == 3
    assert score["before"] != score["after"]
    (output,) = told["outputs"]
    assert output["method"] == "predict"
    assert vitrify.inspect(folder / "new.glass").record.data.reference.uri == "s3://bucket/half@v4"


def test_a_file_that_exists_stays_unless_it_may_go(folder: Path) -> None:
    """Also the old one itself."""
    before = (folder / "old.glass").read_bytes()
    done = run(*words(folder, out="old.glass"))
    assert done.returncode == 2
    assert b"old.glass exists; --force replaces it" in done.stderr.replace(b"\n", b" ")
    assert (folder / "old.glass").read_bytes() == before
    assert run(*words(folder, out="old.glass"), "--force").returncode == 0
    assert vitrify.inspect(folder / "old.glass").record.parents


def test_what_cannot_be_trained_leaves_nothing(folder: Path) -> None:
    """The error says why, and the file that was to be replaced is untouched."""
    FRAME.assign(y="a", sex="x").to_parquet(folder / "text.parquet")
    done = run(*words(folder, "text.parquet"))
    assert done.returncode == 3
    assert b"Ridge cannot be fitted on this data" in done.stderr
    assert not (folder / "new.glass").exists()


@pytest.mark.parametrize(
    ("out", "message"),
    [
        ("no/new.glass", "cannot be saved: its folder does not exist"),
        ("old.glass/new.glass", "cannot be saved: its folder is a file"),
        (".", "is a folder, where a file is to be saved"),
    ],
)
def test_where_nothing_can_be_saved_is_told_first(folder: Path, out: str, message: str) -> None:
    """Before the data is read."""
    done = run(*words(folder, data="none.parquet", out=out), "--force")
    assert (done.returncode, done.stdout) == (3, b"")
    assert done.stderr.decode() == f"vitrify: {folder / out}: {message}\n"


def test_other_columns_are_told(folder: Path) -> None:
    """And no failure: it is for the reader to judge."""
    FRAME.rename(columns={"bmi": "mass"}).assign(y=TARGET).to_parquet(folder / "renamed.parquet")
    done = run(*words(folder, "renamed.parquet"))
    assert done.returncode == 0
    assert "schema error: column 'bmi' is called 'mass' here" in " ".join(done.stdout.decode().split())
    told = json.loads(run(*words(folder, "renamed.parquet"), "--json", "--force").stdout)
    assert [(one["problem"], one["expected"], one["found"]) for one in told["misfits"]] == [
        ("renamed", "'bmi'", "'mass'")
    ]
