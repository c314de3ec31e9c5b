"""Which classes and functions of numpy may be values, written out one by one, and what a file may call them with.

Listed are functions that turn values into values. Nothing here opens a file, takes a function or text to be evaluated,
or depends on hidden state; `out=` and `where=` are never a file's to give. What one version of numpy calls by another
name than the next has an entry in `Renamed`, so that a file of either loads in both.
"""

from __future__ import annotations

from typing import Final

import numpy as np


class Renamed:
    """What numpy's `__name__` says in some versions, and what that is in all of them."""

    bool = np.bool_
    round_ = staticmethod(np.round)
    float96 = float128 = np.longdouble
    complex192 = complex256 = np.clongdouble


_SCALARS: Final = (
    "bool_", "bytes_", "character", "clongdouble", "complex128", "complex64", "complexfloating", "datetime64",
    "flexible", "float16", "float32", "float64", "floating", "generic", "inexact", "int16", "int32", "int64", "int8",
    "intc", "integer", "longdouble", "longlong", "number", "object_", "signedinteger", "str_", "timedelta64", "uint16",
    "uint32", "uint64", "uint8", "uintc", "ulonglong", "unsignedinteger", "void",
)  # fmt: skip
_CLASSES: Final = ("dtype", "ma.MaskedArray", "matrix", "ndarray", "poly1d", "recarray", "record")

_UNARY: Final = (
    "absolute", "arccos", "arccosh", "arcsin", "arcsinh", "arctan", "arctanh", "bitwise_count", "cbrt", "ceil",
    "conjugate", "cos", "cosh", "deg2rad", "degrees", "exp", "exp2", "expm1", "fabs", "floor", "frexp", "invert",
    "isfinite", "isinf", "isnan", "isnat", "log", "log10", "log1p", "log2", "logical_not", "modf", "negative",
    "positive", "rad2deg", "radians", "reciprocal", "rint", "sign", "signbit", "sin", "sinh", "spacing", "sqrt",
    "square", "tan", "tanh", "trunc",
)  # fmt: skip
_BINARY: Final = (
    "add", "arctan2", "bitwise_and", "bitwise_or", "bitwise_xor", "copysign", "divide", "divmod", "equal",
    "float_power", "floor_divide", "fmax", "fmin", "fmod", "gcd", "greater", "greater_equal", "heaviside", "hypot",
    "lcm", "ldexp", "left_shift", "less", "less_equal", "logaddexp", "logaddexp2", "logical_and", "logical_or",
    "logical_xor", "matmul", "matvec", "maximum", "minimum", "multiply", "nextafter", "not_equal", "power",
    "remainder", "right_shift", "subtract", "true_divide", "vecdot", "vecmat",
)  # fmt: skip

_FUNCTIONS: Final[dict[str, tuple[str, ...]]] = {
    "all": ("axis", "keepdims"),
    "allclose": ("rtol", "atol", "equal_nan"),
    "amax": ("axis", "keepdims"),
    "amin": ("axis", "keepdims"),
    "angle": ("deg",),
    "any": ("axis", "keepdims"),
    "argmax": ("axis", "keepdims"),
    "argmin": ("axis", "keepdims"),
    "argsort": ("axis", "kind", "stable"),
    "around": ("decimals",),
    "array": ("dtype", "copy"),
    "array_equal": ("equal_nan",),
    "asanyarray": ("dtype",),
    "asarray": ("dtype",),
    "ascontiguousarray": ("dtype",),
    "asfortranarray": ("dtype",),
    "atleast_1d": (),
    "atleast_2d": (),
    "atleast_3d": (),
    "average": ("axis", "weights", "keepdims"),
    "bincount": ("weights",),
    "clip": ("a_min", "a_max", "min", "max"),
    "column_stack": (),
    "concatenate": ("axis",),
    "copy": ("order",),
    "corrcoef": ("rowvar",),
    "count_nonzero": ("axis", "keepdims"),
    "cov": ("rowvar", "bias", "ddof"),
    "cross": ("b", "axis"),
    "cumprod": ("axis", "dtype"),
    "cumsum": ("axis", "dtype"),
    "diag": (),
    "diagonal": ("offset", "axis1", "axis2"),
    "diff": ("axis",),
    "digitize": ("bins", "right"),
    "dot": ("b",),
    "dstack": (),
    "ediff1d": (),
    "expand_dims": ("axis",),
    "flip": ("axis",),
    "fliplr": (),
    "flipud": (),
    "gradient": ("axis", "edge_order"),
    "hstack": (),
    "i0": (),
    "imag": (),
    "inner": (),
    "interp": ("xp", "fp", "left", "right", "period"),
    "isclose": ("b", "rtol", "atol", "equal_nan"),
    "iscomplex": (),
    "isreal": (),
    "lexsort": ("axis",),
    "max": ("axis", "keepdims"),
    "mean": ("axis", "dtype", "keepdims"),
    "median": ("axis", "keepdims"),
    "min": ("axis", "keepdims"),
    "nan_to_num": ("copy", "nan", "posinf", "neginf"),
    "nanargmax": ("axis", "keepdims"),
    "nanargmin": ("axis", "keepdims"),
    "nancumprod": ("axis", "dtype"),
    "nancumsum": ("axis", "dtype"),
    "nanmax": ("axis", "keepdims"),
    "nanmean": ("axis", "dtype", "keepdims"),
    "nanmedian": ("axis", "keepdims"),
    "nanmin": ("axis", "keepdims"),
    "nanpercentile": ("q", "axis", "method", "interpolation", "keepdims"),
    "nanprod": ("axis", "dtype", "keepdims"),
    "nanquantile": ("q", "axis", "method", "interpolation", "keepdims"),
    "nanstd": ("axis", "dtype", "ddof", "keepdims"),
    "nansum": ("axis", "dtype", "keepdims"),
    "nanvar": ("axis", "dtype", "ddof", "keepdims"),
    "ndim": (),
    "ones_like": ("dtype",),
    "outer": (),
    "percentile": ("q", "axis", "method", "interpolation", "keepdims"),
    "polyval": (),
    "prod": ("axis", "dtype", "keepdims"),
    "ptp": ("axis", "keepdims"),
    "quantile": ("q", "axis", "method", "interpolation", "keepdims"),
    "ravel": ("order",),
    "real": (),
    "round": ("decimals",),
    "round_": ("decimals",),
    "searchsorted": ("side",),
    "shape": (),
    "sinc": (),
    "size": ("axis",),
    "sort": ("axis", "kind", "stable"),
    "squeeze": ("axis",),
    "stack": ("axis",),
    "std": ("axis", "dtype", "ddof", "keepdims"),
    "sum": ("axis", "dtype", "keepdims"),
    "swapaxes": ("axis1", "axis2"),
    "trace": ("offset", "axis1", "axis2"),
    "transpose": ("axes",),
    "tril": ("k",),
    "trim_zeros": ("trim",),
    "triu": ("k",),
    "unique": ("return_index", "return_inverse", "return_counts", "axis", "equal_nan"),
    "unwrap": ("discont", "axis", "period"),
    "var": ("axis", "dtype", "ddof", "keepdims"),
    "vdot": (),
    "vstack": (),
    "where": (),
    "zeros_like": ("dtype",),
    "linalg.det": (),
    "linalg.inv": (),
    "linalg.matrix_rank": ("tol", "hermitian"),
    "linalg.norm": ("ord", "axis", "keepdims"),
    "linalg.pinv": ("rcond", "hermitian"),
    "linalg.slogdet": (),
    "char.capitalize": (),
    "char.lower": (),
    "char.lstrip": ("chars",),
    "char.rstrip": ("chars",),
    "char.strip": ("chars",),
    "char.swapcase": (),
    "char.title": (),
    "char.upper": (),
}
_BOUND_FIRST: Final = ("dot", "inner", "outer", "polyval", "searchsorted", "vdot")


NAMES: Final[dict[str, tuple[str, str]]] = {
    **{f"numpy.{name}": ("numpy", name) for name in (*_SCALARS, *_CLASSES, *_UNARY, *_BINARY, *_FUNCTIONS)},
    **{f"numpy.{name}": (__name__, f"Renamed.{name}") for name in vars(Renamed) if not name.startswith("__")},
}
KEYWORDS: Final[dict[str, frozenset[str]]] = {
    **{f"numpy.{name}": frozenset({"dtype"}) for name in (*_UNARY, *_BINARY)},
    **{f"numpy.{name}": frozenset(keywords) for name, keywords in _FUNCTIONS.items()},
}
LEADING: Final[dict[str, int]] = {f"numpy.{name}": 1 for name in (*_BINARY, *_BOUND_FIRST)}
