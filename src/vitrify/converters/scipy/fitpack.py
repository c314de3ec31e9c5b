"""The splines of Dierckx' FITPACK: knots, coefficients, degree, and the state from which smoothing can go on.

The Fortran code trusts every length and counter, so all are checked. Entries of its work arrays that it has not set
hold whatever lay in memory before; they are not saved and come back as zero.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt
import scipy.interpolate

from vitrify.converters.checking.claims import is_array, require
from vitrify.converters.scipy import types_of
from vitrify.converters.scipy.rowwise import charged, each_row
from vitrify.errors import UnsupportedError
from vitrify.graph.converter import Converter
from vitrify.graph.paths import with_article

Array = npt.NDArray[Any]

_CLASSES: Final = ("UnivariateSpline", "InterpolatedUnivariateSpline", "LSQUnivariateSpline")
_CURVE_FIELDS: Final = (
    "t", "c", "k", "ext", "spline_class", "x", "y", "w", "xb", "xe", "s", "nest", "fp", "fpint", "nrdata", "ier",
)  # fmt: skip
_SPLINE_BYTES: Final = 5_000
_MAX_DEGREE: Final = 5
"""FITPACK's own limit; scipy makes antiderivatives of higher degree, and crashes when it integrates them."""


def _encode_curve(spline: Any) -> tuple[Any, ...]:
    x, y, w, xb, xe, k, s, n, t, c, fp, fpint, nrdata, ier = spline._data
    kept = getattr(spline, "_spline_class", None)
    name = None if kept is None else kept.__name__
    nest = len(t)
    if x is not None:
        c = c[: n - k - 1]
        t = t[:n]
        fpint, nrdata = _used(fpint, nrdata, len(x), n, k, s)
    found = (t, c, k, spline.ext, name, x, y, w, xb, xe, s, nest, fp, fpint, nrdata, ier)
    try:
        _check_curve(*found)
    except ValueError as error:
        raise UnsupportedError(f"{with_article(type(spline).__name__)} that is not valid: {error}") from error
    return found


def _used(fpint: Any, nrdata: Any, m: int, n: int, k: int, s: float) -> tuple[Any, Any]:
    """What FITPACK needs to go on, the rest zero; all zero, which starts it afresh, where it never got so far.

    `fpint` and `nrdata` hold a value for each of the `n - 2k - 1` knot intervals, and the last step at their end.
    """
    if fpint is None or nrdata is None:
        return None, None
    intervals = n - 2 * k - 1
    residuals, counts = np.zeros(n, np.float64), np.zeros(n, np.int32)
    if s > 0 and intervals > 1 and _are_counts(nrdata[:intervals], m):
        residuals[:intervals], counts[:intervals] = fpint[:intervals], nrdata[:intervals]
        residuals[n - 2 :], counts[n - 1] = fpint[n - 2 : n], nrdata[n - 1]
    if not np.isfinite(residuals).all() or not 0 <= counts[n - 1] <= m:
        residuals[:], counts[:] = 0, 0
    return residuals, counts


def _are_counts(counts: Array, m: int) -> bool:
    """Whether they say how many of `m` points lie inside each interval: the ends and inner knots are points, too."""
    return bool((counts >= 0).all()) and int(counts.sum(dtype=np.int64)) + len(counts) - 1 == m - 2


def _check_curve(
    t: Any, c: Any, k: Any, ext: Any, spline_class: Any, x: Any, y: Any, w: Any, xb: Any, xe: Any, s: Any, nest: Any,
    fp: Any, fpint: Any, nrdata: Any, ier: Any,
) -> None:  # fmt: skip
    is_fitted = x is not None
    require(is_array(t, "f", 1) and is_array(c, "f", 1), "knots and coefficients must be arrays of floats")
    require(t.dtype == np.float64 and c.dtype == np.float64, "knots and coefficients must be float64")
    require(type(k) is int and 0 <= k <= _MAX_DEGREE, f"degree must be an int up to {_MAX_DEGREE}")
    require(len(t) >= 2 * k + 2 and len(c) >= len(t) - k - 1, "knots, coefficients and degree do not fit")
    require(np.isfinite(t).all() and (np.diff(t) >= 0).all(), "knots must be finite and must not decrease")
    require(type(ext) is int and 0 <= ext <= 3, "ext must be 0, 1, 2 or 3")
    require(spline_class is None or spline_class in _CLASSES, "unknown kind of spline")
    require(type(nest) is int and nest >= len(t), "nest is less than the number of knots")
    if not is_fitted:
        require(all(v is None for v in (y, w, xb, xe, s, fp, fpint, nrdata, ier)), "a spline without data has no state")
        require(nest == len(t), "nest is not the number of knots")
        return
    for values in (x, y, w):
        require(
            is_array(values, "f", 1) and values.dtype == np.float64 and len(values) == len(x), "x, y, w must be alike"
        )
        require(np.isfinite(values).all(), "x, y and w must be finite")
    m, n = len(x), len(t)
    require(k >= 1 and m > k and nest <= m + 2 * k + 2, "too few points, or too much room for knots")
    require(all(type(v) is float for v in (xb, xe, s, fp)) and type(ier) is int, "bounds and sums must be floats")
    require((np.diff(x) >= 0).all() and xb <= x[0] and x[-1] <= xe, "x must not decrease and must lie in its bounds")
    require((fpint is None) == (nrdata is None), "fpint and nrdata go together")
    if fpint is None:
        return
    require(is_array(fpint, "f", 1) and fpint.dtype == np.float64 and len(fpint) == n, "fpint must have a value a knot")
    require(
        is_array(nrdata, "i", 1) and nrdata.dtype == np.int32 and len(nrdata) == n, "nrdata must have a value a knot"
    )
    require(np.isfinite(fpint).all(), "fpint must be finite")
    is_blank = not fpint.any() and not nrdata.any()
    is_counted = s > 0 and _are_counts(nrdata[: n - 2 * k - 1], m) and 0 <= int(nrdata[n - 1]) <= m
    require(is_blank or is_counted, "nrdata does not count the points between knots")


def _decode_curve(name: str) -> Any:
    cls: Any = getattr(scipy.interpolate, name)

    def decode(
        t: Any, c: Any, k: Any, ext: Any, spline_class: Any, x: Any, y: Any, w: Any, xb: Any, xe: Any, s: Any,
        nest: Any, fp: Any, fpint: Any, nrdata: Any, ier: Any,
    ) -> Any:  # fmt: skip
        spline = cls._from_tck((t, c, k), ext)
        if x is not None:
            n = len(t)
            t, c = _padded(t, nest), _padded(c, nest)
            if fpint is not None:
                fpint, nrdata = _padded(fpint, nest), _padded(nrdata, nest)
            spline._data = (x, y, w, xb, xe, k, s, n, t, c, fp, fpint, nrdata, ier)
            spline._eval_args = t[:n], c[:n], k
        if spline_class is not None:
            spline._spline_class = getattr(scipy.interpolate, spline_class)
        return spline

    return decode


def _padded(values: Array, n: int) -> Array:
    room = np.zeros(n, values.dtype)
    room[: len(values)] = values[:n]
    return room


def _encode_surface(spline: Any) -> tuple[Any, ...]:
    found = (*spline.tck, *spline.degrees, getattr(spline, "fp", None))
    try:
        _check_surface(*found)
    except (ValueError, TypeError) as error:
        raise UnsupportedError(f"{with_article(type(spline).__name__)} that is not valid: {error}") from error
    return found


def _check_surface(tx: Any, ty: Any, c: Any, kx: Any, ky: Any, fp: Any) -> None:
    for values in (tx, ty, c):
        require(is_array(values, "f", 1) and values.dtype == np.float64, "knots and coefficients must be float64")
    for t, k in ((tx, kx), (ty, ky)):
        require(type(k) is int and 0 <= k <= _MAX_DEGREE, f"degrees must be ints up to {_MAX_DEGREE}")
        require(len(t) >= 2 * k + 2, "knots and degree do not fit")
        require(np.isfinite(t).all() and (np.diff(t) >= 0).all(), "knots must be finite and must not decrease")
    require(len(c) == (len(tx) - kx - 1) * (len(ty) - ky - 1), "knots, coefficients and degrees do not fit")
    require(fp is None or isinstance(fp, float), "fp must be a float")


def _decode_surface(name: str) -> Any:
    cls: Any = getattr(scipy.interpolate, name)

    def decode(tx: Any, ty: Any, c: Any, kx: Any, ky: Any, fp: Any) -> Any:
        spline = cls.__new__(cls)
        spline.fp = fp
        spline.tck = tx, ty, c
        spline.degrees = kx, ky
        return spline

    return decode


def _curve(name: str) -> Converter[Any]:
    type_id = f"scipy.interpolate.{name}"
    return Converter(
        type_id=type_id,
        types=types_of(type_id),
        fields=_CURVE_FIELDS,
        encode=_encode_curve,
        decode=_decode_curve(name),
        check=charged(_SPLINE_BYTES, each_row(_check_curve, *_CURVE_FIELDS)),
    )


def _surface(name: str) -> Converter[Any]:
    type_id = f"scipy.interpolate.{name}"
    fields = ("tx", "ty", "c", "kx", "ky", "fp")
    return Converter(
        type_id=type_id,
        types=types_of(type_id),
        fields=fields,
        encode=_encode_surface,
        decode=_decode_surface(name),
        check=charged(_SPLINE_BYTES, each_row(_check_surface, *fields)),
    )


CONVERTERS: tuple[Converter[Any], ...] = (
    *map(_curve, _CLASSES),
    *map(_surface, ("BivariateSpline", "SmoothBivariateSpline", "LSQBivariateSpline", "RectBivariateSpline")),
)
