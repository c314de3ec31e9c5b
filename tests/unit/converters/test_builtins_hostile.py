"""No field of a standard library type can be made to do harm: every file here is whole, only its content is wrong."""

from __future__ import annotations

import collections
import datetime as dt
import functools
import importlib
import re
from typing import Any

import msgspec
import numpy as np
import pytest

import vitrify
from tests.support.equality import assert_same
from tests.support.forge import Forged, forge, forge_value, reforge, refusal, tamper
from vitrify.converters import builtins
from vitrify.errors import FormatError, LimitError, StateError, UnsupportedError, UntrustedTypeError
from vitrify.graph.schema import Graph

DATETIME = {"year": 2024, "month": 2, "day": 29, "hour": 0, "minute": 0, "second": 0, "microsecond": 0, "fold": 0}
HOSTILE: dict[str, tuple[str, dict[str, Any], str]] = {
    "complex of ints": ("complex", {"real": 1, "imag": 0.0}, "found an int, expected float"),
    "range with step 0": ("range", {"start": 0, "stop": 1, "step": 0}, "range() arg 3 must not be zero"),
    "range of floats": ("range", {"start": 0.0, "stop": 1, "step": 1}, "found a float, expected int"),
    "slice of a slice": ("slice", {"start": slice(1), "stop": 1, "step": 1}, "the bound of a slice is a slice"),
    "bytearray by size": ("bytearray", {"data": 10**12}, "found an int, expected bytes"),
    "Fraction over 0": ("fractions.Fraction", {"numerator": 1, "denominator": 0}, "it is not in lowest terms"),
    "Fraction not reduced": ("fractions.Fraction", {"numerator": 2, "denominator": 4}, "it is not in lowest terms"),
    "Fraction of huge parts": (
        "fractions.Fraction",
        {"numerator": 1, "denominator": 3**200_000},
        "a part has more than 131072 bits",
    ),
    "deque beyond maxlen": ("collections.deque", {"items": [1, 2], "maxlen": 1}, "2 items do not fit a maxlen of 1"),
    "deque with negative maxlen": (
        "collections.deque",
        {"items": [], "maxlen": -1},
        "0 items do not fit a maxlen of -1",
    ),
    "deque with endless maxlen": ("collections.deque", {"items": [], "maxlen": 2**70}, "OverflowError"),
    "deque of a string": ("collections.deque", {"items": "abc", "maxlen": None}, "found a str, expected list"),
    "OrderedDict of a list": ("collections.OrderedDict", {"pairs": [1]}, "found a list, expected dict"),
    "Counter of text": ("collections.Counter", {"pairs": "abc"}, "found a str, expected dict"),
    "factory that is a number": (
        "collections.defaultdict",
        {"default_factory": 3, "pairs": {}},
        "default_factory is an int",
    ),
    "factory that is a list": (
        "collections.defaultdict",
        {"default_factory": [], "pairs": {}},
        "default_factory is a list",
    ),
    "ChainMap of a dict": ("collections.ChainMap", {"maps": {}}, "maps must be a list"),
    "ChainMap of nothing": ("collections.ChainMap", {"maps": None}, "maps must be a list"),
    "namespace of a dunder": (
        "types.SimpleNamespace",
        {"pairs": {"__class__": 1}},
        "it has an attribute that no namespace may have",
    ),
    "namespace of a number": (
        "types.SimpleNamespace",
        {"pairs": {1: 1}},
        "it has an attribute that no namespace may have",
    ),
    "proxy of a list": (
        "types.MappingProxyType",
        {"mapping": [1]},
        "found a list, expected dict or OrderedDict or defaultdict or Counter or ChainMap",
    ),
    "date in a short month": ("datetime.date", {"year": 2023, "month": 2, "day": 29}, "ValueError: day"),
    "date in year 0": ("datetime.date", {"year": 0, "month": 1, "day": 1}, "year must lie in 1 … 9999"),
    "date of floats": ("datetime.date", {"year": 2024.0, "month": 1, "day": 1}, "year must be an int"),
    "datetime with fold 2": ("datetime.datetime", {**DATETIME, "fold": 2, "tzinfo": None}, "fold must lie in 0 … 1"),
    "datetime in a zone of text": ("datetime.datetime", {**DATETIME, "tzinfo": "UTC"}, "tzinfo is a str"),
    "datetime in a class": ("datetime.datetime", {**DATETIME, "tzinfo": dt.date}, "tzinfo is a type"),
    "timedelta beyond its days": (
        "datetime.timedelta",
        {"days": 10**9, "seconds": 0, "microseconds": 0},
        "days must lie in -999999999 … 999999999",
    ),
    "timedelta not normal": (
        "datetime.timedelta",
        {"days": 0, "seconds": 86_400, "microseconds": 0},
        "seconds must lie in 0 … 86399",
    ),
    "timezone of a day": (
        "datetime.timezone",
        {"offset_us": 86_400_000_000, "name": None},
        "offset_us must lie in -86399999999 … 86399999999",
    ),
    "timezone named by a number": (
        "datetime.timezone",
        {"offset_us": 0, "name": 1},
        "found an int, expected str or NoneType",
    ),
    "zone above its folder": ("zoneinfo.ZoneInfo", {"key": "../../../etc/passwd"}, "key is not that of a time zone"),
    "zone with a way up": ("zoneinfo.ZoneInfo", {"key": "Europe/../Europe/Berlin"}, "key is not that of a time zone"),
    "zone from the root": ("zoneinfo.ZoneInfo", {"key": "/etc/localtime"}, "key is not that of a time zone"),
    "zone with a dot": ("zoneinfo.ZoneInfo", {"key": "os.path"}, "key is not that of a time zone"),
    "zone with a NUL": ("zoneinfo.ZoneInfo", {"key": "UTC\0"}, "key is not that of a time zone"),
    "zone without a name": ("zoneinfo.ZoneInfo", {"key": ""}, "key is not that of a time zone"),
    "Decimal of words": ("decimal.Decimal", {"text": "one"}, "it is not a decimal number"),
    "Decimal in another spelling": ("decimal.Decimal", {"text": "1e5"}, "it is not a decimal number"),
    "Decimal with spaces": ("decimal.Decimal", {"text": " 1"}, "it is not a decimal number"),
    "Decimal beyond its range": (
        "decimal.Decimal",
        {"text": "1E+9999999999999999999"},
        "it is not a decimal number that can be held here",
    ),
    "Decimal of a number": ("decimal.Decimal", {"text": 1}, "text must be text"),
    "UUID of 15 bytes": ("uuid.UUID", {"data": bytes(15), "is_safe": "safe"}, "16-char"),
    "UUID of unknown safety": ("uuid.UUID", {"data": bytes(16), "is_safe": "name"}, "'name' is none of safe, "),
    "flags that no pattern has": ("re.RegexFlag", {"member": 1 << 9}, "flags that no pattern has"),
    "flags below zero": ("re.RegexFlag", {"member": -1}, "flags that no pattern has"),
    "flags of text": ("re.RegexFlag", {"member": "I"}, "found a str, expected int"),
    "status that does not exist": ("http.HTTPStatus", {"member": 999}, "999 is not a valid HTTPStatus"),
    "status of text": ("http.HTTPStatus", {"member": "OK"}, "found a str, expected int"),
    "safety by an attribute": ("uuid.SafeUUID", {"member": "__class__"}, "'__class__' is none of safe, "),
    "safety of a number": ("uuid.SafeUUID", {"member": 0}, "found an int, expected str"),
    "path in another spelling": ("pathlib.PurePosixPath", {"text": "a//b/"}, "it is not spelled as its type spells it"),
    "address beyond its range": ("ipaddress.IPv4Address", {"text": "256.1.1.1"}, "Octet 256 (> 255)"),
    "address of great length": (
        "ipaddress.IPv6Address",
        {"text": "::%" + "a" * 1000},
        "text has 1003 characters, at most 200 are possible",
    ),
    "network with host bits": ("ipaddress.IPv4Network", {"text": "10.0.0.1/8"}, "10.0.0.1/8 has host bits set"),
    "pattern of great length": (
        "re.Pattern",
        {"pattern": "a" * 10_001, "flags": 32},
        "it has 10001 characters, at most 10000 are possible",
    ),
    "pattern that is no pattern": ("re.Pattern", {"pattern": "(", "flags": 32}, "the pattern cannot be compiled"),
    "pattern of deep nesting": (
        "re.Pattern",
        {"pattern": "(" * 5000 + ")" * 5000, "flags": 32},
        "the pattern cannot be compiled",
    ),
    "pattern of slow ranges": (
        "re.Pattern",
        {"pattern": "[\0-\uffff]" * 1000, "flags": 34},
        "it ignores case and has more than 200 ranges",
    ),
    "pattern of slow inline ranges": (
        "re.Pattern",
        {"pattern": "(?i:" + "[\0-\uffff]" * 1000 + ")", "flags": 32},
        "it ignores case and has more than 200 ranges",
    ),
    "pattern that repeats too often": (
        "re.Pattern",
        {"pattern": "a{99999999999}", "flags": 32},
        "OverflowError: the repetition number is too large",
    ),
    "pattern that prints": ("re.Pattern", {"pattern": "a", "flags": 32 | int(re.DEBUG)}, "flags 160 are not possible"),
    "pattern without its flag": ("re.Pattern", {"pattern": "a", "flags": 0}, "the flags are not those of the pattern"),
    "pattern with huge flags": (
        "re.Pattern",
        {"pattern": "a", "flags": 2**70},
        "flags 1180591620717411303424 are not possible",
    ),
    "state of zeros": (
        "random.Random",
        {"key": np.zeros(624, np.uint32), "pos": 0, "gauss": None},
        "its state is the one that never changes",
    ),
    "state beyond its end": (
        "random.Random",
        {"key": np.ones(624, np.uint32), "pos": 625, "gauss": None},
        "its state is not 624 words and a position",
    ),
    "state of other words": (
        "random.Random",
        {"key": np.ones(624, np.int64), "pos": 0, "gauss": None},
        "its state is not 624 words and a position",
    ),
}


def partial_of(func: Any, *args: Any, **keywords: Any) -> dict[str, Any]:
    return {"func": func, "args": args, "keywords": keywords, "attributes": None}


HOSTILE |= {
    name: ("functools.partial", fields, says)
    for name, (fields, says) in {
        "call of text": (partial_of("os.system", "true"), "a str is not a reviewed function"),
        "call of a partial": (partial_of(functools.partial(int)), "its function is a partial"),
        "call with out=": (partial_of(np.log, out=np.zeros(2)), "numpy.log may not be given out= beforehand"),
        "call with where=": (
            partial_of(np.add, where=np.zeros(1, bool)),
            "numpy.add may not be given where= beforehand",
        ),
        "call with casting=": (partial_of(np.add, casting="unsafe"), "numpy.add may not be given casting= beforehand"),
        "call with out by position": (
            partial_of(np.log, np.zeros(2)),
            "numpy.log may be given 0 arguments beforehand, found 1",
        ),
        "call with out behind": (
            partial_of(np.clip, np.zeros(2), 0, 1),
            "numpy.clip may be given 0 arguments beforehand, found 3",
        ),
        "call with key=": (partial_of(sorted, key=len), "builtins.sorted may not be given key= beforehand"),
        "call with an object array": (
            partial_of(np.clip, a_min=np.array([None]), a_max=1),
            "numpy.clip may be given plain values only",
        ),
        "call with a dtype to parse": (
            partial_of(np.asarray, dtype="f8," * 100),
            "numpy.asarray may not be given this dtype=",
        ),
        "call with endless digits": (
            partial_of(round, ndigits=-(10**9)),
            "builtins.round may not be given this ndigits=",
        ),
        "class with arguments": (partial_of(list, [1]), "builtins.list may be given 0 arguments beforehand, found 1"),
        "factory that is no factory": (
            partial_of(collections.defaultdict, 3),
            "collections.defaultdict takes a factory",
        ),
        "keyword that is no text": ({**partial_of(int), "keywords": {1: 2}}, "a keyword is not a string"),
        "attribute that hides a method": (
            {**partial_of(int), "attributes": {"__call__": 1}},
            "it has an attribute that no partial may have",
        ),
        "arguments that are a list": ({**partial_of(int), "args": [1]}, "found a list, expected tuple"),
    }.items()
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_field_is_refused_before_anything_is_built(name: str) -> None:
    """The file is whole and its digests are right; only the content is not possible."""
    type_id, fields, says = HOSTILE[name]
    with pytest.raises(StateError) as caught:
        vitrify.loads(forge(type_id, fields))
    assert caught.value.message.startswith(f"<bytes>: {type_id}")
    assert says in caught.value.message
    assert caught.value.path == "$"


CONVERTERS = [c for family in builtins.FAMILIES for c in importlib.import_module(family.module).CONVERTERS]
NONSENSE = [None, True, -1, 2**70, 0.5, "", "x\0", b"", (), [], {}, [[]], {"a": None}, np.zeros(3), int, ...]


@pytest.mark.parametrize("converter", CONVERTERS, ids=lambda converter: converter.type_id)
def test_nonsense_in_every_field_gives_an_object_or_one_of_our_errors(converter: Any) -> None:
    """Every field in turn, and all of them at once."""
    for nonsense in NONSENSE:
        cases = [dict.fromkeys(converter.fields, nonsense)]
        cases += [{**dict.fromkeys(converter.fields, 1), field: nonsense} for field in converter.fields]
        for fields in cases:
            said = refusal(converter.type_id, fields)
            assert said is None or said[0].startswith(f"<bytes>: {converter.type_id}")
            assert said is None or said[1] == "$"


@pytest.mark.parametrize("converter", [c for c in CONVERTERS if c.fields], ids=lambda converter: converter.type_id)
def test_missing_and_surplus_fields_are_refused(converter: Any) -> None:
    """The fields are exactly those of the converter."""
    for fields in (converter.fields[:-1], (*converter.fields, "more")):
        with pytest.raises(StateError) as caught:
            vitrify.loads(forge(converter.type_id, dict.fromkeys(fields, 1)))
        found, right = ", ".join(fields), ", ".join(converter.fields)
        assert caught.value.message == f"<bytes>: {converter.type_id}: has the fields {found}, not {right}"
        assert caught.value.path == "$"


def test_a_zone_that_does_not_exist_here_names_the_remedy() -> None:
    """Newer tz databases have zones that older ones lack."""
    with pytest.raises(UnsupportedError, match="tzdata"):
        vitrify.loads(forge("zoneinfo.ZoneInfo", {"key": "Mars/Olympus_Mons"}))


def test_a_cycle_through_what_is_made_whole_is_refused() -> None:
    """A forged proxy of a dict that holds the proxy."""
    data = forge_value([Forged("types.MappingProxyType", {"mapping": {"a": 1}})])

    def tie(graph: Graph) -> Graph:
        tables = []
        number = next(i for i, t in enumerate(graph.tables) if t.type == "types.MappingProxyType")
        for table in graph.tables:
            if table.type == "dict":
                columns = {**table.columns, "values": type(graph.root)(number, 0)}
                table = msgspec.structs.replace(table, columns=columns)
            tables.append(table)
        return msgspec.structs.replace(graph, tables=tuple(tables))

    with pytest.raises(FormatError, match="cycle"):
        vitrify.loads(reforge(data, tie))


def test_no_function_beyond_the_list_can_be_named() -> None:
    """Neither without trust nor with it."""

    def rename(graph: Graph) -> Graph:
        names = tuple(msgspec.structs.replace(name, name="os.system") for name in graph.names)
        return msgspec.structs.replace(graph, names=names)

    data = reforge(vitrify.dumps(functools.partial(len)), rename)
    with pytest.raises(UntrustedTypeError, match="can never be trusted") as caught:
        vitrify.loads(data)
    assert (caught.value.names, caught.value.is_grantable) == (("os.system",), False)
    with pytest.raises(UnsupportedError, match="never be trusted"):
        vitrify.loads(data, trust=["os.system"])


@pytest.mark.parametrize(
    ("type_id", "fields"),
    [
        ("collections.deque", {"items": None, "maxlen": None}),
        ("functools.partial", {"func": None, "args": None, "keywords": None, "attributes": None}),
        ("random.Random", {"key": None, "pos": 0, "gauss": None}),
        ("decimal.Decimal", {"text": "1" * 1000}),
        ("re.Pattern", {"pattern": "a", "flags": 32}),
    ],
)
def test_a_constant_column_cannot_become_a_memory_bomb(type_id: str, fields: dict[str, Any]) -> None:
    """A few bytes of a file may claim millions of rows; what they would take is counted first."""

    def multiply(graph: Graph) -> Graph:
        few = [msgspec.structs.replace(t, rows=5_000_000) if t.type == type_id else t for t in graph.tables]
        return msgspec.structs.replace(graph, tables=tuple(few))

    with pytest.raises(LimitError, match=r"would take [0-9]+ bytes"):
        vitrify.loads(reforge(forge(type_id, fields), multiply))


def test_tampering_with_one_field_changes_that_field_only() -> None:
    """The helper of these tests does what it says."""
    value = collections.deque([1, 2], maxlen=3)
    assert_same(collections.deque([1, 2], maxlen=7), vitrify.loads(tamper(value, "collections.deque", maxlen=7)))
    assert_same(
        collections.deque([2], maxlen=3), vitrify.loads(tamper(value, "collections.deque", items=lambda old: old[1:]))
    )
