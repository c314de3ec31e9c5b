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
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.child import SAMPLE_BUDGET_S
from benchmarks.figures import Cell
from benchmarks.progress import Progress
from benchmarks.tools import Tool
from benchmarks.zoo import Recipe

ROOT = Path(__file__).resolve().parent.parent
CACHE = Path(__file__).resolve().parent / ".cache"

BUILD_LIMIT_S = 3600.0
SLOW_CHILD_S = 20.0
ROUNDS_IF_SLOW = 2
MEMORY_ROUNDS = 1  # Peaks differ by about a hundredth from process to process, and a process costs seconds.
LONGEST_ERROR = 140

WHOLE = ("save", "prepare", "load", "start", "save_memory", "load_memory")
SAVE_AND_LOAD = ("save", "load")
MEMORY = ("save_memory", "load_memory")
"""The actions of `benchmarks.child` that a model goes through, in order."""

Order = Mapping[str, object]
"""What a child is told, beside its action, its tool and its file."""


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
    actions: Sequence[str] = WHOLE
    budget_s: float = SAMPLE_BUDGET_S

    @property
    def n_runs(self) -> int:
        """How many processes this takes, if no tool fails."""
        return len(self.recipes) * sum(n_rounds(each, self.repeat) * n_tools(each, self.tools) for each in self.actions)


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


def n_rounds(action: str, repeat: int) -> int:
    """How often each tool goes through an action."""
    if action == "prepare":
        return 1
    return MEMORY_ROUNDS if action.endswith("_memory") else repeat


def n_tools(action: str, tools: Sequence[Tool]) -> int:
    """How many tools go through an action."""
    return sum(1 for tool in tools if tool.prepare is not None) if action == "prepare" else len(tools)


def plain_error(text: str) -> str:
    """The first line of an error, without paths and not too long: reports are read on other machines."""
    line = next((line.strip() for line in text.splitlines() if line.strip()), "unknown error")
    line = re.sub(r"(?:[A-Za-z]:)?(?:[/\\][\w.@+~-]+){2,}", "…", line)
    return line if len(line) <= LONGEST_ERROR else line[: LONGEST_ERROR - 1] + "…"


def run_child(order: Mapping[str, object], limit_s: float) -> dict[str, float]:
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


def cached_model(recipe: Recipe, scale: float, note: Callable[[str], None]) -> tuple[Path, Path]:
    """The pickled model and the pickled row to predict, trained now if the cache has none.

    Raises:
        ChildError: training failed.
    """
    CACHE.mkdir(exist_ok=True)
    key = recipe.cache_key(scale)
    model, row = CACHE / f"{key}.model.pickle", CACHE / f"{key}.row.pickle"
    if not (model.exists() and row.exists()):
        note(f"train {recipe.name}")
        order = {
            "action": "build",
            "recipe": recipe.name,
            "scale": scale,
            "model": str(model),
            "row": str(row),
        }
        run_child(order, BUILD_LIMIT_S)
    return model, row


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """A folder on the cache's file system, removed at the end."""
    CACHE.mkdir(exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="run-", dir=CACHE))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def measure_action(
    action: str, repeat: int, tallies: Sequence[Tally], order: Order, limit_s: float, progress: Progress
) -> None:
    """Run one action for every tool in turn, round after round; slow tools only in the first rounds."""
    rounds = n_rounds(action, repeat)
    concerned = [each for each in tallies if action != "prepare" or each.tool.prepare is not None]
    allowed = {tally.tool.name: rounds for tally in concerned}
    shown = action.replace("_", " ").replace(".", " ")
    for number in range(rounds):
        for tally in concerned:
            if tally.errors or number >= allowed[tally.tool.name]:
                progress.skip()
                continue
            progress.run(f"{shown} {number + 1}/{rounds} {tally.tool.name}")
            started_s = time.monotonic()
            ordered = {**order, "action": action, "tool": tally.tool.name, "file": str(tally.file)}
            try:
                tally.add(run_child(ordered, limit_s))
            except ChildError as error:
                tally.errors[action] = str(error)
                progress.note(f"{shown} {tally.tool.name} failed: {error}")
            if time.monotonic() - started_s > SLOW_CHILD_S:
                allowed[tally.tool.name] = min(rounds, ROUNDS_IF_SLOW)


def measure_case(
    case: str,
    tools: Sequence[Tool],
    actions: Sequence[str],
    folder: Path,
    order: Order,
    *,
    repeat: int,
    limit_s: float,
    progress: Progress,
) -> tuple[Cell, ...]:
    """Every tool's figures for one case, after all actions; files lie in `folder`."""
    tallies = [Tally(tool=tool, file=folder / f"{tool.name}.model") for tool in tools]
    for action in actions:
        measure_action(action, repeat, tallies, order, limit_s, progress)
    return tuple(tally.cell(case) for tally in tallies)


def failed(case: str, tools: Sequence[Tool], phase: str, error: ChildError) -> tuple[Cell, ...]:
    """Cells that say why nothing was measured."""
    return tuple(Cell(model=case, tool=each.name, samples={}, errors={phase: str(error)}) for each in tools)


def measure_model(recipe: Recipe, plan: Plan, progress: Progress, case: str | None = None) -> tuple[Cell, ...]:
    """Every tool's figures for one model, in the order of the plan."""
    case = case or recipe.name
    progress.note(f"{case}:")
    try:
        model, row = cached_model(recipe, plan.scale, progress.note)
    except ChildError as error:
        return failed(case, plan.tools, "train", error)
    order: Order = {"model": str(model), "row": str(row), "modules": recipe.modules, "budget_s": plan.budget_s}
    with scratch_folder() as folder:
        return measure_case(
            case,
            plan.tools,
            plan.actions,
            folder,
            order,
            repeat=plan.repeat,
            limit_s=plan.limit_s,
            progress=progress,
        )
