"""The page on content checks names every estimator once, and every check that there is."""

from __future__ import annotations

import re
from collections import Counter

import pytest
from msgspec.structs import replace
from sklearn.experimental import enable_halving_search_cv, enable_iterative_imputer  # noqa: F401
from sklearn.utils import all_estimators

from tests.docs.pages import ROOT
from vitrify.converters import default_registry
from vitrify.converters.sklearn import RULES
from vitrify.graph.converter import AttrsRule

PAGE = (ROOT / "docs/reference/content-checks.md").read_text(encoding="utf-8")
CONVERTERS = ROOT / "src/vitrify/converters"


def section(heading: str) -> str:
    """What stands under a heading of the page."""
    return PAGE.split(f"\n## {heading}\n")[1].split("\n## ", maxsplit=1)[0]


def first_cells(text: str) -> list[str]:
    """The names in the first column of a table."""
    rows = [line for line in text.splitlines() if line.startswith("| ")][1:]
    return [name for row in rows for name in re.findall(r"`(\w+)`", row.split(" | ")[0])]


WITH_CHECK = first_cells(section("Attributes with a check"))
WITHOUT = first_cells(section("Attributes that need none"))


def test_every_estimator_stands_on_the_page_once() -> None:
    """One that a new version of scikit-learn adds is missing until somebody has looked at what reads it."""
    found = Counter([*WITH_CHECK, *WITHOUT])
    expected = {name for name, _ in all_estimators()}

    assert expected - set(found) == set()
    assert [name for name, times in found.items() if times > 1] == []


def test_those_with_a_check_are_those_that_have_rules() -> None:
    """By the table of rules that the engine uses; what a version works out by itself needs no check."""
    rule = default_registry().rule
    checked = {type_id for type_id in RULES if replace(rule(type_id), derived=frozenset()) != AttrsRule()}
    assert set(WITH_CHECK) == {type_id.rpartition(".")[2] for type_id in checked}


@pytest.mark.parametrize("name", sorted(set(re.findall(r"[( ]`((?:\w+/)?\w+\.py)`", PAGE))))
def test_the_files_of_the_checks_exist(name: str) -> None:
    """Named from the folder of converters, or from that of scikit-learn."""
    assert (CONVERTERS / name).exists() or (CONVERTERS / "sklearn" / name).exists()
