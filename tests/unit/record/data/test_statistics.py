"""What is kept of columns and targets: as numpy computes it, and no single value unless asked for."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp

from vitrify.container.reader import open_glass_bytes
from vitrify.converters import default_registry
from vitrify.graph.decode import Decoder
from vitrify.record.attached import Attached, write_attached
from vitrify.record.data.spread import QUANTILES, rounded_quantiles
from vitrify.record.data.statistics import MAX_DIGESTS, column_statistics, target_statistics, target_summary
from vitrify.record.data.tables import read_table
from vitrify.record.summary import Target

RNG = np.random.default_rng(0)
N = 400


def statistics(data: Any, **options: Any) -> dict[str, Any]:
    return column_statistics(read_table(data), **options)


@pytest.fixture
def frame() -> pd.DataFrame:
    """A column of each kind."""
    return pd.DataFrame(
        {
            "float": RNG.normal(5, 2, N),
            "gaps": np.where(np.arange(N) % 4 == 0, np.nan, np.arange(N)),
            "int": RNG.integers(0, 3, N),
            "bool": np.arange(N) % 5 == 0,
            "text": np.where(np.arange(N) % 3 == 0, "often", "sometimes"),
            "category": pd.Categorical(["b", "a"] * (N // 2), ["c", "b", "a"], ordered=True),
            "moment": pd.Timestamp(2020, 1, 1) + pd.to_timedelta(np.arange(N), "s"),
            "mixed": pd.Series([1, "x"] * (N // 2), dtype=object),
            ("a", 1): pd.Series([1 + 1j] * N),
        }
    )


class TestColumns:
    def test_means_are_those_of_numpy(self, frame: pd.DataFrame) -> None:
        """Of the values that are there; of moments in seconds."""
        found = statistics(frame)
        assert found["names"] == ["float", "gaps", "int", "bool", "text", "category", "moment", "mixed", ("a", 1)]
        assert found["kinds"] == ["float", "float", "int", "bool", "text", "text", "datetime", "object", "complex"]
        assert found["dtypes"][:4] == ["float64", "float64", "int64", "bool"]
        assert found["n_missing"].tolist() == [0, N // 4, 0, 0, 0, 0, 0, 0, 0]
        measured = ["float", "gaps", "int", "bool"]
        np.testing.assert_allclose(found["mean"][:4], frame[measured].astype(float).mean(), rtol=1e-13)
        np.testing.assert_allclose(found["deviation"][:4], frame[measured].astype(float).std(ddof=0), rtol=1e-12)
        assert found["mean"][6] == 1577836800 + (N - 1) / 2
        assert np.isnan(found["mean"][[4, 5, 7, 8]]).all()

    def test_quantiles_come_near_those_of_numpy(self, frame: pd.DataFrame) -> None:
        """To a hundredth of the distance between them; exact only in full."""
        found, full = statistics(frame), statistics(frame, full=True)
        for i, name in enumerate(["float", "gaps", "int"]):
            exact = np.quantile(frame[name].dropna(), QUANTILES)
            np.testing.assert_allclose(full["quantiles"][i], exact, rtol=1e-14)
            np.testing.assert_allclose(found["quantiles"][i], exact, atol=np.ptp(exact) / 100)
        assert np.isnan(found["quantiles"][[3, 4, 5, 7, 8]]).all()
        assert not np.isin(found["quantiles"][0], frame["float"]).any()

    def test_categories_and_distinct_values_are_kept(self, frame: pd.DataFrame) -> None:
        """Categories belong to the schema; of others it is told how many there are."""
        found = statistics(frame)
        assert found["categories"] == [None] * 5 + [["c", "b", "a"]] + [None] * 3
        assert found["is_ordered"].tolist() == [False] * 5 + [True] + [False] * 3
        assert found["n_distinct"].tolist() == [-1, -1, 3, 2, 2, 2, -1, -1, -1]
        assert statistics(np.arange(5000))["n_distinct"].tolist() == [1000]
        mixed = pd.DataFrame({"a": pd.Categorical([1, "x", 1])})
        assert statistics(mixed)["n_distinct"].tolist() == [2]

    def test_single_values_come_only_in_full(self, frame: pd.DataFrame) -> None:
        """The least, the greatest, the most frequent."""
        found = statistics(frame, full=True)
        assert set(found) - set(statistics(frame)) == {"minimum", "maximum", "top"}
        assert found["minimum"][0] == frame["float"].min()
        assert found["maximum"][1] == N - 1
        assert found["top"][4] == [("sometimes", 266), ("often", 134)]
        assert found["top"][3] == [(False, 320), (True, 80)]
        assert found["top"][2] == [(value, n) for value, n in frame["int"].value_counts().items()]
        assert [found["top"][i] for i in (0, 1, 6, 7, 8)] == [None] * 5

    @pytest.mark.parametrize(
        ("n", "has_mean", "has_quantiles"), [(4, False, False), (5, True, False), (20, True, True)]
    )
    def test_few_values_are_not_told(self, n: int, has_mean: bool, has_quantiles: bool) -> None:
        """By their mean or quantiles; those that are missing do not count."""
        data = np.concatenate([np.arange(n) ** 2.0, [np.nan] * 30])[:, None]
        for table in (data, sp.csr_array(data)):
            found = statistics(table)
            assert np.isfinite(found["mean"]).all() == has_mean
            assert np.isfinite(found["deviation"]).all() == has_mean
            assert np.isfinite(found["quantiles"]).all() == has_quantiles
        full = statistics(data, full=True)
        assert full["mean"][0] == np.nanmean(data)
        assert full["quantiles"][0, 2] == np.nanmedian(data)

    def test_infinite_and_huge_values_are_values(self) -> None:
        """Without a warning."""
        found = statistics(np.array([np.inf, 1.0] * 10)[:, None])
        assert found["mean"].tolist() == [math.inf]
        assert found["quantiles"].tolist() == [[1.0, 1.0, math.inf, math.inf, math.inf]]
        wide = np.array([[10**30], [-(10**400)], [1], [2], [3]], object)
        assert statistics(wide, full=True)["minimum"].tolist() == [-math.inf]

    def test_no_rows_say_nothing(self) -> None:
        """And raise nothing."""
        found = statistics(np.zeros((0, 2)), full=True)
        assert np.isnan(found["mean"]).all()
        assert np.isnan(found["maximum"]).all()

    def test_more_than_a_million_values_are_quantiles_of_a_selection(self) -> None:
        """An even one."""
        values = np.arange(1_500_000.0)
        found = statistics(values)["quantiles"][0]
        np.testing.assert_allclose(found, np.quantile(values, QUANTILES), rtol=0.01)

    def test_digests_of_many_columns_are_left_out(self) -> None:
        """They would be longer than the model."""
        assert len(statistics(np.zeros((1, 3)))["digests"]) == 3
        assert statistics(np.zeros((1, 1)), digests=["known"])["digests"] == ["known"]
        assert statistics(sp.csr_array((1, MAX_DIGESTS + 1)))["digests"] == []

    def test_a_file_can_hold_them(self, frame: pd.DataFrame) -> None:
        """Builtin values and arrays alone."""
        columns = statistics(frame, full=True)
        data = write_attached(Attached(columns=columns))
        assert data is not None
        with open_glass_bytes(data) as opened:
            decoder = Decoder(opened, default_registry())
            assert not decoder.foreign()
            found = decoder.build(lambda *_: None)["columns"]
        assert list(found) == list(columns)
        for name, value in columns.items():
            if isinstance(value, np.ndarray):
                np.testing.assert_array_equal(found[name], value)
            else:
                assert found[name] == value


class TestRoundedQuantiles:
    @pytest.mark.parametrize(
        ("quantiles", "expected"),
        [
            ([123456789, 312345678, 512345678, 712345678, 812345678], [123e6, 312e6, 512e6, 712e6, 812e6]),
            ([1.234, 30.06, 1000.4, 30000.2, 1000000.7], [1.2, 30.1, 1000.0, 30000.0, 1000000.0]),
            ([7.123, 7.123, 7.123, 7.123, 7.123], [7.123] * 5),
            ([0, 0, 0, 0.123456, 5.5], [0, 0, 0, 0.123, 5.5]),
            ([-math.inf, 0, 1, 2, math.inf], [-math.inf, 0, 1, 2, math.inf]),
        ],
    )  # fmt: skip
    def test_each_to_a_hundredth_of_the_distance_to_the_next(
        self, quantiles: list[float], expected: list[float]
    ) -> None:
        """Those that many rows share stay."""
        np.testing.assert_allclose(rounded_quantiles(np.array([quantiles], float))[0], expected, rtol=1e-14)


class TestSparse:
    @pytest.mark.parametrize("full", [False, True])
    @pytest.mark.parametrize("dtype", ["f8", "f4", "i8", "?"])
    def test_columns_are_those_of_the_dense_matrix(self, full: bool, dtype: str) -> None:
        """From empty to full ones, negative values and missing ones."""
        values = RNG.normal(0, 3, (300, 40))
        values[RNG.random(values.shape) < np.linspace(0, 1, 40)] = 0
        if dtype.startswith("f"):
            values[5, 3] = values[:, 1] = np.nan
        dense = values.astype(dtype)
        found, expected = (statistics(data, full=full) for data in (sp.csr_array(dense), dense))
        assert list(found) == list(expected)
        for name in set(expected) - {"digests", "n_distinct", "top"}:
            if isinstance(expected[name], np.ndarray):
                np.testing.assert_allclose(found[name], expected[name], rtol=1e-11, atol=1e-12, err_msg=name)
            else:
                assert found[name] == expected[name], name

    def test_empty_columns_hold_zeros(self) -> None:
        """As many as there are rows."""
        found = statistics(sp.csr_array((30, 2)), full=True)
        assert found["minimum"].tolist() == found["maximum"].tolist() == found["mean"].tolist() == [0.0, 0.0]
        assert found["quantiles"].tolist() == [[0.0] * 5] * 2

    def test_complex_values_have_no_mean(self) -> None:
        """Only kinds and missing values."""
        found = statistics(sp.csr_array(np.array([[1j], [np.nan]])))
        assert found["kinds"] == ["complex"]
        assert found["n_missing"].tolist() == [1]
        assert np.isnan(found["mean"]).all()


class TestRows:
    def test_texts_have_lengths(self) -> None:
        """And nothing of what they say."""
        texts = ["x" * n for n in range(1, 41)]
        found = statistics(texts)
        assert set(found) == {"n_rows", "length_mean", "length_quantiles"}
        assert (found["n_rows"], found["length_mean"]) == (40, 20.5)
        np.testing.assert_allclose(found["length_quantiles"], np.quantile(range(1, 41), QUANTILES), atol=0.1)

    def test_records_have_keys_with_kinds(self) -> None:
        """Of all values of a key, and how many rows have it."""
        rows = [
            {"n": 1, "t": "a", "b": True, "m": "x"},
            {"n": np.float32(2), "i": np.int64(1), "m": 1, "b": None},
            {"n": [1]},
        ]
        found = statistics(rows[:2])
        assert found["keys"] == ["b", "i", "m", "n", "t"]
        assert found["kinds"] == ["bool", "int", "object", "float", "text"]
        assert found["n_present"].tolist() == [2, 1, 2, 2, 1]
        assert statistics(rows)["kinds"] == ["bool", "int", "object", "object", "text"]
        assert statistics([{"b": 1}, {"b": True}])["kinds"] == ["object"]


class TestTarget:
    @pytest.mark.parametrize(
        ("target", "is_classifier", "expected"),
        [
            (["b", "a", "b"], True, ("texts", 1, [("'b'", 2), ("'a'", 1)])),
            (["b", "a", "b"], False, ("texts", 1, [("'b'", 2), ("'a'", 1)])),
            (pd.Series(["b", None, "a"]), True, ("frame", 1, [("'a'", 1), ("'b'", 1)])),
            (np.array([2, 10, 10, 2, 0]), True, ("array", 1, [("2", 2), ("10", 2), ("0", 1)])),
            (np.array([True, False, True]), True, ("array", 1, [("True", 2), ("False", 1)])),
            (np.array([0.0, 1.0]), True, ("array", 1, [("0.0", 1), ("1.0", 1)])),
            (np.array([[1], ["x"], ["x"]], object), True, ("array", 1, [("'x'", 2), ("1", 1)])),
            (np.array([["x"], [1], [2]], object), True, ("array", 1, [("'x'", 1), ("1", 1), ("2", 1)])),
            (np.array([[1, 0, 1], [1, 0, 0]]), True, ("array", 3, [("0", 2), ("2", 1), ("1", 0)])),
            (pd.DataFrame({"p": [0, 1], "q": [1, 1]}), True, ("frame", 2, [("'q'", 2), ("'p'", 1)])),
            (pd.DataFrame({"p": [3, 1, 1]}).assign(q=list("xyy")), True,
             ("frame", 2, [("'p': 1", 2), ("'q': 'y'", 2), ("'p': 3", 1), ("'q': 'x'", 1)])),
            (sp.csr_array(np.array([[1, 0, 1], [1, 0, 0]])), True, ("sparse", 3, [("0", 2), ("2", 1), ("1", 0)])),
            (np.array(["2020-01-01"], "M8[D]"), True, ("array", 1, [("'2020-01-01 00:00:00'", 1)])),
        ],
    )  # fmt: skip
    def test_classes_are_counted(
        self, target: Any, is_classifier: bool, expected: tuple[str, int, list[tuple[str, int]]]
    ) -> None:
        """The most frequent first; of several columns of 0 and 1 the columns are classes."""
        found = target_summary(read_table(target, "y"), is_classifier)
        form, n_outputs, counts = expected
        assert (found.form, found.n_outputs, found.n_classes) == (form, n_outputs, len(counts))
        assert [(counted.label, counted.n) for counted in found.classes] == counts
        assert (found.mean, found.deviation) == (None, None)
        assert len(found.fingerprint) == 64

    def test_the_header_holds_a_hundred_classes(self) -> None:
        """And how many there are; long labels are cut."""
        found = target_summary(read_table(np.arange(1000)), True)
        assert (len(found.classes), found.n_classes) == (100, 1000)
        (long,) = target_summary(read_table(["\x1b" + "x" * 500]), True).classes
        assert long.label == "'\\x1b" + "x" * 55 + "…"

    @pytest.mark.parametrize(
        ("target", "mean", "deviation"),
        [
            (np.arange(6.0), 2.5, np.arange(6.0).std()),
            (np.arange(6.0).reshape(3, 2), 2.5, np.arange(6.0).std()),
            (sp.csr_array(np.arange(6).reshape(3, 2)), 2.5, np.arange(6.0).std()),
            (np.arange(4.0), None, None),
            (np.array([np.inf] * 6), None, None),
            (np.zeros((6, 0)), None, None),
        ],
    )
    def test_numbers_have_a_mean(self, target: Any, mean: float | None, deviation: float | None) -> None:
        """Over all outputs, where it is finite and of enough values."""
        found = target_summary(read_table(target, "y"), False)
        assert isinstance(found, Target)
        assert found.classes == ()
        assert (found.mean, found.deviation) == (mean, deviation)

    def test_statistics_of_texts_are_those_of_a_column(self) -> None:
        """A target of texts has no lengths."""
        found = target_statistics(read_table(["a", "b", "a"], "y"))
        assert (found["kinds"], found["n_distinct"].tolist()) == (["text"], [2])
        assert target_statistics(read_table(np.arange(3.0)), full=True)["maximum"].tolist() == [2.0]
