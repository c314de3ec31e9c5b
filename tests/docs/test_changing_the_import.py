"""The README's table of what differs from pickle and joblib: each row is what happens."""

from __future__ import annotations

import io
import mmap
import pickle
import types
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pytest
from sklearn.datasets import load_iris
from sklearn.ensemble import RandomForestClassifier
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

import vitrify
from tests.docs.pages import ROOT
from tests.support.equality import assert_same
from tests.support.own_code import Winsorizer

TABLE = (ROOT / "README.md").read_text(encoding="utf-8").split("## Changing the import")[1].split("\n## ")[0]


@pytest.fixture(scope="module")
def model() -> Any:
    X, y = load_iris(return_X_y=True)
    return RandomForestClassifier(5, random_state=0).fit(X, y)


@pytest.mark.parametrize("module", [pickle, joblib, vitrify])
def test_the_three_usual_calls_work_with_either_import(module: types.ModuleType, model: Any, tmp_path: Path) -> None:
    """By path, by file object, and compressed."""
    with open(tmp_path / "a", "wb") as f:
        module.dump(model, f)
    with open(tmp_path / "a", "rb") as f:
        assert_same(model, module.load(f))
    if module is not pickle:
        module.dump(model, tmp_path / "b")
        module.dump(model, tmp_path / "c", compress=3)
        assert_same(module.load(tmp_path / "b"), module.load(tmp_path / "c"))


def test_protocol_is_a_type_error(model: Any) -> None:
    """By name and by position."""
    assert "`dump(model, f, protocol=5)`" in TABLE
    with pytest.raises(TypeError):
        vitrify.dump(model, io.BytesIO(), protocol=5)  # type: ignore[call-arg]  # the point of the test
    with pytest.raises(TypeError):
        vitrify.dump(model, io.BytesIO(), 5)  # type: ignore[call-arg]  # the point of the test


def test_joblibs_forms_of_compress_are_a_type_error_that_says_so(model: Any) -> None:
    """A pair and a name."""
    assert '`dump(model, path, compress=("xz", 3))`, `compress="gzip"`' in TABLE
    for form in (("xz", 3), "gzip"):
        with pytest.raises(TypeError, match="joblib's form; give True or an effort from 1 to 9"):
            vitrify.dumps(model, compress=form)  # type: ignore[arg-type]  # the point of the test


def test_mmap_mode_is_mmap_and_its_arrays_are_writable(tmp_path: Path) -> None:
    """What is written stays in memory."""
    assert '`load(path, mmap_mode="r")`' in TABLE
    vitrify.dump(np.zeros(10_000), tmp_path / "x.glass")
    with pytest.raises(TypeError):
        vitrify.load(tmp_path / "x.glass", mmap_mode="r")  # type: ignore[call-arg]  # the point of the test
    mapped = vitrify.load(tmp_path / "x.glass", mmap=True)
    base = mapped
    while isinstance(base, np.ndarray):
        base = base.base
    mapped[:] = 1

    assert isinstance(base, memoryview)
    assert isinstance(base.obj, mmap.mmap)
    assert not vitrify.load(tmp_path / "x.glass").any()


def test_dump_returns_none(model: Any, tmp_path: Path) -> None:
    """A list of paths is what joblib returns."""
    assert joblib.dump(model, tmp_path / "a") == [str(tmp_path / "a")]
    assert vitrify.dump(model, tmp_path / "b") is None  # type: ignore[func-returns-value]  # the point of the test


def test_a_stream_holds_one_object() -> None:
    """Each load of pickle takes the next one; vitrify says what to do."""
    streams = io.BytesIO(), io.BytesIO()
    for module, stream in zip((pickle, vitrify), streams, strict=True):
        for value in (1, 2):
            module.dump(value, stream)
        stream.seek(0)

    assert [pickle.load(streams[0]), pickle.load(streams[0])] == [1, 2]
    with pytest.raises(vitrify.errors.FormatError, match="put several into one dict or list"):
        vitrify.load(streams[1])


def test_memory_comes_back_as_none() -> None:
    """With a warning when it is saved."""
    pipeline = Pipeline([("scale", StandardScaler())], memory="cache")
    with pytest.warns(vitrify.errors.NotRestoredWarning):
        data = vitrify.dumps(pipeline)

    assert pickle.loads(pickle.dumps(pipeline)).memory == "cache"
    assert vitrify.loads(data).memory is None


def test_lambdas_are_refused_with_their_place() -> None:
    """And with the way out."""
    with pytest.raises(vitrify.errors.UnsupportedError, match=r"a lambda - at \$\['f'\]. Write it as a named function"):
        vitrify.dumps({"f": lambda x: x})


def test_own_classes_need_the_callers_word() -> None:
    """Unpickling imports them by name."""
    data = vitrify.dumps(Winsorizer())

    assert isinstance(pickle.loads(pickle.dumps(Winsorizer())), Winsorizer)
    with pytest.raises(vitrify.errors.UntrustedTypeError):
        vitrify.loads(data)
    assert isinstance(vitrify.loads(data, trust=[Winsorizer]), Winsorizer)
