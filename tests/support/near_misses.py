"""Checks of the comparator by groups of values that a careless comparison would confuse."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence

from tests.support.equality import differences

__all__ = ["Make", "Plain", "Slotted", "check_each_differs_from_the_others", "check_each_equals_its_like"]

Make = Callable[[], object]


def check_each_equals_its_like(makes: Sequence[Make]) -> None:
    """Two values made in the same way must be the same, alone and inside other values."""
    for number, make in enumerate(makes):
        assert differences(make(), make()) == [], f"a false alarm, alone: number {number}"
        assert differences([0, {"k": (1, make())}], [0, {"k": (1, make())}]) == [], f"a false alarm: number {number}"


def check_each_differs_from_the_others(makes: Sequence[Make]) -> None:
    """Every two values of a group must differ, in both directions, alone and inside other values."""
    for (i, one), (j, two) in itertools.permutations(enumerate(makes), 2):
        assert differences(one(), two()), f"overlooked, alone: number {i} against {j}"
        assert differences([0, {"k": (1, one())}], [0, {"k": (1, two())}]), f"overlooked: number {i} against {j}"


class Plain:
    """An object with the attributes given."""

    def __init__(self, **attributes: object) -> None:
        self.__dict__.update(attributes)

    def method(self) -> None:
        """Something to bind."""


class Slotted:
    """An object without `__dict__`, one of whose two slots has a private name."""

    __slots__ = ("__hidden", "shown")

    def __init__(self, shown: object, hidden: object) -> None:
        self.shown = shown
        self.__hidden = hidden
