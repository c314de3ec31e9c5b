"""The code that trained a model: script, notebook, and the caller's own classes."""

from __future__ import annotations

import importlib
import inspect
import os
import subprocess
import sys
import warnings
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from blake3 import blake3
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.tree import DecisionTreeClassifier

from tests.support import own_code
from vitrify.errors import VitrifyWarning
from vitrify.record.provenance.source import source
from vitrify.record.summary import Source, Summary, read_summary, write_summary

SCRIPT = "# -*- coding: latin-1 -*-\nname = 'M\u00fcller'\r\n"
CODE = """import numpy as np


class Base:
    def __init__(self, value):
        self.value = value


class Model(Base):
    '''A model.'''

    @staticmethod
    def inner():
        return 1


def clip(x):
    return np.clip(x, 0, 1)
"""


@pytest.fixture
def running(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Makes it look as if this script ran, in an empty folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("JPY_SESSION_NAME", raising=False)

    def run(data: bytes | None, name: str = "train.py") -> Path:
        path = tmp_path / name
        if data is not None:
            path.write_bytes(data)
        monkeypatch.setattr(sys.modules["__main__"], "__file__", str(path), raising=False)
        return path

    return run


@pytest.fixture
def notebook(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Makes it look as if these cells had run."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("JPY_SESSION_NAME", raising=False)
    monkeypatch.delattr(sys.modules["__main__"], "__file__", raising=False)

    def run(cells: Any, **space: Any) -> None:
        shell = SimpleNamespace(history_manager=SimpleNamespace(input_hist_raw=cells), user_ns=space)
        monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: shell))

    return run


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A module of the caller's own, in this folder below the temporary one."""

    def make(folder: str = "work", name: str = "my_code", text: str = CODE) -> Any:
        place = tmp_path / folder
        place.mkdir(parents=True, exist_ok=True)
        (place / f"{name}.py").write_text(text)
        monkeypatch.syspath_prepend(place)
        monkeypatch.delitem(sys.modules, name, raising=False)
        module = importlib.import_module(name)
        monkeypatch.setitem(sys.modules, name, module)
        return module

    return make


class TestScript:
    def test_its_name_and_digest_are_noted_and_its_text_is_not(self, running: Any) -> None:
        """The digest is that of the file, as `b3sum` gives it."""
        data = SCRIPT.encode("latin-1")
        running(data)
        assert source(True) == (Source(script="train.py", script_digest=blake3(data).hexdigest()), {})

    def test_its_text_comes_with_text(self, running: Any) -> None:
        """In the encoding that it declares, line breaks kept."""
        running(SCRIPT.encode("latin-1"))
        found, texts = source("text")
        assert (found.texts, texts) == (("train.py",), {"train.py": SCRIPT})

    @pytest.mark.parametrize(
        ("data", "reason"),
        [
            (None, "train.py cannot be read"),
            (b"x = '\xff'", "train.py is no text"),
            (b"# coding: klingon\n", "no text"),
        ],
    )
    def test_what_cannot_be_read_is_a_warning(self, data: bytes | None, reason: str, running: Any) -> None:
        """The name is noted, and where there are bytes their digest."""
        running(data)
        with pytest.warns(VitrifyWarning, match=reason):
            found, texts = source("text")
        assert (found.script, texts) == ("train.py", {})
        assert found.script_digest == ("" if data is None else blake3(data).hexdigest())

    @pytest.mark.skipif(sys.platform != "linux", reason="other systems allow no such name")
    def test_a_name_that_is_no_text_is_spelled_out(self, running: Any) -> None:
        """The record is UTF-8."""
        running(b"x = 1\n", os.fsdecode(b"tr\xffin.py"))
        found, _ = source("text")
        assert found.script == "tr\\udcffin.py"
        assert read_summary(write_summary(Summary(versions={}, source=found))).source == found

    def test_no_folder_is_noted(self, running: Any, tmp_path: Path) -> None:
        """Only names."""
        running(b"x = 1\n")
        assert str(tmp_path) not in str(source("text", {"a": 1}))

    def test_a_prompt_has_neither_script_nor_notebook(self, notebook: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        """Nothing to note down, and nothing to warn of."""
        monkeypatch.delitem(sys.modules, "IPython", raising=False)
        assert source("text") == (Source(), {})
        monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: None))
        assert source("text") == (Source(), {})
        monkeypatch.setattr(sys.modules["__main__"], "__file__", "<stdin>", raising=False)
        assert source("text") == (Source(), {})


class TestNotebook:
    def test_the_cells_that_ran_are_kept_in_their_order(self, notebook: Any) -> None:
        """As they were typed; an empty one is none."""
        notebook(["", "import numpy\n", "  ", "%timeit 1\nx = 1"])
        found, texts = source("text")
        text = "# In [1]\nimport numpy\n\n# In [3]\n%timeit 1\nx = 1\n"
        assert texts == {"notebook": text}
        assert (found.script, found.script_digest) == ("notebook", blake3(text.encode()).hexdigest())
        assert source(True)[1] == {}

    def test_its_name_is_what_its_server_says(self, notebook: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        """Without its folder."""
        monkeypatch.setenv("JPY_SESSION_NAME", "/nowhere/secret/churn.ipynb")
        notebook(["", "1"])
        assert source(True)[0].script == "churn.ipynb"
        notebook(["", "1"], __vsc_ipynb_file__="/nowhere/other.ipynb")
        assert source(True)[0].script == "other.ipynb"
        monkeypatch.setenv("JPY_SESSION_NAME", "3f2c")
        notebook(["", "1"])
        assert source(True)[0].script == "notebook"

    def test_half_characters_are_spelled_out(self, notebook: Any) -> None:
        """A cell may hold what UTF-8 cannot."""
        notebook(["", "x = '\ud800'"])
        assert source("text")[1] == {"notebook": "# In [1]\nx = '\\ud800'\n"}

    @pytest.mark.parametrize("cells", [None, [], [""], "no list"])
    def test_unknown_cells_are_a_warning(self, cells: Any, notebook: Any) -> None:
        """Another kind of shell."""
        notebook(cells)
        with pytest.warns(VitrifyWarning, match="cells are not known"):
            assert source("text") == (Source(), {})

    def test_a_script_that_a_notebook_runs_is_the_script(self, notebook: Any, running: Any) -> None:
        """As `%run train.py` does."""
        notebook(["", "%run train.py"])
        running(b"x = 1\n")
        assert source(True)[0].script == "train.py"


class TestOwnCode:
    def test_the_callers_classes_and_functions_are_kept(self, running: Any, own: Any) -> None:
        """With what they inherit from; after the script, in the order of the model."""
        running(b"pass\n")
        code = own()
        steps = [("clip", FunctionTransformer(code.clip)), ("clf", LogisticRegression())]
        found, texts = source("text", {"pipe": Pipeline(steps), "mine": code.Model(1), "again": code.Model(2)})
        blocks = CODE.split("\n\n\n")
        assert set(texts) == {"train.py", "my_code.clip", "my_code.Model", "my_code.Base"}
        assert texts["my_code.clip"] == blocks[3]
        assert texts["my_code.Model"] == blocks[2] + "\n"
        assert texts["my_code.Base"] == blocks[1] + "\n"
        assert found.texts == tuple(texts)
        assert found.texts[0] == "train.py"

    def test_classes_of_libraries_are_not(self, running: Any, own: Any) -> None:
        """Reviewed or installed: those have a version."""
        running(b"")
        library = own("lib/site-packages", "some_library")
        model = {"a": DecisionTreeClassifier(), "b": np.ones(3), "c": library.Model(1), "d": library.clip}
        assert source("text", model) == (source(True)[0], {})

    def test_texts_have_the_dotted_names_of_their_classes(self, running: Any) -> None:
        """As files name them."""
        running(b"")
        _, texts = source("text", [own_code.Point(1, 2), own_code.HalfSlotted(1, 2, 3)])
        name = "tests.support.own_code"
        assert set(texts) == {f"{name}.{kind}" for kind in ("Point", "HalfSlotted", "Slotted")}
        assert texts[f"{name}.Point"] == inspect.getsource(own_code.Point)

    def test_code_without_text_is_a_warning(self, running: Any, own: Any, tmp_path: Path) -> None:
        """Its file is gone, or it was made by `exec`."""
        running(b"")
        code = own()
        (tmp_path / "work" / "my_code.py").unlink()
        with pytest.warns(VitrifyWarning, match="the code of my_code.clip is not at hand"):
            assert source("text", [code.clip])[1] == {}

    def test_a_class_of_the_script_stands_in_its_text(self, running: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        """No warning if it cannot be had alone; without the script's text there is one."""
        kind = type("Typed", (), {"__module__": "__main__"})
        monkeypatch.setattr(sys.modules["__main__"], "Typed", kind, raising=False)
        running(b"class Other: pass\n")
        assert source("text", kind())[1] == {"train.py": "class Other: pass\n"}
        running(b"")
        with pytest.warns(VitrifyWarning, match="the code of __main__.Typed is not at hand"):
            assert source("text", kind())[1] == {}

    def test_a_model_that_cannot_be_saved_is_a_warning(self, running: Any) -> None:
        """`dump` says why, and will raise."""

        class Local:
            pass

        class Failing:
            def __reduce_ex__(self, protocol: Any) -> Any:
                raise RuntimeError("of the caller's")

        running(b"x = 1\n")
        for model in (Local(), Failing()):
            with pytest.warns(VitrifyWarning, match="cannot be saved"):
                assert list(source("text", model)[1]) == ["train.py"]


class TestModes:
    def test_false_looks_at_nothing(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """No script, no git."""
        monkeypatch.setattr(subprocess, "run", None)
        assert source(False, object()) == (Source(), {})

    @pytest.mark.parametrize("mode", ["full", "", 1, None])
    def test_there_are_no_other_modes(self, mode: Any) -> None:
        """A misspelled one would leave out what was asked for."""
        with pytest.raises(ValueError, match='source= is True, False or "text", got'):
            source(mode)

    def test_git_is_asked_about_the_folder_of_the_script(self, running: Any, tmp_path: Path) -> None:
        """Not about the current one; `start` names another."""
        (tmp_path / "code").mkdir()
        path = running(b"x = 1\n", "code/train.py")
        program = ["git", "-C", str(path.parent), "-c", "init.defaultBranch=trunk", "init", "--quiet"]
        try:
            subprocess.run(program, check=True, env={**os.environ, "GIT_CONFIG_GLOBAL": os.devnull})
        except FileNotFoundError:
            pytest.skip("git is not installed")
        assert source(True)[0].branch == "trunk"
        assert source(True, start=tmp_path)[0].branch == ""

    def test_what_git_says_is_a_warning_at_the_call_of_the_caller(self, running: Any, tmp_path: Path) -> None:
        """Never an exception."""
        running(b"x = 1\n")

        def capture() -> Any:
            return _source()

        def _source() -> Any:
            return source(True, start=tmp_path / "absent")

        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            found, _ = capture()
        assert found.script == "train.py"
        (warning,) = caught
        assert warning.category is VitrifyWarning
        assert (warning.filename, "could not note everything down: git rev-parse: " in str(warning.message)) == (
            __file__, True,
        )  # fmt: skip


def test_in_a_process_of_its_own_it_notes_the_script_that_runs(tmp_path: Path) -> None:
    """From start to end, with a class of `__main__`."""
    text = (
        "import warnings; warnings.simplefilter('error')\n"
        "from vitrify.record.provenance.source import source\n"
        "class Mine:\n    kind = 1\n"
        "found, texts = source('text', {'model': Mine()})\n"
        "print(found.script, found.script_digest, *texts)\n"
        "print(texts['__main__.Mine'], end='')\n"
    )
    (tmp_path / "fit.py").write_text(text)
    done = subprocess.run([sys.executable, "fit.py"], cwd=tmp_path, capture_output=True, text=True, check=True)
    digest = blake3(text.encode()).hexdigest()
    assert done.stdout == f"fit.py {digest} fit.py __main__.Mine\nclass Mine:\n    kind = 1\n"
