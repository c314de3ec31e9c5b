"""A converter that contradicts itself is an error where it is written."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import vitrify
from vitrify.errors import StateError
from vitrify.graph.array_tables import ArrayMark


class Node:
    """Something that may refer to itself."""

    def __init__(self) -> None:
        self.other: Any = None


def fill(node: Node, other: Any) -> None:
    """Not for everything."""
    if other == 5:
        raise KeyError(other)
    if other == 6:
        raise StateError("six is not possible")
    node.other = other


def converter(**how: Any) -> vitrify.Converter[Node]:
    """One of a field, made in these ways."""
    name = f"{Node.__module__}.Node"
    given = {"type_id": "tests.Node", "types": (name,), "fields": ("other",), "encode": lambda node: (node.other,)}
    return vitrify.Converter[Node](**(given | how))


@pytest.mark.parametrize(
    "how",
    [
        {},
        {"allocate": Node},
        {"fill": fill},
        {"decode": Node, "fill": fill},
        {"decode": Node, "allocate": Node, "fill": fill},
    ],
)
def test_objects_are_made_in_one_way(how: dict[str, Any]) -> None:
    """Whole, or first allocated and then filled."""
    with pytest.raises(ValueError, match=r"^converter tests\.Node: give either decode, or allocate and fill$"):
        converter(**how)


def test_no_two_fields_share_a_name() -> None:
    """One of them would be lost."""
    with pytest.raises(ValueError, match=r"^converter tests\.Node: two fields share a name$"):
        converter(decode=Node, fields=("a", "a"))


@pytest.mark.parametrize("packs", [True, "", "shuffle"])
def test_what_packs_is_named(packs: Any) -> None:
    """By the one codec that there is for objects."""
    with pytest.raises(ValueError, match=rf'^converter tests\.Node: packs= is None or "trees", got {packs!r}$'):
        converter(decode=Node, packs=packs)


@pytest.mark.parametrize(
    ("other", "message"),
    [(5, "tests.Node cannot be rebuilt from these values (KeyError: 5)"), (6, "six is not possible")],
)
def test_an_error_while_filling_names_the_object(other: int, message: str) -> None:
    """An error of ours is what it is, with no path but its own."""
    saved = converter(allocate=Node, fill=fill)
    nodes = [Node(), Node()]
    nodes[1].other = other
    with pytest.raises(StateError) as caught:
        vitrify.loads(vitrify.dumps(nodes, converters=[saved]), converters=[saved])
    assert caught.value.message == f"<bytes>: {message}"
    assert caught.value.path == ("$[1]" if other == 5 else None)


def test_arrays_stand_in_the_tables_and_hold_no_objects() -> None:
    """Their mark has no columns, and makes nothing: they are read."""
    mark = ArrayMark("arrays", np.dtype(np.float64), 1, "C")
    assert mark.take([np.zeros(3)]) == (None, {})
    assert mark.make(2, None, {}) == []
