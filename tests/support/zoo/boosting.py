"""Boosting: gradient boosting of both kinds, AdaBoost, and what they start from."""

from __future__ import annotations

import numpy as np
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import (
    AdaBoostClassifier,
    AdaBoostRegressor,
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
)
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.tree import DecisionTreeClassifier

from tests.support.zoo import data
from tests.support.zoo.case import Case, case
from tests.support.zoo.training import warm_started

__all__ = ["CASES"]


def _classifier(**parameters: object) -> GradientBoostingClassifier:
    return GradientBoostingClassifier(**({"n_estimators": 4, "random_state": 0} | parameters))


def _regressor(**parameters: object) -> GradientBoostingRegressor:
    return GradientBoostingRegressor(**({"n_estimators": 4, "random_state": 0} | parameters))


_SMALL = {"max_iter": 5, "max_leaf_nodes": 6, "min_samples_leaf": 5, "random_state": 0}


def _hist(**parameters: object) -> HistGradientBoostingClassifier:
    return HistGradientBoostingClassifier(**(_SMALL | parameters))


def _hist_regressor(**parameters: object) -> HistGradientBoostingRegressor:
    return HistGradientBoostingRegressor(**(_SMALL | parameters))


def _own_random() -> np.random.RandomState:
    return np.random.RandomState(0)


CASES: tuple[Case, ...] = (
    case("GradientBoostingClassifier-two-classes", _classifier, data.two_classes),
    case("GradientBoostingClassifier-strings", _classifier, data.string_classes),
    case("GradientBoostingClassifier-weights", _classifier, data.weighted_classes),
    case("GradientBoostingClassifier-sparse", _classifier, data.sparse_classes),
    case("GradientBoostingClassifier-exponential", lambda: _classifier(loss="exponential"), data.two_classes),
    case("GradientBoostingClassifier-init-zero", lambda: _classifier(init="zero"), data.three_classes),
    case(
        "GradientBoostingClassifier-init-model",
        lambda: _classifier(init=LogisticRegression()),
        data.three_classes,
    ),
    case("GradientBoostingClassifier-init-dummy", lambda: _classifier(init=DummyClassifier()), data.two_classes),
    case("GradientBoostingClassifier-early-stop", lambda: _classifier(n_iter_no_change=2), data.three_classes),
    case("GradientBoostingClassifier-subsample", lambda: _classifier(subsample=0.5), data.three_classes),
    case("GradientBoostingClassifier-global-random", lambda: _classifier(random_state=None), data.three_classes),
    case(
        "GradientBoostingClassifier-own-random",
        lambda: _classifier(random_state=_own_random()),
        data.three_classes,
    ),
    case("GradientBoostingClassifier-warm", _classifier, data.three_classes, train=warm_started(n_estimators=6)),
    case("GradientBoostingRegressor-huber", lambda: _regressor(loss="huber"), data.regression),
    case("GradientBoostingRegressor-quantile", lambda: _regressor(loss="quantile", alpha=0.8), data.regression),
    case("GradientBoostingRegressor-absolute", lambda: _regressor(loss="absolute_error"), data.regression),
    case("GradientBoostingRegressor-float32", _regressor, data.float32_regression),
    case("GradientBoostingRegressor-init-model", lambda: _regressor(init=LinearRegression()), data.regression),
    case("GradientBoostingRegressor-leaf-nodes", lambda: _regressor(max_leaf_nodes=4), data.regression),
    case("GradientBoostingRegressor-warm", _regressor, data.regression, train=warm_started(n_estimators=6)),
    # histogram boosting
    case("HistGradientBoostingClassifier-two-classes", _hist, data.two_classes),
    case("HistGradientBoostingClassifier-strings", _hist, data.string_classes),
    case("HistGradientBoostingClassifier-missing", _hist, data.missing_classes),
    case("HistGradientBoostingClassifier-weights", _hist, data.weighted_classes),
    case("HistGradientBoostingClassifier-early-stop", lambda: _hist(early_stopping=True), data.three_classes),
    case(
        "HistGradientBoostingClassifier-early-stop-scorer",
        lambda: _hist(early_stopping=True, scoring="accuracy", validation_fraction=0.3),
        data.string_classes,
    ),
    case(
        "HistGradientBoostingClassifier-codes",
        lambda: _hist(categorical_features=[0, 2]),
        data.category_codes,
    ),
    case(
        "HistGradientBoostingClassifier-frame",
        lambda: _hist(categorical_features="from_dtype"),
        data.category_frame,
        since="1.4",
    ),
    case(
        "HistGradientBoostingClassifier-frame-names",
        lambda: _hist(categorical_features=["city", "size"]),
        data.category_frame,
        since="1.4",
    ),
    case(
        "HistGradientBoostingClassifier-monotonic",
        lambda: _hist(monotonic_cst=[1, 0, -1, 0, 0]),
        data.two_classes,
    ),
    case(
        "HistGradientBoostingClassifier-interactions",
        lambda: _hist(interaction_cst=[{0, 1}, {2, 3, 4}]),
        data.three_classes,
    ),
    case("HistGradientBoostingClassifier-few-bins", lambda: _hist(max_bins=8), data.three_classes),
    case("HistGradientBoostingClassifier-global-random", lambda: _hist(random_state=None), data.three_classes),
    case("HistGradientBoostingClassifier-warm", _hist, data.three_classes, train=warm_started(max_iter=7)),
    case("HistGradientBoostingRegressor-missing", _hist_regressor, data.missing_regression),
    case(
        "HistGradientBoostingRegressor-poisson",
        lambda: _hist_regressor(loss="poisson"),
        data.positive_regression,
    ),
    case(
        "HistGradientBoostingRegressor-gamma",
        lambda: _hist_regressor(loss="gamma"),
        data.positive_regression,
        since="1.3",
    ),
    case(
        "HistGradientBoostingRegressor-absolute",
        lambda: _hist_regressor(loss="absolute_error"),
        data.regression,
    ),
    case(
        "HistGradientBoostingRegressor-quantile",
        lambda: _hist_regressor(loss="quantile", quantile=0.7),
        data.regression,
    ),
    case("HistGradientBoostingRegressor-frame", _hist_regressor, data.number_frame),
    case("HistGradientBoostingRegressor-warm", _hist_regressor, data.regression, train=warm_started(max_iter=7)),
    # AdaBoost
    case(
        "AdaBoostClassifier-strings",
        lambda: AdaBoostClassifier(DecisionTreeClassifier(max_depth=2), n_estimators=3, random_state=0),
        data.string_classes,
    ),
    case(
        "AdaBoostClassifier-two-classes",
        lambda: AdaBoostClassifier(n_estimators=3, random_state=0),
        data.two_classes,
    ),
    case(
        "AdaBoostRegressor-linear",
        lambda: AdaBoostRegressor(LinearRegression(), n_estimators=3),
        data.regression,
    ),
    case(
        "AdaBoostRegressor-exponential",
        lambda: AdaBoostRegressor(loss="exponential", n_estimators=3, random_state=_own_random()),
        data.regression,
    ),
)
