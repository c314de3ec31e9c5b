"""The parsed tables of a file as something to walk: single values, the items of a row, references between rows.

Nothing is built: a value is a plain one, the `Ref` of an object's row, or the `Named` class or function.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from vitrify.errors import FormatError
from vitrify.graph.array_tables import ARRAY_TYPE
from vitrify.graph.parse import BUILTIN_LAYOUTS, OWN_LAYOUTS, ParsedGraph
from vitrify.graph.parsed import Parsed, offsets
from vitrify.graph.parsed_table import ParsedTable
from vitrify.graph.paths import cut

Ints = npt.NDArray[Any]
BY_STATE: Final = frozenset({"new", "call"})
MAX_ATTRIBUTES: Final = 2000
_TEXT_ARRAY: Final = "numpy.StringArray"
_CONTAINER_LAYOUTS: Final = frozenset({"items", "pairs", "object_arrays"})
_ARRAY_LAYOUTS: Final = frozenset(BUILTIN_LAYOUTS[ARRAY_TYPE])


@dataclass(frozen=True, slots=True)
class Ref:
    """An object: a row of a table."""

    table: int
    row: int


@dataclass(frozen=True, slots=True)
class Named:
    """A class or function, by its dotted name."""

    name: str


@dataclass(frozen=True, slots=True)
class Slot:
    """One attribute or item of an object, and the cell that holds it."""

    key: object
    value: object
    table: int
    field: str
    position: int


@dataclass(frozen=True, slots=True)
class References:
    """The references of one column: to one table throughout, or to the table given for each position (-1: none)."""

    table: int
    tables: Ints | None
    rows: Ints

    def at(self, positions: Ints) -> Iterator[tuple[int, Ints, Ints]]:
        """For each table referred to from these positions: its number, the rows, and where each reference stands."""
        if self.tables is None:
            yield self.table, self.rows[positions], positions
            return
        tables = self.tables[positions]
        for table in np.unique(tables).tolist():
            if table >= 0:
                mine = positions[tables == table]
                yield table, self.rows[mine], mine


class Tables:
    """All tables of one file."""

    def __init__(self, parsed: ParsedGraph) -> None:
        for table in parsed.tables:
            _check_layout(table)
        self.file = parsed.file
        self.graph = parsed.graph
        self.tables: list[ParsedTable] = parsed.tables
        self.starts = [None if t.lengths is None else offsets(t.lengths) for t in self.tables]
        self._places: dict[int, Ints] = {}
        self.references = {
            (number, field): found
            for number, table in enumerate(self.tables)
            for field, column in table.columns.items()
            if (found := _references(column)) is not None
        }
        self.linked: list[list[str]] = [
            [field for field in table.columns if (number, field) in self.references]
            for number, table in enumerate(self.tables)
        ]
        self.root_column = parsed.root
        self.root = self.value(parsed.root, 0)

    def type_id(self, table: int) -> str:
        """The type of a table's objects."""
        return self.tables[table].table.type

    def layout(self, table: int) -> str:
        """The layout of a table."""
        return self.tables[table].table.layout

    def is_array(self, table: int) -> bool:
        """Whether the objects are arrays of values (not of objects)."""
        return self.layout(table) in _ARRAY_LAYOUTS and not self.is_container(table)

    def is_stored_array(self, table: int) -> bool:
        """Whether the objects are arrays with elements of their own, not views of others'."""
        return self.is_array(table) and self.layout(table) != "views"

    def holds_arrays(self, table: int) -> bool:
        """Whether the objects are arrays of any kind."""
        return self.layout(table) in _ARRAY_LAYOUTS

    def is_text_array(self, table: int) -> bool:
        """Whether the objects are arrays of numpy's StringDType, whose texts are a list."""
        return self.type_id(table) == _TEXT_ARRAY and self.layout(table) == "fields"

    def is_container(self, table: int) -> bool:
        """Whether the objects are lists, tuples, sets, dicts or arrays of objects."""
        return self.layout(table) in _CONTAINER_LAYOUTS

    def holders(self, table: int, positions: Ints) -> Ints:
        """The rows to which positions of a column belong."""
        starts = self.starts[table]
        return positions if starts is None else np.searchsorted(starts, positions, side="right") - 1

    def positions(self, table: int, rows: Ints) -> Ints:
        """All positions of the columns of these rows, row by row."""
        starts = self.starts[table]
        if starts is None:
            return rows
        if len(rows) == 1:
            return np.arange(int(starts[rows[0]]), int(starts[rows[0] + 1]))
        counts = starts[rows + 1] - starts[rows]
        first = np.repeat(starts[rows] - np.concatenate([[0], np.cumsum(counts)[:-1]]), counts)
        return first + np.arange(int(counts.sum()))

    def n_items(self, ref: Ref) -> int:
        """How many items a container has."""
        starts = self.starts[ref.table]
        return 0 if starts is None else int(starts[ref.row + 1] - starts[ref.row])

    def value(self, column: Parsed, position: int) -> object:
        """The value at a position of a column."""
        if column.of == "const":
            return column.value
        if column.texts is not None:
            return column.texts[position]
        assert column.numbers is not None
        cell = column.numbers[position]
        if column.of == "mixed":
            places = self._places.get(id(column))
            if places is None:
                places = self._places[id(column)] = _places(column)
            return self.value(column.parts[int(cell)], int(places[position]))
        if column.of == "ref":
            return Ref(column.table, int(cell))
        if column.of == "name":
            return Named(self.graph.names[int(cell)].name)
        return cell.item() if column.of in ("bool", "int", "float") else cell

    def slot(self, table: int, field: str, position: int, key: object) -> Slot:
        """A slot with its value."""
        value = self.value(self.tables[table].columns[field], position)
        return Slot(key, value, table, field, position)

    def items(self, ref: Ref, limit: int | None = None) -> list[Slot]:
        """The items of a container: keys are positions, or the keys of a dict; at most `limit`."""
        starts = self.starts[ref.table]
        assert starts is not None
        begin, end = int(starts[ref.row]), int(starts[ref.row + 1])
        places = range(begin, end if limit is None else min(end, begin + limit))
        if self.layout(ref.table) != "pairs":
            return [self.slot(ref.table, "items", p, p - begin) for p in places]
        keys = self.tables[ref.table].columns["keys"]
        return [self.slot(ref.table, "values", p, self.value(keys, p)) for p in places]

    def item(self, ref: Ref, index: int) -> Slot | None:
        """One item of a container by its place, None if it has not so many."""
        starts = self.starts[ref.table]
        if starts is None or not 0 <= index < self.n_items(ref):
            return None
        field = "values" if self.layout(ref.table) == "pairs" else "items"
        return self.slot(ref.table, field, int(starts[ref.row]) + index, index)

    def state(self, ref: Ref) -> Ref | None:
        """The dict of attributes of an object that says itself how it is rebuilt."""
        column = self.tables[ref.table].columns.get("state")
        if self.layout(ref.table) not in BY_STATE or column is None:
            return None
        found = self.value(column, ref.row)
        return found if isinstance(found, Ref) and self.layout(found.table) == "pairs" else None

    def attributes(self, ref: Ref, limit: int = MAX_ATTRIBUTES) -> list[Slot]:
        """The attributes of an object, in order, at most `limit`; keys are texts."""
        state = self.state(ref)
        if state is not None:
            return [slot for slot in self.items(state, limit) if isinstance(slot.key, str)]
        fields = islice(self.tables[ref.table].columns, limit)
        return [self.slot(ref.table, field, ref.row, field) for field in fields]


def _references(column: Parsed) -> References | None:
    found = list(column.refs())
    if not found:
        return None
    table, rows, positions = found[0]
    if positions is None:
        return References(table, None, rows.astype(np.int64))
    tables, all_rows = np.full(column.n, -1, np.int64), np.zeros(column.n, np.int64)
    for table, rows, positions in found:
        tables[positions], all_rows[positions] = table, rows
    return References(-1, tables, all_rows)


def _places(column: Parsed) -> Ints:
    """For each position of a mixed column: its place within its part."""
    places = np.zeros(column.n, np.int64)
    for positions in column.positions():
        places[positions] = np.arange(len(positions))
    return places


def _check_layout(parsed: ParsedTable) -> None:
    """What loading would find out when it builds: that no type but lists and the like has a layout of theirs.

    Raises:
        FormatError: One has.
    """
    table = parsed.table
    if table.layout not in BUILTIN_LAYOUTS.get(table.type, ("fields", *OWN_LAYOUTS)):
        raise FormatError(f"a table of type {cut(table.type)!r} has the layout {cut(table.layout)!r}")
