"""What an installed project says that it needs (PEP 508): which project, with which extras, and whether here.

A condition that is not understood counts as met: what is needed too much does no harm, what is missing does.
"""

from __future__ import annotations

import os
import platform
import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

_REQUIREMENT: Final = re.compile(r"\s*([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)\s*(?:\[([^\]]*)\])?(.*)", re.DOTALL)
_TOKEN: Final = re.compile(
    r"\s*(?:(?P<word>and|or|not\s+in|in)(?![\w.])|(?P<sign>===|[<>=!~]=|[<>()])"
    r"|\"(?P<double>[^\"]*)\"|'(?P<single>[^']*)'|(?P<name>[a-z_.]+))"
)
_VERSION: Final = re.compile(r"v?(\d+(?:\.\d+)*)(\.\*)?(.*)", re.ASCII | re.DOTALL)
_EARLY: Final = re.compile(r"[-_.]?(dev|alpha|a|beta|b|rc|c|preview|pre)[-_.]?(\d*)", re.ASCII)
_STAGES: Final = {"dev": 0, "a": 1, "alpha": 1, "b": 2, "beta": 2, "c": 3, "rc": 3, "pre": 3, "preview": 3}
_RELEASED: Final = (4, 0)
_OLD_NAMES: Final = {
    "os.name": "os_name", "sys.platform": "sys_platform", "platform.version": "platform_version",
    "platform.machine": "platform_machine", "platform.python_implementation": "platform_python_implementation",
    "python_implementation": "platform_python_implementation",
}  # fmt: skip
_Release = tuple[tuple[int, ...], tuple[int, int], bool]


class _NotUnderstoodError(Exception):
    """The condition is written in a way that is not known here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirement:
    """A project that another one needs.

    Attributes:
        name: In its one spelling.
        extras: Of these optional features of it.
        condition: Where that holds; empty for everywhere.
    """

    name: str
    extras: tuple[str, ...]
    condition: str


def project_name(text: str) -> str:
    """The one spelling of a project's name (PEP 503)."""
    return re.sub(r"[-_.]+", "-", text).lower()


def read_requirement(text: str) -> Requirement | None:
    """What a line of `Requires-Dist` asks for; None where it names no project."""
    match = _REQUIREMENT.match(text)
    if match is None:
        return None
    name, extras, rest = match.groups(default="")
    # A semicolon may be part of a URL, which a space ends.
    condition = rest.partition(" ;" if rest.lstrip().startswith("@") else ";")[2]
    features = tuple(project_name(extra.strip()) for extra in extras.split(",") if extra.strip())
    return Requirement(name=project_name(name), extras=features, condition=condition.strip())


def is_met(condition: str, extra: str = "") -> bool:
    """Whether a condition holds in this Python, for one optional feature or for none."""
    if not condition:
        return True
    try:
        return _Condition(condition, {**_here(), "extra": project_name(extra)}).holds()
    except _NotUnderstoodError:
        return True


def _here() -> dict[str, str]:
    """The variables of PEP 508."""
    found = sys.implementation.version
    suffix = "" if found.releaselevel == "final" else f"{found.releaselevel[0]}{found.serial}"
    return {
        "implementation_name": sys.implementation.name,
        "implementation_version": f"{found.major}.{found.minor}.{found.micro}{suffix}",
        "os_name": os.name,
        "platform_machine": platform.machine(),
        "platform_python_implementation": platform.python_implementation(),
        "platform_release": platform.release(),
        "platform_system": platform.system(),
        "platform_version": platform.version(),
        "python_full_version": platform.python_version(),
        "python_version": ".".join(platform.python_version_tuple()[:2]),
        "sys_platform": sys.platform,
    }


class _Condition:
    """A condition, read from left to right: `or` of `and` of comparisons and parentheses."""

    def __init__(self, text: str, variables: Mapping[str, str]) -> None:
        self._tokens = _tokens(text)
        self._variables = variables
        self._place = 0

    def holds(self) -> bool:
        found = self._any()
        if self._place != len(self._tokens):
            raise _NotUnderstoodError
        return found

    def _any(self) -> bool:
        found = self._all()
        while self._accept("or"):
            found |= self._all()
        return found

    def _all(self) -> bool:
        found = self._one()
        while self._accept("and"):
            found &= self._one()
        return found

    def _one(self) -> bool:
        if self._accept("("):
            found = self._any()
            if not self._accept(")"):
                raise _NotUnderstoodError
            return found
        left, is_extra = self._value()
        operator = self._next()[1]
        right, is_right_extra = self._value()
        if is_extra or is_right_extra:
            left, right = project_name(left), project_name(right)
        return _compare(left, operator, right)

    def _value(self) -> tuple[str, bool]:
        kind, text = self._next()
        if kind == "text":
            return text, False
        name = _OLD_NAMES.get(text, text)
        if kind != "name" or name not in self._variables:
            raise _NotUnderstoodError
        return self._variables[name], name == "extra"

    def _next(self) -> tuple[str, str]:
        if self._place == len(self._tokens):
            raise _NotUnderstoodError
        self._place += 1
        return self._tokens[self._place - 1]

    def _accept(self, word: str) -> bool:
        is_here = self._place < len(self._tokens) and self._tokens[self._place] == ("sign", word)
        self._place += is_here
        return is_here


def _tokens(text: str) -> list[tuple[str, str]]:
    found, place = [], 0
    text = text.strip()
    while place < len(text):
        match = _TOKEN.match(text, place)
        if match is None:
            raise _NotUnderstoodError
        kind = match.lastgroup or ""
        value = match[kind]
        if kind in ("word", "sign"):
            found.append(("sign", " ".join(value.split())))
        else:
            found.append(("text" if kind in ("double", "single") else kind, value))
        place = match.end()
    return found


_TEXTS: Final[Mapping[str, Callable[[str, str], bool]]] = {
    "in": lambda a, b: a in b, "not in": lambda a, b: a not in b,
    "==": lambda a, b: a == b, "!=": lambda a, b: a != b, "===": lambda a, b: a == b,
    "<": lambda a, b: a < b, ">": lambda a, b: a > b, "<=": lambda a, b: a <= b, ">=": lambda a, b: a >= b,
}  # fmt: skip


def _compare(left: str, operator: str, right: str) -> bool:
    """As versions where both are, else as texts."""
    versions = None if operator in ("in", "not in", "===") else (_release(left), _release(right))
    if versions is not None and versions[0] is not None and versions[1] is not None:
        return _compare_versions(versions[0], operator, versions[1])
    if operator not in _TEXTS:
        raise _NotUnderstoodError
    return _TEXTS[operator](left, right)


def _compare_versions(left: _Release, operator: str, right: _Release) -> bool:
    (old, old_stage, _), (new, new_stage, is_any) = left, right
    if is_any or operator == "~=":
        kept = len(new) - (operator == "~=")
        starts = _padded(old, kept) == new[:kept]
        if operator == "~=":
            return starts and _compare_versions(left, ">=", right)
        if operator not in ("==", "!="):
            raise _NotUnderstoodError
        return starts == (operator == "==")
    n = max(len(old), len(new))
    if operator == "<" and new_stage == _RELEASED:
        return _padded(old, n) < _padded(new, n)  # 3.14.0rc1 comes before 3.14, but is none of those below 3.14.
    a, b = (_padded(old, n), old_stage), (_padded(new, n), new_stage)
    return {"==": a == b, "!=": a != b, "<": a < b, ">": a > b, "<=": a <= b, ">=": a >= b}[operator]


def _padded(numbers: tuple[int, ...], n: int) -> tuple[int, ...]:
    return (numbers + (0,) * n)[:n]


def _release(text: str) -> _Release | None:
    """The numbers of a version, how far it is from its release, and whether it stands for all that begin so."""
    match = _VERSION.fullmatch(text.strip())
    if match is None:
        return None
    numbers, is_any, rest = match.groups(default="")
    early = _EARLY.fullmatch(rest)
    if rest and early is None:
        return None
    stage = _RELEASED if early is None else (_STAGES[early[1]], int(early[2] or 0))
    return tuple(map(int, numbers.split("."))), stage, bool(is_any)
