"""SPEC.md 4.8 and 4.9: whatever the words, they come back; whatever the content, all readers agree on what it holds."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import vitrify
from tests.support.decoding import agreed
from tests.support.independent_codecs import unvocabulary, unwords
from vitrify import kernels
from vitrify.container import words
from vitrify.container.words import packing
from vitrify.errors import FormatError

Unpack = Callable[[Any, Any], None]

# Words of few letters share much, also beyond the 255 bytes that a byte can count.
_SHORT = st.text("ab", max_size=5).map(str.encode)
_LONG = st.builds(
    lambda letter, n, tail: letter * n + tail, st.sampled_from([b"a", b"b"]), st.integers(250, 260), _SHORT
)
_ANY = st.binary(max_size=8).map(lambda data: data.replace(b"\0", b"\xff"))
known = st.lists(_SHORT | _SHORT | _LONG | _ANY, min_size=1, max_size=12).flatmap(
    lambda found: st.sampled_from([found, sorted(found)])
)
forms = st.sampled_from(list(words.Form))


def as_bytes(data: bytes) -> Any:
    """Bytes as an array."""
    return np.frombuffer(data, np.uint8)


def unpacked(unpack: Unpack, content: bytes, n_bytes: int) -> bytes | None:
    """What both the compiled loop and numpy give; None if both refuse it."""
    found: list[bytes | None] = []
    was = kernels.COMPILED
    try:
        for is_compiled in {was, False}:
            kernels.COMPILED = is_compiled
            out = np.full(n_bytes, 0xAA, np.uint8)
            try:
                unpack(as_bytes(content), out)
            except FormatError:
                found.append(None)
            else:
                found.append(out.tobytes())
    finally:
        kernels.COMPILED = was
    assert len(set(found)) == 1
    return found[0]


def number(n: int) -> bytes:
    """Eight bytes."""
    return n.to_bytes(8, "little")


@st.composite
def contents(draw: st.DrawFn) -> tuple[bytes, int]:
    """Packed words that hold together as a rule, or nearly so, and the size of their block."""
    some = draw(known)
    n_bytes = len(b"\0".join(some))
    parts = words.pack(words.Lines.of(as_bytes(b"\0".join(some))), draw(forms))
    content = bytearray(b"".join(parts or [b"\1" + number(1) + draw(st.binary(max_size=9))]))
    for at, byte in draw(st.lists(st.tuples(st.integers(0, len(content) - 1), st.integers(0, 255)), max_size=2)):
        content[at] = byte
    changed = bytes(content)[: len(content) - draw(st.integers(0, 1))] + draw(st.binary(max_size=1))
    return changed, max(0, n_bytes + draw(st.integers(-1, 1)))


@st.composite
def numbered(draw: st.DrawFn) -> list[dict[bytes, int]]:
    """Dicts whose values number their keys."""
    found = draw(st.lists(st.lists(_SHORT | _LONG | _ANY, min_size=1, max_size=6, unique=True), min_size=1, max_size=3))
    return [dict(zip(some, draw(st.permutations(range(len(some)))), strict=True)) for some in found]


def columns_of(dicts: list[dict[bytes, int]]) -> tuple[bytes, words.Dicts]:
    """Keys and values as the object graph has them, a byte for each value, and where they lie."""
    keys = b"\0".join(key for one in dicts for key in one)
    values = bytes(value for one in dicts for value in one.values())
    sizes = list(map(len, dicts))
    return keys + values, words.Dicts(n_key_bytes=len(keys), value_bytes=1, keys=sizes, values=sizes)


def packed_vocabulary(dicts: list[dict[bytes, int]], form: words.Form) -> bytes | None:
    """What these are packed to, None if this form has no room for them; dicts of two keys or more count."""
    data, layout = columns_of(dicts)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(packing, "_FEWEST", 2)
        found = words.pack_vocabulary(as_bytes(data), layout)
    if found is None:
        assert max(map(len, dicts)) < 2
        return None
    parts = words.pack(found[1], form)
    return None if parts is None else b"".join([*found[0], *parts])


class TestWords:
    """§4.8 "A *word* is any number of bytes but NUL; the block is the words with one NUL between neighbours."."""

    @given(known, forms)
    def test_any_words_come_back(self, some: list[bytes], form: words.Form) -> None:
        """From the compiled loop, from numpy, and from the second reader."""
        data = b"\0".join(some)
        parts = words.pack(words.Lines.of(as_bytes(data)), form)
        if parts is None:
            assert form == words.Form.COLUMNS
            assert max(map(len, some)) > 255
        else:
            assert unpacked(words.unpack, b"".join(parts), len(data)) == data
            assert unwords(b"".join(parts), len(data)) == some

    @given(contents())
    def test_readers_agree_on_any_content(self, made: tuple[bytes, int]) -> None:
        """All refuse it, or all find the same words."""
        content, n_bytes = made
        expected = agreed(unwords, content, n_bytes)
        assert unpacked(words.unpack, content, n_bytes) == (None if expected is None else b"\0".join(expected))

    @given(st.lists(st.text(st.characters(exclude_categories=())), max_size=30), st.integers(1, 9))
    def test_lists_of_texts_come_back(self, texts: list[str], effort: int) -> None:
        """Sorted and often enough to have a block of their own, with NULs and lone surrogates or without."""
        value = sorted(text + str(i) for i in range(300) for text in texts)
        assert vitrify.loads(vitrify.dumps(value, compress=effort)) == value


class TestVocabulary:
    """§4.9 "the values of such a dict with *k* keys are 0 … *k* - 1, each once"."""

    @given(numbered(), forms)
    def test_any_numbered_keys_come_back(self, dicts: list[dict[bytes, int]], form: words.Form) -> None:
        """From the compiled loop, from numpy, and from the second reader."""
        data, _ = columns_of(dicts)
        content = packed_vocabulary(dicts, form)
        if content is not None:
            assert unpacked(words.unpack_vocabulary, content, len(data)) == data
            assert unvocabulary(content, len(data)) == data

    @given(numbered(), forms, st.data())
    def test_readers_agree_on_any_content(
        self, dicts: list[dict[bytes, int]], form: words.Form, data: st.DataObject
    ) -> None:
        """All refuse it, or all find the same keys and values."""
        whole, _ = columns_of(dicts)
        content = bytearray(packed_vocabulary(dicts, form) or b"\1" + number(1) * 3)
        for _ in range(data.draw(st.integers(0, 2))):
            content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.sampled_from([0, 1, 2, 97, 255]))
        changed = bytes(content) + data.draw(st.binary(max_size=1))
        n_bytes = max(0, len(whole) + data.draw(st.integers(-1, 1)))
        assert unpacked(words.unpack_vocabulary, changed, n_bytes) == agreed(unvocabulary, changed, n_bytes)

    @given(st.permutations(range(40)), st.lists(st.integers(-(2**40), 2**40), max_size=3))
    def test_dicts_of_integers_come_back(self, order: list[int], more: list[int]) -> None:
        """Whether their values number all keys or not, in their own order."""
        known = {f"word {i} {j}": i * 40 + j for i in range(80) for j in order}
        value = [known | {f"more {i}": number for i, number in enumerate(more)}, {"a": 0}]
        found = vitrify.loads(vitrify.dumps(value, compress=True))
        assert found == value
        assert list(found[0]) == list(value[0])
