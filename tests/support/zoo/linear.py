"""Linear models and neural networks: penalties, solvers, targets, and training in steps."""

from __future__ import annotations

import numpy as np
from sklearn import linear_model
from sklearn.linear_model import (
    ElasticNet,
    HuberRegressor,
    Lasso,
    LassoCV,
    LinearRegression,
    LogisticRegression,
    LogisticRegressionCV,
    Perceptron,
    PoissonRegressor,
    RANSACRegressor,
    Ridge,
    RidgeClassifierCV,
    RidgeCV,
    SGDClassifier,
    SGDOneClassSVM,
    SGDRegressor,
    TweedieRegressor,
)
from sklearn.neural_network import BernoulliRBM, MLPClassifier, MLPRegressor

from tests.support.zoo import data
from tests.support.zoo.case import Case, case
from tests.support.zoo.training import in_batches, warm_started

__all__ = ["CASES"]


def _network(**parameters: object) -> MLPClassifier:
    return MLPClassifier(**({"hidden_layer_sizes": (4,), "max_iter": 8, "random_state": 0} | parameters))


def _network_regressor(**parameters: object) -> MLPRegressor:
    return MLPRegressor(**({"hidden_layer_sizes": (4, 3), "max_iter": 8, "random_state": 0} | parameters))


def _sgd(**parameters: object) -> SGDClassifier:
    return SGDClassifier(**({"max_iter": 20, "random_state": 0} | parameters))


def _logistic(**parameters: object) -> LogisticRegression:
    return LogisticRegression(**({"max_iter": 50, "random_state": 0} | parameters))


_BATCHES = in_batches(classes=True)
_TARGET_BATCHES = in_batches()

CASES: tuple[Case, ...] = (
    # regression
    case("LinearRegression-multi-output", LinearRegression, data.multi_output_regression),
    case("LinearRegression-positive", lambda: LinearRegression(positive=True), data.regression),
    case("LinearRegression-sparse", LinearRegression, data.sparse_regression),
    case("LinearRegression-float32", LinearRegression, data.float32_regression),
    case("LinearRegression-frame", LinearRegression, data.number_frame),
    case(
        "LinearRegression-no-intercept",
        lambda: LinearRegression(fit_intercept=False),
        data.weighted_regression,
    ),
    case("Ridge-multi-output", lambda: Ridge(alpha=np.array([0.5, 1.5])), data.multi_output_regression),
    case("Ridge-sag", lambda: Ridge(solver="sag", random_state=0), data.sparse_regression),
    case("RidgeCV-folds", lambda: RidgeCV(alphas=(0.1, 1.0), cv=3), data.regression),
    case("RidgeClassifierCV-strings", lambda: RidgeClassifierCV(alphas=(0.1, 1.0)), data.string_classes),
    case("Lasso-fortran", lambda: Lasso(0.1), data.multi_output_regression),
    case("Lasso-sparse", lambda: Lasso(0.1), data.sparse_regression),
    case(
        "LassoCV-random",
        lambda: LassoCV(alphas=[0.1, 1.0], cv=3, selection="random", random_state=0),
        data.regression,
    ),
    case("ElasticNet-warm", lambda: ElasticNet(max_iter=20), data.regression, train=warm_started(max_iter=40)),
    case("HuberRegressor-warm", HuberRegressor, data.regression, train=warm_started(max_iter=50)),
    case(
        "PoissonRegressor-newton",
        lambda: PoissonRegressor(solver="newton-cholesky"),
        data.positive_regression,
    ),
    case("TweedieRegressor-compound", lambda: TweedieRegressor(power=1.5, link="log"), data.positive_regression),
    case("RANSACRegressor-default", lambda: RANSACRegressor(random_state=0), data.regression),
    # logistic regression
    case("LogisticRegression-two-classes", _logistic, data.two_classes),
    case("LogisticRegression-strings", _logistic, data.string_classes),
    case("LogisticRegression-bools", _logistic, data.bool_classes),
    case("LogisticRegression-bytes", _logistic, data.byte_classes),
    case("LogisticRegression-float32", _logistic, data.float32_classes),
    case("LogisticRegression-sparse", _logistic, data.sparse_classes),
    case("LogisticRegression-sparse-array", _logistic, data.sparse_array_classes, since="1.4"),
    case("LogisticRegression-frame", _logistic, data.number_frame),
    case("LogisticRegression-saga", lambda: _logistic(solver="saga", C=0.5), data.three_classes),
    case("LogisticRegression-liblinear", lambda: _logistic(solver="liblinear"), data.two_classes),
    case("LogisticRegression-balanced", lambda: _logistic(class_weight="balanced"), data.string_classes),
    case(
        "LogisticRegression-sparsified",
        _logistic,
        data.three_classes,
        train=lambda m, d: m.fit(d.X, d.y).sparsify(),
    ),
    case("LogisticRegression-warm", _logistic, data.three_classes, train=warm_started(max_iter=70)),
    case(
        "LogisticRegression-global-random",
        lambda: _logistic(random_state=None, solver="sag"),
        data.three_classes,
    ),
    case("LogisticRegressionCV-strings", lambda: LogisticRegressionCV(Cs=[0.1, 1.0], cv=3), data.string_classes),
    # stochastic gradient descent
    case("SGDClassifier-log-loss", lambda: _sgd(loss="log_loss"), data.string_classes),
    case("SGDClassifier-average", lambda: _sgd(average=True), data.three_classes),
    case("SGDClassifier-two-classes", lambda: _sgd(loss="modified_huber", average=5), data.two_classes),
    case(
        "SGDClassifier-elastic",
        lambda: _sgd(penalty="elasticnet", learning_rate="adaptive", eta0=0.1),
        data.three_classes,
    ),
    case("SGDClassifier-early-stop", lambda: _sgd(early_stopping=True), data.three_classes),
    case("SGDClassifier-own-random", lambda: _sgd(random_state=np.random.RandomState(0)), data.three_classes),
    case("SGDClassifier-batches", lambda: _sgd(loss="log_loss"), data.string_classes, train=_BATCHES),
    case("SGDClassifier-sparse-batches", _sgd, data.sparse_classes, train=_BATCHES),
    case("SGDClassifier-warm", _sgd, data.three_classes, train=warm_started(max_iter=30)),
    case(
        "SGDRegressor-batches",
        lambda: SGDRegressor(loss="huber", random_state=0),
        data.regression,
        train=_TARGET_BATCHES,
    ),
    case(
        "SGDOneClassSVM-batches",
        lambda: SGDOneClassSVM(random_state=0),
        data.rows,
        train=in_batches(targets=False),
    ),
    case(
        "PassiveAggressiveClassifier-batches",
        lambda: linear_model.PassiveAggressiveClassifier(random_state=0),
        data.string_classes,
        train=_BATCHES,
        before="1.10",
    ),
    case(
        "PassiveAggressiveRegressor-batches",
        lambda: linear_model.PassiveAggressiveRegressor(random_state=0),
        data.regression,
        train=_TARGET_BATCHES,
        before="1.10",
    ),
    case("Perceptron-batches", lambda: Perceptron(random_state=0), data.three_classes, train=_BATCHES),
    # networks
    case("MLPClassifier-adam", _network, data.string_classes),
    case("MLPClassifier-sgd", lambda: _network(solver="sgd", learning_rate="adaptive"), data.three_classes),
    case("MLPClassifier-lbfgs", lambda: _network(solver="lbfgs", activation="tanh"), data.two_classes),
    case(
        "MLPClassifier-logistic",
        lambda: _network(activation="logistic", hidden_layer_sizes=(3, 3, 3)),
        data.three_classes,
    ),
    case("MLPClassifier-early-stop", lambda: _network(early_stopping=True), data.three_classes),
    case("MLPClassifier-multi-label", _network, data.multi_label),
    case("MLPClassifier-float32", _network, data.float32_classes),
    case("MLPClassifier-sparse", _network, data.sparse_classes),
    case("MLPClassifier-global-random", lambda: _network(random_state=None), data.three_classes),
    case(
        "MLPClassifier-own-random",
        lambda: _network(random_state=np.random.RandomState(0)),
        data.three_classes,
    ),
    case("MLPClassifier-batches", _network, data.string_classes, train=_BATCHES),
    case("MLPClassifier-warm", _network, data.three_classes, train=warm_started(max_iter=12)),
    case("MLPRegressor-multi-output", _network_regressor, data.multi_output_regression),
    case("MLPRegressor-lbfgs", lambda: _network_regressor(solver="lbfgs"), data.regression),
    case(
        "MLPRegressor-batches",
        lambda: _network_regressor(solver="sgd"),
        data.regression,
        train=_TARGET_BATCHES,
    ),
    case(
        "BernoulliRBM-batches",
        lambda: BernoulliRBM(n_components=3, batch_size=data.N_HEAD, random_state=0),
        data.rows,
        train=in_batches(targets=False),
    ),
)
