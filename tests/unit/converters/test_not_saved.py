"""Objects that have been made inconsistent, or of parts that no file may hold, are refused when they are saved."""

from __future__ import annotations

import collections
import decimal
import operator
import pathlib
import random
import re
import types
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
import scipy.interpolate
import scipy.spatial
import scipy.stats

import vitrify
from vitrify.errors import UnsupportedError

LONG = (1 << 20) + 1
LINE = np.arange(6.0)


class Text(str):
    """A text that is none of Python's own."""

    __slots__ = ()


class Seeds(np.random.SeedSequence):
    """Seeds of a caller's own making."""


def changed(target: Any, **attributes: Any) -> Any:
    """The same object with other attributes."""
    for name, value in attributes.items():
        setattr(target, name, value)
    return target


def of_even_steps() -> Any:
    """A generator that visits only a part of its states."""
    bits = np.random.PCG64(1)
    inner = {**bits.state["state"], "inc": 2}
    return changed(bits, state={**bits.state, "state": inner})


def masked(**attributes: Any) -> Any:
    """A masked array whose private attributes were set by hand."""
    return changed(np.ma.array([1.0, 2.0]), **attributes)


def tree(change: Callable[[Any], Any]) -> Any:
    """A tree whose data, which it shares, were changed after it was built."""
    data = np.random.RandomState(0).rand(100, 2)
    made = scipy.spatial.cKDTree(data)
    change(data)
    return made


def surface() -> Any:
    """A surface with fewer knots than its degree needs."""
    x, y, z = np.random.RandomState(0).rand(3, 60)
    made = scipy.interpolate.SmoothBivariateSpline(x, y, z)
    return changed(made, tck=(made.tck[0][:2], *made.tck[1:]))


REFUSED: dict[str, tuple[Callable[[], Any], str]] = {
    "a factory that cannot be called again": (
        lambda: collections.defaultdict(operator.itemgetter(0)),
        "a defaultdict whose default_factory is an itemgetter",
    ),
    "a chain of a tuple": (
        lambda: changed(collections.ChainMap(), maps=({},)),
        "a ChainMap whose maps are a tuple",
    ),
    "a proxy of another mapping": (
        lambda: types.MappingProxyType(collections.UserDict()),
        "a mapping proxy of a UserDict",
    ),
    "a pattern of another text": (
        lambda: re.compile(Text("a")),
        "a compiled pattern: its text is a Text",
    ),
    "a generator with attributes": (
        lambda: changed(random.Random(1), note="mine"),
        "a random.Random that is not one of this Python's",
    ),
    "a long number": (
        lambda: decimal.Decimal("1" * LONG),
        f"a Decimal of {LONG} characters",
    ),
    "a long path": (
        lambda: pathlib.PurePosixPath("a" * LONG),
        f"a PurePosixPath that is not what it prints ({'a' * 40!r})",
    ),
    "a masked array over another kind of array": (
        lambda: np.ma.array(np.zeros(2, "i4,i4").view(np.recarray)),
        "a masked array over a recarray",
    ),
    "a mask of another shape": (
        lambda: masked(_mask=np.zeros(3, bool)),
        "a masked array: its mask is not an array of shape (2,)",
    ),
    "a PCG64 that repeats itself": (
        of_even_steps,
        "a PCG64 whose increment is even",
    ),
    "a generator with seeds of one's own": (
        lambda: np.random.PCG64(Seeds(1)),  # type: ignore[arg-type]  # it is a SeedSequence
        "a PCG64 seeded by a Seeds",
    ),
    "sparse objects": (
        lambda: pd.SparseDtype(object),
        "a SparseDtype of object",
    ),
    "an index with a label that comes twice in a level": (
        lambda: pd.MultiIndex(levels=[[1, 1]], codes=[[0]], verify_integrity=False),
        "a MultiIndex with a level that holds a label twice",
    ),
    "an offset in a month that does not exist": (
        lambda: pd.offsets.QuarterEnd(startingMonth=10**9),
        "a QuarterEnd offset with startingMonth 1000000000",
    ),
    "a distribution of text": (
        lambda: scipy.stats.norm(loc="a"),
        "a frozen norm distribution with arguments that are not numbers",
    ),
    "a sample with another tolerance": (
        lambda: scipy.stats.rv_discrete(values=([1, 2], [0.5, 0.5]), moment_tol=1e-5),
        "an rv_sample with settings of its own: moment_tol",
    ),
    "a sample in one array": (
        lambda: scipy.stats.rv_discrete(values=np.array([[1, 2], [0.5, 0.5]])),
        "an rv_discrete whose values are not numbers",
    ),
    "a histogram with a density of 1": (
        lambda: scipy.stats.rv_histogram((np.ones(3), np.arange(4.0)), density=1),
        "an rv_histogram whose values are not numbers",
    ),
    "a spline with too few coefficients": (
        lambda: changed(scipy.interpolate.make_interp_spline(LINE, LINE), c=LINE[:2]),
        "a BSpline that is not valid: knots, coefficients and degree do not fit",
    ),
    "pieces along an axis that is not there": (
        lambda: changed(scipy.interpolate.PPoly(np.ones((2, 3)), np.arange(4.0)), axis=5),
        "a PPoly that is not valid: axis is out of range",
    ),
    "pieces in many dimensions with breakpoints of text": (
        lambda: changed(scipy.interpolate.NdPPoly(np.ones((2, 3)), (np.arange(4.0),)), x=("a",)),
        "an NdPPoly that is not valid: breakpoints must be arrays",
    ),
    "a line with a point less": (
        lambda: changed(scipy.interpolate.interp1d(LINE, LINE), x=LINE[:5]),
        "an interp1d that is not valid: axis is out of range",
    ),
    "a grid of an unknown method": (
        lambda: changed(scipy.interpolate.RegularGridInterpolator((LINE,), LINE), method="best"),
        "a RegularGridInterpolator that is not valid: unknown method",
    ),
    "a surface with too few knots": (
        surface,
        "a SmoothBivariateSpline that is not valid: knots and degree do not fit",
    ),
    "a tree of data that are no numbers any more": (
        lambda: tree(lambda data: data.__setitem__(0, np.nan)),
        "a cKDTree that cannot be built again: data must be finite",
    ),
    "a tree of data that were scaled": (
        lambda: tree(lambda data: data.__imul__(2)),
        "a cKDTree that is not what its data give",
    ),
}  # fmt: skip
if hasattr(np, "dtypes") and hasattr(np.dtypes, "StringDType"):
    REFUSED["texts whose missing value is a number"] = (
        lambda: np.dtypes.StringDType(na_object=1),
        "a StringDType whose na_object is an int",
    )


@pytest.mark.parametrize("name", REFUSED)
def test_it_is_refused_with_its_reason(name: str) -> None:
    """At the place where it lies; nothing is written that could not be loaded."""
    make, message = REFUSED[name]
    with pytest.raises(UnsupportedError) as caught:
        vitrify.dumps({"found": [1, make()]})
    ((path, problem, _),) = caught.value.problems
    assert path == "$['found'][1]"
    assert problem == message
