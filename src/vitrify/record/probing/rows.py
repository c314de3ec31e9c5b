"""Made-up rows in the form of the training data: arrays, sparse matrices, texts and dicts; see `frames` for pandas.

No row repeats a value of the training data that the model does not hold anyway.
"""

from __future__ import annotations

from collections.abc import Mapping
from numbers import Integral, Real
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from vitrify.record.data.tables import Table, is_nothing, read_table
from vitrify.record.probing.draws import Draws, as_dtype
from vitrify.record.probing.known import Keys

_MOST_ROWS: Final = 4_096
_FEWEST_ROWS: Final = 64
_MOST_CELLS: Final = 500_000
_MOST_NONZEROS: Final = 64
_SHARE_OF_KEYS: Final = 0.8


def made_rows(table: Table, draws: Draws) -> Any:
    """Rows of input as the model was trained with.

    Raises:
        ValueError: The data has columns of which no values can be made.
    """
    if table.form == "sparse":
        return _sparse(table.nonzeros, table.source, draws)
    read = table.take(spaced(table.n_rows, _rows_read(table)))
    if table.form == "texts":
        return _in_form(draws.texts(read, are_labels=True).tolist(), table.source)
    if table.form == "records":
        return _in_form(_records(read, draws), table.source)
    if table.form == "frame":
        from vitrify.record.probing.frames import made_frame

        return made_frame(read, draws)
    return _array(np.asarray(read), np.asarray(table.source), draws)


def spaced(n_rows: int, n_wanted: int) -> npt.NDArray[np.int64]:
    """Rows at even distances, the first and the last among them; all where there are no more."""
    return np.unique(np.linspace(0, n_rows - 1, min(n_wanted, n_rows)).round().astype(np.int64))


def ordered_like(rows: npt.NDArray[Any], source: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """The rows in the order of memory that the training data has."""
    is_fortran = source.flags.f_contiguous and not source.flags.c_contiguous
    return np.array(rows, order="F" if is_fortran else "C")


def _in_form(rows: list[Any], source: Any) -> Any:
    """Texts or dicts as a list, an array or a Series."""
    if hasattr(source, "iloc"):
        from vitrify.record.probing.frames import made_series

        return made_series(rows, source)
    if not isinstance(source, np.ndarray):
        return rows
    return np.array(rows, object) if source.dtype == object else np.array(rows)


def _rows_read(table: Table) -> int:
    return min(_MOST_ROWS, max(_FEWEST_ROWS, _MOST_CELLS // max(table.n_columns, 1)))


def _array(read: npt.NDArray[Any], source: npt.NDArray[Any], draws: Draws) -> npt.NDArray[Any]:
    flat = read.reshape(len(read), -1)
    if read.dtype.kind in "iuf":
        made = draws.matrix(flat, is_alone=read.ndim == 1)
    elif read.dtype.kind == "b":
        rates = np.clip(flat.mean(axis=0), 0.05, 0.95)
        made = draws.uniform(draws.n_rows, flat.shape[1]) < rates
    else:
        made = _by_columns(flat, draws, is_alone=read.ndim == 1)
    made = made.reshape(draws.n_rows, *read.shape[1:])
    return ordered_like(as_dtype(made, read.dtype), source)


def _by_columns(flat: npt.NDArray[Any], draws: Draws, *, is_alone: bool) -> npt.NDArray[Any]:
    made = np.empty((draws.n_rows, flat.shape[1]), object)
    for i, column in enumerate(read_table(flat).columns):
        values = draws.column(column, len(flat), is_alone=is_alone)
        if column.kind == "int" and values.dtype.kind == "f":
            values = np.nan_to_num(values).astype(np.int64)
        made[:, i] = values.tolist() if flat.dtype == object else values
        gaps = [value for value in flat[:, i].tolist() if is_nothing(value)]
        if gaps:
            made[draws.gaps(len(gaps) / len(flat)), i] = gaps[0]
    return made


def _sparse(nonzeros: Any, source: Any, draws: Draws) -> Any:
    """A few values in random columns, half of them where the training data has most."""
    from scipy import sparse

    n_rows, n_columns = nonzeros.shape
    n_stored = len(nonzeros.data)
    n_a_row = int(np.clip(round(n_stored / max(n_rows, 1)), 1, min(_MOST_NONZEROS, max(n_columns, 1))))
    wanted = draws.pick(max(n_columns, 1), draws.n_rows, n_a_row)
    stored = draws.pick(max(n_stored, 1), draws.n_rows, n_a_row)
    filled = np.minimum(np.searchsorted(nonzeros.indptr, stored, "right") - 1, max(n_columns - 1, 0))
    columns = np.where(draws.uniform(draws.n_rows, n_a_row) < 0.5, wanted, filled).astype(nonzeros.indices.dtype)
    read = nonzeros.data[spaced(n_stored, _MOST_ROWS)] if n_stored else np.ones(1, nonzeros.dtype)
    values = np.concatenate([_array(read, read, draws) for _ in range(n_a_row)])
    rows = np.repeat(np.arange(draws.n_rows, dtype=columns.dtype), n_a_row)
    _, first = np.unique(rows.astype(np.int64) * n_columns + columns.ravel(), return_index=True)
    entries = (values[first], (rows[first], columns.ravel()[first]))
    matrix = sparse.coo_matrix(entries, shape=(draws.n_rows, n_columns), dtype=nonzeros.dtype)
    return type(source)(matrix)


def _records(read: list[Any], draws: Draws) -> list[dict[Any, Any]]:
    keys = draws.known.keys[0] if draws.known.keys else _keys_of(read, draws)
    made: dict[str, Any] = {}
    for key, texts in keys.texts.items():
        held = [row[key] for row in read if key in row]
        numbers = [value for value in held if isinstance(value, Real)]
        if texts and not (numbers and draws.pick(2, 1)[0]):
            made[key] = [texts[i] for i in draws.pick(len(texts), draws.n_rows).tolist()]
        else:
            drawn = draws.numbers(np.array([float(value) for value in numbers] or [1.0])[:, None])[:, 0].tolist()
            is_whole = all(isinstance(value, Integral) for value in numbers)
            made[key] = [int(value) for value in drawn] if is_whole else drawn
    is_held = draws.uniform(draws.n_rows, len(made)) < _SHARE_OF_KEYS
    return [
        {key: made[key][i] for key, held in zip(made, flags, strict=True) if held} for i, flags in enumerate(is_held)
    ]


def _keys_of(read: list[Mapping[Any, Any]], draws: Draws) -> Keys:
    """Keys that most rows have belong to the schema; others are the rows' own, so words stand for them."""
    counts: dict[Any, int] = {}
    for row in read:
        for key in row:
            counts[key] = counts.get(key, 0) + 1
    common = {
        key: [draws.word() for _ in range(4)] if _has_texts(read, key) else []
        for key, n in counts.items()
        if 2 * n >= len(read)
    }
    return Keys(common or {draws.word(): [] for _ in range(8)})


def _has_texts(read: list[Mapping[Any, Any]], key: Any) -> bool:
    return any(isinstance(row.get(key), str) for row in read)
