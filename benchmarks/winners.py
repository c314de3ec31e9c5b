"""Where another tool is better than every mode of vitrify: said by the page itself, whatever the figures are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from benchmarks.figures import Board
from benchmarks.layout import factor
from benchmarks.results import Results

OURS = "vitrify"
NOISE = 0.95
"""A ratio nearer to 1 than this is not called better: machines do not repeat themselves closer."""
_NOT_A_PEER = frozenset({"bare", "nothing"})


def wins(board: Board, model: str, metric: str) -> tuple[str, str, float] | None:
    """The best other tool, the best mode of vitrify, and the ratio of both, if the other is better beyond noise."""
    medians = {tool: board.median(model, tool, metric) for tool in board.tools if tool not in _NOT_A_PEER}
    ours = {tool: value for tool, value in medians.items() if value is not None and tool.startswith(OURS)}
    others = {tool: value for tool, value in medians.items() if value is not None and tool not in ours}
    if not ours or not others:
        return None
    mine, theirs = min(ours, key=ours.__getitem__), min(others, key=others.__getitem__)
    ratio = others[theirs] / ours[mine] if ours[mine] > 0 else 1.0
    return (theirs, mine, ratio) if ratio < NOISE else None


def winners(board: Board, results: Results, metrics: Mapping[str, str], models: Iterable[str]) -> list[str]:
    """One line for each metric in which another tool wins, or one line that none does."""
    models = tuple(models)
    lines = []
    for metric, name in metrics.items():
        found = [(model, won) for model in models if (won := wins(board, model, metric)) is not None]
        texts = [
            f"{results.labels[theirs]} {factor(ratio)} {results.labels[mine]}"
            + (f" ({model})" if len(models) > 1 else "")
            for model, (theirs, mine, ratio) in found
        ]
        if texts:
            lines.append(f"- {name}: {', '.join(texts)}")
    if not lines:
        return ["No other tool is better than the best mode of vitrify by more than 5 % in any of these."]
    return ["Where another tool is better than the best mode of vitrify, by more than 5 %:", "", *lines]
