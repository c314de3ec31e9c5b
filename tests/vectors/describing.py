"""What an object is, as readable JSON: from the object itself, and from the tables that the strict reader gives.

Neither way uses vitrify, so a golden file's expectation is what its author put in, not what some reader made of it.

    None, bools, text, small ints    themselves
    {"int": "…"} {"float": repr} {"bytes": hex} {"text": hex of UTF-8, surrogates passed}
    {"numpy": dtype, "value": repr, "bytes": hex}             a numpy scalar
    {"list": […]} {"tuple": […]} {"set": […]} {"frozenset": […]} {"dict": [[key, value] …]}
    {"array": dtype, "shape": […], "layout": "C" / "F" / strides, "values": […] or "blake3": digest of its elements,
     "overlaps": [paths of the arrays before it with which it shares memory]}
    {"object": type, "attrs": {…}}, likewise "fields", "new", "call", "member", "value"
    {"class": name} {"function": name}
    {"same_as": path}                                         an object that was described before
"""

from __future__ import annotations

import enum
import json
import struct
import types
from collections.abc import Callable
from typing import Any

import numpy as np
from blake3 import blake3

from tests.vectors.strict_graph import Glass, Name, Ref

_LISTED_BYTES = 512
_SAFE_INT = 2**53


class _Walk:
    """Describes values; `open_object` says what an object is, as a kind and its parts."""

    def __init__(self, open_object: Callable[[Any], tuple[str, Any]]) -> None:
        self._open = open_object
        self._paths: dict[Any, str] = {}
        self._arrays: list[tuple[str, Any]] = []
        self._keep: list[Any] = []

    def of(self, value: Any, path: str) -> Any:
        plain = _plain(value)
        if plain is not None or value is None:
            return plain
        key = value if isinstance(value, Ref) else id(value)
        if key in self._paths:
            return {"same_as": self._paths[key]}
        kind, parts = self._open(value)
        if kind in ("class", "function"):
            return {kind: parts}
        self._paths[key] = path
        self._keep.append(value)
        match kind:
            case "list" | "tuple":
                return {kind: [self.of(item, f"{path}[{i}]") for i, item in enumerate(parts)]}
            case "set" | "frozenset":
                in_order = sorted(parts, key=lambda item: json.dumps(_Walk(self._open).of(item, "$")))
                return {kind: [self.of(item, f"{path}{{{i}}}") for i, item in enumerate(in_order)]}
            case "dict":
                return {kind: [self._pair(i, k, v, path) for i, (k, v) in parts]}
            case "array":
                return self._array(parts, path)
        type_id, fields = parts
        if kind in ("member", "value"):
            return {"object": type_id, kind: self.of(fields, path)}
        return {"object": type_id, kind: {name: self.of(v, f"{path}.{name}") for name, v in fields.items()}}

    def _pair(self, position: int, key: Any, value: Any, path: str) -> list[Any]:
        shown = repr(key) if type(key) in (str, int) else f"<{position}>"
        return [self.of(key, f"{path}.keys[{position}]"), self.of(value, f"{path}[{shown}]")]

    def _array(self, array: Any, path: str) -> Any:
        found: dict[str, Any] = {"array": _dtype(array.dtype), "shape": list(array.shape)}
        flags = array.flags
        found["layout"] = "C" if flags.c_contiguous else "F" if flags.f_contiguous else list(array.strides)
        if array.dtype == object:
            found["values"] = [self.of(item, f"{path}[{i}]") for i, item in enumerate(array.ravel().tolist())]
            return found
        if array.nbytes > _LISTED_BYTES and not array.dtype.fields:
            found["blake3"] = blake3(array.tobytes()).hexdigest()
        else:
            found["values"] = _leaves(array)
        found["overlaps"] = [before for before, other in self._arrays if np.shares_memory(array, other)]
        self._arrays.append((path, array))
        return found


def describe(value: Any) -> Any:
    """The description of an object."""
    return _Walk(_open_object).of(value, "$")


def describe_glass(glass: Glass) -> Any:
    """The description of what a file holds, as the strict reader sees it."""

    def open_ref(value: Any) -> tuple[str, Any]:
        if isinstance(value, Name):
            return value.what, value.name
        table = glass.tables[value.table]
        kind, layout, columns = table["type"], table["layout"], table["columns"]
        if layout in ("arrays", "spaced", "views"):
            return "array", glass.arrays[value]
        if "lengths" not in table:
            fields = {name: column[value.row] for name, column in columns.items()}
            return layout, (kind, fields.get(layout, fields) if layout in ("member", "value") else fields)
        begin = sum(table["lengths"][: value.row])
        items = [column[begin : begin + table["lengths"][value.row]] for column in columns.values()]
        if layout == "object_arrays":
            return "array", _object_array(items[0], table["arrays"], value.row)
        return kind, list(enumerate(zip(*items, strict=True))) if kind == "dict" else items[0]

    return _Walk(open_ref).of(glass.root, "$")


def described_arrays(description: Any, path: str = "$") -> dict[str, Any]:
    """The descriptions of arrays that lie in a description, by path; not those of arrays of objects."""
    if not isinstance(description, dict):
        return {}
    if "array" in description and description["array"] != "|O":
        return {path: description}
    inside: dict[str, Any] = {}
    for kind, parts in description.items():
        match kind:
            case "list" | "tuple" | "values":
                inside |= {f"{path}[{i}]": part for i, part in enumerate(parts)}
            case "dict":
                inside |= {f"{path}[{key!r}]": part for key, part in parts}
            case "attrs" | "fields" | "new" | "call":
                inside |= {f"{path}.{name}": part for name, part in parts.items()}
    return {at: found for step, part in inside.items() for at, found in described_arrays(part, step).items()}


def _open_object(value: Any) -> tuple[str, Any]:
    kind = type(value)
    if kind in (list, tuple, set, frozenset):
        return kind.__name__, value
    if kind is dict:
        return "dict", list(enumerate(value.items()))
    if kind is np.ndarray:
        return "array", value
    if isinstance(value, type):
        return "class", f"{value.__module__}.{value.__qualname__}"
    type_id = f"{kind.__module__}.{kind.__qualname__}"
    if isinstance(value, (types.FunctionType, np.ufunc)):
        module = "numpy" if isinstance(value, np.ufunc) else value.__module__
        return "function", f"{module}.{value.__name__}"
    if isinstance(value, enum.Enum):
        is_member = value.name in kind.__members__
        return ("member", (type_id, value.name)) if is_member else ("value", (type_id, value.value))
    if kind is complex:
        return "fields", ("complex", {"real": value.real, "imag": value.imag})
    if type_id == "sklearn.tree._tree.Tree":
        (n_features, n_classes, n_outputs), state = value.__reduce__()[1:]
        names = ("max_depth", "nodes", "values")
        fields = {"n_features": n_features, "n_classes": n_classes, "n_outputs": n_outputs}
        return "fields", ("sklearn.tree.Tree", fields | {name: state[name] for name in names})
    if hasattr(value, "parts"):
        layout, fields = value.parts()
        return layout, (type_id, fields)
    state = {name: getattr(value, name) for name in kind.__dict__.get("__slots__", ())}
    return "attrs", (type_id, {**getattr(value, "__dict__", {}), **state})


def _plain(value: Any) -> Any:
    match value:
        case bool():
            return value
        case np.generic():
            return {"numpy": value.dtype.str, "value": repr(value.item()), "bytes": value.tobytes().hex()}
        case int():
            return value if abs(value) < _SAFE_INT else {"int": str(value)}
        case float():
            bits = {} if value == value else {"bits": struct.pack(">d", value).hex()}
            return {"float": repr(value), **bits}
        case bytes():
            return {"bytes": value.hex()}
        case str():
            try:
                value.encode()
            except UnicodeEncodeError:
                return {"text": value.encode("utf-8", "surrogatepass").hex()}
            return value
    return None


def _dtype(dtype: Any) -> Any:
    if dtype.fields is None:
        return "|O" if dtype.hasobject else dtype.str
    fields = []
    for name in dtype.names:
        base, offset, *title = dtype.fields[name]
        inner, shape = base.subdtype or (base, ())
        fields.append([name, _dtype(inner), list(shape), offset, *title])
    return {"fields": fields, "itemsize": dtype.itemsize, "aligned": dtype.isalignedstruct}


def _leaves(array: Any) -> Any:
    """The elements, nested like the array."""
    if array.ndim:
        return [_leaves(array[i, ...]) for i in range(len(array))]
    item = array[()]
    if array.dtype.fields:
        return [_leaves(np.asarray(item[name])) for name in array.dtype.names]
    match array.dtype.kind:
        case "b" | "i" | "u":
            return item.item()
        case "U":
            return _plain(str(item))
        case "S" | "V":
            return item.tobytes().hex()
        case "M" | "m":
            return int(array.astype(array.dtype.newbyteorder("=")).view(np.int64))
    return str(item) if array.dtype.itemsize > 16 or array.dtype.char in "gG" else repr(item.item())


def _object_array(items: list[Any], arrays: Any, row: int) -> Any:
    flat = np.empty(len(items), object)
    for i, item in enumerate(items):
        flat[i] = item
    return flat.reshape(arrays["shape"][row], order=arrays["order"])
