"""Which classes and functions a file needs that vitrify has not reviewed."""

from __future__ import annotations

import numpy as np

from vitrify.graph.parse import BUILTIN_LAYOUTS
from vitrify.graph.parsed import Parsed
from vitrify.graph.registry import Registry
from vitrify.inspection.address import ROOT, join
from vitrify.inspection.origins import Origins
from vitrify.inspection.tables import Ref, Tables
from vitrify.trust import Need


def needs(tables: Tables, origins: Origins, registry: Registry) -> tuple[Need, ...]:
    """Each name once, in the order of the file, with the place where it is first needed.

    Types that are saved by a converter of the caller's are `converter`s: loading needs them in `converters=`.
    """
    found: dict[str, Need] = {}
    for number, parsed in enumerate(tables.tables):
        table = parsed.table
        is_builtin = table.layout in BUILTIN_LAYOUTS.get(table.type, ())
        if not is_builtin and not registry.knows(table.type) and table.type not in found:
            reached = origins.reached(number)
            path = origins.path(Ref(number, int(reached[0]))) if len(reached) else ROOT
            what = "converter" if table.layout == "fields" else "class"
            found[table.type] = Need(name=table.type, what=what, path=path)
    for index, name in enumerate(tables.graph.names):
        if not registry.knows_name(name.name) and name.name not in found:
            found[name.name] = Need(name=name.name, what=name.what, path=_first_use(index, tables, origins))
    return tuple(found.values())


def _first_use(index: int, tables: Tables, origins: Origins) -> str:
    """The path of the first value that is a class or function."""
    for number, parsed in enumerate(tables.tables):
        for field, column in parsed.columns.items():
            position = _position(column, index)
            if position is not None:
                holder = Ref(number, int(tables.holders(number, np.array([position]))[0]))
                return join(origins.path(holder), origins.step(number, field, position, None))
    return ROOT


def _position(column: Parsed, index: int) -> int | None:
    if column.of == "name" and column.numbers is not None:
        found = np.flatnonzero(column.numbers == index)
        return int(found[0]) if len(found) else None
    for code, part in enumerate(column.parts):
        inner = _position(part, index)
        if inner is not None and column.numbers is not None:
            return int(np.flatnonzero(column.numbers == code)[inner])
    return None
