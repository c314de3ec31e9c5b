"""The README's table of what differs from pickle and joblib: each row is what happens."""

from __future__ import annotations

import io
import mmap
import pickle
import types
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pytest
import skops.io
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


def refusal(call: Callable[..., Any], *arguments: Any, **named: Any) -> str:
    """What the TypeError for a call says."""
    with pytest.raises(TypeError) as caught:
        call(*arguments, **named)
    return str(caught.value)


def test_the_protocol_is_left_out(model: Any) -> None:
    """By name and by position."""
    assert "| `dump(model, f, protocol=5)`, `dump(model, f, 5)` |" in TABLE
    pickle.dump(model, io.BytesIO(), protocol=pickle.HIGHEST_PROTOCOL)
    pickle.dump(model, io.BytesIO(), pickle.HIGHEST_PROTOCOL)
    assert "protocol= is pickle's" in refusal(vitrify.dump, model, io.BytesIO(), protocol=pickle.HIGHEST_PROTOCOL)
    assert "leave pickle's protocol out" in refusal(vitrify.dump, model, io.BytesIO(), pickle.HIGHEST_PROTOCOL)
    with pytest.raises(AttributeError, match="leave protocol= out"):
        vitrify.HIGHEST_PROTOCOL  # type: ignore[attr-defined]  # noqa: B018  # the point of the test


@pytest.mark.parametrize("argument", ["fix_imports", "encoding", "errors", "buffers", "buffer_callback", "cache_size"])
def test_what_has_no_meaning_here_is_left_out(argument: str, model: Any) -> None:
    """Whatever reads or writes it."""
    assert f"`{argument}=`" in TABLE
    takers = [
        refusal(vitrify.dump, model, io.BytesIO(), **{argument: None}),
        refusal(vitrify.loads, b"", **{argument: None}),
    ]
    assert any(text.startswith(f"{argument}= is ") and text.endswith("leave it out") for text in takers)


def test_joblibs_forms_of_compress_are_a_type_error_that_says_so(model: Any) -> None:
    """A pair, a name, and a third argument."""
    assert '| `dump(model, path, compress=("xz", 3))`, `compress="gzip"`, `dump(model, path, 3)` |' in TABLE
    for form in (("xz", 3), "gzip"):
        joblib.dump(1, io.BytesIO(), compress=form)
        assert "joblib's form; give True or an effort from 1 to 9" in refusal(vitrify.dumps, model, compress=form)
    assert "write joblib's compress as compress=" in refusal(vitrify.dump, model, io.BytesIO(), 3)


@pytest.mark.parametrize("ending", ["gz", "xz", "bz2"])
def test_the_ending_of_a_name_means_nothing(ending: str, model: Any, tmp_path: Path) -> None:
    """It is joblib that compresses by it."""
    assert '| `joblib.dump(model, "model.xz")` compresses, since the name says so |' in TABLE
    named, plain = tmp_path / f"model.{ending}", tmp_path / "model"
    joblib.dump(model, named)
    joblib.dump(model, plain)
    assert named.stat().st_size < plain.stat().st_size / 2

    vitrify.dump(model, named)
    vitrify.dump(model, plain)
    assert named.read_bytes() == plain.read_bytes()


def test_joblibs_names_of_the_first_arguments_are_not_ours(model: Any, tmp_path: Path) -> None:
    """The error has our names; by position they are the same."""
    assert "| `joblib.dump(value=model, filename=path)` | `dump(obj=model, file=path)`, or by position. |" in TABLE
    joblib.dump(value=model, filename=tmp_path / "a")
    assert "'obj' and 'file'" in refusal(vitrify.dump, value=model, filename=tmp_path / "a")
    assert "'file'" in refusal(vitrify.load, filename=tmp_path / "a")
    vitrify.dump(obj=model, file=tmp_path / "a")
    assert_same(model, vitrify.load(file=tmp_path / "a"))


def test_skops_names_for_compression_lead_to_compress(model: Any) -> None:
    """Both of them."""
    assert "| `compression=`, `compresslevel=` of skops | The same `compress=`. |" in TABLE
    skops.io.dumps(1, compression=zipfile.ZIP_DEFLATED, compresslevel=9)
    for argument in ("compression", "compresslevel"):
        assert "use compress=" in refusal(vitrify.dumps, model, **{argument: 8})


def test_arrays_keep_their_byte_order() -> None:
    """Where joblib makes it that of the machine."""
    assert "| `ensure_native_byte_order=` |" in TABLE
    swapped = np.arange(3, dtype=np.dtype(int).newbyteorder("S"))
    stream = io.BytesIO()
    joblib.dump(swapped, stream)
    stream.seek(0)

    assert joblib.load(stream).dtype.isnative
    assert vitrify.loads(vitrify.dumps(swapped)).dtype == swapped.dtype
    assert "byte order" in refusal(vitrify.loads, b"", ensure_native_byte_order=True)


def test_skops_trusted_is_trust(tmp_path: Path) -> None:
    """With the classes themselves, which inspect names."""
    assert "| `load(path, trusted=[…])` of skops | `load(path, trust=[…])`" in TABLE
    vitrify.dump(Winsorizer(), tmp_path / "x.glass")

    assert "use trust=" in refusal(vitrify.load, tmp_path / "x.glass", trusted=[])
    assert "skops's trusted as trust=" in refusal(vitrify.load, tmp_path / "x.glass", [])
    assert [need.name for need in vitrify.inspect(tmp_path / "x.glass").code] == [
        f"{Winsorizer.__module__}.{Winsorizer.__qualname__}"
    ]
    assert isinstance(vitrify.load(tmp_path / "x.glass", trust=[Winsorizer]), Winsorizer)


def test_one_error_is_caught_instead_of_unpickling_errors() -> None:
    """Whatever is wrong with the bytes."""
    assert "| `except pickle.UnpicklingError` | `except vitrify.errors.VitrifyError`" in TABLE
    with pytest.raises(pickle.UnpicklingError):
        pickle.loads(b"no model")
    with pytest.raises(vitrify.errors.VitrifyError, match="not a glass file"):
        vitrify.loads(b"no model")
    with pytest.raises(AttributeError, match=r"use vitrify\.errors\.VitrifyError"):
        vitrify.UnpicklingError  # type: ignore[attr-defined]  # noqa: B018  # the point of the test


def test_mmap_mode_is_mmap_and_its_arrays_are_writable(tmp_path: Path) -> None:
    """What is written stays in memory."""
    assert '| `load(path, mmap_mode="r")`, `load(path, "r")` |' in TABLE
    vitrify.dump(np.zeros(10_000), tmp_path / "x.glass")
    assert "use load(file, mmap=True)" in refusal(vitrify.load, tmp_path / "x.glass", mmap_mode="r")
    assert "mmap_mode as mmap=True" in refusal(vitrify.load, tmp_path / "x.glass", "r")
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
    with pytest.raises(vitrify.errors.UntrustedTypeError) as caught:
        vitrify.loads(data)
    assert caught.value.names == (f"{Winsorizer.__module__}.{Winsorizer.__qualname__}",)
    assert isinstance(vitrify.loads(data, trust=[Winsorizer]), Winsorizer)
