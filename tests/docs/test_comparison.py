"""The README's table beside the alternatives: each cell is what happens when it is tried.

A dash is where a question makes no sense for a tool; `not compared` is where nobody looked. ONNX's cells that have a
source are not tried here; the others are, where skl2onnx and onnxruntime are installed.
"""

from __future__ import annotations

import io
import mmap
import re
import subprocess
import sys
import types
import warnings
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.datasets import load_iris
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import FunctionTransformer
from sklearn.tree import DecisionTreeClassifier

import vitrify
from tests.docs.pages import ROOT
from tests.docs.running import environment

X, Y = load_iris(return_X_y=True)
README = (ROOT / "README.md").read_text(encoding="utf-8")


def table() -> dict[tuple[str, str], str]:
    """(tool, column) → the text of the cell."""
    part = README.split("## Beside the alternatives")[1].split("\n## ")[0]
    lines = [line.strip("|").split("|") for line in part.split("\n") if line.startswith("|")]
    header = [name.strip() for name in lines[0]]
    return {
        (line[0].strip(), header[place]): line[place].strip() for line in lines[2:] for place in range(1, len(header))
    }


CELLS = table()
COLUMNS = list(dict.fromkeys(column for _, column in CELLS))


class Pickling:
    """pickle and cloudpickle."""

    def __init__(self, module: str) -> None:
        self.module = module

    def dumps(self, value: Any) -> bytes:
        data: bytes = import_module(self.module).dumps(value)
        return data

    def loads(self, data: bytes) -> Any:
        return import_module(self.module).loads(data)

    def loads_mapped(self, path: Path) -> Any:
        """The best that the tool can do; these have no way to map."""
        return self.loads(path.read_bytes())

    def loads_trusting(self, data: bytes) -> Any:
        """After the caller has said yes to every type."""
        return self.loads(data)

    def dumps_with_data(self, value: Any) -> bytes:
        """With the data that it was trained on, where the tool takes that."""
        return self.dumps(value)

    def loads_verified(self, data: bytes) -> Any:
        """With all that the tool can check of the model; these have nothing but loading."""
        return self.loads_trusting(data)


class Joblib(Pickling):
    def dumps(self, value: Any) -> bytes:
        stream = io.BytesIO()
        import_module("joblib").dump(value, stream)
        return stream.getvalue()

    def loads(self, data: bytes) -> Any:
        return import_module("joblib").load(io.BytesIO(data))

    def loads_mapped(self, path: Path) -> Any:
        return import_module("joblib").load(path, mmap_mode="c")


class Skops(Pickling):
    def loads_trusting(self, data: bytes) -> Any:
        sio = import_module("skops.io")
        return sio.loads(data, trusted=sio.get_untrusted_types(data=data))


class Vitrify(Pickling):
    def loads_mapped(self, path: Path) -> Any:
        return vitrify.load(path, mmap=True)

    def dumps_with_data(self, value: Any) -> bytes:
        return vitrify.dumps(value, X=X, y=Y)

    def loads_verified(self, data: bytes) -> Any:
        return vitrify.loads(data, verify="probes")


TOOLS: dict[str, Pickling] = {
    "pickle": Pickling("pickle"),
    "joblib": Joblib("joblib"),
    "cloudpickle": Pickling("cloudpickle"),
    "skops": Skops("skops.io"),
    "vitrify": Vitrify("vitrify"),
}


class Canary:
    """Makes a file when it is unpickled."""

    def __init__(self, path: str) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        return open, (self.path, "w")


def is_quiet(attempt: Callable[[], Any]) -> bool:
    """Whether it ends without an error."""
    try:
        attempt()
    except Exception:
        return False
    return True


def runs_no_code(tool: Pickling, folder: Path) -> bool:
    canary = folder / "canary"
    try:
        tool.loads(tool.dumps(Canary(str(canary)))).close()
    except Exception:
        return not canary.exists()
    return not canary.exists()


def no_type_list(tool: Pickling, folder: Path) -> bool:
    data = tool.dumps(RandomForestClassifier(3, random_state=0).fit(X, Y))
    return is_quiet(lambda: tool.loads(data))


def impossible_tree() -> DecisionTreeClassifier:
    """A tree whose root has a left child that does not exist; it is never asked to predict."""
    model = DecisionTreeClassifier(max_depth=3, random_state=0).fit(X, Y)
    state = dict(model.tree_.__getstate__())
    state["nodes"] = state["nodes"].copy()
    state["nodes"]["left_child"][0] = 1_000_000
    tree = type(model.tree_)(4, np.array([3]), 1)
    tree.__setstate__(state)
    model.tree_ = tree
    return model


def checks_values(tool: Pickling, folder: Path) -> bool:
    data = tool.dumps(impossible_tree())
    return not is_quiet(lambda: tool.loads_trusting(data))


def finds_damage(tool: Pickling, folder: Path) -> bool:
    model = LogisticRegression(max_iter=1000).fit(X, Y)
    data = bytearray(tool.dumps(model))
    place = data.find(model.coef_.tobytes()[:8])
    assert place > 0
    data[place + 6] ^= 1
    try:
        again = tool.loads(bytes(data))
    except Exception:
        return True
    assert again.coef_[0, 0] != model.coef_[0, 0]
    return False


def finds_another_prediction(tool: Pickling, folder: Path) -> bool:
    """A library changes after the model was saved: here, what a sum of products is."""
    model = LogisticRegression(max_iter=1000).fit(X, Y)
    data = tool.dumps_with_data(model)
    assert is_quiet(lambda: tool.loads_verified(data))
    before, function = model.predict_proba(X), LogisticRegression.decision_function
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(LogisticRegression, "decision_function", lambda self, rows: 1.001 * function(self, rows))
        if not is_quiet(lambda: tool.loads_verified(data)):
            return True
        assert abs(tool.loads_verified(data).decision_function(X) - model.decision_function(X)).max() == 0
        assert abs(model.decision_function(X) - function(model, X)).max() > 1e-3
    assert (model.predict_proba(X) == before).all()
    return False


HASHED = "import sys; from tests.docs.test_comparison import *; sys.stdout.write(hashed(sys.argv[1]))"


def hashed(tool: str) -> str:
    """The bytes of a bundle that holds a set, in a process with a hash seed of its own."""
    bundle = {"model": LogisticRegression(max_iter=1000).fit(X, Y), "columns": {"age", "fee", "plan", "zone", "since"}}
    return TOOLS[tool].dumps(bundle).hex()


def same_bytes(tool: Pickling, folder: Path) -> bool:
    data = tool.dumps(RandomForestClassifier(3, random_state=0).fit(X, Y))
    if tool.dumps(tool.loads_trusting(data)) != data:
        return False
    name = next(name for name, known in TOOLS.items() if known is tool)
    answers = {
        subprocess.run(
            [sys.executable, "-W", "ignore", "-c", HASHED, name],
            env={**environment(), "PYTHONHASHSEED": seed},
            check=True,
            capture_output=True,
        ).stdout
        for seed in ("1", "2")
    }
    return len(answers) == 1


def is_mapped(array: Any) -> bool:
    """Whether its memory is a map of a file."""
    while array is not None:
        if isinstance(array, (mmap.mmap, np.memmap)):
            return True
        array = array.obj if isinstance(array, memoryview) else getattr(array, "base", None)
    return False


def maps_arrays(tool: Pickling, folder: Path) -> bool:
    path = folder / "model"
    path.write_bytes(tool.dumps({"coef": np.arange(100_000.0)}))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = tool.loads_mapped(path)["coef"]
    return is_mapped(found)


def carries_code(tool: Pickling, folder: Path) -> bool:
    script = types.ModuleType("__main__")
    exec("twice = lambda x: 2 * x", vars(script))
    model = FunctionTransformer(script.twice)
    try:
        again = tool.loads_trusting(tool.dumps(model))
    except Exception:
        return False
    return bool((again.transform(X) == 2 * X).all())


def object_back(tool: Pickling, folder: Path) -> bool:
    model = LogisticRegression(max_iter=1000).fit(X, Y)
    again = tool.loads_trusting(tool.dumps(model))
    return type(again) is LogisticRegression and is_quiet(lambda: again.fit(X, Y))


def without_python(tool: Pickling, folder: Path) -> bool:
    """These files name Python's classes, whose code they do not hold."""
    return b"LogisticRegression" not in tool.dumps(LogisticRegression(max_iter=1000).fit(X, Y))


TRIED: dict[str, Callable[[Pickling, Path], bool]] = {
    "runs no code": runs_no_code,
    "no type list": no_type_list,
    "checks values": checks_values,
    "finds damage": finds_damage,
    "finds another prediction": finds_another_prediction,
    "same bytes": same_bytes,
    "maps arrays": maps_arrays,
    "carries code": carries_code,
    "object back": object_back,
    "without Python": without_python,
}


def test_the_table_has_the_columns_that_are_tried() -> None:
    """None more, none less, each defined below the table."""
    assert set(COLUMNS) == set(TRIED)
    assert {tool for tool, _ in CELLS} == {*TOOLS, "ONNX"}
    for column in COLUMNS:
        assert f"- **{column}**: " in README


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("column", TRIED)
@pytest.mark.parametrize("tool", TOOLS)
def test_a_cell_is_what_happens(tool: str, column: str, tmp_path: Path) -> None:
    """With the defaults of the tool that is installed."""
    cell = CELLS[tool, column].split("[")[0]
    if cell == "–":
        assert column == "no type list"
        assert no_type_list(TOOLS[tool], tmp_path)
        return

    assert cell == ("yes" if TRIED[column](TOOLS[tool], tmp_path) else "no")


@pytest.mark.parametrize("column", COLUMNS)
def test_cells_of_onnx_have_a_source_or_are_tried(column: str) -> None:
    """The footnote of a cell is a link, or says what was seen."""
    cell = CELLS["ONNX", column]
    note = re.search(r"\[\^(\w+)\]", cell)
    if note is None:
        assert cell in ("–", "not compared") or column in ("finds damage", "carries code")
    else:
        assert re.search(rf"^\[\^{note[1]}\]: .*(https://|ONNX Runtime)", README, re.MULTILINE)


@pytest.fixture
def onnx() -> Any:
    """The three packages as one namespace; `pip install skl2onnx onnxruntime` brings them."""
    names = ("onnx", "skl2onnx", "onnxruntime")
    reason = "skl2onnx and onnxruntime are not installed; their cells were seen with 1.20 and 1.31"
    return types.SimpleNamespace(**{name: pytest.importorskip(name, reason=reason) for name in names})


@pytest.mark.filterwarnings("ignore")
def test_onnx_does_not_find_damage(onnx: Any) -> None:
    """One flipped bit gives another probability."""
    model = LogisticRegression(max_iter=1000).fit(X, Y)
    rows = X[:1].astype(np.float32)
    data = bytearray(onnx.skl2onnx.to_onnx(model, rows, options={"zipmap": False}).SerializeToString())
    before = onnx.onnxruntime.InferenceSession(bytes(data)).run(None, {"X": rows})[1]
    data[data.find(model.coef_.astype(np.float32).tobytes()[:4]) + 2] ^= 0x40
    onnx.onnx.checker.check_model(onnx.onnx.load_from_string(bytes(data)), full_check=True)
    after = onnx.onnxruntime.InferenceSession(bytes(data)).run(None, {"X": rows})[1]

    assert abs(before - after).max() > 1e-3


@pytest.mark.filterwarnings("ignore")
def test_onnx_checks_values_in_part(onnx: Any) -> None:
    """The checker accepts an impossible tree, the runtime does not."""
    model = DecisionTreeClassifier(max_depth=2, random_state=0).fit(X, Y)
    made = onnx.skl2onnx.to_onnx(model, X[:1].astype(np.float32), options={"zipmap": False})
    (truths,) = [a for node in made.graph.node for a in node.attribute if a.name == "nodes_truenodeids"]
    truths.ints[0] = 1_000_000
    onnx.onnx.checker.check_model(made, full_check=True)

    with pytest.raises(Exception, match="node_id"):
        onnx.onnxruntime.InferenceSession(made.SerializeToString())


@pytest.mark.filterwarnings("ignore")
def test_onnx_carries_no_code(onnx: Any) -> None:
    """A lambda has no converter."""
    with pytest.raises(Exception, match="FunctionTransformer"):
        onnx.skl2onnx.to_onnx(FunctionTransformer(lambda x: x + 1).fit(X), X[:1].astype(np.float32))


def test_the_versions_that_the_readme_names_are_near_those_installed() -> None:
    """The sentence below the table."""
    named = re.search(r"\(skops ([\d.]+), joblib ([\d.]+) and cloudpickle ([\d.]+) when", README)
    assert named is not None
    for module, version in zip(("skops", "joblib", "cloudpickle"), named.groups(), strict=True):
        assert import_module(module).__version__.split(".")[0] == version.split(".")[0]
