"""Walk two object graphs side by side and collect what differs.

The walk knows no type: `Rule`s say how the content of one kind of value is compared, and they are passed in.
It keeps its own stack, so depth costs memory and never the interpreter's stack. It does not judge whether a
difference matters, and a value that no rule describes is never passed over in silence.
"""

from __future__ import annotations

import enum
import reprlib
import types
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tests.support.equality_sharing import ArrayPair, sharing_differences
from tests.support.equality_step import ROOT, Step

__all__ = ["Origin", "Rule", "RuleFinder", "Walk", "brief"]

_ABSENT = object()
_ATOMS = frozenset({int, str, bytes, bool, float, complex, type(None)})
_SHORT_CUTS = _ATOMS - {complex}
_SHOWN = (int, str, bytes, float, complex, type(None), type, np.generic, np.dtype, types.FunctionType)
_WITH_MEMORY = frozenset({"Pipeline", "OPTICS", "AgglomerativeClustering", "FeatureAgglomeration"})
_SHORT = reprlib.Repr()
_SHORT.maxstring = _SHORT.maxother = _SHORT.maxlong = 60


def brief(value: object) -> str:
    """A short text for `value`; containers and objects by type alone, as a `repr` may be huge or recurse."""
    if not isinstance(value, _SHOWN):
        return f"a {type(value).__qualname__}"
    try:
        text = _SHORT.repr(value)
    except ValueError:  # an int beyond the interpreter's limit of decimal digits
        return f"an int of {value.bit_length()} bits" if isinstance(value, int) else f"a {type(value).__qualname__}"
    return f"{type(value).__name__} {text}" if isinstance(value, np.generic) else text


class Origin(enum.Enum):
    """Whose a value is: only what the model holds has an identity that can be compared."""

    HELD = "held by the model"
    MADE = "made for the comparison, its parts are held by the model"
    STATE = "made for the comparison, and so are the plain containers and arrays in it"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """How values of one type, and of its subclasses, are compared.

    `tracked`: identity counts, so "one object twice" differs from "two equal objects".
    `attributes`: `__dict__` and `__slots__` are compared as well, for what a subclass adds.
    """

    compare: Callable[[Walk, Any, Any, Step], None]
    tracked: bool
    attributes: bool = True


RuleFinder = Callable[[type], Rule]


class Walk:
    """One comparison of two graphs; `lines` holds the differences found, at most `limit`."""

    def __init__(self, rule_for: RuleFinder, *, limit: int, ignore_memory: bool) -> None:
        self.lines: list[str] = []
        self._limit = limit
        self._ignore_memory = ignore_memory
        self._origin = Origin.HELD
        self._rule_for = rule_for
        self._rules: dict[type, Rule] = {}
        self._tasks: list[tuple[Any, Any, Step, Origin]] = []
        self._partner: dict[int, tuple[int, Step]] = {}
        self._taken: dict[int, Step] = {}
        self._values_done: set[tuple[int, int]] = set()
        self._kept: list[object] = []
        self._arrays: list[ArrayPair] = []

    def run(self, expected: object, found: object) -> list[str]:
        """The differences between two graphs, in the order in which a reader would meet them."""
        self._tasks.append((expected, found, ROOT, Origin.HELD))
        while self._tasks and len(self.lines) < self._limit:
            start = len(self._tasks) - 1
            self._visit(*self._tasks.pop())
            self._tasks[start:] = reversed(self._tasks[start:])
        if len(self.lines) < self._limit:
            self.lines += (f"{step} : {what}" for step, what in sharing_differences(self._arrays))
        del self.lines[self._limit :]
        return self.lines

    def compare(
        self, expected: Any, found: Any, step: Step, mark: str, key: object, origin: Origin = Origin.HELD
    ) -> None:
        """Compare one part of the values at `step`, later."""
        kind = type(expected)
        if kind is type(found) and kind in _SHORT_CUTS and expected == found and (expected or kind is not float):
            return  # most values; but zeros have signs, which the rule for floats compares
        if self._origin is Origin.STATE and kind in (tuple, list, dict, np.ndarray):
            origin = Origin.STATE
        self._tasks.append((expected, found, Step(step, mark, key), origin))

    def report(self, step: Step, expected: str, found: str) -> None:
        """Add the line `path : expected …, found …`."""
        self.lines.append(f"{step} : expected {expected}, found {found}")

    def unequal(self, step: Step, expected: object, found: object) -> None:
        """Add a line that shows two values, with their modules where the texts alone would look the same."""
        texts = brief(expected), brief(found)
        if texts[0] == texts[1]:
            texts = (
                f"{texts[0]} ({type(expected).__module__})",
                f"another {texts[1]} ({type(found).__module__})",
            )
        self.report(step, *texts)

    def watch_memory(self, expected: np.ndarray[Any, Any], found: np.ndarray[Any, Any], step: Step) -> None:
        """Remember two arrays that the graphs hold, to compare at the end which arrays share memory."""
        if self.is_held:
            self._arrays.append(ArrayPair(expected, found, step))

    @property
    def is_held(self) -> bool:
        """Whether the values being compared are the model's own and not made for the comparison."""
        return self._origin is Origin.HELD

    def pair(self, expected: object, found: object, step: Step) -> bool:
        """Whether two objects meet for the first time; an alias on one side only is reported."""
        known = self._partner.get(id(expected))
        if known is not None:
            if known[0] != id(found):
                self.report(step, f"the same object as at {known[1]}", "another object")
            return False
        taken = self._taken.get(id(found))
        if taken is not None:
            self.report(step, "an object of its own", f"the object of {taken}")
            return False
        self._partner[id(expected)] = (id(found), step)
        self._taken[id(found)] = step
        self._kept += (expected, found)
        return True

    def partner_id(self, expected: object) -> int | None:
        """The id of the object that `expected` was paired with before, if it was."""
        known = self._partner.get(id(expected))
        return None if known is None else known[0]

    def could_match(self, expected: object, found: object) -> bool:
        """Whether two values are the same when looked at alone, without the rest of their graphs."""
        return not Walk(self._rule_for, limit=1, ignore_memory=self._ignore_memory).run(expected, found)

    def attributes(self, expected: object, found: object, step: Step, *, but: Sequence[str] = ()) -> None:
        """Compare `__dict__` (names and values, in any order) and `__slots__`, except the names `but`."""
        for read in (_own_dict, _own_slots):
            mine, theirs = read(expected), read(found)
            for name in theirs:
                if name not in mine and name not in but:
                    self.report(Step(step, ".", name), "no such attribute", brief(theirs[name]))
            for name, value in mine.items():
                if name not in but:
                    self._compare_attribute(expected, name, value, theirs.get(name, _ABSENT), step)

    def _compare_attribute(self, owner: object, name: str, value: object, other: object, step: Step) -> None:
        if other is _ABSENT:
            self.report(Step(step, ".", name), brief(value), "no such attribute")
        elif not (other is None and name == "memory" and self._ignore_memory and _has_memory(type(owner))):
            self.compare(value, other, step, ".", name)

    def _visit(self, expected: Any, found: Any, step: Step, origin: Origin) -> None:
        kind = type(expected)
        if kind is not type(found) and not _may_stand_for(kind, type(found)):
            self.unequal(step, expected, found)
            return
        rule = self._rules.get(kind)
        if rule is None:
            rule = self._rules[kind] = self._rule_for(kind)
        if rule.tracked and origin is Origin.HELD and not self.pair(expected, found, step):
            return
        if not rule.tracked and kind not in _ATOMS:
            ids = (id(expected), id(found))
            if ids in self._values_done:
                return
            self._values_done.add(ids)
            self._kept += (expected, found)
        self._origin = origin
        rule.compare(self, expected, found, step)
        if rule.attributes:
            self.attributes(expected, found, step)


def _may_stand_for(expected: type, found: type) -> bool:
    """A mapped file is an array; whether a dtype is called `long` or `longlong` is for its rule to judge."""
    if {expected, found} == {np.ndarray, np.memmap}:
        return True
    return issubclass(expected, np.dtype) and issubclass(found, np.dtype)


def _own_dict(value: object) -> Mapping[str, Any]:
    try:
        own = object.__getattribute__(value, "__dict__")
    except AttributeError:
        return {}
    return own if isinstance(own, dict) else {}


def _own_slots(value: object) -> Mapping[str, Any]:
    values = {}
    for name in _slot_names(type(value)):
        try:
            values[name] = object.__getattribute__(value, name)
        except AttributeError:
            continue
    return values


def _slot_names(kind: type) -> Iterator[str]:
    for owner in kind.__mro__:
        slots = owner.__dict__.get("__slots__", ())
        for name in (slots,) if isinstance(slots, str) else slots:
            if name not in ("__dict__", "__weakref__"):
                is_private = name.startswith("__") and not name.endswith("__")
                yield f"_{owner.__name__.lstrip('_')}{name}" if is_private else name


def _has_memory(kind: type) -> bool:
    return any(owner.__name__ in _WITH_MEMORY and owner.__module__.startswith("sklearn.") for owner in kind.__mro__)
