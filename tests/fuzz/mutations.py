"""One small lie at a time: numbers, references, lengths, shapes, dtypes, attributes of a valid file, chosen by a seed.

A mutation changes a `Lie` in place and returns what undoes it, so that a file is taken apart once for thousands of
them. Every digest of the file that is written is right: what must fire is a check of meaning.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from math import prod
from random import Random
from typing import Any

import numpy as np

from tests.support.lying_writer import Chunk, Lie
from tests.vectors.strict_arrays import decode_dtype, shown

Undo = Callable[[], None]
_LARGE_PARAMETERS = 64
_ATTEMPTS = 1000
_INTS = (0, 1, -1, 2, 3, 7, 255, -255, 2**15, 2**20, 2**31 - 1, 2**31, -(2**31), 2**40, -(2**40), 2**63 - 1, -(2**63))
_FLOATS = (0.0, -0.0, 1.0, -1.0, float("nan"), float("inf"), float("-inf"), 1e308, -1e308, 5e-324, 0.5, 2.0**53)
_TEXTS = (
    "",
    "x",
    "precomputed",
    "euclidean",
    "auto",
    "kd_tree",
    "brute",
    "sag",
    "linear",
    "rbf",
    "passthrough",
    "drop",
)
_DTYPES = ("<f8", "<i8", "<u8", "<f4", "<i4", "<u4", ">f8", ">i8", "|b1", "|u1", "|i1", "<f2", "<c16", "<M8[ns]", "<U1")


class Mutator:
    """Changes a file in one place after another.

    Args:
        lie: The file, taken apart; every mutation is undone before the next.
        parameters: Names of parameters: ints under such a name stay small, since a large one is a legal wish for
            much work.
    """

    def __init__(self, lie: Lie, parameters: frozenset[str]) -> None:
        self._lie = lie
        self._parameters = parameters
        graph = lie.graph
        self._tables: list[Any] = graph["tables"]
        self._columns = [(number, name) for number, table in enumerate(self._tables) for name in table["columns"]]
        self._arrays = [
            (number, row)
            for number, table in enumerate(self._tables)
            if table.get("layout") in ("arrays", "spaced")
            for row in range(table["rows"])
        ]

    def file(self, random: Random) -> tuple[str, bytes]:
        """What was changed, and the file with it; a few kinds of change at random, weighted by what they find.

        Raises:
            NothingToChangeError: A thousand places that were looked at had nothing to change.
        """
        kinds = [(30, self._value), (8, self._structure), (6, self._items)]
        if self._arrays:
            kinds += [(45, self._element), (14, self._shape), (5, self._dtype)]
        for _ in range(_ATTEMPTS):
            change = random.choices([kind for _, kind in kinds], [weight for weight, _ in kinds])[0]
            try:
                what, undo = change(random)
            except NothingToChangeError:
                continue
            try:
                return what, self._lie.file()
            finally:
                undo()
        raise NothingToChangeError

    # Elements of arrays

    def _element(self, random: Random) -> tuple[str, Undo]:
        number, row = random.choice(self._arrays)
        chunk, array = self._array(number, row)
        if array.size == 0 or array.dtype.itemsize == 0:
            raise NothingToChangeError
        before = bytes(chunk.data)
        name = ""
        if array.dtype.names:
            name = random.choice(array.dtype.names)
            array = array[name]
        where = tuple(random.randrange(size) for size in array.shape)
        for _ in range(random.choice((1, 1, 1, 4))):
            array[where] = _other(array, where, random)
            where = tuple(random.randrange(size) for size in array.shape)
        return f"element {where} {name} of array {row} of table {number} is {array[where]!r}", _restore(chunk, before)

    def _array(self, number: int, row: int) -> tuple[Chunk, Any]:
        return self._lie.chunk(number, row)

    def _shape(self, random: Random) -> tuple[str, Undo]:
        """Another shape, the data cut or repeated to fit."""
        number, row = random.choice(self._arrays)
        table = self._tables[number]
        read = self._lie.read(number)["arrays"]
        shapes = [tuple(shape) for shape in read["shape"]]
        if not shapes[row]:
            raise NothingToChangeError
        axis = random.randrange(len(shapes[row]))
        size = shapes[row][axis]
        new = list(shapes[row])
        new[axis] = random.choice([size + 1, max(size - 1, 0), 0, 1, 2 * size, size // 2])
        if random.random() < 0.2:
            new.reverse()
        if tuple(new) == shapes[row] or prod(new) > 1 << 18:
            raise NothingToChangeError
        before, shapes_before = table["arrays"], read["shape"]
        self._lie.put(number, row, _resized(np.array(self._array(number, row)[1]), tuple(new)))

        def undo() -> None:
            table["arrays"], read["shape"] = before, shapes_before

        return f"array {row} of table {number} has the shape {new}", undo

    def _dtype(self, random: Random) -> tuple[str, Undo]:
        """Another dtype of the same size, or the other order."""
        number, _ = random.choice(self._arrays)
        arrays = self._tables[number]["arrays"]
        before = arrays["dtype"], arrays["order"]
        shown_before = [(chunk, chunk.dtype, chunk.shape) for chunk in arrays.get("big", ())]
        if random.random() < 0.3:
            arrays["order"] = "F" if arrays["order"] == "C" else "C"
        else:
            size = decode_dtype(before[0]).itemsize
            others = [text for text in _DTYPES if decode_dtype(text).itemsize == size and text != before[0]]
            if not others:
                raise NothingToChangeError
            arrays["dtype"] = random.choice(others)
        read = self._lie.read(number)["arrays"]
        dtype = decode_dtype(arrays["dtype"])
        large = [shape for shape in read["shape"] if prod(shape) * dtype.itemsize >= 4096]
        for chunk, shape in zip(arrays.get("big", ()), large, strict=True):
            chunk.dtype, chunk.shape = shown(arrays["dtype"], dtype, shape, arrays["order"])

        def undo() -> None:
            arrays["dtype"], arrays["order"] = before
            for chunk, code, shape in shown_before:
                chunk.dtype, chunk.shape = code, shape

        return f"the arrays of table {number} are {arrays['dtype']} {arrays['order']}", undo

    # Values and references

    def _value(self, random: Random) -> tuple[str, Undo]:
        if not self._columns:
            raise NothingToChangeError
        number, name = random.choice(self._columns)
        columns = self._tables[number]["columns"]
        column = columns[name]
        if column["kind"] == "mixed" and random.random() < 0.9:
            column = random.choice(column["parts"])
        before = copy.deepcopy(column)
        is_parameter = name in self._parameters
        match column["kind"]:
            case "const":
                column["value"] = _other_plain(column["value"], random, is_parameter=is_parameter)
            case "const_float":
                value = random.choice([v for v in _FLOATS if v == v])
                column["value"] = value.hex()
            case "run":
                table = random.randrange(len(self._tables))
                if random.random() < 0.5:
                    table = column["table"]
                column["table"] = table
                column["start"] = random.randrange(max(1, self._tables[table]["rows"]))
            case "numbers" if column["cells"][0].data:
                self._number(column, random, is_parameter=is_parameter)
            case "const_name":
                column["name"] = random.randrange(len(self._lie.graph["names"]))
            case _:
                raise NothingToChangeError

        def undo() -> None:
            column.clear()
            column.update(before)

        return f"{self._tables[number]['type']}.{name} is {_shown(column)}", undo

    def _number(self, column: Any, random: Random, *, is_parameter: bool) -> None:
        data = column["cells"][0].data
        if column["of"] == "ref":
            rows = self._tables[column["table"]]["rows"]
            cells = np.frombuffer(data, "<" + column["width"])
            cells[random.randrange(len(cells))] = random.randrange(min(rows, int(np.iinfo(cells.dtype).max) + 1))
            return
        dtype = column["of"] if column["of"][0] in "|<" else "<" + column["width"]
        cells = np.frombuffer(data, dtype)
        where = (random.randrange(len(cells)),)
        value = _other(cells, where, random)
        if is_parameter and cells.dtype.kind in "iu" and abs(int(value)) > _LARGE_PARAMETERS:
            value = cells.dtype.type(random.randrange(_LARGE_PARAMETERS))
        cells[where] = value

    # Containers, attributes and types

    def _items(self, random: Random) -> tuple[str, Undo]:
        """One item of a list, a dict … less, or one twice."""
        number = random.randrange(len(self._tables)) if self._tables else -1
        table = self._tables[number] if self._tables else {}
        if "lengths" not in table or "arrays" in table or not sum(self._lie.read(number)["lengths"]):
            raise NothingToChangeError
        read = self._lie.read(number)
        position = random.randrange(sum(read["lengths"]))
        row = int(np.searchsorted(np.cumsum(read["lengths"]), position, side="right"))
        change = random.choice((-1, 1))
        before = table["lengths"], dict(table["columns"])
        lengths = list(read["lengths"])
        lengths[row] += change
        table["lengths"] = self._lie.counts(lengths)
        for name, values in read["columns"].items():
            values = list(values)
            values[position : position + 1] = [] if change < 0 else [values[position]] * 2
            table["columns"][name] = self._lie.column(values) if values else {"kind": "const", "value": None}

        def undo() -> None:
            table["lengths"] = before[0]
            table["columns"].update(before[1])

        return f"row {row} of table {number}, a {table['type']}, has {lengths[row]} items", undo

    def _structure(self, random: Random) -> tuple[str, Undo]:
        number = random.randrange(len(self._tables)) if self._tables else -1
        table = self._tables[number] if self._tables else {}
        columns = table.get("columns", {})
        layout = table.get("layout", "attrs")
        if layout not in ("attrs", "fields") or not columns:
            raise NothingToChangeError
        before = dict(columns)
        what, name = random.choice(("drop", "swap", "type", "copy")), random.choice(list(columns))
        former = table["type"]
        match what:
            case "drop":
                del columns[name]
            case "swap":
                other = random.choice(list(columns))
                columns[name], columns[other] = columns[other], columns[name]
                what += f" with {other}"
            case "copy":
                columns[name] = copy.deepcopy(columns[random.choice(list(columns))])
            case _:
                same = [t["type"] for t in self._tables if t.get("layout", "attrs") == layout and t["type"] != former]
                if not same:
                    raise NothingToChangeError
                table["type"] = random.choice(same)

        def undo() -> None:
            columns.clear()
            columns.update(before)
            table["type"] = former

        return f"{what} {former}.{name}: {table['type']}", undo


class NothingToChangeError(Exception):
    """A place that was chosen has nothing of the kind, or the file has none at all."""


def parameters_of(model: Any) -> frozenset[str]:
    """The names of parameters of a model and of all that it is made of."""
    return frozenset(_parameter_names(model, set()))


def _parameter_names(value: Any, seen: set[int]) -> Iterator[str]:
    if id(value) in seen or len(seen) > 10_000:
        return
    seen.add(id(value))
    if hasattr(value, "get_params") and not isinstance(value, type):
        try:
            names = value.get_params(deep=False)
        except Exception:  # a class that keeps its parameters elsewhere
            names = {}
        yield from names
    for inner in vars(value).values() if hasattr(value, "__dict__") else ():
        yield from _parameter_names(inner, seen)
    if isinstance(value, dict):
        for inner in value.values():
            yield from _parameter_names(inner, seen)
    elif isinstance(value, (list, tuple)) or (isinstance(value, np.ndarray) and value.dtype == object):
        for inner in np.ravel(value).tolist() if isinstance(value, np.ndarray) else value:
            yield from _parameter_names(inner, seen)


def _other(array: Any, where: tuple[int, ...], random: Random) -> Any:
    """Another value for an element."""
    dtype = array.dtype
    if dtype.subdtype is not None or dtype.kind in "SUV":
        raise NothingToChangeError
    old = array[where]
    if dtype.kind == "b":
        return not old
    if random.random() < 0.25:
        return array[tuple(random.randrange(size) for size in array.shape)]
    if dtype.kind in "iu":
        info = np.iinfo(dtype)
        value = int(old) + random.choice((-1, 1)) if random.random() < 0.4 else random.choice(_INTS)
        return dtype.type(min(max(value, int(info.min)), int(info.max)))
    if dtype.kind == "f":
        with np.errstate(over="ignore"):
            return dtype.type(random.choice((*_FLOATS, -float(old))))
    if dtype.kind in "mM":
        return np.array(random.choice(_INTS), "<i8").astype(dtype)
    return dtype.type(random.choice(_FLOATS))


def _other_plain(old: Any, random: Random, *, is_parameter: bool) -> Any:
    choices: list[Any] = [None, True, False, 0, 1, -1, 2, "", *_TEXTS]
    if isinstance(old, int) and not isinstance(old, bool):
        near = [old + 1, old - 1, 2 * old, -old, *_INTS] * 3
        choices += [v for v in near if not is_parameter or abs(v) <= _LARGE_PARAMETERS]
    if isinstance(old, bool):
        choices += [not old] * 20
    value = random.choice([v for v in choices if type(v) is not type(old) or v != old])
    return max(-(2**63), min(value, 2**63 - 1)) if type(value) is int else value


def _resized(value: Any, shape: tuple[int, ...]) -> Any:
    flat = value.reshape(-1)
    size = prod(shape)
    if not len(flat):
        return np.zeros(shape, value.dtype)
    return np.ascontiguousarray(flat[np.arange(size) % len(flat)].reshape(shape))


def _restore(chunk: Chunk, data: bytes) -> Undo:
    def undo() -> None:
        chunk.data[:] = data

    return undo


def _shown(column: Any) -> str:
    return str({key: value for key, value in column.items() if key != "cells"})[:200]
