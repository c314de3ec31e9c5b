"""Objects that are reached again and again, and estimators that are members of themselves."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.cluster import Birch
from sklearn.ensemble import RandomForestClassifier, VotingRegressor
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline

import vitrify
from tests.support.equality import assert_same
from tests.support.lying_writer import Lie
from vitrify.errors import LimitError, StateError

X = np.random.default_rng(0).normal(size=(30, 3))
Y = X[:, 0]


def doubled(value: Any, n: int) -> Any:
    """A list of the same list twice, and so on: 2ⁿ ways lead to `value`."""
    for _ in range(n):
        value = [value, value]
    return value


def vote(*members: Any) -> VotingRegressor:
    """A vote of these, whatever they are."""
    model = VotingRegressor([("a", LinearRegression())]).fit(X, Y)
    model.estimators_ = list(members)
    return model


def test_what_is_reached_again_and_again_is_refused() -> None:
    """A kilobyte of lists that nothing could print: 2⁴¹ - 1 of them, each as often as it can be reached."""
    data = vitrify.dumps({"m": doubled([], 40)})
    assert len(data) < 4000
    with pytest.raises(LimitError, match="objects, each as often as it can be reached: 2199023255551") as caught:
        vitrify.loads(data)
    assert (caught.value.actual, caught.value.limit) == (2**41 - 1, 10**8)
    assert caught.value.path == "$['m']"
    assert caught.value.hint is not None
    assert caught.value.hint.endswith("limits=dataclasses.replace(vitrify.LIMITS, reached=2199023255551)")


def test_the_limit_is_the_callers() -> None:
    """One less is refused, so many are not."""
    value = doubled([], 20)
    data = vitrify.dumps(value)
    with pytest.raises(LimitError, match="the limit reached is 2097150"):
        vitrify.loads(data, limits=dataclasses.replace(vitrify.LIMITS, reached=2**21 - 2))
    again = vitrify.loads(data, limits=dataclasses.replace(vitrify.LIMITS, reached=2**21 - 1))
    assert_same(value, again)


def test_members_that_are_shared_at_every_level_are_refused() -> None:
    """`predict` would ask the last one 2³⁰ times."""
    model = vote(LinearRegression().fit(X, Y))
    for _ in range(30):
        model = vote(model, model)
    with pytest.raises(LimitError, match="the limit reached is 100000000"):
        vitrify.loads(vitrify.dumps(model))


@pytest.mark.parametrize("n", [1, 2])
def test_an_estimator_that_is_its_own_member_is_refused(n: int) -> None:
    """Python would end one such chain at the depth of its stack, two only after 2¹⁰⁰⁰ steps."""
    model = vote()
    model.estimators_ = [model] * n
    with pytest.raises(StateError, match="VotingRegressor: a member of itself") as caught:
        vitrify.loads(vitrify.dumps([1, model]))
    assert caught.value.path == "$[1]"


def test_members_of_each_other_are_refused() -> None:
    """The cycle leads through a pipeline, whose steps are tuples in a list."""
    model = vote()
    pipeline = make_pipeline(model)
    model.estimators_ = [pipeline]
    with pytest.raises(StateError, match="a member of itself"):
        vitrify.loads(vitrify.dumps(model))


def test_what_only_leads_back_is_kept() -> None:
    """An attribute that no estimator walks, as of a part that knows its owner; linked nodes; pipelines in another."""
    model: Any = LinearRegression().fit(X, Y)
    model.owner = {"model": model}
    assert_same(model, vitrify.loads(vitrify.dumps(model)))
    model.owner = [model]
    model.owner.append(model.owner)
    assert_same(model, vitrify.loads(vitrify.dumps(model)))
    linked = Birch(n_clusters=None, threshold=0.1).fit(X)
    assert_same(linked, vitrify.loads(vitrify.dumps(linked)))
    nested = make_pipeline(make_pipeline(make_pipeline(LinearRegression()))).fit(X, Y)
    assert_same(nested, vitrify.loads(vitrify.dumps(nested)))


def test_what_many_share_is_counted_once_for_each() -> None:
    """A thousand models with one list of names."""
    names = [f"f{i}" for i in range(50)]
    models = [clone(LinearRegression()).fit(X, Y) for _ in range(200)]
    for model in models:
        model.names = names
    assert_same(models, vitrify.loads(vitrify.dumps(models)))


def test_lists_that_hold_themselves_are_counted_as_one() -> None:
    """Whatever walks them has to notice by itself, as `repr` does."""
    first: list[Any] = []
    second = [first, first]
    first += [second, second, *([[]] * 20)]
    assert_same(first, vitrify.loads(vitrify.dumps(first)))


def reachable(value: Any, known: dict[int, int]) -> int:
    """How many lists a walk through lists meets, counted one by one."""
    if id(value) not in known:
        known[id(value)] = 1 + sum(reachable(item, known) for item in value)
    return known[id(value)]


@pytest.mark.parametrize("seed", range(40))
def test_the_bound_is_exact_whatever_is_shared(seed: int) -> None:
    """Lists of lists at random; one less than is met is refused, so many are not."""
    rng = np.random.default_rng(seed)
    made: list[Any] = [[]]
    for _ in range(int(rng.integers(1, 60))):
        # Few that are shared, or many; some of them by none.
        near = made[-int(rng.integers(1, 4)) :]
        made.append([near[int(i)] for i in rng.integers(0, len(near), int(rng.integers(0, 3)))])
    value = [made[-1], {"a": made[len(made) // 2]}, made[-2:]] if seed % 2 else made[-1]
    data = vitrify.dumps(value)
    known: dict[int, int] = {}
    parts = [made[-1], made[len(made) // 2], made[-2:]]
    met = [reachable(part, known) for part in parts]
    demand = 2 + sum(met) if seed % 2 else met[0]
    assert_same(value, vitrify.loads(data, limits=dataclasses.replace(vitrify.LIMITS, reached=demand)))
    with pytest.raises(LimitError, match=f"{demand}, the limit reached is {demand - 1}"):
        vitrify.loads(data, limits=dataclasses.replace(vitrify.LIMITS, reached=demand - 1))


def test_the_bound_holds_where_nothing_is_shared() -> None:
    """5 000 lists in one are 5 001, and a forest of five trees is more than one object."""
    data = vitrify.dumps([[i] for i in range(5_000)])
    loaded = vitrify.loads(data, limits=dataclasses.replace(vitrify.LIMITS, reached=5_001))
    assert loaded == [[i] for i in range(5_000)]
    with pytest.raises(LimitError, match="as it can be reached: 5001, the limit reached is 5000") as caught:
        vitrify.loads(data, limits=dataclasses.replace(vitrify.LIMITS, reached=5_000))
    assert caught.value.path == "$"
    forest = vitrify.dumps(RandomForestClassifier(5, random_state=0).fit(X, Y > 0))
    with pytest.raises(LimitError, match="the limit reached is 5"):
        vitrify.loads(forest, limits=dataclasses.replace(vitrify.LIMITS, reached=5))


def test_objects_that_nothing_refers_to_make_no_room() -> None:
    """A thousand empty lists that the root does not hold, beside one that is reached 2⁴⁰ times."""
    lie = Lie(vitrify.dumps(doubled([], 40)))
    (table,) = lie.tables("list")
    table["rows"] += 1_000
    (lengths,) = table["lengths"]["cells"]
    n = len(lengths.data) // 41
    lengths.data += bytearray(1_000 * n)
    with pytest.raises(LimitError, match="objects, each as often as it can be reached: 2199023255551"):
        vitrify.loads(lie.file())
