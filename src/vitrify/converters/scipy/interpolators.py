"""interp1d and RegularGridInterpolator: their data and settings, through their constructors.

What they work out from the data (splines for higher orders, shifted points) is worked out again.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import scipy.interpolate

from vitrify.converters.scipy import types_of
from vitrify.converters.scipy.claims import is_array, is_numeric, require
from vitrify.errors import UnsupportedError
from vitrify.graph.converter import Converter

_KINDS: Final = ("linear", "nearest", "nearest-up", "previous", "next")
_MAX_ORDER: Final = 30
_METHODS: Final = (
    "linear", "nearest", "slinear", "cubic", "quintic", "pchip", "slinear_legacy", "cubic_legacy", "quintic_legacy",
)  # fmt: skip


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
    require(fill_value == "extrapolate" if isinstance(fill_value, str) else is_numeric(fill_value), "unknown fill_value")


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
    found = (points, values, grid.method, grid.bounds_error, grid.fill_value)
    try:
        _check_grid(*found)
        spline = getattr(grid, "_spline", None)
        if spline is not None and not np.array_equal(_decode_grid(*found)._spline.c, spline.c):
            raise ValueError("it was made with a solver of its own")
    except ValueError as error:
        raise UnsupportedError(f"a RegularGridInterpolator that cannot be made again: {error}") from error
    return found


def _check_grid(points: Any, values: Any, method: Any, bounds_error: Any, fill_value: Any) -> None:
    require(type(points) is list and 0 < len(points) and is_array(values, "fc"), "values must be an array of floats")
    require(all(is_array(p, "f", 1) for p in points) and values.ndim >= len(points), "points must be arrays of floats")
    require(all(len(p) == n for p, n in zip(points, values.shape, strict=False)), "values and points do not fit")
    require(isinstance(method, str) and method in _METHODS, "unknown method")
    require(isinstance(bounds_error, (bool, np.bool_)), "bounds_error must be a bool")
    require(fill_value is None or is_numeric(fill_value), "unknown fill_value")


def _decode_grid(points: Any, values: Any, method: Any, bounds_error: Any, fill_value: Any) -> Any:
    _check_grid(points, values, method, bounds_error, fill_value)
    return scipy.interpolate.RegularGridInterpolator(
        tuple(points), values, method=method, bounds_error=bounds_error, fill_value=fill_value
    )


CONVERTERS: tuple[Converter[Any], ...] = (
    Converter(
        type_id="scipy.interpolate.interp1d",
        types=types_of("scipy.interpolate.interp1d"),
        fields=("x", "y", "kind", "axis", "copy", "bounds_error", "fill_value"),
        encode=_encode_line,
        decode=_decode_line,
    ),
    Converter(
        type_id="scipy.interpolate.RegularGridInterpolator",
        types=types_of("scipy.interpolate.RegularGridInterpolator"),
        fields=("points", "values", "method", "bounds_error", "fill_value"),
        encode=_encode_grid,
        decode=_decode_grid,
    ),
)
