"""How pandas objects are compared: by what they show, not by the blocks they are stored in.

Labels, dtypes, values, names, `attrs` and flags count; sharing of memory inside pandas objects does not.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from pandas.api.extensions import ExtensionArray, ExtensionDtype

from tests.support.equality_step import Step
from tests.support.equality_values import IDENTITY
from tests.support.equality_walk import Origin, Rule, Walk

__all__ = ["RULES"]

_NumpyArray: Any = getattr(pd.arrays, "NumpyExtensionArray", None) or pd.arrays.PandasArray
_TIME_ARRAYS = (pd.arrays.DatetimeArray, pd.arrays.TimedeltaArray, pd.arrays.PeriodArray)
_TIME_INDEXES = (pd.DatetimeIndex, pd.TimedeltaIndex, pd.PeriodIndex)
_MASKED_ARRAYS = (pd.arrays.BooleanArray, pd.arrays.IntegerArray, pd.arrays.FloatingArray)


def _parts(walk: Walk, expected: Any, found: Any, step: Step, names: tuple[str, ...]) -> None:
    """Compare attributes that pandas makes anew at each access."""
    for name in names:
        walk.compare(getattr(expected, name), getattr(found, name), step, ".", name, Origin.MADE)


def _compare_frame(walk: Walk, expected: Any, found: Any, step: Step) -> None:
    if expected.shape != found.shape:
        walk.report(Step(step, ".", "shape"), str(expected.shape), str(found.shape))
        return
    _parts(walk, expected, found, step, ("columns", "index", *expected._metadata))
    for number, label in enumerate(expected.columns):
        mine, theirs = (frame.iloc[:, number].array for frame in (expected, found))
        walk.compare(mine, theirs, step, "[", label, Origin.MADE)
    _compare_notes(walk, expected, found, step)


def _compare_series(walk: Walk, expected: Any, found: Any, step: Step) -> None:
    _parts(walk, expected, found, step, ("index", "array", "name", *expected._metadata))
    _compare_notes(walk, expected, found, step)


def _compare_notes(walk: Walk, expected: Any, found: Any, step: Step) -> None:
    walk.compare(expected.attrs, found.attrs, step, ".", "attrs", Origin.MADE)
    _parts(walk, expected.flags, found.flags, Step(step, ".", "flags"), ("allows_duplicate_labels",))


def _compare_index(walk: Walk, expected: Any, found: Any, step: Step) -> None:
    if isinstance(expected, pd.MultiIndex):
        names: tuple[str, ...] = ("levels", "codes", "sortorder")
    elif isinstance(expected, pd.RangeIndex):
        names = ("start", "stop", "step")
    else:
        names = ("array",)
    _parts(walk, expected, found, step, ("dtype", *names, *_own_freq(expected)))
    walk.compare(list(expected.names), list(found.names), step, ".", "names", Origin.MADE)


def _own_freq(value: Any) -> tuple[str, ...]:
    """The frequency of dates is kept by the index since pandas 3, by the array before."""
    return ("freq",) if isinstance(value, (*_TIME_ARRAYS, *_TIME_INDEXES)) and hasattr(value, "freq") else ()


def _compare_extension_array(walk: Walk, expected: Any, found: Any, step: Step) -> None:
    if len(expected) != len(found):
        walk.report(step, f"{len(expected)} items", f"{len(found)} items")
        return
    _parts(walk, expected, found, step, ("dtype",))
    if isinstance(expected, pd.Categorical):
        _parts(walk, expected, found, step, ("codes", "categories", "ordered"))
    elif isinstance(expected, _TIME_ARRAYS):
        _parts(walk, expected, found, step, ("asi8", *_own_freq(expected)))
    elif isinstance(expected, pd.arrays.IntervalArray):
        _parts(walk, expected, found, step, ("left", "right", "closed"))
    elif isinstance(expected, pd.arrays.SparseArray):
        _parts(walk, expected, found, step, ("sp_values", "fill_value"))
        _parts(walk, expected.sp_index.to_int_index(), found.sp_index.to_int_index(), step, ("indices",))
    elif isinstance(expected, _MASKED_ARRAYS):
        _parts(walk, expected, found, step, ("_mask",))
        mine, theirs = (array._data[~array._mask] for array in (expected, found))  # what lies under a mask is unseen
        walk.compare(mine, theirs, step, "<", "values", Origin.MADE)
    elif isinstance(expected, _NumpyArray):
        walk.compare(expected.to_numpy(), found.to_numpy(), step, "<", "values", Origin.MADE)
    else:
        mine, theirs = (np.asarray(array, dtype=object) for array in (expected, found))
        walk.compare(mine, theirs, step, "<", "values", Origin.MADE)


def _compare_extension_dtype(walk: Walk, expected: Any, found: Any, step: Step) -> None:
    _parts(walk, expected, found, step, ("name", "type", *expected._metadata))


def _by_parts(*names: str) -> Rule:
    """A rule for scalars that are described fully by these attributes."""

    def compare(walk: Walk, expected: Any, found: Any, step: Step) -> None:
        _parts(walk, expected, found, step, names)

    return Rule(compare=compare, tracked=False, attributes=False)


RULES: dict[type, Rule] = {
    pd.DataFrame: Rule(compare=_compare_frame, tracked=True, attributes=False),
    pd.Series: Rule(compare=_compare_series, tracked=True, attributes=False),
    pd.Index: Rule(compare=_compare_index, tracked=True, attributes=False),
    ExtensionArray: Rule(compare=_compare_extension_array, tracked=True, attributes=False),
    ExtensionDtype: Rule(compare=_compare_extension_dtype, tracked=False, attributes=False),
    pd.Timestamp: _by_parts("asm8", "tzinfo", "fold"),
    pd.Timedelta: _by_parts("asm8"),
    pd.Interval: _by_parts("left", "right", "closed"),
    pd.Period: _by_parts("ordinal", "freq"),
    type(pd.NaT): IDENTITY,
    type(pd.NA): IDENTITY,
}
