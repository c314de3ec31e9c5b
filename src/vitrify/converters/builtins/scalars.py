"""Small values of Python itself: complex, Fraction, range, slice, bytearray, Ellipsis, members of three enumerations.

A slice directly within a slice is refused: Python frees such chains recursively and would exhaust the stack.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from fractions import Fraction
from importlib import import_module
from math import gcd
from typing import Any, Final

from vitrify.converters.checking.values import charge, exact
from vitrify.errors import UnsupportedError
from vitrify.graph.converter import Converter
from vitrify.graph.rows import Rows

_MAX_FRACTION_BITS: Final = 1 << 17
_MAX_FLAGS: Final = 1 << 9
"""Above all flags of `re`."""


def _decode_complex(real: float, imag: float) -> complex:
    exact(real, float)
    exact(imag, float)
    return complex(real, imag)


def _decode_range(start: int, stop: int, step: int) -> range:
    for part in (start, stop, step):
        exact(part, int)
    return range(start, stop, step)


def _encode_slice(value: slice) -> tuple[object, ...]:
    parts = (value.start, value.stop, value.step)
    if slice in map(type, parts):
        raise UnsupportedError("a slice whose bound is a slice")
    return parts


def _decode_slice(start: object, stop: object, step: object) -> slice:
    if slice in map(type, (start, stop, step)):
        raise ValueError("the bound of a slice is a slice")
    return slice(start, stop, step)


def _decode_bytearray(data: bytes) -> bytearray:
    exact(data, bytes)
    return bytearray(data)


def _encode_fraction(value: Fraction) -> tuple[object, ...]:
    if max(value.numerator.bit_length(), value.denominator.bit_length()) > _MAX_FRACTION_BITS:
        raise UnsupportedError(f"a Fraction of more than {_MAX_FRACTION_BITS} bits", hint="Round it first")
    return value.numerator, value.denominator


def _decode_fraction(numerator: int, denominator: int) -> Fraction:
    exact(numerator, int)
    exact(denominator, int)
    if max(numerator.bit_length(), denominator.bit_length()) > _MAX_FRACTION_BITS:
        raise ValueError(f"a part has more than {_MAX_FRACTION_BITS} bits")
    if denominator < 1 or gcd(numerator, denominator) != 1:
        raise ValueError("it is not in lowest terms")
    return Fraction(numerator, denominator)


def _decode_flags(value: int) -> re.RegexFlag:
    exact(value, int)
    if not 0 <= value < _MAX_FLAGS:
        raise ValueError("flags that no pattern has")
    return re.RegexFlag(value)


def _decode_status(value: int) -> object:
    exact(value, int)
    return import_module("http").HTTPStatus(value)


def decode_safety(name: str) -> Any:
    """The member of `uuid.SafeUUID` of that name.

    Raises:
        TypeError: The name is no text.
        ValueError: There is none of it.
    """
    exact(name, str)
    members = import_module("uuid").SafeUUID.__members__
    if name not in members:
        raise ValueError(f"{name[:40]!r} is none of {', '.join(members)}")
    return members[name]


def _charged(n_bytes: int) -> Any:
    def check(rows: Rows) -> None:
        charge(rows, n_bytes)

    return check


def _members(name: str, told: Callable[[Any], int | str], decode: Callable[..., Any]) -> Converter[Any]:
    """Members of an enumeration of the standard library, by what is told of each."""
    return Converter(
        type_id=name, types=(name,), fields=("member",), encode=lambda member: (told(member),), decode=decode
    )


CONVERTERS: Final[tuple[Converter[Any], ...]] = (
    Converter(
        type_id="complex",
        types=("builtins.complex",),
        fields=("real", "imag"),
        encode=lambda value: (value.real, value.imag),
        decode=_decode_complex,
    ),
    Converter(
        type_id="range",
        types=("builtins.range",),
        fields=("start", "stop", "step"),
        encode=lambda value: (int(value.start), int(value.stop), int(value.step)),
        decode=_decode_range,
    ),
    Converter(
        type_id="slice",
        types=("builtins.slice",),
        fields=("start", "stop", "step"),
        encode=_encode_slice,
        decode=_decode_slice,
    ),
    Converter(
        type_id="bytearray",
        types=("builtins.bytearray",),
        fields=("data",),
        encode=lambda value: (bytes(value),),
        decode=_decode_bytearray,
        check=_charged(64),
    ),
    Converter(
        type_id="fractions.Fraction",
        types=("fractions.Fraction",),
        fields=("numerator", "denominator"),
        encode=_encode_fraction,
        decode=_decode_fraction,
        check=_charged(64),
    ),
    _members("re.RegexFlag", int, _decode_flags),
    _members("http.HTTPStatus", int, _decode_status),
    _members("uuid.SafeUUID", lambda safety: safety.name, decode_safety),
    Converter(
        type_id="Ellipsis",
        types=("builtins.ellipsis",),
        fields=(),
        encode=lambda _: (),
        decode=lambda: Ellipsis,
    ),
    Converter(
        type_id="NotImplemented",
        types=("builtins.NotImplementedType",),
        fields=(),
        encode=lambda _: (),
        decode=lambda: NotImplemented,
    ),
)
