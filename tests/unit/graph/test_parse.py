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


def _widest(n_dims: int) -> list[Any]:
    """Arrays of so many dimensions: plain, in Fortran's order, with shared elements, with gaps, of objects."""
    ones = (1,) * (n_dims - 2)
    array = np.arange(12.0).reshape(3, 4, *ones)
    fields = np.zeros((2, 2, *ones), [("a", "<i2"), ("b", "<f8")])
    objects = np.full((1, 2, *ones), None, object)
    repeated = np.broadcast_to(np.float64(3.0), (2, 1, *ones))
    parts = [array[:, ::2], array[1:, 1::2], array[:, ::3]]
    return [array.copy(), np.asfortranarray(array), fields, objects, repeated, *parts, np.zeros((0, 2, *ones))]


@pytest.mark.parametrize("n_dims", [31, 32, 63, 64])
def test_arrays_of_as_many_dimensions_as_numpy_has_come_back(n_dims: int) -> None:
    """One array, and many in one file; numpy's own save is the reference for what there can be."""
    if n_dims > parse._NUMPY_DIMS:
        pytest.skip("numpy 1 has 32 dimensions")
    arrays = _widest(n_dims)
    for value, loaded in zip(arrays, vitrify.loads(vitrify.dumps(arrays)), strict=True):
        alone = vitrify.loads(vitrify.dumps(value))
        for found in (loaded, alone):
            assert (found.shape, found.dtype) == (value.shape, value.dtype)
            assert found.tolist() == value.tolist()


@pytest.mark.parametrize("value", [np.zeros(1), np.zeros(1024), np.full(1, None, object)], ids=["", "big", "objects"])
def test_more_dimensions_than_any_numpy_has_are_refused(value: Any) -> None:
    """A file may say 65, which no numpy can build."""
    lie = Lie(vitrify.dumps([value]))
    (table,) = (table for table in lie.graph["tables"] if "arrays" in table)
    table["arrays"]["shape"] += [{"kind": "const", "value": 1, "cells": []} for _ in range(64)]
    with pytest.raises(FormatError) as caught:
        vitrify.loads(lie.file())
    assert caught.value.message == "<bytes>: a table of arrays has an impossible shape or order"


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
