"""What a row of the memory-safety catalogue says: which model, what is changed, and what must refuse it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from tests.attacks.harness import Attack, assert_harmless, assert_refused, run_one
from tests.attacks.models import file_of, fitted
from tests.support.lying_writer import Lie
from vitrify.errors import StateError

Edit = Callable[[Lie], None]


@dataclass(frozen=True)
class Told:
    """A lie about a model.

    Attributes:
        row: The id in the catalogue.
        model: A name in `models`.
        edit: What is changed.
        match: What the message must hold.
        path: The path of the object that the check is about.
        error: The error of Python that using it raises where the libraries check it themselves; `match` is about it.
    """

    row: str
    model: str
    edit: Edit
    match: str
    path: str = "$"
    error: str = ""

    def __str__(self) -> str:
        return f"{self.row}-{self.model}"


def refuse(told: Told) -> None:
    """Load the file in a child; if it loaded, the model would be used there."""
    lie = Lie(file_of(told.model))
    told.edit(lie)
    outcome = run_one(Attack(lie.file(), then=fitted(told.model)[1], label=str(told)))
    assert_refused(outcome, StateError, path=told.path, match=told.match)


def bear(told: Told) -> None:
    """Load the file in a child, and use the model there: numpy or Python raises an error, and nothing else happens."""
    lie = Lie(file_of(told.model))
    told.edit(lie)
    outcome = run_one(Attack(lie.file(), then=fitted(told.model)[1], label=str(told)))
    assert_harmless(outcome)
    answer = next((answer for answer in outcome.answers if answer.error), None)
    assert answer is not None, outcome
    assert answer.error == told.error, outcome
    assert re.search(told.match, answer.text), outcome


def every(*edits: Edit) -> Edit:
    """One after the other."""

    def edit(lie: Lie) -> None:
        for each in edits:
            each(lie)

    return edit


def element(path: str, value: Any, at: Any = 0, name: str = "") -> Edit:
    """One element of an array, or one field of it."""

    def edit(lie: Lie) -> None:
        array = lie.array(path)
        (array[name] if name else array)[at] = value

    return edit


def reshaped(path: str, change: Callable[[Any], Any]) -> Edit:
    """An array of another shape."""

    def edit(lie: Lie) -> None:
        ref = lie.ref(path)
        lie.put(*ref, change(np.array(lie.array(path))))

    return edit


def value(path: str, new: Any) -> Edit:
    """An attribute, an item or a value of a dict."""

    def edit(lie: Lie) -> None:
        lie.assign(path, new)
        for table in lie.graph["tables"]:
            for name, column in table["columns"].items():
                if column["kind"] == "mixed" and len(column["parts"]) == 1:
                    table["columns"][name] = column["parts"][0]  # of one kind, as an honest file has it

    return edit


def narrow(array: Any) -> Any:
    """One column less."""
    return array[..., :-1]


def short(array: Any) -> Any:
    """One item less."""
    return array[:-1]


def long(array: Any) -> Any:
    """Twice the items."""
    return np.concatenate([array, array])
