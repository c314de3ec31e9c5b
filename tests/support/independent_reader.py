"""A second reader of glass files, from bytes to arrays, written from SPEC.md alone: it never imports vitrify.

It leaves the rules of §6 that no array depends on to `tests/vectors/strict_graph.py`. Numbers in comments are clauses.
"""

from __future__ import annotations

import io
import json
import re
from itertools import accumulate, pairwise
from math import prod
from types import SimpleNamespace
from typing import Any

import numpy as np
from blake3 import blake3

from tests.support.independent_codecs import CODECS, GROUPS
from tests.support.independent_columns import require

MAGIC, FORMAT = b'{"__metadata__":{"root":"', b'","format":"vitrify/1","'  # 2.1 2.5
ITEM_BYTES = dict[str, int](BOOL=1, U8=1, I8=1, U16=2, I16=2, F16=2, U32=4, I32=4, F32=4, U64=8, I64=8, F64=8, C64=8)
SPELLING = (
    r"\|[biu]1|[<>]([iu][248]|f[248]|f1[26]|c8|c16|c24|c32|U\d+)|\|[SV]\d+|[<>][mM]8(\[\d*([munpfa]?s|[YMWDhm])\])?"
)
NUMBERS = re.compile(r'("(?:[^"\\]|\\.)*")|-?[0-9]+(?:\.[0-9]+)?(?:e[+-]?[0-9]+)?')  # only a record has fractions


def canonical(text: bytes) -> Any:
    """The value of canonical JSON (2.3). Other numbers than integers are read as text, which is written otherwise."""
    value = json.loads(text.decode(), parse_float=str, parse_constant=str)
    require(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode() == text, "not canonical JSON")
    return value


def digests(data: bytes) -> list[str]:
    """One digest for each MiB (3.2)."""
    return [blake3(data[begin : begin + 2**20]).hexdigest() for begin in range(0, len(data), 2**20)]


class Container:
    """A file whose header, digests and blocks are right; `blocks` are those with a number, `cells`, `graph` bytes."""

    def __init__(self, data: bytes) -> None:
        n = int.from_bytes(data[:8], "little")
        require(data[8:33] == MAGIC and n <= 100_000_000 and 8 + n <= len(data), "not a whole glass file")  # 2.1 8.1
        require(data[33:97] == blake3(data[:33] + b"0" * 64 + data[97 : 8 + n]).hexdigest().encode(), "root")  # 3.3
        require(data[97:].startswith(FORMAT), "another format, which needs another reader")  # 2.5
        text, body = data[8 : 8 + n].rstrip(b" "), data[8 + n :]
        require(n == -(-(8 + len(text) + 4096 * (len(body) >= 2**20)) // 64) * 64 - 8, "padding")  # 2.12
        header = canonical(text)
        self.metadata = header.pop("__metadata__")
        require(list(self.metadata) == ["root", "format", "model", "record", "blocks"], "metadata")  # 2.4
        require(all(type(value) is str for value in self.metadata.values()), "metadata that is no text")  # 2.4
        plain = NUMBERS.sub(lambda m: m[1] or (m[0] if m[0].strip("-").isdigit() else "0"), self.metadata["record"])
        require(list(canonical(plain.encode()))[:1] == ["versions"], "record")  # 7.1
        self._n_reserved = 2 + (list(header)[-1] == "$record")
        require(list(header)[-self._n_reserved :][:2] == ["$cells", "$graph"], "the last blocks")  # 2.11
        found = self._read_blocks(header, canonical(self.metadata["blocks"].encode()), body)
        self.record = found.pop().data if self._n_reserved == 3 else None  # 7.9
        parts = ["vitrify model 0\n", *(f"{len(block.data)}\n{''.join(digests(block.data))}" for block in found)]
        require(self.metadata["model"] == blake3("".join(parts).encode()).hexdigest(), "model digest")  # 5.1 5.2
        self.blocks, self.cells, self.graph = found[:-2], found[-2].data, found[-1].data

    def _read_blocks(self, header: Any, described: Any, body: bytes) -> list[Any]:
        """All blocks in the order of their numbers, those that have none last."""
        position, keys, found = 0, list[Any](), dict[int, Any]()
        for i, (entry, how) in enumerate(zip(header.values(), described, strict=True)):
            names = [name for name in ("digests", "piece", "codec", "n_bytes", "pieces") if name in how]
            require(list(entry) == ["dtype", "shape", "data_offsets"] and list(how) == names, "fields")  # 2.6 2.7
            dtype, shape, (begin, end) = entry.values()
            require("codec" not in how or list(header)[i] != "$record", "a record that is encoded")  # 7.9
            codec, is_raw, is_numbered = how.get("codec"), "codec" not in how, ("piece" in how) + ("pieces" in how)
            is_group, is_array = codec in GROUPS, is_raw and is_numbered
            numbers = [how["piece"]] if "piece" in how else [n for n, _ in how.get("pieces", [])] or [i + 2**40]
            sizes = [size for _, size in how.get("pieces", [])] or [how.get("n_bytes", 0)]
            are_naturals = all(type(v) is int and 0 <= v < 2**63 for v in (*shape, begin, end, *numbers, *sizes))
            require(are_naturals and begin == position and len(shape) <= 65, "numbers")  # 2.7 2.8
            require(str(dtype) in ITEM_BYTES and prod(shape) * ITEM_BYTES[dtype] == end - begin, "size")  # 2.8 2.9
            require(is_array or (dtype, shape) == ("U8", [end - begin]), "not plain bytes")  # 2.9
            require(is_numbered == (i < len(header) - self._n_reserved), "a number")  # 2.6
            require(is_raw == ("n_bytes" not in how) and codec in (None, *CODECS), "codec")  # 4.1 4.4
            held = how.get("n_bytes", end - begin)
            sizes = sizes if "pieces" in how else [held]
            parts_fit = sum(sizes) == held and "pieces" in how if is_group else set(sizes) == {held}  # 4.5 4.10
            are_several = "pieces" not in how or (min(sizes) > 0 and (is_group or len(sizes) > 1))  # 4.5 4.10
            require(parts_fit and are_several and numbers == sorted(set(numbers)), "pieces")
            stored, position = body[begin:end], end
            require(how.get("digests") == digests(stored), "digests of a block")  # 3.4
            power = min(len(stored) & -len(stored), 64) if is_array else 0
            keys.append((not is_numbered, is_numbered and not is_raw, -power, numbers[0]))  # 2.10
            content = stored if is_raw else CODECS[codec](stored, how["n_bytes"])
            for number, size in zip(numbers, sizes, strict=True):
                require(number not in found, "a number that comes twice")  # 6.3.3
                part, content = (content[:size], content[size:]) if is_group else (bytes(bytearray(content)), content)
                form = (dtype, shape) if is_raw else ("U8", [size])
                found[number] = SimpleNamespace(data=part, dtype=form[0], shape=form[1], is_raw=is_raw)
        require(position == len(body) and keys == sorted(keys), "end of the file, or order of blocks")  # 2.8 2.10
        n = len(found) - self._n_reserved
        require(sorted(found)[:n] == list(range(n)), "numbers of blocks")  # 6.3.3
        return [found[number] for number in sorted(found)]


def read_dtype(spelling: Any) -> np.dtype[Any]:
    """The dtype that has this spelling (6.4)."""
    if type(spelling) is str:
        require(re.fullmatch(SPELLING, spelling) and np.dtype(spelling).str == spelling, "dtype")  # 6.4.1
        return np.dtype(spelling)
    parts = spelling["fields"]
    inner = [read_dtype(part["dtype"]) for part in parts]
    formats = [(dtype, tuple(p["shape"])) if "shape" in p else dtype for dtype, p in zip(inner, parts, strict=True)]
    made: dict[str, Any] = {f"{key}s": [part.get(key) for part in parts] for key in ("name", "offset", "title")}
    made |= {"formats": formats, "itemsize": spelling["itemsize"]}
    return np.dtype(made, align=spelling["aligned"])  # type: ignore[call-overload, no-any-return]  # a dict form


class Arrays:
    """The arrays of a file, but those of objects: `by_path`, and `by_row` (a pair of numbers: table and row).

    In `tables` columns are lists, references such pairs, other values may be as stored. Gaps of `spaced` ones are lost.
    """

    def __init__(self, data: bytes) -> None:
        container = Container(data)
        self._cells, self._blocks = io.BytesIO(container.cells), iter(container.blocks)
        self._views, self.by_row = list[Any](), dict[tuple[int, int], Any]()
        graph = canonical(container.graph)
        (root,), self.tables = self._column(graph["root"], 1), graph["tables"]
        for number, table in enumerate(self.tables):
            self._read_table(number, table)
        require(not self._cells.read() and not list(self._blocks), "data that is not used")  # 6.3.3
        for place, dtype, shape, buffer, offset, *strides in self._views:  # 6.6.3
            self.by_row[place] = np.ndarray(shape, dtype, self.by_row[buffer].base, offset, strides)
        self.by_path = self._walk(root)

    def _take(self, n_bytes: int) -> bytes:
        """The next run of data: 4096 bytes or more are a block, fewer lie in `$cells` (6.3)."""
        run = next(self._blocks).data if n_bytes >= 4096 else self._cells.read(-(-n_bytes // 8) * 8)[:n_bytes]
        require(len(run) == n_bytes, "size of a run of data")
        return run

    def _column(self, column: Any, n: int) -> list[Any]:
        """The n values of a column (6.2)."""
        of, width = column.get("of"), column.get("width", "")
        match column["kind"]:
            case "run":
                return [(column["table"], column["start"] + i) for i in range(n)]
            case "mixed":
                codes = np.frombuffer(self._take(n * int(width[1:])), "<" + width).tolist()
                parts = [iter(self._column(part, codes.count(i))) for i, part in enumerate(column["parts"])]
                return [next(parts[code]) for code in codes]
            case "numbers":
                values = np.frombuffer(self._take(n * int(width[1:])), "<" + width).tolist()
                return [(column["table"], row) for row in values] if of == "ref" else values
            case "strings":
                lengths = np.frombuffer(self._take(n * int(width[1:] or 0)), "<" + (width or "u1")).tolist()
                data, ends = self._take(column["n_bytes"]), accumulate(lengths, initial=0)
                runs = data.split(b"\0") if of == "lines" else [data[a:b] for a, b in pairwise(ends)]
                return [run.decode("utf-8", "surrogatepass") for run in runs] if of in ("lines", "text") else runs
        return [column.get("value", column.get("name"))] * n

    def _read_table(self, number: int, table: Any) -> None:
        """Put values for the columns of a table (6.1), and add the arrays in it (6.6)."""
        if "lengths" in table:
            table["lengths"] = self._column(table["lengths"], table["rows"])
        n, arrays = sum(table.get("lengths", [table["rows"]])), table.get("arrays", {"shape": []})
        table["columns"] = {name: self._column(column, n) for name, column in table["columns"].items()}
        dims = [self._column(column, table["rows"]) for column in arrays["shape"]]
        shapes = list(zip(*dims, strict=True)) if dims else [()] * table["rows"]
        if arrays.get("dtype", "|O") == "|O":
            return
        dtype, rows = read_dtype(arrays["dtype"]), enumerate(zip(shapes, *table["columns"].values(), strict=True))
        if table["layout"] == "views":
            self._views += [((number, row), dtype, *values) for row, values in rows]
            return
        sizes = [prod(shape) * dtype.itemsize for shape in shapes]
        big = iter([self._take(size) for size in sizes if size >= 4096])
        small = io.BytesIO(self._take(sum(size for size in sizes if size < 4096)))
        for row, (shape, *_) in rows:
            data = next(big) if sizes[row] >= 4096 else small.read(sizes[row])
            self.by_row[number, row] = np.ndarray(shape, dtype, data or b"\0", order=arrays["order"])

    def _walk(self, root: Any) -> dict[str, Any]:
        """The arrays under their paths in the object, such as `$.steps[1].coef_`."""
        seen, waiting = set[Any](), [("$", root)]
        for path, value in waiting:  # Breadth first: the list grows.
            if type(value) is tuple and value not in seen and value not in self.by_row:
                seen.add(value)
                table, row = self.tables[value[0]], value[1]
                if "lengths" in table:
                    begin, n = sum(table["lengths"][:row]), table["lengths"][row]
                    *keys, items = [column[begin : begin + n] for column in table["columns"].values()]
                    steps = keys[0] if keys else range(n)
                    waiting += [(f"{path}[{step!r}]", item) for step, item in zip(steps, items, strict=True)]
                else:
                    waiting += [(f"{path}.{name}", column[row]) for name, column in table["columns"].items()]
        return {path: self.by_row[value] for path, value in waiting if value in self.by_row}
