"""Columns that pyarrow keeps (`ArrowDtype`), as numpy arrays and masks; types without parts only.

No bytes of a file reach Arrow's own reader: the types are those of a literal table, and pyarrow makes the arrays from
values. Lists, structs, dictionaries, decimals and unions are refused.
"""

from __future__ import annotations

import re
import zoneinfo
from functools import lru_cache
from importlib import import_module
from typing import Any, Final

import numpy as np
import pandas as pd

from vitrify.converters.checking.claims import require
from vitrify.converters.checking.reach import charge_reach
from vitrify.converters.checking.values import charge
from vitrify.converters.pandas import types_of
from vitrify.converters.pandas.dtypes import has_pyarrow
from vitrify.converters.pandas.refusals import missing_here
from vitrify.errors import UnsupportedError
from vitrify.graph.converter import Converter
from vitrify.graph.rows import Rows

_NUMBERS: Final = {
    "bool": "?", "int8": "i1", "int16": "i2", "int32": "i4", "int64": "i8", "uint8": "u1", "uint16": "u2",
    "uint32": "u4", "uint64": "u8", "halffloat": "f2", "float": "f4", "double": "f8",
}  # fmt: skip
_DAYS: Final = {"date32": "i4", "date64": "i8"}
_TICKS: Final = ("timestamp", "duration", "time32", "time64")
_TICK_BYTES: Final = {"timestamp": "i8", "duration": "i8", "time32": "i4", "time64": "i8"}
_UNITS: Final = ("s", "ms", "us", "ns")
_TEXTS: Final = ("string", "large_string")
_FIXED_ZONE: Final = re.compile(r"[+-][0-9]{2}:[0-9]{2}")
_ARRAY_BYTES: Final = 5_000
_HINT: Final = "Convert it: frame.convert_dtypes(dtype_backend='numpy_nullable')"


def _pyarrow() -> Any:
    if not has_pyarrow():
        raise missing_here("a column kept by pyarrow", hint="Install pyarrow")
    return import_module("pyarrow")


def _split(kind: Any) -> tuple[str, str | None, str | None]:
    """Name, unit and time zone of an Arrow type.

    Raises:
        UnsupportedError: It is of no type of the table.
    """
    name = str(kind).partition("[")[0]
    if str(kind) in (*_NUMBERS, *_TEXTS):
        return name, None, None
    if name in _DAYS:
        return name, None, None
    if name in _TICKS:
        return name, kind.unit, getattr(kind, "tz", None)
    raise UnsupportedError(f"a column of Arrow's {kind}", hint=_HINT)


def _kind(name: Any, unit: Any, zone: Any) -> Any:
    """The Arrow type of that name, unit and zone."""
    pa = _pyarrow()
    require(type(name) is str, "a type has a name")
    if name in _TICKS:
        require(type(unit) is str and unit in _UNITS, "unknown unit of time")
        require(zone is None or (name == "timestamp" and _is_zone(zone)), "unknown time zone")
        return getattr(pa, name)(unit, zone) if name == "timestamp" else getattr(pa, name)(unit)
    require(unit is None and zone is None and name in (*_NUMBERS, *_TEXTS, *_DAYS), "unknown Arrow type")
    made = {"bool": "bool_", "halffloat": "float16", "float": "float32", "double": "float64"}
    return getattr(pa, made.get(name, name))()


def _is_zone(zone: Any) -> bool:
    return type(zone) is str and (_FIXED_ZONE.fullmatch(zone) is not None or zone in _zones())


@lru_cache(maxsize=1)
def _zones() -> frozenset[str]:
    return frozenset(zoneinfo.available_timezones())


def _encode_array(array: Any) -> tuple[Any, ...]:
    pa = _pyarrow()
    name, unit, zone = _split(array.dtype.pyarrow_dtype)
    whole = pa.chunked_array(array.__arrow_array__()).combine_chunks()
    whole = pa.concat_arrays(whole.chunks) if isinstance(whole, pa.ChunkedArray) else whole
    if name in _TEXTS:
        return name, unit, zone, np.array(whole.to_pylist(), object), None
    mask = whole.is_null().to_numpy(zero_copy_only=False)
    width = _NUMBERS.get(name) or _DAYS.get(name) or _TICK_BYTES[name]
    if name not in _NUMBERS:
        whole = whole.view(pa.from_numpy_dtype(width))
    if mask.any():
        whole = whole.fill_null(np.zeros((), width).item())
    values = whole.to_numpy(zero_copy_only=False)
    return name, unit, zone, np.ascontiguousarray(values, width), mask if mask.any() else None


def _decode_array(name: Any, unit: Any, zone: Any, values: Any, mask: Any) -> Any:
    pa = _pyarrow()
    kind = _kind(name, unit, zone)
    require(type(values) is np.ndarray and values.ndim == 1, "values must be a flat array")
    if name in _TEXTS:
        require(values.dtype == object and mask is None, "text is an array of objects")
        text = pd.api.types.infer_dtype(values, skipna=True)
        require(text in ("string", "empty"), f"text holds {text}")
        return pd.arrays.ArrowExtensionArray(pa.chunked_array([pa.array(values, kind, from_pandas=True)]))
    width = _NUMBERS.get(name) or _DAYS.get(name) or _TICK_BYTES[name]
    require(values.dtype == np.dtype(width) and values.dtype.isnative, "values have another dtype than the column")
    is_mask = mask is None or (type(mask) is np.ndarray and mask.dtype == np.bool_ and mask.shape == values.shape)
    require(is_mask, "a mask of another length")
    made = pa.array(values, pa.from_numpy_dtype(width), mask=mask, from_pandas=False)
    if name not in _NUMBERS:
        made = made.view(kind)
    return pd.arrays.ArrowExtensionArray(pa.chunked_array([made]))


def _decode_dtype(name: Any, unit: Any, zone: Any) -> Any:
    kind = _kind(name, unit, zone)
    return pd.ArrowDtype(kind)


def _check(rows: Rows) -> None:
    charge(rows, _ARRAY_BYTES)
    charge_reach(rows)


CONVERTERS: tuple[Converter[Any], ...] = (
    Converter(
        type_id="pandas.ArrowExtensionArray",
        types=types_of("pandas.ArrowExtensionArray"),
        fields=("name", "unit", "tz", "values", "mask"),
        encode=_encode_array,
        decode=_decode_array,
        check=_check,
        owns_arrays=True,
    ),
    Converter(
        type_id="pandas.ArrowDtype",
        types=types_of("pandas.ArrowDtype"),
        fields=("name", "unit", "tz"),
        encode=lambda dtype: _split(dtype.pyarrow_dtype),
        decode=_decode_dtype,
        check=_check,
    ),
)
