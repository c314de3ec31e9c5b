"""The versions of a record as text that other tools install from: `requirements.txt` or `environment.yml`.

What a file says goes into it only where it is a project's name and a version: no option, address, condition or comment
of the file's can become one of the text. Nothing is installed, and no index is asked whether a project exists.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from vitrify.errors import StateError
from vitrify.graph.registry import DISTRIBUTIONS, REVIEWED_LIBRARIES
from vitrify.record.provenance.markers import project_name
from vitrify.record.summary import Summary
from vitrify.record.versions import is_version

Form = Literal["requirements", "conda"]
FORMS: Final = ("requirements", "conda")
_NAME: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,98}[A-Za-z0-9])?")
_PLAIN_PYTHON: Final = re.compile(r"([0-9]{1,3}\.[0-9]{1,3})(\.[0-9]{1,4})?(.*)", re.DOTALL)
_DIGEST: Final = re.compile(r"[0-9a-f]{64}")
_PROJECTS: Final = REVIEWED_LIBRARIES | {"xgboost", "lightgbm", "catboost"}
"""Modules of which it is known which project has them."""
_MAX_LISTED: Final = 20
_MAX_SHOWN_CHARS: Final = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """What a record names and nobody should install by that name.

    Attributes:
        name: As the record has it.
        version: As the record has it.
        why: The reason.
    """

    name: str
    version: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Lock:
    """The versions that a record asks for.

    Attributes:
        python: That of Python; empty where the record has none.
        pins: Project → version, in the order of the names.
        left_out: What cannot be asked for.
        has_dependencies: Whether the projects are there that others need.
    """

    python: str
    pins: dict[str, str]
    left_out: tuple[LeftOut, ...]
    has_dependencies: bool


def lock(summary: Summary) -> Lock:
    """The versions that a record asks for; without an environment in it, those of the libraries of the model's types.

    Raises:
        StateError: It has not one name of a project with a version.
    """
    recorded = summary.environment.distributions if summary.environment is not None else {}
    pins, left_out = _pins(recorded) if recorded else _pins_of_modules(summary.versions)
    if not pins:
        raise StateError(
            "the record names no project with a version",
            hint="Save the model again with vitrify.dump(model, path, X=X)",
        )
    return Lock(
        python=_python(summary.versions.get("python", "")),
        pins=dict(sorted(pins.items())),
        left_out=tuple(left_out),
        has_dependencies=bool(recorded),
    )


def lock_text(summary: Summary, form: Form, *, digest: str = "") -> str:
    """The text of a `requirements.txt` or of conda's `environment.yml`, in ASCII, with a line break at its end.

    Args:
        summary: The record of a file.
        form: `requirements` or `conda`.
        digest: The model digest of the file, for the first line.

    Raises:
        StateError: The record has not one name of a project with a version.
        ValueError: There is no such form.
    """
    return format_lock(lock(summary), form, digest=digest)


def format_lock(found: Lock, form: Form, *, digest: str = "") -> str:
    """As `lock_text`."""
    if form not in FORMS:
        raise ValueError(f"the forms of a lock are {' and '.join(FORMS)}, got {form!r}")
    # pip looks in the first two lines for the name of an encoding, so that nothing of the file's stands there.
    which = f" (model digest {digest})" if _DIGEST.fullmatch(digest) else ""
    lines = [f"# Read before you install: whoever wrote the file{which} chose these names and versions."]
    lines.append(f"# Python {found.python}" if found.python else "# The version of Python is not recorded.")
    if not found.has_dependencies:
        lines.append(
            "# Dependencies are not recorded: save the model with X= or record=vitrify.capture(...) for those."
        )
    if form == "requirements":
        lines += _pinned(found.pins)
    else:
        lines += ["name: model", "channels:", "  - conda-forge", "dependencies:", f"  - {_conda_python(found.python)}"]
        lines += ["  - pip", "  - pip:", *(f"    {'' if c.startswith('#') else '- '}{c}" for c in _pinned(found.pins))]
    return "\n".join([*lines, *_shown(found.left_out)]) + "\n"


def _pins(distributions: Mapping[str, str]) -> tuple[dict[str, str], list[LeftOut]]:
    pins: dict[str, str] = {}
    left_out: list[LeftOut] = []
    for name, version in sorted(distributions.items()):
        why = _fault(name, version)
        if not why and project_name(name) in pins:
            why = "another spelling of a name above"
        if why:
            left_out.append(LeftOut(name=name, version=version, why=why))
        else:
            pins[project_name(name)] = version
    return pins, left_out


def _pins_of_modules(versions: Mapping[str, str]) -> tuple[dict[str, str], list[LeftOut]]:
    """As far as it is known which project has a module: another project may have its name."""
    known = {DISTRIBUTIONS.get(name, name): version for name, version in versions.items() if name in _PROJECTS}
    pins, left_out = _pins(known)
    for name, version in sorted(versions.items()):
        if name not in _PROJECTS and name not in sys.stdlib_module_names and name != "python":
            left_out.append(LeftOut(name=name, version=version, why="a module, whose project is not recorded"))
    return pins, left_out


def _fault(name: str, version: str) -> str:
    """Why this is nothing to install; empty if it is a project's name (PEP 508) and a version (PEP 440)."""
    if not _NAME.fullmatch(name):
        return "not the name of a project"
    return "" if is_version(version) else "not a version"


def _python(version: str) -> str:
    """A version of Python; of one that was built from a branch (3.14.0+), the numbers."""
    match = _PLAIN_PYTHON.fullmatch(version)
    if match is None:
        return ""
    return version if is_version(version) else match[1] + (match[2] or "")


def _conda_python(version: str) -> str:
    """What conda calls it; it has few versions that come before a release."""
    match = _PLAIN_PYTHON.fullmatch(version)
    if match is None:
        return "python"
    return f"python={match[1]}{'' if match[3] else match[2] or ''}"


def _pinned(pins: Mapping[str, str]) -> Iterator[str]:
    for name, version in pins.items():
        if "+" in version:
            yield f"# {name}: a local version, which the public index does not have"
        yield f"{name}=={version}"


def _shown(left_out: tuple[LeftOut, ...]) -> Iterator[str]:
    for one in left_out[:_MAX_LISTED]:
        yield f"# left out, {one.why}: {_quoted(one.name)} {_quoted(one.version)}"
    if len(left_out) > _MAX_LISTED:
        yield f"# left out: {len(left_out) - _MAX_LISTED} more"


def _quoted(text: str) -> str:
    """In quotes and ASCII, so that it ends no line."""
    return ascii(text if len(text) <= _MAX_SHOWN_CHARS else text[:_MAX_SHOWN_CHARS] + "...")
