"""What the golden files with a record hold: each function makes a file with `capture`, its docstring says what for.

A record tells of the machine that made it, so its versions, times and environment are replaced by fixed ones. Files
are made once; beside each stand the data, the summary, and what is attached, in readable form.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.model_selection import KFold
from sklearn.naive_bayes import MultinomialNB
from sklearn.pipeline import make_pipeline

import vitrify
from tests.vectors.describing import describe_glass
from tests.vectors.recorded import (
    attached_of,
    file_of,
    summary_of,
    with_block,
    with_contents,
    with_summary,
    with_summary_text,
)
from tests.vectors.strict_graph import read

CASES: dict[str, Callable[[], bytes]] = {}
ENVIRONMENT = {
    "implementation": "CPython", "system": "Linux 6.1", "machine": "x86_64", "cpu": "An example",
    "thread_libraries": [{"name": "openblas", "version": "0.3.30", "architecture": "Haswell", "n_threads": 4}],
    "distributions": {"numpy": "2.4.6", "scikit-learn": "1.9.1", "scipy": "1.17.1"},
}  # fmt: skip
SOURCE = {
    "remote": "https://example.org/churn.git", "commit": "0123456789abcdef0123456789abcdef01234567", "branch": "main",
    "is_dirty": False, "script": "train.py", "script_digest": "5" * 64, "texts": ["train.py"],
}  # fmt: skip
TEXTS = ("churn is likely", "no churn", "likely no churn at all", "churn", "at all", "is it likely", "no", "all churn")
"""Rows of `words`."""


def case(make: Callable[[], bytes]) -> Callable[[], bytes]:
    """Add a file."""
    CASES[make.__name__] = make
    return make


def rows() -> Any:
    """24 rows of 2 numbers that are exact in few digits."""
    return np.array([[(7 * i % 24) / 4 - 3, (5 * i % 24) / 8] for i in range(24)])


def data_of(name: str) -> tuple[Any, Any]:
    """The data that the model of a case was trained on."""
    X = rows()
    match name:
        case "full":
            return X, (X[:, 0] + X[:, 1] > 0).astype(int)
        case "bundle":
            return pd.DataFrame(X, columns=["age", "income"]), X[:, 0] * 2 - X[:, 1]
        case "words":
            return list(TEXTS), np.array([1, 1, 1, 1, 0, 0, 0, 1])
    return None, None


@case
def full() -> bytes:
    """Everything that `capture` writes of a classifier: environment, data, scores, probes, source, and free text."""
    X, y = data_of("full")
    model = LogisticRegression().fit(X, y)
    record = vitrify.capture(
        model, X, y, cv=KFold(3, shuffle=True, random_state=0), scoring=["accuracy", "neg_log_loss"],
        holdout=(X[::2], y[::2]), statistics="full", data=("s3://example/churn.parquet", "v3"), notes="für Übungen",
        authors=["Ada", "Grace"], license="MIT", parents=["6" * 64],
        extra={"ticket": 12, "nested": {"share": 0.25, "tiny": 1.5e-7, "large": 1e16, "list": [True, None, "x"]}},
    )  # fmt: skip
    data = with_contents(_fixed(vitrify.dumps(model, record=record)), texts={"train.py": "model.fit(X, y)\n"})
    return with_summary(data, lambda told: _in_order(told | {"source": SOURCE}))


@case
def minimal() -> bytes:
    """A number with the text of a script: the least that can be attached."""
    data = with_summary_text(vitrify.dumps(5), '{"versions":{"python":"3.11.7"},"source":{"texts":["a.py"]}}')
    return with_block(data, file_of({"columns": {}, "target": {}, "probes": {}, "texts": {"a.py": "print(1)\n"}}))


@case
def bundle() -> bytes:
    """The record of a model that lies in a list in a dict; its rows are a DataFrame, its target numbers."""
    X, y = data_of("bundle")
    model = LinearRegression().fit(X, y)
    record = vitrify.capture(model, X, y)
    return _fixed(vitrify.dumps({"models": [None, model], "threshold": 0.5}, record=record))


@case
def words() -> bytes:
    """The record of a model that takes texts, of which no statistics are kept."""
    X, y = data_of("words")
    model = make_pipeline(CountVectorizer(), MultinomialNB()).fit(X, y)
    return _fixed(vitrify.dumps(model, record=vitrify.capture(model, X, y, statistics=None)))


def expectation(data: bytes, name: str) -> dict[str, Any]:
    """What stands beside a file: its data, its summary, and what is attached as the strict reader sees it."""
    X, y = data_of(name)
    found: dict[str, Any] = {"about": (CASES[name].__doc__ or "").strip()}
    if X is not None:
        plain = X if isinstance(X, list) else np.asarray(X).tolist()
        found |= {"names": list(X.columns)} if isinstance(X, pd.DataFrame) else {}
        found |= {"X": plain, "y": y.tolist()}
    return found | {"summary": summary_of(data), "attached": describe_glass(read(attached_of(data)))}


def _fixed(data: bytes) -> bytes:
    """The file with nothing in its record that depends on the machine or the clock."""

    def change(told: dict[str, Any]) -> dict[str, Any]:
        told["environment"] = ENVIRONMENT
        told["versions"] = {"python": "3.11.7", "vitrify": "0.1.0", "numpy": "2.4.6", "sklearn": "1.9.1"}
        for score in told.get("scores", []):
            score |= {name: [0.5] * len(score[name]) for name in ("fit_seconds", "score_seconds") if name in score}
        return _in_order(told)

    return with_summary(data, change)


def _in_order(told: dict[str, Any]) -> dict[str, Any]:
    names = ("versions", "model_path", "environment", "data", "target", "scores", "probes", "source", "notes",
             "authors", "license", "extra", "parents")  # fmt: skip
    return {name: told[name] for name in names if name in told}
