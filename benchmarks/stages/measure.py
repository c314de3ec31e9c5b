"""`python -m benchmarks stages`: where the time of a save and of a load goes, model by model."""

from __future__ import annotations

import argparse

from benchmarks.figures import Cell
from benchmarks.machine import environment
from benchmarks.measure import Plan, measure_model
from benchmarks.options import budget, chosen, command, common, positive
from benchmarks.progress import Progress
from benchmarks.results import Results
from benchmarks.tools import REFERENCE, tools_named
from benchmarks.zoo import RECIPES, ZOO

ACTIONS = ("stages.save", "stages.load")
TOOLS = tools_named(REFERENCE, "vitrify", "vitrify-compress")


def add_options(parser: argparse.ArgumentParser) -> None:
    """Which models, and how large."""
    parser.add_argument("--models", metavar="A,B", help=f"of {', '.join(ZOO)} (default: all)")
    parser.add_argument("--scale", type=positive, default=1.0, help="shrinks the models for a smoke run")
    budget(parser)
    common(parser, repeat=2, tools=[tool.name for tool in TOOLS])


def run(options: argparse.Namespace) -> Results:
    """Measure all models."""
    known = {tool.name: tool for tool in TOOLS}
    asked = {tool.name for tool in chosen(options.tools, known, TOOLS)} | {REFERENCE}
    tools = [tool for tool in TOOLS if tool.name in asked]
    recipes = chosen(options.models, ZOO, RECIPES)
    plan = Plan(
        recipes=recipes,
        tools=tools,
        repeat=options.repeat,
        scale=options.scale,
        limit_s=options.limit,
        actions=ACTIONS,
        budget_s=options.budget,
    )
    progress = Progress("stages", plan.n_runs)
    cells: list[Cell] = []
    for recipe in recipes:
        cells += measure_model(recipe, plan, progress)
    return Results(
        environment=environment(),
        command=command("stages", options, ("models", "scale", "tools", "repeat", "budget", "limit")),
        reference=REFERENCE,
        scale=options.scale,
        titles={each.name: each.title for each in recipes},
        labels={tool.name: tool.label for tool in tools},
        cells=tuple(cells),
    )
