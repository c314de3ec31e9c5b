"""Models most of whose numbers are zero: they come back to the bit, in files smaller than joblib's."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import joblib
import numpy as np
import pytest
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.preprocessing import OneHotEncoder

import vitrify
from tests.support.equality import assert_same

RNG = np.random.default_rng(0)
CLASSES = RNG.integers(0, 2, 1000)


def counts() -> Any:
    """Neighbours that keep counts of words."""
    texts = [" ".join(f"word{number}" for number in RNG.integers(0, 3000, 30)) for _ in CLASSES]
    return KNeighborsClassifier().fit(CountVectorizer().fit_transform(texts).toarray(), CLASSES)


def ones() -> Any:
    """Neighbours that keep ones and zeros."""
    rows = OneHotEncoder(sparse_output=False).fit_transform(RNG.integers(0, 30, (1000, 8)))
    return KNeighborsClassifier().fit(rows, CLASSES)


def penalized() -> Any:
    """Coefficients of which a penalty left few."""
    rows = RNG.normal(size=(800, 20_000))
    return LogisticRegression(l1_ratio=1, C=1, solver="liblinear").fit(rows, rows[:, :9].sum(axis=1) > 0)


def of_joblib(model: Any) -> int:
    """The size that joblib's strongest compression makes of it."""
    file = io.BytesIO()
    joblib.dump(model, file, compress=("xz", 3))
    return len(file.getvalue())


@pytest.mark.parametrize("compress", [True, 9])
@pytest.mark.parametrize(("make", "share"), [(counts, 0.5), (ones, 0.6)])
def test_a_file_is_smaller_than_joblibs(make: Callable[[], Any], share: float, compress: Any) -> None:
    """Beside xz, and the model is the same."""
    model = make()
    data = vitrify.dumps(model, compress=compress)
    assert_same(model, vitrify.loads(data))
    assert len(data) < of_joblib(model) * share


def test_coefficients_of_zero_take_no_room() -> None:
    """Each other one takes its eight bytes and a place, beside what any file holds."""
    model = penalized()
    data = vitrify.dumps(model, compress=True)
    assert_same(model, vitrify.loads(data))
    assert len(data) < np.count_nonzero(model.coef_) * (8 + 2) + 2000 < model.coef_.nbytes / 20


def test_a_plain_file_keeps_its_arrays_as_they_lie() -> None:
    """Nothing is packed that nobody asked to have packed."""
    model = counts()
    assert len(vitrify.dumps(model)) > model._fit_X.nbytes
