"""SPEC.md 4.6, packed trees: whatever the numbers are, the kernels, numpy and the second reader say the same."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.independent_trees import untree
from vitrify import kernels
from vitrify.container import trees
from vitrify.container.trees.streams import Streams
from vitrify.errors import FormatError

ODD = [0.0, -0.0, 1.0, -2.5, 3.0, 0.1, 5e-324, 1e-300, 1e300, -1e308, np.inf, -np.inf, np.nan, -np.nan]
FLOATS = st.sampled_from(ODD) | st.floats(allow_nan=True)
APART = st.sampled_from([0, 0, 1, -1, 7, 2**15, -(2**62), 2**63 - 1, -(2**63)])
SAMPLES = st.sampled_from([0, 1, 2, 3, 2**31 - 1, 2**31, -1])
COUNTS = st.sampled_from([1.0, 2.0, 2.0**31 - 1, 2.0**31])

needs_kernels = pytest.mark.skipif(not kernels.COMPILED, reason="there is nothing to compare with")


def _children(draw: st.DrawFn, *, is_depth_first: bool) -> list[tuple[int, int]]:
    """The children of the nodes of a tree, each after its parent; -1 and -1 for a leaf."""
    children, open_ends = [(-1, -1)], [0]
    for _ in range(draw(st.integers(0, 6))):
        parent = open_ends.pop(draw(st.integers(0, len(open_ends) - 1)))
        left = len(children)
        children[parent] = (left, left + 1)
        children += [(-1, -1), (-1, -1)]
        open_ends += [left, left + 1]
    return _in_order(children) if is_depth_first else children


def _in_order(children: list[tuple[int, int]]) -> list[tuple[int, int]]:
    order, waiting = [], [0]
    while waiting:
        order.append(waiting.pop())
        waiting += [child for child in reversed(children[order[-1]]) if child >= 0]
    place = {node: i for i, node in enumerate(order)} | {-1: -1}
    return [(place[children[node][0]], place[children[node][1]]) for node in order]


@st.composite
def groups(draw: st.DrawFn) -> tuple[Any, trees.Group]:
    """The bytes of some trees, whose inner nodes hold sums and means of what is below, or anything."""
    size, width = draw(st.sampled_from([56, 64])), draw(st.integers(1, 3))
    is_depth_first = draw(st.booleans())
    numbers = draw(st.sampled_from([FLOATS, COUNTS, st.sampled_from([0.5, 1.0, 2.0, 3.25, 0.1])]))
    parts: list[bytes] = []
    spans: list[tuple[int, int, int]] = []
    for _ in range(draw(st.integers(1, 3))):
        children = _children(draw, is_depth_first=is_depth_first)
        nodes, values = np.zeros(len(children), trees.NODES[size]), np.zeros((len(children), width))
        for i in reversed(range(len(children))):
            _fill(draw, nodes, values, i, children[i], numbers)
        begin = sum(map(len, parts))
        spans.append((begin, len(nodes), begin + nodes.nbytes))
        parts += [nodes.tobytes(), values.tobytes()]
    data = np.frombuffer(b"".join(parts), np.uint8)
    return data, trees.Group(n_bytes=len(data), item_bytes=size, width=width, spans=np.array(spans, np.int64))


def _fill(draw: st.DrawFn, nodes: Any, values: Any, i: int, children: tuple[int, int], numbers: Any) -> None:
    node = nodes[i]
    node["left_child"], node["right_child"] = children
    if children == (-1, -1):
        node["feature"], node["threshold"], node["n_node_samples"] = -2, -2.0, draw(SAMPLES)
        node["weighted_n_node_samples"], values[i] = draw(numbers), [draw(numbers) for _ in values[i]]
        node["impurity"] = draw(numbers) if draw(st.booleans()) else 0.0
        return
    pair = list(children)
    node["feature"], node["threshold"] = draw(st.integers(0, 3)), draw(FLOATS)
    node["n_node_samples"] = nodes["n_node_samples"][pair].sum()
    with np.errstate(all="ignore"):
        weights = nodes["weighted_n_node_samples"][pair]
        node["weighted_n_node_samples"] = weights.sum()
        values[i] = (weights[:, None] * values[pair]).sum(axis=0) / weights.sum()
        node["impurity"] = 1 - (values[i] ** 2).sum()
    if draw(st.booleans()):
        name = draw(st.sampled_from(["weighted_n_node_samples", "impurity", "n_node_samples"]))
        node[name] = draw(SAMPLES) if name == "n_node_samples" else draw(numbers)


def _without(monkeypatch: pytest.MonkeyPatch, call: Any, *arguments: Any) -> Any:
    """What a call gives where nothing is compiled."""
    with monkeypatch.context() as patch:
        patch.setattr(kernels, "COMPILED", False)
        return call(*arguments)


def _unpacked(packed: Any, n_bytes: int) -> bytes | None:
    out = np.full(n_bytes, 0xAA, np.uint8)
    try:
        trees.unpack(packed, out)
    except FormatError:
        return None
    return out.tobytes()


class TestEveryTree:
    """§4.6 "All arithmetic is that of int64 and of float64, each operation rounded for itself."."""

    @needs_kernels
    @given(group=groups())
    def test_comes_back_from_the_same_bytes(self, group: tuple[Any, trees.Group]) -> None:
        """Whatever its numbers are."""
        data, layout = group
        packed = trees.pack(data, layout)
        assert packed is not None
        with pytest.MonkeyPatch.context() as monkeypatch:
            assert _without(monkeypatch, trees.pack, data, layout) == packed
            joined = np.frombuffer(b"".join(packed), np.uint8)
            assert _without(monkeypatch, _unpacked, joined, len(data)) == data.tobytes()
        assert _unpacked(joined, len(data)) == data.tobytes()
        assert untree(joined.tobytes(), len(data)) == data.tobytes()


@st.composite
def near_columns(draw: st.DrawFn) -> tuple[Any, int]:
    """A packed tree of five nodes whose numbers are any distance from what is expected; and the bytes it stands for."""
    streams, width = Streams(), draw(st.integers(1, 3))

    def ints(n: int, values: Any) -> None:
        streams.ints(np.array(draw(st.lists(values, min_size=n, max_size=n)), np.int64))

    def floats(n: int) -> None:
        streams.floats(np.array(draw(st.lists(FLOATS, min_size=n, max_size=n)), float))

    def near(n: int) -> None:
        is_given = np.array(draw(st.lists(st.sampled_from([False, False, True]), min_size=n, max_size=n)), bool)
        streams.bits(is_given)
        ints(n - int(is_given.sum()), APART)
        floats(int(is_given.sum()))

    streams.mode(56)
    for head in (width, 1, 5, 0, 280):  # one tree of five nodes, and its values behind them
        streams.ints(np.array([head], np.int64))
    streams.bits(np.array([False, False, True, True, True]))
    streams.mode(0)
    ints(2, st.integers(0, 2))
    floats(2)
    streams.mode(0)
    ints(3, SAMPLES)
    streams.mode(2)
    floats(3)
    near(2)
    streams.mode(2)
    floats(3 * width)
    near(2 * width)
    mode = draw(st.sampled_from([2, 3, 4]))
    streams.mode(mode)
    if mode > 2:
        ints(1, st.integers(1, width))
    near(5)
    return np.frombuffer(b"".join(streams.parts()), np.uint8), 5 * (56 + 8 * width)


class TestNearColumns:
    """§4.6 "which is 0 where it is no number"."""

    @needs_kernels
    @given(packed=near_columns())
    def test_hold_the_same_numbers_for_every_reader(self, packed: tuple[Any, int]) -> None:
        """Also where sums overflow, or are not defined, whose bits differ between processors."""
        expected = untree(packed[0].tobytes(), packed[1])
        assert _unpacked(*packed) == expected
        with pytest.MonkeyPatch.context() as monkeypatch:
            assert _without(monkeypatch, _unpacked, *packed) == expected
