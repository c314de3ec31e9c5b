"""Which dicts are stored as vocabularies: those whose values number their keys; all dicts come back as they were."""

from __future__ import annotations

import json
from collections import OrderedDict
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.feature_extraction import DictVectorizer
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.model_selection import GridSearchCV
from sklearn.naive_bayes import MultinomialNB
from sklearn.pipeline import FeatureUnion, make_pipeline

import vitrify
from tests.support.equality import assert_same
from vitrify.container.reader import open_glass_bytes

SYLLABLES = [a + b for a in "bdfgklmnprst" for b in ("a", "e", "i", "o", "u", "an", "en", "er", "is")]
RNG = np.random.default_rng(0)
WORDS = [str(word) for word in RNG.permutation([a + b for a in SYLLABLES for b in SYLLABLES])]
TEXTS = [" ".join(RNG.choice(WORDS, 400)) for _ in range(60)]
SORTED = {word: i for i, word in enumerate(sorted(WORDS))}
MET = {word: SORTED[word] for word in WORDS}


def blocks(data: bytes) -> list[Any]:
    """What the header says of all blocks but the last two."""
    header = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])
    found: list[Any] = json.loads(header["__metadata__"]["blocks"])[:-2]
    return found


def codecs(data: bytes) -> list[str]:
    """How the numbered blocks are stored."""
    return [block.get("codec", "raw") for block in blocks(data)]


VECTORIZERS: dict[str, Any] = {
    "counts": lambda: CountVectorizer().fit(TEXTS),
    "weights": lambda: TfidfVectorizer(ngram_range=(1, 2)).fit(TEXTS[:20]),
    "characters": lambda: CountVectorizer(analyzer="char_wb", ngram_range=(2, 4)).fit(TEXTS),
    "two of them": lambda: FeatureUnion(
        [("words", CountVectorizer()), ("pairs", CountVectorizer(ngram_range=(2, 2)))]
    ).fit(TEXTS[:30]),
    "in columns": lambda: ColumnTransformer([("text", TfidfVectorizer(), "text"), ("n", "passthrough", ["n"])]).fit(
        pd.DataFrame({"text": TEXTS, "n": np.arange(len(TEXTS))})
    ),
    "a search": lambda: GridSearchCV(
        make_pipeline(CountVectorizer(), MultinomialNB()), {"multinomialnb__alpha": [0.1, 1.0]}, cv=2
    ).fit(TEXTS, np.arange(len(TEXTS)) % 2),
    "features of dicts": lambda: DictVectorizer().fit([dict.fromkeys(text.split(), 1.0) for text in TEXTS]),
}


@pytest.mark.parametrize("name", VECTORIZERS)
def test_what_vectorizers_keep_is_a_vocabulary(name: str) -> None:
    """The words of all of a model lie in one group, by the alphabet, and the model comes back."""
    model = VECTORIZERS[name]()
    data = vitrify.dumps(model, compress=True)
    group = next(block for block in blocks(data) if block["codec"] == "vocabulary")
    assert len(group["pieces"]) == 2
    assert_same(model, vitrify.loads(data))


def test_a_vocabulary_takes_far_less_than_its_keys_and_values() -> None:
    """Each of which is what it was, but not together."""
    apart = vitrify.dumps([list(MET), 0.5], compress=True), vitrify.dumps([0.5, *MET.values()], compress=True)
    assert len(vitrify.dumps(MET, compress=True)) < 0.7 * sum(map(len, apart))


DICTS: dict[str, tuple[Any, bool]] = {
    "in the order of the alphabet": (SORTED, True),
    "in the order of texts": (MET, True),
    "with an empty dict beside it": ([{}, MET, {}], True),
    "with another beside it": ([MET, {"b": 1, "a": 0}], True),
    "with one beside it that begins at 1": ([{"b": 1, "a": 2}, MET], True),
    "with objects beside it": ([{"b": [1], "a": 2, "c": 3.0}, MET, {"all": None}], True),
    "with an integer beyond 64 bits beside it": ([MET, {"b": 2**64}], False),
    "with a number among keys beside it": ([MET, {1: "a"}], False),
    "with only objects beside it": ([MET, {"x": (), "y": []}, {}], True),
    "a number twice": ({**MET, WORDS[0]: 1}, False),
    "a number too high": ({word: value + 1 for word, value in MET.items()}, False),
    "a number below zero": ({word: value - 1 for word, value in MET.items()}, False),
    "numbers of eight bytes": ({word: value * 10**7 for word, value in MET.items()}, False),
    "numbers that are not whole": ({word: float(value) for word, value in MET.items()}, False),
    "numbers of numpy": ({word: np.int32(value) for word, value in MET.items()}, False),
    "a truth among numbers": ({**MET, WORDS[0]: True}, False),
    "a truth among numbers, and another dict": ([{**MET, WORDS[0]: True}, SORTED], True),
    "integers and nothing": ({word: value if value % 2 else None for word, value in MET.items()}, False),
    "all the same number": (dict.fromkeys(MET, 5), False),
    "keys with NULs": ({word + "\0": value for word, value in MET.items()}, False),
    "keys of lone surrogates": ({word + "\ud800": value for word, value in MET.items()}, False),
    "keys of bytes": ({word.encode(): value for word, value in MET.items()}, False),
    "keys that are numbers": ({value * 3: value for value in MET.values()}, False),
    "a number among keys": ({**MET, 7: len(MET)}, False),
    "keys of other letters": ({f"слово {word} слова": value for word, value in MET.items()}, True),
    "few": ({word: i for i, word in enumerate(WORDS[:500])}, False),
    "not of the alphabet": ({word: i for i, word in enumerate(MET)}, False),
    "pairs in a list": ([list(pair) for pair in MET.items()], False),
    "an ordered dict": (OrderedDict(MET), True),
}


@pytest.mark.parametrize("effort", [1, 3, 9])
@pytest.mark.parametrize("name", DICTS)
def test_a_dict_that_numbers_its_keys_is_a_vocabulary(name: str, effort: int) -> None:
    """Others are not; every one comes back, in its order."""
    value, is_vocabulary = DICTS[name]
    data = vitrify.dumps(value, compress=effort)
    assert ("vocabulary" in codecs(data)) == is_vocabulary
    found = vitrify.loads(data)
    assert_same(value, found)
    if isinstance(value, dict):
        assert list(found.items()) == list(value.items())


def test_without_compression_there_are_no_groups() -> None:
    """Keys and values lie as they are."""
    assert codecs(vitrify.dumps(MET)) == ["raw", "raw"]


def test_the_model_digest_does_not_count_the_packing() -> None:
    """SPEC.md 5.1: equal models have equal digests at every compression level."""
    digests = {vitrify.inspect(vitrify.dumps(MET, compress=effort)).model_digest for effort in (0, 1, 3)}
    assert len(digests) == 1


def test_values_are_numbers_where_a_processor_expects_them() -> None:
    """The bytes of keys are not a multiple of eight; what comes after them is moved to where numbers lie."""
    data = vitrify.dumps(MET, compress=True)
    with open_glass_bytes(data) as opened:
        keys, values = opened.pieces([0, 1])
        assert len(keys) % 8
        assert values.ctypes.data % 8 == 0
        assert values.view("<i2").tolist() == list(MET.values())


def test_words_and_vocabularies_count_with_what_they_are_packed_to() -> None:
    """SPEC.md 8.2: twice and four times their size."""
    data = vitrify.dumps([MET, sorted(MET)], compress=True)
    assert {"words", "vocabulary"} <= set(codecs(data))
    times = {"words": 2, "vocabulary": 4}
    with open_glass_bytes(data) as opened:
        needed = sum(block.n_bytes * times.get(block.stored.codec, 1) for block in opened.header.blocks)
    with pytest.raises(vitrify.errors.LimitError) as caught:
        vitrify.loads(data, limits=replace(vitrify.LIMITS, memory_bytes=needed - 1, expansion=0))
    assert caught.value.actual == needed
