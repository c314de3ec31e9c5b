"""Log-log pictures as SVG text, small enough to be committed and the same on every run with the same figures.

Lines and letters have colours of middle brightness on no background, so that they can be read on white and on black.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape

NAMESPACE = "http://www.w3.org/2000/svg"
INK = "#7d8590"
FONT = f'font-family="system-ui, sans-serif" font-size="11" fill="{INK}"'
MIDDLE = 'text-anchor="middle"'
GRID = "#7d859044"
COLOURS = ("#e0822f", "#3d8fd1", "#2a9d63", "#a371d9", "#c2528b", "#8c7a3f")
SHAPES = ("circle", "square", "diamond", "triangle")
WIDTH, HEIGHT = 300, 260
LEFT, RIGHT, TOP, BOTTOM = 52, 12, 34, 44
LEGEND = 34
SQUARE, TRIANGLE = 3.2, 4.2

Point = tuple[float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """The points of one tool, positive numbers from left to right."""

    label: str
    points: tuple[Point, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """One pair of axes: what is shown upwards (`title`), and what runs `across`."""

    title: str
    across: str
    curves: tuple[Curve, ...]


@dataclass(frozen=True, slots=True)
class Axis:
    """Decades on pixels: `low` and `high` are exponents of ten."""

    low: float
    high: float
    start: float
    end: float

    def at(self, value: float) -> float:
        """Where a value lies."""
        return self.start + (math.log10(value) - self.low) / (self.high - self.low) * (self.end - self.start)

    def decades(self) -> list[int]:
        """The powers of ten on the axis."""
        return list(range(math.ceil(self.low - 1e-9), math.floor(self.high + 1e-9) + 1))


def axis(values: Iterable[float], start: float, end: float) -> Axis:
    """An axis that holds all values, with a little room, and one power of ten at least."""
    logs = [math.log10(value) for value in values]
    low, high = min(logs) - 0.12, max(logs) + 0.12
    if math.ceil(low) > math.floor(high):
        low = min(low, math.floor(high))
    return Axis(low, high, start, end)


def draw(title: str, panels: Sequence[Panel]) -> str:
    """Panels side by side, over one legend."""
    labels = list(dict.fromkeys(curve.label for panel in panels for curve in panel.curves))
    styles = {label: (COLOURS[i % len(COLOURS)], SHAPES[i % len(SHAPES)]) for i, label in enumerate(labels)}
    width, height = WIDTH * len(panels), HEIGHT + LEGEND
    parts = [
        f'<svg xmlns="{NAMESPACE}" viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img" {FONT}>',
        f"<title>{escape(title)}</title>",
    ]
    for index, panel in enumerate(panels):
        parts += [f'<g transform="translate({index * WIDTH} 0)">', *panel_parts(panel, styles), "</g>"]
    parts += [*legend(styles, height - 14), "</svg>"]
    return "\n".join(parts) + "\n"


def panel_parts(panel: Panel, styles: dict[str, tuple[str, str]]) -> list[str]:
    """Axes, the line of slope 1, and the curves."""
    points = [point for curve in panel.curves for point in curve.points]
    across = axis((x for x, _ in points), LEFT, WIDTH - RIGHT)
    upwards = axis((y for _, y in points), HEIGHT - BOTTOM, TOP)
    parts = [f'<text x="{LEFT}" y="{TOP - 14}" font-weight="600">{escape(panel.title)}</text>']
    parts.append(f'<text x="{(LEFT + WIDTH - RIGHT) / 2:g}" y="{HEIGHT - 8}" {MIDDLE}>{escape(panel.across)}</text>')
    for decade in across.decades():
        x = across.at(10.0**decade)
        parts.append(line((x, TOP), (x, HEIGHT - BOTTOM), GRID))
        parts.append(f'<text x="{x:.1f}" y="{HEIGHT - BOTTOM + 15}" {MIDDLE}>{power(decade)}</text>')
    for decade in upwards.decades():
        y = upwards.at(10.0**decade)
        parts.append(line((LEFT, y), (WIDTH - RIGHT, y), GRID))
        parts.append(f'<text x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{power(decade)}</text>')
    parts.append(
        f'<rect x="{LEFT}" y="{TOP}" width="{WIDTH - LEFT - RIGHT}" height="{HEIGHT - TOP - BOTTOM}" fill="none"'
        f' stroke="{INK}"/>'
    )
    start, end = slope_one(panel.curves[0].points[-1], across, upwards)
    parts.append(line(start, end, INK, ' stroke-dasharray="5 4" class="slope-1"'))
    for curve in panel.curves:
        colour, shape = styles[curve.label]
        places = [(across.at(x), upwards.at(y)) for x, y in curve.points]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
        parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts += [mark(shape, place, colour) for place in places]
    return parts


def slope_one(point: Point, across: Axis, upwards: Axis) -> tuple[Point, Point]:
    """Both ends, in pixels, of the line of slope 1 through a point, cut off at the frame."""
    offset = math.log10(point[1]) - math.log10(point[0])
    low, high = max(across.low, upwards.low - offset), min(across.high, upwards.high - offset)
    start, end = ((across.at(10.0**x), upwards.at(10.0 ** (x + offset))) for x in (low, high))
    return start, end


def line(start: Point, end: Point, colour: str, more: str = "") -> str:
    """A straight line."""
    return (
        f'<line x1="{start[0]:.1f}" y1="{start[1]:.1f}" x2="{end[0]:.1f}" y2="{end[1]:.1f}" stroke="{colour}"{more}/>'
    )


def mark(shape: str, place: Point, colour: str) -> str:
    """A point, told apart by its shape as well as by its colour."""
    x, y = place
    corners = {
        "square": ((-1, -1), (1, -1), (1, 1), (-1, 1)),
        "diamond": ((0, -1.4), (1.4, 0), (0, 1.4), (-1.4, 0)),
        "triangle": ((0, -1.3), (1.2, 0.9), (-1.2, 0.9)),
    }
    if shape not in corners:
        return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.4" fill="{colour}"/>'
    path = " ".join(f"{x + SQUARE * dx:.1f},{y + SQUARE * dy:.1f}" for dx, dy in corners[shape])
    return f'<polygon points="{path}" fill="{colour}"/>'


def legend(styles: dict[str, tuple[str, str]], y: float) -> list[str]:
    """Each tool's mark and name, in one row."""
    parts, x = [], float(LEFT)
    for label, (colour, shape) in styles.items():
        parts.append(mark(shape, (x + 4, y - 4), colour))
        parts.append(f'<text x="{x + 14:g}" y="{y:g}">{escape(label)}</text>')
        x += 34 + 6.3 * len(label)
    parts.append(line((x, y - 4), (x + 22, y - 4), INK, ' stroke-dasharray="5 4"'))
    parts.append(f'<text x="{x + 28:g}" y="{y:g}">slope 1</text>')
    return parts


def power(decade: int) -> str:
    """A power of ten: in digits where they are few."""
    if -2 <= decade <= 3:
        return f"{10.0**decade:g}" if decade < 3 else "1 000"
    return f'10<tspan dy="-4" font-size="8">{str(decade).replace(chr(45), chr(8722))}</tspan>'
