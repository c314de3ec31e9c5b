"""What is known of the columns of training data and of its target, without giving away single values.

Least, greatest and most frequent values are kept only with `full=True`; see `spread` for what else holds back.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any, Final

import numpy as np

from vitrify.graph.paths import cut
from vitrify.record.data.fingerprint import column_digests, fingerprint, value_columns, without_zeros
from vitrify.record.data.plain import kind_of_values, plain_value
from vitrify.record.data.sparse_statistics import sparse_statistics
from vitrify.record.data.spread import QUANTILES, Floats, mean_and_deviation, quantiles_of
from vitrify.record.data.tables import Column, Table, Values, stretches
from vitrify.record.summary import ClassCount, Target

MAX_DISTINCT: Final = 1000
MAX_DIGESTS: Final = 10_000
MAX_CLASSES: Final = 100
N_TOP: Final = 10
_NANOSECONDS: Final = 1e9
_NUMBERS: Final = ("bool", "int", "float")
_MEASURED: Final = (*_NUMBERS, "datetime", "timedelta")


def column_statistics(table: Table, *, full: bool = False, digests: Sequence[str] | None = None) -> dict[str, Any]:
    """What is known of each column: a name of what is known → one value for each column, in their order.

    `names` (None where columns have none), `kinds` and `dtypes` are lists of texts; `digests` a list, left empty for
    more than 10 000 columns; `n_missing` int64; `mean`, `deviation` (of the population) float64 and `quantiles` float64
    of shape (n_columns, 5) at 0.05, 0.25, 0.5, 0.75 and 0.95, NaN where a column has none: of numbers, of moments in
    seconds since 1970 and spans in seconds; bool has no quantiles. Infinite values are values. `n_distinct` is int64,
    at most 1000, which stands for that many or more, and -1 for floats and sparse columns; `categories` holds a list
    for each categorical column, else None; `is_ordered` bool. With `full`, `minimum` and `maximum` float64, and `top`,
    a list of the 10 most frequent (value, count) for each column of text, bool or int, else None.

    Rows of texts have `n_rows`, `length_mean` and `length_quantiles` in characters, records the same in keys, and
    `keys`, the `kinds` of their values and `n_present`, how many rows have them, int64.

    Args:
        table: The data.
        full: Whether single values may be kept.
        digests: Those of `column_digests`, where they are known already.

    Raises:
        UnsupportedError: A value has no canonical form.
    """
    if table.form in ("texts", "records"):
        return _of_rows(table, full)
    digests = digests or column_digests(table)
    kept = list(digests) if len(digests) <= MAX_DIGESTS else []
    if table.form == "sparse":
        return sparse_statistics(table, kept, full)
    return _of_columns(table.columns, table.n_rows, kept, full)


def target_statistics(table: Table, *, full: bool = False) -> dict[str, Any]:
    """The same of a target; a list of texts is one column."""
    return column_statistics(_with_columns(table), full=full)


def target_fingerprint(table: Table) -> str:
    """The fingerprint of a target: that of its values alone, whatever a single column is called."""
    if len(table.columns) == 1:
        table = replace(table, columns=[replace(table.columns[0], name=None)])
    return fingerprint(table)


def target_summary(table: Table, is_classifier: bool) -> Target:
    """What a target holds: its classes, where it is one of classes or text, else its mean and deviation.

    Of several columns of 0 and 1, the classes are the columns, and `n` how many rows have a 1; of several others,
    a class is the name of the column and the value.

    Raises:
        UnsupportedError: A value has no canonical form.
    """
    form, found = table.form, target_fingerprint(table)
    table = _with_columns(table)
    n_outputs = table.n_columns
    of_classes = is_classifier or any(column.kind in ("text", "object") for column in table.columns)
    if of_classes:
        counts = _class_counts(table)
        classes = tuple(ClassCount(label=cut(label), n=n) for label, n in counts[:MAX_CLASSES])
        return Target(form=form, n_outputs=n_outputs, fingerprint=found, classes=classes, n_classes=len(counts))
    values = _target_values(table)
    mean, deviation = mean_and_deviation(values)
    return Target(
        form=form,
        n_outputs=n_outputs,
        fingerprint=found,
        mean=mean if math.isfinite(mean) else None,
        deviation=deviation if math.isfinite(deviation) else None,
    )


def _of_columns(columns: Sequence[Column], n_rows: int, digests: list[str], full: bool) -> dict[str, Any]:
    n = len(columns)
    n_missing, n_distinct = np.zeros(n, np.int64), np.full(n, -1, np.int64)
    mean, deviation, minimum, maximum = np.full((4, n), np.nan)
    quantiles = np.full((n, len(QUANTILES)), np.nan)
    top: list[list[tuple[Any, int]] | None] = []
    for i, column in enumerate(columns):
        if column.kind not in _MEASURED:
            n_missing[i] = count_missing(column, n_rows)
        else:
            values = present_floats(column, n_rows)
            n_missing[i] = n_rows - len(values)
            mean[i], deviation[i] = mean_and_deviation(values, full)
            if column.kind != "bool":
                quantiles[i] = quantiles_of(values, full)
            if full and len(values):
                minimum[i], maximum[i] = values.min(), values.max()
        if column.kind in ("text", "int", "bool") or column.categories is not None:
            n_distinct[i] = _count_distinct(column, n_rows)
        top.append(_top(column, n_rows) if full and column.kind in ("text", "int", "bool") else None)
    found: dict[str, Any] = {
        "names": [plain_value(column.name) for column in columns],
        "kinds": [column.kind for column in columns],
        "dtypes": [column.dtype for column in columns],
        "digests": digests,
        "n_missing": n_missing,
        "mean": mean,
        "deviation": deviation,
        "quantiles": quantiles,
        "n_distinct": n_distinct,
        "categories": [
            None if column.categories is None else [plain_value(value) for value in column.categories]
            for column in columns
        ],
        "is_ordered": np.array([column.is_ordered for column in columns], np.bool_),
    }
    return found | ({"minimum": minimum, "maximum": maximum, "top": top} if full else {})


def _of_rows(table: Table, full: bool) -> dict[str, Any]:
    lengths = np.fromiter(map(len, table.rows), np.float64, table.n_rows)
    found: dict[str, Any] = {
        "n_rows": table.n_rows,
        "length_mean": mean_and_deviation(lengths, full)[0],
        "length_quantiles": quantiles_of(lengths, full),
    }
    if table.form == "texts":
        return found
    n_present: Counter[Any] = Counter()
    types: dict[Any, set[type]] = {}
    for row in table.rows:
        for key, value in row.items():
            n_present[key] += 1
            types.setdefault(key, set()).add(type(value))
    keys = sorted(n_present, key=lambda key: (str(key), type(key).__name__))
    found["keys"] = [plain_value(key) for key in keys]
    found["kinds"] = [kind_of_values(types[key]) for key in keys]
    found["n_present"] = np.array([n_present[key] for key in keys], np.int64)
    return found


def count_missing(column: Column, n_rows: int) -> int:
    """How many values of a column are missing."""
    return sum(int(column.read(begin, end).is_missing.sum()) for begin, end in stretches(n_rows))


def present_floats(column: Column, n_rows: int) -> Floats:
    """The values of a column of numbers, moments or spans that are not missing, shape (n,)."""
    parts = []
    for begin, end in stretches(n_rows):
        stretch = column.read(begin, end)
        values = stretch.values[~stretch.is_missing] if stretch.is_missing.any() else stretch.values
        parts.append(_floats(values))
    return np.concatenate(parts) if parts else np.zeros(0)


def _floats(values: Values) -> Floats:
    if values.dtype.kind in "mM":
        return values.astype("<i8") / _NANOSECONDS
    if values.dtype == object:  # integers beyond 64 bits
        return np.array(
            [float(v) if abs(v) < 1 << 1023 else math.inf if v > 0 else -math.inf for v in values], np.float64
        )
    return values.astype(np.float64)


def _count_distinct(column: Column, n_rows: int) -> int:
    seen: set[Any] = set()
    for begin, end in stretches(n_rows):
        stretch = column.read(begin, end)
        values = stretch.values[~stretch.is_missing]
        if column.kind == "object":
            values = np.array(list(map(repr, values)), object)
        seen.update((np.unique(values) if values.dtype != object else values).tolist())
        if len(seen) >= MAX_DISTINCT:
            return MAX_DISTINCT
    return len(seen)


def _value_counts(column: Column, n_rows: int) -> Counter[Any]:
    counts: Counter[Any] = Counter()
    for begin, end in stretches(n_rows):
        stretch = column.read(begin, end)
        values = stretch.values[~stretch.is_missing]
        if values.dtype == object:
            counts.update(values.tolist() if column.kind != "object" else map(plain_value, values))
        else:
            distinct, n = np.unique(values, return_counts=True)
            plain = map(plain_value, distinct) if distinct.dtype.kind in "mM" else distinct.tolist()
            counts.update(dict(zip(plain, n.tolist(), strict=True)))
    return counts


def _ranked(counts: Iterable[tuple[Any, int]]) -> list[tuple[Any, int]]:
    """The most frequent first; of equals in the order of numbers or texts."""
    found = list(counts)
    try:
        found.sort(key=lambda pair: pair[0])
    except TypeError:  # a mixture
        found.sort(key=lambda pair: repr(pair[0]))
    return sorted(found, key=lambda pair: -pair[1])


def _top(column: Column, n_rows: int) -> list[tuple[Any, int]]:
    return _ranked(_value_counts(column, n_rows).items())[:N_TOP]


def _with_columns(table: Table) -> Table:
    """The same table; texts and records as one column."""
    columns = value_columns(table)
    if table.form not in ("texts", "records"):
        return table
    return replace(table, form="array", n_columns=1, columns=columns, rows=())


def _class_counts(table: Table) -> list[tuple[str, int]]:
    if table.form == "sparse":
        counts = np.diff(without_zeros(table.nonzeros).indptr).tolist()
        return _ranked((repr(i), n) for i, n in enumerate(counts))
    by_column = [_value_counts(column, table.n_rows) for column in table.columns]
    if len(by_column) == 1:
        return [(repr(value), n) for value, n in _ranked(by_column[0].items())]
    names = [i if column.name is None else plain_value(column.name) for i, column in enumerate(table.columns)]
    if all(set(counts) <= {0, 1} for counts in by_column):
        return [
            (repr(name), n)
            for name, n in _ranked((name, counts[1]) for name, counts in zip(names, by_column, strict=True))
        ]
    pairs = [((name, value), n) for name, counts in zip(names, by_column, strict=True) for value, n in counts.items()]
    return [(f"{name!r}: {value!r}", n) for (name, value), n in _ranked(pairs)]


def _target_values(table: Table) -> Floats:
    if table.form == "sparse":
        return _floats(table.nonzeros.toarray().ravel())
    parts = [present_floats(column, table.n_rows) for column in table.columns if column.kind in _MEASURED]
    return np.concatenate(parts) if parts else np.zeros(0)
