"""pandas' own dtypes as values; numpy's are saved by the numpy converters."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any, Final

import numpy as np
import pandas as pd

from vitrify.converters.checking.claims import require
from vitrify.converters.checking.values import charge
from vitrify.converters.pandas import types_of
from vitrify.converters.pandas.building import pandas_converter
from vitrify.converters.pandas.memory import NUMPY_ARRAY
from vitrify.converters.pandas.offsets import is_offset
from vitrify.converters.pandas.refusals import PANDAS, missing_here
from vitrify.converters.pandas.zones import decode_zone, encode_zone
from vitrify.errors import UnsupportedError
from vitrify.graph.converter import Converter
from vitrify.graph.rows import Rows

_UNITS: Final = ("s", "ms", "us", "ns")
_CLOSED: Final = ("left", "right", "both", "neither", None)
_STORAGES: Final = ("python", "pyarrow")
_DTYPE_BYTES: Final = 1_000
_SIMPLE: Final = (
    *(f"{sign}{n}Dtype" for sign in ("Int", "UInt") for n in (8, 16, 32, 64)),
    "Float32Dtype",
    "Float64Dtype",
    "BooleanDtype",
)


def encode_string_dtype(dtype: Any) -> tuple[str, bool]:
    """How text is stored, and whether NaN stands for what is missing (else NA)."""
    missing = getattr(dtype, "na_value", pd.NA)
    return dtype.storage.removesuffix("_numpy"), missing is not pd.NA or dtype.storage == "pyarrow_numpy"


def decode_string_dtype(storage: Any, is_nan: Any) -> Any:
    """A dtype of text.

    Where pyarrow is not installed, pandas' default (`str`, with NaN) is stored without it, as pandas itself would.

    Raises:
        UnsupportedError: This pandas has none such, or it needs pyarrow.
    """
    require(type(storage) is str and storage in _STORAGES and type(is_nan) is bool, "unknown kind of text")
    if storage == "pyarrow" and not has_pyarrow():
        if not is_nan or PANDAS < (2, 3):
            raise missing_here("text stored by pyarrow", hint="Install pyarrow")
        storage = "python"
    if not is_nan:
        return pd.StringDtype(storage)
    if PANDAS >= (2, 3):
        return pd.StringDtype(storage, na_value=np.nan)
    if storage == "pyarrow" and PANDAS >= (2, 1):
        return pd.StringDtype("pyarrow_numpy")
    raise missing_here("text with NaN for what is missing")


def has_pyarrow() -> bool:
    """Whether pyarrow is installed."""
    return find_spec("pyarrow") is not None


def _decode_categorical(categories: Any, ordered: Any) -> Any:
    require(categories is None or isinstance(categories, pd.Index), "categories must be an index")
    require(ordered is None or type(ordered) is bool, "ordered must be a bool")
    return pd.CategoricalDtype(categories, ordered)


def _decode_datetime(unit: Any, zone: Any) -> Any:
    require(type(unit) is str and unit in _UNITS, "unknown unit of time")
    if PANDAS < (2, 0) and unit != "ns":
        raise missing_here(f"a dtype of dates in {unit}")
    tz = decode_zone(zone)
    require(tz is not None, "a zone is needed")
    return pd.DatetimeTZDtype(unit, tz)


def _decode_period(freq: Any) -> Any:
    require(is_offset(freq), "a period needs an offset")
    return pd.PeriodDtype(freq)


def _decode_interval(subtype: Any, closed: Any) -> Any:
    is_dtype = subtype is None or isinstance(subtype, (np.dtype, pd.DatetimeTZDtype))
    require(is_dtype and any(closed is known or closed == known for known in _CLOSED), "impossible dtype of intervals")
    return pd.IntervalDtype(subtype, closed)


def _decode_sparse(subtype: Any, fill_value: Any) -> Any:
    require(isinstance(subtype, np.dtype) and subtype.kind in "biufcmM", "impossible dtype of sparse values")
    require(pd.api.types.is_scalar(fill_value), "the fill value must be a scalar")
    return pd.SparseDtype(subtype, fill_value)


def _encode_sparse(dtype: Any) -> tuple[Any, Any]:
    if dtype.subtype.kind not in "biufcmM":
        raise UnsupportedError(f"a SparseDtype of {dtype.subtype}")
    return dtype.subtype, dtype.fill_value


def _decode_numpy(dtype: Any) -> Any:
    require(isinstance(dtype, np.dtype), "a dtype is needed")
    return NUMPY_ARRAY(np.empty(0, dtype)).dtype


def _check(rows: Rows) -> None:
    charge(rows, _DTYPE_BYTES)


def _simple(name: str) -> Converter[Any]:
    type_id = f"pandas.{name}"
    return Converter(
        type_id=type_id,
        types=types_of(type_id),
        fields=(),
        encode=lambda _: (),
        decode=getattr(pd, name),
        check=_check,
    )


def _dtype(name: str, fields: tuple[str, ...], encode: Any, decode: Any) -> Converter[Any]:
    return pandas_converter(name, fields, encode, decode, _check)


CONVERTERS: tuple[Converter[Any], ...] = (
    *map(_simple, _SIMPLE),
    _dtype("StringDtype", ("storage", "is_nan"), encode_string_dtype, decode_string_dtype),
    _dtype("CategoricalDtype", ("categories", "ordered"), lambda d: (d.categories, d.ordered), _decode_categorical),
    _dtype("DatetimeTZDtype", ("unit", "tz"), lambda d: (d.unit, encode_zone(d.tz)), _decode_datetime),
    _dtype("PeriodDtype", ("freq",), lambda d: (d.freq,), _decode_period),
    _dtype("IntervalDtype", ("subtype", "closed"), lambda d: (d.subtype, d.closed), _decode_interval),
    _dtype("SparseDtype", ("subtype", "fill_value"), _encode_sparse, _decode_sparse),
    _dtype("NumpyEADtype", ("dtype",), lambda d: (d.numpy_dtype,), _decode_numpy),
)
