"""Tables that are still growing, while the objects of a model are found.

A draft keeps all objects in its columns alive, because identity is tracked by `id`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import accumulate, chain
from typing import Any

import numpy as np
from msgspec import Struct, field

from vitrify.container.limits import LIMITS
from vitrify.errors import UnsupportedError
from vitrify.graph.containers import Shape
from vitrify.graph.leveling import Level, Node, levels
from vitrify.graph.paths import Edge, Holder, Paths


class Draft(Struct, eq=False):
    """The table of one shape.

    Attributes:
        shape: The shape.
        objects: One object a row.
        row_of: The row of each object, by `id`.
        lengths: For containers: the number of items of each row.
        columns: The values taken so far, by field name.
        linked: The columns that hold objects.
        n_taken: The number of rows whose values have been taken.
        is_waiting: Whether it is queued to be taken.
        number: Its place in the file, once known.
    """

    shape: Shape
    objects: list[Any] = field(default_factory=list)
    row_of: dict[int, int] = field(default_factory=dict)
    lengths: list[int] | None = None
    columns: dict[str, list[Any]] = field(default_factory=dict)
    linked: set[str] = field(default_factory=set)
    n_taken: int = 0
    is_waiting: bool = False
    number: int = -1

    def add(self, members: Sequence[Any], draft_of: dict[int, Draft]) -> None:
        """Give objects their rows, in order."""
        ids = list(map(id, members))
        self.row_of.update(zip(ids, range(len(self.objects), len(self.objects) + len(ids)), strict=True))
        self.objects += members
        draft_of.update(dict.fromkeys(ids, self))

    def forget_keys(self) -> None:
        """Let go of the keys of dicts, which the dicts have too, if no object is among them: there may be millions."""
        if self.shape.layout == "pairs" and "keys" not in self.linked:
            del self.columns["keys"]

    def key(self, position: int) -> object:
        """The key at a position of the dicts of this table."""
        if "keys" not in self.columns:
            self.columns["keys"] = list(chain.from_iterable(self.objects))
        return self.columns["keys"][position]


DraftOf = Mapping[int, Draft]


def number_drafts(drafts: Sequence[Draft]) -> None:
    """Give each its place in the file."""
    for number, draft in enumerate(drafts):
        draft.number = number


def level_drafts(drafts: Sequence[Draft], draft_of: dict[int, Draft]) -> list[Draft]:
    """Split drafts so that whatever is made whole refers only to tables that can be made before it (SPEC.md §6.5).

    Raises:
        MadeOnCycleError: There is no order in which the objects could be built.
        UnsupportedError: They lie deeper in one another than any reader accepts.
    """

    def locate(value: Any) -> tuple[int, int] | None:
        draft = draft_of.get(id(value))
        return None if draft is None else (draft.number, draft.row_of[id(value)])

    number_drafts(drafts)
    found = levels([_node(draft, draft_of) for draft in drafts], locate)
    if found is None:
        return list(drafts)
    deepest = max((max(level) for of_rows in found for level in of_rows), default=0)
    if deepest >= LIMITS.depth:
        raise UnsupportedError(f"tuples, or other objects made whole, more than {LIMITS.depth} deep in one another")
    return [part for draft, of_rows in zip(drafts, found, strict=True) for part in _split(draft, of_rows, draft_of)]


def draft_paths(drafts: Sequence[Draft], draft_of: DraftOf, root: Any) -> Paths:
    """The paths of all rows; drafts must be numbered."""
    holders: list[Holder] = []
    edges: list[Edge] = []
    for draft in drafts:
        starts = None
        if draft.lengths is not None:
            starts = np.fromiter(accumulate(draft.lengths, initial=0), np.int64, len(draft.lengths) + 1)
        holders.append(Holder(n=len(draft.objects), layout=draft.shape.layout, starts=starts, key=draft.key))
        for name in draft.columns:
            if name in draft.linked:
                edges += _edges(draft, name, draft_of)
    start = draft_of.get(id(root))
    return Paths(holders, edges, None if start is None else (start.number, start.row_of[id(root)]))


class BlockNamer:
    """Readable names for big arrays; the paths are worked out only if there is one."""

    def __init__(self, drafts: Sequence[Draft], draft_of: dict[int, Draft], root: Any) -> None:
        self._drafts, self._draft_of, self._root = drafts, draft_of, root
        self._paths: Paths | None = None

    def name(self, table: int, row: int) -> str:
        """The path of an array without the leading `$`: `steps.1.coef_`."""
        if self._paths is None:
            self._paths = draft_paths(self._drafts, self._draft_of, self._root)
        path = self._paths.of(table, row).removeprefix("$")
        name = path.replace("[", ".").replace("]", "").replace("'", "").replace('"', "").lstrip(".")
        return name.replace("$", "_") or "root"


def _edges(draft: Draft, name: str, draft_of: DraftOf) -> list[Edge]:
    ids = list(map(id, draft.columns[name]))
    held = list(map(draft_of.get, ids))
    places: dict[Draft, Sequence[int]] = {}
    if held and held[0] is not None and held.count(held[0]) == len(held):  # as a rule, and there may be millions
        places[held[0]] = range(len(held))
    else:
        mixed: dict[Draft, list[int]] = {}
        for position, child in enumerate(held):
            if child is not None:
                mixed.setdefault(child, []).append(position)
        places.update(mixed)
    return [
        Edge(
            table=draft.number,
            field=name,
            child=child.number,
            rows=np.array([child.row_of[ids[position]] for position in positions], np.int64),
            positions=np.array(positions, np.int64),
        )
        for child, positions in places.items()
    ]


def _node(draft: Draft, draft_of: DraftOf) -> Node:
    columns = [draft.columns[name] for name in draft.columns if name in draft.linked]
    children: set[Draft | None] = set()
    for values in columns:
        children.update(map(draft_of.get, map(id, values)))
    return Node(
        is_made=draft.shape.is_made,
        needs_complete=draft.shape.needs_complete,
        n=len(draft.objects),
        lengths=draft.lengths,
        columns=columns,
        children=sorted(child.number for child in children if child is not None),
    )


def _split(draft: Draft, of_rows: Sequence[Level], draft_of: dict[int, Draft]) -> list[Draft]:
    if len(set(of_rows)) <= 1:
        return [draft]
    starts = list(accumulate(draft.lengths, initial=0)) if draft.lengths is not None else range(len(of_rows) + 1)
    parts: dict[Level, Draft] = {}
    for row, (target, level) in enumerate(zip(draft.objects, of_rows, strict=True)):
        part = parts.setdefault(level, Draft(draft.shape, linked=draft.linked))
        part.add([target], draft_of)
        if draft.lengths is not None:
            part.lengths = part.lengths or []
            part.lengths.append(draft.lengths[row])
        for name, values in draft.columns.items():
            part.columns.setdefault(name, []).extend(values[starts[row] : starts[row + 1]])
    return [parts[level] for level in sorted(parts)]
