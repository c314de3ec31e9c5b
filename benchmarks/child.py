"""One measurement in a process of its own: `python -m benchmarks.child ORDER`, figures as JSON on stdout.

The module imports almost nothing at the top: what it imports is part of every start that is timed. It never
decides what to measure, and never judges a figure.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

from benchmarks.tools import TOOL_BY_NAME, Tool

Figures = dict[str, float]

SAMPLE_BUDGET_S = 3.0
SLOW_SAMPLE_S = 20.0
MOST_SAMPLES = 20


def sample_count(first_s: float, budget_s: float = SAMPLE_BUDGET_S) -> int:
    """How often to repeat what took `first_s` once: about `budget_s` worth, 2 to 20 times.

    What takes 20 s is not repeated in the same process: then the first is the sample.
    """
    if first_s > SLOW_SAMPLE_S:
        return 0
    return max(2, min(MOST_SAMPLES, int(budget_s / max(first_s, 1e-9))))


def seconds(call: Callable[[], object]) -> float:
    """How long `call` takes; its result is dropped after the clock was read."""
    start = time.perf_counter()
    kept = call()
    elapsed = time.perf_counter() - start
    del kept
    return elapsed


def median(values: list[float]) -> float:
    """The median, without the modules that `statistics` would import."""
    ordered = sorted(values)
    middle = len(ordered) // 2
    return ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2


def import_all(tool: Tool, order: Mapping[str, Any]) -> None:
    """Import the tool and the modules that define the model, so that no clock sees it."""
    for name in (*tool.modules, *order["modules"]):
        import_module(name)


def read_pickled(path: str) -> Any:
    """An object from the cache."""
    with open(path, "rb") as file:
        return import_module("pickle").load(file)


def flush(path: str) -> None:
    """Wait until a file is on the disk, so that nobody's later save pays for writing it back."""
    descriptor = os.open(path, os.O_RDONLY)
    os.fsync(descriptor)
    os.close(descriptor)


def check_prediction(model: Any, row_path: str) -> None:
    """Refuse a tool whose model predicts something else than the model that was saved."""
    row, expected = read_pickled(row_path)
    if model.predict(row).tolist() != expected:
        raise ValueError("the loaded model predicts something else")


def build(order: Mapping[str, Any]) -> Figures:
    """Train a model and pickle it, and its row, into the cache."""
    built = import_module("benchmarks.sized").recipe_named(order["recipe"]).build(order["scale"])
    pickle = import_module("pickle")
    expected = built.model.predict(built.row).tolist()
    for path, value in ((order["row"], (built.row, expected)), (order["model"], built.model)):
        with open(f"{path}.part", "wb") as file:
            pickle.dump(value, file, protocol=5)
        os.replace(f"{path}.part", path)
    return {}


def save(order: Mapping[str, Any]) -> Figures:
    """Save the model, which is in memory, once to warm up and then timed, each time to a free path.

    What takes longer than 20 s is saved once.
    """
    tool = TOOL_BY_NAME[order["tool"]]
    import_all(tool, order)
    model, path = read_pickled(order["model"]), order["file"]
    times: list[float] = []
    count = 1
    while len(times) <= count:
        if os.path.exists(path):
            os.unlink(path)
        times.append(seconds(lambda: tool.dump(model, path)))
        flush(path)
        count = sample_count(times[0], order.get("budget_s", SAMPLE_BUDGET_S))
    return {"save_s": median(times[1:] or times), "file_bytes": float(os.stat(path).st_size)}


def prepare(order: Mapping[str, Any]) -> Figures:
    """Do what the tool's user does once per file."""
    tool = TOOL_BY_NAME[order["tool"]]
    if tool.prepare is not None:
        tool.prepare(order["file"])
    return {}


def load(order: Mapping[str, Any]) -> Figures:
    """Time the first load of this process, and then further ones."""
    tool = TOOL_BY_NAME[order["tool"]]
    import_all(tool, order)
    path = order["file"]
    start = time.perf_counter()
    model = tool.load(path)
    fresh_s = time.perf_counter() - start
    check_prediction(model, order["row"])
    del model
    count = sample_count(fresh_s, order.get("budget_s", SAMPLE_BUDGET_S))
    times = [seconds(lambda: tool.load(path)) for _ in range(count)]
    return {"load_fresh_s": fresh_s, "load_warm_s": median(times or [fresh_s])}


def start(order: Mapping[str, Any]) -> Figures:
    """Import, load and predict one row; the caller knows when the process was started."""
    tool = TOOL_BY_NAME[order["tool"]]
    for name in tool.modules:
        import_module(name)
    check_prediction(tool.load(order["file"]), order["row"])
    return {"ready_at_s": time.monotonic()}


def settle() -> None:
    """Give freed memory back to the system, as far as the platform can."""
    import_module("gc").collect()
    ctypes = import_module("ctypes")
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None) if sys.platform == "linux" else None
    if trim is not None:
        trim(0)


def resident_bytes(field: str) -> int:
    """`VmRSS` or `VmHWM` of this process; where there is no procfs, the highest so far stands for both."""
    if sys.platform != "linux":
        peak = int(import_module("resource").getrusage(0).ru_maxrss)
        return peak if sys.platform == "darwin" else peak * 1024
    with open("/proc/self/status", encoding="ascii") as file:
        line = next(line for line in file if line.startswith(field))
    return int(line.split()[1]) * 1024


def reset_peak() -> None:
    """Let `VmHWM` start again from what is resident now, where the system allows it."""
    try:
        with open("/proc/self/clear_refs", "w", encoding="ascii") as file:
            file.write("5")
    except OSError:
        pass


def warm_up(tool: Tool, path: str) -> None:
    """Save and load a tiny model, so that late imports do not pass for memory that the model needs."""
    tiny = import_module("sklearn.linear_model").LogisticRegression().fit([[0.0], [1.0]], [0, 1])
    tool.dump(tiny, path)
    if tool.prepare is not None:
        tool.prepare(path)
    tool.load(path)


def save_memory(order: Mapping[str, Any]) -> Figures:
    """How far the resident set rises above its level before the save, with the model already in memory."""
    tool = TOOL_BY_NAME[order["tool"]]
    import_all(tool, order)
    warm_up(tool, f"{order['file']}.tiny")
    model = read_pickled(order["model"])
    settle()
    before = resident_bytes("VmRSS")
    reset_peak()
    tool.dump(model, f"{order['file']}.peak")
    peak = resident_bytes("VmHWM")
    flush(f"{order['file']}.peak")
    os.unlink(f"{order['file']}.peak")
    return {"save_extra_bytes": float(peak - before)}


def load_memory(order: Mapping[str, Any]) -> Figures:
    """How far the resident set rises during a load, and how much of that stays."""
    tool = TOOL_BY_NAME[order["tool"]]
    import_all(tool, order)
    warm_up(tool, f"{order['file']}.tiny")
    settle()
    before = resident_bytes("VmRSS")
    reset_peak()
    model = tool.load(order["file"])
    peak = resident_bytes("VmHWM")
    settle()
    held = resident_bytes("VmRSS")
    del model
    return {"load_peak_bytes": float(peak - before), "load_held_bytes": float(held - before)}


ACTIONS: Mapping[str, Callable[[Mapping[str, Any]], Figures]] = {
    each.__name__: each for each in (build, save, prepare, load, start, save_memory, load_memory)
}


def action_named(name: str) -> Callable[[Mapping[str, Any]], Figures]:
    """The action of this module, or of a kind's own child: `arrays.save` stands in `benchmarks.arrays.child`."""
    kind, _, own = name.rpartition(".")
    actions = import_module(f"benchmarks.{kind}.child").ACTIONS if kind else ACTIONS
    action: Callable[[Mapping[str, Any]], Figures] = actions[own]
    return action


def main() -> int:
    """Carry out the order in the first argument; 1 when it failed, with the reason as JSON."""
    order = json.loads(sys.argv[1])
    try:
        answer: dict[str, object] = {"figures": action_named(order["action"])(order)}
    except BaseException as error:  # A panic of compiled code is a result too.
        answer = {"error": f"{type(error).__name__}: {error}"}
    print(json.dumps(answer), flush=True)
    return 1 if "error" in answer else 0


if __name__ == "__main__":
    sys.exit(main())
