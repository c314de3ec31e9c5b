"""numpy arrays as tables: one table for all arrays of a dtype, a number of dimensions and an order.

Arrays share memory after loading exactly when their elements overlapped before; what they are a view *of* does not
count, so no byte outside their elements is ever written.
"""

from __future__ import annotations

import mmap
from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np
import numpy.typing as npt
from msgspec import Struct

from vitrify.graph.dtypes import holds_garbage, value_mask, without_garbage

Array = npt.NDArray[Any]
_MAX_GAP_RATIO = 16
_OWNERS = frozenset({bytes, bytearray, mmap.mmap})


class View(Struct, frozen=True, kw_only=True):
    """An array that shares elements with others: where it lies in their common buffer, in bytes.

    The buffer is one of them if it covers all, else an array of bytes made for the purpose.
    """

    buffer: Array
    offset: int
    strides: tuple[int, ...]


def order_of(array: Array) -> str:
    """`F` for arrays that are contiguous in Fortran order only, else `C`."""
    return "F" if array.flags.fnc else "C"


def keeps_strides(array: Array) -> bool:
    """Whether an array is restored with gaps between its elements: a matrix that is contiguous in no order.

    BLAS chooses its way by the strides, so a contiguous copy can give results that differ in the last bit.
    """
    if array.ndim < 2 or array.flags.forc or not array.size or _overlaps_itself(array):
        return False
    low, high = _span(array)
    return high - low <= _MAX_GAP_RATIO * array.nbytes


def spread(array: Array, strides: tuple[int, ...]) -> Array:
    """The same elements with gaps between them, as `strides` say.

    Raises:
        ValueError: Elements would overlap.
    """
    low, high = _extent(array.shape, strides, array.dtype.itemsize)
    room = np.zeros(high - low, np.uint8)
    spaced: Array = np.ndarray(array.shape, array.dtype, room.data, -low, strides)
    if _overlaps_itself(spaced):
        raise ValueError("the elements of an array overlap")
    spaced[...] = array
    return spaced


def span_bytes(shape: tuple[int, ...], strides: tuple[int, ...], itemsize: int) -> int:
    """The bytes from the first element of an array to the end of its last."""
    low, high = _extent(shape, strides, itemsize)
    return high - low


def plain_bytes(array: Array) -> memoryview:
    """The elements in their order, without a copy where they lie so already; flat, unsigned bytes."""
    flat = np.ascontiguousarray(array.T if array.flags.fnc else array).reshape(-1)
    if not flat.size or not flat.dtype.itemsize:
        return memoryview(b"")
    if holds_garbage(flat.dtype):
        flat = without_garbage(flat)
    if flat.dtype.kind == "b" and flat.view(np.uint8).max() > 1:
        flat = flat.view(np.uint8) != 0
    return flat.view(np.uint8).data


def joined_bytes(arrays: Sequence[Array]) -> bytes:
    """The bytes of arrays of one dtype and order, one after another."""
    if arrays and arrays[0].dtype.kind == "b":
        return b"".join(map(plain_bytes, arrays))
    joined = b"".join([array.tobytes("A") for array in arrays])
    if not joined or not holds_garbage(arrays[0].dtype):
        return joined
    return without_garbage(np.frombuffer(joined, arrays[0].dtype)).tobytes()


def find_views(arrays: Sequence[Array]) -> dict[int, View]:
    """For each array whose elements overlap another's (or its own): its place in a buffer of just those elements.

    Keys are positions in `arrays`; an array that serves as the buffer of others has no view itself.
    """
    views: dict[int, View] = {}
    for group in _candidates(arrays):
        for cluster in _clusters(arrays, group):
            views.update(_share(arrays, cluster))
    return dict(sorted(views.items()))  # found in the order of addresses, which no file may depend on


def from_buffer(
    buffer: Array, offset: int, shape: tuple[int, ...], strides: tuple[int, ...], dtype: np.dtype[Any]
) -> Array:
    """A view of the bytes of `buffer`, which is contiguous.

    Raises:
        ValueError: Part of it would lie outside the buffer.
    """
    low, high = _extent(shape, strides, dtype.itemsize)
    if offset + low < 0 or offset + high > buffer.nbytes or not buffer.flags.forc:
        raise ValueError("a view lies outside its buffer")
    array: Array = np.ndarray(shape, dtype, _raw(buffer), offset, strides)
    if _overlaps_itself(array):
        array.flags.writeable = False
    return array


def _raw(array: Array) -> Array:
    """The bytes of a contiguous array, shape (nbytes,)."""
    return (array.T if array.flags.fnc else array).reshape(-1).view(np.uint8)


def _candidates(arrays: Sequence[Array]) -> list[list[int]]:
    """Groups that may overlap: arrays that come from one allocation, or from memory of unknown owners."""
    held = [i for i, array in enumerate(arrays) if array.size and array.dtype.itemsize]
    owners: list[Any] = [arrays[i] for i in held]
    derived = [place for place, array in enumerate(owners) if array.base is not None]
    for place in derived:
        owner, base = owners[place], owners[place].base
        while isinstance(base, np.ndarray):
            owner, base = base, base.base
        memory = base.obj if isinstance(base, memoryview) else base
        if memory is not None and type(memory) not in _OWNERS:
            return [held]
        owners[place] = owner if memory is None else memory
    groups: dict[int, list[int]] = {}
    for i, key in zip(held, map(id, owners), strict=True):
        if key in groups:
            groups[key].append(i)
        else:
            groups[key] = [i]
    return [group for group in groups.values() if len(group) > 1 or _overlaps_itself(arrays[group[0]])]


def _clusters(arrays: Sequence[Array], group: Sequence[int]) -> list[list[int]]:
    """Sets of arrays connected by common elements, and single ones that overlap themselves."""
    spans = sorted((*_span(arrays[i]), i) for i in group)
    touching: list[list[int]] = []
    end = -1
    for low, high, i in spans:
        if low >= end:
            touching.append([])
        touching[-1].append(i)
        end = max(end, high)
    clusters: list[list[int]] = []
    for members in touching:
        if len(members) == 1:
            clusters += [members] if _overlaps_itself(arrays[members[0]]) else []
        elif all(arrays[i].flags.forc for i in members):
            clusters.append(sorted(members))
        else:
            clusters += _connected(arrays, members)
    return clusters


def _connected(arrays: Sequence[Array], members: Sequence[int]) -> list[list[int]]:
    """Split arrays whose spans overlap by whether their elements do: each marks its bytes in one map of the span."""
    low = min(_span(arrays[i])[0] for i in members)
    high = max(_span(arrays[i])[1] for i in members)
    marks = np.zeros(high - low, np.uint32)
    leader = list(range(len(members) + 1))

    def find(k: int) -> int:
        while leader[k] != k:
            k = leader[k]
        return k

    for k, i in enumerate(members, 1):
        mine = _bytes_in(marks, arrays[i], low)
        for other in np.unique(mine).tolist() if mine.any() else ():
            if other:
                leader[find(k)] = find(other)
        mine[...] = k
    found: dict[int, list[int]] = {}
    for k, i in enumerate(members, 1):
        found.setdefault(find(k), []).append(i)
    return [sorted(c) for c in found.values() if len(c) > 1 or _overlaps_itself(arrays[c[0]])]


def _share(arrays: Sequence[Array], cluster: Sequence[int]) -> dict[int, View]:
    """The first array that covers all others is their buffer; else a buffer is made, with zeros between elements."""
    spans = {i: _span(arrays[i]) for i in cluster}
    low = min(begin for begin, _ in spans.values())
    high = max(end for _, end in spans.values())
    for i in cluster:
        if spans[i] == (low, high) and arrays[i].flags.forc and not holds_garbage(arrays[i].dtype):
            others = (k for k in cluster if k != i)
            return {
                k: View(buffer=arrays[i], offset=_address(arrays[k]) - low, strides=arrays[k].strides) for k in others
            }
    lead = low % 16
    buffer = np.zeros(high - low + lead, np.uint8)
    views: dict[int, View] = {}
    for i in cluster:
        array = arrays[i]
        view = View(buffer=buffer, offset=_address(array) - low + lead, strides=array.strides)
        items = array.squeeze()  # numpy may have no room for one more dimension
        shape, strides = (*items.shape, items.dtype.itemsize), (*items.strides, 1)
        target = np.ndarray(shape, np.uint8, buffer.data, view.offset, strides)
        is_value = np.frombuffer(value_mask(items.dtype), np.uint8) != 0
        target[..., is_value] = items[..., None].view(np.uint8)[..., is_value]
        views[i] = view
    return views


def _bytes_in(marks: npt.NDArray[np.uint32], array: Array, low: int) -> npt.NDArray[np.uint32]:
    """The marks of the bytes of an array's elements: its dimensions but those of length 1, and one of its bytes."""
    items = array.squeeze()
    shape, strides = (*items.shape, items.dtype.itemsize), (*(4 * s for s in items.strides), 4)
    return np.ndarray(shape, np.uint32, marks.data, 4 * (_address(items) - low), strides)


def _address(array: Array) -> int:
    return int(array.__array_interface__["data"][0])


def _extent(shape: Sequence[int], strides: Sequence[int], itemsize: int) -> tuple[int, int]:
    """The first and the last byte (exclusive) of an array, relative to its first element."""
    if prod(shape) == 0:
        return 0, 0
    steps = [(n - 1) * s for n, s in zip(shape, strides, strict=True)]
    return sum(s for s in steps if s < 0), sum(s for s in steps if s > 0) + itemsize


def _span(array: Array) -> tuple[int, int]:
    low, high = _extent(array.shape, array.strides, array.dtype.itemsize)
    address = _address(array)
    return address + low, address + high


def _overlaps_itself(array: Array) -> bool:
    if array.flags.forc:
        return False
    steps = sorted((abs(s), n) for s, n in zip(array.strides, array.shape, strict=True) if n > 1)
    reach = array.dtype.itemsize
    for step, n in steps:
        if step < reach:
            return array.size > 0
        reach = step * (n - 1) + reach
    return False
