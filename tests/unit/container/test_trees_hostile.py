"""Packed trees that lie: one column is not what it must be, and the error says which."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from vitrify import kernels
from vitrify.container import zstd
from vitrify.container.trees import NODES, codec, unpack
from vitrify.container.trees.streams import Streams
from vitrify.errors import FormatError

N_BYTES = 3 * 64 + 3 * 2 * 8
BEYOND = 2**31 + 1
HONEST: dict[str, tuple[str, Any]] = {
    "item_bytes": ("mode", 64),
    "width": ("ints", [2]),
    "n_trees": ("ints", [1]),
    "n_nodes": ("ints", [3]),
    "nodes_at": ("ints", [0]),
    "values_at": ("ints", [192]),
    "is_leaf": ("bits", [False, True, True]),
    "shape": ("mode", 0),
    "left": ("none", None),
    "right": ("none", None),
    "feature": ("ints", [1]),
    "threshold": ("floats", [0.5]),
    "samples_kind": ("mode", 0),
    "samples": ("ints", [2, 3]),
    "missing": ("mode", 0),
    "weights_kind": ("mode", 0),
    "weights": ("ints", [0, 0]),
    "values_kind": ("mode", 0),
    "classes": ("raw", [0, 1]),
    "impure": ("ints", []),
    "impurity_kind": ("mode", 0),
}
"""A root with two leaves, of 2 and 3 samples, each of a class of its own."""

_STORED = ("mode", 1)
_NOTHING = ("none", None)
LIES: dict[str, tuple[dict[str, tuple[str, Any]], str]] = {
    "nodes of another size": ({"item_bytes": ("mode", 48)}, "packed trees have nodes of 48 bytes"),
    "a kind beyond all sizes": ({"item_bytes": ("mode", 65)}, "packed trees have a column of the unknown kind 65"),
    "no width": ({"width": ("ints", [0])}, "packed trees are more than their group has room for"),
    "too wide": ({"width": ("ints", [31])}, "packed trees are more than their group has room for"),
    "no tree": ({"n_trees": ("ints", [0])}, "packed trees are more than their group has room for"),
    "too many trees": ({"n_trees": ("ints", [4])}, "packed trees are more than their group has room for"),
    "no node": ({"n_nodes": ("ints", [0])}, "packed trees have more nodes than their group has room for"),
    "a node too many": ({"n_nodes": ("ints", [4])}, "packed trees have more nodes than their group has room for"),
    "nodes beyond number": ({"n_nodes": ("ints", [2**62])}, "have more nodes than their group has room for"),
    "nodes far away": ({"nodes_at": ("ints", [-(2**40)])}, "packed trees lie outside of their group"),
    "values far away": ({"values_at": ("ints", [241])}, "packed trees lie outside of their group"),
    "nodes before the group": ({"nodes_at": ("ints", [-8])}, "lie outside of their group, or upon one another"),
    "values behind the group": ({"values_at": ("ints", [200])}, "lie outside of their group, or upon one another"),
    "values upon nodes": ({"values_at": ("ints", [184])}, "lie outside of their group, or upon one another"),
    "bits after the last": ({"is_leaf": ("raw", [0b1110])}, "packed trees have bits after the last"),
    "an unknown shape": ({"shape": ("mode", 2)}, "packed trees have a column of the unknown kind 2"),
    "nodes behind the last leaf": (
        {
            "is_leaf": ("bits", [True, True, True]),
            "feature": ("ints", []),
            "threshold": ("floats", []),
            "samples": ("ints", [5, 2, 3]),
            "weights": ("ints", [0, 0, 0]),
            "classes": ("raw", [0, 0, 0]),
        },
        "packed trees do not end where they should",
    ),
    "a child that is no later node": (
        {"shape": _STORED, "left": ("ints", [0]), "right": ("ints", [2])},
        "packed trees have children outside of their tree",
    ),
    "a child behind the tree": (
        {"shape": _STORED, "left": ("ints", [1]), "right": ("ints", [2])},
        "packed trees have children outside of their tree",
    ),
    "a child twice": (
        {"shape": _STORED, "left": ("ints", [1]), "right": ("ints", [0])},
        "packed trees have a node that is not the child of one node",
    ),
    "a child beyond 31 bits": (
        {"shape": _STORED, "left": ("ints", [BEYOND]), "right": ("ints", [1])},
        "packed trees derive a column from numbers beyond 31 bits",
    ),
    "another child below 31 bits": (
        {"shape": _STORED, "left": ("ints", [1]), "right": ("ints", [-BEYOND])},
        "packed trees derive a column from numbers beyond 31 bits",
    ),
    "samples beyond 31 bits": ({"samples": ("ints", [2, BEYOND])}, "derive a column from numbers beyond 31 bits"),
    "samples below 31 bits": ({"samples": ("ints", [-BEYOND, 3])}, "derive a column from numbers beyond 31 bits"),
    "weights beyond 31 bits": ({"weights": ("ints", [0, BEYOND])}, "derive a column from numbers beyond 31 bits"),
    "weights and samples beyond 31 bits": (
        {"weights": ("ints", [0, 2**31])},
        "packed trees derive a column from numbers beyond 31 bits",
    ),
    "weights of stored samples beyond 31 bits": (
        {"samples_kind": _STORED, "samples": ("ints", [5, 2, 2**62])},
        "packed trees derive a column from numbers beyond 31 bits",
    ),
    "counts beyond 31 bits": (
        {"classes": ("raw", [0, 255]), "impure": ("ints", [BEYOND, 1])},
        "packed trees derive a column from numbers beyond 31 bits",
    ),
    "no weight": ({"weights": ("ints", [-2, 0])}, "packed trees have a node without weight"),
    "no such class": ({"classes": ("raw", [0, 2])}, "packed trees name a class that is not there"),
    "classes without weights": (
        {"weights_kind": _STORED, "weights": ("floats", [5.0, 2.0, 3.0])},
        "packed trees derive shares of classes from nothing",
    ),
    "classes of one column": (
        {"width": ("ints", [1])},
        "packed trees derive shares of classes from nothing",
    ),
    "an impurity without classes": (
        {"values_kind": _STORED, "classes": ("floats", [0.4, 0.6, 1.0, 0.0, 0.0, 1.0]), "impure": _NOTHING},
        "packed trees derive an impurity from nothing",
    ),
    "an unknown kind of numbers": ({"feature": ("raw", [3, 0, 0, 0])}, "packed trees have numbers of 3 bytes"),
    "a kind beyond numbers": ({"feature": ("raw", [9])}, "packed trees have a column of the unknown kind 9"),
    "numbers that are not there": ({"impurity_kind": _STORED}, "packed trees end too early"),
    "numbers too many": ({"impurity_kind": ("raw", [0, 0])}, "bytes after the end of packed trees"),
}


def packed_tree(**changed: tuple[str, Any]) -> Any:
    """The columns of the tree above, one after the other, with others for some."""
    streams = Streams()
    for column in (HONEST | changed).values():
        match column:
            case ("mode", mode):
                streams.mode(mode)
            case ("ints", numbers):
                streams.ints(np.array(numbers, np.int64))
            case ("floats", numbers):
                streams.floats(np.array(numbers, float))
            case ("bits", flags):
                streams.bits(np.array(flags, bool))
            case ("raw", numbers):
                streams.raw(np.array(numbers, np.uint8))
    return np.frombuffer(b"".join(streams.parts()), np.uint8)


@pytest.fixture(params=["kernel", "numpy"])
def both(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the compiled kernel, and without."""
    if request.param == "numpy":
        monkeypatch.setattr(kernels, "COMPILED", False)
    elif not kernels.COMPILED:
        pytest.skip("no compiled kernels here")


@pytest.mark.usefixtures("both")
def test_the_honest_tree_is_the_one_that_it_says() -> None:
    """A root that tests column 1 at 0.5; its Gini impurity is 1 - (2² + 3²) / 5²."""
    out = np.full(N_BYTES, 0xAA, np.uint8)
    unpack(packed_tree(), out)
    nodes, values = out[:192].view(NODES[64]), out[192:].view("<f8").reshape(3, 2)
    assert [node.tolist()[:8] for node in nodes] == [
        (1, 2, 1, 0.5, 1 - 13 / 25, 5, 5.0, 0),
        (-1, -1, -2, -2.0, 0.0, 2, 2.0, 0),
        (-1, -1, -2, -2.0, 0.0, 3, 3.0, 0),
    ]
    assert values.tolist() == [[0.4, 0.6], [1.0, 0.0], [0.0, 1.0]]


@pytest.mark.usefixtures("both")
@pytest.mark.parametrize("name", LIES)
def test_a_lie_is_refused(name: str) -> None:
    """By its name, whether the compiled loop said no first or not."""
    changed, message = LIES[name]
    with pytest.raises(FormatError) as caught:
        unpack(packed_tree(**changed), np.zeros(N_BYTES, np.uint8))
    assert caught.value.message.endswith(message)


@pytest.mark.parametrize("trees", [0, 1])
def test_what_is_no_frame_is_refused(trees: int) -> None:
    """Before room is made for what it holds."""
    packed = zstd.encode([bytes(N_BYTES * 20)], N_BYTES * 20, 3)
    assert packed is not None
    stored = memoryview([packed, b"no frame at all, though of some length"][trees])
    message = [f"packed trees of {N_BYTES * 20} bytes, for a block of {N_BYTES}", "damaged zstd frame"][trees]
    with pytest.raises(FormatError, match=message):
        codec.decode(stored, memoryview(bytearray(N_BYTES)))
