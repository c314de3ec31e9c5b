"""Transformers that say how many columns they give: so many names are made on demand, whatever the number.

Source: the classes that set `_n_features_out` in their `fit`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from msgspec.structs import replace

from vitrify.converters.scipy import SPARSE_SHAPES
from vitrify.converters.sklearn.functions import KERNEL, METRIC, with_metric
from vitrify.graph.converter import AttrsRule
from vitrify.graph.invariants import ArrayField, IntField, ShapeField, invariants
from vitrify.graph.rows import Rows

_AXES: Final = {
    "sklearn.cross_decomposition._pls.CCA": ("x_rotations_", 1),
    "sklearn.cross_decomposition._pls.PLSCanonical": ("x_rotations_", 1),
    "sklearn.cross_decomposition._pls.PLSRegression": ("x_rotations_", 1),
    "sklearn.cross_decomposition._pls.PLSSVD": ("x_weights_", 1),
    "sklearn.kernel_approximation.RBFSampler": ("random_weights_", 1),
    "sklearn.kernel_approximation.SkewedChi2Sampler": ("random_weights_", 1),
    "sklearn.manifold._locally_linear.LocallyLinearEmbedding": ("embedding_", 1),
    "sklearn.neural_network._rbm.BernoulliRBM": ("components_", 0),
}
"""The matrix whose axis is what the transformer gives."""


class _Width(IntField, frozen=True, kw_only=True):
    """A width, or the word `auto`, which random projections keep by default and can give no names with."""

    def check(self, rows: Rows, row: int, value: Any, env: dict[str, Any]) -> None:
        """Fail unless the value fits."""
        if type(value) is not str:
            IntField.check(self, rows, row, value, env)


def _axis(name: str, axis: int) -> Callable[[Rows], None]:
    shape = ("width", "other") if axis == 0 else ("other", "width")
    return invariants(
        _Width(name="_n_features_out", size="width", is_optional=True),
        ShapeField(name=name, shape=shape, shapes=SPARSE_SHAPES, is_optional=True),
    )


_N_FEATURES: Final = IntField(name="n_features_in_", low=1, size="n_features")
_AT_MOST_INPUT: Final = IntField(name="_n_features_out", high="n_features", is_optional=True)
_check_agglomeration: Final = invariants(  # labels are counted by `numpy.bincount`, which aborts for the largest ints
    _N_FEATURES,
    IntField(name="n_clusters_", low=1, size="n_clusters"),
    ArrayField(name="labels_", dtypes=("<i8", "<i4"), shape=("n_features",), low=0, high="n_clusters"),
    _AT_MOST_INPUT,
)

_WIDTH: Final = ("_n_features_out",)


def _as_wide_as(matrix: str, axis: int) -> AttrsRule:
    return AttrsRule(check=_axis(matrix, axis), requires=_WIDTH)


RULES: Final[Mapping[str, AttrsRule]] = {
    **{type_id: _as_wide_as(*of) for type_id, of in _AXES.items()},
    **{
        f"sklearn.random_projection.{name}": replace(_as_wide_as("components_", 0), derived=frozenset(_WIDTH))
        for name in ("GaussianRandomProjection", "SparseRandomProjection")
    },
    "sklearn.cluster._agglomerative.FeatureAgglomeration": AttrsRule(
        check=_check_agglomeration, requires=("labels_", "n_clusters_")
    ),
    "sklearn.discriminant_analysis.LinearDiscriminantAnalysis": AttrsRule(
        check=invariants(_N_FEATURES, _AT_MOST_INPUT), requires=_WIDTH
    ),
    "sklearn.kernel_approximation.Nystroem": with_metric(KERNEL, _as_wide_as("components_", 0)),
    "sklearn.manifold._isomap.Isomap": with_metric(METRIC, _as_wide_as("embedding_", 1)),
}
