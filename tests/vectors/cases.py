"""How the invalid golden files are made: a valid one, one thing changed, all digests right.

A case says which clause of SPEC.md is broken, which of vitrify's errors must be raised, and a part of its message.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.support.lying_writer import Lie
from tests.support.repacked import repacked

Make = Callable[[dict[str, bytes]], bytes]
Change = Callable[[Lie], Any]


@dataclass(frozen=True, kw_only=True)
class Case:
    """One invalid file.

    Attributes:
        clause: The clause of SPEC.md that it breaks.
        error: The name of vitrify's error class.
        message: A part of the error's message.
        make: Valid files by name → the file.
    """

    clause: str
    error: str
    message: str
    make: Make


CASES: dict[str, Case] = {}


def add(name: str, clause: str, message: str, make: Make, error: str = "FormatError") -> None:
    """Add a file."""
    assert name not in CASES, f"{name} twice"
    CASES[name] = Case(clause=clause, error=error, message=message, make=make)


def packed(name: str, clause: str, message: str, content: bytes, *, of: str, codec: str) -> None:
    """Add a file that is the valid one `of`, with other content in its first block of a codec."""
    add(name, clause, message, lambda files: repacked(files[of], lambda _: None, lambda _: bytearray(content), codec))


def case(clause: str, error: str, message: str) -> Callable[[Make], Make]:
    """Add a file that a function makes; its docstring says what is wrong with it."""

    def added(make: Make) -> Make:
        add(make.__name__, clause, message, make, error)
        return make

    return added


def lie(
    name: str, clause: str, message: str, valid: str, change: Change, error: str = "FormatError", **how: Any
) -> None:
    """Add a file that is `valid` with a change to its object graph; `how` is for `Lie.file`."""

    def make(files: dict[str, bytes]) -> bytes:
        told = Lie(files[valid])
        change(told)
        return told.file(**how)

    add(name, clause, message, make, error)


def untouched(told: Lie) -> None:
    """No change to the object graph."""


def spelled(name: str, clause: str, message: str, old: str, new: str, error: str = "FormatError") -> None:
    """Add a file in which a piece of the header's text is spelled otherwise."""
    lie(name, clause, message, "tiny", untouched, error, header_text=lambda text: replaced(text, old, new))


def in_graph(name: str, clause: str, message: str, old: str, new: str, valid: str = "tiny") -> None:
    """Add a file in which a piece of the graph's text is spelled otherwise."""
    lie(name, clause, message, valid, untouched, graph_text=lambda text: replaced(text, old, new))


def in_header(
    name: str,
    clause: str,
    message: str,
    change: Callable[[Any], Any],
    valid: str = "tiny",
    error: str = "FormatError",
) -> None:
    """Add a file with a change to the JSON of its header; the descriptions of blocks are in `blocks`, a list."""
    lie(name, clause, message, valid, untouched, error, header=change)


def replaced(text: bytes, old: str, new: str) -> bytes:
    """The text with the first `old` replaced; lone surrogates are bytes that are not UTF-8."""
    before, after = old.encode(), new.encode("utf-8", "surrogateescape")
    assert before in text, f"{old!r} is not there"
    return text.replace(before, after, 1)
