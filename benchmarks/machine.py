"""What a reader must know about the machine and the versions: no host name, no path, no date."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version

from vitrify import kernels

PACKAGES = (
    "scikit-learn",
    "numpy",
    "scipy",
    "pandas",
    "joblib",
    "cloudpickle",
    "skops",
    "msgspec",
    "blake3",
    "zstandard",
)


def environment() -> Mapping[str, str]:
    """Name → value, in the order of the report."""
    return {
        "cpu": cpu_name(),
        "cores": str(usable_cores()),
        "memory": memory(),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "vitrify": vitrify_version(),
        **{name: package_version(name) for name in PACKAGES},
    }


def cpu_name() -> str:
    """The processor as the system calls it."""
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            names = [line.split(":", 1)[1].strip() for line in file if line.startswith("model name")]
    except OSError:
        names = []
    return names[0] if names else platform.processor() or platform.machine()


def usable_cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def memory() -> str:
    """The physical memory in GB, where the system tells."""
    try:
        return f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 1e9:.0f} GB"
    except (AttributeError, OSError, ValueError):
        return "unknown"


def vitrify_version() -> str:
    """The installed version, and which loops check the nodes of trees."""
    loops = "compiled" if kernels.COMPILED else "numpy"
    return f"{package_version('vitrify')} with {loops} kernels"


def package_version(name: str) -> str:
    """The installed version of a package."""
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"
