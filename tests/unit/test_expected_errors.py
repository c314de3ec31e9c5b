"""Every test of a refusal says which: its message or another field of the error, never only its class."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from vitrify import errors

TESTS = Path(__file__).parents[1]
FILES = sorted(TESTS.rglob("*.py"))
OURS = {name for name, value in vars(errors).items() if isinstance(value, type) and issubclass(value, Exception)}
ALLOWED: dict[str, str] = {
    "fuzz/test_coverage.py::test_other_errors_come_out_of_a_harness": "the test raises them itself, without a message",
    "unit/converters/test_sklearn_continued.py::test_other_solvers_train_on_from_the_layers_as_they_are": "numpy's own",
    "unit/graph/test_parameters.py::test_an_encoding_that_is_none_of_text_does_nothing": "Python's own, of each codec",
}
"""`file::function`, and why its error needs no look: none of them is ours."""


def raises_of_ours(function: ast.AST) -> Iterator[tuple[ast.Call, str | None]]:
    """Each `pytest.raises` of an error of vitrify, or of what a variable holds, and the name of what it caught."""
    for node in ast.walk(function):
        for item in node.items if isinstance(node, ast.With) else ():
            call, target = item.context_expr, item.optional_vars
            if isinstance(call, ast.Call) and ast.unparse(call.func) == "pytest.raises" and call.args:
                names = ast.unparse(call.args[0]).strip("()").replace(",", " ").split()
                if any(name.rpartition(".")[2] in OURS or name.islower() for name in names):
                    yield call, target.id if isinstance(target, ast.Name) else None


def unnamed(text: str) -> list[str]:
    """The functions in which an error is caught, and neither its message is matched nor is it looked at."""
    found = []
    for function in ast.walk(ast.parse(text)):
        if not isinstance(function, ast.FunctionDef):
            continue
        used = {n.id for n in ast.walk(function) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)}
        for call, caught in raises_of_ours(function):
            if not any(keyword.arg in ("match", "check") for keyword in call.keywords) and caught not in used:
                found.append(f"{function.name}, line {call.lineno}")
    return found


def test_each_refusal_is_named() -> None:
    """By `match=`, or by what is asserted of the error that was caught."""
    found = {
        f"{path.relative_to(TESTS).as_posix()}::{place}"
        for path in FILES
        for place in unnamed(path.read_text(encoding="utf-8"))
        if f"{path.relative_to(TESTS).as_posix()}::{place.partition(',')[0]}" not in ALLOWED
    }
    assert not found


@pytest.mark.parametrize(
    ("given", "after", "is_unnamed"),
    [
        ("StateError", "pass", True),
        ("errors.StateError", "pass", True),
        ("(ValueError, vitrify.errors.FormatError)", "pass", True),
        ("error", "pass", True),
        ("StateError, match='x'", "pass", False),
        ("ValueError", "pass", False),
        ("StateError", "assert caught.value.path == '$'", False),
        ("StateError", "caught = None", True),
    ],
)
def test_what_names_no_refusal_is_found(given: str, after: str, is_unnamed: bool) -> None:
    """The test above sees classes, tuples and variables, and tells a look at the error from none."""
    text = f"def test_x():\n    with pytest.raises({given}) as caught:\n        load()\n    {after}\n"
    assert unnamed(text) == (["test_x, line 2"] if is_unnamed else [])
