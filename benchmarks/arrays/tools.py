"""What saves and loads a big array: the tools, and nothing but the bytes."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any

from benchmarks.tools import TOOL_BY_NAME, Tool

FLOAT = "<f8"


def bare_dump(array: Any, path: str) -> None:
    """The bytes of an array, and nothing else."""
    with open(path, "wb") as file:
        file.write(memoryview(array).cast("B"))


def bare_load(path: str) -> Any:
    """The bytes of a file as numbers, by `numpy.fromfile`."""
    return import_module("numpy").fromfile(path, dtype=FLOAT)


BARE = Tool(name="bare", label="bare bytes", modules=("numpy",), dump=bare_dump, load=bare_load)
"""What every ratio divides by: a file cannot be written or read with less."""

STORED = ("bare", "pickle", "joblib", "joblib-mmap", "vitrify", "vitrify-mmap")
COMPRESSED = ("bare", "joblib-zlib", "vitrify-compress")
CONTENTS: Mapping[str, tuple[str, ...]] = {"noise": (*STORED, *COMPRESSED[1:]), "rounded": COMPRESSED}
"""What the arrays hold, and who saves them; stored as they are, the bytes of all contents take the same."""


def tool_named(name: str) -> Tool:
    """One of the tools, or the bare bytes."""
    return BARE if name == BARE.name else TOOL_BY_NAME[name]
