"""Limits are whole numbers, and memory is taken from one budget, whatever asks for it."""

from __future__ import annotations

import dataclasses
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import vitrify
from vitrify.container.limits import LIMITS, Budget, Limits
from vitrify.container.reader import open_glass, open_glass_bytes
from vitrify.errors import LimitError

DATA = vitrify.dumps({"w": np.arange(10.0)})
UNITS = {
    "file_bytes": "bytes",
    "memory_bytes": "bytes",
    "blocks": "blocks",
    "items": "items",
    "depth": "objects",
    "reached": "objects",
    "workers": "processes",
    "expansion": "bytes for each byte of the file",
}


@pytest.mark.parametrize("field", [field.name for field in dataclasses.fields(Limits)])
@pytest.mark.parametrize("value", [float("nan"), 1.5, "10", None, True, np.int64(3)], ids=repr)
def test_a_limit_that_is_no_int_is_refused(field: str, value: Any) -> None:
    """NaN would be a limit that nothing exceeds; an int of numpy would overflow."""
    with pytest.raises(TypeError) as caught:
        dataclasses.replace(LIMITS, **{field: value})
    assert str(caught.value).startswith(f"limits: {field}= takes a whole number of ")
    assert str(caught.value).endswith(f", got {value!r}")


@pytest.mark.parametrize("field", UNITS)
def test_a_limit_below_zero_is_refused_and_its_unit_is_named(field: str) -> None:
    """0 is a limit that refuses all but nothing."""
    assert getattr(dataclasses.replace(LIMITS, **{field: 0}), field) == 0
    with pytest.raises(ValueError, match="takes a whole number") as caught:
        Limits(**{field: -1})
    assert str(caught.value) == f"limits: {field}= takes a whole number of {UNITS[field]}, got -1"


CALLS: dict[str, Callable[[Path, Any], Any]] = {
    "load": lambda path, limits: vitrify.load(path, limits=limits),
    "loads": lambda path, limits: vitrify.loads(path.read_bytes(), limits=limits),
    "inspect": lambda path, limits: vitrify.inspect(path, limits=limits),
    "inspect bytes": lambda path, limits: vitrify.inspect(path.read_bytes(), limits=limits),
    "read_array": lambda path, limits: vitrify.inspection.read_array(path, "w", limits=limits),
    "read_attached": lambda path, limits: vitrify.inspection.read_attached(path, limits=limits),
    "verify": lambda path, limits: vitrify.verify(path, limits=limits),
    "check_input": lambda path, limits: vitrify.check_input(path, np.zeros((1, 1)), limits=limits),
    "rebuild": lambda path, limits: vitrify.rebuild(path, np.zeros((1, 1)), np.zeros(1), limits=limits),
    "open_glass": lambda path, limits: open_glass(io.BytesIO(path.read_bytes()), limits),
    "open_glass_bytes": lambda path, limits: open_glass_bytes(path.read_bytes(), limits),
}


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("limits", [None, 5, {"depth": 3}, "all", Limits], ids=repr)
def test_what_is_no_limits_is_refused_wherever_it_is_passed(call: str, limits: Any, tmp_path: Path) -> None:
    """The class itself has fields of these names, too."""
    path = tmp_path / "w.glass"
    path.write_bytes(DATA)
    with pytest.raises(TypeError) as caught:
        CALLS[call](path, limits)
    assert str(caught.value) == (
        f"limits= takes a Limits, such as dataclasses.replace(vitrify.LIMITS, …), got {type(limits).__name__}"
    )


def test_a_budget_says_what_was_taken_and_what_there_was() -> None:
    """Both fields that make it, and a number that is enough for all up to here."""
    budget = Budget(Limits(memory_bytes=1000, expansion=3), 100)
    budget.spend(1200, "what comes first")
    with pytest.raises(LimitError) as caught:
        budget.spend(101, "a test")
    assert caught.value.message == (
        "a test would take 101 bytes of memory after 1200 for the rest; this file may take 1300 "
        "(memory_bytes 1000, and expansion 3 for each byte of the file)"
    )
    assert (caught.value.limit, caught.value.actual) == (1300, 1301)
    assert caught.value.hint == (
        "If the file is yours, load it with limits=dataclasses.replace(vitrify.LIMITS, memory_bytes=2048)"
    )
    budget.spend(100, "the last of it")


def test_a_file_in_a_file_takes_from_the_same_budget() -> None:
    """What the one has taken, the other has not."""
    limits = dataclasses.replace(LIMITS, memory_bytes=10_000, expansion=0)
    with open_glass_bytes(DATA, limits) as outer:
        n_bytes = sum(block.n_bytes for block in outer.header.blocks)
        outer.spend(10_000 - 2 * n_bytes + 1, "the outer one")
        with pytest.raises(LimitError, match="decoded blocks would take"):
            open_glass_bytes(DATA, limits, outer.budget)
    with open_glass_bytes(DATA, limits) as alone:
        alone.spend(10_000 - n_bytes, "all that it may take")
