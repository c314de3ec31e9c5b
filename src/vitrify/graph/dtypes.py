"""numpy dtypes as text, and back through a grammar of our own (SPEC.md §6.4).

No text from a file is ever given to `numpy.dtype`: it is matched against the grammar first. Object dtypes have no
spelling here, so no bytes of a file can become pointers.
"""

from __future__ import annotations

import re
from functools import lru_cache
from math import prod
from typing import Any, Final, cast

import msgspec
import numpy as np
import numpy.typing as npt

from vitrify.errors import FormatError, UnsupportedError
from vitrify.graph.schema import Dtype

_MAX_ITEM_BYTES: Final = 1 << 30
_SIMPLE: Final = frozenset(
    ["|b1", "|i1", "|u1"]
    + [f"{order}{kind}{size}" for order in "<>" for kind in "iu" for size in (2, 4, 8)]
    + [f"{order}f{size}" for order in "<>" for size in (2, 4, 8, 12, 16)]
    + [f"{order}c{size}" for order in "<>" for size in (8, 16, 24, 32)]
)
_SIZED: Final = re.compile(r"(?:\|[SV]|[<>]U)(?:0|[1-9][0-9]{0,9})")
_TIME: Final = re.compile(r"[<>][mM]8(?:\[([1-9][0-9]{0,8})?(?:Y|M|W|D|h|m|s|ms|us|ns|ps|fs|as)\])?")
_FIELD_KEYS: Final = ("name", "dtype", "offset", "shape", "title")
_CACHED_BYTES: Final = 4096
_STRUCT_KEYS: Final = ("fields", "itemsize", "aligned")

_X87_MANTISSA_BITS: Final = 63
_X87_BYTES: Final = 10
_MAX_CODE_POINT: Final = 0x10FFFF
_X87_SPELLINGS: Final = frozenset({"f12", "f16", "c24", "c32"})
_HAS_X87: Final = np.finfo(np.longdouble).nmant == _X87_MANTISSA_BITS

SAFETENSORS: Final = {
    "|b1": "BOOL", "|u1": "U8", "|i1": "I8", "<u2": "U16", "<i2": "I16", "<f2": "F16", "<u4": "U32", "<i4": "I32",
    "<f4": "F32", "<u8": "U64", "<i8": "I64", "<f8": "F64", "<c8": "C64",
}  # fmt: skip


def encode_dtype(dtype: np.dtype[Any]) -> Dtype:
    """The spelling of `dtype`: numpy's own short form, or an object for a structured dtype.

    Raises:
        UnsupportedError: It holds objects, or is of a kind that has no spelling.
    """
    if dtype.fields is not None:
        if dtype.type is not np.void:
            raise UnsupportedError(
                f"an array of {dtype.type.__name__} items", hint="View it as a plain structured array"
            )
        fields = []
        for name in dtype.names or ():
            entry = dtype.fields[name]
            base, shape = entry[0].subdtype or (entry[0], ())
            check_name(name)
            if base.hasobject and base.fields is None:
                raise UnsupportedError(
                    f"an array of a structured dtype whose field {name!r} has dtype {base}",
                    hint="Give the field texts or numbers of a fixed size, or keep it as an array of its own",
                )
            field: dict[str, object] = {"name": name, "dtype": encode_dtype(base), "offset": entry[1]}
            if shape:
                field["shape"] = list(shape)
            if len(entry) == 3:
                if not isinstance(entry[2], str):
                    raise UnsupportedError(f"a field title of type {type(entry[2]).__name__}")
                check_name(entry[2])
                field["title"] = entry[2]
            fields.append(field)
        return {"fields": fields, "itemsize": dtype.itemsize, "aligned": dtype.isalignedstruct}
    if dtype.hasobject or dtype.subdtype is not None or dtype.type is np.object_ or dtype.char == "T":
        raise UnsupportedError(f"an array of dtype {dtype}")
    text = dtype.str
    if text[1:] in _X87_SPELLINGS and not _HAS_X87:
        raise UnsupportedError(f"an array of dtype {dtype}, which other machines cannot read", hint="Use float64")
    if _is_spelling(text):
        return text
    raise UnsupportedError(f"an array of dtype {dtype}")


def decode_dtype(spelling: Dtype) -> np.dtype[Any]:
    """The dtype that has this spelling, and no other.

    Raises:
        FormatError: It is not a spelling of the grammar, or not the canonical one.
    """
    if isinstance(spelling, str):
        return _decode_simple(spelling)
    text = msgspec.json.encode(spelling)
    return _decode_short(text) if len(text) <= _CACHED_BYTES else _decode_canonical(spelling)


@lru_cache(maxsize=64)
def _decode_short(text: bytes) -> np.dtype[Any]:
    return _decode_canonical(msgspec.json.decode(text))


@lru_cache(maxsize=256)
def _decode_simple(spelling: str) -> np.dtype[Any]:
    if not _is_spelling(spelling):
        raise FormatError(f"unknown dtype {spelling[:80]!r}")
    return _decode_canonical(spelling)


def _decode_canonical(spelling: Dtype) -> np.dtype[Any]:
    dtype = _numpy_dtype(spelling) if isinstance(spelling, str) else _decode_struct(spelling, depth=0)
    if dtype.itemsize > _MAX_ITEM_BYTES or msgspec.json.encode(encode_dtype(dtype)) != msgspec.json.encode(spelling):
        raise FormatError(f"dtype {str(spelling)[:80]!r} is not in canonical form")
    return dtype


def check_name(name: str) -> None:
    """Refuse names that UTF-8 cannot hold.

    Raises:
        UnsupportedError: The name has a lone surrogate.
    """
    if not name.isascii():
        try:
            name.encode()
        except UnicodeEncodeError:
            raise UnsupportedError(f"a name with a lone surrogate, {name!r}", hint="Rename it") from None


def _is_spelling(text: str) -> bool:
    return text in _SIMPLE or (len(text) < 40 and bool(_SIZED.fullmatch(text) or _TIME.fullmatch(text)))


def _numpy_dtype(spelling: str) -> np.dtype[Any]:
    if spelling[1:] in _X87_SPELLINGS and not _HAS_X87:
        raise UnsupportedError(f"dtype {spelling} is the long double of another kind of machine")
    try:
        return np.dtype(spelling)
    except (TypeError, ValueError, OverflowError) as error:
        raise FormatError(f"dtype {spelling!r} does not exist on this platform ({error})") from error


def _decode_struct(spelling: dict[str, object], depth: int) -> np.dtype[Any]:
    fields = spelling.get("fields")
    itemsize = spelling.get("itemsize")
    if tuple(spelling) != _STRUCT_KEYS or not isinstance(fields, list) or depth > 16 or len(fields) > 10_000:
        raise FormatError("malformed structured dtype")
    if type(itemsize) is not int or not 0 <= itemsize <= _MAX_ITEM_BYTES:
        raise FormatError("malformed structured dtype: itemsize")
    names, formats, offsets, titles = [], [], [], []
    for field in fields:
        if not isinstance(field, dict) or not set(field) <= set(_FIELD_KEYS):
            raise FormatError("malformed field of a structured dtype")
        dtype, shape = _decode_field(cast("dict[str, object]", field), depth)
        offset = field.get("offset")
        n_bytes = dtype.itemsize
        for dim in shape:
            n_bytes *= dim
        if type(offset) is not int or offset < 0 or offset + n_bytes > itemsize:
            raise FormatError("a field of a structured dtype lies outside the item")
        names.append(field.get("name"))
        formats.append((dtype, shape) if shape else dtype)
        offsets.append(offset)
        titles.append(field.get("title"))
    parts: dict[str, object] = {"names": names, "formats": formats, "offsets": offsets, "itemsize": itemsize}
    if any(title is not None for title in titles):
        parts["titles"] = titles
    try:
        return np.dtype(parts, align=bool(spelling["aligned"]))  # type: ignore[call-overload, no-any-return]  # a dict form
    except (TypeError, ValueError, OverflowError) as error:
        raise FormatError(f"malformed structured dtype ({error})") from error


def _decode_field(field: dict[str, object], depth: int) -> tuple[np.dtype[Any], tuple[int, ...]]:
    spelling, shape = field.get("dtype"), field.get("shape", [])
    if not isinstance(shape, list) or any(type(n) is not int or not 0 <= n <= _MAX_ITEM_BYTES for n in shape):
        raise FormatError("malformed shape of a field")
    if not isinstance(field.get("name"), str) or len(shape) > 32:
        raise FormatError("malformed field of a structured dtype")
    if isinstance(spelling, str) and _is_spelling(spelling):
        return _numpy_dtype(spelling), tuple(shape)
    if isinstance(spelling, dict):
        return _decode_struct(cast("dict[str, object]", spelling), depth + 1), tuple(shape)
    raise FormatError("unknown dtype of a field")


@lru_cache(maxsize=256)
def value_mask(dtype: np.dtype[Any]) -> bytes:
    """For each byte of an item: 255 if it is part of a value, 0 for the padding of structs and long doubles."""
    if dtype.subdtype is not None:
        base, shape = dtype.subdtype
        return value_mask(base) * prod(shape)
    if dtype.fields is not None:
        mask = bytearray(dtype.itemsize)
        for name in dtype.names or ():
            field, offset = dtype.fields[name][:2]
            mask[offset : offset + field.itemsize] = value_mask(field)
        return bytes(mask)
    if dtype.type in (np.longdouble, np.clongdouble) and _HAS_X87:
        parts = 2 if dtype.type is np.clongdouble else 1
        size = dtype.itemsize // parts
        return (b"\xff" * _X87_BYTES + bytes(size - _X87_BYTES)) * parts
    return b"\xff" * dtype.itemsize


def require_values(array: npt.NDArray[Any]) -> None:
    """Refuse bytes that are no value of their dtype, which compiled code would trip over (attacks A05).

    Raises:
        FormatError: A bool is neither 0 nor 1, or a character is beyond Unicode.
    """
    dtype = array.dtype
    if not has_other_bytes(dtype):
        return
    if dtype.fields is not None:
        for name in dtype.names or ():
            require_values(array[name])
    elif not array.size or not dtype.itemsize:
        return
    elif dtype.kind == "b":
        if array.view(np.uint8).max() > 1:
            raise FormatError("an array of bools holds a byte that is neither 0 nor 1")
    else:
        points = np.ascontiguousarray(array).reshape(-1).view(np.dtype(f"{dtype.str[0]}u4"))
        if points.max() > _MAX_CODE_POINT:
            raise FormatError("an array of text holds a character beyond Unicode")


@lru_cache(maxsize=256)
def has_other_bytes(dtype: np.dtype[Any]) -> bool:
    """Whether some bytes are no value of the dtype: bools and text have such, numbers do not."""
    if dtype.subdtype is not None:
        return has_other_bytes(dtype.subdtype[0])
    if dtype.fields is not None:
        return any(has_other_bytes(dtype.fields[name][0]) for name in dtype.names or ())
    return dtype.kind in "bU"


def holds_garbage(dtype: np.dtype[Any]) -> bool:
    """Whether items have bytes that are not part of any value."""
    return 0 in value_mask(dtype)


def without_garbage(items: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """The items, shape (n,) and contiguous, with zeros for padding, so that equal arrays have equal bytes."""
    mask = value_mask(items.dtype)
    word = np.uint64 if len(mask) % 8 == 0 else np.uint8
    words: npt.NDArray[Any] = items.view(word).reshape(len(items), -1)
    keep: npt.NDArray[Any] = np.frombuffer(mask, word)
    full = (1 << 8 * keep.itemsize) - 1
    if not any(np.bitwise_or.reduce(words[:, i]) & ~keep[i] for i in range(len(keep)) if keep[i] != full):
        return items
    clean: npt.NDArray[Any] = (words & keep).reshape(-1).view(items.dtype)
    return clean
