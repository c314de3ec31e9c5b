"""Estimators that hand what was learned to compiled code when they train on, or draw samples (attacks M29).

scikit-learn compares new data with `n_features_in_`, and compiled code then reads and writes as many numbers of the
arrays that lie in the model. What callers change themselves, such as the data of a warm start, is not looked at here.
Linear models that descend coordinate by coordinate, or by stochastic gradients, are in `descent.py`. Sources:
`sklearn/linear_model/_huber.py`, `sklearn/neural_network/_multilayer_perceptron.py`,
`sklearn/decomposition/_incremental_pca.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import numpy as np

from vitrify.graph.converter import AttrsRule
from vitrify.graph.invariants import IntField, ShapeField, contents, every, invariants
from vitrify.graph.paths import cut
from vitrify.graph.rows import Place, Rows

_INTS: Final = frozenset({int, *(np.dtype(code).type for code in np.typecodes["AllInteger"])})
_check_huber: Final = invariants(
    IntField(name="n_features_in_", low=1, size="n_features", is_optional=True),
    ShapeField(name="coef_", shape=("n_features",), is_optional=True, is_nullable=True),
)


def _check_layers(rows: Rows) -> None:
    """Each layer of a network takes what the one before gives, from the first columns to the last outputs."""
    if not rows.has("coefs_") or not rows.has("intercepts_"):
        return
    coefs, intercepts = contents(rows, "coefs_"), contents(rows, "intercepts_")
    widths = rows.values("n_features_in_") if rows.has("n_features_in_") else [None] * rows.n
    sizes = rows.values("n_outputs_") if rows.has("n_outputs_") else [None] * rows.n
    for row, (weights, biases, width, last) in enumerate(zip(coefs, intercepts, widths, sizes, strict=True)):
        if weights is None or biases is None or len(weights) != len(biases) or not weights:
            rows.fail(row, "coefs_ and intercepts_ must be lists of the same length")
        for layer, (weight, bias) in enumerate(zip(weights, biases, strict=True)):
            shape, out = _shape(weight), _shape(bias)
            if len(shape) != 2 or out != shape[1:] or (width is not None and shape[0] != width):
                rows.fail(
                    row, f"layer {layer} has weights of shape {shape}, {out} intercepts and {cut(str(width))} inputs"
                )
            width = shape[1]
        if last is not None and last != width:
            rows.fail(row, f"the last layer gives {width} outputs, must give {cut(str(last))}")


def _check_outputs(rows: Rows) -> None:
    """A classifier has an output for each class, or one for two: what is trained on gets that many columns."""
    if not rows.has("n_outputs_"):
        return
    n_outputs = rows.plain("n_outputs_")
    held = [rows.places("classes_")] if rows.has("classes_") else []
    if rows.has("_label_binarizer"):
        held.append([_attribute(place, "classes_") for place in rows.places("_label_binarizer")])
    for classes in held:
        for row, (found, last) in enumerate(zip(classes, n_outputs, strict=True)):
            shape = _shape(found)
            if len(shape) != 1 or (last != shape[0] and (last != 1 or shape[0] > 2)):
                rows.fail(row, f"{last} outputs cannot be those for classes of shape {shape}")


def _attribute(place: object, name: str) -> object:
    return place.rows.places(name)[place.row] if isinstance(place, Place) and place.rows.has(name) else None


def _fix_layers(network: Any) -> None:
    """Make training on raise a TypeError where `hidden_layer_sizes` does not say how wide the layers are.

    It says what the next fit shall do, and may be anything. But a warm start by lbfgs takes the layers as they are,
    and makes room for those that it says. Tuples predict and are fitted anew as lists are, and cannot be written to.
    """
    held = vars(network)
    coefs, intercepts = held.get("coefs_"), held.get("intercepts_")
    if type(coefs) is not list or type(intercepts) is not list:
        return
    widths = [len(bias) for bias in intercepts[:-1]]
    if "n_features_in_" not in held or _layer_sizes(held.get("hidden_layer_sizes")) != widths:
        network.coefs_, network.intercepts_ = tuple(coefs), tuple(intercepts)


def _layer_sizes(given: Any) -> list[Any] | None:
    """What scikit-learn makes of `hidden_layer_sizes`, if that is plain numbers."""
    array = type(given) is np.ndarray and given.dtype.kind in "iu"
    found = np.atleast_1d(given).tolist() if array else list(given) if type(given) in (list, tuple) else [given]
    return found if all(type(size) in _INTS for size in found) else None


def _check_finite(*names: str, squared: bool = False) -> Callable[[Rows], None]:
    """What LAPACK gets unchecked is finite, or has finite squares: for other numbers some of its loops do not end."""

    def check(rows: Rows) -> None:
        for name in names:
            for row, value in enumerate(rows.places(name) if rows.has(name) else ()):
                array = value.array if isinstance(value, Place) else None
                if array is None or array.dtype.kind != "f":
                    continue
                largest = np.finfo(array.dtype).max
                if not (np.abs(array) <= (np.sqrt(largest) if squared else largest)).all():
                    rows.fail(row, f"{name} must be finite{' when it is squared' if squared else ''}")

    return check


def _shape(value: object) -> tuple[int, ...]:
    return (value.shape or ()) if isinstance(value, Place) else ()


_LAYERS: Final = AttrsRule(
    check=every(_check_layers, _check_outputs), finish=_fix_layers, requires=("coefs_", "intercepts_")
)

RULES: Final[Mapping[str, AttrsRule]] = {
    "sklearn.linear_model._huber.HuberRegressor": AttrsRule(check=_check_huber, requires=("coef_",)),
    "sklearn.decomposition._incremental_pca.IncrementalPCA": AttrsRule(
        check=_check_finite("components_", "singular_values_", "mean_", squared=True), requires=("components_",)
    ),
    **{
        f"sklearn.mixture.{name}": AttrsRule(check=_check_finite("covariances_"), requires=("covariances_",))
        for name in ("_bayesian_mixture.BayesianGaussianMixture", "_gaussian_mixture.GaussianMixture")
    },
    **{f"sklearn.neural_network._multilayer_perceptron.MLP{kind}": _LAYERS for kind in ("Classifier", "Regressor")},
}
