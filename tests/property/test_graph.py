"""SPEC.md §6.1 and §6.5: containers, identity, cycles and levels."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import vitrify
from tests.property.strategies import hashables, nested
from tests.support.equality import assert_same
from tests.support.independent_reader import Container
from tests.vectors.describing import describe, describe_glass
from tests.vectors.own import Row
from tests.vectors.strict_graph import read


class TestContainers:
    """§6.1.4 "keys may be any hashable value"."""

    @given(nested())
    def test_nested_values_come_back(self, value: Any) -> None:
        """Types, bits, order, identity."""
        assert_same(value, vitrify.loads(vitrify.dumps(value)))

    @given(nested())
    def test_the_independent_reader_sees_the_same(self, value: Any) -> None:
        """What the tables say is what the object is, described without vitrify."""
        assert describe_glass(read(vitrify.dumps(value))) == describe(value)

    @given(st.dictionaries(hashables, st.integers(0, 9), max_size=6))
    def test_dicts_keep_their_order(self, value: dict[Any, int]) -> None:
        """As they were filled, not sorted."""
        assert list(vitrify.loads(vitrify.dumps(value)).items()) == list(value.items())


class TestIdentity:
    """§6.1.5 "A row that several values refer to is one object; rows are otherwise distinct objects."."""

    @given(st.data())
    def test_any_graph_of_lists_dicts_and_objects_comes_back(self, data: st.DataObject) -> None:
        """Random references among a few mutable objects, cycles included."""
        nodes: list[Any] = [data.draw(st.sampled_from([list, dict, Row])) for _ in range(data.draw(st.integers(1, 6)))]
        nodes = [kind() for kind in nodes]
        for _ in range(data.draw(st.integers(0, 12))):
            source, target = (data.draw(st.sampled_from(nodes)) for _ in range(2))
            wrapped = data.draw(st.sampled_from(["plain", "tuple"]))
            value = (target,) if wrapped == "tuple" else target
            if isinstance(source, list):
                source.append(value)
            elif isinstance(source, dict):
                source[len(source)] = value
            else:
                setattr(source, f"a{len(vars(source))}", value)
        assert_same(nodes, vitrify.loads(vitrify.dumps(nodes), trust=[Row]))


class TestDeepObjects:
    """§6.5.1 "A chain of 100 000 lists is a legal object and must not exhaust a stack."."""

    @pytest.mark.parametrize("wrap", [lambda inner: [inner], lambda inner: {"k": inner}, lambda inner: Row(next=inner)])
    def test_a_long_chain_comes_back(self, wrap: Any) -> None:
        """Of lists, dicts or objects."""
        value = None
        for _ in range(100_000):
            value = wrap(value)
        loaded = vitrify.loads(vitrify.dumps(value), trust=[Row])
        for _ in range(100_000):
            loaded = loaded[0] if type(loaded) is list else loaded["k"] if type(loaded) is dict else loaded.next
        assert loaded is None
        _unwind(value)


def _unwind(value: Any) -> None:
    """Take a chain apart from its head, so that freeing it does not recurse."""
    while value is not None:
        inner = value[0] if type(value) is list else value["k"] if type(value) is dict else value.next
        if type(value) is Row:
            vars(value).clear()
        else:
            value.clear()
        value = inner


class TestLevels:
    """§6.5.3 "`((1, 2), 3)` is two tables of tuples."."""

    @given(st.integers(1, 60))
    def test_each_level_of_tuples_is_a_table(self, depth: int) -> None:
        """A tuple is made from tuples that exist."""
        value: Any = ()
        for i in range(depth):
            value = (value, i)
        data = vitrify.dumps(value)
        tables = json.loads(Container(data).graph)["tables"]
        assert [table["type"] for table in tables] == ["tuple"] * (depth + 1)
        assert_same(value, vitrify.loads(data))

    @given(st.recursive(st.integers(0, 3), lambda inner: st.frozensets(inner, max_size=3), max_leaves=12))
    def test_frozensets_in_frozensets_come_back(self, value: Any) -> None:
        """Their items must be complete, so each level is a table."""
        assert_same(value, vitrify.loads(vitrify.dumps(value)))

    def test_a_frozenset_that_holds_itself_is_refused(self) -> None:
        """It cannot be rebuilt: there is no order."""
        row = Row()
        row.inside = frozenset({row})
        with pytest.raises(vitrify.errors.UnsupportedError, match="contains itself"):
            vitrify.dumps(row)
