"""OneVsRestClassifier: a member gives one answer for each row (attacks M29).

Unless there is one class for each row to choose, `predict` makes the answers' places the row indices of a sparse
matrix, which compiled code trusts: see `steady`.
Source: `sklearn/multiclass.py`, `_predict_binary` and `OneVsRestClassifier.predict`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

import numpy as np

from vitrify.converters.sklearn.steady import require_steady, shapes_of_answers
from vitrify.errors import UnsupportedError
from vitrify.graph.converter import AttrsRule

_HINT: Final = "Put the preprocessing before OneVsRestClassifier, in a Pipeline, so that its members take plain numbers"
_LINEAR: Final = frozenset(
    {
        "sklearn.linear_model._logistic.LogisticRegression",
        "sklearn.linear_model._ridge.RidgeClassifier",
        "sklearn.linear_model._stochastic_gradient.SGDClassifier",
        "sklearn.svm._classes.LinearSVC",
    }
)
"""What gives `X @ coef_.T + intercept_`, and nothing else."""


def require_one_answer(model: Any) -> None:
    """Fail unless each member gives one answer for one row, and two for two.

    Raises:
        ValueError: One gives something else, or cannot be asked, or must not be.
    """
    if "estimators_" not in vars(model):
        return
    kind = getattr(vars(model).get("label_binarizer_"), "y_type_", None)
    if type(model.estimators_) is not list or type(kind) is not str:
        raise ValueError("estimators_ must be a list, and the y_type_ of label_binarizer_ a str")
    if kind == "multiclass":
        return
    asked: set[int] = set()
    for number, member in enumerate(model.estimators_):
        if id(member) not in asked and not _is_one_function(member):
            require_steady(member, f"estimators_[{number}]")
            _ask(member, number)
        asked.add(id(member))


def require_askable(model: Any) -> None:
    """Refuse to save what `require_one_answer` would not load.

    Raises:
        UnsupportedError: A member cannot be asked.
    """
    try:
        require_one_answer(model)
    except ValueError as error:
        raise UnsupportedError(f"OneVsRestClassifier: {error}", hint=_HINT) from error


def _is_one_function(member: Any) -> bool:
    """Whether shapes alone show that the member gives one answer a row, as in nearly every model."""
    if f"{type(member).__module__}.{type(member).__qualname__}" not in _LINEAR:
        return False
    coefficients, intercept = vars(member).get("coef_"), vars(member).get("intercept_")
    if type(coefficients) is not np.ndarray or coefficients.dtype.kind != "f" or coefficients.ndim != 2:
        return False
    if type(intercept) is np.ndarray:
        return len(coefficients) == 1 and intercept.dtype.kind == "f" and intercept.shape == (1,)
    return len(coefficients) == 1 and isinstance(intercept, float)


def _ask(member: Any, number: int) -> None:
    from sklearn.multiclass import _predict_binary

    def answer(n: int) -> Any:
        reason: Exception | None = None
        for rows in _inputs(member, n):
            try:
                return _predict_binary(member, rows)
            except (ValueError, TypeError, AttributeError, IndexError, KeyError) as error:
                reason = error
        text = str(reason).partition("\n")[0][:200]
        raise ValueError(f"estimators_[{number}] takes no row that could tell how many answers it gives: {text}")

    for n, given in shapes_of_answers(member, answer):
        if given[:1] != (n,):
            raise ValueError(f"estimators_[{number}] gives answers of shape {given} for {n} row(s)")


def _inputs(member: Any, n: int) -> Iterator[Any]:
    """`n` rows of each kind that estimators take: numbers, named numbers, texts, dicts."""
    width = getattr(member, "n_features_in_", None)
    if width is not None:
        yield np.ones((n, width))
        names = getattr(member, "feature_names_in_", None)
        if names is not None:
            import pandas as pd

            yield pd.DataFrame(np.ones((n, width)), columns=names)
    else:
        yield ["text"] * n
        yield [{"name": 1.0}] * n


RULES: Final[Mapping[str, AttrsRule]] = {
    "sklearn.multiclass.OneVsRestClassifier": AttrsRule(
        ask=require_one_answer, precheck=require_askable, requires=("estimators_", "label_binarizer_")
    ),
}
