"""The compiled loss functions of scikit-learn: a class and at most one parameter.

They are rebuilt by their constructors; their own reductions are never used. The losses of stochastic gradients of
older versions come back as what took their place: no version asks a model for them before it has made new ones.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from sklearn._loss import _loss
from sklearn.linear_model import _sgd_fast

from vitrify.graph.converter import Converter

_PARAMETERS: Final = {
    "PinballLoss": "quantile",
    "HuberLoss": "delta",
    "HalfTweedieLoss": "power",
    "HalfTweedieLossIdentity": "power",
}
_PLAIN: Final = (
    "HalfSquaredError", "AbsoluteError", "HalfPoissonLoss", "HalfGammaLoss", "HalfBinomialLoss",
    "HalfMultinomialLoss", "ExponentialLoss",
)  # fmt: skip
_SGD_PARAMETERS: Final = {
    "Hinge": "threshold",
    "SquaredHinge": "threshold",
    "EpsilonInsensitive": "epsilon",
    "SquaredEpsilonInsensitive": "epsilon",
    "Huber": "c",
}
_SGD_PLAIN: Final = ("ModifiedHuber", "Log", "SquaredLoss")
_SGD_SUCCESSORS: Final = {"Log": "HalfBinomialLoss", "SquaredLoss": "HalfSquaredError", "Huber": "HuberLoss"}


def _plain(module: Any, class_name: str, type_id: str, types: tuple[str, ...]) -> Converter[Any]:
    cls = getattr(module, class_name)
    return Converter(type_id=type_id, types=types, fields=(), encode=lambda _: (), decode=cls)


def _with_parameter(
    module: Any, class_name: str, type_id: str, types: tuple[str, ...], field: str, read: Callable[[Any], float]
) -> Converter[Any]:
    cls = getattr(module, class_name)

    def decode(value: object) -> Any:
        if type(value) is not float:
            raise TypeError(f"{field} must be a float")
        return cls(value)

    return Converter(type_id=type_id, types=types, fields=(field,), encode=lambda loss: (read(loss),), decode=decode)


def _read_attribute(name: str) -> Callable[[Any], float]:
    return lambda loss: float(getattr(loss, name))


def _read_first_argument(loss: Any) -> float:
    """These keep their parameter private; their reduction is the only way to it."""
    return float(loss.__reduce__()[1][0])


def _successor(name: str) -> list[Converter[Any]]:
    """What reads a loss that only older versions have; no type is saved by it."""
    type_id, class_name = f"sklearn.sgd_loss.{name}", f"Cy{_SGD_SUCCESSORS.get(name)}"
    if not hasattr(_loss, class_name):
        return []
    if name in _SGD_PLAIN:
        return [_plain(_loss, class_name, type_id, ())]
    return [_with_parameter(_loss, class_name, type_id, (), _SGD_PARAMETERS[name], _read_first_argument)]


def _converters() -> tuple[Converter[Any], ...]:
    found: list[Converter[Any]] = []
    for name in (*_PLAIN, *_PARAMETERS):
        types = (f"sklearn._loss._loss.Cy{name}", f"_loss.Cy{name}")
        if not hasattr(_loss, f"Cy{name}"):
            continue
        if name in _PLAIN:
            found.append(_plain(_loss, f"Cy{name}", f"sklearn.loss.{name}", types))
        else:
            field = _PARAMETERS[name]
            read = _read_attribute(field)
            found.append(_with_parameter(_loss, f"Cy{name}", f"sklearn.loss.{name}", types, field, read))
    for name in (*_SGD_PLAIN, *_SGD_PARAMETERS):
        type_name = f"sklearn.linear_model._sgd_fast.{name}"
        if not hasattr(_sgd_fast, name):
            found += _successor(name)
        elif name in _SGD_PLAIN:
            found.append(_plain(_sgd_fast, name, f"sklearn.sgd_loss.{name}", (type_name,)))
        else:
            field = _SGD_PARAMETERS[name]
            found.append(
                _with_parameter(_sgd_fast, name, f"sklearn.sgd_loss.{name}", (type_name,), field, _read_first_argument)
            )
    return tuple(found)


CONVERTERS: Final = _converters()
