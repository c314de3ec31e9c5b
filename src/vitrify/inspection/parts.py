"""What a model consists of, as people see it: steps, transformers, fitted estimators, groups of equal trees.

A part is an object with attributes, or a container at the root. Everything else (arrays, vocabularies, trees, random
states) belongs to the part that holds it. An unfitted estimator that a fitted one was given as a parameter is shown
as text, since what counts is its fitted copy.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import numpy.typing as npt

from vitrify.inspection.address import ROOT, join
from vitrify.inspection.origins import Origins
from vitrify.inspection.sizes import ROOT_LABEL
from vitrify.inspection.tables import BY_STATE, Ints, Named, Ref, Slot, Tables
from vitrify.inspection.text import Texts, is_fitted_name, is_param_name, short_type

_MAX_LABELS: Final = 50_000
_MAX_NAMED: Final = 40
_MAX_SLOTS: Final = 1000
_MAX_SHOWN: Final = 200
_MAX_COMPARED: Final = 200


@dataclass(slots=True, kw_only=True)
class Draft:
    """A part whose bytes are not known yet.

    Attributes:
        label: The label of the bytes that belong to no slot of it.
        slots: Attribute or item → label and shown text.
        replaced: Slots that are shown as children.
        slot: The slot of the holder in which it was found.
    """

    name: str
    path: str
    type: str
    label: int
    slot: str
    count: int = 1
    text: str = ""
    note: str = ""
    ref: Ref | None = None
    is_container: bool = False
    slots: dict[str, tuple[int, str]] = field(default_factory=dict)
    replaced: set[str] = field(default_factory=set)
    children: list[Draft] = field(default_factory=list)


class Outline:
    """The parts of one model, and which rows and cells belong to each.

    Attributes:
        root: The root's part.
        own: Row → label, for parts that are one object.
        groups: Table, rows and label, for parts that stand for many.
        n_labels: How many labels there are.
    """

    def __init__(self, tables: Tables, origins: Origins, texts: Texts) -> None:
        self._tables = tables
        self._origins = origins
        self._texts = texts
        self._marked: dict[tuple[int, str], list[tuple[int, int]]] = {}
        self._leads_to_parts = _leads_to_parts(tables)
        self._has_fitted = _has_fitted(tables, origins)
        self.own: dict[tuple[int, int], int] = {}
        self.groups: list[tuple[int, Ints, int]] = []
        self.n_labels = ROOT_LABEL
        self.root = self._root()

    @property
    def cells(self) -> dict[tuple[int, str], tuple[Ints, Ints]]:
        """For each column, the positions that belong to a slot, in order, and its label."""
        found = {}
        for key, marked in self._marked.items():
            pairs = np.array(sorted(dict(marked).items()), np.int64).reshape(-1, 2)
            found[key] = (pairs[:, 0], pairs[:, 1])
        return found

    def _new_label(self) -> int:
        self.n_labels += 1
        return self.n_labels - 1

    def _root(self) -> Draft:
        value = self._tables.root
        if not isinstance(value, Ref):
            kind = "name" if isinstance(value, Named) else type(value).__name__
            text = self._texts.show(value)
            return Draft(name=ROOT, path=ROOT, type=kind, label=self._new_label(), slot="", text=text)
        root = self._draft(value, ROOT, "", "")
        waiting = [root]
        while waiting:
            draft = waiting.pop()
            if draft.ref is not None and draft.count == 1 and self.n_labels < _MAX_LABELS:
                self._expand(draft, draft.ref)
                waiting += draft.children
        return root

    def _draft(self, ref: Ref, name: str, slot: str, note: str) -> Draft:
        label = self.own[ref.table, ref.row] = self._new_label()
        tables = self._tables
        is_container = tables.is_container(ref.table)
        return Draft(
            name=name,
            path=self._origins.path(ref),
            type=tables.type_id(ref.table),
            label=label,
            slot=slot,
            text=self._texts.show(ref) if not is_container and not self._is_part(ref.table) else "",
            note=note,
            ref=ref,
            is_container=is_container,
        )

    def _is_part(self, table: int) -> bool:
        return self._tables.layout(table) in ("attrs", *BY_STATE)

    def _expand(self, draft: Draft, ref: Ref) -> None:
        """Give a part its slots, and find what it consists of."""
        tables = self._tables
        if tables.is_array(ref.table):
            return
        if draft.is_container:
            n = tables.n_items(ref)
            draft.text = f"{n:,} item{'s' * (n != 1)}"
            slots = tables.items(ref) if n <= _MAX_SLOTS else []
            if n > _MAX_SLOTS:
                draft.children = self._children(ref, draft.name, draft, hide_unfitted=False)
        else:
            slots = tables.attributes(ref)
            self._mark_state(ref, draft.label)
        hide_unfitted = any(is_fitted_name(str(slot.key)) for slot in slots) and not draft.is_container
        for slot in slots:
            self._add_slot(draft, slot, hide_unfitted=hide_unfitted)

    def _add_slot(self, draft: Draft, slot: Slot, *, hide_unfitted: bool) -> None:
        name = slot.key if isinstance(slot.key, str) else self._texts.show(slot.key)
        if name in draft.slots:
            name = f"{name} #{slot.position}"
        label = self._new_label()
        self._mark(slot, label)
        shown = ""
        if len(draft.slots) < _MAX_SHOWN:
            shown = self._texts.show(slot.value)
        draft.slots[name] = (label, shown)
        if not isinstance(slot.value, Ref) or not self._origins.is_owned_by(slot.value, slot):
            return
        children: list[Draft] = []
        if draft.is_container and self._tables.layout(slot.value.table) == "pairs" and self._found(slot.value):
            children = [self._draft(slot.value, name, name, "")]
        else:
            children = self._children(slot.value, name, draft, hide_unfitted=hide_unfitted and is_param_name(name))
        if children:
            draft.children += children
            draft.replaced.add(name)

    def _mark(self, slot: Slot, label: int) -> None:
        self._marked.setdefault((slot.table, slot.field), []).append((slot.position, label))
        if self._tables.layout(slot.table) == "pairs":
            self._marked.setdefault((slot.table, "keys"), []).append((slot.position, label))

    def _mark_state(self, ref: Ref, label: int) -> None:
        """The dict of an object's attributes is the object itself."""
        state = self._tables.state(ref)
        if state is not None and (state.table, state.row) not in self.own:
            self.own[state.table, state.row] = label

    # What a slot consists of

    def _children(self, value: Ref, name: str, holder: Draft, *, hide_unfitted: bool) -> list[Draft]:
        found = self._found(value)
        n = sum(len(rows) for _, rows in found)
        if n == 0 or (hide_unfitted and not any(self._has_fitted[table][rows].any() for table, rows in found)):
            return []
        if self._is_part(value.table):
            # The private helpers of a library (the nodes of a Birch tree) are no parts that people think of.
            is_helper = short_type(self._tables.type_id(value.table)).startswith("_") and not holder.is_container
            return [] if is_helper else [self._draft(value, name, name, "")]
        if n <= _MAX_NAMED:
            refs = [Ref(table, row) for table, rows in found for row in rows.tolist()]
            entries = self._entries(value)
            if entries is not None and {second for _, second, _ in entries} >= set(refs):
                return [self._entry(entry, value, name, i) for i, entry in enumerate(entries)]
            refs.sort(key=lambda ref: self._chain(ref, value))
            keys = [self._key_of(ref) for ref in refs]
            if all(key is not None for key in keys):
                return [self._draft(ref, key or "", name, "") for ref, key in zip(refs, keys, strict=True)]
        return self._grouped(found, value, name)

    def _found(self, value: Ref) -> list[tuple[int, Ints]]:
        """The parts that lie in a value and nowhere nearer to the root, table by table."""
        frontier = [(value.table, np.array([value.row], np.int64))]
        if self._is_part(value.table):
            return frontier
        found: list[tuple[int, Ints]] = []
        while frontier:
            steps = [
                step
                for table, rows in frontier
                if self._leads_to_parts[table]
                for step in self._origins.owned(table, rows)
            ]
            found += [(step.child, step.rows) for step in steps if self._is_part(step.child)]
            frontier = [(step.child, step.rows) for step in steps if not self._is_part(step.child)]
        return found

    def _entries(self, value: Ref) -> list[tuple[str, object, list[Slot]]] | None:
        """A list of (name, thing, more …), such as the steps of a Pipeline: None if it is something else."""
        tables = self._tables
        if not tables.is_container(value.table) or not 0 < tables.n_items(value) <= _MAX_NAMED:
            return None
        entries: list[tuple[str, object, list[Slot]]] = []
        for item in tables.items(value):
            if not isinstance(item.value, Ref) or tables.type_id(item.value.table) != "tuple":
                return None
            slots = tables.items(item.value, _MAX_NAMED)
            if len(slots) < 2 or not isinstance(slots[0].value, str):
                return None
            entries.append((slots[0].value, slots[1].value, slots[1:]))
        return entries

    def _entry(self, entry: tuple[str, object, list[Slot]], value: Ref, slot: str, index: int) -> Draft:
        name, thing, slots = entry
        note = ", ".join(self._texts.show(more.value) for more in slots[1:])
        if isinstance(thing, Ref) and self._is_part(thing.table) and self._origins.is_owned_by(thing, slots[0]):
            return self._draft(thing, name, slot, note)
        path = join(join(self._origins.path(value), str(index)), "1")
        text, kind = self._texts.show(thing), type(thing).__name__
        if isinstance(thing, Ref):
            kind = self._tables.type_id(thing.table)
            text = f"the same as {self._origins.path(thing)}" if self._is_part(thing.table) else text
        return Draft(name=name, path=path, type=kind, label=0, slot=slot, text=text, note=note)

    def _key_of(self, ref: Ref) -> str | None:
        """The key of the dict that holds a row."""
        owner = self._origins.owner(ref)
        if owner is None or self._tables.layout(owner[0]) != "pairs" or owner[1] != "values":
            return None
        key = self._tables.value(self._tables.tables[owner[0]].columns["keys"], owner[2])
        return key if isinstance(key, str) else self._texts.show(key)

    def _chain(self, ref: Ref, top: Ref) -> list[tuple[int, int]]:
        """What orders parts as their holders do: tables and positions on the way from `top`."""
        chain: list[tuple[int, int]] = []
        while ref != top and (owner := self._origins.owner(ref)) is not None:
            table, _, position = owner
            chain.append((table, position))
            ref = Ref(table, int(self._tables.holders(table, np.array([position]))[0]))
        return chain[::-1]

    def _grouped(self, found: Iterable[tuple[int, Ints]], value: Ref, name: str) -> list[Draft]:
        """One part for all objects of a type."""
        by_type: dict[str, list[tuple[int, Ints]]] = {}
        for table, rows in found:
            by_type.setdefault(self._tables.type_id(table), []).append((table, rows))
        drafts: list[Draft] = []
        for kind, members in by_type.items():
            table, rows = members[0]
            count = sum(len(rows) for _, rows in members)
            if count == 1:
                drafts.append(self._only(Ref(table, int(rows[0])), value, name))
                continue
            label = self._new_label()
            self.groups += [(table, rows, label) for table, rows in members]
            path = self._origins.path(value)
            draft = Draft(name=name, path=path, type=kind, label=label, slot=name, count=count)
            draft.slots = {key: (label, text) for key, text in self._common(table, rows).items()}
            drafts.append(draft)
        return drafts

    def _only(self, ref: Ref, value: Ref, slot: str) -> Draft:
        """A part without a name of its own: it is called by the rest of its path."""
        draft = self._draft(ref, slot, slot, "")
        draft.name += draft.path.removeprefix(self._origins.path(value))
        return draft

    def _common(self, table: int, rows: Ints) -> dict[str, str]:
        """The parameters of a group: what all its members have, or `…`; many are compared by their columns."""
        sample = [self._tables.attributes(Ref(table, row), _MAX_SHOWN) for row in rows[:_MAX_COMPARED].tolist()]
        common: dict[str, str] = {}
        for i, first in enumerate(sample[0]):
            name = str(first.key)
            if not is_param_name(name):
                continue
            shown = {self._texts.show(slots[i].value) if i < len(slots) else "…" for slots in sample}
            column = self._tables.tables[table].columns.get(name)
            is_all = len(sample) == len(rows) or (column is not None and column.of == "const")
            common[name] = shown.pop() if len(shown) == 1 and is_all else "…"
        return common


def _leads_to_parts(tables: Tables) -> list[bool]:
    """For each table whether objects with attributes can be reached from it."""
    holders: list[list[int]] = [[] for _ in tables.tables]
    for number, parsed in enumerate(tables.tables):
        for child in parsed.children:
            holders[child].append(number)
    leads = [tables.layout(number) in ("attrs", *BY_STATE) for number in range(len(holders))]
    waiting = [number for number, yes in enumerate(leads) if yes]
    while waiting:
        for holder in holders[waiting.pop()]:
            if not leads[holder]:
                leads[holder] = True
                waiting.append(holder)
    return leads


def _has_fitted(tables: Tables, origins: Origins) -> list[npt.NDArray[np.bool_]]:
    """For each row whether it, or something that belongs to it, has attributes that fitting made."""
    has = [
        np.full(
            parsed.table.rows,
            parsed.table.layout == "attrs" and any(map(is_fitted_name, parsed.columns)),
            np.bool_,
        )
        for parsed in tables.tables
    ]
    for number, parsed in enumerate(tables.tables):
        if parsed.table.layout in BY_STATE:
            for row in range(min(parsed.table.rows, _MAX_SLOTS)):
                has[number][row] = any(is_fitted_name(str(s.key)) for s in tables.attributes(Ref(number, row)))
    for step in reversed(origins.steps):
        table = origins.edges[step.edge][0]
        has[table][tables.holders(table, step.positions[has[step.child][step.rows]])] = True
    return has
