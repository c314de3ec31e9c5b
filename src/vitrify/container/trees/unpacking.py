"""Columns to trees: the bytes of all nodes and values, as they were."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from vitrify.container.trees.places import IMPURE, MAX_CLASSES, MISSING, NODES, UNDEFINED, Group, gaps, read_spans, runs
from vitrify.container.trees.shapes import Shape, checked_shape, depth_first, gini, shares
from vitrify.container.trees.streams import (
    DERIVED,
    STORED,
    Bytes,
    Ints,
    PackedInts,
    StreamReader,
    flags,
    floats,
    integers,
)
from vitrify.errors import FormatError


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """The columns of a packed group, as they lie; None for one that follows from others.

    Attributes:
        n_nodes: The nodes of all trees.
        n_inner: Those that are no leaves.
        item_bytes: The size of a node.
        width: The float64 numbers of a node in the values.
        bits: A bit for each node, 1 for a leaf.
        left: For each inner node the distance to its left child; None for trees that grew depth first.
        right: The distance from there to its right child, or None likewise.
        feature: For each inner node the feature.
        threshold: For each inner node the threshold, in eight planes.
        sums_samples: Whether `samples` has the leaves only.
        samples: The numbers of samples.
        missing: A bit for each node; None if missing values go where more samples went.
        weights: For each leaf its weight less its samples; None if `plain_weights` has those of all nodes.
        plain_weights: For each node, in eight planes.
        classes: For each leaf its class, 255 if it has several; None if `plain_values` has all.
        impure: The counts of leaves with several classes, those of the first class before those of the second.
        plain_values: For each node, in eight planes.
        plain_impurity: For each node, in eight planes; None if it is the Gini impurity.
    """

    n_nodes: int
    n_inner: int
    item_bytes: int
    width: int
    bits: Bytes
    left: PackedInts | None
    right: PackedInts | None
    feature: PackedInts
    threshold: Bytes
    sums_samples: bool
    samples: PackedInts
    missing: Bytes | None
    weights: PackedInts | None
    plain_weights: Bytes | None
    classes: Bytes | None
    impure: PackedInts | None
    plain_values: Bytes | None
    plain_impurity: Bytes | None


def unpack(packed: Bytes, out: Bytes) -> None:
    """Fill `out`, shape (n_bytes,) uint8, with the group that `pack` was given.

    Raises:
        FormatError: The columns are not those of so many bytes.
    """
    reader = StreamReader(packed)
    group = read_spans(reader, len(out))
    between = gaps(group)
    columns = _read_columns(reader, group)
    for begin, end in between:
        out[begin:end] = reader.take(end - begin)
    reader.finish()
    from vitrify import kernels  # not before there are trees: without any, nothing compiled is needed

    if not (kernels.COMPILED and kernels.unpack_trees(columns, group.spans, out)):
        _grow(columns, group, out)


def _read_columns(reader: StreamReader, group: Group) -> Columns:
    n = int(group.spans[:, 1].sum())
    bits = reader.bits(n)
    n_inner = n - int(np.unpackbits(bits).sum())
    n_leaves = n - n_inner
    is_stored = reader.mode(STORED) == STORED
    left, right = (reader.packed(n_inner), reader.packed(n_inner)) if is_stored else (None, None)
    feature, threshold = reader.packed(n_inner), reader.take(8 * n_inner)
    sums_samples = reader.mode(STORED) == DERIVED
    samples = reader.packed(n_leaves if sums_samples else n)
    missing = reader.bits(n) if group.item_bytes == 64 and reader.mode(STORED) == STORED else None
    weights, plain_weights = None, None
    if reader.mode(STORED) == DERIVED:
        weights = reader.packed(n_leaves)
    else:
        plain_weights = reader.take(8 * n)
    classes, impure, plain_values = None, None, None
    if reader.mode(STORED) == STORED:
        plain_values = reader.take(8 * n * group.width)
    else:
        if weights is None or not 2 <= group.width < MAX_CLASSES:
            raise FormatError("packed trees derive shares of classes from nothing")
        classes = reader.take(n_leaves)
        impure = reader.packed(int((classes == IMPURE).sum()) * group.width)
    plain_impurity = reader.take(8 * n) if reader.mode(STORED) == STORED else None
    if plain_impurity is None and classes is None:
        raise FormatError("packed trees derive an impurity from nothing")
    return Columns(
        n_nodes=n,
        n_inner=n_inner,
        item_bytes=group.item_bytes,
        width=group.width,
        bits=bits,
        left=left,
        right=right,
        feature=feature,
        threshold=threshold,
        sums_samples=sums_samples,
        samples=samples,
        missing=missing,
        weights=weights,
        plain_weights=plain_weights,
        classes=classes,
        impure=impure,
        plain_values=plain_values,
        plain_impurity=plain_impurity,
    )


def _grow(columns: Columns, group: Group, out: Bytes) -> None:
    """What the compiled kernel does, for all trees at once."""
    nodes_at, counts, values_at = group.spans.T
    n = columns.n_nodes
    starts = np.cumsum(counts) - counts
    base = np.repeat(starts, counts)
    nodes = np.zeros(n, NODES[group.item_bytes])
    shape = _read_shape(columns, starts)
    inner = shape.inner
    nodes["left_child"], nodes["right_child"] = -1, -1
    nodes["left_child"][inner] = shape.left - base[inner]
    nodes["right_child"][inner] = shape.right - base[inner]
    nodes["feature"], nodes["threshold"] = UNDEFINED, UNDEFINED
    nodes["feature"][inner] = integers(columns.feature)
    nodes["threshold"][inner] = floats(columns.threshold)
    samples = integers(columns.samples)
    if columns.sums_samples:
        samples = shape.sums(_bounded(samples))
    nodes["n_node_samples"] = samples
    if group.item_bytes == 64:
        nodes[MISSING] = shape.to_the_larger(samples) if columns.missing is None else flags(columns.missing, n)
    if columns.plain_weights is not None:
        nodes["weighted_n_node_samples"] = floats(columns.plain_weights)
    else:
        totals = _totals(columns, samples, shape)
        nodes["weighted_n_node_samples"] = totals
    if columns.plain_values is not None:
        values = floats(columns.plain_values)
    else:
        tallies = _tallies(columns, totals, shape)
        values = shares(tallies, totals)
        nodes["impurity"] = gini(tallies, totals)
    if columns.plain_impurity is not None:
        nodes["impurity"] = floats(columns.plain_impurity)
    for at, data, size in ((nodes_at, nodes, group.item_bytes), (values_at, values, 8 * group.width)):
        flat = data.reshape(-1).view(np.uint8)
        for begin, start, stop in runs(at, counts * size):
            out[begin : begin + stop - start] = flat[start:stop]


def _read_shape(columns: Columns, starts: Ints) -> Shape:
    is_leaf = flags(columns.bits, columns.n_nodes)
    if columns.left is None or columns.right is None:
        return checked_shape(is_leaf, starts, *depth_first(is_leaf, starts))
    left = np.flatnonzero(~is_leaf) + _bounded(integers(columns.left))
    return checked_shape(is_leaf, starts, left, left + _bounded(integers(columns.right)))


def _bounded(numbers: Ints) -> Ints:
    """Numbers whose sums cannot overflow.

    Raises:
        FormatError: One is beyond 31 bits.
    """
    if len(numbers) and (numbers.min() < -(2**31) or numbers.max() > 2**31):
        raise FormatError("packed trees derive a column from numbers beyond 31 bits")
    return numbers


def _totals(columns: Columns, samples: Ints, shape: Shape) -> Ints:
    """The weights of all nodes, which are whole, shape (n,)."""
    assert columns.weights is not None
    more = _bounded(integers(columns.weights))
    return shape.sums(_bounded(more + _bounded(samples[shape.is_leaf])))


def _tallies(columns: Columns, totals: Ints, shape: Shape) -> Ints:
    """The counts of all classes in all nodes, shape (n, width)."""
    assert columns.classes is not None
    assert columns.impure is not None
    if totals.min() < 1:
        raise FormatError("packed trees have a node without weight")
    classes, width = columns.classes, columns.width
    is_pure = classes != IMPURE
    if (classes[is_pure] >= width).any():
        raise FormatError("packed trees name a class that is not there")
    counts = np.zeros((len(classes), width), np.int64)
    counts[is_pure, classes[is_pure]] = totals[shape.is_leaf][is_pure]
    counts[~is_pure] = _bounded(integers(columns.impure)).reshape(width, -1).T
    return shape.sums(counts)
