"""From a path to the array that it means, and to those that come near where there is none."""

from __future__ import annotations

from difflib import get_close_matches
from typing import Final

import numpy as np

from vitrify.inspection.address import PathError, Quoted, join, spell_key, split
from vitrify.inspection.arrays import Arrays
from vitrify.inspection.tables import BY_STATE, Named, Ref, Slot, Tables

_NEAR: Final = 5
_MAX_COMPARED: Final = 5000


def find_array(path: str, tables: Tables, arrays: Arrays) -> Ref:
    """The array at a path.

    Raises:
        PathError: There is none.
    """
    value, so_far = tables.root, "$"
    for step in split(path):
        following = _follow(value, step, tables)
        if following is None:
            by_name = _find_block(path, tables, arrays)
            if by_name is not None:
                return by_name
            raise PathError(f"nothing is at {path!r}: {so_far} has no {step!r}", hint=_near(path, arrays))
        value = following.value
        so_far = join(so_far, step if type(step) is str and step.startswith("#") else spell_key(step, 0))
    if isinstance(value, Ref) and tables.tables[value.table].table.arrays is not None:
        return value
    kind = "a class or function" if isinstance(value, Named) else type(value).__name__
    if isinstance(value, Ref):
        kind = tables.type_id(value.table)
    raise PathError(f"{so_far} is no array but {kind}", hint=_near(so_far, arrays))


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
        if not name.startswith("#") or isinstance(step, Quoted):
            return None if state is None else _follow_item(state, step, tables)
        name = name[1:]
    return tables.slot(table, name, value.row, name) if name in tables.tables[table].columns else None


def _follow_item(value: Ref, step: str | int, tables: Tables) -> Slot | None:
    """The item of a container; in a list of (name, thing) pairs the name will do."""
    slots = tables.items(value)
    if type(step) is str and step.startswith("#") and step[1:].isdecimal():
        index = int(step[1:])
        return slots[index] if index < len(slots) else None
    if tables.layout(value.table) == "pairs":
        exact = (slot for slot in slots if type(slot.key) is type(step) and slot.key == step)
        loose = (slot for slot in slots if isinstance(slot.key, (str, int, np.integer)) and str(slot.key) == str(step))
        return next(exact, None) or next(loose, None)
    if isinstance(step, int):
        return slots[step] if 0 <= step < len(slots) else None
    for slot in slots:
        if isinstance(slot.value, Ref) and tables.type_id(slot.value.table) == "tuple":
            first = tables.items(slot.value, 2)
            if len(first) == 2 and first[0].value == step:
                return first[1]
    return None


def _find_block(name: str, tables: Tables, arrays: Arrays) -> Ref | None:
    """The array that has a block of this name to itself."""
    for number, parsed in enumerate(tables.tables):
        spec = parsed.table.arrays
        for place, block in enumerate(spec.blocks if spec is not None else ()):
            if tables.file.block(block).name == name:
                return Ref(number, int(np.flatnonzero(arrays.spread(number).is_big)[place]))
    return None


def _near(path: str, arrays: Arrays) -> str:
    """Paths of arrays that come near one that does not exist."""
    paths = [info.path for info in arrays.infos()[0]][:_MAX_COMPARED]
    below = [found for found in paths if found.startswith((path + ".", path + "["))]
    near = (below or get_close_matches(path, paths, _NEAR, 0.5))[:_NEAR]
    if near:
        return f"Near it: {', '.join(near)}"
    return f"It has {len(paths)} arrays: vitrify inspect lists them" if paths else "It has no arrays"
