"""`vitrify inspect --source` and `--columns`: what the record of a file brings with it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.dummy import DummyClassifier
from sklearn.feature_extraction import DictVectorizer
from sklearn.feature_extraction.text import CountVectorizer

import vitrify
from tests.unit.cli.terminal import run
from tests.vectors.recorded import contents_of, with_columns, with_contents, with_summary

FRAME = pd.DataFrame(
    {
        "age": np.arange(60.0),
        "city": pd.Categorical(["Ulm", "Bonn"] * 30),
        "since": pd.date_range("2020-01-01", periods=60),
        "stay": pd.to_timedelta(range(60), "s"),
        "[/INST]\x1b[2J": [1, 2, 3] * 20,
    }
)
Y = np.arange(60) % 2


def saved(**options: Any) -> bytes:
    """The file of a model with a record."""
    model = DummyClassifier().fit(np.zeros((60, 5)), Y)
    return vitrify.dumps(model, record=vitrify.capture(model, FRAME, Y, **options))


def with_texts(data: bytes, **texts: str) -> bytes:
    """The file with these texts attached."""
    data = with_contents(data, texts=texts)
    return with_summary(data, lambda told: told.update(source={"texts": list(texts)}))


def shown(data: bytes, *words: str) -> str:
    done = run("inspect", "-", *words, given=data)
    assert (done.returncode, done.stderr) == (0, b"")
    return done.stdout.decode()


class TestSource:
    def test_the_script_that_trained_a_model_comes_back(self, tmp_path: Path) -> None:
        """To the last character as JSON, and in Python."""
        script = tmp_path / "train.py"
        script.write_text(
            "import numpy as np, warnings, vitrify\n"
            "from sklearn.dummy import DummyClassifier\n"
            "warnings.simplefilter('ignore')  # of what git says\n"
            "model = DummyClassifier().fit(np.zeros((9, 1)), [1] * 9)\n"
            "note = 'ä\\x1b'\n"
            "vitrify.dump(model, 'm.glass', record=vitrify.capture(model, source='text'))\n",
            encoding="utf-8",
        )
        subprocess.run([sys.executable, script.name], cwd=tmp_path, check=True)
        data, text = (tmp_path / "m.glass").read_bytes(), script.read_text(encoding="utf-8")
        assert json.loads(shown(data, "--source", "--json")) == {"texts": {"train.py": text}}
        assert vitrify.inspection.read_attached(tmp_path / "m.glass").texts == {"train.py": text}
        assert shown(data, "--source") == f"train.py\n{text}"

    def test_texts_of_a_file_are_harmless(self) -> None:
        """What is not printable is spelled, tabs are spaces, and nothing is markup."""
        texts = {"[red]a\x1b[2J": "\tx = '[/INST]'\r\n\u202ey = 1\x0cz\n", "b": "one line"}
        found = shown(with_texts(saved(), **texts), "--source")
        assert found == ("[red]a\\x1b[2J\n        x = '[/INST]'\n\\u202ey = 1\\x0cz\n\nb\none line\n")
        assert shown(with_texts(saved(), **texts), "--source", "--json").isascii()

    def test_a_file_without_says_how_to_attach_it(self) -> None:
        expected = 'no code is attached: vitrify.capture(…, source="text") notes it down\n'
        assert shown(saved(), "--source") == expected
        assert json.loads(shown(saved(), "--source", "--json")) == {"texts": {}}


class TestColumns:
    def test_columns_are_a_table(self) -> None:
        """Moments are moments, spans have their unit, and a name from the file is spelled."""
        deviation, moments = FRAME["age"].std(ddof=0), FRAME["since"]
        lines = shown(saved(), "--columns").splitlines()
        assert lines[0].split() == [
            "column",
            "kind",
            "missing",
            "distinct",
            "mean",
            "deviation",
            "median",
        ]
        assert lines[1].split() == ["age", "float", "0", "29.5", f"{deviation:.4g}", "29.5"]
        assert lines[2].split() == ["city", "text", "0", "2"]
        assert lines[3] == "  Bonn, Ulm"
        text = " ".join(lines[4:8])
        middle, days = str(moments.mean().date()), moments.std(ddof=0).total_seconds() / 86_400
        assert lines[4].split() == ["since", "datetime", "0", middle, f"{days:.4g}", "d", middle]
        assert "29.5 s" in text
        assert "[/INST]\\x1b[2J" in text
        assert "\x1b" not in text
        assert lines[-2:][0].startswith("target")
        assert lines[-1].split()[:4] == ["0", "int", "0", "2"]

    def test_all_that_is_known_is_there_for_programs(self) -> None:
        """The numbers are those of pandas."""
        found = json.loads(shown(saved(statistics="full"), "--columns", "--json"))
        assert found["columns"]["names"] == list(FRAME.columns)
        assert found["columns"]["categories"] == [None, ["Bonn", "Ulm"], None, None, None]
        assert found["columns"]["minimum"][0] == FRAME["age"].min()
        assert found["columns"]["mean"][1] is None
        assert found["columns"]["top"][4] == [[1, 20], [2, 20], [3, 20]]
        assert found["columns"]["is_ordered"] == [False] * 5
        assert found["target"]["n_distinct"] == [2]

    def test_many_columns_are_cut_unless_all_are_asked_for(self) -> None:
        X = np.arange(300.0).reshape(5, 60)
        data = vitrify.dumps(DummyClassifier().fit(X, [0, 1, 0, 1, 0]), X=X)
        assert shown(data, "--columns").splitlines()[-1] == "… and 20 more; --all lists every one"
        assert len(shown(data, "--columns", "--all").splitlines()) == 61

    def test_texts_and_dicts_have_no_columns(self) -> None:
        texts = ["ab", "abcd"] * 10
        found = shown(vitrify.dumps(CountVectorizer().fit(texts), X=texts), "--columns")
        assert found == "20 texts, mean length 3\n"
        rows = [{"a": 1, "b": "x"}, {"a": 2}] * 10
        lines = shown(vitrify.dumps(DictVectorizer().fit(rows), X=rows), "--columns").splitlines()
        assert [line.split() for line in lines] == [["key", "kind", "rows"], ["a", "int", "20"], ["b", "text", "10"]]

    def test_a_file_without_says_how_to_note_them_down(self) -> None:
        data = vitrify.dumps(DummyClassifier().fit(np.zeros((60, 5)), Y))
        assert shown(data, "--columns") == "nothing is known of columns: dump with X= notes it down\n"
        assert json.loads(shown(data, "--columns", "--json")) == {"columns": {}, "target": {}}

    def test_values_that_json_lacks_are_texts(self) -> None:
        """A column may be called infinity."""
        data = with_columns(saved(), names=[float("inf"), float("nan"), "c", "d", ("e", 1)])
        found = json.loads(shown(data, "--columns", "--json"))
        assert found["columns"]["names"] == ["inf", "nan", "c", "d", ["e", 1]]

    def test_a_list_in_itself_is_not_shown(self) -> None:
        """What is not what the file format describes is left out where nothing needs it, and refused where it is."""
        endless: list[Any] = []
        endless.append(endless)
        known = contents_of(saved())["columns"]
        found = shown(
            with_contents(saved(), columns=known | {"top": endless, "mean": np.zeros(5, object)}), "--columns"
        )
        assert found.splitlines()[1].split() == ["age", "float", "0", f"{FRAME['age'].std(ddof=0):.4g}", "29.5"]
        done = run("inspect", "-", "--columns", given=with_columns(saved(), names=endless))
        assert done.returncode == 3
        assert b"the record's columns are not what SPEC.md" in done.stderr


@pytest.mark.parametrize("more", [["--source"], ["--array", "x"], ["--out", "x.npy"], ["--force"]])
def test_one_thing_is_asked_for_at_a_time(more: list[str]) -> None:
    done = run("inspect", "-", "--columns", *more, given=saved())
    assert done.returncode == 2
    assert b"--source, --columns and --array are asked for one at a time" in done.stderr
