"""numpy's types beyond plain arrays come back as they were, random numbers go on where they stopped."""

from __future__ import annotations

import copy
import importlib
import os
import subprocess
import sys
import warnings
from typing import Any

import numpy as np
import pytest

import vitrify
from tests.support.equality import assert_same
from vitrify.converters import default_registry
from vitrify.converters import numpy as family
from vitrify.errors import UnsupportedError

PAIR = np.dtype([("a", "<i4"), ("b", "<f8")])
PADDED = np.dtype([("a", "i1"), ("b", "<f8", (2,))], align=True)
BIT_GENERATORS = [
    np.random.MT19937, np.random.PCG64, np.random.PCG64DXSM, np.random.Philox, np.random.SFC64,
]  # fmt: skip
HAS_STRING_DTYPE = hasattr(np, "dtypes") and hasattr(np.dtypes, "StringDType")


def again(value: Any) -> Any:
    return vitrify.loads(vitrify.dumps(value))


def masked(*args: Any, **options: Any) -> Any:
    return np.ma.array(*args, **options)


def with_optinfo() -> Any:
    value = masked([1, 2], mask=[0, 1])
    value._optinfo["unit"] = "m"
    return value


VALUES: dict[str, Any] = {
    "dtypes": [np.dtype(text) for text in ("f8", ">i4", "?", "S", "U5", "V3", "c16", "longdouble", "longlong", "O")],
    "dtypes of time": [np.dtype(text) for text in ("M8", "M8[ns]", ">m8[25us]", "m8[Y]")],
    "structured dtype": PAIR,
    "padded dtype": PADDED,
    "nested dtype": np.dtype([("in", PAIR, (2, 3)), (("title", "t"), "S3")]),
    "dtype with overlapping fields": np.dtype({"names": ["a", "b"], "formats": ["<i4", "<i2"], "offsets": [0, 2]}),
    "dtype of records": np.dtype((np.record, PAIR)),
    "dtype of sub-arrays": np.dtype(("<i2", (2, 3))),
    "str_": np.str_("straße"),
    "str_ with a NUL behind": np.str_("a\0"),
    "str_ with a lone surrogate": np.str_("\ud800"),
    "bytes_": np.bytes_(b"a\0"),
    "datetime64": np.datetime64("2024-02-29T12:00", "ns"),
    "datetime64 of ten years": np.datetime64("2020", "10Y"),
    "NaT": [np.datetime64("NaT"), np.datetime64("NaT", "us"), np.timedelta64("NaT", "D")],
    "timedelta64": np.timedelta64(-5, "as"),
    "timedelta64 without unit": np.timedelta64(3),
    "void": np.void(b"abc"),
    "structured void": np.array([(1, -0.0)], PAIR)[0],
    "padded void": np.array([(1, (2.0, np.nan))], PADDED)[0],
    "record": np.rec.array([(1, 2.0)], dtype=PAIR)[0],
    "longdouble": np.longdouble("1.1"),
    "longdouble nan and zero": [np.longdouble("nan"), np.longdouble("-0.0")],
    "clongdouble": np.clongdouble(1 + 2j),
    "longlong": [np.longlong(-(2**63)), np.ulonglong(2**64 - 1), np.intc(-1), np.uintc(1)],
    "matrix": np.matrix([[1, 2], [3, 4]]),
    "matrix of Fortran order": np.matrix(np.asfortranarray(np.ones((2, 3)))),
    "recarray": np.rec.array([(1, 2.0), (3, 4.0)], dtype=PAIR),
    "recarray of numbers": np.array([1.0]).view(np.recarray),
    "chararray": np.char.array(["a", "bb"]),
    "chararray of bytes": np.char.array([b"a", b"bb"]),
    "poly1d": np.poly1d([1.0, 0.0, -2.0], variable="t"),
    "masked": masked([1, 2, 3], mask=[0, 1, 0]),
    "masked without mask": masked([1.0, 2.0]),
    "masked with a mask of False": masked([1.0, 2.0], mask=[False, False]),
    "masked with fill value": masked([1.0, 2.0], mask=[0, 1], fill_value=-0.0),
    "masked with hard mask": masked([1, 2], mask=[0, 1], hard_mask=True),
    "masked structs": masked(np.zeros(2, PAIR), mask=[(1, 0), (0, 0)]),
    "masked scalar": masked(3, mask=True),
    "masked matrix": masked(np.matrix([[1, 2]]), mask=[[0, 1]]),
    "masked Fortran order": masked(np.asfortranarray(np.ones((2, 3))), mask=True),
    "masked objects": masked(np.array(["a", None, [1]], object), mask=[0, 1, 0]),
    "masked text": masked(["a", "bb"], mask=[0, 1], fill_value="z"),
    "masked times": masked(np.array(["2020", "NaT"], "M8[D]"), mask=[0, 1]),
    "masked with notes": with_optinfo(),
    "np.ma.masked": np.ma.masked,
    "SeedSequence": np.random.SeedSequence(5, spawn_key=(1, 2), pool_size=8, n_children_spawned=3),
    "SeedSequence of nothing": np.random.SeedSequence(),
    "SeedSequence of a list": np.random.SeedSequence([1, 2**40, 0]),
    "SeedSequence of an array": np.random.SeedSequence(np.array([1, 2], np.uint64)),
    "RandomState": np.random.RandomState(3),
    "RandomState over Philox": np.random.RandomState(np.random.Philox(3)),
    "global RandomState": np.random.mtrand._rand,
    "global bit generator": np.random.mtrand._rand._bit_generator,
    **{cls.__name__: cls(7) for cls in BIT_GENERATORS},
    **{f"Generator over {cls.__name__}": np.random.Generator(cls(7)) for cls in BIT_GENERATORS},
    "classes": [np.float64, np.bool_, np.longdouble, np.str_, np.number, np.generic, np.ndarray, np.ma.MaskedArray],
    "functions": [np.mean, np.max, np.amax, np.round, np.clip, np.nan_to_num, np.linalg.norm, np.char.lower],
    "ufuncs": [np.abs, np.log1p, np.true_divide, np.mod, np.maximum, np.matmul],
}  # fmt: skip
if HAS_STRING_DTYPE:
    VALUES["StringDType"] = [
        np.dtypes.StringDType(),
        np.dtypes.StringDType(coerce=False),
        np.dtypes.StringDType(na_object=None),
        np.dtypes.StringDType(na_object=np.nan),
        np.dtypes.StringDType(na_object="NA", coerce=False),
    ]


@pytest.mark.parametrize("name", VALUES)
def test_a_value_comes_back_the_same_and_once(name: str) -> None:
    """Twice in one list it is one object again, and saving what was loaded gives the same bytes."""
    value = VALUES[name]
    data = vitrify.dumps([value, value])
    found = vitrify.loads(data)
    assert_same([value, value], found)
    assert found[0] is found[1]
    assert vitrify.dumps(found) == data


def test_all_values_come_back_from_one_file() -> None:
    """Values of all types share tables, columns and blocks."""
    assert_same(VALUES, again(VALUES))


def test_singletons_are_themselves() -> None:
    """Numpy's global generator is global again, and np.ma.masked is compared with `is`."""
    values = [np.ma.masked, np.random.mtrand._rand, np.random.mtrand._rand._bit_generator]
    assert all(a is b for a, b in zip(again(values), values, strict=True))


def test_the_global_generator_is_stored_without_its_state() -> None:
    """Ten estimators hold it, and a file of theirs must not depend on what was drawn before."""
    before = vitrify.dumps([np.random.mtrand._rand, np.random.mtrand._rand._bit_generator])
    np.random.random_sample(5)
    state = np.random.get_state()[1].tolist()
    assert vitrify.dumps([np.random.mtrand._rand, np.random.mtrand._rand._bit_generator]) == before
    vitrify.loads(before)
    assert np.random.get_state()[1].tolist() == state


def test_equal_random_states_give_equal_bytes() -> None:
    """The bit generator in a seeded RandomState has no seed sequence, whose entropy would differ."""
    assert vitrify.dumps(np.random.RandomState(42)) == vitrify.dumps(np.random.RandomState(42))


@pytest.mark.parametrize("cls", BIT_GENERATORS)
def test_random_numbers_go_on_where_they_stopped(cls: Any) -> None:
    """Also within a pair of normal numbers, and in the second half of a 64-bit draw."""
    old, new = np.random.RandomState(cls(3)), np.random.Generator(cls(3))
    old.standard_normal(3)
    new.integers(0, 9, 3, dtype=np.uint32)
    found_old, found_new = again([old, new])
    expected_old, expected_new = copy.deepcopy(old), copy.deepcopy(new)
    assert found_old.standard_normal(1000).tolist() == expected_old.standard_normal(1000).tolist()
    assert (
        found_new.integers(0, 9, 7, dtype=np.uint32).tolist()
        == expected_new.integers(0, 9, 7, dtype=np.uint32).tolist()
    )
    assert found_new.standard_normal(1000).tolist() == expected_new.standard_normal(1000).tolist()


def test_children_are_spawned_as_before() -> None:
    """A seed sequence counts its children; those that come after loading are the next ones."""
    value = np.random.PCG64(5)
    value._seed_seq.spawn(2)
    found = again(value)
    assert [c.generate_state(2).tolist() for c in found._seed_seq.spawn(2)] == [
        c.generate_state(2).tolist() for c in value._seed_seq.spawn(2)
    ]


def test_generators_that_share_a_bit_generator_still_do() -> None:
    """A number that one of them draws is gone for the other."""
    bits = np.random.PCG64(1)
    one, two, state, inner = again(
        [np.random.Generator(bits), np.random.Generator(bits), np.random.RandomState(bits), bits]
    )
    assert one.bit_generator is two.bit_generator is state._bit_generator is inner


def test_a_masked_array_shares_its_data_and_mask() -> None:
    """What is written through one shows in the others."""
    data, mask = np.arange(4.0), np.zeros(4, bool)
    value = masked(data, mask=mask, copy=False)
    found, found_data, found_mask = again([value, data, mask])
    found_data[1], found_mask[2] = 9.0, True
    assert found.tolist() == [0.0, 9.0, None, 3.0]


def test_a_matrix_shares_its_data() -> None:
    """A matrix is a view like any other."""
    data = np.arange(4.0).reshape(2, 2)
    found, plain = again([data.view(np.matrix), data])
    plain[0, 0] = 7.0
    assert found[0, 0] == 7.0


def test_a_structured_scalar_is_a_copy() -> None:
    """In numpy it is a window into its array, which is none of the model's."""
    array = np.zeros(2, PAIR)
    found, plain = again([array[0], array])
    plain["a"] = 7
    assert found["a"] == 0


def test_what_pickle_loses_of_a_masked_array_is_kept() -> None:
    """A hard mask protects its data after loading, too."""
    found = again(masked([1, 2], mask=[0, 1], hard_mask=True))
    found[:] = 9
    assert found.tolist() == [9, None]


def test_garbage_in_a_long_double_does_not_show() -> None:
    """An x87 number has 10 bytes of 16; what lies behind them is whatever was in memory."""
    one, two = np.frombuffer(b"\0" * 16, np.longdouble), np.frombuffer(b"\0" * 10 + b"\7" * 6, np.longdouble)
    if np.finfo(np.longdouble).nmant == 63:
        assert vitrify.dumps(one[0]) == vitrify.dumps(two[0])


def test_equal_values_give_equal_bytes_in_every_process() -> None:
    """Neither hash seeds nor addresses nor random entropy show."""
    code = (
        "import hashlib, numpy as np, vitrify\n"
        "v = [np.random.RandomState(1), np.random.default_rng(1), np.ma.array([1], mask=[1]), np.random.mtrand._rand,\n"
        "     {np.str_('a'), np.datetime64('2020'), np.dtype('f8'), np.float64, np.longdouble(1)}]\n"
        "print(hashlib.sha256(vitrify.dumps(v)).hexdigest())"
    )
    found = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(sys.path)},
            capture_output=True, check=True, text=True,
        ).stdout
        for seed in ("1", "2")
    }  # fmt: skip
    assert len(found) == 1


class OwnBits(np.random.PCG64):
    pass


def _with_attribute(value: Any) -> Any:
    value.note = 1
    return value


_records = np.rec.array([(1, 2.0)], dtype=PAIR)
vars(_records)["note"] = 1
REFUSED_AT_DUMP: dict[str, tuple[Any, str]] = {
    "a dtype with objects in a struct": (np.dtype([("a", "O")]), "a structured dtype whose field 'a' has dtype object"),
    "a void with objects": (
        np.zeros(1, [("a", "O")])[0],
        "a structured dtype whose field 'a' has dtype object - at $[0].value",
    ),
    "a matrix with attributes": (_with_attribute(np.matrix([[1]])), "a matrix with attributes of its own (note)"),
    "a recarray with attributes": (_records, "a recarray with attributes of its own (note)"),
    "a masked array with attributes": (
        _with_attribute(masked([1])),
        "a masked array with attributes of its own (note)",
    ),
    "a poly1d with attributes": (_with_attribute(np.poly1d([1])), "a poly1d with attributes of its own"),
    "a SeedSequence of texts": (
        np.random.SeedSequence(["12"]),  # type: ignore[list-item]  # numpy reads digits
        "a SeedSequence: its entropy is not a moderate number",
    ),
    "a SeedSequence of great length": (
        np.random.SeedSequence([1] * 20_000),
        "a SeedSequence: its entropy is not a moderate number",
    ),
    "a SeedSequence with a huge pool": (
        np.random.SeedSequence(1, pool_size=1000),
        "a SeedSequence: its pool size is not 4 … 64",
    ),
    "an own kind of bit generator": (OwnBits(1), "OwnBits.__reduce__ asks to call __bit_generator_ctor"),
    "a loading function": (np.load, "the function numpy.load"),
    "a function that calls others": (np.vectorize, "the class numpy.vectorize"),
    "a function made of another": (np.frompyfunc(abs, 1, 1), "the function ufunc"),
    "a method of a ufunc": (np.add.reduce, "the function ufunc.reduce"),
    "the global seeding function": (np.random.seed, "seed - at $[0]"),
}


@pytest.mark.parametrize("name", REFUSED_AT_DUMP)
def test_what_could_not_be_loaded_is_not_saved(name: str) -> None:
    """The refusal comes while the object still exists."""
    value, says = REFUSED_AT_DUMP[name]
    with pytest.raises(UnsupportedError) as caught:
        vitrify.dumps([value])
    assert says in str(caught.value)
    assert "$[0]" in str(caught.value)


def test_every_public_ufunc_has_a_name() -> None:
    """Of the numpy installed here, whatever it calls them."""
    registry = default_registry()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        members = {name: getattr(np, name, None) for name in dir(np)}
    for name, member in members.items():
        if isinstance(member, np.ufunc):
            assert registry.name_of(member) is not None, name
            assert registry.resolve_name(str(registry.name_of(member))) is member


def test_every_scalar_type_has_a_name() -> None:
    """Of the numpy installed here, abstract ones too."""
    registry = default_registry()
    waiting: list[Any] = [np.generic]
    while waiting:
        kind = waiting.pop()
        waiting += kind.__subclasses__()
        if kind.__module__.startswith("numpy"):
            assert registry.resolve_name(str(registry.name_of(kind))) is kind


def test_names_that_numpy_has_changed_are_read_in_every_version() -> None:
    """Numpy 1.23 calls np.round `round_`, np.bool_ `bool_` and np.longdouble after its bits."""
    resolve = default_registry().resolve_name
    assert resolve("numpy.round_") is resolve("numpy.round") is np.round
    assert resolve("numpy.bool") is resolve("numpy.bool_") is np.bool_
    assert resolve("numpy.float128") is resolve("numpy.longdouble") is np.longdouble


def test_no_reviewed_keyword_writes_or_calls() -> None:
    """The table of keywords is the review."""
    forbidden = {
        "out",
        "where",
        "casting",
        "order_by",
        "key",
        "like",
        "subok",
        "signature",
        "initial",
        "overwrite_input",
    }
    for name, keywords in family.KEYWORDS.items():
        assert not keywords & forbidden, name
    assert set(family.KEYWORDS) | set(family.LEADING) <= set(family.NAMES)


def test_every_family_lists_the_types_of_its_converters() -> None:
    """The index is what is looked up; the converters say it again for those who read them."""
    for found in family.FAMILIES:
        converters = importlib.import_module(found.module).CONVERTERS
        assert {cls: c.type_id for c in converters for cls in c.types} == dict(found.types)
