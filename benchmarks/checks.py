"""How much of a load the content checks take: `python -m benchmarks.checks [--models a,b]`, a table on stdout.

Every check of a type's values is timed where it runs, in the loads of a process of its own, and set beside pickle's
whole load of the same model in that process. Digests, parsing and the format's own rules are not content checks.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.child import median, read_pickled, seconds
from benchmarks.measure import ROOT, cached_model
from benchmarks.options import chosen
from benchmarks.progress import Progress
from benchmarks.zoo import ZOO

_LOADS = 7
_ROW = "| {:<18} | {:>14} | {:>15} | {:>9} | {:>8} |"


def timed(owner: type, name: str, spent: list[float]) -> None:
    """Add what each call of a method takes to `spent`."""
    method: Callable[..., Any] = getattr(owner, name)

    def wrapper(*arguments: Any) -> Any:
        start = time.perf_counter()
        try:
            return method(*arguments)
        finally:
            spent.append(time.perf_counter() - start)

    setattr(owner, name, wrapper)


def measure(model_path: str) -> dict[str, float]:
    """Median times of loading with pickle and vitrify, and of the checks within, in seconds."""
    import vitrify
    from vitrify.graph import instances

    with tempfile.TemporaryDirectory(dir=Path(model_path).parent) as folder:
        file = Path(folder, "model.glass")
        vitrify.dump(read_pickled(model_path), file)
        pickled = median([seconds(lambda: read_pickled(model_path)) for _ in range(_LOADS)])
        whole = median([seconds(lambda: vitrify.load(file)) for _ in range(_LOADS)])
        spent: list[float] = []
        for shape in (instances.ConverterShape, instances.AttrsShape):
            timed(shape, "check", spent)
        timed(instances.AttrsShape, "finish", spent)
        checks: list[float] = []
        for _ in range(_LOADS):
            spent.clear()
            vitrify.load(file)
            checks.append(sum(spent))
    return {"pickle": pickled, "vitrify": whole, "checks": median(checks)}


def main() -> None:
    """Measure each model in a process of its own."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.checks", description=__doc__.splitlines()[0])
    parser.add_argument("--models", metavar="A,B", help=f"of {', '.join(ZOO)} (default: all)")
    parser.add_argument("--file", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.file:
        print(json.dumps(measure(options.file)))
        return
    print(_ROW.format("model", "pickle load ms", "vitrify load ms", "checks ms", "÷ pickle"))
    print(_ROW.format(*("-" * width for width in (18, 14, 15, 9, 8))))
    for recipe in chosen(options.models, ZOO, list(ZOO.values())):
        path, _ = cached_model(recipe, 1.0, Progress("checks", 0).note)
        command = [sys.executable, "-m", "benchmarks.checks", "--file", str(path)]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
        found = json.loads(done.stdout.splitlines()[-1])
        figures = [f"{1000 * found[name]:.2f}" for name in ("pickle", "vitrify", "checks")]
        print(_ROW.format(recipe.name, *figures, f"{found['checks'] / found['pickle']:.2f}×"), flush=True)


if __name__ == "__main__":
    main()
