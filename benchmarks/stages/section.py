"""What the page says of stages and floors."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from benchmarks.figures import Board
from benchmarks.layout import NOTHING, factor, number, table
from benchmarks.results import Results

Figures = Mapping[str, float]
Column = Callable[[Figures, float], str]
"""What stands in a column: of the figures of a tool, and the time of pickle 5."""


def section(results: Results) -> list[str]:
    """A table for loads and one for saves."""
    board = Board(results.cells, results.reference)
    return [
        "Milliseconds in a warm process; × is what stands before it ÷ the whole time of pickle 5.",
        "The stages were timed one by one, so their sum is not quite the whole.",
        "",
        "### Load",
        "",
        "- *floor*: read the file in one go, digest it on all cores, and do nothing else.",
        "- *container*: open the file, read and compare every block, decode those that are encoded.",
        "- *checks*: the content checks of types, which predictions rely on.",
        "- *objects*: the rest, in which the graph is read and the objects are made.",
        "",
        *rows(board, results, "load_s", LOAD),
        "",
        "### Save",
        "",
        "- *floor*: digest the same bytes on all cores, write them to a free path, and do nothing else.",
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
    "vitrify": lambda own, pickled: ms(own["load_s"]),
    "×": lambda own, pickled: factor(own["load_s"] / pickled),
    "floor": lambda own, pickled: ms(own["bytes_s"]),
    "floor ×": lambda own, pickled: factor(own["bytes_s"] / pickled),
    "container": lambda own, pickled: ms(own["container_s"]),
    "checks": lambda own, pickled: ms(own["checks_s"]),
    "checks ×": lambda own, pickled: factor(own["checks_s"] / pickled),
    "objects": lambda own, pickled: ms(own["load_s"] - own["container_s"] - own["checks_s"]),
}
SAVE: Mapping[str, Column] = {
    "vitrify": lambda own, pickled: ms(own["save_s"]),
    "×": lambda own, pickled: factor(own["save_s"] / pickled),
    "floor": lambda own, pickled: ms(own["written_s"]),
    "floor ×": lambda own, pickled: factor(own["written_s"] / pickled),
    "graph": lambda own, pickled: ms(own["graph_s"]),
    "writing": lambda own, pickled: ms(own["save_s"] - own["graph_s"]),
}


def rows(board: Board, results: Results, whole: str, columns: Mapping[str, Column]) -> list[str]:
    """A row for each model and tool; dashes where something was not measured."""
    lines: list[list[str]] = []
    for model in board.models:
        pickled = board.median(model, results.reference, whole)
        for tool in board.tools:
            if tool == results.reference:
                continue
            own = {name: board.median(model, tool, name) or 0.0 for name in board.cells[model, tool].samples}
            start = [model, results.labels[tool], NOTHING if pickled is None else ms(pickled)]
            if not pickled or whole not in own:
                lines.append([*start, *[NOTHING] * len(columns)])
            else:
                lines.append([*start, *[column(own, pickled) for column in columns.values()]])
    return table(["model", "tool", "pickle 5", *columns], lines)
