"""Small real models, and walks through what `inspect` says of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import BaggingClassifier, RandomForestClassifier, VotingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler
from sklearn.tree import DecisionTreeClassifier

from vitrify.inspection import Part, Summary

RNG = np.random.default_rng(0)
X = RNG.normal(size=(150, 4))
y = RNG.integers(0, 3, 150)


class Clipper:
    """A step of the user's own."""

    def __init__(self, low: float, high: float) -> None:
        self.low = low
        self.high = high

    def fit(self, _: object, __: object = None) -> Clipper:
        self.bounds_ = np.array([self.low, self.high])
        return self

    def transform(self, values: Any) -> Any:
        return np.clip(values, *self.bounds_)


class Stateful(Clipper):
    """The same, with a state of its own making, as scikit-learn's base class has."""

    def __getstate__(self) -> dict[str, object]:
        return {**self.__dict__, "_version": "1"}

    def __setstate__(self, state: dict[str, object]) -> None:
        self.__dict__.update(state)


def halve(values: Any) -> Any:
    return values / 2


def pipeline() -> Pipeline:
    steps = [("scale", StandardScaler()), ("keep", "passthrough"), ("clf", LogisticRegression(C=0.5))]
    return Pipeline(steps).fit(X, y)


def forest() -> RandomForestClassifier:
    return RandomForestClassifier(7, random_state=0, max_depth=6).fit(X, y)


def columns() -> Pipeline:
    split = ColumnTransformer([("num", StandardScaler(), [0, 1]), ("rest", MinMaxScaler(), [2, 3])])
    return Pipeline([("prep", split), ("clf", forest())]).fit(X, y)


def voting() -> VotingClassifier:
    members = [("lr", LogisticRegression()), ("tree", DecisionTreeClassifier(max_depth=3, random_state=0))]
    return VotingClassifier(members).fit(X, y)


def bundle() -> dict[str, object]:
    return {
        "model": pipeline(),
        "by_region": {"north": LogisticRegression().fit(X, y), "south": KNeighborsClassifier().fit(X, y)},
        "features": ["a", "b", "c", "d"],
        "threshold": 0.37,
        "odd keys": {"a.b": np.arange(3), 7: np.arange(4), "7": np.arange(5), (1, 2): np.arange(6)},
        "big": np.arange(5000.0),
    }


MODELS: dict[str, Callable[[], object]] = {
    "pipeline": pipeline, "forest": forest, "columns": columns, "voting": voting, "bundle": bundle,
    "bagging": lambda: BaggingClassifier(pipeline(), 4, random_state=0).fit(X, y),
    "neighbours": lambda: KNeighborsClassifier().fit(X, y),
    "user's own": lambda: [Clipper(-1, 1).fit(X), Stateful(0, 2).fit(X)],
    "array": lambda: np.arange(2000.0),
    "text": lambda: "just a text",
    "long text": lambda: "word " * 10_000,
    "nothing": lambda: None,
    "many words": lambda: {f"word{i}": i for i in range(20_000)},
}  # fmt: skip


def parts(part: Part) -> Iterator[Part]:
    yield part
    for child in part.children:
        yield from parts(child)


def part_at(summary: Summary, path: str) -> Part:
    return next(part for part in parts(summary.tree) if part.path == path)
