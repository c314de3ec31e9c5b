"""Dtypes, elements and views, with every rule of SPEC.md §6.4 and §6.6 checked.

Written from SPEC.md alone, like the independent reader; it never imports vitrify. Numbers in comments are clauses.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from math import prod
from typing import Any

import numpy as np

from tests.support.independent_columns import require

SPELLING = re.compile(  # 6.4.1
    r"\|[biu]1|[<>][iu][248]|[<>]f(2|4|8|12|16)|[<>]c(8|16|24|32)|(\|[SV]|[<>]U)(0|[1-9][0-9]{0,9})|"
    r"[<>][mM]8(\[([1-9][0-9]{0,8})?(Y|M|W|D|h|m|s|ms|us|ns|ps|fs|as)\])?"
)
LONG = ("f12", "f16", "c24", "c32")
SHOWN = {  # 2.11
    "|b1": "BOOL", "|u1": "U8", "|i1": "I8", "<u2": "U16", "<i2": "I16", "<f2": "F16", "<u4": "U32", "<i4": "I32",
    "<f4": "F32", "<u8": "U64", "<i8": "I64", "<f8": "F64", "<c8": "C64",
}  # fmt: skip


def fields(value: Any, spec: str) -> Any:
    """A JSON object that has exactly the fields of `spec`, in its order; those marked `?` may be left out."""
    require(type(value) is dict, "not an object")
    parts = [part for part in spec.split() if not part.endswith("?") or part.split(":")[0] in value]
    require(list(value) == [part.split(":")[0] for part in parts], f"expected the fields {spec}, not {list(value)}")
    for part, item in zip(parts, value.values(), strict=True):
        kind = part.rstrip("?").split(":")[1]
        require(kind in ("any", type(item).__name__), f"{part} is {item!r:.40}")
    return value


def naturals(values: Any, bound: int = 2**63) -> list[int]:
    """A list of ints from 0 to `bound`, which is not among them."""
    require(type(values) is list and all(type(v) is int and 0 <= v < bound for v in values), "impossible numbers")
    return list(values)


def decode_dtype(spelling: Any, depth: int = 0) -> np.dtype[Any]:
    """The dtype that has this spelling."""
    if isinstance(spelling, str):
        require(SPELLING.fullmatch(spelling), f"unknown dtype {spelling!r:.80}")
        require(spelling[1:] not in LONG or np.finfo(np.longdouble).nmant == 63, "long doubles")  # 6.4.2
        try:
            dtype = np.dtype(spelling)
        except (TypeError, OverflowError) as error:
            raise ValueError(f"no such dtype: {error}") from error
        require(dtype.str == spelling and dtype.itemsize <= 2**30, f"dtype {spelling}")
        return dtype
    fields(spelling, "fields:list itemsize:int aligned:bool")  # 6.4.3
    (itemsize,) = naturals([spelling["itemsize"]], 2**30 + 1)
    require(depth <= 16 and len(spelling["fields"]) <= 10_000, "too many fields")
    names, formats, offsets, titles = [], [], [], []
    for field in spelling["fields"]:
        fields(field, "name:str dtype:any offset:int shape:list? title:str?")
        shape, inner = tuple(naturals(field.get("shape", []))), decode_dtype(field["dtype"], depth + 1)
        require(shape or "shape" not in field, "a default is written out")
        require(0 <= field["offset"] <= itemsize - inner.itemsize * prod(shape), "a field outside the item")
        names.append(field["name"])
        formats.append((inner, shape) if shape else inner)
        offsets.append(field["offset"])
        titles.append(field.get("title"))
    parts: dict[str, Any] = {"names": names, "formats": formats, "offsets": offsets, "itemsize": itemsize}
    if any(title is not None for title in titles):
        parts["titles"] = titles
    made: np.dtype[Any] = np.dtype(parts, align=spelling["aligned"])  # type: ignore[call-overload]  # a dict form
    return made


def shown(spelling: Any, dtype: np.dtype[Any], shape: tuple[int, ...], order: str) -> tuple[str, list[int]]:
    """The safetensors dtype and shape of an array's block (2.11)."""
    dims = list(shape if order == "C" else shape[::-1])
    own = SHOWN.get(spelling) if isinstance(spelling, str) else None
    return (own, dims) if own else ("U8", [*dims, dtype.itemsize])


def require_sizes(shapes: list[tuple[int, ...]], itemsize: int) -> None:
    """No shape overflows (6.6.1)."""
    require(sum(prod(n or 1 for n in (*shape, itemsize)) for shape in shapes) < 2**60, "impossible shapes")


def require_values(array: Any) -> None:
    """Bools are bools, text is text (6.6.2)."""
    dtype = array.dtype
    for name in dtype.names or ():
        require_values(array[name])
    if dtype.kind == "b":
        require(array.view(np.uint8).max(initial=0) <= 1, "bools that are neither 0 nor 1")
    if dtype.kind == "U" and dtype.itemsize:
        points = np.frombuffer(array.tobytes(), dtype.str[0] + "u4")
        require(points.max(initial=0) <= sys.maxunicode, "text beyond Unicode")


def make_array(data: bytes, dtype: np.dtype[Any], shape: tuple[int, ...], order: str) -> Any:
    """An array of these elements (6.6.2)."""
    array: Any = np.ndarray(shape, dtype, data or b"\0", order="C" if order == "C" else "F")
    require_values(array)
    return array


def extent(shape: tuple[int, ...], strides: tuple[Any, ...], itemsize: int) -> tuple[int, int]:
    """The first byte of an array and the one after its last, as seen from its first element."""
    require(all(type(n) is int for n in strides), "strides are ints")
    if not prod(shape):
        return 0, 0
    steps = [(n - 1) * stride for n, stride in zip(shape, strides, strict=True)]
    return sum(step for step in steps if step < 0), sum(step for step in steps if step > 0) + itemsize


def make_view(buffer: Any, dtype: np.dtype[Any], shape: tuple[int, ...], offset: Any, strides: tuple[Any, ...]) -> Any:
    """A view of the bytes of a buffer (6.6.3)."""
    low, high = extent(shape, strides, dtype.itemsize)
    require(type(offset) is int and offset + low >= 0, "a view before its buffer")
    require(offset + high <= buffer.nbytes, "a view beyond its buffer")
    flat = (buffer.T if buffer.flags.fnc else buffer).reshape(-1)
    view: Any = np.ndarray(shape, dtype, flat.view(np.uint8) if buffer.nbytes else b"\0", offset, strides)
    require_values(view)
    return view


def spaced(array: Any, strides: tuple[Any, ...], spend: Callable[[int], None]) -> Any:
    """The same elements with gaps between them (6.6.7)."""
    low, high = extent(array.shape, strides, array.itemsize)
    room = array.itemsize
    for stride, n in sorted((abs(stride), n) for stride, n in zip(strides, array.shape, strict=True) if n > 1):
        require(stride >= room, "elements overlap")
        room += stride * (n - 1)
    spend(high - low)
    made: Any = np.ndarray(array.shape, array.dtype, bytearray(high - low) or b"\0", -low, strides)
    if array.size:
        made[...] = array
    return made
