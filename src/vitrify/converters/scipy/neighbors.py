"""The k-d trees of scipy.spatial: their data and settings; the nodes are built again (attacks M24).

scipy copies nodes from a file into memory as they are and follows their pointers, so no node is ever stored. scipy
does not keep how the tree was asked to be built; it is found by building it again.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import scipy.spatial

from vitrify.converters.checking.claims import is_array, require
from vitrify.converters.scipy import types_of
from vitrify.converters.scipy.rowwise import charged, each_row
from vitrify.errors import UnsupportedError
from vitrify.graph.converter import Converter
from vitrify.graph.paths import with_article

_WAYS: Final = ((True, True), (False, True), (True, False), (False, False))
_TREE_BYTES: Final = 10_000
_MAX_DEPTH: Final = 20_000
_SPLITS_PER_DIMENSION: Final = 2_200


def _check(data: Any, leafsize: Any, boxsize: Any, compact_nodes: Any, balanced_tree: Any) -> None:
    require(is_array(data, "f", 2) and data.dtype == np.float64, "data must be a table of float64")
    require(data.flags.c_contiguous, "data must be contiguous")
    require(type(leafsize) is int and 1 <= leafsize < 2**31, "leafsize must be a positive int")
    require(type(compact_nodes) is bool and type(balanced_tree) is bool, "settings must be bools")
    require(np.isfinite(data).all(), "data must be finite")
    # Halving an interval of floats until two points part takes at most one step for each exponent and bit, and the
    # compiled code recurses at each.
    depth = min(len(data), _SPLITS_PER_DIMENSION * data.shape[1])
    require(balanced_tree or depth <= _MAX_DEPTH, "an unbalanced tree of so many points could be too deep")
    if boxsize is not None:
        require(is_array(boxsize, "f", 1) and boxsize.dtype == np.float64, "boxsize must be float64")
        require(
            boxsize.shape == data.shape[1:] and np.isfinite(boxsize).all(), "boxsize has another size than the data"
        )


def _decoder(name: str) -> Any:
    cls: Any = getattr(scipy.spatial, name)

    def decode(data: Any, leafsize: Any, boxsize: Any, compact_nodes: Any, balanced_tree: Any) -> Any:
        return cls(data, leafsize, compact_nodes, copy_data=False, balanced_tree=balanced_tree, boxsize=boxsize)

    return decode


def _encode(tree: Any) -> tuple[Any, ...]:
    boxsize = None if tree.boxsize is None else np.array(tree.boxsize, np.float64)
    for compact_nodes, balanced_tree in _WAYS:
        found = (tree.data, int(tree.leafsize), boxsize, compact_nodes, balanced_tree)
        try:
            _check(*found)
            again = _decoder("cKDTree")(*found)
        except ValueError as error:
            raise UnsupportedError(
                f"{with_article(type(tree).__name__)} that cannot be built again: {error}"
            ) from error
        if np.array_equal(again.indices, tree.indices) and _are_alike(_root(again), _root(tree)):
            return found
    raise UnsupportedError(
        f"{with_article(type(tree).__name__)} that is not what its data give",
        hint="Build it again, with copy_data=True",
    )


def _root(tree: Any) -> Any:
    """The root as compiled code sees it; `KDTree.tree` makes nodes of another class and keeps them."""
    return scipy.spatial.cKDTree.tree.__get__(tree)


def _are_alike(mine: Any, theirs: Any) -> bool:
    """Whether two trees split at the same places."""
    waiting = [(mine, theirs)]
    while waiting:
        one, other = waiting.pop()
        if one.split_dim != other.split_dim or (one.split_dim != -1 and one.split != other.split):
            return False
        if one.split_dim != -1:
            waiting += [(one.lesser, other.lesser), (one.greater, other.greater)]
    return True


def _tree(name: str) -> Converter[Any]:
    type_id = f"scipy.spatial.{name}"
    fields = ("data", "leafsize", "boxsize", "compact_nodes", "balanced_tree")
    return Converter(
        type_id=type_id,
        types=types_of(type_id),
        fields=fields,
        encode=_encode,
        decode=_decoder(name),
        check=charged(_TREE_BYTES, each_row(_check, *fields)),
    )


CONVERTERS: tuple[Converter[Any], ...] = (_tree("cKDTree"), _tree("KDTree"))
