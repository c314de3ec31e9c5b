"""Puts `guard.c` in front of the C library, where there is a compiler and Linux; elsewhere nothing is guarded.

Without it, most accesses beyond the end of an array go unseen, or crash much later than where they happened.
"""

from __future__ import annotations

import ctypes
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np

_SOURCE = Path(__file__).with_name("guard.c")
_CACHED_BYTES = 1024
_CACHED_BLOCKS = 8
_kept: list[object] = []


def build(folder: Path) -> dict[str, str]:
    """The environment for a process that shall be guarded; empty where that is not possible."""
    compiler = shutil.which("cc")
    if compiler is None or not sys.platform.startswith("linux"):
        return {}
    library = folder / "guard.so"
    command = [compiler, "-O2", "-Wall", "-Werror", "-shared", "-fPIC", "-o", str(library), str(_SOURCE)]
    subprocess.run(command, check=True, capture_output=True)
    return {"LD_PRELOAD": str(library)}


def enable() -> bool:
    """Guard what this process asks for from now on; whether that was possible."""
    switch = getattr(ctypes.CDLL(None), "guard_enable", None)
    if switch is None:
        return False
    # numpy keeps a few freed blocks of each small size, which would be handed out again unguarded.
    _kept.extend(np.empty(n, np.uint8) for n in range(1, _CACHED_BYTES + 1) for _ in range(_CACHED_BLOCKS))
    switch(1)
    return True
