"""Saves that are stopped at any point: the old file or the new one is there, whole, and nothing else is left."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType
from typing import Any, Self

import numpy as np
import pytest

import vitrify
from tests.faults.children import contents, descriptors, error_of, new_descriptors, new_threads, run, threads

OLD = {"weights": np.full(600_000, 1.0), "names": ["old"]}
NEW = {"weights": np.full(600_000, 2.0), "names": ["new"]}  # 4.8 MB: a thread hashes while another part is written
STEPS_OF_NEW_FILES = ("lseek", "writev", "replace")
WRITING = ("vitrify.container.files", "vitrify.container.writer")
STEPS = (*STEPS_OF_NEW_FILES, "chmod", "fsync")


class Fault:
    """Stands for a function of `os`; the `at`-th call raises, after it has done half its work where it can."""

    def __init__(self, name: str, at: int, error: BaseException) -> None:
        self._call: Callable[..., Any] = getattr(os, name)
        self._name, self._left, self._error = name, at, error
        self.fired = False

    def __call__(self, *args: Any) -> Any:
        self._left -= 1
        if self._left:
            return self._call(*args)
        self.fired = True
        if self._name == "writev":
            data = b"".join(args[1])
            os.write(args[0], data[: len(data) // 2])
        raise self._error


@pytest.fixture
def target(tmp_path: Path) -> Path:
    """A path in a folder of its own."""
    folder = tmp_path / "folder"
    folder.mkdir()
    return folder / "model.glass"


def faults(name: str, error: BaseException) -> Iterator[Fault]:
    """A fault at the first call, at the second and so on, as long as the last one was reached."""
    fault = Fault(name, 1, error)
    at = 1
    while True:
        yield fault
        if not fault.fired:
            return
        at += 1
        fault = Fault(name, at, error)


@pytest.mark.parametrize("kind", [KeyboardInterrupt, OSError, MemoryError], ids=lambda kind: kind.__name__)
@pytest.mark.parametrize(
    ("step", "is_there"), [*((step, True) for step in STEPS), *((step, False) for step in STEPS_OF_NEW_FILES)]
)
def test_a_call_that_fails_changes_nothing(
    target: Path, monkeypatch: pytest.MonkeyPatch, step: str, is_there: bool, kind: type[BaseException]
) -> None:
    """Whichever call it is and however often it went well before; the error comes through as it is."""
    if is_there:
        vitrify.dump(OLD, target)
    before, open_before, threads_before = contents(target.parent), descriptors(), threads()
    error = kind(errno.ENOSPC, "No space left on device") if kind is OSError else kind()
    n_fired = 0
    for fault in faults(step, error):
        with monkeypatch.context() as patched:
            patched.setattr(os, step, fault)
            caught = error_of(lambda: vitrify.dump(NEW, target))
        if fault.fired:
            assert caught is error
            assert contents(target.parent) == before
            assert new_threads(threads_before) == set()
            assert new_descriptors(open_before) == set()
            n_fired += 1
    assert n_fired >= (2 if step in ("lseek", "writev") else 1)
    assert contents(target.parent) == {"model.glass": vitrify.dumps(NEW)}


class Interrupt:
    """A tracer that raises KeyboardInterrupt at the `at`-th line that this thread runs in some modules."""

    def __init__(self, at: int, modules: tuple[str, ...]) -> None:
        self._left, self._modules = at, modules
        self.place = ""

    def __call__(self, frame: FrameType, event: str, _: Any) -> Any:
        if frame.f_globals.get("__name__") not in self._modules:
            return None
        if event == "line":
            self._left -= 1
            if self._left == 0:
                self.place = f"{frame.f_globals['__name__']}:{frame.f_lineno}"
                raise KeyboardInterrupt(self.place)
        return self

    def __enter__(self) -> Self:
        self._before = sys.gettrace()
        sys.settrace(self)
        return self

    def __exit__(self, *_: object) -> None:
        sys.settrace(self._before)


@pytest.mark.parametrize("is_there", [True, False], ids=["old", "new"])
def test_an_interrupt_at_any_line_leaves_a_whole_file_or_none(target: Path, is_there: bool) -> None:
    """Every line of the writing itself, one after another, until a save runs through."""
    new = vitrify.dumps(NEW)
    old: dict[str, bytes] = {}
    if is_there:
        vitrify.dump(OLD, target)
        old = contents(target.parent)
    places: list[str] = []
    open_before, threads_before = descriptors(), threads()
    while True:
        with Interrupt(len(places) + 1, WRITING) as tracer:
            caught = error_of(lambda: vitrify.dump(NEW, target))
        if caught is None:
            break
        assert str(caught) == tracer.place
        left = contents(target.parent)
        assert left in (old, {"model.glass": new}), tracer.place
        assert new_threads(threads_before) == set(), tracer.place
        assert new_descriptors(open_before) == set(), tracer.place
        target.unlink(missing_ok=True)
        if is_there:
            target.write_bytes(old["model.glass"])
        places.append(tracer.place)
    assert len(set(places)) > 30
    assert contents(target.parent) == {"model.glass": new}


@pytest.mark.parametrize("step", ["writev", "replace"])
@pytest.mark.parametrize("is_there", [True, False], ids=["old", "new"])
def test_an_interrupt_while_a_failed_save_cleans_up_leaves_nothing(
    target: Path, monkeypatch: pytest.MonkeyPatch, is_there: bool, step: str
) -> None:
    """The disk is full, and then somebody interrupts at any line, those of the clean-up among them."""
    if is_there:
        vitrify.dump(OLD, target)
    before, open_before = contents(target.parent), descriptors()
    full = OSError(errno.ENOSPC, "No space left on device")

    def fail(*_: object) -> None:
        raise full

    monkeypatch.setattr(os, step, fail)
    n_lines = n_in_clean_up = 0
    while True:
        with Interrupt(n_lines + 1, ("vitrify.container.files",)) as tracer:
            caught = error_of(lambda: vitrify.dump(["new"], target))
        assert contents(target.parent) == before, tracer.place
        assert new_descriptors(open_before) == set(), tracer.place
        if not tracer.place:
            break
        assert isinstance(caught, KeyboardInterrupt)
        assert str(caught) == tracer.place
        n_lines += 1
        n_in_clean_up += is_caused_by(caught, full)
    assert caught is full
    assert n_in_clean_up >= 10


def is_caused_by(error: BaseException | None, cause: BaseException) -> bool:
    """Whether an error was raised while another one was on its way."""
    while error is not None and error is not cause:
        error = error.__context__
    return error is cause


KILLS = """
import json, os, signal, sys, time, numpy, vitrify
from tests.faults.children import contents
folder, is_there = sys.argv[1], sys.argv[2] == "old"
path = os.path.join(folder, "model.glass")
values = [{"weights": numpy.full(600_000, value)} for value in (1.0, 2.0)]
files = [vitrify.dumps(value) for value in values]
found = {"killed": 0, "whole": 0, "missing": 0, "mixed": 0, "partial": 0, "loaded": 0}
for i in range(80):
    for name in os.listdir(folder):
        os.unlink(os.path.join(folder, name))
    if is_there:
        vitrify.dump(values[0], path)
    child = os.fork()
    if child == 0:
        for turn in range(1, 10**9):
            vitrify.dump(values[turn % 2], path)
            if not is_there:
                os.unlink(path)
    time.sleep(0.0003 * i)
    os.kill(child, signal.SIGKILL)
    found["killed"] += os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -9
    left = contents(folder)
    data = left.pop("model.glass", None)
    found["missing" if data is None else "whole" if data in files else "mixed"] += 1
    for name, data in left.items():
        if data in files:
            continue
        found["partial"] += 1
        try:
            vitrify.load(os.path.join(folder, name))
            found["loaded"] += 1
        except vitrify.errors.FormatError:
            pass
print(json.dumps(found))
"""


@pytest.mark.parametrize("is_there", [True, False], ids=["old", "new"])
def test_a_process_that_is_killed_leaves_whole_files_and_parts_that_do_not_load(tmp_path: Path, is_there: bool) -> None:
    """It saves two models by turns and dies at a moment that moves; only its temporary file may stay (attacks F41)."""
    found = run(KILLS, str(tmp_path), "old" if is_there else "new")
    assert found["killed"] == 80
    assert found["mixed"] == found["loaded"] == 0
    assert found["partial"] > 5
    assert found["whole"] == 80 if is_there else found["missing"] > 5


class Stream:
    """A stream whose `at`-th write takes half of what it gets and then fails."""

    def __init__(self, at: int) -> None:
        self.left = at
        self.data = bytearray()

    def write(self, data: memoryview) -> int:
        """Take all, or half and fail."""
        self.left -= 1
        if self.left == 0:
            self.data += bytes(data[: len(data) // 2])
            raise BrokenPipeError(errno.EPIPE, "Broken pipe")
        self.data += data
        return len(data)


def test_a_stream_that_fails_leaves_no_thread_and_a_part_that_does_not_load() -> None:
    """What was written cannot be taken back, but it is never taken for a model."""
    threads_before = threads()
    at, n_failed = 0, 0
    while True:
        at += 1
        stream: Any = Stream(at)
        caught = error_of(lambda: vitrify.dump(NEW, stream))  # noqa: B023  # called at once
        if caught is None:
            break
        assert isinstance(caught, BrokenPipeError)
        assert new_threads(threads_before) == set()
        with pytest.raises(vitrify.errors.FormatError, match="truncated"):
            vitrify.loads(stream.data)
        n_failed += 1
    assert n_failed >= 3
    assert stream.data == vitrify.dumps(NEW)
