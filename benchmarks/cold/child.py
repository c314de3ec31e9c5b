"""Saves and loads a model under other conditions, in a process of its own."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from typing import Any

from benchmarks.arrays.child import read_through
from benchmarks.child import Figures, check_prediction, import_all, read_pickled, seconds
from benchmarks.cold.pages import cached_bytes, evict
from benchmarks.tools import TOOL_BY_NAME


def save(order: Mapping[str, Any]) -> Figures:
    """Save the model to a free path, once to warm up and once timed, and then wait for the disk."""
    tool = TOOL_BY_NAME[order["tool"]]
    import_all(tool, order)
    model, path = read_pickled(order["model"]), order["file"]
    tool.dump(model, f"{path}.first")
    os.unlink(f"{path}.first")
    if os.path.exists(path):
        os.unlink(path)
    save_s = seconds(lambda: tool.dump(model, path))
    descriptor = os.open(path, os.O_RDONLY)
    fsync_s = seconds(lambda: os.fsync(descriptor))
    os.close(descriptor)
    return {"save_s": save_s, "fsync_s": fsync_s, "file_bytes": float(os.stat(path).st_size)}


def load(order: Mapping[str, Any], suffix: str = "", *, is_cold: bool = False) -> Figures:
    """Load the model and predict one row, once to warm up and once timed, from the page cache or from the disk."""
    tool = TOOL_BY_NAME[order["tool"]]
    import_all(tool, order)
    check_prediction(tool.load(order["file"]), order["row"])
    figures: Figures = {}
    if is_cold:
        evict(order["file"])
        figures["left_share"] = cached_bytes(order["file"]) / os.stat(order["file"]).st_size
    else:
        read_through(order["file"])
    start = time.perf_counter()
    model = tool.load(order["file"])
    loaded = time.perf_counter()
    check_prediction(model, order["row"])
    predicted = time.perf_counter()
    return {**figures, f"load{suffix}_s": loaded - start, f"predict{suffix}_s": predicted - start}


def load_cold(order: Mapping[str, Any]) -> Figures:
    """Load from the disk, as far as the system drops the file's pages when it is asked to."""
    return load(order, "_cold", is_cold=True)


def on_one_core() -> None:
    """Keep this process, and the threads that it will start, on one of its cores."""
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})


def save_one(order: Mapping[str, Any]) -> Figures:
    """Save on one core."""
    on_one_core()
    return {"save_one_s": save(order)["save_s"]}


def load_one(order: Mapping[str, Any]) -> Figures:
    """Load on one core."""
    on_one_core()
    return load(order, "_one")


ACTIONS: Mapping[str, Callable[[Mapping[str, Any]], Figures]] = {
    each.__name__: each for each in (save, load, load_cold, save_one, load_one)
}
