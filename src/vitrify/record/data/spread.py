"""Mean, deviation and quantiles that say how values spread, and not what single ones are.

Means and deviations of fewer than 5 values, and quantiles of fewer than 20, are left out, since they would tell what
these are. Quantiles are rounded to a power of ten that is at most a hundredth of the distance to the next other one:
enough for their shape, and no key or number of an account.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
import numpy.typing as npt

QUANTILES: Final = (0.05, 0.25, 0.5, 0.75, 0.95)
MIN_FOR_MEAN: Final = 5
MIN_FOR_QUANTILES: Final = 20
_QUANTILE_ROWS: Final = 1 << 20
Floats = npt.NDArray[np.float64]


def mean_and_deviation(values: Floats, full: bool = False) -> tuple[float, float]:
    """Of all values, the deviation of the population; NaN for too few, unless single values may be told."""
    if len(values) < (1 if full else MIN_FOR_MEAN):
        return math.nan, math.nan
    with np.errstate(all="ignore"):
        return float(values.mean()), float(values.std())


def quantiles_of(values: Floats, full: bool = False) -> Floats:
    """The five quantiles, of an even selection where there are more than a million values; exact with `full`."""
    if len(values) < (1 if full else MIN_FOR_QUANTILES):
        return np.full(len(QUANTILES), np.nan)
    step = -(-len(values) // _QUANTILE_ROWS)
    values = np.sort(values[::step])
    position = (len(values) - 1) * np.array(QUANTILES)
    low = np.floor(position).astype(np.int64)
    found = between(values[low], values[np.minimum(low + 1, len(values) - 1)], position - low)
    return found if full else rounded_quantiles(found[None])[0]


def between(low: Floats, high: Floats, share: Floats) -> Floats:
    """Linear interpolation; of two equal values, infinite ones too, that value."""
    with np.errstate(all="ignore"):
        return low + np.where(low == high, 0.0, high - low) * share


def rounded_quantiles(quantiles: Floats) -> Floats:
    """Quantiles, shape (n, 5), each rounded to a power of ten, at most a hundredth of the distance to the next other.

    A quantile that equals its neighbour is the value of many rows and stays as it is.
    """
    with np.errstate(all="ignore"):
        gaps = np.diff(quantiles, axis=1)
        below = np.hstack([np.full((len(quantiles), 1), np.inf), gaps])
        above = np.hstack([gaps, np.full((len(quantiles), 1), np.inf)])
        step = 10.0 ** np.floor(np.log10(np.minimum(below, above) / 100))
        rounded = np.round(quantiles / step) * step
    return np.where(np.isfinite(rounded) & (step > 0), rounded, quantiles)
