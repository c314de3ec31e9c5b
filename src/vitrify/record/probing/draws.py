"""Values for a column that are like those of the training data, and are none of them.

Numbers come from a smooth distribution through a few quantiles; what stands between two quantiles is equally likely.
The stream is that of numpy's Philox with the seeds of `WAYS`; nothing else has a say.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from vitrify.record.data.tables import Column
from vitrify.record.probing.known import Known

Floats = npt.NDArray[np.float64]
_LEVELS: Final = np.array([0.02, 0.1, 0.25, 0.5, 0.75, 0.9, 0.98])
_FEW: Final = 5  # so few values give only their order of magnitude: a quantile of them is nearly one of them
_LAST_MOMENT_NS: Final = 9.2e18  # in the year 2261
_SHARE_OF_TEXTS: Final = 0.5
_WORDS_PER_TEXT: Final = (3, 20)
_SYLLABLES: Final = ("ba", "ce", "di", "fo", "gu", "ka", "le", "mi", "no", "pu", "ra", "se", "ti", "vo", "zu")


@dataclass(frozen=True, slots=True)
class Way:
    """How rows are made.

    Attributes:
        seed: Of the stream of random numbers.
        has_missing: Whether values are missing where the training data has missing ones.
        spread: How much of a column's distribution is drawn from: 1 for all, 0 for nothing but the mean.
    """

    seed: int
    has_missing: bool
    spread: float


# Each is milder than the one before it.
WAYS: Final = (
    Way(20_240_501, True, 1.0),
    Way(20_240_501, False, 1.0),
    Way(20_240_502, False, 0.3),
    Way(20_240_503, False, 0.0),
)


class Draws:
    """A stream of random numbers, and the values that are made of it."""

    def __init__(self, way: Way, known: Known, n_rows: int) -> None:
        self.way = way
        self.known = known
        self.n_rows = n_rows
        self._random = np.random.Generator(np.random.Philox(way.seed))

    def uniform(self, *shape: int) -> Floats:
        """Numbers in [0, 1)."""
        return self._random.random(shape)

    def pick(self, n_choices: int, *shape: int) -> npt.NDArray[np.int64]:
        """Numbers of choices."""
        return (self.uniform(*shape) * n_choices).astype(np.int64)

    def gaps(self, rate: float, n: int | None = None) -> npt.NDArray[np.bool_]:
        """Where values are missing: in a few rows if any were in the training data."""
        flags = self.uniform(self.n_rows if n is None else n) < min(max(rate, 0.1), 0.3)
        return flags & (rate > 0.0 and self.way.has_missing)

    def numbers(self, values: Floats) -> Floats:
        """Numbers for each column of `values` (n, n_columns), which has NaN where they are missing.

        Whole numbers where the column has no others, NaN where it has nothing.
        """
        values = np.where(np.isfinite(values), values, np.nan)
        n_present = np.count_nonzero(~np.isnan(values), axis=0)
        is_whole = (np.isnan(values) | (values == np.rint(values))).all(axis=0)
        share = self.uniform(self.n_rows, values.shape[1])
        if self.way.spread == 0.0:
            drawn = np.broadcast_to(np.nansum(values, axis=0) / np.maximum(n_present, 1), share.shape).copy()
        else:
            drawn = _between(_quantiles(values, n_present), 0.5 + self.way.spread * (share - 0.5))
        few = n_present < _FEW
        if few.any():
            drawn[:, few] = _magnitudes(values[:, few]) * (0.1 + 0.9 * share[:, few])
        drawn[:, is_whole] = np.rint(drawn[:, is_whole])
        drawn[:, n_present == 0] = np.nan
        return drawn

    def matrix(self, values: npt.NDArray[Any], *, is_alone: bool = False) -> Floats:
        """The same with gaps; of the model's categories where all numbers of a column are some of them."""
        plain = values.astype(np.float64)
        made = self.numbers(plain)
        is_missing = np.isnan(plain)
        for i in np.flatnonzero(is_missing.any(axis=0)).tolist():
            made[self.gaps(float(is_missing[:, i].mean())), i] = np.nan
        for i in range(values.shape[1]) if self.known.choices or is_alone else ():
            choice = self.number_choice(values[~is_missing[:, i], i], is_alone=is_alone)
            if choice is not None:
                picked = np.array(self._of(choice).tolist(), np.float64)
                made[:, i] = np.where(np.isnan(made[:, i]), np.nan, picked)
        return made

    def column(self, column: Column, n_read: int, *, is_alone: bool = False) -> npt.NDArray[Any]:
        """Values for a column: of a number dtype, or objects."""
        stretch = column.read(0, n_read)
        present = stretch.values[~stretch.is_missing]
        if column.kind in ("datetime", "timedelta"):
            moments = self.numbers(present.astype(np.int64).astype(np.float64)[:, None])[:, 0]
            moments = np.clip(np.nan_to_num(moments), -_LAST_MOMENT_NS, _LAST_MOMENT_NS)
            return moments.astype(np.int64).view(stretch.values.dtype)
        if column.kind == "bool":
            rate = float(np.mean(present.astype(np.float64))) if len(present) else 0.5
            return np.asarray(self.uniform(self.n_rows) < min(max(rate, 0.05), 0.95))
        if column.kind == "complex":
            return self.numbers(present.real[:, None])[:, 0] + 1j * self.numbers(present.imag[:, None])[:, 0]
        if column.kind in ("int", "float"):
            choice = self.number_choice(present, is_alone=is_alone)
            if choice is not None:
                return np.array(self._of(choice).tolist())
            return self.numbers(present.astype(np.float64)[:, None])[:, 0]
        if not len(present):
            return np.full(self.n_rows, None, object)
        return self.texts(present.tolist(), are_labels=is_alone)

    def number_choice(self, values: npt.NDArray[Any], *, is_alone: bool) -> list[Any] | None:
        """The categories of which all these numbers are."""
        lists = [*self.known.choices, *(self.known.labels if is_alone else ())]
        longest = max(map(len, lists), default=0)
        found = set(np.unique(values).tolist()) if longest else set()
        return self.known.choice(found, 1.0, or_labels=is_alone) if len(found) <= longest else None

    def texts(self, values: list[Any], *, are_labels: bool = False) -> npt.NDArray[Any]:
        """Texts for a column of these values: what the model knows of them, or made-up words."""
        plain = [value for value in values if isinstance(value, (str, bool, int, float))]
        choice = self.known.choice(plain, _SHARE_OF_TEXTS, or_labels=are_labels)
        if choice is not None:
            return self._of(choice)
        texts = [value for value in plain if isinstance(value, str)]
        are_sentences = any(len(text.split()) > 1 for text in texts)
        words = self.known.vocabulary(texts)
        if words is not None and (are_sentences or any(text.lower() in words.known for text in texts)):
            return _objects([self._sentence(words.words, words.between) for _ in range(self.n_rows)])
        made = [self.word() for _ in range(self.n_rows)]
        return _objects([self._sentence(made, " ") for _ in range(self.n_rows)] if are_sentences else made)

    def word(self) -> str:
        """A word of no language."""
        return "".join(_SYLLABLES[i] for i in self.pick(len(_SYLLABLES), 3).tolist())

    def _sentence(self, words: Any, between: str) -> str:
        first, last = _WORDS_PER_TEXT
        n_words = first + int(self.pick(last - first + 1, 1)[0])
        return between.join(words[i] for i in self.pick(len(words), n_words).tolist())

    def _of(self, choices: list[Any]) -> npt.NDArray[Any]:
        return _objects([choices[i] for i in self.pick(len(choices), self.n_rows).tolist()])


def as_dtype(made: npt.NDArray[Any], dtype: Any) -> npt.NDArray[Any]:
    """Made numbers in the dtype of a column, within its limits."""
    if dtype.kind in "iu" and made.dtype.kind == "f":
        limits = np.iinfo(dtype)
        made = np.rint(np.clip(made, float(limits.min), np.nextafter(float(limits.max), 0.0)))
    return made.astype(dtype)


def _objects(values: list[Any]) -> npt.NDArray[Any]:
    array = np.empty(len(values), object)
    array[:] = values
    return array


def _quantiles(values: Floats, n_present: npt.NDArray[np.int64]) -> Floats:
    """At each level, for each column; NaN where a column has nothing."""
    ordered = np.sort(values, axis=0)  # NaN goes to the end
    at = _LEVELS[:, None] * np.maximum(n_present - 1, 0)
    below = np.floor(at).astype(np.int64)
    low = np.take_along_axis(ordered, below, axis=0)
    high = np.take_along_axis(ordered, np.minimum(below + 1, np.maximum(n_present - 1, 0)), axis=0)
    return np.asarray(low + (high - low) * (at - below))


def _between(quantiles: Floats, share: Floats) -> Floats:
    """The value below which that share of a column lies, on straight lines between the quantiles."""
    level = _LEVELS[0] + (_LEVELS[-1] - _LEVELS[0]) * share
    segment = np.clip(np.searchsorted(_LEVELS, level, "right") - 1, 0, len(_LEVELS) - 2)
    low = np.take_along_axis(quantiles, segment, axis=0)
    high = np.take_along_axis(quantiles, segment + 1, axis=0)
    part = (level - _LEVELS[segment]) / (_LEVELS[segment + 1] - _LEVELS[segment])
    return np.asarray(low + (high - low) * part)


def _magnitudes(values: Floats) -> Floats:
    """The power of ten above each column's largest value; negative where all values are."""
    largest = np.max(np.abs(np.nan_to_num(values)), axis=0, initial=0.0)
    powers = [10.0 ** math.ceil(math.log10(value)) if value > 0.0 else 0.0 for value in largest.tolist()]
    return np.asarray(np.where((np.nan_to_num(values) <= 0.0).all(axis=0), -1.0, 1.0) * np.array(powers))
