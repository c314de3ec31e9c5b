"""What a model expects of its input, as the record keeps it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, NoReturn

import numpy as np

from vitrify.errors import FormatError, UnsupportedError
from vitrify.record.data.plain import Plain
from vitrify.record.summary import Data, Form

_PARTS: Final = ("names", "kinds", "dtypes", "digests", "n_missing", "categories", "is_ordered", "keys", "n_present")
KINDS: Final = ("bool", "int", "float", "complex", "text", "datetime", "timedelta", "object")


@dataclass(frozen=True, slots=True, kw_only=True)
class Schema:
    """The form and the columns of the data that a model was trained on.

    Attributes:
        form: What the data came in.
        n_rows: How many rows.
        n_columns: How many columns; 0 for texts and records.
        names: The name of each column, None where columns have none; of records the keys.
        kinds: The kind of each column; of records that of each key's values.
        dtypes: The dtype of each column, as its library shows it.
        categories: The values that a categorical column allows, None for others.
        n_missing: How many values of each column are missing.
        n_present: Of records: how many rows have each key.
        digests: Of each column; none where they were not kept.
    """

    form: Form
    n_rows: int
    n_columns: int
    names: tuple[Plain, ...] = ()
    kinds: tuple[str, ...] = ()
    dtypes: tuple[str, ...] = ()
    categories: tuple[tuple[Plain, ...] | None, ...] = ()
    n_missing: tuple[int, ...] = ()
    n_present: tuple[int, ...] = ()
    digests: tuple[str, ...] = ()

    @staticmethod
    def of(columns: dict[str, Any], data: Data) -> Schema:
        """The schema of what a record keeps.

        Args:
            columns: What is known of the columns; see `column_statistics`.
            data: What the header says.

        Raises:
            FormatError: They contradict each other, or are not what `column_statistics` gives.
            UnsupportedError: The record keeps nothing of the columns.
        """
        if data.form == "texts":
            return Schema(form=data.form, n_rows=data.n_rows, n_columns=0)
        if not columns:
            raise UnsupportedError("the file does not say what columns its model expects", hint="Save it with X=")
        if data.form == "records":
            keys = _all(columns, "keys", None, _is_plain)
            return Schema(
                form=data.form,
                n_rows=data.n_rows,
                n_columns=0,
                names=keys,
                kinds=_all(columns, "kinds", len(keys), KINDS.__contains__),
                n_present=_counts(columns, "n_present", len(keys)),
            )
        n = data.n_columns
        digests = columns.get("digests", [])
        schema = Schema(
            form=data.form,
            n_rows=data.n_rows,
            n_columns=n,
            names=_all(columns, "names", n, _is_plain),
            kinds=_all(columns, "kinds", n, KINDS.__contains__),
            dtypes=_all(columns, "dtypes", n, _is_text),
            categories=tuple(
                None if found is None else tuple(found) for found in _all(columns, "categories", n, _is_categories)
            ),
            n_missing=_counts(columns, "n_missing", n),
            digests=_all(columns, "digests", n if type(digests) is not list or digests else 0, _is_text),
        )
        for name, shape in {"mean": (n,), "deviation": (n,), "n_distinct": (n,), "quantiles": (n, 5)}.items():
            if name in columns and getattr(columns[name], "shape", None) != shape:
                _refuse(name)
        return schema


def schema_part(columns: dict[str, Any]) -> dict[str, Any]:
    """Of what is known of columns, what a schema needs."""
    return {name: value for name, value in columns.items() if name in _PARTS}


def _all(columns: dict[str, Any], name: str, n: int | None, is_right: Callable[[Any], bool]) -> tuple[Any, ...]:
    """A list of n values that are all right."""
    found = columns.get(name)
    if type(found) is not list or (n is not None and len(found) != n) or not all(map(is_right, found)):
        _refuse(name)
    return tuple(found)


def _counts(columns: dict[str, Any], name: str, n: int) -> tuple[int, ...]:
    found = columns.get(name)
    if not isinstance(found, np.ndarray) or found.dtype != np.int64 or found.shape != (n,) or (found < 0).any():
        _refuse(name)
    return tuple(found.tolist())


def _is_text(value: Any) -> bool:
    return type(value) is str


def _is_plain(value: Any, depth: int = 0) -> bool:
    if type(value) is tuple:
        return depth < 3 and all(_is_plain(part, depth + 1) for part in value)
    return value is None or type(value) in (bool, int, float, str)


def _is_categories(value: Any) -> bool:
    return value is None or (type(value) is list and all(map(_is_plain, value)))


def _refuse(name: str) -> NoReturn:
    raise FormatError(f"the record's columns are not what SPEC.md §7 describes ({name})")
