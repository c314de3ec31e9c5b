"""Several processes and threads on one file: everybody gets one model, whole, or an error, never a mixture."""

from __future__ import annotations

import os
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import vitrify
from tests.faults.children import contents, descriptors, new_descriptors, run
from vitrify.container.reader import open_glass
from vitrify.errors import FormatError

SIZES = {"small": 100, "large": 300_000}

WRITERS = """
import collections, json, os, sys, time, numpy, vitrify
folder, n_writers, size = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
path = os.path.join(folder, "model.glass")
values = [{"number": i, "weights": numpy.full(size + i, float(i))} for i in range(n_writers)]
files = [vitrify.dumps(value) for value in values]
vitrify.dump(values[0], path)
children = []
for i in range(n_writers):
    child = os.fork()
    if child == 0:
        for _ in range(60):
            vitrify.dump(values[i], path)
        os._exit(0)
    children.append(child)
seen, wrong, n_loads, waiting = set(), [], 0, list(children)
codes = []
while waiting:
    loaded = vitrify.load(path, mmap=n_loads % 2 == 1)
    number = loaded["number"]
    seen.add(number)
    n_loads += 1
    if len(loaded["weights"]) != size + number or not (loaded["weights"] == number).all():
        wrong.append(number)
    for child in waiting[:]:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            waiting.remove(child)
            codes.append(os.waitstatus_to_exitcode(status))
with open(path, "rb") as stream:
    last = stream.read() in files
print(json.dumps({
    "codes": codes, "n_loads": n_loads, "n_seen": len(seen), "wrong": wrong, "last": last, "left": os.listdir(folder),
}))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("n_writers", [2, 8])
def test_processes_that_save_to_one_path_never_mix(tmp_path: Path, n_writers: int, size: str) -> None:
    """Each saves another model 60 times, while one more loads in a loop, read and mapped by turns."""
    told = run(WRITERS, str(tmp_path), str(n_writers), str(SIZES[size]))
    assert told["codes"] == [0] * n_writers
    assert told["wrong"] == []
    assert told["n_loads"] > 10
    assert told["n_seen"] > 1
    assert told["last"] is True
    assert told["left"] == ["model.glass"]


@contextmanager
def meanwhile(act: Callable[[int], None]) -> Iterator[None]:
    """Call `act(0)`, `act(1)` … on another thread as long as the block runs."""
    is_over = threading.Event()
    errors: list[BaseException] = []

    def repeat() -> None:
        turn = 0
        try:
            while not is_over.is_set():
                act(turn)
                turn += 1
        except BaseException as error:  # raised below
            errors.append(error)

    thread = threading.Thread(target=repeat)
    thread.start()
    try:
        yield
    finally:
        is_over.set()
        thread.join()
    assert errors == []


class Changes:
    """Ways to change a file that is being read; two models lie in it by turns."""

    def __init__(self, path: Path, files: tuple[bytes, bytes]) -> None:
        self.path, self.files = path, files
        path.write_bytes(files[0])

    def overwrite(self, turn: int) -> None:
        """In place, in pieces."""
        data = self.files[turn % 2]
        fd = os.open(self.path, os.O_WRONLY)
        for start in range(0, len(data), 70_001):
            os.pwrite(fd, data[start : start + 70_001], start)
        os.close(fd)

    def backwards(self, turn: int) -> None:
        """In place, the header last."""
        data = self.files[turn % 2]
        fd = os.open(self.path, os.O_WRONLY)
        for start in reversed(range(0, len(data), 70_001)):
            os.pwrite(fd, data[start : start + 70_001], start)
        os.close(fd)

    def truncate(self, turn: int) -> None:
        """Emptied, as `open(path, "wb")` does, and written again."""
        with open(self.path, "wb") as stream:
            stream.write(self.files[turn % 2])

    def shrink(self, turn: int) -> None:
        """Shorter, and whole again."""
        os.truncate(self.path, len(self.files[0]) // 2)
        self.overwrite(0)

    def rename(self, turn: int) -> None:
        """Replaced whole, as `dump` does."""
        beside = self.path.with_name("beside")
        beside.write_bytes(self.files[turn % 2])
        os.replace(beside, self.path)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("how", ["overwrite", "backwards", "truncate", "shrink", "rename"])
def test_a_file_that_changes_while_it_is_read_is_a_whole_model_or_an_error(tmp_path: Path, how: str, size: str) -> None:
    """The bytes that were verified are the bytes that are used, whatever happens to the file (attacks F39)."""
    n = SIZES[size]
    values = [{"number": i, "weights": np.full(n, float(i)), "words": [f"w{i}"] * 1000} for i in (1, 2)]
    changes = Changes(tmp_path / "model.glass", (vitrify.dumps(values[0]), vitrify.dumps(values[1])))
    assert len(changes.files[0]) == len(changes.files[1])
    found: Counter[str] = Counter()
    open_before = descriptors()
    with meanwhile(getattr(changes, how)):
        for _ in range(300 if size == "small" else 150):
            try:
                loaded = vitrify.load(changes.path)
            except FormatError as error:
                found[type(error).__name__] += 1
                continue
            number = loaded["number"]
            assert number in (1, 2)
            assert (loaded["weights"] == number).all()
            assert loaded["words"] == [f"w{number}"] * 1000
            found["loaded"] += 1
    assert set(found) <= {"loaded", "FormatError", "IntegrityError", "NotGlassFileError"}
    assert {entry for entry in new_descriptors(open_before) if "model.glass" in entry[1]} == set()
    if how == "rename":
        assert set(found) == {"loaded"}


class TestMapped:
    """What can be known about a file that shrinks under a map, and what cannot."""

    @pytest.fixture
    def path(self, tmp_path: Path) -> Path:
        """A file of 2.4 MB whose weights are mapped."""
        path = tmp_path / "model.glass"
        vitrify.dump({"weights": np.arange(300_000.0)}, path)
        return path

    def test_shorter_before_it_is_opened(self, path: Path) -> None:
        """Refused, like any truncated file (attacks A06)."""
        os.truncate(path, 1_000_000)
        with pytest.raises(FormatError, match="truncated"):
            vitrify.load(path, mmap=True)

    @pytest.mark.parametrize("left", [0, 1, 4096, 2_400_000])
    def test_shorter_between_opening_and_mapping(self, path: Path, left: int) -> None:
        """Refused with an error of ours, not the one of the module that maps."""
        with open_glass(path) as opened:
            os.truncate(path, left)
            with pytest.raises(FormatError, match="became shorter") as caught:
                opened.map(0)
        assert caught.value.hint is not None

    def test_replaced_after_it_was_mapped(self, path: Path) -> None:
        """What was mapped is the old file, as long as its arrays live."""
        loaded = vitrify.load(path, mmap=True)
        vitrify.dump({"weights": np.zeros(300_000)}, path)
        np.testing.assert_array_equal(loaded["weights"], np.arange(300_000.0))
        np.testing.assert_array_equal(vitrify.load(path, mmap=True)["weights"], np.zeros(300_000))

    @pytest.mark.parametrize("how", ["mapped", "read"])
    def test_shorter_after_it_was_mapped(self, path: Path, how: str) -> None:
        """The system ends the process when it touches what is gone; an array that was read does not care."""
        told = run(SHRINKING, str(path), how)
        assert told == {"mapped": -7, "read": 0}[how]

    @pytest.mark.parametrize(("target", "code"), [("path", 0), ("opened", -7)])
    def test_saved_over_its_own_file(self, path: Path, target: str, code: int) -> None:
        """By its path it is replaced by the same bytes; opened for writing it is empty before it can be read."""
        before = path.read_bytes()
        assert run(SAVING_OVER, str(path), target) == code
        assert (path.read_bytes() == before) == (target == "path")


SAVING_OVER = """
import json, os, sys, vitrify
loaded = vitrify.load(sys.argv[1], mmap=True)
child = os.fork()
if child == 0:
    vitrify.dump(loaded, sys.argv[1] if sys.argv[2] == "path" else open(sys.argv[1], "wb"))
    os._exit(0)
print(json.dumps(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])))
"""

SHRINKING = """
import json, os, sys, vitrify
loaded = vitrify.load(sys.argv[1], mmap=sys.argv[2] == "mapped")
os.truncate(sys.argv[1], 4096)
child = os.fork()
if child == 0:
    os._exit(0 if loaded["weights"].sum() == sum(range(300_000)) else 3)
print(json.dumps(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])))
"""

SPAWNED = """
import json, multiprocessing, sys
from tests.faults.test_races import in_another_process

with multiprocessing.get_context(sys.argv[2]).Pool(2) as pool:
    print(json.dumps(pool.map(in_another_process, [sys.argv[1]] * 4)))
"""


def in_another_process(path: str) -> list[Any]:
    """Load, save what was loaded beside it, and say what both files are."""
    loaded = vitrify.load(path)
    mapped = vitrify.load(path, mmap=True)
    digest = vitrify.inspect(path).model_digest
    return [vitrify.dumps(loaded) == vitrify.dumps(mapped) == Path(path).read_bytes(), digest]


@pytest.mark.parametrize("method", ["spawn", "fork"])
def test_pools_of_processes_see_the_same_model(tmp_path: Path, method: str) -> None:
    """Whether they were started anew or forked, loading and saving gives the same bytes."""
    path = tmp_path / "model.glass"
    value = {"weights": np.arange(300_000.0), "words": {f"w{i}": i for i in range(3000)}, "set": {"b", "a", "c"}}
    vitrify.dump(value, path)
    told = run(SPAWNED, str(path), method)
    assert told == [[True, vitrify.inspect(path).model_digest]] * 4
    assert set(contents(tmp_path)) == {"model.glass"}
