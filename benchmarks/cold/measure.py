"""`python -m benchmarks cold`: some models of the zoo from a cold cache, onto the disk, and on one core."""

from __future__ import annotations

import argparse

from benchmarks.figures import Cell
from benchmarks.machine import environment
from benchmarks.measure import Plan, measure_model
from benchmarks.options import chosen, command, common, positive
from benchmarks.progress import Progress
from benchmarks.results import Results
from benchmarks.tools import REFERENCE, tools_named
from benchmarks.zoo import ZOO

ACTIONS = ("cold.save", "cold.load", "cold.load_cold", "cold.save_one", "cold.load_one")
TOOLS = tools_named("pickle", "joblib", "joblib-zlib", "vitrify", "vitrify-mmap", "vitrify-compress")
DEFAULT_MODELS = ("forest", "text", "neighbours-brute")


def add_options(parser: argparse.ArgumentParser) -> None:
    """Which models, and how large."""
    parser.add_argument("--models", metavar="A,B", help=f"of {', '.join(ZOO)} (default: {', '.join(DEFAULT_MODELS)})")
    parser.add_argument("--scale", type=positive, default=1.0, help="shrinks the models for a smoke run")
    common(parser, repeat=3, tools=[tool.name for tool in TOOLS])


def run(options: argparse.Namespace) -> Results:
    """Measure all models."""
    known = {tool.name: tool for tool in TOOLS}
    asked = {tool.name for tool in chosen(options.tools, known, TOOLS)} | {REFERENCE}
    tools = [tool for tool in TOOLS if tool.name in asked]
    recipes = chosen(options.models, ZOO, [ZOO[name] for name in DEFAULT_MODELS])
    plan = Plan(
        recipes=recipes,
        tools=tools,
        repeat=options.repeat,
        scale=options.scale,
        limit_s=options.limit,
        actions=ACTIONS,
    )
    progress = Progress("cold", plan.n_runs)
    cells: list[Cell] = []
    for recipe in recipes:
        cells += measure_model(recipe, plan, progress)
    return Results(
        environment=environment(),
        command=command("cold", options, ("models", "scale", "tools", "repeat", "limit")),
        reference=REFERENCE,
        scale=options.scale,
        titles={each.name: each.title for each in recipes},
        labels={tool.name: tool.label for tool in tools},
        cells=tuple(cells),
    )
