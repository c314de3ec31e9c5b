"""What the page says of partial reading."""

from __future__ import annotations

from benchmarks.figures import Board
from benchmarks.layout import MEGABYTE, NOTHING, factor, milliseconds, number, table
from benchmarks.results import Results
from benchmarks.winners import winners

METRICS = {"read_bytes": "bytes read", "read_s": "time"}


def section(results: Results) -> list[str]:
    """One table for all ways."""
    board = Board(results.cells, results.reference)
    header = ["what", "way", "file MB", "read MB", "of the file", "ms"]
    rows = []
    for case in board.models:
        for tool in board.tools:
            if (case, tool) not in board.cells:
                continue
            size, read = board.median(case, tool, "file_bytes"), board.median(case, tool, "read_bytes")
            rows.append(
                [
                    case,
                    results.labels[tool],
                    number(size / MEGABYTE) if size is not None else NOTHING,
                    number(read / MEGABYTE) if read is not None else NOTHING,
                    factor(read / size).replace("×", "") if size and read is not None else NOTHING,
                    milliseconds(board.spread(case, tool, "read_s")),
                ]
            )
    return [
        f"A dict of {results.titles['layers']} arrays of noise, {results.scale:g} MB together.",
        "*One array* is what it takes to get one of them and to sum it up, *contents* to see what the file holds.",
        "Bytes are those that read calls returned (`rchar` of `/proc/self/io`); pages of a map are not among them.",
        "",
        "`vitrify inspect` compares the whole file with its digests, so it reads all of it, and loads nothing.",
        "`vitrify inspect --array` reads the structure and that array, and compares both with their digests.",
        "pickle, joblib and a mapped load compare no array with anything; skops compares the CRC-32 of what it reads.",
        "",
        *table(header, rows),
        "",
        *winners(board, results, METRICS, board.models),
        "",
    ]
