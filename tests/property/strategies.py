"""Values of every plain kind, objects made of them, and arrays of every dtype, order and stride."""

from __future__ import annotations

from typing import Any

import hypothesis.extra.numpy as hnp
import numpy as np
from hypothesis import strategies as st

SCALAR_DTYPES = ("b1", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f2", "f4", "f8", "c8", "c16")
TIME_UNITS = ("Y", "M", "W", "D", "h", "m", "s", "ms", "us", "ns", "ps", "fs", "as")

ints = st.integers(-(2**63), 2**63 - 1) | st.integers(-(2**200), 2**200) | st.integers(-300, 300)
texts = st.text(st.characters(exclude_categories=()), max_size=8) | st.text("a\0\ud800é", max_size=4)
floats = st.floats(allow_nan=True)


def numpy_scalars() -> st.SearchStrategy[Any]:
    """Scalars of every dtype that columns hold, from any bytes that such a scalar can have."""
    return st.sampled_from(SCALAR_DTYPES).flatmap(_scalars)


def _scalars(code: str) -> st.SearchStrategy[Any]:
    if code == "b1":
        return st.booleans().map(np.bool_)
    size = np.dtype(code).itemsize
    return st.binary(min_size=size, max_size=size).map(lambda data: np.frombuffer(data, code)[0])


plain = st.one_of(st.none(), st.booleans(), ints, floats, texts, st.binary(max_size=8), numpy_scalars())
hashable_plain = st.one_of(st.none(), st.booleans(), ints, st.floats(allow_nan=False), texts, st.binary(max_size=8))
hashables = st.recursive(
    hashable_plain,
    lambda inner: st.tuples(inner, inner) | st.frozensets(inner, max_size=3) | st.tuples(),
    max_leaves=5,
)


def nested() -> st.SearchStrategy[Any]:
    """Containers of containers of values; what is drawn once is one object, wherever it stands."""
    return st.recursive(
        plain,
        lambda inner: st.one_of(
            st.lists(inner, max_size=4),
            st.lists(inner, max_size=4).map(tuple),
            st.dictionaries(hashables, inner, max_size=4),
            st.sets(hashables, max_size=4),
            st.frozensets(hashables, max_size=4),
            inner.map(lambda value: [value, value]),
        ),
        max_leaves=12,
    )


def dtypes() -> st.SearchStrategy[np.dtype[Any]]:
    """Every dtype of SPEC.md §6.4 but long doubles, which not every machine has."""
    orders = st.sampled_from("<>")
    numbers = st.builds(
        lambda order, code: np.dtype(order + code if code not in ("b1", "i1", "u1") else code),
        orders,
        st.sampled_from(SCALAR_DTYPES),
    )
    sized = st.builds("{}{}".format, st.sampled_from(["S", "<U", ">U", "V"]), st.integers(1, 5)).map(np.dtype)
    times = st.builds(
        lambda order, kind, count, unit: np.dtype(f"{order}{kind}8[{count}{unit}]"),
        orders, st.sampled_from("Mm"), st.sampled_from(["", "7", "25"]), st.sampled_from(TIME_UNITS),
    )  # fmt: skip
    simple = numbers | sized | times
    return simple | st.recursive(_structs(simple), lambda inner: _structs(simple | inner), max_leaves=3)


def _structs(inner: st.SearchStrategy[np.dtype[Any]]) -> st.SearchStrategy[np.dtype[Any]]:
    shapes = st.sampled_from([(), (), (2,), (1, 3)])
    fields = st.lists(st.tuples(inner, shapes), min_size=1, max_size=3)
    return st.builds(
        lambda parts, align: np.dtype([(f"f{i}", *part) for i, part in enumerate(parts)], align=align),
        fields,
        st.booleans(),
    )


shapes = hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=5)


@st.composite
def arrays(draw: st.DrawFn) -> np.ndarray[Any, Any]:
    """Arrays of any bytes (bools of 0 and 1, text of code points), in either order."""
    dtype, shape = draw(dtypes()), draw(shapes)
    data = draw(st.randoms(use_true_random=False)).randbytes(dtype.itemsize * int(np.prod(shape)))
    flat = np.frombuffer(bytearray(data), np.uint8).copy()
    array = np.ndarray(shape, dtype, flat if flat.size else None, order=draw(st.sampled_from("CF")))
    _tame(array)
    return array


def _tame(array: np.ndarray[Any, Any]) -> None:
    """Bytes that no value of the dtype has are replaced, in place."""
    if array.dtype.fields:
        for name in array.dtype.names or ():
            _tame(array[name])
    elif array.dtype.kind == "b":
        array[...] = array.view(np.uint8) & 1 != 0
    elif array.dtype.kind == "U":
        array[...] = np.array(["aé\U0001f600", "", "x\0y"])[int(array.size) % 3]


@st.composite
def strided(draw: st.DrawFn) -> np.ndarray[Any, Any]:
    """A slice of an array, with steps forward and back, axes swapped, or one element repeated."""
    array = draw(arrays())
    for axis in range(array.ndim):
        step = draw(st.sampled_from([1, 1, 2, -1, -2]))
        array = np.moveaxis(np.moveaxis(array, axis, 0)[::step], 0, axis)
    if array.ndim > 1 and draw(st.booleans()):
        array = array.swapaxes(0, -1)
    if array.ndim and draw(st.integers(0, 5)) == 0:
        array = np.broadcast_to(array[:1], (3, *array.shape[1:])) if array.shape[0] else array
    return array


@st.composite
def overlapping(draw: st.DrawFn) -> list[np.ndarray[Any, Any]]:
    """Views of one array, of several dtypes, that overlap or do not; sometimes the array itself among them."""
    base = np.arange(draw(st.integers(8, 40)), dtype=draw(st.sampled_from(["u1", "<i4", "<f8"])))
    found = [base] if draw(st.booleans()) else []
    for _ in range(draw(st.integers(2, 4))):
        begin = draw(st.integers(0, len(base) - 2))
        end = draw(st.integers(begin + 1, len(base)))
        view = base[begin : end : draw(st.sampled_from([1, 1, 2, 3]))]
        if draw(st.booleans()):
            view = view[::-1]
        if len(view) % 2 == 0 and draw(st.booleans()) and view.flags.c_contiguous:
            view = view.reshape(2, -1)
        if draw(st.integers(0, 3)) == 0 and view.flags.c_contiguous:
            view = view.view(np.uint8)
        found.append(view)
    return found
