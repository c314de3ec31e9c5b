"""Packed trees: the same bytes come back, from the kernel and from numpy, and nothing else is taken."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations, permutations
from typing import Any

import numpy as np
import pytest
from sklearn.datasets import make_classification
from sklearn.ensemble import (
    ExtraTreesClassifier,
    GradientBoostingClassifier,
    IsolationForest,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.tree import DecisionTreeClassifier

from tests.support.independent_trees import untree
from vitrify import kernels
from vitrify.container import trees
from vitrify.container.trees.places import write_spans
from vitrify.container.trees.streams import Streams
from vitrify.errors import FormatError

X, Y = make_classification(300, 8, n_informative=5, n_classes=3, random_state=0)
HOLES = X.copy()
HOLES[::7, 2] = np.nan
WEIGHTS = np.random.default_rng(0).random(300)
TWO = np.stack([Y, (Y + 1) % 2], axis=1)
MODELS: dict[str, Any] = {
    "forest": lambda: RandomForestClassifier(6, random_state=0).fit(X, Y),
    "best first": lambda: RandomForestClassifier(6, max_leaf_nodes=12, random_state=0).fit(X, Y),
    "impure leaves": lambda: RandomForestClassifier(6, max_depth=3, random_state=0).fit(X, Y),
    "entropy": lambda: ExtraTreesClassifier(6, criterion="entropy", random_state=0).fit(X, Y),
    "missing values": lambda: RandomForestClassifier(6, random_state=0).fit(HOLES, Y),
    "weights": lambda: RandomForestClassifier(6, random_state=0).fit(X, Y, WEIGHTS),
    "balanced": lambda: ExtraTreesClassifier(6, class_weight="balanced", random_state=0).fit(X, Y),
    "several outputs": lambda: RandomForestClassifier(6, random_state=0).fit(X, TWO),
    "regression": lambda: RandomForestRegressor(6, random_state=0).fit(X, WEIGHTS),
    "boosting": lambda: GradientBoostingClassifier(n_estimators=4, random_state=0).fit(X, Y),
    "isolation": lambda: IsolationForest(n_estimators=6, random_state=0).fit(X),
    "stump": lambda: RandomForestClassifier(3, max_depth=1, random_state=0).fit(X, Y),
    "one node": lambda: DecisionTreeClassifier().fit(X[:1], Y[:1]),
}
NEARLY_DERIVED = ("entropy", "weights", "several outputs", "regression", "isolation", "balanced")
DERIVED = {"forest", "best first", "impure leaves", "entropy", "missing values", "stump"}


def group_of(name: str, *, item_bytes: int = 64) -> tuple[Any, trees.Group]:
    """The bytes of a model's trees, with a gap between them, and where they lie."""
    model = MODELS[name]()
    members = np.ravel(model.estimators_) if hasattr(model, "estimators_") else [model]
    parts: list[bytes] = [b"a gap!!!"]
    spans: list[tuple[int, int, int]] = []
    for member in members:
        state = member.tree_.__getstate__()
        records = np.zeros(len(state["nodes"]), trees.NODES[item_bytes])
        for field in state["nodes"].dtype.names:
            if field in (records.dtype.names or ()):
                records[field] = state["nodes"][field]
        begin = sum(map(len, parts))
        spans.append((begin, len(records), begin + records.nbytes))
        parts += [records.tobytes(), state["values"].tobytes()]
    data = np.frombuffer(b"".join(parts), np.uint8)
    width = members[0].tree_.value[0].size
    return data, trees.Group(n_bytes=len(data), item_bytes=item_bytes, width=width, spans=np.array(spans, np.int64))


def packed_of(name: str, *, item_bytes: int = 64) -> tuple[Any, Any]:
    """The group's bytes, and what they are packed to."""
    data, group = group_of(name, item_bytes=item_bytes)
    packed = joined(trees.pack(data, group))
    return data, packed


def joined(parts: list[bytes] | None) -> Any:
    """What was packed, in one."""
    assert parts is not None
    return np.frombuffer(b"".join(parts), np.uint8)


def unpacked(packed: Any, n_bytes: int) -> bytes:
    """What `unpack` gives."""
    out = np.full(n_bytes, 0xAA, np.uint8)
    trees.unpack(packed, out)
    return out.tobytes()


@pytest.fixture(params=["kernel", "numpy"])
def both(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the compiled kernel, and without."""
    if request.param == "numpy":
        monkeypatch.setattr(kernels, "COMPILED", False)
    elif not kernels.COMPILED:
        pytest.skip("no compiled kernels here")


@pytest.mark.usefixtures("both")
@pytest.mark.parametrize("item_bytes", [56, 64])
@pytest.mark.parametrize("name", MODELS)
def test_the_same_bytes_come_back(name: str, item_bytes: int) -> None:
    """Also from a reader that was written from SPEC.md alone."""
    data, packed = packed_of(name, item_bytes=item_bytes)
    assert unpacked(packed, len(data)) == data.tobytes()
    assert untree(packed.tobytes(), len(data)) == data.tobytes()


@pytest.mark.parametrize("item_bytes", [56, 64])
@pytest.mark.parametrize("name", MODELS)
def test_kernel_and_numpy_pack_the_same(name: str, item_bytes: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Byte for byte, so that a file does not depend on whether there was a compiler."""
    if not kernels.COMPILED:
        pytest.skip("no compiled kernels here")
    data, group = group_of(name, item_bytes=item_bytes)
    found = trees.pack(data, group)
    monkeypatch.setattr(kernels, "COMPILED", False)
    assert trees.pack(data, group) == found


@pytest.mark.parametrize("name", ["forest", "best first", "impure leaves", "regression"])
def test_kernel_and_numpy_pack_the_same_of_what_is_damaged(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A bit of one number is enough, and the column does not follow; or these are no trees for both."""
    if not kernels.COMPILED:
        pytest.skip("no compiled kernels here")
    data, group = group_of(name)
    rng = np.random.default_rng(0)
    sizes = set()
    for _ in range(60):
        changed = data.copy()
        changed[rng.integers(8, len(data))] ^= np.uint8(1 << rng.integers(8))
        found = trees.pack(changed, group)
        with monkeypatch.context() as patch:
            patch.setattr(kernels, "COMPILED", False)
            assert trees.pack(changed, group) == found
        sizes.add(None if found is None else sum(map(len, found)))
    assert len(sizes) > 3


@pytest.mark.parametrize("name", MODELS)
def test_what_follows_from_counts_is_not_stored(name: str) -> None:
    """Trees whose leaves count classes shrink most."""
    data, packed = packed_of(name)
    n_nodes = int(group_of(name)[1].spans[:, 1].sum())
    assert len(packed) < len(data)
    if name in DERIVED:
        assert len(packed) < 24 * n_nodes + 100


@pytest.mark.parametrize("name", NEARLY_DERIVED)
def test_of_what_nearly_follows_only_the_difference_is_stored(name: str) -> None:
    """The whole takes less than values and impurities do alone."""
    data, packed = packed_of(name)
    group = group_of(name)[1]
    assert len(packed) < 8 * (group.width + 1) * int(group.spans[:, 1].sum())
    assert unpacked(packed, len(data)) == data.tobytes()


def test_bytes_that_are_no_trees_are_not_packed() -> None:
    """Leaves with a feature, children elsewhere, padding that is not zero: whatever scikit-learn does not make."""
    data, group = group_of("forest")
    first = int(group.spans[0, 0])
    leaf = first + 64 * int(
        np.flatnonzero(data[first:].view()[: 64 * group.spans[0, 1]].reshape(-1, 64)[:, 0] == 255)[0]
    )
    for at, value in ((leaf + 16, 7), (leaf + 8, 3), (leaf + 31, 1), (leaf + 60, 1), (leaf + 56, 2), (first, 0)):
        changed = data.copy()
        changed[at] = value
        assert trees.pack(changed, group) is None


@pytest.mark.usefixtures("both")
@pytest.mark.parametrize("field", ["feature", "threshold", "impurity", "n_node_samples", "weighted_n_node_samples"])
@pytest.mark.parametrize("name", ["forest", "regression"])
def test_odd_numbers_come_back_as_they_are(name: str, field: str) -> None:
    """Columns that do not follow from others are stored: NaN with a payload, -0.0, the largest integers."""
    data, group = group_of(name)
    at, offset = int(group.spans[0, 0]), int(trees.NODES[64].fields[field][1])  # type: ignore[index]
    odd = (2**63 - 1, -(2**63), 0x7FF8_0000_0000_0BAD, -(2**63) + 1)
    for value in odd:
        changed = data.copy()
        changed[at + offset : at + offset + 8] = np.array([value], np.int64).view(np.uint8)
        packed = joined(trees.pack(changed, group))
        assert unpacked(packed, len(data)) == changed.tobytes()


@pytest.mark.usefixtures("both")
@pytest.mark.parametrize("value", [-(2**63), -1, 2**31, 2**40])
def test_leaves_whose_counts_no_reader_adds_up_come_back(value: int) -> None:
    """A column of such numbers is stored, though its sums may seem to hold."""
    data, group = group_of("one node")
    changed = data.copy()
    changed[int(group.spans[0, 0]) + 40 :][:8] = np.array([value], np.int64).view(np.uint8)
    packed = joined(trees.pack(changed, group))
    assert unpacked(packed, len(data)) == changed.tobytes()


@pytest.mark.usefixtures("both")
@pytest.mark.parametrize("value", [0.3, -1.0, 2.0**40, -(2.0**80), np.inf, np.nan])
def test_values_that_are_no_shares_come_back(value: float) -> None:
    """Shares that no counts give, or counts that no reader adds up."""
    data, group = group_of("forest")
    changed = data.copy()
    changed[int(group.spans[0, 2]) :][: 8 * group.width] = np.full(group.width, value).view(np.uint8)
    changed[int(group.spans[1, 2]) :][: 8 * group.width * int(group.spans[1, 1])].view("<f8")[-1] = value
    packed = joined(trees.pack(changed, group))
    assert unpacked(packed, len(data)) == changed.tobytes()


def _families(n: int) -> Iterator[list[tuple[int, int]]]:
    """The children of every tree of `n` nodes whose children come after their parents: -1 and -1 for a leaf."""
    for inner in combinations(range(n - 1), n // 2):
        for order in permutations(range(1, n)):
            pairs = dict(zip(inner, zip(order[::2], order[1::2], strict=True), strict=True))
            if all(min(pair) > parent for parent, pair in pairs.items()):
                yield [pairs.get(node, (-1, -1)) for node in range(n)]


@pytest.mark.usefixtures("both")
@pytest.mark.parametrize(("n", "n_trees"), [(1, 1), (3, 2), (5, 16), (7, 272)])
def test_every_small_tree_comes_back(n: int, n_trees: int) -> None:
    """Few grew depth first, though in many each left child is the next node; the tangent numbers count them."""
    families = list(_families(n))
    assert len(families) == n_trees
    for children in families:
        nodes = np.zeros(n, trees.NODES[64])
        nodes["left_child"], nodes["right_child"] = np.array(children).T
        nodes["feature"], nodes["threshold"] = np.where(nodes["left_child"] < 0, -2, 1), -2.0
        data = np.frombuffer(nodes.tobytes() + np.ones(n).tobytes(), np.uint8)
        group = trees.Group(n_bytes=len(data), item_bytes=64, width=1, spans=np.array([[0, n, 64 * n]]))
        packed = joined(trees.pack(data, group))
        assert unpacked(packed, len(data)) == data.tobytes()


def _outcome(packed: Any, n_bytes: int) -> bytes | None:
    try:
        return unpacked(packed, n_bytes)
    except FormatError:
        return None


@pytest.mark.parametrize("name", MODELS)
def test_kernel_numpy_and_second_reader_agree_on_damage(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is changed, each refuses it, or each gives the same bytes."""
    data, packed = packed_of(name)
    rng = np.random.default_rng(len(packed))
    refused = 0
    for round_ in range(150):
        changed = packed.copy()
        for at in rng.integers(0, len(packed) if round_ % 3 else min(60, len(packed)), 1 + round_ % 3):
            changed[at] = rng.choice([0, 1, 2, 254, 255, rng.integers(256)])
        changed = changed[: len(packed) - round_ % 5 // 4]
        found = _outcome(changed, len(data))
        with monkeypatch.context() as patch:
            patch.setattr(kernels, "COMPILED", False)
            assert _outcome(changed, len(data)) == found
        if round_ % 10 == 0:
            try:
                expected = untree(changed.tobytes(), len(data))
            except ValueError:
                expected = None
            assert expected == found
        refused += found is None
    assert 0 < refused <= 150


REFUSED = {
    "another size of nodes": (lambda p: p.__setitem__(0, 63), "nodes of 63 bytes"),
    "an unknown width": (lambda p: p.__setitem__(1, 3), "numbers of 3 bytes"),
    "no trees": (lambda p: p.__setitem__(4, 0), "more than their group has room for"),
}


@pytest.mark.usefixtures("both")
@pytest.mark.parametrize("name", REFUSED)
def test_the_error_says_what_is_wrong(name: str) -> None:
    """Before anything is allocated by a number from the file."""
    data, packed = packed_of("forest")
    changed = packed.copy()
    REFUSED[name][0](changed)
    with pytest.raises(FormatError, match=REFUSED[name][1]):
        unpacked(changed, len(data))


@pytest.mark.usefixtures("both")
def test_too_few_and_too_many_bytes_are_refused() -> None:
    """The last byte must be the last."""
    data, packed = packed_of("forest")
    with pytest.raises(FormatError, match="end too early"):
        unpacked(packed[:-1], len(data))
    with pytest.raises(FormatError, match="bytes after the end of packed trees"):
        unpacked(np.append(packed, np.uint8(0)), len(data))


@pytest.mark.usefixtures("both")
def test_trees_may_not_lie_upon_one_another() -> None:
    """Nor beyond the end of their group."""
    data, group = group_of("stump")
    for change in ([0, -8, 0], [8, 0, 0]):
        spans = group.spans.copy()
        spans[1] += change
        streams = Streams()
        wrong = trees.Group(n_bytes=len(data), item_bytes=64, width=group.width, spans=spans)
        write_spans(streams, wrong)
        with pytest.raises(FormatError, match=r"upon one another|room"):
            unpacked(joined(streams.parts()), len(data))
