"""The order in which tables can be built: components against scipy's, cycles, and bounds on nesting."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
import scipy.sparse
from hypothesis import given
from hypothesis import strategies as st

import vitrify
from tests.support.equality import assert_same
from tests.support.lying_writer import assemble
from tests.vectors.own import Row
from vitrify.graph.order import components, is_cyclic

graphs = st.integers(1, 12).flatmap(
    lambda n: st.lists(st.lists(st.integers(0, n - 1), max_size=4), min_size=n, max_size=n)
)


class TestComponents:
    @given(graphs)
    def test_they_are_the_strongly_connected_ones(self, children: list[list[int]]) -> None:
        """As scipy finds them, each node once."""
        n = len(children)
        matrix = np.zeros((n, n), bool)
        for node, below in enumerate(children):
            matrix[node, below] = True
        _, labels = scipy.sparse.csgraph.connected_components(matrix, directed=True, connection="strong")
        expected = {frozenset(np.flatnonzero(labels == label).tolist()) for label in set(labels.tolist())}
        found = components(children)
        assert {frozenset(component) for component in found} == expected
        assert sorted(node for component in found for node in component) == list(range(n))

    @given(graphs)
    def test_what_is_referred_to_comes_first(self, children: list[list[int]]) -> None:
        """Every reference leads to the same component or an earlier one."""
        place = {node: i for i, component in enumerate(components(children)) for node in component}
        assert all(place[child] <= place[node] for node, below in enumerate(children) for child in below)

    @given(graphs)
    def test_a_single_node_is_cyclic_only_by_itself(self, children: list[list[int]]) -> None:
        """Several always are."""
        for component in components(children):
            expected = len(component) > 1 or component[0] in children[component[0]]
            assert is_cyclic(component, children) == expected

    def test_a_long_chain_does_not_recurse(self) -> None:
        """300 000 nodes, in either direction."""
        n = 300_000
        forward = [[i + 1] for i in range(n - 1)] + [[]]
        backward = [list[int]()] + [[i] for i in range(n - 1)]
        assert components(forward)[0] == [n - 1]
        assert components(backward)[0] == [0]
        assert components([*forward[:-1], [0]]) == [list(range(n))]


def frozen_pair(depth: int) -> Any:
    """Frozensets of tuples of frozensets, and so on."""
    value: Any = frozenset()
    for i in range(depth):
        value = frozenset({(value, i), i})
    return value


class TestLevels:
    @pytest.mark.parametrize("depth", [1, 2, 20])
    def test_frozensets_and_tuples_by_turns(self, depth: int) -> None:
        """Each is made from complete ones."""
        value = frozen_pair(depth)
        assert_same(value, vitrify.loads(vitrify.dumps(value)))

    def test_a_tuple_between_two_lists(self) -> None:
        """A tuple may hold a list that is not filled yet, also the one that holds it."""
        outer: list[Any] = []
        outer.append((outer, [outer, ((outer,),)]))
        assert_same(outer, vitrify.loads(vitrify.dumps(outer)))

    def test_dict_keys_that_need_attributes_are_complete_when_they_are_hashed(self) -> None:
        """A key's hash may need what is filled in."""
        row = Row(name="x")
        table = {(row, 1): row, row: 2}
        row.table = table
        loaded = vitrify.loads(vitrify.dumps([table, row]), trust=[Row])
        assert_same([table, row], loaded)
        assert loaded[0][loaded[1], 1] is loaded[1]

    def test_an_object_made_whole_cannot_hold_itself(self) -> None:
        """The message says where, and why."""
        row = Row()
        row.key = frozenset({(row,)})
        with pytest.raises(vitrify.errors.UnsupportedError, match="frozenset that contains itself") as caught:
            vitrify.dumps({"model": row})
        assert caught.value.path == "$['model'].key"


class TestNesting:
    @pytest.mark.parametrize("wrap", [lambda inner: [inner], lambda inner: {"k": inner}, lambda inner: Row(a=inner)])
    def test_what_python_frees_without_recursion_may_be_deep(self, wrap: Any) -> None:
        """Lists, dicts, objects: 20 000 deep."""
        value = None
        for _ in range(20_000):
            value = wrap(value)
        loaded = vitrify.loads(vitrify.dumps(value), trust=[Row])
        depth = 0
        while loaded is not None:
            loaded = loaded[0] if type(loaded) is list else loaded["k"] if type(loaded) is dict else loaded.a
            depth += 1
        assert depth == 20_000

    def test_what_python_hashes_recursively_has_a_bound(self) -> None:
        """500 tuples are read; 1500, which no writer writes, are refused before any exists."""
        value: Any = ()
        for _ in range(500):
            value = (value,)
        assert_same(value, vitrify.loads(vitrify.dumps(value)))
        with pytest.raises(vitrify.errors.LimitError, match="deep"):
            vitrify.loads(_nested_tuples(1500))
        for _ in range(600):
            value = (value,)
        with pytest.raises(vitrify.errors.UnsupportedError, match="deep"):
            vitrify.dumps(value)


def _nested_tuples(depth: int) -> bytes:
    """A file of a table for each tuple, by hand."""

    def table(items: dict[str, Any], length: int) -> dict[str, Any]:
        lengths = {"kind": "const", "value": length}
        return {"type": "tuple", "rows": 1, "columns": {"items": items}, "layout": "items", "lengths": lengths}

    tables = [table({"kind": "run", "table": i + 1, "start": 0}, 1) for i in range(depth - 1)]
    tables.append(table({"kind": "const", "value": None}, 0))
    graph = {"root": {"kind": "run", "table": 0, "start": 0}, "names": [], "tables": tables}
    return assemble([], cells=b"", graph=json.dumps(graph, separators=(",", ":")).encode())
