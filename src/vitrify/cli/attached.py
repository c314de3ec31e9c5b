"""How what a record brings with it looks: the code that trained a model, and what is known of the columns."""

from __future__ import annotations

import datetime as dt
from typing import Any, Final

import numpy as np
from rich.console import Console, JustifyMethod
from rich.table import Table
from rich.text import Text

from vitrify.cli.screen import styled, visible
from vitrify.errors import FormatError
from vitrify.inspection import Attached
from vitrify.record import Summary
from vitrify.record.data.expected import Schema
from vitrify.record.summary import Data, Form

_TOP_COLUMNS: Final = 40
_MOST_CHARS: Final = 30
_N_TOP: Final = 10
_LEAST_WIDTH: Final = 12
_MIDDLE: Final = 2
_HEADERS: Final = ("kind", "rows", "missing", "distinct", "mean", "deviation", "median")
_EPOCH: Final = dt.datetime(1970, 1, 1)
_DAY_S: Final = 86_400
_FARTHEST_S: Final = 60e9  # within the years that Python knows
_LISTS: Final = ("names", "keys", "kinds", "dtypes", "digests", "categories")
_ARRAYS: Final = (
    "n_missing", "n_present", "n_distinct", "mean", "deviation", "quantiles", "minimum", "maximum", "is_ordered",
    "n_rows", "length_mean", "length_quantiles",
)  # fmt: skip
_NO_TEXTS: Final = 'no code is attached: vitrify.capture(…, source="text") notes it down'
_NO_COLUMNS: Final = "nothing is known of columns: dump with X= notes it down"
NAME, FAINT = "bold", "dim"


def print_texts(console: Console, attached: Attached) -> None:
    """The texts, each below its name."""
    if not attached.texts:
        console.print(_NO_TEXTS, soft_wrap=True)
    for i, (name, text) in enumerate(attached.texts.items()):
        if i:
            console.print()
        console.print(styled(name, NAME), soft_wrap=True)
        for line in text.removesuffix("\n").split("\n"):
            console.print(Text(visible(line.removesuffix("\r").expandtabs(), None)), soft_wrap=True)


def print_columns(console: Console, parts: dict[str, dict[str, Any]], show_all: bool) -> None:
    """A table of the columns of the input, and one of those of the target; `parts` comes from `known_columns`."""
    if not parts:
        console.print(_NO_COLUMNS, soft_wrap=True)
    for i, (what, columns) in enumerate(parts.items()):
        if i:
            console.print()
        if "kinds" in columns:
            _print_table(console, what, columns, show_all)
        else:
            _print_lengths(console, columns)


def _print_table(console: Console, what: str, columns: dict[str, Any], show_all: bool) -> None:
    names = [i if name is None else name for i, name in enumerate(columns.get("keys", columns.get("names", ())))]
    shown = names if show_all else names[:_TOP_COLUMNS]
    rows = [_cells(columns, i) for i in range(len(shown))]
    used = [place for place in range(len(_HEADERS)) if any(row[place] for row in rows)]
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style=FAINT)
    table.add_column(
        "target" if what == "target" else "key" if "keys" in columns else "column",
        overflow="fold",
        min_width=_LEAST_WIDTH,
    )
    for place in used:
        justify: JustifyMethod = "left" if _HEADERS[place] == "kind" else "right"
        table.add_column(_HEADERS[place], justify=justify, overflow="fold", no_wrap=True)
    for i, (name, row) in enumerate(zip(shown, rows, strict=True)):
        title = styled(_shown(name))
        if categories := _at(columns, "categories", i):
            title.append(f"\n  {visible(', '.join(map(_shown, categories)), _MOST_CHARS)}", FAINT)
        table.add_row(title, *(Text(row[place]) for place in used))
    console.print(table)
    if len(names) > len(shown):
        console.print(styled(f"… and {len(names) - len(shown):,} more; --all lists every one", FAINT))


def _cells(columns: dict[str, Any], i: int) -> tuple[str, ...]:
    """What a row says of a column, in the order of `_HEADERS`; empty where nothing is known."""
    kind = str(columns["kinds"][i])
    quantiles = _at(columns, "quantiles", i)
    distinct = _at(columns, "n_distinct", i)
    return (
        visible(kind),
        _number(_at(columns, "n_present", i)),
        _number(_at(columns, "n_missing", i)),
        "" if distinct == -1 else _number(distinct),
        _measure(_at(columns, "mean", i), kind),
        _measure(_at(columns, "deviation", i), "timedelta" if kind == "datetime" else kind),
        _measure(quantiles[_MIDDLE], kind) if isinstance(quantiles, list) and len(quantiles) > _MIDDLE else "",
    )


def _print_lengths(console: Console, columns: dict[str, Any]) -> None:
    """Of rows of texts, which have no columns."""
    console.print(styled(f"{_number(columns.get('n_rows'))} texts, mean length {_number(columns.get('length_mean'))}"))


def _at(columns: dict[str, Any], name: str, i: int) -> Any:
    values = columns.get(name)
    return values[i] if isinstance(values, list) and i < len(values) else None


def _number(value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return ""
    return f"{value:,}" if isinstance(value, int) else f"{value:.4g}"


def _measure(value: object, kind: str) -> str:
    """A number in the unit of its column: moments and spans, which are counted in seconds, as days."""
    if kind not in ("datetime", "timedelta") or not isinstance(value, float):
        return _number(value)
    if kind == "datetime" and abs(value) < _FARTHEST_S:
        return str((_EPOCH + dt.timedelta(seconds=value)).date())
    return f"{value:.4g} s" if abs(value) < _DAY_S else f"{value / _DAY_S:.4g} d"


def _shown(value: object) -> str:
    return visible(value if isinstance(value, str) else repr(value), _MOST_CHARS)


def known_columns(attached: Attached, record: Summary) -> dict[str, dict[str, Any]]:
    """What is known of input and target, as far as SPEC.md §7.8 names it, as values that JSON has.

    Raises:
        FormatError: It is not what that clause describes.
    """
    found: dict[str, dict[str, Any]] = {}
    if record.data is not None and attached.columns:
        found["columns"] = _checked(attached.columns, record.data.form, record.data.n_columns)
    if record.target is not None and attached.target:
        form = "array" if record.target.form in ("texts", "records") else record.target.form  # one column of them
        found["target"] = _checked(attached.target, form, record.target.n_outputs)
    return found


def _checked(columns: dict[str, Any], form: Form, n: int) -> dict[str, Any]:
    Schema.of(columns, Data(form=form, n_rows=0, n_columns=n, fingerprint="0" * 64))
    if form == "texts" and not set(_LISTS).isdisjoint(columns):
        raise FormatError("the record's columns are not what SPEC.md §7 describes (texts have none)")
    found: dict[str, Any] = {name: _plain(columns[name]) for name in _LISTS if name in columns}
    for name in _ARRAYS:
        value = np.asarray(columns[name]) if _is_numeric(columns.get(name)) else None
        if value is not None:
            found[name] = _finite(value.tolist())
    top = columns.get("top")
    if type(top) is list and all(map(_is_top, top)):
        found["top"] = _plain(top)
    return found


def _is_numeric(value: object) -> bool:
    return type(value) in (int, float) or (isinstance(value, (np.ndarray, np.generic)) and value.dtype.kind in "biuf")


def _is_top(pairs: object) -> bool:
    return pairs is None or (
        type(pairs) is list
        and len(pairs) <= _N_TOP
        and all(
            type(pair) is tuple and len(pair) == 2 and _is_single(pair[0]) and type(pair[1]) is int for pair in pairs
        )
    )


def _is_single(value: object) -> bool:
    return value is None or type(value) in (bool, int, float, str)


def _plain(value: Any) -> Any:
    """Names and values, alone or in lists; those that JSON lacks as text."""
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return str(value) if isinstance(value, float) and value - value != 0 else value


def _finite(value: Any) -> Any:
    """Numbers, alone or in lists; None for those that JSON lacks."""
    if isinstance(value, list):
        return [_finite(item) for item in value]
    return value if not isinstance(value, float) or value - value == 0 else None
