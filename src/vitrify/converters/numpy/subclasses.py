"""numpy's own array classes and poly1d: the array beneath them, viewed as what it was.

The view shares memory with that array, so arrays that overlapped still do.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from vitrify.converters.checking.values import charge, exact
from vitrify.converters.numpy.dtypes import without_records
from vitrify.errors import UnsupportedError
from vitrify.graph.converter import Converter
from vitrify.graph.rows import Rows

_OBJECT_BYTES: Final = 400
_OWN_ATTRIBUTES: Final = frozenset({"_getitem"})
_COLUMN_ATTRIBUTES: Final = {"coeffs", "_variable"}


def _check(rows: Rows) -> None:
    charge(rows, _OBJECT_BYTES)


def _encode(array: npt.NDArray[Any]) -> tuple[object, ...]:
    extra = vars(array).keys() - _OWN_ATTRIBUTES
    if extra:
        raise UnsupportedError(f"a {type(array).__name__} with attributes of its own ({', '.join(sorted(extra))[:80]})")
    plain = array.view(np.ndarray)
    return (plain.view(without_records(plain.dtype)),)


def _decode_matrix(array: npt.NDArray[Any]) -> np.matrix[Any, Any]:
    exact(array, np.ndarray)
    if array.ndim != 2:
        raise ValueError(f"a matrix has two dimensions, found {array.ndim}")
    return array.view(np.matrix)


def _decode_recarray(array: npt.NDArray[Any]) -> Any:
    exact(array, np.ndarray)
    return array.view(np.recarray)


def _decode_chararray(array: npt.NDArray[Any]) -> Any:
    exact(array, np.ndarray)
    if array.dtype.kind not in "SU":
        raise ValueError(f"a chararray cannot be an array of {array.dtype}")
    return array.view(np.char.chararray)


def _encode_poly1d(poly: np.poly1d) -> tuple[object, ...]:
    if vars(poly).keys() != _COLUMN_ATTRIBUTES:
        raise UnsupportedError("a poly1d with attributes of its own")
    return vars(poly)["coeffs"], vars(poly)["_variable"]


def _decode_poly1d(coeffs: npt.NDArray[Any], variable: str) -> np.poly1d:
    exact(coeffs, np.ndarray)
    exact(variable, str)
    if coeffs.ndim != 1 or not coeffs.size or coeffs.dtype.kind not in "biufcO":
        raise ValueError("its coefficients are not one row of numbers")
    poly = np.poly1d([0.0])
    vars(poly).update(coeffs=coeffs, _variable=variable)
    return poly


def _view_converter(name: str, types: tuple[str, ...], decode: Callable[[npt.NDArray[Any]], Any]) -> Converter[Any]:
    return Converter(type_id=name, types=types, fields=("array",), encode=_encode, decode=decode, check=_check)


CONVERTERS: Final[tuple[Converter[Any], ...]] = (
    _view_converter("numpy.matrix", ("numpy.matrix",), _decode_matrix),
    _view_converter("numpy.recarray", ("numpy.recarray", "numpy.rec.recarray"), _decode_recarray),
    _view_converter("numpy.chararray", ("numpy.chararray", "numpy.char.chararray"), _decode_chararray),
    Converter(
        type_id="numpy.poly1d",
        types=("numpy.poly1d",),
        fields=("coeffs", "variable"),
        encode=_encode_poly1d,
        decode=_decode_poly1d,
        check=_check,
    ),
)
