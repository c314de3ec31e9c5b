"""Trees and forests: targets, missing values, limits of growth, constraints, and warm starts."""

from __future__ import annotations

import numpy as np
from sklearn.ensemble import (
    BaggingClassifier,
    BaggingRegressor,
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    IsolationForest,
    RandomForestClassifier,
    RandomForestRegressor,
    RandomTreesEmbedding,
)
from sklearn.linear_model import LogisticRegression
from sklearn.tree import (
    DecisionTreeClassifier,
    DecisionTreeRegressor,
    ExtraTreeClassifier,
    ExtraTreeRegressor,
)

from tests.support.zoo import data
from tests.support.zoo.case import Case, case
from tests.support.zoo.training import warm_started

__all__ = ["CASES"]


def _forest(**parameters: object) -> RandomForestClassifier:
    return RandomForestClassifier(**({"n_estimators": 4, "random_state": 0} | parameters))


def _regressor(**parameters: object) -> RandomForestRegressor:
    return RandomForestRegressor(**({"n_estimators": 4, "random_state": 0} | parameters))


def _tree(**parameters: object) -> DecisionTreeClassifier:
    return DecisionTreeClassifier(**({"random_state": 0} | parameters))


CASES: tuple[Case, ...] = (
    # targets
    case("RandomForestClassifier-multi-output", _forest, data.multi_output_classes),
    case("RandomForestClassifier-multi-output-strings", _forest, data.multi_output_strings),
    case("RandomForestClassifier-multi-label", _forest, data.multi_label),
    case("RandomForestClassifier-strings", _forest, data.string_classes),
    case("RandomForestClassifier-objects", _forest, data.object_classes),
    case("RandomForestClassifier-bools", _forest, data.bool_classes),
    case("RandomForestClassifier-bytes", _forest, data.byte_classes),
    case("RandomForestRegressor-multi-output", _regressor, data.multi_output_regression),
    case(
        "ExtraTreesRegressor-multi-output",
        lambda: ExtraTreesRegressor(4, random_state=0),
        data.multi_output_regression,
    ),
    case("DecisionTreeClassifier-multi-output", _tree, data.multi_output_classes),
    # inputs
    case("RandomForestClassifier-weights", _forest, data.weighted_classes),
    case("RandomForestClassifier-float32", _forest, data.float32_classes),
    case("RandomForestClassifier-fortran", _forest, data.fortran_classes),
    case("RandomForestClassifier-objects-in", _forest, data.object_points),
    case("RandomForestClassifier-sparse", _forest, data.sparse_classes),
    case("RandomForestClassifier-frame", _forest, data.number_frame),
    case("RandomForestClassifier-missing", _forest, data.missing_classes, since="1.4"),
    case("RandomForestRegressor-missing", _regressor, data.missing_regression, since="1.4"),
    case("DecisionTreeClassifier-missing", _tree, data.missing_classes, since="1.3"),
    case(
        "ExtraTreesClassifier-missing",
        lambda: ExtraTreesClassifier(4, random_state=0),
        data.missing_classes,
        since="1.6",
    ),
    case("IsolationForest-sparse", lambda: IsolationForest(n_estimators=4, random_state=0), data.sparse_rows),
    case(
        "IsolationForest-float32",
        lambda: IsolationForest(n_estimators=4, contamination=0.1, random_state=0),
        data.float32_rows,
    ),
    # growth
    case("RandomForestClassifier-leaf-nodes", lambda: _forest(max_leaf_nodes=5), data.three_classes),
    case("RandomForestClassifier-stumps", lambda: _forest(max_depth=1), data.three_classes),
    case("RandomForestClassifier-pruned", lambda: _forest(ccp_alpha=0.02), data.three_classes),
    case(
        "RandomForestClassifier-entropy",
        lambda: _forest(criterion="entropy", max_features=None),
        data.three_classes,
    ),
    case(
        "RandomForestClassifier-balanced",
        lambda: _forest(class_weight="balanced_subsample"),
        data.string_classes,
    ),
    case(
        "RandomForestClassifier-class-weights",
        lambda: _forest(class_weight={0: 1, 1: 2.5, 2: 3}),
        data.three_classes,
    ),
    case(
        "RandomForestClassifier-out-of-bag",
        lambda: _forest(oob_score=True, max_samples=0.7),
        data.three_classes,
    ),
    case("RandomForestClassifier-no-bootstrap", lambda: _forest(bootstrap=False), data.three_classes),
    case("RandomForestClassifier-one-leaf", lambda: _forest(min_samples_leaf=80), data.three_classes),
    case(
        "RandomForestClassifier-monotonic",
        lambda: _forest(monotonic_cst=[1, -1, 0, 0, 0]),
        data.two_classes,
        since="1.4",
    ),
    case(
        "RandomForestRegressor-absolute-error",
        lambda: _regressor(criterion="absolute_error"),
        data.regression,
    ),
    case("RandomForestRegressor-poisson", lambda: _regressor(criterion="poisson"), data.positive_regression),
    case(
        "RandomForestRegressor-monotonic",
        lambda: _regressor(monotonic_cst=[1, 0, 0, 0, -1]),
        data.regression,
        since="1.4",
    ),
    case("DecisionTreeClassifier-pruned", lambda: _tree(ccp_alpha=0.05), data.three_classes),
    case(
        "DecisionTreeClassifier-random-splits",
        lambda: _tree(splitter="random", max_leaf_nodes=7),
        data.three_classes,
    ),
    case("DecisionTreeClassifier-one-class", _tree, lambda: data.Data(X=data.points(), y=np.zeros(data.N_ROWS))),
    case("DecisionTreeRegressor-float32", DecisionTreeRegressor, data.float32_regression),
    case("ExtraTreeClassifier-strings", lambda: ExtraTreeClassifier(random_state=0), data.string_classes),
    case(
        "ExtraTreeRegressor-multi-output",
        lambda: ExtraTreeRegressor(random_state=0),
        data.multi_output_regression,
    ),
    case(
        "RandomTreesEmbedding-dense",
        lambda: RandomTreesEmbedding(3, sparse_output=False, random_state=0),
        data.rows,
    ),
    # randomness
    case("RandomForestClassifier-global-random", lambda: _forest(random_state=None), data.three_classes),
    case(
        "RandomForestClassifier-own-random",
        lambda: _forest(random_state=np.random.RandomState(0)),
        data.three_classes,
    ),
    case(
        "DecisionTreeClassifier-own-random",
        lambda: _tree(random_state=np.random.RandomState(0)),
        data.three_classes,
    ),
    # warm starts
    case("RandomForestClassifier-warm", _forest, data.three_classes, train=warm_started(n_estimators=6)),
    case("RandomForestRegressor-warm", _regressor, data.regression, train=warm_started(n_estimators=6)),
    case(
        "ExtraTreesClassifier-warm",
        lambda: ExtraTreesClassifier(3),
        data.three_classes,
        train=warm_started(n_estimators=5),
    ),
    case(
        "IsolationForest-warm",
        lambda: IsolationForest(n_estimators=3),
        data.rows,
        train=warm_started(n_estimators=5),
    ),
    case(
        "BaggingClassifier-warm",
        lambda: BaggingClassifier(_tree(), 3, random_state=0),
        data.three_classes,
        train=warm_started(n_estimators=5),
    ),
    # bagging
    case(
        "BaggingClassifier-features",
        lambda: BaggingClassifier(LogisticRegression(), 3, max_features=0.6, max_samples=0.5, random_state=0),
        data.string_classes,
    ),
    case("BaggingClassifier-out-of-bag", lambda: BaggingClassifier(None, 6, oob_score=True), data.three_classes),
    case("BaggingRegressor-multi-output", lambda: BaggingRegressor(None, 3), data.multi_output_regression),
)
