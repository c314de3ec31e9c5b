"""Trees to columns: a column that follows from others is left out."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from vitrify.container.trees.places import (
    IMPURE,
    MAX_CLASSES,
    MISSING,
    NODES,
    UNDEFINED,
    Group,
    gaps,
    gathered,
    write_spans,
)
from vitrify.container.trees.shapes import Shape, checked_shape, depth_first, gini, shares
from vitrify.container.trees.streams import DERIVED, STORED, Bytes, Flags, Floats, Ints, Streams
from vitrify.errors import FormatError


def pack(data: Bytes, group: Group) -> bytes | None:
    """The columns of a group, shape (n_bytes,) uint8, before compression; None where it holds no proper trees."""
    nodes_at, counts, values_at = group.spans.T
    dtype = NODES[group.item_bytes]
    nodes = gathered(data, nodes_at, counts * group.item_bytes).view(dtype)
    values = gathered(data, values_at, counts * group.width * 8).view("<f8").reshape(-1, group.width)
    starts = np.cumsum(counts) - counts
    base = np.repeat(starts, counts)
    is_leaf = nodes["left_child"] == -1
    inner = np.flatnonzero(~is_leaf)
    if not _are_plain(nodes, is_leaf):
        return None
    left, right = (nodes[name][inner] + base[inner] for name in ("left_child", "right_child"))
    streams = Streams()
    write_spans(streams, group)
    try:
        shape = checked_shape(is_leaf, starts, left, right)
    except FormatError:
        return None
    streams.bits(is_leaf)
    # Trees whose left children are all the next nodes end where `depth_first` looks for it.
    if np.array_equal(left, inner + 1) and np.array_equal(depth_first(is_leaf, starts)[1], right):
        streams.mode(DERIVED)
    else:
        streams.mode(STORED)
        streams.ints(left - inner)
        streams.ints(right - left)
    streams.ints(nodes["feature"][inner])
    streams.floats(nodes["threshold"][inner])
    samples = _pack_samples(streams, nodes["n_node_samples"], shape)
    if MISSING in (dtype.names or ()):
        _pack_missing(streams, nodes[MISSING], shape, samples)
    totals = _pack_weights(streams, nodes["weighted_n_node_samples"], samples, shape)
    impurity = _pack_values(streams, values, totals, shape)
    if impurity is not None and _same(impurity, nodes["impurity"]):
        streams.mode(DERIVED)
    else:
        streams.mode(STORED)
        streams.floats(nodes["impurity"])
    for begin, end in gaps(group):
        streams.raw(data[begin:end])
    return streams.joined()


def _are_plain(nodes: npt.NDArray[Any], is_leaf: Flags) -> bool:
    """Whether leaves look as they do in scikit-learn, and padding is zero."""
    leaves = nodes[is_leaf]
    undefined = np.full(len(leaves), float(UNDEFINED))
    is_plain = (
        (leaves["right_child"] == -1).all()
        and (leaves["feature"] == UNDEFINED).all()
        and _same(undefined, leaves["threshold"])
    )
    if "padding" in (nodes.dtype.names or ()):
        padding = nodes.view(np.uint8).reshape(len(nodes), -1)[:, 57:]
        is_plain = is_plain and not padding.any() and nodes[MISSING].max(initial=0) <= 1
    return bool(is_plain)


def _same(found: Floats, expected: Floats) -> bool:
    """Whether all bits are the same."""
    return np.array_equal(found.view(np.int64), np.ascontiguousarray(expected).view(np.int64))


def _are_counts(numbers: Ints) -> bool:
    """Whether a reader takes sums of these numbers, and of their differences."""
    return bool(numbers.min(initial=0) >= 0 and numbers.max(initial=0) < 2**31)


def _pack_samples(streams: Streams, samples: Ints, shape: Shape) -> Ints:
    samples = np.ascontiguousarray(samples)
    leaves = samples[shape.is_leaf]
    if _are_counts(leaves) and np.array_equal(shape.sums(leaves), samples):
        streams.mode(DERIVED)
        streams.ints(leaves)
    else:
        streams.mode(STORED)
        streams.ints(samples)
    return samples


def _pack_missing(streams: Streams, missing: Bytes, shape: Shape, samples: Ints) -> None:
    if np.array_equal(shape.to_the_larger(samples), missing):
        streams.mode(DERIVED)
    else:
        streams.mode(STORED)
        streams.bits(missing.view(np.bool_))


def _pack_weights(streams: Streams, weights: Floats, samples: Ints, shape: Shape) -> Ints | None:
    """The weights as integers, if they are whole and add up."""
    weights = np.ascontiguousarray(weights)
    leaves = weights[shape.is_leaf]
    with np.errstate(invalid="ignore"):
        whole = leaves.astype(np.int64)
    if (
        _same(whole.astype(np.float64), leaves)
        and _are_counts(whole)
        and _are_counts(samples)
        and _same((totals := shape.sums(whole)).astype(np.float64), weights)
    ):
        streams.mode(DERIVED)
        streams.ints(whole - samples[shape.is_leaf])
        return totals
    streams.mode(STORED)
    streams.floats(weights)
    return None


def _pack_values(streams: Streams, values: Floats, totals: Ints | None, shape: Shape) -> Floats | None:
    """Shares of classes follow from the counts of leaves, most of which hold one class; gives their Gini impurity."""
    counts = None if totals is None else _counts(values, totals, shape)
    if counts is None or totals is None:
        streams.mode(STORED)
        streams.floats(np.ascontiguousarray(values).reshape(-1))
        return None
    streams.mode(DERIVED)
    leaves = counts[shape.is_leaf]
    is_pure = (leaves != 0).sum(axis=1) <= 1
    streams.raw(np.where(is_pure, leaves.argmax(axis=1), IMPURE).astype(np.uint8))
    streams.ints(np.ascontiguousarray(leaves[~is_pure].T).reshape(-1))
    return gini(counts, totals)


def _counts(values: Floats, totals: Ints | None, shape: Shape) -> Ints | None:
    """The counts of classes that give the values, shape (n, width); None if there are none."""
    width = values.shape[1]
    if totals is None or not 2 <= width < MAX_CLASSES or totals.min(initial=1) < 1 or not np.isfinite(values).all():
        return None
    leaves = values[shape.is_leaf] * totals[shape.is_leaf, None]
    if (np.abs(leaves) > 2**31).any():
        return None
    counts = shape.sums(np.rint(leaves).astype(np.int64))
    if (counts < 0).any() or not np.array_equal(counts.sum(axis=1), totals):
        return None
    return counts if _same(shares(counts, totals), values) else None
