"""The table in README.md, the catalogue that it names and the tests that pytest finds have the same rows."""

from __future__ import annotations

import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

FOLDER = Path(__file__).parent
README = (FOLDER / "README.md").read_text(encoding="utf-8")
ROOT = FOLDER.parents[1]
OF_NO_ROW = ("test_harness.py", "test_limits.py", "test_peers.py", "test_rows.py")


def claimed(text: str) -> set[str]:
    """The ids that a README says it has: its ranges, without those that it leaves out."""
    ids = set[str]()
    (said,) = re.findall(r"^The rows are (.*)$", text, re.MULTILINE)
    for letter, first, last in re.findall(r"([A-Z])(\d\d) to \1(\d\d)", said):
        ids |= {f"{letter}{number:02}" for number in range(int(first), int(last) + 1)}
    (left_out,) = re.findall(r"^(.*) are left out", text, re.MULTILINE)
    return ids - set(re.findall(r"[A-Z]\d\d", left_out))


def listed(text: str) -> list[str]:
    """The id of each row of the tables."""
    return re.findall(r"^\| ([A-Z]\d\d) \|", text, re.MULTILINE)


def rows_of(test: str) -> set[str]:
    """The rows that a collected test is of: `folder/test_x.py::TestY::test_M01_to_M07_z[M03-tree4]`."""
    name, _, case = test.rpartition("::")[2].partition("[")
    if span := re.match(r"test_([A-Z])(\d\d)_to_\1(\d\d)_", name):
        letter, first, last = span.groups()
        of_case = re.match(rf"{letter}(\d\d)-", case)
        return {f"{letter}{of_case[1]}"} if of_case and first <= of_case[1] <= last else set()
    ids = re.match(r"test_((?:[A-Z]\d\d_)+)", name)
    return set(ids[1].rstrip("_").split("_")) if ids else set()


@cache
def collected() -> list[str]:
    """Every test of this folder that is about a row, with its case."""
    command = [
        sys.executable,
        "-m",
        "pytest",
        "--collect-only",
        "-qo",
        "addopts=",
        "-p",
        "no:cacheprovider",
        str(FOLDER),
    ]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=300, check=True)
    tests = [line for line in done.stdout.splitlines() if "::" in line]
    return [test for test in tests if not Path(test.partition("::")[0]).name.startswith(OF_NO_ROW)]


def test_every_row_that_is_claimed_is_in_the_table_once() -> None:
    """None is missing, none is there twice, and there is none of another catalogue."""
    assert sorted(listed(README)) == sorted(claimed(README))
    assert len(claimed(README)) == 42 + 6 + 27 + 6 + 17


def test_every_row_has_a_test_and_every_test_a_row() -> None:
    """What pytest collects, by names and ids of cases."""
    of = {test: rows_of(test) for test in collected()}
    assert [test for test, rows in of.items() if not rows] == []
    assert set().union(*of.values()) == set(listed(README))


def test_what_is_about_no_row_is_there() -> None:
    """The names in the README are those of files."""
    (said,) = re.findall(r"^Only (.*) are about no row", README, re.MULTILINE)
    assert tuple(re.findall(r"`(.*?)`", said)) == OF_NO_ROW
    assert [name for name in OF_NO_ROW if not (FOLDER / name).is_file()] == []


@pytest.mark.parametrize(
    ("test", "rows"),
    [
        ("a/test_b.py::test_R05_too_little", {"R05"}),
        ("a/test_b.py::TestC::test_P01_counts[1-n_rows]", {"P01"}),
        ("a/test_b.py::test_F25_F28_a_type[x]", {"F25", "F28"}),
        ("a/test_b.py::test_M01_to_M07_trees[M03-tree4]", {"M03"}),
        ("a/test_b.py::test_M01_to_M07_trees[M08-tree4]", set()),
        ("a/test_b.py::test_M01_to_M07_trees[tree4]", set()),
        ("a/test_b.py::test_M01_to_M07_trees", set()),
        ("a/test_b.py::test_a_key_of_M01", set()),
    ],
)
def test_the_rows_of_a_test_are_read_from_its_name(test: str, rows: set[str]) -> None:
    """A range alone is not enough, nor an id somewhere else."""
    assert rows_of(test) == rows
