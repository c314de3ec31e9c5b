"""Linear models that train on from their coefficients: compiled loops read and write as many as the input is wide.

`fit` and `partial_fit` check the input's width against `n_features_in_`, or not at all, and start from what is there
(attacks M29). Sources: `sklearn/linear_model/_sgd_fast.pyx.tp`, `_stochastic_gradient.py`, `_cd_fast.pyx`,
`_coordinate_descent.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from msgspec.structs import replace

from vitrify.converters.scipy import SPARSE_SHAPES
from vitrify.graph.converter import AttrsRule
from vitrify.graph.invariants import every
from vitrify.graph.rows import Place, Rows

_STOCHASTIC: Final = (
    "sklearn.linear_model._passive_aggressive.PassiveAggressiveRegressor",
    "sklearn.linear_model._stochastic_gradient.SGDRegressor",
)
_WITH_LOSS: Final = (
    "sklearn.linear_model._passive_aggressive.PassiveAggressiveClassifier",
    "sklearn.linear_model._perceptron.Perceptron",
    "sklearn.linear_model._stochastic_gradient.SGDClassifier",
    "sklearn.linear_model._stochastic_gradient.SGDOneClassSVM",
)
_WARM: Final = (
    "sklearn.linear_model._coordinate_descent.ElasticNet",
    "sklearn.linear_model._coordinate_descent.Lasso",
    "sklearn.linear_model._coordinate_descent.MultiTaskElasticNet",
    "sklearn.linear_model._coordinate_descent.MultiTaskLasso",
)


def _like_input(*names: str, unless: str | None = None) -> Callable[[Rows], None]:
    """A check that these attributes are all as wide as the input, for as many outputs; None is none yet.

    A fit with `check_input=False` leaves no width of the input behind. What it fitted may have any, where only the
    parameter `unless` lets a fit train on; `partial_fit` always does.
    """

    def check(rows: Rows) -> None:
        present = [name for name in names if rows.has(name)]
        if not present:
            return
        if unless is not None and not rows.has("n_features_in_") and rows.has(unless) and not any(rows.values(unless)):
            return
        n_features = rows.integers("n_features_in_").tolist()
        columns = [(name, rows.places(name)) for name in present]
        for row in range(rows.n):
            first: int | None = None
            for name, places in columns:
                place = places[row]
                if place is None:
                    continue
                shape = _shape(place)
                if not shape or len(shape) > 2 or 0 in shape[:-1] or shape[-1] != n_features[row]:
                    rows.fail(row, f"{name} must hold {n_features[row]} coefficients, one for each feature")
                n_rows = 1 if len(shape) == 1 else shape[0]
                if first is not None and n_rows != first:
                    rows.fail(row, f"{name} has {n_rows} rows of coefficients, must have {first}")
                first = n_rows

    return check


def _like_intercepts(rows: Rows) -> None:
    """As many rows as intercepts: a fit for several targets writes to one for each."""
    if not rows.has("coef_") or not rows.has("intercept_"):
        return
    for row, (coef, intercept) in enumerate(zip(rows.places("coef_"), rows.places("intercept_"), strict=True)):
        shape, n_targets = _shape(coef), _shape(intercept)
        if shape and n_targets and n_targets != (shape[:-1] or (1,)):
            rows.fail(row, f"coef_ has the shape {shape}, and intercept_ {n_targets}")


def _shape(value: object) -> tuple[int, ...] | None:
    if not isinstance(value, Place) or value.type_id not in SPARSE_SHAPES:
        return value.shape if isinstance(value, Place) else None
    return tuple(value.rows.arrays(SPARSE_SHAPES[value.type_id])[value.row].tolist())


_DESCENT: Final = AttrsRule(
    check=_like_input("coef_", "_standard_coef", "_average_coef"), requires=("coef_", "n_features_in_")
)
RULES: Final[Mapping[str, AttrsRule]] = {
    **dict.fromkeys(_STOCHASTIC, _DESCENT),
    **dict.fromkeys(_WITH_LOSS, replace(_DESCENT, derived=frozenset({"loss_function_"}))),
    **dict.fromkeys(
        _WARM,
        AttrsRule(
            check=every(_like_input("coef_", unless="warm_start"), _like_intercepts),
            requires=("coef_", "n_features_in_"),
        ),
    ),
}
