"""The plugin sees what it is there to see: what is lost, refused or changed on the way through a file."""

from __future__ import annotations

import json
import sys
import types
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression, SGDRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

import vitrify
from tests.upstream.plugin import Sending

X = np.random.default_rng(0).normal(size=(20, 3))
Y = X @ [1.0, 2.0, 3.0]


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "log"


def _lines(log: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in log.read_text("utf-8").splitlines()] if log.exists() else []


def _halved(data: bytes, **others: Any) -> Any:
    """A `loads` that loses half of what it loads."""
    model = vitrify.api.loads(data, **others)
    model.coef_ = model.coef_ / 2
    return model


def test_the_test_goes_on_with_what_was_loaded(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A value that changes on the way is noted, and is the value that predicts."""
    monkeypatch.setattr(vitrify, "loads", _halved)
    sending = Sending(str(log), "all")
    model = LinearRegression()
    fit = sending.hook(LinearRegression.fit)

    assert fit(model, X, Y) is model

    np.testing.assert_allclose(model.coef_, [0.5, 1.0, 1.5])
    noted = [(line["kind"], line["subject"]) for line in _lines(log)]
    assert noted == [("difference", "sklearn.linear_model._base.LinearRegression")] * 2  # the value, and other bytes


def test_an_error_on_load_is_a_defect_and_the_original_stays(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The type and the message of the error are in the log, with the test in which it came."""

    def refuse(data: bytes, **others: Any) -> Any:
        raise vitrify.errors.StateError("node 3: has one child")

    monkeypatch.setattr(vitrify, "loads", refuse)
    sending = Sending(str(log), "all")
    sending.begin("a.py::test")
    model = LinearRegression().fit(X, Y)
    before = dict(vars(model))

    sending.send(model)

    assert vars(model) == before
    assert _lines(log)[1:] == [
        {
            "kind": "defect",
            "subject": "sklearn.linear_model._base.LinearRegression",
            "text": "loads: StateError: node 3: has one child",
            "test": "a.py::test",
        }
    ]


def test_what_cannot_be_saved_is_noted_as_refused(log: Path) -> None:
    """Each value that `dumps` lists is a line."""
    sending = Sending(str(log), "all")

    sending.send(make_pipeline(FunctionTransformer(lambda x: x), StandardScaler()).fit(X))

    assert [line["kind"] for line in _lines(log)] == ["refused"]
    assert _lines(log)[0]["text"] == "UnsupportedError: a lambda"
    assert sending.counts == {"sent": 1}


def test_only_the_outermost_fit_is_followed_by_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    """The steps of a pipeline go through once, with it."""
    sending = Sending("", "all")
    for cls in (LinearRegression, StandardScaler):
        monkeypatch.setattr(cls, "fit", sending.hook(cls.fit))
    pipeline = make_pipeline(StandardScaler(), LinearRegression())

    sending.hook(type(pipeline).fit)(pipeline, X, Y)

    assert sending.counts["sent"] == sending.counts["loaded"] == 1
    assert sending.types == {"sklearn.pipeline.Pipeline": 1}


@pytest.mark.parametrize(("use", "keeps_parameter", "keeps_fitted"), [
    ("all", False, False),
    ("fitted", True, False),
    ("none", True, True),
])  # fmt: skip
def test_how_much_of_the_loaded_model_is_used(use: str, keeps_parameter: bool, keeps_fitted: bool) -> None:
    """Parameters of the constructor, and what was fitted, are the very objects of the original or are not."""
    generator = np.random.RandomState(0)
    model = SGDRegressor(random_state=generator, max_iter=3, tol=None).fit(X, Y)
    coefficients = model.coef_

    Sending("", use).send(model)

    assert (model.random_state is generator) == keeps_parameter
    assert (model.coef_ is coefficients) == keeps_fitted
    np.testing.assert_array_equal(model.coef_, coefficients)


def test_classes_of_the_suite_are_trusted_and_lie_where_they_lay(monkeypatch: pytest.MonkeyPatch) -> None:
    """A class of a module of tests comes back as the class of a user does; nothing of the disguise is left."""
    name = "sklearn.imaginary.tests.test_it"
    cls = type("Scaled", (LinearRegression,), {"__module__": name})
    module = types.ModuleType(name)
    module.Scaled = cls  # type: ignore[attr-defined]  # a module takes any attribute
    monkeypatch.setitem(sys.modules, name, module)
    sending = Sending("", "all")

    sending.send(cls().fit(X, Y))

    assert sending.types == {f"{name}.Scaled": 1}
    assert cls.__module__ == name
    assert not [one for one in sys.modules if one.startswith("suite_of_")]
