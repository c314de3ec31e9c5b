"""What the page on limits says comes back otherwise, or is refused, does and is."""

from __future__ import annotations

import inspect
import io
import socket
import sqlite3
import threading
from typing import Any

import numpy as np
import pytest
from scipy import interpolate, stats
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.multiclass import OneVsRestClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

import vitrify
from tests.docs.pages import ROOT
from tests.support.own_code import Elsewhere

PAGE = (ROOT / "docs/limits.md").read_text(encoding="utf-8")


def inner() -> Any:
    """A function inside a function."""

    def function() -> None: ...

    return function


class Measured(np.ndarray[Any, Any]):
    """A caller's kind of array."""


LINE = np.arange(8.0)
PLANE = np.random.default_rng(0).random((8, 2))
REFUSED: dict[str, tuple[Any, ...]] = {
    "lambdas, functions and classes inside functions": (lambda x: x, inner()),
    "bound methods": (StandardScaler().fit, [].append),
    "generators": ((_ for _ in range(0)),),
    "open files, sockets, locks, threads, database connections": (
        threading.Lock(),
        threading.Thread(),
        socket.socket,
        sqlite3.connect,
        io.TextIOWrapper(io.BytesIO()),
    ),
    "modules, code objects, `object()`, `memoryview`": (np, compile("1", "x", "eval"), object(), memoryview(b"")),
    "objects whose `__reduce__` asks for anything but their own class": (Elsewhere(),),
    "`OneVsRestClassifier` for several labels, with an encoder in each member that takes no unknown category": (
        OneVsRestClassifier(make_pipeline(OneHotEncoder(), LogisticRegression())).fit(
            [["red"], ["blue"], ["red"]], [[0, 1], [1, 0], [1, 1]]
        ),
    ),
    "searches with a cache folder (`memory`) in their grid": (
        GridSearchCV(make_pipeline(LogisticRegression()), {"memory": ["cache"]}),
    ),
    "`n_jobs` that is neither `None` nor an int, alone or in a grid": (
        LogisticRegression(n_jobs="2"),
        GridSearchCV(LogisticRegression(), {"n_jobs": [2.0]}),
    ),
    "arrays of your own subclass of `ndarray`": (np.zeros(2).view(Measured),),
    "structured arrays with a field of objects": (np.zeros(2, [("a", "<i4"), ("b", "O")]),),
    "members of enumerations of the standard library but `re.RegexFlag`, `http.HTTPStatus` and `uuid.SafeUUID`": (
        socket.AF_INET,
        inspect.Parameter.KEYWORD_ONLY,
    ),
    "series of `numpy.polynomial`": (np.polynomial.Polynomial([1, 2]), np.polynomial.Chebyshev([1, 2])),
    (
        "`Rbf`, `RBFInterpolator`, `NearestNDInterpolator`, `LinearNDInterpolator`, `CloughTocher2DInterpolator`, "
        "`KroghInterpolator` and `BarycentricInterpolator` of `scipy.interpolate`"
    ): (
        interpolate.Rbf(LINE, LINE),
        interpolate.RBFInterpolator(PLANE, LINE),
        interpolate.NearestNDInterpolator(PLANE, LINE),
        interpolate.LinearNDInterpolator(PLANE, LINE),
        interpolate.CloughTocher2DInterpolator(PLANE, LINE),
        interpolate.KroghInterpolator(LINE, LINE),
        interpolate.BarycentricInterpolator(LINE, LINE),
    ),
    "multivariate distributions of `scipy.stats`, frozen or not, and `gaussian_kde`": (
        stats.multivariate_normal([0, 0]),
        stats.multivariate_normal,
        stats.dirichlet([1, 2]),
        stats.wishart(3, np.eye(2)),
        stats.gaussian_kde(LINE),
    ),
    "types of numpy, scipy, pandas and scikit-learn that were not reviewed": (np.nditer([1]),),
}


@pytest.mark.parametrize("row", REFUSED)
def test_rows_of_the_table_of_refusals(row: str) -> None:
    """Each is refused with a way out."""
    assert f"| {row} | " in PAGE
    for value in REFUSED[row]:
        with pytest.raises(vitrify.errors.UnsupportedError) as caught:
            vitrify.dumps([value])
        assert caught.value.problems[0][2]


def test_the_table_has_no_other_rows() -> None:
    """A new row needs a case here."""
    table = PAGE.split("## What cannot be saved")[1].split("\n## ")[0]
    rows = [line for line in table.split("\n") if line.startswith("| ")][1:]

    assert {row.removeprefix("| ").split(" | ")[0] for row in rows} == set(REFUSED)


def test_the_global_generator_comes_back_as_the_global_one() -> None:
    """Without its state."""
    generator = np.random.mtrand._rand
    data = vitrify.dumps(generator)
    generator.random()
    state: Any = generator.get_state()

    assert vitrify.loads(data) is generator
    assert str(generator.get_state()) == str(state)


def test_views_share_memory_where_their_elements_overlapped() -> None:
    """And nowhere else: what they were views of is forgotten."""
    whole = np.arange(20.0)
    first, second, third = vitrify.loads(vitrify.dumps([whole[:8], whole[4:12], whole[14:]]))

    assert np.shares_memory(first, second)
    assert not np.may_share_memory(first, third)
    assert third.tolist() == whole[14:].tolist()


def test_padding_is_zeroed() -> None:
    """Otherwise equal models would differ, and old memory would be in the file."""
    dtype = np.dtype([("a", "i1"), ("b", "f8")], align=True)
    array = np.full(2, 255, np.uint8).repeat(16).view(np.uint8)[: 2 * dtype.itemsize].view(dtype).copy()
    array.view(np.uint8)[:] = 255
    array["a"], array["b"] = 1, 0.5
    again = vitrify.loads(vitrify.dumps(array))

    assert again.view(np.uint8).reshape(2, -1)[:, 1:8].tolist() == [[0] * 7] * 2
    assert again.tolist() == array.tolist()


def test_containers_keep_their_identity() -> None:
    """A list that is used twice is one list."""
    inner_list = [1]
    first, second = vitrify.loads(vitrify.dumps([inner_list, inner_list]))

    assert first is second
