"""Which classes and functions a file needs that vitrify has not reviewed."""

from __future__ import annotations

import numpy as np

from vitrify.graph.parse import BUILTIN_LAYOUTS
from vitrify.graph.parsed_table import first_uses
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
    missing = {i: name for i, name in enumerate(tables.graph.names) if not registry.knows_name(name.name)}
    uses = first_uses(tables.tables) if missing else {}
    for index, name in missing.items():
        if name.name not in found:
            path = _path_of(uses[index], tables, origins) if index in uses else ROOT
            found[name.name] = Need(name=name.name, what=name.what, path=path)
    return tuple(found.values())


def _path_of(use: tuple[int, str, int], tables: Tables, origins: Origins) -> str:
    """The path of a value, by its table, its field and its position."""
    number, field, position = use
    holder = Ref(number, int(tables.holders(number, np.array([position]))[0]))
    return join(origins.path(holder), origins.step(number, field, position, None))
