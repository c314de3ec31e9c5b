"""Clusterings whose centers and merges compiled code reads without bounds (attacks M16, M28).

Sources: `sklearn/cluster/_k_means_lloyd.pyx`, `_k_means_minibatch.pyx`, `_bisect_k_means.py`, `_birch.py`,
`_hdbscan/_tree.pyx`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np

from vitrify.converters.sklearn.functions import METRIC, with_metric
from vitrify.graph.converter import AttrsRule
from vitrify.graph.invariants import ArrayField, IntField, Relation, invariants
from vitrify.graph.rows import Place, Rows

_FLOATS: Final = ("<f8", "<f4")
_MAX_THREADS: Final = 1024
_N_FEATURES: Final = IntField(name="n_features_in_", low=1, size="n_features")
_N_THREADS: Final = IntField(name="_n_threads", low=1, high=_MAX_THREADS)
_MERGES: Final = {"left_node": "<i8", "right_node": "<i8", "value": "<f8", "cluster_size": "<i8"}

_SOME_CLUSTERS: Final = Relation(message="there must be a cluster", holds=lambda env: env["n_clusters"] > 0)
_CENTERS: Final = (
    _N_FEATURES,
    _N_THREADS,
    ArrayField(name="cluster_centers_", dtypes=_FLOATS, shape=("n_clusters", "n_features")),
    _SOME_CLUSTERS,
    IntField(name="_n_features_out", size="n_clusters", is_optional=True),
)
check_kmeans: Final = invariants(
    *_CENTERS,
    ArrayField(name="_counts", dtypes=_FLOATS, shape=("n_clusters",), is_optional=True),
)
_check_subclusters: Final = invariants(
    _N_FEATURES,
    ArrayField(name="subcluster_centers_", dtypes=_FLOATS, shape=("n_subclusters", "n_features")),
    ArrayField(name="_subcluster_norms", dtypes=_FLOATS, shape=("n_subclusters",)),
    IntField(name="_n_features_out", size="n_subclusters", is_optional=True),
)
_check_bisecting: Final = invariants(
    *_CENTERS,
    ArrayField(name="_X_mean", dtypes=_FLOATS, shape=("n_features",), is_optional=True),
)


def check_birch(rows: Rows) -> None:
    """The leaves, which `partial_fit` collects one after the other, come to an end."""
    _check_subclusters(rows)
    following: dict[int, list[object]] = {}
    for row, leaf in enumerate(rows.places("dummy_leaf_") if rows.has("dummy_leaf_") else ()):
        seen = set[tuple[int, int]]()
        while leaf is not None:
            if not isinstance(leaf, Place) or leaf.type_id != "sklearn.cluster._birch._CFNode":
                rows.fail(row, "dummy_leaf_ is followed by something else than nodes")
            if (leaf.rows.table, leaf.row) in seen:
                rows.fail(row, "dummy_leaf_ leads back to itself")
            seen.add((leaf.rows.table, leaf.row))
            if leaf.rows.table not in following:
                following[leaf.rows.table] = leaf.rows.places("next_leaf_")
            leaf = following[leaf.rows.table][leaf.row]


def check_bisecting(rows: Rows) -> None:
    """The center of every node below the root, which prediction never looks at, is as wide as the input."""
    _check_bisecting(rows)
    if not rows.has("_bisecting_tree"):
        return
    columns: dict[int, list[list[object]]] = {}
    widths = rows.integers("n_features_in_")
    for row, root in enumerate(rows.places("_bisecting_tree")):
        waiting, seen = [root], set[tuple[int, int]]()
        while waiting:
            node = waiting.pop()
            if node is None:
                continue
            if not isinstance(node, Place) or node.type_id != "sklearn.cluster._bisect_k_means._BisectingTree":
                rows.fail(row, "_bisecting_tree holds something else than nodes")
            if (node.rows.table, node.row) in seen:
                rows.fail(row, "_bisecting_tree leads back to itself")
            seen.add((node.rows.table, node.row))
            if node.rows.table not in columns:
                columns[node.rows.table] = [node.rows.places(name) for name in ("center", "left", "right")]
            center, left, right = (column[node.row] for column in columns[node.rows.table])
            is_read = node is not root
            if is_read and (not isinstance(center, Place) or center.shape != (int(widths[row]),)):
                rows.fail(row, f"a node of _bisecting_tree has no center of {widths[row]} features")
            waiting += [left, right]


def check_hdbscan(rows: Rows) -> None:
    """The i-th merge joins two points, or clusters of earlier merges, which are numbered on from the points."""
    if not rows.has("_single_linkage_tree_"):
        return
    for row, merges in enumerate(rows.arrays("_single_linkage_tree_")):
        fields = {name: spec[0].str for name, spec in (merges.dtype.fields or {}).items()}
        if merges.ndim != 1 or fields != _MERGES:
            rows.fail(row, "_single_linkage_tree_ must be a vector of merges")
        bound: Any = np.arange(len(merges)) + len(merges) + 1
        for name in ("left_node", "right_node"):
            if not ((merges[name] >= 0) & (merges[name] < bound)).all():
                rows.fail(row, f"_single_linkage_tree_ has a {name} that does not exist yet")


_KMEANS: Final = AttrsRule(check=check_kmeans, requires=("cluster_centers_", "_n_threads"))
RULES: Final[Mapping[str, AttrsRule]] = {
    "sklearn.cluster._kmeans.KMeans": _KMEANS,
    "sklearn.cluster._kmeans.MiniBatchKMeans": _KMEANS,
    "sklearn.cluster._bisect_k_means.BisectingKMeans": AttrsRule(
        check=check_bisecting, requires=("_bisecting_tree", "_n_threads")
    ),
    "sklearn.cluster._birch.Birch": AttrsRule(check=check_birch, requires=("subcluster_centers_",)),
    "sklearn.cluster._hdbscan.hdbscan.HDBSCAN": with_metric(
        METRIC, AttrsRule(check=check_hdbscan, requires=("_single_linkage_tree_",))
    ),
}
