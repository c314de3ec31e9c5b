"""Columns of packed trees that are near what follows from others, and those that have a dictionary."""

from __future__ import annotations

from math import inf, log2, nan, nextafter, ulp
from typing import Any

import numpy as np
import pytest

from vitrify import kernels
from vitrify.container.trees import NODES, Group, pack, unpack
from vitrify.container.trees.streams import Streams
from vitrify.errors import FormatError

N_BYTES = 3 * 56 + 3 * 8
WEIGHTS, VALUES = (2.5, 0.5), (4.0, 1.0)
"""Of two leaves; their weighted mean is 3.5, and that of their squares 13.5."""


def packed(**changed: Any) -> Any:
    """A root that tests column 1, and two leaves of one sample; the root's numbers are near."""
    parts = {
        "threshold": lambda s: s.floats(np.array([0.5])),
        "weights_kind": lambda s: s.mode(2),
        "weights": lambda s: s.floats(np.array(WEIGHTS)),
        "near_weights": near([False], [0], []),
        "values_kind": lambda s: s.mode(2),
        "values": lambda s: s.floats(np.array(VALUES)),
        "near_values": near([False], [0], []),
        "impurity_kind": lambda s: s.mode(2),
        "n_outputs": lambda _: None,
        "near_impurity": near([False] * 3, [0, 0, 0], []),
    }
    streams = Streams()
    streams.mode(56)
    for number in (1, 1, 3, 0, 168):
        streams.ints(np.array([number], np.int64))
    streams.bits(np.array([False, True, True]))
    streams.mode(0)
    streams.ints(np.array([1], np.int64))
    threshold, *rest = (parts | changed).values()
    threshold(streams)
    streams.mode(0)
    streams.ints(np.array([1, 1], np.int64))
    for part in rest:
        part(streams)
    return np.frombuffer(b"".join(streams.parts()), np.uint8)


def near(is_given: list[bool], apart: list[int], given: list[float]) -> Any:
    """Writes such a column."""

    def write(streams: Streams) -> None:
        streams.bits(np.array(is_given))
        streams.ints(np.array(apart, np.int64))
        streams.floats(np.array(given, float))

    return write


def root(content: Any) -> tuple[float, float, float]:
    """Its weight, value and impurity."""
    out = np.full(N_BYTES, 0xAA, np.uint8)
    unpack(content, out)
    node = out[:168].view(NODES[56])[0]
    return float(node["weighted_n_node_samples"]), float(out[168:].view("<f8")[0]), float(node["impurity"])


@pytest.fixture(params=["kernel", "numpy"], autouse=True)
def both(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the compiled kernel, and without."""
    if request.param == "numpy":
        monkeypatch.setattr(kernels, "COMPILED", False)
    elif not kernels.COMPILED:
        pytest.skip("no compiled kernels here")


def test_what_is_expected_is_the_sum_the_mean_and_the_mean_square_less_the_square_of_the_mean() -> None:
    """(2.5 · 4 + 0.5 · 1) / 3 = 3.5, and (2.5 · 16 + 0.5 · 1) / 3 - 3.5² = 1.25."""
    assert root(packed()) == (3.0, 3.5, 1.25)


@pytest.mark.parametrize("apart", [1, -2, 9])
def test_steps_are_those_of_the_last_bit(apart: int) -> None:
    """As `math.nextafter` goes."""
    weight, value = 3.0, 3.5
    for _ in range(abs(apart)):
        weight, value = (nextafter(number, inf if apart > 0 else -inf) for number in (weight, value))
    steps = near([False], [apart], [])
    assert root(packed(near_weights=steps))[0] == weight
    assert root(packed(near_values=steps))[1] == value


@pytest.mark.parametrize("apart", [1, 8, -24])
def test_units_are_an_eighth_of_the_last_bit_of_the_mean_square(apart: int) -> None:
    """Which is 13.5."""
    found = root(packed(near_impurity=near([False] * 3, [apart, 0, 0], [])))
    assert found[2] == 1.25 + apart * ulp(13.5) / 8


def test_impurities_may_be_stored_beside_values_that_are_near() -> None:
    """As they are."""
    found = root(packed(impurity_kind=lambda s: s.mode(1), near_impurity=lambda s: s.floats(np.array([7.5, 0.0, 1.0]))))
    assert found == (3.0, 3.5, 7.5)


def test_numbers_that_are_given_are_taken_as_they_are() -> None:
    """Every bit of them."""
    found = root(packed(near_weights=near([True], [], [-0.0]), near_impurity=near([True] * 3, [], [nan, 1.0, 1.0])))
    assert np.signbit(found[0])
    assert np.isnan(found[2])


def test_an_expectation_that_is_no_number_is_zero() -> None:
    """Infinite weights of both signs have no sum, and no mean."""
    content = packed(weights=lambda s: s.floats(np.array([inf, -inf])))
    assert root(content) == (0.0, 0.0, 0.0)


def test_shares_of_one_output_leave_one_less_their_squares() -> None:
    """1 - 3.5² for the root, though these are no shares."""
    content = packed(impurity_kind=lambda s: s.mode(3), n_outputs=lambda s: s.ints(np.array([1])))
    assert root(content)[2] == 1 - 3.5**2


@pytest.mark.parametrize("value", [0.5, 0.25, 1.0, 0.3, 1e-9, 5.0])
def test_entropy_of_one_output_is_that_of_its_shares(value: float) -> None:
    """Within three last bits of the largest of logarithm and product; the value of the root is given."""
    content = packed(
        near_values=near([True], [], [value]),
        impurity_kind=lambda s: s.mode(4),
        n_outputs=lambda s: s.ints(np.array([1])),
    )
    assert root(content)[2] == pytest.approx(-value * log2(value), rel=3 * 2.0**-52, abs=0.0)


@pytest.mark.parametrize("value", [0.0, -0.0, -1.0, nan])
def test_what_is_no_share_adds_nothing_to_the_entropy(value: float) -> None:
    """Its logarithm is not asked for."""
    content = packed(
        near_values=near([True], [], [value]),
        impurity_kind=lambda s: s.mode(4),
        n_outputs=lambda s: s.ints(np.array([1])),
    )
    assert root(content)[2] == 0.0


def _dictionary(entries: list[int], places: bytes) -> Any:
    """Writes floats as a dictionary of differences of bits, and places."""

    def write(streams: Streams) -> None:
        streams.mode(1)
        streams.ints(np.array([len(entries)], np.int64))
        streams.raw(np.array(entries, "<u8").view(np.uint8).reshape(-1, 8).T.reshape(-1))
        streams.raw(np.frombuffer(places, np.uint8))

    return write


ONE = 0x3FF0_0000_0000_0000


def test_a_dictionary_holds_bits_in_order() -> None:
    """1.0 and then 2.0, which the leaves have the other way round: (2.5 · 2 + 0.5 · 1) / 3."""
    content = packed(values=_dictionary([ONE, 0x10_0000_0000_0000], b"\1\0"))
    assert root(content)[1] == (2.5 * 2 + 0.5) / 3
    assert root(packed(values=_dictionary([ONE], b"")))[1] == 1.0


LIES: dict[str, tuple[dict[str, Any], str]] = {
    "an unknown kind of floats": ({"threshold": lambda s: s.mode(2)}, "a column of the unknown kind 2"),
    "no entry": ({"values": _dictionary([], b"\0\0")}, "a dictionary of 0 values for 2 numbers"),
    "too many entries": ({"values": _dictionary([ONE, 1, 1], b"\0\1")}, "a dictionary of 3 values for 2 numbers"),
    "an entry twice": ({"values": _dictionary([ONE, 0], b"\0\1")}, "a dictionary that does not ascend"),
    "an entry beyond 64 bits": ({"values": _dictionary([ONE, 2**64 - ONE], b"\0\1")}, "that does not ascend"),
    "no such entry": ({"values": _dictionary([ONE, 1], b"\0\2")}, "name a value that their dictionary does not have"),
    "an unused entry": ({"values": _dictionary([ONE, 1], b"\0\0")}, "do not use a value of their dictionary"),
    "an unknown kind of weights": ({"weights_kind": lambda s: s.mode(3)}, "a column of the unknown kind 3"),
    "an unknown kind of values": ({"values_kind": lambda s: s.mode(3)}, "a column of the unknown kind 3"),
    "an unknown kind of impurities": ({"impurity_kind": lambda s: s.mode(5)}, "a column of the unknown kind 5"),
    "no outputs": (
        {"impurity_kind": lambda s: s.mode(3), "n_outputs": lambda s: s.ints(np.array([0]))},
        "shares of classes for 0 outputs",
    ),
    "two outputs of one column": (
        {"impurity_kind": lambda s: s.mode(3), "n_outputs": lambda s: s.ints(np.array([2]))},
        "shares of classes for 2 outputs",
    ),
    "bits of more numbers": ({"near_weights": near([False, True], [0], [])}, "have bits after the last"),
    "more numbers that are given": ({"near_impurity": near([True] * 3, [], [0.0])}, "end too early"),
    "shares of near weights": ({"values_kind": lambda s: s.mode(0)}, "derive shares of classes from nothing"),
    "Gini of near values": ({"impurity_kind": lambda s: s.mode(0)}, "derive an impurity from nothing"),
}


@pytest.mark.parametrize("name", LIES)
def test_a_lie_is_refused(name: str) -> None:
    """By its name, before a node is made."""
    changed, message = LIES[name]
    with pytest.raises(FormatError) as caught:
        unpack(packed(**changed), np.zeros(N_BYTES, np.uint8))
    assert caught.value.message.endswith(message)


def test_numbers_that_come_again_are_packed_as_a_dictionary() -> None:
    """A hundred stumps with four thresholds: what is packed grows by two bits of entropy each, not by 64."""
    nodes = np.zeros(300, NODES[56])
    nodes["left_child"], nodes["right_child"] = np.tile([1, -1, -1], 100), np.tile([2, -1, -1], 100)
    nodes["feature"] = np.where(nodes["left_child"] > 0, 0, -2)
    spans = np.array([[i * 168, 3, 300 * 56 + i * 24] for i in range(100)])
    sizes = []
    for n_distinct in (4, 100):
        nodes["threshold"] = np.where(nodes["left_child"] > 0, np.repeat(np.arange(100) % n_distinct, 3) / 7, -2.0)
        data = np.frombuffer(nodes.tobytes() + np.ones(300).tobytes(), np.uint8)
        parts = pack(data, Group(n_bytes=len(data), item_bytes=56, width=1, spans=spans))
        assert parts is not None
        sizes.append(sum(map(len, parts)))
    assert sizes[1] - sizes[0] == 8 * 100 - (2 + 8 * 4 + 100)
