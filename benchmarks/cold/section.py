"""What the page says of a cold cache, of the disk and of one core."""

from __future__ import annotations

from collections.abc import Mapping

from benchmarks.figures import Board
from benchmarks.layout import NOTHING, factor, milliseconds, table
from benchmarks.results import Results
from benchmarks.winners import winners

COLD = {"load_cold_s": "load, cold", "predict_cold_s": "load, cold, and predict"}
CACHED = {"load_s": "load, cached", "predict_s": "load, cached, and predict"}
DISK = {"save_s": "save", "fsync_s": "then fsync"}
ONE = {"save_one_s": "save, one core", "load_one_s": "load, one core"}
ALL = {"save_s": "save, all cores", "load_s": "load, all cores"}


def section(results: Results) -> list[str]:
    """Three tables for each condition."""
    board = Board(results.cells, results.reference)
    lines = ["× is the tool's median ÷ that of pickle 5 under the same condition.", ""]
    lines += ["### From a cold page cache", "", *cold_note(board), ""]
    lines += tables(board, results, {**CACHED, **COLD}, COLD)
    lines += [
        "### Onto the disk",
        "",
        "A save is over when the system has the bytes; *then fsync* is how long `os.fsync` takes right after it.",
        "",
        *tables(board, results, DISK, DISK),
    ]
    lines += [
        "### On one core",
        "",
        "vitrify works on up to four threads, never more than the cores that the process may use; there is no setting.",
        "So the whole process is kept on one core (`os.sched_setaffinity`), and so are the other tools, which use one.",
        "",
        *tables(board, results, {**ALL, **ONE}, ONE),
    ]
    return lines


def cold_note(board: Board) -> list[str]:
    """What dropping a file's pages does, and how well it worked here."""
    left = [
        value for cell in board.cells.values() for value in cell.samples.get("left_share", ()) if cell.tool != "nothing"
    ]
    share = f"{100 * max(left):.1f} %" if left else NOTHING
    return [
        "The file is written to the disk, and the system is asked to drop its pages (`posix_fadvise`, `DONTNEED`).",
        "The caches of the disk, and of the host of a virtual machine, stay as they are.",
        "Interpreter and libraries stay in memory too, so this is faster than the first load after a boot.",
        f"At most {share} of a file was still in the page cache after it, by `mincore`.",
    ]


def tables(board: Board, results: Results, metrics: Mapping[str, str], compared: Mapping[str, str]) -> list[str]:
    """One table for all models: a row for each model and tool."""
    header = ["model", "tool"]
    for name in metrics.values():
        header += [f"{name} ms", "×"]
    rows = []
    for model in board.models:
        for tool in board.tools:
            row = [model, results.labels[tool]]
            for metric in metrics:
                ratio = board.ratio(model, tool, metric)
                row += [milliseconds(board.spread(model, tool, metric)), factor(ratio.ratio if ratio else None)]
            rows.append(row)
    return [*table(header, rows), "", *winners(board, results, compared, board.models), ""]
