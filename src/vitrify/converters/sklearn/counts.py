"""Numbers that say how large an answer is: each is the size of something that the model holds (attacks R03).

A file of a kilobyte could otherwise ask for any amount of memory at the first prediction.
Sources: the classes that allocate by these attributes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import numpy as np

from vitrify.graph.converter import AttrsRule
from vitrify.graph.invariants import IntField, ShapeField, contents, invariants, members
from vitrify.graph.rows import Place, Rows

_MAX_UNSEEN: Final = 1 << 24
_COUNTED: Final = {
    "sklearn.decomposition._nmf.MiniBatchNMF": ("_n_components", "components_", 0),
    "sklearn.decomposition._nmf.NMF": ("_n_components", "components_", 0),
    "sklearn.dummy.DummyRegressor": ("n_outputs_", "constant_", 1),
}
"""Class → the number, the matrix, and the axis of it that is so long."""


def _size_of(count: str, matrix: str, axis: int) -> Callable[[Rows], None]:
    shape = ("count", "other") if axis == 0 else ("other", "count")
    return invariants(
        IntField(name=count, size="count", is_optional=True),
        ShapeField(name=matrix, shape=shape, is_optional=True),
    )


def check_class_counts(rows: Rows) -> None:
    """`n_classes_` is the length of `classes_`, and with several outputs a list of such lengths."""
    if not rows.has("n_classes_") or not rows.has("classes_"):
        return
    counts, classes = rows.places("n_classes_"), rows.places("classes_")
    many, of_many = contents(rows, "n_classes_"), contents(rows, "classes_")
    for row, (count, held) in enumerate(zip(counts, classes, strict=True)):
        several = many[row]
        expected = [held] if several is None else of_many[row]
        found = [count] if several is None else several
        if expected is None or len(found) != len(expected) or not all(map(_is_length, found, expected)):
            rows.fail(row, "n_classes_ is not the number of classes_")


def _is_length(count: object, held: object) -> bool:
    if not isinstance(held, Place) or not isinstance(count, (int, np.integer)):
        return False
    return held.shape is not None and held.shape[:1] == (count,)


def check_iterations(rows: Rows) -> None:
    """Each of the iterations in `_predictors` has `n_trees_per_iteration_` trees."""
    if not rows.has("n_trees_per_iteration_") or not rows.has("_predictors"):
        return
    for row, count in enumerate(rows.integers("n_trees_per_iteration_").tolist()):
        for lists, at in members(rows, "_predictors", row):
            lengths: Any = lists.lengths
            if lengths is None or (lengths[at] != count).any():
                rows.fail(row, f"_predictors must hold {count} trees an iteration")


def check_boosted_columns(rows: Rows) -> None:
    """`estimators_` has `n_trees_per_iteration_` columns; versions before 1.4 have no such number."""
    if not rows.has("n_trees_per_iteration_") or not rows.has("estimators_"):
        return
    for row, count in enumerate(rows.integers("n_trees_per_iteration_").tolist()):
        if (rows.shape("estimators_", row) or ())[1:] != (count,):
            rows.fail(row, f"estimators_ must have {count} columns")


def check_spline_width(rows: Rows) -> None:
    """`n_features_out_` follows from the splines of each feature, all with as many coefficients."""
    if not rows.has("n_features_out_") or not rows.has("bsplines_"):
        return
    has_bias = rows.plain("include_bias") if rows.has("include_bias") else [None] * rows.n
    widths = rows.integers("n_features_in_").tolist()
    for row, (found, splines) in enumerate(
        zip(rows.integers("n_features_out_").tolist(), contents(rows, "bsplines_"), strict=True)
    ):
        shapes = [_coefficients(spline) for spline in splines or ()]
        if len(shapes) != widths[row] or any(shape is None or len(shape) != 2 for shape in shapes):
            rows.fail(row, f"bsplines_ must hold {widths[row]} splines with a matrix of coefficients each")
        columns = {shape[1] for shape in shapes if shape is not None}
        expected = {widths[row] * (n - (has_bias[row] is False)) for n in columns}
        if {found} != expected:
            rows.fail(row, f"n_features_out_ is {found}, which does not follow from bsplines_")


def _coefficients(spline: object) -> tuple[int, ...] | None:
    if not isinstance(spline, Place) or spline.type_id != "scipy.interpolate.BSpline":
        return None
    return spline.rows.shape("c", spline.row)


RULES: Final[Mapping[str, AttrsRule]] = {
    **{type_id: AttrsRule(check=_size_of(*of), requires=(of[0],)) for type_id, of in _COUNTED.items()},
    **{
        type_id: AttrsRule(check=check_class_counts, requires=("n_classes_", "classes_"))
        for type_id in ("sklearn.dummy.DummyClassifier", "sklearn.ensemble._bagging.BaggingClassifier")
    },
    "sklearn.decomposition._dict_learning.SparseCoder": AttrsRule(
        check=_size_of("n_components_", "dictionary", 0),
        requires=("n_components_",),
        derived=frozenset({"n_components_", "n_features_in_"}),
    ),
    "sklearn.kernel_approximation.PolynomialCountSketch": AttrsRule(
        check=invariants(IntField(name="_n_features_out", high=_MAX_UNSEEN)), requires=("_n_features_out",)
    ),
    "sklearn.preprocessing._polynomial.SplineTransformer": AttrsRule(
        check=check_spline_width, requires=("n_features_out_", "bsplines_")
    ),
}
