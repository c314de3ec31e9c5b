"""The nodes and values of trees, a few MiB of them in a group.

A piece belongs to one group as a whole. Small arrays of many trees lie in one piece, and bring these trees together.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any, Final, NamedTuple

import numpy as np

from vitrify.container.codecs import TREES
from vitrify.container.trees import NODES, codec
from vitrify.container.trees.places import Group as Layout
from vitrify.container.writer import Group, Piece
from vitrify.graph.drafts import Draft

_GROUP_BYTES: Final = 1 << 22
_ONE_NUMBER_BYTES: Final = 1 << 23  # trees for regression share a dictionary of what their leaves hold
_VALUES: Final = np.dtype("<f8")
Places = Mapping[int, tuple[int, int]]


class _Tree(NamedTuple):
    """A tree whose nodes and values lie in pieces: the number of each piece, and the offset in it."""

    item_bytes: int
    width: int
    n_nodes: int
    nodes: tuple[int, int]
    values: tuple[int, int]


def tree_groups(drafts: Sequence[Draft], places: Places, pieces: Sequence[Piece]) -> list[Group]:
    """The groups for the trees of a model.

    Args:
        drafts: The tables of trees, with the columns `nodes` and `values`.
        places: For arrays by `id` the number of the piece, and the offset in it.
        pieces: All pieces.
    """
    by_kind: dict[tuple[int, int], list[_Tree]] = {}
    is_node = _NodeTypes()
    for draft in drafts:
        for nodes, values in zip(draft.columns["nodes"], draft.columns["values"], strict=True):
            tree = _tree(nodes, values, places, is_node)
            if tree is not None:
                by_kind.setdefault((tree.item_bytes, tree.width), []).append(tree)
    taken: set[int] = set()
    groups: list[Group] = []
    for (_, width), found in by_kind.items():
        for together in _batches(_connected(found), pieces, _ONE_NUMBER_BYTES if width == 1 else _GROUP_BYTES):
            numbers = _pieces_of(together)
            if taken.isdisjoint(numbers):  # trees of another kind may lie in the same piece
                taken.update(numbers)
                groups.append(_group(together, numbers, pieces))
    return groups


class _NodeTypes:
    """Whether the fields that count lie where those of scikit-learn's nodes do, by dtype; arrays share theirs."""

    def __init__(self) -> None:
        self._known: dict[int, tuple[np.dtype[Any], bool]] = {}

    def __call__(self, dtype: np.dtype[Any]) -> bool:
        found = self._known.get(id(dtype))
        if found is None:
            found = self._known[id(dtype)] = dtype, _is_node(dtype)
        return found[1]


def _tree(nodes: Any, values: Any, places: Places, is_node: _NodeTypes) -> _Tree | None:
    at, values_at = places.get(id(nodes)), places.get(id(values))
    if at is None or values_at is None:
        return None
    shape, n_nodes, dtype = values.shape, len(nodes), nodes.dtype
    if nodes.ndim != 1 or len(shape) != 3 or shape[0] != n_nodes or not values.size:
        return None
    if not is_node(dtype) or values.dtype != _VALUES or not values.flags.c_contiguous:
        return None
    return _Tree(dtype.itemsize, shape[1] * shape[2], n_nodes, at, values_at)


def _is_node(dtype: np.dtype[Any]) -> bool:
    expected = NODES.get(dtype.itemsize)
    if expected is None or dtype.fields is None or expected.fields is None:
        return False
    named = {name: (spec[0].str, spec[1]) for name, spec in expected.fields.items() if name != "padding"}
    return {name: (spec[0].str, spec[1]) for name, spec in dtype.fields.items()} == named


def _connected(found: Sequence[_Tree]) -> list[list[_Tree]]:
    """The trees, those together that share a piece, in the order of the first of each."""
    leader: dict[int, int] = {}

    def find(piece: int) -> int:
        while (above := leader.setdefault(piece, piece)) != piece:
            leader[piece] = piece = leader[above]
        return piece

    for tree in found:
        leader[find(tree.values[0])] = find(tree.nodes[0])
    together: dict[int, list[_Tree]] = {}
    for tree in found:
        together.setdefault(find(tree.nodes[0]), []).append(tree)
    return list(together.values())


def _batches(parts: Sequence[list[_Tree]], pieces: Sequence[Piece], most_bytes: int) -> Iterator[list[_Tree]]:
    """Neighbours, up to so many bytes."""
    batch: list[_Tree] = []
    n_bytes = 0
    for part in parts:
        batch += part
        n_bytes += sum(pieces[number].n_bytes for number in _pieces_of(part))
        if n_bytes >= most_bytes:
            yield batch
            batch, n_bytes = [], 0
    if batch:
        yield batch


def _pieces_of(found: Sequence[_Tree]) -> tuple[int, ...]:
    return tuple(sorted({place[0] for tree in found for place in (tree.nodes, tree.values)}))


def _group(found: Sequence[_Tree], numbers: tuple[int, ...], pieces: Sequence[Piece]) -> Group:
    begins: dict[int, int] = {}
    n_bytes = 0
    for number in numbers:
        begins[number] = n_bytes
        n_bytes += pieces[number].n_bytes
    spans = [
        (begins[piece] + offset, n_nodes, begins[values_piece] + values_offset)
        for _, _, n_nodes, (piece, offset), (values_piece, values_offset) in found
    ]
    layout = Layout(
        n_bytes=n_bytes,
        item_bytes=found[0].item_bytes,
        width=found[0].width,
        spans=np.array(spans, np.int64).reshape(-1, 3),
    )
    encode = partial(codec.encode, layout)
    return Group(name="$trees", numbers=numbers, codec=TREES, encode=encode)
