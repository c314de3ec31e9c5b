"""Attributes that follow from others: they are made again, or read past where a version of scikit-learn has none."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from vitrify.graph.converter import AttrsRule


def _rebuild_interpolator(model: Any) -> None:
    """IsotonicRegression's f_ is a function of its thresholds; scikit-learn itself never pickles it."""
    if hasattr(model, "X_thresholds_") and hasattr(model, "y_thresholds_"):
        model._build_f(model.X_thresholds_, model.y_thresholds_)


_CLASSES: Final = AttrsRule(derived=frozenset({"classes_"}))
RULES: Final[Mapping[str, AttrsRule]] = {
    "sklearn.isotonic.IsotonicRegression": AttrsRule(drop=frozenset({"f_"}), finish=_rebuild_interpolator),
    "sklearn.linear_model._ridge.RidgeClassifier": _CLASSES,
    "sklearn.linear_model._ridge.RidgeClassifierCV": _CLASSES,
    "sklearn.neighbors._nca.NeighborhoodComponentsAnalysis": AttrsRule(derived=frozenset({"_n_features_out"})),
}
