"""The bytes of single values of any type, for mixtures, records and names: a tag, then the value (SPEC.md §7.6).

Equal values have equal bytes, whichever library holds them: a number of numpy is that of Python, a moment is counted
in nanoseconds of UTC. What has no form of its own goes by the name of its type and its `repr`; a `repr` that tells
where in memory a value lies is refused.
"""

from __future__ import annotations

import datetime as dt
import struct
from collections.abc import Iterable, Mapping
from numbers import Integral
from typing import Any, Final

import numpy as np

from vitrify.errors import UnsupportedError
from vitrify.graph.paths import cut, with_article
from vitrify.record.data.tables import is_nothing, moment_ns, span_ns

_MAX_DEPTH: Final = 32


def tagged(value: Any, depth: int = 0) -> bytes:
    """The bytes of a value, whatever its type.

    Raises:
        UnsupportedError: It has no bytes that stay the same, or holds values deeper than 32 levels.
    """
    if type(value) is str:
        return b"t" + utf8(value)
    if is_nothing(value):
        return b"0"
    if isinstance(value, (bool, np.bool_)):
        return b"b\1" if value else b"b\0"
    if isinstance(value, np.timedelta64):  # before integers, which it counts as
        return b"m" + _decimal(span_ns(value))
    if isinstance(value, Integral):
        return b"i" + _decimal(int(value))
    if isinstance(value, (float, np.floating)):
        return b"f" + struct.pack("<d", float(value) + 0.0)
    if isinstance(value, (complex, np.complexfloating)):
        return b"c" + struct.pack("<dd", value.real + 0.0, value.imag + 0.0)
    if isinstance(value, str):
        return b"t" + utf8(str(value))
    if isinstance(value, (bytes, bytearray, memoryview)):
        return b"y" + sized(bytes(value))
    if isinstance(value, (dt.datetime, np.datetime64)):
        return b"M" + _decimal(moment_ns(value))
    if isinstance(value, dt.timedelta):
        return b"m" + _decimal(span_ns(value))
    if depth >= _MAX_DEPTH:
        raise UnsupportedError(
            f"a value of the data holds others deeper than {_MAX_DEPTH} levels",
            hint="Give rows of plain values",
        )
    return _of_many(value, depth + 1)


def _of_many(value: Any, depth: int) -> bytes:
    if isinstance(value, np.ndarray):
        value = value.tolist() if value.dtype.kind not in "mM" else list(value)
    if isinstance(value, (list, tuple)):
        return b"l" + _counted([tagged(item, depth) for item in value])
    if isinstance(value, Mapping):
        return b"d" + _counted(sorted(tagged(key, depth) + tagged(item, depth) for key, item in value.items()))
    if isinstance(value, (set, frozenset)):
        return b"s" + _counted(sorted(tagged(item, depth) for item in value))
    shown = repr(value)
    if " at 0x" in shown:
        raise UnsupportedError(
            f"a value of the data is {with_article(cut(type(value).__qualname__))}, which has no form that "
            "stays the same",
            hint="Convert it to numbers or text",
        )
    return b"o" + utf8(type(value).__qualname__) + utf8(shown)


def utf8(text: str) -> bytes:
    """The length and bytes of a text; lone surrogates count as three bytes."""
    return sized(text.encode("utf-8", "surrogatepass"))


def sized(data: bytes) -> bytes:
    """The length in eight bytes, then the bytes."""
    return struct.pack("<Q", len(data)) + data


def _counted(parts: Iterable[bytes]) -> bytes:
    parts = list(parts)
    return struct.pack("<Q", len(parts)) + b"".join(parts)


def _decimal(number: int) -> bytes:
    return sized(str(number).encode())
