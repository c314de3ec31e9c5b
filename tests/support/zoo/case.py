"""A case of the zoo: a name, and a function that fits the model.

Fitting is deterministic and leaves no trace: numpy's global generator, which models with `random_state=None`
draw from, is seeded for the time of a call and restored; warnings are silenced; times that a search measured
are replaced by fixed numbers.
"""

from __future__ import annotations

import contextlib
import re
import warnings
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import sklearn
from joblib import Memory

from tests.support.zoo.data import Data
from tests.support.zoo.outputs import output_names

__all__ = ["Case", "FittedCase", "case", "no_cache", "quiet"]

Make = Callable[[], Any]
Train = Callable[[Any, Data], Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class FittedCase:
    """A fitted model, rows to predict, their targets (or None), and the names of the outputs to ask for."""

    model: Any
    X: Any
    y: Any
    calls: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One model of the zoo; `name` starts with its class, `make` returns it before it is fitted."""

    name: str
    make: Make
    data: Callable[[], Data]
    train: Train
    since: str
    before: str

    def fit(self) -> FittedCase:
        """Fit a new model: equal at every call, and sharing nothing with the models of other calls."""
        with quiet(self.name):
            data = self.data()
            model = self.make()
            trained = _settled(self.train(model, data))
            X, y = data.test()
            return FittedCase(model=trained, X=X, y=y, calls=output_names(trained))

    @property
    def is_available(self) -> bool:
        """Whether the running scikit-learn has what the case needs."""
        return _release(self.since) <= _release(sklearn.__version__) < _release(self.before)


def case(
    name: str,
    make: Make,
    data: Callable[[], Data],
    *,
    train: Train | None = None,
    since: str = "0",
    before: str = "99",
) -> Case:
    """A case for scikit-learn `since` ≤ running < `before`; without `train`, the model is fitted once."""
    return Case(name=name, make=make, data=data, train=train or _fit, since=since, before=before)


def no_cache() -> Memory:
    """A value for `memory=` that stores nothing; it keeps the time of its creation, which is fixed here."""
    memory = Memory(None)
    memory.timestamp = 0.0
    return memory


def _fit(model: Any, data: Data) -> Any:
    if data.y is None:
        return model.fit(data.X, **data.fit)
    return model.fit(data.X, data.y, **data.fit)


def _settled(model: Any) -> Any:
    """The same model; of a search, what differs at each fit is replaced: seconds, values under masks."""
    results = getattr(model, "cv_results_", None) or {}
    for name, values in results.items():
        if name.endswith("_time"):
            values[:] = np.arange(len(values))
        elif isinstance(values, np.ma.MaskedArray):
            values.data[values.mask] = 0
    if hasattr(model, "refit_time_"):
        model.refit_time_ = 1.0
    return model


@contextlib.contextmanager
def quiet(seed: str) -> Iterator[None]:
    """No warnings, and numpy's global generator in a state given by `seed` alone; restored at the end."""
    state = np.random.get_state()
    np.random.seed(zlib.crc32(seed.encode()))
    try:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            yield
    finally:
        np.random.set_state(state)


def _release(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", version)[:2])
