"""Hard votes: members answer with numbers of classes, which are places to count at (attacks M29).

`numpy.bincount` writes outside its memory where one of them is the largest int, so no member may have that int to
answer with, nor compute its answers. Sources: `sklearn/ensemble/_voting.py`, numpy's `arr_bincount`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np

from vitrify.graph.converter import AttrsRule
from vitrify.graph.parsed import Parsed
from vitrify.graph.rows import Rows

_LARGEST: Final = 2**63 - 1
_DELEGATES: Final = {
    "sklearn.gaussian_process._gpc.GaussianProcessClassifier": "base_estimator_",
    "sklearn.model_selection._search.GridSearchCV": "best_estimator_",
    "sklearn.model_selection._search.RandomizedSearchCV": "best_estimator_",
    "sklearn.model_selection._search_successive_halving.HalvingGridSearchCV": "best_estimator_",
    "sklearn.model_selection._search_successive_halving.HalvingRandomSearchCV": "best_estimator_",
    "sklearn.frozen._frozen.FrozenEstimator": "estimator",
    "sklearn.semi_supervised._self_training.SelfTrainingClassifier": "estimator_",
}
"""Class → the attribute whose answers are its own."""
_CLASSIFIER_BY_NATURE: Final = "_BinaryGaussianProcessClassifierLaplace"
"""A classifier of scikit-learn that is not called one."""
_MOST_PLACES: Final = 1 << 20
_ANSWERS: Final = ("constant", "constant_", "outlier_label", "outlier_label_", "y_")
"""Attributes that are an answer by themselves; other numbers, such as `max_iter=sys.maxsize`, are none."""
_ENCODERS: Final = ("_label_binarizer", "_label_encoder", "label_binarizer_", "le_")
_MAX_DEPTH: Final = 64


def check_votes(rows: Rows) -> None:
    """No int that a member of a hard vote could answer with is the largest one."""
    if not rows.has("estimators_") or not rows.has("voting") or all(how == "soft" for how in rows.plain("voting")):
        return
    row = next(row for row, how in enumerate(rows.plain("voting")) if how != "soft")
    waiting, seen = _tables(rows.column("estimators_")), set[int]()
    while waiting:
        number = waiting.pop()
        if number in seen:
            continue
        seen.add(number)
        table = rows.others(number)
        arrays = [value for value in rows.objects[number] if type(value) is np.ndarray]
        items = [column for column in table.columns.values() if table.lengths is not None]
        if any(_holds(array, _LARGEST) for array in arrays) or any(_column_holds(column, _LARGEST) for column in items):
            rows.fail(row, f"a {table.type_id} below its members holds {_LARGEST}, which cannot be counted")
        answers = [column for name, column in table.columns.items() if table.lengths is None and name in _ANSWERS]
        if any(_column_holds(column, _MOST_PLACES) for column in answers):
            rows.fail(
                row, f"a {table.type_id} below its members answers with {_MOST_PLACES} or more, a place to count at"
            )
        waiting += [found for column in table.columns.values() for found in _tables(column)]


def _tables(column: Parsed) -> list[int]:
    return [table for table, _, _ in column.refs()]


def _holds(values: Any, least: int) -> bool:
    return bool(values.dtype.kind in "iu" and values.dtype.itemsize == 8 and (values >= least).any())


def _column_holds(column: Parsed, least: int) -> bool:
    if column.parts:
        return any(_column_holds(part, least) for part in column.parts)
    if column.of == "const":
        return type(column.value) is int and column.value >= least
    if not column.is_integral:
        return False
    if column.texts is not None:
        return any(int(text) >= least for text in column.texts)
    return column.numbers is not None and bool((column.numbers >= least).any())


def require_classifiers(model: Any) -> None:
    """Fail unless each member of a hard vote answers with classes that it holds.

    Raises:
        ValueError: One is no classifier, encodes its classes with something else than an encoder, or has huge classes.
    """
    if "estimators_" not in vars(model) or vars(model).get("voting") == "soft":
        return
    from sklearn.base import ClassifierMixin
    from sklearn.preprocessing import LabelBinarizer, LabelEncoder

    for number, member in enumerate(model.estimators_):
        last = _last(member)
        if not type(last).__module__.startswith("sklearn."):
            continue  # of the caller's own, who trusts it
        encoders = [vars(last)[name] for name in _ENCODERS if name in vars(last)]
        is_classifier = isinstance(last, ClassifierMixin) or type(last).__name__ == _CLASSIFIER_BY_NATURE
        if not is_classifier or not all(isinstance(encoder, (LabelBinarizer, LabelEncoder)) for encoder in encoders):
            raise ValueError(f"estimators_[{number}] answers with something else than classes that it holds")
        classes = np.asarray(getattr(last, "classes_", ()))
        if classes.dtype.kind in "iu" and classes.size and int(classes.max()) >= _MOST_PLACES:
            raise ValueError(f"estimators_[{number}] answers with class {int(classes.max())}, which takes too long")


def _last(member: Any) -> Any:
    """The estimator whose answers are those of a member."""
    for _ in range(_MAX_DEPTH):
        name = f"{type(member).__module__}.{type(member).__qualname__}"
        if name == "sklearn.pipeline.Pipeline":
            member = member.steps[-1][1]
        elif name in _DELEGATES:
            member = vars(member)[_DELEGATES[name]]
        else:
            return member
    raise ValueError("members lie too deep within each other")


RULES: Final[Mapping[str, AttrsRule]] = {
    "sklearn.ensemble._voting.VotingClassifier": AttrsRule(
        check=check_votes, finish=require_classifiers, requires=("estimators_",)
    ),
}
