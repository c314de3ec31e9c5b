"""What the page says of workers that share memory."""

from __future__ import annotations

from benchmarks.figures import Board
from benchmarks.layout import MEGABYTE, NOTHING, factor, number, table
from benchmarks.results import Results
from benchmarks.winners import winners

METRICS = {"pss_bytes": "memory of all", "ready_s": "until all have predicted"}


def section(results: Results) -> list[str]:
    """One table for each way to start workers."""
    board = Board(results.cells, results.reference)
    lines = [
        f"{results.titles['workers']} workers predict one row with the same model, and stay.",
        "*Memory of all* is the sum of their PSS and that of the process that started them.",
        "So each page counts once, however many of them hold it; RSS, which most monitors show, counts it for each.",
        "Before a fork the parent calls `gc.freeze()`, whatever the tool.",
        "*No model* imports the same libraries and loads nothing; × is the tool's median ÷ that of pickle.",
        "",
    ]
    for case in board.models:
        lines += [f"### {case.capitalize().replace('-', ', ')}", "", f"{results.titles[case]}.", ""]
        lines += [*case_table(board, case, results), "", *winners(board, results, METRICS, [case]), ""]
    return lines


def case_table(board: Board, case: str, results: Results) -> list[str]:
    """Memory and time of every tool."""
    header = [
        "tool",
        "memory of all MB",
        "×",
        "beyond no model MB",
        "of it in files MB",
        "RSS of all MB",
        "ready s",
        "×",
    ]
    baseline = board.median(case, "nothing", "pss_bytes")
    rows = []
    for tool in board.tools:
        if (case, tool) not in board.cells:
            continue
        pss = board.median(case, tool, "pss_bytes")
        ready = board.spread(case, tool, "ready_s")
        ratios = [board.ratio(case, tool, metric) for metric in METRICS]
        memory, time = (factor(each.ratio if each and tool != "nothing" else None) for each in ratios)
        beyond = pss - baseline if pss is not None and baseline is not None and tool != "nothing" else None
        rows.append(
            [
                results.labels[tool],
                shown(pss),
                memory,
                shown(beyond),
                shown(board.median(case, tool, "pss_file_bytes")),
                shown(board.median(case, tool, "rss_bytes")),
                f"{number(ready.median)} ({number(ready.low)}–{number(ready.high)})" if ready else NOTHING,
                time,
            ]
        )
    return table(header, rows)


def shown(n_bytes: float | None) -> str:
    """Whole MB, or a dash."""
    return NOTHING if n_bytes is None else f"{n_bytes / MEGABYTE:,.0f}".replace(",", " ")
