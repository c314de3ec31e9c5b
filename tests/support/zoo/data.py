"""Small, fixed data sets, one function for each kind of input that an estimator may want.

Nothing is downloaded or read; each call returns new objects, so that no two models share their data. The
first rows hold every class, so the head of a set can be used to test and to train further.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
import scipy.sparse as sp

__all__ = ["Data", "head"]

N_ROWS = 90
N_HEAD = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Data:
    """Training data and the rows to predict; `fit` holds further arguments of `fit`, such as weights."""

    X: Any
    y: Any = None
    X_test: Any = None
    y_test: Any = None
    fit: Mapping[str, Any] = field(default_factory=dict)

    def test(self) -> tuple[Any, Any]:
        """The rows to predict and their targets: the head of the training data unless they are given."""
        if self.X_test is not None:
            return self.X_test, self.y_test
        return head(self.X), None if self.y is None else head(self.y)


def head(rows: Any) -> Any:
    """A copy of the first rows of an array, frame, sparse matrix or list."""
    if isinstance(rows, pd.DataFrame | pd.Series):
        return rows.iloc[:N_HEAD].copy()
    return rows[:N_HEAD].copy()


def labels(n_classes: int) -> Any:
    """0, 1, 2, 0, 1, 2 … (N_ROWS,) int64."""
    return np.arange(N_ROWS) % n_classes


def points(n_classes: int = 3, n_features: int = 5, seed: int = 0) -> Any:
    """Overlapping clouds, one a class: (N_ROWS, n_features) float64."""
    random = np.random.RandomState(seed)
    return (
        random.normal(size=(N_ROWS, n_features)) + 2.0 * random.normal(size=(n_classes, n_features))[labels(n_classes)]
    )


def three_classes() -> Data:
    return Data(X=points(), y=labels(3))


def two_classes() -> Data:
    return Data(X=points(2), y=labels(2))


def string_classes() -> Data:
    return Data(X=points(), y=np.array(["low", "middle", "high"])[labels(3)])


def object_classes() -> Data:
    return Data(X=points(), y=np.array(["low", "middle", "high"], dtype=object)[labels(3)])


def bool_classes() -> Data:
    return Data(X=points(2), y=labels(2) == 1)


def byte_classes() -> Data:
    return Data(X=points(), y=labels(3).astype(np.uint8) + 200)


def weighted_classes() -> Data:
    return Data(X=points(), y=labels(3), fit={"sample_weight": np.linspace(0.5, 2.0, N_ROWS)})


def float32_classes() -> Data:
    return Data(X=points().astype(np.float32), y=labels(3))


def fortran_classes() -> Data:
    return Data(X=np.asfortranarray(points()), y=labels(3))


def object_points() -> Data:
    return Data(X=points().astype(object), y=labels(3))


def sparse_classes() -> Data:
    X = points()
    return Data(X=sp.csr_matrix(np.where(X > 0, X, 0.0)), y=labels(3))


def sparse_two_classes() -> Data:
    X = points(2)
    return Data(X=sp.csr_matrix(np.where(X > 0, X, 0.0)), y=labels(2))


def sparse_array_classes() -> Data:
    X = points()
    return Data(X=sp.csr_array(np.where(X > 0, X, 0.0)), y=labels(3))


def missing_classes() -> Data:
    return Data(X=with_missing(points()), y=labels(3))


def missing_regression() -> Data:
    return Data(X=with_missing(points()), y=target())


def with_missing(X: Any) -> Any:
    X[np.random.RandomState(1).rand(*X.shape) < 0.1] = np.nan
    return X


def some_labels() -> Data:
    """Half of the labels are unknown (-1)."""
    return Data(X=points(), y=np.where(np.arange(N_ROWS) < N_ROWS // 2, labels(3), -1))


def multi_label() -> Data:
    X = points()
    return Data(X=X, y=(X[:, :3] > 0).astype(int))


def sparse_multi_label() -> Data:
    X = points()
    return Data(X=X, y=sp.csr_matrix((X[:, :3] > 0).astype(int)))


def multi_output_classes() -> Data:
    return Data(X=points(), y=np.column_stack([labels(3), labels(2)]))


def multi_output_strings() -> Data:
    return Data(X=points(), y=np.column_stack([np.array(["a", "b", "c"])[labels(3)], np.array(["x", "y"])[labels(2)]]))


def counts() -> Data:
    """Counts of words in three topics: (N_ROWS, 6) float64, whole and not negative."""
    rates = np.random.RandomState(2).gamma(1.0, 3.0, size=(3, 6))[labels(3)]
    return Data(X=np.random.RandomState(3).poisson(rates).astype(float) + 0.0, y=labels(3))


def positive() -> Data:
    return Data(X=np.abs(points()) + 0.1, y=labels(3))


def category_codes() -> Data:
    return Data(X=np.random.RandomState(4).randint(0, 4, size=(N_ROWS, 3)), y=labels(3))


def category_names() -> Data:
    X = np.array([["red", "S"], ["green", "M"], ["blue", "L"], ["red", "XL"]], dtype=object)
    return Data(X=X[np.random.RandomState(4).randint(0, 4, size=N_ROWS)], y=labels(2))


def mixed_categories() -> Data:
    """Numbers, texts and None side by side, as they come out of a database."""
    X = np.array([[1, "a", None], [2, "b", "x"], [3.5, "a", "y"]], dtype=object)
    return Data(X=X[labels(3)], y=labels(2))


def target(seed: int = 5) -> Any:
    """A noisy linear function of `points()`: (N_ROWS,) float64."""
    X = points()
    random = np.random.RandomState(seed)
    return X @ random.normal(size=X.shape[1]) + 0.1 * random.normal(size=N_ROWS)


def regression() -> Data:
    return Data(X=points(), y=target())


def narrow_regression() -> Data:
    return Data(X=points()[:, :1].copy(), y=target())


def float32_regression() -> Data:
    return Data(X=points().astype(np.float32), y=target().astype(np.float32))


def weighted_regression() -> Data:
    return Data(X=points(), y=target(), fit={"sample_weight": np.linspace(0.5, 2.0, N_ROWS)})


def positive_regression() -> Data:
    return Data(X=points(), y=np.exp(0.3 * target()))


def multi_output_regression() -> Data:
    return Data(X=points(), y=np.column_stack([target(5), target(6)]))


def sparse_regression() -> Data:
    X = points()
    return Data(X=sp.csr_matrix(np.where(X > 0, X, 0.0)), y=target())


def one_column() -> Data:
    return Data(X=np.sort(points()[:, 0]), y=np.sort(target()) + np.sin(np.arange(N_ROWS)))


def rows() -> Data:
    """Points without a target, for clustering and decomposition."""
    return Data(X=points())


def float32_rows() -> Data:
    return Data(X=points().astype(np.float32))


def sparse_rows() -> Data:
    return Data(X=sparse_classes().X)


def missing_rows() -> Data:
    return Data(X=with_missing(points()))


def blobs() -> Data:
    """Three clouds far apart."""
    return Data(X=points(3, 2, seed=8) + 20.0 * np.eye(3, 2)[labels(3)])


def many_points() -> Data:
    """1500 points without structure, for clusterings with many leaves."""
    X = np.random.RandomState(9).uniform(size=(1500, 2))
    return Data(X=X, X_test=X[:N_HEAD].copy())


def globe() -> Data:
    """Latitude and longitude in radians."""
    X = np.random.RandomState(10).uniform(-1.0, 1.0, size=(N_ROWS, 2))
    return Data(X=X, y=labels(3))


def flags() -> Data:
    return Data(X=points() > 0, y=labels(3))


def gram() -> Data:
    """Inner products of the points, for `kernel="precomputed"`."""
    X = points()
    return Data(X=X @ X.T, y=labels(3))


def distances() -> Data:
    X = points()
    return Data(X=np.sqrt(((X[:, None] - X[None]) ** 2).sum(axis=-1)), y=labels(3))


def affinities() -> Data:
    return Data(X=np.exp(-distances().X))


def texts() -> Data:
    words = np.array(["cat", "dog", "bird", "river", "mountain", "sea", "engine", "wheel", "road", "été", "naïve"])
    random = np.random.RandomState(11)
    documents = [" ".join(random.choice(words[3 * k : 3 * k + 5], size=8)) for k in labels(3)]
    return Data(X=documents, y=labels(3))


def dictionaries() -> Data:
    return Data(X=[{"height": float(k), "city": ["Rome", "Oslo", "Lima"][k], f"rare{k}": 1} for k in labels(3)])


def tokens() -> Data:
    return Data(X=[text.split() for text in texts().X])


def images() -> Data:
    return Data(X=np.random.RandomState(12).rand(6, 8, 8))


def class_names() -> Data:
    """Labels alone, for what encodes targets."""
    return Data(X=string_classes().y)


def class_numbers() -> Data:
    return Data(X=labels(3) * 10)


def label_sets() -> Data:
    return Data(X=[("a", "b"), ("b",), (), ("c", "a")] * 5)


def frame() -> Data:
    """A DataFrame with float, int, bool, string and category columns and missing numbers."""
    random = np.random.RandomState(13)
    X = pd.DataFrame(
        {
            "age": random.randint(18, 80, N_ROWS),
            "income": np.where(random.rand(N_ROWS) < 0.1, np.nan, random.lognormal(10.0, 1.0, N_ROWS)),
            "city": pd.Categorical(np.array(["Rome", "Oslo", "Lima"])[labels(3)], categories=["Lima", "Oslo", "Rome"]),
            "size": pd.Categorical(np.array(["S", "M"])[labels(2)], categories=["S", "M"], ordered=True),
            "member": random.rand(N_ROWS) < 0.5,
            "note": np.array(["a", "b", "c"])[random.randint(0, 3, N_ROWS)],
        }
    )
    return Data(X=X, y=pd.Series(np.array(["stay", "leave"])[labels(2)], name="outcome"))


def number_frame() -> Data:
    return Data(X=pd.DataFrame(points(), columns=list("abcde")), y=pd.Series(labels(3), name="kind"))


def category_frame() -> Data:
    """Numbers and categories only, as HistGradientBoosting takes them."""
    return Data(X=frame().X[["age", "income", "city", "size"]], y=labels(2))
