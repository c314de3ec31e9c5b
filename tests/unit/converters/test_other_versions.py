"""What other versions of the libraries lack, or do otherwise: the versions are stood in for, the answers are ours.

`tests/compat` runs the oldest versions themselves.
"""

from __future__ import annotations

import datetime as dt
import zoneinfo
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
import scipy
import scipy.sparse
import scipy.stats
import sklearn
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.neighbors import _kd_tree

import vitrify
from tests.support.equality import assert_same
from tests.support.forge import forge
from vitrify.converters.pandas import arrow, dtypes, frames, indexes, memory, offsets, scalars, zones
from vitrify.errors import StateError, UnsupportedError
from vitrify.graph import registry

PANDAS = f"the pandas {pd.__version__} installed here"
SKLEARN = f"the scikit-learn {sklearn.__version__} installed here"
SCIPY = f"the scipy {scipy.__version__} installed here"
POINTS = np.random.default_rng(0).normal(size=(120, 3))
TEXTS = getattr(getattr(np, "dtypes", None), "StringDType", None)


def refusal_of(data: bytes) -> str:
    """What is said when it is loaded, without the file's name."""
    with pytest.raises(UnsupportedError) as caught:
        vitrify.loads(data)
    assert caught.value.path is None or caught.value.path.startswith("$")
    return caught.value.message.removeprefix("<bytes>: ")


class TestNumpy:
    @pytest.mark.skipif(TEXTS is None, reason="this numpy has no StringDType")
    def test_one_without_string_dtype(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """It came with numpy 2."""
        data = vitrify.dumps(TEXTS())  # type: ignore[misc]  # skipped where it is None
        monkeypatch.delattr(np.dtypes, "StringDType")
        assert refusal_of(data) == f"StringDType does not exist in the numpy {np.__version__} installed here"


class TestPandas:
    def test_one_without_pyarrow(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Columns that it keeps cannot be made."""
        data = vitrify.dumps(pd.array([1, None], dtype="int64[pyarrow]"))
        monkeypatch.setattr(arrow, "has_pyarrow", lambda: False)
        assert refusal_of(data) == f"a column kept by pyarrow does not exist in {PANDAS}"

    @pytest.mark.filterwarnings("ignore:The 'sparse_index' parameter")
    def test_one_that_makes_sparse_arrays_of_an_index(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Before `from_indices`; both kinds."""
        for kind in ("integer", "block"):
            array = pd.arrays.SparseArray([0.0, 2.5, 0.0, 1.5], fill_value=0.0, kind=kind)
            data = vitrify.dumps(array)
            with monkeypatch.context() as patch:
                patch.delattr(pd.arrays.SparseArray, "from_indices", raising=False)
                assert_same(array, vitrify.loads(data))

    def test_one_that_turns_the_ends_of_intervals_into_others(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Before pandas 2 an index had 64 bits."""
        data = vitrify.dumps(pd.arrays.IntervalArray.from_breaks(pd.Index([1, 2, 3], dtype=np.int32)))
        make = pd.arrays.IntervalArray.from_arrays
        monkeypatch.setattr(
            pd.arrays.IntervalArray, "from_arrays", lambda a, b, c: make(a.astype(np.int64), b.astype(np.int64), c)
        )
        assert refusal_of(data) == f"intervals of int32: {PANDAS} has none"

    def test_one_that_turns_labels_into_others(self) -> None:
        """So that 8 bits stay 8 bits, or nothing is loaded."""
        with pytest.raises(UnsupportedError) as caught:
            indexes._same_dtype(pd.Index([1], dtype=np.int64), np.array([1], np.int8))
        assert caught.value.message == f"an index of int8: {PANDAS} has none"

    def test_one_that_turns_a_series_into_another(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Seconds became nanoseconds before pandas 2."""
        data = vitrify.dumps(pd.Series(np.array([1, 2], np.int8)))
        make = pd.Series
        monkeypatch.setattr(frames.pd, "Series", lambda values, **how: make(values, dtype=np.int64))
        assert refusal_of(data) == f"a Series of int8: {PANDAS} has none"

    def test_one_that_turns_a_column_into_another(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """The same in a frame."""
        data = vitrify.dumps(pd.DataFrame({"a": np.array([1, 2], np.int8)}))
        make = pd.DataFrame
        monkeypatch.setattr(frames.pd, "DataFrame", lambda values, **how: make(values, dtype=np.int64))
        assert refusal_of(data) == f"a column of int8: {PANDAS} has none"

    def test_one_that_keeps_columns_one_by_one(self) -> None:
        """What is stored is the same as where it keeps them in blocks; a block without columns is left out."""
        frame = pd.DataFrame({"a": [1.5, 2.5], "b": pd.array([1, None], dtype="Int64"), "c": [3.5, 4.5]})
        apart: Any = SimpleNamespace(_mgr=object(), iloc=frame.iloc, shape=frame.shape)
        blocks = [*frame._mgr.blocks, SimpleNamespace(mgr_locs=SimpleNamespace(as_array=()), values=np.zeros((0, 2)))]
        together: Any = SimpleNamespace(_mgr=SimpleNamespace(blocks=blocks))
        for given in (apart, together):
            tables, arrays = frames._parts(given)
            found = {
                int(p): v.tolist() for places, vs in tables[np.dtype(float)] for p, v in zip(places, vs, strict=True)
            }
            assert found == {0: [1.5, 2.5], 2: [3.5, 4.5]}
            assert list(tables) == [np.dtype(float)]
            assert list(arrays) == [1]
            assert arrays[1].tolist() == [1, pd.NA]

    @pytest.mark.parametrize(("version", "is_known"), [((2, 2), True), ((2, 0), False)])
    def test_one_with_other_texts(self, version: Any, is_known: bool, monkeypatch: pytest.MonkeyPatch) -> None:
        """Text with NaN was `pyarrow_numpy` before pandas 2.3, and nothing before 2.1."""
        asked: list[object] = []
        monkeypatch.setattr(dtypes, "PANDAS", version)
        monkeypatch.setattr(dtypes.pd, "StringDtype", lambda *given: asked.append(given) or "made")
        if is_known:
            assert dtypes.decode_string_dtype("pyarrow", True) == "made"
            assert asked == [("pyarrow_numpy",)]
            return
        with pytest.raises(UnsupportedError) as caught:
            dtypes.decode_string_dtype("pyarrow", True)
        assert caught.value.message == f"text with NaN for what is missing does not exist in {PANDAS}"
        assert asked == []

    def test_one_with_nanoseconds_only(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Before pandas 2; other units are refused, and moments are turned where they fit."""
        zoned, column = pd.DatetimeTZDtype("s", "UTC"), pd.Series(np.array([0], "M8[s]"))
        saved = [vitrify.dumps(value) for value in (zoned, column)]
        moments = [vitrify.dumps(pd.Timestamp(np.datetime64(year, "s"))) for year in ("2020", "9999")]
        for module in (dtypes, memory, scalars):
            monkeypatch.setattr(module, "PANDAS", (1, 5))
        assert refusal_of(saved[0]) == f"a dtype of dates in s does not exist in {PANDAS}"
        assert refusal_of(saved[1]) == f"dates in s: {PANDAS} has nanoseconds only"
        assert vitrify.loads(moments[0]).asm8 == np.datetime64("2020", "ns")
        with pytest.raises(StateError, match=r"a moment beyond what nanoseconds can say\) - at \$$"):
            vitrify.loads(moments[1])

    @pytest.mark.parametrize("year", [-1, 10_000])
    def test_one_that_crashes_on_dates_beyond_pythons_years(self, year: int, monkeypatch: pytest.MonkeyPatch) -> None:
        """Before pandas 3 they neither come in nor go out, a day for the time zones left aside."""
        moment = np.array([year - 1970], "M8[Y]").astype("M8[s]")
        within = np.array(["0001-01-02", "9999-12-30", "NaT"], "M8[s]")
        saved, legal = vitrify.dumps(pd.Series(moment)), vitrify.dumps(pd.Series(within))
        scalar = pd.Timestamp(moment[0])
        for module in (memory, scalars):
            monkeypatch.setattr(module, "PANDAS", (2, 2))
        expected = "dates outside of the years 1 to 9999, with which pandas before 3 crashes"
        assert refusal_of(saved) == expected
        np.testing.assert_array_equal(vitrify.loads(legal).to_numpy(), within)
        with pytest.raises(UnsupportedError, match=expected):
            vitrify.dumps(scalar)

    def test_dates_in_units_of_no_pandas_are_not_saved(self) -> None:
        """Whichever is installed."""
        with pytest.raises(UnsupportedError) as caught:
            memory.times_of(np.array(["2020-01-01"], "M8[D]"))
        assert caught.value.message == "dates in 1 D"

    def test_one_without_an_offset(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """New ones come with most releases."""
        data = vitrify.dumps(pd.offsets.QuarterEnd(2))
        monkeypatch.setattr(offsets, "pd", SimpleNamespace(offsets=SimpleNamespace()))
        assert refusal_of(data) == f"the offset QuarterEnd does not exist in {PANDAS}"

    def test_one_with_a_single_easter(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """The western one opens, another does not."""
        western, eastern = (vitrify.dumps(pd.offsets.Easter(method=method)) for method in (3, 2))

        class Easter:
            def __init__(self, n: int = 1, normalize: bool = False) -> None:
                self.given = n, normalize

        monkeypatch.setattr(offsets, "pd", SimpleNamespace(offsets=SimpleNamespace(Easter=Easter)))
        assert vitrify.loads(western).given == (1, False)
        assert refusal_of(eastern) == f"another Easter than the western one does not exist in {PANDAS}"

    def test_one_without_pytz(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Its zones come back as Python's own."""

        def missing(name: str) -> None:
            raise ImportError(name)

        monkeypatch.setattr(zones, "import_module", missing)
        assert zones.decode_zone("Europe/Berlin") == zoneinfo.ZoneInfo("Europe/Berlin")
        assert zones.decode_zone(90) == dt.timezone(dt.timedelta(minutes=90))

    def test_zones_of_pytz_that_say_nothing_are_refused(self) -> None:
        """Neither a key nor minutes."""

        class Zone(dt.tzinfo):
            """Pretends to be of pytz."""

            def __repr__(self) -> str:
                """Something to print."""
                return "<a zone>"

        Zone.__module__ = "pytz.tzinfo"
        with pytest.raises(UnsupportedError) as caught:
            zones.encode_zone(Zone())
        assert caught.value.message == "the time zone <a zone>"


class TestSklearn:
    def test_one_without_a_search_tree(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Those of 32 bits came late: then the converters of trees are there, and theirs is not among them."""
        data = vitrify.dumps([_kd_tree.KDTree32(POINTS.astype("f4"))])
        load = registry.load_family
        monkeypatch.setattr(
            registry,
            "load_family",
            lambda module: tuple(found for found in load(module) if found.type_id != "sklearn.neighbors.KDTree32"),
        )
        assert refusal_of(data) == f"sklearn.neighbors.KDTree32 does not exist in {SKLEARN}"

    def test_one_that_numbers_features_in_another_width(self) -> None:
        """Nodes of histogram boosting are brought into the dtype of the version that is here."""
        model = HistGradientBoostingRegressor(max_iter=2).fit(POINTS, POINTS[:, 0])
        expected = model.predict(POINTS)
        (predictor,), _ = model._predictors
        here = predictor.nodes.dtype
        other = "<u4" if here["feature_idx"].itemsize == 8 else "<i8"
        there = [(name, other if name == "feature_idx" else here[name]) for name in here.names]
        predictor.nodes = predictor.nodes.astype(there)
        loaded = vitrify.loads(vitrify.dumps(model))
        assert loaded._predictors[0][0].nodes.dtype == loaded._predictors[1][0].nodes.dtype == here
        np.testing.assert_array_equal(loaded.predict(POINTS), expected)


class TestScipy:
    def test_one_without_a_distribution(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """They come and go."""
        data = vitrify.dumps(scipy.stats.gamma)
        monkeypatch.delattr(scipy.stats, "gamma")
        assert refusal_of(data) == f"scipy.stats.gamma does not exist in {SCIPY}"

    def test_one_without_a_sparse_type(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Arrays came after matrices."""
        data = vitrify.dumps(scipy.sparse.coo_array(np.eye(2)))
        monkeypatch.delattr(scipy.sparse, "coo_array")
        assert refusal_of(data) == f"scipy.sparse.coo_array does not exist in {SCIPY}"

    def test_one_whose_sparse_types_have_two_dimensions(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """What has another number is refused as such, and other errors are what they are."""
        line, square = (vitrify.dumps(scipy.sparse.coo_array(array)) for array in (np.ones(2), np.eye(2)))

        def make(shape: Any, **_: Any) -> None:
            raise ValueError(f"no {shape}")

        monkeypatch.setattr(scipy.sparse, "coo_array", make)
        assert refusal_of(line) == f"a coo_array of 1 dimensions does not exist in {SCIPY}"
        with pytest.raises(StateError, match=r"ValueError: no \(2, 2\)\) - at \$$"):
            vitrify.loads(square)

    def test_one_that_keeps_rows_and_columns_apart(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Before `coords`."""
        data = vitrify.dumps(scipy.sparse.coo_matrix(np.diag([1.0, 2.0])))
        made = SimpleNamespace(maxprint=50)
        monkeypatch.setattr(scipy.sparse, "coo_matrix", lambda _: made)
        assert vitrify.loads(data) is made
        assert (made.row.tolist(), made.col.tolist(), made.data.tolist()) == ([0, 1], [0, 1], [1.0, 2.0])


def test_a_name_of_a_distribution_that_nobody_knows_is_refused() -> None:
    """It never reaches scipy."""
    with pytest.raises(StateError, match=r"unknown distribution 'os'.* - at \$$"):
        vitrify.loads(forge("scipy.stats.distribution", {"name": "os"}))
