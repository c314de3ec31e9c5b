"""Keywords with which a model itself calls its functions: the same list stands before them as before a partial."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score, fbeta_score, get_scorer, get_scorer_names, make_scorer
from sklearn.multiclass import OneVsRestClassifier
from sklearn.preprocessing import FunctionTransformer, normalize

import vitrify
from tests.support.lying_writer import Lie
from vitrify.errors import StateError, UnsupportedError

X = np.random.default_rng(0).random((6, 3))
y = np.array([0, 1, 0, 1, 1, 0])
TRANSFORMER = "sklearn.preprocessing._function_transformer.FunctionTransformer"
SCORER = "sklearn.metrics._scorer._Scorer"


def halve(values: Any, by: list[float]) -> Any:
    """A function of one's own."""
    return values / by[0]


class Other:
    """Whose attributes will claim to be another class's."""


@pytest.mark.parametrize(
    "model",
    [
        FunctionTransformer(np.clip, kw_args={"a_min": 0.2, "a_max": 0.5}),
        FunctionTransformer(normalize, kw_args={"norm": "l1"}),
        FunctionTransformer(
            np.log1p, kw_args={}, inverse_func=np.round, inv_kw_args={"decimals": 2}, check_inverse=False
        ),
        FunctionTransformer(None, kw_args={}),
        FunctionTransformer(halve, kw_args={"by": [2.0]}),
        FunctionTransformer(partial(halve), kw_args={"by": [2.0]}),
        FunctionTransformer(partial(np.clip, a_min=0.2), kw_args={"a_max": 0.5}),
    ],
    ids=["clip", "normalize", "inverse", "no function", "own function", "own partial", "partial"],
)
def test_reviewed_keywords_come_back(model: Any) -> None:
    """And a function of one's own gets whatever it takes."""
    loaded = vitrify.loads(vitrify.dumps(model), trust=[halve])
    assert loaded.kw_args == model.kw_args
    assert loaded.inv_kw_args == model.inv_kw_args
    np.testing.assert_array_equal(loaded.fit(X).transform(X), model.fit(X).transform(X))


def test_every_scorer_of_scikit_learn_comes_back() -> None:
    """By their names, and one of one's own making."""
    for name in get_scorer_names():
        assert repr(vitrify.loads(vitrify.dumps(get_scorer(name)))) == repr(get_scorer(name))
    scorer = make_scorer(fbeta_score, beta=2, average="macro", zero_division=0.0)
    model = LogisticRegression().fit(X, y)
    assert vitrify.loads(vitrify.dumps(scorer))(model, X, y) == scorer(model, X, y)


REFUSED: dict[str, tuple[Any, str, dict[str, Any], str]] = {
    "kw_args": (
        FunctionTransformer(np.sqrt, kw_args={"where": np.zeros((6, 3), bool)}), TRANSFORMER,
        {"func": np.sqrt, "kw_args": {"where": np.zeros((6, 3), bool)}},
        r"kw_args cannot be given: numpy\.sqrt may not be given where=",
    ),
    "inv_kw_args": (
        FunctionTransformer(np.sqrt, inverse_func=np.square, inv_kw_args={"out": X.copy()}), TRANSFORMER,
        {"func": np.sqrt, "inverse_func": np.square, "inv_kw_args": {"out": X.copy()}},
        r"inv_kw_args cannot be given: numpy\.square may not be given out=",
    ),
    "kw_args that are a list": (
        FunctionTransformer(np.sqrt, kw_args=["out"]), TRANSFORMER, {"func": np.sqrt, "kw_args": ["out"]},
        "kw_args is no dict from names",
    ),
    "kw_args without names": (
        FunctionTransformer(np.sqrt, kw_args={1: 2}), TRANSFORMER, {"func": np.sqrt, "kw_args": {1: 2}},
        "kw_args is no dict from names",
    ),
    "a partial": (
        FunctionTransformer(partial(np.sqrt), kw_args={"out": X.copy()}), TRANSFORMER,
        {"func": partial(np.sqrt), "kw_args": {"out": X.copy()}},
        r"kw_args cannot be given: numpy\.sqrt may not be given out=",
    ),
    "a scorer": (
        make_scorer(f1_score, sample_weight=np.ones(6)), SCORER,
        {"_score_func": f1_score, "_sign": 1, "_kwargs": {"sample_weight": np.ones(6)}, "_response_method": "predict"},
        r"_kwargs cannot be given: sklearn\.metrics\.f1_score may not be given sample_weight=",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_other_keywords_are_refused_when_saved_and_when_loaded(name: str) -> None:
    """`where=` would leave memory as it was found, `out=` write into an array of the file's choosing."""
    model, type_id, fields, message = REFUSED[name]
    with pytest.raises(UnsupportedError, match=f"a {type(model).__name__} whose {message}") as refused:
        vitrify.dumps({"m": [FunctionTransformer(), model]})
    assert refused.value.path == "$['m'][1]"
    other = Other()
    vars(other).update(fields)
    lie = Lie(vitrify.dumps(other))
    (table,) = lie.tables(f"{__name__}.Other")
    table["type"] = type_id
    with pytest.raises(StateError, match=message) as hostile:
        vitrify.loads(lie.file())
    assert hostile.value.path == "$"


@pytest.mark.parametrize("is_cyclic", [False, True], ids=["apart", "on a cycle"])
def test_a_rule_sees_what_a_model_holds_even_on_a_cycle(is_cyclic: bool) -> None:
    """A list that leads back to the model is filled after the model itself, and a rule looks when both are."""
    model: Any = OneVsRestClassifier(LogisticRegression()).fit(X, np.c_[y, 1 - y])
    model.back = [model] if is_cyclic else []
    lie = Lie(vitrify.dumps(model))
    assert vitrify.loads(lie.file()).predict(X).shape == (6, 2)
    lie.put(*lie.ref("$.estimators_[0].coef_"), np.ones((5, 3)))
    with pytest.raises(StateError, match=r"estimators_\[0\] gives answers of shape \(5,\) for 1 row") as refused:
        vitrify.loads(lie.file())
    assert refused.value.path == "$"
