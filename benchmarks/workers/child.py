"""Saves the model, and starts the workers in one of three ways, in a process of its own."""

from __future__ import annotations

import gc
import multiprocessing
import os
import tempfile
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

from benchmarks.child import Figures, flush, import_all, read_pickled
from benchmarks.tools import TOOL_BY_NAME
from benchmarks.workers.memory import own_memory
from benchmarks.workers.worker import NOTHING, leave, load, wait_for, work

Join = Callable[[], None]


def save(order: Mapping[str, Any]) -> Figures:
    """Write the file that all workers load."""
    if order["tool"] == NOTHING:
        return {}
    tool = TOOL_BY_NAME[order["tool"]]
    import_all(tool, order)
    tool.dump(read_pickled(order["model"]), order["file"])
    flush(order["file"])
    return {"file_bytes": float(os.stat(order["file"]).st_size)}


def spawn(order: Mapping[str, Any]) -> Join:
    """Fresh interpreters, each of which loads the file."""
    context = multiprocessing.get_context("spawn")
    processes = [context.Process(target=work, args=(dict(order), number)) for number in range(order["n_workers"])]
    return started(processes)


def fork(order: Mapping[str, Any]) -> Join:
    """Copies of this process, which has loaded the model once, before them.

    As Python's documentation advises before a fork, the objects that are there are frozen: else a full collection in a
    worker writes to every one of them, and whether one happens is chance.
    """
    model = load(order)
    gc.freeze()
    context = multiprocessing.get_context("fork")
    processes = [context.Process(target=work, args=(order, number, model)) for number in range(order["n_workers"])]
    return started(processes)


def started(processes: list[Any]) -> Join:
    """Start them; the call that is given back waits for their end."""
    for process in processes:
        process.start()

    def join() -> None:
        for process in processes:
            process.join()

    return join


def loky(order: Mapping[str, Any]) -> Join:
    """The workers of `joblib.Parallel`, each of which loads the file."""
    import joblib
    from joblib.externals.loky import get_reusable_executor

    n = order["n_workers"]
    parallel = joblib.Parallel(n_jobs=n, backend="loky", batch_size=1, pre_dispatch="all")
    thread = threading.Thread(target=parallel, args=([joblib.delayed(work)(dict(order), i) for i in range(n)],))
    thread.start()

    def join() -> None:
        thread.join()
        get_reusable_executor().shutdown(wait=True)

    return join


WAYS: Mapping[str, Callable[[Mapping[str, Any]], Join]] = {"spawn": spawn, "fork": fork, "loky": loky}


def run(order: Mapping[str, Any]) -> Figures:
    """What the workers and this process hold together, once each worker has predicted, and how long that took."""
    with tempfile.TemporaryDirectory(dir=os.path.dirname(order["file"])) as folder:
        told = {**order, "folder": folder}
        begin = time.perf_counter()
        join = WAYS[order["way"]](told)
        try:
            wait_for(folder, "predicted-", order["n_workers"])
            ready_s = time.perf_counter() - begin
            held = [*wait_for(folder, "memory-", order["n_workers"]), own_memory()]
        finally:
            leave(folder, "over", {})
            join()
    return {"ready_s": ready_s, **{name: sum(each[name] for each in held) for name in held[0]}}


ACTIONS: Mapping[str, Callable[[Mapping[str, Any]], Figures]] = {each.__name__: each for each in (save, run)}
