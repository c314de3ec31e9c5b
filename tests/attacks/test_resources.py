"""Files that ask for much (catalogue R): refused at once, or loaded in time and memory that their size bounds."""

from __future__ import annotations

import dataclasses
import io
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import zstandard
from sklearn.ensemble import RandomForestClassifier
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.kernel_approximation import Nystroem
from sklearn.svm import SVC

import vitrify
from tests.attacks.harness import Attack, assert_harmless, assert_refused, run_one
from tests.attacks.test_limits import decoded
from tests.support.independent_reader import Container
from tests.support.lying_writer import Chunk, Lie
from vitrify.errors import FormatError, LimitError, UntrustedTypeError

_MIB = 1 << 20
_N_OBJECTS = 300_000
OBJECTS: dict[str, tuple[Callable[[int], object], int]] = {
    "bytes": (lambda _: b"xx", 48 + 48 + 2 * 2),
    "texts": (lambda i: str(10 + i % 90), 64 + 2 * 3),
    "other texts": (lambda i: "é" + str(10 + i % 90), 88 + 2 * 5),
    "wide texts": (lambda i: "😀" + str(10 + i % 90), 88 + 8 * 7),
    "big ints": (lambda _: 2**100, 48 + 48 + 2 * 13),
    "floats": (lambda i: i % 999 + 0.5, 32),
    "references": (lambda i: _SHARED[i % 2], 56),
}
"""What is repeated in a list, and what each takes beyond 16 bytes (SPEC.md 8.2)."""
_FEW_BYTES = 1000
"""More than all that is there once: the tables of what is referred to, what `inspect` notes, the NUL after a text."""
_SHARED = ((), (1,))


def zeros(claimed: int, held: int) -> bytes:
    """A file with an array of `claimed` zero bytes in a frame that holds `held`, and says that it holds `claimed`."""
    compressor = zstandard.ZstdCompressor(level=19, write_content_size=True)
    frame = bytearray(compressor.compress(bytes(held)))
    if held != claimed:
        assert frame[4] >> 6 == 2, "a content size of four bytes"
        at = 5 if frame[4] & 0x20 else 6
        assert int.from_bytes(frame[at : at + 4], "little") == held
        frame[at : at + 4] = claimed.to_bytes(4, "little")
    lie = Lie(vitrify.dumps(np.zeros(1000)))
    if claimed == _MIB:
        lie.tables("numpy.ndarray")[0]["arrays"]["big"][0].data = bytearray(claimed)
    lie.tables("numpy.ndarray")[0]["arrays"]["shape"] = [{"kind": "const", "value": claimed // 8, "cells": []}]
    return lie.file(encoded={0: ("zstd", bytes(frame), claimed)})


class TestBombs:
    @pytest.mark.parametrize("claimed", [_MIB, 16 * _MIB, 400 * _MIB])
    def test_R04_the_second_reader_sees_the_same_zeros(self, claimed: int) -> None:
        """Files of these tests are what they are meant to be: small, and whole."""
        data = zeros(claimed, claimed)
        assert len(data) < 1500 + claimed // 20_000
        if claimed == _MIB:
            assert not vitrify.loads(data).any()
            assert len(Container(data).blocks[0].data) == claimed

    def test_R04_what_is_within_the_limits_is_loaded_in_its_own_memory(self) -> None:
        """40 MiB from 2 kB: no second copy of it lies in memory at any time."""
        outcome = run_one(Attack(zeros(40 * _MIB, 40 * _MIB)))
        assert_harmless(outcome)
        assert outcome.peak_bytes < 56 * _MIB

    @pytest.mark.parametrize("verb", ["loads", "inspect"])
    @pytest.mark.parametrize("kind", OBJECTS)
    def test_R04_objects_take_what_they_are_counted_as(self, kind: str, verb: str) -> None:
        """2 kB that become 300 000 objects; what is counted is what SPEC.md 8.2 says, and no less than is taken."""
        item, item_bytes = OBJECTS[kind]
        data = vitrify.dumps([item(i) for i in range(_N_OBJECTS)], compress=9)
        assert len(data) < 4000
        demand = decoded(data) + 56 + 72 + 56 + _N_OBJECTS * (16 + item_bytes)
        enough, low = demand + _FEW_BYTES, demand - _FEW_BYTES
        limits = dataclasses.replace(vitrify.LIMITS, memory_bytes=enough, expansion=0)
        outcome = run_one(Attack(data, verb, keywords={"limits": limits}, peak_bytes=128 * _MIB))
        assert_harmless(outcome)
        assert demand // 8 < outcome.peak_bytes < demand + 2 * _MIB
        limits = dataclasses.replace(limits, memory_bytes=low)
        outcome = run_one(Attack(data, verb, keywords={"limits": limits}))
        assert_refused(outcome, LimitError, match=rf"memory_bytes {low}, and expansion 0 for each")
        assert outcome.peak_bytes < demand // 3 + _MIB

    @pytest.mark.parametrize("verb", ["loads", "inspect"])
    def test_R04_forty_million_byte_strings(self, verb: str) -> None:
        """4 kB of file, 4 GB of objects: refused by the default limits before one of them is made."""
        data = vitrify.dumps([b"xx"] * 40_000_000, compress=9)
        assert len(data) < 4000
        outcome = run_one(Attack(data, verb, peak_bytes=450 * _MIB))
        assert_refused(outcome, LimitError, match="the strings of a column would take 4000000000 bytes of memory")
        assert outcome.seconds < 4

    @pytest.mark.parametrize("verb", ["loads", "load", "inspect"])
    def test_R04_what_is_beyond_the_limits_is_refused_before_it_is_decoded(self, verb: str) -> None:
        """By the declared size alone."""
        limits = dataclasses.replace(vitrify.LIMITS, memory_bytes=_MIB, expansion=10)
        outcome = run_one(Attack(zeros(400 * _MIB, 400 * _MIB), verb, keywords={"limits": limits}))
        assert_refused(outcome, LimitError, match="decoded blocks would take 4194")
        assert outcome.peak_bytes < 8 * _MIB
        assert outcome.seconds < 1

    @pytest.mark.parametrize(("claimed", "held"), [(_MIB, 2 * _MIB), (2 * _MIB, _MIB), (_MIB, 200 * _MIB)])
    def test_F20_frames_that_lie_about_their_size(self, claimed: int, held: int) -> None:
        """Not a byte more than declared is decoded, and nothing is filled up."""
        outcome = run_one(Attack(zeros(claimed, held)))
        assert_refused(outcome, FormatError, path="block 'root'", match="zstd")
        assert outcome.peak_bytes < 8 * _MIB
        assert outcome.seconds < 1

    @pytest.mark.parametrize("claimed", [2**32, 2**50, 2**62])
    def test_F20_sizes_that_no_file_has(self, claimed: int) -> None:
        """A LimitError with the numbers, before anything is allocated."""
        lie = Lie(vitrify.dumps(np.zeros(1000)))
        outcome = run_one(Attack(lie.file(encoded={0: ("zstd", zstandard.compress(bytes(8000)), claimed)})))
        assert_refused(outcome, LimitError, match=f"would take {claimed + 0}|would take {claimed // 10**6}")
        assert outcome.peak_bytes < 2 * _MIB

    def test_F18_a_stream_that_claims_a_terabyte_gets_memory_for_what_has_come(self) -> None:
        """The header has a digest for each MiB, but the data are not there."""
        n_mib = 1 << 16

        def huge(header: Any) -> None:
            graph = header["$graph"]
            graph["data_offsets"][1] = graph["data_offsets"][0] + n_mib * _MIB
            graph["shape"] = [n_mib * _MIB]
            header["__metadata__"]["blocks"][-1]["digests"] = ["0" * 64] * n_mib

        data = Lie(vitrify.dumps([1])).file(header=huge)
        outcome = run_one(Attack(data, load_as_stream))
        assert_refused(outcome, FormatError, match="truncated")


def load_as_stream(data: bytes, _: str) -> Any:
    """From something that has no size."""
    return vitrify.load(io.BytesIO(data))


class TestWork:
    @pytest.mark.parametrize("n", [10_000, 1_000_000])
    def test_R01_many_keys_take_time_in_proportion(self, n: int) -> None:
        """Integers of 64 bits as keys, among them all multiples of 2**61 - 1 that have so few bits."""
        value = dict.fromkeys([*range(n), *(k * (2**61 - 1) for k in range(1, 5))], 1)
        outcome = run_one(Attack(vitrify.dumps(value), peak_bytes=400 * _MIB))
        assert_harmless(outcome)
        assert outcome.seconds < 0.1 + n * 4e-6

    def test_R01_an_integer_of_100_000_digits_is_loaded(self) -> None:
        """From its bytes: the conversion from decimal digits, which takes the square of their number, is not needed."""
        value = 10**100_000
        outcome = run_one(Attack(vitrify.dumps([value]), then=[is_that_power]))
        assert_harmless(outcome)
        assert outcome.answers[0].text == "True"
        assert outcome.seconds < 0.5

    def test_F23_deep_lists_take_time_in_proportion(self) -> None:
        """50 000 lists in one another: neither the stack nor the square of the depth."""
        value: list[Any] = []
        for _ in range(50_000):
            value = [value]
        outcome = run_one(Attack(vitrify.dumps(value), then=[depth], peak_bytes=128 * _MIB))
        assert_harmless(outcome)
        assert outcome.answers[0].text == "50001"

    def test_R04_a_million_arrays_without_bytes(self) -> None:
        """From a file of 700 bytes; more than the limits allow are refused at once."""
        lie = Lie(vitrify.dumps([np.zeros(0)]))
        lie.tables("numpy.ndarray")[0]["rows"] = 1_000_000
        outcome = run_one(Attack(lie.file(), peak_bytes=400 * _MIB))
        assert_harmless(outcome)
        lie.tables("numpy.ndarray")[0]["rows"] = 20_000_000
        outcome = run_one(Attack(lie.file()))
        assert_refused(outcome, LimitError, match="a table of arrays would take")
        assert outcome.seconds < 0.5

    @pytest.mark.parametrize("verb", ["loads", "inspect"])
    def test_R04_a_column_of_400_000_parts(self, verb: str) -> None:
        """As many as it has values, each the only one of its part: not the square of their number."""
        n = 400_000
        lie = Lie(vitrify.dumps([np.zeros(0)]))
        table = lie.tables("list")[0]
        codes = Chunk(bytearray(np.arange(n, dtype="<u4").tobytes()))
        parts = [{"kind": "run", "table": 1, "start": 0} for _ in range(n)]
        table["columns"]["items"] = {"kind": "mixed", "width": "u4", "parts": parts, "cells": [codes]}
        table["lengths"] = {"kind": "const", "value": n}
        outcome = run_one(Attack(lie.file(), verb, then=[n_items] if verb == "loads" else [], peak_bytes=600 * _MIB))
        assert_harmless(outcome)
        assert [answer.text for answer in outcome.answers] == ([str(n)] if verb == "loads" else [])

    @pytest.mark.parametrize("verb", ["loads", "inspect"])
    def test_R04_100_000_names(self, verb: str) -> None:
        """Where each is used is looked for once, and not for each of them."""
        n = 100_000
        lie = Lie(vitrify.dumps([np.sin]))
        lie.graph["names"] = [{"what": "function", "name": f"acme.f{i}"} for i in range(n)]
        table = lie.tables("list")[0]
        indexes = Chunk(bytearray(np.arange(n, dtype="<u4").tobytes()))
        table["columns"]["items"] = {"kind": "numbers", "of": "name", "width": "u4", "cells": [indexes]}
        table["lengths"] = {"kind": "const", "value": n}
        outcome = run_one(Attack(lie.file(), verb, peak_bytes=300 * _MIB))
        if verb == "inspect":
            assert_harmless(outcome)
        else:
            assert_refused(outcome, UntrustedTypeError, match="needs 100,000 names")

    def test_R02_a_slow_pattern_does_nothing_when_it_is_loaded(self) -> None:
        """It is slow on the texts that it is given, and those are the caller's."""
        model = CountVectorizer(token_pattern=r"(a+)+$", vocabulary=["a"])
        outcome = run_one(Attack(vitrify.dumps(model), then=[("transform", ["a", "aa"])]))
        assert_harmless(outcome)
        assert outcome.answers[0].error == ""
        assert outcome.seconds < 1

    @pytest.mark.parametrize(
        "model",
        [
            RandomForestClassifier(n_estimators=10**9),
            TfidfVectorizer(max_features=10**9),
            Nystroem(n_components=10**9),
            SVC(cache_size=1e12, max_iter=2**62),
        ],
        ids=lambda model: type(model).__name__,
    )
    def test_R03_large_parameters_take_no_memory(self, model: Any) -> None:
        """They count when the model is fitted again, not when it is loaded."""
        outcome = run_one(Attack(vitrify.dumps(model), then=[("get_params",)]))
        assert_harmless(outcome)
        assert outcome.peak_bytes < 16 * _MIB

    def test_R03_a_fitted_forest_that_claims_a_billion_trees_predicts_with_those_it_has(self) -> None:
        """The trees are what is there, whatever the parameter says."""
        X = np.arange(40.0).reshape(-1, 1)
        forest = RandomForestClassifier(3, random_state=0).fit(X, X[:, 0] > 20)
        expected = repr(forest.predict(X[:3]))
        forest.n_estimators = 10**9
        outcome = run_one(Attack(vitrify.dumps(forest), then=[("predict", X[:3])]))
        assert_harmless(outcome)
        assert outcome.answers[0].text == expected


def is_that_power(value: Any) -> bool:
    """Whether it is the number that was saved."""
    return bool(value == [10**100_000])


def n_items(value: Any) -> int:
    """The length of a list."""
    return len(value)


def depth(value: Any) -> int:
    """How many lists lie in one another; freed step by step."""
    n = 0
    while isinstance(value, list):
        n += 1
        value = value[0] if value else None
    return n
