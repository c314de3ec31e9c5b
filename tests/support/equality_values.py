"""How values of the standard library are compared: atoms, containers, dates, patterns, functions."""

from __future__ import annotations

import collections
import datetime as dt
import decimal
import enum
import fractions
import functools
import math
import pathlib
import re
import types
import uuid
import zoneinfo
from collections.abc import Callable
from typing import Any

from tests.support.equality_step import Step
from tests.support.equality_walk import Origin, Rule, Walk, brief

__all__ = ["IDENTITY", "RULES", "same_float"]


def same_float(one: float, two: float) -> bool:
    """Bit for bit, except that every NaN equals every NaN."""
    if math.isnan(one) or math.isnan(two):
        return math.isnan(one) and math.isnan(two)
    return one == two and math.copysign(1.0, one) == math.copysign(1.0, two)


def compare_identity(walk: Walk, expected: object, found: object, step: Step) -> None:
    """For what exists once in a process: classes, functions, modules, members of enums, singletons."""
    if expected is not found:
        walk.unequal(step, expected, found)


def _by(*reads: Callable[[Any], object]) -> Callable[[Walk, Any, Any, Step], None]:
    """A comparison by values that are exact under `==` once their types agree."""

    def compare(walk: Walk, expected: Any, found: Any, step: Step) -> None:
        for read in reads:
            mine, theirs = read(expected), read(found)
            if type(mine) is not type(theirs) or mine != theirs:
                walk.report(step, f"{mine!r}"[:80], f"{theirs!r}"[:80])
                return

    return compare


def _compare_float(walk: Walk, expected: float, found: float, step: Step) -> None:
    if not same_float(float(expected), float(found)):
        walk.unequal(step, expected, found)


def _compare_complex(walk: Walk, expected: complex, found: complex, step: Step) -> None:
    if not (same_float(expected.real, found.real) and same_float(expected.imag, found.imag)):
        walk.unequal(step, expected, found)


def _compare_atom(walk: Walk, expected: object, found: object, step: Step) -> None:
    if expected != found:
        walk.unequal(step, expected, found)


def _compare_slice(walk: Walk, expected: slice, found: slice, step: Step) -> None:
    for name in ("start", "stop", "step"):
        walk.compare(getattr(expected, name), getattr(found, name), step, ".", name)


def _items_by(kind: Any) -> Callable[[Walk, Any, Any, Step], None]:
    """A comparison item by item with `kind`'s own length and iterator, whatever a subclass overrides."""

    def compare(walk: Walk, expected: Any, found: Any, step: Step) -> None:
        if kind.__len__(expected) != kind.__len__(found):
            walk.report(step, f"{kind.__len__(expected)} items", f"{kind.__len__(found)} items")
            return
        pairs = zip(kind.__iter__(expected), kind.__iter__(found), strict=True)
        for index, (mine, theirs) in enumerate(pairs):
            walk.compare(mine, theirs, step, "[", index)

    return compare


def _compare_deque(walk: Walk, expected: collections.deque[Any], found: collections.deque[Any], step: Step) -> None:
    walk.compare(expected.maxlen, found.maxlen, step, ".", "maxlen")
    _items_by(collections.deque)(walk, expected, found, step)


def _dict_by(kind: Any) -> Callable[[Walk, Any, Any, Step], None]:
    """A comparison in the order of `kind`'s own items: an OrderedDict's order is not that of its dict."""

    def compare(walk: Walk, expected: dict[Any, Any], found: dict[Any, Any], step: Step) -> None:
        if dict.__len__(expected) != dict.__len__(found):
            missing, extra = _keys_apart(expected, found), _keys_apart(found, expected)
            walk.report(step, f"{dict.__len__(expected)} keys{missing}", f"{dict.__len__(found)}{extra}")
            return
        pairs = zip(kind.items(expected), kind.items(found), strict=True)
        for number, ((my_key, my_value), (their_key, their_value)) in enumerate(pairs):
            walk.compare(my_key, their_key, step, "<", f"key {number}")
            walk.compare(my_value, their_value, step, "[", my_key)

    return compare


def _keys_apart(one: dict[Any, Any], two: dict[Any, Any]) -> str:
    keys = [brief(key) for key in dict.keys(one) if not dict.__contains__(two, key)]
    return f" ({', '.join(keys[:3])} only here)" if keys else ""


def _compare_defaultdict(walk: Walk, expected: Any, found: Any, step: Step) -> None:
    walk.compare(expected.default_factory, found.default_factory, step, ".", "default_factory")
    _dict_by(dict)(walk, expected, found, step)


def _compare_mapping_proxy(walk: Walk, expected: Any, found: Any, step: Step) -> None:
    walk.compare(dict(expected), dict(found), step, "<", "mapping", Origin.MADE)


def _compare_set(walk: Walk, expected: Any, found: Any, step: Step) -> None:
    """Match elements by hash first; what is left (NaN, objects hashed by identity) by content."""
    if len(expected) != len(found):
        walk.report(step, f"{len(expected)} elements", f"{len(found)} elements")
        return
    by_hash = {element: element for element in found}
    left = []
    for element in expected:
        if element in by_hash:
            walk.compare(element, by_hash.pop(element), step, "<", "element")
        else:
            left.append(element)
    rest = list(by_hash.values())
    for element in left:
        match = _match_in(walk, element, rest)
        if match is None:
            walk.report(step, f"an element {brief(element)}", "none that matches")
        else:
            walk.compare(element, rest.pop(match), step, "<", "element")


def _match_in(walk: Walk, element: object, candidates: list[Any]) -> int | None:
    partner = walk.partner_id(element)
    for position, candidate in enumerate(candidates):
        if partner == id(candidate):
            return position
    for position, candidate in enumerate(candidates):
        if type(candidate) is type(element) and walk.could_match(element, candidate):
            return position
    return None


def _compare_partial(walk: Walk, expected: Any, found: Any, step: Step) -> None:
    walk.compare(expected.func, found.func, step, ".", "func")
    walk.compare(expected.args, found.args, step, ".", "args")
    walk.compare(expected.keywords, found.keywords, step, ".", "keywords", Origin.MADE)


def _compare_method(walk: Walk, expected: Any, found: Any, step: Step) -> None:
    walk.compare(expected.__func__, found.__func__, step, ".", "__func__")
    walk.compare(expected.__self__, found.__self__, step, ".", "__self__")


def _compare_builtin(walk: Walk, expected: Any, found: Any, step: Step) -> None:
    """A built-in function exists once; a method of an object (`[].append`) is made anew at each access."""
    owner = expected.__self__
    if isinstance(owner, types.NoneType | types.ModuleType | type):
        compare_identity(walk, expected, found, step)
    elif expected.__name__ != found.__name__:
        walk.report(step, expected.__name__, found.__name__)
    else:
        walk.compare(owner, found.__self__, step, ".", "__self__")


def _compare_time(walk: Walk, expected: Any, found: Any, step: Step) -> None:
    """Part by part (clock reading, fold, zone), because `==` on aware values compares instants."""
    _by(lambda value: value.replace(tzinfo=None), lambda value: value.fold)(walk, expected, found, step)
    walk.compare(expected.tzinfo, found.tzinfo, step, ".", "tzinfo")


def _compare_zone(walk: Walk, expected: Any, found: Any, step: Step) -> None:
    """Zones of one key are one table; a zone read from a file has no key, and its table is out of reach."""
    if expected is not found and (expected.key is None or expected.key != found.key):
        walk.report(step, f"time zone {expected.key}", f"time zone {found.key}")


def _compare_exception(walk: Walk, expected: Any, found: Any, step: Step) -> None:
    walk.compare(expected.args, found.args, step, ".", "args")


IDENTITY = Rule(compare=compare_identity, tracked=False, attributes=False)

RULES: dict[type, Rule] = {
    **dict.fromkeys((int, str, bytes, type(None)), Rule(compare=_compare_atom, tracked=False)),
    **dict.fromkeys(
        (
            type,
            enum.Enum,
            types.FunctionType,
            types.ModuleType,
            types.WrapperDescriptorType,
            types.MethodDescriptorType,
            type(Ellipsis),
            type(NotImplemented),
        ),
        IDENTITY,
    ),
    bool: IDENTITY,
    bytearray: Rule(compare=_compare_atom, tracked=True),
    float: Rule(compare=_compare_float, tracked=False),
    complex: Rule(compare=_compare_complex, tracked=False),
    range: Rule(compare=_by(lambda numbers: (numbers.start, numbers.stop, numbers.step)), tracked=False),
    types.GenericAlias: Rule(compare=_by(lambda alias: (alias.__origin__, alias.__args__)), tracked=False),
    slice: Rule(compare=_compare_slice, tracked=False),
    tuple: Rule(compare=_items_by(tuple), tracked=False),
    list: Rule(compare=_items_by(list), tracked=True),
    collections.deque: Rule(compare=_compare_deque, tracked=True),
    dict: Rule(compare=_dict_by(dict), tracked=True),
    collections.OrderedDict: Rule(compare=_dict_by(collections.OrderedDict), tracked=True),
    collections.defaultdict: Rule(compare=_compare_defaultdict, tracked=True),
    types.MappingProxyType: Rule(compare=_compare_mapping_proxy, tracked=True),
    set: Rule(compare=_compare_set, tracked=True),
    frozenset: Rule(compare=_compare_set, tracked=False),
    functools.partial: Rule(compare=_compare_partial, tracked=True),
    types.MethodType: Rule(compare=_compare_method, tracked=False),
    types.BuiltinFunctionType: Rule(compare=_compare_builtin, tracked=False),
    dt.datetime: Rule(compare=_compare_time, tracked=False),
    dt.time: Rule(compare=_compare_time, tracked=False),
    dt.date: Rule(compare=_compare_atom, tracked=False),
    dt.timedelta: Rule(compare=_compare_atom, tracked=False),
    dt.timezone: Rule(compare=_by(lambda zone: zone.__getinitargs__()), tracked=False),
    zoneinfo.ZoneInfo: Rule(compare=_compare_zone, tracked=False),
    decimal.Decimal: Rule(compare=_by(lambda number: number.as_tuple()), tracked=False),
    fractions.Fraction: Rule(compare=_by(lambda number: (number.numerator, number.denominator)), tracked=False),
    uuid.UUID: Rule(compare=_by(lambda value: value.int, lambda value: value.is_safe), tracked=False, attributes=False),
    pathlib.PurePath: Rule(compare=_by(str), tracked=False, attributes=False),
    re.Pattern: Rule(compare=_by(lambda pattern: pattern.pattern, lambda pattern: pattern.flags), tracked=False),
    BaseException: Rule(compare=_compare_exception, tracked=True),
}
