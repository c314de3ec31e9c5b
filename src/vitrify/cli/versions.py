"""`vitrify --version`: what runs here."""

from __future__ import annotations

import platform

import numpy as np

from vitrify import __version__, kernels


def version_lines() -> list[str]:
    """One line each for vitrify, Python, numpy and the kernels in use."""
    return [
        f"vitrify {__version__}",
        f"python  {platform.python_version()} ({platform.system()} {platform.machine()})",
        f"numpy   {np.__version__}",
        f"kernels {kernels_in_use()}",
    ]


def kernels_in_use() -> str:
    """Which loops check the nodes of trees: `compiled`, or `numpy` where the installation found no compiler."""
    return "compiled" if kernels.COMPILED else "numpy"
