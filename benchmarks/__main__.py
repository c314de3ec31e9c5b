"""The command line: choose models and tools, measure, print the report, write it where asked."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TypeVar

from benchmarks.figures import Cell
from benchmarks.machine import environment
from benchmarks.measure import Plan, Tell, measure_model
from benchmarks.report import Results, render
from benchmarks.tools import REFERENCE, TOOL_BY_NAME, TOOLS, Tool
from benchmarks.zoo import RECIPES, ZOO, Recipe

Named = TypeVar("Named", Recipe, Tool)
DEFAULT_OUT = Path("docs/benchmark.md")


def parser() -> argparse.ArgumentParser:
    """The options, with their defaults."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description="Measure vitrify beside pickle, joblib, cloudpickle and skops.",
    )
    parser.add_argument("--models", metavar="A,B", help=f"of {', '.join(ZOO)} (default: all)")
    names = ", ".join(tool.name + (" (slow)" if tool.slow else "") for tool in TOOLS)
    parser.add_argument("--tools", metavar="A,B", help=f"of {names} (default: all but the slow)")
    parser.add_argument("--slow", action="store_true", help="add the slow tools")
    parser.add_argument("--repeat", type=positive_int, default=5, help="processes per figure (default: 5)")
    parser.add_argument("--scale", type=positive, default=1.0, help="shrink the models for a smoke run")
    parser.add_argument("--limit", type=positive, default=300.0, help="seconds that one process may take")
    parser.add_argument(
        "--out",
        type=Path,
        help=f"Markdown file (default: {DEFAULT_OUT} for all models at scale 1, else none)",
    )
    parser.add_argument("--json", type=Path, help="file for every raw sample")
    return parser


def positive(text: str) -> float:
    """A number above zero.

    Raises:
        ArgumentTypeError: it is not.
    """
    value = float(text)
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"needs a number above zero, found {text}")
    return value


def positive_int(text: str) -> int:
    """A whole number of at least one.

    Raises:
        ArgumentTypeError: it is not.
    """
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"needs at least 1, found {text}")
    return value


def chosen(text: str | None, known: Mapping[str, Named], default: Sequence[Named]) -> list[Named]:
    """The named values, in the order in which they are known.

    Raises:
        SystemExit: a name is not known.
    """
    if text is None:
        return list(default)
    names = {name.strip() for name in text.split(",") if name.strip()}
    unknown = sorted(names - known.keys())
    if unknown or not names:
        found = ", ".join(unknown) or "none given"
        print(f"unknown name: {found}; known: {', '.join(known)}", file=sys.stderr)
        raise SystemExit(2)
    return [value for name, value in known.items() if name in names]


def chosen_tools(options: argparse.Namespace) -> list[Tool]:
    """The tools to run; the one that ratios divide by is always among them."""
    named = chosen(options.tools, TOOL_BY_NAME, [tool for tool in TOOLS if not tool.slow])
    wanted = {tool.name for tool in named} | {REFERENCE}
    if options.slow:
        wanted |= {tool.name for tool in TOOLS if tool.slow}
    return [tool for tool in TOOLS if tool.name in wanted]


def command(options: argparse.Namespace) -> str:
    """The command that gives the same figures again; where the report goes is left out."""
    words = ["python -m benchmarks"]
    words += [f"--{name} {value}" for name in ("models", "tools") if (value := getattr(options, name))]
    words += ["--slow"] if options.slow else []
    words += [f"--repeat {options.repeat}", f"--scale {options.scale:g}", f"--limit {options.limit:g}"]
    return " ".join(words)


def progress(prefix: str) -> Tell:
    """A function that prints one line on stderr, after `prefix`."""

    def tell(line: str) -> None:
        print(f"{prefix}: {line}", file=sys.stderr, flush=True)

    return tell


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, write; the files after every model, so that a stopped run keeps its results."""
    options = parser().parse_args(arguments)
    recipes = chosen(options.models, ZOO, RECIPES)
    tools = chosen_tools(options)
    plan = Plan(
        recipes=recipes,
        tools=tools,
        repeat=options.repeat,
        scale=options.scale,
        limit_s=options.limit,
    )
    complete = len(recipes) == len(RECIPES) and options.scale == 1
    out: Path | None = options.out or (DEFAULT_OUT if complete else None)
    facts = environment()
    cells: list[Cell] = []
    text = ""
    for index, recipe in enumerate(recipes, start=1):
        cells += measure_model(recipe, plan, progress(f"[{index}/{len(recipes)}] {recipe.name}"))
        results = Results(
            environment=facts,
            command=command(options),
            reference=REFERENCE,
            scale=options.scale,
            titles={each.name: each.title for each in recipes},
            labels={tool.name: tool.label for tool in tools},
            cells=tuple(cells),
        )
        text = render(results)
        for path, content in ((out, text), (options.json, results.as_json())):
            if path is not None:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(content, encoding="utf-8")
    print(text, end="")
    return 0


if __name__ == "__main__":
    sys.exit(main())
