"""Series and DataFrame.

A frame is saved as one table for each numpy dtype, in the layout it has in memory, and one array for each other
column, with the place of each column. It is put together by `concat`; pandas' block manager, which believes what it is
told (attacks: `BlockManager(verify_integrity=False)`), is only ever read.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pandas as pd
from pandas.api.extensions import ExtensionArray

from vitrify.converters.checking.claims import require
from vitrify.converters.checking.reach import charge_reach
from vitrify.converters.checking.values import charge
from vitrify.converters.pandas import types_of
from vitrify.converters.pandas.memory import check_times, is_column, is_times, owned, plain, times_of
from vitrify.converters.pandas.refusals import PANDAS
from vitrify.errors import UnsupportedError
from vitrify.graph.converter import Converter
from vitrify.graph.rows import Rows

_SERIES_BYTES: Final = 5_000
_FRAME_BYTES: Final = 50_000


def _encode_series(series: Any) -> tuple[Any, ...]:
    return plain(series.array), series.index, series.name, *_notes(series)


def _decode_series(values: Any, index: Any, name: Any, attrs: Any, allows_duplicates: Any) -> Any:
    require(isinstance(values, ExtensionArray) or is_column(values), "values must be a flat array")
    require(isinstance(index, pd.Index) and len(index) == len(values), "values and index differ in length")
    if type(values) is np.ndarray:
        values = _column_values(values)
    series = pd.Series(values, index=index, name=name, dtype=values.dtype, copy=False)
    if series.dtype != values.dtype:
        raise UnsupportedError(f"a Series of {values.dtype}: the pandas {pd.__version__} installed here has none")
    return _with_notes(series, attrs, allows_duplicates)


def _column_values(values: Any) -> Any:
    if values.dtype.kind in "mM":
        check_times(values)
    return owned(values)


def _notes(holder: Any) -> tuple[Any, bool]:
    """What a frame or Series has besides its data: `attrs`, None if empty, and a flag."""
    return dict(holder.attrs) or None, bool(holder.flags.allows_duplicate_labels)


def _with_notes(holder: Any, attrs: Any, allows_duplicates: Any) -> Any:
    require(attrs is None or type(attrs) is dict, "attrs must be a dict")
    require(type(allows_duplicates) is bool, "a flag must be a bool")
    if attrs is not None:
        holder.attrs = attrs
    if not allows_duplicates:
        holder.flags.allows_duplicate_labels = False
    return holder


def _encode_frame(frame: Any) -> tuple[Any, ...]:
    tables, arrays = _parts(frame)
    keys = sorted(tables, key=lambda key: min(places[0] for places, _ in tables[key]))
    blocks, order = [], []
    for key in keys:
        places, block = _joined(tables[key])
        blocks.append(block)
        order.append(places)
    order += [np.array([place], np.int64) for place in sorted(arrays)]
    places = np.concatenate(order) if order else np.zeros(0, np.int64)
    in_order = bool((places == np.arange(len(places))).all())
    columns = [arrays[place] for place in sorted(arrays)]
    return blocks, columns, None if in_order else places, frame.columns, frame.index, *_notes(frame)


def _parts(frame: Any) -> tuple[dict[Any, list[tuple[Any, Any]]], dict[int, Any]]:
    """Tables of numpy dtypes, shape (n_columns, n_rows), each with the places of its columns; arrays by place."""
    tables: dict[Any, list[tuple[Any, Any]]] = {}
    arrays: dict[int, Any] = {}
    for places, values in _stored(frame):
        if is_times(values):
            values = times_of(values)
        if not len(places):
            continue
        if type(values) is np.ndarray:
            tables.setdefault(values.dtype, []).append((places, values.view()))
        elif values.ndim == 2:
            arrays.update((int(place), values[row]) for row, place in enumerate(places))
        else:
            arrays[int(places[0])] = values[:]
    return tables, arrays


def _stored(frame: Any) -> list[tuple[Any, Any]]:
    """What pandas keeps together, each with the places of its columns."""
    blocks = getattr(frame._mgr, "blocks", None)
    if blocks is not None:
        return [(np.array(block.mgr_locs.as_array, np.int64), block.values) for block in blocks]
    columns = [plain(frame.iloc[:, place].array) for place in range(frame.shape[1])]
    return [
        (np.array([place], np.int64), values[None] if type(values) is np.ndarray else values)
        for place, values in enumerate(columns)
    ]


def _joined(found: list[tuple[Any, Any]]) -> tuple[Any, Any]:
    """One table with its columns in order; the very memory of pandas where it lies so already."""
    places = np.concatenate([where for where, _ in found])
    if len(found) == 1 and bool((np.diff(places) > 0).all()):
        return places, found[0][1]
    by_place = np.argsort(places)
    block = np.concatenate([values for _, values in found])
    return places[by_place], np.ascontiguousarray(block[by_place])


def _decode_frame(
    blocks: Any, arrays: Any, order: Any, columns: Any, index: Any, attrs: Any, allows_duplicates: Any
) -> Any:
    require(isinstance(columns, pd.Index) and isinstance(index, pd.Index), "a frame has two indexes")
    require(type(blocks) is list and type(arrays) is list, "a frame has lists of tables and arrays")
    require(all(is_column(block, 2) and len(block) for block in blocks), "a table of a frame has two dimensions")
    require(all(isinstance(array, ExtensionArray) and array.ndim == 1 for array in arrays), "columns must be arrays")
    lengths = [*(block.shape[1] for block in blocks), *map(len, arrays)]
    require(all(length == len(index) for length in lengths), "columns and index differ in length")
    n = sum(map(len, blocks)) + len(arrays)
    require(n == len(columns), f"{n} columns but {len(columns)} names")
    require(order is None or _is_permutation(order, n), "the places of the columns are not a permutation")
    frame = _assembled([_column_values(block) for block in blocks], arrays, index)
    if order is not None:
        frame = frame.take(np.argsort(order), axis=1)
    frame.columns = columns
    frame.index = index
    return _with_notes(frame, attrs, allows_duplicates)


def _is_permutation(order: Any, n: int) -> bool:
    if type(order) is not np.ndarray or order.dtype != np.int64 or order.shape != (n,):
        return False
    return bool((np.sort(order) == np.arange(n)).all())


def _assembled(blocks: list[Any], arrays: list[Any], index: Any) -> Any:
    """A frame of these columns in this order; nothing is copied."""
    frames = [pd.DataFrame(block.T, dtype=block.dtype, copy=False) for block in blocks]
    if arrays:
        frames.append(pd.DataFrame(dict(enumerate(arrays)), copy=False))
    wanted = [*(block.dtype for block in blocks for _ in block), *(array.dtype for array in arrays)]
    if not frames:
        return pd.DataFrame(index=index)
    frame = frames[0]
    if len(frames) > 1:
        options = {"copy": False} if PANDAS < (3, 0) else {}
        frame = pd.concat(frames, axis=1, ignore_index=True, **options)
    for found, dtype in zip(frame.dtypes, wanted, strict=True):
        if found is not dtype and found != dtype:
            raise UnsupportedError(f"a column of {dtype}: the pandas {pd.__version__} installed here has none")
    return frame


def _check_series(rows: Rows) -> None:
    charge(rows, _SERIES_BYTES)
    charge_reach(rows)


def _check_frames(rows: Rows) -> None:
    charge(rows, _FRAME_BYTES)
    charge_reach(rows)


CONVERTERS: tuple[Converter[Any], ...] = (
    Converter(
        type_id="pandas.Series",
        types=types_of("pandas.Series"),
        fields=("values", "index", "name", "attrs", "allows_duplicate_labels"),
        encode=_encode_series,
        decode=_decode_series,
        check=_check_series,
        owns_arrays=True,
    ),
    Converter(
        type_id="pandas.DataFrame",
        types=types_of("pandas.DataFrame"),
        fields=("blocks", "arrays", "order", "columns", "index", "attrs", "allows_duplicate_labels"),
        encode=_encode_frame,
        decode=_decode_frame,
        check=_check_frames,
        owns_arrays=True,
    ),
)
