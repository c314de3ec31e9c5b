"""Child processes, and what a folder, the threads and the descriptors look like."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
THREADS_END_S = 2.0


def run(program: str, *words: str, is_quiet: bool = True) -> Any:
    """The JSON that a fresh process prints; one that hangs, fails or, if it must be quiet, complains is an error."""
    command = [sys.executable, *(["-W", "error"] if is_quiet else []), "-c", program, *words]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    assert not (is_quiet and done.stderr), done.stderr
    return json.loads(done.stdout)


def error_of(call: Callable[[], object]) -> BaseException | None:
    """What a call raises, interrupts too, with its traceback and so all that its frames hold; None if it returns."""
    try:
        call()
    except BaseException as error:
        return error
    return None


def contents(folder: Path | str) -> dict[str, bytes]:
    """Every file of a folder, hidden ones too, with its bytes."""
    return {entry.name: Path(entry.path).read_bytes() for entry in os.scandir(folder)}


def descriptors() -> set[tuple[str, str]]:
    """The open descriptors of this process, with what each leads to."""
    found = set()
    for number in os.listdir("/proc/self/fd"):
        try:
            found.add((number, os.readlink(f"/proc/self/fd/{number}")))
        except FileNotFoundError:  # the one that listed them
            continue
    return found


def new_descriptors(before: set[tuple[str, str]]) -> set[tuple[str, str]]:
    """Those that were not open before; one that has closed since may be garbage of another test, a mapped array say."""
    return descriptors() - before


def threads() -> set[str]:
    """The threads of this process as the system counts them, whatever library began them."""
    return set(os.listdir("/proc/self/task"))


def new_threads(before: set[str]) -> set[str]:
    """The threads that were not there before, and that do not end within a few seconds."""
    deadline = time.monotonic() + THREADS_END_S
    while (found := threads() - before) and time.monotonic() < deadline:
        time.sleep(0.001)
    return found
