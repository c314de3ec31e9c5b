"""Objects that are reached again and again, and estimators that are members of themselves."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.cluster import Birch
from sklearn.ensemble import VotingRegressor
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline

import vitrify
from tests.support.equality import assert_same
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
