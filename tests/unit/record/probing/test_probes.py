"""Made-up rows have the form of the training data and repeat none of it; their outputs come back from a file."""

from __future__ import annotations

import random
import warnings
from typing import Any

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from sklearn.cluster import DBSCAN, KMeans
from sklearn.compose import make_column_transformer
from sklearn.feature_extraction import DictVectorizer, FeatureHasher
from sklearn.feature_extraction.text import CountVectorizer, HashingVectorizer, TfidfVectorizer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import BernoulliRBM
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, LabelEncoder, OneHotEncoder, OrdinalEncoder, StandardScaler
from sklearn.tree import DecisionTreeClassifier

import vitrify
from tests.support.estimators import CASES
from tests.support.zoo.case import quiet
from vitrify.container.reader import open_glass_bytes
from vitrify.converters import default_registry
from vitrify.graph.decode import Decoder
from vitrify.record.attached import Attached, write_attached
from vitrify.record.data.tables import read_table
from vitrify.record.probing import known
from vitrify.record.probing.known import known_to
from vitrify.record.probing.probes import make_probes, replay
from vitrify.record.telling import MAX_CHARS

ROWS = np.random.RandomState(0).normal(size=(200, 3))
LABELS = np.arange(200) % 2
MAY_ROUND = ("KernelRidge", "LabelPropagation", "LabelSpreading")
# Images and sets are no tables; scikit-learn 1.2 keeps the last distance of this metric in the model.
NO_CASES = ("PatchExtractor", "MultiLabelBinarizer", "KNeighborsClassifier-ball_tree-mahalanobis")
WITHOUT_OUTPUTS = "the model has no method that gives an output for rows alone"


class Model:
    """A model of no library, which answers as it is told."""

    def __init__(self, **answers: Any) -> None:
        for name, answer in answers.items():
            setattr(self, name, answer)


def stored(probes: dict[str, Any]) -> dict[str, Any]:
    """The probes as they come out of a file."""
    block = write_attached(Attached(probes=probes))
    assert block is not None
    with open_glass_bytes(block) as opened:
        decoder = Decoder(opened, default_registry())
        assert decoder.foreign() == []
        return dict(decoder.build(lambda *_: pytest.fail("a foreign name"))["probes"])


def made(data: Any, model: Any = None, **options: Any) -> Any:
    """The made-up rows for a model that takes all."""
    model = model or Model(predict=lambda X: np.zeros(1))
    return make_probes(model, read_table(data), **options)[1]["X"]


class TestZoo:
    @pytest.mark.parametrize("name", [name for name in sorted(CASES)[5::11] if not name.startswith(NO_CASES)])
    def test_a_loaded_model_gives_what_the_saved_one_gave(self, name: str) -> None:
        """Every eleventh model of the zoo: all outputs come back bit for bit, and the model is as it was."""
        with quiet(name):
            fitted, table = CASES[name].fit(), read_table(CASES[name].data().X)
            before = vitrify.dumps(fitted.model)
            summary, probes = make_probes(fitted.model, table)
            assert vitrify.dumps(fitted.model) == before
            if not probes:
                assert summary.failed == {"predict": WITHOUT_OUTPUTS}
                return
            outcomes = replay(vitrify.loads(before), stored(probes))
        assert tuple(outcome.method for outcome in outcomes) == summary.methods != ()
        allowed = {"equal", "close"} if name.startswith(MAY_ROUND) else {"equal"}
        assert {outcome.status for outcome in outcomes} <= allowed

    def test_the_same_model_gets_the_same_probes(self) -> None:
        """Nothing hangs on a clock or on what ran before."""
        model = LogisticRegression().fit(ROWS, LABELS)
        first = write_attached(Attached(probes=make_probes(model, read_table(ROWS))[1]))
        np.random.random(7)
        assert write_attached(Attached(probes=make_probes(model, read_table(ROWS))[1])) == first


class TestForm:
    @pytest.mark.parametrize("dtype", ["f8", "f4", "i8", "u1", "?", "M8[s]", "m8[ms]", "c16", "O"])
    @pytest.mark.parametrize("order", ["C", "F"])
    def test_arrays_keep_dtype_and_order(self, dtype: str, order: Any) -> None:
        """Numbers, moments and objects."""
        data = np.array((np.abs(ROWS) * 50).astype("i8").astype(dtype), order=order)
        found = made(data)
        assert (found.dtype, found.shape) == (data.dtype, (32, 3))
        assert found.flags.f_contiguous == (order == "F")
        assert len({str(value) for value in found[:, 0]}) > 1

    def test_values_stay_within_those_of_the_column(self) -> None:
        """Quantiles bound them; whole numbers stay whole; a large unsigned number does not overflow."""
        found = made(np.column_stack([ROWS[:, 0], np.arange(200.0), np.full(200, 7.0)]))
        assert ROWS[:, 0].min() < found[:, 0].min() < found[:, 0].max() < ROWS[:, 0].max()
        assert set(found[:, 1]) <= set(range(200))
        assert set(found[:, 2]) == {7.0}
        assert made(np.full((9, 1), 2**64 - 1, np.uint64)).min() >= 2**64 - 4096

    def test_no_number_of_the_training_data_occurs(self) -> None:
        """Also where there are few rows, with one value each; not even by way of the mean."""
        for rows in (ROWS, ROWS[:5], ROWS[:3], ROWS[:1], -np.abs(ROWS[:1]), np.zeros((1, 3))):
            refuses = Model(predict=lambda X: 1 / 0)
            assert not np.isin(made(rows), rows[rows != 0.0]).any()
            assert make_probes(refuses, read_table(rows))[1] == {}

    def test_a_frame_keeps_columns_and_dtypes(self) -> None:
        """Names twice, categories, missing values, zones, nullable and plain dtypes."""
        n = len(ROWS)
        frame = pd.DataFrame(
            {
                "float": np.where(LABELS == 1, np.nan, ROWS[:, 0]),
                "f4": ROWS[:, 1].astype("f4"),
                "int": np.arange(n),
                "u1": np.arange(n).astype("u1"),
                "bool": LABELS == 1,
                "text": pd.Series(["a", None] * (n // 2), dtype=object),
                "numbers": pd.Series([1, None] * (n // 2), dtype=object),
                "floats": pd.Series([1.5, np.nan] * (n // 2), dtype=object),
                "flags": pd.Series([True, None] * (n // 2), dtype=object),
                "moments": pd.Series([pd.Timestamp("2020-01-01"), pd.Timestamp("2021-01-01")] * (n // 2), dtype=object),
                "nothing": pd.Series([None] * n, dtype=object),
                "Int64": pd.array([1, None] * (n // 2), dtype="Int64"),
                "boolean": pd.array([True, None] * (n // 2), dtype="boolean"),
                "string": pd.array(["a", None] * (n // 2), dtype="string"),
                "category": pd.Categorical(["x", None] * (n // 2), categories=["z", "x"], ordered=True),
                "empty": pd.Categorical([None] * n),
                "day": np.arange("2020-01-01", "2020-07-19", dtype="M8[D]").astype("M8[s]"),
                "zone": pd.date_range("2020-01-01", periods=n, tz="Europe/Rome"),
                "span": pd.to_timedelta(np.arange(n), unit="s"),
            }
        )
        frame.columns = [*frame.columns[:-1], "zone"]
        found = made(frame)
        assert list(found.columns) == list(frame.columns)
        assert list(found.dtypes) == list(frame.dtypes)
        gaps = [bool(found.iloc[:, i].isna().any()) for i in range(found.shape[1])]
        assert gaps == [bool(frame.iloc[:, i].isna().any()) for i in range(frame.shape[1])]
        assert set(found["category"].dropna()) == {"x", "z"}
        assert "a" not in set(found["text"]) | set(found["string"])
        assert {type(value) for value in found["numbers"].dropna()} == {int}
        assert found["day"].between(frame["day"].min(), frame["day"].max()).all()

    def test_a_series_stays_a_series(self) -> None:
        """Of numbers, of texts, and of dicts."""
        for values in (ROWS[:, 0], ["a b", "c d"] * 9, [{"a": 1}] * 9):
            series = pd.Series(values, name="x")
            found = made(series)
            assert (type(found), found.dtype, found.name, len(found)) == (pd.Series, series.dtype, "x", 32)

    def test_a_column_of_no_known_kind_is_told(self) -> None:
        """Periods have no numbers to draw from."""
        frame = pd.DataFrame({"when": pd.period_range("2020-01", periods=9, freq="M")})
        summary, probes = make_probes(Model(predict=len), read_table(frame))
        assert probes == {}
        assert summary.n_rows == 0
        assert summary.failed["X"].startswith("ValueError: no values can be made for the column 'when' of period[M]")

    @pytest.mark.parametrize("format_", ["csr", "csc", "coo", "lil"])
    def test_sparse_rows_keep_their_format(self, format_: str) -> None:
        """As many values a row as the training data has, none of them one of its own."""
        data = sp.random(300, 50, 0.1, format=format_, dtype=np.float32, random_state=0)
        found = made(data)
        assert (type(found), found.dtype, found.shape) == (type(data), data.dtype, (32, 50))
        assert 32 * 2 < found.nnz <= 32 * 5
        assert not np.isin(found.tocsr().data, data.tocsr().data).any()

    def test_an_empty_sparse_matrix_has_rows_too(self) -> None:
        """There is nothing to draw from, so ones stand in it."""
        assert made(sp.csr_array((4, 3))).shape == (32, 3)

    def test_missing_values_are_left_out_where_the_model_refuses_them(self) -> None:
        """The training data has some, the model was fitted on others."""
        gappy = np.where(ROWS > 1.0, np.nan, ROWS)
        assert np.isnan(made(gappy)).any()
        assert not np.isnan(made(gappy, LogisticRegression().fit(ROWS, LABELS))).any()
        assert np.isnan(made(np.full((9, 1), np.nan))).all()

    def test_milder_rows_come_last(self) -> None:
        """A model that takes nothing but the mean gets it; one that takes two of three methods keeps these."""
        center = ROWS.mean(axis=0)

        def only_center(X: Any) -> Any:
            if not np.allclose(X, center):
                raise ValueError("too far")
            return X[:, 0]

        assert np.allclose(made(ROWS, Model(predict=only_center)), center)
        never = Model(predict=lambda X: X[:, 0], transform=np.linalg.inv, apply=only_center)
        summary, probes = make_probes(never, read_table(ROWS))
        assert summary.methods == ("predict", "apply")
        assert summary.failed == {"transform": "LinAlgError: Last 2 dimensions of the array must be square"}
        assert np.allclose(probes["X"], center)

    def test_the_first_rows_are_kept_where_milder_ones_gain_nothing(self) -> None:
        """One method wants the mean, the other wants anything else."""

        def at_center(X: Any, expected: bool) -> Any:
            if bool(np.allclose(X, ROWS.mean(axis=0))) is not expected:
                raise ValueError("other rows")
            return X

        model = Model(predict=lambda X: at_center(X, False), apply=lambda X: at_center(X, True))
        summary, probes = make_probes(model, read_table(ROWS))
        assert (summary.methods, summary.failed) == (("predict",), {"apply": "ValueError: other rows"})
        assert np.ptp(probes["X"][:, 0]) > 1.0

    def test_a_mixture_without_categories_gets_words(self) -> None:
        """Numbers and texts in one column, which no encoder knows."""
        data = np.array([[1, "secret"], ["secret", 2]] * 9, dtype=object)
        assert {type(value) for value in made(data).ravel()} == {str}
        assert "secret" not in set(made(data).ravel())


class TestWhatTheModelKnows:
    def test_categories_of_encoders_are_used(self) -> None:
        """They lie in the model anyway, for texts and numbers, with gaps or without."""
        data = np.array([["a", 1, "x"], ["b", 20, "y"], ["c", 300, None]] * 30, dtype=object)
        model = OrdinalEncoder().fit(data)
        found = make_probes(model, read_table(data))[1]["X"]
        assert [set(found[:, i]) - {None} for i in range(2)] == [{"a", "b", "c"}, {1, 20, 300}]
        assert set(found[:, 2]) == {"x", "y", None}
        numbers = np.array([[1, 7], [20, 8]] * 30)
        summary, probes = make_probes(OneHotEncoder().fit(numbers), read_table(numbers))
        assert [set(column) for column in probes["X"].T.tolist()] == [{1, 20}, {7, 8}]
        assert summary.failed == {}

    def test_gaps_of_categories_stay_gaps(self) -> None:
        """A float column of codes with missing ones."""
        codes = np.array([[1.0], [np.nan], [5.0]] * 30)
        found = make_probes(OrdinalEncoder().fit(codes), read_table(codes))[1]["X"]
        assert set(found[~np.isnan(found)]) == {1.0, 5.0}
        assert np.isnan(found).any()

    @pytest.mark.parametrize("labels", [["low", "high"] * 30, [3, 70] * 30])
    @pytest.mark.parametrize("kind", [np.array, pd.Series])
    def test_labels_are_used_for_labels(self, labels: list[Any], kind: Any) -> None:
        """An encoder of targets takes its own classes only."""
        found = make_probes(LabelEncoder().fit(labels), read_table(kind(labels)))[1]["X"]
        assert set(found) == set(labels)
        assert type(found) is type(kind(labels))

    def test_words_of_the_vocabulary_make_texts(self) -> None:
        """Those of the vectorizer whose column it is; characters are not set apart."""
        frame = pd.DataFrame({"one": ["red car", "blue car"] * 40, "two": ["tall tree", "small tree"] * 40})
        model = make_column_transformer((CountVectorizer(), "one"), (TfidfVectorizer(), "two")).fit(frame)
        found = make_probes(model, read_table(frame))[1]["X"]
        assert {word for text in found["one"] for word in text.split()} == {"red", "blue", "car"}
        assert {word for text in found["two"] for word in text.split()} == {"tall", "small", "tree"}
        letters = CountVectorizer(analyzer="char").fit(["ab ab"] * 9)
        texts = make_probes(letters, read_table(["ab ab"] * 9))[1]["X"]
        assert {letter for text in texts for letter in text} == {"a", "b", " "}
        single = CountVectorizer().fit(["red", "blue"])
        assert {w for t in make_probes(single, read_table(["red", "blue"]))[1]["X"] for w in t.split()} == {
            "red",
            "blue",
        }

    def test_words_are_made_up_where_the_model_has_none(self) -> None:
        """Sentences for sentences, single words for single words."""
        model = HashingVectorizer(n_features=8)
        sentences = make_probes(model, read_table(["my secret text", "another"] * 9))[1]["X"]
        words = make_probes(model, read_table(["secret"] * 9))[1]["X"]
        assert type(sentences) is list
        assert max(len(text.split()) for text in sentences) > 1 == max(len(word.split()) for word in words)
        assert "secret" not in " ".join(sentences + words)

    def test_keys_of_dicts_are_those_of_the_vectorizer(self) -> None:
        """With the texts that it knows, and numbers like those that were there."""
        rows = [{"city": "Rome", "size": 2, "weight": 0.25}, {"city": "Oslo", "size": 900, "weight": 0.5}] * 20
        model = make_pipeline(DictVectorizer(sparse=False), LinearRegression()).fit(rows, np.arange(40) % 2)
        summary, probes = make_probes(model, read_table(rows))
        assert summary.methods == ("predict",)
        assert {row["city"] for row in probes["X"] if "city" in row} == {"Rome", "Oslo"}
        assert {type(row["size"]) for row in probes["X"] if "size" in row} == {int}
        assert all(0.25 <= row["weight"] <= 0.5 for row in probes["X"] if "weight" in row)

    def test_keys_that_hold_texts_and_numbers_get_both(self) -> None:
        """As the vectorizer met them."""
        rows = [{"size": "large"}, {"size": 7.5}] * 20
        found = make_probes(DictVectorizer().fit(rows), read_table(rows))[1]["X"]
        assert {row["size"] for row in found if "size" in row} <= {"large"} | {
            row["size"] for row in found if type(row.get("size")) is float
        }

    def test_keys_without_a_vectorizer_are_those_of_most_rows(self) -> None:
        """A key of one row is its own, so words stand for it."""
        hasher = FeatureHasher(8)
        rows = [{"city": "Rome", "size": 2.5, f"secret{i}": 1.0} for i in range(40)]
        found = make_probes(hasher, read_table(np.array(rows, object)))[1]["X"]
        assert type(found) is np.ndarray
        assert {key for row in found for key in row} == {"city", "size"}
        assert "Rome" not in {row.get("city") for row in found}
        alone = make_probes(hasher, read_table([{f"secret{i}": 1.0} for i in range(40)]))[1]["X"]
        assert not any("secret" in key for row in alone for key in row)

    def test_large_models_are_not_walked_to_their_end(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """The number of objects and of elements is bounded; what contains itself is met once."""
        model = Model(parts=[Model(), Model(x=np.array([Model()], object))], fit_=len)
        model.again = model  # type: ignore[attr-defined]  # a cycle
        assert len(known_to(model).objects) == 4
        monkeypatch.setattr(known, "_MOST_ELEMENTS", 0)
        assert len(known_to(model).objects) == 1
        monkeypatch.setattr(known, "_MOST_OBJECTS", 0)
        assert known_to(model).objects == []

    def test_odd_attributes_of_these_names_are_passed_over(self) -> None:
        """Another library may mean something else by them."""
        model = Model(categories_="abc", classes_=[np.eye(2), 3], vocabulary_={1: 2}, predict=len)
        found = known_to(model)
        assert (found.choices, found.labels, found.words, found.keys) == ([], [], [], [])


class TestSample:
    @pytest.mark.parametrize(
        "data",
        [
            ROWS, np.asfortranarray(ROWS), ROWS.tolist(), sp.csc_matrix(ROWS), pd.DataFrame(ROWS), pd.Series(LABELS),
            ["a", "b"] * 100,
        ],
        ids=["array", "fortran", "list", "sparse", "frame", "series", "texts"],
    )  # fmt: skip
    def test_rows_are_taken_at_even_distances(self, data: Any) -> None:
        """The first and the last are among them, in memory of their own."""
        model = Model(predict=lambda X: np.zeros(X.shape[0] if hasattr(X, "shape") else len(X)))
        summary, probes = make_probes(model, read_table(data), origin="sample", n_rows=3)
        assert (summary.n_rows, summary.origin) == (3, "sample")
        table, X = read_table(data), probes["X"]
        for i, row in enumerate((0, 100, 199)):
            expected = table.take(np.array([row]))
            assert np.array_equal(dense(read_table(X).take(np.array([i]))), dense(expected))
        if isinstance(data, np.ndarray):
            assert not np.shares_memory(X, data)
            assert X.flags.f_contiguous == data.flags.f_contiguous

    def test_rows_that_no_record_keeps_are_told(self) -> None:
        """Values of the caller's own classes."""
        data = np.array([[Model()], [Model()]], dtype=object)
        summary, probes = make_probes(Model(predict=lambda X: np.ones(2)), read_table(data), origin="sample")
        assert (probes, summary.methods) == ({}, ())
        assert summary.failed == {"X": "the rows hold values that no record keeps"}


def dense(rows: Any) -> Any:
    return rows.toarray() if sp.issparse(rows) else np.asarray(rows)


class TestOutputs:
    def test_methods_are_those_that_take_rows_alone(self) -> None:
        """Also those of other libraries that are called predict…; never one that fits or needs more."""

        class Quantiles:
            predict = 3

            def predict_quantiles(self, X: Any, levels: Any = (0.5,)) -> Any:
                return [np.asarray(X)[:, :1]]

            def predict_with(self, X: Any, y: Any) -> Any:
                raise AssertionError

            def predict_nothing(self) -> Any:
                raise AssertionError

            def predict_named(self, *, X: Any) -> Any:
                raise AssertionError

            def fit_predict(self, X: Any) -> Any:
                raise AssertionError

            @property
            def transform(self) -> Any:
                raise RuntimeError("not fitted")

        summary, probes = make_probes(Quantiles(), read_table(ROWS))
        assert (summary.methods, summary.failed) == (("predict_quantiles",), {})
        assert list(probes) == ["X", "outputs"]

    def test_compiled_methods_without_a_signature_are_asked(self) -> None:
        """What they take shows when they are called."""
        assert make_probes(Model(predict=max), read_table(ROWS[:, 0]))[0].methods == ("predict",)

    @pytest.mark.parametrize(
        ("answer", "why"),
        [
            (lambda X: Model(), "gives a Model, or holds values, that no record keeps"),
            (lambda X: [len], "gives a list, or holds values, that no record keeps"),
            (lambda X: {"a": np.array([Model()], object)}, "gives a dict, or holds values, that no record keeps"),
            (lambda X: pd.DataFrame({"a": [Model()]}), "gives a DataFrame, or holds values, that no record keeps"),
            (lambda X: pd.Series([Model()]), "gives a Series, or holds values, that no record keeps"),
            (lambda X: np.ones(3).view(np.matrix), "gives a matrix, or holds values, that no record keeps"),
            (lambda X: np.random.random(3), "not deterministic: a second call gave another result"),
            (lambda X: [].pop(), "IndexError: pop from empty list"),
            (lambda X: {}["a\x1b b" * 99], "KeyError: 'a"),
        ],
    )
    def test_what_is_not_kept_is_told(self, answer: Any, why: str) -> None:
        """The reason in one short line; the random numbers of others go on as if nothing had been asked."""
        np.random.seed(3)
        summary, probes = make_probes(Model(predict=answer), read_table(ROWS))
        assert summary.failed["predict"].startswith(why)
        assert len(summary.failed["predict"]) <= MAX_CHARS
        assert summary.failed["predict"].isprintable()
        assert probes == {}
        assert np.random.random() == np.random.RandomState(3).random_sample()

    def test_plain_values_are_kept(self) -> None:
        """Tables with texts, tuples, dicts, scalars."""
        answer = (
            1.5,
            {"a": pd.DataFrame({"x": ["t"], "y": [1]})},
            None,
            np.array(["x", None], object),
            pd.Series([1.0]),
        )
        probes = make_probes(Model(predict=lambda X: answer), read_table(ROWS))[1]
        assert replay(Model(predict=lambda X: answer), stored(probes))[0].status == "equal"

    def test_clusterings_without_outputs_say_so(self) -> None:
        """There is nothing to replay."""
        summary, probes = make_probes(DBSCAN().fit(ROWS), read_table(ROWS))
        assert (summary.methods, summary.failed, probes) == ((), {"predict": WITHOUT_OUTPUTS}, {})

    def test_a_model_that_writes_into_its_rows_gets_copies(self) -> None:
        """Every method sees the rows that are kept."""
        model = StandardScaler(copy=False).fit(ROWS)
        probes = make_probes(model, read_table(ROWS))[1]
        assert np.array_equal(probes["outputs"]["transform"], (probes["X"] - model.mean_) / model.scale_)


class TestNothingIsDisturbed:
    def test_generators_of_the_model_go_on_where_they_were(self) -> None:
        """Of both kinds of numpy; a method that draws from them is not deterministic."""
        model = BernoulliRBM(n_components=2, n_iter=1, random_state=np.random.RandomState(4)).fit(ROWS > 0)
        model.other = np.random.default_rng(5)
        before = vitrify.dumps(model)
        drawing = Model(model=model, predict=lambda X: model.other.random(3))
        assert make_probes(model, read_table(ROWS > 0))[0].failed["score_samples"].startswith("not deterministic")
        assert make_probes(drawing, read_table(ROWS > 0))[0].failed["predict"].startswith("not deterministic")
        assert vitrify.dumps(model) == before

    def test_counts_of_search_trees_are_put_back(self) -> None:
        """They would change the file."""
        model = KNeighborsClassifier(algorithm="kd_tree").fit(ROWS, LABELS)
        before = model._tree.get_tree_stats()
        make_probes(model, read_table(ROWS))
        assert model._tree.get_tree_stats() == before

    def test_attributes_are_put_back(self) -> None:
        """What a call adds, replaces or deletes."""

        class Remembering:
            def __init__(self) -> None:
                self.gone, self.n_calls = 1, 0

            def predict(self, X: Any) -> Any:
                self.n_calls, self.last = self.n_calls + 1, X
                self.__dict__.pop("gone", None)
                return np.ones(len(X))

        model = Remembering()
        make_probes(model, read_table(ROWS))
        assert vars(model) == {"gone": 1, "n_calls": 0}

    def test_global_state_is_left_alone(self) -> None:
        """Generators, warning filters, numpy's error state; warnings of the model are not shown."""

        def predict(X: Any) -> Any:
            warnings.warn("noise", stacklevel=1)
            random.random()
            return np.ones(3) / np.zeros(3)

        random.seed(1)
        filters, errors = list(warnings.filters), np.geterr()
        with np.errstate(all="raise"):
            assert make_probes(Model(predict=predict), read_table(ROWS))[0].methods == ("predict",)
        assert (list(warnings.filters), np.geterr()) == (filters, errors)
        assert random.random() == random.Random(1).random()

    def test_global_settings_of_outputs_have_no_say(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Whoever replays may have set another one; without scikit-learn there is none."""
        import sklearn

        model = StandardScaler().fit(ROWS)
        with sklearn.config_context(transform_output="pandas"):
            probes = make_probes(model, read_table(ROWS))[1]
        assert type(probes["outputs"]["transform"]) is np.ndarray
        monkeypatch.delitem(__import__("sys").modules, "sklearn")
        assert make_probes(Model(predict=lambda X: np.ones(2)), read_table(ROWS))[0].methods == ("predict",)


@pytest.mark.parametrize(
    "model",
    [GaussianNB(), KMeans(2, n_init=1), DecisionTreeClassifier(), LinearRegression(), FunctionTransformer()],
    ids=lambda model: type(model).__name__,
)
def test_probes_find_a_model_that_predicts_otherwise(model: Any) -> None:
    """The same model, trained on other data, does not pass for the first one."""
    probes = make_probes(model.fit(ROWS, LABELS), read_table(ROWS))[1]
    other = type(model)(**model.get_params()).fit(ROWS[::-1] + 1.0, 1 - LABELS[::-1])
    statuses = {outcome.status for outcome in replay(other, probes)}
    assert ("different" in statuses) == (type(model) is not FunctionTransformer)
