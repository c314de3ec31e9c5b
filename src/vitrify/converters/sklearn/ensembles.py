"""Trees and the estimators that hold them: each as wide as the input that the estimator accepts (attacks M07, M08).

An ensemble checks its input once and hands it to its trees unchecked. Sources: `sklearn/tree/_classes.py`,
`sklearn/ensemble/_forest.py`, `_gb.py`, `_gradient_boosting.pyx`, `_iforest.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from vitrify.converters.sklearn.boosting import (
    check_bin_mapper,
    check_predictors,
    fault_of_splits,
    match_dtype,
    require_columns,
)
from vitrify.converters.sklearn.counts import check_boosted_columns, check_class_counts, check_iterations
from vitrify.converters.sklearn.steady import require_steady, required_when_saved, shapes_of_answers
from vitrify.errors import UnsupportedError
from vitrify.graph.converter import AttrsRule
from vitrify.graph.invariants import every, items, members
from vitrify.graph.paths import with_article
from vitrify.graph.rows import Place, Rows

Ints = npt.NDArray[np.int64]
TREE_ESTIMATORS: Final = frozenset(
    f"sklearn.tree._classes.{name}"
    for name in ("DecisionTreeClassifier", "DecisionTreeRegressor", "ExtraTreeClassifier", "ExtraTreeRegressor")
)
_HIST: Final = "sklearn.ensemble._hist_gradient_boosting"
_PREDICTOR: Final = f"{_HIST}.predictor.TreePredictor"


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


def require_like_trees(model: Any) -> None:
    """Refuse to save a forest that `check_forests` would not load: one whose trees are of an earlier, other fit.

    With `warm_start`, a second fit on other columns or outputs keeps the trees of the first, and cannot predict.

    Raises:
        UnsupportedError: A tree takes or gives something else than the forest.
    """
    trees = vars(model).get("estimators_")
    for name in ("n_features_in_", "n_outputs_") if isinstance(trees, list) else ():
        own = vars(model).get(name)
        of_trees = [getattr(tree, name, None) for tree in trees] if own is not None else []
        if of_trees.count(own) < len(of_trees):
            number = next(i for i, of_tree in enumerate(of_trees) if of_tree != own)
            raise UnsupportedError(
                f"{with_article(type(model).__name__)} whose {name} is {own}, while estimators_[{number}] has "
                f"{of_trees[number]}",
                hint="It cannot predict: fit it again with warm_start=False",
            )


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
    n_features = rows.integers("n_features_in_").tolist()
    for row in range(rows.n):
        iterations = members(rows, "_predictors", row)
        known = _known_categories(rows, row, n_features[row])
        for table, predictors in (found for lists, at in iterations for found in items(lists, at)):
            if table.type_id != _PREDICTOR:
                rows.fail(row, f"_predictors holds a {table.type_id}")
            fault = fault_of_splits(table, predictors, n_features[row], known)
            if fault is not None:
                rows.fail(row, fault)


def _known_categories(rows: Rows, row: int, n_features: int) -> npt.NDArray[np.bool_]:
    """For each feature whether its categories are known, or an empty array: they are looked up by their number."""
    mapper = rows.places("_bin_mapper")[row] if rows.has("_bin_mapper") else None
    if not isinstance(mapper, Place) or not mapper.rows.has("is_categorical_"):
        return np.zeros(0, np.bool_)
    known = mapper.rows.places("is_categorical_")[mapper.row]
    flags = known.array if isinstance(known, Place) else None
    if flags is None or flags.shape != (n_features,) or flags.dtype.kind not in "bu":
        return np.zeros(0, np.bool_)
    return flags.astype(np.bool_)


def require_start(model: Any) -> None:
    """Boosting adds to one column for each column of `estimators_`, and to one row for each row of the input.

    Its start, `init_`, makes the array that it adds to: see `steady`.

    Raises:
        ValueError: It gives something else, or must not be asked.
    """
    if "estimators_" not in vars(model):
        return
    require_steady(model.init_, "init_")

    def start(n: int) -> Any:
        return model._raw_predict_init(np.ones((n, model.n_features_in_), np.float32))

    n_columns = model.estimators_.shape[1]
    for n, given in shapes_of_answers(model.init_, start):
        if given != (n, n_columns):
            raise ValueError(f"init_ starts with {given} for {n} row(s), and estimators_ has {n_columns} column(s)")


_BOOSTED: Final = AttrsRule(
    check=every(check_gradient_boosting, check_boosted_columns),
    ask=require_start,
    precheck=required_when_saved("init_"),
    requires=("estimators_",),
)
# After early stopping on a score, the estimator holds its own bound method under the method's name, a leftover of
# scikit-learn's `_patch_raw_predict`; without it the same method is found in the class.
_HIST_BOOSTING: Final = AttrsRule(
    drop=frozenset({"_raw_predict"}),
    check=every(check_hist_boosting, check_iterations),
    ask=require_columns,
    precheck=required_when_saved("_preprocessor"),
    requires=("_predictors",),
)
_FOREST: Final = AttrsRule(
    check=every(check_forests, check_class_counts), precheck=require_like_trees, requires=("estimators_",)
)
RULES: Final[Mapping[str, AttrsRule]] = {
    **dict.fromkeys(TREE_ESTIMATORS, AttrsRule(check=check_tree_estimators, requires=("tree_",))),
    **{
        f"sklearn.ensemble._forest.{name}": _FOREST
        for name in (
            "ExtraTreesClassifier",
            "ExtraTreesRegressor",
            "RandomForestClassifier",
            "RandomForestRegressor",
            "RandomTreesEmbedding",
        )
    },
    "sklearn.ensemble._gb.GradientBoostingClassifier": _BOOSTED,
    "sklearn.ensemble._gb.GradientBoostingRegressor": _BOOSTED,
    f"{_HIST}.gradient_boosting.HistGradientBoostingClassifier": _HIST_BOOSTING,
    f"{_HIST}.gradient_boosting.HistGradientBoostingRegressor": _HIST_BOOSTING,
    f"{_HIST}.binning._BinMapper": AttrsRule(check=check_bin_mapper, requires=("bin_thresholds_", "is_categorical_")),
    _PREDICTOR: AttrsRule(check=check_predictors, finish=match_dtype),
}
