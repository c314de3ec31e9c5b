"""Changes the parts of a file - graph, cells, blocks, record, header - and puts it together with every digest right.

For fuzzers that follow coverage: a change of bytes alone would end at the first digest.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from random import Random
from typing import Any, Final

from tests.fuzz.mutations import Mutator, NothingToChangeError
from tests.fuzz.renewing import renewed, split
from tests.support.independent_reader import Container
from tests.support.lying_writer import Chunk, Lie, assemble
from tests.support.repacked import codecs, repacked
from vitrify.converters import default_registry
from vitrify.errors import VitrifyError

Mutate = Callable[[bytes, int], bytes]
"""Other bytes, not more than so many, in the place of some."""

_NUMBERS: Final = (
    *range(-2, 10), 15, 16, 63, 64, 65, 127, 128, 255, 256, 4095, 4096, 4097, 2**16, 2**31 - 1, 2**31, -(2**31), 2**32,
    2**53, 2**62, 2**63 - 1, 2**63, -(2**63), 2**64, 10**30,
)  # fmt: skip
_WORDS: Final = (
    "", "$", "0", "kind", "const", "const_float", "const_name", "run", "numbers", "strings", "mixed", "of", "width",
    "int", "bool", "float", "ref", "name", "text", "bytes", "bigint", "lines", "u1", "u2", "u4", "u8", "i8", "f8", "b1",
    "list", "tuple", "dict", "set", "frozenset", "items", "keys", "values", "pairs", "attrs", "fields", "member",
    "value", "call", "new", "arrays", "spaced", "views", "columns", "lengths", "rows", "type", "layout", "dtype",
    "order", "C", "F", "shape", "blocks", "block", "joined", "offset", "strides", "buffer", "what", "class", "function",
    "table", "start", "<f8", "<i8", "|O", "|b1", "|S8", "<U4", "<M8[ns]", "|V8", ">i4", "<c16", "0x1.0p+0", "inf",
    "nan", "1.9.1", "2.4.6", "numpy", "sklearn", "é", "\x00", "\ud800",
)  # fmt: skip
_REFUSALS: Final = (
    ValueError, TypeError, KeyError, IndexError, AttributeError, AssertionError, OverflowError, RecursionError,
    VitrifyError, NothingToChangeError,
)  # fmt: skip
"""What taking apart a file that is no longer right may raise."""


def mutate(data: bytes, max_bytes: int, seed: int, *, native: Mutate, fallback: bytes) -> bytes:
    """A file like `data` with one to four changes; digests and sizes that nobody lied about are right.

    Args:
        data: A glass file; where it is none, `fallback` is changed.
        max_bytes: The size that must not be exceeded; what would be larger is `data` itself.
        seed: Says what is changed.
        native: Changes bytes.
        fallback: A glass file.
    """
    random = Random(seed)
    if random.random() < 0.3:
        changed = _one_lie(data, random)
    elif random.random() < 0.2:
        changed = _other_header(data, random)
    elif random.random() < 0.4 and (packed := _other_content(data, random, native)) is not None:
        changed = packed
    else:
        changed = _other_parts(data, random, native) or _other_parts(fallback, random, native)
    return changed if changed is not None and len(changed) <= max_bytes else data[:max_bytes]


def _one_lie(data: bytes, random: Random) -> bytes | None:
    """A change that keeps the rest consistent: an element, a shape, an item, an attribute."""
    try:
        return Mutator(Lie(data), frozenset()).file(random)[1]
    except _REFUSALS:
        return None


def _other_header(data: bytes, random: Random) -> bytes | None:
    """The header's JSON, or the list of blocks within it, with some changes; offsets may no longer fit."""
    _, header, body = split(data)
    try:
        parsed = json.loads(header)
        _change_json(parsed if random.random() < 0.5 else _Blocks(parsed), random)
        text = _spell(parsed)
    except _REFUSALS:
        return None
    size = -(-(8 + len(text)) // 64) * 64 - 8
    return renewed(size.to_bytes(8, "little") + text.ljust(size) + body)


class _Blocks(dict[str, Any]):
    """The metadata of a header, in which the list of blocks is a text: changes are written back."""

    def __init__(self, header: Any) -> None:
        super().__init__(blocks=json.loads(header["__metadata__"]["blocks"]))
        self._metadata = header["__metadata__"]

    def close(self) -> None:
        self._metadata["blocks"] = json.dumps(self.get("blocks"), separators=(",", ":"))


def _other_content(data: bytes, random: Random, native: Mutate) -> bytes | None:
    """Changes of what an encoded block holds before it is compressed, most of them where it begins."""

    def repack(content: bytearray) -> bytes:
        n = random.choice((16, 64, 512, len(content)))
        return native(bytes(content[:n]), n) + content[n:]

    try:
        found = codecs(data)
        which = random.randrange(len(found))
        return repacked(data, lambda _: None, repack, found[which], found[:which].count(found[which]))
    except _REFUSALS:
        return None


def _other_parts(data: bytes, random: Random, native: Mutate) -> bytes | None:
    """Changes of the graph's JSON or text, of cells, blocks, record."""
    try:
        container = Container(data)
        parsed = json.loads(container.graph)
    except _REFUSALS:
        return None
    cells, record, text = container.cells, container.metadata["record"], b""
    blocks = [Chunk(bytearray(b.data), f"b{i}", b.dtype, list(b.shape)) for i, b in enumerate(container.blocks)]
    for _ in range(random.choice((1, 1, 2, 4))):
        what = random.choices(("graph", "cells", "block", "text", "record"), (60, 25, 12, 2, 2))[0]
        if what == "cells" and cells:
            cells = native(cells, len(cells)).ljust(len(cells), b"\0")
        elif what == "block" and blocks:
            chunk = random.choice(blocks)
            chunk.data[:] = native(bytes(chunk.data), len(chunk.data)).ljust(len(chunk.data), b"\0")
        elif what == "record":
            record = native(record.encode(), 300).decode(errors="replace")
        elif what == "text":
            text = native(_spell(parsed), 1 << 16)
        else:
            _change_json(parsed, random)
    try:
        return assemble(blocks, cells=cells, graph=text or _spell(parsed), record=record)
    except _REFUSALS:
        return None


def _change_json(root: Any, random: Random) -> None:
    """Another value, one value more or less, two exchanged, or one copied from elsewhere."""
    places = _places(root)
    if not places:
        return
    container, key = random.choice(places)
    change = random.choice(("value", "value", "number", "copy", "copy", "drop", "twice", "swap"))
    old = container[key]
    if change == "number" and type(old) is int:
        container[key] = random.choice((old + 1, old - 1, old * 2, old // 2, -old, old + 8, random.choice(_NUMBERS)))
    elif change == "copy":
        alike = [(c, k) for c, k in places if k == key] if isinstance(key, str) else places
        other, name = random.choice(alike)
        container[key] = copy.deepcopy(other[name])
    elif change == "drop":
        del container[key]
    elif change == "twice" and isinstance(container, list):
        container.insert(key, copy.deepcopy(old))
    elif change == "twice":
        container[random.choice(_WORDS)] = copy.deepcopy(old)
    elif change == "swap":
        other, name = random.choice(places)
        container[key], other[name] = copy.deepcopy(other[name]), copy.deepcopy(old)
    else:
        container[key] = _value(old, random)
    if isinstance(root, _Blocks):
        root.close()


def _value(old: Any, random: Random) -> Any:
    """A value of the same kind, or sometimes of any."""
    kind = type(old) if random.random() < 0.85 else random.choice((int, str, bool, list, dict, type(None)))
    if kind is int:
        return random.choice(_NUMBERS)
    if kind is str:
        return random.choice(_WORDS if random.random() < 0.7 else _TYPES)
    return {bool: not old, list: [], dict: {}}.get(kind)


def _places(root: Any) -> list[tuple[Any, Any]]:
    """Every container of a JSON value with each of its keys."""
    found: list[tuple[Any, Any]] = []
    waiting = [root]
    while waiting:
        value = waiting.pop()
        keys = list(value) if isinstance(value, dict) else range(len(value))
        found += [(value, key) for key in keys]
        waiting += [value[key] for key in keys if isinstance(value[key], (dict, list))]
    return found


def _spell(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode(errors="surrogatepass")


def _types() -> tuple[str, ...]:
    registry = default_registry()
    converted = (type_id for family in registry.families for type_id in family.types.values())
    return tuple(sorted({*converted, *registry.attrs.values()}))


_TYPES: Final = _types()
