"""The harness tells apart how a child ended, and sees what hostile code would do."""

from __future__ import annotations

import ctypes
import faulthandler
import importlib
import os
import re
import socket
import subprocess
import sys
import tempfile
import time
from functools import partial
from multiprocessing.util import spawnv_passfds
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import vitrify
from tests.attacks import child
from tests.attacks.harness import (
    Attack,
    Outcome,
    assert_harmless,
    assert_refused,
    assert_unharmed,
    canary,
    run,
    run_one,
)
from vitrify.errors import FormatError, LimitError, NotGlassFileError, VitrifyError

GOOD = vitrify.dumps({"a": 1})
SEM_OPEN = ctypes.pythonapi.sem_open  # looked up here, since that is an event


def _segfault(data: bytes, path: str) -> None:
    faulthandler.disable()
    ctypes.string_at(0)


def _abort(data: bytes, path: str) -> None:
    os.abort()


def _hang(data: bytes, path: str) -> None:
    time.sleep(60)


def _spin(data: bytes, path: str) -> None:
    while True:
        pass


def _touch(data: bytes, path: str, *, n_bytes: int) -> int:
    return int(np.ones(n_bytes, np.uint8)[-1])


def _exit(data: bytes, path: str) -> None:
    sys.exit(3)


def _vitrify_error(data: bytes, path: str) -> None:
    raise NotGlassFileError("no glass", path="$.a")


def _import(data: bytes, path: str) -> None:
    importlib.import_module("xmlrpc.client")


def _import_statement(data: bytes, path: str) -> None:
    import xmlrpc.client  # noqa: F401  # the import is what is tested


def _write(data: bytes, path: str) -> None:
    Path(path).with_name("written").write_bytes(b"x")


def _write_with_flags(data: bytes, path: str) -> None:
    os.close(os.open(path, os.O_RDWR))


def _read_elsewhere(data: bytes, path: str) -> None:
    with open("/etc/passwd", "rb") as stream:
        stream.read(1)


def _remove(data: bytes, path: str) -> None:
    os.remove(path)


def _exec(data: bytes, path: str) -> None:
    exec("1 + 1")


def _socket(data: bytes, path: str) -> None:
    socket.socket().close()


def _run_program(data: bytes, path: str) -> None:
    subprocess.run(["/bin/true"], check=True)


def _system(data: bytes, path: str) -> None:
    os.system("true")


def _dlopen(data: bytes, path: str) -> None:
    ctypes.CDLL("libc.so.6")


def _unpickle(data: bytes, path: str) -> None:
    import pickle

    pickle.loads(b"cos\ngetcwd\n.")


def _seed(data: bytes, path: str) -> None:
    np.random.seed(1)


def _patch_class(data: bytes, path: str) -> None:
    from sklearn.pipeline import Pipeline

    Pipeline.predict = None


def _patch_error(data: bytes, path: str) -> None:
    VitrifyError.exit_code = 0


def _patch_builtin(data: bytes, path: str) -> None:
    import builtins

    builtins.helper = 1  # type: ignore[attr-defined]  # the very thing that must be seen


def _new_module(data: bytes, path: str) -> None:
    sys.modules["evil"] = sys


def _environment(data: bytes, path: str) -> None:
    os.environ["VITRIFY_EVIL"] = "1"


def _leave_open(data: bytes, path: str) -> int:
    return os.open(path, os.O_RDONLY)


def _canary(data: bytes, path: str) -> None:
    os.symlink("/nowhere", canary_path(path))


def _start(data: bytes, path: str) -> None:
    """As loky starts its workers: without an audit event."""
    spawnv_passfds(b"/bin/sleep", [b"sleep", b"60"], ())


def _start_and_end(data: bytes, path: str) -> None:
    pid = spawnv_passfds(b"/bin/true", [b"true"], ())
    os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)


def _start_for_another_parent(data: bytes, path: str) -> None:
    shell = spawnv_passfds(b"/bin/sh", [b"sh", b"-c", b"sleep 60 & exit 0"], ())
    os.waitpid(shell, 0)


def _planted() -> str:
    """A name with the number of a process that lives on: tests beside this one take it for another's."""
    return f"vitrify-planted-{os.getppid()}-{os.getpid()}"


def _share_a_folder(data: bytes, path: str) -> None:
    os.mkdir(f"/dev/shm/{_planted()}-folder")


def _share_a_semaphore(data: bytes, path: str) -> None:
    """As loky makes its locks: without an audit event."""
    opened = SEM_OPEN(f"/{_planted()}".encode(), os.O_CREAT, 0o600, 1)
    assert opened


def canary_path(path: str) -> str:
    return os.path.join(os.path.dirname(path), "canary")


def test_a_good_file_loads_unharmed() -> None:
    """Every verb gives what the file holds, and the harness has nothing to say against it."""
    outcomes = run([Attack(GOOD, "loads", [repr]), Attack(GOOD, "load", [repr]), Attack(GOOD, "inspect")])
    for outcome in outcomes:
        assert_harmless(outcome)
    assert [outcome.shown for outcome in outcomes] == ["dict", "dict", "Summary"]
    assert [answer.text for outcome in outcomes[:2] for answer in outcome.answers] == ["{'a': 1}"] * 2


def test_an_attack_costs_less_than_a_process() -> None:
    """Five forks take less time than one new interpreter that imports as much, so every row can have many."""
    run_one(Attack(GOOD))
    start = time.monotonic()
    run([Attack(GOOD)] * 5)
    forks_s = time.monotonic() - start
    start = time.monotonic()
    subprocess.run([sys.executable, "-c", "import vitrify, sklearn.ensemble"], check=True)
    assert forks_s < time.monotonic() - start


@pytest.mark.parametrize(("verb", "signal"), [(_segfault, "SIGSEGV"), (_abort, "SIGABRT")])
def test_a_crash_is_told_as_its_signal(verb: Any, signal: str) -> None:
    """The child's death by a signal is an outcome, not an error of the harness."""
    outcome = run_one(Attack(GOOD, verb))
    assert (outcome.kind, outcome.error) == ("signal", signal)
    with pytest.raises(AssertionError):
        assert_unharmed(outcome)


@pytest.mark.parametrize("verb", [_hang, _spin])
def test_a_hang_is_ended_and_told(verb: Any) -> None:
    """What sleeps or computes for ever is killed when its time is over."""
    run_one(Attack(GOOD))  # now the process that forks is there
    start = time.monotonic()
    outcome = run_one(Attack(GOOD, verb, wall_s=0.5))
    assert outcome.kind == "hang"
    assert time.monotonic() - start < 3
    with pytest.raises(AssertionError):
        assert_unharmed(outcome)


def test_memory_beyond_the_room_is_an_error() -> None:
    """The limit on address space makes a large allocation fail, and that is not one of vitrify's errors."""
    outcome = run_one(Attack(GOOD, partial(_touch, n_bytes=2 << 30)))
    assert (outcome.kind, outcome.is_ours) == ("error", False)
    assert "MemoryError" in outcome.error


@pytest.mark.parametrize("n_bytes", [8 << 20, 48 << 20, 160 << 20])
def test_peak_memory_is_what_was_touched(n_bytes: int) -> None:
    """The growth is known to a few MiB, and beyond the limit it counts as harm."""
    outcome = run_one(Attack(GOOD, partial(_touch, n_bytes=n_bytes)))
    assert abs(outcome.peak_bytes - n_bytes) < 6 << 20
    if n_bytes > 64 << 20:
        with pytest.raises(AssertionError):
            assert_unharmed(outcome)
    else:
        assert_unharmed(outcome)


@pytest.mark.parametrize(
    ("verb", "noted"),
    [
        (_import, "import "),
        (_import_statement, "import xmlrpc"),
        (_write, "open for writing"),
        (_write_with_flags, "open for writing"),
        (_read_elsewhere, "open /etc/passwd"),
        (_remove, "os.remove"),
        (_exec, "compile"),
        (_socket, "socket.__new__"),
        (_run_program, "subprocess.Popen"),
        (_system, "os.system"),
        (_dlopen, "ctypes.dlopen"),
        (_unpickle, "pickle.find_class"),
    ],
)
def test_the_hook_notes_what_code_could_do(verb: Any, noted: str) -> None:
    """Each way by which code, files or other processes are reached is seen and counts as harm."""
    outcome = run_one(Attack(GOOD, verb))
    assert any(what.startswith(noted) for what in outcome.noted), outcome
    with pytest.raises(AssertionError):
        assert_unharmed(outcome)


@pytest.mark.parametrize(
    ("verb", "changed"),
    [
        (_seed, "numpy's global generator"),
        (_patch_class, "Pipeline.predict"),
        (_patch_error, "VitrifyError.exit_code"),
        (_patch_builtin, "builtins.helper"),
        (_new_module, "module evil"),
        (_environment, "the environment"),
        (_leave_open, "open files"),
        (_canary, "the canary file is there"),
    ],
)
def test_changed_global_state_is_told(verb: Any, changed: str) -> None:
    """Whatever a file could leave behind in the process is found afterwards."""
    outcome = run_one(Attack(GOOD, verb))
    assert changed in outcome.changed, outcome
    with pytest.raises(AssertionError):
        assert_unharmed(outcome)
    assert not os.path.lexists(canary())


@pytest.mark.parametrize(
    ("verb", "process"),
    [(_start, "sleep [DRS]"), (_start_and_end, "true Z"), (_start_for_another_parent, "(sh|sleep) [DRS]")],
)
def test_a_process_that_is_started_without_an_event_is_told(verb: Any, process: str) -> None:
    """It is found under /proc, also when it has ended or has another parent, and does not outlive the attack."""
    outcome = run_one(Attack(GOOD, verb))
    assert outcome.noted == ()
    (what,) = outcome.changed
    found = re.fullmatch(rf"process ([0-9]+) {process}", what)
    assert found, outcome
    with pytest.raises(AssertionError):
        assert_unharmed(outcome)
    end = time.monotonic() + 5
    while _runs(found[1]) and time.monotonic() < end:
        time.sleep(0.01)
    assert not _runs(found[1])


def _runs(pid: str) -> bool:
    """Whether there is such a process that has not ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


@pytest.mark.parametrize(
    ("verb", "name", "noted"),
    [
        (_share_a_folder, "vitrify-planted-[0-9]+-[0-9]+-folder", ["os.mkdir"]),
        (_share_a_semaphore, "sem.vitrify-planted-[0-9]+-[0-9]+", []),
    ],
)
def test_what_is_left_in_shared_memory_is_told(verb: Any, name: str, noted: list[str]) -> None:
    """Folders and semaphores that are new in /dev/shm, whether an event says so or not."""
    outcome = run_one(Attack(GOOD, verb))
    (what,) = outcome.changed
    try:
        assert re.fullmatch(f"/dev/shm/{name}", what), outcome
        assert [event.partition(" ")[0] for event in outcome.noted] == noted
        with pytest.raises(AssertionError):
            assert_unharmed(outcome)
    finally:
        os.rmdir(what) if os.path.isdir(what) else os.remove(what)


def test_what_other_processes_leave_in_shared_memory_is_not_told() -> None:
    """Joblib and loky put the number of their process into the names of what they make there."""
    before = child.State()
    with tempfile.TemporaryDirectory(prefix=f"vitrify_folder_{os.getppid()}_", dir="/dev/shm"):
        assert before.differences(child.State()) == []
    with tempfile.TemporaryDirectory(prefix=f"vitrify_folder_{os.getpid()}_", dir="/dev/shm") as folder:
        assert before.differences(child.State()) == [folder]


def test_what_one_attack_did_is_gone_for_the_next() -> None:
    """Each attack has a fork of its own."""
    outcomes = run([Attack(GOOD, _seed), Attack(GOOD, _patch_error), Attack(GOOD)])
    assert [bool(outcome.changed) for outcome in outcomes] == [True, True, False]


def test_a_child_without_libraries_notes_their_import() -> None:
    """`bare` says that no machine-learning library was there before."""
    outcome = run_one(Attack(GOOD, then=[partial(_import_sklearn)], bare=True, wall_s=60))
    assert any("sklearn/__init__.py" in what for what in outcome.noted)


def _import_sklearn(loaded: Any) -> None:
    importlib.import_module("sklearn")


def test_errors_keep_type_message_and_path() -> None:
    """What the error said is there word for word, and whose error it is."""
    outcome = run_one(Attack(GOOD, _vitrify_error))
    assert (outcome.error, outcome.message, outcome.path) == ("NotGlassFileError", "no glass", "$.a")
    assert_refused(outcome, NotGlassFileError, path="$.a", match="no glass")
    other = run_one(Attack(GOOD, _exit))
    assert (other.kind, other.error, other.is_ours) == ("error", "SystemExit", False)


@pytest.mark.parametrize(
    "wrong",
    [
        {"error": FormatError},
        {"error": LimitError},
        {"path": "$.b"},
        {"path": None},
        {"match": "no such words"},
    ],
)
def test_a_refusal_of_another_kind_does_not_pass(wrong: dict[str, Any]) -> None:
    """A parent class, another path or another message fails the assertion."""
    outcome = run_one(Attack(GOOD, _vitrify_error))
    right: dict[str, Any] = {"error": NotGlassFileError, "path": "$.a", "match": "no glass"}
    with pytest.raises(AssertionError):
        assert_refused(outcome, **(right | wrong))


@pytest.mark.parametrize(
    "outcome",
    [
        Outcome(kind="error", error="ValueError", message="no glass"),
        Outcome(kind="error", error="FormatError", is_ours=True, noted=("import os",)),
        Outcome(kind="error", error="FormatError", is_ours=True, changed=("module os",)),
        Outcome(kind="error", error="FormatError", is_ours=True, seconds=6.0),
        Outcome(kind="error", error="FormatError", is_ours=True, peak_bytes=65 << 20),
        Outcome(kind="loaded"),
    ],
)
def test_harm_is_no_refusal(outcome: Outcome) -> None:
    """Every global assertion is part of `assert_refused`."""
    with pytest.raises(AssertionError):
        assert_refused(outcome, (FormatError, ValueError))


def test_an_error_is_not_harmless() -> None:
    """`assert_harmless` is for what loads."""
    with pytest.raises(AssertionError):
        assert_harmless(Outcome(kind="error", error="FormatError", is_ours=True))
