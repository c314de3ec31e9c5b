"""What older versions of scikit-learn had, and this one has under another name or no more: enough to load their files.

Where this version has the thing itself, it is that. Sources: `sklearn/metrics/_scorer.py` of 1.2, 1.3 and 1.4.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, Final

RESPONSES: Final[dict[str, str | tuple[str, ...]]] = {
    "_PredictScorer": "predict",
    "_ProbaScorer": "predict_proba",
    "_ThresholdScorer": ("decision_function", "predict_proba"),
}
"""Scorers until 1.3 → what today's `_Scorer` asks the estimator for."""
_PASSTHROUGH: Final = "_passthrough_scorer"


def __getattr__(name: str) -> Any:
    """The class or function of an older name, looked up when it is needed: nothing of scikit-learn is imported here."""
    if name == _PASSTHROUGH:
        return _passthrough()
    if name in RESPONSES:
        from sklearn.metrics import _scorer

        return getattr(_scorer, "_Scorer", None)
    raise AttributeError(name)


def completed(name: str) -> Callable[[Any], None]:
    """A function that tells a scorer what its older class, `name`, asked for; one that has that class knows it."""

    def complete(scorer: Any) -> None:
        if type(scorer).__name__ == "_Scorer":
            vars(scorer)["_response_method"] = RESPONSES[name]

    return complete


@cache
def _passthrough() -> Any:
    """A function until 1.2; newer versions have an object that holds the estimator as well."""
    from sklearn.metrics import _scorer

    def _passthrough_scorer(estimator: Any, *args: Any, **kwargs: Any) -> Any:
        return estimator.score(*args, **kwargs)

    return getattr(_scorer, _PASSTHROUGH, _passthrough_scorer)
