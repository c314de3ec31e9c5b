"""Attributes that act after loading: what a file may set, whatever the class.

A file of a stranger may ask for much work, as a long training does, but not for what happens behind a prediction's
back: pickles read from a folder, more threads than a machine can start, expressions that are evaluated.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

import numpy as np

from vitrify.errors import UnsupportedError
from vitrify.graph.rows import Place, Rows

_MAX_WORKERS: Final = 1024
_MAX_UNSEEN_FEATURES: Final = 1 << 24
_UNSEEN: Final = "n_features_in_ is {}, and no array of the object has that size"
_DISPATCH: Final = re.compile(r"all|n_jobs|\d{1,4}(?:\.\d{1,4})? ?\* ?n_jobs|n_jobs ?\* ?\d{1,4}|\d{1,9}")


def require_restorable(type_id: str, columns: Mapping[str, Sequence[object]]) -> None:
    """Refuse to save what `check_parameters` would not load; what is never saved aside.

    Raises:
        UnsupportedError: An attribute has such a value.
    """
    for name, (is_allowed, message) in _POLICY.items():
        if name not in NEVER_SAVED and not all(map(is_allowed, columns.get(name, ()))):
            raise UnsupportedError(f"{type_id}: {name} {message}", hint="Set it when the model is loaded")
    for row, value in enumerate(columns.get("n_features_in_", ())):
        arrays = (column[row] for column in columns.values())
        if not _is_seen(value, (array.shape for array in arrays if type(array) is np.ndarray)):
            raise UnsupportedError(f"{type_id}: {_UNSEEN.format(value)}", hint="Use fewer features")


def check_parameters(rows: Rows) -> None:
    """Fail for an object of a reviewed class with a parameter that no file may set so."""
    for name, (is_allowed, message) in _POLICY.items():
        if rows.has(name):
            for row, value in enumerate(rows.values(name)):
                if not is_allowed(value):
                    rows.fail(row, f"{name} {message}")
    for name in _WORKERS:
        if rows.has(name):
            _check_workers(rows, name)
    if rows.has("n_features_in_"):
        _check_input_width(rows)


def _check_workers(rows: Rows, name: str) -> None:
    """Each worker of joblib is a process with libraries of its own: a thousand take more memory than there is."""
    for row, value in enumerate(rows.values(name)):
        if isinstance(value, (int, np.integer)):
            rows.limits.require(
                "workers", int(value), f"{rows.type_id}: {name}", rows.path(rows.table, rows.first + row)
            )


def _check_input_width(rows: Rows) -> None:
    """So many names of features are made on demand: a large number needs an array of that size to go with it."""
    for row, value in enumerate(rows.values("n_features_in_")):
        held = (rows.places(name)[row] for name in rows.columns)
        if not _is_seen(value, (place.shape or () for place in held if isinstance(place, Place))):
            rows.fail(row, _UNSEEN.format(value))


def _is_seen(value: object, shapes: Iterable[tuple[int, ...]]) -> bool:
    if not isinstance(value, (int, np.integer)) or int(value) <= _MAX_UNSEEN_FEATURES:
        return True
    return any(int(value) in shape for shape in shapes)


def _is_nothing(value: object) -> bool:
    return value is None


def _is_few(value: object) -> bool:
    return not isinstance(value, (int, np.integer)) or -_MAX_WORKERS <= int(value) <= _MAX_WORKERS


def _is_product(value: object) -> bool:
    return not isinstance(value, str) or _DISPATCH.fullmatch(value) is not None


NEVER_SAVED: Final[Mapping[str, str]] = {
    "memory": "a cache folder named by a file could make a later fit load pickles; it comes back as None",
    "_skl_callbacks": "callbacks act while a model is fitted; give it new ones with set_callbacks",
}
"""Attributes of reviewed classes that are left out, with a warning that says why (attacks F32)."""
_WORKERS: Final = ("n_jobs", "n_threads")
"""`Limits.workers` bounds them as well."""

_FEW: Final = (_is_few, f"asks for more than {_MAX_WORKERS} workers")
_POLICY: Final[Mapping[str, tuple[Callable[[object], bool], str]]] = {
    "memory": (_is_nothing, "is never in a file"),
    "_skl_callbacks": (lambda _: False, "is never in a file"),
    **dict.fromkeys(_WORKERS, _FEW),
    "pre_dispatch": (_is_product, "must be 'all', a number, or a number times n_jobs"),
}
