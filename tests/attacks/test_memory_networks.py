"""Attack M29 on neural networks: a warm start by lbfgs reads and writes as many weights as their parameters say."""

from __future__ import annotations

import warnings
from functools import partial
from typing import Any

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier

import vitrify
from tests.attacks.actions import start_warm
from tests.attacks.harness import Attack, assert_harmless, assert_refused, run_one
from tests.attacks.test_memory_content import Lie
from vitrify.errors import StateError

RNG = np.random.default_rng(11)
X = RNG.normal(size=(60, 4))
Y = np.arange(60) % 3
WIDE = 200_000


def network(hidden: int = 3, **parameters: Any) -> MLPClassifier:
    """A fitted one."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return MLPClassifier((hidden,), solver="lbfgs", max_iter=1, random_state=0, **parameters).fit(X, Y)


def _outputs(model: MLPClassifier) -> None:
    """So many that the answers are arrays of that size."""
    model.coefs_[1], model.intercepts_[1], model.n_outputs_ = np.ones((3, WIDE)), np.ones(WIDE), WIDE


def _narrow(model: MLPClassifier) -> None:
    model.hidden_layer_sizes = (2,)


NETWORKS = [
    Lie("layers of another size", partial(network, WIDE, warm_start=True), _narrow, (("fit", X, Y),), ""),
    Lie("outputs without classes", partial(network, warm_start=True), _outputs, (("fit", X, Y),), "200000 outputs"),
]


@pytest.mark.parametrize("is_warm", [True, False])
def test_M29_a_network_with_layers_that_hidden_layer_sizes_does_not_say(is_warm: bool) -> None:
    """It may be what the next fit shall do, so the file loads; training on raises an error of Python."""
    model = network(WIDE).set_params(hidden_layer_sizes=(2,), warm_start=is_warm)
    data = vitrify.dumps(model)
    outcome = run_one(
        Attack(data, then=(("predict", X[:5]), partial(start_warm, X=X, y=Y)), label="hidden_layer_sizes")
    )
    assert_harmless(outcome)
    predicted, trained = outcome.answers
    assert predicted.text == repr(model.predict(X[:5]))
    assert (trained.error, trained.text) == ("TypeError", "'tuple' object does not support item assignment")


def test_M29_a_network_with_more_outputs_than_classes() -> None:
    """Labels become a column for each class, and the gradient has room for as many."""
    model = network(warm_start=True)
    _outputs(model)
    outcome = run_one(Attack(vitrify.dumps(model), then=(("fit", X, Y),), label="n_outputs_"))
    assert_refused(outcome, StateError, path="$", match="200000 outputs cannot be those for classes of shape")
