"""`python -m benchmarks compression`: the zoo once more, saved small by the tools that can."""

from __future__ import annotations

import argparse

from benchmarks.figures import METRICS, Board
from benchmarks.layout import NOTHING, extra_megabytes, factor, megabytes, milliseconds, table
from benchmarks.measure import MEMORY, SAVE_AND_LOAD
from benchmarks.modelwise import measured, planned
from benchmarks.options import budget, common, positive
from benchmarks.results import Results
from benchmarks.tools import tools_named
from benchmarks.winners import winners
from benchmarks.zoo import RECIPES, ZOO

TOOLS = tools_named("pickle", "joblib-zlib", "joblib-xz", "vitrify-compress", "vitrify-max")
RIVALS = ("joblib-zlib", "joblib-xz")
SHOWN = {name: METRICS[name] for name in ("file_bytes", "save_s", "load_fresh_s", "load_warm_s")}
LEAST_BYTES = 100_000.0
LEFT_OUT = ("neighbours-brute", "network")
"""Half a gigabyte of noise each, for which xz takes minutes; `arrays` compresses noise."""


def add_options(parser: argparse.ArgumentParser) -> None:
    """Which models, and how large."""
    parser.add_argument("--models", metavar="A,B", help=f"of {', '.join(ZOO)} (default: all but {', '.join(LEFT_OUT)})")
    parser.add_argument("--scale", type=positive, default=1.0, help="shrinks the models for a smoke run")
    budget(parser)
    common(parser, repeat=2, tools=[tool.name for tool in TOOLS])


def run(options: argparse.Namespace) -> Results:
    """Measure all models."""
    recipes = [each for each in RECIPES if each.name not in LEFT_OUT]
    actions = (*SAVE_AND_LOAD, *MEMORY)
    return measured("compression", options, planned(options, actions=actions, tools=TOOLS, recipes=recipes))


def section(results: Results) -> list[str]:
    """The ratios to joblib's two, and one table for all models."""
    board = Board(results.cells, results.reference)
    models = board.larger_than(LEAST_BYTES)
    lines = [
        f"Geometric means over the {len(models)} models whose pickle is larger than 100 kB.",
        "Below 1 is smaller or faster.",
        "",
    ]
    if has_memory(board):
        told = "*+MB* is how far memory rises above what the process holds before a save, or after a load by pickle."
        lines[-1:] = [told, ""]
    if missing := [name for name in LEFT_OUT if name not in board.models]:
        lines[-1:] = [f"Left out, as xz takes minutes for their noise: {', '.join(missing)}.", ""]
    for rival in RIVALS:
        if rival in board.tools:
            lines += [f"### Ratios to {results.labels[rival]}", "", *ratios(board, results, rival, models), ""]
    lines += ["### Model by model", "", *by_model(board, results), ""]
    return [*lines, *winners(board, results, SHOWN, models), ""]


def has_memory(board: Board) -> bool:
    """Whether memory was measured: results of older runs have none."""
    return any(board.model_bytes(model) is not None for model in board.models)


def ratios(board: Board, results: Results, rival: str, models: tuple[str, ...]) -> list[str]:
    """Geometric mean and worst model of every tool, against one."""
    rows = []
    for tool in board.tools:
        if tool in (rival, results.reference):
            continue
        found = {metric: board.summary(tool, metric, rival, models=models) for metric in SHOWN}
        n_models = min((each.n_models for each in found.values() if each), default=0)
        means = [NOTHING if each is None else factor(each.geomean) for each in found.values()]
        size = found["file_bytes"]
        largest = NOTHING if size is None else f"{factor(size.worst.ratio)} {size.worst.model}"
        rows.append([results.labels[tool], f"{n_models} of {len(models)}", *means, largest])
    return table(["tool", "models", *SHOWN.values(), "largest size"], rows)


def by_model(board: Board, results: Results) -> list[str]:
    """Size, times and memory of every tool on every model."""
    rows = []
    is_measured = has_memory(board)
    for model in board.models:
        for tool in board.tools:
            if (model, tool) not in board.cells:
                continue
            size = board.ratio(model, tool, "file_bytes")
            times = [milliseconds(board.spread(model, tool, metric)) for metric in list(SHOWN)[1:]]
            shown = megabytes(board.median(model, tool, "file_bytes"))
            extra = map(extra_megabytes, (board.save_extra_bytes(model, tool), board.load_extra_bytes(model, tool)))
            row = [model, results.labels[tool], shown, factor(size.ratio if size else None), *times]
            rows.append([*row, *extra] if is_measured else row)
    header = ["model", "tool", "size MB", "÷ pickle 5", *(f"{SHOWN[metric]} ms" for metric in list(SHOWN)[1:])]
    return table([*header, "save +MB", "load +MB"] if is_measured else header, rows)
