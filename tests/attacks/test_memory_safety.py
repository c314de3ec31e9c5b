"""Attacks M11 to M28 on scikit-learn, numpy, scipy and pandas: what else compiled code reads without any bound.

M26, M27, M30 and M31 are about libraries that have no converters here.
"""

from __future__ import annotations

import numpy as np
import pytest

from tests.attacks.lies import Edit, Told, element, every, long, narrow, refuse, reshaped, short, value
from tests.support.lying_writer import Lie

_SHAPE = r"\.shape\[\d\] is \d+, must be \d+"
_TREE = "$._tree"
_COUNTS = "_n_support does not add up to the number of support vectors"
_ONE_HOT = "_n_features_outs says"
_NUMBERING = "vocabulary_ must number its"


def _counts(*new: int) -> Edit:
    return element("$._n_support", new, slice(None))


def _lists(path: str, new: int, item: int = 0) -> Edit:
    return value(f"{path}[{item}]", new)


def _first_key(key: tuple[object, ...]) -> Edit:
    """Other coordinates for the first entry."""

    def edit(lie: Lie) -> None:
        at = next(at for at, table in enumerate(lie.graph["tables"]) if table["type"] == "tuple")
        items = lie.read(at)["columns"]["items"]
        lie.graph["tables"][at]["columns"]["items"] = lie.column([*key, *items[2:]])

    return edit


_LEAF_OF_ALL = [
    element("$._tree.node_data", 1, 1, "is_leaf"),
    element("$._tree.node_data", 2**40, 1, "idx_end"),
]
"""An inner node that is a leaf, and holds what lies far beyond the points."""
_COLUMNS = [
    (2**30, r"columns reaches from 1 to 1073741824, must lie in \[0, 6\)"),
    (-1, r"columns reaches from -1 to 5, must lie in \[0, 6\)"),
    (2**70, "a column is far out of range"),
    ("x", "a column is no int"),
]
_KEYS = [
    ((2**30, 0), r"a coordinate lies outside \[0, 6\)"),
    ((-1, 0), r"a coordinate lies outside \[0, 6\)"),
    ((True, 0), r"a coordinate lies outside \[0, 6\)"),
]


def _chain(_: object) -> object:
    """More points than a tree that halves nothing may have."""
    return np.zeros((20_001, 10))


MACHINES = [
    Told("M11", "svc", _counts(-100, 80, 80), _COUNTS),
    Told("M11", "svc", reshaped("$._n_support", lambda a: a.repeat(40_000 // 3)), _COUNTS),
    Told("M11", "svc", reshaped("$._intercept_", short), "_intercept_" + _SHAPE),
    Told("M11", "svc", reshaped("$._dual_coef_", narrow), "_dual_coef_ must have the shape"),
    Told("M11", "svc", reshaped("$._probA", lambda a: a.resize(1) or a), "_probA and _probB must be empty"),
    Told("M12", "svc", reshaped("$.support_", long), _COUNTS),
    Told("M12", "svc", reshaped("$.support_vectors_", narrow), "support_vectors_ must have the shape"),
    Told("M12", "svc-precomputed", element("$.support_", 2**30), "support_ holds a number that is not below 60"),
    Told("M12", "svc-precomputed", element("$.support_", -1), "support_ holds a number below 0"),
    Told("M13", "svc-sparse", _counts(-100, 80, 80), _COUNTS),
    Told("M13", "svc-sparse", reshaped("$.support_", long), _COUNTS),
    Told("M13", "svc-sparse", element("$.support_vectors_.shape", 3, 1), "support_vectors_ must have the shape"),
]
NEIGHBOURS = [
    *(
        told
        for model in ("kdtree", "balltree")
        for told in (
            Told("M14", model, element("$._tree.idx_array", 2**40), "points outside the data", _TREE),
            Told("M14", model, element("$._tree.idx_array", -1), "points outside the data", _TREE),
            Told("M14", model, element("$._tree.node_data", 2**40, 0, "idx_end"), "idx_end", _TREE),
            Told("M14", model, reshaped("$._tree.node_data", short), "must hold 1 nodes", _TREE),
            Told("M14", model, reshaped("$._tree.node_bounds", narrow), "node_bounds must be", _TREE),
            Told("M14", model, reshaped("$._tree.data", short), "_fit_X" + _SHAPE),  # they are one array
            Told("M14", model, value("$._tree.n_nodes", 2**40), "n_levels and n_nodes must be", _TREE),
            Told("M14", model, value("$._tree.leaf_size", 0), "leaf_size must be at least 1", _TREE),
            Told("M14", model, value("$._tree.dist_metric", None), "dist_metric must be of type", _TREE),
        )
    ),
    *(
        Told("M14", model, element("$._tree.node_data", new, at, name), f"an {name} that does not follow", _TREE)
        for model in ("kdtree-deep", "balltree-deep")
        for name, at, new in (
            ("idx_end", 1, 2**40),
            ("idx_start", 2, -1),
            ("idx_end", 1, 45),  # node 2 begins at 30
            ("idx_start", 2, 45),
            ("is_leaf", 1, 1),
            ("is_leaf", -1, 0),  # its children would lie behind the last node
        )
    ),
    *(
        Told("M14", model, every(*_LEAF_OF_ALL), "an idx_end that does not follow", _TREE)
        for model in ("kdtree-deep", "balltree-deep")
    ),
    *(
        told
        for model in ("brute", "radius")
        for told in (
            Told("M15", model, reshaped("$._fit_X", narrow), "_fit_X" + _SHAPE),
            Told("M15", model, reshaped("$._fit_X", short), "_fit_X" + _SHAPE),
            Told("M15", model, reshaped("$._y", short), "_y must hold 60 ints"),
            Told("M15", model, element("$._y", 2**40), "_y must number the 3 classes"),
            Told("M15", model, element("$._y", -1), "_y must number the 3 classes"),
            Told("M15", model, reshaped("$.classes_", short), "_y must number the 2 classes"),
        )
    ),
    Told("M15", "brute-sparse", value("$.n_features_in_", 9), "_fit_X" + _SHAPE),
]
CLUSTERS = [
    *(
        told
        for model in ("kmeans", "minibatch")
        for told in (
            Told("M16", model, reshaped("$.cluster_centers_", narrow), "cluster_centers_" + _SHAPE),
            Told("M16", model, value("$._n_threads", 10**6), "_n_threads must be at most 1024"),
            Told("M16", model, value("$._n_threads", -1), "_n_threads must be an int of at least 1"),
        )
    ),
    Told("M16", "minibatch", reshaped("$._counts", short), "_counts" + _SHAPE),
    Told("M16", "bisecting", reshaped("$._bisecting_tree.left.center", short), "has no center of 4 features"),
    Told("M16", "bisecting", reshaped("$._X_mean", short), "_X_mean" + _SHAPE),
    Told("M16", "birch", reshaped("$._subcluster_norms", short), "_subcluster_norms" + _SHAPE),
    Told("M16", "birch", reshaped("$.subcluster_centers_", narrow), "subcluster_centers_" + _SHAPE),
    Told("M16", "birch", value("$._n_features_out", 2**31), "_n_features_out is 2147483648"),
    *(
        Told("M16", model, every(reshaped("$.cluster_centers_", lambda a: a[:0]), *edits), "there must be a cluster")
        for model, *edits in (
            ("kmeans", value("$._n_features_out", 0)),
            ("minibatch", value("$._n_features_out", 0), reshaped("$._counts", lambda a: a[:0])),
            ("bisecting", value("$._n_features_out", 0)),
        )
    ),
    *(
        Told("M28", "hdbscan", element("$._single_linkage_tree_", node, 0, side), f"a {side} that does not exist yet")
        for side in ("left_node", "right_node")
        for node in (2**40, -1, 60)
    ),
    *(
        Told("M28", "isotonic", reshaped(f"$.{name}", change), "must be equal in length along interpolation axis")
        for name in ("X_thresholds_", "y_thresholds_")
        for change in (short, lambda a: a[:0])
    ),
    Told(
        "M28",
        "isotonic",
        every(*(reshaped(f"$.{name}_thresholds_", lambda a: a[:0]) for name in "Xy")),
        "cannot be rebuilt from these values",
    ),
]
SPARSE = [
    *(
        told
        for model in ("csr", "csc")
        for told in (
            Told("M17", model, element("$.indices", 2**30), "indices"),
            Told("M17", model, element("$.indices", -1), "indices"),
            Told("M17", model, element("$.indptr", 5, 2), "indptr goes back"),
            Told("M17", model, element("$.indptr", 7, -1), "indptr goes from 0 to 7"),
            Told("M17", model, element("$.indptr", 2**30, 3), "indptr goes back"),
            Told("M17", model, reshaped("$.data", short), "indptr goes from 0 to 6"),
            Told("M17", model, element("$.shape", 3, slice(None)), "indptr has 7 entries, needs 4"),
        )
    ),
    Told("M18", "bsr", element("$.indices", 2**30), "indices"),
    Told("M18", "bsr", element("$.indptr", 5, 1), "indptr goes back"),
    Told("M18", "coo", element("$.coords[0]", 2**30), "coord|out of range|not below"),
    Told("M18", "dia", reshaped("$.offsets", long), "offsets|diagonal"),
    *(Told("M18", "lil", value("$.rows[0][0]", new), match) for new, match in _COLUMNS),
    Told("M18", "lil", element("$.shape", 3, slice(None)), "needs an object array with a list for each row"),
    Told("M18", "lil", element("$.shape", 3, 1), r"reaches from 0 to 5, must lie in \[0, 3\)"),
]
CLAIMS = [
    Told("M18", "lil", reshaped("$.shape", lambda a: a[:1]), "needs an object array with a list for each row"),
    Told("M18", "dok", element("$.shape", 3, 0), r"a coordinate lies outside \[0, 3\)"),
    Told("M18", "dok", element("$.shape", 3, 1), r"a coordinate lies outside \[0, 3\)"),
    *(Told("M18", "dok", _first_key(key), match) for key, match in _KEYS),
    Told(
        "M18", "coo", every(element("$.coords[0]", 0, 1), element("$.coords[1]", 0, 1)), "not in canonical order",
    ),
    Told("M18", "coo", value("$.has_canonical_format", 2), "not in canonical order"),
]  # fmt: skip
"""Lies that have another form, or none, in what others write."""
TEXT = [
    Told("M19", "words", value("$.vocabulary_['red']", 2**30), _NUMBERING),
    Told("M19", "words", value("$.vocabulary_['red']", -1), _NUMBERING),
    Told("M19", "words", value("$.vocabulary_['red']", 0), _NUMBERING),
    Told("M19", "dicts", value("$.vocabulary_['a']", 2**30), _NUMBERING),
    Told("M19", "labels", value("$._cached_dict['a']", 2**30), "_cached_dict must number the classes"),
    *(
        Told("M20", model, value("$.n_features", n), match)
        for model in ("hashing", "hasher")
        for n, match in ((0, "at least 1"), (-1, "at least 1"), (2**40, "at most 2147483647"))
    ),
]
ENCODERS = [
    Told("M21", "one-hot", _lists("$._n_features_outs", 2), _ONE_HOT),
    Told("M21", "one-hot", _lists("$._n_features_outs", -1, 1), _ONE_HOT),
    Told("M21", "one-hot-numbers", reshaped("$.categories_[0]", long), "must be sorted"),
    Told("M21", "one-hot-numbers", reshaped("$.categories_[0]", short), _ONE_HOT),
    Told("M21", "one-hot-numbers", element("$.categories_[0]", 7), "must be sorted"),
    Told("M21", "one-hot-drop", _lists("$._drop_idx_after_grouping", -5), "drops category -5 of 3"),
    Told("M21", "one-hot-drop", _lists("$._drop_idx_after_grouping", 3), "drops category 3 of 3"),
    Told("M21", "one-hot-drop", value("$._drop_idx_after_grouping", None), _ONE_HOT),
    Told("M21", "one-hot-rare", element("$._default_to_infrequent_mappings[0]", 9), "mapped beyond the"),
    Told("M21", "one-hot-rare", element("$._infrequent_indices[0]", 9), "must be numbers of categories"),
    Told("M21", "one-hot-rare", value("$._default_to_infrequent_mappings[0]", None), "without a mapping"),
    Told("M22", "spline", reshaped("$.bsplines_[0].c", short), "", "$.bsplines_[0]"),
    Told("M22", "spline", reshaped("$.bsplines_[0].t", long), "", "$.bsplines_[0]"),
    Told("M22", "spline", value("$.bsplines_[0].k", 10**6), "", "$.bsplines_[0]"),
]
NUMPY_PANDAS = [
    *(Told("M23", "mt", value("$.bits.pos", pos), "pos", "$.bits") for pos in (10**8, -(10**8), 625, -1)),
    Told("M23", "mt", reshaped("$.bits.key", short), "key", "$.bits"),
    *(Told("M23", "philox", value("$.bits.buffer_pos", pos), "buffer_pos", "$.bits") for pos in (-(10**7), 5)),
    Told("M25", "frame", value("$.index.step", 0), "step", "$.index"),
    *(
        Told("M23", model, value(f"$.bits.{name}", new), f"{name} is", "$.bits")
        for model, name, new in (
            ("pcg", "state", 2**128),
            ("pcg", "state", -1),
            ("pcg", "inc", 2**128 + 1),
            ("pcg", "inc", 2),
            ("pcg", "has_uint32", 2),
            ("pcg", "uinteger", 2**32),
            ("pcg", "uinteger", -1),
            ("sfc", "has_uint32", 2),
            ("sfc", "uinteger", 2**32),
        )
    ),
    Told("M23", "sfc", reshaped("$.bits.state", short), "state is not 4 words of uint64", "$.bits"),
]
POINTS = [
    told
    for model in ("ckdtree", "scipy-kdtree")
    for told in (
        Told("M24", model, value("$.leafsize", 0), "leafsize must be a positive int"),
        Told("M24", model, value("$.leafsize", 2**31), "leafsize must be a positive int"),
        Told("M24", model, element("$.data", float("nan"), (0, 0)), "data must be finite"),
        Told("M24", model, reshaped("$.data", np.ravel), "data must be a table of float64"),
        Told("M24", model, value("$.boxsize", 1.0), "boxsize must be float64"),
        Told("M24", model, value("$.compact_nodes", 2), "settings must be bools"),
        Told("M24", model, every(reshaped("$.data", _chain), value("$.balanced_tree", False)), "could be too deep"),
    )
]
FRAMES = [
    *(
        Told("M25", "frame", edit, "the places of the columns are not a permutation")
        for edit in (
            element("$.order", 5),
            element("$.order", -1),
            element("$.order", 0, slice(None)),
            reshaped("$.order", short),
        )
    ),
    Told("M25", "frame", reshaped("$.blocks[0]", long), "3 columns but 2 names"),
    Told("M25", "frame", reshaped("$.blocks[0]", narrow), "columns and index differ in length"),
    Told("M25", "frame", reshaped("$.blocks[0]", np.ravel), "a table of a frame has two dimensions"),
    Told("M25", "frame", value("$.index.stop", 4), "columns and index differ in length"),
    *(
        Told("M25", "frame", element("$.arrays[0].codes", code), "a code is that of no category", "$.arrays[0]")
        for code in (2, 127, -2, -128)
    ),
    Told("M25", "frame", reshaped("$.arrays[0].codes", short), "columns and index differ in length"),
    *(Told("M25", "multiindex", element("$.codes[1]", code), "a code is that of no label") for code in (2, 127, -2)),
    Told("M25", "multiindex", reshaped("$.codes[0]", short), "Unequal code lengths"),
    Told("M25", "multiindex", value("$.codes[0]", None), "a code is that of no label"),
    Told("M25", "multiindex", value("$.sortorder", 3), "impossible sortorder"),
]


@pytest.mark.parametrize("told", MACHINES, ids=str)
def test_M11_to_M13_support_vector_machines(told: Told) -> None:
    """Counts, lengths and widths that libsvm derives from one another."""
    refuse(told)


@pytest.mark.parametrize("told", NEIGHBOURS, ids=str)
def test_M14_to_M15_neighbours(told: Told) -> None:
    """Search trees, stored training data and labels."""
    refuse(told)


@pytest.mark.parametrize("told", CLUSTERS, ids=str)
def test_M16_to_M28_clusters_and_steps(told: Told) -> None:
    """Centers as wide as the input, merges of what exists, thresholds that belong together."""
    refuse(told)


def test_M16_a_tree_that_leads_back_to_itself() -> None:
    """Its left half is its root."""

    def edit(lie: Lie) -> None:
        lie.assign("$._bisecting_tree.left", lie.ref("$._bisecting_tree"))

    refuse(Told("M16", "bisecting", edit, "leads back to itself"))


@pytest.mark.parametrize("told", [*SPARSE, *CLAIMS], ids=str)
def test_M17_to_M18_sparse_matrices(told: Told) -> None:
    """Every format."""
    refuse(told)


@pytest.mark.parametrize("told", TEXT, ids=str)
def test_M19_to_M20_vocabularies_and_hashing(told: Told) -> None:
    """Numbers that become columns of a sparse matrix."""
    refuse(told)


@pytest.mark.parametrize("told", ENCODERS, ids=str)
def test_M21_to_M22_encoders_and_splines(told: Told) -> None:
    """Columns of categories, coefficients and knots."""
    refuse(told)


@pytest.mark.parametrize("told", NUMPY_PANDAS, ids=str)
def test_M23_to_M25_generators_and_indexes(told: Told) -> None:
    """Positions and ranges in a generator's state, and an index that is not one."""
    refuse(told)


@pytest.mark.parametrize("told", POINTS, ids=str)
def test_M24_search_trees_of_scipy(told: Told) -> None:
    """Points and settings that no tree can be built of."""
    refuse(told)


@pytest.mark.parametrize("told", FRAMES, ids=str)
def test_M25_frames(told: Told) -> None:
    """Places of columns, lengths, and codes of categories and of labels."""
    refuse(told)
