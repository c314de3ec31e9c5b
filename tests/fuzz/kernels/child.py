"""Draws cases and runs them, one feeder after the other.

    python -m tests.fuzz.kernels.child SEED SECONDS OUT FEEDER …

Before each case its name and number are written to `OUT/at`, so that whoever started this process can tell which one
ended it. Counts are written to `OUT/counts` after each slice of time, disagreements to `OUT/0-kernels.jsonl`.
"""

from __future__ import annotations

import ctypes
import json
import os
import sys
import time
from collections import Counter
from pathlib import Path
from random import Random

import numpy as np

from tests.fuzz.kernels import direct, forests, nodes, packed
from tests.fuzz.kernels.feeder import Case
from tests.fuzz.kernels.guarding import Guard
from vitrify import kernels

FEEDERS = packed.FEEDERS | forests.FEEDERS | nodes.FEEDERS | direct.FEEDERS
_SLICE_S = 2.0


def drawn(name: str, seed: int, index: int) -> Case:
    """The case of this number."""
    return FEEDERS[name].draw(Random(f"{name} {seed} {index}"))


def saved(out: Path, name: str, seed: int, index: int, what: str) -> None:
    """Keep a case, and a line about it."""
    stem = f"kernels-{name.replace(' ', '-')}-{seed}-{index}"
    case = {"feeder": name, "case": drawn(name, seed, index)}
    (out / f"{stem}.json").write_text(json.dumps(case, default=lambda data: {"hex": data.hex()}), "utf-8")
    line = {"case": name, "seed": seed, "index": index, "kind": "kernel", "what": what, "change": stem}
    with open(out / "0-kernels.jsonl", "a", encoding="utf-8") as lines:
        lines.write(json.dumps(line) + "\n")


def read(path: Path) -> tuple[str, Case]:
    """The feeder and the case that `saved` has kept."""
    found = json.loads(path.read_text("utf-8"), object_hook=lambda d: bytes.fromhex(d["hex"]) if "hex" in d else d)
    return found["feeder"], found["case"]


def require_sanitized() -> None:
    """Raises RuntimeError unless all loops are compiled with both sanitizers, and the heap is guarded by one."""
    if not kernels.COMPILED:
        raise RuntimeError("there are no compiled loops")
    for path in sorted(Path(kernels.__file__).parent.glob("*.so")):
        code = path.read_bytes()
        if b"__asan_report_" not in code or b"__ubsan_handle_" not in code:
            raise RuntimeError(f"{path.name} is compiled without sanitizers")
    is_poisoned = ctypes.CDLL(None)["__asan_region_is_poisoned"]
    is_poisoned.restype = ctypes.c_void_p
    memory = np.empty(13, np.uint8)
    found = [is_poisoned(ctypes.c_void_p(memory.ctypes.data + at), ctypes.c_size_t(1)) for at in (-1, 0, 12, 13)]
    if [at is not None for at in found] != [True, False, False, True]:
        raise RuntimeError("there is no guard beside the arrays of numpy")


def main(seed: int, seconds: float, out: Path, names: list[str]) -> None:
    """Run cases of all feeders in turn until the time is over."""
    require_sanitized()
    end = time.monotonic() + seconds
    total: Counter[str] = Counter()
    nexts = dict.fromkeys(names, 0)
    guard = Guard()
    with open(out / "at", "wb", buffering=0) as at:
        while time.monotonic() < end:
            for name in names:
                stop = min(time.monotonic() + _SLICE_S, end)
                while time.monotonic() < stop:
                    index, nexts[name] = nexts[name], nexts[name] + 1
                    os.pwrite(at.fileno(), f"{name}\n{index:020d}\n".encode(), 0)
                    try:
                        total[FEEDERS[name].run(drawn(name, seed, index), guard)] += 1
                    except Exception as error:
                        total["findings"] += 1
                        saved(out, name, seed, index, f"{type(error).__name__}: {error}"[:500])
                    total["executions"] += 1
                counts = {"counts": dict(total), "calls": dict(guard.calls)}
                (out / "counts").write_text(json.dumps(counts), "utf-8")


if __name__ == "__main__":
    main(int(sys.argv[1]), float(sys.argv[2]), Path(sys.argv[3]), sys.argv[4:])
