"""Ways to train a model in several steps, and to train on after it was stored."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tests.support.zoo.data import Data

__all__ = ["in_batches", "trained_on", "warm_started"]

_SIZES = ("n_estimators", "max_iter")


def in_batches(*, n_batches: int = 3, targets: bool = True, classes: bool = False) -> Callable[[Any, Data], Any]:
    """A training by `partial_fit`, batch by batch."""

    def train(model: Any, data: Data) -> Any:
        parts = np.array_split(np.arange(data.X.shape[0]), n_batches)
        for number, part in enumerate(parts):
            first = {"classes": np.unique(data.y)} if classes and number == 0 else {}
            arguments = (data.X[part], data.y[part]) if targets else (data.X[part],)
            model.partial_fit(*arguments, **first)
        return model

    return train


def warm_started(**changes: object) -> Callable[[Any, Data], Any]:
    """A training by two calls of `fit`, between them the parameters `changes`."""

    def train(model: Any, data: Data) -> Any:
        targets = () if data.y is None else (data.y,)
        model.set_params(warm_start=True).fit(data.X, *targets)
        return model.set_params(**changes).fit(data.X, *targets)

    return train


def trained_on(model: Any, X: Any, y: Any) -> Any | None:
    """The same model after one more step of training on these rows; None if it offers or accepts none."""
    targets = () if y is None else (y,)
    try:
        if hasattr(model, "partial_fit"):
            model.partial_fit(X, *targets)
            return model
        parameters = model.get_params(deep=False)
        if "warm_start" not in parameters:
            return None
        longer = {name: parameters[name] + 3 for name in _SIZES if isinstance(parameters.get(name), int)}
        return model.set_params(warm_start=True, **longer).fit(X, *targets)
    except (NotImplementedError, TypeError, ValueError):  # say, no steps after early stopping
        return None
