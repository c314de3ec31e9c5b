"""`vitrify verify` and `vitrify check-input`: what people read, what programs read, and the exit code."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_iris
from sklearn.feature_extraction import DictVectorizer
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold
from sklearn.pipeline import make_pipeline

import vitrify
from tests.support import own_code
from tests.unit.cli.terminal import run, run_in_terminal

FRAME, TARGET = load_iris(return_X_y=True, as_frame=True)
GROUPS = np.arange(len(FRAME)) % 10
WITH_ALL = FRAME.assign(target=TARGET, who=GROUPS)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with scores by groups, one without a record, and the data in three forms."""
    folder = tmp_path_factory.mktemp("verify")
    model = LogisticRegression(max_iter=300).fit(FRAME, TARGET)
    record = vitrify.capture(model, FRAME, TARGET, cv=GroupKFold(3), groups=GROUPS, scoring="accuracy")
    vitrify.dump(model, folder / "iris.glass", record=record)
    vitrify.dump(model, folder / "plain.glass")
    WITH_ALL.to_csv(folder / "iris.csv", index=False)
    WITH_ALL.to_parquet(folder / "iris.parquet")
    np.savez(folder / "iris.npz", X=FRAME.to_numpy(), y=TARGET.to_numpy(), groups=GROUPS)
    return folder


def told(*words: str, code: int = 0) -> Any:
    """The JSON of a verb, which ends with this code and says nothing beside it."""
    done = run(*words, "--json")
    assert (done.returncode, done.stderr) == (code, b"")
    return json.loads(done.stdout)


class TestVerify:
    def test_what_people_read(self, folder: Path) -> None:
        """A line for each check, plain where it is piped, and a verdict."""
        done = run("verify", str(folder / "iris.glass"))
        lines = done.stdout.decode().splitlines()
        assert (done.returncode, done.stderr) == (0, b"")
        n_bytes = (folder / "iris.glass").stat().st_size
        assert " ".join(lines[0].split()) == f"pass integrity all {n_bytes} bytes match the file's digests"
        assert "pass  probes:predict            equal bit for bit" in lines
        assert lines[-1] == "iris.glass: ok"
        assert not any(line.endswith(" ") or "\x1b" in line for line in lines)

    @pytest.mark.parametrize("form", ["csv", "parquet"])
    def test_with_data_the_scores_are_computed_again(self, folder: Path, form: str) -> None:
        """From the columns that are named; the others are the input."""
        names = ("--target", "target", "--groups", "who")
        report = told("verify", str(folder / "iris.glass"), "--data", str(folder / f"iris.{form}"), *names)
        assert report["ok"] is True
        found = {one["check"]: one["status"] for one in report["findings"]}
        assert found["data"] == found["schema"] == found["scores:accuracy"] == "pass"

    def test_arrays_by_name(self, folder: Path) -> None:
        """Their columns have no names, which the schema tells; the numbers are the same."""
        report = told("verify", str(folder / "iris.glass"), "--data", str(folder / "iris.npz"), code=1)
        found = {one["check"]: one["status"] for one in report["findings"]}
        assert found["scores:accuracy"] == "pass"
        assert (found["data"], found["schema"]) == ("warn", "fail")

    def test_fits_can_be_left_out(self, folder: Path) -> None:
        data = ("--data", str(folder / "iris.csv"), "--target", "target", "--groups", "who")
        checks = {one["check"] for one in told("verify", str(folder / "iris.glass"), *data, "--no-cv")["findings"]}
        assert "data" in checks
        assert "scores:accuracy" not in checks

    def test_progress_is_shown_where_somebody_looks(self, folder: Path) -> None:
        data = ("--data", str(folder / "iris.csv"), "--target", "target", "--groups", "who")
        shown = run_in_terminal("verify", str(folder / "iris.glass"), *data)
        assert "cross-validation: fold 1 of 3" in shown
        assert "cross-validation: fold 3 of 3" in shown
        assert "iris.glass: ok" in shown

    def test_a_file_that_shows_nothing_fails_unless_that_is_wanted(self, folder: Path) -> None:
        report = told("verify", str(folder / "plain.glass"), code=1)
        assert [one["check"] for one in report["findings"] if one["status"] == "fail"] == ["probes"]
        assert told("verify", str(folder / "plain.glass"), "--skip", "probes")["ok"] is True

    def test_a_model_that_predicts_otherwise(self, folder: Path, tmp_path: Path) -> None:
        """The finding says what differs, and how much."""
        model = LogisticRegression(max_iter=300).fit(FRAME, TARGET)
        record = vitrify.capture(model, FRAME)
        model.coef_ = model.coef_ * 2
        vitrify.dump(model, tmp_path / "other.glass", record=record)
        done = run("verify", str(tmp_path / "other.glass"))
        assert (done.returncode, done.stderr) == (1, b"")
        assert done.stdout.decode().endswith("other.glass: NOT the same\n")
        assert "fail  probes:predict_proba" in done.stdout.decode()

    def test_damage_and_other_files(self, folder: Path, tmp_path: Path) -> None:
        (tmp_path / "cut.glass").write_bytes((folder / "iris.glass").read_bytes()[:-1])
        report = told("verify", str(tmp_path / "cut.glass"), code=1)
        assert {one["check"]: one["status"] for one in report["findings"]} == {"integrity": "fail"}

    def test_own_classes_need_a_word(self, tmp_path: Path) -> None:
        """By name; without it the names are listed, and the code is that of an error."""
        path = tmp_path / "own.glass"
        vitrify.dump({"own": own_code.Plain(1)}, path)
        done = run("verify", str(path), "--skip", "probes")
        name = "tests.support.own_code.Plain"
        assert done.returncode == 4
        assert done.stderr.decode().endswith(f"\n  trust=[Plain]\nHere that is --trust {name}\n")
        assert told("verify", str(path), "--skip", "probes", "--trust", name)["ok"] is True

    @pytest.mark.parametrize(
        ("words", "message"),
        [
            (("--target", "target"), "--target and --groups name columns of --data"),
            (("--skip", "nothing"), "skip= names ['nothing']; what can be left out is versions, probes,"),
            (("--data", "{}/iris.csv", "--target", "no"), "the data has no column 'no'; it has sepal length (cm),"),
            (("--data", "{}/iris.txt"), "iris.txt: data is a .parquet, .csv or .npz file"),
            (("--data", "{}/bad.npz"), "the .npz file has a, and no X"),
        ],
    )
    def test_wrong_usage_is_told(self, folder: Path, words: tuple[str, ...], message: str) -> None:
        np.savez(folder / "bad.npz", a=np.zeros(1))
        done = run("verify", str(folder / "iris.glass"), *(word.format(folder) for word in words))
        assert done.returncode == 2
        assert done.stdout == b""
        assert message in " ".join(done.stderr.decode().split())

    @pytest.mark.parametrize("kind", ["text", "array", "objects", "nothing", "cut", "damaged"])
    def test_an_npz_file_that_is_none(self, folder: Path, tmp_path: Path, kind: str) -> None:
        path = tmp_path / "data.npz"
        np.save(tmp_path / "array.npy", np.zeros(3))
        np.savez(tmp_path / "objects.npz", X=np.array([{}], object))
        np.savez_compressed(tmp_path / "whole.npz", X=np.zeros(1000))
        whole = (tmp_path / "whole.npz").read_bytes()
        content = {
            "text": b"a,b\n1,2\n",
            "array": (tmp_path / "array.npy").read_bytes(),
            "objects": (tmp_path / "objects.npz").read_bytes(),
            "nothing": b"",
            "cut": whole[:100],
            "damaged": whole[:60] + bytes(8) + whole[68:],
        }
        path.write_bytes(content[kind])
        for verb in (("verify", str(folder / "iris.glass"), "--data"), ("check-input", str(folder / "iris.glass"))):
            done = run(*verb, str(path))
            assert (done.returncode, done.stdout) == (2, b"")
            message = f"vitrify: {path}: no .npz file of plain arrays, as numpy.savez writes them"
            assert " ".join(done.stderr.decode().split()) == message

    def test_another_target_is_told_and_one_of_other_rows_fails(self, folder: Path, tmp_path: Path) -> None:
        """Whether or not there are fits."""
        FRAME.assign(target=TARGET.map({0: "a", 1: "b", 2: "c"})).to_csv(tmp_path / "words.csv", index=False)
        words = ("--data", str(tmp_path / "words.csv"), "--target", "target", "--no-cv")
        found = {f["check"]: f["status"] for f in told("verify", str(folder / "iris.glass"), *words)["findings"]}
        assert (found["data"], found["target"]) == ("pass", "warn")
        np.savez(tmp_path / "short.npz", X=FRAME.to_numpy(), y=TARGET.to_numpy()[:9])
        words = ("--data", str(tmp_path / "short.npz"), "--no-cv", "--skip", "schema")
        found = {
            f["check"]: f["status"] for f in told("verify", str(folder / "iris.glass"), *words, code=1)["findings"]
        }
        assert found["target"] == "fail"


class TestRowsThatAreNoColumns:
    """Models of texts and of dicts, whose rows lie in a table."""

    @pytest.fixture
    def texts(self, tmp_path: Path) -> Path:
        words = pd.Series([f"{'good' if label else 'bad'} row {i % 7}" for i, label in enumerate(TARGET)], name="words")
        model = make_pipeline(CountVectorizer(), LogisticRegression()).fit(words, TARGET)
        vitrify.dump(model, tmp_path / "m.glass", record=vitrify.capture(model, words, TARGET, cv=3))
        table = words.to_frame().assign(y=TARGET)
        table.to_csv(tmp_path / "t.csv", index=False)
        table.to_parquet(tmp_path / "t.parquet")
        return tmp_path

    @pytest.mark.parametrize("form", ["csv", "parquet"])
    def test_the_one_column_that_is_left_is_the_texts(self, texts: Path, form: str) -> None:
        words = (str(texts / "m.glass"), "--data", str(texts / f"t.{form}"), "--target", "y")
        found = {one["check"]: one["status"] for one in told("verify", *words)["findings"]}
        assert found["data"] == found["schema"] == found["target"] == found["scores:score"] == "pass"
        assert told("check-input", words[0], *words[2:]) == []
        rebuilt = told("rebuild", *words, "-o", str(texts / "new.glass"))
        assert (rebuilt["is_same_data"], rebuilt["misfits"]) == (True, [])

    def test_rows_without_a_text_are_told(self, texts: Path) -> None:
        pd.DataFrame({"words": ["good", None, "bad"]}).to_parquet(texts / "holes.parquet")
        done = run("check-input", str(texts / "m.glass"), str(texts / "holes.parquet"))
        assert (done.returncode, done.stdout) == (2, b"")
        assert done.stderr.decode() == "vitrify: 1 of 3 rows of the column 'words' have no text\n"

    @pytest.mark.parametrize("table", [pd.DataFrame({"a": [1, 2]}), pd.DataFrame({"a": ["x"], "b": ["y"]})])
    def test_other_columns_are_a_table(self, texts: Path, table: pd.DataFrame) -> None:
        table.to_parquet(texts / "other.parquet")
        (found,) = told("check-input", str(texts / "m.glass"), str(texts / "other.parquet"), code=1)
        assert found["message"] == "X is a DataFrame: give a list of texts"

    def test_rows_of_dicts_have_the_keys_of_their_cells(self, tmp_path: Path) -> None:
        rows = [{"n": i % 5 / 2} | ({"word": "ab"[label % 2]} if i % 3 else {}) for i, label in enumerate(TARGET)]
        model = make_pipeline(DictVectorizer(), LogisticRegression()).fit(rows, TARGET)
        vitrify.dump(model, tmp_path / "m.glass", X=rows, y=TARGET)
        pd.DataFrame(rows).assign(y=TARGET).to_csv(tmp_path / "t.csv", index=False)
        words = (str(tmp_path / "m.glass"), "--data", str(tmp_path / "t.csv"), "--target", "y")
        found = {one["check"]: one["status"] for one in told("verify", *words)["findings"]}
        assert found["data"] == found["schema"] == "pass"

    def test_what_is_no_glass_file_is_told_by_the_verb(self, texts: Path) -> None:
        (texts / "m.glass").write_bytes(b"no")
        found = told("verify", str(texts / "m.glass"), "--data", str(texts / "t.csv"), code=1)["findings"]
        assert [(one["check"], one["status"]) for one in found] == [("integrity", "fail")]


class TestCheckInput:
    def test_data_that_fits(self, folder: Path) -> None:
        done = run("check-input", str(folder / "iris.glass"), str(folder / "fits.csv"))
        assert done.returncode == 3
        assert done.stderr.decode() == f"vitrify: {folder / 'fits.csv'}: No such file or directory\n"
        FRAME.to_csv(folder / "fits.csv", index=False)
        done = run("check-input", str(folder / "iris.glass"), str(folder / "fits.csv"))
        assert (done.returncode, done.stdout) == (0, b"the data fits what the model expects\n")
        assert told("check-input", str(folder / "iris.glass"), str(folder / "fits.csv")) == []

    def test_the_target_is_no_input(self, folder: Path, tmp_path: Path) -> None:
        FRAME.assign(y=TARGET).to_csv(tmp_path / "t.csv", index=False)
        assert told("check-input", str(folder / "iris.glass"), str(tmp_path / "t.csv"), "--target", "y") == []

    def test_everything_that_does_not_fit(self, folder: Path, tmp_path: Path) -> None:
        """At once, with what to do."""
        first, second = FRAME.columns[:2]
        wrong = FRAME.drop(columns=first).assign(more=1, **{second: "a"})
        wrong.to_csv(tmp_path / "wrong.csv", index=False)
        done = run("check-input", str(folder / "iris.glass"), str(tmp_path / "wrong.csv"))
        lines = done.stdout.decode().splitlines()
        assert done.returncode == 1
        assert f"error: column '{first}': add it; it holds float" in lines
        assert any(line.startswith("error: column 'more': the model does not know it") for line in lines)
        assert f"error: column '{second}': text instead of float; convert it, as with pandas.to_numeric" in lines
        found = told("check-input", str(folder / "iris.glass"), str(tmp_path / "wrong.csv"), code=1)
        assert {one["problem"] for one in found} == {"missing", "extra", "text"}

    def test_a_note_is_no_failure(self, folder: Path, tmp_path: Path) -> None:
        """Values are missing where none were: many models take that."""
        holes = FRAME.astype(float)
        holes.iloc[0, 0] = np.nan
        holes.to_parquet(tmp_path / "holes.parquet")
        done = run("check-input", str(folder / "iris.glass"), str(tmp_path / "holes.parquet"))
        assert done.returncode == 0
        assert done.stdout.decode().startswith("note: ")

    def test_a_file_that_does_not_know(self, folder: Path) -> None:
        pd.DataFrame({"a": [1]}).to_csv(folder / "a.csv", index=False)
        done = run("check-input", str(folder / "plain.glass"), str(folder / "a.csv"))
        assert done.returncode == 4
        assert b"the file does not say what its model expects" in done.stderr
