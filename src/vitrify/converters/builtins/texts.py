"""Types that are the text they print: Decimal, paths, network addresses; and UUID, which is 16 bytes.

A path is data: nothing is opened, resolved or looked up. A concrete path comes back concrete on the kind of system
where it was saved, and as the pure path of that kind elsewhere: `WindowsPath` loads on Linux as `PureWindowsPath`.
"""

from __future__ import annotations

import ipaddress
import os
import pathlib
import re
import uuid
from collections.abc import Callable
from decimal import Context, Decimal, InvalidOperation
from typing import Any, Final

from vitrify.converters.builtins.scalars import decode_safety
from vitrify.converters.checking.values import charge, exact, require_texts
from vitrify.errors import UnsupportedError
from vitrify.graph.converter import Converter
from vitrify.graph.paths import with_article
from vitrify.graph.rows import Rows

_DECIMAL: Final = re.compile(r"-?(?:[0-9]+(?:\.[0-9]+)?(?:E[+-][0-9]{1,19})?|Infinity|s?NaN[0-9]*)", re.ASCII)
_SPELLING: Final = Context(capitals=1)
_MAX_CHARS: Final = 1 << 20
_MAX_ADDRESS_CHARS: Final = 200
_ADDRESSES: Final = (
    ipaddress.IPv4Address, ipaddress.IPv6Address, ipaddress.IPv4Interface, ipaddress.IPv6Interface,
    ipaddress.IPv4Network, ipaddress.IPv6Network,
)  # fmt: skip
_IS_WINDOWS: Final = os.name == "nt"
_PATHS: Final[dict[str, type[pathlib.PurePath]]] = {
    "PurePosixPath": pathlib.PurePosixPath,
    "PureWindowsPath": pathlib.PureWindowsPath,
    "PosixPath": pathlib.PurePosixPath if _IS_WINDOWS else pathlib.PosixPath,
    "WindowsPath": pathlib.WindowsPath if _IS_WINDOWS else pathlib.PureWindowsPath,
}


def _check_texts(rows: Rows) -> None:
    require_texts(rows, "text", _MAX_CHARS)


def _check_addresses(rows: Rows) -> None:
    charge(rows, 200)
    require_texts(rows, "text", _MAX_ADDRESS_CHARS)


def _check_uuids(rows: Rows) -> None:
    charge(rows, 200)
    require_texts(rows, "is_safe", 7)


def _encode_decimal(value: Decimal) -> tuple[object, ...]:
    """Its text, whatever the caller's own decimal context says about capitals."""
    text = _SPELLING.to_sci_string(value)
    if len(text) > _MAX_CHARS:
        raise UnsupportedError(f"a Decimal of {len(text)} characters", hint="Round it first")
    return (text,)


def _encode_text(value: object) -> tuple[object, ...]:
    """The text of a value that it would be made of again, exactly."""
    text = str(value)
    if len(text) > _MAX_CHARS or str(type(value)(text)) != text:  # type: ignore[call-arg]  # all of these take their text
        raise UnsupportedError(f"{with_article(type(value).__name__)} that is not what it prints ({text[:40]!r})")
    return (text,)


def _decode_decimal(text: str) -> Decimal:
    if not _DECIMAL.fullmatch(text):
        raise ValueError("it is not a decimal number")
    try:
        made = Decimal(text)
    except InvalidOperation as error:
        raise ValueError("it is not a decimal number that can be held here") from error
    if _SPELLING.to_sci_string(made) != text:
        raise ValueError("it is not spelled as a decimal number is")
    return made


def _decoder(cls: Callable[[str], Any]) -> Callable[[str], Any]:
    def decode(text: str) -> Any:
        made = cls(text)
        if str(made) != text:
            raise ValueError("it is not spelled as its type spells it")
        return made

    return decode


def _decode_uuid(data: bytes, is_safe: str) -> uuid.UUID:
    exact(data, bytes)
    return uuid.UUID(bytes=data, is_safe=decode_safety(is_safe))


CONVERTERS: Final[tuple[Converter[Any], ...]] = (
    Converter(
        type_id="decimal.Decimal",
        types=("decimal.Decimal",),
        fields=("text",),
        encode=_encode_decimal,
        decode=_decode_decimal,
        check=_check_texts,
    ),
    Converter(
        type_id="uuid.UUID",
        types=("uuid.UUID",),
        fields=("data", "is_safe"),
        encode=lambda value: (value.bytes, value.is_safe.name),
        decode=_decode_uuid,
        check=_check_uuids,
    ),
    *(
        Converter(
            type_id=f"pathlib.{name}",
            types=(f"pathlib.{name}", f"pathlib._local.{name}"),
            fields=("text",),
            encode=_encode_text,
            decode=_decoder(cls),
            check=_check_texts,
        )
        for name, cls in _PATHS.items()
    ),
    *(
        Converter(
            type_id=f"ipaddress.{cls.__name__}",
            types=(f"ipaddress.{cls.__name__}",),
            fields=("text",),
            encode=_encode_text,
            decode=_decoder(cls),
            check=_check_addresses,
        )
        for cls in _ADDRESSES
    ),
)
