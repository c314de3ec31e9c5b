"""Good files that the attacks change, and the ways in which they change them."""

from __future__ import annotations

import io
import re
import struct
import zipfile
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np

import vitrify
from tests.support.independent_reader import digests
from tests.support.lying_writer import Lie, resealed, seal

Change = Callable[[Any], Any]


@cache
def tiny() -> bytes:
    """A dict with one small array and a number: all of it in the two reserved blocks."""
    return vitrify.dumps({"coef": np.array([0.5, -1.0]), "n": 3})


@cache
def blocks() -> bytes:
    """A dict with two arrays that have blocks of their own, and a list."""
    value = {"a": np.arange(1024.0), "b": np.arange(2048, dtype=np.int32), "rest": [1, "two", 3.0]}
    return vitrify.dumps(value)


@cache
def encoded() -> bytes:
    """The same in zstd frames."""
    value = {"a": np.zeros(1024), "b": np.zeros(2048, np.int32), "rest": [1, "two", 3.0]}
    return vitrify.dumps(value, compress=True)


def header(data: bytes) -> tuple[int, bytes]:
    """The header's length and its text without the padding."""
    n = int.from_bytes(data[:8], "little")
    return n, data[8 : 8 + n].rstrip(b" ")


def with_header(data: bytes, text: bytes) -> bytes:
    """The file with another text in its header, padded by the rule and under a root digest that matches."""
    n, _ = header(data)
    return seal(text, len(data) - 8 - n) + data[8 + n :]


def with_head(data: bytes, head: bytes) -> bytes:
    """The file with other bytes before its data section, under a root digest that matches."""
    return resealed(head) + data[8 + int.from_bytes(data[:8], "little") :]


def replaced(data: bytes, old: str, new: str | bytes, count: int = 1) -> bytes:
    """The file with a piece of its header's text spelled otherwise; old and new by UTF-8."""
    after = new if isinstance(new, bytes) else new.encode("utf-8", "surrogatepass")
    text = header(data)[1]
    assert old.encode() in text, f"{old!r} is not there"
    return with_header(data, text.replace(old.encode(), after, count))


def lied(data: bytes, change: Change | None = None, **how: Any) -> bytes:
    """The file with a change to its object graph; `how` is for `Lie.file`."""
    lie = Lie(data)
    if change is not None:
        change(lie)
    return lie.file(**how)


def in_graph(old: str, new: str | bytes, data: bytes | None = None) -> bytes:
    """The file with a piece of its graph's text spelled otherwise."""
    after = new if isinstance(new, bytes) else new.encode("utf-8", "surrogatepass")

    def edit(text: bytes) -> bytes:
        assert old.encode() in text, f"{old!r} is not there"
        return text.replace(old.encode(), after, 1)

    return lied(tiny() if data is None else data, graph_text=edit)


def boundaries(data: bytes) -> list[int]:
    """Where the parts of a file end: length, magic, root, format, header, padding, and every block."""
    n, text = header(data)
    inside = [found.end() for found in re.finditer(rb'"root":"[0-9a-f]{64}"|"format":"[^"]*"|"record":', text)]
    ends = [8 + n + int(end) for end in re.findall(rb'"data_offsets":\[[0-9]+,([0-9]+)\]', text)]
    return sorted({0, 1, 7, 8, 9, 32, 33, *(8 + at for at in inside), 8 + len(text), 8 + n - 1, 8 + n, *ends})


def redigested(data: bytes, damaged: bytes) -> bytes:
    """`damaged`, whose data section differs from that of `data`, with digests of its blocks that match, and a root."""
    n, text = header(data)
    start = 8 + n
    for begin, end in re.findall(rb'"data_offsets":\[([0-9]+),([0-9]+)\]', text):
        part = slice(start + int(begin), start + int(end))
        for old, new in zip(digests(data[part]), digests(damaged[part]), strict=True):
            text = text.replace(old.encode(), new.encode())
    return seal(text, len(data) - start) + damaged[start:]


def zip_archive() -> bytes:
    """A small archive."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("x", "y")
    return stream.getvalue()


def with_length(data: bytes, length: int) -> bytes:
    """The file with another number in its first 8 bytes, under a root digest that matches."""
    return resealed(struct.pack("<Q", length) + data[8:])
