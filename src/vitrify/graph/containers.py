"""The builtin containers as shapes: list, tuple, dict, set and frozenset.

A shape takes objects apart into columns and puts them together again. Containers that can lie on a cycle are
allocated first and filled later; the others are made from values that exist already.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import chain, islice
from typing import Any, Protocol

from vitrify.graph.rows import Rows

Columns = dict[str, list[Any]]
Lengths = list[int] | None


class Shape(Protocol):
    """All objects of one type and one set of fields.

    Attributes:
        type_id: What the file calls the type.
        layout: How its columns are to be read.
        is_made: Whether objects are made whole, rather than allocated and filled.
        needs_complete: Whether they are made from complete values only (a tuple may hold an unfilled list).
    """

    type_id: str
    layout: str
    is_made: bool
    needs_complete: bool

    def take(self, objects: Sequence[Any]) -> tuple[Lengths, Columns]:
        """Objects → columns, and for containers the number of items of each."""

    def check(self, rows: Rows) -> None:
        """Raise StateError unless the columns can be objects of this type."""

    def make(self, n: int, lengths: Lengths, columns: Columns) -> list[Any]:
        """Columns → objects, where they are made whole; else `n` empty ones."""

    def fill(self, objects: list[Any], lengths: Lengths, columns: Columns) -> None:
        """Put the values into objects that were allocated."""


def _lengths(objects: Sequence[Any]) -> list[int]:
    return list(map(len, objects))


class ListShape:
    """Lists."""

    type_id = "list"
    layout = "items"
    is_made = False
    needs_complete = False

    def take(self, objects: Sequence[Any]) -> tuple[Lengths, Columns]:
        """Lengths, and all items one after another."""
        return _lengths(objects), {"items": list(chain.from_iterable(objects))}

    def check(self, rows: Rows) -> None:
        """Any items make a list."""

    def make(self, n: int, lengths: Lengths, columns: Columns) -> list[Any]:
        """Empty lists."""
        return [[] for _ in range(n)]

    def fill(self, objects: list[Any], lengths: Lengths, columns: Columns) -> None:
        """Extend each by its items."""
        items = iter(columns["items"])
        for target, length in zip(objects, lengths or (), strict=True):
            target.extend(islice(items, length))


class TupleShape:
    """Tuples."""

    type_id = "tuple"
    layout = "items"
    is_made = True
    needs_complete = False

    def take(self, objects: Sequence[Any]) -> tuple[Lengths, Columns]:
        """Lengths, and all items one after another."""
        return _lengths(objects), {"items": list(chain.from_iterable(objects))}

    def check(self, rows: Rows) -> None:
        """Any items make a tuple."""

    def make(self, n: int, lengths: Lengths, columns: Columns) -> list[Any]:
        """Tuples of their items."""
        items = iter(columns["items"])
        return [tuple(islice(items, length)) for length in lengths or ()]

    def fill(self, objects: list[Any], lengths: Lengths, columns: Columns) -> None:
        """Nothing: they are made whole."""


class _SetShape:
    layout = "items"

    def __init__(self, sort: Callable[[Any], list[Any]]) -> None:
        self._sort = sort

    def take(self, objects: Sequence[Any]) -> tuple[Lengths, Columns]:
        """Lengths, and the items in an order that does not depend on hashes."""
        return _lengths(objects), {"items": [item for target in objects for item in self._sort(target)]}

    def check(self, rows: Rows) -> None:
        """Hashes and repetitions are checked when the set is built."""


class SetShape(_SetShape):
    """Sets."""

    type_id = "set"
    is_made = False
    needs_complete = False

    def make(self, n: int, lengths: Lengths, columns: Columns) -> list[Any]:
        """Empty sets."""
        return [set() for _ in range(n)]

    def fill(self, objects: list[Any], lengths: Lengths, columns: Columns) -> None:
        """Add the items."""
        items = iter(columns["items"])
        for target, length in zip(objects, lengths or (), strict=True):
            target.update(islice(items, length))
            if len(target) != length:
                raise ValueError("a set holds an item twice")


class FrozensetShape(_SetShape):
    """Frozensets."""

    type_id = "frozenset"
    is_made = True
    needs_complete = True

    def make(self, n: int, lengths: Lengths, columns: Columns) -> list[Any]:
        """Frozensets of their items."""
        items = iter(columns["items"])
        made = [frozenset(islice(items, length)) for length in lengths or ()]
        if _lengths(made) != lengths:
            raise ValueError("a frozenset holds an item twice")
        return made

    def fill(self, objects: list[Any], lengths: Lengths, columns: Columns) -> None:
        """Nothing: they are made whole."""


class DictShape:
    """Dicts, in their own order, with keys of any hashable type."""

    type_id = "dict"
    layout = "pairs"
    is_made = False
    needs_complete = False

    def take(self, objects: Sequence[Any]) -> tuple[Lengths, Columns]:
        """Lengths, all keys, all values."""
        return _lengths(objects), {
            "keys": list(chain.from_iterable(objects)),
            "values": list(chain.from_iterable(map(dict.values, objects))),
        }

    def check(self, rows: Rows) -> None:
        """Hashes and repetitions are checked when the dict is filled."""

    def make(self, n: int, lengths: Lengths, columns: Columns) -> list[Any]:
        """Empty dicts."""
        return [{} for _ in range(n)]

    def fill(self, objects: list[Any], lengths: Lengths, columns: Columns) -> None:
        """Put in the pairs."""
        pairs = zip(columns["keys"], columns["values"], strict=True)
        for target, length in zip(objects, lengths or (), strict=True):
            target.update(islice(pairs, length))
            if len(target) != length:
                raise ValueError("a dict holds a key twice")
