"""pandas' own arrays: their numpy parts, put together by public constructors that check them.

What lies under a mask is set to one value, so equal arrays have equal bytes and nothing that was masked out leaks.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numpy as np
import pandas as pd

from vitrify.converters.checking.claims import require
from vitrify.converters.checking.reach import charge_reach
from vitrify.converters.checking.values import charge
from vitrify.converters.pandas.building import pandas_converter
from vitrify.converters.pandas.dtypes import decode_string_dtype, encode_string_dtype
from vitrify.converters.pandas.memory import NUMPY_ARRAY, check_times, owned, times_of
from vitrify.converters.pandas.offsets import is_offset
from vitrify.converters.pandas.zones import decode_zone, encode_zone
from vitrify.errors import UnsupportedError
from vitrify.graph.converter import Converter
from vitrify.graph.rows import Rows

_CODES: Final = (np.int8, np.int16, np.int32, np.int64)
_UNDER_MASK: Final = {"b": False, "i": 1, "u": 1, "f": np.nan}
_ARRAY_BYTES: Final = 5_000
_HAVE_FREQ: Final = hasattr(pd.arrays.DatetimeArray, "freq")
"""Whether arrays of dates have a frequency; since pandas 3.1 only indexes have."""


def are_codes(values: object, bound: int) -> bool:
    """Whether `values` is an array of ints from -1 (which stands for what is missing) to below `bound`.

    pandas narrows codes to the size that the bound needs before it looks at them, so 2**40 would pass for 0.
    """
    if type(values) is not np.ndarray or values.ndim != 1 or values.dtype not in _CODES or not values.dtype.isnative:
        return False
    return not len(values) or (int(values.min()) >= -1 and int(values.max()) < bound)


def _is_flat(values: object, kinds: str) -> bool:
    return type(values) is np.ndarray and values.ndim == 1 and values.dtype.kind in kinds


def _decode_categorical(codes: Any, dtype: Any) -> Any:
    require(isinstance(dtype, pd.CategoricalDtype) and dtype.categories is not None, "categories are needed")
    require(are_codes(codes, len(dtype.categories)), "a code is that of no category")
    found = pd.Categorical.from_codes(owned(codes), dtype=dtype)
    require(found.codes.dtype == codes.dtype, "codes have another dtype than their categories need")
    return found


def _encode_masked(array: Any) -> tuple[Any, Any]:
    values, mask = array._data, array._mask
    if mask.any():
        values = values.copy()
        values[mask] = _UNDER_MASK[values.dtype.kind]
    return values.view(), mask.view()


def _masked(name: str, kinds: str, sizes: tuple[int, ...]) -> Converter[Any]:
    cls: Any = getattr(pd.arrays, name)

    def decode(values: Any, mask: Any) -> Any:
        require(_is_flat(values, kinds) and values.dtype.isnative, "values of another dtype")
        require(values.dtype.itemsize in sizes, "values of another size")
        require(_is_flat(mask, "b") and len(mask) == len(values), "a mask of another length")
        return cls(owned(values), owned(mask))

    return _array(name, ("values", "mask"), _encode_masked, decode)


def _encode_strings(array: Any) -> tuple[Any, ...]:
    return (array.to_numpy(dtype=object, na_value=None), *encode_string_dtype(array.dtype))


def _decode_strings(values: Any, storage: Any, is_nan: Any) -> Any:
    require(_is_flat(values, "O"), "text is an array of objects")
    kind = pd.api.types.infer_dtype(values, skipna=True)
    require(kind in ("string", "empty"), f"text holds {kind}")
    return pd.array(values, dtype=decode_string_dtype(storage, is_nan))


def encode_times(values: Any, kind: str) -> Any:
    """The ticks of dates or durations as datetime64 or timedelta64 without a zone, shape (n,)."""
    unit = getattr(values, "unit", "ns")
    times = values.asi8.view(f"{kind}8[{unit}]")
    return times_of(times)


def decode_times(values: Any, kind: str) -> Any:
    """An index of dates or durations, without a zone and without a frequency."""
    require(_is_flat(values, kind), "dates and durations are datetime64 or timedelta64")
    check_times(values)
    return pd.DatetimeIndex(values, copy=False) if kind == "M" else pd.TimedeltaIndex(values, copy=False)


def with_zone(index: Any, zone: Any) -> Any:
    """The same moments, as the clocks of a zone show them."""
    tz = decode_zone(zone)
    return index if tz is None else index.tz_localize("UTC").tz_convert(tz)


def with_freq(index: Any, freq: Any) -> Any:
    """The same index with a frequency, which its values must have."""
    if freq is None:
        return index
    require(is_offset(freq), "a frequency is an offset")
    return type(index)(index, freq=freq, copy=False)


def _decode_dates(values: Any, zone: Any, freq: Any) -> Any:
    index = with_zone(decode_times(owned(values), "M"), zone)
    return with_freq(index, freq if _HAVE_FREQ else None).array


def _decode_durations(values: Any, freq: Any) -> Any:
    index = decode_times(owned(values), "m")
    return with_freq(index, freq if _HAVE_FREQ else None).array


def _decode_periods(ordinals: Any, dtype: Any) -> Any:
    require(_is_flat(ordinals, "i") and ordinals.dtype == np.int64, "periods are int64")
    require(isinstance(dtype, pd.PeriodDtype), "periods need their dtype")
    return pd.arrays.PeriodArray(owned(ordinals), dtype=dtype)


def _encode_intervals(array: Any) -> tuple[Any, ...]:
    return array.left.copy(deep=True), array.right.copy(deep=True), array.closed


def _decode_intervals(left: Any, right: Any, closed: Any) -> Any:
    require(isinstance(left, pd.Index) and isinstance(right, pd.Index), "intervals have two indexes")
    require(left.dtype == right.dtype and type(closed) is str, "the ends of intervals have one dtype")
    found = pd.arrays.IntervalArray.from_arrays(left, right, closed)
    if found.dtype.subtype != left.dtype:
        raise UnsupportedError(f"intervals of {left.dtype}: the pandas {pd.__version__} installed here has none")
    return found


def _encode_sparse(array: Any) -> tuple[Any, ...]:
    indices = array.sp_index.to_int_index().indices
    dtype = pd.SparseDtype(array.dtype.subtype, array.dtype.fill_value)  # pandas makes one for each array that it loads
    return array.sp_values.view(), indices.view(), len(array), dtype, array.kind


def _decode_sparse(values: Any, indices: Any, length: Any, dtype: Any, kind: Any) -> Any:
    require(isinstance(dtype, pd.SparseDtype) and kind in ("integer", "block"), "a dtype and a kind are needed")
    require(_is_flat(values, "biufcmM") and values.dtype == dtype.subtype, "values have another dtype than the array")
    require(_is_flat(indices, "i") and indices.dtype == np.int32, "indices are int32")
    require(type(length) is int and 0 <= length < 2**31 and len(indices) == len(values), "lengths do not fit")
    places = indices.astype(np.int64)
    require((np.diff(places) > 0).all(), "indices must increase")
    require(not len(places) or (places[0] >= 0 and places[-1] < length), "an index is out of range")
    values = owned(values)
    if hasattr(pd.arrays.SparseArray, "from_indices"):
        found = pd.arrays.SparseArray.from_indices(values, indices, length, dtype.fill_value, kind, dtype.subtype)
    else:
        from pandas._libs.sparse import IntIndex

        index = IntIndex(length, indices)
        index = index.to_block_index() if kind == "block" else index
        found = pd.arrays.SparseArray(values, sparse_index=index, fill_value=dtype.fill_value, dtype=dtype)
    require(found.dtype == dtype and len(found) == length, "values and dtype do not fit")
    return found


def _decode_numpy(values: Any) -> Any:
    require(type(values) is np.ndarray and values.ndim == 1, "a flat array is needed")
    return NUMPY_ARRAY(owned(values))


def _check(rows: Rows) -> None:
    charge(rows, _ARRAY_BYTES)
    charge_reach(rows)


def _array(
    name: str, fields: tuple[str, ...], encode: Callable[..., Any], decode: Callable[..., Any]
) -> Converter[Any]:
    return pandas_converter(name, fields, encode, decode, _check, owns_arrays=True)


CONVERTERS: tuple[Converter[Any], ...] = (
    _array("Categorical", ("codes", "dtype"), lambda a: (a.codes.view(), a.dtype), _decode_categorical),
    _masked("IntegerArray", "iu", (1, 2, 4, 8)),
    _masked("FloatingArray", "f", (4, 8)),
    _masked("BooleanArray", "b", (1,)),
    _array("StringArray", ("values", "storage", "is_nan"), _encode_strings, _decode_strings),
    _array(
        "DatetimeArray",
        ("values", "tz", "freq"),
        lambda a: (encode_times(a, "M"), encode_zone(a.tz), getattr(a, "freq", None)),
        _decode_dates,
    ),
    _array(
        "TimedeltaArray",
        ("values", "freq"),
        lambda a: (encode_times(a, "m"), getattr(a, "freq", None)),
        _decode_durations,
    ),
    _array("PeriodArray", ("ordinals", "dtype"), lambda a: (a.asi8.view(), a.dtype), _decode_periods),
    _array("IntervalArray", ("left", "right", "closed"), _encode_intervals, _decode_intervals),
    _array("SparseArray", ("values", "indices", "length", "dtype", "kind"), _encode_sparse, _decode_sparse),
    _array("NumpyExtensionArray", ("values",), lambda a: (a.to_numpy().view(),), _decode_numpy),
)
