"""The conformance kit accepts good converters and names what is wrong with bad ones."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

import vitrify
from tests.support.own_code import Plain, Point
from vitrify import Converter
from vitrify.graph.rows import Rows
from vitrify.testing import check_converter


def _check(rows: Rows) -> None:
    for name in ("x", "y"):
        for row, value in enumerate(rows.plain(name)):
            if type(value) is not float:
                rows.fail(row, f"{name} must be a float")


POINT: Converter[Any] = Converter(
    type_id="acme.Point",
    types=("tests.support.own_code.Point",),
    fields=("x", "y"),
    encode=lambda point: (point.x, point.y),
    decode=Point,
    check=_check,
)
BAD: dict[str, tuple[Converter[Any], str]] = {
    "loses a value": (dataclasses.replace(POINT, decode=lambda x, y: Point(x, 0.0)), "came back as something else"),
    "wrong type": (dataclasses.replace(POINT, decode=lambda x, y: Plain((x, y))), "came back as a tests"),
    "too few values": (dataclasses.replace(POINT, encode=lambda point: (point.x,)), "tuple of 2 values"),
    "other types": (dataclasses.replace(POINT, types=("acme.Other",)), "not among the types"),
    "foreign error": (
        dataclasses.replace(POINT, check=lambda rows: None, decode=lambda x, y: Point(_only_float(x), y)),
        "gives ZeroDivisionError",
    ),
}


def _only_float(value: object) -> float:
    if isinstance(value, float):
        return value
    raise ZeroDivisionError


def test_a_good_converter_passes() -> None:
    """Explicit registration is all it needs."""
    check_converter(POINT, [Point(1.0, 2.0), Point(-0.0, 1e308)])


@pytest.mark.parametrize("fault", BAD)
def test_a_bad_converter_is_told_what_is_wrong(fault: str) -> None:
    """The message names the promise that was broken."""
    converter, message = BAD[fault]
    with pytest.raises(AssertionError, match=message):
        check_converter(converter, [Point(1.0, 2.0)])


def test_a_converter_needs_no_trust_but_must_be_passed() -> None:
    """An installed package cannot widen trust; the caller does."""
    data = vitrify.dumps(Point(1.0, 2.0), converters=[POINT])

    assert vitrify.loads(data, converters=[POINT]) == Point(1.0, 2.0)
    with pytest.raises(
        vitrify.errors.UnsupportedError, match=r"^<bytes>: acme\.Point was saved by a converter that is not here"
    ):
        vitrify.loads(data)


def test_two_converters_for_one_type_are_an_error() -> None:
    """Nothing of vitrify's own can be replaced."""
    with pytest.raises(ValueError, match="two converters for"):
        vitrify.dumps(1, converters=[POINT, POINT])
    with pytest.raises(ValueError, match="two converters for"):
        vitrify.dumps(1, converters=[dataclasses.replace(POINT, types=("sklearn.tree._tree.Tree",))])
