"""The zoo covers scikit-learn, is the same at each fit, and agrees with the comparator about copies."""

from __future__ import annotations

import copy
import pickle
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from sklearn.utils import all_estimators

from tests.support.equality import assert_same, differences
from tests.support.estimators import CASES, UNFITTABLE, continue_training, output_calls

COPIES: dict[str, Callable[[Any], Any]] = {
    "deepcopy": copy.deepcopy,
    "pickle": lambda model: pickle.loads(pickle.dumps(model, protocol=5)),
}
# Models that hold something special: compiled trees, aliases, callables, generators, frames, masked arrays.
SPECIAL = [
    "RandomForestClassifier-multi-output",
    "GradientBoostingClassifier-own-random",
    "HistGradientBoostingClassifier-codes",
    "KNeighborsClassifier-ball_tree-mahalanobis",
    "KNeighborsClassifier-kd_tree-minkowski",
    "SVC-sparse",
    "MLPClassifier-adam",
    "GaussianProcessRegressor-composed",
    "IsotonicRegression-clipped",
    "SplineTransformer-quantiles",
    "CountVectorizer-ngrams",
    "FunctionTransformer-log",
    "Pipeline-frame",
    "Pipeline-tfidf-sgd",
    "StackingClassifier-passthrough",
    "GridSearchCV-several-scores",
    "RandomizedSearchCV-distributions",
]
# What a pickle changes: a view gets memory of its own, and numpy's global generator becomes another one.
CHANGED_BY_PICKLE = re.compile("memory of its own|numpy's global generator")


def test_every_class_of_scikit_learn_is_covered() -> None:
    """A class that a new version brings must get a case, or a reason why it cannot have one."""
    names = {name for name, _ in all_estimators()}
    assert names - set(CASES) - set(UNFITTABLE) == set()
    assert set(UNFITTABLE) <= names - set(CASES)


def test_names_say_which_class_a_case_makes() -> None:
    """A case is found by the class of its model."""
    for name in SPECIAL:
        assert type(CASES[name].make()).__name__ == name.split("-")[0]


@pytest.mark.parametrize("name", SPECIAL)
def test_a_case_is_the_same_at_each_fit(name: str) -> None:
    """Two fits of one case are equal and share nothing, whatever state numpy's global generator is in."""
    np.random.seed(1)
    one = CASES[name].fit()
    np.random.seed(2)
    two = CASES[name].fit()
    assert_same([one.model, one.X, one.y], [two.model, two.X, two.y])
    assert one.calls == two.calls


def test_a_fit_leaves_the_global_generator_alone() -> None:
    """A case that draws from numpy's global generator restores it."""
    before = np.random.get_state()
    CASES["KMeans-global-random"].fit()
    assert_same(before, np.random.get_state())


@pytest.mark.parametrize("name", SPECIAL)
@pytest.mark.parametrize("copied", COPIES.values(), ids=COPIES)
def test_a_copy_of_a_model_is_the_same(name: str, copied: Callable[[Any], Any]) -> None:
    """Two ways to copy a model that are known to be right give a model without differences."""
    fitted = CASES[name].fit()
    model = copied(fitted.model)
    assert [line for line in differences(fitted.model, model) if not CHANGED_BY_PICKLE.search(line)] == []
    answers = output_calls(fitted.model, fitted.X, fitted.y, calls=fitted.calls)
    assert answers
    assert_same(answers, output_calls(model, fitted.X, fitted.y, calls=fitted.calls))


@pytest.mark.parametrize("name", SPECIAL)
def test_a_case_differs_from_the_case_beside_it(name: str) -> None:
    """Models fitted on other data are told apart."""
    assert differences(CASES[name].fit().model, CASES[name.split("-", maxsplit=1)[0]].fit().model)


@pytest.mark.parametrize(
    "name",
    ["SGDClassifier-batches", "RandomForestClassifier-warm", "MLPClassifier-adam", "StandardScaler-frame"],
)
def test_a_copy_can_be_trained_on(name: str) -> None:
    """One more step of training gives the same model from the original and from its copy."""
    fitted = CASES[name].fit()
    model = copy.deepcopy(fitted.model)
    before = copy.deepcopy(fitted.model)
    trained = continue_training(fitted.model, fitted.X, fitted.y)
    assert trained is fitted.model
    assert differences(before, trained)
    assert_same(trained, continue_training(model, fitted.X, fitted.y))


def test_training_on_gives_none_where_there_is_none() -> None:
    """A model without further training says so instead of being fitted anew."""
    fitted = CASES["SVC"].fit()
    assert continue_training(fitted.model, fitted.X, fitted.y) is None


def test_outputs_name_the_error_of_a_refused_call() -> None:
    """What a model refuses is part of its behaviour."""
    fitted = CASES["RandomForestClassifier-multi-output"].fit()
    answers = output_calls(fitted.model, fitted.X, fitted.y)
    assert answers["score"] is ValueError
    assert isinstance(answers["predict"], np.ndarray)
