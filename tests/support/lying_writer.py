"""Glass files that lie: a valid file is taken apart, one thing is changed, and every digest is computed anew.

So it is the check of the changed thing that must fire, not a digest. Nothing here imports vitrify.

    lie = Lie(vitrify.dumps(model))
    lie.assign("$.steps[1][1].C", -1.0)                  # one value of one object; a Ref makes it another object
    lie.array("$.estimators_[0].tree_.nodes")["left_child"][0] = 2**40    # elements of an array, in place
    lie.tables("list")[0]["rows"] = 2**40                # anything in the graph's JSON
    vitrify.loads(lie.file())

`lie.graph` is the JSON of SPEC.md §6, but the data of each column stands in the column itself, as a list of `Chunk`
under `cells` (of a table of arrays: under `big` and `small`), in the order in which it is used, and the numbers of
blocks are left out. `file` lays everything out by SPEC.md §2, §3 and §6.3; its arguments change what it has laid out.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from math import prod
from typing import Any

import numpy as np
from blake3 import blake3

from tests.support.independent_reader import ITEM_BYTES, MAGIC, Container, digests
from tests.vectors.strict_arrays import decode_dtype, shown
from tests.vectors.strict_graph import Glass, Name, Ref

Edit = Callable[[Any], Any]
_BLANK = "0" * 64


@dataclass
class Chunk:
    """A run of data; `name`, `dtype` and `shape` are those of its block, if it is large enough to have one."""

    data: bytearray
    name: str = "$new"
    dtype: str = "U8"
    shape: list[int] = field(default_factory=list)


class Lie:
    """A file that can be changed and written again.

    Attributes:
        graph: The object graph, with its data; see the module.
        metadata: The fields of `__metadata__` that are not computed: `format` and `record`.
    """

    def __init__(self, data: bytes) -> None:
        self._glass = Glass(data)
        self._container = Container(data)
        self._position = 0
        self._names = _names(data)
        self.metadata = {key: self._container.metadata[key] for key in ("format", "record")}
        self.record = self._container.record
        self.graph: Any = json.loads(self._container.graph)
        self._attach(self.graph["root"], 1)
        for table, read in zip(self.graph["tables"], self._glass.tables, strict=True):
            self._attach_table(table, read)

    # Finding and changing

    def tables(self, type_id: str) -> list[Any]:
        """The JSON of all tables of a type."""
        return [table for table in self.graph["tables"] if table["type"] == type_id]

    def ref(self, path: str) -> Ref:
        """The table and row of the object at a path such as `$.steps[1][1].coef_` or `$['model']`."""
        ref, rest = self._glass.root, path.removeprefix("$")
        while rest:
            table, name, position, rest = self._step(ref, rest)
            ref = self._glass.tables[table]["columns"][name][position]
        return Ref(*ref)

    def read(self, number: int) -> Any:
        """A table as it was read: its `columns` and `lengths` as values, its `arrays` with their shapes."""
        return self._glass.tables[number]

    def array(self, path: str) -> Any:
        """The elements of an array, writable; `path` as for `ref`."""
        return self.chunk(*self.ref(path))[1]

    def chunk(self, number: int, row: int) -> tuple[Chunk, Any]:
        """Where the data of an array lie, and its elements there, writable."""
        read = self._glass.tables[number]["arrays"]
        dtype, order, shapes = decode_dtype(read["dtype"]), read["order"], read["shape"]
        sizes = [prod(shape) * dtype.itemsize for shape in shapes]
        arrays = self.graph["tables"][number]["arrays"]
        if sizes[row] >= 4096:
            chunk, offset = arrays["big"][sum(size >= 4096 for size in sizes[:row])], 0
        else:
            chunk, offset = arrays["small"], sum(size for size in sizes[:row] if size < 4096)
        return chunk, np.ndarray(shapes[row], dtype, chunk.data, offset, order=order)

    def put(self, number: int, row: int, array: Any) -> None:
        """Put an array of another shape, of the same dtype, in the place of one."""
        read = self._glass.tables[number]["arrays"]
        table = self.graph["tables"][number]
        dtype, order = decode_dtype(read["dtype"]), read["order"]
        values = [np.array(self.chunk(number, i)[1]) for i in range(table["rows"])]
        values[row] = np.asarray(array, dtype)
        read["shape"] = [list(value.shape) for value in values]
        data = [bytearray(value.tobytes(order)) for value in values]
        big = [
            Chunk(part, "$new", *shown(read["dtype"], dtype, shape, order))
            for part, shape in zip(data, read["shape"], strict=True)
            if len(part) >= 4096
        ]
        arrays = {key: value for key, value in table["arrays"].items() if key not in ("big", "small")}
        arrays["shape"] = [self.counts(sizes) for sizes in zip(*read["shape"], strict=True)]
        small = bytearray(b"".join(part for part in data if len(part) < 4096))
        table["arrays"] = arrays | {"small": Chunk(small)} | ({"big": big} if big else {})

    def assign(self, path: str, value: Any) -> None:
        """Put a plain value, a numpy scalar, a `Ref` or a `Name` where the last step of `path` leads."""
        last = list(re.finditer(r"\.\w+|\[[^]]*\]", path))[-1].start()
        number, name, position, _ = self._step(self.ref(path[:last]), path[last:])
        values = self._glass.tables[number]["columns"][name]
        values[position] = value
        self.graph["tables"][number]["columns"][name] = self.column(values)

    def column(self, values: Sequence[Any]) -> dict[str, Any]:
        """A column of any such values: mixed, with a part for each kind."""
        groups: dict[Any, list[Any]] = {}
        keys = [(type(value), value.table if type(value) is Ref else value is not None) for value in values]
        for key, value in zip(keys, values, strict=True):
            groups.setdefault(key, []).append(value)
        codes = np.array([list(groups).index(key) for key in keys], "<u4")
        parts = [self._part(kind, found) for (kind, _), found in groups.items()]
        return {"kind": "mixed", "width": "u4", "parts": parts, "cells": [Chunk(bytearray(codes.tobytes()))]}

    def counts(self, values: Sequence[int]) -> dict[str, Any]:
        """A column of lengths or sizes."""
        return self._part(int, list(values))

    def _part(self, kind: type, values: list[Any]) -> dict[str, Any]:
        if kind is type(None):
            return {"kind": "const", "value": None, "cells": []}
        if kind in (str, bytes) or any(kind is int and not -(2**63) <= value < 2**63 for value in values):
            of = {str: "text", bytes: "bytes", int: "bigint"}[kind]
            data = [_to_bytes(value) for value in values]
            lengths = bytearray(np.array(list(map(len, data)), "<u8").tobytes())
            size = sum(map(len, data))
            return {"kind": "strings", "of": of, "width": "u8", "n_bytes": size,
                    "cells": [Chunk(lengths), Chunk(bytearray(b"".join(data)))]}  # fmt: skip
        if kind is Name:
            values = [self._name_index(value) for value in values]
        if kind is Ref:
            table, values = values[0].table, [value.row for value in values]
        of, width = {bool: ("bool", "u1"), int: ("int", "i8"), float: ("float", "f8"), Name: ("name", "u8"),
                     Ref: ("ref", "u8")}.get(kind, (np.dtype(kind).str, np.dtype(kind).str[1:]))  # fmt: skip
        cells = [Chunk(bytearray(np.array(values, "<" + width).tobytes()))]
        extra = {"table": table} if kind is Ref else {}
        return {"kind": "numbers", "of": of, "width": width, **extra, "cells": cells}

    def _name_index(self, name: Name) -> int:
        self.graph["names"].append({"what": name.what, "name": name.name})
        return len(self.graph["names"]) - 1

    def _step(self, ref: Ref, path: str) -> tuple[int, str, int, str]:
        """Table, column and position of the first step of a path, and the other steps."""
        found = re.match(r"\.(\w+)|\[([^]]*)\]", path)
        assert found, f"cannot follow {path}"
        table = self._glass.tables[ref.table]
        name, item = found.groups()
        if name is not None:
            return ref.table, name, ref.row, path[found.end() :]
        begin = sum(table["lengths"][: ref.row])
        if table["layout"] != "pairs":
            return ref.table, "items", begin + int(item), path[found.end() :]
        keys = table["columns"]["keys"][begin : begin + table["lengths"][ref.row]]
        return ref.table, "values", begin + keys.index(_literal(item)), path[found.end() :]

    # Taking apart

    def _attach(self, column: Any, n: int) -> None:
        match column["kind"]:
            case "numbers":
                size = 1 if column["width"] == "b1" else int(column["width"][1:])
                column["cells"] = [self._chunk(n * size, column.pop("block", None))]
            case "mixed":
                codes = self._chunk(n * int(column["width"][1]), column.pop("block", None))
                column["cells"] = [codes]
                found = np.frombuffer(bytes(codes.data), "<" + column["width"])
                for i, part in enumerate(column["parts"]):
                    self._attach(part, int((found == i).sum()))
            case "strings":
                width = int((column["width"] or "u0")[1])
                lengths = [self._chunk(n * width, column.pop("lengths", None))] if width else []
                column["cells"] = [*lengths, self._chunk(column["n_bytes"], column.pop("block", None))]
            case _:
                column["cells"] = []

    def _attach_table(self, table: Any, read: Any) -> None:
        n = table["rows"]
        if "lengths" in table:
            self._attach(table["lengths"], n)
            n = sum(read["lengths"])
        for column in table["columns"].values():
            self._attach(column, n)
        if "arrays" in table:
            arrays, shapes = table["arrays"], read["arrays"]["shape"]
            for column in arrays["shape"]:
                self._attach(column, table["rows"])
            if table["layout"] in ("arrays", "spaced"):
                dtype = decode_dtype(arrays["dtype"])
                sizes = [prod(shape) * dtype.itemsize for shape in shapes]
                arrays["big"] = [self._chunk(4096, number) for number in arrays.pop("blocks", [])]
                big = [shape for shape, size in zip(shapes, sizes, strict=True) if size >= 4096]
                for chunk, shape in zip(arrays["big"], big, strict=True):
                    chunk.dtype, chunk.shape = shown(arrays["dtype"], dtype, shape, arrays["order"])
                arrays["small"] = self._chunk(sum(size for size in sizes if size < 4096), arrays.pop("joined", None))

    def _chunk(self, n_bytes: int, number: int | None) -> Chunk:
        if number is not None:
            block = self._container.blocks[number]
            return Chunk(bytearray(block.data), self._names[number], block.dtype, list(block.shape))
        start, self._position = self._position, self._position + -(-n_bytes // 8) * 8
        return Chunk(bytearray(self._container.cells[start : start + n_bytes]))

    # Putting together

    def file(
        self,
        *,
        graph: Edit | None = None,
        graph_text: Edit | None = None,
        cells: Edit | None = None,
        encoded: Mapping[int | str, tuple[str, bytes, int]] | None = None,
        header: Edit | None = None,
        header_text: Edit | None = None,
    ) -> bytes:
        """The file, with digests that match; each edit gets what was laid out and returns it changed.

        Args:
            graph: The JSON of the graph, as it will be spelled.
            graph_text: The text of that JSON, bytes.
            cells: The bytes of `$cells`.
            encoded: Number or name of a block → codec, stored bytes and declared size.
            header: The JSON of the header; the `blocks` in its metadata are still a list.
            header_text: The text of that JSON, before it is padded.
        """
        pool, pieces = bytearray(), list[Chunk]()
        spelled: Any = _kept(graph, {
            "root": _place(self.graph["root"], pool, pieces),
            "names": self.graph["names"],
            "tables": [_place_table(table, pool, pieces) for table in self.graph["tables"]],
        })  # fmt: skip
        text = _kept(graph_text, _spell(spelled))
        reserved = [Chunk(bytearray(_kept(cells, bytes(pool))), "$cells"), Chunk(bytearray(text), "$graph")]
        if self.record is not None:
            reserved.append(Chunk(bytearray(self.record), "$record"))
        return _lay_out(pieces, reserved, encoded or {}, self.metadata, header, header_text)


def assemble(pieces: list[Chunk], *, cells: bytes, graph: bytes, record: str = '{"versions":{}}') -> bytes:
    """A container around anything: these blocks, these cells and this text as the graph."""
    reserved = [Chunk(bytearray(cells), "$cells"), Chunk(bytearray(graph), "$graph")]
    return _lay_out(pieces, reserved, {}, {"format": "vitrify/1", "record": record}, None, None)


def _lay_out(
    pieces: list[Chunk],
    reserved: list[Chunk],
    encoded: Mapping[int | str, tuple[str, bytes, int]],
    metadata: Mapping[str, str],
    edit_header: Edit | None,
    edit_text: Edit | None,
) -> bytes:
    model = blake3(b"vitrify model 0\n")
    blocks = []
    numbered: list[tuple[int | str, Chunk]] = [*enumerate(pieces), *((chunk.name, chunk) for chunk in reserved)]
    for number, chunk in numbered:
        if number != "$record":
            model.update(f"{len(chunk.data)}\n{''.join(digests(bytes(chunk.data)))}".encode())
        codec, stored, n_bytes = encoded.get(number, ("", bytes(chunk.data), 0))
        how: dict[str, Any] = {"digests": digests(stored)}
        how |= {} if isinstance(number, str) else {"piece": number}
        how |= {"codec": codec, "n_bytes": n_bytes} if codec else {}
        factor = -min(len(stored) & -len(stored), 64)
        key = (2, 0, 0) if isinstance(number, str) else (1, 0, number) if codec else (0, factor, number)
        is_shaped = not codec and chunk.shape and prod(chunk.shape) * ITEM_BYTES[chunk.dtype] == len(stored)
        blocks.append((key, chunk, stored, how, chunk.shape if is_shaped else [len(stored)], "" if is_shaped else "U8"))
    blocks.sort(key=lambda block: block[0])
    header: dict[str, Any] = {"__metadata__": {
        "root": _BLANK, "format": metadata["format"], "model": model.hexdigest(), "record": metadata["record"],
        "blocks": [block[3] for block in blocks],
    }}  # fmt: skip
    position = 0
    for _, chunk, stored, _, shape, dtype in blocks:
        name = chunk.name if chunk.name not in header else f"{chunk.name}~{len(header)}"
        offsets = [position, position + len(stored)]
        header[name] = {"dtype": dtype or chunk.dtype, "shape": shape, "data_offsets": offsets}
        position += len(stored)
    header = _kept(edit_header, header)
    if isinstance(header["__metadata__"].get("blocks"), list):
        header["__metadata__"]["blocks"] = _spell(header["__metadata__"]["blocks"]).decode()
    text = _kept(edit_text, _spell(header))
    claimed = [*header.values()][-1]["data_offsets"][1]
    return seal(text, claimed if isinstance(claimed, int) else position) + b"".join(block[2] for block in blocks)


def seal(text: bytes, data_bytes: int, *, padding: int | None = None) -> bytes:
    """A header: length, text, padding (by the rule, or of so many bytes), root digest."""
    room = 4096 if data_bytes >= 2**20 else 0
    n = -(-(8 + len(text) + room) // 64) * 64 - 8 if padding is None else len(text) + padding
    return resealed(n.to_bytes(8, "little") + text.ljust(n))


def resealed(head: bytes) -> bytes:
    """The first 8 + N bytes of a file with the root digest that they need; others, if there is no place for one."""
    start = 8 + len(MAGIC)
    if head[8:start] != MAGIC:
        return head
    blank = head[:start] + _BLANK.encode() + head[start + 64 :]
    return head[:start] + blake3(blank).hexdigest().encode() + head[start + 64 :]


def _kept(edit: Edit | None, value: Any) -> Any:
    if edit is None:
        return value
    changed = edit(value)
    return value if changed is None else changed


def _spell(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def _names(data: bytes) -> dict[int, str]:
    """The name of each numbered block."""
    header = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])
    stored = json.loads(header.pop("__metadata__")["blocks"])
    return {how["piece"]: name for name, how in zip(header, stored, strict=True) if "piece" in how}


def _place(column: Any, pool: bytearray, pieces: list[Chunk]) -> Any:
    """A column as it is spelled, its data put among cells and blocks."""
    numbers = [_put(chunk, pool, pieces) for chunk in column.get("cells", ())]
    result = {key: value for key, value in column.items() if key != "cells"}
    if column["kind"] == "mixed":
        result["parts"] = [_place(part, pool, pieces) for part in column["parts"]]
    keys = ["lengths", "block"] if len(numbers) == 2 else ["block"]
    return result | {key: number for key, number in zip(keys, numbers, strict=False) if number is not None}


def _place_table(table: Any, pool: bytearray, pieces: list[Chunk]) -> Any:
    result = {key: value for key, value in table.items() if key not in ("columns", "lengths", "arrays", "layout")}
    lengths = {"lengths": _place(table["lengths"], pool, pieces)} if "lengths" in table else {}
    result["columns"] = {name: _place(column, pool, pieces) for name, column in table["columns"].items()}
    result |= {"layout": table["layout"]} if "layout" in table else {}
    result |= lengths
    if "arrays" in table:
        arrays = table["arrays"]
        spelled = {key: value for key, value in arrays.items() if key not in ("big", "small")}
        spelled["shape"] = [_place(column, pool, pieces) for column in arrays["shape"]]
        blocks = [_put(chunk, pool, pieces) for chunk in arrays.get("big", ())]
        joined = _put(arrays["small"], pool, pieces) if "small" in arrays else None
        result["arrays"] = spelled | ({"blocks": blocks} if blocks else {})
        result["arrays"] |= {} if joined is None else {"joined": joined}
    return result


def _put(chunk: Chunk, pool: bytearray, pieces: list[Chunk]) -> int | None:
    if len(chunk.data) >= 4096:
        pieces.append(chunk)
        return len(pieces) - 1
    pool += chunk.data + bytes(-len(chunk.data) % 8)
    return None


def _to_bytes(value: Any) -> bytes:
    if isinstance(value, int):
        return value.to_bytes(value.bit_length() // 8 + 1, "little", signed=True)
    return value.encode("utf-8", "surrogatepass") if isinstance(value, str) else bytes(value)


def _literal(text: str) -> Any:
    return text[1:-1] if text[:1] in ("'", '"') else int(text)
