"""numpy dtypes as text, and back through a grammar of our own (SPEC.md §6.4).

No text from a file is ever given to `numpy.dtype`: it is matched against the grammar first. Object dtypes have no
spelling here, so no bytes of a file can become pointers.
"""

from __future__ import annotations

import re
from typing import Final, cast

import numpy as np

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
_STRUCT_KEYS: Final = ("fields", "itemsize", "aligned")

SAFETENSORS: Final = {
    "|b1": "BOOL", "|u1": "U8", "|i1": "I8", "<u2": "U16", "<i2": "I16", "<f2": "F16", "<u4": "U32", "<i4": "I32",
    "<f4": "F32", "<u8": "U64", "<i8": "I64", "<f8": "F64", "<c8": "C64",
}  # fmt: skip


def encode_dtype(dtype: np.dtype[np.generic]) -> Dtype:
    """The spelling of `dtype`: numpy's own short form, or an object for a structured dtype.

    Raises:
        UnsupportedError: It holds objects, or is of a kind that has no spelling.
    """
    if dtype.fields is not None:
        fields = []
        for name in dtype.names or ():
            entry = dtype.fields[name]
            base, shape = entry[0].subdtype or (entry[0], ())
            field: dict[str, object] = {"name": name, "dtype": encode_dtype(base), "offset": entry[1]}
            if shape:
                field["shape"] = list(shape)
            if len(entry) == 3:
                if not isinstance(entry[2], str):
                    raise UnsupportedError(f"a field title of type {type(entry[2]).__name__}")
                field["title"] = entry[2]
            fields.append(field)
        return {"fields": fields, "itemsize": dtype.itemsize, "aligned": dtype.isalignedstruct}
    if dtype.hasobject or dtype.subdtype is not None or dtype.type is np.object_ or dtype.char == "T":
        raise UnsupportedError(f"an array of dtype {dtype}")
    text = dtype.str
    if _is_spelling(text):
        return text
    raise UnsupportedError(f"an array of dtype {dtype}")


def decode_dtype(spelling: Dtype) -> np.dtype[np.generic]:
    """The dtype that has this spelling, and no other.

    Raises:
        FormatError: It is not a spelling of the grammar, or not the canonical one.
    """
    if isinstance(spelling, str):
        if not _is_spelling(spelling):
            raise FormatError(f"unknown dtype {spelling[:80]!r}")
        dtype = _numpy_dtype(spelling)
    else:
        dtype = _decode_struct(spelling, depth=0)
    if dtype.itemsize > _MAX_ITEM_BYTES or encode_dtype(dtype) != spelling:
        raise FormatError(f"dtype {str(spelling)[:80]!r} is not in canonical form")
    return dtype


def _is_spelling(text: str) -> bool:
    return text in _SIMPLE or (len(text) < 40 and bool(_SIZED.fullmatch(text) or _TIME.fullmatch(text)))


def _numpy_dtype(spelling: str) -> np.dtype[np.generic]:
    try:
        return np.dtype(spelling)
    except (TypeError, ValueError, OverflowError) as error:
        raise FormatError(f"dtype {spelling!r} does not exist on this platform ({error})") from error


def _decode_struct(spelling: dict[str, object], depth: int) -> np.dtype[np.generic]:
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


def _decode_field(field: dict[str, object], depth: int) -> tuple[np.dtype[np.generic], tuple[int, ...]]:
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


def holds_garbage(dtype: np.dtype[np.generic]) -> bool:
    """Whether items have bytes that are not part of any value: long doubles, or structs with padding."""
    if dtype.fields is None:
        return dtype.type in (np.longdouble, np.clongdouble)
    covered = 0
    for name in dtype.names or ():
        base = dtype.fields[name][0]
        base = base.subdtype[0] if base.subdtype else base
        if holds_garbage(base):
            return True
        covered += dtype.fields[name][0].itemsize
    return covered < dtype.itemsize


def without_garbage(array: np.ndarray[tuple[int, ...], np.dtype[np.generic]]) -> np.ndarray[tuple[int, ...], np.dtype[np.generic]]:
    """A copy whose padding bytes are zero, so that equal arrays have equal bytes."""
    clean = np.zeros(array.shape, array.dtype, order="F" if array.flags.fnc else "C")
    _copy_values(array, clean)
    return clean


def _copy_values(
    source: np.ndarray[tuple[int, ...], np.dtype[np.generic]], target: np.ndarray[tuple[int, ...], np.dtype[np.generic]]
) -> None:
    dtype = source.dtype
    if dtype.fields is not None:
        for name in dtype.names or ():
            _copy_values(source[name], target[name])
    elif dtype.type in (np.longdouble, np.clongdouble):
        parts = 2 if dtype.type is np.clongdouble else 1
        size = dtype.itemsize // parts
        value_bytes = 10 if np.finfo(np.longdouble).nmant == 63 else size
        shape = (*source.shape, parts, size)
        from_bytes = np.ascontiguousarray(source).view(np.uint8).reshape(shape)
        clean = np.zeros(shape, np.uint8)
        clean[..., :value_bytes] = from_bytes[..., :value_bytes]
        target[...] = clean.reshape(*source.shape, parts * size).view(dtype)[..., 0]
    else:
        target[...] = source
