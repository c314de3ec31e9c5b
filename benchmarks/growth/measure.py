"""`python -m benchmarks growth`: the same kind of model at several sizes, a decade apart or half of one."""

from __future__ import annotations

import argparse
import dataclasses
import os
from collections.abc import Sequence

from benchmarks.arrays.measure import ACTIONS as ARRAY_ACTIONS
from benchmarks.arrays.measure import measure_array
from benchmarks.figures import Cell
from benchmarks.machine import environment
from benchmarks.measure import SAVE_AND_LOAD, Plan, measure_model
from benchmarks.options import chosen, command, common, positive, positive_int
from benchmarks.progress import Progress
from benchmarks.results import Results
from benchmarks.sized import SIZED
from benchmarks.tools import REFERENCE, TOOL_BY_NAME, Tool, tools_named

TOOLS = tools_named("pickle", "joblib", "vitrify", "vitrify-mmap")
TREES = (100, 1_000, 10_000, 100_000)
WORDS = (10_000, 100_000, 1_000_000, 10_000_000)
GIGABYTES = (0.1, 0.3, 1.0, 2.0, 4.0, 8.0)
_BUDGET_S = 1.0
_PER_ARRAY = 2.5
"""An array lies in memory and in the cache of its file, and something must be left."""


def add_options(parser: argparse.ArgumentParser) -> None:
    """How far each family grows."""
    parser.add_argument("--trees", type=positive_int, default=TREES[-1], help=f"most of {TREES} (default: {TREES[-1]})")
    parser.add_argument("--words", type=positive_int, default=WORDS[-1], help=f"most of {WORDS} (default: {WORDS[-1]})")
    parser.add_argument("--largest", type=positive, default=GIGABYTES[-1], help=f"largest array, in GB, of {GIGABYTES}")
    common(parser, repeat=2, tools=[tool.name for tool in TOOLS])


def run(options: argparse.Namespace) -> Results:
    """Measure all families."""
    known = {tool.name: tool for tool in TOOLS}
    asked = {tool.name for tool in chosen(options.tools, known, TOOLS)} | {REFERENCE}
    tools = [tool for tool in TOOLS if tool.name in asked]
    modelled = [tool for tool in tools if tool.name != "vitrify-mmap"]
    trees = [count for count in TREES if count <= options.trees]
    counted = [count for count in WORDS if count <= options.words]
    sizes = [size for size in GIGABYTES if size <= options.largest and size * 1e9 * _PER_ARRAY <= free_bytes()]
    n_models = (len(trees) + len(counted)) * len(modelled) * len(SAVE_AND_LOAD)
    progress = Progress("growth", (n_models + len(sizes) * len(tools) * len(ARRAY_ACTIONS)) * options.repeat)
    cells: list[Cell] = []
    for family, counts in (("trees", trees), ("words", counted)):
        for count in counts:
            cells += measure_count(family, count, modelled, options, progress)
    for size in sizes:
        found = measure_array(f"arrays {size:g}", "noise", size * 1e9, tools, options, progress)
        cells += [sized(cell, size) for cell in found]
    return Results(
        environment=environment(),
        command=command("growth", options, ("trees", "words", "largest", "tools", "repeat", "limit")),
        reference=REFERENCE,
        scale=1.0,
        titles={"trees": SIZED["trees"].title, "words": SIZED["words"].title, "arrays": "A float64 array of noise"},
        labels={name: TOOL_BY_NAME[name].label for name in known},
        cells=tuple(cells),
    )


def measure_count(
    family: str, count: int, tools: Sequence[Tool], options: argparse.Namespace, progress: Progress
) -> list[Cell]:
    """Every tool's figures for one model of this many trees or words."""
    plan = Plan(
        recipes=[SIZED[family]],
        tools=tools,
        repeat=options.repeat,
        scale=float(count),
        limit_s=options.limit,
        actions=SAVE_AND_LOAD,
        budget_s=_BUDGET_S,
    )
    return [sized(cell, count) for cell in measure_model(SIZED[family], plan, progress, f"{family} {count}")]


def sized(cell: Cell, size: float) -> Cell:
    """The cell, with its size among the samples, and one name for loads after the first of a process."""
    samples = {("load_s" if name == "load_warm_s" else name): values for name, values in cell.samples.items()}
    return dataclasses.replace(cell, samples={**samples, "size": (float(size),)})


def free_bytes() -> float:
    """The memory that the system could give now; without limit where it does not tell."""
    try:
        with open("/proc/meminfo", encoding="ascii") as file:
            line = next(line for line in file if line.startswith("MemAvailable"))
        return int(line.split()[1]) * 1024.0
    except (OSError, StopIteration):
        return float(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")) if hasattr(os, "sysconf") else 0.0
