"""Estimators that keep their training data and hand it to compiled code with every query (attacks M15).

scikit-learn checks the width of a query against `n_features_in_`, and then lets BLAS and its own kernels read as much
of the stored data. Labels of neighbours are places to count at. Sources: `sklearn/neighbors/_base.py`,
`_classification.py`, `sklearn/metrics/_pairwise_distances_reduction/`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from msgspec.structs import replace

from vitrify.converters.scipy import SPARSE_SHAPES
from vitrify.converters.sklearn.functions import METRIC, with_metric
from vitrify.graph.converter import AttrsRule
from vitrify.graph.invariants import IntField, ShapeField, contents, entries, every, invariants
from vitrify.graph.rows import Place, Rows

_KEYS: Final = frozenset({"X_norm_squared", "Y_norm_squared"})

_check_data: Final = invariants(
    IntField(name="n_features_in_", low=1, size="n_features", is_optional=True),
    IntField(name="n_samples_fit_", low=1, size="n_samples"),
    ShapeField(name="_fit_X", shape=("n_samples", "n_features"), shapes=SPARSE_SHAPES),
    IntField(name="_n_features_out", size="n_samples", is_optional=True),
)


def _check_trees(rows: Rows) -> None:
    """The search tree has the points of `_fit_X`: the numbers of its answers become columns of a sparse matrix."""
    if not rows.has("_tree"):
        return
    points: dict[int, list[object]] = {}
    for row, tree in enumerate(rows.places("_tree")):
        if tree is None:
            continue
        if not isinstance(tree, Place) or not tree.rows.has("data"):
            rows.fail(row, "_tree must be a KDTree or a BallTree")
        if tree.rows.table not in points:
            points[tree.rows.table] = tree.rows.places("data")
        data = points[tree.rows.table][tree.row]
        if not isinstance(data, Place) or data.shape != rows.shape("_fit_X", row):
            rows.fail(row, "_tree has other points than _fit_X")


def _check_metrics(rows: Rows) -> None:
    """Squared norms, which a caller can pass with the metric, would be read as far as the data goes.

    So would the matrix of the Mahalanobis distance, which must be as wide as the data.
    """
    points = rows.places("_fit_X") if rows.has("_fit_X") else [None] * rows.n
    for name in ("metric_params", "effective_metric_params_"):
        for row, found in enumerate(entries(rows, name) if rows.has(name) else ()):
            for key, value in found or ():
                if key in _KEYS:
                    rows.fail(row, f"{name} may not hold {key}")
                width = (_sizes(points[row]) or (None,))[-1]
                if key == "VI" and width is not None and _sizes(value) != (width, width):
                    rows.fail(row, f"{name} holds a VI of shape {_sizes(value)}, must be {(width, width)}")


def _sizes(value: object) -> tuple[int | None, ...] | None:
    """The shape of an array, or of a list of lists of the same length; None for what is neither."""
    if not isinstance(value, Place) or value.shape is not None:
        return value.shape if isinstance(value, Place) else None
    if value.rows.lengths is None or not value.rows.has("items"):
        return None
    end = int(value.rows.lengths[: value.row + 1].sum())
    inner = value.rows.places("items")[end - int(value.rows.lengths[value.row]) : end]
    sizes = {_length(item) for item in inner}
    return (len(inner), sizes.pop() if len(sizes) == 1 else None)


def _length(value: object) -> int | None:
    if not isinstance(value, Place) or value.rows.lengths is None or value.shape is not None:
        return None
    return int(value.rows.lengths[value.row])


def _check_labels(rows: Rows) -> None:
    """`_y` numbers the classes, those of each output in a column of its own."""
    if not rows.has("_y") or not rows.has("classes_"):
        return
    labels, shapes = rows.arrays("_y"), rows.values("outputs_2d_")
    n_samples = rows.integers("n_samples_fit_")
    of_outputs = contents(rows, "classes_")
    for row, found in enumerate(labels):
        if shapes[row] is True:
            _check_outputs(rows, row, found, of_outputs[row])
            continue
        n_classes: Any = rows.shape("classes_", row)
        if n_classes is None or len(n_classes) != 1:
            rows.fail(row, "classes_ must be a vector")
        if found.shape != (n_samples[row],) or found.dtype.kind != "i":
            rows.fail(row, f"_y must hold {n_samples[row]} ints")
        if found.size and (int(found.min()) < 0 or int(found.max()) >= n_classes[0]):
            rows.fail(row, f"_y must number the {n_classes[0]} classes")


def _check_outputs(rows: Rows, row: int, labels: Any, classes: list[object] | None) -> None:
    """`numpy.bincount` counts at these places, and writes outside its memory for the largest int."""
    if labels.ndim != 2 or labels.dtype.kind != "i" or classes is None or len(classes) != labels.shape[1]:
        rows.fail(row, "_y must be a matrix of ints, with a column for each of classes_")
    for number, (column, of_output) in enumerate(zip(labels.T, classes, strict=True)):
        shape = of_output.shape if isinstance(of_output, Place) else None
        if shape is None or len(shape) != 1:
            rows.fail(row, "classes_ must hold vectors")
        if column.size and (int(column.min()) < 0 or int(column.max()) >= shape[0]):
            rows.fail(row, f"column {number} of _y must number its {shape[0]} classes")


def stored_points(model: Any) -> object:
    """What is stored for `_fit_X`: fitted on a KDTree or BallTree it is a view of compiled memory, saved as an array.

    pickle refuses such a view.
    """
    points = model._fit_X
    return np.asarray(points) if type(points).__name__ == "_memoryviewslice" else points


check_neighbours: Final = every(_check_data, _check_trees, _check_metrics)
check_neighbour_classifier: Final = every(check_neighbours, _check_labels)


_NEIGHBOURS: Final = with_metric(
    (*METRIC, ("effective_metric_", "effective_metric_params_")),
    AttrsRule(stored_as={"_fit_X": stored_points}, check=check_neighbours, requires=("_fit_X", "n_samples_fit_")),
)
_CLASSIFIER: Final = replace(_NEIGHBOURS, check=check_neighbour_classifier)
RULES: Final[Mapping[str, AttrsRule]] = {
    "sklearn.neighbors._classification.KNeighborsClassifier": _CLASSIFIER,
    "sklearn.neighbors._classification.RadiusNeighborsClassifier": _CLASSIFIER,
    **{
        f"sklearn.neighbors.{name}": _NEIGHBOURS
        for name in (
            "_graph.KNeighborsTransformer",
            "_graph.RadiusNeighborsTransformer",
            "_lof.LocalOutlierFactor",
            "_regression.KNeighborsRegressor",
            "_regression.RadiusNeighborsRegressor",
            "_unsupervised.NearestNeighbors",
        )
    },
}
