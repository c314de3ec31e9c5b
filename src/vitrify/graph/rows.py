"""The columns of a table as the content checks see them, before any object of the table exists.

A check says what must hold and calls `fail` where it does not; it can change nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final, NoReturn, TypeVar

import numpy as np
import numpy.typing as npt
from msgspec import Struct, field
from msgspec.structs import replace

from vitrify.container.limits import Limits
from vitrify.errors import StateError
from vitrify.graph.parsed import Parsed, offsets

Array = npt.NDArray[Any]
T = TypeVar("T")


class _Unbuilt:
    """Stands for an object that does not exist yet; no check accepts it, not even one that accepts None."""


UNBUILT: Final = _Unbuilt()


class Rows(Struct, frozen=True, kw_only=True):
    """All objects of one table, column by column.

    Attributes:
        table: The table's number.
        type_id: The type of the objects.
        n: How many there are.
        first: The row of the table that is row 0 here.
        columns: The parsed columns by field name.
        lengths: For containers: how many items each row has, shape (n,) int64.
        objects: For each table, its objects as far as they exist: arrays always do.
        read: Gives the `Rows` of any table, by number.
        path: The path of a row in the model, for messages.
        shape_of: The shape of an array by table and row, None if the table has no arrays.
        spend: Takes bytes from the memory that the file may ask for, or raises LimitError; the text says what for.
        limits: What a file may ask for.
        found: What was asked for before: nothing changes while a check runs, and some ask again for each row.
    """

    table: int
    type_id: str
    n: int
    columns: dict[str, Parsed]
    lengths: npt.NDArray[np.int64] | None
    objects: Sequence[list[Any]]
    read: Callable[[int], Rows]
    path: Callable[[int, int], str]
    shape_of: Callable[[int, int], tuple[int, ...] | None]
    spend: Callable[[int, str], None]
    limits: Limits
    first: int = 0
    found: dict[tuple[str, object], Any] = field(default_factory=dict)

    def fail(self, row: int, message: str) -> NoReturn:
        """Raise StateError for an object, with its path."""
        raise StateError(f"{self.type_id}: {message}", path=self.path(self.table, self.first + row))

    def require(self, ok: npt.NDArray[np.bool_], message: str) -> None:
        """Fail for the first row where `ok`, shape (n,), is false."""
        if not ok.all():
            self.fail(int(np.argmin(ok)), message)

    def part(self, begin: int, end: int) -> Rows:
        """The rows from `begin` to `end`."""
        columns = {name: column.part(begin, end) for name, column in self.columns.items()}
        return replace(self, n=end - begin, columns=columns, first=self.first + begin, found={})

    def _once(self, what: str, of: object, find: Callable[[], T]) -> T:
        """What `find` gives, or gave when it was asked for before."""
        key = (what, of)
        if key not in self.found:
            self.found[key] = find()
        found: T = self.found[key]
        return found

    def others(self, table: int) -> Rows:
        """The rows of any table, by its number."""
        return self._once("others", table, lambda: self.read(table))

    def has(self, field: str) -> bool:
        """Whether the objects have such an attribute at all."""
        return field in self.columns

    def column(self, field: str) -> Parsed:
        """A column by name; fails if it is missing."""
        if field not in self.columns:
            self.fail(0, f"{field} is missing")
        return self.columns[field]

    def values(self, field: str) -> list[object]:
        """The values of a column of plain values; objects appear as they exist so far."""
        return self._once("values", field, lambda: _so_far(self.column(field), self.objects))

    def integers(self, field: str) -> npt.NDArray[np.int64]:
        """A column of ints (Python's or numpy's, never bool), shape (n,) int64."""
        return self._once("integers", field, lambda: self._integers(field))

    def _integers(self, field: str) -> npt.NDArray[np.int64]:
        column = self.column(field)
        if column.of == "const" and type(column.value) is int:
            return np.full(self.n, column.value, np.int64)
        if column.numbers is not None and column.is_integral:
            if column.numbers.dtype == np.uint64 and len(column.numbers) and int(column.numbers.max()) >= 2**63:
                self.fail(int(np.argmax(column.numbers)), f"{field} is beyond 63 bits")
            return column.numbers.astype(np.int64)
        return self.fail(self._odd(field, (int, np.integer)), f"{field} must be an int")

    def arrays(self, field: str) -> list[Array]:
        """A column of numpy arrays, one a row."""
        return self._once("arrays", field, lambda: self._arrays(field))

    def _arrays(self, field: str) -> list[Array]:
        values = self.values(field)
        if set(map(type, values)) - {np.ndarray}:
            row = next(row for row, value in enumerate(values) if type(value) is not np.ndarray)
            self.fail(row, f"{field} must be an array")
        return values  # type: ignore[return-value]  # checked above

    def plain(self, field: str) -> list[object]:
        """A column's plain values, with None where an object stands: safe before any object exists."""
        return self._once("plain", field, lambda: self.column(field).plain())

    def tuples(self, field: str) -> list[tuple[object, ...] | None]:
        """For each row: the plain items of the tuple or list that the column refers to, None where it does not."""
        return self._once("tuples", field, lambda: self._tuples(field))

    def _tuples(self, field: str) -> list[tuple[object, ...] | None]:
        found: list[tuple[object, ...] | None] = [None] * self.n
        for table, rows, positions in self.column(field).refs():
            other = self.others(table)
            if other.type_id not in ("tuple", "list") or other.lengths is None:
                continue
            items, starts = other.plain("items"), other.starts()
            where = range(len(rows)) if positions is None else positions.tolist()
            for position, row in zip(where, rows.tolist(), strict=True):
                found[position] = tuple(items[starts[row] : starts[row + 1]])
        return found

    def starts(self) -> npt.NDArray[np.int64]:
        """For containers: where the items of each row begin, and where the last end, shape (n + 1,)."""
        assert self.lengths is not None
        lengths = self.lengths
        return self._once("starts", None, lambda: offsets(lengths))

    def shape(self, field: str, row: int) -> tuple[int, ...] | None:
        """The shape of the array that a row of a column refers to, None if it is no array."""
        place = self.places(field)[row]
        return place.shape if isinstance(place, Place) else None

    def places(self, field: str) -> list[object]:
        """The values of a column, one a row: plain ones as they are, a `Place` for each object, `UNBUILT` for names."""
        return self._once("places", field, lambda: _places(self.column(field), self.others))

    def children(self, field: str, type_id: str) -> tuple[Rows, npt.NDArray[np.int64]]:
        """The objects a column refers to, all of one table of that type, and the row of each."""
        column = self.column(field)
        if column.of != "ref" or column.numbers is None or self.others(column.table).type_id != type_id:
            self.fail(0, f"{field} must be of type {type_id}")
        return self.others(column.table), column.numbers.astype(np.int64)

    def _odd(self, field: str, kinds: tuple[type, ...]) -> int:
        values = self.plain(field)
        return next((i for i, v in enumerate(values) if not isinstance(v, kinds) or isinstance(v, bool)), 0)


class Place(Struct, frozen=True):
    """An object in a table, which may not exist yet.

    Attributes:
        rows: Its table.
        row: Its row.
    """

    rows: Rows
    row: int

    @property
    def type_id(self) -> str:
        """Its type."""
        return self.rows.type_id

    @property
    def shape(self) -> tuple[int, ...] | None:
        """The shape of an array, also of one of objects; None for what is no array."""
        return self.rows.shape_of(self.rows.table, self.rows.first + self.row)

    @property
    def array(self) -> Array | None:
        """The array; None for what is none, and for an array of objects, which does not exist yet."""
        built = self.rows.objects[self.rows.table]
        found = built[self.rows.first + self.row] if built else None
        return found if type(found) is np.ndarray else None


def _places(column: Parsed, others: Callable[[int], Rows]) -> list[object]:
    if column.of == "mixed":
        return column.merged([_places(part, others) for part in column.parts])
    if column.of == "ref" and column.numbers is not None:
        rows = others(column.table)
        return [Place(rows, row) for row in column.numbers.tolist()]
    return [UNBUILT] * column.n if column.of == "name" else column.materialize((), ())


def _so_far(column: Parsed, objects: Sequence[list[Any]]) -> list[object]:
    """The values of a column, with `UNBUILT` for names and for objects of tables that are not built yet."""
    if column.of == "mixed":
        return column.merged([_so_far(part, objects) for part in column.parts])
    if column.of == "name" or (column.of == "ref" and not objects[column.table]):
        return [UNBUILT] * column.n
    return column.materialize(objects, ())
