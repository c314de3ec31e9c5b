"""Vocabularies: keys and values of dicts come back, from the kernel and from numpy, and nothing else is taken."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.support.independent_codecs import unvocabulary
from tests.unit.container.test_words import ENGLISH, as_bytes, damaged, outcome
from vitrify import kernels
from vitrify.container import words
from vitrify.container.words import packing
from vitrify.errors import FormatError

VOCABULARIES: dict[str, list[dict[str, Any]]] = {
    "one": [{word: i for i, word in enumerate(ENGLISH)}],
    "in another order": [{ENGLISH[i * 7919 % len(ENGLISH)]: i * 7919 % len(ENGLISH) for i in range(len(ENGLISH))}],
    "by no alphabet": [{word: i for i, word in enumerate(reversed(ENGLISH))}],
    "several": [{word: n - 1 - i for i, word in enumerate(ENGLISH[:n])} for n in (1, 700, 3, 129)],
    "between others": [{"b": 7}, {"c": 1, "d": 0}, {"a": -1, "e": 300}, {"f": 0}, {"g": 2, "h": 1}],
    "between other values": [{"b": None}, {"c": 1, "d": 0}, {"a": "text", "e": 3}, {"": 0}, {"g": None, "h": True}],
    "of one key": [{"word": 0}],
    "of 128 keys": [{f"{i:03d}": i for i in range(128)}],
    "of 129 keys": [{f"{i:03d}": i for i in range(129)}],
    "of 257 keys": [{f"{i:03d}": i for i in range(257)}],
    "of 32768 keys": [{f"{i:05d}": i for i in range(32768)}],
    "of 32769 keys": [{f"{i:05d}": i for i in range(32769)}],
    "of 70000 keys": [{f"{i:05d}": 69999 - i for i in range(70000)}],
    "beside large numbers": [{"a": 2**62, "b": -(2**63)}, {"c": 1, "d": 0}],
    "an empty key": [{"b": 1, "": 0}],
}


@pytest.fixture(params=["kernel", "numpy"])
def both(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the compiled kernel, and without."""
    if request.param == "numpy":
        monkeypatch.setattr(kernels, "COMPILED", False)
    elif not kernels.COMPILED:
        pytest.skip("no compiled kernels here")


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Dicts of a few keys count, too."""
    monkeypatch.setattr(packing, "_FEWEST", 1)


def columns_of(dicts: list[dict[str, Any]]) -> tuple[bytes, words.Dicts]:
    """Keys and integers as the object graph has them, and where they lie."""
    keys = "\0".join(key for one in dicts for key in one).encode()
    values = [[value for value in one.values() if type(value) is int] for one in dicts]
    flat = [value for some in values for value in some]
    width = next(w for w in (1, 2, 4, 8) if -(1 << 8 * w - 1) <= min(flat) and max(flat) < 1 << 8 * w - 1)
    data = keys + b"".join(value.to_bytes(width, "little", signed=True) for value in flat)
    counts = list(map(len, values))
    return data, words.Dicts(n_key_bytes=len(keys), value_bytes=width, keys=list(map(len, dicts)), values=counts)


def packed_vocabulary(dicts: list[dict[str, Any]], form: words.Form) -> bytes:
    """What these are packed to."""
    data, layout = columns_of(dicts)
    found = words.pack_vocabulary(as_bytes(data), layout)
    assert found is not None
    parts = words.pack(found[1], form)
    assert parts is not None
    return b"".join([*found[0], *parts])


@pytest.mark.usefixtures("both", "small")
@pytest.mark.parametrize("form", words.Form)
@pytest.mark.parametrize("name", VOCABULARIES)
def test_the_same_vocabularies_come_back(name: str, form: words.Form) -> None:
    """Keys in their own order, values in their width; also from the second reader."""
    data, _ = columns_of(VOCABULARIES[name])
    content = packed_vocabulary(VOCABULARIES[name], form)
    memory = np.full(len(data) + 32, 0xAA, np.uint8)
    words.unpack_vocabulary(as_bytes(content), memory[16:-16])
    assert memory.tobytes() == b"\xaa" * 16 + data + b"\xaa" * 16
    assert unvocabulary(content, len(data)) == data


def number(*numbers: int) -> bytes:
    """Eight bytes each."""
    return b"".join(n.to_bytes(8, "little") for n in numbers)


@pytest.mark.usefixtures("small")
def test_the_bytes_of_a_vocabulary_are_those_of_the_spec() -> None:
    """Written by hand from SPEC.md 4.9: three runs, values of two bytes, one plane of numbers, seven words."""
    dicts = [{"x": 300, "y": None}, {"to": 2, "bar": 0, "bare": 1}, {"bar": 0}, {"z": -1}]
    head = b"\2" + number(3, 2, 1, 3, 0, 0, 1, 1, 1, 0) + b"\x2c\1\xff\xff" + bytes([2, 0, 1, 0])
    known = number(7) + bytes([0, 0, 0, 3, 0, 0, 0]) + b"x\0y\0bar\0e\0to\0bar\0z"
    assert packed_vocabulary(dicts, words.Form.LINES) == head + b"\0" + known


def test_dicts_that_number_no_keys_are_no_vocabulary() -> None:
    """Nor are those of a few keys, for which it would not be worth it."""
    for dicts in ([{"a": 1}], [{"a": 0, "b": 0}], [{"a": 0, "b": 2}], [{str(i): i for i in range(255)}]):
        data, layout = columns_of(dicts)
        assert words.pack_vocabulary(as_bytes(data), layout) is None
    data, layout = columns_of([{str(i): i for i in range(256)}])
    assert words.pack_vocabulary(as_bytes(data), layout) is not None


def vocabulary(
    *runs: tuple[int, int, int],
    width: int = 1,
    plain: bytes = b"",
    planes: bytes = b"\0\1",
    known: bytes = b"\0" + number(2) + b"\0\0a\0b",
    n: int | None = None,
) -> bytes:
    """A packed vocabulary, of which some part is as it is told; `n` is what is said of the number of runs."""
    sizes = b"".join(number(*run) for run in runs)
    return bytes([width]) + number(len(runs) if n is None else n) + sizes + plain + planes + known


TWO = (0, 0, 2)
ROOM = "a vocabulary has more keys or values than its group has room for"
FALSE_VOCABULARIES: dict[str, tuple[bytes, int, str]] = {
    "nothing": (b"", 5, "packed words end too early"),
    "no number of runs": (b"\1" + bytes(7), 5, "packed words end too early"),
    "values of three bytes": (vocabulary(TWO, width=3), 9, "a vocabulary has values of 3 bytes"),
    "values of no bytes": (vocabulary(TWO, width=0), 3, "a vocabulary has values of 0 bytes"),
    "runs that are not there": (vocabulary(n=2), 5, "a vocabulary of 2 runs does not give their sizes"),
    "no runs": (vocabulary(), 5, "a vocabulary has a run without numbers of keys"),
    "a run of nothing": (vocabulary(TWO, (0, 0, 0)), 5, "a vocabulary has a run without numbers of keys"),
    "a run of others alone": (
        vocabulary((2, 2, 0), plain=b"\0\1", planes=b""),
        5,
        "a vocabulary has a run without numbers of keys",
    ),
    "others alone, and then more": (
        vocabulary((1, 0, 0), TWO, known=b"\0" + number(3) + b"\0\0\0a\0b\0c"),
        7,
        "a vocabulary has a run without numbers of keys",
    ),
    "a size below zero": (vocabulary((0, 0, 2**64 - 1)), 5, ROOM),
    "other keys below zero": (vocabulary((2**64 - 1, 0, 2)), 5, ROOM),
    "a size beyond the group": (vocabulary((0, 0, 6)), 5, ROOM),
    "other values beyond the group": (vocabulary((0, 6, 2)), 5, ROOM),
    "sizes beyond the group": (vocabulary(*[(0, 0, 4)] * 3), 5, ROOM),
    "no room for keys": (
        vocabulary((0, 0, 3), planes=b"\0\1\2", known=b"\0" + number(3) + b"\0\0\0\0\0"),
        4,
        ROOM,
    ),
    "no room for values": (vocabulary((0, 4, 2), plain=bytes(4)), 5, ROOM),
    "more keys than values can number": (
        vocabulary((0, 0, 129), planes=bytes(range(129)), known=b"\0" + number(129) + bytes(129) + bytes(128)),
        257,
        "a vocabulary numbers 129 keys by values of 1 bytes",
    ),
    "numbers that are not there": (vocabulary(TWO, planes=b"\0", known=b""), 5, "packed words end too early"),
    "other values that are not there": (
        vocabulary((0, 2, 2), planes=b"\0\1", known=b"\0"),
        7,
        "packed words end too early",
    ),
    "no words": (vocabulary(TWO, known=b""), 5, "packed words end too early"),
    "fewer words": (vocabulary(TWO, known=b"\0" + number(1) + b"\0abc"), 5, "a vocabulary of 2 keys has 1 words"),
    "more words": (vocabulary((0, 0, 1), planes=b""), 4, "a vocabulary of 1 keys has 2 words"),
    "a number twice": (vocabulary(TWO, planes=b"\1\1"), 5, "a vocabulary has a number twice"),
    "a number beyond": (vocabulary(TWO, planes=b"\0\2"), 5, "a vocabulary has a number beyond the size of its dict"),
    "a number of another dict": (
        vocabulary((0, 0, 1), TWO, planes=b"\1\0\1", known=b"\0" + number(3) + b"\0\0\0a\0b\0c"),
        8,
        "a vocabulary has a number beyond the size of its dict",
    ),
    "words too long": (vocabulary(TWO), 4, "packed words do not add up to the size of their block"),
    "words too short": (vocabulary(TWO), 6, "packed words do not add up to the size of their block"),
    "a word longer than all": (
        vocabulary(TWO, known=b"\0" + number(2) + b"\0\0abcde\0b"),
        5,
        "packed words do not add up to the size of their block",
    ),
    "too few rests": (vocabulary(TWO, known=b"\0" + number(2) + b"\0\0abc"), 5, "2 packed words have 1 rests"),
    "too many rests": (vocabulary(TWO, known=b"\0" + number(2) + b"\0\0a\0b\0"), 6, "2 packed words have 3 rests"),
    "a word that shares too much": (
        vocabulary(TWO, planes=b"\1\0", known=b"\0" + number(2) + b"\0\2a\0b"),
        7,
        "a packed word shares more with the one before than that has",
    ),
    "a word shorter than what it shares": (
        vocabulary(TWO, known=b"\1" + number(2) + b"\0\2\1\1ab"),
        5,
        "a packed word is shorter than what it shares with the one before",
    ),
    "a NUL": (vocabulary(TWO, known=b"\1" + number(2) + b"\0\0\1\1a\0"), 5, "a packed word has a NUL in it"),
}


@pytest.mark.usefixtures("both")
@pytest.mark.parametrize("name", FALSE_VOCABULARIES)
def test_a_false_vocabulary_is_refused(name: str) -> None:
    """By its name, whether the compiled loop said no first or not; the second reader refuses it, too."""
    content, n_bytes, message = FALSE_VOCABULARIES[name]
    with pytest.raises(FormatError) as caught:
        words.unpack_vocabulary(as_bytes(content), np.zeros(n_bytes, np.uint8))
    assert caught.value.message == message
    with pytest.raises(ValueError, match=r"\w"):
        unvocabulary(content, n_bytes)


@pytest.mark.parametrize("form", words.Form)
@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("name", ["several", "between others", "between other values", "of one key", "an empty key"])
def test_kernel_numpy_and_second_reader_agree_on_damaged_vocabularies(
    name: str, form: words.Form, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever is changed, each refuses it, or each gives the same bytes."""
    data, _ = columns_of(VOCABULARIES[name])
    content = packed_vocabulary(VOCABULARIES[name], form)
    rng = np.random.default_rng(len(content))
    refused = 0
    for round_ in range(200):
        changed = damaged(content, rng, round_)
        found = outcome(words.unpack_vocabulary, changed, len(data))
        with monkeypatch.context() as patch:
            patch.setattr(kernels, "COMPILED", False)
            assert outcome(words.unpack_vocabulary, changed, len(data)) == found
        try:
            expected = unvocabulary(changed, len(data))
        except ValueError:
            expected = None
        assert expected == found
        refused += found is None
    assert 0 < refused <= 200


@pytest.mark.usefixtures("small")
def test_a_vocabulary_of_two_gigabytes_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """The compiled loop counts places in 31 bits; nothing so large is written, either."""
    data, layout = columns_of(VOCABULARIES["of 128 keys"])
    content = packed_vocabulary(VOCABULARIES["of 128 keys"], words.Form.LINES)
    monkeypatch.setattr(packing, "MAX_VOCABULARY_BYTES", len(data) - 1)
    monkeypatch.setattr(words.unpacking, "MAX_VOCABULARY_BYTES", len(data) - 1)
    assert words.pack_vocabulary(as_bytes(data), layout) is None
    with pytest.raises(FormatError) as caught:
        words.unpack_vocabulary(as_bytes(content), np.zeros(len(data), np.uint8))
    assert caught.value.message == f"a vocabulary has {len(data)} bytes, at most {len(data) - 1} are allowed"
