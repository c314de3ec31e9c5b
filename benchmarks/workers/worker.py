"""One worker: loads the model unless it was given one, predicts once, and says what it holds while all are alive.

Workers and their parent meet through small files in a folder, which works however they were started.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping
from typing import Any

from benchmarks.child import check_prediction, import_all
from benchmarks.tools import TOOL_BY_NAME
from benchmarks.workers.memory import own_memory

NOTHING = "nothing"
"""Stands for a tool where workers import what the others do, and load no model."""
_LOOK_S = 0.01
_MOST_S = 240.0


def work(order: Mapping[str, Any], number: int, model: Any = None) -> None:
    """Predict, meet the others, measure, and stay until the parent is done; an error becomes a file."""
    folder = order["folder"]
    try:
        if order["tool"] != NOTHING:
            predict(order, model)
        else:
            load(order)
        leave(folder, f"predicted-{number}", {})
        wait_for(folder, "predicted-", order["n_workers"])
        leave(folder, f"memory-{number}", own_memory())
        wait_for(folder, "over", 1)
    except BaseException as error:
        leave(folder, f"error-{number}", {"error": f"{type(error).__name__}: {error}"})
        raise


def load(order: Mapping[str, Any]) -> Any:
    """The model, after everything was imported; None where nothing is to be loaded."""
    if order["tool"] == NOTHING:
        import_all(TOOL_BY_NAME["pickle"], order)
        return None
    tool = TOOL_BY_NAME[order["tool"]]
    import_all(tool, order)
    return tool.load(order["file"])


def predict(order: Mapping[str, Any], model: Any) -> None:
    """One row, compared with what the model predicted when it was saved; kept alive until the process ends."""
    _KEPT.append(load(order) if model is None else model)
    check_prediction(_KEPT[-1], order["row"])


_KEPT: list[Any] = []


def leave(folder: str, name: str, content: Mapping[str, Any]) -> None:
    """A file for the others, there all at once."""
    path = os.path.join(folder, name)
    with open(f"{path}.part", "w", encoding="utf-8") as file:
        json.dump(content, file)
    os.replace(f"{path}.part", path)


def wait_for(folder: str, prefix: str, count: int) -> list[dict[str, Any]]:
    """What stands in the files that begin with `prefix`, when there are `count` of them.

    Raises:
        RuntimeError: A worker failed.
        TimeoutError: They took too long.
    """
    until = time.monotonic() + _MOST_S
    while True:
        names = [name for name in os.listdir(folder) if not name.endswith(".part")]
        failed = [name for name in names if name.startswith("error-")]
        if failed:
            raise RuntimeError(read(folder, failed[0])["error"])
        found = [name for name in names if name.startswith(prefix)]
        if len(found) == count:
            return [read(folder, name) for name in sorted(found)]
        if time.monotonic() > until:
            raise TimeoutError(f"{len(found)} of {count} workers came as far as {prefix!r}")
        time.sleep(_LOOK_S)


def read(folder: str, name: str) -> dict[str, Any]:
    """What one file says."""
    with open(os.path.join(folder, name), encoding="utf-8") as file:
        content: dict[str, Any] = json.load(file)
    return content
