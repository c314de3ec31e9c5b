"""Front-coded words: the same bytes come back, from the kernel and from numpy, and nothing else is taken."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

import vitrify
from tests.support.independent_codecs import unwords
from vitrify import kernels
from vitrify.container import words, zstd
from vitrify.container.words import codec, vocabulary
from vitrify.errors import FormatError

STEMS = ("act", "form", "late", "mark", "port", "press", "read", "scribe", "serve", "tail", "turn", "word")
ENGLISH = sorted(
    head + stem + tail
    for head in ("", "be", "con", "counter", "inter", "over", "pre", "re", "un", "with")
    for stem in (*STEMS, *(a + b for a in STEMS for b in STEMS))
    for tail in ("", "able", "ed", "er", "ing", "s")
)
NUMBERED = [f"customer-{i:06d}" for i in range(2000)]
LISTS: dict[str, list[bytes]] = {
    "English": [word.encode() for word in ENGLISH],
    "numbered": [word.encode() for word in NUMBERED],
    "one": [b"word"],
    "one, empty": [b""],
    "all empty": [b""] * 5,
    "all the same": [b"same"] * 5,
    "each within the next": [b"a" * i for i in range(300)],
    "each within the one before": [b"a" * (300 - i) for i in range(300)],
    "254 to 257 in common": [b"b" * n + tail for n in (254, 255, 256, 257) for tail in (b"", b"x", b"y")],
    "of 255 bytes": [b"c" * 254 + bytes([i]) for i in range(1, 256)],
    "any bytes": [bytes([i, j]) for i in range(1, 256) for j in (1, 127, 128, 255)],
    "parts of characters": ["дa".encode(), "дb".encode(), "еa".encode(), "\ud800".encode("utf-8", "surrogatepass")],
    "not sorted": [b"z", b"a", b"zz", b"", b"zzz", b"a"],
    "empty ones at the ends": [b"", b"a", b"ab", b""],
}


@pytest.fixture(params=["kernel", "numpy"])
def both(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the compiled kernel, and without."""
    if request.param == "numpy":
        monkeypatch.setattr(kernels, "COMPILED", False)
    elif not kernels.COMPILED:
        pytest.skip("no compiled kernels here")


def as_bytes(data: bytes) -> Any:
    """Bytes as an array."""
    return np.frombuffer(data, np.uint8)


def packed(known: list[bytes], form: words.Form) -> bytes | None:
    """What these words are packed to."""
    parts = words.pack(words.Lines.of(as_bytes(b"\0".join(known))), form)
    return None if parts is None else b"".join(parts)


def unpacked(content: bytes, n_bytes: int) -> bytes:
    """What `unpack` gives, and nothing written beside it."""
    memory = np.full(n_bytes + 32, 0xAA, np.uint8)
    words.unpack(as_bytes(content), memory[16:-16])
    assert (memory[:16] == 0xAA).all()
    assert (memory[-16:] == 0xAA).all()
    return memory[16:-16].tobytes()


@pytest.mark.usefixtures("both")
@pytest.mark.parametrize("form", words.Form)
@pytest.mark.parametrize("name", LISTS)
def test_the_same_words_come_back(name: str, form: words.Form) -> None:
    """Also from a reader that was written from SPEC.md alone; columns hold words of up to 255 bytes."""
    known = LISTS[name]
    content = packed(known, form)
    if content is None:
        assert form == words.Form.COLUMNS
        assert max(map(len, known)) > 255
        return
    data = b"\0".join(known)
    assert unpacked(content, len(data)) == data
    assert unwords(content, len(data)) == known


def test_the_bytes_are_those_of_the_spec() -> None:
    """Written by hand from SPEC.md 4.8."""
    known = [b"bar", b"bare", b"bark", b"", b"to"]
    n, shared = (5).to_bytes(8, "little"), bytes([0, 3, 3, 0, 0])
    assert packed(known, words.Form.LINES) == b"\0" + n + shared + b"bar\0e\0k\0\0to"
    assert packed(known, words.Form.COLUMNS) == b"\1" + n + shared + bytes([3, 4, 4, 0, 2]) + b"btaor" + b"ek"


LIES: dict[str, tuple[bytes, int, str]] = {
    "nothing": (b"", 0, "packed words end too early"),
    "no number of words": (b"\0" + bytes(7), 7, "packed words end too early"),
    "another form": (b"\2" + bytes(8), 7, "packed words have the unknown form 2"),
    "no words": (b"\0" + bytes(8), 7, "packed words are not 0 words, of which each takes a byte or more"),
    "words that are not there": (
        b"\0\3" + bytes(7) + b"\0\0",
        7,
        "packed words are not 3 words, of which each takes a byte or more",
    ),
    "lengths that are not there": (
        b"\1\3" + bytes(7) + bytes(5),
        7,
        "packed words are not 3 words, of which each takes a byte or more",
    ),
    "the first shares": (b"\0\1" + bytes(7) + b"\1a", 2, "a packed word shares more with the one before than that has"),
    "one shares too much": (
        b"\0\3" + bytes(7) + b"\0\1\3abc\0d\0e",
        10,
        "a packed word shares more with the one before than that has",
    ),
    "one shares too little": (
        b"\0\2" + bytes(7) + b"\0\1abc\0bd",
        7,
        "a packed word shares more with the one before than it says",
    ),
    "too few rests": (b"\0\2" + bytes(7) + b"\0\0abc", 4, "2 packed words have 1 rests"),
    "too many rests": (b"\0\1" + bytes(7) + b"\0a\0b", 3, "1 packed words have 2 rests"),
    "larger than the block": (
        b"\0\2" + bytes(7) + b"\0\2abc\0d",
        6,
        "packed words do not add up to the size of their block",
    ),
    "smaller than the block": (
        b"\0\2" + bytes(7) + b"\0\2abc\0d",
        8,
        "packed words do not add up to the size of their block",
    ),
    "one word, larger": (b"\0\1" + bytes(7) + b"\0abc", 2, "packed words do not add up to the size of their block"),
    "more NULs than room": (
        b"\0\3" + bytes(7) + b"\0\0\0\0\0",
        1,
        "packed words do not add up to the size of their block",
    ),
    "shorter than what it shares": (
        b"\1\2" + bytes(7) + b"\0\2\3\1abc",
        5,
        "a packed word is shorter than what it shares with the one before",
    ),
    "columns too short": (
        b"\1\2" + bytes(7) + b"\0\2\3\3abc",
        7,
        "the columns of packed words are not the rest of their bytes",
    ),
    "columns too long": (
        b"\1\2" + bytes(7) + b"\0\2\3\3abcde",
        7,
        "the columns of packed words are not the rest of their bytes",
    ),
    "a NUL in a column": (b"\1\2" + bytes(7) + b"\0\2\3\3ab\0d", 7, "a packed word has a NUL in it"),
    "columns larger than the block": (
        b"\1\2" + bytes(7) + b"\0\2\3\3abcd",
        6,
        "packed words do not add up to the size of their block",
    ),
}


@pytest.mark.usefixtures("both")
@pytest.mark.parametrize("name", LIES)
def test_a_lie_is_refused(name: str) -> None:
    """By its name, whether the compiled loop said no first or not; the second reader refuses it, too."""
    content, n_bytes, message = LIES[name]
    with pytest.raises(FormatError) as caught:
        unpacked(content, n_bytes)
    assert caught.value.message == message
    with pytest.raises(ValueError, match=r"\w"):
        unwords(content, n_bytes)


@pytest.mark.usefixtures("both")
@pytest.mark.parametrize("form", words.Form)
def test_words_do_not_expand_beyond_their_block(form: words.Form) -> None:
    """100 000 words of 255 bytes, of which all share everything: 25 MB from 200 kB, of a block of 1 MB."""
    n = 100_000
    lengths = bytes([255]) * n if form == words.Form.COLUMNS else b""
    rest = b"a" * 255 + (b"" if form == words.Form.COLUMNS else b"\0" * (n - 1))
    content = bytes([form]) + n.to_bytes(8, "little") + b"\0" + bytes([255]) * (n - 1) + lengths + rest
    with pytest.raises(FormatError, match="do not add up to the size of their block"):
        unpacked(content, 1_000_000)


def outcome(unpack: Any, content: bytes, n_bytes: int) -> bytes | None:
    """What is unpacked, or None if it is refused."""
    out = np.full(n_bytes, 0xAA, np.uint8)
    try:
        unpack(as_bytes(content), out)
    except FormatError:
        return None
    return out.tobytes()


def damaged(content: bytes, rng: Any, round_: int) -> bytes:
    """The same with a few bytes changed, most of them among the first, or one more or fewer at the end."""
    changed = bytearray(content)
    for at in rng.integers(0, len(content) if round_ % 3 else min(80, len(content)), 1 + round_ % 3):
        changed[at] = rng.choice([0, 1, 2, 97, 255, rng.integers(256)])
    return bytes(changed[:-1] if round_ % 7 == 0 else changed + b"\0" if round_ % 7 == 1 else changed)


@pytest.mark.parametrize("form", words.Form)
@pytest.mark.parametrize("name", ["one", "not sorted", "parts of characters", "empty ones at the ends", "numbered"])
def test_kernel_numpy_and_second_reader_agree_on_damage(
    name: str, form: words.Form, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever is changed, each refuses it, or each gives the same bytes."""
    known = LISTS[name][:200]
    content = packed(known, form)
    assert content is not None
    rng = np.random.default_rng(len(content))
    refused = 0
    for round_ in range(200):
        changed = damaged(content, rng, round_)
        n_bytes = len(b"\0".join(known)) + round_ % 5 // 4
        found = outcome(words.unpack, changed, n_bytes)
        with monkeypatch.context() as patch:
            patch.setattr(kernels, "COMPILED", False)
            assert outcome(words.unpack, changed, n_bytes) == found
        try:
            expected = b"\0".join(unwords(changed, n_bytes))
        except ValueError:
            expected = None
        assert expected == found
        refused += found is None
    assert 0 < refused <= 200


class TestEncode:
    @pytest.mark.parametrize("effort", [1, 3, 9])
    @pytest.mark.parametrize("known", [ENGLISH, NUMBERED], ids=["English", "numbered"])
    def test_sorted_words_take_far_less_than_in_plain_zstd(self, known: list[str], effort: int) -> None:
        """And the frame gives them back."""
        data = "\0".join(known).encode()
        stored, plain = codec.encode(data, effort), zstd.encode([data], len(data), effort)
        assert stored is not None
        assert plain is not None
        assert len(stored) < 0.8 * len(plain)
        out = bytearray(len(data))
        codec.decode(memoryview(stored), memoryview(out))
        assert out == data

    def test_other_texts_are_left_to_zstd(self) -> None:
        """Where words share nothing, or where a few are so long that a trial would take as long as the whole."""
        rng = np.random.default_rng(0)
        mixed = b"\0".join(LISTS["English"][i] for i in rng.permutation(len(ENGLISH)))
        assert codec.encode(mixed, 3) is None
        assert codec.encode(b"abc " * 1_000_000 + b"\0" + b"abd", 3) is None
        assert codec.encode(b"abc" * 1400, 3) is None

    def test_a_long_word_outside_of_the_sample_is_not_put_into_columns(self) -> None:
        """The sample says columns, the whole has no room for one word: it is zstd's."""
        known = [f"{i * 7919 % 10**7:07d}" for i in range(60_000)]
        assert codec.encode("\0".join(known).encode(), 3) is not None
        assert codec.encode("\0".join([*known, "9" * 300]).encode(), 3) is None

    def test_more_than_was_there_is_not_written(self) -> None:
        """A byte for each word may be more than what is saved; such words are not packed."""
        known = [bytes([i, 200]) for i in range(1, 200)]
        assert packed(known, words.Form.COLUMNS) is not None
        assert codec.encode(b"\0".join(known[:9]), 3) is None

    def test_what_does_not_come_back_is_not_packed(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """A loop that was compiled wrongly costs bytes, not the model."""

        def wrong(shared: Any, lengths: Any, rest: Any, out: Any) -> bool:
            out[:] = 97
            return True

        monkeypatch.setattr(kernels, "COMPILED", True)
        monkeypatch.setattr(kernels, "unpack_words", wrong, raising=False)
        data = vitrify.dumps(ENGLISH, compress=True)
        assert [block.get("codec") for block in blocks(data)] == ["zstd", None, "zstd"]
        assert vitrify.loads(data) == ENGLISH

    def test_a_batch_ends_within_a_word(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Lines are gathered a few bytes at a time, whatever their lengths."""
        monkeypatch.setattr(words.forms, "_BATCH_BYTES", 3)
        lines = words.Lines.of(as_bytes(b"a\0bcdefgh\0\0ij"))
        assert lines.joined().tobytes() == b"a\0bcdefgh\0\0ij"


def blocks(data: bytes) -> list[Any]:
    """What the header says of the blocks of a file."""
    found: list[Any] = json.loads(
        json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])["__metadata__"]["blocks"]
    )
    return found


def test_what_is_no_frame_of_the_size_is_refused() -> None:
    """Before room is made for what it holds."""
    large = zstd.frame([bytes(20_000)], 20_000, 3)
    for module in (codec, vocabulary):
        with pytest.raises(FormatError) as caught:
            module.decode(memoryview(large), memoryview(bytearray(5000)))
        assert caught.value.message == "packed words of 20000 bytes, for a block of 5000"
        with pytest.raises(FormatError, match="damaged zstd frame"):
            module.decode(memoryview(b"no frame at all, though of some length"), memoryview(bytearray(5000)))
