"""Measurements → Markdown that is also aligned for a terminal.

It rounds and lays out; every number comes from `benchmarks.figures`. A missing figure is a dash or an error.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from benchmarks.figures import METRICS, Board, Cell, Ratio, Spread

NOTHING = "–"
MEGABYTE = 1e6
NOTEWORTHY_MODEL_BYTES = 10 * MEGABYTE
COLUMNS = ("save_s", "load_warm_s", "load_fresh_s", "start_s", "file_bytes")
TIMES = ("load_warm_s", "load_fresh_s", "save_s")
FELT_S = 1e-3
RIVALS = ("skops", "joblib-xz")
INTRODUCTION = (
    "× is the tool's median ÷ the median of pickle protocol 5 in the same run: below 1 is faster or smaller.",
    "Times are milliseconds, the median of one figure per process, with the lowest and highest in brackets.",
    "What each column means, and what it does not, is written in `benchmarks/README.md`.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Results:
    """One run: where, how, and what was measured. `titles` and `labels` give names their text."""

    environment: Mapping[str, str]
    command: str
    reference: str
    scale: float
    titles: Mapping[str, str]
    labels: Mapping[str, str]
    cells: tuple[Cell, ...]

    def as_json(self) -> str:
        """Everything, raw samples included."""
        return json.dumps(asdict(self), indent=1) + "\n"


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """A Markdown table with aligned columns: the first to the left, the others to the right."""
    widths = [max(len(row[index]) for row in [header, *rows]) for index in range(len(header))]

    def line(row: Sequence[str]) -> str:
        first, *others = [
            text.rjust(width) if index else text.ljust(width)
            for index, (text, width) in enumerate(zip(row, widths, strict=True))
        ]
        return f"| {' | '.join([first, *others])} |"

    rule = [("-" * width) if not index else "-" * (width - 1) + ":" for index, width in enumerate(widths)]
    return [line(header), f"| {' | '.join(rule)} |", *(line(row) for row in rows)]


def number(value: float) -> str:
    """About three significant digits, with thin groups above a thousand."""
    if abs(value) >= 1000:
        return f"{value:,.0f}".replace(",", " ")
    for digits, least in ((0, 100.0), (1, 10.0), (2, 1.0)):
        if abs(value) >= least:
            return f"{value:.{digits}f}"
    return f"{value:.3f}"


def factor(value: float) -> str:
    """A ratio with its sign."""
    if abs(value) >= 10:
        return f"{number(value)}×"
    return f"{value:.3f}×" if abs(value) < 0.1 else f"{value:.2f}×"


def shown(spread: Spread, metric: str) -> str:
    """A size in MB, or milliseconds as `median (low–high)`."""
    if metric == "file_bytes":
        return megabytes(spread.median)
    return f"{number(spread.median * 1e3)} ({number(spread.low * 1e3)}–{number(spread.high * 1e3)})"


def megabytes(value: float) -> str:
    """Bytes as MB of a million bytes."""
    return number(value / MEGABYTE) if abs(value) >= 500 else f"{value / MEGABYTE:.4f}"


def model_section(board: Board, model: str, results: Results) -> list[str]:
    """Heading, table and errors of one model."""
    header = ["tool"]
    for metric in COLUMNS:
        header += [f"{METRICS[metric]} {'MB' if metric == 'file_bytes' else 'ms'}", "×"]
    header += ["save +MB", "load +MB"]
    rows, notes = [], []
    for tool in board.tools:
        cell = board.cells.get((model, tool))
        if cell is None:
            continue
        row = [results.labels[tool]]
        for metric in COLUMNS:
            spread, ratio = board.spread(model, tool, metric), board.ratio(model, tool, metric)
            row += [shown(spread, metric) if spread else NOTHING, factor(ratio.ratio) if ratio else NOTHING]
        for extra in (board.save_extra_bytes(model, tool), board.load_extra_bytes(model, tool)):
            row.append(f"{extra / MEGABYTE:.1f}" if extra is not None else NOTHING)
        if cell.errors:
            row = [text if text != NOTHING else "error" for text in row]
            for phase, text in cell.errors.items():
                notes.append(f"- {row[0]}, {phase.replace('_', ' ')}: {inert(text)}")
        rows.append(row)
    held = board.model_bytes(model)
    size = "not measured" if held is None else f"{megabytes(held)} MB" if held > 1e5 else "below 0.1 MB"
    section = [f"### {model}", "", f"{results.titles[model]}. In memory: {size}.", "", *table(header, rows)]
    return [*section, *(["", "Errors:", "", *notes] if notes else []), ""]


def inert(text: str) -> str:
    """Text from a tool as Markdown code: no markup, no control characters."""
    printable = "".join(letter if letter.isprintable() else " " for letter in text)
    return "`" + printable.replace("`", "'") + "`"


def worst(found: Ratio, metric: str) -> str:
    """`ratio model (difference)`."""
    if metric == "file_bytes":
        return f"{factor(found.ratio)} {found.model}"
    sign = "+" if found.difference >= 0 else "−"
    return f"{factor(found.ratio)} {found.model} ({sign}{number(abs(found.difference) * 1e3)} ms)"


def summary_section(board: Board, results: Results, against: str, inverse: bool = False) -> list[str]:
    """Geometric means of tool ÷ `against`, or the inverse, over the models that both finished."""
    rows = []
    for tool in board.tools:
        found = {metric: board.summary(tool, metric, against) for metric in METRICS}
        counts = [each.n_models for each in found.values() if each is not None]
        if tool == against:
            continue
        means = [each.geomean if each is not None else None for each in found.values()]
        texts = [NOTHING if mean is None else factor(1 / mean if inverse else mean) for mean in means]
        rows.append([results.labels[tool], f"{min(counts, default=0)} of {len(board.models)}", *texts])
    return [*table(["tool", "models", *METRICS.values()], rows), ""]


def longer_section(board: Board, results: Results) -> list[str]:
    """Geometric means over the models that take the reference long enough for the difference to be felt."""
    rows = []
    for tool in board.tools:
        found = {metric: board.summary(tool, metric, least=FELT_S) for metric in TIMES}
        if tool == results.reference:
            continue
        texts = [NOTHING if each is None else f"{factor(each.geomean)} of {each.n_models}" for each in found.values()]
        rows.append([results.labels[tool], *texts])
    label = results.labels[results.reference]
    heading = f"### The same for models that take {label} a millisecond or more"
    text = (
        "Opening and checking a file takes vitrify some tenths of a millisecond; the smallest models take pickle less."
    )
    return [heading, "", text, "", *table(["tool", *(METRICS[metric] for metric in TIMES)], rows), ""]


def worst_section(board: Board, results: Results) -> list[str]:
    """Each tool's worst model, and its worst extra memory."""
    metrics = ("load_warm_s", "load_fresh_s", "save_s", "file_bytes")
    header = ["tool", *(METRICS[metric] for metric in metrics), "memory, save", "memory, load"]
    rows = []
    for tool in board.tools:
        row = [results.labels[tool]]
        for metric in metrics:
            found = board.summary(tool, metric) if tool != results.reference else None
            row.append(worst(found.worst, metric) if found else NOTHING)
        for save in (True, False):
            extra = board.worst_extra(tool, save, NOTEWORTHY_MODEL_BYTES)
            row.append(f"{factor(extra.ratio)} {extra.model}" if extra else NOTHING)
        rows.append(row)
    return [*table(header, rows), ""]


def rival_section(board: Board, results: Results, rival: str) -> list[str]:
    """How many times faster or smaller than a rival each tool is."""
    label = results.labels[rival]
    text = f"Geometric means of {label} ÷ tool, over the models that both finished."
    heading = f"### How many times faster or smaller than {label}"
    return [heading, "", text, "", *summary_section(board, results, rival, inverse=True)]


def render(results: Results) -> str:
    """The whole report."""
    board = Board(results.cells, results.reference)
    label = results.labels[results.reference]
    facts = [f"{name} {value}" for name, value in results.environment.items()]
    lines = [
        "# Benchmark",
        "",
        *INTRODUCTION,
        "",
        "```text",
        results.command,
        "```",
        "",
        f"{' · '.join(facts)}",
        "",
    ]
    if results.scale != 1:
        lines += [
            f"**A smoke run at scale {results.scale:g}: models are smaller than their titles say.**",
            "",
        ]
    lines += ["## Summary", "", f"### Geometric means of the ratios to {label}", ""]
    lines += summary_section(board, results, results.reference)
    lines += longer_section(board, results)
    lines += ["### Worst models", ""]
    lines.append(f"The highest ratio to {label}, the model, and the difference; then the most extra memory")
    lines.append("÷ what the model holds, among models above 10 MB.")
    lines += ["", *worst_section(board, results)]
    for rival in RIVALS:
        if board.summary(rival, "save_s") is not None:
            lines += rival_section(board, results, rival)
    lines += ["## Models", ""]
    for model in board.models:
        lines += model_section(board, model, results)
    return "\n".join(lines).rstrip("\n") + "\n"
