"""`python -m benchmarks cold`: some models of the zoo from a cold cache, onto the disk, and on one core."""

from __future__ import annotations

import argparse

from benchmarks.modelwise import measured, planned
from benchmarks.options import common, positive
from benchmarks.results import Results
from benchmarks.tools import tools_named
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
    recipes = [ZOO[name] for name in DEFAULT_MODELS]
    return measured("cold", options, planned(options, actions=ACTIONS, tools=TOOLS, recipes=recipes))
