"""Functions that a model calls with keywords of its own: what may be given to them is what a partial may be given.

`kw_args=` of a transformer and the keywords of a scorer reach the function as they are, whenever the model is used.
Sources: `sklearn/preprocessing/_function_transformer.py`, `sklearn/metrics/_scorer.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from types import FunctionType
from typing import Any, Final

from vitrify.converters import default_registry
from vitrify.converters.builtins.calls import refusal
from vitrify.errors import UnsupportedError
from vitrify.graph.converter import AttrsRule

_TRANSFORMER: Final = (("func", "kw_args"), ("inverse_func", "inv_kw_args"))
_SCORER: Final = (("_score_func", "_kwargs"),)


def _problem(model: Any, calls: tuple[tuple[str, str], ...]) -> str | None:
    """Why a file may not have the model call its functions like this; None if it may."""
    for name, keywords in calls:
        function, given = vars(model).get(name), vars(model).get(keywords)
        if type(function) is partial:
            function = function.func
        if function is None or given is None:
            continue
        if type(given) is not dict or not all(type(keyword) is str for keyword in given):
            return f"{keywords} is no dict from names"
        if isinstance(function, FunctionType) and default_registry().name_of(function) is None:
            continue  # the caller's own, or one that is refused by its name
        reason = refusal(function, (), given) if given else None
        if reason is not None:
            return f"{keywords} cannot be given: {reason}"
    return None


def _rule(calls: tuple[tuple[str, str], ...]) -> AttrsRule:
    def finish(model: Any) -> None:
        reason = _problem(model, calls)
        if reason is not None:
            raise ValueError(reason)

    def precheck(model: Any) -> None:
        reason = _problem(model, calls)
        if reason is not None:
            what = f"a {type(model).__name__} whose {reason}"
            raise UnsupportedError(what, hint="Write a function of your own instead")

    return AttrsRule(finish=finish, precheck=precheck)


RULES: Final[Mapping[str, AttrsRule]] = {
    "sklearn.preprocessing._function_transformer.FunctionTransformer": _rule(_TRANSFORMER),
    **dict.fromkeys(
        (
            "sklearn.metrics._scorer._CurveScorer",
            "sklearn.metrics._scorer._PredictScorer",
            "sklearn.metrics._scorer._ProbaScorer",
            "sklearn.metrics._scorer._Scorer",
            "sklearn.metrics._scorer._ThresholdScorer",
        ),
        _rule(_SCORER),
    ),
}
