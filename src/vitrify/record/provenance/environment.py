"""Where a model is made: Python, the system, the CPU, what computes in threads, and every project that is needed.

Versions come from the metadata of what is installed, not from what happens to be imported. No host, user or path is
noted, and no process is started.
"""

from __future__ import annotations

import os
import platform
import re
import sys
import warnings
from collections.abc import Mapping, Sequence
from typing import Any, Final

from vitrify._version import __version__
from vitrify.graph.registry import DISTRIBUTIONS
from vitrify.record.provenance.markers import is_met, project_name, read_requirement
from vitrify.record.summary import Environment, ThreadLibrary

_CPUINFO: Final = "/proc/cpuinfo"
_CPU_FIELDS: Final = ("model name", "cpu model", "cpu", "uarch")  # of x86, MIPS, POWER, RISC-V; no serial numbers
_ARM_FIELDS: Final = ("CPU implementer", "CPU part")
_SYSCTL_BYTES: Final = 256
_NO_LIBRARIES: Final = frozenset({"__main__", "__mp_main__", "vitrify"})


def environment(libraries: tuple[str, ...]) -> Environment:
    """This environment, with the projects that these top-level packages come from and all that those need."""
    return Environment(
        implementation=platform.python_implementation(),
        system=platform.system(),
        machine=platform.machine(),
        cpu=_cpu(),
        thread_libraries=_thread_libraries(),
        distributions=_distributions(libraries),
    )


def _cpu() -> str:
    """The CPU's own name; empty where the system does not say."""
    system = platform.system()
    if system == "Darwin":
        return _sysctl("machdep.cpu.brand_string")
    if system == "Windows":
        return os.environ.get("PROCESSOR_IDENTIFIER", "")
    try:
        with open(_CPUINFO, encoding="utf-8", errors="replace") as stream:
            return _cpu_in(stream.read())
    except OSError:
        return ""


def _cpu_in(text: str) -> str:
    """The first CPU that Linux describes."""
    found: dict[str, str] = {}
    for line in text.splitlines():
        name, _, value = line.partition(":")
        found.setdefault(name.strip(), " ".join(value.split()))
    for name in _CPU_FIELDS:
        if found.get(name):
            return found[name]
    return " ".join(f"{name.removeprefix('CPU ')} {found[name]}" for name in _ARM_FIELDS if found.get(name))


def _sysctl(name: str) -> str:
    """A text that the kernel of macOS or a BSD knows, asked for without the program of that name."""
    import ctypes

    value = ctypes.create_string_buffer(_SYSCTL_BYTES)
    n_bytes = ctypes.c_size_t(_SYSCTL_BYTES)
    try:
        failed = ctypes.CDLL(None).sysctlbyname(name.encode(), value, ctypes.byref(n_bytes), None, 0)
    except (OSError, AttributeError):  # no such library, no such function
        return ""
    return "" if failed else value.value.decode(errors="replace")


def _thread_libraries() -> tuple[ThreadLibrary, ...]:
    """The libraries that compute in threads, each once, as far as threadpoolctl is there to tell."""
    import importlib

    try:
        threadpoolctl: Any = importlib.import_module("threadpoolctl")  # scikit-learn brings it
    except ImportError:
        return ()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # It warns of two OpenMP libraries, which are both noted here.
        try:
            loaded: list[dict[str, Any]] = threadpoolctl.threadpool_info()
        except (OSError, AttributeError):  # Old releases fail on libraries that do not tell their version.
            return ()
    found = {
        ThreadLibrary(
            name=str(library.get("internal_api") or ""),
            version=str(library.get("version") or ""),
            architecture=str(library.get("architecture") or ""),
            n_threads=int(library.get("num_threads") or 0),
        )
        for library in loaded
    }
    return tuple(sorted(found, key=lambda one: (one.name, one.version, one.architecture, one.n_threads)))


def _distributions(libraries: tuple[str, ...]) -> dict[str, str]:
    """Project → version, in the order of their names: the providers, what they need, and vitrify."""
    found = {"vitrify": __version__}  # The code that runs, whatever is installed beside it; it is no part of the model.
    waiting = [(name, "") for name in sorted(_providers(libraries))]
    seen = {("vitrify", "")}
    while waiting:
        name, extra = waiting.pop()
        if name == "vitrify" or (name, extra) in seen:
            continue
        seen.add((name, extra))
        version, requires = _installed(name)
        if not version:
            continue
        found[name] = version
        for requirement in filter(None, map(read_requirement, requires)):
            if is_met(requirement.condition, extra):
                waiting += [(requirement.name, wanted) for wanted in ("", *requirement.extras)]
    return dict(sorted(found.items()))


def _installed(name: str) -> tuple[str, list[str]]:
    """The version of a project and what it requires; an empty version if it is not here, or damaged."""
    from importlib import metadata

    try:
        distribution = metadata.distribution(name)
        version: object = distribution.metadata["Version"]  # None where the metadata is damaged
        requires = distribution.requires
    except (metadata.PackageNotFoundError, ValueError):  # not there, or not in UTF-8
        return "", []
    return (version if isinstance(version, str) else ""), list(requires or ())


def _providers(libraries: tuple[str, ...]) -> set[str]:
    """The projects that these packages come from; those of the standard library come from none."""
    tops = set(libraries) - sys.stdlib_module_names - _NO_LIBRARIES
    found = {top: project_name(DISTRIBUTIONS.get(top, top)) for top in tops}
    plain = {top for top, name in found.items() if _provides(name, top)}
    names = {found[top] for top in plain}
    if plain == tops:
        return names
    from importlib import metadata

    # It reads all that is installed, which takes a while; damaged metadata has no name.
    everything: Mapping[str, Sequence[str | None]] = metadata.packages_distributions()
    for top in tops - plain:
        names |= {project_name(name) for name in everything.get(top, ()) if name}
    return names


def _provides(name: str, top: str) -> bool:
    """Whether an installed project says itself that it has this package."""
    from importlib import metadata

    try:
        record = metadata.distribution(name).read_text("RECORD")
    except (metadata.PackageNotFoundError, ValueError):
        return False
    return re.search(rf"^{re.escape(top)}(?:/|\.py,)", record or "", re.MULTILINE) is not None
