"""Labels that two scores nearly tie for: on another CPU, the other one may win."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from vitrify.record.probing.comparing import Difference, Tolerance, compare

Flags = npt.NDArray[np.bool_]


def compare_labels(outputs: Mapping[str, Any], found: Any, tolerance: Tolerance) -> Difference:
    """How far `predict` is from what was stored; labels count only where the stored scores decide clearly."""
    stored = outputs["predict"]
    difference = compare(stored, found, tolerance)
    if difference.status != "different" or not _are_labels(stored) or not _are_labels(found):
        return difference
    if stored.shape != found.shape or (ties := near_ties(outputs, stored.shape, tolerance)) is None or not ties.any():
        return difference
    settled = np.where(ties, stored, found)
    if stored.dtype == found.dtype:
        settled = settled.astype(stored.dtype)
    clear = compare(stored, settled, tolerance)
    if clear.status == "different":
        return clear
    n = int(np.count_nonzero(stored.astype(object) != found.astype(object)))
    message = f"{n} of {stored.size} labels differ, all where the two best scores are within {tolerance} of each other"
    return replace(clear, status="close", n_different=n, message=message)


def near_ties(outputs: Mapping[str, Any], shape: tuple[int, ...], tolerance: Tolerance) -> Flags | None:
    """Which labels hang on less than the tolerance of two scores; None where there are no scores."""
    found: Flags | None = None
    for name in ("decision_function", "predict_proba"):
        ties = _ties(outputs.get(name), shape, tolerance, 0.5 if name == "predict_proba" else 0.0)
        if ties is not None:
            found = ties if found is None else found | ties
    return found


def _ties(scores: Any, shape: tuple[int, ...], tolerance: Tolerance, boundary: float) -> Flags | None:
    if isinstance(scores, list) and len(shape) == 2 and len(scores) == shape[1]:
        columns = [_ties(one, shape[:1], tolerance, boundary) for one in scores]
        known = [column for column in columns if column is not None]
        return np.column_stack(known) if len(known) == len(columns) else None
    if not isinstance(scores, np.ndarray) or scores.dtype.kind != "f" or scores.shape[:1] != shape[:1]:
        return None
    eps = float(np.finfo(scores.dtype).eps)
    values = scores.astype(np.float64)
    if values.shape == shape:  # one score a label, above or below a boundary
        return np.asarray(np.abs(values - boundary) <= tolerance.around(values, eps))
    if values.ndim != 2 or len(shape) != 1:
        return None
    allowed = 2.0 * tolerance.around(values, eps).max(axis=1, initial=0.0)
    ties = np.zeros(shape, np.bool_)
    if values.shape[1] > 1:
        best = np.sort(values, axis=1)[:, -2:]
        ties = best[:, 1] - best[:, 0] <= allowed
    if boundary == 0.0:  # one score for each pair of classes
        ties = ties | (np.abs(values) <= allowed[:, None]).any(axis=1)
    return np.asarray(ties)


def _are_labels(value: Any) -> bool:
    return isinstance(value, np.ndarray) and value.dtype.kind in "biuUOTf"
