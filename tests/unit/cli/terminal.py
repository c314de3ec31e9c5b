"""Runs the command line as people do: in a process of its own."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys

_COMMAND = [sys.executable, "-m", "vitrify"]
_REMOVED = ("NO_COLOR", "FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE")


def run(*words: str, given: bytes = b"", **environment: str) -> subprocess.CompletedProcess[bytes]:
    """`vitrify words …` with its output in pipes."""
    return subprocess.run(
        [*_COMMAND, *words], input=given, capture_output=True, env={**_environment(), **environment}, check=False
    )


def run_in_terminal(*words: str, **environment: str) -> str:
    """What the same prints on a terminal of 80 columns, with its colours."""
    controller, terminal = pty.openpty()
    process = subprocess.Popen(
        [*_COMMAND, *words], stdin=subprocess.DEVNULL, stdout=terminal, stderr=terminal,
        env={**_environment(), **environment},
    )  # fmt: skip
    os.close(terminal)
    parts: list[bytes] = []
    while True:
        try:
            part = os.read(controller, 65536)
        except OSError:  # The terminal is gone once the process has ended.
            break
        if not part:
            break
        parts.append(part)
    os.close(controller)
    assert process.wait() == 0
    return b"".join(parts).decode()


def start(*words: str) -> subprocess.Popen[bytes]:
    """The same, still running, with all its streams in pipes; an interrupt reaches it, also where a shell says no."""
    pipe = subprocess.PIPE
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # what is ignored here is ignored there
    try:
        return subprocess.Popen([*_COMMAND, *words], stdin=pipe, stdout=pipe, stderr=pipe, env=_environment())
    finally:
        signal.signal(signal.SIGINT, before)


def _environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name not in _REMOVED}
    return {**kept, "COLUMNS": "80", "PYTHONIOENCODING": "utf-8", "TERM": "xterm-256color"}
