"""`python -m benchmarks stages`: where the time of a save and of a load goes, model by model."""

from __future__ import annotations

import argparse

from benchmarks.modelwise import measured, planned
from benchmarks.options import budget, common, positive
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
    return measured("stages", options, planned(options, actions=ACTIONS, tools=TOOLS, recipes=RECIPES))
