"""Attacks F17 to F20: numbers in JSON, offsets and shapes of blocks, and compressed blocks."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from typing import Any

import pytest
import zstandard

from tests.attacks.files import blocks, header, in_graph, lied, replaced, tiny
from tests.attacks.harness import Attack, assert_refused, run, run_one
from vitrify import LIMITS
from vitrify.errors import FormatError, LimitError

_NUMBERS = ["NaN", "Infinity", "-Infinity", "1e999", "-0", "0.0", "00", "+0", "0x0", "null", "true", "-1"]


@pytest.mark.parametrize("number", [*_NUMBERS, "1" * 5000, "9" * 20], ids=lambda number: number[:20])
def test_F17_numbers_that_readers_read_differently(number: str) -> None:
    """Offsets, shapes, sizes and rows are ints in one spelling."""
    attacks = [
        Attack(replaced(tiny(), '"data_offsets":[0,', f'"data_offsets":[{number},'), label="offset"),
        Attack(
            replaced(blocks(), '\\"piece\\":0', f'\\"piece\\":{number}'),
            label="piece",
        ),
        Attack(in_graph('"start":0', f'"start":{number}'), label="start"),
        Attack(in_graph('"rows":1', f'"rows":{number}'), label="rows"),
    ]
    for outcome in run(attacks):
        assert_refused(outcome, (FormatError, LimitError))


def _entry(name: str, **fields: Any) -> Any:
    return lambda head: head[name].update(fields)


def _offsets(name: str, begin: int, end: int) -> Any:
    return _entry(name, data_offsets=[begin, end], shape=[end - begin])


def _size(name: str) -> tuple[int, int]:
    begin, end = json.loads(header(blocks())[1])[name]["data_offsets"]
    return int(begin), int(end)


@pytest.mark.parametrize(
    ("name", "begin_by", "end_by"),
    [
        ("$cells", 8, 8), ("$cells", -8, 0), ("$cells", 8, 0), ("$graph", -8, 0), ("$graph", 0, 8),
        ("$graph", 0, 2**40), ("b", -4096, -4096), ("a", 1, 1), ("b", 4, 4),
    ],
)  # fmt: skip
def test_F18_holes_overlaps_and_lies_about_offsets(name: str, begin_by: int, end_by: int) -> None:
    """Every byte of the data section lies in exactly one block."""
    begin, end = _size(name)
    data = lied(blocks(), header=_offsets(name, begin + begin_by, end + end_by))
    assert_refused(run_one(Attack(data)), FormatError, match="begin|size|digests|impossible|truncated")


@pytest.mark.parametrize("offsets", [[32, 0], [-8, 24], [0, 2**64 - 1], [2**63, 2**63], [0, -1], [2**70, 2**70]])
def test_F18_impossible_offsets(offsets: list[int]) -> None:
    """Reversed, negative and beyond 63 bits."""
    data = lied(tiny(), header=_entry("$cells", data_offsets=offsets))
    assert_refused(run_one(Attack(data)), FormatError)


def test_F18_an_empty_block_that_is_there_twice() -> None:
    """Blocks without bytes have names and numbers of their own, too."""

    def twice(head: Any) -> Any:
        described = head["__metadata__"]["blocks"]
        described.insert(0, {"digests": [], "piece": 0})
        empty = {"dtype": "U8", "shape": [0], "data_offsets": [0, 0]}
        return {"__metadata__": head["__metadata__"], "empty": empty} | head

    assert_refused(run_one(Attack(lied(blocks(), header=twice))), FormatError, match="numbered 0, 1, 2")


@pytest.mark.parametrize(
    "shape",
    [[2, 2**63], [2**32, 2**32], [-4, -8], [0, 2**64 - 1], [1] * 65 + [8192], [8191], [8193], [2**62, 4], [], [0]],
    ids=str,
)  # fmt: skip
def test_F19_a_shape_that_is_not_the_size_of_the_block(shape: list[int]) -> None:
    """Products are exact, and compared with the bytes of the block before anything is taken."""
    data = lied(blocks(), header=_entry("b", shape=shape, dtype="U8"))
    outcome = run_one(Attack(data, peak_bytes=8 << 20))
    assert_refused(outcome, FormatError)


@pytest.mark.parametrize(
    "shape", [[2**63], [2**40, 2**40], [-2], [0, 2**47, 2**47], [3], [1], [2, *[1] * 64], [2**62, 4]], ids=str
)
def test_F19_a_shape_in_the_graph_that_is_not_the_size_of_the_data(shape: list[int]) -> None:
    """So are the shapes of small arrays, which have no block."""
    columns = [{"kind": "const", "value": n} for n in shape]
    data = lied(tiny(), lambda lie: lie.tables("numpy.ndarray")[0]["arrays"].update(shape=columns))
    outcome = run_one(Attack(data, peak_bytes=8 << 20))
    assert_refused(outcome, FormatError)


def _framed(frame: Callable[[bytes], bytes], by: int) -> bytes:
    """A file whose graph is an encoded block; `by` is added to its true size."""
    data = tiny()
    text = data[data.rindex(b'{"root":{') :]
    return lied(data, encoded={"$graph": ("zstd", frame(text), len(text) + by)})


@pytest.mark.parametrize("by", [-300, -1, 1, 2**20])
def test_F20_a_frame_that_holds_another_size(by: int) -> None:
    """A frame decodes to exactly the size that the header says."""
    outcome = run_one(Attack(_framed(zstandard.ZstdCompressor().compress, by), peak_bytes=8 << 20))
    assert_refused(outcome, FormatError, path="block '$graph'", match="zstd")


@pytest.mark.parametrize("by", [2**40, 2**62])
def test_F20_a_small_frame_of_which_the_header_says_that_it_is_large(by: int) -> None:
    """What all blocks decode to is limited before any of them is decoded."""
    outcome = run_one(Attack(_framed(zstandard.ZstdCompressor().compress, by), peak_bytes=8 << 20))
    assert_refused(outcome, LimitError, match=str(2**30)[:3])


@pytest.mark.parametrize("n_bytes", [2**40, 2**63, 0])
def test_F20_a_frame_whose_own_size_lies(n_bytes: int) -> None:
    """The size within a frame must be that of the header, and nothing is taken by it."""

    def frame(text: bytes) -> bytes:
        head = b"\x28\xb5\x2f\xfd" + bytes([0b11000000, (20 - 10) << 3]) + n_bytes.to_bytes(8, "little")
        return head + (len(text) << 3 | 1).to_bytes(3, "little") + text

    outcome = run_one(Attack(_framed(frame, 0), peak_bytes=8 << 20))
    assert_refused(outcome, FormatError, path="block '$graph'", match="zstd")


def test_F20_a_bomb() -> None:
    """256 MiB of zeros in 8 kB are refused before they are decoded, under a limit of 64 MiB."""
    compressor = zstandard.ZstdCompressor(level=3).compressobj(size=1 << 28)
    frame = b"".join(compressor.compress(bytes(1 << 20)) for _ in range(1 << 8)) + compressor.flush()
    data = lied(tiny(), encoded={"$graph": ("zstd", frame, 1 << 28)})
    limits = dataclasses.replace(LIMITS, memory_bytes=64 << 20)
    outcome = run_one(Attack(data, keywords={"limits": limits}, peak_bytes=8 << 20))
    assert_refused(outcome, LimitError)
