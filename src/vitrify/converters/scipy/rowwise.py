"""Checks that look at one object at a time, made into checks of a table, and what a table may cost.

For types of which a model holds a few big ones, so that each check is vectorised within the object instead. Only plain
values and arrays can be looked at: nothing else exists yet when tables are checked.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from vitrify.converters.checking.reach import charge_reach
from vitrify.converters.checking.values import charge
from vitrify.graph.converter import accept
from vitrify.graph.rows import Rows


def charged(n_bytes: int, check: Callable[[Rows], None] = accept) -> Callable[[Rows], None]:
    """A converter's `check` that first sees to it that all objects of a table can be made in bounded time and memory.

    `n_bytes` is what one object takes, or a hundred for each microsecond in which it is made, whichever is more.
    """

    def check_rows(rows: Rows) -> None:
        charge(rows, n_bytes)
        charge_reach(rows)
        check(rows)

    return check_rows


def each_row(check: Callable[..., Any], *fields: str) -> Callable[[Rows], None]:
    """A converter's `check` that calls `check` on these fields of every row; its ValueError becomes a StateError."""

    def check_rows(rows: Rows) -> None:
        for field in fields:
            for table, _, _ in rows.column(field).refs():
                if not rows.objects[table] and rows.others(table).n:
                    rows.fail(0, f"{field} must be a plain value or an array")
        columns = [rows.values(field) for field in fields]
        for row, values in enumerate(zip(*columns, strict=True)):
            try:
                check(*values)
            except (ValueError, TypeError) as error:
                rows.fail(row, str(error))

    return check_rows
