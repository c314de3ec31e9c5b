"""Attacks F39 and F40: files that change while they are read, and paths that are no plain files."""

from __future__ import annotations

import os
import threading
from functools import partial
from typing import Any

import numpy as np
import pytest

import vitrify
from tests.attacks.actions import load_while_it_changes
from tests.attacks.files import tiny
from tests.attacks.harness import Attack, assert_harmless, assert_refused, assert_unharmed, run_one
from vitrify.errors import FormatError, IntegrityError, NotGlassFileError

GOOD = vitrify.dumps({"a": np.arange(200_000.0)})
OTHER = vitrify.dumps({"a": np.arange(200_000.0) + 1})


def _rewrite(path: str) -> None:
    with open(path, "r+b") as file:
        file.write(OTHER)


def _flip(path: str) -> None:
    with open(path, "r+b") as file:
        file.seek(-2_000, os.SEEK_END)
        file.write(b"\xff" * 8)


def _rename(path: str) -> None:
    with open(path + ".new", "wb") as file:
        file.write(OTHER)
    os.rename(path + ".new", path)


def _remove(path: str) -> None:
    os.remove(path)


def _first(loaded: Any) -> list[float]:
    found: list[float] = loaded["a"][:3].tolist()
    return found


@pytest.mark.parametrize("change", [_rewrite, _flip])
def test_F39_a_file_that_is_overwritten_while_it_is_read(change: Any) -> None:
    """What is used is what the digests of the header that was checked say, so other bytes are damage."""
    outcome = run_one(Attack(GOOD, partial(load_while_it_changes, change=change)))
    assert (outcome.kind, outcome.error, outcome.is_ours) == ("error", "IntegrityError", True), outcome
    assert "does not match its digest" in outcome.message


@pytest.mark.parametrize("change", [_rename, _remove])
def test_F39_a_file_that_is_replaced_while_it_is_read(change: Any) -> None:
    """The file is opened once: another file under its name, or none, makes no difference."""
    outcome = run_one(Attack(GOOD, partial(load_while_it_changes, change=change), [_first]))
    assert outcome.kind == "loaded", outcome
    assert outcome.answers[0].text == "[0.0, 1.0, 2.0]"


def test_F39_a_file_that_never_stops_changing() -> None:
    """While two files take turns under one name, every load gives one of them or says that it is damaged."""
    outcome = run_one(Attack(GOOD, _while_threads_rewrite, [dict]))
    assert outcome.kind == "loaded", outcome
    assert set(eval(outcome.answers[0].text)) <= {"0.0", "1.0", "IntegrityError"}, outcome


def _while_threads_rewrite(data: bytes, path: str) -> dict[str, int]:
    is_over = threading.Event()

    def write() -> None:
        while not is_over.is_set():
            for content in (OTHER, GOOD):
                with open(path, "r+b") as file:
                    file.write(content)

    writer = threading.Thread(target=write)
    writer.start()
    found: dict[str, int] = {}
    for _ in range(50):
        try:
            what = str(vitrify.load(path)["a"][0])
        except vitrify.errors.VitrifyError as error:
            what = type(error).__name__
        found[what] = found.get(what, 0) + 1
    is_over.set()
    writer.join()
    return found


def _loop(room: str) -> None:
    os.symlink("loop", os.path.join(room, "loop"))


def _no_permission(room: str) -> None:
    with open(os.path.join(room, "secret"), "wb") as file:
        file.write(tiny())
    os.chmod(os.path.join(room, "secret"), 0)


@pytest.mark.parametrize("verb", ["load", "inspect"])
@pytest.mark.parametrize(
    ("path", "match"), [("/", "directory"), ("/dev/zero", "not a file that vitrify knows"), ("/dev/null", "empty")]
)
def test_F40_paths_that_are_no_files(verb: str, path: str, match: str) -> None:
    """A folder and devices are no glass files; of an endless device only the beginning is read."""
    outcome = run_one(Attack(b"", verb, path=path, peak_bytes=4 << 20))
    assert_refused(outcome, NotGlassFileError, match=match)


def _at(data: bytes, path: str, *, name: str) -> Any:
    return vitrify.load(os.path.join(os.path.dirname(path), "room", name))


@pytest.mark.parametrize(
    ("before", "name", "error"),
    [
        (None, "absent", "FileNotFoundError"),
        (_loop, "loop", "OSError"),
        pytest.param(
            _no_permission,
            "secret",
            "PermissionError",
            marks=pytest.mark.skipif(os.geteuid() == 0, reason="root may read every file"),
        ),
    ],
)
def test_F40_paths_that_cannot_be_opened(before: Any, name: str, error: str) -> None:
    """What the system says is passed on as its own error."""
    outcome = run_one(Attack(tiny(), partial(_at, name=name), before=before))
    assert (outcome.kind, outcome.error) == ("error", error), outcome


def test_F40_a_path_with_nul() -> None:
    """So is a path that the system cannot have."""
    outcome = run_one(Attack(tiny(), "load", path="a\0b"))
    assert (outcome.kind, outcome.error) == ("error", "ValueError"), outcome


def _through_pipe(data: bytes, path: str, *, endless: bool) -> Any:
    """Load from a FIFO into which a thread writes."""
    fifo = os.path.join(os.path.dirname(path), "room", "fifo")
    os.mkfifo(fifo)

    def write() -> None:
        try:
            with open(fifo, "wb", buffering=0) as pipe:
                pipe.write(data)
                while endless:
                    pipe.write(b"x" * 4096)
        except BrokenPipeError:
            return

    writer = threading.Thread(target=write)
    writer.start()
    try:
        return vitrify.load(fifo)
    finally:
        writer.join()


def test_F40_a_pipe() -> None:
    """A file comes through a pipe whole; what follows it is not read to its end, since it has none."""
    outcome = run_one(Attack(tiny(), partial(_through_pipe, endless=False), [("__getitem__", "n")]))
    assert (outcome.kind, outcome.answers[0].text) == ("loaded", "3"), outcome
    endless = run_one(Attack(tiny(), partial(_through_pipe, endless=True)))
    assert (endless.kind, endless.error) == ("error", "FormatError"), endless
    assert "trailing data" in endless.message
    other = run_one(Attack(b"", partial(_through_pipe, endless=True)))
    assert (other.kind, other.error) == ("error", "NotGlassFileError"), other


class Stream:
    """A file object that cannot seek, and returns a few bytes a time, or things that are no bytes."""

    def __init__(self, data: bytes, parts: int, other: Any = None) -> None:
        self._data, self._parts, self._other, self.asked = data, parts, other, 0

    def read(self, n: int = -1) -> Any:
        """At most `parts` bytes, whatever was asked for."""
        self.asked = max(self.asked, n)
        assert n >= 0, "asked for everything at once"
        if self._other is not None:
            return self._other
        part, self._data = self._data[: min(n, self._parts)], self._data[min(n, self._parts) :]
        return part


def _from_stream(data: bytes, path: str, *, parts: int, other: Any = None) -> Any:
    return vitrify.load(Stream(data, parts, other))  # type: ignore[arg-type]  # as much of a file as is needed


@pytest.mark.parametrize("parts", [1, 7, 1 << 20])
def test_F40_a_stream_that_cannot_seek(parts: int) -> None:
    """It is read to the end of the file in bounded parts."""
    outcome = run_one(Attack(tiny(), partial(_from_stream, parts=parts), [("__getitem__", "n")]))
    assert_harmless(outcome)
    assert outcome.answers[0].text == "3"
    for data in (tiny()[:-1], tiny() + b"x"):
        assert_refused(
            run_one(Attack(data, partial(_from_stream, parts=parts))), FormatError, match="truncated|trailing"
        )
    damaged = tiny()[:-1] + b"x"
    assert_refused(run_one(Attack(damaged, partial(_from_stream, parts=parts))), IntegrityError, match="digest")


@pytest.mark.parametrize("other", ["text", 5, [1]])
def test_F40_a_stream_that_gives_no_bytes(other: Any) -> None:
    """A file opened as text, or no file at all, is the caller's error and does no harm."""
    outcome = run_one(Attack(b"", partial(_from_stream, parts=1, other=other)))
    assert_unharmed(outcome)
    assert outcome.kind == "error"
    assert outcome.error in ("TypeError", "AttributeError"), outcome
