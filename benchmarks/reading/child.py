"""Writes a file of many arrays, and reads from it in one way, in a process of its own."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from benchmarks.child import Figures, flush, import_all
from benchmarks.reading.counter import bytes_read
from benchmarks.reading.tools import WANTED, WAYS

_SEED = 20260


def layers(n_layers: int, n_bytes: float) -> dict[str, Any]:
    """Arrays of noise under the names `layer0`, `layer1` …"""
    rng = np.random.default_rng(_SEED)
    return {f"layer{number}": rng.standard_normal(int(n_bytes / 8)) for number in range(n_layers)}


def save(order: Mapping[str, Any]) -> Figures:
    """Write the file."""
    tool = WAYS[order["tool"]]
    tool.dump(layers(order["n_layers"], order["layer_bytes"]), order["file"])
    tool.dump(layers(int(WANTED[-1]) + 1, 80), f"{order['file']}.tiny")
    flush(order["file"])
    return {"file_bytes": float(os.stat(order["file"]).st_size)}


def read(order: Mapping[str, Any]) -> Figures:
    """Read from it once, after a tiny file of the same kind, and count the bytes; an array is summed up.

    Raises:
        ValueError: It is another array.
    """
    tool = WAYS[order["tool"]]
    import_all(tool, order)
    tool.load(f"{order['file']}.tiny")
    before = bytes_read()
    start = time.perf_counter()
    found = tool.load(order["file"])
    if isinstance(found, np.ndarray):
        total = float(found.sum())
    elapsed = time.perf_counter() - start
    read_bytes = bytes_read() - before
    if isinstance(found, np.ndarray) and total != float(layers(order["n_layers"], order["layer_bytes"])[WANTED].sum()):
        raise ValueError("the array that was read has another sum")
    return {"read_s": elapsed, "read_bytes": float(read_bytes)}


ACTIONS: Mapping[str, Callable[[Mapping[str, Any]], Figures]] = {each.__name__: each for each in (save, read)}
