"""The independent reader on files of real models, and the lying writer, which tells no lie unless it is asked to."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.sparse
from sklearn.cluster import KMeans
from sklearn.ensemble import GradientBoostingRegressor, RandomForestClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LinearRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.preprocessing import OneHotEncoder
from sklearn.svm import SVC

import vitrify
from tests.support import independent_codecs, independent_columns, independent_reader, independent_trees, lying_writer
from tests.support.independent_reader import Arrays
from tests.support.lying_writer import Lie
from tests.vectors import strict_arrays, strict_graph
from tests.vectors.describing import describe, describe_glass
from tests.vectors.generate import valid_files
from tests.vectors.own import OWN, Row, double
from tests.vectors.strict_graph import Name, Ref, read
from tests.vectors.valid import EFFORT

INDEPENDENT = (independent_reader, independent_codecs, independent_columns, independent_trees)
ROWS = np.random.default_rng(0).normal(size=(300, 5))
CLASSES = (ROWS[:, 0] + ROWS[:, 1] > 0).astype(int)
TEXTS = [f"word{i % 7} and word{i % 11} but not ünder{i}" for i in range(400)]
KINDS = np.array([["a", 1], ["b", 2], ["a", 3]], object)

MODELS: dict[str, tuple[Callable[[], Any], list[str]]] = {
    "linear": (lambda: LinearRegression().fit(ROWS, ROWS[:, 0]), ["coef_", "singular_"]),
    "bayes": (lambda: GaussianNB().fit(ROWS, CLASSES), ["theta_", "var_", "class_count_", "classes_"]),
    "clusters": (lambda: KMeans(3, n_init=1, random_state=0).fit(ROWS), ["cluster_centers_", "labels_"]),
    "vectors": (lambda: SVC().fit(ROWS, CLASSES), ["support_vectors_", "support_", "_dual_coef_", "_n_support"]),
    "neighbours": (lambda: KNeighborsClassifier(algorithm="brute").fit(ROWS, CLASSES), ["_fit_X", "_y"]),
}


@pytest.fixture(scope="module")
def forest() -> Any:
    """A small forest."""
    return RandomForestClassifier(7, random_state=0).fit(ROWS, CLASSES)


def imports(module: Any) -> set[str]:
    """The modules that a module imports, wherever it does."""
    assert module.__file__ is not None
    tree = ast.parse(Path(module.__file__).read_text("utf-8"))
    found = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    return found | {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}


class TestIndependence:
    def test_the_independent_reader_has_two_hundred_lines(self) -> None:
        """Without the codecs; it needs numpy, zstandard, blake3, and what every Python has."""
        assert len(Path(independent_reader.__file__).read_text("utf-8").splitlines()) <= 200
        needed = set[str]().union(*map(imports, INDEPENDENT))
        assert {name for name in needed if name not in sys.stdlib_module_names} == {
            "numpy",
            "zstandard",
            "blake3",
            *(module.__name__ for module in INDEPENDENT[1:]),
        }

    @pytest.mark.parametrize("module", [*INDEPENDENT, strict_graph, strict_arrays, lying_writer])
    def test_nothing_of_vitrify_is_imported(self, module: Any) -> None:
        """Nor anything but numpy, zstandard, blake3, the standard library and each other."""
        allowed = r"tests\.(?!support\.independent_|vectors\.strict_)"
        assert {name for name in imports(module) if re.match(rf"(vitrify|msgspec|{allowed})", name)} == set()

    def test_every_clause_that_it_cites_exists(self) -> None:
        """A comment `# 6.2.5` is a clause of SPEC.md."""
        spec = (Path(__file__).parents[2] / "SPEC.md").read_text("utf-8")
        for module in (independent_reader, strict_graph, strict_arrays):
            assert module.__file__ is not None
            text = Path(module.__file__).read_text("utf-8")
            comments = re.findall(r"(?:# |\()((?:\d\.\d+(?:\.\d)?\b ?)+)", text)
            cited = [clause for comment in comments for clause in comment.split()]
            assert cited
            for clause in cited:
                assert re.search(rf"(?m)\*\*{re.escape(clause)}\*\*|^### §{re.escape(clause)} ", spec), clause


class TestModels:
    @pytest.mark.parametrize("name", MODELS)
    @pytest.mark.parametrize("effort", [0, 5])
    def test_arrays_of_estimators_are_found_by_path(self, name: str, effort: int) -> None:
        """Each with its dtype, shape, strides and bytes, raw and compressed."""
        make, fields = MODELS[name]
        model = make()
        data = vitrify.dumps(model, compress=effort)
        glass, told = read(data), Lie(data)
        for field in fields:
            expected, found = getattr(model, field), glass.arrays[told.ref(f"$.{field}")]
            assert (found.dtype, found.shape) == (expected.dtype, expected.shape)
            assert found.tobytes() == expected.tobytes()
            assert found.size < 2 or found.strides == expected.strides
            by_path = Arrays(data).by_path[f"$.{field}"]
            assert (by_path.dtype, by_path.shape) == (expected.dtype, expected.shape)
            assert by_path.tobytes() == expected.tobytes()
            assert by_path.size < 2 or by_path.strides == expected.strides

    def test_a_forest_has_a_table_of_trees(self, forest: Any) -> None:
        """Its nodes and values, tree by tree."""
        data = vitrify.dumps(forest)
        glass, told = read(data), Lie(data)
        for i, tree in enumerate(forest.estimators_):
            ref = told.ref(f"$.estimators_[{i}].tree_")
            columns = glass.tables[ref.table]["columns"]
            arrays = [glass.arrays[c[ref.row]] for c in columns.values() if c[ref.row] in glass.arrays]
            nodes = tree.tree_.__getstate__()["nodes"]
            assert any(a.dtype == nodes.dtype and a.tobytes() == nodes.tobytes() for a in arrays)

    def test_a_vocabulary_is_two_columns(self) -> None:
        """Words and numbers, in their order."""
        model = TfidfVectorizer().fit(TEXTS)
        data = vitrify.dumps(model)
        glass, told = read(data), Lie(data)
        table, row = told.ref("$.vocabulary_")
        lengths = glass.tables[table]["lengths"]
        begin = sum(lengths[:row])
        columns = glass.tables[table]["columns"]
        keys, values = (columns[name][begin : begin + lengths[row]] for name in ("keys", "values"))
        assert dict(zip(keys, values, strict=True)) == model.vocabulary_
        assert list(keys) == list(model.vocabulary_)

    def test_object_arrays_hold_their_values(self) -> None:
        """Categories of mixed kinds."""
        model = OneHotEncoder().fit(KINDS)
        glass = read(vitrify.dumps(model))
        tables = [t for t in glass.tables if t.get("layout") == "object_arrays"]
        assert [v for t in tables for v in t["columns"]["items"]] == [v for c in model.categories_ for v in c.tolist()]

    def test_other_models_are_read_whole(self) -> None:
        """Boosting, sparse matrices, random states: nothing in them breaks a rule."""
        boosted = GradientBoostingRegressor(n_estimators=5, random_state=np.random.RandomState(0)).fit(ROWS, ROWS[:, 0])
        matrix = scipy.sparse.random(50, 50, 0.1, format="csr", random_state=0)
        glass = read(vitrify.dumps({"boosted": boosted, "matrix": matrix, "rng": np.random.default_rng(3)}))
        assert any(array.tobytes() == matrix.data.tobytes() for array in glass.arrays.values())


class TestLyingWriter:
    def test_without_a_lie_the_file_is_the_same(self) -> None:
        """Byte for byte, for every valid golden file that is not encoded, and whose blocks have a number each."""
        for name, data in valid_files().items():
            if name not in EFFORT and name != "equal_arrays":
                assert Lie(data).file() == data, name

    def test_an_encoded_file_becomes_a_raw_one_of_the_same_model(self) -> None:
        """The model digest does not count the encoding."""
        data = valid_files()["zstd"]
        assert read(Lie(data).file()).container.metadata["model"] == read(data).container.metadata["model"]

    @pytest.mark.parametrize(
        "value", [None, True, 5, -(2**70), 2.5, "text \ud800", b"bytes", np.float32(1.5), np.int8(-3), np.bool_(True)]
    )
    def test_an_assigned_value_is_the_one_that_loads(self, value: Any) -> None:
        """Of every kind, in place of another, with nothing else changed."""
        model = {"a": [1, "x", Row(b=2.0)], "c": np.arange(3)}
        told = Lie(vitrify.dumps(model))
        told.assign("$['a'][2].b", value)
        loaded = vitrify.loads(told.file(), trust=[Row])
        model["a"][2].b = value  # type: ignore[index]  # a list
        assert describe(loaded) == describe(model)

    def test_references_and_names_can_be_assigned(self) -> None:
        """Another object, a function."""
        told = Lie(vitrify.dumps({"a": [1], "b": [2], "f": None}))
        told.assign("$['b']", Ref(*told.ref("$['a']")))
        told.assign("$['f']", Name("function", "tests.vectors.own.double"))
        loaded = vitrify.loads(told.file(), trust=OWN)
        assert loaded["a"] is loaded["b"]
        assert loaded["f"] is double

    @pytest.mark.parametrize("n", [10, 5000])
    def test_elements_are_changed_in_place(self, n: int) -> None:
        """Of arrays among the cells and of big ones, of several in one table."""
        told = Lie(vitrify.dumps({"m": [np.arange(3), np.arange(n), np.arange(2 * n)]}))
        told.array("$['m'][1]")[2] = 77
        found = vitrify.loads(told.file())["m"]
        assert [int(array[2]) for array in found] == [2, 77, 2]

    def test_every_lie_is_told_with_digests_that_fit(self, forest: Any) -> None:
        """What is refused is refused for its content."""
        told = Lie(vitrify.dumps(forest))
        nodes = told.array("$.estimators_[0].tree_.nodes")
        nodes["left_child"][0] = 2**40
        read(told.file())
        with pytest.raises(
            vitrify.errors.StateError, match="node 0: has a left child that is not a later node"
        ) as caught:
            vitrify.loads(told.file())
        assert caught.value.path == "$.estimators_[0].tree_"


class TestDescribing:
    def test_it_tells_values_apart(self) -> None:
        """What differs in type, bits, order or identity has another description."""
        one: list[Any] = [1]
        values: list[Any] = [
            1, True, 1.0, "1", b"1", np.int64(1), np.float64(1.0), -0.0, 0.0, None, [1], (1,), {1}, {1: 1},
            frozenset({1}), [one, one], [[1], [1]], {"a": 1, "b": 2}, {"b": 2, "a": 1}, np.array([1]), np.array([1.0]),
            np.array([[1]]), np.array([1], object), np.zeros((2, 2)),
            np.zeros((2, 2), order="F"), 1j, int, Row(a=1), Row(b=1), "\ud800",
        ]  # fmt: skip
        described = [repr(describe(value)) for value in values]
        assert len(set(described)) == len(values)

    def test_it_knows_what_shares_memory(self) -> None:
        """Overlapping elements, not a common base."""
        base = np.arange(10)
        first = describe([base[:6], base[4:], base[6:]])["list"]
        assert [array["overlaps"] for array in first] == [[], ["$[0]"], ["$[1]"]]

    @pytest.mark.parametrize("seed", range(3))
    def test_both_ways_agree_on_anything(self, seed: int) -> None:
        """A last check by a value made here."""
        rng = np.random.default_rng(seed)
        value = {"m": [rng.normal(size=3), {int(n) for n in rng.integers(0, 9, 4)}], "t": ((), (seed, 2**70 + seed))}
        assert describe_glass(read(vitrify.dumps(value))) == describe(value)
