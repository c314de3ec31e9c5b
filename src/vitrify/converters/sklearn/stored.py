"""Estimators that keep their training data and hand it to compiled code with every query (attacks M15).

scikit-learn checks the width of a query against `n_features_in_`, and then lets BLAS and its own kernels read as much
of the stored data. Labels of neighbours are places to count at. Sources: `sklearn/neighbors/_base.py`,
`_classification.py`, `sklearn/metrics/_pairwise_distances_reduction/`.
"""

from __future__ import annotations

from typing import Any, Final

from vitrify.graph.invariants import IntField, ShapeField, entries, every, invariants
from vitrify.graph.rows import Rows

SPARSE_SHAPES: Final = {"scipy.sparse.csr_matrix": "shape", "scipy.sparse.csr_array": "shape"}
_KEYS: Final = frozenset({"X_norm_squared", "Y_norm_squared"})

_check_data: Final = invariants(
    IntField(name="n_features_in_", low=1, size="n_features", is_optional=True),
    IntField(name="n_samples_fit_", low=1, size="n_samples"),
    ShapeField(name="_fit_X", shape=("n_samples", "n_features"), shapes=SPARSE_SHAPES),
    IntField(name="_n_features_out", size="n_samples", is_optional=True),
)


def _check_metrics(rows: Rows) -> None:
    """Squared norms, which a caller can pass with the metric, would be read as far as the data goes."""
    for name in ("metric_params", "effective_metric_params_"):
        for row, found in enumerate(entries(rows, name) if rows.has(name) else ()):
            for key, _ in found or ():
                if key in _KEYS:
                    rows.fail(row, f"{name} may not hold {key}")


def _check_labels(rows: Rows) -> None:
    """With one output, `_y` numbers the classes."""
    if not rows.has("_y") or not rows.has("classes_"):
        return
    labels, shapes = rows.arrays("_y"), rows.values("outputs_2d_")
    n_samples = rows.integers("n_samples_fit_")
    for row, found in enumerate(labels):
        if shapes[row] is True:
            continue
        n_classes: Any = rows.shape("classes_", row)
        if n_classes is None or len(n_classes) != 1:
            rows.fail(row, "classes_ must be a vector")
        if found.shape != (n_samples[row],) or found.dtype.kind != "i":
            rows.fail(row, f"_y must hold {n_samples[row]} ints")
        if found.size and (int(found.min()) < 0 or int(found.max()) >= n_classes[0]):
            rows.fail(row, f"_y must number the {n_classes[0]} classes")


check_neighbours: Final = every(_check_data, _check_metrics)
check_neighbour_classifier: Final = every(_check_data, _check_metrics, _check_labels)
