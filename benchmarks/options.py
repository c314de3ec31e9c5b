"""What the command lines of all kinds have in common: options, checks of their values, what was run."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

from benchmarks.child import SAMPLE_BUDGET_S
from benchmarks.results import FOLDER

Named = TypeVar("Named")


def common(parser: argparse.ArgumentParser, repeat: int, tools: Iterable[str] = ()) -> None:
    """The options that every kind has."""
    names = ", ".join(tools)
    if names:
        parser.add_argument("--tools", metavar="A,B", help=f"of {names} (default: all)")
    parser.add_argument("--repeat", type=positive_int, default=repeat, help=f"processes per figure (default: {repeat})")
    parser.add_argument("--limit", type=positive, default=300.0, help="seconds that one process may take")
    parser.add_argument("--into", type=Path, default=FOLDER, metavar="DIR", help="folder for the results as JSON")


def budget(parser: argparse.ArgumentParser) -> None:
    """How long a process repeats what it measures."""
    shown = f"seconds that a process repeats a save or a load (default: {SAMPLE_BUDGET_S:g})"
    parser.add_argument("--budget", type=positive, default=SAMPLE_BUDGET_S, help=shown)


def positive(text: str) -> float:
    """A number above zero.

    Raises:
        ArgumentTypeError: it is not.
    """
    value = float(text)
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"needs a number above zero, found {text}")
    return value


def positive_int(text: str) -> int:
    """A whole number of at least one.

    Raises:
        ArgumentTypeError: it is not.
    """
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"needs at least 1, found {text}")
    return value


def chosen(text: str | None, known: Mapping[str, Named], default: Sequence[Named]) -> list[Named]:
    """The named values, in the order in which they are known.

    Raises:
        SystemExit: a name is not known.
    """
    if text is None:
        return list(default)
    names = {name.strip() for name in text.split(",") if name.strip()}
    unknown = sorted(names - known.keys())
    if unknown or not names:
        found = ", ".join(unknown) or "none given"
        print(f"unknown name: {found}; known: {', '.join(known)}", file=sys.stderr)
        raise SystemExit(2)
    return [value for name, value in known.items() if name in names]


def command(kind: str, options: argparse.Namespace, names: Sequence[str]) -> str:
    """The command that gives the same figures again; where the results go is left out."""
    words = ["python -m benchmarks", *([kind] if kind else [])]
    for name in names:
        value = getattr(options, name)
        if value is True:
            words.append(f"--{name}")
        elif value not in (None, False):
            words.append(f"--{name} {value:g}" if isinstance(value, float) else f"--{name} {value}")
    return " ".join(words)
