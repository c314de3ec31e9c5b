"""Models without what they learned, also of an older scikit-learn, whose classes had fewer parameters."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from inspect import Parameter, signature
from typing import Any

from vitrify.errors import UnsupportedError
from vitrify.graph.paths import with_article
from vitrify.record.telling import told


def unfitted(model: Any) -> Any:
    """A clone with the model's parameters and nothing that it learned.

    Raises:
        UnsupportedError: It has no `fit`, or cannot be cloned.
    """
    from sklearn.base import clone

    kind = type(model).__name__
    if not callable(getattr(model, "fit", None)):
        raise UnsupportedError(
            f"{with_article(kind)} has no fit, so it cannot be trained again",
            hint="Leave cv= out, and give scores= that you computed",
        )
    try:
        with _parameters_of_here(model):
            return clone(model)
    except (TypeError, RuntimeError, AttributeError) as error:
        raise UnsupportedError(
            f"a {kind} cannot be cloned, so it cannot be trained again ({told(error)})",
            hint="Derive its class from sklearn.base.BaseEstimator, or give scores= that you computed",
        ) from error


@contextmanager
def _parameters_of_here(model: Any) -> Iterator[None]:
    """Parameters that a class has got since the model was saved, with their defaults, for as long as it is cloned."""
    added = [(part, name) for part in _estimators(model, set()) for name in _give_defaults(part)]
    try:
        yield
    finally:
        for part, name in added:
            delattr(part, name)


def _give_defaults(part: Any) -> list[str]:
    missing = {
        name: parameter.default
        for name, parameter in signature(type(part).__init__).parameters.items()
        if parameter.default is not Parameter.empty and name not in vars(part) and not hasattr(part, name)
    }
    for name, default in missing.items():
        setattr(part, name, default)
    return list(missing)


def _estimators(value: Any, seen: set[int]) -> Iterator[Any]:
    """All estimators in the parameters, the outer ones first."""
    if id(value) in seen:
        return
    seen.add(id(value))
    if isinstance(value, (list, tuple)):
        for part in value:
            yield from _estimators(part, seen)
    elif isinstance(value, dict):
        yield from _estimators(list(value.values()), seen)
    elif hasattr(value, "_get_param_names") and not isinstance(value, type) and hasattr(value, "__dict__"):
        yield value
        for name in type(value)._get_param_names():
            yield from _estimators(vars(value).get(name), seen)
