"""libsvm models: every size that its C code derives from another (attacks M11-M13).

Source: `sklearn/svm/_libsvm.pyx`, `_libsvm_sparse.pyx` and `src/libsvm/svm.cpp` (`svm_predict_values`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np

from vitrify.converters.sklearn.steady import is_of_a_library
from vitrify.errors import UnsupportedError
from vitrify.graph.converter import AttrsRule
from vitrify.graph.invariants import ArrayField, IntField, Line, Relation, ShapeField, invariants
from vitrify.graph.rows import Rows

_INT: Final = ("<i4",)
_FLOAT: Final = ("<f8",)


def _pairs(env: Any) -> int:
    """One decision function for each pair of classes."""
    return int(env["n_class"]) * (int(env["n_class"]) - 1) // 2


def _counts_support(env: Any) -> bool:
    """The counts of all classes add up; without classes they are never read, and may hold anything."""
    counts = env["_n_support"]
    if not env["is_classifier"]:
        return True
    return bool(counts.min() >= 0 and int(counts.sum(dtype="int64")) == env["n_sv"])


_LINES: Final[tuple[Line, ...]] = (
    IntField(name="n_features_in_", low=1, size="n_features", is_optional=True),
    ArrayField(name="support_", dtypes=_INT, shape=("n_sv",), low=0, high="n_fit"),
    ArrayField(name="_n_support", dtypes=_INT, shape=("n_class",)),
    Relation(
        message="_n_support does not add up to the number of support vectors",
        holds=_counts_support,
    ),
    ArrayField(name="_intercept_", dtypes=_FLOAT, shape=(_pairs,)),
    ArrayField(name="_probA", dtypes=_FLOAT, shape=("n_prob",)),
    ArrayField(name="_probB", dtypes=_FLOAT, shape=("n_prob_b",)),
    Relation(
        message="_probA and _probB must be empty or hold one number for each pair of classes",
        holds=lambda env: env["n_prob"] in (0, _pairs(env)) and env["n_prob_b"] in (0, env["n_prob"]),
    ),
    ShapeField(name="classes_", shape=("n_class",), is_optional=True),
)


def require_kernel(model: Any) -> None:
    """Fail unless a kernel that is a function gives a column for each training sample, as a precomputed one must have.

    libsvm reads these columns at the places in `support_`. What a function of the libraries gives is known for certain
    only by asking it, and only one that compares each pair of rows may be asked: see `steady`. Those of the caller's
    own are trusted.

    Raises:
        ValueError: It gives something else, or the samples are not as many as in the fit.
    """
    kernel = vars(model).get("kernel")
    if not callable(kernel) or "support_" not in vars(model):
        return
    samples, n_samples = vars(model)["_BaseLibSVM__Xfit"], model.shape_fit_[0]
    n_stored = samples.shape[0] if hasattr(samples, "shape") else len(samples)
    if n_stored != n_samples:
        raise ValueError(f"there are {n_stored} training samples for the kernel, must be {n_samples}")
    function = getattr(kernel, "func", kernel)
    if not is_of_a_library(function) and not _is_an_object(function):
        return
    _require_known(function)
    for n in (1, min(2, n_samples)):
        given = np.shape(kernel(samples[:n], samples))
        if given != (n, n_samples):
            raise ValueError(f"kernel gives {given} for {n} row(s) and {n_samples} training samples")


def require_known_kernel(model: Any) -> None:
    """Refuse to save a kernel that `require_kernel` would not load.

    Raises:
        UnsupportedError: It is a function of a library that does not compare each pair of rows.
    """
    function = getattr(vars(model).get("kernel"), "func", vars(model).get("kernel"))
    try:
        if is_of_a_library(function):
            _require_known(function)
    except ValueError as error:
        hint = "Write it as a function in a module of your own"
        raise UnsupportedError(f"{type(model).__name__}: {error}", hint=hint) from error


def _require_known(function: Any) -> None:
    if not _compares_each_pair(function):
        name = getattr(function, "__name__", type(function).__name__)
        raise ValueError(f"kernel {name} is none of scikit-learn's")


def _is_an_object(function: Any) -> bool:
    """A kernel of a Gaussian process, which is called like a function."""
    return type(function).__module__ == "sklearn.gaussian_process.kernels"


def _compares_each_pair(function: Any) -> bool:
    """Functions, and kernels of Gaussian processes, that give a number for each pair of rows, whatever those hold."""
    where = getattr(function, "__module__", None)
    return where == "sklearn.metrics.pairwise" or _is_an_object(function)


def _bound(*, is_classifier: bool) -> Any:
    """`shape_fit_[0]` is the number of training samples: precomputed kernels are indexed by it."""

    def bound(rows: Rows, row: int) -> dict[str, Any]:
        shape = rows.tuples("shape_fit_")[row]
        if not shape or len(shape) > 2 or type(shape[0]) is not int:  # one int where a kernel of texts was fitted
            rows.fail(row, "shape_fit_ must be a tuple of one or two ints")
        sizes: dict[str, Any] = {"n_fit": shape[0], "is_classifier": is_classifier}
        return sizes if is_classifier else {**sizes, "n_class": 2}

    return bound


def _check_matrices(rows: Rows, *, is_classifier: bool) -> None:
    """Support vectors and coefficients, dense or sparse."""
    n_features = rows.plain("n_features_in_") if rows.has("n_features_in_") else [None] * rows.n
    supports, counts = rows.arrays("support_"), rows.arrays("_n_support")
    is_sparse, kernels = rows.plain("_sparse"), rows.plain("kernel")
    flag = "_effective_probability" if rows.has("_effective_probability") else "probability"
    flags, probabilities = rows.plain(flag), rows.arrays("_probA")
    for row in range(rows.n):
        # Where it is true in any way, libsvm reads what Platt scaling has found.
        if is_sparse[row] and not len(probabilities[row]) and flags[row] not in (False, "deprecated"):
            rows.fail(row, f"{flag} is {flags[row]!r:.40}, and _probA is empty")
        n_class = len(counts[row]) if is_classifier else 2
        n_sv = len(supports[row])
        vectors = _shape(rows, row, "support_vectors_", sparse=is_sparse[row])
        coefficients = _shape(rows, row, "_dual_coef_", sparse=is_sparse[row])
        if coefficients != (n_class - 1, n_sv):
            rows.fail(row, f"_dual_coef_ must have the shape {(n_class - 1, n_sv)}, not {coefficients}")
        is_precomputed = kernels[row] == "precomputed" or not isinstance(kernels[row], str)
        if is_precomputed and vectors[:1] == (0,):
            continue
        width = n_features[row] if n_features[row] is not None else vectors[-1]
        if vectors != (n_sv, width):
            rows.fail(row, f"support_vectors_ must have the shape {(n_sv, width)}, not {vectors}")


def _shape(rows: Rows, row: int, field: str, *, sparse: object) -> tuple[int, ...]:
    if sparse is not True:
        array = rows.arrays(field)[row]
        if array.dtype.str != "<f8" or array.ndim != 2 or not array.flags.c_contiguous:
            rows.fail(row, f"{field} must be a C-ordered matrix of float64")
        return tuple(array.shape)
    column = rows.column(field)
    if column.of != "ref" or column.numbers is None:
        rows.fail(row, f"{field} must be a sparse matrix")
    matrices = rows.others(column.table)
    if matrices.type_id not in ("scipy.sparse.csr_matrix", "scipy.sparse.csr_array"):
        rows.fail(row, f"{field} must be a CSR matrix")
    at = int(column.numbers[row])
    data = matrices.arrays("data")[at]
    if data.dtype.str != "<f8" or data.ndim != 1:
        rows.fail(row, f"{field} must hold float64")
    shape = matrices.arrays("shape")[at]
    if shape.shape != (2,) or shape.dtype != np.int64:
        rows.fail(row, f"{field} must have two dimensions")
    n_rows, n_columns = shape.tolist()
    if field == "_dual_coef_" and len(data) != n_rows * n_columns:
        rows.fail(row, f"{field} must store every coefficient")
    return n_rows, n_columns


def _check(*, is_classifier: bool) -> Any:
    check_fields = invariants(*_LINES, bound=_bound(is_classifier=is_classifier))

    def check(rows: Rows) -> None:
        if not rows.has("support_") and not rows.has("_n_support") and not rows.has("support_vectors_"):
            return
        for name in ("shape_fit_", "_sparse", "kernel"):
            rows.column(name)
        check_fields(rows)
        _check_matrices(rows, is_classifier=is_classifier)

    return check


check_classifier: Final = _check(is_classifier=True)
check_regressor: Final = _check(is_classifier=False)

_CLASSIFIER: Final = AttrsRule(
    check=check_classifier, ask=require_kernel, precheck=require_known_kernel, requires=("support_",)
)
_REGRESSOR: Final = AttrsRule(
    check=check_regressor, ask=require_kernel, precheck=require_known_kernel, requires=("support_",)
)
RULES: Final[Mapping[str, AttrsRule]] = {
    "sklearn.svm._classes.SVC": _CLASSIFIER,
    "sklearn.svm._classes.NuSVC": _CLASSIFIER,
    "sklearn.svm._classes.SVR": _REGRESSOR,
    "sklearn.svm._classes.NuSVR": _REGRESSOR,
    "sklearn.svm._classes.OneClassSVM": _REGRESSOR,
}
