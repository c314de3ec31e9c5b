"""Covariances: a distance of Mahalanobis reads as many rows of the precision matrix as there are columns.

`scipy.spatial.distance.cdist` compares the widths of the points alone. Source: `mahalanobis` in
`sklearn/covariance/_empirical_covariance.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from vitrify.graph.converter import AttrsRule
from vitrify.graph.invariants import ShapeField, invariants

_SQUARE: Final = ("n_features", "n_features")
_check_square: Final = invariants(
    ShapeField(name="location_", shape=("n_features",), is_optional=True),
    ShapeField(name="covariance_", shape=_SQUARE, is_optional=True),
    ShapeField(name="precision_", shape=_SQUARE, is_optional=True, is_nullable=True),
)

RULES: Final[Mapping[str, AttrsRule]] = {
    f"sklearn.covariance.{name}": AttrsRule(check=_check_square, requires=("location_", "covariance_"))
    for name in (
        "_elliptic_envelope.EllipticEnvelope",
        "_empirical_covariance.EmpiricalCovariance",
        "_graph_lasso.GraphicalLasso",
        "_graph_lasso.GraphicalLassoCV",
        "_robust_covariance.MinCovDet",
        "_shrunk_covariance.LedoitWolf",
        "_shrunk_covariance.OAS",
        "_shrunk_covariance.ShrunkCovariance",
    )
}
