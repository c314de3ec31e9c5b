"""Statistics of sparse columns, all at once: a million of them takes no loop over columns."""

from __future__ import annotations

from itertools import pairwise
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from vitrify.record.data.fingerprint import without_zeros
from vitrify.record.data.spread import MIN_FOR_MEAN, MIN_FOR_QUANTILES, QUANTILES, Floats, between, rounded_quantiles
from vitrify.record.data.tables import Table, canonical

_MEASURED: Final = ("bool", "int", "float")
Ints = npt.NDArray[np.int64]


def sparse_statistics(table: Table, digests: list[str], full: bool) -> dict[str, Any]:
    """What `column_statistics` says of a sparse table; values that are not stored are zeros and count."""
    matrix = without_zeros(table.nonzeros)
    kind, values = canonical(matrix.data)
    n, n_rows = table.n_columns, table.n_rows
    number = np.repeat(np.arange(n), np.diff(matrix.indptr))
    is_missing = np.isnan(values) if kind in ("float", "complex") else np.zeros(len(values), np.bool_)
    n_missing = np.bincount(number[is_missing], minlength=n)
    n_present = n_rows - n_missing
    found: dict[str, Any] = {
        "names": [None] * n,
        "kinds": [kind] * n,
        "dtypes": [str(matrix.dtype)] * n,
        "digests": digests,
        "n_missing": n_missing.astype(np.int64),
        "mean": np.full(n, np.nan),
        "deviation": np.full(n, np.nan),
        "quantiles": np.full((n, len(QUANTILES)), np.nan),
        "n_distinct": np.full(n, -1, np.int64),
        "categories": [None] * n,
        "is_ordered": np.zeros(n, np.bool_),
    }
    if full:
        found |= {"minimum": np.full(n, np.nan), "maximum": np.full(n, np.nan), "top": [None] * n}
    if kind not in _MEASURED:
        return found
    number, present = number[~is_missing], values[~is_missing].astype(np.float64)
    found["mean"], found["deviation"] = _means(number, present, n_present, 1 if full else MIN_FOR_MEAN)
    if kind != "bool":
        found["quantiles"] = _quantiles(number, present, n_present, full)
    if full:
        found["minimum"], found["maximum"] = _extremes(number, present, n_present)
    return found


def _means(number: Ints, values: Floats, n_present: Ints, fewest: int) -> tuple[Floats, Floats]:
    """Mean and deviation of columns whose values other than zero are `values` in the columns of `number`."""
    n = len(n_present)
    with np.errstate(all="ignore"):
        mean = np.bincount(number, values, n) / n_present
        squares = np.bincount(number, (values - mean[number]) ** 2, n).astype(np.float64)
        of_zeros = (n_present - np.bincount(number, minlength=n)) * mean**2
        deviation = np.sqrt((squares + of_zeros) / n_present)
    mean[n_present < fewest] = deviation[n_present < fewest] = np.nan
    return mean, deviation


def _quantiles(number: Ints, values: Floats, n_present: Ints, full: bool) -> Floats:
    """The quantiles, shape (n, 5): zero but where a column has enough other values to reach the outermost."""
    n = len(n_present)
    found = np.zeros((n, len(QUANTILES)))
    n_values = np.bincount(number, minlength=n)
    is_reached = n_values > np.floor((n_present - 1) * min(QUANTILES))
    chosen = np.flatnonzero(is_reached & (n_values > 0))
    if len(chosen):
        inside = is_reached[number]
        number, values = number[inside], values[inside]
        bounds = np.concatenate([[0], np.cumsum(n_values[chosen])])
        for begin, end in pairwise(bounds.tolist()):
            values[begin:end].sort()
        n_below = np.bincount(number[values < 0], minlength=n)[chosen]
        position = (n_present[chosen, None] - 1) * np.array(QUANTILES)
        low = np.floor(position).astype(np.int64)
        high = np.minimum(low + 1, n_present[chosen, None] - 1)
        n_zeros = (n_present - n_values)[chosen]
        at_low, at_high = (_ranked(values, bounds[:-1], n_below, n_zeros, rank) for rank in (low, high))
        between_them = between(at_low, at_high, position - low)
        found[chosen] = between_them if full else rounded_quantiles(between_them)
    found[n_present < (1 if full else MIN_FOR_QUANTILES)] = np.nan
    return found


def _ranked(values: Floats, begins: Ints, n_below: Ints, n_zeros: Ints, rank: Ints) -> Floats:
    """The values of a rank among all of their column, shape (n_chosen, 5)."""
    is_below, is_above = rank < n_below[:, None], rank >= (n_below + n_zeros)[:, None]
    place = begins[:, None] + np.where(is_above, rank - n_zeros[:, None], np.where(is_below, rank, 0))
    return np.where(is_below | is_above, values[place], 0.0)


def _extremes(number: Ints, values: Floats, n_present: Ints) -> tuple[Floats, Floats]:
    n = len(n_present)
    n_values = np.bincount(number, minlength=n)
    minimum, maximum = np.where(n_present > n_values, 0.0, np.inf), np.where(n_present > n_values, 0.0, -np.inf)
    filled = np.flatnonzero(n_values)
    if len(filled):
        begins = np.concatenate([[0], np.cumsum(n_values[filled])[:-1]])
        minimum[filled] = np.minimum(minimum[filled], np.minimum.reduceat(values, begins))
        maximum[filled] = np.maximum(maximum[filled], np.maximum.reduceat(values, begins))
    minimum[n_present == 0] = maximum[n_present == 0] = np.nan
    return minimum, maximum
