"""What the tables of a graph may not say about their sizes, and where a foreign name is found."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import vitrify
from tests.support import own_code
from tests.support.lying_writer import Lie
from vitrify.errors import FormatError, UnsupportedError, UntrustedTypeError
from vitrify.graph import parse

NOTHING: dict[str, Any] = {"kind": "const", "value": None, "cells": []}


@pytest.mark.parametrize(
    "lengths",
    [
        [2, 2, -1],
        [2, 2**47, 2**47],
        [2**62, 2**62, 2**62],
        [2**63 - 1, 2**63 - 1, 2],
        [-(2**63), 2, 1],
    ],
)
def test_impossible_lengths_are_refused(lengths: list[int]) -> None:
    """Negative ones, and those whose sum no file can hold, also where 64 bits would make it small again."""
    lie = Lie(vitrify.dumps([[1, 2], [3]]))
    lie.tables("list")[0]["lengths"] = lie.counts(lengths)
    with pytest.raises(FormatError) as caught:
        vitrify.loads(lie.file())
    assert caught.value.message == "<bytes>: impossible lengths"


@pytest.mark.parametrize("length", [-1, 2**48, 2**62])
def test_impossible_constant_lengths_are_refused(length: int) -> None:
    """The same where all are equal."""
    lie = Lie(vitrify.dumps([[1, 2], [3]]))
    lie.tables("list")[0]["lengths"] = {"kind": "const", "value": length, "cells": []}
    with pytest.raises(FormatError) as caught:
        vitrify.loads(lie.file())
    assert caught.value.message == "<bytes>: impossible lengths"


@pytest.mark.parametrize("rows", [0, 1])
def test_lengths_are_ints_where_there_are_any(rows: int) -> None:
    """A table without rows has none."""
    lie = Lie(vitrify.dumps([1]))
    lengths = {"kind": "const", "value": "x", "cells": []}
    extra = {"type": "list", "rows": rows, "columns": {"items": NOTHING}, "layout": "items", "lengths": lengths}
    lie.graph["tables"].append(extra)
    if not rows:
        assert vitrify.loads(lie.file()) == [1]
        return
    with pytest.raises(FormatError) as caught:
        vitrify.loads(lie.file())
    assert caught.value.message == "<bytes>: lengths must be ints"


def test_more_dimensions_than_this_numpy_has_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """There are 32 in numpy 1, and 64 in numpy 2."""
    data = vitrify.dumps([np.zeros((1, 2, 3)), np.zeros((2, 2))])
    monkeypatch.setattr(parse, "_NUMPY_DIMS", 2)
    with pytest.raises(UnsupportedError) as caught:
        vitrify.loads(data)
    assert caught.value.message == "<bytes>: an array of 3 dimensions; this numpy has at most 2"


@pytest.mark.parametrize(
    ("value", "path"),
    [
        (own_code.clip_income, "$"),
        ([1, own_code.clip_income], "$[1]"),
        ({"f": [own_code.clip_income] * 3}, "$['f'][0]"),
        ({"a": 1, "f": (None, "x", own_code.clip_income, len)}, "$['f'][2]"),
        ([[len, 1], [2, own_code.clip_income]], "$[1][1]"),
        (own_code.Plain({own_code.clip_income: 1}), "$.value.keys[0]"),
    ],
)
def test_the_first_use_of_a_name_is_told(value: Any, path: str) -> None:
    """Among others in one column, in columns of several kinds, and as a key."""
    with pytest.raises(UntrustedTypeError) as caught:
        vitrify.loads(vitrify.dumps(value))
    lines = str(caught.value).split("\n")
    (line,) = [line for line in lines if line.startswith(f"  {own_code.__name__}.clip_income ")]
    assert line.split()[1:3] == ["function", path]
