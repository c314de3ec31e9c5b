"""What must hold among the attributes of an object, as a table that one engine checks.

Each line names an attribute and says its dtype, its shape and its range in terms of others: sizes are names that the
first attribute binds and every later one must match. Compiled code trusts exactly these relations.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
from msgspec import Struct, field

from vitrify.graph.rows import Place, Rows

T = TypeVar("T")
Env = dict[str, Any]
Size = int | str | Callable[[Mapping[str, Any]], int]


class IntField(Struct, frozen=True, kw_only=True):
    """An attribute that is an int from `low` to `high`, both allowed; it binds `size` if that is given."""

    name: str
    low: int = 0
    high: Size | None = None
    size: str | None = None
    is_optional: bool = False

    def values(self, rows: Rows) -> list[object]:
        """The attribute, one a row."""
        return rows.values(self.name)

    def check(self, rows: Rows, row: int, value: Any, env: Env) -> None:
        """Fail unless the value fits."""
        if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < self.low:
            rows.fail(row, f"{self.name} must be an int of at least {self.low}")
        if self.high is not None and value > _size(self.high, env):
            rows.fail(row, f"{self.name} must be at most {_size(self.high, env)}")
        if self.size is not None:
            _match(rows, row, self.name, self.size, int(value), env)


class ArrayField(Struct, frozen=True, kw_only=True):
    """An attribute that is an array: its dtype is one of `dtypes`, its shape is `shape`, its values are in range.

    `low` and `high` (exclusive) are sizes; the array itself is bound under its name for later relations.
    """

    name: str
    dtypes: tuple[str, ...]
    shape: tuple[Size, ...]
    low: Size | None = None
    high: Size | None = None
    is_optional: bool = False

    def values(self, rows: Rows) -> list[object]:
        """The attribute, one a row."""
        return rows.values(self.name)

    def check(self, rows: Rows, row: int, value: Any, env: Env) -> None:
        """Fail unless the value fits."""
        if type(value) is not np.ndarray or value.dtype.str not in self.dtypes or value.ndim != len(self.shape):
            rows.fail(
                row, f"{self.name} must be an array of {' or '.join(self.dtypes)} in {len(self.shape)} dimensions"
            )
        for axis, size in enumerate(self.shape):
            _match(rows, row, f"{self.name}.shape[{axis}]", size, value.shape[axis], env)
        if value.size and self.low is not None and value.min() < _size(self.low, env):
            rows.fail(row, f"{self.name} holds a number below {_size(self.low, env)}")
        if value.size and self.high is not None and value.max() >= _size(self.high, env):
            rows.fail(row, f"{self.name} holds a number that is not below {_size(self.high, env)}")
        env[self.name] = value


class ShapeField(Struct, frozen=True, kw_only=True):
    """An attribute that is an array of any dtype, objects included, or one of the types in `shapes`.

    Attributes:
        name: The attribute.
        shape: What its shape must be.
        shapes: Type id of what else has a shape → the field that holds it, an array of int64.
        is_nullable: Whether it may be None as well.
    """

    name: str
    shape: tuple[Size, ...]
    shapes: Mapping[str, str] = field(default_factory=dict)
    is_optional: bool = False
    is_nullable: bool = False

    def values(self, rows: Rows) -> list[object]:
        """The attribute, one a row."""
        return rows.places(self.name)

    def check(self, rows: Rows, row: int, value: Any, env: Env) -> None:
        """Fail unless the value fits."""
        if value is None and self.is_nullable:
            return
        found = self._shape(value)
        if found is None or len(found) != len(self.shape):
            rows.fail(row, f"{self.name} must be an array in {len(self.shape)} dimensions")
        for axis, size in enumerate(self.shape):
            _match(rows, row, f"{self.name}.shape[{axis}]", size, found[axis], env)

    def _shape(self, value: object) -> tuple[int, ...] | None:
        if not isinstance(value, Place):
            return None
        if value.type_id not in self.shapes:
            return value.shape
        held = value.rows.arrays(self.shapes[value.type_id])[value.row]
        return tuple(held.tolist()) if held.dtype == np.int64 and held.ndim == 1 else None


class Relation(Struct, frozen=True, kw_only=True):
    """Something that must hold among what was bound before."""

    message: str
    holds: Callable[[Mapping[str, Any]], bool]


Field = IntField | ArrayField | ShapeField
Line = Field | Relation


def invariants(*lines: Line, bound: Callable[[Rows, int], Env] | None = None) -> Callable[[Rows], None]:
    """A check for `AttrsRule`: every line, for every object that has any of the attributes.

    Args:
        lines: In order; later lines may use what earlier ones bind.
        bound: Called with the rows and a row for sizes that are known beforehand.
    """
    fields = [line for line in lines if not isinstance(line, Relation)]

    def check(rows: Rows) -> None:
        if not any(rows.has(field.name) for field in fields):
            return
        missing = [field.name for field in fields if not rows.has(field.name) and not field.is_optional]
        if missing:
            rows.fail(0, f"{missing[0]} is missing")
        columns = {field.name: field.values(rows) for field in fields if rows.has(field.name)}
        for row in range(rows.n):
            env: Env = bound(rows, row) if bound is not None else {}
            for line in lines:
                if isinstance(line, Relation):
                    if not line.holds(env):
                        rows.fail(row, line.message)
                elif line.name in columns:
                    line.check(rows, row, columns[line.name][row], env)

    return check


def every(*checks: Callable[[Rows], None]) -> Callable[[Rows], None]:
    """A check that is several checks, in order."""

    def check(rows: Rows) -> None:
        for each in checks:
            each(rows)

    return check


def _size(size: Size, env: Mapping[str, Any]) -> int:
    if isinstance(size, int):
        return size
    return int(env[size]) if isinstance(size, str) else size(env)


def _match(rows: Rows, row: int, what: str, size: Size, found: int, env: Env) -> None:
    if isinstance(size, str) and size not in env:
        env[size] = found
        return
    expected = _size(size, env)
    if found != expected:
        rows.fail(row, f"{what} is {found}, must be {expected}")


def members(rows: Rows, field: str, row: int) -> list[tuple[Rows, npt.NDArray[np.int64]]]:
    """The objects in a list, tuple or object array that an attribute holds: each table, and which of its rows."""
    column = rows.column(field)
    if column.of != "ref" or column.numbers is None:
        rows.fail(row, f"{field} must be a container")
    container = rows.others(column.table)
    if container.lengths is None or not container.has("items"):
        rows.fail(row, f"{field} must be a container")
    chosen = column.numbers[row : row + 1].astype(np.int64)
    found = items(container, chosen)
    if sum(len(numbers) for _, numbers in found) != int(container.lengths[chosen[0]]):
        rows.fail(row, f"{field} must hold objects only")
    return found


def contents(rows: Rows, name: str) -> list[list[object] | None]:
    """For each row: the items of the list, tuple or object array that an attribute holds; None where it holds none.

    Items are plain values, a `Place` for each object, or `UNBUILT`.
    """
    return _slices(rows, name, "items", lambda container: container.places("items"))


def entries(rows: Rows, name: str) -> list[list[tuple[object, object]] | None]:
    """For each row: the keys and values of the dict that an attribute holds, like `contents`."""

    def pairs(container: Rows) -> list[tuple[object, object]]:
        return list(zip(container.places("keys"), container.places("values"), strict=True))

    return _slices(rows, name, "keys", pairs)


def _slices(rows: Rows, name: str, needed: str, take: Callable[[Rows], list[T]]) -> list[list[T] | None]:
    """What each row's container holds, where it is one with the column `needed`; `take` gives that of a whole table."""
    held: dict[int, tuple[list[T], list[int]]] = {}
    found: list[list[T] | None] = []
    for place in rows.places(name):
        if not isinstance(place, Place) or place.rows.lengths is None or not place.rows.has(needed):
            found.append(None)
            continue
        if place.rows.table not in held:
            held[place.rows.table] = take(place.rows), place.rows.starts().tolist()
        values, starts = held[place.rows.table]
        found.append(values[starts[place.row] : starts[place.row + 1]])
    return found


def items(container: Rows, chosen: npt.NDArray[np.int64]) -> list[tuple[Rows, npt.NDArray[np.int64]]]:
    """The objects in the containers `chosen`, shape (k,), of a table: each table, and which of its rows."""
    if container.lengths is None or not container.has("items"):
        return container.fail(int(chosen[0]), "must be a container")
    chosen, starts = np.unique(chosen), container.starts()
    begins, ends = starts[chosen], starts[chosen + 1]
    found: list[tuple[Rows, npt.NDArray[np.int64]]] = []
    for table, numbers, positions in container.column("items").refs():
        if positions is not None:  # ascending, as those of each part of a column are
            begins, ends = positions.searchsorted(starts[chosen]), positions.searchsorted(starts[chosen + 1])
        mine = [numbers[begin:end] for begin, end in zip(begins.tolist(), ends.tolist(), strict=True)]
        if any(map(len, mine)):
            found.append((container.others(table), np.concatenate(mine).astype(np.int64)))
    return found
