"""Searches: their grids may not set what no file may set (attacks F32).

A grid that holds `memory` would give a later fit a folder, from which joblib loads pickles.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np

from vitrify.errors import UnsupportedError
from vitrify.graph.converter import AttrsRule
from vitrify.graph.rows import Place, Rows

GRIDS: Final = {
    "sklearn.model_selection._search.GridSearchCV": "param_grid",
    "sklearn.model_selection._search.RandomizedSearchCV": "param_distributions",
    "sklearn.model_selection._search_successive_halving.HalvingGridSearchCV": "param_grid",
    "sklearn.model_selection._search_successive_halving.HalvingRandomSearchCV": "param_distributions",
}
"""Class → the parameter that is its grid."""
_NAMES: Final = sorted(set(GRIDS.values()))
_MESSAGE: Final = "{} sets {}, a cache folder: a later fit would load pickles from it"


def check_grids(rows: Rows) -> None:
    """Whatever containers a grid is made of, no key in them may end in `memory`."""
    tables: dict[int, tuple[list[list[object]], list[int] | None]] = {}
    for name in _NAMES:
        for row, grid in enumerate(rows.places(name) if rows.has(name) else ()):
            for key in _keys(grid, tables):
                if _is_memory(key):
                    rows.fail(row, _MESSAGE.format(name, str(key)[:80]))


def require_no_memory(search: Any) -> None:
    """Refuse to save what `check_grids` would not load.

    Raises:
        UnsupportedError: A grid sets `memory`.
    """
    for name in _NAMES:
        grid = vars(search).get(name)
        for part in grid if isinstance(grid, (list, tuple)) else [grid]:
            for key in part if isinstance(part, dict) else ():
                if _is_memory(key):
                    raise UnsupportedError(_MESSAGE.format(name, key), hint="Take it out of the grid")


def _is_memory(key: object) -> bool:
    return isinstance(key, str) and key.rpartition("__")[2] == "memory"


def _keys(grid: object, tables: dict[int, tuple[list[list[object]], list[int] | None]]) -> list[object]:
    """All keys of the dicts of a grid, and all texts beside them."""
    found: list[object] = []
    seen: set[tuple[int, int]] = set()
    waiting = [grid]
    while waiting:
        place = waiting.pop()
        if not isinstance(place, Place):
            found.append(place)
            continue
        at = (place.rows.table, place.row)
        if at not in seen:
            seen.add(at)
            waiting += _held(place, tables)
    return found


def _held(place: Place, tables: dict[int, tuple[list[list[object]], list[int] | None]]) -> list[object]:
    """What an object holds: of a dict only the keys."""
    rows = place.rows
    if rows.table not in tables:
        names = ["keys"] if rows.lengths is not None and rows.has("keys") else list(rows.columns)
        edges = None if rows.lengths is None else [0, *np.cumsum(rows.lengths).tolist()]
        tables[rows.table] = [rows.places(name) for name in names], edges
    columns, edges = tables[rows.table]
    if edges is None:
        return [column[place.row] for column in columns]
    begin, end = edges[place.row], edges[place.row + 1]
    return [value for column in columns for value in column[begin:end]]


RULES: Final[Mapping[str, AttrsRule]] = {
    name: AttrsRule(check=check_grids, precheck=require_no_memory, requires=(grid,)) for name, grid in GRIDS.items()
}
