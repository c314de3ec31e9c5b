"""Deep, cyclic and wide objects: neither saving, loading nor freeing them depends on Python's stack."""

from __future__ import annotations

import pickle
import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from sklearn.cluster import Birch

import vitrify
from tests.support.equality import assert_same
from tests.support.own_code import Plain
from vitrify.container.reader import open_glass_bytes

DEPTH = 100_000


def nested_lists(depth: int) -> list[Any]:
    """A list in a list in a list, and so on."""
    value: list[Any] = ["the innermost"]
    for _ in range(depth):
        value = [value]
    return value


def chain(length: int) -> Plain:
    """Objects of one's own, each of which holds the next."""
    first = Plain(None)
    for _ in range(length - 1):
        first = Plain(first)
    return first


@pytest.fixture(scope="module")
def fitted() -> Birch:
    """A clustering that no test changes."""
    return trained()


def trained() -> Birch:
    """A clustering with so many leaves that nobody would call the model small."""
    points = np.random.default_rng(0).uniform(0.0, 1000.0, (12_000, 2))
    return Birch(threshold=0.05, branching_factor=20, n_clusters=None).fit(points)


class TestBirch:
    def test_it_has_ten_thousand_leaves(self, fitted: Birch) -> None:
        """The linked list of its leaf nodes, walked by hand, ends in as many subclusters."""
        leaf, n_subclusters = fitted.dummy_leaf_.next_leaf_, 0
        while leaf is not None:
            n_subclusters += len(leaf.subclusters_)
            leaf = leaf.next_leaf_
        assert n_subclusters == len(fitted.subcluster_centers_) > 10_000

    def test_it_comes_back_the_same(self, fitted: Birch) -> None:
        """Values, identity of all nodes and the memory that their arrays share."""
        loaded = vitrify.loads(vitrify.dumps(fitted))
        assert_same(fitted, loaded)

    def test_its_nodes_share_memory_as_before(self, fitted: Birch) -> None:
        """`centroids_` of a node is a view of the `init_centroids_` that further training writes to."""
        loaded = vitrify.loads(vitrify.dumps(fitted))
        for model in (fitted, loaded):
            leaf, n_leaves = model.dummy_leaf_.next_leaf_, 0
            while leaf is not None:
                assert np.shares_memory(leaf.centroids_, leaf.init_centroids_)
                assert np.shares_memory(leaf.squared_norm_, leaf.init_sq_norm_)
                previous, leaf = leaf, leaf.next_leaf_
                assert leaf is None or not np.shares_memory(previous.init_centroids_, leaf.init_centroids_)
                n_leaves += 1
            assert n_leaves > 500

    def test_pickle_cannot_save_it(self, fitted: Birch) -> None:
        """Its leaves are a linked list, along which pickle calls itself."""
        with pytest.raises(RecursionError):
            pickle.dumps(fitted)

    def test_it_can_be_trained_further(self, fitted: Birch) -> None:
        """One more batch splits the same nodes in both."""
        original, loaded = trained(), vitrify.loads(vitrify.dumps(fitted))
        more = np.random.default_rng(1).uniform(0.0, 1000.0, (500, 2))
        before = len(original.subcluster_centers_)
        original.partial_fit(more)
        loaded.partial_fit(more)

        assert len(original.subcluster_centers_) > before
        np.testing.assert_array_equal(original.subcluster_centers_, loaded.subcluster_centers_)
        np.testing.assert_array_equal(original.predict(more), loaded.predict(more))
        assert_same(_tree(original), _tree(loaded))

    def test_the_training_data_is_not_in_the_file(self) -> None:
        """Two subclusters of 20 000 points: their centres are views of rows of the training data."""
        points = np.random.default_rng(0).normal(size=(20_000, 2)) * 0.01
        points[::2] += 100.0
        model = Birch(threshold=5.0, n_clusters=None, compute_labels=False).fit(points)
        assert len(model.subcluster_centers_) == 2
        assert len(vitrify.dumps(model)) < points.nbytes // 10


def _tree(model: Birch) -> Any:
    return [model.root_, model.dummy_leaf_, model.subcluster_centers_]


class TestDepth:
    def test_pickle_cannot_save_a_hundred_thousand_nested_lists(self) -> None:
        """This is what the tests below are the difference to."""
        with pytest.raises(RecursionError):
            pickle.dumps(nested_lists(DEPTH))

    @pytest.mark.parametrize("compress", [False, True])
    def test_a_hundred_thousand_nested_lists_come_back(self, compress: bool) -> None:
        """Counted without recursion, down to what lies innermost."""
        value, depth = vitrify.loads(vitrify.dumps(nested_lists(DEPTH), compress=compress)), 0
        while isinstance(value[0], list):
            assert len(value) == 1
            value, depth = value[0], depth + 1
        assert depth == DEPTH
        assert value == ["the innermost"]

    def test_a_hundred_thousand_nested_dicts_come_back(self) -> None:
        """As configurations of experiments grow by wrapping."""
        nested: dict[str, Any] = {"depth": 0}
        for depth in range(1, DEPTH + 1):
            nested = {"depth": depth, "inner": nested}
        loaded = vitrify.loads(vitrify.dumps(nested))
        for depth in range(DEPTH, 0, -1):
            assert loaded["depth"] == depth
            loaded = loaded["inner"]
        assert loaded == {"depth": 0}

    def test_a_chain_of_objects_of_ones_own_comes_back(self) -> None:
        """Each a class that the caller trusts, 100 000 in a row."""
        loaded, length = vitrify.loads(vitrify.dumps(chain(DEPTH)), trust=[Plain]), 0
        while loaded is not None:
            assert type(loaded) is Plain
            assert list(vars(loaded)) == ["value"]
            loaded, length = loaded.value, length + 1
        assert length == DEPTH

    def test_freeing_what_was_loaded_does_not_exhaust_the_stack(self) -> None:
        """A process that loads, drops and ends says so itself, by its exit status."""
        program = (
            "import gc, sys, vitrify\n"
            "from tests.support.own_code import Plain\n"
            "from tests.conformance.test_large_structures import DEPTH, chain, nested_lists\n"
            "for value in (nested_lists(DEPTH), chain(DEPTH)):\n"
            "    loaded = vitrify.loads(vitrify.dumps(value), trust=[Plain])\n"
            "    del loaded, value\n"
            "    gc.collect()\n"
            "print('alive')\n"
        )
        done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=120, check=False)
        assert (done.returncode, done.stdout, done.stderr) == (0, "alive\n", "")


class TestCycles:
    def test_a_list_that_contains_itself(self) -> None:
        """It is its own only item."""
        value: list[Any] = []
        value.append(value)
        loaded = vitrify.loads(vitrify.dumps(value))
        assert type(loaded) is list
        assert len(loaded) == 1
        assert loaded[0] is loaded

    def test_a_dict_that_contains_itself(self) -> None:
        """Beside something else, and in a list."""
        value: dict[str, Any] = {"number": 1}
        value |= {"me": value, "us": [value, value]}
        loaded = vitrify.loads(vitrify.dumps(value))
        assert list(loaded) == ["number", "me", "us"]
        assert loaded["me"] is loaded["us"][0] is loaded["us"][1] is loaded
        assert loaded["number"] == 1

    def test_an_object_array_that_contains_itself(self) -> None:
        """Through a list, as it cannot be compared otherwise."""
        array = np.empty(2, object)
        array[:] = [[array], None]
        loaded = vitrify.loads(vitrify.dumps(array))
        assert loaded[0][0] is loaded
        assert loaded[1] is None

    def test_a_ring_of_a_hundred_thousand_objects(self) -> None:
        """The last of the chain holds the first."""
        first = last = Plain(None)
        for _ in range(DEPTH - 1):
            first = Plain(first)
        last.value = first
        loaded = vitrify.loads(vitrify.dumps(first), trust=[Plain])
        step, n = loaded.value, 1
        while step is not loaded:
            step, n = step.value, n + 1
        assert n == DEPTH
        loaded.value = last.value = None


class TestDicts:
    def test_one_of_many_words_takes_as_much_memory_as_a_copy_of_it(self) -> None:
        """A table that is made for keys of any type would take a third more, for as long as the model lives."""
        words = {f"word{i}": i for i in range(200_000)}
        loaded = vitrify.loads(vitrify.dumps(words))
        assert list(loaded.items()) == list(words.items())
        assert sys.getsizeof(loaded) == sys.getsizeof({f"word{i}": i for i in range(200_000)})

    def test_arrays_in_one_are_named_after_their_keys(self) -> None:
        """The keys are let go while the columns are written; a name that needs them afterwards finds them."""
        arrays = {"weights": np.arange(1000.0), 3: np.arange(2000.0)}
        with open_glass_bytes(vitrify.dumps(arrays)) as file:
            assert {block.name for block in file.header.blocks} >= {"weights", "3"}


class TestArraysOfObjects:
    @pytest.mark.parametrize("shape", [(), (0,), (1,), (5,), (0, 3), (2, 3)])
    @pytest.mark.parametrize("order", ["C", "F"])
    def test_each_holds_its_own_items(self, shape: tuple[int, ...], order: Any) -> None:
        """Items that look like arrays stay items, and two arrays of one table do not mix."""
        odd = [[1, 2], np.arange(2), "x", None, (1,), {"a": []}]
        made = []
        for turn in range(2):
            array = np.empty(shape, object, order=order)
            for i, place in enumerate(np.ndindex(shape)):
                array[place] = odd[(i + turn) % len(odd)]
            made.append(array)
        loaded = vitrify.loads(vitrify.dumps(made))
        assert_same(loaded, made)
        assert [a.strides for a in loaded] == [a.strides for a in made]
