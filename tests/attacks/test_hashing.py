"""Keys that share a hash, and keys that are slow to hash: refused before anything is filled (attacks R01, F22)."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

import vitrify
from tests.attacks.harness import Attack, assert_harmless, assert_refused, run_one
from tests.support.lying_writer import Lie, assemble
from vitrify.errors import LimitError

P = 2**61 - 1
"""What CPython takes integers modulo, to hash them."""


def keys_of(n: int) -> list[int]:
    """Integers whose hash is 0."""
    return [k * P for k in range(8, 8 + n)]


def pairs_of(n: int) -> list[int]:
    """Pairs of 64-bit integers, one after another, with one hash for all: the second undoes the first."""
    low64, prime_1, prime_2, start = 2**64 - 1, 11400714785074694791, 14029467366897019727, 2870177450012600261
    inverse = pow(prime_2, -1, 2**64)
    found: list[int] = []
    first = 0
    while len(found) < 2 * n:
        first += 1
        state = start + first * prime_2 & low64
        state = (state << 31 | state >> 33) * prime_1 & low64
        second = (12345678901234567890 - state) * inverse & low64
        second -= 2**64 if second >> 63 else 0
        if abs(second) < P and second not in (-1, -2):
            found += [first, second]
    return found


def filled(value: Any, n: int, type_id: str, column: str, items: list[Any]) -> bytes:
    """A file whose only dict or set has other keys."""
    lie = Lie(vitrify.dumps(value))
    table = lie.tables(type_id)[0]
    table["columns"][column] = lie.column(items)
    table["lengths"] = {"kind": "const", "value": n, "cells": []}
    return lie.file()


def of_tuples(n: int, width: int, items: list[Any]) -> bytes:
    """A dict with `n` tuples of `width` items as its keys."""
    lie = Lie(vitrify.dumps({(1,) * width: None}))
    tuples, outer = lie.tables("tuple")[0], lie.tables("dict")[0]
    tuples["rows"], tuples["columns"]["items"] = n, lie.column(items)
    tuples["lengths"] = {"kind": "const", "value": width, "cells": []}
    outer["lengths"] = {"kind": "const", "value": n, "cells": []}
    outer["columns"]["keys"] = {"kind": "run", "table": lie.graph["tables"].index(tuples), "start": 0, "cells": []}
    outer["columns"]["values"] = {"kind": "const", "value": None, "cells": []}
    return lie.file()


FLOODS: dict[str, Callable[[int], bytes]] = {
    "dict": lambda n: filled({2**70: None}, n, "dict", "keys", keys_of(n)),
    "set": lambda n: filled({2**70}, n, "set", "items", keys_of(n)),
    "frozenset": lambda n: filled(frozenset({2**70}), n, "frozenset", "items", keys_of(n)),
    "tuples of large ints": lambda n: of_tuples(n, 1, keys_of(n)),
    "pairs of small ints": lambda n: of_tuples(n, 2, pairs_of(n)),
}


@pytest.mark.parametrize("n", [30_000, 300_000])
@pytest.mark.parametrize("kind", FLOODS)
def test_R01_keys_that_share_a_hash_are_refused(kind: str, n: int) -> None:
    """Filling a dict with 30 000 of them takes seconds, with 300 000 minutes."""
    outcome = run_one(Attack(FLOODS[kind](n), peak_bytes=256 << 20))
    assert_refused(outcome, LimitError, match=f"{n} keys of one container share a hash")
    assert outcome.seconds < 0.2 + n * 5e-6


NUMBERS: dict[str, Callable[[int], Any]] = {
    "Decimal": lambda k: Decimal(k * P),
    "Fraction": lambda k: Fraction(k * P),
    "complex": lambda k: complex(1000003 * k, -k),
}


@pytest.mark.parametrize("kind", NUMBERS)
def test_R01_numbers_of_other_types_that_share_a_hash_are_refused(kind: str) -> None:
    """A real dict of 2000 of them, as Python itself can still make it."""
    keys = list(map(NUMBERS[kind], range(8, 2008)))
    assert len(set(map(hash, keys))) == 1
    outcome = run_one(Attack(vitrify.dumps(dict.fromkeys(keys))))
    assert_refused(outcome, LimitError, match="2000 keys of one container share a hash")


def test_R01_exactly_as_many_as_allowed_are_loaded() -> None:
    """256 keys of one hash in each of many dicts; one more is refused."""
    value = [dict.fromkeys(keys_of(256), i) for i in range(20)]
    assert vitrify.loads(vitrify.dumps(value)) == value
    with pytest.raises(LimitError) as caught:
        vitrify.loads(vitrify.dumps([*value, set(keys_of(257))]))
    assert (caught.value.limit, caught.value.actual) == (256, 257)


def test_R01_honest_keys_of_every_kind_are_loaded() -> None:
    """Large integers, tuples, mixtures; powers of two, of which many share a hash."""
    floats = {2.0**e: e for e in range(-1074, 1024)}
    mixture = {*floats, *range(1000), "x", (1, 2)}
    value = [{10**i: i for i in range(3000)}, {(i, str(i)): i for i in range(3000)}, floats, mixture]
    assert vitrify.loads(vitrify.dumps(value)) == value


def doubled(depth: int, kind: str) -> bytes:
    """A dict whose key holds the next container twice, and so on; of frozensets, once itself and once in a tuple."""

    def table(items: Any, n: int, type_id: str = "tuple") -> dict[str, Any]:
        lengths = {"kind": "const", "value": n}
        return {"type": type_id, "rows": 1, "columns": {"items": items}, "layout": "items", "lengths": lengths}

    def run(number: int) -> dict[str, Any]:
        return {"kind": "run", "table": number, "start": 0}

    outer = {"keys": run(1), "values": {"kind": "const", "value": 1}}
    lengths = {"kind": "const", "value": 1}
    tables = [{"type": "dict", "rows": 1, "columns": outer, "layout": "pairs", "lengths": lengths}]
    next_ones = ({"kind": "numbers", "of": "ref", "width": "u1", "table": i} for i in range(2, depth + 2))
    tables += [table(column, 2) for column in next_ones]
    tables.append(table({"kind": "const", "value": None}, 0, kind))
    graph = {"root": run(0), "names": [], "tables": tables}
    return assemble([], cells=bytes(8 * depth), graph=json.dumps(graph, separators=(",", ":")).encode())


@pytest.mark.parametrize("kind", ["tuple", "frozenset"])
@pytest.mark.parametrize("depth", [30, 60, 200])
def test_R01_a_key_that_is_slow_to_hash_is_refused(depth: int, kind: str) -> None:
    """Tuples that hold the next one twice: 10 kB that would take 2**60 steps (attacks F22)."""
    outcome = run_one(Attack(doubled(depth, kind)))
    assert_refused(outcome, LimitError, match="hashing the keys would walk through")
    assert outcome.seconds < 0.5


def test_R01_shared_tuples_that_are_hashed_quickly_are_loaded() -> None:
    """The same of a few levels."""
    assert_harmless(run_one(Attack(doubled(12, "tuple"))))
