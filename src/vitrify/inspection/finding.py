"""From a path to the array that it means, and to those that come near where there is none."""

from __future__ import annotations

from difflib import get_close_matches
from typing import Final

import numpy as np

from vitrify.errors import PathError
from vitrify.inspection.address import ROOT, join, spell_key, split
from vitrify.inspection.arrays import Arrays
from vitrify.inspection.tables import BY_STATE, Named, Ref, Slot, Tables

_NEAR: Final = 5
_MAX_COMPARED: Final = 5000


def find_array(path: str, tables: Tables, arrays: Arrays) -> Ref:
    """The array at a path.

    Raises:
        PathError: There is none.
    """
    value, so_far = tables.root, ROOT
    for step in split(path):
        following = _follow(value, step, tables)
        if following is None:
            by_name = _find_block(path, tables, arrays)
            if by_name is not None:
                return by_name
            raise PathError(f"nothing is at {path!r}: {so_far} has no {step!r}", hint=_near(path, arrays))
        value = following.value
        so_far = join(so_far, step if type(step) is str and step.startswith("#") else spell_key(step, 0))
    if isinstance(value, Ref) and (
        tables.tables[value.table].table.arrays is not None or tables.is_text_array(value.table)
    ):
        return value
    kind = type(value).__name__
    if isinstance(value, Ref):
        kind = tables.type_id(value.table)
    elif isinstance(value, Named):
        kind = "class or function"
    raise PathError(f"{so_far} is no array (type: {kind})", hint=_near(so_far, arrays))


def _follow(value: object, step: str | int, tables: Tables) -> Slot | None:
    """The slot that a step leads to from a value; None if there is none."""
    if not isinstance(value, Ref) or tables.is_array(value.table):
        return None
    table = value.table
    if tables.is_container(table):
        return _follow_item(value, step, tables)
    name = str(step)
    if tables.layout(table) in BY_STATE:
        state = tables.state(value)
        is_column = type(step) is str and name.startswith("#") and name[1:] in tables.tables[table].columns
        if not is_column:
            return None if state is None else _follow_item(state, step, tables)
        name = name[1:]
    return tables.slot(table, name, value.row, name) if name in tables.tables[table].columns else None


def _follow_item(value: Ref, step: str | int, tables: Tables) -> Slot | None:
    """The item of a container; in a list of (name, thing) the name will do, and its tuples may be passed over."""
    is_position = type(step) is str and step.startswith("#") and step[1:].isdecimal()
    if is_position or (isinstance(step, int) and tables.layout(value.table) != "pairs"):
        return tables.item(value, int(str(step).removeprefix("#")))
    slots = tables.items(value)
    if tables.layout(value.table) == "pairs":
        exact = (slot for slot in slots if _is_key(slot.key, step))
        loose = (slot for slot in slots if isinstance(slot.key, (str, int, np.integer)) and str(slot.key) == str(step))
        return next(exact, None) or next(loose, None)
    entry = _entry(slots) if tables.type_id(value.table) == "tuple" else None
    if entry is not None and isinstance(entry.value, Ref) and not tables.is_container(entry.value.table):
        return _follow(entry.value, step, tables)
    for slot in slots:
        if isinstance(slot.value, Ref) and tables.type_id(slot.value.table) == "tuple":
            pair = tables.items(slot.value, 2)
            if pair and pair[0].value == step:
                return _entry(pair)
    return None


def _entry(slots: list[Slot]) -> Slot | None:
    """The thing in a tuple of (name, thing, more …), such as a step of a Pipeline."""
    return slots[1] if len(slots) > 1 and isinstance(slots[0].value, str) else None


def _is_key(key: object, step: str | int) -> bool:
    return key == step and ((type(key) is str and isinstance(step, str)) or (type(key) is int and type(step) is int))


def _find_block(name: str, tables: Tables, arrays: Arrays) -> Ref | None:
    """The array that has a block of this name to itself."""
    for number, parsed in enumerate(tables.tables):
        spec = parsed.table.arrays
        for place, block in enumerate(spec.blocks if spec is not None else ()):
            if tables.file.block(block).name == name:
                return Ref(number, int(np.flatnonzero(arrays.placement(number).is_big)[place]))
    return None


def _near(path: str, arrays: Arrays) -> str:
    """Paths of arrays that come near one that does not exist."""
    infos, n_arrays = arrays.infos()
    paths = [info.path for info in infos[:_MAX_COMPARED]]
    below = [found for found in paths if path == ROOT or found.startswith((path + ".", path + "["))]
    near = (below or get_close_matches(path, paths, _NEAR, 0.5))[:_NEAR]
    if near:
        return f"Near it: {', '.join(near)}"
    if n_arrays == 1:
        return f"Its only array is {paths[0]}"
    return f"It has {n_arrays:,} arrays: vitrify inspect lists them" if n_arrays else "It has no arrays"
