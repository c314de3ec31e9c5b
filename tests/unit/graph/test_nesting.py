"""Chains of objects that Python walks on the C stack are refused above a depth, others are not."""

from __future__ import annotations

import collections
import dataclasses
import fractions
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import vitrify
from vitrify.errors import LimitError

LIMIT = 100
LOW = dataclasses.replace(vitrify.LIMITS, depth=LIMIT)


def boxed(held: Any) -> Any:
    """An array of one object."""
    box = np.empty(1, object)
    box[0] = held
    return box


MAKERS: dict[str, tuple[Callable[[Any], Any], int, int]] = {
    "tuples": (lambda held: (held,), 1, LIMIT + 1),
    "object arrays": (boxed, 1, LIMIT + 2),
    "deques": (lambda held: collections.deque([held]), 1, LIMIT + 2),
    "object arrays and tuples, with more in them": (lambda held: boxed((held, fractions.Fraction(1, 2))), 2, LIMIT + 3),
    "object arrays and tuples": (lambda held: boxed((held,)), 2, LIMIT + 2),
}


def chain(name: str, depth: int) -> Any:
    """So many objects that count, each in the next."""
    make, step, _ = MAKERS[name]
    held: Any = 1
    for _ in range(depth // step):
        held = make(held)
    return held


@pytest.mark.parametrize("name", MAKERS)
def test_a_chain_beyond_the_limit_is_refused(name: str) -> None:
    """However its tables refer to one another; of tables in a row, the first that is too deep is told."""
    found = MAKERS[name][2]
    data = vitrify.dumps([chain(name, 10), chain(name, LIMIT + 2), {"k": chain(name, 4)}])
    with pytest.raises(LimitError) as caught:
        vitrify.loads(data, limits=LOW)
    assert re.search(rf"in one another: {found}, the limit depth is {LIMIT}$", caught.value.message)
    assert (caught.value.limit, caught.value.actual) == (LIMIT, found)


@pytest.mark.parametrize("name", MAKERS)
def test_many_short_chains_are_loaded(name: str) -> None:
    """More objects than the limit in all, none of them deep, with lists between that nobody holds."""
    found = vitrify.loads(
        vitrify.dumps([[chain(name, LIMIT - 2)], *([chain(name, 2)] for _ in range(LIMIT))]), limits=LOW
    )
    assert len(found) == LIMIT + 1
    held, depth = found[0][0], 0
    while type(held) is not int:
        held = held[0]
        depth += 1
    assert depth >= LIMIT - 2


def test_lists_and_dicts_may_be_as_deep_as_they_like() -> None:
    """They are freed without recursion."""
    held: Any = (1,)
    for _ in range(LIMIT):
        held = [{"k": held}]
    found = vitrify.loads(vitrify.dumps([held, *((i,) for i in range(2 * LIMIT))]), limits=LOW)[0]
    for _ in range(LIMIT):
        found = found[0]["k"]
    assert found == (1,)
