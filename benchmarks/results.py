"""One run of one kind of measurement, as a file that the page is made of: raw samples, versions, the command."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks.figures import Cell

FOLDER = Path(__file__).resolve().parent / "results"
"""Where runs leave their results, and where the page looks for them."""


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


def parse_results(text: str) -> Results:
    """The run that `as_json` wrote."""
    found = json.loads(text)
    cells = tuple(
        Cell(
            model=cell["model"],
            tool=cell["tool"],
            samples={metric: tuple(values) for metric, values in cell["samples"].items()},
            errors=cell["errors"],
        )
        for cell in found.pop("cells")
    )
    return Results(**found, cells=cells)


def write_text(path: Path, text: str) -> None:
    """Write a file, and the folders above it that are not there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
