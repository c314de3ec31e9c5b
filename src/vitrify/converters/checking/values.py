"""What the converters of the standard library and of numpy check alike.

Columns are looked at as a whole, before any object of their table exists; nothing here builds anything.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from vitrify.graph.members import shadowing
from vitrify.graph.paths import with_article
from vitrify.graph.rows import Rows


def charge(rows: Rows, n_bytes: int) -> None:
    """Take the memory of a table's objects, of `n_bytes` each, from what the file may ask for.

    A constant column is a few bytes in the file, however many rows it has.

    Raises:
        LimitError: There is not so much left.
    """
    rows.spend(rows.n * n_bytes, f"{rows.n} objects of type {rows.type_id}")


def require_ints(rows: Rows, field: str, low: int, high: int) -> npt.NDArray[np.int64]:
    """A column of ints from `low` to `high`, shape (n,) int64."""
    column = rows.column(field)
    if not (column.is_integral or (column.of == "const" and type(column.value) is int)):
        rows.fail(0, f"{field} must be an int")
    values = rows.integers(field)
    rows.require((values >= low) & (values <= high), f"{field} must lie in {low} … {high}")
    return values


def require_texts(rows: Rows, field: str, max_chars: int) -> list[str]:
    """A column of text of at most `max_chars` characters each; the objects made of it are charged."""
    column = rows.column(field)
    if column.of == "const" and type(column.value) is str:
        charge(rows, 100 + 4 * len(column.value))
    elif column.of != "text":
        rows.fail(0, f"{field} must be text")
    texts: list[Any] = rows.values(field)
    for row, text in enumerate(texts):
        if len(text) > max_chars:
            rows.fail(row, f"{field} has {len(text)} characters, at most {max_chars} are possible")
    return texts


def exact(value: object, *kinds: type) -> None:
    """Nothing, if the type of a value is exactly one of `kinds`.

    Raises:
        TypeError: It is another, or a subclass.
    """
    if type(value) not in kinds:
        raise TypeError(
            f"found {with_article(type(value).__name__)}, expected {' or '.join(kind.__name__ for kind in kinds)}"
        )


def is_attribute(cls: type, name: object) -> bool:
    """Whether an object of a reviewed class may have an attribute of that name beside its own state."""
    return type(name) is str and not shadowing(cls, (name,), is_reviewed=True)
