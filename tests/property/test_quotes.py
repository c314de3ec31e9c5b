"""Each class of these tests quotes the clause that it is about, and the quotation is exact."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import pytest

from tests.property import test_arrays, test_columns, test_container, test_graph, test_shuffle, test_trees, test_words

SPEC = Path(__file__).parents[2] / "SPEC.md"
CLASSES = [
    cls
    for module in (test_container, test_trees, test_shuffle, test_words, test_columns, test_graph, test_arrays)
    for name, cls in inspect.getmembers(module, inspect.isclass)
    if name.startswith("Test") and cls.__module__ == module.__name__
]


def words(text: str) -> str:
    """Text without line breaks and emphasis."""
    return re.sub(r"\s+", " ", text.replace("*", "")).strip()


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.__name__)
def test_the_clause_says_what_is_quoted(cls: type) -> None:
    """Word for word, in the clause that is named."""
    found = re.match(r'§([\d.]+) "(.*)"\.$', words(cls.__doc__ or ""))
    assert found, cls.__doc__
    clause, quoted = found.groups()
    spec = SPEC.read_text("utf-8")
    begin = re.search(rf"(?m)^\*\*{re.escape(clause)}\*\*", spec)
    assert begin, clause
    rest = spec[begin.end() :]
    end = re.search(r"(?m)^(\*\*\d+\.\d|#)", rest)
    assert quoted in words(rest[: end.start() if end else None])
