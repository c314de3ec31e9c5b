"""The comparator on what one value alone does not show: aliases, shared memory, cycles, depth and size."""

from __future__ import annotations

import functools
import types
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp
from joblib import Memory
from sklearn.cluster import OPTICS
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from tests.support.counting import n_calls
from tests.support.equality import assert_same, differences

ALIASABLE: dict[str, Callable[[], Any]] = {
    "list": lambda: [1],
    "dict": lambda: {"a": 1},
    "set": lambda: {1},
    "bytearray": lambda: bytearray(b"a"),
    "array": lambda: np.zeros(3),
    "empty array": lambda: np.zeros(0),
    "object array": lambda: np.array([1, None], dtype=object),
    "masked array": lambda: np.ma.masked_array([1.0, 2.0], mask=[True, False]),
    "estimator": StandardScaler,
    "generator": lambda: np.random.RandomState(0),
    "partial": lambda: functools.partial(len),
}


@pytest.mark.parametrize("make", ALIASABLE.values(), ids=ALIASABLE)
def test_one_object_twice_is_not_two_equal_objects(make: Callable[[], Any]) -> None:
    """An alias that is lost and an alias that appears are both differences."""
    one = make()
    assert_same([one, one], [one, one])
    assert_same([one, one], [two := make(), two])
    assert differences([one, one], [make(), make()])
    assert differences([make(), make()], [one, one])
    assert differences({"a": one, "b": (0, one)}, {"a": make(), "b": (0, make())})
    assert differences([one, one, two, two], [two, one, two, one])


@pytest.mark.parametrize(
    "value", [1, "a", b"a", 1.5, None, (1, 2), np.float64(1.0), frozenset({1}), np.dtype("f8"), len]
)
def test_values_have_no_identity(value: object) -> None:
    """Whether an immutable value is one object or two does not count."""
    assert_same([value, value], [value, value])
    assert_same([(1, "a" * 50), (1, "a" * 50)], [pair := (1, "a" * 50), pair])


def test_an_alias_is_named_by_both_places() -> None:
    """The line says with what the original was shared."""
    shared = [1]
    expected = ["$['b'] : expected the same object as at $['a'], found another object"]
    assert differences({"a": shared, "b": shared}, {"a": [1], "b": [1]}) == expected
    expected = ["$['b'] : expected an object of its own, found the object of $['a']"]
    assert differences({"a": [1], "b": [1]}, {"a": shared, "b": shared}) == expected


def test_aliases_are_followed_through_attributes() -> None:
    """Attributes, items and object arrays share one space of identities."""
    scaler = StandardScaler()
    array = np.array([scaler, None], dtype=object)
    pipeline = Pipeline([("a", scaler)])
    pipeline.extra_ = [array, array[0]]
    other = Pipeline([("a", StandardScaler())])
    other.extra_ = [np.array([other.steps[0][1], None], dtype=object), other.steps[0][1]]
    assert_same(pipeline, other)
    other.extra_[1] = StandardScaler()
    assert differences(pipeline, other)


def base_and(*views: Callable[[Any], Any]) -> list[Any]:
    """Views on one base of zeros, so that values say nothing about sharing."""
    base = np.zeros((6, 4))
    return [view(base) for view in views]


def unshared(arrays: list[Any]) -> list[Any]:
    return [array.copy(order="K") for array in arrays]


SHARED: dict[str, Callable[[], list[Any]]] = {
    "base and view": lambda: base_and(lambda a: a, lambda a: a[1:3]),
    "view and base": lambda: base_and(lambda a: a[1:3], lambda a: a),
    "overlapping rows": lambda: base_and(lambda a: a[:3], lambda a: a[2:]),
    "row and column": lambda: base_and(lambda a: a[2], lambda a: a[:, 2]),
    "transposed": lambda: base_and(lambda a: a, lambda a: a.T),
    "reversed": lambda: base_and(lambda a: a, lambda a: a[::-1]),
    "same place": lambda: base_and(lambda a: a[:], lambda a: a[:]),
    "other dtype": lambda: base_and(lambda a: a, lambda a: a.view("i8")),
    "expanded": lambda: base_and(lambda a: a, lambda a: np.broadcast_to(a[0], (3, 4))),
    "third with first": lambda: [*base_and(lambda a: a, lambda a: a[0]), np.zeros(3)],
}
APART: dict[str, Callable[[], list[Any]]] = {
    "rows": lambda: base_and(lambda a: a[:3], lambda a: a[3:]),
    "columns": lambda: base_and(lambda a: a[:, 0], lambda a: a[:, 1]),
    "interleaved": lambda: base_and(lambda a: a[::2], lambda a: a[1::2]),
    "empty": lambda: base_and(lambda a: a, lambda a: a[:0]),
    "own": lambda: [np.zeros(3), np.zeros(3)],
}


@pytest.mark.parametrize("make", SHARED.values(), ids=SHARED)
def test_shared_memory_must_be_shared_again(make: Callable[[], list[Any]]) -> None:
    """Arrays whose elements overlap must overlap in the copy, and in the copy only if they did before."""
    assert_same(make(), make())
    assert any("memory shared" in line for line in differences(make(), unshared(make())))
    assert any("memory of its own" in line for line in differences(unshared(make()), make()))


@pytest.mark.parametrize("make", APART.values(), ids=APART)
def test_a_common_base_alone_is_not_sharing(make: Callable[[], list[Any]]) -> None:
    """Two columns of one array have no element in common, so copies of their own are right."""
    assert_same(make(), unshared(make()))


def test_the_same_elements_must_be_shared() -> None:
    """Sharing with the wrong rows is a difference even where the values agree."""
    one = base_and(lambda a: a, lambda a: a[1:3])
    two = base_and(lambda a: a, lambda a: a[2:4])
    assert differences(one, two) == ["$[1] : expected the same elements shared with $[0], found other elements shared"]
    strided = base_and(lambda a: a[::2], lambda a: a[2:5:2])
    base = np.zeros((3, 4))
    assert_same(strided, [base, base[1:3]])
    assert differences(strided, [base, base[0:2]])


def test_sharing_is_found_across_attributes_and_masks() -> None:
    """A mask, the data of a sparse matrix and an attribute of an estimator take part."""

    def made(mask: Any) -> Any:
        array: Any = np.ma.masked_array([1.0, 2.0, 3.0])
        array._mask = mask
        return array

    mask, other = np.array([True, False, False]), np.array([True, False, False])
    one, two = [made(mask), mask], [made(other), other.copy()]
    assert_same(one, one)
    assert differences(one, two)
    assert differences(two, one)
    matrix = sp.csr_matrix(np.eye(3))
    scaler = StandardScaler()
    scaler.data_ = matrix.data[1:]
    assert_same([matrix, scaler], [matrix, scaler])
    assert differences([matrix, scaler], [matrix.copy(), scaler])


def test_twice_as_many_views_take_twice_the_work() -> None:
    """The rows of one array, alone and beside it; not the square of their number."""
    base, other = np.zeros((20_000, 3)), np.zeros((20_000, 3))
    assert_same(list(base), list(other))

    def compare(n: int) -> None:
        assert_same(list(base[:n]), list(other[:n]))
        assert_same([base, *base[:n]], [other, *other[:n]])

    half, whole = (n_calls(lambda n=n: compare(n)) for n in (500, 1000))  # type: ignore[misc]  # bound now
    assert 1.5 * half < whole < 2.5 * half


def test_cycles_end() -> None:
    """A graph that contains itself is walked once."""
    one: list[Any] = [1]
    one.append({"self": one, "pair": (one, 2)})
    two: list[Any] = [1]
    two.append({"self": two, "pair": (two, 2)})
    assert_same(one, two)
    two[1]["pair"] = ([1], 2)
    assert differences(one, two)
    estimator = StandardScaler()
    estimator.self_ = estimator
    other = StandardScaler()
    other.self_ = StandardScaler()
    assert differences(estimator, other)
    other.self_ = other
    assert_same(estimator, other)


def nested(depth: int, innermost: object, wrap: Callable[[object], object]) -> object:
    value = innermost
    for _ in range(depth):
        value = wrap(value)
    return value


@pytest.mark.parametrize(
    ("wrap", "depth"),
    [
        (lambda v: [v], 100_000),
        (lambda v: (v,), 100_000),
        (lambda v: {"k": v}, 100_000),
        (lambda v: types.SimpleNamespace(next=v), 100_000),
        (lambda v: np.array([v, 0], dtype=object), 2_000),  # numpy itself crashes when it frees deeper nests
    ],
    ids=["lists", "tuples", "dicts", "objects", "arrays"],
)
def test_depth_costs_no_stack(wrap: Callable[[object], object], depth: int) -> None:
    """A hundred thousand levels are compared, and a difference at the bottom is found and named briefly."""
    one, two, three = (nested(depth, end, wrap) for end in (1, 1, 2))
    assert_same(one, two)
    (line,) = differences(one, three)
    assert line.endswith(": expected 1, found 2")
    assert len(line) < 1000


def test_a_value_shared_many_times_is_compared_once() -> None:
    """Sixty levels of the same tuple twice stand for 2**60 leaves."""
    one: tuple[object, ...] = (1,)
    two: tuple[object, ...] = (1,)
    for _ in range(60):
        one, two = (one, one), (two, two)
    assert_same(one, two)


def test_memory_may_be_dropped() -> None:
    """The cache of a Pipeline or of OPTICS need not come back, unless the caller asks for it."""
    for one, two in (
        (Pipeline([], memory="cache"), Pipeline([])),
        (Pipeline([], memory=Memory(None)), Pipeline([])),
        (OPTICS(memory="cache"), OPTICS()),
    ):
        assert_same(one, two)
        assert differences(one, two, ignore_memory=False)
        assert differences(two, one)
    assert differences(Pipeline([], memory="cache"), Pipeline([], memory="other"))
    scaler, other = StandardScaler(), StandardScaler()
    scaler.memory, other.memory = "cache", None
    assert differences(scaler, other)
