"""Splines and piecewise polynomials of scipy.interpolate: coefficients and breakpoints, through their constructors.

Their compiled evaluation trusts that coefficients, breakpoints and degree fit together (attacks: a short `c` returns
foreign memory, a degree of a million never ends), so every object goes through a constructor that checks them.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import scipy.interpolate

from vitrify.converters.checking.claims import is_array, require
from vitrify.converters.scipy import types_of
from vitrify.converters.scipy.rowwise import charged, each_row
from vitrify.errors import UnsupportedError
from vitrify.graph.converter import Converter
from vitrify.graph.paths import with_article

_MAX_DEGREE: Final = 100
_FITPACK_DEGREE: Final = 5
_SPLINE_BYTES: Final = 5_000


def _is_extrapolate(value: Any) -> bool:
    return value is None or isinstance(value, (bool, np.bool_)) or value == "periodic"


def _is_int(value: Any, low: int, high: int) -> bool:
    return isinstance(value, (int, np.integer)) and not isinstance(value, bool) and low <= int(value) <= high


def _check_spline(t: Any, c: Any, k: Any, extrapolate: Any, axis: Any) -> None:
    require(is_array(t, "f", 1) and is_array(c), "knots and coefficients must be arrays of numbers")
    require(_is_int(k, 0, _MAX_DEGREE), f"degree must be an int from 0 to {_MAX_DEGREE}")
    require(_is_extrapolate(extrapolate), "extrapolate is True, False, None or 'periodic'")
    require(
        k <= _FITPACK_DEGREE or c.ndim > 1 or bool(extrapolate),
        f"a degree above {_FITPACK_DEGREE} needs extrapolate=True: FITPACK, which integrates otherwise, has no room",
    )
    require(c.ndim >= 1 and _is_int(axis, 0, c.ndim - 1), "axis is out of range")
    require(len(t) >= 2 * int(k) + 2 and len(c) >= len(t) - int(k) - 1, "knots, coefficients and degree do not fit")
    require(np.isfinite(t).all() and (np.diff(t) >= 0).all(), "knots must be finite and must not decrease")


def _encode_spline(spline: Any) -> tuple[Any, ...]:
    found = (spline.t, spline.c, spline.k, spline.extrapolate, spline.axis)
    try:
        _check_spline(*found)
    except ValueError as error:
        raise UnsupportedError(f"a BSpline that is not valid: {error}") from error
    return found


def _decode_spline(t: Any, c: Any, k: Any, extrapolate: Any, axis: Any) -> Any:
    # The constructor refuses knots of a constant feature, which SplineTransformer makes without it.
    spline = scipy.interpolate.BSpline.construct_fast(t, c, int(k), extrapolate, int(axis))
    spline.k, spline.extrapolate, spline.axis = k, extrapolate, axis
    return spline


def _check_pieces(c: Any, x: Any, extrapolate: Any, axis: Any) -> None:
    require(is_array(c, "fc") and is_array(x, "f", 1), "breakpoints and coefficients must be arrays of numbers")
    require(c.ndim >= 2 and 0 < c.shape[0] <= _MAX_DEGREE + 1, f"an order from 1 to {_MAX_DEGREE + 1} is needed")
    require(len(x) == c.shape[1] + 1, "each piece lies between two breakpoints")
    require(_is_int(axis, 0, c.ndim - 2), "axis is out of range")
    require(_is_extrapolate(extrapolate), "extrapolate is True, False, None or 'periodic'")


def _encode_pieces(pieces: Any) -> tuple[Any, ...]:
    found = (pieces.c, pieces.x, pieces.extrapolate, pieces.axis)
    try:
        _check_pieces(*found)
    except ValueError as error:
        raise UnsupportedError(f"{with_article(type(pieces).__name__)} that is not valid: {error}") from error
    return found


def _pieces(name: str) -> Converter[Any]:
    """A subclass of PPoly, or BPoly: all are coefficients and breakpoints, however they were found."""
    type_id = f"scipy.interpolate.{name}"
    cls: Any = getattr(scipy.interpolate, name)
    checked: Any = scipy.interpolate.BPoly if name == "BPoly" else scipy.interpolate.PPoly

    def decode(c: Any, x: Any, extrapolate: Any, axis: Any) -> Any:
        valid = checked(c, x)
        found = cls.construct_fast(valid.c, valid.x, extrapolate, axis)
        found.extrapolate = extrapolate
        return found

    return Converter(
        type_id=type_id,
        types=types_of(type_id),
        fields=("c", "x", "extrapolate", "axis"),
        encode=_encode_pieces,
        decode=decode,
        check=charged(_SPLINE_BYTES, each_row(_check_pieces, "c", "x", "extrapolate", "axis")),
    )


def _encode_nd(pieces: Any) -> tuple[Any, ...]:
    found = (pieces.c, list(pieces.x), pieces.extrapolate)
    try:
        _check_nd(*found)
    except ValueError as error:
        raise UnsupportedError(f"an NdPPoly that is not valid: {error}") from error
    return found


def _check_nd(c: Any, x: Any, extrapolate: Any) -> None:
    require(type(x) is list and len(x) >= 1 and all(is_array(v, "f", 1) for v in x), "breakpoints must be arrays")
    require(is_array(c, "fc") and type(extrapolate) is bool, "coefficients must be an array of numbers")
    require(c.ndim >= 2 * len(x) and min(c.shape[: len(x)]) > 0, "coefficients have too few dimensions")
    require(max(c.shape[: len(x)]) <= _MAX_DEGREE + 1, f"the order must be at most {_MAX_DEGREE + 1}")
    require(all(np.all(np.diff(v) >= 0) for v in x), "breakpoints must not decrease")
    sizes = c.shape[len(x) : 2 * len(x)]
    require([len(v) for v in x] == [n + 1 for n in sizes], "each piece lies between two breakpoints")


def _decode_nd(c: Any, x: Any, extrapolate: Any) -> Any:
    _check_nd(c, x, extrapolate)
    return scipy.interpolate.NdPPoly(c, tuple(x), extrapolate)


CONVERTERS: tuple[Converter[Any], ...] = (
    Converter(
        type_id="scipy.interpolate.BSpline",
        types=types_of("scipy.interpolate.BSpline"),
        fields=("t", "c", "k", "extrapolate", "axis"),
        encode=_encode_spline,
        decode=_decode_spline,
        check=charged(_SPLINE_BYTES, each_row(_check_spline, "t", "c", "k", "extrapolate", "axis")),
    ),
    _pieces("PPoly"),
    _pieces("BPoly"),
    _pieces("CubicSpline"),
    _pieces("CubicHermiteSpline"),
    _pieces("PchipInterpolator"),
    _pieces("Akima1DInterpolator"),
    Converter(
        type_id="scipy.interpolate.NdPPoly",
        types=types_of("scipy.interpolate.NdPPoly"),
        fields=("c", "x", "extrapolate"),
        encode=_encode_nd,
        decode=_decode_nd,
        check=charged(_SPLINE_BYTES),
    ),
)
