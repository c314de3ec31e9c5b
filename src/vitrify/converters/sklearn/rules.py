"""What must hold for classes that are rebuilt from their attributes, beyond the attributes themselves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from vitrify.converters.sklearn.boosting import check_predictors, match_dtype
from vitrify.graph.converter import AttrsRule


def _rebuild_interpolator(model: Any) -> None:
    """IsotonicRegression's f_ is a function of its thresholds; scikit-learn itself never pickles it."""
    if hasattr(model, "X_thresholds_") and hasattr(model, "y_thresholds_"):
        model._build_f(model.X_thresholds_, model.y_thresholds_)


# After early stopping on a score, the estimator holds its own bound method under the method's name, a leftover of
# scikit-learn's `_patch_raw_predict`; without it the same method is found in the class.
_HIST_BOOSTING: Final = AttrsRule(drop=frozenset({"_raw_predict"}))

RULES: Final[Mapping[str, AttrsRule]] = {
    "sklearn.ensemble._hist_gradient_boosting.gradient_boosting.HistGradientBoostingClassifier": _HIST_BOOSTING,
    "sklearn.ensemble._hist_gradient_boosting.gradient_boosting.HistGradientBoostingRegressor": _HIST_BOOSTING,
    "sklearn.isotonic.IsotonicRegression": AttrsRule(drop=frozenset({"f_"}), finish=_rebuild_interpolator),
    "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor": AttrsRule(
        check=check_predictors, finish=match_dtype
    ),
}
