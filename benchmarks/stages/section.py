"""What the page says of stages and floors."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from benchmarks.figures import Board, geomean
from benchmarks.layout import NOTHING, factor, number, table
from benchmarks.results import Results

Figures = Mapping[str, float]
Column = tuple[Callable[[float], str], Callable[[Figures, Figures], float]]
"""How a column shows its values, and the value: of the figures of a tool, and of those of pickle 5."""


def section(results: Results) -> list[str]:
    """A table for loads and one for saves."""
    board = Board(results.cells, results.reference)
    return [
        "Milliseconds in a warm process; × is what stands before it ÷ the whole time of pickle 5.",
        "The stages were timed one by one, so their sum is not quite the whole.",
        "*Calls* is how many functions Python calls meanwhile, compiled ones too: a count and no time.",
        "Small models take what those calls take, some tenths of a microsecond each.",
        "Some are made once for each type of a model, others for each of its arrays of 4 KiB or more.",
        "So pickle is faster for forests of many trees of 10 to 100 kB each: `make demo` saves one, and says how far.",
        "",
        "### Load",
        "",
        "- *floor*: read the file in one go, digest it, from 1 MiB on all cores, and do nothing else.",
        "- *best*: the floor, then the objects as fast as pickle's compiled code makes them, with nothing to check.",
        "- *container*: open the file, read and compare every block, decode those that are encoded.",
        "- *checks*: the content checks of types, which predictions rely on.",
        "- *objects*: the rest, in which the graph is read and the objects are made.",
        "",
        "Big arrays come close to the floor: what proves its bytes cannot be faster than that.",
        "Small models are far from it, for every table, column and type is checked once, however few rows it has.",
        "pickle builds while it reads, in compiled code, and checks nothing.",
        "Many objects of one shape are made a table at a time, which can be faster than *best*.",
        "",
        *rows(board, results, "load_s", LOAD),
        "",
        "### Save",
        "",
        "- *floor*: digest the same bytes likewise, write them to a free path, and do nothing else.",
        "- *best*: the floor, and before it the objects as fast as pickle's compiled code takes them apart.",
        "- *graph*: walk through the model's objects, collect their arrays and columns.",
        "- *writing*: the rest: codecs, digests, the file.",
        "",
        *rows(board, results, "save_s", SAVE),
        "",
    ]


def ms(value: float) -> str:
    """Seconds as milliseconds; what was timed apart may leave less than nothing."""
    return number(1e3 * max(0.0, value))


LOAD: Mapping[str, Column] = {
    "vitrify": (ms, lambda own, pickle: own["load_s"]),
    "×": (factor, lambda own, pickle: own["load_s"] / pickle["load_s"]),
    "floor": (ms, lambda own, pickle: own["bytes_s"]),
    "floor ×": (factor, lambda own, pickle: own["bytes_s"] / pickle["load_s"]),
    "best ×": (factor, lambda own, pickle: (own["bytes_s"] + pickle["made_s"]) / pickle["load_s"]),
    "container": (ms, lambda own, pickle: own["container_s"]),
    "checks": (ms, lambda own, pickle: own["checks_s"]),
    "checks ×": (factor, lambda own, pickle: own["checks_s"] / pickle["load_s"]),
    "objects": (ms, lambda own, pickle: own["load_s"] - own["container_s"] - own["checks_s"]),
    "calls": (number, lambda own, pickle: own["load_calls"]),
}
SAVE: Mapping[str, Column] = {
    "vitrify": (ms, lambda own, pickle: own["save_s"]),
    "×": (factor, lambda own, pickle: own["save_s"] / pickle["save_s"]),
    "floor": (ms, lambda own, pickle: own["written_s"]),
    "floor ×": (factor, lambda own, pickle: own["written_s"] / pickle["save_s"]),
    "best ×": (factor, lambda own, pickle: (own["written_s"] + pickle["taken_s"]) / pickle["save_s"]),
    "graph": (ms, lambda own, pickle: own["graph_s"]),
    "writing": (ms, lambda own, pickle: own["save_s"] - own["graph_s"]),
    "calls": (number, lambda own, pickle: own["save_calls"]),
}


def medians(board: Board, model: str, tool: str) -> Figures:
    """All figures that there are of a tool."""
    cell = board.cells.get((model, tool))
    return {} if cell is None else {name: board.median(model, tool, name) or 0.0 for name in cell.samples}


def rows(board: Board, results: Results, whole: str, columns: Mapping[str, Column]) -> list[str]:
    """A row for each model and tool, dashes where something was not measured; then the mean of each tool's ratios."""
    lines: list[list[str]] = []
    found: dict[str, list[list[float]]] = {tool: [] for tool in board.tools if tool != results.reference}
    for model in board.models:
        pickled = medians(board, model, results.reference)
        for tool, values in found.items():
            own = medians(board, model, tool)
            start = [model, results.labels[tool], ms(pickled[whole]) if whole in pickled else NOTHING]
            if whole not in pickled or whole not in own:
                lines.append([*start, *[NOTHING] * len(columns)])
                continue
            values.append([value(own, pickled) for _, value in columns.values()])
            lines.append(
                [*start, *[shown(value) for (shown, _), value in zip(columns.values(), values[-1], strict=True)]]
            )
    for tool, values in found.items():
        means = [
            factor(geomean(column)) if shown is factor and min(column) > 0 else NOTHING
            for (shown, _), column in zip(columns.values(), zip(*values, strict=True), strict=bool(values))
        ]
        lines += [["*geometric mean*", results.labels[tool], NOTHING, *means]] if values else []
    return table(["model", "tool", "pickle 5", *columns], lines)
