"""Nodes of trees, as a loop gets them: whatever they hold and however they lie, it says what numpy says."""

from __future__ import annotations

from functools import cache
from random import Random
from typing import Any, Final

import numpy as np

from tests.fuzz.kernels.feeder import Case, Feeder, extreme, numbers
from tests.fuzz.kernels.guarding import DisagreementError, Guard
from tests.fuzz.kernels.memory import Place, placed
from tests.unit.converters import test_kernels
from tests.unit.converters.test_kernels import MISSING, Grown

_READ: Final[dict[str, set[str]]] = {
    "tree": {"left_child", "right_child", "feature", "threshold", "n_node_samples", MISSING},
    "predictor": {"left", "right", "feature_idx", MISSING, "bitset_idx", "is_leaf", "is_categorical"},
}
_READ["splits"] = _READ["predictor"]
"""The fields that a loop reads, or at least looks for; it does not look at others."""

_FORMATS: Final = ("<i8", "<u8", "<i4", "<u4", "<f8", "|u1", ">i8", "<f4")
_MOST_NODES: Final = 120


@cache
def _small(kind: str) -> list[Grown]:
    """Trees of few nodes, and one of a leaf alone."""
    found, _ = test_kernels.source(kind)
    leaf = found[-1]._replace(nodes=found[-1].nodes[-1:], depth=0)
    return [tree for tree in found if len(tree.nodes) <= _MOST_NODES] + [leaf]


def _fields(kind: str, random: Random) -> tuple[list[list[Any]], int]:
    """Name, format and place of each field of a node, and the size of it: scikit-learn's, or others."""
    dtype: Any = random.choice(test_kernels.source(kind)[1])
    fields = [[name, dtype[name].str, dtype.fields[name][1]] for name in dtype.names]
    if random.random() < 0.7:
        return fields, dtype.itemsize
    random.shuffle(fields)
    end = random.choice((0, 1))
    for field in fields:
        if random.random() < 0.04:
            field[1] = random.choice(_FORMATS)
        field[2], end = end, end + np.dtype(field[1]).itemsize + random.choice((0, 0, 1))
    field = random.choice(fields)
    if random.random() < 0.1 and (kind == "tree" or field[0] != MISSING):
        fields.remove(field)
    return fields, end


def _dtype(fields: list[list[Any]], size: int) -> np.dtype[Any]:
    names, formats, offsets = zip(*fields, strict=True)
    shape: Any = {"names": names, "formats": formats, "offsets": offsets, "itemsize": size}
    dtype: np.dtype[Any] = np.dtype(shape)
    return dtype


def _changed(nodes: Any, random: Random) -> bytes:
    """The nodes with some numbers of one field changed, seldom none of them."""
    if random.random() < 0.9:
        field = random.choice(nodes.dtype.names)
        column = np.ascontiguousarray(nodes[field])
        if column.dtype.kind != "f":
            column = numbers(column, random)
        else:
            column[random.randrange(len(column))] = random.choice((np.nan, np.inf, -0.0))
        nodes[field] = column
    data: bytes = nodes[: 0 if random.random() < 0.01 else None].tobytes()
    return data


def _draw(kind: str, random: Random) -> Case:
    """Some trees, their bounds and depths, and the step from one node to the next; 0 leaves that to the guard."""
    fields, size = _fields(kind, random)
    trees = [random.choice(_small(kind)) for _ in range(random.choice((1, 1, 2, 3)))]
    with np.errstate(all="ignore"):
        nodes = [test_kernels.retyped(tree.nodes, _dtype(fields, size)) for tree in trees]
    return {
        "fields": fields,
        "size": size,
        "nodes": [_changed(some, random) for some in nodes],
        "bounds": [tree.bound if random.random() < 0.9 else max(1, extreme(random)) for tree in trees],
        "depths": [tree.depth if random.random() < 0.9 else extreme(random) for tree in trees],
        "step": random.choice((0, 0, 1, 2, -1)),
        "place": random.randrange(len(Place)),
    }


def _fits(kind: str, fields: list[list[Any]]) -> bool:
    """Whether what a loop reads is there, each in a format that it takes."""
    dtypes: Any = test_kernels.source(kind)[1]
    allowed = {(name, dtype[name].str) for dtype in dtypes for name in dtype.names}
    found = {name for name, _, _ in fields}
    return all((name, form) in allowed for name, form, _ in fields if name in _READ[kind]) and (
        found | {MISSING} >= _READ[kind]
    )


def _run(kind: str, case: Case, guard: Guard) -> str:
    """A loop takes what numpy takes; of other fields it says that they are wrong."""
    dtype = _dtype(case["fields"], case["size"])
    flat = [np.frombuffer(data, dtype) for data in case["nodes"]]
    nodes = [_spread(array, case["step"], Place(case["place"])) for array in flat]
    grown = [Grown(*tree) for tree in zip(nodes, case["bounds"], case["depths"], strict=True)]
    found: bool | None = None
    try:
        with guard.between():
            found = test_kernels.kernel_holds(grown, kind)
    except ValueError as error:
        if "the nodes of a tree cannot have the field" not in str(error):
            raise
    expected: bool | None = None
    if _fits(kind, case["fields"]):
        are_trees = kind == "splits" or all(map(len, flat))  # that each has a root, another loop has seen to
        expected = are_trees and test_kernels.numpy_holds(grown, kind)
    if found is not expected:
        raise DisagreementError(f"the loop says {found}, numpy {expected}")
    return "taken" if found else "refused"


def _spread(array: Any, step: int, place: Place) -> Any:
    """The same nodes so far apart, the others being noise; no step leaves them as they are."""
    if not step or not len(array):
        return array
    noise = np.full(((len(array) - 1) * abs(step) + 1) * array.itemsize, 0xFF, np.uint8)
    memory = placed(noise.view(array.dtype), place)
    memory[:: abs(step)] = array[:: 1 if step > 0 else -1]
    return memory[:: abs(step)] if step > 0 else memory[::-1]


def _feeder(kind: str, name: str) -> Feeder:
    return Feeder(
        feeds=frozenset({name}),
        draw=lambda random: _draw(kind, random),
        run=lambda case, guard: _run(kind, case, guard),
    )


FEEDERS: Final = {
    "tree nodes": _feeder("tree", "tree_nodes_hold"),
    "predictor nodes": _feeder("predictor", "predictor_nodes_hold"),
    "predictor splits": _feeder("splits", "predictor_splits_hold"),
}
