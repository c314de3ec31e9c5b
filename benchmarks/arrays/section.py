"""What the page says of big arrays."""

from __future__ import annotations

from benchmarks.figures import Board
from benchmarks.layout import factor, megabytes, milliseconds, table
from benchmarks.results import Results
from benchmarks.winners import winners

METRICS = {"save_s": "save", "load_s": "load", "used_s": "load and read all", "file_bytes": "size"}


def section(results: Results) -> list[str]:
    """One table for each content."""
    board = Board(results.cells, results.reference)
    lines = [
        f"One float64 array of {results.scale:g} GB, beside its bare bytes: `file.write` and `numpy.fromfile`.",
        "× is the tool's median ÷ that of the bare bytes; all files are in the page cache.",
        "The bare read goes into an array of numpy, which asks for huge pages.",
        "Where memory is fragmented, the system has to make them first, and its times spread the more.",
        "*Load and read all* adds the sum of all numbers, for which a mapped array is read at last.",
        "",
    ]
    for content in board.models:
        lines += [f"### {results.titles[content]}", "", *content_table(board, content, results), ""]
        lines += [*winners(board, results, METRICS, [content]), ""]
    return lines


def content_table(board: Board, content: str, results: Results) -> list[str]:
    """Times and sizes of every tool that saved this content."""
    header = ["tool"]
    for metric, name in METRICS.items():
        header += [f"{name} {'MB' if metric == 'file_bytes' else 'ms'}", "×"]
    rows = []
    for tool in board.tools:
        if (content, tool) not in board.cells:
            continue
        row = [results.labels[tool]]
        for metric in METRICS:
            ratio = board.ratio(content, tool, metric)
            size = board.median(content, tool, metric)
            spread = board.spread(content, tool, metric)
            row.append(megabytes(size) if metric == "file_bytes" else milliseconds(spread))
            row.append(factor(ratio.ratio if ratio else None))
        rows.append(row)
    return table(header, rows)
