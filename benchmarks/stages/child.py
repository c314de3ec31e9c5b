"""Times the stages of saving and loading a model, in a process of its own."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from importlib import import_module
from typing import Any

import numpy as np

from benchmarks.child import Figures, import_all, median, read_pickled, sample_count, seconds
from benchmarks.tools import REFERENCE, TOOL_BY_NAME

FEW_BYTES = 1 << 20
"""Below it, one thread has digested them before others have woken."""


def save(order: Mapping[str, Any]) -> Figures:
    """Saves to a free path; for vitrify also the graph alone, and the bytes alone; for pickle, the objects alone."""
    tool = TOOL_BY_NAME[order["tool"]]
    import_all(tool, order)
    model, path = read_pickled(order["model"]), order["file"]

    def save_it() -> None:
        tool.dump(model, path)

    def to_free_path(call: Callable[[], object]) -> float:
        with suppress(FileNotFoundError):
            os.unlink(path)
        return seconds(call)

    figures = {"save_s": warm_median(lambda: to_free_path(save_it), order)}
    if tool.name == REFERENCE:
        figures["taken_s"] = warm_median(lambda: seconds(lambda: pickled_apart(model)), order)
    else:
        data = np.fromfile(path, np.uint8)
        figures["written_s"] = warm_median(lambda: to_free_path(lambda: digest_and_write(data, path)), order)
        spent = Spent([(import_module("vitrify.saving"), "encode")])
        figures["graph_s"] = warm_median(lambda: spent.within(lambda: to_free_path(save_it)), order)
        os.unlink(path)
        figures["save_calls"] = n_calls(save_it)
    return {**figures, "file_bytes": float(os.stat(path).st_size)}


def load(order: Mapping[str, Any]) -> Figures:
    """Warm loads; for vitrify also the bytes alone, the container alone, and the content checks within.

    For pickle, also the objects alone: from memory, with arrays that are there already.
    """
    tool = TOOL_BY_NAME[order["tool"]]
    import_all(tool, order)
    path = order["file"]

    def load_it() -> object:
        return tool.load(path)

    figures = {"load_s": warm_median(lambda: seconds(load_it), order)}
    if tool.name == REFERENCE:
        data, arrays = pickled_apart(load_it())
        loads, own = import_module("pickle").loads, [bytearray(array.raw()) for array in arrays]
        figures["made_s"] = warm_median(lambda: seconds(lambda: loads(data, buffers=own)), order)
    else:
        figures["bytes_s"] = warm_median(lambda: seconds(lambda: read_and_digest(path)), order)
        figures["container_s"] = warm_median(lambda: seconds(lambda: read_blocks(path)), order)
        instances = import_module("vitrify.graph.instances")
        checks = [(instances.ConverterShape, "check")]
        checks += [(instances.AttrsShape, name) for name in ("check", "finish", "ask")]
        spent = Spent(checks)
        figures["checks_s"] = warm_median(lambda: spent.within(load_it), order)
        figures["load_calls"] = n_calls(load_it)
    return figures


def warm_median(call: Callable[[], float], order: Mapping[str, Any]) -> float:
    """The median of what `call` gives, after one call to warm up, and as often as the budget allows."""
    start = time.perf_counter()
    first = call()
    elapsed = time.perf_counter() - start
    return median([call() for _ in range(sample_count(elapsed, order["budget_s"]))] or [first])


def n_calls(call: Callable[[], object]) -> float:
    """How many functions it calls on this thread, Python's own and compiled ones that Python calls; no time in it."""
    found = 0

    def count(_frame: object, event: str, _argument: object) -> None:
        nonlocal found
        found += event in ("call", "c_call")

    sys.setprofile(count)
    try:
        call()
    finally:
        sys.setprofile(None)
    return float(found - 1)  # without the one that ends it


def pickled_apart(model: object) -> tuple[bytes, list[Any]]:
    """A pickle of the objects alone, and the arrays, whose bytes are neither copied nor written."""
    arrays: list[Any] = []
    return import_module("pickle").dumps(model, 5, buffer_callback=arrays.append), arrays


def read_and_digest(path: str) -> object:
    """The least that a reader must do which checks every byte: one pass to read them, one for their digest."""
    with open(path, "rb", buffering=0) as file:
        if (n_bytes := os.fstat(file.fileno()).st_size) < FEW_BYTES:
            small = file.read()
            digest(small)
            return small
        data = np.fromfile(file, np.uint8, n_bytes)
    digest(data.data)
    return data


def digest(data: Any) -> None:
    """Of all bytes at once: few of them on this thread, more on all cores."""
    blake3 = import_module("blake3").blake3
    if len(data) < FEW_BYTES:
        blake3(data).digest()
    else:
        blake3(data, max_threads=n_cores()).digest()


def digest_and_write(data: Any, path: str) -> None:
    """The least for a writer whose file has digests."""
    digest(data.data)
    with open(path, "wb", buffering=0) as file:
        written = 0
        while written < len(data):
            written += file.write(data[written:].data)


def n_cores() -> int:
    """The cores that this process may use."""
    return len(os.sched_getaffinity(0))


def read_blocks(path: str) -> object:
    """Open a file, compare every block with its digests, and decode those that are encoded; no graph, no object."""
    with import_module("vitrify.container.reader").open_glass(path) as opened:
        return opened.pieces(range(opened.n_pieces))


class Spent:
    """How long the calls of some functions take together; they are wrapped as long as this process lives."""

    def __init__(self, functions: list[tuple[Any, str]]) -> None:
        self._spent_s = 0.0
        for owner, name in functions:
            setattr(owner, name, self._wrapped(getattr(owner, name)))

    def _wrapped(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def wrapper(*arguments: Any, **keywords: Any) -> Any:
            start = time.perf_counter()
            try:
                return function(*arguments, **keywords)
            finally:
                self._spent_s += time.perf_counter() - start

        return wrapper

    def within(self, call: Callable[[], object]) -> float:
        """Their part of a call, in seconds."""
        self._spent_s = 0.0
        call()
        return self._spent_s


ACTIONS: Mapping[str, Callable[[Mapping[str, Any]], Figures]] = {each.__name__: each for each in (save, load)}
