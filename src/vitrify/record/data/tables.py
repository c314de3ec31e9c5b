"""Training data as a table, whatever library it comes from: columns with a kind, read a stretch of rows at a time.

Nothing here imports a library for tables: data of one brings it. A library joins by a function in `_READERS`, which
gives columns of the same kinds; then the same content has the same fingerprint, whichever library holds it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from numbers import Integral, Real
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from vitrify.errors import UnsupportedError
from vitrify.graph.paths import with_article
from vitrify.record.summary import Form

Values = npt.NDArray[Any]
Flags = npt.NDArray[np.bool_]
STRETCH_ROWS: Final = 1 << 16
_EPOCH: Final = dt.datetime(1970, 1, 1)
_MICROSECOND: Final = dt.timedelta(microseconds=1)
_NUMBERS: Final[dict[str, tuple[str, str]]] = {
    "b": ("bool", "?"), "i": ("int", "<i8"), "u": ("int", "<u8"), "f": ("float", "<f8"), "c": ("complex", "<c16"),
    "M": ("datetime", "<M8[ns]"), "m": ("timedelta", "<m8[ns]"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Stretch:
    """Some rows of a column.

    Attributes:
        values: Of the column's canonical dtype, shape (n,); what stands where one is missing means nothing.
        is_missing: Which values are missing, shape (n,).
    """

    values: Values
    is_missing: Flags


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column of a table.

    Attributes:
        name: Its label; None where columns have none.
        kind: bool, int, float, complex, text, datetime, timedelta, or object for a mixture.
        dtype: As its library shows it.
        read: Gives the rows from a first to before a last. Canonical dtypes are `?`, `<i8` (`<u8` for unsigned),
            `<f8`, `<c16`, `<M8[ns]`, `<m8[ns]`; texts and mixtures are arrays of objects.
        categories: All values that a categorical column allows, in their order; None for others.
        is_ordered: Whether these have an order.
    """

    name: object
    kind: str
    dtype: str
    read: Callable[[int, int], Stretch]
    categories: Sequence[Any] | None = None
    is_ordered: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Rows of input.

    Attributes:
        form: `array` (no names), `frame`, `sparse`, `texts` (one text a row) or `records` (one dict a row).
        n_rows: How many rows.
        columns: The columns; for `sparse` none is ever dense, so they come from `nonzeros`.
        n_columns: How many columns; 0 for texts and records.
        nonzeros: For `sparse`: the stored values as a CSC matrix of scipy.
        rows: For `texts` and `records`: the rows.
        source: The data as it was given.
    """

    form: Form
    n_rows: int
    n_columns: int
    source: Any
    columns: Sequence[Column] = ()
    nonzeros: Any = None
    rows: Sequence[Any] = ()

    def take(self, rows: npt.NDArray[np.int64]) -> Any:
        """Some rows in the form in which they were given."""
        if self.form in ("texts", "records"):
            return [self.rows[row] for row in rows.tolist()]
        if self.form == "frame":
            return self.source.iloc[rows]
        if self.form == "sparse":
            return self.source.tocsr()[rows].asformat(self.source.format)
        return self.source[rows] if hasattr(self.source, "dtype") else [self.source[row] for row in rows.tolist()]


def read_table(data: Any, what: str = "X") -> Table:
    """The table that `data` is.

    Args:
        data: A numpy array of one or two dimensions, a DataFrame or Series of pandas, a matrix or array of
            scipy.sparse, or a sequence of rows: numbers, sequences of numbers, texts, or dicts.
        what: What an error calls it.

    Raises:
        UnsupportedError: It is nothing of these.
    """
    for parent in type(data).__mro__:
        reader = _READERS.get(parent.__module__.split(".", maxsplit=1)[0])
        if reader is not None and (table := reader(data)) is not None:
            return table
    if isinstance(data, Sequence) and not isinstance(data, (str, bytes)):
        return _of_rows(data, what)
    raise UnsupportedError(
        f"{what} is {with_article(type(data).__name__)}, which is no table that vitrify reads",
        hint="Give a numpy array, a pandas DataFrame, a scipy.sparse matrix, or a list of rows",
    )


def stretches(n_rows: int) -> Iterator[tuple[int, int]]:
    """The first and last row of each stretch."""
    for begin in range(0, n_rows, STRETCH_ROWS):
        yield begin, min(begin + STRETCH_ROWS, n_rows)


def canonical(values: Values) -> tuple[str, Values]:
    """The kind of an array and its values in the canonical dtype; objects as they are."""
    if values.dtype.kind in _NUMBERS:
        kind, dtype = _NUMBERS[values.dtype.kind]
        return kind, values.astype(dtype, copy=False)
    if values.dtype.kind in "UT":
        return "text", values.astype(object)
    return _kind_of_objects(values), values


def _kind_of_objects(values: Values) -> str:
    kinds = {type(value) for value in values}
    if not kinds <= {str, bool, int}:  # among others there may be some that stand for nothing
        kinds = {type(value) for value in values if not is_nothing(value)}
    if not kinds:
        return "object"
    if all(issubclass(kind, str) for kind in kinds):
        return "text"
    if all(issubclass(kind, (np.datetime64, dt.datetime)) for kind in kinds):
        return "datetime"
    if kinds <= {bool, np.bool_}:
        return "bool"
    if all(issubclass(kind, Integral) for kind in kinds) and not kinds & {bool, np.bool_}:
        return "int"
    if all(issubclass(kind, Real) for kind in kinds) and not kinds & {bool, np.bool_}:
        return "float"
    return "object"


def _stretch_of(kind: str, values: Values) -> Stretch:
    """Values of one kind, with what stands for nothing told apart: None, NaN, NaT."""
    if values.dtype == object and kind not in ("text", "object"):
        missing = np.fromiter(map(is_nothing, values), np.bool_, len(values))
        return Stretch(_dense(kind, values, missing), missing)
    if values.dtype.kind in "fc":
        return Stretch(values, np.isnan(values))
    if values.dtype.kind in "mM":
        return Stretch(values, np.isnat(values))
    if values.dtype == object:
        return Stretch(values, np.fromiter(map(is_nothing, values), np.bool_, len(values)))
    return Stretch(values, np.zeros(len(values), np.bool_))


def _dense(kind: str, values: Values, is_missing: Flags) -> Values:
    """Objects of one kind in its canonical dtype; integers that need more than 64 bits stay objects."""
    if kind == "float":
        return np.array([np.nan if gone else _float(v) for v, gone in zip(values, is_missing, strict=True)], "<f8")
    if kind == "bool":
        return np.array([not gone and bool(v) for v, gone in zip(values, is_missing, strict=True)], np.bool_)
    if kind == "datetime":
        moments = [0 if gone else moment_ns(v) for v, gone in zip(values, is_missing, strict=True)]
        return np.array([in_64_bits(ns) for ns in moments], "<i8").view("<M8[ns]")
    numbers = [0 if gone else int(v) for v, gone in zip(values, is_missing, strict=True)]
    lowest, highest = min(numbers, default=0), max(numbers, default=0)
    if lowest >= -(1 << 63) and highest < 1 << 63:
        return np.array(numbers, "<i8")
    return np.array(numbers, "<u8" if lowest >= 0 and highest < 1 << 64 else object)


def _float(value: Any) -> float:
    try:
        return float(value)
    except OverflowError as error:
        raise UnsupportedError("an integer of the data is too large to be a float", hint="Scale that column") from error


def is_nothing(value: Any) -> bool:
    """Whether a value stands for none: None, NaN, NaT, or pandas.NA, which is neither equal to itself nor different."""
    if value is None or type(value) is str:
        return value is None
    if isinstance(value, (float, np.floating)):
        return bool(value != value)
    if isinstance(value, (np.datetime64, np.timedelta64)):
        return bool(np.isnat(value))
    return type(value).__name__ in ("NAType", "NaTType")


def moment_ns(value: dt.datetime | np.datetime64) -> int:
    """Nanoseconds since 1970, of UTC where the moment knows its zone."""
    if isinstance(value, np.datetime64):
        return int(value.astype("M8[ns]").astype(np.int64))
    if value.utcoffset() is not None:
        value = value.astimezone(dt.UTC).replace(tzinfo=None)
    plain = dt.datetime(*value.timetuple()[:6], value.microsecond)
    return (plain - _EPOCH) // _MICROSECOND * 1000 + getattr(value, "nanosecond", 0)


def span_ns(value: dt.timedelta | np.timedelta64) -> int:
    """The nanoseconds of a span."""
    if isinstance(value, np.timedelta64):
        return int(value.astype("m8[ns]").astype(np.int64))
    plain = dt.timedelta(value.days, value.seconds, value.microseconds)
    return plain // _MICROSECOND * 1000 + getattr(value, "nanoseconds", 0)


def in_64_bits(ns: int) -> int:
    """The nanoseconds modulo 2⁶⁴, as columns count them."""
    return (ns + (1 << 63)) % (1 << 64) - (1 << 63)


def array_column(array: Values, name: object, dtype: str | None = None) -> Column:
    """A column of a one-dimensional array."""
    kind = canonical(array)[0] if array.dtype == object else canonical(array[:0])[0]

    def read(begin: int, end: int) -> Stretch:
        values = array[begin:end]
        return _stretch_of(kind, values if values.dtype == object else canonical(values)[1])

    return Column(name=name, kind=kind, dtype=dtype or str(array.dtype), read=read)


def _of_numpy(data: Any) -> Table | None:
    if not isinstance(data, np.ndarray):
        return None
    if data.ndim not in (1, 2) or data.dtype.fields is not None or data.dtype.kind == "V":
        raise UnsupportedError(f"an array of shape {data.shape} and dtype {data.dtype} is no table of rows and columns")
    if data.ndim == 1 and data.dtype.kind in "UOT" and (rows := _texts_or_records(data.tolist())) is not None:
        return Table(form=rows, n_rows=len(data), n_columns=0, source=data, rows=data.tolist())
    plain = data.view(np.ndarray)  # a column of a matrix is a matrix again
    columns = [array_column(column, None) for column in ([plain] if plain.ndim == 1 else plain.T)]
    return Table(form="array", n_rows=len(data), n_columns=len(columns), source=data, columns=columns)


def _of_scipy(data: Any) -> Table | None:
    if not hasattr(data, "tocsc"):
        return None
    matrix = data.tocsc(copy=True)
    matrix.sum_duplicates()
    n_rows, n_columns = matrix.shape
    return Table(form="sparse", n_rows=n_rows, n_columns=n_columns, source=data, nonzeros=matrix)


def _of_pandas(data: Any) -> Table | None:
    if not hasattr(data, "iloc"):
        return None
    frame = data.to_frame() if data.ndim == 1 else data
    columns = [_pandas_column(frame.iloc[:, i], name) for i, name in enumerate(frame.columns)]
    if data.ndim == 1 and columns[0].kind in ("text", "object"):
        rows = data.tolist()
        if (form := _texts_or_records(rows)) is not None:
            return Table(form=form, n_rows=len(rows), n_columns=0, source=data, rows=rows)
    return Table(form="frame", n_rows=len(frame), n_columns=len(columns), source=data, columns=columns)


def _pandas_column(series: Any, name: object) -> Column:
    dtype = series.dtype
    if hasattr(dtype, "categories") and hasattr(series, "cat"):
        return _categorical_column(series, name)
    if hasattr(dtype, "tz"):  # the moment counts, not the clock on the wall
        series = series.dt.tz_convert("UTC").dt.tz_localize(None)
    arrow = getattr(series.array, "_pa_array", None) is not None
    if not arrow and isinstance(series.dtype, np.dtype):
        return array_column(np.asarray(series.to_numpy()), name, str(dtype))
    return array_column(np.array([None if is_nothing(v) else v for v in series.tolist()], object), name, str(dtype))


def _categorical_column(series: Any, name: object) -> Column:
    """A column whose values are those of its categories, of the kind of those that it uses."""
    codes = np.asarray(series.cat.codes)
    categories = series.cat.categories
    is_used = np.bincount(codes[codes >= 0], minlength=len(categories)) > 0
    used = _pandas_column(categories[is_used].to_series(), None)
    place = np.cumsum(is_used) - 1
    known = used.read(0, int(is_used.sum())).values

    def read(begin: int, end: int) -> Stretch:
        is_missing = codes[begin:end] < 0
        if not len(known):
            return Stretch(np.full(end - begin, None, object), is_missing)
        return Stretch(known[place[np.where(is_missing, 0, codes[begin:end])]], is_missing)

    return Column(
        name=name,
        kind=used.kind if len(known) else "object",
        dtype="category",
        read=read,
        categories=categories.tolist(),
        is_ordered=bool(series.dtype.ordered),
    )


def _texts_or_records(rows: Sequence[Any]) -> Form | None:
    if rows and all(isinstance(row, str) for row in rows):
        return "texts"
    if rows and all(isinstance(row, Mapping) for row in rows):
        return "records"
    return None


def _of_rows(rows: Sequence[Any], what: str) -> Table:
    form = _texts_or_records(rows)
    if form is not None:
        return Table(form=form, n_rows=len(rows), n_columns=0, source=rows, rows=rows)
    try:
        if len({len(row) if isinstance(row, (list, tuple)) else None for row in rows}) > 1:
            raise ValueError("rows of several lengths")  # which numpy before 1.24 takes for objects
        array = np.array(rows)
    except ValueError as error:
        raise UnsupportedError(
            f"{what} is a list whose rows differ in length", hint="Give rows of one length"
        ) from error
    table = _of_numpy(array)
    assert table is not None
    return table


_READERS: Final[Mapping[str, Callable[[Any], Table | None]]] = {
    "numpy": _of_numpy, "scipy": _of_scipy, "pandas": _of_pandas,
}  # fmt: skip
