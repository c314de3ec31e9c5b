"""numpy scalars that columns do not hold by themselves: text, bytes, times, long numbers, structured values.

Numbers without a Python equal travel as arrays without dimensions, whose dtype says the rest; a structured value is
copied, since it may be a window into an array that has nothing to do with the model.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from vitrify.converters.checking.values import charge, exact, require_ints, require_texts
from vitrify.converters.numpy.dtypes import unspell, without_records
from vitrify.graph.converter import Converter
from vitrify.graph.rows import Rows

_MAX_CHARS: Final = 1 << 31
_TIME_CHARS: Final = 40
_OBJECT_BYTES: Final = 200


def _check_texts(rows: Rows) -> None:
    charge(rows, _OBJECT_BYTES)
    require_texts(rows, "text", _MAX_CHARS)


def _check(rows: Rows) -> None:
    charge(rows, _OBJECT_BYTES)


def _check_times(rows: Rows) -> None:
    charge(rows, _OBJECT_BYTES)
    require_texts(rows, "dtype", _TIME_CHARS)
    require_ints(rows, "ticks", -(2**63), 2**63 - 1)


def _decode_bytes(data: bytes) -> np.bytes_:
    exact(data, bytes)
    return np.bytes_(data)


def _encode_time(value: np.datetime64 | np.timedelta64) -> tuple[object, ...]:
    return value.dtype.str, int(value.view(np.int64))


def _time_decoder(kind: type[np.generic]) -> Callable[[str, int], Any]:
    def decode(dtype: str, ticks: int) -> Any:
        made = unspell(dtype)
        if made.type is not kind or made.byteorder == ">":
            raise ValueError(f"{dtype} is not the dtype of a {kind.__name__}")
        return np.array([ticks], np.int64).view(made)[0]

    return decode


def _as_array(value: np.generic) -> tuple[object, ...]:
    array = np.array(value).copy()
    return (array.view(without_records(array.dtype)),)


def _array_decoder(kind: type[np.generic]) -> Callable[[npt.NDArray[Any]], Any]:
    def decode(array: npt.NDArray[Any]) -> Any:
        _require_single(array)
        if array.dtype.type is not kind:
            raise ValueError(f"a {kind.__name__} cannot be an array of {array.dtype}")
        return array[()]

    return decode


def _decode_void(array: npt.NDArray[Any]) -> Any:
    _require_single(array)
    if array.dtype.kind != "V":
        raise ValueError(f"a void cannot be an array of {array.dtype}")
    return array.copy()[()]


def _decode_record(array: npt.NDArray[Any]) -> Any:
    _require_single(array)
    if array.dtype.names is None:
        raise ValueError(f"a record cannot be an array of {array.dtype}")
    return array.copy().view(np.dtype((np.record, array.dtype)))[()]


def _require_single(array: object) -> None:
    exact(array, np.ndarray)
    if array.ndim:  # type: ignore[attr-defined]  # an array, see above
        raise ValueError("a scalar is an array without dimensions")


def _int_decoder(kind: type[np.integer[Any]]) -> Callable[[int], Any]:
    bounds = np.iinfo(kind)

    def decode(value: int) -> Any:
        exact(value, int)
        if not int(bounds.min) <= value <= int(bounds.max):
            raise ValueError(f"it does not fit a {kind.__name__}")
        return kind(value)

    return decode


CONVERTERS: Final[tuple[Converter[Any], ...]] = (
    Converter(
        type_id="numpy.str_",
        types=("numpy.str_",),
        fields=("text",),
        encode=lambda value: (value[:],),
        decode=np.str_,
        check=_check_texts,
    ),
    Converter(
        type_id="numpy.bytes_",
        types=("numpy.bytes_",),
        fields=("data",),
        encode=lambda value: (value[:],),
        decode=_decode_bytes,
        check=_check,
    ),
    *(
        Converter(
            type_id=f"numpy.{kind.__name__}",
            types=(f"numpy.{kind.__name__}",),
            fields=("dtype", "ticks"),
            encode=_encode_time,
            decode=_time_decoder(kind),
            check=_check_times,
        )
        for kind in (np.datetime64, np.timedelta64)
    ),
    Converter(
        type_id="numpy.longdouble",
        types=("numpy.longdouble", "numpy.float96", "numpy.float128"),
        fields=("value",),
        encode=_as_array,
        decode=_array_decoder(np.longdouble),
        check=_check,
    ),
    Converter(
        type_id="numpy.clongdouble",
        types=("numpy.clongdouble", "numpy.complex192", "numpy.complex256"),
        fields=("value",),
        encode=_as_array,
        decode=_array_decoder(np.clongdouble),
        check=_check,
    ),
    Converter(
        type_id="numpy.void",
        types=("numpy.void",),
        fields=("value",),
        encode=_as_array,
        decode=_decode_void,
        check=_check,
    ),
    Converter(
        type_id="numpy.record",
        types=("numpy.record", "numpy.rec.record"),
        fields=("value",),
        encode=_as_array,
        decode=_decode_record,
        check=_check,
    ),
    *(
        Converter(
            type_id=f"numpy.{name}",
            types=(f"numpy.{name}",),
            fields=("value",),
            encode=lambda value: (int(value),),
            decode=_int_decoder(kind),
            check=_check,
        )
        for name, kind in (
            ("longlong", np.longlong),
            ("ulonglong", np.ulonglong),
            ("intc", np.intc),
            ("uintc", np.uintc),
        )
    ),
)
