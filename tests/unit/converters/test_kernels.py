"""The nodes of trees, checked by the compiled loops and by numpy: both accept and refuse the same."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
from collections.abc import Callable
from functools import lru_cache
from typing import Any, NamedTuple, NoReturn

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sklearn.ensemble import ExtraTreesClassifier, HistGradientBoostingRegressor, RandomForestClassifier
from sklearn.ensemble._hist_gradient_boosting.common import PREDICTOR_RECORD_DTYPE
from sklearn.tree._tree import NODE_DTYPE

import vitrify
from tests.support.equality import assert_same
from tests.support.lying_writer import Lie
from vitrify import kernels
from vitrify.converters.sklearn import boosting, trees
from vitrify.errors import StateError

needs_compiler = pytest.mark.skipif(not kernels.COMPILED, reason="vitrify is installed without compiled kernels")
both = pytest.mark.parametrize("compiled", [pytest.param(True, marks=needs_compiler), False])
many = settings(
    max_examples=int(os.environ.get("KERNEL_EXAMPLES", "600")),
    derandomize="KERNEL_EXAMPLES" not in os.environ,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)

MISSING = "missing_go_to_left"
OLD_NODE_DTYPE = np.dtype([(name, NODE_DTYPE[name]) for name in NODE_DTYPE.names if name != MISSING])
OTHER_RECORD_DTYPE = np.dtype(
    [(name, "<u4" if name == "feature_idx" else PREDICTOR_RECORD_DTYPE[name]) for name in PREDICTOR_RECORD_DTYPE.names]
)
NODE_DTYPES = (NODE_DTYPE, OLD_NODE_DTYPE)
RECORD_DTYPES = (PREDICTOR_RECORD_DTYPE, OTHER_RECORD_DTYPE)
rng = np.random.default_rng(5)
X = rng.normal(size=(400, 5))
X[:, 4] = rng.integers(0, 6, 400)
Y = np.isin(X[:, 4], (1, 2, 5)) ^ (X[:, 0] > X[:, 1] + 1) ^ (rng.random(400) < 0.1)
GAPS = X.copy()
GAPS[rng.random(X.shape) < 0.2] = np.nan


class Grown(NamedTuple):
    """One tree: its nodes, and two numbers.

    Attributes:
        bound: How many features there are, or, for a predictor by itself, bitsets.
        depth: Of a tree; for splits of predictors a bit for each feature whose categories are known.
    """

    nodes: Any
    bound: int
    depth: int


class _Refusing:
    """What the numpy versions need of `Rows`."""

    def fail(self, row: int, message: str) -> NoReturn:
        raise StateError(f"{row}: {message}")


@lru_cache(maxsize=1)
def forest() -> Any:
    return RandomForestClassifier(3, random_state=0).fit(GAPS, Y)


@lru_cache(maxsize=1)
def boosted() -> Any:
    return HistGradientBoostingRegressor(max_iter=3, categorical_features=[4], min_samples_leaf=2).fit(GAPS, Y)


@lru_cache(maxsize=1)
def grown_trees() -> list[Grown]:
    """Deep and shallow, with and without missing values, and one of a single leaf."""
    models = [forest(), ExtraTreesClassifier(2, max_depth=3, random_state=0).fit(X, Y)]
    models.append(RandomForestClassifier(1, random_state=0).fit(X, np.zeros(len(X))))
    found = [model.tree_ for forest in models for model in forest.estimators_]
    return [Grown(tree.__getstate__()["nodes"], tree.n_features, tree.max_depth) for tree in found]


@lru_cache(maxsize=1)
def grown_predictors() -> list[Grown]:
    found = [predictor for stage in boosted()._predictors for predictor in stage]
    return [Grown(tree.nodes, len(tree.raw_left_cat_bitsets), 0) for tree in found]


def retyped(nodes: Any, dtype: Any) -> Any:
    """A copy, with the fields that `dtype` has."""
    found = np.zeros(len(nodes), dtype)
    for name in dtype.names:
        found[name] = nodes[name]
    return found


def numpy_holds(given_trees: list[Grown], kind: str) -> bool:
    """What the reference says."""
    rows: Any = _Refusing()
    nodes = [tree.nodes for tree in given_trees]
    bounds = np.array([tree.bound for tree in given_trees], np.int64)
    depths = np.array([tree.depth for tree in given_trees], np.int64)
    try:
        if kind == "splits":
            n_features, flags = flags_of(given_trees)
            return boosting.fault_of_joined_splits(nodes, n_features, flags) is None
        if kind == "tree":
            trees._check_nodes(rows, np.arange(len(nodes)), nodes, bounds, depths)
        else:
            boosting._check_nodes(rows, 0, nodes, bounds)
    except StateError:
        return False
    return True


def kernel_holds(given_trees: list[Grown], kind: str) -> bool:
    nodes, bounds, depths = ([*column] for column in zip(*given_trees, strict=True))
    if kind == "tree":
        return kernels.tree_nodes_hold(nodes, bounds, depths)
    if kind == "splits":
        n_features, flags = flags_of(given_trees)
        return kernels.predictor_splits_hold(nodes, n_features, flags.tobytes())
    return kernels.predictor_nodes_hold(nodes, bounds)


def flags_of(given_trees: list[Grown]) -> tuple[int, Any]:
    """The features of a model, and flags for each of them, or none: the numbers of its first tree."""
    _, n_features, mask = given_trees[0]
    n_flags = n_features if mask and n_features <= 64 else 0
    return n_features, np.array([mask >> i & 1 for i in range(n_flags)], np.bool_)


def source(kind: str) -> tuple[list[Grown], tuple[Any, ...]]:
    if kind == "tree":
        return grown_trees(), NODE_DTYPES
    flags = boosted()._bin_mapper.is_categorical_
    mask = sum(int(flag) << i for i, flag in enumerate(flags))
    known = [tree._replace(bound=len(flags), depth=mask) for tree in grown_predictors()]
    return (known if kind == "splits" else grown_predictors()), RECORD_DTYPES


@needs_compiler
@pytest.mark.parametrize("kind", ["tree", "predictor", "splits"])
class TestAgreement:
    def test_what_scikit_learn_has_grown_is_accepted(self, kind: str) -> None:
        """By both, in each dtype, each tree alone and all together."""
        found, dtypes = source(kind)
        for dtype in dtypes:
            typed = [tree._replace(nodes=retyped(tree.nodes, dtype)) for tree in found]
            assert len(typed) >= 3
            for part in [typed, *([tree] for tree in typed)]:
                assert numpy_holds(part, kind)
                assert kernel_holds(part, kind)

    @many
    @given(data=st.data())
    def test_changed_trees_are_judged_the_same(self, kind: str, data: st.DataObject) -> None:
        """Some fields of some nodes get extreme values, values of other nodes, or what would be right."""
        found, dtypes = source(kind)
        picked = data.draw(st.lists(st.sampled_from(range(len(found))), min_size=1, max_size=3), "trees")
        dtype = data.draw(st.sampled_from(dtypes), "dtype")
        changed = [found[i]._replace(nodes=retyped(found[i].nodes, dtype)) for i in picked]
        for _ in range(data.draw(st.integers(1, 3), "changes")):
            which = data.draw(st.integers(0, len(changed) - 1))
            changed[which] = change(changed[which], data)
        assert kernel_holds(changed, kind) == numpy_holds(changed, kind)

    @many
    @given(data=st.data())
    def test_trees_of_any_small_numbers_are_judged_the_same(self, kind: str, data: st.DataObject) -> None:
        """Up to five nodes, of which many are nearly trees."""
        _, dtypes = source(kind)
        n = data.draw(st.integers(1, 5))
        nodes = np.zeros(n, data.draw(st.sampled_from(dtypes)))
        for i in range(n):
            leaf = data.draw(st.booleans())
            child = st.integers(-2 if kind == "tree" else 0, n)
            children = (-1, -1) if leaf and kind == "tree" else (data.draw(child), data.draw(child))
            nodes[names_of(kind)][i] = (*children, -2 if leaf and kind == "tree" else 0)
            if kind != "tree":
                nodes["is_leaf"][i] = leaf
        tree = Grown(nodes, 1, data.draw(st.integers(0, 3)))
        assert kernel_holds([tree], kind) == numpy_holds([tree], kind)

    @many
    @given(data=st.binary(min_size=64, max_size=512))
    @example(data=bytes(64))
    def test_any_bytes_are_judged_the_same(self, kind: str, data: bytes) -> None:
        """Whatever they are, wherever they start."""
        for dtype in source(kind)[1]:
            for start in (0, 1):
                n = (len(data) - start) // dtype.itemsize
                tree = Grown(np.frombuffer(data, dtype, n, start), 3, 1) if n else None
                assert tree is None or kernel_holds([tree], kind) == numpy_holds([tree], kind)

    def test_steps_and_places_of_nodes_do_not_matter(self, kind: str) -> None:
        """Every second node of an array, backwards, and at an odd address."""
        found, _ = source(kind)
        for tree in found:
            spread = np.zeros(2 * len(tree.nodes), tree.nodes.dtype)
            spread[::2] = tree.nodes
            odd = np.zeros(tree.nodes.nbytes + 1, np.uint8)[1:].view(tree.nodes.dtype)
            odd[:] = tree.nodes
            backwards = tree.nodes[::-1].copy()[::-1]
            for nodes in (spread[::2], odd, backwards):
                assert kernel_holds([tree._replace(nodes=nodes)], kind)
            assert kernel_holds([tree._replace(nodes=spread)], kind) is (kind == "splits")  # zeros are no tree


def names_of(kind: str) -> list[str]:
    return ["left_child", "right_child", "feature"] if kind == "tree" else ["left", "right", "feature_idx"]


def change(tree: Grown, data: st.DataObject) -> Grown:
    """One field of one node, or a number of the whole tree, becomes another."""
    nodes, n = tree.nodes, len(tree.nodes)
    field = data.draw(st.sampled_from([*nodes.dtype.names, "bound", "depth"]), "field")
    near = st.sampled_from([-3, -2, -1, 0, 1, n - 1, n, n + 1, 2**31 - 1, 2**31, 2**32 - 1, 2**63 - 1, -(2**63)])
    if field in ("bound", "depth"):
        now = getattr(tree, field)
        value = data.draw(near | st.sampled_from([now - 1, now + 1]).filter(lambda v: abs(v) < 2**63), "value")
        # A file's numbers are checked before: features are at least one, bitsets are counted.
        return tree._replace(**{field: max(value, 1 if field == "bound" else value)})
    where = data.draw(st.integers(0, n - 1), "node")
    other = data.draw(st.integers(0, n - 1), "other node")
    dtype = nodes.dtype[field]
    if dtype.kind == "f":
        nodes[field][where] = data.draw(st.sampled_from([np.nan, -np.nan, np.inf, -np.inf, 0.0, 1e308]), "value")
    elif data.draw(st.booleans(), "swap"):
        nodes[field][[where, other]] = nodes[field][[other, where]]
    else:
        value = data.draw(near | st.sampled_from([where, where + 1, other]), "value")
        limits = np.iinfo(dtype)
        nodes[field][where] = min(max(value, limits.min), limits.max)
    return tree


@both
def test_of_three_nodes_two_arrangements_are_trees(compiled: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """A root with nodes 1 and 2 as its children, in either order; nothing else of any three pairs of numbers."""
    holds = kernel_holds if compiled else numpy_holds
    accepted = []
    pairs = list(itertools.product((-1, 0, 1, 2, 3), repeat=2))
    nodes = np.zeros(3, NODE_DTYPE)
    for arrangement in itertools.product(pairs, pairs, pairs):
        for i, (left, right) in enumerate(arrangement):
            nodes[["left_child", "right_child", "feature"]][i] = (left, right, -2 if left == -1 else 0)
        if holds([Grown(nodes, 1, 1)], "tree"):
            accepted.append(arrangement)
    leaf = (-1, -1)
    assert accepted == [((1, 2), leaf, leaf), ((2, 1), leaf, leaf)]


class Lying(NamedTuple):
    """One change of the first inner node or leaf, and what the error says."""

    field: str
    value: Callable[[Any, int], Any]
    at_leaf: bool
    message: str


def to(value: Any) -> Callable[[Any, int], Any]:
    return lambda nodes, i: value


TREE_LIES = [
    Lying("left_child", to(2**40), False, "has a left child that is not a later node"),
    Lying("left_child", to(2**63 - 1), False, "has a left child that is not a later node"),
    Lying("left_child", to(-(2**63)), False, "has a left child that is not a later node"),
    Lying("left_child", to(-2), False, "has a left child that is not a later node"),
    Lying("left_child", lambda nodes, i: i, False, "has a left child that is not a later node"),
    Lying("left_child", lambda nodes, i: len(nodes), False, "has a left child that is not a later node"),
    Lying("left_child", to(-1), False, "has one child"),
    Lying("right_child", to(-1), False, "has one child"),
    Lying("right_child", lambda nodes, i: len(nodes), False, "has a right child that is not a later node"),
    Lying("right_child", to(2**63 - 1), False, "has a right child that is not a later node"),
    Lying("left_child", lambda nodes, i: nodes["right_child"][i], False, "is not the child of any node"),
    Lying("left_child", to(1), True, "has one child"),
    Lying("feature", to(5), False, "tests a feature that does not exist"),
    Lying("feature", to(-2), False, "tests a feature that does not exist"),
    Lying("feature", to(2**63 - 1), False, "tests a feature that does not exist"),
    Lying("feature", to(0), True, "is a leaf with a feature"),
    Lying("threshold", to(np.nan), False, "has a threshold that is not a number"),
    Lying("n_node_samples", to(-1), False, "has a negative number of samples"),
    Lying("n_node_samples", to(-(2**63)), True, "has a negative number of samples"),
    Lying(MISSING, to(2), False, "neither 0 nor 1"),
    Lying(MISSING, to(255), True, "neither 0 nor 1"),
]
PREDICTOR_LIES = [
    Lying("left", to(2**32 - 1), False, "has a left child that is not a later node"),
    Lying("left", lambda nodes, i: i, False, "has a left child that is not a later node"),
    Lying("right", lambda nodes, i: len(nodes), False, "has a right child that is not a later node"),
    Lying("left", lambda nodes, i: nodes["right"][i], False, "has the same node as both children"),
    Lying("left", lambda nodes, i: nodes["left"][i] + 1, False, "is not the child of exactly one node"),
    Lying("is_leaf", to(2), True, "has an is_leaf that is neither 0 nor 1"),
    Lying("is_leaf", to(1), False, "is not the child of exactly one node"),
    Lying("is_leaf", to(0), True, "has a left child that is not a later node"),
    Lying(MISSING, to(2), True, "neither 0 nor 1"),
    Lying("is_categorical", to(2), True, "has an is_categorical that is neither 0 nor 1"),
    Lying("feature_idx", to(-1), False, "tests a feature"),
    Lying("feature_idx", to(2**31), False, "tests a feature"),
]


def refuse(model: Any, path: str, lie: Lying) -> None:
    """The file of a model is refused for one change of its nodes, with every digest right."""
    told = Lie(vitrify.dumps(model))
    nodes = told.array(path)
    leaves = nodes["left_child"] == -1 if "left_child" in nodes.dtype.names else nodes["is_leaf"] == 1
    i = int(np.flatnonzero(leaves == lie.at_leaf)[0])
    nodes[lie.field][i] = lie.value(nodes, i)
    with pytest.raises(StateError, match=lie.message):
        vitrify.loads(told.file())


@both
class TestFiles:
    @pytest.fixture(autouse=True)
    def _loops(self, compiled: bool, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(kernels, "COMPILED", compiled)

    def test_models_come_back(self, compiled: bool) -> None:
        """A forest and histogram gradient boosting, as they were."""
        for model in (forest(), boosted()):
            assert_same(model, vitrify.loads(vitrify.dumps(model)))

    @pytest.mark.parametrize("lie", TREE_LIES, ids=lambda lie: f"{lie.field}-{lie.message}")
    def test_impossible_nodes_of_a_forest_are_refused(self, compiled: bool, lie: Lying) -> None:
        """In the same words, whichever loop has seen them first (attacks M01-M07)."""
        refuse(forest(), "$.estimators_[1].tree_.nodes", lie)

    @pytest.mark.parametrize("lie", PREDICTOR_LIES, ids=lambda lie: f"{lie.field}-{lie.message}")
    def test_impossible_nodes_of_a_predictor_are_refused(self, compiled: bool, lie: Lying) -> None:
        """In the same words, whichever loop has seen them first (attacks M09, M10)."""
        refuse(boosted(), "$._predictors[1][0].nodes", lie)

    def test_a_bitset_that_does_not_exist_is_refused(self, compiled: bool) -> None:
        """Only where a category is tested: elsewhere the number has no meaning (attack M10)."""
        told = Lie(vitrify.dumps(boosted()))
        nodes = told.array("$._predictors[1][0].nodes")
        nodes["bitset_idx"][nodes["is_categorical"] == 0] = 2**32 - 1
        vitrify.loads(told.file())
        nodes["bitset_idx"][np.flatnonzero(nodes["is_categorical"])[0]] = len(nodes)
        with pytest.raises(StateError, match="has a bitset that does not exist"):
            vitrify.loads(told.file())

    @pytest.mark.parametrize("more", [-1, 1, 2**62])
    def test_a_wrong_depth_is_refused(self, compiled: bool, more: int) -> None:
        """`max_depth` is what the nodes say."""
        told = Lie(vitrify.dumps(forest()))
        depths = [model.tree_.max_depth for model in forest().estimators_]
        depth = depths[1]
        depths[1] += more
        told.tables("sklearn.tree.Tree")[0]["columns"]["max_depth"] = told.column(depths)["parts"][0]
        with pytest.raises(StateError, match=f"max_depth is {depth + more}, the tree's depth is {depth}"):
            vitrify.loads(told.file())


@both
@pytest.mark.parametrize("lies", [False, True])
@pytest.mark.parametrize("old_first", [False, True])
def test_trees_of_two_dtypes_can_lie_side_by_side(compiled: bool, lies: bool, old_first: bool) -> None:
    """The flag for missing values is checked in the trees that have it, and in no other."""
    new, old = grown_trees()[0], grown_trees()[1]
    new = new._replace(nodes=retyped(new.nodes, NODE_DTYPE))
    new.nodes[MISSING][2] = 2 if lies else 1
    old = old._replace(nodes=retyped(old.nodes, OLD_NODE_DTYPE))
    pair = [old, new] if old_first else [new, old]
    holds = kernel_holds if compiled else numpy_holds
    assert holds(pair, "tree") is not lies


@needs_compiler
class TestCalls:
    def test_what_the_loop_alone_refuses_is_not_built(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """If numpy finds nothing wrong, the model is refused all the same."""
        monkeypatch.setattr(kernels, "tree_nodes_hold", lambda *_: False)
        monkeypatch.setattr(kernels, "predictor_nodes_hold", lambda *_: False)
        for model in (forest(), boosted()):
            with pytest.raises(StateError, match="are refused"):
                vitrify.loads(vitrify.dumps(model))

    def test_splits_that_the_loop_alone_refuses_are_not_built(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """The same for what belongs to the whole model."""
        monkeypatch.setattr(kernels, "predictor_splits_hold", lambda *_: False)
        with pytest.raises(StateError, match="a predictor tests what the input does not have"):
            vitrify.loads(vitrify.dumps(boosted()))

    def test_each_feature_needs_its_flag(self) -> None:
        """Or none has one."""
        nodes, flags = [grown_predictors()[0].nodes], boosted()._bin_mapper.is_categorical_.tobytes()
        assert kernels.predictor_splits_hold(nodes, 5, flags)
        assert not kernels.predictor_splits_hold(nodes, 5, b"")
        assert kernels.predictor_splits_hold([], 5, b"")
        for n_features in (4, 6):
            with pytest.raises(ValueError, match="each feature needs its flag"):
                kernels.predictor_splits_hold(nodes, n_features, flags)

    @pytest.mark.parametrize("nodes", [
        np.zeros((1, 1), NODE_DTYPE),
        np.zeros((), NODE_DTYPE),
        np.zeros(1, NODE_DTYPE.newbyteorder(">")),
        np.zeros(1, [(name, "<i4") for name in NODE_DTYPE.names]),
    ])  # fmt: skip
    def test_other_arrays_are_an_error(self, nodes: Any) -> None:
        """Two dimensions or none, bytes in the other order, narrower fields."""
        with pytest.raises(ValueError, match="the nodes of a tree"):
            kernels.tree_nodes_hold([nodes], [1], [0])

    def test_no_tree_is_no_fault_and_an_empty_one_is(self) -> None:
        """A tree has a root."""
        assert kernels.tree_nodes_hold([], [], [])
        assert kernels.predictor_nodes_hold([], [])
        assert not kernels.tree_nodes_hold([np.zeros(0, NODE_DTYPE)], [1], [0])
        assert not kernels.predictor_nodes_hold([np.zeros(0, PREDICTOR_RECORD_DTYPE)], [0])

    def test_each_tree_needs_its_numbers(self) -> None:
        """As many as there are trees, of 64 bits."""
        leaf = np.zeros(1, NODE_DTYPE)
        with pytest.raises(ValueError, match="each tree needs"):
            kernels.tree_nodes_hold([leaf], [], [0])
        with pytest.raises(OverflowError):
            kernels.tree_nodes_hold([leaf], [2**63], [0])

    def test_arrays_are_let_go(self) -> None:
        """No reference is left, after an answer and after an error."""
        nodes = grown_trees()[0].nodes.copy()
        before = sys.getrefcount(nodes)
        assert kernels.tree_nodes_hold([nodes, nodes], [5, 5], [grown_trees()[0].depth] * 2)
        with pytest.raises(ValueError, match="the nodes of a tree"):
            kernels.tree_nodes_hold([nodes, nodes.reshape(1, -1)], [5, 5], [1, 1])
        assert sys.getrefcount(nodes) == before


PROGRAM = """
import sys
sys.modules.update(dict.fromkeys(sys.argv[2:]))
import vitrify.kernels, vitrify.cli.versions
vitrify.load(sys.argv[1])
print(vitrify.kernels.COMPILED, "vitrify.kernels._nodes" in sys.modules and not sys.argv[2:])
print(vitrify.cli.versions.version_lines()[-1].split())
"""


@pytest.mark.parametrize(("pure", "blocked"), [("1", []), ("", ["vitrify.kernels._nodes"])])
def test_models_load_without_compiled_loops(tmp_path: Any, pure: str, blocked: list[str]) -> None:
    """Where the environment turns them off, and where there are none; `--version` says so."""
    vitrify.dump(forest(), tmp_path / "m.glass")
    command = [sys.executable, "-c", PROGRAM, str(tmp_path / "m.glass"), *blocked]
    environment = {**os.environ, "VITRIFY_PURE": pure}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["False False", "['kernels', 'numpy']"]
