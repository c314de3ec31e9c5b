"""Attacks M01 to M10: trees, forests and boosting, whose nodes compiled code follows without any bound."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.attacks.lies import Edit, Told, element, every, narrow, refuse, reshaped, short, value
from tests.support.lying_writer import Lie

_LATER = "child that is not a later node"
_FEATURE = "tests a feature that does not exist"
_TREE = "$.tree_"


def _nodes(name: str, new: Any, *, leaf: bool = False, path: str = "$.tree_.nodes") -> Edit:
    """A field of the first inner node, or of the first leaf."""

    def edit(lie: Lie) -> None:
        nodes = lie.array(path)
        at = int(np.flatnonzero((nodes["left_child"] == -1) == leaf)[0])
        nodes[name][at] = new(len(nodes), at) if callable(new) else new

    return edit


def _tree(row: str, edit: Edit, match: str, path: str = _TREE) -> Told:
    return Told(row, "tree", edit, match, path)


TREES = [
    *(
        _tree("M01", _nodes(side, child), _LATER)
        for side in ("left_child", "right_child")
        for child in (2**40, -(2**40), lambda n, _: n, lambda n, _: n + 50_000)
    ),
    _tree("M02", _nodes("feature", 2**40), _FEATURE),
    _tree("M02", _nodes("feature", 4), _FEATURE),
    _tree("M02", _nodes("feature", -1), _FEATURE),
    _tree("M02", _nodes("feature", -2), _FEATURE),
    _tree("M02", _nodes("feature", 0, leaf=True), "is a leaf with a feature"),
    _tree("M03", _nodes("left_child", lambda _, at: at), _LATER),
    _tree("M03", _nodes("right_child", lambda _, at: at + 1), "is not the child of any node|child of two nodes"),
    _tree("M03", element("$.tree_.nodes", 0, 2, "right_child"), "has one child|is not a later node"),
    _tree("M04", _nodes("right_child", 5, leaf=True), "has one child"),
    _tree("M04", _nodes("left_child", -1), "has one child"),
    _tree(
        "M05",
        every(reshaped("$.tree_.nodes", lambda a: a[:0]), reshaped("$.tree_.values", lambda a: a[:0])),
        "at least one node",
    ),
    _tree("M05", reshaped("$.tree_.nodes", short), "values must be float64 of shape"),
    _tree("M05", reshaped("$.tree_.values", narrow), "values must be float64 of shape"),
    _tree("M06", value("$.tree_.max_depth", 0), "max_depth is 0"),
    _tree("M06", value("$.tree_.max_depth", -1), "max_depth is -1"),
    _tree("M06", value("$.tree_.max_depth", 2**60), "max_depth is"),
    _tree("M07", value("$.tree_.n_features", 5), "n_features_in_ is not n_features of its tree", "$"),
    _tree("M07", value("$.n_features_in_", 3), "n_features_in_ is not n_features of its tree", "$"),
    _tree("M07", value("$.n_outputs_", 2), "n_outputs_ is not n_outputs of its tree", "$"),
    *(
        _tree("M07", element("$.tree_.n_classes", n), "n_classes must|values must be float64 of shape")
        for n in (0, -1, 2**62, 4)
    ),
    _tree("M07", element("$.tree_.nodes", float("nan"), 0, "threshold"), "threshold that is not a number"),
    _tree("M07", element("$.tree_.nodes", 2, 0, "missing_go_to_left"), "neither 0 nor 1"),
    _tree("M07", element("$.tree_.nodes", -1, 0, "n_node_samples"), "negative number of samples"),
]
_START = "init_ starts with "
_LEFT = "has a left child that is not a later node"
ENSEMBLES = [
    Told("M08", "forest", value("$.n_features_in_", 3), "another number of features than the forest"),
    Told("M08", "forest", value("$.n_outputs_", 2), "another number of outputs than the forest"),
    Told(
        "M08",
        "isolation",
        value("$.estimators_[0].n_features_in_", 2),
        "is not n_features of its tree",
        "$.estimators_[0]",
    ),
    Told("M08", "boosting", value("$.n_features_in_", 3), "another number of features than the ensemble"),
    Told("M08", "boosting", reshaped("$.classes_", short), "estimators_ must have 1 columns, not 3"),
    Told("M08", "boosting", reshaped("$.init_.class_prior_", short), _START),
    Told("M08", "boosting-own-start", reshaped("$.init_.class_prior_", short), _START),
    Told("M08", "boosting", value("$.estimators_[0].tree_.n_outputs", 2), "gives more than one output"),
    Told("M09", "hist", element("$._predictors[0][0].nodes", 2**31, 0, "left"), _LEFT, "$._predictors[0][0]"),
    Told("M09", "hist", element("$._predictors[0][0].nodes", 0, 0, "left"), _LEFT, "$._predictors[0][0]"),
    Told("M09", "hist", element("$._predictors[0][0].nodes", 2**31, 0, "right"), "right child", "$._predictors[0][0]"),
    Told("M09", "hist", element("$._predictors[0][0].nodes", 2**40, 0, "feature_idx"), "tests a feature beyond the 4"),
    Told("M09", "hist", element("$._predictors[0][0].nodes", 4, 0, "feature_idx"), "tests a feature beyond the 4"),
    Told("M09", "hist", element("$._predictors[0][0].nodes", -1, 0, "feature_idx"), "tests a feature beyond the 4"),
    Told("M09", "hist", element("$._predictors[0][0].nodes", 2, 0, "is_leaf"), "is_leaf", "$._predictors[0][0]"),
    Told(
        "M09",
        "hist",
        reshaped("$._predictors[0][0].nodes", lambda a: a[:0]),
        "at least one node",
        "$._predictors[0][0]",
    ),
    Told(
        "M09",
        "hist-categories",
        element("$._predictors[0][0].nodes", 2**31, 0, "bitset_idx"),
        "has a bitset that does not exist",
        "$._predictors[0][0]",
    ),
    Told("M09", "hist", element("$._predictors[0][0].nodes", 1, 0, "is_categorical"), "_bin_mapper does not"),
    Told(
        "M10",
        "hist-categories",
        reshaped("$._predictors[0][0].raw_left_cat_bitsets", narrow),
        "must be uint32 of shape",
        "$._predictors[0][0]",
    ),
    Told(
        "M10",
        "hist-categories",
        reshaped("$._predictors[0][0].raw_left_cat_bitsets", short),
        "equally many",
        "$._predictors[0][0]",
    ),
    Told("M10", "hist-categories", reshaped("$._bin_mapper.is_categorical_", short), "_bin_mapper does not"),
    Told("M10", "hist-categories", element("$._bin_mapper.is_categorical_", 0, slice(None)), "_bin_mapper does not"),
]


@pytest.mark.parametrize("told", TREES, ids=str)
def test_M01_to_M07_trees(told: Told) -> None:
    """Children, features, cycles, leaves, sizes, depths and widths of a single tree."""
    refuse(told)


@pytest.mark.parametrize("told", ENSEMBLES, ids=str)
def test_M08_to_M10_ensembles(told: Told) -> None:
    """Members that do not fit, and the nodes of histogram boosting."""
    refuse(told)
