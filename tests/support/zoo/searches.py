"""Searches for parameters and thresholds: what they found, and the scorers and splitters they keep."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.stats
from sklearn.decomposition import PCA
from sklearn.ensemble import RandomForestClassifier
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.linear_model import LogisticRegression, Ridge, SGDClassifier
from sklearn.metrics import fbeta_score, get_scorer, make_scorer
from sklearn.model_selection import (
    GridSearchCV,
    HalvingRandomSearchCV,
    KFold,
    RandomizedSearchCV,
    RepeatedStratifiedKFold,
    ShuffleSplit,
    StratifiedKFold,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier

from tests.support.zoo import data
from tests.support.zoo.case import Case, case

__all__ = ["CASES"]

_DEPTHS = {"max_depth": [1, 2, None]}
_SCORES = {"accuracy": "accuracy", "f2": make_scorer(fbeta_score, beta=2, average="macro")}


def _grid(grid: Any = _DEPTHS, estimator: Any = None, **parameters: Any) -> GridSearchCV:
    return GridSearchCV(estimator or DecisionTreeClassifier(random_state=0), grid, **({"cv": 2} | parameters))


def _random(space: Any, **parameters: Any) -> RandomizedSearchCV:
    defaults = {"n_iter": 3, "cv": 2, "random_state": 0}
    return RandomizedSearchCV(SGDClassifier(random_state=0), space, **(defaults | parameters))


def _threshold(**parameters: Any) -> Any:
    from sklearn.model_selection import TunedThresholdClassifierCV  # scikit-learn >= 1.5

    return TunedThresholdClassifierCV(LogisticRegression(), **({"thresholds": 5} | parameters))


def _pipeline() -> Any:
    return make_pipeline(StandardScaler(), PCA(), LogisticRegression())


CASES: tuple[Case, ...] = (
    case(
        "GridSearchCV-several-scores",
        lambda: _grid(scoring=_SCORES, refit="f2", return_train_score=True),
        data.string_classes,
    ),
    case("GridSearchCV-named-score", lambda: _grid(scoring="f1_macro"), data.string_classes),
    case(
        "GridSearchCV-score-list",
        lambda: _grid(scoring=["accuracy", "roc_auc_ovr"], refit="accuracy"),
        data.three_classes,
    ),
    case(
        "GridSearchCV-scorer",
        lambda: _grid({"alpha": [0.1, 1.0]}, Ridge(), scoring=get_scorer("r2")),
        data.regression,
    ),
    case("GridSearchCV-no-refit", lambda: _grid(refit=False), data.three_classes),
    case(
        "GridSearchCV-splitter",
        lambda: _grid(cv=StratifiedKFold(3, shuffle=True, random_state=0)),
        data.three_classes,
    ),
    case("GridSearchCV-splits", lambda: _grid(cv=list(KFold(2).split(data.points()))), data.three_classes),
    case(
        "GridSearchCV-own-random-splitter",
        lambda: _grid(cv=ShuffleSplit(2, random_state=np.random.RandomState(0))),
        data.three_classes,
    ),
    case(
        "GridSearchCV-repeated",
        lambda: _grid(cv=RepeatedStratifiedKFold(n_splits=2, n_repeats=2, random_state=0)),
        data.three_classes,
    ),
    case(
        "GridSearchCV-pipeline",
        lambda: _grid({"pca__n_components": [1, 2], "logisticregression__C": [0.1, 1.0]}, _pipeline()),
        data.number_frame,
    ),
    case(
        "GridSearchCV-of-estimators",
        lambda: _grid({"pca": [PCA(1), "passthrough"], "standardscaler": [None, StandardScaler()]}, _pipeline()),
        data.three_classes,
    ),
    case(
        "GridSearchCV-several-grids",
        lambda: _grid([{"kernel": ["linear"]}, {"kernel": ["rbf"], "gamma": [0.1, "scale"]}], SVC()),
        data.three_classes,
    ),
    case(
        "GridSearchCV-failing",
        lambda: _grid({"max_depth": [2], "min_samples_leaf": [1, -1]}),
        data.three_classes,
    ),
    case(
        "RandomizedSearchCV-distributions",
        lambda: _random({"alpha": scipy.stats.loguniform(1e-4, 1e-1), "max_iter": scipy.stats.randint(5, 20)}),
        data.three_classes,
    ),
    case(
        "RandomizedSearchCV-uniform",
        lambda: _random({"alpha": scipy.stats.uniform(0.1, 1.0)}),
        data.three_classes,
    ),
    case(
        "RandomizedSearchCV-own-random",
        lambda: _random({"penalty": ["l1", "l2"], "alpha": [0.1, 0.2]}, random_state=np.random.RandomState(0)),
        data.string_classes,
    ),
    case(
        "HalvingRandomSearchCV-forest",
        lambda: HalvingRandomSearchCV(
            RandomForestClassifier(random_state=0),
            {"max_depth": [2, 3, None]},
            resource="n_estimators",
            min_resources=1,
            max_resources=4,
            cv=2,
            random_state=0,
        ),
        data.three_classes,
    ),
    case(
        "TunedThresholdClassifierCV-strings",
        lambda: _threshold(scoring="balanced_accuracy"),
        data.bool_classes,
        since="1.5",
    ),
    case(
        "TunedThresholdClassifierCV-curve",
        lambda: _threshold(store_cv_results=True, cv=3),
        data.two_classes,
        since="1.5",
    ),
)
