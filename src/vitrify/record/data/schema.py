"""What of some data does not fit what a model expects: everything at once, each with what to do about it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np

from vitrify.graph.paths import cut
from vitrify.record.data.expected import Schema, schema_part
from vitrify.record.data.fingerprint import column_digest
from vitrify.record.data.plain import Plain, kind_of_values, plain_value
from vitrify.record.data.tables import Column, Table, stretches

__all__ = ["Misfit", "Schema", "misfits", "schema_part"]

Severity = Literal["error", "note"]
_NUMBERS: Final = ("bool", "int", "float")
_DENSE: Final = ("array", "frame")
_N_SHOWN: Final = 8
_CONVERTING: Final = {
    "bool": "map({'True': True, 'False': False})", "complex": "astype(complex)",
    "datetime": "pandas.to_datetime", "timedelta": "pandas.to_timedelta",
}  # fmt: skip
_FORMS: Final = {
    "array": "an array",
    "frame": "a DataFrame",
    "sparse": "a sparse matrix",
    "texts": "a list of texts",
    "records": "a list of dicts",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Misfit:
    """Something that does not fit.

    Attributes:
        column: The column's name, or its number where columns have none; empty where the whole is meant.
        problem: `empty`, `form`, `columns` (their number), `names`, `missing`, `extra`, `renamed`, `order`, `kind`,
            `text`, `categories`, `dtype`, or `missing values`.
        expected: What the model expects.
        found: What is there.
        message: A sentence that says what to do.
        severity: `note` for what many models take.
    """

    column: str
    problem: str
    expected: str
    found: str
    message: str
    severity: Severity = "error"


@dataclass(frozen=True, slots=True)
class _Problem:
    """A misfit of a column, before the column has its name."""

    problem: str
    expected: str
    found: str
    advice: str
    severity: Severity = "error"


def misfits(schema: Schema, table: Table) -> list[Misfit]:
    """Everything of a table that does not fit a schema; nothing where all fits."""
    return list(_all_misfits(schema, table))


def _all_misfits(schema: Schema, table: Table) -> Iterator[Misfit]:
    if table.n_rows == 0:
        yield _whole("empty", "rows", "none", "X has no rows: give at least one")
    if schema.form != table.form:
        yield from _of_form(schema, table)
    if schema.form == "records" and table.form == "records":
        yield from _of_records(schema, table)
    elif schema.form == "frame" and table.form == "frame":
        yield from _of_named(schema, table)
    elif schema.form not in ("texts", "records") and table.form not in ("texts", "records"):
        yield from _of_numbered(schema, table)


def _of_form(schema: Schema, table: Table) -> Iterator[Misfit]:
    expected, found = _FORMS[schema.form], _FORMS[table.form]
    if schema.form == "array" and table.form == "frame":
        message = "X has names, and the data that the model was trained on had none: columns count by their place"
        yield _whole("names", "no names", _listed(column.name for column in table.columns), message, "note")
    elif schema.form == "frame" and table.form == "array":
        names = _listed(schema.names)
        yield _whole("names", names, "no names", f"X has no names: give a DataFrame with the columns {names}")
    elif schema.form == "sparse" and table.form in _DENSE:
        yield _whole("form", expected, found, "X is dense: give a sparse matrix, such as scipy.sparse.csr_matrix(X)")
    elif schema.form in _DENSE and table.form == "sparse":
        yield _whole("form", expected, found, f"X is sparse: give {expected}, such as X.toarray()")
    else:
        yield _whole("form", expected, found, f"X is {found}: give {expected}")


def _of_numbered(schema: Schema, table: Table) -> Iterator[Misfit]:
    """Columns that are told by their place; those with the same problem are one misfit."""
    if schema.n_columns != table.n_columns:
        expected, found = f"{schema.n_columns} columns", f"{table.n_columns} columns"
        message = f"X has {found} and the model expects {schema.n_columns}: give the columns of its training, in order"
        yield _whole("columns", expected, found, message)
        return
    if table.form == "sparse":
        if schema.form == "sparse":
            yield from _of_sparse(schema, table)
        return
    places: dict[_Problem, list[int]] = {}
    if table.n_rows:
        for i, column in enumerate(table.columns):
            for problem in _of_column(schema, i, column, table):
                places.setdefault(problem, []).append(i)
    for problem, columns in places.items():
        shown = _listed(columns)
        yield _misfit(shown, f"column{'s' if len(columns) > 1 else ''} {shown}", problem)


def _of_named(schema: Schema, table: Table) -> Iterator[Misfit]:
    expected = _numbered(schema.names)
    found = _numbered(plain_value(column.name) for column in table.columns)
    pairs = [(i, found[key]) for key, i in expected.items() if key in found]
    lost = [i for key, i in expected.items() if key not in found]
    new = [i for key, i in found.items() if key not in expected]
    for i in list(lost):
        place, how = _renamed(schema, i, table, new)
        if place is None:
            continue
        lost.remove(i)
        new.remove(place)
        pairs.append((i, place))
        was, now = _shown(schema.names[i]), _shown(table.columns[place].name)
        yield Misfit(column=was, problem="renamed", expected=was, found=now, message=how)
    for i in lost:
        name, kind = _shown(schema.names[i]), schema.kinds[i]
        yield _misfit(name, f"column {name}", _Problem("missing", kind, "nothing", f"add it; it holds {kind}"))
    for i in new:
        name, kind = _shown(table.columns[i].name), table.columns[i].kind
        advice = f"the model does not know it; leave it out, as with X.drop(columns=[{name}])"
        yield _misfit(name, f"column {name}", _Problem("extra", "nothing", kind, advice))
    pairs.sort()
    places = [place for _, place in pairs]
    if places != sorted(places):
        right = _listed(schema.names[i] for i, _ in pairs)
        now = _listed(table.columns[place].name for place in sorted(places))
        yield _whole("order", right, now, f"the columns stand in another order: give X[[{right}]]")
    if table.n_rows:
        for i, place in pairs:
            name = _shown(schema.names[i])
            for problem in _of_column(schema, i, table.columns[place], table):
                yield _misfit(name, f"column {name}", problem)


def _renamed(schema: Schema, i: int, table: Table, new: Sequence[int]) -> tuple[int | None, str]:
    """Where a lost column stands under another name, and how that is known."""
    was = _shown(schema.names[i])
    if schema.digests and table.n_rows == schema.n_rows:
        for place in new:
            if column_digest(table.columns[place], table.n_rows) == schema.digests[i]:
                now = _shown(table.columns[place].name)
                return place, f"column {was} is called {now} here and holds the same values: rename it to {was}"
    for place in new:
        if _folded(table.columns[place].name) == _folded(schema.names[i]):
            return place, f"column {was} is spelled {_shown(table.columns[place].name)} here: rename it to {was}"
    if i in new and schema.kinds[i] == table.columns[i].kind:
        now = _shown(table.columns[i].name)
        return i, f"there is no column {was}; {now} stands in its place: rename it to {was}, if it is the same"
    return None, ""


def _of_column(schema: Schema, i: int, column: Column, table: Table) -> Iterator[_Problem]:
    """What of the values of one column does not fit."""
    expected = schema.kinds[i]
    n_missing, distinct = _missing_and_distinct(column, table.n_rows, schema.categories[i] is not None)
    if n_missing and not schema.n_missing[i]:
        advice = "missing, and none was in training; fill them, unless the model takes care of it"
        yield _Problem("missing values", "none", str(n_missing), f"{n_missing} {advice}", "note")
    if n_missing == table.n_rows:
        return
    if not _is_kind(expected, column.kind):
        if column.kind == "text" and expected != "object":
            advice = f"convert it, as with {_CONVERTING.get(expected, 'pandas.to_numeric')}"
            yield _Problem("text", expected, "text", f"text instead of {expected}; {advice}")
        else:
            yield _Problem("kind", expected, column.kind, f"{column.kind} instead of {expected}; convert it")
        return
    categories = schema.categories[i]
    known = set(categories or ())
    unseen = [value for value in distinct if value not in known]
    if categories is not None and unseen:
        shown = _listed(unseen)
        advice = f"{shown} not among the categories of training; map them to known ones"
        yield _Problem("categories", _listed(categories), shown, advice)
    if table.form == "frame" and schema.form == "frame" and (categories is None) != (column.categories is None):
        dtype = cut(schema.dtypes[i])
        advice = f"dtype {cut(column.dtype)} instead of {dtype}; convert it, as with astype({dtype!r})"
        yield _Problem("dtype", dtype, cut(column.dtype), advice, "note")


def _of_sparse(schema: Schema, table: Table) -> Iterator[Misfit]:
    kind = kind_of_values([table.nonzeros.dtype.type])
    expected = schema.kinds[0] if schema.kinds else kind
    if kind == "object" and table.nonzeros.dtype.kind == "c" and expected != "complex":
        yield _whole("kind", expected, "complex", f"X holds complex numbers instead of {expected}: convert it")
    n_missing = int((table.nonzeros.data != table.nonzeros.data).sum())
    if n_missing and not any(schema.n_missing):
        message = f"X has {n_missing} missing values, and none was in training: fill them"
        yield _whole("missing values", "none", str(n_missing), message, "note")


def _of_records(schema: Schema, table: Table) -> Iterator[Misfit]:
    types: dict[Any, set[type]] = {}
    for row in table.rows:
        for key, value in row.items():
            types.setdefault(plain_value(key), set()).add(type(value))
    known = dict(zip(schema.names, zip(schema.kinds, schema.n_present, strict=True), strict=True))
    for key, (kind, n_present) in known.items():
        name = _shown(key)
        found = kind_of_values(types[key]) if key in types else None
        if found is None and n_present == schema.n_rows:
            advice = f"no row has it, and in training all had; it holds {kind}"
            yield _misfit(name, f"key {name}", _Problem("missing", kind, "nothing", advice))
        elif found is not None and found != "object" and not _is_kind(kind, found):
            problem = "text" if found == "text" else "kind"
            yield _misfit(name, f"key {name}", _Problem(problem, kind, found, f"{found} instead of {kind}; convert it"))
    new = [key for key in types if key not in known]
    if new:
        shown = _listed(new)
        yield Misfit(
            column=shown,
            problem="extra",
            expected="nothing",
            found=f"{len(new)} keys",
            message=f"{shown}: keys that were not in training, which a DictVectorizer leaves out",
            severity="note",
        )


def _missing_and_distinct(column: Column, n_rows: int, is_categorical: bool) -> tuple[int, list[Plain]]:
    n_missing, distinct = 0, dict[Plain, None]()
    for begin, end in stretches(n_rows):
        stretch = column.read(begin, end)
        n_missing += int(stretch.is_missing.sum())
        if is_categorical:
            values = stretch.values[~stretch.is_missing]
            values = values if values.dtype == object else np.unique(values)
            distinct |= dict.fromkeys(map(plain_value, values))
    return n_missing, list(distinct)


def _is_kind(expected: str, found: str) -> bool:
    """Whether values of a kind can stand where another is expected; numbers are numbers."""
    if expected == "object" or expected == found:
        return True
    return found in _NUMBERS and expected in (*_NUMBERS, "complex")


def _numbered(names: Iterable[Plain]) -> dict[tuple[Plain, int], int]:
    """Name and how often it was there before → place: names may occur twice."""
    seen: Counter[Plain] = Counter()
    found: dict[tuple[Plain, int], int] = {}
    for place, name in enumerate(names):
        found[name, seen[name]] = place
        seen[name] += 1
    return found


def _folded(name: object) -> str:
    return "".join(c for c in str(name).casefold() if c.isalnum())


def _shown(name: object) -> str:
    return cut(repr(plain_value(name)))


def _listed(values: Iterable[object]) -> str:
    """The first few, and how many more."""
    found = list(values)
    shown = ", ".join(map(_shown, found[:_N_SHOWN]))
    return shown if len(found) <= _N_SHOWN else f"{shown} and {len(found) - _N_SHOWN} more"


def _whole(problem: str, expected: str, found: str, message: str, severity: Severity = "error") -> Misfit:
    return Misfit(column="", problem=problem, expected=expected, found=found, message=message, severity=severity)


def _misfit(column: str, where: str, problem: _Problem) -> Misfit:
    return Misfit(
        column=column,
        problem=problem.problem,
        expected=problem.expected,
        found=problem.found,
        message=f"{where}: {problem.advice}",
        severity=problem.severity,
    )
