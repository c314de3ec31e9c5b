"""Columns to trees: the bytes of all nodes and values, as they were."""

from __future__ import annotations

from functools import partial

import numpy as np
from msgspec import Struct

from vitrify.container.trees.nearness import entropy_of_shares, gini_of_shares, near_impurities, near_means, near_sums
from vitrify.container.trees.places import IMPURE, MAX_CLASSES, MISSING, NODES, UNDEFINED, Group, gaps, read_spans, runs
from vitrify.container.trees.shapes import Shape, checked_shape, depth_first, gini, shares
from vitrify.container.trees.streams import (
    DERIVED,
    NEAR,
    NEAR_ENTROPY,
    STORED,
    Bytes,
    Ints,
    PackedFloats,
    PackedInts,
    PackedNear,
    StreamReader,
    flags,
    floats,
    integers,
)
from vitrify.errors import FormatError


class Columns(Struct, frozen=True, kw_only=True):
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
        threshold: For each inner node the threshold.
        sums_samples: Whether `samples` has the leaves only.
        samples: The numbers of samples.
        missing: A bit for each node; None if missing values go where more samples went.
        weights: For each leaf its weight less its samples; None if `plain_weights` has weights.
        plain_weights: For each node; or for each leaf, if there are `near_weights`.
        near_weights: For each inner node how far it is from the sum of its children's; None if there are none.
        classes: For each leaf its class, 255 if it has several; None if `plain_values` has values.
        impure: The counts of leaves with several classes, those of the first class before those of the second.
        plain_values: For each node; or for each leaf, if there are `near_values`.
        near_values: For each inner node how far it is from the mean of its children's; None if there are none.
        plain_impurity: For each node; None if it is the Gini impurity, or near something.
        near_impurity: For each node how far it is from what is expected; None if it is not kept so.
        n_outputs: For how many outputs values are shares of classes; 0 if the impurity is that of squared errors.
        is_entropy: Whether the impurity is that of shares by their entropy, and not Gini's.
    """

    n_nodes: int
    n_inner: int
    item_bytes: int
    width: int
    bits: Bytes
    left: PackedInts | None
    right: PackedInts | None
    feature: PackedInts
    threshold: PackedFloats
    sums_samples: bool
    samples: PackedInts
    missing: Bytes | None
    weights: PackedInts | None
    plain_weights: PackedFloats | None
    near_weights: PackedNear | None
    classes: Bytes | None
    impure: PackedInts | None
    plain_values: PackedFloats | None
    near_values: PackedNear | None
    plain_impurity: PackedFloats | None
    near_impurity: PackedNear | None
    n_outputs: int
    is_entropy: bool


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
    feature, threshold = reader.packed(n_inner), reader.floats(n_inner)
    sums_samples = reader.mode(STORED) == DERIVED
    samples = reader.packed(n_leaves if sums_samples else n)
    missing = reader.bits(n) if group.item_bytes == 64 and reader.mode(STORED) == STORED else None
    weights, plain_weights, near_weights = None, None, None
    if (mode := reader.mode(NEAR)) == DERIVED:
        weights = reader.packed(n_leaves)
    else:
        plain_weights = reader.floats(n if mode == STORED else n_leaves)
        near_weights = reader.near(n_inner) if mode == NEAR else None
    classes, impure, plain_values, near_values = None, None, None, None
    if (mode := reader.mode(NEAR)) == DERIVED:
        if weights is None or not 2 <= group.width < MAX_CLASSES:
            raise FormatError("packed trees derive shares of classes from nothing")
        classes = reader.take(n_leaves)
        impure = reader.packed(int((classes == IMPURE).sum()) * group.width)
    else:
        plain_values = reader.floats((n if mode == STORED else n_leaves) * group.width)
        near_values = reader.near(n_inner * group.width) if mode == NEAR else None
    plain_impurity, near_impurity, n_outputs = None, None, 0
    if (mode := reader.mode(NEAR_ENTROPY)) == DERIVED and classes is None:
        raise FormatError("packed trees derive an impurity from nothing")
    if mode == STORED:
        plain_impurity = reader.floats(n)
    elif mode != DERIVED:
        n_outputs = 0 if mode == NEAR else _read_outputs(reader, group.width)
        near_impurity = reader.near(n)
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
        near_weights=near_weights,
        classes=classes,
        impure=impure,
        plain_values=plain_values,
        near_values=near_values,
        plain_impurity=plain_impurity,
        near_impurity=near_impurity,
        n_outputs=n_outputs,
        is_entropy=mode == NEAR_ENTROPY,
    )


def _read_outputs(reader: StreamReader, width: int) -> int:
    n_outputs = int(reader.ints(1)[0])
    if not 1 <= n_outputs <= width:
        raise FormatError(f"packed trees have shares of classes for {n_outputs} outputs")
    return n_outputs


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
    weights = nodes["weighted_n_node_samples"]
    if columns.plain_weights is None:
        totals = _totals(columns, samples, shape)
        weights[:] = totals
    elif columns.near_weights is None:
        weights[:] = floats(columns.plain_weights)
    else:
        weights[shape.is_leaf] = floats(columns.plain_weights)
        near_sums(weights, columns.near_weights, shape)
    if columns.plain_values is None:
        tallies = _tallies(columns, totals, shape)
        values = shares(tallies, totals)
        nodes["impurity"] = gini(tallies, totals)
    elif columns.near_values is None:
        values = floats(columns.plain_values).reshape(n, columns.width)
    else:
        values = np.empty((n, columns.width))
        values[shape.is_leaf] = floats(columns.plain_values).reshape(-1, columns.width)
        near_means(values, weights, columns.near_values, shape)
    if columns.plain_impurity is not None:
        nodes["impurity"] = floats(columns.plain_impurity)
    elif columns.near_impurity is not None:
        impurity_of = entropy_of_shares if columns.is_entropy else gini_of_shares
        of_shares = partial(impurity_of, n_outputs=columns.n_outputs) if columns.n_outputs else None
        near_impurities(nodes["impurity"], values, weights, columns.near_impurity, of_shares, shape)
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
