"""interp1d and RegularGridInterpolator: their data and settings, through their constructors.

What interp1d works out from its data is worked out again; the spline of a grid is saved, because finding it takes long.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import scipy
import scipy.interpolate

from vitrify.converters.checking.claims import is_array, is_numeric, require
from vitrify.converters.scipy import types_of
from vitrify.converters.scipy.rowwise import charged
from vitrify.errors import UnsupportedError
from vitrify.graph.converter import Converter

_KINDS: Final = ("linear", "nearest", "nearest-up", "previous", "next")
_LINE_BYTES: Final = 10_000
_GRID_BYTES: Final = 50_000
_MAX_ORDER: Final = 30
_METHODS: Final = (
    "linear", "nearest", "slinear", "cubic", "quintic", "pchip", "slinear_legacy", "cubic_legacy", "quintic_legacy",
)  # fmt: skip

_DEGREES: Final = {"slinear": 1, "cubic": 3, "quintic": 5}
_HAVE_SPLINES: Final = tuple(int(part) for part in scipy.__version__.split(".")[:2]) >= (1, 13)
"""Whether grids of these methods hold a spline, which scipy finds by an iteration that may take long."""
_MAX_SOLVED: Final = 10_000


def _encode_line(line: Any) -> tuple[Any, ...]:
    kind = line._spline.k if line._kind == "spline" else line._kind
    found = (line.x, line.y, kind, line.axis, line.copy, line.bounds_error, line.fill_value)
    try:
        _check_line(*found)
    except ValueError as error:
        raise UnsupportedError(f"an interp1d that is not valid: {error}") from error
    return found


def _check_line(x: Any, y: Any, kind: Any, axis: Any, copy: Any, bounds_error: Any, fill_value: Any) -> None:
    require(is_array(x, "biuf", 1) and is_array(y, "fc") and y.ndim >= 1, "x and y must be arrays of numbers")
    require(kind in _KINDS or (type(kind) is int and 0 <= kind <= _MAX_ORDER), "unknown kind")
    require(type(axis) is int and 0 <= axis < y.ndim and y.shape[axis] == len(x), "axis is out of range")
    require(copy is None or type(copy) is bool, "copy must be True, False or None")
    require(bounds_error is None or isinstance(bounds_error, (bool, np.bool_)), "bounds_error must be a bool")
    require(
        fill_value == "extrapolate" if isinstance(fill_value, str) else is_numeric(fill_value), "unknown fill_value"
    )


def _decode_line(x: Any, y: Any, kind: Any, axis: Any, copy: Any, bounds_error: Any, fill_value: Any) -> Any:
    _check_line(x, y, kind, axis, copy, bounds_error, fill_value)
    line = scipy.interpolate.interp1d(
        x, y, kind=kind, axis=axis, copy=False, bounds_error=bounds_error, fill_value=fill_value, assume_sorted=True
    )
    line.copy = copy
    return line


def _grid_of(grid: Any) -> tuple[list[Any], Any]:
    """The points and values that the user gave: dimensions in descending order are stored ascending."""
    points = list(grid.grid)
    values = grid.values
    descending = tuple(grid._descending_dimensions)
    for axis in descending:
        points[axis] = points[axis][::-1]
    return points, np.flip(values, axis=descending) if descending else values


def _encode_grid(grid: Any) -> tuple[Any, ...]:
    points, values = _grid_of(grid)
    spline = getattr(grid, "_spline", None)
    knots, coefficients = (None, None) if spline is None else (list(spline.t), spline.c)
    found = (points, values, grid.method, grid.bounds_error, grid.fill_value, knots, coefficients)
    try:
        _check_grid(*found)
    except ValueError as error:
        raise UnsupportedError(f"a RegularGridInterpolator that is not valid: {error}") from error
    return found


def _check_grid(
    points: Any, values: Any, method: Any, bounds_error: Any, fill_value: Any, knots: Any, coefficients: Any
) -> None:
    require(type(points) is list and len(points) > 0 and is_array(values, "fc"), "values must be an array of floats")
    require(all(is_array(p, "f", 1) for p in points) and values.ndim >= len(points), "points must be arrays of floats")
    require(all(len(p) == n for p, n in zip(points, values.shape, strict=False)), "values and points do not fit")
    require(isinstance(method, str) and method in _METHODS, "unknown method")
    require(isinstance(bounds_error, (bool, np.bool_)), "bounds_error must be a bool")
    require(fill_value is None or is_numeric(fill_value), "unknown fill_value")
    require((knots is None) == (coefficients is None), "knots and coefficients go together")
    if knots is None:
        return
    require(method in _DEGREES and type(knots) is list and len(knots) == len(points), "knots for each dimension")
    require(
        is_array(coefficients, "fc") and coefficients.shape == values.shape, "coefficients must be as many as values"
    )
    for t, n in zip(knots, values.shape, strict=False):
        require(is_array(t, "f", 1) and len(t) == n + _DEGREES[method] + 1, "knots, degree and values do not fit")
        require(n > _DEGREES[method], "too few points for the degree")
        require(np.isfinite(t).all() and (np.diff(t) >= 0).all(), "knots must be finite and must not decrease")


def _decode_grid(
    points: Any, values: Any, method: Any, bounds_error: Any, fill_value: Any, knots: Any, coefficients: Any
) -> Any:
    _check_grid(points, values, method, bounds_error, fill_value, knots, coefficients)
    is_ready = knots is not None and _HAVE_SPLINES
    if method in _DEGREES and _HAVE_SPLINES and not is_ready and values.size > _MAX_SOLVED:
        raise UnsupportedError(f"a grid of {values.size} values without the spline that scipy makes of them")
    grid = scipy.interpolate.RegularGridInterpolator(
        tuple(points),
        values,
        method="linear" if is_ready else method,
        bounds_error=bounds_error,
        fill_value=fill_value,
    )
    if is_ready:
        grid.method = method
        grid._spline = scipy.interpolate.NdBSpline(tuple(knots), coefficients, _DEGREES[method])
    return grid


CONVERTERS: tuple[Converter[Any], ...] = (
    Converter(
        type_id="scipy.interpolate.interp1d",
        types=types_of("scipy.interpolate.interp1d"),
        fields=("x", "y", "kind", "axis", "copy", "bounds_error", "fill_value"),
        encode=_encode_line,
        decode=_decode_line,
        check=charged(_LINE_BYTES),
    ),
    Converter(
        type_id="scipy.interpolate.RegularGridInterpolator",
        types=types_of("scipy.interpolate.RegularGridInterpolator"),
        fields=("points", "values", "method", "bounds_error", "fill_value", "knots", "coefficients"),
        encode=_encode_grid,
        decode=_decode_grid,
        check=charged(_GRID_BYTES),
    ),
)
