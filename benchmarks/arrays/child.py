"""Makes, saves and loads one big array, in a process of its own."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from benchmarks.arrays.tools import FLOAT, tool_named
from benchmarks.child import Figures, flush, import_all, seconds

_PART = 1_000_000
_TINY = 1000
_SEED = 20260
_READ_BYTES = 1 << 22


def make(order: Mapping[str, Any]) -> Figures:
    """Write the array to a raw file, part by part, and its sum beside it."""
    rng = np.random.default_rng(_SEED)
    n_left = int(order["n_bytes"]) // 8
    with open(order["raw"], "wb") as file:
        while n_left:
            part = rng.standard_normal(min(n_left, _PART))
            file.write((np.round(part, 2) if order["content"] == "rounded" else part).astype(FLOAT).tobytes())
            n_left -= len(part)
    flush(order["raw"])
    with open(f"{order['raw']}.sum", "w", encoding="ascii") as file:
        json.dump(float(np.fromfile(order["raw"], FLOAT).sum()).hex(), file)
    return {}


def save(order: Mapping[str, Any]) -> Figures:
    """Save the array, which is in memory, to a free path, after a tiny one to warm up."""
    tool = tool_named(order["tool"])
    import_all(tool, order)
    array, path = np.fromfile(order["raw"], FLOAT), order["file"]
    tool.dump(array[:_TINY], f"{path}.tiny")
    if os.path.exists(path):
        os.unlink(path)
    save_s = seconds(lambda: tool.dump(array, path))
    flush(path)
    return {"save_s": save_s, "file_bytes": float(os.stat(path).st_size)}


def load(order: Mapping[str, Any]) -> Figures:
    """Load the array from the page cache, and then read all of it once.

    Raises:
        ValueError: It is another array.
    """
    tool = tool_named(order["tool"])
    import_all(tool, order)
    tool.load(f"{order['file']}.tiny")
    read_through(order["file"])
    start = time.perf_counter()
    array = tool.load(order["file"])
    loaded = time.perf_counter()
    total = float(array.sum())
    used = time.perf_counter()
    with open(f"{order['raw']}.sum", encoding="ascii") as file:
        if total.hex() != json.load(file):
            raise ValueError("the loaded array has another sum")
    return {"load_s": loaded - start, "used_s": used - start}


def read_through(path: str) -> None:
    """Bring a file into the page cache."""
    with open(path, "rb", buffering=0) as file:
        while file.read(_READ_BYTES):
            pass


ACTIONS: Mapping[str, Callable[[Mapping[str, Any]], Figures]] = {each.__name__: each for each in (make, save, load)}
