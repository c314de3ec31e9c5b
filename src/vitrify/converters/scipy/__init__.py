"""What is reviewed of scipy; nothing of it is imported here."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from vitrify.converters.scipy.names import DISTRIBUTION_TYPES, FUNCTIONS, SPARSE_CLASSES
from vitrify.converters.scipy.names import KEYWORDS as KEYWORDS
from vitrify.graph.registry import Family

_HERE: Final = "vitrify.converters.scipy"

_SPARSE: Final = {
    f"scipy.sparse.{module}.{layout}_{kind}": f"scipy.sparse.{layout}_{kind}"
    for layout in ("bsr", "coo", "csc", "csr", "dia", "dok", "lil")
    for kind, module in (("matrix", f"_{layout}"), ("array", f"_{layout}"), ("array", "_arrays"))
}
SPARSE_SHAPES: Final = {"scipy.sparse.csr_matrix": "shape", "scipy.sparse.csr_array": "shape"}
"""Sparse matrices that estimators keep → the field that holds their shape."""

_DISTRIBUTIONS: Final = {
    **dict.fromkeys(DISTRIBUTION_TYPES, "scipy.stats.distribution"),
    "scipy.stats._distn_infrastructure.rv_continuous_frozen": "scipy.stats.frozen",
    "scipy.stats._distn_infrastructure.rv_discrete_frozen": "scipy.stats.frozen",
    "scipy.stats._distn_infrastructure.rv_sample": "scipy.stats.rv_sample",
    "scipy.stats._continuous_distns.rv_histogram": "scipy.stats.rv_histogram",
}


def _listed(prefix: str, names: Iterable[str]) -> dict[str, str]:
    """`scipy.a._b.Name` → `scipy.a.Name`."""
    public = ".".join(prefix.split(".")[:2])
    return {f"{prefix}.{name}": f"{public}.{name}" for name in names}


_POLYNOMIALS: Final = {
    **_listed("scipy.interpolate._bsplines", ["BSpline"]),
    **_listed("scipy.interpolate._interpolate", ["PPoly", "BPoly", "NdPPoly"]),
    **_listed(
        "scipy.interpolate._cubic",
        ["CubicSpline", "CubicHermiteSpline", "PchipInterpolator", "Akima1DInterpolator"],
    ),
}
_FITPACK: Final = _listed(
    "scipy.interpolate._fitpack2",
    [
        "UnivariateSpline", "InterpolatedUnivariateSpline", "LSQUnivariateSpline", "BivariateSpline",
        "SmoothBivariateSpline", "LSQBivariateSpline", "RectBivariateSpline",
    ],
)  # fmt: skip
_INTERPOLATORS: Final = {
    **_listed("scipy.interpolate._interpolate", ["interp1d"]),
    **_listed("scipy.interpolate._rgi", ["RegularGridInterpolator"]),
}
_TREES: Final = {
    **_listed("scipy.spatial._ckdtree", ["cKDTree"]),
    **_listed("scipy.spatial._kdtree", ["KDTree"]),
}
_RESULTS: Final = _listed("scipy.optimize._optimize", ["OptimizeResult"])

FAMILIES: Final[tuple[Family, ...]] = (
    Family(module=f"{_HERE}.sparse", types=_SPARSE),
    Family(module=f"{_HERE}.distributions", types=_DISTRIBUTIONS),
    Family(module=f"{_HERE}.polynomials", types=_POLYNOMIALS),
    Family(module=f"{_HERE}.fitpack", types=_FITPACK),
    Family(module=f"{_HERE}.interpolators", types=_INTERPOLATORS),
    Family(module=f"{_HERE}.neighbors", types=_TREES),
    Family(module=f"{_HERE}.results", types=_RESULTS),
)
ATTRS: Final[dict[str, str]] = {}
NAMES: Final[dict[str, tuple[str, str]]] = {**FUNCTIONS, **SPARSE_CLASSES}


def types_of(type_id: str) -> tuple[str, ...]:
    """Every `module.qualname` that objects of this type id have had."""
    return tuple(name for family in FAMILIES for name, own in family.types.items() if own == type_id)
