"""Runs hostile input in children with limits, and says how each ended and what it touched.

    outcome, = run([Attack(data)])
    assert_refused(outcome, StateError, path="$.tree_", match="child")

A child that has imported vitrify and the libraries of its registry waits for attacks and forks for each, so that one
costs some ten milliseconds. `child.py` is that process; what it looks at stands there. Only Linux has what this needs.

It does not judge: `assert_refused`, `assert_harmless` and `assert_unharmed` do, and every test calls one of them.
"""

from __future__ import annotations

import atexit
import os
import pickle
import re
import struct
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, Literal

WALL_S = 5.0
"""How long an attack may take, in seconds of the clock; after that it is killed and called a hang."""

PEAK_BYTES = 64 << 20
"""How much memory an attack may use beyond what the libraries take and twice its file."""

_ROOM_BYTES = 192 << 20
_ROOT = Path(__file__).resolve().parents[2]

Kind = Literal["loaded", "error", "signal", "hang"]
Verb = str | Callable[[bytes, str], Any]
Use = tuple[Any, ...] | Callable[[Any], Any]


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What one use of the loaded object gave.

    Attributes:
        error: The name of the error's type; empty if there was none.
        text: The text or `repr` of the result, or the text of the error, at most 2000 characters.
    """

    error: str
    text: str


@dataclass(frozen=True)
class Attack:
    """One hostile input.

    Attributes:
        data: The bytes of the file.
        verb: `loads`, `load` or `inspect` of vitrify, or a function of a module, called with the bytes and with the
            path of a file that holds them.
        then: What is done with what was loaded: `("predict", X)` calls a method, `("coef_",)` gets an attribute, a
            function of a module is called with the object. Errors of Python are answers.
        keywords: Keyword arguments of the verb.
        before: A function of a module that is called with an empty folder before anything is watched.
        path: A path to give to the verb in the place of the file's own.
        wall_s: The limit of time, in seconds.
        peak_bytes: The limit of memory.
        bare: Whether the child has imported no machine-learning library yet.
        label: What the ids of failures show.
    """

    data: bytes
    verb: Verb = "loads"
    then: Sequence[Use] = ()
    keywords: Mapping[str, Any] = field(default_factory=dict)
    before: Callable[[str], None] | None = None
    path: str | None = None
    wall_s: float = WALL_S
    peak_bytes: int = PEAK_BYTES
    bare: bool = False
    label: str = ""

    @property
    def room_bytes(self) -> int:
        """The address space that it gets beyond what the child has: threads' stacks and heaps count in that."""
        return _ROOM_BYTES + self.peak_bytes + 2 * len(self.data)


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """How an attack ended.

    Attributes:
        kind: `loaded`, `error`, `signal` or `hang`.
        error: The name of the error's type, or of the signal.
        message: The error's `message` without its path and hint, or the innermost lines of Python at a signal.
        text: The error's whole text.
        path: The path of vitrify's errors.
        is_ours: Whether it is a `VitrifyError`.
        shown: The name of the type of what was loaded; `then=[repr]` asks for more.
        answers: What `then` gave.
        warnings: `Category: text` of each warning.
        noted: What the audit hook saw and the explicit list in `child.py` does not let through.
        changed: Global state that is not what it was.
        peak_bytes: The growth of memory at its highest.
        seconds: The time of the verb and of `then`.
        limit_bytes: What `peak_bytes` may be.
        label: The attack's.
    """

    kind: Kind
    error: str = ""
    message: str = ""
    text: str = ""
    path: str | None = None
    is_ours: bool = False
    shown: str = ""
    answers: tuple[Answer, ...] = ()
    warnings: tuple[str, ...] = ()
    noted: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    peak_bytes: int = 0
    seconds: float = 0.0
    limit_bytes: int = PEAK_BYTES
    label: str = ""


def canary() -> str:
    """The path of a file that no attack may make; hostile content of the tests aims at it."""
    return os.path.join(_folder(), "canary")


def run(attacks: Iterable[Attack]) -> list[Outcome]:
    """Run each attack in a fork of its own, one after the other."""
    return [_run_bare(attack) if attack.bare else _server().run(attack) for attack in attacks]


def run_one(attack: Attack) -> Outcome:
    """Run one attack."""
    return run([attack])[0]


def assert_unharmed(outcome: Outcome) -> None:
    """No signal, no hang, no code, no import, no file, no memory beyond the limit, and all global state as it was."""
    assert outcome.kind in ("loaded", "error"), outcome
    assert outcome.noted == (), outcome
    assert outcome.changed == (), outcome
    assert outcome.seconds < WALL_S, outcome
    assert outcome.peak_bytes <= outcome.limit_bytes, outcome


def assert_refused(
    outcome: Outcome,
    error: type[Exception] | tuple[type[Exception], ...],
    *,
    path: str | None = None,
    match: str = "",
) -> None:
    """Refused with exactly such an error, at this path, and unharmed.

    Args:
        outcome: How it ended.
        error: The error's type, not one of its parents; or several of which it must be one.
        path: The error's `path`; None if it must have none.
        match: A regular expression that the message without path and hint must hold.
    """
    assert_unharmed(outcome)
    allowed = [cls.__name__ for cls in (error if isinstance(error, tuple) else (error,))]
    assert outcome.kind == "error", outcome
    assert outcome.error in allowed, outcome
    assert outcome.is_ours, outcome
    assert outcome.path == path, outcome
    assert re.search(match, outcome.message), outcome


def assert_harmless(outcome: Outcome) -> None:
    """Loaded, and using it may have raised errors of Python but did no harm."""
    assert_unharmed(outcome)
    assert outcome.kind == "loaded", outcome


class _Server:
    """The process that forks; frames of a length and a pickle go to it, and lengths and JSON come back."""

    def __init__(self, *, bare: bool) -> None:
        environment = os.environ | dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")
        # Fixed thresholds: memory that was freed goes back to the system, and is counted when it is taken again.
        environment |= dict.fromkeys(("MALLOC_MMAP_THRESHOLD_", "MALLOC_TRIM_THRESHOLD_"), str(1 << 17))
        command = [sys.executable, "-m", "tests.attacks.child", _folder(), canary(), *(["--bare"] if bare else [])]
        self._process = subprocess.Popen(
            command, cwd=_ROOT, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._to: BinaryIO = self._process.stdin  # type: ignore[assignment]  # IO[bytes] is what typeshed calls it
        self._back: BinaryIO = self._process.stdout  # type: ignore[assignment]

    def run(self, attack: Attack) -> Outcome:
        """Send one attack and wait for its outcome."""
        from msgspec import json

        data = pickle.dumps(attack)
        self._to.write(struct.pack("<Q", len(data)) + data)
        self._to.flush()
        head = self._back.read(8)
        if len(head) < 8:
            raise RuntimeError(f"the process that forks has ended with {self._process.wait()}")
        return json.decode(self._back.read(struct.unpack("<Q", head)[0]), type=Outcome)

    def close(self) -> None:
        """End the process."""
        self._to.close()
        self._back.close()
        self._process.wait(timeout=10)


_SERVERS: list[_Server] = []
_FOLDERS: list[tempfile.TemporaryDirectory[str]] = []


def _server() -> _Server:
    if not _SERVERS:
        _SERVERS.append(_Server(bare=False))
        atexit.register(_SERVERS[0].close)
    return _SERVERS[0]


def _run_bare(attack: Attack) -> Outcome:
    """In a fork of a process of its own: what attacks bring along may import libraries."""
    server = _Server(bare=True)
    try:
        return server.run(attack)
    finally:
        server.close()


def _folder() -> str:
    if not _FOLDERS:
        _FOLDERS.append(tempfile.TemporaryDirectory(prefix="attacks-"))
    return _FOLDERS[0].name
