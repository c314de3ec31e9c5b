"""Keys that share a hash, and tuples that take for ever to hash, are refused before Python hashes them."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import pytest

import vitrify
from vitrify.errors import LimitError
from vitrify.graph.hashing import MOST_EQUAL, MOST_STEPS

SAME = (1 << 61) - 1
"""Python's hash of an int is the int modulo this."""


class Holder:
    """Something that a converter makes of one value."""

    def __init__(self, held: Any) -> None:
        self.held = held


HOLDER = vitrify.Converter[Holder](
    type_id="tests.Holder",
    types=(f"{Holder.__module__}.Holder",),
    fields=("held",),
    encode=lambda holder: (holder.held,),
    decode=Holder,
)


def multiples(n: int) -> list[int]:
    """Ints that all hash to 0."""
    return [i * SAME for i in range(n)]


def nested(depth: int, *, frozen: bool = False) -> Any:
    """A tuple, or a frozenset of one, that holds the same tuple twice, and so on."""
    held: Any = ()
    for _ in range(depth):
        held = (held, held)
    return frozenset({(held,)}) if frozen else held


CONTAINERS: dict[str, Callable[[list[Any]], Any]] = {
    "dict": dict.fromkeys,
    "set": set,
    "frozenset": frozenset,
    "set of tuples": lambda keys: {(key,) for key in keys},
    "set of texts and ints": lambda keys: {*keys, "text", b"bytes", 1.5, None},
}


class TestSharedHashes:
    @pytest.mark.parametrize("name", CONTAINERS)
    def test_more_than_the_limit_are_refused(self, name: str) -> None:
        """In one container, whatever lies beside it; the path is that of no object, since none exists."""
        value = [{1, 2}, CONTAINERS[name](multiples(400))]
        with pytest.raises(LimitError) as caught:
            vitrify.loads(vitrify.dumps(value))
        assert caught.value.message == f"<bytes>: 400 keys of one container share a hash, the limit is {MOST_EQUAL}"
        assert (caught.value.limit, caught.value.actual) == (MOST_EQUAL, 400)

    @pytest.mark.parametrize("name", CONTAINERS)
    def test_as_many_as_the_limit_are_loaded(self, name: str) -> None:
        """Also where several containers of one table have together more."""
        value = [CONTAINERS[name](multiples(MOST_EQUAL)), CONTAINERS[name](multiples(MOST_EQUAL - 1))]
        assert vitrify.loads(vitrify.dumps(value)) == value

    def test_many_different_keys_are_loaded(self) -> None:
        """However many there are, of every kind that has to be counted."""
        value = {**dict.fromkeys(range(2**64, 2**64 + 2000)), **{(i, str(i)): i for i in range(2000)}}
        assert vitrify.loads(vitrify.dumps(value)) == value


class TestSteps:
    @pytest.mark.parametrize("frozen", [False, True])
    def test_what_can_be_hashed_is_loaded(self, frozen: bool) -> None:
        """Twenty tuples, each of which holds the next one twice, take four million steps."""
        data = vitrify.dumps([Holder(nested(20, frozen=frozen))], converters=[HOLDER])
        assert vitrify.loads(data, converters=[HOLDER])[0].held == nested(20, frozen=frozen)

    def test_what_takes_for_ever_is_refused(self) -> None:
        """Forty take 4 * 2**40 - 3, in whatever a converter may hash; a leaf takes one, a pair three and its parts."""
        data = vitrify.dumps(Holder(nested(40)), converters=[HOLDER])
        with pytest.raises(LimitError) as caught:
            vitrify.loads(data, converters=[HOLDER])
        expected = "<bytes>: hashing the keys would walk through 4.4e+12 items, the limit is 50000000"
        assert caught.value.message == expected
        assert (caught.value.limit, caught.value.actual) == (MOST_STEPS, 4 * 2**40 - 3)

    def test_tuples_that_nobody_hashes_may_be_as_deep(self) -> None:
        """In a list they are only kept."""
        limits = dataclasses.replace(vitrify.LIMITS, reached=2**62)
        found = vitrify.loads(vitrify.dumps([nested(60)]), limits=limits)[0]
        for _ in range(60):
            assert found[0] is found[1]
            found = found[0]
        assert found == ()
