"""The zoo, measured → the summary and the tables of the models, as Markdown.

It lays out; every number comes from `benchmarks.figures`. A missing figure is a dash or an error.
"""

from __future__ import annotations

from collections.abc import Mapping

from benchmarks.figures import METRICS, Board, Ratio
from benchmarks.layout import MEGABYTE, NOTHING, extra_megabytes, factor, inert, megabytes, milliseconds, number, table
from benchmarks.results import Results
from benchmarks.winners import winners

NOTEWORTHY_MODEL_BYTES = 10 * MEGABYTE
COLUMNS = ("save_s", "load_warm_s", "load_fresh_s", "start_s", "file_bytes")
TIMES = ("load_warm_s", "load_fresh_s", "save_s")
FELT_S = 1e-3
RIVALS = ("skops",)


def model_section(board: Board, model: str, results: Results) -> list[str]:
    """Heading, table and errors of one model."""
    measured = [metric for metric in COLUMNS if any(board.spread(model, tool, metric) for tool in board.tools)]
    header = ["tool"]
    for metric in measured:
        header += [f"{METRICS[metric]} {'MB' if metric == 'file_bytes' else 'ms'}", "×"]
    header += ["save +MB", "load +MB"]
    rows, notes = [], []
    for tool in board.tools:
        cell = board.cells.get((model, tool))
        if cell is None:
            continue
        row = [results.labels[tool]]
        for metric in measured:
            spread, ratio = board.spread(model, tool, metric), board.ratio(model, tool, metric)
            is_size = metric == "file_bytes"
            row.append(megabytes(spread.median if spread else None) if is_size else milliseconds(spread))
            row.append(factor(ratio.ratio if ratio else None))
        extra = (board.save_extra_bytes(model, tool), board.load_extra_bytes(model, tool))
        row += map(extra_megabytes, extra)
        if cell.errors:
            row = [text if text != NOTHING else "error" for text in row]
            notes += error_notes(row[0], cell.errors)
        rows.append(row)
    held = board.model_bytes(model)
    size = "not measured" if held is None else f"{megabytes(held)} MB" if held > 1e5 else "below 0.1 MB"
    section = [f"### {model}", "", f"{results.titles[model]}. In memory: {size}.", "", *table(header, rows)]
    return [*section, *(["", "Errors:", "", *notes] if notes else []), ""]


def error_notes(label: str, errors: Mapping[str, str]) -> list[str]:
    """One line for each phase that failed."""
    return [f"- {label}, {phase.replace('_', ' ').replace('.', ' ')}: {inert(text)}" for phase, text in errors.items()]


def error_section(results: Results) -> list[str]:
    """What failed, for tables that only show a dash."""
    notes = [
        note
        for cell in results.cells
        for note in error_notes(f"{cell.model}, {results.labels[cell.tool]}", cell.errors)
    ]
    return ["Errors:", "", *notes, ""] if notes else []


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


def summary(results: Results) -> list[str]:
    """What all models say together."""
    board = Board(results.cells, results.reference)
    label = results.labels[results.reference]
    lines = [f"### Geometric means of the ratios to {label}", ""]
    lines += summary_section(board, results, results.reference)
    lines += longer_section(board, results)
    lines += ["### Worst models", ""]
    lines.append(f"The highest ratio to {label}, the model, and the difference.")
    lines.append("Then the most extra memory ÷ what the model holds, among models above 10 MB.")
    lines += ["", *worst_section(board, results)]
    lines += ["### Where another tool is better", "", *winners(board, results, METRICS, board.models), ""]
    for rival in RIVALS:
        if board.summary(rival, "save_s") is not None:
            lines += rival_section(board, results, rival)
    return lines


def models(results: Results) -> list[str]:
    """One table for each model."""
    board = Board(results.cells, results.reference)
    return [line for model in board.models for line in model_section(board, model, results)]
