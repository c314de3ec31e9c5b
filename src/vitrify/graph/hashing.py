"""What it costs to hash keys: hostile dicts and sets are refused before they are filled (attacks R01, F22).

Python's hashes of numbers, and of tuples and frozensets of them, can be computed by anyone: 30 000 keys that share one
take seconds to put into a dict, and ten times as many a hundred times as long. Texts and bytes are safe, since their
hashes differ from process to process, and so are numbers of fixed size, of which few can share a hash. A tuple is
hashed anew at each use, through all that it holds: of 60 tuples, each of which holds the next one twice, the first
would take 2**60 steps.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from vitrify.errors import LimitError
from vitrify.graph.containers import offsets
from vitrify.graph.order import components, is_cyclic
from vitrify.graph.parsed import Parsed

Floats = npt.NDArray[np.float64]
MOST_EQUAL: Final = 256
"""How many keys of one dict may share a hash: of all floats at most 238 do, of other honest keys hardly two."""

MOST_STEPS: Final = 50_000_000
"""How many items hashing all keys may walk through, in all: about a second."""

_HASHED: Final = {("dict", "pairs"): "keys", ("set", "items"): "items", ("frozenset", "items"): "items"}
_WALKED: Final = ("tuple", "frozenset")


class HashedTable:
    """A table as its hashing sees it."""

    def __init__(
        self, type_id: str, layout: str, n: int, columns: dict[str, Parsed], lengths: npt.NDArray[np.int64] | None
    ) -> None:
        self.n = n
        self.lengths = lengths
        self.columns = columns
        self.is_walked = type_id in _WALKED and lengths is not None
        name = _HASHED.get((type_id, layout))
        self.hashed = [columns[name]] if name else list(columns.values()) if layout in ("fields", "value") else []

    def steps(self, costs: dict[int, Floats]) -> Floats:
        """The steps that hashing each row takes, shape (n,); `costs` has those of the tables it refers to."""
        assert self.lengths is not None
        starts = offsets(self.lengths)
        steps: Floats = 1.0 + self.lengths.astype(np.float64)
        for column in self.columns.values():
            for child, rows, positions in column.refs():
                if child in costs:
                    where = np.arange(len(rows)) if positions is None else positions
                    owners = np.searchsorted(starts, where, side="right") - 1
                    steps = steps + np.bincount(owners, costs[child][rows], minlength=self.n)
        return steps


def require_cheap_hashes(tables: Sequence[HashedTable]) -> None:
    """Refuse a graph in which hashing all keys and items of sets, each once, takes more than `MOST_STEPS` steps.

    Raises:
        LimitError: It would.
    """
    if not any(table.is_walked and table.n for table in tables):
        return
    walked = [
        [c for column in t.columns.values() for c, _, _ in column.refs() if tables[c].is_walked] if t.is_walked else []
        for t in tables
    ]
    costs: dict[int, Floats] = {}
    for group in components(walked):
        if tables[group[0]].is_walked and not is_cyclic(group, walked):  # cycles of such tables are refused elsewhere
            costs[group[0]] = tables[group[0]].steps(costs)
    total = 0.0
    for table in tables:
        for column in table.hashed:
            total += sum(float(costs[child][rows].sum()) for child, rows, _ in column.refs() if child in costs)
    if total > MOST_STEPS:
        raise LimitError(
            f"hashing the keys would walk through {total:.3g} items, the limit is {MOST_STEPS}",
            limit=MOST_STEPS,
            actual=int(min(total, 2.0**62)),
            hint="No dict or set of a real model has such keys",
        )


def require_spread(column: Parsed, keys: Sequence[object], lengths: Sequence[int]) -> None:
    """Refuse containers of which one would hold more than `MOST_EQUAL` keys with one hash.

    Args:
        column: The column of the keys.
        keys: Its values, those of one container after those of another.
        lengths: How many each container has.

    Raises:
        LimitError: There is such a container.
        TypeError: A key cannot be hashed.
    """
    if len(keys) <= MOST_EQUAL or _is_safe(column):
        return
    hashes = np.fromiter(map(hash, keys), np.int64, len(keys))
    if _most(hashes) <= MOST_EQUAL:
        return
    ends = np.cumsum(np.asarray(lengths, np.int64)).tolist()
    for end, length in zip(ends, lengths, strict=True):
        if length > MOST_EQUAL and (most := _most(hashes[end - length : end])) > MOST_EQUAL:
            raise LimitError(
                f"{most} keys of one container share a hash, the limit is {MOST_EQUAL}",
                limit=MOST_EQUAL,
                actual=most,
                hint="No dict or set of a real model has such keys",
            )


def _most(hashes: npt.NDArray[np.int64]) -> int:
    return int(np.unique(hashes, return_counts=True)[1].max(initial=0))


def _is_safe(column: Parsed) -> bool:
    """Whether nobody can choose more than a few values of the column that share a hash."""
    if column.of == "mixed":
        return all(map(_is_safe, column.parts))
    if column.of == "ref":
        return False
    if column.of == "int":
        return column.texts is None
    return column.of[1:2] != "c"
