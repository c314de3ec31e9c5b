"""KDTree, BallTree and their metrics: restored as they were, after everything that indexes memory was checked.

The tree's shape follows from the number of points and the leaf size alone, so node ranges and leaf flags are derived
again and compared (attacks M14); only the permutation, the bounds and the radii are data. Rebuilding the tree would be
safe as well, but takes over a hundred times as long as pickle. Source: `sklearn/neighbors/_binary_tree.pxi.tp`.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from sklearn.metrics import _dist_metrics
from sklearn.neighbors import _ball_tree, _kd_tree

from vitrify.converters.sklearn import DISTANCES
from vitrify.converters.sklearn.functions import problem_of
from vitrify.errors import UnsupportedError
from vitrify.graph.converter import Converter
from vitrify.graph.paths import with_article
from vitrify.graph.rows import Rows

_NODE_FIELDS: Final = {"idx_start": "<i8", "idx_end": "<i8", "is_leaf": "<i8", "radius": "<f8"}
_COUNTERS: Final = ("n_trims", "n_leaves", "n_splits", "n_calls")
_FIELDS: Final = (
    "data", "idx_array", "node_data", "node_bounds", "leaf_size", "n_levels", "n_nodes", *_COUNTERS, "dist_metric",
    "sample_weight",
)  # fmt: skip
_MAX_LEVELS: Final = 62


def tree_nodes(n_samples: int, leaf_size: int) -> tuple[int, npt.NDArray[np.int64]]:
    """The number of levels, and for each node its first and last point (exclusive) and whether it is a leaf.

    The array has shape (3, n_nodes) int64; nodes that are never built are all zero.
    """
    n_levels = int(np.log2(max(1, (n_samples - 1) / leaf_size)) + 1)
    nodes = np.zeros((3, 2**n_levels - 1), np.int64)
    nodes[1, 0] = n_samples
    for level in range(n_levels):
        first = 2**level - 1
        start, end, is_leaf = nodes[:, first : 2 * first + 1]
        is_leaf[:] = (start < end) if level == n_levels - 1 else (end - start == 1)
        if level < n_levels - 1:
            below = nodes[:, 2 * first + 1 : 4 * first + 3]
            middle = (start + end) // 2
            below[0, ::2], below[1, ::2], below[0, 1::2], below[1, 1::2] = start, middle, middle, end
            below[:2] *= np.repeat(is_leaf == 0, 2)
    return n_levels, nodes


def _encode_tree(tree: Any) -> tuple[object, ...]:
    state = tree.__getstate__()
    if len(state) != len(_FIELDS):
        raise UnsupportedError(
            f"{with_article(type(tree).__name__)} whose state is not the one vitrify has reviewed",
            hint="Upgrade vitrify",
        )
    arrays = [np.asarray(part) for part in state[:4]]
    return (*arrays, *state[4:12], None if state[12] is None else np.asarray(state[12]))


def _tree_decoder(cls: Any) -> Callable[..., Any]:
    def decode(*state: Any) -> Any:
        tree = cls.__new__(cls)
        tree.__setstate__(state)
        return tree

    return decode


def _tree_check(*, is_ball: bool, dtype: str) -> Callable[[Rows], None]:
    def check(rows: Rows) -> None:
        data, permutation = rows.arrays("data"), rows.arrays("idx_array")
        nodes, bounds = rows.arrays("node_data"), rows.arrays("node_bounds")
        leaf_size, n_levels, n_nodes = (rows.integers(name).tolist() for name in ("leaf_size", "n_levels", "n_nodes"))
        for name in _COUNTERS:
            counter = rows.integers(name)
            rows.require((counter >= 0) & (counter < 2**31), f"{name} must be a count")
        weights = rows.values("sample_weight")
        for row in range(rows.n):
            points = data[row]
            if points.ndim != 2 or points.dtype.str != dtype or not points.flags.c_contiguous or not points.size:
                rows.fail(row, f"data must be a C-ordered matrix of {dtype} with at least one point")
            n_samples, n_features = points.shape
            if not 1 <= leaf_size[row] < 2**62:
                rows.fail(row, "leaf_size must be at least 1")
            _check_permutation(rows, row, permutation[row], n_samples)
            levels, expected = tree_nodes(n_samples, leaf_size[row])
            if n_levels[row] != levels or n_nodes[row] != expected.shape[1]:
                rows.fail(row, f"n_levels and n_nodes must be {levels} and {expected.shape[1]} for this data")
            _check_tree_nodes(rows, row, nodes[row], expected)
            shape = (1 if is_ball else 2, expected.shape[1], n_features)
            if bounds[row].shape != shape or bounds[row].dtype.str != dtype or not bounds[row].flags.c_contiguous:
                rows.fail(row, f"node_bounds must be {dtype} of shape {shape}")
            _check_weight(rows, row, weights[row], n_samples, dtype)
        _check_metric(rows, data, dtype)

    return check


def _check_permutation(rows: Rows, row: int, permutation: Any, n_samples: int) -> None:
    if permutation.shape != (n_samples,) or permutation.dtype != np.intp or not permutation.flags.c_contiguous:
        rows.fail(row, f"idx_array must hold {n_samples} indices")
    if int(permutation.min()) < 0 or int(permutation.max()) >= n_samples:
        rows.fail(row, "idx_array points outside the data")
    seen = np.zeros(n_samples, np.bool_)
    seen[permutation] = True
    if not seen.all():
        rows.fail(row, "idx_array is not a permutation")


def _check_tree_nodes(rows: Rows, row: int, nodes: Any, expected: npt.NDArray[np.int64]) -> None:
    fields = {name: spec[0].str for name, spec in (nodes.dtype.fields or {}).items()}
    if nodes.shape != expected.shape[1:] or fields != _NODE_FIELDS or not nodes.flags.c_contiguous:
        rows.fail(row, f"node_data must hold {expected.shape[1]} nodes")
    for name, derived in zip(("idx_start", "idx_end", "is_leaf"), expected, strict=True):
        if not np.array_equal(nodes[name], derived):
            rows.fail(row, f"node_data has an {name} that does not follow from the data and leaf_size")


def _check_weight(rows: Rows, row: int, weight: Any, n_samples: int, dtype: str) -> None:
    if weight is None:
        return
    if type(weight) is not np.ndarray or weight.shape != (n_samples,) or weight.dtype.str != dtype:
        rows.fail(row, f"sample_weight must be None or {n_samples} numbers")


def _check_metric(rows: Rows, data: list[Any], dtype: str) -> None:
    """The metric reads as many numbers as the data has columns."""
    metrics, where = rows.children("dist_metric", f"sklearn.metrics.DistanceMetric{'64' if dtype == '<f8' else '32'}")
    names = metrics.values("name")
    vectors, matrices = metrics.arrays("vec"), metrics.arrays("mat")
    for row in range(rows.n):
        n_features = data[row].shape[1]
        metric = int(where[row])
        sizes = {
            "SEuclidean": len(vectors[metric]),
            "Mahalanobis": len(matrices[metric]),
            "Haversine": 2,
            "Minkowski": len(vectors[metric]) or n_features,
            "WMinkowski": len(vectors[metric]),
        }
        if sizes.get(str(names[metric]), n_features) != n_features:
            rows.fail(row, f"the metric is for another number of columns than the data's {n_features}")


def _encode_metric(metric: Any) -> tuple[object, ...]:
    name = type(metric).__name__.partition("Distance")[0]
    state = metric.__getstate__()
    func, kwargs = state[3:] if name == "PyFunc" else (None, None)
    reason = problem_of(func, kwargs, "kwargs")
    if reason is not None:
        raise UnsupportedError(f"a PyFuncDistance whose {reason}", hint="Write a function of your own instead")
    return name, state[0], np.asarray(state[1]), np.asarray(state[2]), func, kwargs


def _metric_decoder(suffix: str) -> Callable[..., Any]:
    def decode(name: str, p: float, vec: Any, mat: Any, func: Any, kwargs: Any) -> Any:
        cls = _metric_class(name, suffix)
        reason = problem_of(func, kwargs, "kwargs")
        if reason is not None:
            raise ValueError(reason)
        metric = cls.__new__(cls)
        if name == "Mahalanobis" and len(vec) != len(mat) and _writes_to_vec(cls):
            vec = np.zeros(len(mat))
        metric.__setstate__((p, vec, mat, func, kwargs) if name == "PyFunc" else (p, vec, mat))
        return metric

    return decode


@cache
def _writes_to_vec(cls: Any) -> bool:
    """Whether the distance computes in `vec`, as long as the matrix, which newer versions leave at one number."""
    return len(cls(VI=np.eye(2)).__getstate__()[1]) == 2


def _metric_class(name: str, suffix: str) -> Any:
    """The class of a metric; before scikit-learn 1.3 the 64-bit ones had no suffix."""
    for candidate in (f"{name}Distance{suffix}", f"{name}Distance" if suffix == "64" else ""):
        cls = getattr(_dist_metrics, candidate, None) if candidate else None
        if cls is not None:
            return cls
    raise ValueError(f"this scikit-learn has no {name} metric of {suffix} bits")


def _check_metrics(rows: Rows) -> None:
    names, powers = rows.values("name"), rows.values("p")
    functions, keywords = rows.values("func"), rows.values("kwargs")
    vectors, matrices = rows.arrays("vec"), rows.arrays("mat")
    for row in range(rows.n):
        vec, mat = vectors[row], matrices[row]
        if names[row] not in DISTANCES:
            rows.fail(row, "is no metric of scikit-learn")
        if type(powers[row]) is not float:
            rows.fail(row, "p must be a float")
        if vec.ndim != 1 or vec.dtype.str != "<f8" or mat.ndim != 2 or mat.dtype.str != "<f8":
            rows.fail(row, "vec and mat must be a vector and a matrix of float64")
        if not mat.flags.c_contiguous or not vec.flags.c_contiguous:
            rows.fail(row, "vec and mat must be C-ordered")
        if names[row] == "Mahalanobis" and (mat.shape[0] != mat.shape[1] or len(vec) not in (0, 1, len(mat))):
            rows.fail(row, "mat must be square")
        if names[row] != "PyFunc" and (functions[row] is not None or keywords[row] is not None):
            rows.fail(row, "only a PyFunc metric has a function")


def _tree(module: Any, module_name: str, name: str) -> Converter[Any]:
    type_name = f"sklearn.neighbors.{module_name}.{name}"
    return Converter(
        type_id=f"sklearn.neighbors.{name}",
        types=(type_name,),
        fields=_FIELDS,
        encode=_encode_tree,
        decode=_tree_decoder(getattr(module, name)),
        check=_tree_check(is_ball=name.startswith("Ball"), dtype="<f4" if name.endswith("32") else "<f8"),
    )


def _metric(suffix: str) -> Converter[Any]:
    spellings = (suffix, "") if suffix == "64" else (suffix,)
    return Converter(
        type_id=f"sklearn.metrics.DistanceMetric{suffix}",
        types=tuple(f"sklearn.metrics._dist_metrics.{name}Distance{s}" for name in DISTANCES for s in spellings),
        fields=("name", "p", "vec", "mat", "func", "kwargs"),
        encode=_encode_metric,
        decode=_metric_decoder(suffix),
        check=_check_metrics,
    )


CONVERTERS: Final = (
    *(
        _tree(module, module_name, name)
        for module, module_name in ((_kd_tree, "_kd_tree"), (_ball_tree, "_ball_tree"))
        for name in ("KDTree", "KDTree32", "KDTree64", "BallTree", "BallTree32", "BallTree64")
        if hasattr(module, name)
    ),
    _metric("64"),
    _metric("32"),
)
