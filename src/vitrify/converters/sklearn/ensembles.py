"""Trees and the estimators that hold them: each as wide as the input that the estimator accepts (attacks M07, M08).

An ensemble checks its input once and hands it to its trees unchecked. Sources: `sklearn/tree/_classes.py`,
`sklearn/ensemble/_forest.py`, `_gb.py`, `_gradient_boosting.pyx`, `_iforest.py`.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from vitrify.converters.sklearn.boosting import require_nodes
from vitrify.graph.invariants import items, members
from vitrify.graph.rows import Rows

Ints = npt.NDArray[np.int64]
TREE_ESTIMATORS: Final = frozenset(
    f"sklearn.tree._classes.{name}"
    for name in ("DecisionTreeClassifier", "DecisionTreeRegressor", "ExtraTreeClassifier", "ExtraTreeRegressor")
)
_PREDICTOR: Final = "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor"


def check_tree_estimators(rows: Rows) -> None:
    """`tree_` must fit `n_features_in_` and `n_outputs_`; all rows at once."""
    if not rows.has("tree_"):
        return
    trees, where = rows.children("tree_", "sklearn.tree.Tree")
    for own, of_tree in (("n_features_in_", "n_features"), ("n_outputs_", "n_outputs")):
        same = rows.integers(own) == trees.integers(of_tree)[where]
        rows.require(same, f"{own} is not {of_tree} of its tree")


def check_forests(rows: Rows) -> None:
    """Every tree of a forest must take the forest's input."""
    if not rows.has("estimators_"):
        return
    n_features = rows.integers("n_features_in_")
    n_outputs = rows.integers("n_outputs_") if rows.has("n_outputs_") else None
    for row in range(rows.n):
        for table, at in _tree_rows(rows, row):
            if (table.integers("n_features_in_")[at] != n_features[row]).any():
                rows.fail(row, "a tree takes another number of features than the forest")
            if n_outputs is not None and (table.integers("n_outputs_")[at] != n_outputs[row]).any():
                rows.fail(row, "a tree gives another number of outputs than the forest")


def check_gradient_boosting(rows: Rows) -> None:
    """`estimators_` is a matrix of regressors with one output; prediction writes one column for each of its columns."""
    if not rows.has("estimators_"):
        return
    n_features = rows.integers("n_features_in_")
    for row in range(rows.n):
        shape = rows.shape("estimators_", row)
        if shape is None or len(shape) != 2 or 0 in shape:
            rows.fail(row, "estimators_ must be a matrix of trees")
        expected = _n_columns(rows, row)
        if expected is not None and shape[1] != expected:
            rows.fail(row, f"estimators_ must have {expected} columns, not {shape[1]}")
        for table, at in _tree_rows(rows, row):
            trees, where = table.children("tree_", "sklearn.tree.Tree")
            if (table.integers("n_features_in_")[at] != n_features[row]).any():
                rows.fail(row, "a tree takes another number of features than the ensemble")
            if (trees.integers("n_outputs")[where[at]] != 1).any():
                rows.fail(row, "a tree gives more than one output")
            values = trees.column("values")
            for value in (
                values.numbers[where[at]].tolist() if values.of == "ref" and values.numbers is not None else ()
            ):
                shape = trees.shape_of(values.table, value)
                if shape is None or shape[1:] != (1, 1):
                    rows.fail(row, "a tree holds more than one value a node")


def _n_columns(rows: Rows, row: int) -> int | None:
    """One column, or for more than two classes one for each."""
    if not rows.has("classes_"):
        return 1
    shape = rows.shape("classes_", row)
    if shape is None or len(shape) != 1:
        return rows.fail(row, "classes_ must be a vector")
    return 1 if shape[0] <= 2 else shape[0]


def _tree_rows(rows: Rows, row: int) -> list[tuple[Rows, Ints]]:
    """The tables of the trees in `estimators_`, with the row numbers of each."""
    found = members(rows, "estimators_", row)
    for table, _ in found:
        if table.type_id not in TREE_ESTIMATORS:
            rows.fail(row, f"estimators_ holds a {table.type_id}")
    return found


def check_hist_boosting(rows: Rows) -> None:
    """Every split must test a feature that the input has, or that the binning knows."""
    if not rows.has("_predictors"):
        return
    n_features = rows.integers("n_features_in_")
    for row in range(rows.n):
        iterations = members(rows, "_predictors", row)
        for table, predictors in (found for lists, at in iterations for found in items(lists, at)):
            if table.type_id != _PREDICTOR:
                rows.fail(row, f"_predictors holds a {table.type_id}")
            trees = table.arrays("nodes")
            for predictor in predictors.tolist():
                require_nodes(table, predictor, trees[predictor])
            mine = [trees[predictor] for predictor in predictors.tolist()]
            feature = np.concatenate([tree["feature_idx"] for tree in mine])
            is_leaf = np.concatenate([tree["is_leaf"] for tree in mine])
            if ((feature >= n_features[row]) & (is_leaf == 0)).any():
                rows.fail(row, f"a predictor tests a feature beyond the {int(n_features[row])} of the input")
