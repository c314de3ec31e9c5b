"""Numbers and tables as Markdown that is also aligned for a terminal. It rounds; it never computes a figure."""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.figures import Spread

NOTHING = "–"
MEGABYTE = 1e6


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


def factor(value: float | None) -> str:
    """A ratio with its sign, or a dash."""
    if value is None:
        return NOTHING
    if abs(value) >= 10:
        return f"{number(value)}×"
    return f"{value:.3f}×" if abs(value) < 0.1 else f"{value:.2f}×"


def milliseconds(spread: Spread | None) -> str:
    """`median (low–high)`, or a dash."""
    if spread is None:
        return NOTHING
    return f"{number(spread.median * 1e3)} ({number(spread.low * 1e3)}–{number(spread.high * 1e3)})"


def megabytes(value: float | None) -> str:
    """Bytes as MB of a million bytes, or a dash."""
    if value is None:
        return NOTHING
    return number(value / MEGABYTE) if abs(value) >= 500 else f"{value / MEGABYTE:.4f}"


def extra_megabytes(value: float | None) -> str:
    """Bytes beside a model as MB of a million bytes, or a dash."""
    return NOTHING if value is None else f"{value / MEGABYTE:.1f}"


def inert(text: str) -> str:
    """Text from a tool as Markdown code: no markup, no control characters."""
    printable = "".join(letter if letter.isprintable() else " " for letter in text)
    return "`" + printable.replace("`", "'") + "`"
