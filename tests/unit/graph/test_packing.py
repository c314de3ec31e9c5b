"""Which trees are stored together: whatever lies in their arrays, the same comes back, and groups stay small."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from sklearn.ensemble import ExtraTreesClassifier, ExtraTreesRegressor
from sklearn.tree import ExtraTreeRegressor

import vitrify
from tests.support.equality import assert_same

RNG = np.random.default_rng(0)


class Keeper:
    """Holds what a tree would."""

    def __init__(self, nodes: Any, values: Any) -> None:
        self.nodes = nodes
        self.values = values


CONVERTER = vitrify.Converter[Keeper](
    type_id="tests.Keeper",
    types=(f"{Keeper.__module__}.Keeper",),
    fields=("nodes", "values"),
    encode=lambda keeper: (keeper.nodes, keeper.values),
    decode=Keeper,
    packs="trees",
    owns_arrays=True,
)
X = RNG.normal(size=(20_000, 3))
Y = RNG.normal(size=20_000)
STATE = ExtraTreeRegressor(random_state=0).fit(X[:600], Y[:600]).tree_.__getstate__()
NODES, VALUES = STATE["nodes"], STATE["values"]
N = len(NODES)


def _groups(data: bytes) -> list[Any]:
    """What the header says of blocks that hold packed trees."""
    stored = json.loads(json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])["__metadata__"]["blocks"])
    return [block for block in stored if block.get("codec") == "trees"]


ODD: dict[str, tuple[Any, Any]] = {
    "no arrays": (None, 3.0),
    "nodes in no array": (NODES.tolist(), VALUES),
    "nodes in two dimensions": (NODES.reshape(1, N), VALUES[:1]),
    "values in two dimensions": (NODES, VALUES[:, 0]),
    "fewer values than nodes": (NODES, VALUES[:-1]),
    "values of 32 bits": (NODES, VALUES.astype("f4")),
    "values by columns": (NODES, np.asfortranarray(RNG.normal(size=(N, 2, 3)))),
    "no values": (NODES, np.zeros((N, 0, 6))),
    "nodes of another size": (NODES[["feature", "threshold", "impurity"]].copy(), VALUES),
    "64 bytes without fields": (np.array(["a" * 16] * N), VALUES),
    "56 bytes without fields": (np.array(["a" * 14] * N), VALUES),
    "nodes that hang on nothing": (np.tile(NODES[NODES["left_child"] == -1][:1], N), VALUES),
    "64 bytes of other fields": (np.zeros(N, [(name, "<f8") for name in "abcdefgh"]), VALUES),
}


def _file(nodes: Any, values: Any) -> bytes:
    """Twice the same, among others whose values fill a piece in which small ones lie, too."""
    others = [Keeper(None, np.full((100, 1, 2), float(number))) for number in range(4)]
    return vitrify.dumps([Keeper(nodes, values)] * 2 + others, converters=[CONVERTER], compress=True)


def test_nodes_and_values_are_packed() -> None:
    """Those below are not, in one thing each."""
    data = _file(NODES, VALUES)
    assert len(_groups(data)) == 1
    found = vitrify.loads(data, converters=[CONVERTER])
    assert_same((NODES, VALUES), (found[0].nodes, found[0].values))


@pytest.mark.parametrize("name", ODD)
def test_arrays_that_are_no_trees_are_kept_like_others(name: str) -> None:
    """A converter of one's own may say that it packs, and give anything."""
    data = _file(*ODD[name])
    found = vitrify.loads(data, converters=[CONVERTER])
    assert found[0] is found[1]
    assert_same(ODD[name], (found[0].nodes, found[0].values))
    assert _groups(data) == []


FORESTS: dict[str, tuple[Any, list[int]]] = {
    "each tree in pieces of its own": (lambda: ExtraTreesRegressor(3, random_state=0).fit(X[:600], Y[:600]), [6]),
    "large nodes, small values in one piece": (
        lambda: ExtraTreesRegressor(10, max_leaf_nodes=50, random_state=0).fit(X[:600], Y[:600]),
        [11],
    ),
    "all small, in two pieces": (
        lambda: ExtraTreesRegressor(80, max_leaf_nodes=5, random_state=0).fit(X[:600], Y[:600]),
        [2],
    ),
    "values too small for a piece": (
        lambda: ExtraTreesRegressor(10, max_leaf_nodes=5, random_state=0).fit(X[:600], Y[:600]),
        [],
    ),
    "more than some MiB": (lambda: ExtraTreesRegressor(4, random_state=0).fit(X, np.stack([Y, Y], axis=1)), [4, 4]),
    "as much, with one number a leaf": (lambda: ExtraTreesRegressor(4, random_state=0).fit(X, Y), [6, 2]),
    "two widths, in pieces of their own": (
        lambda: [ExtraTreesClassifier(3, random_state=0).fit(X[:600], np.arange(600) % n) for n in (2, 3)],
        [6, 6],
    ),
    "two widths, in the same pieces": (
        lambda: [
            ExtraTreesClassifier(60, max_leaf_nodes=5, random_state=0).fit(X[:600], np.arange(600) % n) for n in (2, 3)
        ],
        [2],
    ),
}


@pytest.mark.parametrize("name", FORESTS)
def test_each_piece_lies_in_one_group(name: str) -> None:
    """Trees that share a piece come together, and one of another width stays where its piece is."""
    make, expected = FORESTS[name]
    model = make()
    data = vitrify.dumps(model, compress=True)
    pieces = [[number for number, _ in block["pieces"]] for block in _groups(data)]
    assert [len(numbers) for numbers in pieces] == expected
    assert len({number for numbers in pieces for number in numbers}) == sum(expected)
    assert_same(model, vitrify.loads(data))
