"""The zoo: fitted models of every estimator of scikit-learn, plain and in many variants.

    fitted = CASES["RandomForestClassifier-multi-output"].fit()
    output_calls(fitted.model, fitted.X, fitted.y)     # {"predict": array(...), "apply": ..., "score": ...}

Compare a model before asking it for outputs: some count how often they were asked.
"""

from __future__ import annotations

import itertools
from typing import Any

from tests.support.zoo import (
    boosting,
    every_class,
    forests,
    kernels,
    linear,
    manifolds,
    mixtures,
    neighbours,
    pipelines,
    preprocessing,
    searches,
)
from tests.support.zoo.case import Case, FittedCase, quiet
from tests.support.zoo.outputs import output_names, outputs_of
from tests.support.zoo.training import trained_on

__all__ = ["CASES", "UNFITTABLE", "Case", "FittedCase", "continue_training", "output_calls"]


def _by_name(*groups: tuple[Case, ...]) -> dict[str, Case]:
    cases = {}
    for case in itertools.chain(*groups):
        if case.is_available:
            if case.name in cases:
                raise ValueError(f"two cases are called {case.name!r}")
            cases[case.name] = case
    return cases


CASES: dict[str, Case] = _by_name(
    every_class.CASES,
    forests.CASES,
    boosting.CASES,
    linear.CASES,
    kernels.CASES,
    neighbours.CASES,
    mixtures.CASES,
    manifolds.CASES,
    preprocessing.CASES,
    pipelines.CASES,
    searches.CASES,
)

# Classes of `all_estimators()` that no data can fit, with the reason. There is none at present.
UNFITTABLE: dict[str, str] = {}


def output_calls(model: Any, X: Any, y: Any = None, *, calls: tuple[str, ...] | None = None) -> dict[str, object]:
    """What the model answers: name of the output → its value, or the type of the error raised.

    Without `calls`, everything that `X` and `y` suffice for is asked: predictions, transforms, scores,
    neighbours, leaves, the first of each staged output, and attributes that are results (`labels_` …).
    """
    with quiet("outputs"):
        return outputs_of(model, X, y, output_names(model) if calls is None else calls)


def continue_training(model: Any, X: Any, y: Any = None) -> Any | None:
    """The same model, changed by one more `partial_fit` or a longer warm start; None if it has neither."""
    with quiet("training"):
        return trained_on(model, X, y)
