"""Attacks M16, M18, M24 and M28 on what needs no check here, since it is no memory that the lie leads to.

Numpy and Python check some shapes and numbers themselves when the model is used; flags and nodes that others put into
their files have no place in these at all.
"""

from __future__ import annotations

import numpy as np
import pytest
from scipy import spatial

from tests.attacks.harness import Attack, assert_harmless, assert_refused, run_one
from tests.attacks.lies import Told, bear, element, every, narrow, reshaped, short, value
from tests.attacks.models import X, file_of, fitted
from tests.support.lying_writer import Lie
from vitrify.errors import StateError, UnsupportedError

_OF_OTHER_SHAPES = "operands could not be broadcast together with shapes"
_OF_OTHER_WIDTH = "mismatch in its core dimension"
CHECKED_BY_NUMPY = [
    Told("M16", "mixture", reshaped("$.means_", narrow), _OF_OTHER_WIDTH, error="ValueError"),
    Told("M16", "mixture", reshaped("$.means_", short), _OF_OTHER_SHAPES, error="ValueError"),
    Told("M16", "mixture", reshaped("$.weights_", short), _OF_OTHER_SHAPES, error="ValueError"),
    Told("M16", "mixture", reshaped("$.precisions_cholesky_", short), "index 2 is out of bounds", error="IndexError"),
    Told("M16", "mixture-diag", reshaped("$.precisions_cholesky_", narrow), _OF_OTHER_SHAPES, error="ValueError"),
    Told("M16", "mixture-diag", reshaped("$.means_", narrow), _OF_OTHER_SHAPES, error="ValueError"),
    Told("M16", "centroid", reshaped("$.centroids_", narrow), "Incompatible dimension for X and Y", error="ValueError"),
    Told("M16", "centroid", reshaped("$.within_class_std_dev_", short), "boolean index did not", error="IndexError"),
    Told("M16", "centroid", reshaped("$.class_prior_", short), "index 2 is out of bounds", error="IndexError"),
    Told("M28", "isolation", value("$._max_features", 0), "modulo by zero", error="ZeroDivisionError"),
]
PATHS = [
    Told("M28", "isolation", reshaped("$._decision_path_lengths[0]", short), "out of bounds", error="IndexError"),
    Told("M28", "isolation", reshaped("$._average_path_length_per_tree[0]", short), "bounds", error="IndexError"),
]
"""Tuples of arrays, which no lie about a living model can reach into."""


@pytest.mark.parametrize("told", [*CHECKED_BY_NUMPY, *PATHS], ids=str)
def test_M16_to_M28_shapes_that_numpy_checks(told: Told) -> None:
    """The model loads, and its use ends with an error of Python."""
    bear(told)


@pytest.mark.parametrize("name", ["nodes", "indices", "tree"])
@pytest.mark.parametrize("model", ["ckdtree", "scipy-kdtree"])
def test_M24_nodes_in_a_file(model: str, name: str) -> None:
    """There is no place for them: the tree is built again from its points."""
    lie = Lie(file_of(model))
    table = lie.graph["tables"][lie.ref("$").table]
    table["columns"][name] = {**table["columns"]["data"], "cells": table["columns"]["data"]["cells"]}
    outcome = run_one(Attack(lie.file(), then=fitted(model)[1]))
    assert_refused(outcome, StateError, path="$", match=rf"has the fields .*, {name}, not ")


@pytest.mark.parametrize("name", ["cKDTreeNode", "_ckdtree.cKDTree", "_ckdtree.cKDTreeNode"])
def test_M24_nodes_as_objects(name: str) -> None:
    """No type id stands for a node, nor for a tree with its own."""
    lie = Lie(file_of("ckdtree"))
    lie.tables("scipy.spatial.cKDTree")[0]["type"] = f"scipy.spatial.{name}"
    assert_refused(
        run_one(Attack(lie.file())),
        UnsupportedError,
        path="$",
        match=rf"{name} was saved by a converter that is not here",
    )


def test_M24_points_without_their_last_column() -> None:
    """The tree that is built of them has one dimension less, and answers as scipy's own."""
    lie = Lie(file_of("ckdtree"))
    reshaped("$.data", narrow)(lie)
    outcome = run_one(Attack(lie.file(), then=[("m",), ("query", np.zeros((2, 4))), ("query", np.zeros((2, 3)))]))
    assert_harmless(outcome)
    expected = spatial.cKDTree(X[:, :3], leafsize=5).query(np.zeros((2, 3)))
    assert [answer.text for answer in outcome.answers[::2]] == ["3", repr(expected)]
    assert outcome.answers[1].error == "ValueError"


@pytest.mark.parametrize("name", ["has_sorted_indices", "has_canonical_format", "_has_sorted_indices"])
def test_M18_flags_in_a_file(name: str) -> None:
    """A matrix in rows has no place for them."""
    lie = Lie(file_of("unsorted"))
    lie.tables("scipy.sparse.csr_array")[0]["columns"][name] = lie.column([True])
    assert_refused(run_one(Attack(lie.file())), StateError, path="$", match=rf"has the fields .*, {name}, not ")


def test_M18_indices_out_of_order() -> None:
    """Scipy sees for itself that they are, and finds every entry."""
    lie = Lie(file_of("unsorted"))
    every(element("$.indices", [2, 1, 0], slice(0, 3)), element("$.data", 5.0))(lie)
    outcome = run_one(Attack(lie.file(), then=[("has_sorted_indices",), ("__getitem__", (0, 2)), ("toarray",)]))
    assert_harmless(outcome)
    expected = np.array([[1.0, 1.0, 5.0], [1.0, 1.0, 1.0], [1.0, 1.0, 1.0]])
    assert [answer.text for answer in outcome.answers] == ["False", repr(expected[0, 2]), repr(expected)]
