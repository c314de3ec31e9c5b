"""Packed words, vocabularies and items: whatever their bytes, the loops find what numpy finds."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from random import Random
from typing import Any, Final

import numpy as np
import pytest

from tests.fuzz.kernels.feeder import Case, Feeder, damaged, numbers, resized
from tests.fuzz.kernels.guarding import DisagreementError, Guard
from tests.unit.container import test_shuffle, test_vocabulary, test_words
from vitrify.container import shuffle, words
from vitrify.container.words import packing
from vitrify.container.words.unpacking import Words, _read_vocabulary, _read_words
from vitrify.errors import FormatError

Unpack = Callable[[Any, Any], None]
_BEFORE: Final = 0xAA


def compared(unpack: Unpack, case: Case, guard: Guard) -> str:
    """Unpack with the loops and without; both give the same bytes or the same error."""
    guard.answers.clear()
    with guard.between():
        found = _outcome(unpack, case)
    with guard.without():
        expected = _outcome(unpack, case)
    if found != expected:
        raise DisagreementError(f"the loop says {found[1] or 'yes'!r}, numpy {expected[1] or 'yes'!r}")
    if not expected[1] and not all(guard.answers):
        raise DisagreementError("a loop refuses what numpy takes")
    return "refused" if expected[1] else "taken"


def _outcome(unpack: Unpack, case: Case) -> tuple[bytes, str]:
    out = np.full(case["n_bytes"], _BEFORE, np.uint8)
    try:
        unpack(np.frombuffer(case["packed"], np.uint8), out)
    except FormatError as error:
        return b"", str(error)
    return out.tobytes(), ""


@cache
def _words() -> list[tuple[bytes, int]]:
    """Packed words and the size of their block."""
    known = [(some[:80], form) for some in test_words.LISTS.values() for form in words.Form]
    found = [(test_words.packed(some, form), len(b"\0".join(some))) for some, form in known]
    return [(packed, n_bytes) for packed, n_bytes in found if packed is not None]


@cache
def _vocabularies() -> list[tuple[bytes, int]]:
    """Packed vocabularies of at most some hundred keys, likewise."""
    small = [dicts for dicts in test_vocabulary.VOCABULARIES.values() if sum(map(len, dicts)) < 300]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(packing, "_FEWEST", 1)
        return [
            (test_vocabulary.packed_vocabulary(dicts, form), len(test_vocabulary.columns_of(dicts)[0]))
            for dicts in small
            for form in words.Form
        ]


@cache
def _items() -> list[tuple[bytes, int]]:
    arrays = [make(n) for n in (24, 200) for make, _ in test_shuffle.SAMPLES.values()]
    packed = [(shuffle.pack(array.reshape(-1).view(np.uint8), array.dtype), array.nbytes) for array in arrays]
    return [(b"".join(part.tobytes() for part in found.parts()), n) for found, n in packed if found is not None]


def drawing(
    known: Callable[[], list[tuple[bytes, int]]], change: Callable[[bytes, int, Random], bytes]
) -> Callable[[Random], Case]:
    """Valid content with a change of its fields, or of its bytes."""

    def draw(random: Random) -> Case:
        packed, n_bytes = random.choice(known())
        if random.random() < 0.8:
            packed = change(packed, n_bytes, random)
        else:
            packed = damaged(packed, random, [data for data, _ in known()])
        return {"packed": packed, "n_bytes": resized(n_bytes, random)}

    return draw


def _joined_words(found: Words, random: Random) -> bytes:
    """Words of which one stream is another; `n` is right as a rule."""
    parts = {"shared": found.shared.tobytes(), "rest": found.rest.tobytes()}
    parts |= {} if found.lengths is None else {"lengths": found.lengths.tobytes()}
    name = random.choice(list(parts))
    parts[name] = numbers(np.frombuffer(parts[name], np.uint8), random).tobytes()
    if random.random() < 0.2:
        parts["rest"] = damaged(parts["rest"], random, [parts["rest"]])
    n = len(found.shared) + random.choice((*[0] * 9, 1, -1))
    form = bytes([(found.lengths is not None) ^ (random.random() < 0.05)])
    return form + max(n, 0).to_bytes(8, "little") + parts["shared"] + parts.get("lengths", b"") + parts["rest"]


def _other_words(packed: bytes, n_bytes: int, random: Random) -> bytes:
    return _joined_words(_read_words(np.frombuffer(packed, np.uint8)), random)


def _other_vocabulary(packed: bytes, n_bytes: int, random: Random) -> bytes:
    found = _read_vocabulary(np.frombuffer(packed, np.uint8), n_bytes)
    width, runs, plain, planes = found.value_bytes, found.runs, found.plain, found.planes.tobytes()
    known = packed[-len(found.words.shared) * (1 + (found.words.lengths is not None)) - len(found.words.rest) - 9 :]
    match random.randrange(6):
        case 0:
            runs = numbers(runs, random)
        case 1:  # some keys or values go from one run to another
            runs = runs.copy()
            column, moved = random.randrange(3), random.randrange(1, 4)
            runs[random.randrange(len(runs)), column] += moved
            runs[random.randrange(len(runs)), column] -= moved
        case 2:
            planes = numbers(found.planes, random).tobytes()
        case 3:
            plain = numbers(plain, random)
        case 4:
            width = random.choice((1, 2, 4, 8, 0, 3, 255))
        case _:
            known = _joined_words(found.words, random)
    head = bytes([width]) + (len(runs) + random.choice((*[0] * 12, 1, -1))).to_bytes(8, "little")
    return head + runs.tobytes() + plain.tobytes() + planes + known


def _other_items(packed: bytes, n_bytes: int, random: Random) -> bytes:
    """A field has another kind or width, or numbers are others."""
    changed = bytearray(packed)
    n_fields = changed[0]
    if random.random() < 0.3:
        at = 1 + 3 * random.randrange(n_fields)
        changed[at + 2 * random.randrange(2)] = random.choice((0, 1, 2, 3, 4, 5, 8, 255))
        return bytes(changed)
    head = 1 + 3 * n_fields
    return bytes(changed[:head]) + bytes(numbers(np.frombuffer(packed, np.uint8)[head:], random))


def _unshuffled(packed: Any, out: Any) -> None:
    at = 0

    def take(n: int) -> Any:
        nonlocal at
        at += n
        if at > len(packed):
            raise FormatError("shuffled items end too early")
        return packed[at - n : at]

    shuffle.unpack(take, out)


def unpacking(name: str, unpack: Unpack, draw: Callable[[Random], Case]) -> Feeder:
    return Feeder(feeds=frozenset(name.split()), draw=draw, run=lambda case, guard: compared(unpack, case, guard))


FEEDERS: Final = {
    "words": unpacking("unpack_words", words.unpack, drawing(_words, _other_words)),
    "vocabularies": unpacking("unpack_vocabulary", words.unpack_vocabulary, drawing(_vocabularies, _other_vocabulary)),
    "items": unpacking("put_planes put_entries", _unshuffled, drawing(_items, _other_items)),
}
