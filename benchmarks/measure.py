"""Runs the children: one process per figure, the tools in turn, round after round.

A tool that raises, crashes or runs out of time gets an error in its cell and is left out of what remains.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.figures import Cell
from benchmarks.tools import Tool
from benchmarks.zoo import Recipe

ROOT = Path(__file__).resolve().parent.parent
CACHE = Path(__file__).resolve().parent / ".cache"

BUILD_LIMIT_S = 3600.0
SLOW_CHILD_S = 20.0
ROUNDS_IF_SLOW = 2
MEMORY_ROUNDS = 1  # Peaks differ by about a hundredth from process to process, and a process costs seconds.
LONGEST_ERROR = 140

Tell = Callable[[str], None]
"""Takes one line of progress."""


class ChildError(RuntimeError):
    """A child did not deliver its figures; the text says why, without any path."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What to run, how often, at which size, and how long one process may take."""

    recipes: Sequence[Recipe]
    tools: Sequence[Tool]
    repeat: int
    scale: float
    limit_s: float


@dataclass(slots=True, kw_only=True)
class Tally:
    """What is known so far about one tool on one model."""

    tool: Tool
    file: Path
    samples: dict[str, list[float]] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)

    def add(self, figures: dict[str, float]) -> None:
        """Append one sample per metric."""
        for metric, value in figures.items():
            self.samples.setdefault(metric, []).append(value)

    def cell(self, model: str) -> Cell:
        """The finished cell."""
        samples = {metric: tuple(values) for metric, values in self.samples.items()}
        return Cell(model=model, tool=self.tool.name, samples=samples, errors=dict(self.errors))


def plain_error(text: str) -> str:
    """The first line of an error, without paths and not too long: reports are read on other machines."""
    line = next((line.strip() for line in text.splitlines() if line.strip()), "unknown error")
    line = re.sub(r"(?:[A-Za-z]:)?(?:[/\\][\w.@+~-]+){2,}", "…", line)
    return line if len(line) <= LONGEST_ERROR else line[: LONGEST_ERROR - 1] + "…"


def run_child(order: dict[str, object], limit_s: float) -> dict[str, float]:
    """The figures of one child process.

    Raises:
        ChildError: the child raised, crashed, or took longer than `limit_s`.
    """
    command = [sys.executable, "-m", "benchmarks.child", json.dumps(order)]
    started_s = time.monotonic()
    try:
        child = subprocess.run(command, cwd=ROOT, capture_output=True, timeout=limit_s, check=False)
    except subprocess.TimeoutExpired:
        raise ChildError(f"stopped after {limit_s:g} s") from None
    lines = child.stdout.decode(errors="replace").splitlines()
    try:
        answer = json.loads(lines[-1])
    except (IndexError, ValueError):
        last = child.stderr.decode(errors="replace").strip().splitlines()[-1:]
        raise ChildError(plain_error(f"crashed with exit code {child.returncode} {' '.join(last)}")) from None
    if "error" in answer:
        raise ChildError(plain_error(answer["error"]))
    figures: dict[str, float] = answer["figures"]
    if "ready_at_s" in figures:
        # The monotonic clock counts from the same instant in every process of one machine.
        figures = {"start_s": figures["ready_at_s"] - started_s}
    return figures


def cached_model(recipe: Recipe, scale: float, tell: Tell) -> tuple[Path, Path]:
    """The pickled model and the pickled row to predict, trained now if the cache has none.

    Raises:
        ChildError: training failed.
    """
    CACHE.mkdir(exist_ok=True)
    key = recipe.cache_key(scale)
    model, row = CACHE / f"{key}.model.pickle", CACHE / f"{key}.row.pickle"
    if not (model.exists() and row.exists()):
        tell("train")
        order = {
            "action": "build",
            "recipe": recipe.name,
            "scale": scale,
            "model": str(model),
            "row": str(row),
        }
        run_child(dict(order), BUILD_LIMIT_S)
    return model, row


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """A folder on the cache's file system, removed at the end."""
    folder = Path(tempfile.mkdtemp(prefix="run-", dir=CACHE))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def measure_phase(
    action: str, rounds: int, tallies: Sequence[Tally], order: dict[str, object], plan: Plan, tell: Tell
) -> None:
    """Run one action for every tool in turn, `rounds` times; slow tools only in the first rounds."""
    allowed = {tally.tool.name: rounds for tally in tallies}
    for number in range(rounds):
        for tally in tallies:
            if tally.errors or number >= allowed[tally.tool.name]:
                continue
            tell(f"{action.replace('_', ' ')} {number + 1}/{rounds} {tally.tool.name}")
            started_s = time.monotonic()
            ordered = {**order, "action": action, "tool": tally.tool.name, "file": str(tally.file)}
            try:
                tally.add(run_child(ordered, plan.limit_s))
            except ChildError as error:
                tally.errors[action] = str(error)
                tell(f"{action.replace('_', ' ')} {tally.tool.name} failed: {error}")
            if time.monotonic() - started_s > SLOW_CHILD_S:
                allowed[tally.tool.name] = min(rounds, ROUNDS_IF_SLOW)


def measure_model(recipe: Recipe, plan: Plan, tell: Tell) -> tuple[Cell, ...]:
    """Every tool's figures for one model, in the order of the plan."""
    try:
        model, row = cached_model(recipe, plan.scale, tell)
    except ChildError as error:
        why = {"train": str(error)}
        return tuple(Cell(model=recipe.name, tool=each.name, samples={}, errors=why) for each in plan.tools)
    with scratch_folder() as folder:
        tallies = [Tally(tool=tool, file=folder / f"{tool.name}.model") for tool in plan.tools]
        order: dict[str, object] = {"model": str(model), "row": str(row), "modules": recipe.modules}
        measure_phase("save", plan.repeat, tallies, order, plan, tell)
        measure_phase("prepare", 1, [each for each in tallies if each.tool.prepare], order, plan, tell)
        measure_phase("load", plan.repeat, tallies, order, plan, tell)
        measure_phase("start", plan.repeat, tallies, order, plan, tell)
        measure_phase("save_memory", MEMORY_ROUNDS, tallies, order, plan, tell)
        measure_phase("load_memory", MEMORY_ROUNDS, tallies, order, plan, tell)
        return tuple(tally.cell(recipe.name) for tally in tallies)
