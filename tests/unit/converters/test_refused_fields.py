"""Fields that no object of a type has: which are refused, with what words; and edges of what is legal."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pandas as pd
import pytest
import scipy.interpolate
import scipy.stats

import vitrify
from tests.support.equality import assert_same
from tests.support.forge import Forged, forge_value
from vitrify.converters.checking import reach
from vitrify.converters.scipy import fitpack
from vitrify.errors import LimitError, StateError

SHAPE = np.array([2, 2], np.int64)
HAS_TEXTS = hasattr(np, "dtypes") and hasattr(np.dtypes, "StringDType")

REFUSED: dict[str, tuple[str, dict[str, Any], str]] = {
    "a Decimal spelled with a zero too much": (
        "decimal.Decimal",
        {"text": "1E+05"},
        "it is not spelled as a decimal number is",
    ),
    "a sub-array of a list": (
        "numpy.dtype",
        {"spelling": '{"base":[1],"shape":[2]}'},
        "malformed dtype",
    ),
    "a sparse shape of floats": (
        "scipy.sparse.dok_array",
        {"shape": SHAPE.astype(float), "pairs": {}, "dtype": "<f8", "maxprint": 50},
        "shape must be one array of int64",
    ),
    "a dict of sparse entries in three dimensions": (
        "scipy.sparse.dok_array",
        {"shape": np.array([1, 1, 1], np.int64), "pairs": {}, "dtype": "<f8", "maxprint": 50},
        "impossible shape (1, 1, 1)",
    ),
    "diagonals wider than their offsets count": (
        "scipy.sparse.dia_array",
        {"shape": SHAPE, "data": np.zeros((0, 2**31)), "offsets": np.zeros(0, np.int32), "maxprint": 50},
        "data of shape (0, 2147483648) is too big for offsets of dtype int32",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_it_is_refused_with_its_reason(name: str) -> None:
    """At the place where it lies."""
    type_id, fields, message = REFUSED[name]
    with pytest.raises(StateError) as caught:
        vitrify.loads(forge_value({"found": [1, Forged(type_id, fields)]}))
    assert caught.value.path == "$['found'][1]"
    assert caught.value.message.removesuffix(")").endswith(f": {message}")


def test_a_moment_of_the_repeated_hour_may_have_no_zone() -> None:
    """Then nothing but its own word says which of the two it is."""
    moment = pd.Timestamp(dt.datetime(2020, 10, 25, 2, 30, fold=1))
    found = vitrify.loads(vitrify.dumps(moment))
    assert (found, found.fold) == (moment, 1)


def test_a_distribution_keeps_the_random_state_it_was_given() -> None:
    """And draws what the original draws."""
    frozen = scipy.stats.norm(1.0, 2.0)
    frozen.random_state = np.random.RandomState(5)
    found = vitrify.loads(vitrify.dumps(frozen))
    assert found.rvs(3).tolist() == np.random.RandomState(5).normal(1.0, 2.0, 3).tolist()


def test_arrow_columns_may_miss_nothing() -> None:
    """Then no mask is stored."""
    array = pd.array([3, -1], dtype="int64[pyarrow]")
    found = vitrify.loads(vitrify.dumps(array))
    assert_same(array, found)
    assert found.tolist() == [3, -1]


class Keeper:
    """Something that keeps an array."""

    def __init__(self, weights: Any) -> None:
        self.weights = weights


@pytest.mark.parametrize("streams", [False, True])
def test_arrays_count_as_often_as_a_frame_reaches_them(streams: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """By their size, or by their shape where they have not been read yet."""
    converter = vitrify.Converter[Keeper](
        type_id="tests.Keeper",
        types=(f"{Keeper.__module__}.Keeper",),
        fields=("weights",),
        encode=lambda keeper: (keeper.weights,),
        decode=Keeper,
        streams=streams,
    )
    frame = pd.DataFrame({"keeper": [Keeper(np.arange(10_000.0))] * 100})
    data = vitrify.dumps(frame, converters=[converter])
    found = vitrify.loads(data, converters=[converter])["keeper"]
    assert found[99].weights.tolist() == list(range(10_000))
    assert found[0] is found[99]
    monkeypatch.setattr(reach, "_MAX_REPEATED_BYTES", 7 << 20)
    with pytest.raises(LimitError) as caught:
        vitrify.loads(data, converters=[converter])
    assert caught.value.message.endswith("share arrays so often that checking them would take too long")


@pytest.mark.parametrize("residual", [np.nan, np.inf])
def test_a_fit_whose_residuals_are_no_numbers_starts_afresh(residual: float) -> None:
    """FITPACK would go on from them."""
    x = np.linspace(0.0, 5.0, 40)
    spline = scipy.interpolate.UnivariateSpline(x, np.sin(x * 3), s=0.5)
    data = spline._data
    n, k, fpint, nrdata = data[7], data[5], data[11].copy(), data[12]
    used = fitpack._used(fpint, nrdata, len(x), n, k, 0.5)
    assert np.array_equal(used[0][: n - 2 * k - 1], fpint[: n - 2 * k - 1])
    assert used[0].any()
    assert used[1].any()
    fpint[0] = residual
    again = fitpack._used(fpint, nrdata, len(x), n, k, 0.5)
    assert not again[0].any()
    assert not again[1].any()


@pytest.mark.skipif(not HAS_TEXTS, reason="this numpy has no StringDType")
@pytest.mark.parametrize("missing", [{}, {"na_object": None}, {"na_object": np.nan}, {"na_object": "?"}])
@pytest.mark.parametrize("order", ["C", "F"])
def test_texts_of_numpy_come_back(missing: dict[str, Any], order: Any) -> None:
    """With what stands for the missing, and in their order."""
    dtype = np.dtypes.StringDType(**missing)
    array = np.array([["a", "ü" * 40, ""], ["b", "c", "d"]], dtype, order=order)
    if missing:
        array[1, 2] = missing["na_object"]
    found, numbers = vitrify.loads(vitrify.dumps([array, np.ones(2)]))
    assert found.dtype == dtype
    assert found.flags.f_contiguous == (order == "F")
    assert found[:, :2].tolist() == [["a", "ü" * 40], ["b", "c"]]
    last = found[1, 2]
    if missing:
        assert last is missing["na_object"] or last == missing["na_object"] or last != last
    else:
        assert last == "d"
    assert numbers.tolist() == [1.0, 1.0]
