"""`python -m benchmarks reading`: bytes and seconds to look into a large file, and to get one array of it."""

from __future__ import annotations

import argparse

from benchmarks.figures import Cell
from benchmarks.machine import environment
from benchmarks.measure import Tally, measure_action, scratch_folder
from benchmarks.options import chosen, command, common, positive
from benchmarks.progress import Progress
from benchmarks.reading.tools import LAYERS, LOOKING, ONE_ARRAY, WAYS
from benchmarks.results import Results


def add_options(parser: argparse.ArgumentParser) -> None:
    """How large the file is."""
    parser.add_argument("--megabytes", type=positive, default=500.0, help="of the file (default: 500)")
    common(parser, repeat=3, tools=WAYS)


def run(options: argparse.Namespace) -> Results:
    """Measure all ways."""
    asked = [tool.name for tool in chosen(options.tools, WAYS, list(WAYS.values()))]
    progress = Progress("reading", len(asked) * (1 + options.repeat))
    order = {"n_layers": LAYERS, "layer_bytes": options.megabytes * 1e6 / LAYERS, "modules": ()}
    cells: list[Cell] = []
    with scratch_folder() as folder:
        for case, names in (("one array", ONE_ARRAY), ("contents", LOOKING)):
            tallies = [Tally(tool=WAYS[name], file=folder / f"{name}.model") for name in names if name in asked]
            measure_action("reading.save", 1, tallies, order, options.limit, progress)
            measure_action("reading.read", options.repeat, tallies, order, options.limit, progress)
            cells += [tally.cell(case) for tally in tallies]
    return Results(
        environment=environment(),
        command=command("reading", options, ("megabytes", "tools", "repeat", "limit")),
        reference="pickle-array",
        scale=options.megabytes,
        titles={"layers": str(LAYERS)},
        labels={name: tool.label for name, tool in WAYS.items()},
        cells=tuple(cells),
    )
