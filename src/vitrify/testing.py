"""The conformance kit for authors of converters.

`check_converter` runs every promise that vitrify makes of its own converters against yours. It needs no test
framework: it raises AssertionError with what is wrong.
"""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Callable, Sequence
from typing import Any, Final

import numpy as np

from vitrify.api import dumps, loads
from vitrify.errors import VitrifyError
from vitrify.graph.converter import Converter
from vitrify.graph.registry import full_name

_HOSTILE: Final[tuple[Any, ...]] = (
    None, True, -1, 2**40, 10**30, float("nan"), "", "../x", b"\xff", (), [], {}, [None], {"k": object},
    np.empty(0), np.full(3, 2**40), np.array(["x"]),
)  # fmt: skip
_EXPECTED: Final = (VitrifyError, TypeError, ValueError, KeyError, IndexError, OverflowError, AttributeError)
"""What `decode` may meet on values that no object can have; anything else was not thought of."""


def check_converter(
    converter: Converter[Any],
    examples: Sequence[Any],
    *,
    equal: Callable[[Any, Any], bool] = lambda a, b: bool(a == b),
) -> None:
    """Raise AssertionError unless the converter keeps every promise for every example.

    The promises: the object comes back equal and of the same type; saving changes nothing; equal objects give equal
    bytes, also after loading; an object that is used twice is one object again; and whatever a file says in place of
    a field, the answer is an object or a VitrifyError.

    Args:
        converter: The converter.
        examples: Objects of its types; give edge cases, they are what the promises are about.
        equal: How to compare two of them.
    """
    if not examples:
        raise AssertionError("give at least one example")
    for example in examples:
        _check_round_trip(converter, example, equal)
        _check_hostile(converter, example)


def _check_round_trip(converter: Converter[Any], example: Any, equal: Callable[[Any, Any], bool]) -> None:
    name = full_name(type(example))
    if name not in converter.types:
        raise AssertionError(f"{name} is not among the types of {converter.type_id}: {', '.join(converter.types)}")
    values: Any = converter.encode(example)
    if not isinstance(values, tuple) or len(values) != len(converter.fields):
        raise AssertionError(f"encode must return a tuple of {len(converter.fields)} values, one for each field")
    before = copy.deepcopy(example)
    data = dumps(example, converters=[converter])
    if not equal(before, example):
        raise AssertionError(f"saving changed the {name}")
    found = loads(data, converters=[converter])
    if type(found) is not type(example):
        raise AssertionError(f"a {name} came back as a {full_name(type(found))}")
    if not equal(example, found):
        raise AssertionError(f"a {name} came back as something else: {found!r:.200}")
    if dumps(found, converters=[converter]) != data:
        raise AssertionError(f"a {name} gives other bytes after it was loaded; encode must not depend on its history")
    first, second = loads(dumps([example, example], converters=[converter]), converters=[converter])
    if first is not second:
        raise AssertionError(f"one {name} used twice came back as two")


def _check_hostile(converter: Converter[Any], example: Any) -> None:
    """Replace each field by values that do not belong there."""
    values = converter.encode(example)
    for i, field in enumerate(converter.fields):
        for bad in _HOSTILE:
            hostile = (*values[:i], bad, *values[i + 1 :])
            liar = dataclasses.replace(converter, encode=_constant(hostile))
            data = dumps(example, converters=[liar])
            try:
                loads(data, converters=[converter])
            except VitrifyError as error:
                if error.__cause__ is not None and not isinstance(error.__cause__, _EXPECTED):
                    raise AssertionError(
                        f"{field} = {bad!r:.60} gives {type(error.__cause__).__name__}; raise ValueError or TypeError "
                        "in decode, or use Rows.fail in check"
                    ) from error


def _constant(fields: tuple[object, ...]) -> Callable[[Any], tuple[object, ...]]:
    return lambda _: fields
