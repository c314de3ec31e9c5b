"""`python -m benchmarks arrays`: a big array of each content, saved and loaded by each tool in turn."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from benchmarks.arrays.tools import BARE, CONTENTS, tool_named
from benchmarks.figures import Cell
from benchmarks.machine import environment
from benchmarks.measure import BUILD_LIMIT_S, ChildError, failed, measure_case, run_child, scratch_folder
from benchmarks.options import chosen, command, common, positive
from benchmarks.progress import Progress
from benchmarks.results import Results
from benchmarks.tools import Tool

ACTIONS = ("arrays.save", "arrays.load")
TITLES = {"noise": "Normal noise, which hardly compresses", "rounded": "The same rounded to two decimals"}
_NAMES = tuple(dict.fromkeys(name for names in CONTENTS.values() for name in names))


def add_options(parser: argparse.ArgumentParser) -> None:
    """How large the array is."""
    parser.add_argument("--gigabytes", type=positive, default=1.0, help="size of the array (default: 1)")
    common(parser, repeat=3, tools=_NAMES)


def run(options: argparse.Namespace) -> Results:
    """Measure all contents."""
    known = {name: tool_named(name) for name in _NAMES}
    asked = {tool.name for tool in chosen(options.tools, known, list(known.values()))} | {BARE.name}
    plan = {content: [known[name] for name in names if name in asked] for content, names in CONTENTS.items()}
    progress = Progress("arrays", sum(len(tools) for tools in plan.values()) * len(ACTIONS) * options.repeat)
    cells: list[Cell] = []
    for content, tools in plan.items():
        cells += measure_array(content, content, options.gigabytes * 1e9, tools, options, progress)
    return Results(
        environment=environment(),
        command=command("arrays", options, ("gigabytes", "tools", "repeat", "limit")),
        reference=BARE.name,
        scale=options.gigabytes,
        titles=TITLES,
        labels={name: tool.label for name, tool in known.items()},
        cells=tuple(cells),
    )


def measure_array(
    case: str,
    content: str,
    n_bytes: float,
    tools: Sequence[Tool],
    options: argparse.Namespace,
    progress: Progress,
) -> tuple[Cell, ...]:
    """Every tool's figures for one array, which is made for it and removed after it."""
    with scratch_folder() as folder:
        progress.note(f"{case}: make {n_bytes / 1e9:g} GB")
        order = {"raw": str(folder / "raw"), "n_bytes": int(n_bytes), "content": content, "modules": ()}
        try:
            run_child({**order, "action": "arrays.make"}, BUILD_LIMIT_S)
        except ChildError as error:
            return failed(case, tools, "make", error)
        return measure_case(
            case,
            tools,
            ACTIONS,
            folder,
            order,
            repeat=options.repeat,
            limit_s=options.limit,
            progress=progress,
        )
