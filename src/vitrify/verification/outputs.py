"""How far the outputs of a model that was trained anew are from those that are stored; for information."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from vitrify.graph.paths import cut
from vitrify.record.probing.asking import copied, output_methods, undisturbed
from vitrify.record.telling import told

Array = npt.NDArray[Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputComparison:
    """What a method of the old model gave for the stored probes, and what the new one's gives.

    Attributes:
        method: Its name.
        message: All this in a sentence, or why nothing could be compared.
        n_values: How many values were compared.
        agreeing: The share of values that are equal.
        largest: For numbers, the largest difference.
        correlation: For numbers that vary, that of Pearson.
    """

    method: str
    message: str
    n_values: int = 0
    agreeing: float | None = None
    largest: float | None = None
    correlation: float | None = None


def compared_outputs(model: Any, probes: Mapping[str, Any]) -> list[OutputComparison]:
    """One comparison for each method of stored probes; only methods that give outputs are ever called."""
    stored = probes.get("outputs")
    if not isinstance(stored, dict) or "X" not in probes:
        return []
    methods = output_methods(model)
    found = []
    for name, before in stored.items():
        if name not in methods:
            found.append(OutputComparison(method=cut(str(name)), message="the new model has no such method"))
            continue
        try:
            with undisturbed([]):
                after = methods[name](copied(probes["X"]))
        except Exception as error:  # noqa: BLE001 a method raises what it likes; the others are still compared
            found.append(OutputComparison(method=name, message=f"it gives nothing now ({told(error)})"))
            continue
        found.append(_compared(name, before, after))
    return found


def _compared(method: str, before: Any, after: Any) -> OutputComparison:
    if hasattr(before, "tocsr") and hasattr(after, "tocsr") and before.shape == after.shape and 0 not in before.shape:
        return _sparse(method, before.tocsr(), after.tocsr())
    old, new = _parts(before), _parts(after)
    shapes = [", ".join(str(part.shape) for part in parts) for parts in (old, new)]
    if shapes[0] != shapes[1]:
        return OutputComparison(method=method, message=f"its shape was {cut(shapes[0])} and is {cut(shapes[1])}")
    n_values = sum(part.size for part in old)
    if n_values == 0:
        return OutputComparison(method=method, message="it gave no values")
    agreeing = sum(_n_equal(*pair) for pair in zip(old, new, strict=True)) / n_values
    if not all(part.dtype.kind in "fiub" for part in (*old, *new)):
        return _told(method, n_values, agreeing)
    numbers = [np.concatenate([part.ravel().astype(np.float64) for part in parts]) for parts in (old, new)]
    finite = np.isfinite(numbers[0]) & np.isfinite(numbers[1])
    if not finite.any():
        return _told(method, n_values, agreeing)
    one, other = numbers[0][finite], numbers[1][finite]
    return _told(method, n_values, agreeing, float(np.abs(one - other).max()), _correlation(one, other))


def _told(
    method: str, n_values: int, agreeing: float, largest: float | None = None, correlation: float | None = None
) -> OutputComparison:
    message = f"{agreeing:.1%} of {n_values:,} values agree"
    if largest is not None:
        message += f", largest difference {largest:.3g}"
    if correlation is not None:
        message += f", correlation {correlation:.4f}"
    return OutputComparison(
        method=method, message=message, n_values=n_values, agreeing=agreeing, largest=largest, correlation=correlation
    )


def _sparse(method: str, before: Any, after: Any) -> OutputComparison:
    n_values = before.shape[0] * before.shape[1]
    agreeing = 1 - (before != after).nnz / n_values
    return _told(method, n_values, agreeing, float(abs(before.astype(float) - after.astype(float)).max()))


def _parts(output: Any) -> list[Array]:
    """The arrays of an output: one, or one for each part of a list or tuple."""
    if isinstance(output, (list, tuple)) and all(
        hasattr(one, "shape") or isinstance(one, (list, tuple)) for one in output
    ):
        return [part for one in output for part in _parts(one)]
    if hasattr(output, "toarray"):
        output = output.toarray()
    dense: Array = output.to_numpy() if hasattr(output, "to_numpy") else np.asarray(output)
    return [dense]


def _n_equal(old: Array, new: Array) -> int:
    if old.dtype.kind in "fc" and new.dtype.kind in "fc":
        return int(((old == new) | (np.isnan(old) & np.isnan(new))).sum())
    if old.dtype == object or new.dtype == object:
        return sum(np.array_equal(one, other) for one, other in zip(old.ravel(), new.ravel(), strict=True))
    return int(np.sum(old == new))


def _correlation(old: Array, new: Array) -> float | None:
    if len(old) < 2 or np.ptp(old) == 0 or np.ptp(new) == 0:
        return None
    with np.errstate(all="ignore"):
        found = float(np.corrcoef(old, new)[0, 1])
    return found if np.isfinite(found) else None
