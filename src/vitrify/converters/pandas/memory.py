"""Arrays between pandas and a file: what pandas holds, and memory that a loaded object has for itself.

pandas objects share memory without showing it and copy it when one of them is written to. That bookkeeping is lost in
a file, so an object whose array shared memory with another gets a copy of its own.
"""

from __future__ import annotations

import sys
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from vitrify.converters.checking.claims import require
from vitrify.converters.pandas.refusals import PANDAS
from vitrify.errors import UnsupportedError

Array = npt.NDArray[Any]
NUMPY_ARRAY: Any = getattr(pd.arrays, "NumpyExtensionArray", None) or pd.arrays.PandasArray
COLUMN_KINDS: Final = "biufcOmM"
"""The kinds of numpy dtypes that columns of pandas have."""
_REFERENCES_OF_ONE: Final = 2
"""How often the memory of an array is referred to where only that array lies in it: by it, and by the question."""
_TIME_UNITS: Final = ("s", "ms", "us", "ns")
_PYTHON_YEARS: Final = (np.datetime64("0001-01-02", "s"), np.datetime64("9999-12-30", "s"))


def owned(array: Array) -> Array:
    """The array, or a copy of it if anything else of the file lies in the same memory."""
    is_alone = array.base is None or sys.getrefcount(array.base) <= _REFERENCES_OF_ONE
    return array if is_alone else array.copy()


def plain(array: Any) -> Any:
    """The ndarray inside of an array that is only a wrapper, else the array, as a new object over the same memory."""
    if type(array) is NUMPY_ARRAY:
        return array.to_numpy().view()
    return times_of(array) if is_times(array) else array[:]


def is_times(array: Any) -> bool:
    """Whether an array is one of durations, or of dates without a time zone."""
    return isinstance(array, (pd.arrays.DatetimeArray, pd.arrays.TimedeltaArray)) and isinstance(array.dtype, np.dtype)


def times_of(array: Any) -> Array:
    """The datetime64 or timedelta64 of an array of dates without a zone, or of durations, of any number of dimensions.

    Raises:
        UnsupportedError: They could not be loaded again.
    """
    times: Array = np.asarray(array).view()
    try:
        check_times(times)
    except ValueError as error:
        raise UnsupportedError(str(error)) from error
    return times


def is_column(values: object, ndim: int = 1) -> bool:
    """Whether `values` is an ndarray that a column of pandas can be."""
    return type(values) is np.ndarray and values.ndim == ndim and values.dtype.kind in COLUMN_KINDS


def check_times(values: Any) -> None:
    """datetime64 or timedelta64 that this pandas can hold.

    Before pandas 3, turning a date outside of Python's years into a Python date crashes the interpreter.

    Raises:
        ValueError: They have no unit of pandas.
        UnsupportedError: This pandas has no such unit, or must not get such dates.
    """
    unit, count = np.datetime_data(values.dtype)
    require(unit in _TIME_UNITS and count == 1 and values.dtype.isnative, f"dates in {count} {unit}")
    if PANDAS < (2, 0) and unit != "ns":
        raise UnsupportedError(f"dates in {unit}: the pandas {pd.__version__} installed here has nanoseconds only")
    if PANDAS < (3, 0) and unit != "ns" and values.dtype.kind == "M" and values.size:
        known = values[~np.isnat(values)]
        if known.size and not (_PYTHON_YEARS[0] <= known.min() and known.max() <= _PYTHON_YEARS[1]):
            raise UnsupportedError("dates outside of the years 1 to 9999, with which pandas before 3 crashes")
