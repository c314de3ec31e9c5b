"""Every value equals a second one made in the same way, and differs from every other of its group.

Each group holds near misses: values that `==`, a looser comparison, or a look at the first element confuses.
"""

from __future__ import annotations

import datetime as dt
import decimal
import enum
import fractions
import functools
import math
import operator
import pathlib
import re
import threading
import uuid
import zoneinfo

import numpy as np
import pytest

from tests.support.equality import assert_same, differences
from tests.support.near_misses import (
    Make,
    Plain,
    Slotted,
    check_each_differs_from_the_others,
    check_each_equals_its_like,
)


class Colour(enum.Enum):
    RED = 1
    BLUE = 2


class Level(enum.IntEnum):
    LOW = 1
    HIGH = 2


def partial_with(**attributes: object) -> functools.partial[None]:
    made = functools.partial(print, 1, sep="")
    made.__dict__.update(attributes)
    return made


GROUPS: dict[str, tuple[Make, ...]] = {
    "ones": (
        lambda: 1,
        lambda: True,
        lambda: 1.0,
        lambda: 1 + 0j,
        lambda: "1",
        lambda: b"1",
        lambda: bytearray(b"1"),
        lambda: decimal.Decimal(1),
        lambda: fractions.Fraction(1),
        lambda: Level.LOW,
        lambda: Colour.RED,
        lambda: np.int64(1),
        lambda: np.int32(1),
        lambda: np.float64(1),
        lambda: np.float32(1),
        lambda: np.bool_(True),
        lambda: np.str_("1"),
        lambda: np.bytes_(b"1"),
        lambda: np.array(1),
        lambda: None,
        lambda: Ellipsis,
        lambda: NotImplemented,
        lambda: [1],
        lambda: (1,),
        lambda: {1},
        lambda: frozenset({1}),
        lambda: {1: 1},
    ),
    "zeros": (
        lambda: 0,
        lambda: False,
        lambda: 0.0,
        lambda: -0.0,
        lambda: "",
        lambda: b"",
        lambda: (),
        list,
    ),
    "floats": (
        lambda: math.nan,
        lambda: math.inf,
        lambda: -math.inf,
        lambda: 5e-324,
        lambda: 0.1 + 0.2,
        lambda: 0.3,
        lambda: -0.0,
        lambda: 0.0,
    ),
    "complex": (
        lambda: complex(0.0, 0.0),
        lambda: complex(-0.0, 0.0),
        lambda: complex(0.0, -0.0),
        lambda: complex(1.0, -0.0),
        lambda: complex(1.0, 0.0),
        lambda: complex(math.nan, 0.0),
        lambda: complex(0.0, math.nan),
    ),
    "ints": (lambda: 2**70, lambda: 2**70 + 1, lambda: -(2**70), lambda: 10**5000, lambda: 10**5000 + 1),
    "texts": (lambda: "a", lambda: "a\0", lambda: "é", lambda: "e\u0301", lambda: "\ud800", lambda: "A"),
    "ranges": (
        lambda: range(0),
        lambda: range(1, 1),
        lambda: range(0, 3, 2),
        lambda: range(0, 4, 2),
        lambda: slice(0),
    ),
    "slices": (
        lambda: slice(1),
        lambda: slice(1.0),
        lambda: slice(1, 1),
        lambda: slice(0, 1),
        lambda: slice(0, 1, 1),
    ),
    "enums": (
        lambda: Colour.RED,
        lambda: Colour.BLUE,
        lambda: Level.LOW,
        lambda: Level.HIGH,
        lambda: re.IGNORECASE,
    ),
    "flags": (lambda: re.IGNORECASE | re.MULTILINE, lambda: re.IGNORECASE | re.DOTALL, lambda: re.IGNORECASE),
    "dates": (
        lambda: dt.date(2024, 1, 1),
        lambda: dt.date(2024, 1, 2),
        lambda: dt.datetime(2024, 1, 1),
        lambda: dt.datetime(2024, 1, 1, microsecond=1),
        lambda: dt.datetime(2024, 1, 1, fold=1),
        lambda: dt.datetime(2024, 1, 1, tzinfo=dt.UTC),
        lambda: dt.datetime(2024, 1, 1, 1, tzinfo=dt.timezone(dt.timedelta(hours=1))),
        lambda: dt.datetime(2024, 1, 1, tzinfo=zoneinfo.ZoneInfo("UTC")),
        lambda: dt.datetime(2024, 1, 1, tzinfo=zoneinfo.ZoneInfo("Europe/Berlin")),
        lambda: dt.datetime(2024, 1, 1, tzinfo=zoneinfo.ZoneInfo("Europe/Paris")),
    ),
    "times": (
        lambda: dt.time(1),
        lambda: dt.time(1, fold=1),
        lambda: dt.time(1, tzinfo=dt.UTC),
        lambda: dt.timedelta(hours=1),
        lambda: dt.timedelta(hours=1, microseconds=1),
        lambda: dt.UTC,
        lambda: dt.timezone(dt.timedelta(hours=1)),
        lambda: dt.timezone(dt.timedelta(hours=1), "CET"),
    ),
    "decimals": (
        lambda: decimal.Decimal("1.0"),
        lambda: decimal.Decimal("1.00"),
        lambda: decimal.Decimal("NaN"),
        lambda: decimal.Decimal("sNaN"),
        lambda: decimal.Decimal("-NaN"),
        lambda: decimal.Decimal("NaN123"),
        lambda: decimal.Decimal("-0"),
        lambda: decimal.Decimal(0),
        lambda: decimal.Decimal("Infinity"),
    ),
    "fractions": (
        lambda: fractions.Fraction(1, 3),
        lambda: fractions.Fraction(2, 3),
        lambda: fractions.Fraction(-1, 3),
    ),
    "uuids": (lambda: uuid.UUID(int=1), lambda: uuid.UUID(int=2)),
    "paths": (
        lambda: pathlib.Path("a/b"),
        lambda: pathlib.Path("a"),
        lambda: pathlib.PurePosixPath("a/b"),
        lambda: pathlib.PureWindowsPath("a/b"),
        lambda: "a/b",
    ),
    "patterns": (
        lambda: re.compile("a"),
        lambda: re.compile(b"a"),
        lambda: re.compile("a", re.IGNORECASE),
        lambda: re.compile("b"),
    ),
    "callables": (
        lambda: len,
        lambda: print,
        lambda: math.sin,
        lambda: math.cos,
        lambda: np.sin,
        lambda: np.cos,
        lambda: np.mean,
        lambda: operator.itemgetter(1),
        lambda: operator.itemgetter(2),
        lambda: operator.attrgetter("a"),
        lambda: Plain,
        lambda: Slotted,
        lambda: partial_with,
        lambda: Plain(a=1).method,
        lambda: Plain(a=2).method,
        lambda: [1].append,
        lambda: [2].append,
        lambda: [2].extend,
        lambda: str.upper,
        lambda: math,
        lambda: list[int],
        lambda: list[str],
    ),
    "partials": (
        lambda: functools.partial(print, 1, sep=""),
        lambda: functools.partial(max, 1, sep=""),
        lambda: functools.partial(print, 1.0, sep=""),
        lambda: functools.partial(print, 1, sep="", end=""),
        lambda: functools.partial(print, 1, end=""),
        lambda: partial_with(note=1),
        lambda: partial_with(note=2),
    ),
}


@pytest.mark.parametrize("name", GROUPS)
def test_a_value_equals_one_made_in_the_same_way(name: str) -> None:
    """No false alarm."""
    check_each_equals_its_like(GROUPS[name])


@pytest.mark.parametrize("name", GROUPS)
def test_a_value_differs_from_every_near_miss(name: str) -> None:
    """No difference is overlooked, whichever side it is on and however deep it lies."""
    check_each_differs_from_the_others(GROUPS[name])


@pytest.mark.parametrize("make", [lambda: (x for x in [1]), threading.Lock, lambda: memoryview(b"a")])
def test_what_gives_no_state_is_never_passed_in_silence(make: Make) -> None:
    """A generator, a lock and a memory view have no state to look at, which is a difference."""
    lines = differences([make()], [make()])
    assert len(lines) == 1
    assert "cannot compare" in lines[0]


def test_a_line_tells_where_and_what() -> None:
    """The path reads as a person would type it."""
    one = Plain(steps=[("scale", {"mean": [1.0, 2.0]})], name="x")
    two = Plain(steps=[("scale", {"mean": [1.0, 2.5]})], label="x")
    assert differences(one, two) == [
        "$.label : expected no such attribute, found 'x'",
        "$.name : expected 'x', found no such attribute",
        "$.steps[0][1]['mean'][1] : expected 2.0, found 2.5",
    ]


def test_limit_bounds_the_lines() -> None:
    """A model in which everything differs gives a readable report."""
    assert len(differences(list(range(100)), list(range(1, 101)), limit=7)) == 7


def test_assert_same_shows_the_differences() -> None:
    """The error of a failing test says what differs."""
    with pytest.raises(AssertionError, match=r"\$\[1\] : expected 2, found 3"):
        assert_same([1, 2], [1, 3])
