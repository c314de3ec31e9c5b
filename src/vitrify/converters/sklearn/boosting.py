"""Histogram gradient boosting: the nodes of its predictors, fully checked (attacks M09, M10).

Prediction follows child indices and feature indices without any bound. Source of the invariants:
`sklearn/ensemble/_hist_gradient_boosting/_predictor.pyx`.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from vitrify import kernels
from vitrify.converters.sklearn.steady import require_steady, shapes_of_answers
from vitrify.errors import UnsupportedError
from vitrify.graph.invariants import ArrayField, ShapeField, contents, invariants
from vitrify.graph.rows import Place, Rows

_FIELDS: Final = {
    "value": "<f8", "count": "<u4", "num_threshold": "<f8", "missing_go_to_left": "|u1", "left": "<u4",
    "right": "<u4", "gain": "<f8", "depth": "<u4", "is_leaf": "|u1", "bin_threshold": "|u1",
    "is_categorical": "|u1", "bitset_idx": "<u4",
}  # fmt: skip
_BITSETS: Final = ("binned_left_cat_bitsets", "raw_left_cat_bitsets")
_BITSET_DTYPE: Final = np.dtype("<u4")
_BATCH_TREES: Final = 256
_check_flags: Final = invariants(
    ShapeField(name="n_bins_non_missing_", shape=("n_features",)),
    ArrayField(name="is_categorical_", dtypes=("|u1", "|b1"), shape=("n_features",)),
)
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


def check_predictors(rows: Rows) -> None:
    """All trees of a file at once, in batches."""
    nodes = rows.arrays("nodes")
    _require_nodes(rows, range(rows.n), nodes)
    binned, raw = (rows.arrays(name) for name in _BITSETS)
    for name, bitsets in zip(_BITSETS, (binned, raw), strict=True):
        for row, bitset in enumerate(bitsets):
            if bitset.ndim != 2 or bitset.shape[1] != 8 or bitset.dtype != _BITSET_DTYPE:
                rows.fail(row, f"{name} must be uint32 of shape (n, 8)")
    counts = list(map(len, binned))
    if (others := list(map(len, raw))) != counts:
        row = next(row for row, (n, other) in enumerate(zip(counts, others, strict=True)) if n != other)
        rows.fail(row, "binned and raw bitsets must be equally many")
    if kernels.COMPILED and kernels.predictor_nodes_hold(nodes, counts):
        return
    for start in range(0, rows.n, _BATCH_TREES):
        stop = min(start + _BATCH_TREES, rows.n)
        _check_nodes(rows, start, nodes[start:stop], np.array(counts[start:stop], np.int64))
    if kernels.COMPILED:
        rows.fail(0, "the nodes of this tree, or of one after it, are refused")


def fault_of_splits(predictors: Rows, numbers: Ints, n_features: int, is_categorical: Flags) -> str | None:
    """What is wrong with what the splits of a model's predictors test, or None.

    Args:
        predictors: The table of predictors.
        numbers: Rows of it, shape (n,) int64.
        n_features: Of the input.
        is_categorical: For each feature whether its categories are known, shape (n_features,), or (0,) if none are.
    """
    nodes = predictors.arrays("nodes")
    mine = [nodes[number] for number in numbers.tolist()]
    _require_nodes(predictors, numbers.tolist(), mine)
    if kernels.COMPILED and kernels.predictor_splits_hold(mine, n_features, is_categorical.tobytes()):
        return None
    fault = fault_of_joined_splits(mine, n_features, is_categorical)
    return fault or ("a predictor tests what the input does not have" if kernels.COMPILED else None)


def fault_of_joined_splits(trees: list[Any], n_features: int, is_categorical: Flags) -> str | None:
    """The same by numpy, for the nodes of at least one tree."""
    feature, is_leaf, is_by_category = (
        np.concatenate([tree[name] for tree in trees]) for name in ("feature_idx", "is_leaf", "is_categorical")
    )
    inner = is_leaf == 0
    if (((feature >= n_features) | (feature < 0)) & inner).any():
        return f"a predictor tests a feature beyond the {n_features} of the input"
    tested = feature[inner & (is_by_category != 0)]
    if len(tested) and not (len(is_categorical) and is_categorical[tested].all()):
        return "a predictor takes a feature for categorical that _bin_mapper does not"
    return None


def _require_nodes(rows: Rows, numbers: Iterable[int], trees: list[Any]) -> None:
    """Fail unless the elements have the fields of nodes; must hold before any field is read."""
    known = None
    for number, nodes in zip(numbers, trees, strict=True):
        if nodes.dtype is not known and _is_node_dtype(nodes.dtype):
            known = nodes.dtype
        if nodes.dtype is not known or nodes.ndim != 1 or not len(nodes):
            rows.fail(
                number, "nodes must be a one-dimensional array of scikit-learn's node dtype, with at least one node"
            )


@lru_cache(maxsize=64)
def _is_node_dtype(dtype: np.dtype[Any]) -> bool:
    fields = {name: spec[0].str for name, spec in (dtype.fields or {}).items()}
    return fields.pop("feature_idx", "") in ("<i8", "<u4") and fields == _FIELDS


def _check_nodes(rows: Rows, first: int, trees: list[Any], n_bitsets: Ints) -> None:
    sizes = np.array([len(tree) for tree in trees], np.int64)
    starts = np.concatenate([[0], np.cumsum(sizes)])
    tree_of = np.repeat(np.arange(len(trees)), sizes)

    def field(name: str) -> npt.NDArray[Any]:
        return np.concatenate([tree[name] for tree in trees])

    def require(ok: npt.NDArray[np.bool_], message: str) -> None:
        if not ok.all():
            node = int(np.argmin(ok))
            rows.fail(first + int(tree_of[node]), f"node {node - int(starts[tree_of[node]])}: {message}")

    left, right = field("left").astype(np.int64), field("right").astype(np.int64)
    is_leaf = field("is_leaf")
    require(is_leaf <= 1, "has an is_leaf that is neither 0 nor 1")
    inner = is_leaf == 0
    own = np.arange(len(left)) - starts[tree_of]
    limit = sizes[tree_of]
    require(~inner | ((left > own) & (left < limit)), "has a left child that is not a later node")
    require(~inner | ((right > own) & (right < limit)), "has a right child that is not a later node")
    require(~inner | (left != right), "has the same node as both children")
    parents = np.zeros(len(left), np.int64)
    base = starts[tree_of]
    np.add.at(parents, (left + base)[inner], 1)
    np.add.at(parents, (right + base)[inner], 1)
    is_root = own == 0
    require(np.where(is_root, parents == 0, parents == 1), "is not the child of exactly one node")
    require(field("missing_go_to_left") <= 1, "has a missing_go_to_left that is neither 0 nor 1")
    categorical = field("is_categorical")
    require(categorical <= 1, "has an is_categorical that is neither 0 nor 1")
    uses_bitset = inner & (categorical == 1)
    require(~uses_bitset | (field("bitset_idx") < n_bitsets[tree_of]), "has a bitset that does not exist")
    feature = field("feature_idx").astype(np.int64)
    require(~inner | ((feature >= 0) & (feature < 2**31)), "tests a feature that does not exist")


def require_columns(model: Any) -> None:
    """Fail unless the trees get as many columns as the input has; what encodes categories is only known by asking.

    Raises:
        ValueError: `_preprocessor` gives others for rows of known categories and zeros, or must not be asked.
    """
    preprocessor = vars(model).get("_preprocessor")
    if preprocessor is None or "_predictors" not in vars(model):
        return
    require_steady(preprocessor, "_preprocessor")
    row = np.zeros((1, model.n_features_in_), object)
    for _, transformer, columns in preprocessor.transformers_:
        if hasattr(transformer, "categories_"):
            row[0, columns] = [categories[0] for categories in transformer.categories_]
    for n, given in shapes_of_answers(preprocessor, lambda n: preprocessor.transform(row.repeat(n, axis=0))):
        if given != (n, model.n_features_in_):
            raise ValueError(f"_preprocessor gives {given} for {n} row(s) of {model.n_features_in_} features")


def check_bin_mapper(rows: Rows) -> None:
    """As many thresholds and flags as features: compiled code reads those of each column of the input."""
    _check_flags(rows)
    if not rows.has("bin_thresholds_"):
        return
    shapes = rows.places("n_bins_non_missing_")
    for row, thresholds in enumerate(contents(rows, "bin_thresholds_")):
        known = shapes[row]
        n_features = known.shape[0] if isinstance(known, Place) and known.shape else -1
        if thresholds is None or len(thresholds) != n_features:
            rows.fail(row, f"bin_thresholds_ must be a list for {n_features} features")


def match_dtype(predictor: Any) -> None:
    """Bring the nodes of an older scikit-learn into the running one's dtype; values stay the same.

    Raises:
        UnsupportedError: The nodes are those of a newer scikit-learn.
    """
    current = _current_dtype(predictor.nodes.dtype)
    if current is None:
        return
    if not np.can_cast(predictor.nodes.dtype, current, "same_kind"):
        raise UnsupportedError(
            "nodes of histogram boosting with numbers of features of 8 bytes do not exist in the scikit-learn "
            "installed here",
            hint="Install the version that wrote the file: vitrify inspect shows it",
        )
    predictor.nodes = predictor.nodes.astype(current, casting="same_kind")


@lru_cache(maxsize=64)
def _current_dtype(found: np.dtype[Any]) -> np.dtype[Any] | None:
    """The running version's node dtype, None if it is this one."""
    from sklearn.ensemble._hist_gradient_boosting.common import PREDICTOR_RECORD_DTYPE

    return None if found == PREDICTOR_RECORD_DTYPE else PREDICTOR_RECORD_DTYPE
