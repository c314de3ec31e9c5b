"""Encoders whose numbers become columns of a sparse matrix, which compiled code does not check (attacks M20, M21).

Sources: `sklearn/preprocessing/_encoders.py`, `_label.py`.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np

from vitrify.converters.checking.reach import charge_reach
from vitrify.graph.converter import AttrsRule
from vitrify.graph.invariants import contents, entries
from vitrify.graph.rows import Place, Rows

_PLAIN: Final = (str, bytes, int, float, bool, type(None), np.generic, dt.date)
_MOST_ALIKE: Final = 100
_ENCODER_LISTS: Final = ("categories_", "_n_features_outs")


def check_label_cache(rows: Rows) -> None:
    """`_cached_dict`, once it is made, is a dict from class to a number of its own."""
    if not rows.has("_cached_dict"):
        return
    for row, (place, pairs) in enumerate(zip(rows.places("_cached_dict"), entries(rows, "_cached_dict"), strict=True)):
        if place is None:
            continue
        numbers = [number for _, number in pairs or ()]
        if pairs is None or not all(type(n) is int for n in numbers) or set(numbers) != set(range(len(numbers))):
            rows.fail(row, "_cached_dict must number the classes 0, 1, 2 …")


def require_distinct_classes(model: Any) -> None:
    """Fail unless each class of a MultiLabelBinarizer is there once: their places become columns of a sparse matrix.

    Raises:
        ValueError: One is there twice, or is neither a plain value nor a tuple of plain values.
    """
    classes = np.asarray(vars(model).get("classes_", ()))
    found = classes.ravel().tolist()
    parts = [part for value in found for part in (value if type(value) is tuple else (value,))]
    if classes.dtype.kind in "OV" and not all(isinstance(part, _PLAIN) for part in parts):
        raise ValueError("classes_ must hold plain values")
    if max(Counter(map(hash, found)).values(), default=0) > _MOST_ALIKE or len(set(found)) != len(found):
        raise ValueError("classes_ names a class twice")


def check_one_hot(rows: Rows) -> None:
    """Each category's column lies among those of its feature."""
    if not all(rows.has(name) for name in _ENCODER_LISTS):
        return
    charge_reach(rows)
    categories, widths = contents(rows, "categories_"), contents(rows, "_n_features_outs")
    has_drops = rows.has("_drop_idx_after_grouping")
    dropped = rows.places("_drop_idx_after_grouping") if has_drops else [None] * rows.n
    drops = contents(rows, "_drop_idx_after_grouping") if has_drops else dropped
    infrequent = _infrequent(rows)
    n_features = rows.integers("n_features_in_")
    for row in range(rows.n):
        found, outs = categories[row], widths[row]
        if found is None or outs is None or not len(found) == len(outs) == n_features[row]:
            rows.fail(row, f"categories_ and _n_features_outs must be lists of {n_features[row]} items")
        groups = _groups(rows, row, infrequent[row], len(found))
        drop = _drops(rows, row, dropped[row], drops[row], len(found))
        for i, (one, width) in enumerate(zip(found, outs, strict=True)):
            n = _n_categories(rows, row, one)
            if groups[i] is not None:
                n = _n_grouped(rows, row, n, *groups[i])
            if drop[i] is not None:
                if not 0 <= drop[i] < n:
                    rows.fail(row, f"feature {i} drops category {drop[i]} of {n}")
                n -= 1
            if not _is_int(width):
                rows.fail(row, "_n_features_outs must hold ints")
            if width != n:
                rows.fail(row, f"_n_features_outs says {width} columns for feature {i}, which has {n}")


def _n_categories(rows: Rows, row: int, categories: object) -> int:
    """How many there are; numbers must be in order, since they are found by bisection."""
    shape = categories.shape if isinstance(categories, Place) else None
    if shape is None or len(shape) != 1 or not shape[0]:
        return rows.fail(row, "categories_ must hold vectors")
    assert isinstance(categories, Place)
    values = categories.array
    if values is not None and values.dtype.kind not in "OUS":
        known = values[~np.isnan(values)] if values.dtype.kind in "fmM" else values
        if not bool((known[1:] > known[:-1]).all()) or not np.array_equal(known, values[: len(known)]):
            rows.fail(row, "categories_ that are numbers must be sorted")
    return shape[0]


def _infrequent(rows: Rows) -> list[Any]:
    """For each encoder: None, or its lists of infrequent categories and of mappings."""
    if not rows.has("_infrequent_indices") or not rows.has("_default_to_infrequent_mappings"):
        return [None] * rows.n
    enabled = rows.values("_infrequent_enabled")
    lists = zip(contents(rows, "_infrequent_indices"), contents(rows, "_default_to_infrequent_mappings"), strict=True)
    return [both if is_on is True else None for both, is_on in zip(lists, enabled, strict=True)]


def _groups(rows: Rows, row: int, lists: Any, n: int) -> list[Any]:
    """For each feature: None, or its infrequent categories and what each category is mapped to."""
    if lists is None:
        return [None] * n
    infrequent, mappings = lists
    if infrequent is None or mappings is None or not len(infrequent) == len(mappings) == n:
        rows.fail(row, f"_infrequent_indices and _default_to_infrequent_mappings must be lists of {n} items")
    found: list[Any] = []
    for indices, mapping in zip(infrequent, mappings, strict=True):
        if (indices is None) != (mapping is None):
            rows.fail(row, "a feature has infrequent categories without a mapping, or the other way round")
        found.append(None if indices is None else (indices, mapping))
    return found


def _n_grouped(rows: Rows, row: int, n: int, indices: object, mapping: object) -> int:
    """How many columns are left when infrequent categories share one."""
    first, second = (place.array if isinstance(place, Place) else None for place in (indices, mapping))
    if first is None or second is None or not _are_indices(first, n) or not len(first) or second.shape != (n,):
        return rows.fail(row, "infrequent categories must be numbers of categories, with a mapping for each category")
    left = n - len(first) + 1
    if not _are_indices(second, left):
        rows.fail(row, f"categories are mapped beyond the {left} columns that are left")
    return left


def _are_indices(values: Any, n: int) -> bool:
    if values.ndim != 1 or values.dtype.kind not in "iu":
        return False
    return not values.size or (int(values.min()) >= 0 and int(values.max()) < n)


def _drops(rows: Rows, row: int, place: object, items: Any, n: int) -> Sequence[Any]:
    """For each feature: the category that has no column, or None."""
    if place is None:
        return [None] * n
    array = place.array if isinstance(place, Place) else None
    found = items if array is None else array.tolist()
    if found is None or len(found) != n or not all(value is None or _is_int(value) for value in found):
        rows.fail(row, f"_drop_idx_after_grouping must hold {n} numbers of categories")
    return [int(value) if value is not None else None for value in found]


def _is_int(value: object) -> bool:
    return isinstance(value, (int, np.integer)) and not isinstance(value, bool)


RULES: Final[Mapping[str, AttrsRule]] = {
    "sklearn.preprocessing._encoders.OneHotEncoder": AttrsRule(check=check_one_hot, requires=("categories_",)),
    "sklearn.preprocessing._label.MultiLabelBinarizer": AttrsRule(
        check=check_label_cache, finish=require_distinct_classes, requires=("_cached_dict",)
    ),
}
