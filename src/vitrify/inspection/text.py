"""Values of a file as short text for people: printable characters only, whatever the file holds."""

from __future__ import annotations

from collections.abc import Iterable
from math import prod
from typing import Final

import numpy as np

from vitrify.graph.paths import cut
from vitrify.inspection.arrays import Arrays
from vitrify.inspection.tables import BY_STATE, Named, Ref, Slot, Tables

MAX_CHARS: Final = 160
_MAX_TEXT_CHARS: Final = 60
_MAX_ITEMS: Final = 8
_MAX_ARRAY_ITEMS: Final = 6
_MAX_DEPTH: Final = 3
_MAX_ATTRIBUTES: Final = 30
_MAX_INT_BITS: Final = 256
_MAX_STEPS: Final = 5
_MAX_LABELS: Final = 1 << 63
_LABELS: Final = ("values", "codes", "ordinals", "left")
"""What holds the labels of an index of pandas, and of the arrays that it consists of."""
_BRACKETS: Final = {"list": "[]", "tuple": "()", "set": "{}", "frozenset": "{}", "numpy.ndarray": "[]", "dict": "{}"}


def is_fitted_name(name: str) -> bool:
    """Whether scikit-learn's naming says that fitting made the attribute."""
    return name.endswith("_") and not name.startswith("_")


def is_param_name(name: str) -> bool:
    """Whether scikit-learn's naming says that an attribute is a constructor parameter."""
    return not name.endswith("_") and not name.startswith("_")


def short_type(type_id: str) -> str:
    """The last part of a type's id."""
    return cut(type_id.rpartition(".")[2])


class Texts:
    """Shows the values of one file."""

    def __init__(self, tables: Tables, arrays: Arrays) -> None:
        self._tables = tables
        self._arrays = arrays

    def show(self, value: object) -> str:
        """The value in at most 160 characters."""
        shown = self._show(value, 0)
        return shown if len(shown) <= MAX_CHARS else shown[: MAX_CHARS - 1] + "…"

    def _show(self, value: object, depth: int) -> str:
        if isinstance(value, Ref):
            return self._show_object(value, depth)
        if isinstance(value, Named):
            return cut(value.name)
        return show_plain(value)

    def _show_object(self, ref: Ref, depth: int) -> str:
        tables = self._tables
        kind = tables.type_id(ref.table)
        if tables.is_array(ref.table) or tables.layout(ref.table) == "object_arrays":
            return self._show_array(ref, depth)
        if tables.is_container(ref.table):
            return self._show_container(ref, kind, depth)
        if tables.is_text_array(ref.table):
            return self._arrays.describe_texts(ref)
        if kind == "pandas.DataFrame" and (size := self._frame_size(ref)) is not None:
            return f"DataFrame({size[0]:,} row{'s' * (size[0] != 1)} × {size[1]:,} column{'s' * (size[1] != 1)})"
        if tables.layout(ref.table) in ("member", "value"):
            return ".".join([short_type(kind), *(cut(str(slot.value)) for slot in tables.attributes(ref, 1))])
        if depth > 1:
            return short_type(kind) + "(…)"
        return f"{short_type(kind)}({_joined(self._show_params(ref, depth))})"

    def _frame_size(self, ref: Ref) -> tuple[int, int] | None:
        """The rows and columns of a table of pandas, by its indexes; None if those are of no known form."""
        slots = {slot.key: slot.value for slot in self._tables.attributes(ref)}
        n_rows, n_columns = self._n_labels(slots.get("index"), 0), self._n_labels(slots.get("columns"), 0)
        return None if n_rows is None or n_columns is None else (n_rows, n_columns)

    def _n_labels(self, value: object, depth: int) -> int | None:
        """How many labels an index of pandas has, or one of the arrays that it consists of."""
        if not isinstance(value, Ref) or depth > _MAX_STEPS:
            return None
        if self._tables.holds_arrays(value.table):
            shape = self._arrays.shape(value)
            return shape[0] if len(shape) == 1 else None
        if self._tables.is_container(value.table):
            first = self._tables.item(value, 0)
            return None if first is None else self._n_labels(first.value, depth + 1)
        slots = {slot.key: slot.value for slot in self._tables.attributes(value)}
        start, stop, step = (slots.get(name) for name in ("start", "stop", "step"))
        if isinstance(start, int) and isinstance(stop, int) and isinstance(step, int) and step:
            if max(map(abs, (start, stop))) > _MAX_LABELS:
                return None
            return max(0, -((start - stop) // step))
        held = next((slots[name] for name in _LABELS if name in slots), None)
        return self._n_labels(held, depth + 1)

    def _show_params(self, ref: Ref, depth: int) -> Iterable[str]:
        """Parameters that are not None; of types that are more than their attributes, only the plain ones."""
        is_open = self._tables.layout(ref.table) in ("attrs", *BY_STATE)
        for slot in self._tables.attributes(ref, _MAX_ATTRIBUTES):
            if slot.value is None or not is_param_name(str(slot.key)):
                continue
            if is_open or not isinstance(slot.value, Ref) or self._is_plain_tuple(slot.value):
                yield f"{cut(str(slot.key))}={self._show(slot.value, depth + 1)}"

    def _is_plain_tuple(self, ref: Ref) -> bool:
        if self._tables.type_id(ref.table) != "tuple" or self._tables.n_items(ref) > _MAX_ITEMS:
            return False
        return not any(isinstance(slot.value, Ref) for slot in self._tables.items(ref))

    def _show_container(self, ref: Ref, kind: str, depth: int) -> str:
        n = self._tables.n_items(ref)
        if n and depth >= _MAX_DEPTH:
            return f"{cut(kind)} of {n:,}"
        if kind == "dict":
            if n > _MAX_ITEMS:
                return f"dict of {n:,}"
            pairs = self._tables.items(ref, _MAX_ITEMS)
            return (
                "{"
                + ", ".join(f"{self._show(s.key, depth + 1)}: {self._show(s.value, depth + 1)}" for s in pairs)
                + "}"
            )
        shown = self._show_items(self._tables.items(ref, _MAX_ITEMS), n, depth)
        brackets = _BRACKETS.get(kind, "[]")
        if kind == "tuple" and n == 1:
            shown += ","
        return f"{kind}()" if n == 0 and kind in ("set", "frozenset") else brackets[0] + shown + brackets[1]

    def _show_items(self, slots: list[Slot], n: int, depth: int) -> str:
        shown = _joined(self._show(slot.value, depth + 1) for slot in slots)
        return shown + (f", … {n:,} in all" if n > len(slots) else "")

    def _show_array(self, ref: Ref, depth: int) -> str:
        shape = self._arrays.shape(ref)
        if len(shape) > 1 or prod(shape) > _MAX_ARRAY_ITEMS or 0 in shape:
            return self._arrays.describe(ref)
        if self._tables.is_container(ref.table):
            if depth >= _MAX_DEPTH:  # an array of objects may hold itself
                return self._arrays.describe(ref)
            return f"[{self._show_items(self._tables.items(ref), prod(shape), depth)}]"
        if not self._arrays.is_at_hand(ref):
            return self._arrays.describe(ref)
        values = self._arrays.read(ref)
        shown = ", ".join(f"{v:.6g}" if values.dtype.kind == "f" else show_plain(v) for v in values.reshape(-1))
        return f"[{shown}]" if shape else shown


def _joined(shown: Iterable[str]) -> str:
    """The texts with commas between them; no more of them are made than can be shown."""
    parts: list[str] = []
    n_chars = 0
    for text in shown:
        if n_chars > MAX_CHARS:
            parts.append("…")
            break
        parts.append(text)
        n_chars += len(text) + 2
    return ", ".join(parts)


def show_plain(value: object) -> str:
    """A value that is no object; numpy's scalars look like Python's."""
    if isinstance(value, str):
        short = value[:_MAX_TEXT_CHARS]
        return repr(str(short)) + ("…" if len(value) > len(short) else "")
    if isinstance(value, (bytes, np.void)):
        data = value.tobytes() if isinstance(value, np.void) else value
        short_data = bytes(data[:_MAX_TEXT_CHARS])
        return repr(short_data) + ("…" if len(data) > len(short_data) else "")
    if type(value) is int and value.bit_length() > _MAX_INT_BITS:
        return f"int of {value.bit_length()} bits"
    if isinstance(value, np.datetime64) and np.datetime_data(value.dtype)[0] == "generic":
        return str(value.astype(np.int64))  # numpy has no text for a date without a unit
    return cut(str(value))
