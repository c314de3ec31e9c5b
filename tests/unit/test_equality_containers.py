"""The comparator on containers and objects: near misses differ, likes do not."""

from __future__ import annotations

import collections
import dataclasses
import math
import types
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import pytest

from tests.support.equality import assert_same
from tests.support.near_misses import (
    Make,
    Plain,
    Slotted,
    check_each_differs_from_the_others,
    check_each_equals_its_like,
)


class Point(NamedTuple):
    x: int
    y: int


class OtherPoint(NamedTuple):
    x: int
    y: int


class PartlySlotted(Slotted):
    def __init__(self, shown: object, hidden: object, **attributes: object) -> None:
        super().__init__(shown, hidden)
        self.__dict__.update(attributes)


class Numbers(list[int]):
    """A list with attributes, whose iterator hides its items."""

    def __init__(self, items: list[int], **attributes: object) -> None:
        super().__init__(items)
        self.__dict__.update(attributes)

    def __iter__(self) -> Iterator[int]:
        return iter(())


@dataclasses.dataclass(frozen=True, slots=True)
class Frozen:
    value: object


def moved_to_end() -> collections.OrderedDict[str, int]:
    ordered = collections.OrderedDict(a=1, b=2)
    ordered.move_to_end("a")
    return ordered


def nested_set(*values: object) -> object:
    return {frozenset({value, "x"}) for value in values}


GROUPS: dict[str, tuple[Make, ...]] = {
    "lists": (
        list,
        lambda: [[]],
        lambda: [1, 2, 3],
        lambda: [1, 2, 4],
        lambda: [1, 2, 3.0],
        lambda: [1, 2],
        lambda: [1, 3, 2],
        lambda: [1, 2, [3]],
        lambda: [1, 2, (3,)],
        lambda: [1, 2, [4]],
        lambda: Numbers([1, 2, 3]),
        lambda: Numbers([1, 2, 4]),
        lambda: Numbers([1, 2, 3], note=1),
    ),
    "tuples": (
        lambda: (1, 2),
        lambda: Point(1, 2),
        lambda: Point(1, 3),
        lambda: OtherPoint(1, 2),
        lambda: (1, (2,)),
    ),
    "dicts": (
        dict,
        lambda: {"a": 1, "b": 2},
        lambda: {"b": 2, "a": 1},
        lambda: {"a": 1, "b": 3},
        lambda: {"a": 1, "c": 2},
        lambda: {"a": 1},
        lambda: {"a": 1, "b": 2, "c": 3},
        lambda: {1: "x"},
        lambda: {True: "x"},
        lambda: {1.0: "x"},
        lambda: {"1": "x"},
        lambda: {np.int64(1): "x"},
        lambda: {(1, 2): "x"},
        lambda: {(1, 2.0): "x"},
        lambda: {math.nan: "x"},
        lambda: {None: "x"},
        lambda: {0.0: "x"},
        lambda: {-0.0: "x"},
        lambda: types.MappingProxyType({"a": 1, "b": 2}),
        lambda: types.MappingProxyType({"a": 1, "b": 3}),
    ),
    "dict subclasses": (
        lambda: collections.OrderedDict(a=1, b=2),
        moved_to_end,
        lambda: collections.OrderedDict(b=2, a=1.0),
        lambda: {"a": 1, "b": 2},
        lambda: collections.Counter(a=1, b=2),
        lambda: collections.Counter(b=2, a=1),
        lambda: collections.defaultdict(int, a=1, b=2),
        lambda: collections.defaultdict(bool, a=1, b=2),
        lambda: collections.defaultdict(None, a=1, b=2),
        lambda: collections.ChainMap({"a": 1, "b": 2}),
        lambda: collections.UserDict(a=1, b=2),
    ),
    "sets": (
        set,
        lambda: {1, 2, 3},
        lambda: {1, 2, 4},
        lambda: {1, 2, 3.0},
        lambda: {True, 2, 3},
        lambda: {1, 2},
        lambda: frozenset({1, 2, 3}),
        lambda: {1, 2, math.nan},
        lambda: {1, 2, (math.nan,)},
        lambda: {math.nan, -math.nan},
        lambda: {("a", 1), ("b", 2)},
        lambda: {("a", True), ("b", 2)},
        lambda: {Frozen(1)},
        lambda: {Frozen(1.0)},
        lambda: {Plain(a=1), Plain(a=2)},
        lambda: {Plain(a=1), Plain(a=3)},
        lambda: {Plain(a=1), Plain(a=1)},
        lambda: nested_set(1, 2),
        lambda: nested_set(1, 2.0),
    ),
    "deques": (
        lambda: collections.deque([1, 2]),
        lambda: collections.deque([1, 3]),
        lambda: collections.deque([1, 2], maxlen=2),
        lambda: collections.deque([1, 2], maxlen=3),
        lambda: collections.deque([2, 1]),
    ),
    "objects": (
        Plain,
        lambda: Plain(a=1),
        lambda: Plain(a=2),
        lambda: Plain(a=1, b=None),
        lambda: Plain(b=1),
        lambda: types.SimpleNamespace(a=1),
        lambda: types.SimpleNamespace(a=2),
        lambda: Slotted(1, 2),
        lambda: Slotted(1, 3),
        lambda: Slotted(2, 2),
        lambda: PartlySlotted(1, 2),
        lambda: PartlySlotted(1, 3),
        lambda: PartlySlotted(1, 2, a=1),
        lambda: Frozen(1),
        lambda: Frozen([1]),
        object,
        lambda: ValueError("a"),
        lambda: ValueError("b"),
        lambda: TypeError("a"),
    ),
}


@pytest.mark.parametrize("name", GROUPS)
def test_a_container_equals_one_made_in_the_same_way(name: str) -> None:
    """No false alarm."""
    check_each_equals_its_like(GROUPS[name])


@pytest.mark.parametrize("name", GROUPS)
def test_a_container_differs_from_every_near_miss(name: str) -> None:
    """No difference is overlooked, whichever side it is on and however deep it lies."""
    check_each_differs_from_the_others(GROUPS[name])


def test_attribute_order_does_not_count() -> None:
    """Names and values of attributes count, the order of assignment does not."""
    assert_same(Plain(a=1, b=2), Plain(b=2, a=1))
