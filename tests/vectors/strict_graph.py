"""The independent reader's container with every value of the object graph, and every rule of SPEC.md §6 checked.

Together they check all of SPEC.md §9 but the content of registered types (6.7.2). Written from SPEC.md alone: this
never imports vitrify, and shares no code with the arrays of the independent reader. It hands out tables, plain values
and arrays, and builds no object. Numbers in comments are clauses.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from itertools import accumulate, pairwise
from math import prod
from typing import Any, NamedTuple

import numpy as np

from tests.support.independent_columns import require
from tests.support.independent_reader import Container, canonical
from tests.vectors.strict_arrays import (
    decode_dtype,
    fields,
    make_array,
    make_view,
    naturals,
    require_sizes,
    shown,
    spaced,
)

SCALARS = ("|b1", "|i1", "<i2", "<i4", "<i8", "|u1", "<u2", "<u4", "<u8", "<f2", "<f4", "<f8", "<c8", "<c16")
KINDS = {  # 6.2
    "const": "value:any", "const_float": "value:str", "const_name": "name:int", "run": "table:int start:int",
    "numbers": "of:str width:str table:int? block:int?", "mixed": "width:str parts:list block:int?",
    "strings": "of:str width:str n_bytes:int lengths:int? block:int?",
}  # fmt: skip
CELLS = {"bool": "u", "int": "i", "float": "f", "name": "u", "ref": "u"}  # 6.2.5
ITEMS = {"list": ["items"], "tuple": ["items"], "set": ["items"], "frozenset": ["items"], "dict": ["keys", "values"]}
OWN = {"fields": None, "attrs": None, "member": ["member"], "value": ["value"],
       "new": ["args", "kwargs", "state", "items", "pairs"], "call": ["args", "state", "items", "pairs"]}  # fmt: skip


class Ref(NamedTuple):
    """A row of a table."""

    table: int
    row: int


class Name(NamedTuple):
    """A class or function that a value is."""

    what: str
    name: str


class Glass:
    """A checked file.

    `root` is a value: plain, a numpy scalar, `Ref` or `Name`. `tables` are as in the JSON, but columns and lengths are
    lists of values. `arrays` holds every array but those of objects, by table and row.
    """

    def __init__(self, data: bytes) -> None:
        self.container = Container(data)
        versions = json.loads(self.container.metadata["record"])["versions"]  # 7.1
        require(type(versions) is dict, "malformed versions")
        require(all(type(version) is str for version in versions.values()), "malformed versions")
        self._budget = 2**30 + 1000 * len(data)  # 8.2
        self.spend(sum(len(block.data) for block in self.container.blocks))
        self.spend(len(self.container.cells) + len(self.container.graph))
        self._position = self._n_used = 0
        graph = fields(canonical(self.container.graph), "root:any names:list tables:list")  # 6.1.1
        self.names = [Name(**fields(name, "what:str name:str")) for name in graph["names"]]
        require(all(name.what in ("class", "function") for name in self.names), "6.7.1")
        self.tables: list[Any] = graph["tables"]
        for table in self.tables:  # 6.1.2
            fields(table, "type:str rows:int columns:dict layout:str? lengths:dict? arrays:dict?")
            require(table.get("layout") != "attrs", "a default is written out")
        self._n_rows = naturals([table["rows"] for table in self.tables], 2**48)
        self.arrays: dict[Ref, Any] = {}
        (self.root,) = self._column(graph["root"], 1)
        for number, table in enumerate(self.tables):
            self._read_table(number, table)
        require(self._position == len(self.container.cells), "cells that are not used")  # 6.3.3
        require(self._n_used == len(self.container.blocks), "blocks that are not used")
        for number, table in enumerate(self.tables):
            if table["layout"] == "views":
                self._read_views(number, table)
            if table["layout"] == "spaced":
                self._space(number, table)
        _check_keys(self.tables)
        _check_order(self.tables)

    def spend(self, n_bytes: int) -> None:
        """Take from the memory that a file may ask for (8.2)."""
        self._budget -= n_bytes
        require(self._budget >= 0, "asks for too much memory")

    def _claim(self, n_bytes: int, number: Any, dtype: str, shape: list[int]) -> Any:
        require(number == self._n_used < len(self.container.blocks), "blocks are not used in order")  # 6.3.3
        self._n_used += 1
        block = self.container.blocks[number]
        require(len(block.data) == n_bytes, "size of a block")
        require(not block.is_raw or (block.dtype, block.shape) == (dtype, shape), "dtype or shape of a block")  # 2.11
        return block.data

    def _take(self, n_bytes: int, block: Any) -> Any:
        if n_bytes >= 4096:
            return self._claim(n_bytes, block, "U8", [n_bytes])
        start, self._position = self._position, self._position + -(-n_bytes // 8) * 8
        data = self.container.cells[start : self._position]
        require(block is None and len(data) == self._position - start and not any(data[n_bytes:]), "cells")  # 6.3.2
        return data[:n_bytes]

    def _numbers(self, n: int, width: str, block: Any, kind: str = "u") -> list[Any]:
        require(re.fullmatch("[iu][1248]|f8", width) and width[0] == kind, f"width {width}")
        numbers: list[Any] = np.frombuffer(self._take(n * int(width[1]), block), "<" + width).tolist()
        return numbers

    def _column(self, column: Any, n: int, allowed: tuple[str, ...] = tuple(KINDS)) -> list[Any]:
        self.spend(16 * n)
        require(type(column) is dict and column.get("kind") in allowed, "unknown column")
        c = fields(column, "kind:str " + KINDS[column["kind"]])
        block = c.get("block")
        match c["kind"]:
            case "const":
                value = c["value"]
                is_int = type(value) is int and -(2**63) <= value < 2**63
                require(value is None or type(value) in (bool, str) or is_int, "const")
                return [value] * n
            case "const_float":
                number = float.fromhex(c["value"])
                require(number == number and number.hex() == c["value"], "const_float")
                return [number] * n
            case "const_name":
                return [self._name(c["name"])] * n
            case "run":
                return self._rows(c["table"], range(c["start"], c["start"] + n))
            case "mixed":
                codes = self._numbers(n, c["width"], block)
                counts = [n for _, n in sorted(Counter(codes).items())]
                require(set(codes) == set(range(len(c["parts"]))), "parts of a mixed column")
                rest = tuple(kind for kind in KINDS if kind != "mixed")
                parts = [iter(self._column(part, k, rest)) for part, k in zip(c["parts"], counts, strict=True)]
                return [next(parts[code]) for code in codes]
            case "strings":
                return self._strings(c, n)
        require(("table" in c) == (c["of"] == "ref"), "a table exactly for references")
        if c["of"] in SCALARS:
            require(c["width"] == c["of"][1:], "width of scalars")
            data = self._take(n * np.dtype(c["of"]).itemsize, block)
            require(c["of"] != "|b1" or max(data, default=0) <= 1, "bools")
            return list(np.frombuffer(data, c["of"]))
        require(c["of"] in CELLS, "unknown numbers")
        values = self._numbers(n, c["width"], block, CELLS[c["of"]])
        match c["of"]:
            case "bool":
                require(max(values, default=0) <= 1, "bools")
                return [bool(value) for value in values]
            case "name":
                return [self._name(value) for value in values]
            case "ref":
                return self._rows(c["table"], values)
        return values

    def _strings(self, c: Any, n: int) -> list[Any]:
        if c["of"] == "lines":
            require(c["width"] == "" and "lengths" not in c, "lines with lengths")
            lines: list[Any] = self._take(naturals([c["n_bytes"]])[0], c.get("block")).decode().split("\0")
            require(len(lines) == n, "number of lines")
            return lines
        ends = list(accumulate(self._numbers(n, c["width"], c.get("lengths")), initial=0))
        data = self._take(naturals([c["n_bytes"]])[0], c.get("block"))
        require(ends[-1] == len(data), "lengths of strings")
        parts = [data[a:b] for a, b in pairwise(ends)]
        match c["of"]:
            case "text":
                return [part.decode("utf-8", "surrogatepass") for part in parts]
            case "bigint":
                return [int.from_bytes(part, "little", signed=True) for part in parts]
        require(c["of"] == "bytes", "unknown strings")
        return parts

    def _name(self, index: int) -> Name:
        require(0 <= index < len(self.names), "unknown name")
        return self.names[index]

    def _rows(self, table: int, rows: Any) -> list[Any]:
        require(0 <= table < len(self.tables), "unknown table")
        require(not rows or (min(rows) >= 0 and max(rows) < self._n_rows[table]), "unknown row")
        return [Ref(table, row) for row in rows]

    def _lengths(self, column: Any, n: int) -> list[int]:
        require(column.get("kind") == "const" or column.get("of") == "int", "lengths are ints")  # 6.1.2
        lengths = naturals(self._column(column, n), 2**48)
        require(sum(lengths) < 2**48, "impossible lengths")
        return lengths

    def _read_table(self, number: int, table: Any) -> None:
        n, kind, layout = table["rows"], table["type"], table.setdefault("layout", "attrs")
        if kind in ITEMS:  # 6.1.4
            require(layout == ("pairs" if kind == "dict" else "items"), "layout")
        elif kind == "numpy.ndarray":
            require(layout in ("arrays", "spaced", "views", "object_arrays"), "layout")
        else:
            require(layout in OWN, "layout")
        require(("lengths" in table) == (kind in ITEMS or layout == "object_arrays"), "lengths")
        require(("arrays" in table) == (kind == "numpy.ndarray"), "arrays")
        if "lengths" in table:
            table["lengths"] = self._lengths(table["lengths"], n)
        n_values = sum(table["lengths"]) if "lengths" in table else n
        table["columns"] = {name: self._column(c, n_values) for name, c in table["columns"].items()}
        names = list(table["columns"])
        if kind != "numpy.ndarray":
            expected = ITEMS.get(kind) or OWN[layout]
            if layout in ("new", "call"):
                expected = [name for name in OWN[layout] or () if name in names]
            require(expected in (None, names), "columns")
            return
        arrays = fields(table["arrays"], "dtype:any order:str shape:list blocks:list? joined:int?")  # 6.6.1
        require(arrays["order"] in ("C", "F") and len(arrays["shape"]) <= 64 and arrays.get("blocks") != [], "arrays")
        dims = [self._lengths(column, n) for column in arrays["shape"]]
        self.spend(112 * n)  # 8.2
        arrays["shape"] = list(zip(*dims, strict=True)) if dims else [()] * n
        strides = [f"stride{i}" for i in range(len(dims))]
        columns = {"arrays": [], "spaced": strides, "views": ["buffer", "offset", *strides], "object_arrays": ["items"]}
        require(names == columns[layout], "columns")
        if layout in ("arrays", "spaced"):
            require(layout == "arrays" or arrays["order"] == "C", "order of spaced arrays")
            self._read_arrays(number, arrays)
            return
        require(not {"blocks", "joined"} & set(arrays), "data without arrays")
        if layout == "views":
            require(arrays["order"] == "C", "order of views")
            return
        require(arrays["dtype"] == "|O", "dtype")  # 6.6.5
        require([prod(shape) for shape in arrays["shape"]] == table["lengths"], "sizes of object arrays")

    def _read_arrays(self, number: int, arrays: Any) -> None:
        dtype, order, blocks = decode_dtype(arrays["dtype"]), arrays["order"], iter(arrays.get("blocks", ()))
        require_sizes(arrays["shape"], dtype.itemsize)
        sizes = [prod(shape) * dtype.itemsize for shape in arrays["shape"]]
        big = {}
        for row, (shape, size) in enumerate(zip(arrays["shape"], sizes, strict=True)):
            if size >= 4096:
                big[row] = self._claim(size, next(blocks, None), *shown(arrays["dtype"], dtype, shape, order))
        require(next(blocks, None) is None, "more blocks than big arrays")
        joined = self._take(sum(size for size in sizes if size < 4096), arrays.get("joined"))  # 6.3.2
        position = 0
        for row, (shape, size) in enumerate(zip(arrays["shape"], sizes, strict=True)):
            data = big[row] if row in big else joined[position : position + size]
            position += 0 if row in big else size
            self.arrays[Ref(number, row)] = make_array(data, dtype, shape, order)

    def _space(self, number: int, table: Any) -> None:
        for row, strides in enumerate(zip(*table["columns"].values(), strict=True)):
            self.arrays[Ref(number, row)] = spaced(self.arrays[Ref(number, row)], strides, self.spend)  # 6.6.7

    def _read_views(self, number: int, table: Any) -> None:
        dtype = decode_dtype(table["arrays"]["dtype"])
        require_sizes(table["arrays"]["shape"], dtype.itemsize)
        rows = zip(table["arrays"]["shape"], *table["columns"].values(), strict=True)
        for row, (shape, buffer, offset, *strides) in enumerate(rows):
            require(type(buffer) is Ref and self.tables[buffer.table]["layout"] == "arrays", "buffer of a view")
            self.spend(prod(shape) * dtype.itemsize)
            self.arrays[Ref(number, row)] = make_view(self.arrays[buffer], dtype, shape, offset, tuple(strides))


def _check_keys(tables: list[Any]) -> None:
    """Keys and items of sets are hashable and, as far as they are plain, distinct (6.1.4)."""
    for table in tables:
        if table["type"] not in ("set", "frozenset", "dict"):
            continue
        keys = table["columns"]["keys" if table["type"] == "dict" else "items"]
        require(
            all(len(set(keys[a:b])) == b - a for a, b in pairwise(accumulate(table["lengths"], initial=0))), "twice"
        )
        kinds = {tables[key.table]["type"] for key in keys if type(key) is Ref}
        require(kinds.isdisjoint({"list", "dict", "set", "numpy.ndarray"}), "a key that cannot be hashed")


def _check_order(tables: list[Any]) -> None:
    """Tables of tuples lie on no cycle of tuples, tables of frozensets on none at all (6.5.3)."""
    children = [
        {value.table for column in table["columns"].values() for value in column if type(value) is Ref}
        for table in tables
    ]
    through = {"tuple": {"tuple", "frozenset"}, "frozenset": {table["type"] for table in tables}}
    for number, table in enumerate(tables):
        if table["type"] in through:
            seen, waiting = set[int](), {number}
            while waiting:
                below = {c for t in waiting for c in children[t] if tables[c]["type"] in through[table["type"]]}
                require(number not in below, "made whole, but on a cycle")
                seen, waiting = seen | below, below - seen


def read(data: bytes) -> Glass:
    """A checked file.

    Raises:
        ValueError: It breaks a rule of SPEC.md.
    """
    try:
        return Glass(bytes(data))
    except OverflowError as error:
        raise ValueError(f"a number is too large: {error}") from error
    except RecursionError as error:
        raise ValueError("nested too deep") from error
