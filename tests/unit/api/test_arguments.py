"""Arguments of the wrong kind: an error that says which kind is meant, before anything is read or written."""

from __future__ import annotations

import array
import io
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

import vitrify

NO_FILE = "expected a path or a binary file object"
TEXT_MODE = "the file was opened in text mode; open it in binary mode: open(path, "


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    """A glass file."""
    path = tmp_path / "good.glass"
    vitrify.dump([1, 2], path)
    return path


@pytest.mark.parametrize("read", [vitrify.load, vitrify.inspect, vitrify.verify])
def test_a_file_in_text_mode_is_to_be_opened_in_binary_mode(read: Any, saved: Path) -> None:
    """Whether its bytes happen to be UTF-8 or not."""
    with open(saved, encoding="utf-8") as stream, pytest.raises(TypeError) as caught:
        read(stream)
    assert str(caught.value) == f'{TEXT_MODE}"rb")'
    with pytest.raises(TypeError) as caught:
        read(io.StringIO("text"))
    assert str(caught.value) == f'{TEXT_MODE}"rb")'


def test_a_stream_of_another_kind_that_gives_text_is_named(saved: Path) -> None:
    """It need not be one of Python's own."""

    class Reader:
        def read(self, n: int = -1) -> str:
            return "text"

    with pytest.raises(TypeError) as caught:
        vitrify.load(Reader())  # type: ignore[arg-type]  # the point of the test
    assert str(caught.value) == "read() of the file object gave str, expected bytes"


def test_saving_in_text_mode_says_so_and_writes_nothing(tmp_path: Path) -> None:
    """As loading does."""
    target = tmp_path / "m.glass"
    with open(target, "w", encoding="utf-8") as stream, pytest.raises(TypeError) as caught:
        vitrify.dump([1], stream)  # type: ignore[arg-type]  # the point of the test
    assert str(caught.value) == f'{TEXT_MODE}"wb")'
    assert target.read_bytes() == b""


@pytest.mark.parametrize(
    ("obj", "file", "message"),
    [
        ([1], None, "expected a path or a binary file object, got NoneType"),
        ([1], 3, "expected a path or a binary file object, got int"),
        (
            "a.glass",
            LogisticRegression(),
            f"{NO_FILE}, got LogisticRegression; dump takes the model first: dump(model, file)",
        ),
        (
            io.BytesIO(),
            [1],
            f"{NO_FILE}, got list; dump takes the model first: dump(model, file)",
        ),
    ],
)
def test_what_is_no_file_cannot_be_saved_to(obj: Any, file: Any, message: str) -> None:
    """The two arguments may have been swapped."""
    with pytest.raises(TypeError) as caught:
        vitrify.dump(obj, file)
    assert str(caught.value) == message


@pytest.mark.parametrize(("path", "error"), [("", FileNotFoundError), ("no/such/x.glass", FileNotFoundError)])
def test_a_path_that_cannot_be_written_is_named_as_it_was_given(
    path: str, error: type[OSError], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The temporary file is nobody's business, and nothing is left of it."""
    monkeypatch.chdir(tmp_path)
    before = os.listdir(tmp_path.parent)
    with pytest.raises(error) as caught:
        vitrify.dump([1], path)
    assert caught.value.filename == (path or None)
    assert ".tmp" not in str(caught.value)
    assert (os.listdir(tmp_path), os.listdir(tmp_path.parent)) == ([], before)


def test_a_target_that_becomes_a_folder_is_named_as_it_was_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Renaming names two files, of which the caller knows one."""

    def replace(source: str, target: str) -> None:
        raise IsADirectoryError(21, "Is a directory", source, None, target)

    monkeypatch.setattr(os, "replace", replace)
    with pytest.raises(IsADirectoryError) as caught:
        vitrify.dump([1], tmp_path / "m.glass")
    assert str(caught.value) == f"[Errno 21] Is a directory: {str(tmp_path / 'm.glass')!r}"


@pytest.mark.parametrize("data", ["good.glass", None, Path("good.glass"), io.BytesIO()])
def test_loads_takes_bytes_only(data: Any) -> None:
    """A path is for load."""
    with pytest.raises(TypeError) as caught:
        vitrify.loads(data)
    name = type(data).__name__
    assert str(caught.value) == f"loads() takes the bytes of a file, got {name}; load() takes a path or a file object"


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview, lambda data: array.array("B", data)])
def test_loads_takes_whatever_lends_its_bytes(kind: Any) -> None:
    """As Python's own functions do."""
    assert vitrify.loads(kind(vitrify.dumps([1, 2]))) == [1, 2]


@pytest.mark.parametrize("mmap", ["r", "c", 1, None])
def test_mmap_is_a_bool(mmap: Any, saved: Path) -> None:
    """A mode of joblib's is no way to say yes."""
    with pytest.raises(TypeError) as caught:
        vitrify.load(saved, mmap=mmap)
    assert str(caught.value) == f"mmap= takes a bool, got {mmap!r}; joblib's mmap_mode= is mmap=True"


@pytest.mark.parametrize("limits", [3, None, {"depth": 3}])
def test_limits_are_limits(limits: Any, saved: Path) -> None:
    """Of both functions that load."""
    expected = "limits= takes a Limits, such as dataclasses.replace(vitrify.LIMITS, …), got " + type(limits).__name__
    for call in (lambda: vitrify.load(saved, limits=limits), lambda: vitrify.loads(saved.read_bytes(), limits=limits)):
        with pytest.raises(TypeError) as caught:
            call()
        assert str(caught.value) == expected


@pytest.mark.parametrize("effort", [np.int64(3), np.uint8(3), np.int8(0)])
def test_an_effort_may_be_a_number_of_numpy(effort: Any) -> None:
    """It means what the same int means."""
    assert vitrify.dumps([0.5] * 5000, compress=effort) == vitrify.dumps([0.5] * 5000, compress=int(effort))


@pytest.mark.parametrize("effort", [10, -1, np.int64(10), 2.0, np.float64(3)])
def test_an_effort_beyond_nine_or_in_parts_is_refused(effort: Any) -> None:
    """Nothing is rounded."""
    with pytest.raises(TypeError) as caught:
        vitrify.dumps([1], compress=effort)
    assert str(caught.value) == f"compress= takes None, a bool or an int from 0 to 9, got {effort!r}"
