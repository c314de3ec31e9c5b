"""What is expected of a number from those below it, and how far it is from that.

scikit-learn adds up samples in an order that is not kept, so that the last bits of a sum are not known. A number is
kept as the distance from what is expected: in steps of its last bit, or, for what is left after a subtraction, of one
unit for all that is as large as what it was subtracted from. All of this is float64, each operation rounded for itself.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np

from vitrify.container.trees.shapes import Shape
from vitrify.container.trees.streams import Flags, Floats, Ints, PackedNear, flags

_MOST_APART: Final = 1 << 15
_EXPONENT: Final = 0x7FF
_UNIT_BELOW: Final = 55
_FRACTION: Final = (1 << 52) - 1
_ONE: Final = 1023
_ROOT: Final = 1.4142135623730951
_TERMS: Final = 23
_PER_LN_2: Final = 2.885390081777927

OfShares = Callable[[Floats], Floats]


def number(values: Floats) -> Floats:
    """The values, and 0 for what is none."""
    found: Floats = np.where(np.isnan(values), 0.0, values)
    return found


def mean(weights: Floats, left: Floats, right: Floats, of: tuple[Ints, Ints, Ints]) -> Floats:
    """What is expected of the means of nodes from those of their children; `of` numbers both and the nodes."""
    to_left, to_right, nodes = of
    shape = (-1, *[1] * (left.ndim - 1))
    with np.errstate(all="ignore"):
        total = weights[to_left].reshape(shape) * left + weights[to_right].reshape(shape) * right
        return number(total / weights[nodes].reshape(shape))


def squares(values: Floats) -> Floats:
    """The sum of the squares of each row, from the first to the last."""
    found = np.zeros(len(values))
    with np.errstate(all="ignore"):
        for k in range(values.shape[1]):
            found += values[:, k] * values[:, k]
    return found


def moved(expected: Floats, apart: Ints) -> Floats:
    """The numbers so many steps of the last bit away."""
    return (expected.view(np.int64) + apart).view(np.float64)


def steps(values: Floats, expected: Floats) -> tuple[Flags, Ints]:
    """Which numbers are better given, and for the others what `moved` takes."""
    apart = values.view(np.int64) - expected.view(np.int64)
    return (apart < -_MOST_APART) | (apart >= _MOST_APART), apart


def unit(scale: Floats) -> Floats:
    """An eighth of the last bit of each number; 0 where that is too small to be normal."""
    exponent = scale.view(np.int64) >> 52 & _EXPONENT
    bits: Ints = np.maximum(exponent - _UNIT_BELOW, 0) << 52
    return bits.view(np.float64)


def shifted(expected: Floats, scale: Floats, apart: Ints) -> Floats:
    """The numbers so many units of `scale` away."""
    with np.errstate(all="ignore"):
        return number(expected + apart.astype(np.float64) * unit(scale))


def units(values: Floats, expected: Floats, scale: Floats) -> tuple[Flags, Ints]:
    """Which numbers are better given, and for the others what `shifted` takes."""
    with np.errstate(all="ignore"):
        far = number((values - expected) / unit(scale))
        apart = np.rint(np.clip(far, -_MOST_APART, _MOST_APART - 1)).astype(np.int64)
    found = shifted(expected, scale, apart)
    return found.view(np.int64) != values.view(np.int64), apart


def left_over(values: Floats, impurity: Floats, weights: Floats, of: tuple[Ints, Ints, Ints]) -> tuple[Floats, Floats]:
    """The mean squares of nodes from those of their children, and what is left without the squares of the means."""
    to_left, to_right, nodes = of
    width = values.shape[1]
    with np.errstate(all="ignore"):
        left = impurity[to_left] * width + squares(values[to_left])
        right = impurity[to_right] * width + squares(values[to_right])
        of_all = mean(weights, left, right, of)
        return of_all, number((of_all - squares(values[nodes])) / width)


def gini_of_shares(values: Floats, n_outputs: int) -> Floats:
    """The Gini impurity of shares of classes, which add up to 1 for each output."""
    with np.errstate(all="ignore"):
        return number(1.0 - squares(values) / n_outputs)


def entropy_of_shares(values: Floats, n_outputs: int) -> Floats:
    """The entropy of shares of classes, which add up to 1 for each output."""
    found = np.zeros(len(values))
    with np.errstate(all="ignore"):
        for k in range(values.shape[1]):
            share = np.ascontiguousarray(values[:, k])
            found -= np.where(share > 0, share * _log2(share), 0.0)
        return number(found / n_outputs)


def _log2(values: Floats) -> Floats:
    """Logarithms from arithmetic alone, since those of C differ in their last bits from one platform to the next."""
    bits = values.view(np.int64)
    exponent = (bits >> 52 & _EXPONENT) - _ONE
    fraction = (bits & _FRACTION | _ONE << 52).view(np.float64)
    is_above = fraction > _ROOT
    fraction = np.where(is_above, fraction * 0.5, fraction)
    slope = (fraction - 1.0) / (fraction + 1.0)
    square = slope * slope
    series = np.full(len(values), 1.0 / _TERMS)
    for term in range(_TERMS - 2, 0, -2):
        series = series * square + 1.0 / term
    found: Floats = slope * series * _PER_LN_2 + (exponent + is_above).astype(np.float64)
    return found


def near_sums(weights: Floats, near: PackedNear, shape: Shape) -> None:
    """Fill in the weights of inner nodes, those of leaves being there."""
    for level in shape.levels:
        left, right, nodes = shape.left[level], shape.right[level], shape.inner[level]
        weights[nodes] = _of_near(near, level, moved(sums(weights, left, right), near[1][level]))


def near_means(values: Floats, weights: Floats, near: PackedNear, shape: Shape) -> None:
    """Fill in the values of inner nodes, shape (n, width), those of leaves being there."""
    width = values.shape[1]
    apart = near[1].reshape(-1, width)
    for level in shape.levels:
        left, right, nodes = of = shape.left[level], shape.right[level], shape.inner[level]
        expected = mean(weights, values[left], values[right], of)
        places = (level[:, None] * width + np.arange(width)).reshape(-1)
        found = _of_near(near, places, moved(expected, apart[level]).reshape(-1))
        values[nodes] = found.reshape(-1, width)


def near_impurities(
    impurity: Floats, values: Floats, weights: Floats, near: PackedNear, of_shares: OfShares | None, shape: Shape
) -> None:
    """Fill in the impurities of all nodes: those of shares of classes, or of squared errors."""
    apart = near[1]
    everything = np.arange(len(impurity))
    if of_shares is not None:
        expected, scale = of_shares(values), np.ones(len(impurity))
        impurity[:] = _of_near(near, everything, shifted(expected, scale, apart))
        return
    leaves = everything[shape.is_leaf]
    expected = np.zeros(len(leaves))
    impurity[leaves] = _of_near(near, leaves, shifted(expected, squares(values[leaves]), apart[leaves]))
    for level in shape.levels:
        nodes = shape.inner[level]
        scale, expected = left_over(values, impurity, weights, (shape.left[level], shape.right[level], nodes))
        impurity[nodes] = _of_near(near, nodes, shifted(expected, scale, apart[nodes]))


def _of_near(near: PackedNear, places: Ints, found: Floats) -> Floats:
    """What was found, but where the number is given."""
    bits, apart = near
    is_given = flags(bits, len(apart))[places]
    return np.where(is_given, apart[places].view(np.float64), found)


def sums(weights: Floats, left: Ints, right: Ints) -> Floats:
    """What is expected of the weights of nodes from those of their children."""
    with np.errstate(all="ignore"):
        return number(weights[left] + weights[right])
