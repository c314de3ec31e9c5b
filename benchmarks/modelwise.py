"""Kinds that put models of the zoo through some actions, one after another: what their runs have in common."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from benchmarks.child import SAMPLE_BUDGET_S
from benchmarks.figures import Cell
from benchmarks.machine import environment
from benchmarks.measure import Plan, measure_model
from benchmarks.options import chosen, command
from benchmarks.progress import Progress
from benchmarks.results import Results
from benchmarks.tools import REFERENCE, Tool
from benchmarks.zoo import ZOO, Recipe


def planned(
    options: argparse.Namespace, *, actions: Sequence[str], tools: Sequence[Tool], recipes: Sequence[Recipe]
) -> Plan:
    """What the options ask for; `recipes` without `--models`, and always the tool that ratios divide by."""
    known = {tool.name: tool for tool in tools}
    asked = {tool.name for tool in chosen(options.tools, known, tools)} | {REFERENCE}
    return Plan(
        recipes=chosen(options.models, ZOO, recipes),
        tools=[tool for tool in tools if tool.name in asked],
        repeat=options.repeat,
        scale=options.scale,
        limit_s=options.limit,
        actions=actions,
        budget_s=getattr(options, "budget", SAMPLE_BUDGET_S),
    )


def measured(kind: str, options: argparse.Namespace, plan: Plan) -> Results:
    """Measure all models of a plan."""
    progress = Progress(kind, plan.n_runs)
    cells: list[Cell] = []
    for recipe in plan.recipes:
        cells += measure_model(recipe, plan, progress)
    names = [name for name in ("models", "scale", "tools", "repeat", "budget", "limit") if name in options]
    return Results(
        environment=environment(),
        command=command(kind, options, names),
        reference=REFERENCE,
        scale=options.scale,
        titles={each.name: each.title for each in plan.recipes},
        labels={tool.name: tool.label for tool in plan.tools},
        cells=tuple(cells),
    )
