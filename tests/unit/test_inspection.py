"""What `inspect` says of a file, held against the model it was made from, numpy, the file system and safetensors."""

from __future__ import annotations

import collections
import contextlib
import dataclasses
import io
import json
import os
import platform
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import msgspec
import numpy as np
import pytest
import sklearn
from safetensors import safe_open
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import BaggingClassifier, RandomForestClassifier, VotingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler
from sklearn.tree import DecisionTreeClassifier

import vitrify
from tests.support.forge import reforge
from vitrify.container.limits import LIMITS
from vitrify.errors import FormatError, IntegrityError, LimitError, NotGlassFileError, UnsupportedError
from vitrify.graph.schema import Arrays, Const, Run
from vitrify.inspection import ArrayInfo, Part, PathError, Summary, inspect, read_array

RNG = np.random.default_rng(0)
X = RNG.normal(size=(150, 4))
y = RNG.integers(0, 3, 150)


class Clipper:
    """A step of the user's own."""

    def __init__(self, low: float, high: float) -> None:
        self.low = low
        self.high = high

    def fit(self, _: object, __: object = None) -> Clipper:
        self.bounds_ = np.array([self.low, self.high])
        return self

    def transform(self, values: Any) -> Any:
        return np.clip(values, *self.bounds_)


class Stateful(Clipper):
    """The same, with a state of its own making, as scikit-learn's base class has."""

    def __getstate__(self) -> dict[str, object]:
        return {**self.__dict__, "_version": "1"}

    def __setstate__(self, state: dict[str, object]) -> None:
        self.__dict__.update(state)


def halve(values: Any) -> Any:
    return values / 2


def pipeline() -> Pipeline:
    steps = [("scale", StandardScaler()), ("keep", "passthrough"), ("clf", LogisticRegression(C=0.5))]
    return Pipeline(steps).fit(X, y)


def forest() -> RandomForestClassifier:
    return RandomForestClassifier(7, random_state=0, max_depth=6).fit(X, y)


def columns() -> Pipeline:
    split = ColumnTransformer([("num", StandardScaler(), [0, 1]), ("rest", MinMaxScaler(), [2, 3])])
    return Pipeline([("prep", split), ("clf", forest())]).fit(X, y)


def voting() -> VotingClassifier:
    members = [("lr", LogisticRegression()), ("tree", DecisionTreeClassifier(max_depth=3, random_state=0))]
    return VotingClassifier(members).fit(X, y)


def bundle() -> dict[str, object]:
    return {
        "model": pipeline(),
        "by_region": {"north": LogisticRegression().fit(X, y), "south": KNeighborsClassifier().fit(X, y)},
        "features": ["a", "b", "c", "d"],
        "threshold": 0.37,
        "odd keys": {"a.b": np.arange(3), 7: np.arange(4), "7": np.arange(5), (1, 2): np.arange(6)},
        "big": np.arange(5000.0),
    }


MODELS: dict[str, Callable[[], object]] = {
    "pipeline": pipeline, "forest": forest, "columns": columns, "voting": voting, "bundle": bundle,
    "bagging": lambda: BaggingClassifier(pipeline(), 4, random_state=0).fit(X, y),
    "neighbours": lambda: KNeighborsClassifier().fit(X, y),
    "user's own": lambda: [Clipper(-1, 1).fit(X), Stateful(0, 2).fit(X)],
    "array": lambda: np.arange(2000.0),
    "text": lambda: "just a text",
    "long text": lambda: "word " * 10_000,
    "nothing": lambda: None,
    "many words": lambda: {f"word{i}": i for i in range(20_000)},
}  # fmt: skip


def parts(part: Part) -> Iterator[Part]:
    yield part
    for child in part.children:
        yield from parts(child)


def part_at(summary: Summary, path: str) -> Part:
    return next(part for part in parts(summary.tree) if part.path == path)


def value_at(model: Any, path: str) -> Any:
    """What stands at a plain path, found with getattr and indexes."""
    for step in path.split(".") if path != "$" else []:
        if isinstance(model, np.ndarray):
            model = model.reshape(-1)[int(step)]
        elif isinstance(model, (list, tuple)):
            model = model[int(step)]
        elif isinstance(model, dict):
            model = model[step]
        elif hasattr(model, step):
            model = getattr(model, step)
        else:
            model = model.__getstate__()[step]
    return model


def own_arrays(model: object, seen: dict[int, object] | None = None) -> list[Any]:
    """Every array in a value of lists, dicts and objects with attributes, once."""
    seen = {} if seen is None else seen
    if id(model) in seen:
        return []
    seen[id(model)] = model
    if isinstance(model, np.ndarray):
        return [model, *own_arrays(model.tolist(), seen)] if model.dtype == object else [model]
    if isinstance(model, dict):
        return [array for value in model.values() for array in own_arrays(value, seen)]
    if isinstance(model, (list, tuple)):
        return [array for value in model for array in own_arrays(value, seen)]
    return own_arrays(vars(model), seen) if hasattr(model, "__dict__") and not isinstance(model, type) else []


class TestFile:
    def test_a_path_bytes_and_streams_say_the_same(self, tmp_path: Any) -> None:
        """However a file is handed over, its summary is the same, and streams are left open."""
        path = tmp_path / "model.glass"
        vitrify.dump(pipeline(), path)
        data = path.read_bytes()
        stream = io.BytesIO(data)
        found = [inspect(source) for source in (path, str(path), data, bytearray(data), memoryview(data), stream)]
        assert all(summary == found[0] for summary in found)
        assert not stream.closed

    def test_size_and_versions_are_those_of_the_machine_that_wrote(self, tmp_path: Any) -> None:
        """Sizes agree with the file system, versions with the running libraries."""
        path = tmp_path / "model.glass"
        vitrify.dump(pipeline(), path)
        summary = inspect(path)
        assert summary.file_bytes == os.stat(path).st_size
        assert summary.versions["python"] == platform.python_version()
        assert summary.versions["numpy"] == np.__version__
        assert summary.versions["sklearn"] == sklearn.__version__
        with safe_open(path, "np") as tensors:
            assert summary.n_blocks == len(tensors.keys())
            assert summary.model_digest == tensors.metadata()["model"]
            assert summary.format == tensors.metadata()["format"]

    def test_the_digest_of_the_model_does_not_depend_on_compression(self) -> None:
        """Equal models have one digest, others have another."""
        model = pipeline()
        plain, small = inspect(vitrify.dumps(model)), inspect(vitrify.dumps(model, compress=9))
        assert plain.model_digest == small.model_digest
        assert plain.model_digest != inspect(vitrify.dumps(forest())).model_digest

    def test_a_plain_file_names_what_it_does_not_record(self) -> None:
        """Data, source and score are said to be missing, not passed over."""
        summary = inspect(vitrify.dumps(pipeline()))
        assert summary.not_recorded == ("training data", "source", "score")
        assert "author" in summary.integrity
        assert "not checked" in summary.content

    @pytest.mark.parametrize("name", ["pipeline", "forest"])
    @pytest.mark.parametrize("compress", [None, 3])
    def test_every_block_is_compared_with_its_digest(self, name: str, compress: int | None) -> None:
        """A changed byte in any block is found."""
        data = vitrify.dumps(MODELS[name](), compress=compress)
        header = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])
        start = 8 + int.from_bytes(data[:8], "little")
        for block, entry in header.items():
            if block == "__metadata__":
                continue
            begin, end = entry["data_offsets"]
            damaged = bytearray(data)
            damaged[start + (begin + end) // 2] ^= 1
            with pytest.raises(IntegrityError, match="digest"):
                inspect(bytes(damaged))

    @pytest.mark.parametrize("data", [b"", b"\x80\x05pickle", b"PK\x03\x04", b"{}"])
    def test_other_files_are_refused_by_name(self, data: bytes) -> None:
        """What is no glass file is called what it is."""
        with pytest.raises(NotGlassFileError, match="<bytes>: not a glass file"):
            inspect(data)

    def test_errors_name_the_file(self, tmp_path: Any) -> None:
        """A truncated file's error begins with its name."""
        path = tmp_path / "cut.glass"
        path.write_bytes(vitrify.dumps(pipeline())[:-1])
        with pytest.raises(FormatError, match=r"^cut\.glass: truncated"):
            inspect(path)


class TestTree:
    def test_steps_are_children_in_their_order(self) -> None:
        """A pipeline's parts are its steps, by name, also those that only pass through."""
        tree = inspect(vitrify.dumps(pipeline())).tree
        assert [(part.name, part.type.rpartition(".")[2]) for part in tree.children] == [
            ("scale", "StandardScaler"), ("keep", "str"), ("clf", "LogisticRegression"),
        ]  # fmt: skip
        assert tree.children[1].text == "'passthrough'"
        assert [part.path for part in tree.children] == ["steps.0.1", "steps.1.1", "steps.2.1"]

    def test_parameters_are_those_of_the_constructor(self) -> None:
        """Names and values are those of `get_params`, values as Python writes them."""
        model = pipeline()
        part = part_at(inspect(vitrify.dumps(model)), "steps.2.1")
        expected = model.named_steps["clf"].get_params(deep=False)
        assert part.params == {name: repr(value) for name, value in expected.items()}

    def test_fitted_attributes_are_those_that_end_in_an_underscore(self) -> None:
        """What fitting left is told from parameters by the name alone, and small arrays show their values."""
        model = LogisticRegression().fit(X, y)
        part = inspect(vitrify.dumps(model)).tree
        assert set(part.fitted) == {name for name in vars(model) if name.endswith("_") and name[0] != "_"}
        assert part.fitted["classes_"] == "[0, 1, 2]"
        assert part.fitted["coef_"] == "float64 (3, 4)"
        assert part.fitted["n_features_in_"] == "4"

    def test_private_attributes_stand_apart(self) -> None:
        """What begins with an underscore is neither a parameter nor fitted."""
        model = KNeighborsClassifier().fit(X, y)
        part = inspect(vitrify.dumps(model)).tree
        assert set(part.private) == {name for name in vars(model) if name.startswith("_")}
        assert part.private["_fit_X"] == "float64 (150, 4)"

    def test_a_forest_is_one_group_of_trees(self) -> None:
        """Trees are counted, not listed; parameters in which they differ show as dots."""
        (trees,) = inspect(vitrify.dumps(forest())).tree.children
        assert (trees.name, trees.count, trees.path) == ("estimators_", 7, "estimators_")
        assert trees.type.endswith(".DecisionTreeClassifier")
        assert trees.params["max_depth"] == "6"
        assert trees.params["random_state"] == "…"

    def test_transformers_carry_their_columns(self) -> None:
        """A ColumnTransformer's children are the fitted transformers, with the columns each is applied to."""
        split = part_at(inspect(vitrify.dumps(columns())), "steps.0.1")
        assert [(part.name, part.note) for part in split.children] == [("num", "[0, 1]"), ("rest", "[2, 3]")]
        assert all("n_features_in_" in part.fitted for part in split.children)

    def test_unfitted_prototypes_are_text_and_fitted_copies_are_parts(self) -> None:
        """What a fitted ensemble was given is a parameter; what it made of it is a child."""
        tree = inspect(vitrify.dumps(voting())).tree
        assert [part.path for part in tree.children] == ["le_", "estimators_.0", "estimators_.1"]
        assert "LogisticRegression" in tree.params["estimators"]

    def test_the_keys_of_a_bundle_are_parts_or_values(self) -> None:
        """Models in a dict are children by their keys, other values are shown beside them."""
        tree = inspect(vitrify.dumps(bundle())).tree
        assert tree.type == "dict"
        assert [part.name for part in tree.children] == ["model", "by_region"]
        assert [part.name for part in tree.children[1].children] == ["north", "south"]
        assert tree.params["threshold"] == "0.37"
        assert tree.params["features"] == "['a', 'b', 'c', 'd']"

    def test_objects_with_a_state_of_their_own_look_like_others(self) -> None:
        """`__getstate__` makes no difference to what people see."""
        summary = inspect(vitrify.dumps({"plain": Clipper(-1, 1).fit(X), "own": Stateful(-1, 1).fit(X)}))
        plain, own = summary.tree.children
        assert plain.params == own.params == {"low": "-1", "high": "1"}
        assert plain.fitted == own.fitted == {"bounds_": "[-1, 1]"}
        assert own.path == "own"

    def test_a_shared_object_is_one_part(self) -> None:
        """The second place names the first."""
        model = LogisticRegression().fit(X, y)
        tree = inspect(vitrify.dumps(Pipeline([("a", model), ("b", model)]))).tree
        assert [part.text for part in tree.children] == ["", "the same as steps.0.1"]
        assert tree.children[1].n_bytes == 0

    @pytest.mark.parametrize(
        ("value", "type_", "text"),
        [
            (5, "int", "5"),
            ("x\n", "str", r"'x\n'"),
            (None, "NoneType", "None"),
            (np.arange(9), "numpy.ndarray", "int64 (9,)"),
        ],
    )
    def test_a_root_that_is_a_plain_value_is_shown(self, value: object, type_: str, text: str) -> None:
        """Any value that can be saved can be inspected."""
        tree = inspect(vitrify.dumps(value)).tree
        assert (tree.name, tree.path, tree.type, tree.text) == ("$", "$", type_, text)

    def test_chains_deeper_than_any_model_are_cut(self) -> None:
        """A list in a list, 3000 deep, is summarised without recursion."""
        value: list[object] = []
        for _ in range(3000):
            value = [value]
        summary = inspect(vitrify.dumps({"chain": value, "a": np.arange(3)}))
        assert [array.path for array in summary.arrays] == ["a"]


class TestSizes:
    @pytest.mark.parametrize("name", MODELS)
    @pytest.mark.parametrize("compress", [None, 3])
    def test_every_byte_of_the_file_is_counted_once(self, name: str, compress: int | None) -> None:
        """Parts and structure add up to the size of the file, and so does each part."""
        data = vitrify.dumps(MODELS[name](), compress=compress)
        summary = inspect(data)
        assert summary.tree.n_bytes + summary.structure_bytes == len(data)
        header_bytes = 8 + int.from_bytes(data[:8], "little")
        assert summary.structure_bytes >= header_bytes
        for part in parts(summary.tree):
            below = sum(child.n_bytes for child in part.children) + sum(part.sizes.values())
            assert 0 <= below <= part.n_bytes

    def test_an_array_counts_for_the_part_that_holds_it(self) -> None:
        """Each key of a dict owns its arrays' bytes and little else."""
        value = {"a": np.arange(1000.0), "b": np.arange(3000.0), "c": {"d": np.arange(500, dtype=np.int8)}}
        sizes = inspect(vitrify.dumps(value)).tree.sizes
        for name, n_bytes in {"a": 8000, "b": 24_000, "c": 500}.items():
            assert n_bytes <= sizes[name] <= n_bytes + 32

    def test_a_pipeline_counts_its_steps_apart(self) -> None:
        """The step with the big array is the big part."""
        model = Pipeline([("scale", StandardScaler()), ("knn", KNeighborsClassifier(algorithm="brute"))]).fit(X, y)
        scale, knn = inspect(vitrify.dumps(model)).tree.children
        assert knn.n_bytes >= X.nbytes + y.nbytes > scale.n_bytes > 0
        assert knn.sizes["_fit_X"] == X.nbytes

    def test_words_count_for_the_vocabulary(self) -> None:
        """Columns that are no arrays have bytes too."""
        words = {f"word{i}": i for i in range(10_000)}
        tree = inspect(vitrify.dumps({"vocabulary": words, "x": 1})).tree
        assert tree.params["vocabulary"] == "dict of 10,000"
        assert tree.sizes["vocabulary"] > sum(map(len, words))


class TestArrays:
    @pytest.mark.parametrize("name", ["pipeline", "forest", "columns", "voting", "bagging", "neighbours", "user's own"])
    @pytest.mark.parametrize("compress", [None, 3])
    def test_every_path_leads_to_the_array_of_the_model(self, name: str, compress: int | None) -> None:
        """Each path, followed with getattr in the loaded model, gives the array that `read_array` reads."""
        data = vitrify.dumps(MODELS[name](), compress=compress)
        model = vitrify.loads(data, trust=[Clipper, Stateful])
        summary = inspect(data)
        assert summary.n_arrays == len(summary.arrays) == len({array.path for array in summary.arrays})
        for info in summary.arrays:
            if ".dist_metric." in info.path:
                continue  # Kept in C, where Python cannot look.
            expected = np.asarray(value_at(model, info.path))
            found = read_array(data, info.path)
            assert (found.dtype, found.shape) == (expected.dtype, expected.shape)
            assert info.shape == expected.shape
            assert info.dtype == str(expected.dtype) or expected.dtype.fields is not None
            assert found.tolist() == expected.tolist()

    @pytest.mark.parametrize("name", ["pipeline", "voting", "user's own", "bundle"])
    def test_no_array_is_missing(self, name: str) -> None:
        """There are as many as a walk through the model's attributes finds."""
        model = MODELS[name]()
        walked = own_arrays(model)
        summary = inspect(vitrify.dumps(model))
        shapes = collections.Counter((array.dtype, array.shape) for array in summary.arrays)
        for array in walked:
            assert shapes[str(array.dtype), array.shape] > 0
        assert summary.n_arrays >= len(walked)

    def test_big_arrays_have_the_block_that_safetensors_shows(self, tmp_path: Any) -> None:
        """The name of the block is a tensor's name, with the same values."""
        path = tmp_path / "model.glass"
        vitrify.dump({"a": X, "b": np.asfortranarray(np.arange(1200.0).reshape(30, 40))}, path)
        first, second = sorted(inspect(path).arrays, key=lambda info: info.path)
        with safe_open(path, "np") as tensors:
            assert first.block is not None
            assert second.block is not None
            np.testing.assert_array_equal(tensors.get_tensor(first.block), X)
            np.testing.assert_array_equal(tensors.get_tensor(second.block).T, np.arange(1200.0).reshape(30, 40))
        np.testing.assert_array_equal(read_array(path, second.block), read_array(path, "b"))
        assert read_array(path, "b").flags.f_contiguous

    def test_the_largest_in_the_file_come_first(self) -> None:
        """The order is by bytes stored, which compression changes."""
        value = {"zeros": np.zeros(20_000), "noise": RNG.normal(size=2000), "small": np.arange(3)}
        plain, small = inspect(vitrify.dumps(value)), inspect(vitrify.dumps(value, compress=3))
        assert [info.path for info in plain.arrays] == ["zeros", "noise", "small"]
        assert [info.path for info in small.arrays] == ["noise", "zeros", "small"]
        zeros = small.arrays[1]
        assert (zeros.codec, zeros.n_bytes) == ("zstd", 160_000)
        assert zeros.stored_bytes < 1000
        assert {info.codec for info in plain.arrays} == {"raw"}

    def test_arrays_that_share_memory_are_counted_once(self) -> None:
        """A view names the array that holds its elements, and reads as itself."""
        base = np.arange(2000.0)
        data = vitrify.dumps({"base": base, "even": base[::2], "back": base[::-1]})
        infos = {info.path: info for info in inspect(data).arrays}
        assert infos["base"].shares is None
        assert infos["even"].shares == infos["back"].shares == "base"
        assert [infos[name].stored_bytes for name in ("base", "even", "back")] == [16_000, 0, 0]
        for name, expected in {"base": base, "even": base[::2], "back": base[::-1]}.items():
            np.testing.assert_array_equal(read_array(data, name), expected)

    def test_views_of_what_is_not_in_the_model_share_with_the_first(self) -> None:
        """Overlapping windows have one buffer, which is no array of the model."""
        base = np.arange(3000.0)
        data = vitrify.dumps({"a": base[:2000], "b": base[1000:]})
        infos = {info.path: info for info in inspect(data).arrays}
        assert set(infos) == {"a", "b"}
        assert sorted(str(info.shares) for info in infos.values()) == ["None", "a"]
        np.testing.assert_array_equal(read_array(data, "b"), base[1000:])

    @pytest.mark.parametrize(
        "array",
        [
            np.array(3.5), np.zeros((0, 4)), np.array(["a", "bcd"]), np.array([b"x", b"yz"]), np.array([1 + 2j]),
            np.array([(1, 2.5)], [("n", "i4"), ("x", "f8")]), np.arange(3).astype("datetime64[D]"),
            np.arange(12, dtype=">i4").reshape(3, 4), np.array(["a", None, 3], object),
        ],
        ids=lambda array: str(array.dtype),
    )  # fmt: skip
    def test_arrays_of_every_kind_read_as_they_were(self, array: Any) -> None:
        """Scalars, empty arrays, texts, structs, dates, other byte orders, and Python values."""
        found = read_array(vitrify.dumps([array]), "0")
        assert (found.dtype, found.shape) == (array.dtype, array.shape)
        assert found.tolist() == array.tolist()

    def test_only_the_block_of_the_array_is_read(self) -> None:
        """Damage to another array does not matter, damage to its own does."""
        data = bytearray(vitrify.dumps({"a": np.arange(1000.0), "b": np.arange(1000.0) + 0.5}))
        start = 8 + int.from_bytes(data[:8], "little")
        begin, _ = json.loads(data[8:start])["b"]["data_offsets"]
        data[start + begin] ^= 1
        np.testing.assert_array_equal(read_array(bytes(data), "a"), np.arange(1000.0))
        with pytest.raises(IntegrityError):
            read_array(bytes(data), "b")


class TestPaths:
    @pytest.mark.parametrize(
        ("path", "length"),
        [
            ("['odd keys']['a.b']", 3), ("['odd keys'].['a.b']", 3), ("$['odd keys'][\"a.b\"]", 3),
            ("['odd keys'].7", 4), ("['odd keys'][7]", 4), ("['odd keys']['7']", 5), ("['odd keys'].#3", 6),
            (" $.big ", 5000),
        ],
    )  # fmt: skip
    def test_keys_are_told_apart_by_how_they_are_written(self, path: str, length: int) -> None:
        """Dots, numbers, texts that look like numbers, and keys that go by position."""
        assert len(read_array(vitrify.dumps(bundle()), path)) == length

    def test_listed_paths_of_odd_keys_can_be_read(self) -> None:
        """What inspect prints, read_array takes."""
        keys = [
            "",
            " ",
            "a b",
            "a.b",
            "[0]",
            "'",
            '"',
            "#1",
            "$",
            "é",
            "\u202e",
            "\ud800",
            "\x1b[2J",
            "-1",
            "a-b",
            "x" * 90,
        ]
        data = vitrify.dumps(
            {key: np.full(3, i) for i, key in enumerate(keys)} | {5: np.full(3, 98), (1,): np.full(3, 99)}
        )
        infos = inspect(data).arrays
        assert sorted(int(read_array(data, info.path)[0]) for info in infos) == [*range(len(keys)), 98, 99]
        assert all(info.path.isprintable() for info in infos)

    @pytest.mark.parametrize("path", ["steps.2.1.coef_", "steps.clf.coef_", "steps.2.coef_", "$.steps[2][1].coef_"])
    def test_a_step_goes_by_name_or_number(self, path: str) -> None:
        """The tuple of a step may be written out, passed over or named."""
        model = pipeline()
        np.testing.assert_array_equal(read_array(vitrify.dumps(model), path), model.named_steps["clf"].coef_)

    @pytest.mark.parametrize(
        ("path", "hint"),
        [
            ("steps.2.1.coef", "steps.2.1.coef_"), ("steps.clf.coeff_", "steps.2.1.coef_"),
            ("steps.0.1", "steps.0.1.mean_"), ("steps.9.1.coef_", "steps.2.1.coef_"),
            ("", "steps.2.1.coef_"), ("steps.2.1.coef_.0", "steps.2.1.coef_"),
        ],
    )  # fmt: skip
    def test_a_wrong_path_names_those_that_come_near(self, path: str, hint: str) -> None:
        """The error is a LookupError with a list of candidates."""
        with pytest.raises(PathError) as caught:
            read_array(vitrify.dumps(pipeline()), path)
        assert isinstance(caught.value, LookupError)
        assert hint in str(caught.value)

    @pytest.mark.parametrize("path", ["a]", "a[b]", "['a", "a..b", "[99999999999999999999]"])
    def test_what_is_no_path_is_refused(self, path: str) -> None:
        """Malformed paths are errors of their own, not of the file."""
        with pytest.raises(PathError):
            read_array(vitrify.dumps({"a": np.arange(3)}), path)

    def test_an_array_of_objects_is_not_built(self) -> None:
        """Only plain values are read from object arrays."""
        data = vitrify.dumps({"a": np.array([[1], {}], object)})
        with pytest.raises(UnsupportedError, match="holds objects"):
            read_array(data, "a")


class TestCode:
    def test_reviewed_types_need_no_code(self) -> None:
        """A model of scikit-learn alone asks for nothing."""
        assert inspect(vitrify.dumps(columns())).code == ()

    def test_own_classes_and_functions_are_named_with_their_place(self) -> None:
        """Each name once, with the path where it is first needed; nothing is imported."""
        model = Pipeline([("clip", Clipper(-1, 1)), ("clf", LogisticRegression())]).fit(X, y)
        needs = inspect(vitrify.dumps({"model": model, "f": halve, "g": [halve]})).code
        assert {(need.name, need.what, need.path) for need in needs} == {
            (f"{__name__}.Clipper", "class", "model.steps.0.1"),
            (f"{__name__}.halve", "function", "f"),
        }

    def test_a_type_of_a_converter_of_ones_own_is_named(self) -> None:
        """Files written with `converters=` can be inspected without them."""
        converter = vitrify_converter()
        data = vitrify.dumps({"clip": Clipper(-1, 1)}, converters=[converter])
        (need,) = inspect(data).code
        assert (need.name, need.what, need.path) == ("acme.Clipper", "converter", "clip")


class TestHostile:
    def test_tables_with_the_wrong_columns_are_refused(self) -> None:
        """What only building would find out is found before anything walks the tables."""
        data = vitrify.dumps({"a": [1, "x"], "b": np.arange(2000.0)[::2], "c": np.array([1, None], object)})
        changes: list[dict[str, Any]] = [{"layout": "attrs"}, {"layout": "nonsense"}, {"type": "acme.X"}]
        changes += [{"columns": {}}, {"lengths": None}, {"arrays": None}]
        for change in changes:
            for number in range(5):
                self._try(data, number, change)

    @staticmethod
    def _try(data: bytes, number: int, change: dict[str, Any]) -> None:
        def edit(graph: Any) -> Any:
            tables = list(graph.tables)
            if number < len(tables):
                tables[number] = msgspec.structs.replace(tables[number], **change)
            return msgspec.structs.replace(graph, tables=tuple(tables))

        forged = reforge(data, edit)
        try:
            summary = inspect(forged)
        except (FormatError, LimitError):
            return
        assert summary.tree.n_bytes + summary.structure_bytes == len(forged)
        for info in summary.arrays:
            assert_reads(forged, info)

    def test_a_small_file_cannot_ask_for_much_memory(self) -> None:
        """Empty arrays beyond number, which take no bytes in a file, are refused before they are listed."""

        def edit(graph: Any) -> Any:
            items, arrays = graph.tables
            n = 200_000
            items = msgspec.structs.replace(items, lengths=Const(n), columns={"items": Run(1, 0)})
            arrays = msgspec.structs.replace(arrays, rows=n, arrays=Arrays("<f8", "C", (Const(0),)))
            return msgspec.structs.replace(graph, tables=(items, arrays))

        forged = reforge(vitrify.dumps([np.zeros(0)]), edit)
        assert inspect(forged).n_arrays == 200_000
        with pytest.raises(LimitError):
            inspect(forged, limits=dataclasses.replace(LIMITS, memory_bytes=10_000_000, expansion=0))

    def test_text_of_the_file_is_only_ever_text(self) -> None:
        """Control and bidirectional characters are escaped in all that is shown, and JSON is plain ASCII."""
        nasty = "\x1b[2J[red]\u202e[/INST]\ud800"
        summary = inspect(vitrify.dumps({nasty: nasty, "list": [nasty, nasty.encode("utf-8", "surrogatepass")]}))
        assert summary.to_json().isascii()
        for part in parts(summary.tree):
            assert all(text.isprintable() for text in part.params.values())

    def test_long_values_are_cut(self) -> None:
        """No text of a file makes a summary long."""
        big = {"t": "x" * 10**6, "b": b"x" * 10**6, "i": 1 << 100_000, "l": list(range(10**5)), "n": [[[[[[1]]]]]]}
        assert all(len(text) <= 160 for text in inspect(vitrify.dumps(big)).tree.params.values())


class TestSummary:
    def test_it_survives_json(self) -> None:
        """Everything is plain data; nothing is lost on the way."""
        summary = inspect(vitrify.dumps(bundle()))
        found = json.loads(summary.to_json())
        assert found == summary.to_dict()
        assert found["tree"]["children"][0]["name"] == "model"
        assert found["arrays"][0]["path"] == summary.arrays[0].path
        assert found["file_bytes"] == summary.file_bytes

    def test_it_cannot_be_changed(self) -> None:
        """A summary is a value."""
        summary = inspect(vitrify.dumps(1))
        with pytest.raises(AttributeError):
            summary.file_bytes = 0  # type: ignore[misc]  # what is tested

    def test_its_repr_is_short(self) -> None:
        """Thousands of arrays do not flood a notebook."""
        assert len(repr(inspect(vitrify.dumps([np.arange(3)] * 3 + [np.arange(i) for i in range(500)])))) < 200


class TestImports:
    @pytest.mark.parametrize("call", ["inspect(path)", "read_array(path, 'steps.2.1.coef_')"])
    def test_no_machine_learning_library_is_needed(self, tmp_path: Any, call: str) -> None:
        """It works where scikit-learn, scipy and pandas cannot be imported, and without the terminal's libraries."""
        path = tmp_path / "model.glass"
        vitrify.dump(pipeline(), path)
        program = (
            "import sys\n"
            "class Refuse:\n"
            "    def find_spec(self, name, path=None, target=None):\n"
            "        if name.split('.')[0] in {'sklearn', 'scipy', 'pandas', 'joblib', 'rich', 'typer'}:\n"
            "            raise ImportError(name)\n"
            "sys.meta_path.insert(0, Refuse())\n"
            "from vitrify.inspection import inspect, read_array\n"
            f"path = {os.fspath(path)!r}\n"
            f"{call}\n"
            "kept_out = {'sklearn', 'scipy', 'pandas', 'joblib', 'rich', 'typer', 'vitrify.cli'}\n"
            "print(*sorted(kept_out & set(sys.modules)))\n"
        )
        found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
        assert found.stdout == "\n"


def assert_reads(data: bytes, info: ArrayInfo) -> None:
    with contextlib.suppress(FormatError, UnsupportedError):
        assert read_array(data, info.path).shape == info.shape


def vitrify_converter() -> Any:
    from vitrify.graph.converter import Converter

    return Converter(
        type_id="acme.Clipper",
        types=(f"{__name__}.Clipper",),
        fields=("low", "high"),
        encode=lambda clipper: (clipper.low, clipper.high),
        decode=Clipper,
    )
