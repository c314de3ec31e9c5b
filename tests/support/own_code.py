"""Classes and functions as a user would write them, for the tests of `trust=`."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin

LOG: list[str] = []
"""What code of this module ran while a file was loaded."""


class Plain:
    """An object that is its attributes."""

    def __init__(self, value: Any) -> None:
        LOG.append("Plain.__init__")
        self.value = value


class Slotted:
    """Slots only, one of them not set."""

    __slots__ = ("left", "right", "unset")

    def __init__(self, left: Any, right: Any) -> None:
        self.left = left
        self.right = right


class HalfSlotted(Slotted):
    """Slots of the parent, and a `__dict__`."""

    def __init__(self, left: Any, right: Any, extra: Any) -> None:
        super().__init__(left, right)
        self.extra = extra


@dataclass
class Point:
    """A dataclass."""

    x: float
    y: float


@dataclass(frozen=True, slots=True)
class FrozenPoint:
    """A frozen dataclass with slots."""

    x: float
    y: float


class Pair(NamedTuple):
    """A named tuple."""

    first: Any
    second: Any


class Colour(enum.Enum):
    """An enumeration with an alias."""

    RED = 1
    GREEN = "green"
    ROUGE = 1


class Access(enum.Flag):
    """Flags that combine."""

    READ = 1
    WRITE = 2


class Winsorizer(TransformerMixin, BaseEstimator):
    """A transformer of one's own."""

    def __init__(self, limits: tuple[float, float] = (0.05, 0.95)) -> None:
        self.limits = limits

    def fit(self, X: Any, y: Any = None) -> Winsorizer:
        self.low_, self.high_ = np.quantile(X, self.limits, axis=0)
        return self

    def transform(self, X: Any) -> Any:
        return np.clip(X, self.low_, self.high_)


class Stateful:
    """Saves something other than its attributes."""

    def __init__(self, items: list[int]) -> None:
        self.items = items
        self.lock = object()

    def __getstate__(self) -> dict[str, Any]:
        return {"items": self.items}

    def __setstate__(self, state: dict[str, Any]) -> None:
        LOG.append("Stateful.__setstate__")
        self.items = state["items"]
        self.lock = object()


class Reduced:
    """Says that its class is to be called."""

    def __init__(self, n: int) -> None:
        LOG.append("Reduced.__init__")
        self.n = n

    def __reduce__(self) -> Any:
        return Reduced, (self.n,)


class Elsewhere:
    """Asks to call something that is not its class."""

    def __reduce__(self) -> Any:
        return print, ("gotcha",)


class Stack(list):  # type: ignore[type-arg]  # as users write it
    """A list with an attribute."""


class Table(dict):  # type: ignore[type-arg]  # as users write it
    """A dict with an attribute."""


def clip_income(values: Any) -> Any:
    """A function of one's own."""
    LOG.append("clip_income")
    return np.clip(values, 0.0, 1e6)


def squared_error(target: Any, predicted: Any) -> tuple[Any, Any]:
    """An objective of one's own for boosting: half the squared error, as its gradient and hessian."""
    return predicted - target, np.ones_like(target)


class Migrated:
    """Took the place of a class that was its attributes, and reads those."""

    def __setstate__(self, state: dict[str, Any]) -> None:
        LOG.append("Migrated.__setstate__")
        self.amount = state["value"]


class MigratedSlots(Slotted):
    """The same for a class with slots, whose state comes in two parts."""

    def __setstate__(self, state: tuple[None, dict[str, Any]]) -> None:
        plain, slots = state
        assert plain is None
        self.left, self.right = slots["right"], slots["left"]


class Shop:
    """A place for a class whose name is taken elsewhere."""

    class Plain:
        """Ends like the other one."""
