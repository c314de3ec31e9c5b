"""A table whose columns have been read, and what it refers to, before any object exists."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from msgspec import Struct, field

from vitrify.graph.extents import Extents
from vitrify.graph.parsed import Ints, NumberArray, Parsed, offsets
from vitrify.graph.schema import Table

Edges = list[tuple[int, Ints, Ints]]
"""For each table referred to: its number, the rows here and the rows there."""

Link = tuple[str, int, NumberArray, NumberArray | None]
"""A field that refers to a table: the field, the table, the rows there, the positions they stand at (None for all)."""


class ParsedTable(Struct, kw_only=True):
    """A table whose columns have been read.

    Attributes:
        table: What the graph's JSON says.
        columns: The columns, by field name.
        lengths: For containers: how many items each row has, shape (n,) int64.
        links: What the columns refer to, in their order.
        children: The tables that these lead to, by number.
        shapes: For tables of arrays: the shape of each.
        extents: For arrays that have bytes of their own: how many, and where.
        dtype: Their dtype.
        joined: The bytes of all arrays that have no block of their own, one after another.
    """

    table: Table
    columns: dict[str, Parsed]
    lengths: Ints | None
    links: Sequence[Link]
    children: Sequence[int]
    shapes: list[tuple[int, ...]] = field(default_factory=list)
    extents: Extents | None = None
    dtype: np.dtype[Any] | None = None
    joined: npt.NDArray[np.uint8] | None = None

    @classmethod
    def of(cls, table: Table, columns: dict[str, Parsed], lengths: Ints | None) -> ParsedTable:
        """A table with these columns; of arrays, the rest is still to be read."""
        links = _links(columns)
        children = sorted({link[1] for link in links})
        return cls(table=table, columns=columns, lengths=lengths, links=links, children=children)

    @property
    def most_items(self) -> int:
        """How many values of one column a row has at most."""
        return 1 if self.lengths is None else int(self.lengths.max(initial=0))

    def edges(self, fields: Container[str] | None = None) -> Edges:
        """What the rows refer to, row by row; of some fields only, if given."""
        starts = None if self.lengths is None else offsets(self.lengths)
        found: Edges = []
        for name, child, rows, positions in self.links:
            if fields is not None and name not in fields:
                continue
            where = np.arange(len(rows)) if positions is None else positions
            owners = where if starts is None else np.searchsorted(starts, where, side="right") - 1
            found.append((child, owners.astype(np.int64), rows.astype(np.int64)))
        return found


def first_uses(tables: Sequence[ParsedTable]) -> dict[int, tuple[int, str, int]]:
    """Where each of `Graph.names` stands first: the table, the field and the position in it."""
    found: dict[int, tuple[int, str, int]] = {}
    for number, parsed in enumerate(tables):
        for field_name, column in parsed.columns.items():
            for index, position in column.first_names().items():
                found.setdefault(index, (number, field_name, position))
    return found


def _links(columns: Mapping[str, Parsed]) -> list[Link]:
    return [
        (name, child, rows, positions)
        for name, column in columns.items()
        if column.of in ("ref", "mixed")
        for child, rows, positions in column.refs()
    ]
