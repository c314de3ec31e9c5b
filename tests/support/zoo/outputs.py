"""What a fitted model can be asked, and what it answers.

Methods that draw from the model's own generator (`sample`, `gibbs`) are not asked, because every answer would
change the model. Asking leaves traces in some models (search trees count calls), so compare models first.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

__all__ = ["output_names", "outputs_of"]

_OF_ROWS = (
    "predict",
    "predict_proba",
    "predict_log_proba",
    "predict_joint_log_proba",
    "decision_function",
    "transform",
    "score_samples",
    "kneighbors",
    "kneighbors_graph",
    "radius_neighbors",
    "apply",
    "decision_path",
    "mahalanobis",
    "perplexity",
    "bic",
    "aic",
)
_STAGED = ("staged_predict", "staged_predict_proba", "staged_decision_function")
_OF_MODEL = (
    "get_feature_names_out",
    "get_support",
    "get_n_leaves",
    "get_depth",
    "get_precision",
    "get_covariance",
    "get_n_splits",
    "log_marginal_likelihood",
)
_ATTRIBUTES = ("labels_", "row_labels_", "column_labels_", "embedding_", "feature_importances_", "threshold_")


def output_names(model: Any) -> tuple[str, ...]:
    """The outputs that `outputs_of` can ask of this model."""
    methods = (*_OF_ROWS, *_STAGED, "inverse_transform", "score", *_OF_MODEL, *_ATTRIBUTES)
    return tuple(name for name in methods if _has(model, name))


def _has(model: Any, name: str) -> bool:
    try:
        return hasattr(model, name) and (name in _ATTRIBUTES or callable(getattr(model, name)))
    except Exception:  # a method that exists under a condition may fail while the condition is evaluated
        return False


def outputs_of(model: Any, X: Any, y: Any, names: tuple[str, ...]) -> dict[str, object]:
    """Each output by name; the type of the error where the model refuses."""
    return {name: _answer(_question(model, X, y, name)) for name in names}


def _question(model: Any, X: Any, y: Any, name: str) -> Callable[[], object]:
    if name in _ATTRIBUTES:
        return lambda: getattr(model, name)
    method: Callable[..., Any] = getattr(model, name)
    if name in _OF_MODEL:
        return method
    if name in _STAGED:
        return lambda: list(itertools.islice(method(X), 1))
    if name == "inverse_transform":
        return lambda: method(model.transform(X))
    if name == "score":
        return lambda: method(X) if y is None else method(X, y)
    return lambda: method(X)


def _answer(ask: Callable[[], object]) -> object:
    try:
        return ask()
    except Exception as error:  # which error it is, is the model's answer
        return type(error)
