"""The container half of the independent reader: bytes to blocks, written from SPEC.md §1 to §5 alone.

It shares no code with vitrify and never imports it. Numbers in comments are clauses.
"""

from __future__ import annotations

import json
import re
from math import prod
from typing import Any, NoReturn

import zstandard
from blake3 import blake3

MAGIC = b'{"__metadata__":{"root":"'  # 2.1
ITEM_BYTES = {  # 2.9
    "BOOL": 1, "U8": 1, "I8": 1, "U16": 2, "I16": 2, "F16": 2, "U32": 4, "I32": 4, "F32": 4,
    "U64": 8, "I64": 8, "F64": 8, "C64": 8,
}  # fmt: skip


def require(ok: object, message: str) -> None:
    """Raise ValueError unless `ok`."""
    if not ok:
        raise ValueError(message)


def fields(value: Any, spec: str) -> Any:
    """A JSON object that has exactly the fields of `spec`, in its order; those marked `?` may be left out."""
    require(type(value) is dict, "not an object")
    parts = [part for part in spec.split() if not part.endswith("?") or part.split(":")[0] in value]
    require(list(value) == [part.split(":")[0] for part in parts], f"expected the fields {spec}, not {list(value)}")
    for part, item in zip(parts, value.values(), strict=True):
        kind = part.rstrip("?").split(":")[1]
        require(kind in ("any", type(item).__name__), f"{part} is {item!r:.40}")
    return value


def canonical(text: bytes) -> Any:
    """The value of canonical JSON (2.3)."""
    try:
        value = json.loads(text.decode(), parse_float=_no_float, parse_constant=_no_float)
    except RecursionError as error:
        raise ValueError("nested too deep") from error
    require(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode() == text, "not canonical JSON")
    return value


def naturals(values: Any, bound: int = 2**63) -> list[int]:
    """A list of ints from 0 to `bound`, which is not among them."""
    require(type(values) is list and all(type(v) is int and 0 <= v < bound for v in values), "impossible numbers")
    return list(values)


def digests(data: bytes) -> list[str]:
    """One digest for each MiB (3.2)."""
    return [blake3(data[i : i + 2**20]).hexdigest() for i in range(0, len(data), 2**20)]


class Block:
    """A block: its safetensors `dtype` and `shape`, `is_raw`, and `data`, its decoded bytes."""

    def __init__(self, entry: Any, how: Any, stored: bytes) -> None:
        self.dtype, self.shape = entry["dtype"], entry["shape"]
        self.number, self.is_raw = how.get("piece"), "codec" not in how
        require(how["digests"] == digests(stored), "a block does not match its digest")  # 3.4
        self.data = stored if self.is_raw else _unzstd(stored, how["n_bytes"])
        require(len(self.data) == how.get("n_bytes", len(self.data)), "size of a zstd frame")


class Container:
    """A file of which everything but the meaning of the graph has been checked.

    `metadata` and `record` are parsed; `blocks` are the numbered blocks; `cells` and `graph` are bytes.
    """

    def __init__(self, data: bytes) -> None:
        n = int.from_bytes(data[:8], "little")
        require(data[8:33] == MAGIC, "not a glass file")  # 2.1
        require(n <= 100_000_000 and 8 + n <= len(data), "header too long")  # 8.1
        head, text = data[: 8 + n], data[8 : 8 + n].rstrip(b" ")
        root = blake3(head[:33] + b"0" * 64 + head[97:]).hexdigest()
        require(head[33:97] == root.encode(), "root digest")  # 3.3
        header = canonical(text)
        self.metadata = fields(header.pop("__metadata__"), "root:str format:str model:str record:str blocks:str")  # 2.4
        require(self.metadata["format"] == "vitrify/0", "a newer format")  # 2.5
        require(self.metadata["root"] == root, "text behind the root digest")
        self.record = fields(canonical(self.metadata["record"].encode()), "versions:dict")  # 7.1
        require(all(type(version) is str for version in self.record["versions"].values()), "malformed versions")
        self._budget = 2**30 + 1000 * len(data)  # 8.2
        found = self._read(header, canonical(self.metadata["blocks"].encode()), data[8 + n :])
        room = 4096 if len(data) - 8 - n >= 2**20 else 0
        require(-(-(8 + len(text) + room) // 64) * 64 - 8 == n, "padding")  # 2.12
        self.blocks = sorted(found[:-2], key=lambda block: block.number)
        self.cells, self.graph = found[-2].data, found[-1].data
        model = blake3(b"vitrify model 0\n")  # 5.1
        for block in (*self.blocks, *found[-2:]):
            model.update(f"{len(block.data)}\n{''.join(digests(block.data))}".encode())
        require(re.fullmatch("[0-9a-f]{64}", self.metadata["model"]), "malformed model digest")  # 5.2
        require(model.hexdigest() == self.metadata["model"], "model digest")

    def spend(self, n_bytes: int) -> None:
        """Take from the memory that a file may ask for (8.2)."""
        self._budget -= n_bytes
        require(self._budget >= 0, "asks for too much memory")

    def _read(self, header: Any, stored: Any, data: bytes) -> list[Block]:
        require(type(stored) is list and len(stored) == len(header), "blocks and their descriptions")
        position, keys, found = 0, [], []
        for (name, entry), how in zip(header.items(), stored, strict=True):
            fields(entry, "dtype:str shape:list data_offsets:list")  # 2.7
            fields(how, "digests:list piece:int? codec:str? n_bytes:int?")  # 2.6
            shape, (begin, end) = naturals(entry["shape"]), naturals(entry["data_offsets"])
            size = end - begin
            naturals([how.get("n_bytes", size), how.get("piece", 0)])
            require(begin == position and len(shape) <= 65, "a hole, an overlap or too many dimensions")  # 2.7 2.8
            require(prod(shape) * ITEM_BYTES.get(entry["dtype"], -1) == size, "dtype or size of a block")  # 2.8 2.9
            require(("codec" in how) == ("n_bytes" in how) and how.get("codec", "zstd") == "zstd", "codec")  # 4.1 4.4
            require(("piece" in how) == (name not in ("$cells", "$graph", "__metadata__")), "reserved names")  # 2.11
            is_plain = "codec" not in how and "piece" in how
            require(is_plain or (entry["dtype"], shape) == ("U8", [size]), "not U8")  # 2.9
            keys.append((not is_plain, -min(size & -size, 64) if is_plain else 0, how.get("piece", 2**63)))  # 2.10
            found.append((entry, how))
            position = end
        require(keys == sorted(keys) and list(header)[-2:] == ["$cells", "$graph"], "order of blocks")  # 2.10
        numbers = sorted(how["piece"] for _, how in found[:-2])
        require(numbers == list(range(len(numbers))), "numbers of blocks")  # 6.3.3
        require(position == len(data), "truncated, or trailing data")  # 2.8
        blocks = []
        for entry, how in found:
            begin, end = entry["data_offsets"]
            self.spend(how.get("n_bytes", end - begin))
            blocks.append(Block(entry, how, data[begin:end]))
        return blocks


def _no_float(text: str) -> NoReturn:
    raise ValueError(f"a floating-point number in JSON: {text[:40]}")


def _unzstd(stored: bytes, n_bytes: int) -> bytes:
    """The content of one zstd frame, no more of it than declared (4.2)."""
    try:
        frame = zstandard.get_frame_parameters(stored)
        require(frame.content_size == n_bytes and frame.window_size <= 2**27, "sizes of a zstd frame")
        require(frame.dict_id == 0, "a zstd frame with a dictionary")
        decoder, content = zstandard.ZstdDecompressor(max_window_size=2**27).decompressobj(), b""
        for i in range(0, len(stored), 1024):
            content += decoder.decompress(stored[i : i + 1024])
            require(len(content) <= n_bytes, "a zstd frame holds more than it says")
    except zstandard.ZstdError as error:
        raise ValueError(f"damaged zstd frame: {error}") from error
    require(decoder.eof and not decoder.unused_data, "a zstd frame ends too early or too late")
    return content
