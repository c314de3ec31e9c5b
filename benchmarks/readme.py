"""The short table of README.md, from the same results as the page."""

from __future__ import annotations

from benchmarks.compression import LEAST_BYTES, LEFT_OUT, RIVALS
from benchmarks.figures import Board, Ratio
from benchmarks.layout import NOTHING, factor, number, table
from benchmarks.report import FELT_S
from benchmarks.results import Results

BEGIN = "<!-- benchmark: the summary of the report goes between these two comments -->"
END = "<!-- benchmark: end -->"
_TOLD_FROM = 1.5
_COLUMNS = (
    ("load", "vitrify", "load_warm_s"),
    ("load, mapped", "vitrify-mmap", "load_warm_s"),
    ("save", "vitrify", "save_s"),
    ("size", "vitrify", "file_bytes"),
)
_VERSIONS = ("vitrify", "scikit-learn", "numpy")


def replaced(text: str, zoo: Results, compression: Results | None) -> str:
    """The README with the summary of these results between the two comments.

    Raises:
        ValueError: The comments are not there.
    """
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"the text lacks {BEGIN if not begin else END}")
    return "\n".join([f"{before}{BEGIN}", *summary(zoo, compression), f"{END}{after}"])


def summary(zoo: Results, compression: Results | None) -> list[str]:
    """A line on the run, one row for each model, and what all of them say together."""
    board = Board(zoo.cells, zoo.reference)
    small = None if compression is None else Board(compression.cells, compression.reference)
    versions = ", ".join(f"{name} {zoo.environment.get(name, '?')}" for name in _VERSIONS)
    reference, cores = zoo.labels[zoo.reference], zoo.environment.get("cores", "?")
    checks = "with every digest and every check of content on"
    lines = [
        f"Times and sizes ÷ those of {reference} in the same run, {checks}; {versions}, {cores} cores.",
        "",
        *table(["model", "in memory", *(name for name, *_ in _COLUMNS), "compressed"], _rows(board, small)),
        "",
        *_together(board),
    ]
    return lines if small is None else [*lines, *_compressed(small)]


def _rows(board: Board, small: Board | None) -> list[list[str]]:
    rows = []
    for model in board.models:
        held = board.model_bytes(model)
        memory = NOTHING if held is None else f"{number(held / 1e6)} MB" if held > 1e5 else "< 0.1 MB"
        row = [model, memory, *(_cell(board.ratio(model, tool, metric), metric) for _, tool, metric in _COLUMNS)]
        found = None if small is None else small.ratio(model, "vitrify-compress", "file_bytes")
        rows.append([*row, factor(found.ratio if found else None)])
    return rows


def _cell(found: Ratio | None, metric: str) -> str:
    """The ratio, and for times that are longer by half or more the difference."""
    if found is None or metric == "file_bytes" or found.ratio < _TOLD_FROM:
        return factor(found.ratio if found else None)
    return f"{factor(found.ratio)} (+{number(found.difference * 1e3)} ms)"


def _together(board: Board) -> list[str]:
    felt = board.summary("vitrify", "load_warm_s", least=FELT_S)
    whole = board.summary("vitrify", "load_warm_s")
    start = board.summary("vitrify", "start_s")
    lines = ["A load is warm, one of many in a process; the first of a process pays for imports on top."]
    if felt is not None and whole is not None:
        lines.append(
            f"In geometric mean, loading takes {factor(felt.geomean)} of pickle's time over the {felt.n_models} models"
            f" that take pickle a millisecond or more, and {factor(whole.geomean)} over all {whole.n_models}."
        )
    if start is not None:
        lines.append(f"From the start of a process to its first prediction it is {factor(start.geomean)}.")
    for rival in ("skops", "joblib"):
        load, save = (board.summary(rival, metric) for metric in ("load_warm_s", "save_s"))
        if load is not None and save is not None:
            lines.append(f"{rival}: {factor(load.geomean)} to load, {factor(save.geomean)} to save.")
    return lines


def _compressed(board: Board) -> list[str]:
    models = board.larger_than(LEAST_BYTES)
    found = [board.summary("vitrify-compress", "file_bytes", rival, models=models) for rival in RIVALS]
    texts = [
        f"{factor(each.geomean)} of joblib's with {rival.removeprefix('joblib-')} (level 3)"
        for rival, each in zip(RIVALS, found, strict=True)
        if each is not None
    ]
    if not texts:
        return []
    missing = [name for name in LEFT_OUT if name not in board.models]
    without = f", without {' and '.join(missing)}, which hold noise" if missing else ""
    over = f"over {len(models)} models above 100 kB{without}"
    return [f"Files saved with `compress=True` are {' and '.join(texts)}, {over}."]
