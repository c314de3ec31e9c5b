"""What models answer, as arrays that another version of Python's libraries can read and compare."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from scipy import sparse

Arrays = dict[str, Any]
_MAX_ERROR = 1e-5


def as_arrays(answers: Mapping[str, object]) -> Arrays:
    """Name and number → array, of floats or of texts; the name of an error where the model raises one."""
    return {f"{name}|{i}": array for name, value in answers.items() for i, array in enumerate(_arrays(value))}


def differing(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """The names of the outputs that are not the same up to rounding: with ` raises` where one is an error now."""
    names = dict.fromkeys(key.partition("|")[0] for key in (*before, *now))
    return [f"{name}{_suffix(now, name)}" for name in names if not _are_same(_of(before, name), _of(now, name))]


def _arrays(value: object) -> list[Any]:
    if isinstance(value, type):
        return [np.array(f"raises {value.__name__}")]
    if sparse.issparse(value):
        return [value.toarray().astype(float)]  # type: ignore[attr-defined]  # what issparse says
    if isinstance(value, dict):
        return [np.array(sorted(value)), np.array([value[key] for key in sorted(value)], float)]
    if isinstance(value, (list, tuple)) and any(map(_holds_more, value)):
        return [np.array(len(value)), *(array for item in value for array in _arrays(item))]
    found = np.asarray(value)
    if found.dtype.kind in "biufc":
        return [found.astype(complex if found.dtype.kind == "c" else float)]
    if any(map(_holds_more, found.ravel().tolist())):
        return [np.array(found.shape), *(array for item in found.ravel().tolist() for array in _arrays(item))]
    return [found.astype(str)]


def _holds_more(value: object) -> bool:
    return isinstance(value, (list, tuple, dict, np.ndarray)) or sparse.issparse(value)


def _of(arrays: Mapping[str, Any], name: str) -> list[Any]:
    return [array for key, array in arrays.items() if key.partition("|")[0] == name]


def _suffix(now: Mapping[str, Any], name: str) -> str:
    found = _of(now, name)
    return " raises" if found and found[0].dtype.kind == "U" and str(found[0]).startswith("raises ") else ""


def _are_same(before: list[Any], now: list[Any]) -> bool:
    return len(before) == len(now) and all(map(_is_same, before, now))


def _is_same(one: Any, other: Any) -> bool:
    if one.shape != other.shape or (one.dtype.kind == "U") != (other.dtype.kind == "U"):
        return False
    if one.dtype.kind == "U":
        return bool((one == other).all())
    return np.allclose(one, other, rtol=_MAX_ERROR, atol=_MAX_ERROR, equal_nan=True)
