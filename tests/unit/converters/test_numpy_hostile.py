"""No field of a numpy type can be made to do harm: every file here is whole, only its content is wrong."""

from __future__ import annotations

import importlib
from typing import Any

import msgspec
import numpy as np
import pytest

import vitrify
from tests.support.equality import assert_same
from tests.support.forge import Forged, forge, forge_value, reforge, refusal, tamper
from vitrify.converters import numpy as family
from vitrify.errors import FormatError, LimitError, StateError, UnsupportedError
from vitrify.graph.schema import Graph

HAS_STRING_DTYPE = hasattr(np, "dtypes") and hasattr(np.dtypes, "StringDType")
KEY = np.ones(624, np.uint32)
WORDS = np.ones(4, np.uint64)
MT = {"is_global": False, "key": KEY, "pos": 0, "seeds": None}
PCG = {
    "is_global": False, "state": 1, "inc": 1, "has_uint32": 0, "uinteger": 0, "seeds": np.random.SeedSequence(1),
}  # fmt: skip
PHILOX = {
    "is_global": False, "counter": WORDS, "key": np.ones(2, np.uint64), "buffer": WORDS, "buffer_pos": 4,
    "has_uint32": 0, "uinteger": 0, "seeds": np.random.SeedSequence(1),
}  # fmt: skip
SFC = {
    "is_global": False, "state": WORDS, "has_uint32": 0, "uinteger": 0, "seeds": np.random.SeedSequence(1),
}  # fmt: skip
SEEDS = {"entropy": 1, "spawn_key": (), "pool_size": 4, "n_children": 0}
MASKED = {
    "data": np.ones(3), "mask": np.zeros(3, bool), "fill_value": None, "hard": False, "shared": False, "info": {},
}  # fmt: skip
STRINGS = {"dtype": None, "shape": (2,), "order": "C", "items": ["a", "b"]}

GOOD: dict[str, dict[str, Any]] = {
    "numpy.random.MT19937": MT,
    "numpy.random.PCG64": PCG,
    "numpy.random.PCG64DXSM": PCG,
    "numpy.random.Philox": PHILOX,
    "numpy.random.SFC64": SFC,
    "numpy.random.SeedSequence": SEEDS,
    "numpy.random.RandomState": {"bits": np.random.MT19937(1), "has_gauss": 0, "gauss": 0.0},
    "numpy.random.Generator": {"bits": np.random.MT19937(1)},
    "numpy.ma.MaskedArray": MASKED,
    "numpy.dtype": {"spelling": "<f8"},
    "numpy.str_": {"text": "a"},
    "numpy.bytes_": {"data": b"a"},
    "numpy.datetime64": {"dtype": "<M8[s]", "ticks": 1},
    "numpy.timedelta64": {"dtype": "<m8[s]", "ticks": 1},
    "numpy.void": {"value": np.zeros((), "V3")},
    "numpy.record": {"value": np.zeros((), "i4,i4")},
    "numpy.longdouble": {"value": np.zeros((), np.longdouble)},
    "numpy.clongdouble": {"value": np.zeros((), np.clongdouble)},
    "numpy.longlong": {"value": 1},
    "numpy.matrix": {"array": np.ones((2, 2))},
    "numpy.recarray": {"array": np.ones(2, "i4,i4")},
    "numpy.chararray": {"array": np.array(["a"])},
    "numpy.poly1d": {"coeffs": np.ones(2), "variable": "x"},
}

BAD: list[tuple[str, dict[str, Any], str]] = [
    ("numpy.random.MT19937", {"pos": 625}, "pos is not an integer from 0 to 624"),
    ("numpy.random.MT19937", {"pos": -1}, "pos is not an integer from 0 to 624"),
    ("numpy.random.MT19937", {"pos": 10**8}, "pos is not an integer from 0 to 624"),
    ("numpy.random.MT19937", {"pos": True}, "pos is not an integer from 0 to 624"),
    ("numpy.random.MT19937", {"key": KEY[:623]}, "key is not 624 words of uint32"),
    ("numpy.random.MT19937", {"key": KEY.astype(np.uint64)}, "key is not 624 words of uint32"),
    ("numpy.random.MT19937", {"key": KEY.astype(">u4")}, "key is not 624 words of uint32"),
    ("numpy.random.MT19937", {"key": np.zeros(624, np.uint32)}, "key is the state that never changes"),
    ("numpy.random.MT19937", {"key": KEY.reshape(2, 312)}, "key is not 624 words of uint32"),
    ("numpy.random.MT19937", {"seeds": 1}, "found an int, expected SeedSequence"),
    ("numpy.random.MT19937", {"is_global": True}, "numpy's global generator has no state of its own in a file"),
    ("numpy.random.PCG64", {"inc": 2}, "inc is even"),
    (
        "numpy.random.PCG64",
        {"state": 2**128},
        "state is not an integer from 0 to 340282366920938463463374607431768211455",
    ),
    ("numpy.random.PCG64", {"state": -1}, "state is not an integer from 0 to 340282366920938463463374607431768211455"),
    ("numpy.random.PCG64", {"has_uint32": 2}, "has_uint32 is not an integer from 0 to 1"),
    ("numpy.random.PCG64", {"uinteger": 2**32}, "uinteger is not an integer from 0 to 4294967295"),
    ("numpy.random.PCG64", {"seeds": None}, "found a NoneType, expected SeedSequence"),
    ("numpy.random.Philox", {"buffer_pos": 5}, "buffer_pos is not an integer from 0 to 4"),
    ("numpy.random.Philox", {"buffer_pos": -(10**7)}, "buffer_pos is not an integer from 0 to 4"),
    ("numpy.random.Philox", {"buffer": WORDS[:3]}, "buffer is not 4 words of uint64"),
    ("numpy.random.Philox", {"key": WORDS}, "key is not 2 words of uint64"),
    ("numpy.random.Philox", {"counter": WORDS.astype(np.int64)}, "counter is not 4 words of uint64"),
    ("numpy.random.SFC64", {"state": WORDS[:3]}, "state is not 4 words of uint64"),
    ("numpy.random.SFC64", {"state": [1, 1, 1, 1]}, "state is not 4 words of uint64"),
    ("numpy.random.SeedSequence", {"entropy": -1}, "its entropy is not a moderate number of non-negative integers"),
    (
        "numpy.random.SeedSequence",
        {"entropy": 2**100_000},
        "its entropy is not a moderate number of non-negative integers",
    ),
    (
        "numpy.random.SeedSequence",
        {"entropy": [1] * 20_000},
        "its entropy is not a moderate number of non-negative integers",
    ),
    (
        "numpy.random.SeedSequence",
        {"entropy": np.ones(20_000, np.uint32)},
        "its entropy is not a moderate number of non-negative integers",
    ),
    (
        "numpy.random.SeedSequence",
        {"entropy": "0x" + "f" * 100},
        "its entropy is not a moderate number of non-negative integers",
    ),
    ("numpy.random.SeedSequence", {"entropy": [[1]]}, "its entropy is not a moderate number of non-negative integers"),
    ("numpy.random.SeedSequence", {"entropy": None}, "its entropy is not a moderate number of non-negative integers"),
    ("numpy.random.SeedSequence", {"spawn_key": [1]}, "its spawn key is not a tuple of non-negative integers"),
    ("numpy.random.SeedSequence", {"spawn_key": (-1,)}, "its spawn key is not a tuple of non-negative integers"),
    ("numpy.random.SeedSequence", {"pool_size": 10**9}, "its pool size is not 4 … 64"),
    ("numpy.random.SeedSequence", {"pool_size": 0}, "its pool size is not 4 … 64"),
    ("numpy.random.SeedSequence", {"n_children": 2**32}, "its number of children is not one of 32 bits"),
    (
        "numpy.random.RandomState",
        {"bits": "MT19937"},
        "found a str, expected MT19937 or PCG64 or PCG64DXSM or Philox or SFC64",
    ),
    (
        "numpy.random.RandomState",
        {"bits": np.random.SeedSequence(1)},
        "found a SeedSequence, expected MT19937 or PCG64 or PCG64DXSM or Philox or SFC64",
    ),
    (
        "numpy.random.RandomState",
        {"bits": None, "gauss": 1.0},
        "numpy's global generator has no state of its own in a file",
    ),
    ("numpy.random.RandomState", {"has_gauss": 2}, "has_gauss is not an integer from 0 to 1"),
    ("numpy.random.RandomState", {"gauss": 0}, "found an int, expected float"),
    (
        "numpy.random.Generator",
        {"bits": None},
        "found a NoneType, expected MT19937 or PCG64 or PCG64DXSM or Philox or SFC64",
    ),
    (
        "numpy.random.Generator",
        {"bits": np.random.RandomState(1)},
        "found a RandomState, expected MT19937 or PCG64 or PCG64DXSM or Philox or SFC64",
    ),
    ("numpy.ma.MaskedArray", {"mask": np.zeros(2, bool)}, "its mask is not an array of shape (3,)"),
    ("numpy.ma.MaskedArray", {"mask": np.zeros(3, np.int8)}, "its mask is an array of int8"),
    ("numpy.ma.MaskedArray", {"mask": False}, "its mask is not an array of shape (3,)"),
    ("numpy.ma.MaskedArray", {"data": [1, 2, 3]}, "found a list, expected ndarray or memmap or matrix"),
    (
        "numpy.ma.MaskedArray",
        {"data": np.ma.array([1, 2, 3])},
        "found a MaskedArray, expected ndarray or memmap or matrix",
    ),
    ("numpy.ma.MaskedArray", {"data": np.ones(3, "i4,i4")}, "its mask is an array of bool"),
    ("numpy.ma.MaskedArray", {"fill_value": 1.0}, "its fill value is not an array without dimensions"),
    ("numpy.ma.MaskedArray", {"fill_value": np.ones(3)}, "its fill value is not an array without dimensions"),
    ("numpy.ma.MaskedArray", {"fill_value": np.array("x")}, "its fill value is of <U1, its data of float64"),
    ("numpy.ma.MaskedArray", {"hard": 1}, "found an int, expected bool"),
    ("numpy.ma.MaskedArray", {"info": []}, "found a list, expected dict"),
    ("numpy.ma.MaskedArray", {"info": {1: 1}}, "found an int, expected str"),
    ("numpy.datetime64", {"dtype": "<m8[s]"}, "<m8[s] is not the dtype of a datetime64"),
    ("numpy.datetime64", {"dtype": ">M8[s]"}, ">M8[s] is not the dtype of a datetime64"),
    ("numpy.datetime64", {"dtype": "<f8"}, "<f8 is not the dtype of a datetime64"),
    ("numpy.datetime64", {"ticks": 2**63}, "ticks must be an int"),
    ("numpy.datetime64", {"ticks": 0.5}, "ticks must be an int"),
    ("numpy.void", {"value": np.zeros(1, "V3")}, "a scalar is an array without dimensions"),
    ("numpy.void", {"value": np.zeros(())}, "a void cannot be an array of float64"),
    ("numpy.void", {"value": b"abc"}, "found a bytes, expected ndarray"),
    ("numpy.record", {"value": np.zeros((), "V3")}, "a record cannot be an array of |V3"),
    ("numpy.longdouble", {"value": np.zeros(())}, "cannot be an array of float64"),
    ("numpy.longdouble", {"value": np.zeros(1, np.longdouble)}, "a scalar is an array without dimensions"),
    ("numpy.clongdouble", {"value": np.zeros((), np.longdouble)}, "cannot be an array of"),
    ("numpy.longlong", {"value": 2**63}, "it does not fit a longlong"),
    ("numpy.longlong", {"value": 1.0}, "found a float, expected int"),
    ("numpy.bytes_", {"data": 10**12}, "found an int, expected bytes"),
    ("numpy.str_", {"text": 10**12}, "text must be text"),
    ("numpy.matrix", {"array": np.ones(2)}, "a matrix has two dimensions, found 1"),
    ("numpy.matrix", {"array": np.ones((2, 2, 2))}, "a matrix has two dimensions, found 3"),
    ("numpy.matrix", {"array": "1 2; 3 4"}, "found a str, expected ndarray"),
    ("numpy.recarray", {"array": [1]}, "found a list, expected ndarray"),
    ("numpy.chararray", {"array": np.ones(2)}, "a chararray cannot be an array of float64"),
    ("numpy.poly1d", {"coeffs": np.ones((2, 2))}, "its coefficients are not one row of numbers"),
    ("numpy.poly1d", {"coeffs": np.ones(0)}, "its coefficients are not one row of numbers"),
    ("numpy.poly1d", {"coeffs": np.array(["a"])}, "its coefficients are not one row of numbers"),
    ("numpy.poly1d", {"variable": 1}, "found an int, expected str"),
]

BAD_DTYPES = [
    ("f8", "unknown dtype 'f8'"),
    ("float64", "unknown dtype 'float64'"),
    ("O", "unknown dtype 'O'"),
    ("|O8", "unknown dtype '|O8'"),
    ("<f3", "unknown dtype '<f3'"),
    ("<M8[x]", "unknown dtype '<M8[x]'"),
    ("|V2000000000", "is not in canonical form"),
    ("f8,f8", "unknown dtype 'f8,f8'"),
    ("", "unknown dtype ''"),
    ("{", "malformed dtype"),
    ("{}", "malformed structured dtype"),
    ("[]", "unknown dtype '[]'"),
    ('{"record":"<f8"}', "malformed structured dtype"),
    ('{"record":{"fields":[],"itemsize":0,"aligned":false,"x":1}}', "malformed structured dtype"),
    ('{"base":"<f8","shape":[]}', "a sub-array dtype has no shape"),
    ('{"base":"<f8","shape":[-1]}', "a sub-array dtype has an impossible shape"),
    ('{"base":"<f8","shape":[1e3]}', "a sub-array dtype has an impossible shape"),
    ('{"base":"|S1000000000","shape":[1000000000]}', "invalid shape in fixed-type tuple"),
    ('{"base":{"base":"<f8","shape":[2]},"shape":[2]}', "malformed structured dtype"),
    ('{"shape":[2],"base":"<f8"}', "malformed structured dtype"),
    ('{ "base":"<f8","shape":[2]}', "is not in canonical form"),
    (
        '{"fields":[{"name":"a","dtype":"<i4","offset":8}],"itemsize":8,"aligned":false}',
        "a field of a structured dtype lies outside the item",
    ),
    ('{"fields":[{"name":"a","dtype":"|O","offset":0}],"itemsize":8,"aligned":false}', "unknown dtype of a field"),
    (
        '{"fields":[{"name":"a","dtype":"<i4","offset":-4}],"itemsize":8,"aligned":false}',
        "a field of a structured dtype lies outside the item",
    ),
    ('{"fields":' * 5000, "malformed dtype"),
    ('{"base":"<f8","shape":[' + "1," * 40 + "1]}", "a sub-array dtype has no shape"),
]


def refuse(type_id: str, says: str, fields: dict[str, Any]) -> None:
    with pytest.raises(StateError) as caught:
        vitrify.loads(forge(type_id, fields))
    assert caught.value.message.startswith(f"<bytes>: {type_id}")
    assert says in caught.value.message
    assert caught.value.path == "$"


@pytest.mark.parametrize("type_id", GOOD)
def test_the_untouched_fields_are_accepted(type_id: str) -> None:
    """So that the tests below fail for the field that they change."""
    vitrify.loads(forge(type_id, GOOD[type_id]))


@pytest.mark.parametrize(("type_id", "change", "says"), BAD, ids=[f"{case[0]}-{[*case[1]]}" for case in BAD])
def test_a_hostile_field_is_refused_before_anything_is_built(type_id: str, change: dict[str, Any], says: str) -> None:
    """The file is whole and its digests are right; only the content is not possible (attacks M23)."""
    refuse(type_id, says, {**GOOD[type_id], **change})


@pytest.mark.parametrize(("spelling", "says"), BAD_DTYPES, ids=range(len(BAD_DTYPES)))
def test_only_canonical_dtypes_are_accepted(spelling: str, says: str) -> None:
    """Nothing but what `dump` writes; above all no text reaches numpy's own parser."""
    with pytest.raises((StateError, FormatError)) as caught:
        vitrify.loads(forge("numpy.dtype", {"spelling": spelling}))
    assert says in caught.value.message


@pytest.mark.parametrize("name", ["set_bit_generator", "seed", "BitGenerator", "_pickle", "mtrand", "PCG32"])
def test_no_text_of_a_file_chooses_a_bit_generator(name: str) -> None:
    """A peer looked the name up in numpy.random and called what it found (attacks F33)."""
    before = np.random.get_state()[1].tolist()
    with pytest.raises(UnsupportedError) as caught:
        vitrify.loads(forge(f"numpy.random.{name}", PCG))
    assert caught.value.message == f"<bytes>: numpy.random.{name} was saved by a converter that is not here"
    assert caught.value.path == "$"
    assert np.random.get_state()[1].tolist() == before


def test_the_state_of_another_class_is_refused() -> None:
    """A Philox is not made of what a PCG64 has."""
    refuse("numpy.random.Philox", "has the fields is_global, state, inc, has_uint32, uinteger, seeds, not", PCG)


def test_a_global_bit_generator_of_another_class_is_refused() -> None:
    """Here it is an MT19937, as long as nobody calls numpy.random.set_bit_generator."""
    fields = {**dict.fromkeys(PCG, None), "is_global": True}
    with pytest.raises(UnsupportedError, match="MT19937"):
        vitrify.loads(forge("numpy.random.PCG64", fields))


def test_the_global_generator_cannot_be_given_a_state() -> None:
    """Loading must leave the program's own random numbers alone."""
    before = np.random.get_state()
    fields = {"bits": None, "has_gauss": 1, "gauss": 0.5}
    refuse("numpy.random.RandomState", "numpy's global generator has no state of its own in a file", fields)
    found = vitrify.loads(tamper(np.random.mtrand._rand, "numpy.random.RandomState", bits=np.random.MT19937(1)))
    assert found is not np.random.mtrand._rand
    assert np.random.get_state()[1].tolist() == before[1].tolist()


CONVERTERS = [c for found in family.FAMILIES for c in importlib.import_module(found.module).CONVERTERS]
NONSENSE = [
    None, True, -1, 2**70, 0.5, "", "x\0", b"", (), [], {}, [[]], {"a": None}, np.zeros(3), np.zeros((), "V4"), int,
    np.random.SeedSequence(1), np.array([None, []], object), np.zeros((0, 3)), np.float64,
]  # fmt: skip


@pytest.mark.parametrize("converter", CONVERTERS, ids=lambda converter: converter.type_id)
def test_nonsense_in_every_field_gives_an_object_or_one_of_our_errors(converter: Any) -> None:
    """Every field in turn, with the others right, and all of them at once."""
    good = GOOD.get(converter.type_id, dict.fromkeys(converter.fields, 1))
    for nonsense in NONSENSE:
        cases = [dict.fromkeys(converter.fields, nonsense)]
        cases += [{**good, field: nonsense} for field in converter.fields]
        for fields in cases:
            said = refusal(converter.type_id, fields)
            if said is not None and said[0].startswith("<bytes>: unknown dtype"):
                assert {"dtype", "spelling"} & {*converter.fields}
            elif said is not None and (HAS_STRING_DTYPE or "StringDType" not in converter.type_id):
                assert said[0].startswith(f"<bytes>: {converter.type_id}")
                assert said[1] == "$"


@pytest.mark.parametrize("type_id", ["numpy.str_", "numpy.random.RandomState", "numpy.ma.MaskedArray", "numpy.dtype"])
def test_a_constant_column_cannot_become_a_memory_bomb(type_id: str) -> None:
    """A few bytes of a file may claim millions of rows; what they would take is counted first."""
    fields = dict.fromkeys(GOOD[type_id], None) | ({"text": "x" * 1000} if type_id == "numpy.str_" else {})
    n = 6_000_000 if type_id == "numpy.dtype" else 2_000_000

    def multiply(graph: Graph) -> Graph:
        few = [msgspec.structs.replace(t, rows=n) if t.type == type_id else t for t in graph.tables]
        return msgspec.structs.replace(graph, tables=tuple(few))

    with pytest.raises(LimitError, match=r"would take [0-9]+ bytes"):
        vitrify.loads(reforge(forge(type_id, fields), multiply))


@pytest.mark.skipif(not HAS_STRING_DTYPE, reason="this numpy has no StringDType")
class TestStringArrays:
    """Arrays of StringDType, as a file holds them."""

    @pytest.mark.parametrize("na_object", [None, np.nan, "NA"])
    @pytest.mark.parametrize("order", ["C", "F"])
    def test_texts_and_what_is_missing_come_back(self, na_object: Any, order: str) -> None:
        """Elements are texts or the dtype's own missing value."""
        dtype = np.dtypes.StringDType(na_object=na_object)
        value = np.array([["a", na_object, ""], ["straße", "x\0y", "a" * 100]], dtype=dtype, order=order)  # type: ignore[call-overload]  # C or F
        items = [None if cell is na_object else cell for cell in value.ravel(order=order).tolist()]  # type: ignore[arg-type]  # C or F
        fields = {"dtype": dtype, "shape": (2, 3), "order": order, "items": items}
        assert_same(value, vitrify.loads(forge("numpy.StringArray", fields)))

    @pytest.mark.parametrize(
        ("change", "says"),
        [
            ({"shape": (3,)}, "2 texts do not make its shape"),
            ({"shape": (-1, -2)}, "2 texts do not make its shape"),
            ({"shape": [2]}, "found a list, expected tuple"),
            ({"shape": (2**40, 0, 1)}, "2 texts do not make its shape"),
            ({"order": "K"}, "its order is neither C nor F"),
            ({"order": "F"}, "its order is neither C nor F"),
            ({"items": ["a", None]}, "it holds more than texts"),
            ({"items": ["a", 1]}, "it holds more than texts"),
            ({"items": "ab"}, "found a str, expected list"),
            ({"dtype": np.dtype("f8")}, "its dtype is Float64DType"),
            ({"dtype": "T"}, "its dtype is str"),
        ],
    )
    def test_a_hostile_field_is_refused(self, change: dict[str, Any], says: str) -> None:
        """Also where numpy would convert what it finds."""
        fields = {**STRINGS, "dtype": np.dtypes.StringDType(), **change}
        refuse("numpy.StringArray", says, fields)

    @pytest.mark.parametrize(
        ("na_object", "says"),
        [
            (1, "na_object is an int"),
            ((), "na_object is a tuple"),
            ([], "na_object is a list"),
            ({}, "na_object is a dict"),
            (b"", "na_object is a bytes"),
            (0.5, "na_object is a float"),
            (int, "na_object is a type"),
        ],
    )
    def test_a_missing_value_must_be_one_that_numpy_knows(self, na_object: Any, says: str) -> None:
        """None, a NaN, a text or pandas.NA."""
        fields = {"coerce": True, "has_na": True, "na_object": na_object}
        refuse("numpy.dtypes.StringDType", says, fields)


def test_forged_objects_may_lie_in_one_another() -> None:
    """The helper of these tests does what it says."""
    bits = Forged("numpy.random.PCG64", PCG)
    one, two = vitrify.loads(forge_value([Forged("numpy.random.Generator", {"bits": bits}), bits]))
    assert one.bit_generator is two
    assert_same({"state": 1, "inc": 1}, two.state["state"])
