"""Sizes of arrays: by Python's ints for a few, by numpy for many, with the same answer."""

from __future__ import annotations

import numpy as np
import pytest

from vitrify.errors import FormatError
from vitrify.graph.extents import Extents, products

MANY = 100


@pytest.mark.parametrize("n", [1, MANY])
@pytest.mark.parametrize(
    ("shape", "itemsize", "expected"),
    [((), 8, 8), ((3,), 8, 24), ((3, 0), 4, 0), ((2, 3, 5), 1, 30), ((7,), 0, 0), ((2**20, 2**20), 8, 2**43)],
)
def test_sizes_are_the_products_of_shapes(n: int, shape: tuple[int, ...], itemsize: int, expected: int) -> None:
    dims = [np.full(n, dim, np.int64) for dim in shape]
    assert products([shape] * n, dims, itemsize).tolist() == [expected] * n


@pytest.mark.parametrize("n", [1, MANY])
@pytest.mark.parametrize("shape", [(2**30, 2**30), (0, 2**40, 2**40), (2**47, 2**13)])
def test_shapes_beyond_any_file_are_refused(n: int, shape: tuple[int, ...]) -> None:
    dims = [np.full(n, dim, np.int64) for dim in shape]
    with pytest.raises(FormatError, match=r"^impossible shape of an array$"):
        products([shape] * n, dims, 1)


@pytest.mark.parametrize("repeat", [1, MANY])
def test_small_arrays_are_joined_and_big_ones_lie_alone(repeat: int) -> None:
    found = Extents.of(np.array([8, 5000, 0, 24] * repeat, np.int64))
    assert found.big == [4 * i + 1 for i in range(repeat)]
    assert found.joined == [8, 0, 0, 24] * repeat
    assert found.ends[:4] == [8, 8, 8, 32]
    assert found.joined_bytes == 32 * repeat


def test_no_arrays_take_no_bytes() -> None:
    found = Extents.of(products([], [], 8))
    assert (found.big, found.joined_bytes) == ([], 0)
