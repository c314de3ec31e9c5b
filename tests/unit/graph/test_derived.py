"""Attributes that one version keeps and another works out: `AttrsRule.derived`."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.neighbors import NeighborhoodComponentsAnalysis
from sklearn.random_projection import GaussianRandomProjection

import vitrify
from tests.support.lying_writer import Lie
from vitrify.errors import StateError

X = np.random.default_rng(0).normal(size=(30, 4))
Y = np.arange(30) % 2


def with_attribute(model: object, name: str, value: object) -> bytes:
    """The file of a model that has one more attribute."""
    lie = Lie(vitrify.dumps(model))
    (table,) = lie.tables(f"{type(model).__module__}.{type(model).__qualname__}")
    (table["columns"][name],) = lie.column([value])["parts"]
    return lie.file()


@pytest.mark.parametrize("value", [2, 10**6, "x"])
def test_what_is_a_property_here_is_read_past(value: object) -> None:
    """Whatever a file says of it."""
    model = NeighborhoodComponentsAnalysis(2, random_state=0, max_iter=3).fit(X, Y)
    loaded = vitrify.loads(with_attribute(model, "_n_features_out", value))
    assert "_n_features_out" not in vars(loaded)
    assert loaded._n_features_out == 2
    assert list(loaded.get_feature_names_out()) == list(model.get_feature_names_out())
    np.testing.assert_array_equal(loaded.transform(X), model.transform(X))


def test_what_is_none_here_comes_back() -> None:
    """Random projections keep it since 1.3."""
    model = GaussianRandomProjection(2, random_state=0).fit(X)
    assert vars(vitrify.loads(vitrify.dumps(model)))["_n_features_out"] == 2


def test_other_attributes_hide_nothing() -> None:
    """Methods stay refused, and properties that no version keeps."""
    model = NeighborhoodComponentsAnalysis(2, random_state=0, max_iter=3).fit(X, Y)
    with pytest.raises(StateError, match="attribute 'transform' would hide a member of the class") as caught:
        vitrify.loads(with_attribute(model, "transform", 1))
    assert caught.value.path == "$"
