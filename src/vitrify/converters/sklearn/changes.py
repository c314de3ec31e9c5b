"""Changes between scikit-learn versions that alter what a restored model predicts, without any error.

Each was measured: models of some 1 200 configurations were saved in one version, restored in another, and their
outputs compared. Data only; nothing of scikit-learn is imported here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from msgspec import Struct

from vitrify.graph.parse import ParsedGraph

REVIEWED_UP_TO: Final = (1, 9)
"""The newest minor version whose types and attributes have been reviewed."""

Minor = tuple[int, int]
Applies = Callable[[ParsedGraph, int, int], bool]


class Change(Struct, frozen=True, kw_only=True):
    """A change of meaning.

    Attributes:
        since: The first minor version with the new meaning.
        types: The types whose saved values mean something else.
        what: What would go wrong.
        forward: Whether older files go wrong in newer versions.
        backward: Whether newer files go wrong in older versions.
        applies: Which rows are affected: called with the graph, the table and the row.
    """

    since: Minor
    types: tuple[str, ...]
    what: str
    forward: bool = True
    backward: bool = False
    applies: Applies = lambda graph, table, row: True


def value_of(graph: ParsedGraph, table: int, row: int, field: str) -> object:
    """A plain attribute of a row, or None."""
    column = graph.tables[table].columns.get(field)
    if column is None or column.of in ("ref", "name", "mixed"):
        return None
    return column.materialize((), ())[row]


def length_of(graph: ParsedGraph, table: int, row: int, field: str) -> int | None:
    """The length of an array attribute of a row, or None."""
    column = graph.tables[table].columns.get(field)
    if column is None or column.of != "ref" or column.numbers is None:
        return None
    shapes = graph.tables[column.table].shapes
    shape = shapes[int(column.numbers[row])] if shapes else ()
    return shape[0] if shape else None


def _is_samme_r(graph: ParsedGraph, table: int, row: int) -> bool:
    return value_of(graph, table, row, "algorithm") == "SAMME.R"


def _is_one_vs_rest(graph: ParsedGraph, table: int, row: int) -> bool:
    n_classes = length_of(graph, table, row, "classes_") or 2
    multi_class = value_of(graph, table, row, "multi_class")
    if n_classes == 2:
        return multi_class == "multinomial"
    return multi_class == "ovr" or value_of(graph, table, row, "solver") == "liblinear"


def _is_multiclass(graph: ParsedGraph, table: int, row: int) -> bool:
    return (length_of(graph, table, row, "classes_") or 2) > 2


def _is_weighted(graph: ParsedGraph, table: int, row: int) -> bool:
    return value_of(graph, table, row, "use_idf") is not False


def _is_fitted_boosting(graph: ParsedGraph, table: int, row: int) -> bool:
    return "estimators_" in graph.tables[table].columns


def _inverts_with_own_gamma(graph: ParsedGraph, table: int, row: int) -> bool:
    return "dual_coef_" in graph.tables[table].columns and value_of(graph, table, row, "gamma") is None


def _is_fitted_tree(graph: ParsedGraph, table: int, row: int) -> bool:
    return "tree_" in graph.tables[table].columns


_LOGISTIC: Final = (
    "sklearn.linear_model._logistic.LogisticRegression",
    "sklearn.linear_model._logistic.LogisticRegressionCV",
)
CHANGES: Final = (
    Change(
        since=(1, 4),
        types=("sklearn.tree._classes.DecisionTreeClassifier", "sklearn.tree._classes.ExtraTreeClassifier"),
        what="trees held class counts, now they hold class fractions, so probabilities would be wrong",
        applies=_is_fitted_tree,
    ),
    Change(
        since=(1, 5),
        types=(
            "sklearn.feature_extraction.text.TfidfTransformer",
            "sklearn.feature_extraction.text.TfidfVectorizer",
        ),
        what="the inverse document frequencies are kept in another attribute and would not be applied",
        backward=True,
        applies=_is_weighted,
    ),
    Change(
        since=(1, 4),
        types=("sklearn.ensemble._gb.GradientBoostingClassifier", "sklearn.ensemble._gb.GradientBoostingRegressor"),
        what="the loss, which turns sums of trees into predictions, is an object of another class",
        backward=True,
        applies=_is_fitted_boosting,
    ),
    Change(
        since=(1, 3),
        types=("sklearn.decomposition._kernel_pca.KernelPCA",),
        what="inverse_transform takes gamma from the training data, and would take another",
        forward=False,
        backward=True,
        applies=_inverts_with_own_gamma,
    ),
    Change(
        since=(1, 5),
        types=(
            "sklearn.cross_decomposition._pls.PLSRegression",
            "sklearn.cross_decomposition._pls.PLSCanonical",
            "sklearn.cross_decomposition._pls.CCA",
        ),
        what="coef_ is scaled differently, so predictions would be wrong",
        backward=True,
    ),
    Change(
        since=(1, 6),
        types=("sklearn.ensemble._weight_boosting.AdaBoostClassifier",),
        what="the algorithm SAMME.R was removed, and probabilities would be wrong",
        applies=_is_samme_r,
    ),
    Change(
        since=(1, 3),
        types=("sklearn.ensemble._weight_boosting.AdaBoostClassifier",),
        what="the decision function for several classes changed",
        applies=_is_multiclass,
    ),
    Change(
        since=(1, 8),
        types=_LOGISTIC,
        what="the parameter multi_class is ignored, and probabilities would be wrong",
        applies=_is_one_vs_rest,
    ),
    Change(
        since=(1, 5),
        types=_LOGISTIC,
        what="the parameter multi_class has another meaning, and probabilities would be wrong",
        forward=False,
        backward=True,
        applies=_is_multiclass,
    ),
)
