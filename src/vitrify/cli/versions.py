"""`vitrify --version`: what runs here."""

from __future__ import annotations

import platform

import numpy as np

from vitrify import __version__


def version_lines() -> list[str]:
    """One line each for vitrify, Python, numpy and the kernels in use."""
    return [
        f"vitrify {__version__}",
        f"python  {platform.python_version()} ({platform.system()} {platform.machine()})",
        f"numpy   {np.__version__}",
        f"kernels {kernels_in_use()}",
    ]


def kernels_in_use() -> str:
    """Which loops rebuild and check trees: `numpy`, until there are compiled ones."""
    return "numpy"
