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
from vitrify.graph.order import components, is_cyclic
from vitrify.graph.parsed import Parsed
from vitrify.graph.parsed_table import ParsedTable

Floats = npt.NDArray[np.float64]
MOST_EQUAL: Final = 256
"""How many keys of one dict may share a hash: of all floats at most 238 do, of other honest keys hardly two."""

MOST_STEPS: Final = 50_000_000
"""How many items hashing all keys may walk through, in all: about a second."""

_HASHED: Final = {("dict", "pairs"): "keys", ("set", "items"): "items", ("frozenset", "items"): "items"}
_WALKED: Final = ("tuple", "frozenset")


def require_cheap_hashes(tables: Sequence[ParsedTable]) -> None:
    """Refuse a graph in which hashing all keys and items of sets, each once, takes more than `MOST_STEPS` steps.

    Raises:
        LimitError: It would.
    """
    walked = [number for number, parsed in enumerate(tables) if parsed.table.type in _WALKED and parsed.table.rows]
    place = {number: i for i, number in enumerate(walked)}
    children = [[place[child] for child in tables[number].children if child in place] for number in walked]
    costs: dict[int, Floats] = {}
    for group in components(children):
        if not is_cyclic(group, children):  # cycles of such tables are refused elsewhere
            number = walked[group[0]]
            costs[number] = _steps(tables[number], costs)
    total = 0.0
    for parsed in tables:
        if costs.keys().isdisjoint(parsed.children):
            continue
        for column in hashed_columns(parsed):
            total += sum(float(costs[child][rows].sum()) for child, rows, _ in column.refs() if child in costs)
    if total > MOST_STEPS:
        raise LimitError(
            f"hashing the keys would walk through {total:.3g} items, the limit is {MOST_STEPS}",
            limit=MOST_STEPS,
            actual=int(min(total, 2.0**62)),
            hint="No dict or set of a real model has such keys",
        )


def hashed_columns(parsed: ParsedTable) -> list[Parsed]:
    """The columns of a table whose values are hashed, or may be by what a converter makes of them."""
    layout, columns = parsed.table.layout, parsed.columns
    name = _HASHED.get((parsed.table.type, layout))
    return [columns[name]] if name else list(columns.values()) if layout in ("fields", "value") else []


def _steps(parsed: ParsedTable, costs: dict[int, Floats]) -> Floats:
    """The steps that hashing each row takes, shape (n,); `costs` has those of the tables it refers to."""
    assert parsed.lengths is not None
    steps: Floats = 1.0 + parsed.lengths.astype(np.float64)
    for child, owners, rows in parsed.edges():
        if child in costs:
            steps = steps + np.bincount(owners, costs[child][rows], minlength=parsed.table.rows)
    return steps


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
