"""Attacks A01 to A06: dtypes, bytes that are no values, orders and strides, files that shrink under a map."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import vitrify
from tests.attacks.actions import load_while_it_changes
from tests.attacks.files import lied
from tests.attacks.harness import Attack, assert_harmless, assert_refused, run_one
from tests.support.lying_writer import Lie
from vitrify.errors import FormatError, LimitError

ARRAY = "numpy.ndarray"


def array_file(value: Any, **fields: Any) -> bytes:
    """The file of one array, of which the graph says other things."""
    return lied(vitrify.dumps(value), lambda lie: lie.tables(ARRAY)[0]["arrays"].update(fields))


def const(*values: int) -> list[Any]:
    """Columns of one length each, for a shape."""
    return [{"kind": "const", "value": value} for value in values]


def struct(dtype: Any, **changes: Any) -> Any:
    """A structured dtype of 8 bytes with one field."""
    return {"fields": [{"name": "a", "dtype": dtype, "offset": 0} | changes], "itemsize": 8, "aligned": False}


_OBJECTS = [
    "|O",
    "O",
    "|O8",
    ">O8",
    "object",
    "|O16",
    struct("|O"),
    struct("|O8"),
    struct(struct("|O")),
    struct("|O", shape=[1]),
]
_OTHERS = [
    "|V", "|T", "|T16", "<f8,<f8", "(2,)<f4", {"fields": "<f8"}, "<M8[99999s]x", "<M8[s/3]", "<M8[0s]", "<M8[1s]",
    "<M8[generic]", "<m8[9999999999s]", "M8[s]", "<V8", "|U2", "|S-1", "|S01", "<U268435457", "<U9999999999",
    "|V1073741825", "|S99999999999", "<f3", "<f0", "<i16", "<c4", "|i2", "<b1", "|c1", "<g", "float64", "f8", "=f8",
    "|f8", "",
]  # fmt: skip


@pytest.mark.parametrize("dtype", [*_OBJECTS, *_OTHERS], ids=str)
def test_A01_A02_dtypes_that_have_no_spelling(dtype: Any) -> None:
    """Objects, by any door, and everything beyond the grammar of 6.4 is refused without a word to numpy."""
    outcome = run_one(Attack(array_file(np.arange(2.0), dtype=dtype)))
    assert_refused(outcome, FormatError, match="dtype|structured|not the JSON")


@pytest.mark.parametrize("layout", ["arrays", "views", "spaced"])
def test_A02_object_arrays_over_bytes(layout: str) -> None:
    """The one layout with objects has no bytes, and the layouts with bytes no objects."""
    good = vitrify.dumps(np.array([1, "a"], object))

    def change(lie: Lie) -> None:
        table = lie.tables(ARRAY)[0]
        table["layout"] = layout

    assert_refused(run_one(Attack(lied(good, change))), FormatError, match="layout|dtype|lengths")
    typed = array_file(np.array([1, "a"], object), dtype="<f8")
    assert_refused(run_one(Attack(typed)), FormatError, match="object arrays has other sizes")


def test_A01_large_items_without_data() -> None:
    """2²⁸ characters are a legal item, for which nothing is taken where there are no items."""
    empty = array_file(np.zeros(0, "<U1"), dtype="<U268435456")
    outcome = run_one(Attack(empty, then=[("shape",)]))
    assert_harmless(outcome)
    assert outcome.answers[0].text == "(0,)"
    lengthy = array_file(np.zeros(0, "<U1"), dtype="<U268435456", shape=const(1))
    assert_refused(run_one(Attack(lengthy)), FormatError, match="0 blocks")


@pytest.mark.parametrize("dtype", ["|V0", {"fields": [], "itemsize": 0, "aligned": False}], ids=str)
@pytest.mark.parametrize("n", [0, 3, 10**6, 2**40])
def test_A01_items_of_no_bytes(dtype: Any, n: int) -> None:
    """Arrays of empty items have any length and no data."""
    outcome = run_one(
        Attack(array_file(np.zeros(0, "|S1"), dtype=dtype, shape=const(n)), then=[("shape",), ("tobytes",)])
    )
    assert_harmless(outcome)
    assert [answer.text for answer in outcome.answers] == [f"({n},)", "b''"]


@pytest.mark.parametrize(
    "dtype",
    ["i4," * 10**5, "(2,)" * 20 + "i4", "f8;import os", "__import__('os')", "<f8\n", "<f8\0", "<f8 ", " <f8",
     "<f" + "8" * 10**6, "|S" + "9" * 10**6, "<M8[" + "9" * 10**6 + "s]", "[('a','O')]",
     "{'names':['a'],'formats':['O']}", "|S１"],
    ids=lambda dtype: ascii(dtype[:20]),
)  # fmt: skip
def test_A03_text_for_numpys_little_language(dtype: str) -> None:
    """A spelling is matched against the grammar, in time that does not depend on what it says."""
    outcome = run_one(Attack(array_file(np.arange(2.0), dtype=dtype)))
    assert_refused(outcome, FormatError, match="unknown dtype")
    assert outcome.seconds < 0.1
    assert len(outcome.text) < 500


def test_A03_structs_without_end() -> None:
    """Depth, number of fields and shapes of fields are limited."""
    deep: Any = "<f8"
    for _ in range(18):
        deep = struct(deep)
    wide = {
        "fields": [{"name": str(i), "dtype": "|u1", "offset": 0} for i in range(10_001)],
        "itemsize": 8,
        "aligned": False,
    }
    huge = struct("<f8", shape=[2**30, 2**30])
    long = struct("|u1", shape=[1] * 33)
    for dtype in (deep, wide, huge, long):
        outcome = run_one(Attack(array_file(np.arange(2.0), dtype=dtype)))
        assert_refused(outcome, FormatError, match="structured|shape")
        assert outcome.seconds < 0.5


_LAID_OUT = {
    "big-endian": np.arange(6, dtype=">i4").reshape(2, 3),
    "fortran": np.asfortranarray(np.arange(6.0).reshape(2, 3)),
    "strided": np.arange(48.0).reshape(6, 8)[::2, ::3],
    "reversed": np.arange(6.0)[::-1],
    "unaligned": np.frombuffer(bytes(range(49)), "<f8", 6, offset=1),
    "packed": np.array([(1, 2.0)], np.dtype([("a", "<i1"), ("b", "<f8")])),
    "broadcast": np.broadcast_to(np.arange(3.0), (4, 3)),
}


@pytest.mark.parametrize("name", _LAID_OUT)
def test_A04_orders_strides_and_bytes(name: str) -> None:
    """Arrays of every byte order and layout load with the same values, dtype and shape."""
    value = _LAID_OUT[name]
    outcome = run_one(Attack(vitrify.dumps(value), then=[("tolist",), ("dtype",), ("shape",)]))
    assert_harmless(outcome)
    assert [answer.text for answer in outcome.answers] == [repr(value.tolist()), repr(value.dtype), repr(value.shape)]


def test_A04_a_map_of_the_file_that_is_written_to() -> None:
    """Arrays of a mapped file are private memory: writing to them leaves the file as it was."""
    data = vitrify.dumps(np.arange(20_000.0))
    outcome = run_one(Attack(data, _write_to_map))
    assert_harmless(outcome)
    assert outcome.shown == "bool"
    assert run_one(Attack(data, _write_to_map, [str])).answers[0].text == "True"


def _write_to_map(data: bytes, path: str) -> bool:
    loaded = vitrify.load(path, mmap=True)
    loaded[:] = -1
    return bool((loaded == -1).all()) and Path(path).read_bytes() == data


_VIEWED = np.arange(8.0)


@pytest.mark.parametrize(
    ("columns", "error"),
    [
        ({"offset": 2**40}, FormatError), ({"offset": -8}, FormatError), ({"offset": 2**62}, FormatError),
        ({"stride0": 2**40}, FormatError), ({"stride0": -(2**62)}, FormatError), ({"stride0": -8}, FormatError),
        ({"stride0": 2**62}, FormatError), ({"offset": 57}, FormatError),
    ],
    ids=str,
)  # fmt: skip
def test_A04_views_beyond_their_buffer(columns: dict[str, int], error: type[Exception]) -> None:
    """All elements of a view lie in the bytes of its buffer."""

    def change(lie: Lie) -> None:
        table = next(table for table in lie.tables(ARRAY) if table["layout"] == "views")
        table["columns"].update({name: {"kind": "const", "value": value} for name, value in columns.items()})

    outcome = run_one(Attack(lied(vitrify.dumps([_VIEWED, _VIEWED[::2]]), change)))
    assert_refused(outcome, error, match="outside")


def test_A04_a_view_that_repeats_one_element_for_ever() -> None:
    """A stride of 0 makes 2⁴⁵ elements of one; they count with their size."""

    def change(lie: Lie) -> None:
        table = next(table for table in lie.tables(ARRAY) if table["layout"] == "views")
        table["columns"]["stride0"] = {"kind": "const", "value": 0}
        table["arrays"]["shape"] = const(2**45)

    outcome = run_one(Attack(lied(vitrify.dumps([_VIEWED, _VIEWED[::2]]), change), peak_bytes=4 << 20))
    assert_refused(outcome, LimitError)


def _with_bytes(value: Any, data: bytes) -> bytes:
    """The file of one small array that has these bytes at its beginning."""

    def change(lie: Lie) -> None:
        lie.tables(ARRAY)[0]["arrays"]["small"].data[: len(data)] = data

    return lied(vitrify.dumps(value), change)


@pytest.mark.parametrize("byte", [2, 3, 127, 128, 255])
def test_A05_bools_that_are_neither(byte: int) -> None:
    """A bool is 0 or 1, in arrays, in fields of structures, in views and among scalars."""
    field = np.zeros(2, [("n", "<i4"), ("flag", "|b1")])
    for data in (_with_bytes(np.array([True, False]), bytes([byte])), _with_bytes(field, bytes([0, 0, 0, 0, byte]))):
        assert_refused(run_one(Attack(data)), FormatError, match="bools holds a byte that is neither 0 nor 1")


def _set_scalar(lie: Lie) -> None:
    lie.graph["root"]["cells"][0].data[0] = 2


def test_A05_a_scalar_bool_that_is_neither() -> None:
    """So it is for a numpy scalar."""
    outcome = run_one(Attack(lied(vitrify.dumps(np.bool_(True)), _set_scalar)))
    assert_refused(outcome, FormatError, match="bools holds more than 0 and 1")


@pytest.mark.parametrize("point", [0x110000, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF])
@pytest.mark.parametrize("order", ["little", "big"])
def test_A05_characters_beyond_unicode(point: int, order: Any) -> None:
    """Text beyond U+10FFFF, at which the interpreter would stop, is refused in both byte orders."""
    array = np.array(["ab"], "<U2" if order == "little" else ">U2")
    outcome = run_one(Attack(_with_bytes(array, point.to_bytes(4, order))))
    assert_refused(outcome, FormatError, match="beyond Unicode")


@pytest.mark.parametrize("bits", [0, 2**63, 2**63 - 1, 2**64 - 1, 1])
@pytest.mark.parametrize("dtype", ["<M8[ns]", "<m8[as]", "<M8[Y]", "<M8", ">M8[400D]"])
def test_A05_times_at_their_ends(bits: int, dtype: str) -> None:
    """NaT and the first and last times are 64 bits like others; what cannot be shown is an error of Python."""
    outcome = run_one(Attack(_with_bytes(np.zeros(1, dtype), bits.to_bytes(8, "little")), then=[repr, ("tobytes",)]))
    assert_harmless(outcome)
    assert outcome.answers[1].text == repr(bits.to_bytes(8, "little"))


def test_A05_floats_of_any_bits() -> None:
    """Signalling NaNs and subnormal numbers keep all their bits."""
    data = bytes.fromhex("010000000000f07f0100000000000000ffffffffffffffff")
    outcome = run_one(Attack(_with_bytes(np.zeros(3), data), then=[("tobytes",)]))
    assert_harmless(outcome)
    assert outcome.answers[0].text == repr(data)


BIG = vitrify.dumps({"a": np.arange(100_000.0), "b": np.arange(50_000)})


@pytest.mark.parametrize("mmap", [False, True])
@pytest.mark.parametrize("missing", [1, 64, 4096, 500_000])
def test_A06_a_file_that_is_shorter_than_its_blocks(mmap: bool, missing: int) -> None:
    """The size is compared before anything is mapped, so no page beyond the end is ever touched."""
    outcome = run_one(Attack(BIG[:-missing], "load", keywords={"mmap": mmap}))
    assert_refused(outcome, FormatError, match="truncated")


@pytest.mark.parametrize("mmap", [False, True])
def test_A06_a_file_that_shrinks_after_its_header_was_read(mmap: bool) -> None:
    """Bytes that are gone when they are read or mapped are an error, and no SIGBUS."""
    outcome = run_one(Attack(BIG, partial(load_while_it_changes, change=_cut, mmap=mmap)))
    assert outcome.kind == "error", outcome
    assert (outcome.error, outcome.is_ours) == ("FormatError", True), outcome
    assert "became shorter" in outcome.message


def _cut(path: str) -> None:
    os.truncate(path, 8 + int.from_bytes(BIG[:8], "little") + 100)
