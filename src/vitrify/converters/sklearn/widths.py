"""Transformers that say how many columns they give: so many names are made on demand, whatever the number.

Source: the classes that set `_n_features_out` in their `fit`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from vitrify.converters.sklearn.stored import SPARSE_SHAPES
from vitrify.graph.converter import AttrsRule
from vitrify.graph.invariants import ArrayField, IntField, ShapeField, invariants
from vitrify.graph.rows import Rows

_AXES: Final = {
    "sklearn.cross_decomposition._pls.CCA": ("x_rotations_", 1),
    "sklearn.cross_decomposition._pls.PLSCanonical": ("x_rotations_", 1),
    "sklearn.cross_decomposition._pls.PLSRegression": ("x_rotations_", 1),
    "sklearn.cross_decomposition._pls.PLSSVD": ("x_weights_", 1),
    "sklearn.kernel_approximation.Nystroem": ("components_", 0),
    "sklearn.kernel_approximation.RBFSampler": ("random_weights_", 1),
    "sklearn.kernel_approximation.SkewedChi2Sampler": ("random_weights_", 1),
    "sklearn.manifold._isomap.Isomap": ("embedding_", 1),
    "sklearn.manifold._locally_linear.LocallyLinearEmbedding": ("embedding_", 1),
    "sklearn.neural_network._rbm.BernoulliRBM": ("components_", 0),
    "sklearn.random_projection.GaussianRandomProjection": ("components_", 0),
    "sklearn.random_projection.SparseRandomProjection": ("components_", 0),
}
"""The matrix whose axis is what the transformer gives."""


@dataclass(frozen=True, kw_only=True)
class _Width(IntField):
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

WIDTHS: Final[Mapping[str, AttrsRule]] = {
    **{type_id: AttrsRule(check=_axis(*of), requires=("_n_features_out",)) for type_id, of in _AXES.items()},
    "sklearn.cluster._agglomerative.FeatureAgglomeration": AttrsRule(
        check=_check_agglomeration, requires=("labels_", "n_clusters_")
    ),
    "sklearn.discriminant_analysis.LinearDiscriminantAnalysis": AttrsRule(
        check=invariants(_N_FEATURES, _AT_MOST_INPUT), requires=("_n_features_out",)
    ),
}
