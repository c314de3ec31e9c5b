"""Which arrays of a graph share memory, and whether the other graph's arrays share the same elements.

Arrays share memory when their elements overlap, not when they have a common `.base`: two columns of one array
do not share, two overlapping slices do. Arrays of zero bytes share nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from tests.support.equality_step import Step

__all__ = ["ArrayPair", "sharing_differences"]

_Array = np.ndarray[Any, Any]
_SMALL = 1 << 16


class ArrayPair(NamedTuple):
    """Two arrays found at the same place of two graphs."""

    expected: _Array
    found: _Array
    step: Step


def sharing_differences(pairs: Sequence[ArrayPair]) -> Iterator[tuple[Step, str]]:
    """For each pair of arrays that shares memory in one graph only, or other elements: where and what."""
    by_place: dict[object, ArrayPair] = {}
    for pair in pairs:
        if pair.expected.nbytes and pair.found.nbytes:
            by_place.setdefault((_place(pair.expected), _place(pair.found)), pair)
    places = list(by_place.values())
    expected = set(_overlaps([pair.expected for pair in places]))
    found = set(_overlaps([pair.found for pair in places]))
    for left, right in sorted(expected | found):
        step, other = places[right].step, places[left].step
        if (left, right) not in found:
            yield step, f"expected memory shared with {other}, found memory of its own"
        elif (left, right) not in expected:
            yield step, f"expected memory of its own, found memory shared with {other}"
        elif not _same_elements(places[left], places[right]):
            yield step, f"expected the same elements shared with {other}, found other elements shared"


def _place(array: _Array) -> tuple[object, ...]:
    """Arrays with equal places are the same elements in the same order, so one of them stands for all."""
    return _address(array), array.shape, array.strides, array.itemsize


def _address(array: _Array) -> int:
    return int(array.__array_interface__["data"][0])


def _overlaps(arrays: Sequence[_Array]) -> Iterator[tuple[int, int]]:
    """The pairs of positions whose arrays have elements in common, found in the order of their addresses."""
    spans = sorted((*_span(array), position) for position, array in enumerate(arrays))
    open_spans: list[tuple[int, int]] = []
    for low, high, position in spans:
        open_spans = [span for span in open_spans if span[0] > low]
        for _, other in open_spans:
            if _share(arrays[other], arrays[position]):
                yield min(other, position), max(other, position)
        open_spans.append((high, position))


def _span(array: _Array) -> tuple[int, int]:
    """The first address of an array's elements and the first one behind them."""
    reach = [(size - 1) * stride for size, stride in zip(array.shape, array.strides, strict=True)]
    start = _address(array)
    return start + sum(min(0, way) for way in reach), start + sum(max(0, way) for way in reach) + array.itemsize


def _share(one: _Array, two: _Array) -> bool:
    """Whether two arrays with overlapping bounds have a byte in common; numpy is asked only where needed."""
    return (_is_solid(one) and _is_solid(two)) or bool(np.shares_memory(one, two))


def _is_solid(array: _Array) -> bool:
    return array.flags.c_contiguous or array.flags.f_contiguous


def _same_elements(left: ArrayPair, right: ArrayPair) -> bool:
    """Whether the elements that two arrays have in common are the same ones on both sides."""
    if _same_strides(left) and _same_strides(right):
        return _distance(left.expected, right.expected) == _distance(left.found, right.found)
    if left.expected.size + right.expected.size > _SMALL:
        return True
    return _common(left.expected, right.expected) == _common(left.found, right.found)


def _same_strides(pair: ArrayPair) -> bool:
    return pair.expected.strides == pair.found.strides


def _distance(one: _Array, two: _Array) -> int:
    return _address(two) - _address(one)


def _common(one: _Array, two: _Array) -> set[tuple[int, int]]:
    """The pairs of element numbers, in C order, that lie at the same address."""
    place = {address: number for number, address in enumerate(_addresses(one))}
    return {(place[address], number) for number, address in enumerate(_addresses(two)) if address in place}


def _addresses(array: _Array) -> list[int]:
    start = np.array(_address(array), dtype=np.int64)
    for size, stride in zip(array.shape, array.strides, strict=True):
        start = start[..., None] + np.arange(size) * stride
    result: list[int] = start.ravel().tolist()
    return result
