"""Trees to columns: a column that follows from others is left out, one that nearly does keeps the difference."""

from __future__ import annotations

from typing import Final

import numpy as np

from vitrify.container.trees.nearness import (
    entropy_of_shares,
    gini_of_shares,
    left_over,
    mean,
    squares,
    steps,
    sums,
    units,
)
from vitrify.container.trees.places import MISSING, NODES, Group, gaps, write_spans
from vitrify.container.trees.streams import (
    DERIVED,
    NEAR,
    NEAR_ENTROPY,
    NEAR_SHARES,
    STORED,
    Bytes,
    Flags,
    Floats,
    Ints,
    Streams,
)
from vitrify.container.trees.survey import Columns, Survey, surveyed

_MOST_GIVEN: Final = 0.9
_FEW: Final = 0.02
_OF_SHARES: Final = {NEAR_SHARES: gini_of_shares, NEAR_ENTROPY: entropy_of_shares}

Family = tuple[Ints, Ints, Ints]


def pack(data: Bytes, group: Group) -> list[bytes] | None:
    """The columns of a group, shape (n_bytes,) uint8, in parts to be compressed; None where it holds other things."""
    columns = Columns(data, group)
    found = surveyed(data, columns, group)
    if found is None:
        return None
    streams = Streams()
    write_spans(streams, group)
    _pack_shape(streams, found)
    streams.ints(found.feature)
    streams.floats(found.threshold)
    _pack_samples(streams, found, columns, has_missing=MISSING in (NODES[group.item_bytes].names or ()))
    below = found.left, found.right, np.flatnonzero(~found.is_leaf)
    _pack_weights(streams, found, columns, below)
    _pack_values(streams, found, columns, below)
    _pack_impurity(streams, found, columns, below)
    for begin, end in gaps(group):
        streams.raw(data[begin:end])
    return streams.parts()


def _pack_shape(streams: Streams, found: Survey) -> None:
    streams.bits(found.is_leaf)
    if found.is_depth_first:
        streams.mode(DERIVED)
    else:
        streams.mode(STORED)
        streams.ints(found.left - np.flatnonzero(~found.is_leaf))
        streams.ints(found.right - found.left)


def _pack_samples(streams: Streams, found: Survey, columns: Columns, *, has_missing: bool) -> None:
    if found.samples is not None:
        streams.mode(DERIVED)
        streams.ints(found.samples)
    else:
        streams.mode(STORED)
        streams.ints(np.ascontiguousarray(columns.nodes["n_node_samples"]))
    if not has_missing:
        return
    if found.follows_missing:
        streams.mode(DERIVED)
    else:
        streams.mode(STORED)
        streams.bits(columns.nodes[MISSING].view(np.bool_))


def _pack_weights(streams: Streams, found: Survey, columns: Columns, below: Family) -> None:
    if found.weights is not None:
        streams.mode(DERIVED)
        streams.ints(found.weights)
        return
    weights = np.ascontiguousarray(columns.nodes["weighted_n_node_samples"])
    left, right, inner = below
    is_given, apart = steps(weights[inner], sums(weights, left, right))
    if _pays(is_given):
        streams.mode(NEAR)
        streams.floats(weights[found.is_leaf])
        streams.near(weights[inner], is_given, apart)
    else:
        streams.mode(STORED)
        streams.floats(weights)


def _pack_values(streams: Streams, found: Survey, columns: Columns, below: Family) -> None:
    if found.classes is not None and found.impure is not None:
        streams.mode(DERIVED)
        streams.raw(found.classes)
        streams.ints(found.impure)
        return
    values, weights = columns.values, columns.nodes["weighted_n_node_samples"]
    left, right, inner = below
    of_inner = values[inner]
    is_given, apart = steps(of_inner, mean(weights, values[left], values[right], below))
    if _pays(is_given):
        streams.mode(NEAR)
        streams.floats(values[found.is_leaf].reshape(-1))
        streams.near(of_inner.reshape(-1), is_given.reshape(-1), apart.reshape(-1))
    else:
        streams.mode(STORED)
        streams.floats(np.ascontiguousarray(values).reshape(-1))


def _pack_impurity(streams: Streams, found: Survey, columns: Columns, below: Family) -> None:
    if found.is_gini:
        streams.mode(DERIVED)
        return
    impurity = np.ascontiguousarray(columns.nodes["impurity"])
    mode, n_outputs = NEAR, _n_outputs(columns.values)
    is_given, apart = _by_squares(columns, impurity, found.is_leaf, below)
    for other, of_shares in _OF_SHARES.items():
        if columns.values.shape[1] == 1 or np.count_nonzero(is_given) < len(is_given) * _FEW:
            break
        near = units(impurity, of_shares(columns.values, n_outputs), np.ones(len(impurity)))
        if np.count_nonzero(near[0]) < np.count_nonzero(is_given):
            mode, (is_given, apart) = other, near
    if not _pays(is_given):
        streams.mode(STORED)
        streams.floats(impurity)
        return
    streams.mode(mode)
    if mode != NEAR:
        streams.ints(np.array([n_outputs], np.int64))
    streams.near(impurity, is_given, apart)


def _by_squares(columns: Columns, impurity: Floats, is_leaf: Flags, below: Family) -> tuple[Flags, Ints]:
    """How near impurities are to what the squared errors below leave."""
    weights = np.ascontiguousarray(columns.nodes["weighted_n_node_samples"])
    scale, expected = squares(columns.values), np.zeros(len(impurity))
    scale[below[2]], expected[below[2]] = left_over(columns.values, impurity, weights, below)
    return units(impurity, expected, scale)


def _n_outputs(values: Floats) -> int:
    """For how many outputs these may be shares of classes: those of each add up to 1."""
    with np.errstate(all="ignore"):
        total = values[0].sum()
    return int(np.rint(total)) if 1 <= total <= values.shape[1] else 1


def _pays(is_given: Flags) -> bool:
    """Whether enough numbers are near what is expected."""
    return bool(np.count_nonzero(is_given) <= is_given.size * _MOST_GIVEN) and is_given.size > 0
