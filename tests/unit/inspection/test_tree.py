"""Parts, parameters and sizes, held against the models themselves; and the code a file needs."""

from __future__ import annotations

import enum
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.cluster import Birch
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

import vitrify
from tests.support.forge import Forged, forge_value, tamper
from tests.unit.inspection import samples
from tests.unit.inspection.samples import (
    MODELS,
    Clipper,
    Stateful,
    X,
    bundle,
    columns,
    forest,
    halve,
    part_at,
    parts,
    pipeline,
    voting,
    y,
)
from vitrify.inspection import inspect


class Colour(enum.Enum):
    RED = "red"


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

    def test_helpers_of_a_library_are_no_parts(self) -> None:
        """The linked nodes of a Birch tree, of a private class, belong to the estimator."""
        tree = inspect(vitrify.dumps(Birch(threshold=0.2, n_clusters=None).fit(X))).tree
        assert tree.children == ()
        assert tree.fitted["root_"].startswith("_CFNode(")
        assert tree.sizes["root_"] > 1000

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

    @pytest.mark.parametrize(
        ("value", "expected"),
        [
            ({7: Stateful(0, 1), "7": Stateful(0, 1)}, [("7", "7"), ("7 #1", "['7']")]),
            ({"x": [{"k": Stateful(0, 1), "m": Stateful(0, 1)}]}, [("k", "x.0.k"), ("m", "x.0.m")]),
            ({"x": [{1: Stateful(0, 1)}, {2: Stateful(0, 1)}]}, [("1", "x.0.1"), ("2", "x.1.2")]),
            ({"x": [(Stateful(0, 1), 1)]}, [("x.0.0", "x.0.0")]),
            ({"x": [("a",), ("b", Stateful(0, 1))]}, [("x.1.1", "x.1.1")]),
            ({"x": [*range(50), Stateful(0, 1)]}, [("x.50", "x.50")]),
            ({"x": [("a", 1), ("b", Stateful(0, 1))]}, [("a", "x.0.1"), ("b", "x.1.1")]),
        ],
    )
    def test_parts_are_named_by_their_keys(self, value: object, expected: list[tuple[str, str]]) -> None:
        """Of dicts, and of lists of (name, thing); others by their path."""
        tree = inspect(vitrify.dumps(value)).tree
        assert [(part.name, part.path) for part in tree.children] == expected

    def test_many_of_a_kind_are_one_group(self) -> None:
        """As the trees of a forest."""
        (group,) = inspect(vitrify.dumps({"x": [Stateful(0, 1) for _ in range(41)]})).tree.children
        assert (group.name, group.count) == ("x", 41)

    def test_small_helpers_under_private_names_are_left_to_their_holder(self) -> None:
        """With their bytes, and large ones are not."""
        holder = Clipper(0, 1)
        holder._inner = Clipper(2, 3).fit(X)  # type: ignore[attr-defined]  # as libraries do
        part = inspect(vitrify.dumps(holder)).tree
        assert part.children == ()
        assert part.private == {"_inner": "Clipper(low=2, high=3)"}
        assert part.sizes["_inner"] > 0
        holder._inner.bounds_ = np.random.default_rng(0).random(5000)  # type: ignore[attr-defined]  # the same
        part = inspect(vitrify.dumps(holder)).tree
        assert [child.name for child in part.children] == ["_inner"]

    def test_members_of_enumerations_are_shown_by_their_value(self) -> None:
        """With the class."""
        assert inspect(vitrify.dumps({"e": Colour.RED})).tree.params == {"e": "Colour.RED"}

    def test_a_table_of_pandas_is_shown_by_its_size(self) -> None:
        """If its indexes are of a form that is known, and of a size that can be."""
        value = {"f": pd.DataFrame({"a": [1]})}

        def shown(index: object) -> str:
            return inspect(tamper(value, "pandas.DataFrame", index=index)).tree.params["f"]

        assert shown(pd.RangeIndex(2**62)) == "DataFrame(4,611,686,018,427,387,904 rows × 1 column)"
        assert shown(pd.Index(["a", "b"])) == "DataFrame(2 rows × 1 column)"
        pairs = pd.MultiIndex.from_tuples([(1, "a"), (2, "b"), (2, "c")])
        assert shown(pairs) == "DataFrame(3 rows × 1 column)"
        for odd in (None, [], [[[[[[[1]]]]]]], np.zeros((2, 2))):
            assert shown(odd) == "DataFrame(allows_duplicate_labels=True)"
        endless = Forged("pandas.RangeIndex", {"start": 0, "stop": 2**70, "step": 1, "name": None})
        fields = {"index": endless, "columns": pd.RangeIndex(1), "allows_duplicate_labels": True}
        usual = {"blocks": [], "arrays": [], "order": None, "attrs": None}
        summary = inspect(forge_value({"f": Forged("pandas.DataFrame", {**usual, **fields})}))
        assert summary.tree.params["f"] == "DataFrame(allows_duplicate_labels=True)"

    def test_a_single_large_text_is_not_shown(self) -> None:
        """It lies in a block of its own."""
        assert inspect(vitrify.dumps({"a": np.array(["x" * 200_000])})).tree.params == {"a": "<U200000 (1,)"}


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


class TestCode:
    def test_reviewed_types_need_no_code(self) -> None:
        """A model of scikit-learn alone asks for nothing."""
        assert inspect(vitrify.dumps(columns())).code == ()

    def test_own_classes_and_functions_are_named_with_their_place(self) -> None:
        """Each name once, with the path where it is first needed; nothing is imported."""
        model = Pipeline([("clip", Clipper(-1, 1)), ("clf", LogisticRegression())]).fit(X, y)
        needs = inspect(vitrify.dumps({"model": model, "f": halve, "g": [halve]})).code
        assert {(need.name, need.what, need.path) for need in needs} == {
            (f"{samples.__name__}.Clipper", "class", "model.steps.0.1"),
            (f"{samples.__name__}.halve", "function", "f"),
        }

    @pytest.mark.parametrize(
        ("value", "path"), [(halve, "$"), ({"a": [np.log], "f": halve}, "f"), ({(halve, 1): 2}, "#keys.0.0")]
    )
    def test_a_function_is_named_where_it_is(self, value: object, path: str) -> None:
        """As the root, beside others, in a key."""
        (need,) = inspect(vitrify.dumps(value)).code
        assert (need.name, need.what, need.path) == (f"{samples.__name__}.halve", "function", path)

    def test_a_type_of_a_converter_of_ones_own_is_named(self) -> None:
        """Files written with `converters=` can be inspected without them."""
        converter = vitrify_converter()
        data = vitrify.dumps({"clip": Clipper(-1, 1)}, converters=[converter])
        (need,) = inspect(data).code
        assert (need.name, need.what, need.path) == ("acme.Clipper", "converter", "clip")


def vitrify_converter() -> Any:
    from vitrify.graph.converter import Converter

    return Converter(
        type_id="acme.Clipper",
        types=(f"{samples.__name__}.Clipper",),
        fields=("low", "high"),
        encode=lambda clipper: (clipper.low, clipper.high),
        decode=Clipper,
    )
