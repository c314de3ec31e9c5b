"""What the page says of growth: one picture and one table for each family."""

from __future__ import annotations

from collections.abc import Mapping

from benchmarks.figures import Board, exponent
from benchmarks.layout import NOTHING, number, table
from benchmarks.plots import Curve, Panel, draw
from benchmarks.results import Results
from benchmarks.winners import winners

FAMILIES: Mapping[str, tuple[str, str]] = {
    "trees": ("trees", "Trees of an ensemble"),
    "words": ("words", "Words of a vocabulary"),
    "arrays": ("GB", "Bytes of an array"),
}
METRICS: Mapping[str, tuple[str, str, float]] = {
    "save_s": ("save", "s", 1.0),
    "load_s": ("load", "s", 1.0),
    "file_bytes": ("size", "MB", 1e6),
}
NAMES = {metric: name for metric, (name, _, _) in METRICS.items()}


def section(results: Results) -> list[str]:
    """All families that were measured."""
    board = Board(results.cells, results.reference)
    lines = [
        "Both axes are logarithmic, and the dashed line through pickle's largest point has slope 1.",
        "Whatever runs along it, or beside it, doubles when the size doubles.",
        "Seconds and MB are those of the largest size.",
        "The exponent is the slope of the straight line nearest to all points; *last* is that between the two largest.",
        "Below 1 at the beginning is what every call costs, however small the model is.",
        "Loads are those after the first of a process, so that late imports do not count.",
        "",
    ]
    for family, (unit, title) in FAMILIES.items():
        models = cases(board, family)
        if not models:
            continue
        lines += [f"### {title}", "", f"{results.titles[family]}.", ""]
        lines += [f"![{title}: save, load and size by number of {unit}](benchmark/growth-{family}.svg)", ""]
        lines += [*exponents(board, family, results), ""]
        lines += [*winners(board, results, NAMES, models[-1:]), ""]
    return lines


def pictures(results: Results) -> dict[str, str]:
    """File name → SVG."""
    board = Board(results.cells, results.reference)
    return {f"growth-{family}.svg": picture(board, family, results) for family in FAMILIES if cases(board, family)}


def picture(board: Board, family: str, results: Results) -> str:
    """Three panels: seconds to save and to load, and bytes."""
    unit, title = FAMILIES[family]
    panels = []
    for metric, (name, shown, divisor) in METRICS.items():
        curves = [
            Curve(label=results.labels[tool], points=tuple((size, value / divisor) for size, value in found))
            for tool in board.tools
            if (found := points(board, family, tool, metric))
        ]
        panels.append(Panel(title=f"{name}, {shown}", across=unit, curves=tuple(curves)))
    return draw(title, panels)


def cases(board: Board, family: str) -> list[str]:
    """The cases of a family, from small to large."""
    return [model for model in board.models if model.split()[0] == family]


def points(board: Board, family: str, tool: str, metric: str) -> list[tuple[float, float]]:
    """Size and median of every case that the tool finished."""
    found = []
    for model in cases(board, family):
        size, value = board.median(model, tool, "size"), board.median(model, tool, metric)
        if size is not None and value is not None:
            found.append((size, value))
    return found


def exponents(board: Board, family: str, results: Results) -> list[str]:
    """The fitted exponents of every tool, after its figures for the largest size."""
    header = ["tool", "sizes"]
    header += [text for name, unit, _ in METRICS.values() for text in (f"{name} {unit}", "exponent", "last")]
    rows = []
    for tool in board.tools:
        every = {metric: points(board, family, tool, metric) for metric in METRICS}
        if not any(every.values()):
            continue
        row = [results.labels[tool], str(max(len(found) for found in every.values()))]
        for metric, found in every.items():
            largest = number(found[-1][1] / METRICS[metric][2]) if found else NOTHING
            row += [largest, slope(found), slope(found[-2:])]
        rows.append(row)
    return table(header, rows)


def slope(found: list[tuple[float, float]]) -> str:
    """An exponent with two digits, or a dash."""
    fitted = exponent(found)
    return NOTHING if fitted is None else f"{fitted:.2f}"
