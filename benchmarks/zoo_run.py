"""`python -m benchmarks zoo`, or without a kind: every tool on every model of the zoo."""

from __future__ import annotations

import argparse

from benchmarks.figures import Cell
from benchmarks.machine import environment
from benchmarks.measure import Plan, measure_model
from benchmarks.options import budget, chosen, command, common, positive
from benchmarks.progress import Progress
from benchmarks.results import Results, write_text
from benchmarks.tools import REFERENCE, TOOL_BY_NAME, TOOLS, Tool
from benchmarks.zoo import RECIPES, ZOO


def add_options(parser: argparse.ArgumentParser) -> None:
    """Which models and tools, and how large."""
    names = ", ".join(tool.name + (" (extra)" if tool.extra else "") for tool in TOOLS)
    parser.add_argument("--models", metavar="A,B", help=f"of {', '.join(ZOO)} (default: all)")
    parser.add_argument("--tools", metavar="A,B", help=f"of {names} (default: all but the extra)")
    parser.add_argument("--extra", action="store_true", help="add the extra tools")
    parser.add_argument("--scale", type=positive, default=1.0, help="shrink the models for a smoke run")
    budget(parser)
    common(parser, repeat=5)


def chosen_tools(options: argparse.Namespace) -> list[Tool]:
    """The tools to run; the one that ratios divide by is always among them."""
    named = chosen(options.tools, TOOL_BY_NAME, [tool for tool in TOOLS if not tool.extra])
    wanted = {tool.name for tool in named} | {REFERENCE}
    if options.extra:
        wanted |= {tool.name for tool in TOOLS if tool.extra}
    return [tool for tool in TOOLS if tool.name in wanted]


def run(options: argparse.Namespace) -> Results:
    """Measure all models; results are written after each, so that a stopped run keeps what it has."""
    recipes = chosen(options.models, ZOO, RECIPES)
    tools = chosen_tools(options)
    plan = Plan(
        recipes=recipes,
        tools=tools,
        repeat=options.repeat,
        scale=options.scale,
        limit_s=options.limit,
        budget_s=options.budget,
    )
    progress = Progress("zoo", plan.n_runs)
    facts = environment()
    cells: list[Cell] = []

    def results() -> Results:
        return Results(
            environment=facts,
            command=command("", options, ("models", "tools", "extra", "repeat", "budget", "scale", "limit")),
            reference=REFERENCE,
            scale=options.scale,
            titles={each.name: each.title for each in recipes},
            labels={tool.name: tool.label for tool in tools},
            cells=tuple(cells),
        )

    for recipe in recipes:
        cells += measure_model(recipe, plan, progress)
        write_text(options.into / "zoo.json", results().as_json())
    return results()
