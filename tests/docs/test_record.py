"""The page on the record names every field, finding and misfit, and states the bounds of the code."""

from __future__ import annotations

import re
from typing import Any, get_args

import msgspec
import numpy as np
import pytest

from tests.docs.pages import ROOT
from vitrify.record import attached, summary
from vitrify.record.data import schema, spread, statistics
from vitrify.record.probing.comparing import Tolerance
from vitrify.record.scoring import comparing, splitters
from vitrify.verification.verifying import CHECKS

PAGE = (ROOT / "docs/reference/record.md").read_text(encoding="utf-8")
SPEC = (ROOT / "SPEC.md").read_text(encoding="utf-8")
PARTS = [
    value
    for value in vars(summary).values()
    if isinstance(value, type) and issubclass(value, msgspec.Struct) and value.__struct_fields__
]
LIMITS = PAGE.split("\n## Limits\n")[1].split("\n## ")[0]


def rows(heading: str) -> list[str]:
    """The first cells of the table under a heading."""
    table = re.split(rf"^##+ {heading}\n", PAGE, flags=re.MULTILINE)[1]
    return re.findall(r"^\| `([^`]+)` \|", re.split(r"^##", table, maxsplit=1, flags=re.MULTILINE)[0], re.MULTILINE)


@pytest.mark.parametrize("part", PARTS, ids=lambda part: part.__name__)
def test_every_field_has_its_row(part: type[msgspec.Struct]) -> None:
    """Those of the structs in the header, no more and no fewer."""
    found = rows(part.__name__)

    assert len(found) == len(set(found))
    assert set(found) == set(part.__struct_fields__)


def test_every_part_of_the_header_is_found() -> None:
    """The list above is not empty by mistake."""
    assert {"Summary", "Environment", "Data", "Score", "Source"} <= {part.__name__ for part in PARTS}


@pytest.mark.parametrize("part", PARTS, ids=lambda part: part.__name__)
def test_the_file_format_has_every_field_in_order(part: type[msgspec.Struct]) -> None:
    """The order counts: it is that of the bytes."""
    clause = SPEC.split("**7.1** ")[1].split("**7.2** ")[0]
    if part is summary.Summary:
        found = re.findall(r"^\| `(\w+)` \|", clause, re.MULTILINE)
    else:
        (text,) = re.findall(rf"{part.__name__}(?:: |\[\]: | has )(`(?:[^|.]|\.\d)*)", clause)
        found = re.findall(r"`(\w+)`", " ".join(re.findall(r"((?:`\w+`(?:, )?)+)(?:: |, as of)", text)))

    assert tuple(found) == part.__struct_fields__


def test_what_is_attached_has_its_rows() -> None:
    """In the order of the block."""
    assert rows("What is attached") == list(attached.Attached.__dataclass_fields__)


def test_every_check_has_its_row() -> None:
    """By the names that `skip=` takes, and those that cannot be left out."""
    found = {name.partition(":")[0] for name in rows("Findings of verify")}

    assert found == {"integrity", "content", "record", *CHECKS}


def test_every_misfit_has_its_row() -> None:
    """By the names in the docstring of the class."""
    assert schema.Misfit.__doc__ is not None
    listed = schema.Misfit.__doc__.split("problem:")[1].split("expected:")[0]

    assert set(rows("Misfits")) == set(re.findall(r"`([a-z ]+)`", listed))
    assert set(get_args(schema.Severity)) == {"error", "note"}


@pytest.mark.parametrize(
    ("text", "bound"),
    [
        ("| classes in the summary | {};", statistics.MAX_CLASSES),
        ("kept up to {} columns", statistics.MAX_DIGESTS),
        ("counted up to {} |", statistics.MAX_DISTINCT),
        ("| folds | {} |", splitters.MAX_FOLDS),
    ],
)
def test_bounds_are_those_of_the_code(text: str, bound: int) -> None:
    """With a space between thousands, from ten thousand on."""
    shown = f"{bound:,}".replace(",", " ") if bound >= 10_000 else str(bound)

    assert text.format(shown) in LIMITS


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("fewer than {} values are left out", spread.MIN_FOR_MEAN),
        ("and quantiles of fewer than {}.", spread.MIN_FOR_QUANTILES),
        ("are rounding, {:.0e} of the largest", comparing.ROUNDING),
        ("is beyond {:g} |", comparing.LARGEST),
        ("max({:.0e}, 16", Tolerance().atol),
        ("max({:.0e}, 16 · eps) · |stored|", Tolerance().rtol),
        ("second factor is {:.1e}", 16 * float(np.finfo(np.float32).eps)),
    ],
)
def test_numbers_in_sentences_are_those_of_the_code(text: str, found: Any) -> None:
    """As a reader would write them."""
    assert re.sub(r"e([+-])0", r"e\1", text.format(found)).replace("e+", "e") in PAGE


def test_the_shares_of_the_rule_are_those_of_the_code() -> None:
    """A tenth, and 95 % from both sides."""
    assert comparing.SMALL_SHARE == 1 / 10
    assert f"t({(1 + comparing.CONFIDENCE) / 2}, k" in PAGE
