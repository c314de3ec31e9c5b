"""`python -m benchmarks workers`: several processes predict with one model, started in three ways."""

from __future__ import annotations

import argparse

from benchmarks.figures import Cell
from benchmarks.machine import environment
from benchmarks.measure import ChildError, Tally, cached_model, failed, measure_action, scratch_folder
from benchmarks.options import chosen, command, common, positive, positive_int
from benchmarks.progress import Progress
from benchmarks.results import Results
from benchmarks.sized import SIZED
from benchmarks.tools import Tool, tools_named
from benchmarks.workers.worker import NOTHING
from benchmarks.zoo import ZOO


def _nothing(*_: object) -> None:
    """Neither saved nor loaded."""


NO_MODEL = Tool(name=NOTHING, label="no model", modules=(), dump=_nothing, load=_nothing)
"""What the interpreters and libraries hold by themselves: what nobody can save."""

TOOLS = (NO_MODEL, *tools_named("pickle", "joblib-mmap", "vitrify", "vitrify-mmap"))
KINDS = {
    "array": [tool.name for tool in TOOLS],
    "forest": [NOTHING, "pickle", "joblib", "vitrify"],
}
CASES = {
    "array-spawn": "A model of arrays; each worker is a fresh interpreter that loads the file",
    "array-loky": "A model of arrays; each worker is one of `joblib.Parallel` and loads the file",
    "array-fork": "A model of arrays; one process loads it and forks the workers",
    "forest-fork": "A forest; one process loads it and forks the workers",
}


def add_options(parser: argparse.ArgumentParser) -> None:
    """How many workers, and how large the models are."""
    parser.add_argument("--workers", type=positive_int, default=8, help="how many (default: 8)")
    parser.add_argument("--megabytes", type=positive, default=500.0, help="of the model of arrays (default: 500)")
    parser.add_argument("--scale", type=positive, default=1.0, help="shrinks the forest for a smoke run")
    parser.add_argument("--cases", metavar="A,B", help=f"of {', '.join(CASES)} (default: all)")
    common(parser, repeat=3, tools=[tool.name for tool in (*TOOLS, *tools_named("joblib"))])


def run(options: argparse.Namespace) -> Results:
    """Measure all ways; the memory of processes is only known on Linux."""
    known = {tool.name: tool for tool in (*TOOLS, *tools_named("joblib"))}
    asked = {tool.name for tool in chosen(options.tools, known, list(known.values()))} | {"pickle", NOTHING}
    named = {case: case for case in CASES}
    cases = [case.split("-") for case in chosen(options.cases, named, list(CASES))]
    ways = {kind: [way for its, way in cases if its == kind] for kind, _ in cases}
    tools = {kind: [known[name] for name in KINDS[kind] if name in asked] for kind in ways}
    progress = Progress("workers", sum(len(tools[kind]) * (1 + len(ways[kind]) * options.repeat) for kind in ways))
    cells: list[Cell] = []
    for kind, own in ways.items():
        cells += measure_ways(kind, own, tools[kind], options, progress)
    return Results(
        environment=environment(),
        command=command("workers", options, ("cases", "workers", "megabytes", "scale", "tools", "repeat", "limit")),
        reference="pickle",
        scale=options.scale,
        titles={**CASES, "workers": str(options.workers)},
        labels={name: tool.label for name, tool in known.items()},
        cells=tuple(cells),
    )


def measure_ways(
    kind: str, ways: list[str], tools: list[Tool], options: argparse.Namespace, progress: Progress
) -> list[Cell]:
    """Every tool's figures for one model, started in each of these ways; each tool's file is written once."""
    recipe, scale = (SIZED["coefficients"], options.megabytes) if kind == "array" else (ZOO["forest"], options.scale)
    try:
        model, row = cached_model(recipe, scale, progress.note)
    except ChildError as error:
        return [cell for way in ways for cell in failed(f"{kind}-{way}", tools, "train", error)]
    order = {"model": str(model), "row": str(row), "modules": recipe.modules, "n_workers": options.workers}
    cells: list[Cell] = []
    with scratch_folder() as folder:
        files = [Tally(tool=tool, file=folder / f"{tool.name}.model") for tool in tools]
        measure_action("workers.save", 1, files, order, options.limit, progress)
        for way in ways:
            progress.note(f"{kind}-{way}:")
            tallies = [
                Tally(tool=each.tool, file=each.file, samples=dict(each.samples), errors=dict(each.errors))
                for each in files
            ]
            measure_action("workers.run", options.repeat, tallies, {**order, "way": way}, options.limit, progress)
            cells += [tally.cell(f"{kind}-{way}") for tally in tallies]
    return cells
