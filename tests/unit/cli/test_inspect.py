"""`vitrify inspect`: what people read, what programs read, and single arrays."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

import vitrify
from tests.support import own_code
from tests.support.lying_writer import Lie
from tests.unit.cli.terminal import run, run_in_terminal
from vitrify.inspection import inspect

RNG = np.random.default_rng(0)
X = RNG.normal(size=(300, 4))
y = RNG.integers(0, 3, 300)
NASTY = (
    "[red]x[/red]",
    "[/INST]",
    "\x1b[2J",
    "\u202etxt.exe",
    "a\nb",
    "\r",
    "\x07",
    "\u2066",
    "[link=file:///]",
    ":smile:",
)


def clip(values: object) -> object:
    """A function that vitrify has not reviewed."""
    return values


@pytest.fixture(scope="module")
def churn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("cli") / "churn.glass"
    steps = [("scale", StandardScaler()), ("clf", RandomForestClassifier(20, random_state=0))]
    vitrify.dump(Pipeline(steps).fit(X, y), path)
    return path


def text_of(*words: str, given: bytes = b"") -> str:
    done = run("inspect", *words, given=given)
    assert (done.returncode, done.stderr) == (0, b"")
    return done.stdout.decode()


class TestPage:
    def test_a_pipe_gets_plain_text_of_eighty_columns(self, churn: Path) -> None:
        """No escape codes, nothing wider than a terminal."""
        text = text_of(str(churn))
        assert "\x1b" not in text
        assert all(line.isprintable() and len(line) <= 80 for line in text.splitlines())

    def test_forty_columns_are_enough(self, churn: Path) -> None:
        """A narrow window wraps; nothing is wider than it."""
        done = run("inspect", str(churn), COLUMNS="40")
        assert (done.returncode, done.stderr) == (0, b"")
        assert all(len(line) <= 40 for line in done.stdout.decode().splitlines())

    def test_long_values_are_cut_after_a_whole_item(self, tmp_path: Path) -> None:
        """With their closing bracket or quote, so that what follows is not taken for a part of them."""
        path = tmp_path / "long.glass"
        words = [f"word{i:03}" for i in range(30)]
        vitrify.dump({"a": words, "b": tuple(words), "c": "x" * 99, "d": dict.fromkeys(words[:5], 1)}, path)
        text = " ".join(text_of(str(path)).split())
        for shown in ("a=['word000', 'word001', ", "b=('word000', 'word001', ", "d={'word000': 1, "):
            assert shown in text
        for end in ("'word004', …],", "'word004', …),", "x…',", "1, …}"):
            assert end in text
        assert "'word0…" not in text

    def test_numbers_and_nouns_agree(self, tmp_path: Path) -> None:
        """One array, one item, one field; two of each."""
        path = tmp_path / "counted.glass"
        vitrify.dump({"a": np.zeros(3, [("x", "f8")])}, path)
        text = text_of(str(path))
        assert ("dict  1 item " in text, " 1 array " in text, "1 field " in text) == (True, True, True)
        assert "<Summary of 'dict', " in repr(inspect(path))
        assert " 1 array, " in repr(inspect(path))
        nested = np.dtype([("x", "f8"), ("y", [("z", "f8")])])
        vitrify.dump({"a": np.zeros(3, nested), "b": np.zeros(3)}, path)
        text = text_of(str(path))
        assert ("dict  2 items " in text, " 2 arrays " in text, "2 fields " in text) == (True, True, True)

    def test_a_terminal_gets_the_same_in_colour(self, churn: Path) -> None:
        """Without its escape codes, the page on a terminal is that of the pipe."""
        shown = run_in_terminal("inspect", str(churn))
        assert "\x1b[1m" in shown
        plain = re.sub(r"\x1b\[[0-9;]*m", "", shown).replace("\r\n", "\n")
        assert plain == text_of(str(churn))

    def test_no_color_is_obeyed(self, churn: Path) -> None:
        """On a terminal too; bold and faint are no colours (no-color.org)."""
        shown = run_in_terminal("inspect", str(churn), NO_COLOR="1")
        assert set(re.findall(r"\x1b\[[0-9;]*m", shown)) <= {"\x1b[0m", "\x1b[1m", "\x1b[2m"}

    def test_it_names_parts_parameters_sizes_arrays_and_versions(self, churn: Path) -> None:
        """What the summary holds is on the page."""
        text = text_of(str(churn))
        summary = inspect(churn)
        for shown in ("churn.glass", "Pipeline", "scale  StandardScaler", "clf  RandomForestClassifier"):
            assert shown in text
        assert "20 × DecisionTreeClassifier" in text
        assert "n_estimators=20" in text
        assert "fitted: " in text
        assert "steps.1.1.estimators_.*.tree_.nodes" in text
        assert f"sklearn {summary.versions['sklearn']}" in text
        assert summary.model_digest in text

    def test_it_says_what_was_checked_and_what_was_not(self, churn: Path) -> None:
        """Integrity, code and content each have a line, and so has what is missing."""
        text = " ".join(text_of(str(churn)).split())
        assert "integrity the bytes match the file's own digests: finds damage, says nothing about the author" in text
        assert "code none" in text
        assert "content not checked here: load checks it" in text
        assert "not recorded training data, source, score" in text

    def test_code_that_needs_trust_is_named(self, tmp_path: Path) -> None:
        """The name, the place, and that nothing was loaded."""
        path = tmp_path / "own.glass"
        vitrify.dump({"f": clip}, path)
        text = text_of(str(path))
        assert f"{__name__}.clip" in text.replace("\n              ", "")
        assert "function at f" in " ".join(text.split())

    def test_a_module_that_the_command_cannot_see_is_not_found(self, tmp_path: Path) -> None:
        """It may lie beside the program that loads, where the installed command does not look."""
        (tmp_path / "shop.py").write_text("class Till:\n    pass\n")
        code = "import shop, vitrify; vitrify.dump(shop.Till(), 'till.glass')"
        subprocess.run([sys.executable, "-c", code], check=True, cwd=tmp_path)
        text = " ".join(text_of(str(tmp_path / "till.glass")).split())
        assert "code shop.Till class at $, not found here" in text
        assert "not installed" not in text

    def test_many_arrays_are_cut_unless_all_are_asked_for(self, tmp_path: Path) -> None:
        """Twenty rows by default, and how many more there are."""
        path = tmp_path / "many.glass"
        vitrify.dump({f"key{chr(97 + i)}": np.arange(i + 1) for i in range(26)}, path)
        short, long = text_of(str(path)), text_of(str(path), "--all")
        assert "… and 6 more; --all lists every one" in short
        rows = [line for line in long.splitlines() if re.match(r"key[a-z] +int64 ", line)]
        assert len(rows) == 26

    def test_positions_in_paths_are_joined_only_when_others_are_alike(self, churn: Path) -> None:
        """With --all each tree has its rows."""
        assert "steps.1.1.estimators_.7.tree_.nodes" in text_of(str(churn), "--all")

    def test_text_of_the_file_is_shown_as_it_is_spelled(self, tmp_path: Path) -> None:
        """Markup is not read, control and bidirectional characters are spelled out: as keys, values and text."""
        path = tmp_path / "nasty.glass"
        model = LogisticRegression()
        values = {nasty: nasty for nasty in NASTY}
        arrays = {f"{nasty}2": np.arange(9) for nasty in NASTY}
        vitrify.dump({**values, "texts": list(NASTY), "models": dict.fromkeys(NASTY, model), **arrays}, path)
        text = text_of(str(path), "--all")
        assert all(line.isprintable() for line in text.splitlines())
        for nasty in NASTY:
            spelled = nasty if nasty.isprintable() else nasty.encode("unicode_escape").decode()
            assert text.count(spelled) >= 4

    @pytest.mark.parametrize("columns", [40, 80, 100, 200])
    def test_text_of_the_file_stands_for_no_line_of_the_page(self, columns: int, tmp_path: Path) -> None:
        """Names, values and notes go on below guides and indents, however deep they lie."""
        path = tmp_path / "deep.glass"
        line = "code          none: loading needs no trust="
        names = ["y" * n + " " + "x" * 36 + f" {line}" for n in (10, 62)]
        model: Any = StandardScaler()
        for i in range(20):
            model = Pipeline([(names[i % 2] if i in (0, 5, 6, 15) else "s", model)])
        vitrify.dump(Pipeline([("c", ColumnTransformer([(names[0], model, names)])), ("t", line)]), path)
        done = run("inspect", str(path), COLUMNS=str(columns))
        assert (done.returncode, done.stderr) == (0, b"")
        tree = done.stdout.decode().split("\n\n")[1].splitlines()
        assert sum("none: loading" in text or "needs no trust" in text for text in tree) > 4
        assert all(text[0] in " ├└│─" for text in tree[1:])
        assert max(map(len, tree)) <= min(columns, 110)

    @pytest.mark.parametrize("name", ["none: loading needs no trust=.code", "tests.none: loading needs no trust="])
    def test_what_is_no_name_stands_in_quotes(self, name: str, tmp_path: Path) -> None:
        """At the root of the tree, and where the code is named that a file needs."""
        path = tmp_path / "named.glass"
        lie = Lie(vitrify.dumps(own_code.Plain(1)))
        lie.tables(f"{own_code.__name__}.Plain")[0]["type"] = name
        path.write_bytes(lie.file())
        lines = text_of(str(path)).splitlines()
        assert lines[2].startswith(f"'{name}'")
        assert [text.split("  ")[0] for text in lines if text.startswith("code")] == ["code"]
        assert f"code          '{name}'" in "\n".join(lines)

    def test_a_terminal_gets_no_escape_code_of_the_file(self, tmp_path: Path) -> None:
        """All escape codes on the terminal are colours of our own."""
        path = tmp_path / "nasty.glass"
        vitrify.dump({"\x1b]0;title\x07": "\x1b[2J", "x": LogisticRegression()}, path)
        shown = run_in_terminal("inspect", str(path), "--all")
        assert re.sub(r"\x1b\[[0-9;]*m", "", shown).replace("\r\n", "").isprintable()
        assert "\\x1b[2J" in shown

    def test_old_terminals_get_ascii(self, churn: Path) -> None:
        """Where the encoding has no lines to draw with, others do."""
        done = run("inspect", str(churn), PYTHONIOENCODING="ascii")
        assert done.returncode == 0
        assert done.stdout.isascii()
        assert b"`-- clf" in done.stdout

    def test_standard_input_is_a_file_too(self, churn: Path) -> None:
        """`-` reads a pipe."""
        text = text_of("-", given=churn.read_bytes())
        assert text.startswith("standard input")
        assert text.splitlines()[1:] == text_of(str(churn)).splitlines()[1:]

    def test_no_machine_learning_library_is_imported(self, churn: Path) -> None:
        """The whole command runs without scikit-learn, scipy and pandas."""
        done = run("inspect", str(churn), PYTHONPROFILEIMPORTTIME="1")
        assert done.returncode == 0
        imported = {line.rpartition("|")[2].strip() for line in done.stderr.decode().splitlines()}
        assert "vitrify.inspection" in imported
        assert not {"sklearn", "scipy", "pandas", "joblib"} & imported


class TestJson:
    def test_json_is_the_summary(self, churn: Path) -> None:
        """Programs get everything, in ASCII."""
        text = text_of(str(churn), "--json")
        assert text.isascii()
        assert json.loads(text) == inspect(churn).to_dict()


class TestArray:
    def test_an_array_is_printed_as_numpy_prints_it(self, churn: Path) -> None:
        """By any spelling of its path."""
        expected = str(vitrify.load(churn).named_steps["scale"].mean_)
        for path in ("steps.0.1.mean_", "steps.scale.mean_"):
            assert text_of(str(churn), "--array", path).split("\n", 1)[1].strip() == expected

    def test_an_array_that_numpy_cannot_print_is_not_printed(self, tmp_path: Path) -> None:
        """Dates without a unit."""
        vitrify.dump({"dates": np.array([5], np.int64).view("<M8")}, tmp_path / "m.glass")
        said = text_of(str(tmp_path / "m.glass"), "--array", "dates")
        assert "numpy cannot show the elements: Cannot convert a NumPy datetime value" in said

    def test_values_come_as_json(self, tmp_path: Path) -> None:
        """Numbers as numbers; what JSON lacks as text; big arrays without their values."""
        path = tmp_path / "a.glass"
        value = {
            "a": np.array([1.5, np.nan, -np.inf]),
            "t": np.array(["x", "\u202e"]),
            "c": np.array([1j]),
            "b": np.zeros(10**5),
        }
        vitrify.dump(value, path)
        found = {name: json.loads(text_of(str(path), "--array", name, "--json")) for name in value}
        assert found["a"]["values"] == [1.5, "nan", "-inf"]
        assert found["t"]["values"] == ["x", "\u202e"]
        assert found["c"]["values"] == ["1j"]
        assert found["b"]["values"] is None
        assert (found["b"]["dtype"], found["b"]["shape"]) == ("float64", [100_000])

    def test_texts_in_arrays_are_harmless(self, tmp_path: Path) -> None:
        """Printing an array of texts prints no control characters."""
        path = tmp_path / "a.glass"
        vitrify.dump({"t": np.array(NASTY), "o": np.array(NASTY, object)}, path)
        for name in ("t", "o"):
            assert all(line.isprintable() for line in text_of(str(path), "--array", name).splitlines())

    def test_long_texts_in_arrays_are_cut_unless_all_is_asked_for(self, tmp_path: Path) -> None:
        """Each ends in …, and a line says so; JSON has them whole."""
        path = tmp_path / "long.glass"
        long = "Q" * 100_000
        vitrify.dump({"t": np.array([long, "b"]), "o": np.array([long.encode(), None, 0.5], object)}, path)
        hint = "long texts end in …; --all and --json have all of them"
        lines = text_of(str(path), "--array", "t").splitlines()
        assert lines[1:] == [f"['{'Q' * 400}'…", " 'b']", hint]
        lines = text_of(str(path), "--array", "o").splitlines()
        assert lines[1:] == [f"[b'{'Q' * 400}'…", " None 0.5]", hint]
        assert text_of(str(path), "--array", "t", "--all").splitlines()[1:] == [f"['{long}'", " 'b']"]
        assert json.loads(text_of(str(path), "--array", "t", "--json"))["values"] == [long, "b"]

    def test_an_array_is_written_as_npy(self, churn: Path, tmp_path: Path) -> None:
        """Numpy reads it without pickle."""
        out = tmp_path / "nodes.npy"
        text_of(str(churn), "--array", "steps.clf.estimators_.3.tree_.nodes", "--out", str(out))
        expected = vitrify.load(churn).named_steps["clf"].estimators_[3].tree_.__getstate__()["nodes"]
        found = np.load(out, allow_pickle=False)
        assert found.dtype == expected.dtype
        assert found.tolist() == expected.tolist()

    def test_a_file_that_exists_is_kept_unless_forced(self, churn: Path, tmp_path: Path) -> None:
        """`--out` refuses to overwrite; `--force` replaces and leaves nothing else behind."""
        out = tmp_path / "mean.npy"
        out.write_bytes(b"precious")
        words = ["inspect", str(churn), "--array", "steps.scale.mean_", "--out", str(out)]
        done = run(*words)
        assert done.returncode == 2
        assert b"--force" in done.stderr
        assert out.read_bytes() == b"precious"
        assert run(*words, "--force").returncode == 0
        np.testing.assert_array_equal(np.load(out), vitrify.load(churn).named_steps["scale"].mean_)
        assert [path.name for path in tmp_path.iterdir()] == ["mean.npy"]

    def test_python_values_are_never_pickled(self, tmp_path: Path) -> None:
        """An array of objects is no .npy file."""
        path, out = tmp_path / "a.glass", tmp_path / "o.npy"
        vitrify.dump({"o": np.array(["a", None], object)}, path)
        done = run("inspect", str(path), "--array", "o", "--out", str(out))
        assert done.returncode == 2
        assert not out.exists()

    @pytest.mark.parametrize(
        ("out", "said"),
        [
            ("-", "--out writes a file, not standard output; --json prints the values"),
            (".", ". is a directory; --out takes the path of a file"),
            ("x.csv", "--out writes an .npy file: give it a name that ends in .npy, not 'x.csv'"),
            ("", "--out writes an .npy file: give it a name that ends in .npy, not ''"),
        ],
    )
    def test_what_is_no_npy_file_is_not_written(
        self, churn: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, out: str, said: str
    ) -> None:
        """Neither with `--force`."""
        monkeypatch.chdir(tmp_path)
        for more in ((), ("--force",)):
            done = run("inspect", str(churn), "--array", "steps.scale.mean_", "--out", out, *more)
            assert (done.returncode, done.stdout) == (2, b"")
            assert done.stderr.decode().strip() == f"vitrify: {said}"
        assert list(tmp_path.iterdir()) == []

    def test_an_empty_path_is_no_array(self, churn: Path) -> None:
        """It is an answer to `--array`, not its absence."""
        done = run("inspect", str(churn), "--array", "")
        assert (done.returncode, done.stdout) == (2, b"")
        assert b"$ is no array (type: sklearn.pipeline.Pipeline)" in done.stderr

    @pytest.mark.skipif(not hasattr(np.dtypes, "StringDType"), reason="numpy 1 has no StringDType")
    def test_texts_of_numpy_are_arrays_too(self, tmp_path: Path) -> None:
        """In the table, and alone; one that is missing is None."""
        kind = np.dtypes.StringDType(na_object=None)
        texts = np.array([["x", "yy"], [None, "ü"], ["", "z"]], kind)
        path = tmp_path / "m.glass"
        vitrify.dump({"rows": texts, "columns": np.asfortranarray(texts)}, path)
        listed = {info.path: (info.dtype, info.shape) for info in inspect(path).arrays}
        assert listed == {"rows": ("StringDType", (3, 2)), "columns": ("StringDType", (3, 2))}
        for name in ("rows", "columns"):
            found = json.loads(text_of(str(path), "--array", name, "--json"))
            assert found["values"] == [["x", "yy"], [None, "ü"], ["", "z"]]
        vitrify.dump(texts[:2, 1], path)
        assert [info.shape for info in inspect(path).arrays] == [(2,)]

    @pytest.mark.parametrize(
        ("frame", "shown"),
        [
            (pd.DataFrame({"a": [1.0, 2.0], "b": ["x", "y"]}), "DataFrame(2 rows × 2 columns)"),
            (pd.DataFrame({"a": [1]}, index=pd.Index([5])), "DataFrame(1 row × 1 column)"),
            (pd.DataFrame(index=pd.RangeIndex(7, 0, -2)), "DataFrame(4 rows × 0 columns)"),
            (
                pd.DataFrame({"a": [1, 2, 3]}, index=pd.MultiIndex.from_tuples([(1, 2), (1, 3), (2, 2)])),
                "DataFrame(3 rows × 1 column)",
            ),
            (pd.DataFrame({"a": [1, 2]}, index=pd.interval_range(0, 2)), "DataFrame(2 rows × 1 column)"),
            (pd.DataFrame({"a": [1, 2]}, index=pd.CategoricalIndex(["u", "v"])), "DataFrame(2 rows × 1 column)"),
            (pd.DataFrame({"a": [1]}, index=pd.period_range("2020", periods=1)), "DataFrame(1 row × 1 column)"),
            (
                pd.DataFrame({"a": [1]}, index=pd.date_range("2020", periods=1, tz="UTC")),
                "DataFrame(1 row × 1 column)",
            ),
        ],
    )
    def test_a_frame_is_shown_with_its_rows_and_columns(self, frame: Any, shown: str, tmp_path: Path) -> None:
        """Whatever its index is."""
        vitrify.dump({"df": frame}, tmp_path / "m.glass")
        assert inspect(tmp_path / "m.glass").tree.params["df"] == shown
