"""The standard library's types come back as they were, and no field of theirs can be made to do harm."""

from __future__ import annotations

import collections
import datetime as dt
import decimal
import fractions
import functools
import hashlib
import http
import importlib
import io
import ipaddress
import math
import os
import pathlib
import random
import re
import struct
import subprocess
import sys
import types
import uuid
import zoneinfo
from typing import Any

import numpy as np
import pytest

import vitrify
from tests.support.equality import assert_same
from tests.support.forge import forge
from vitrify.converters import builtins, default_registry
from vitrify.errors import UnsupportedError

NAN_WITH_PAYLOAD = struct.unpack("<d", struct.pack("<Q", 0x7FF8_0000_0000_0123))[0]
BERLIN = zoneinfo.ZoneInfo("Europe/Berlin")


def halve(value: float, by: float = 2.0) -> float:
    return value / by


def again(value: Any) -> Any:
    return vitrify.loads(vitrify.dumps(value), trust=[halve, Node, Key])


class Node:
    def __init__(self) -> None:
        self.children: Any = None


class Key:
    """A key whose hash needs an attribute, so it cannot be hashed before it is filled."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.held_by: Any = None

    def __hash__(self) -> int:
        return hash(self.name)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Key) and other.name == self.name


VALUES: dict[str, Any] = {
    "complex": complex(1.5, -2.0),
    "complex with signed zeros": complex(-0.0, -0.0),
    "bytearray": bytearray(b"a\0b"),
    "empty bytearray": bytearray(),
    "range": range(3, -20, -4),
    "empty ranges differ": [range(0), range(1, 1), range(5, 2)],
    "range beyond 64 bits": range(10**40, -(10**40), -7),
    "slice": slice(None, 3, -1),
    "slice of anything": slice([1], "b", None),
    "Ellipsis": Ellipsis,
    "NotImplemented": NotImplemented,
    "Fraction": fractions.Fraction(-3, 7),
    "large Fraction": fractions.Fraction(3**2000, 2**2000),
    "deque": collections.deque([1, "a", [2]]),
    "deque with maxlen": collections.deque([1, 2], maxlen=5),
    "deque with maxlen 0": collections.deque(maxlen=0),
    "OrderedDict": collections.OrderedDict([("b", 1), ("a", 2)]),
    "Counter": collections.Counter({"b": 1, "a": -2, "c": 0.5}),
    "defaultdict": collections.defaultdict(list, {"b": [1], "a": []}),
    "defaultdict without factory": collections.defaultdict(None, {1: 2}),
    "defaultdict of defaultdicts": collections.defaultdict(
        functools.partial(collections.defaultdict, int), {"a": collections.defaultdict(int, {"b": 1})}
    ),
    "defaultdict of an own function": collections.defaultdict(halve),
    "ChainMap": collections.ChainMap({"a": 1}, {"a": 2, "b": 3}),
    "SimpleNamespace": types.SimpleNamespace(b=1, a=[2]),
    "empty SimpleNamespace": types.SimpleNamespace(),
    "mapping proxy": types.MappingProxyType({"b": 1, "a": [2]}),
    "date": dt.date(1, 1, 1),
    "time": dt.time(23, 59, 59, 999_999, fold=1),
    "time with zone": dt.time(1, tzinfo=dt.UTC),
    "naive datetime": dt.datetime(9999, 12, 31, 23, 59, 59, 999_999),
    "datetime in the repeated hour": dt.datetime(2024, 10, 27, 2, 30, tzinfo=BERLIN, fold=1),
    "timedelta.min": dt.timedelta.min,
    "timedelta.max": dt.timedelta.max,
    "negative timedelta": dt.timedelta(microseconds=-1),
    "timezone.utc": dt.UTC,
    "UTC with a name": dt.timezone(dt.timedelta(0), "UTC"),
    "timezone to the microsecond": dt.timezone(-dt.timedelta(hours=23, minutes=59, microseconds=3), "far"),
    "ZoneInfo": BERLIN,
    "Decimal": decimal.Decimal("123.4500"),
    "Decimal of many digits": decimal.Decimal("0." + "123456789" * 100),
    "Decimal zeros": [decimal.Decimal("-0E-10"), decimal.Decimal("0E+10"), decimal.Decimal("-0")],
    "Decimal with a large exponent": decimal.Decimal("1E+999999"),
    "Decimal specials": [decimal.Decimal(text) for text in ("sNaN12", "-NaN", "NaN7", "Infinity", "-Infinity")],
    "flags of re": re.IGNORECASE,
    "several flags of re": re.IGNORECASE | re.MULTILINE,
    "no flag of re": re.RegexFlag(0),
    "HTTPStatus": http.HTTPStatus.NOT_FOUND,
    "SafeUUID": list(uuid.SafeUUID),
    "UUID": uuid.UUID("12345678123456781234567812345678"),
    "unsafe UUID": uuid.UUID(int=2**128 - 1, is_safe=uuid.SafeUUID.unsafe),
    "PurePosixPath": pathlib.PurePosixPath("/a/../b"),
    "PureWindowsPath": pathlib.PureWindowsPath(r"C:\Users\x y"),
    "Path": pathlib.Path("models/churn.glass"),
    "Path of undecodable bytes": pathlib.Path(os.fsdecode(b"\xff")),
    "empty Path": pathlib.Path(),
    "pattern": re.compile(r"(?u)\b\w\w+\b"),
    "pattern of bytes": re.compile(b"a.b", re.DOTALL | re.LOCALE),
    "pattern with inline flags": re.compile("(?ix) a  # comment"),
    "pattern that warns": "set below",
    "partial of a builtin": functools.partial(int, base=2),
    "partial of a ufunc": functools.partial(np.power, 2.0),
    "partial of an own function": functools.partial(halve, 3.0, by=collections.deque([1])),
    "partial of a method": functools.partial(str.split, sep=",", maxsplit=1),
    "IPv4Address": ipaddress.ip_address("255.0.0.1"),
    "IPv6Address with scope": ipaddress.ip_address("fe80::1%eth0"),
    "IPv4Network": ipaddress.ip_network("10.0.0.0/8"),
    "IPv6Network": ipaddress.ip_network("::/0"),
    "IPv4Interface": ipaddress.ip_interface("10.1.2.3/8"),
    "IPv6Interface": ipaddress.ip_interface("fe80::1/64"),
    "random.Random": random.Random(5),
    "functions": [abs, len, max, sorted, math.log, math.prod, str.lower, str.split],
    "classes": [int, str, dict, object, type(None), collections.OrderedDict, decimal.Decimal, fractions.Fraction],
}  # fmt: skip
with pytest.warns(FutureWarning):
    VALUES["pattern that warns"] = re.compile("[[a]")


@pytest.mark.parametrize("name", VALUES)
def test_a_value_comes_back_the_same_and_once(name: str) -> None:
    """Twice in one list it is one object again, and saving what was loaded gives the same bytes."""
    value = VALUES[name]
    data = vitrify.dumps([value, value])
    found = vitrify.loads(data, trust=[halve])
    assert_same([value, value], found)
    assert found[0] is found[1]
    assert vitrify.dumps(found) == data


def test_all_values_come_back_from_one_file() -> None:
    """Values of all types share tables, columns and blocks."""
    assert_same(VALUES, again(VALUES))


def test_a_complex_nan_keeps_its_bits() -> None:
    """NaN payloads and signs of zero are part of a value."""
    found = again(complex(NAN_WITH_PAYLOAD, -0.0))
    assert struct.pack("<2d", found.real, found.imag) == struct.pack("<2d", NAN_WITH_PAYLOAD, -0.0)


def test_singletons_are_themselves() -> None:
    """What exists once in a process is not made a second time."""
    found = again([Ellipsis, NotImplemented, dt.UTC, BERLIN])
    assert all(a is b for a, b in zip(found, [Ellipsis, NotImplemented, dt.UTC, BERLIN], strict=True))


@pytest.mark.parametrize("member", [re.IGNORECASE, re.ASCII | re.VERBOSE, http.HTTPStatus.OK, *uuid.SafeUUID])
def test_members_of_enumerations_are_themselves(member: Any) -> None:
    """Whoever compares them with `is` finds them."""
    assert vitrify.loads(vitrify.dumps(member)) is member


def test_an_ordered_dict_keeps_the_order_of_its_own() -> None:
    """move_to_end changes an order that the dict inside does not know."""
    value = collections.OrderedDict(a=1, b=2, c=3)
    value.move_to_end("a")
    assert list(again(value)) == ["b", "c", "a"]


def test_a_default_factory_works_after_loading() -> None:
    """The factory is the class itself."""
    found = again(collections.defaultdict(list))
    found["new"].append(1)
    assert found == {"new": [1]}


def test_a_mapping_proxy_shows_the_dict_that_lies_beside_it() -> None:
    """The proxy is a window, not a copy."""
    inner = {"a": 1}
    proxy, found = again([types.MappingProxyType(inner), inner])
    found["b"] = 2
    assert proxy == {"a": 1, "b": 2}


def test_a_pattern_finds_what_it_found() -> None:
    """Flags are part of the pattern."""
    assert again(re.compile("straße", re.IGNORECASE)).findall("STRASSE Straße") == ["Straße"]


def test_a_partial_keeps_its_attributes() -> None:
    """functools.update_wrapper sets such."""
    value = functools.partial(halve, by=4.0)
    value.note = "ours"  # type: ignore[attr-defined]  # a partial takes any
    found = again(value)
    assert (found(8.0), found.note) == (2.0, "ours")


def test_a_random_number_generator_goes_on_where_it_stopped() -> None:
    """Also in the middle of a pair of normal numbers."""
    value = random.Random(5)
    value.gauss(0, 1)
    found = again(value)
    assert [found.gauss(0, 1) for _ in range(700)] == [value.gauss(0, 1) for _ in range(700)]


@pytest.mark.parametrize(
    "make", [collections.deque, collections.OrderedDict, collections.defaultdict, collections.Counter]
)
def test_a_container_may_hold_itself(make: Any) -> None:
    """Directly, and around a corner."""
    value = make()
    if make is collections.deque:
        value.extend((value, [value]))
    else:
        value["me"], value["us"] = value, [value]
    found = again(value)
    first, second = found if make is collections.deque else found.values()
    assert type(found) is make
    assert first is found
    assert second[0] is found


@pytest.mark.parametrize("name", ["ChainMap", "SimpleNamespace", "deque", "OrderedDict"])
def test_a_child_may_point_to_its_parent_through_a_container(name: str) -> None:
    """A tree of the caller's objects is the common case of a cycle."""
    parent, child = Node(), Node()
    child.children = parent
    parent.children = {
        "ChainMap": collections.ChainMap({"child": child}),
        "SimpleNamespace": types.SimpleNamespace(child=child),
        "deque": collections.deque([child], maxlen=3),
        "OrderedDict": collections.OrderedDict(child=child),
    }[name]
    found = again(parent)
    inner = found.children
    held = inner[0] if name == "deque" else inner.child if name == "SimpleNamespace" else inner["child"]
    assert held.children is found
    assert type(inner).__name__ == name


def test_a_key_that_is_hashed_by_an_attribute_may_point_to_its_dict() -> None:
    """Objects are filled before what hashes them."""
    key = Key("a")
    key.held_by = collections.OrderedDict({key: 1})
    found = again(key)
    assert found.held_by[Key("a")] == 1


def test_a_concrete_path_of_another_system_is_a_pure_path() -> None:
    """A WindowsPath cannot exist on Linux, nor a PosixPath on Windows."""
    other = "PosixPath" if os.name == "nt" else "WindowsPath"
    assert_same(getattr(pathlib, f"Pure{other}")("a"), vitrify.loads(forge(f"pathlib.{other}", {"text": "a"})))


def test_the_caller_s_decimal_context_does_not_matter() -> None:
    """Neither while saving nor while loading is anything rounded."""
    value = decimal.Decimal("1.23456789E+30")
    plain = vitrify.dumps(value)
    with decimal.localcontext(decimal.Context(prec=2, capitals=0)):
        assert vitrify.dumps(value) == plain
        assert_same(value, vitrify.loads(plain))


def test_equal_values_give_equal_bytes_in_every_process() -> None:
    """Neither hash seeds nor addresses show."""
    code = (
        "import hashlib, sys, vitrify, collections, datetime, decimal, re, types, random, pathlib\n"
        "v = [{1j, decimal.Decimal(2), 'x', pathlib.PurePath('a'), datetime.date(2024, 1, 1), range(3)},\n"
        "     collections.Counter('hello'), re.compile('a'), types.SimpleNamespace(a=1), random.Random(1)]\n"
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
    assert len(found.pop().strip()) == hashlib.sha256().digest_size * 2


_noted: Any = collections.OrderedDict()
_noted.note = 1
_wrapped: Any = functools.partial(int)
_wrapped.note = 1  # it stays a partial of its own through this
with open(next(p for p in map(pathlib.Path, zoneinfo.TZPATH) if p.exists()) / "Europe/Berlin", "rb") as _file:
    _keyless = zoneinfo.ZoneInfo.from_file(io.BytesIO(_file.read()))
REFUSED_AT_DUMP: dict[str, tuple[Any, str]] = {
    "a slice in a slice": (slice(slice(1), 2), "a slice whose bound is a slice"),
    "an OrderedDict with attributes": (_noted, "an OrderedDict with attributes of its own (note)"),
    "a namespace with a dunder": (
        types.SimpleNamespace(__class__=1),
        "a SimpleNamespace with the attribute '__class__'",
    ),
    "a factory that is a bound method": (
        collections.defaultdict([].append),
        "the function list.append - at $[0].default_factory",
    ),
    "a lambda as factory": (collections.defaultdict(lambda: 0), "a lambda - at $[0].default_factory"),
    "a proxy of a class": (types.MappingProxyType(vars(Node)), "$[0].mapping['__dict__']: a getset_descriptor"),
    "a zone without a key": (_keyless, "a ZoneInfo that is not of the tz database"),
    "a long pattern": (re.compile("a" * 10_001), "it has 10001 characters, at most 10000 are possible"),
    "a partial with out=": (functools.partial(np.log, out=np.zeros(2)), "numpy.log may not be given out= beforehand"),
    "a partial with where=": (functools.partial(np.sum, where=True), "numpy.sum may not be given where= beforehand"),
    "a partial with an array in front": (
        functools.partial(np.log, np.zeros(2)),
        "numpy.log may be given 0 arguments beforehand, found 1",
    ),
    "a partial with key=": (functools.partial(sorted, key=len), "builtins.sorted may not be given key= beforehand"),
    "a partial of an unlisted function": (
        functools.partial(os.listdir),
        "a builtin_function_or_method is not a reviewed function",
    ),
    "a partial of a partial": (functools.partial(_wrapped), "its function is a partial"),
    "a huge Fraction": (fractions.Fraction(1, 3**200_000), "a Fraction of more than 131072 bits"),
}


@pytest.mark.parametrize("name", REFUSED_AT_DUMP)
def test_what_could_not_be_loaded_is_not_saved(name: str) -> None:
    """The refusal comes while the object still exists."""
    value, says = REFUSED_AT_DUMP[name]
    with pytest.raises(UnsupportedError) as caught:
        vitrify.dumps([value])
    assert says in str(caught.value)
    assert "$[0]" in str(caught.value)


def test_a_proxy_that_contains_itself_is_not_saved() -> None:
    """It is made whole, so nothing in it can be it."""
    inner: dict[str, Any] = {}
    inner["me"] = types.MappingProxyType(inner)
    with pytest.raises(UnsupportedError, match="contains itself"):
        vitrify.dumps(inner["me"])


def test_every_listed_name_is_found_again() -> None:
    """And every family lists exactly the types of its converters."""
    registry = default_registry()
    for name in builtins.NAMES:
        assert registry.name_of(registry.resolve_name(name)) == name
    for family in builtins.FAMILIES:
        converters = importlib.import_module(family.module).CONVERTERS
        assert {cls: c.type_id for c in converters for cls in c.types} == dict(family.types)
    assert set(builtins.KEYWORDS) | set(builtins.LEADING) <= set(builtins.NAMES)
