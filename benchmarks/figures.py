"""The arithmetic between measurements and tables: medians, ratios, geometric means, worst models.

Pure functions on values; nothing here reads a clock, a file or a setting.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

METRICS: Mapping[str, str] = {
    "load_warm_s": "load warm",
    "load_fresh_s": "load fresh",
    "save_s": "save",
    "file_bytes": "size",
    "start_s": "start",
}
"""The figures that are compared as ratios, and their names in the tables."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """What one tool did with one model: samples by metric, one per process, and errors by phase."""

    model: str
    tool: str
    samples: Mapping[str, tuple[float, ...]]
    errors: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """The median of some samples, and their range."""

    median: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Ratio:
    """One tool's median ÷ another's on one model, and the difference in the metric's own unit."""

    model: str
    ratio: float
    difference: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """The ratios of one tool over the zoo: their geometric mean and the worst of them."""

    geomean: float
    worst: Ratio
    n_models: int


class Board:
    """All cells of a run, and the tool that ratios divide by."""

    def __init__(self, cells: Iterable[Cell], reference: str) -> None:
        self.cells = {(cell.model, cell.tool): cell for cell in cells}
        self.reference = reference
        self.models = tuple(dict.fromkeys(model for model, _ in self.cells))
        self.tools = tuple(dict.fromkeys(tool for _, tool in self.cells))

    def spread(self, model: str, tool: str, metric: str) -> Spread | None:
        """Median, lowest and highest sample; None when nothing was measured."""
        cell = self.cells.get((model, tool))
        samples = cell.samples.get(metric, ()) if cell is not None else ()
        if not samples:
            return None
        return Spread(median=statistics.median(samples), low=min(samples), high=max(samples))

    def ratio(self, model: str, tool: str, metric: str, against: str | None = None) -> Ratio | None:
        """`tool` ÷ `against` (the reference if None), median by median; None unless both were measured."""
        mine = self.spread(model, tool, metric)
        theirs = self.spread(model, against or self.reference, metric)
        if mine is None or theirs is None or theirs.median <= 0:
            return None
        return Ratio(model=model, ratio=mine.median / theirs.median, difference=mine.median - theirs.median)

    def summary(
        self,
        tool: str,
        metric: str,
        against: str | None = None,
        *,
        least: float = 0.0,
        models: Iterable[str] | None = None,
    ) -> Summary | None:
        """The geometric mean and the worst of a tool's ratios, over the models that both tools finished.

        Models for which `against` needs less than `least`, in the metric's unit, are left out, and so are those that
        `models` does not name.
        """
        wanted = self.models if models is None else tuple(models)
        found = [self.ratio(model, tool, metric, against) for model in wanted]
        theirs = {model: self.spread(model, against or self.reference, metric) for model in self.models}
        ratios = [each for each in found if each is not None and (it := theirs[each.model]) and it.median >= least]
        if not ratios:
            return None
        return Summary(
            geomean=geomean(each.ratio for each in ratios),
            worst=max(ratios, key=lambda each: each.ratio),
            n_models=len(ratios),
        )

    def larger_than(self, file_bytes: float) -> tuple[str, ...]:
        """The models whose file takes the reference more than this."""
        sizes = {model: self.spread(model, self.reference, "file_bytes") for model in self.models}
        return tuple(model for model, size in sizes.items() if size is not None and size.median > file_bytes)

    def median(self, model: str, tool: str, metric: str) -> float | None:
        """The median of the samples; None when nothing was measured."""
        spread = self.spread(model, tool, metric)
        return spread.median if spread is not None else None

    def model_bytes(self, model: str) -> float | None:
        """What the model holds in memory: the growth that stays after the reference loaded it."""
        held = self.spread(model, self.reference, "load_held_bytes")
        return held.median if held is not None else None

    def load_extra_bytes(self, model: str, tool: str) -> float | None:
        """Peak growth while loading, less what the model holds; negative if pages were left on disk."""
        peak, held = self.spread(model, tool, "load_peak_bytes"), self.model_bytes(model)
        return peak.median - held if peak is not None and held is not None else None

    def save_extra_bytes(self, model: str, tool: str) -> float | None:
        """Peak growth while saving a model that is already in memory."""
        extra = self.spread(model, tool, "save_extra_bytes")
        return extra.median if extra is not None else None

    def worst_extra(self, tool: str, save: bool, at_least_bytes: float) -> Ratio | None:
        """The model with the most extra memory relative to itself, among those that hold `at_least_bytes`."""
        found: list[Ratio] = []
        for model in self.models:
            held = self.model_bytes(model)
            extra = (self.save_extra_bytes if save else self.load_extra_bytes)(model, tool)
            if held is not None and extra is not None and held >= at_least_bytes:
                found.append(Ratio(model=model, ratio=extra / held, difference=extra))
        return max(found, key=lambda each: each.ratio, default=None)


def geomean(values: Iterable[float]) -> float:
    """The geometric mean of positive numbers.

    Raises:
        ValueError: there are none, or one is not positive.
    """
    numbers = list(values)
    if not numbers or min(numbers) <= 0:
        raise ValueError(f"Geometric mean needs positive numbers, found {numbers}")
    return math.exp(math.fsum(math.log(number) for number in numbers) / len(numbers))


def exponent(points: Iterable[tuple[float, float]]) -> float | None:
    """The slope of the straight line nearest to the logarithms, by least squares; None below two sizes.

    One that doubles whenever the size doubles has 1; one that then grows fourfold has 2.
    """
    logs = [(math.log(size), math.log(value)) for size, value in points if value > 0]
    if len({size for size, _ in logs}) < 2:
        return None
    return statistics.linear_regression(*zip(*logs, strict=True)).slope
