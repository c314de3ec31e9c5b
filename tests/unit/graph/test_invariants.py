"""The engine that checks what must hold among attributes: each kind of line, alone and in terms of others."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import scipy.sparse

import vitrify
from vitrify.errors import StateError
from vitrify.graph.invariants import (
    ArrayField,
    IntField,
    Relation,
    ShapeField,
    contents,
    entries,
    every,
    invariants,
    items,
    members,
)
from vitrify.graph.rows import UNBUILT, Place, Rows

N = IntField(name="n", low=1, high=9, size="k")
WEIGHTS = ArrayField(name="weights", dtypes=("<f8",), shape=("k", 2))
PLACES = ArrayField(name="places", dtypes=("<i8",), shape=("k",), low=0, high=lambda env: 2 * env["k"])
ANY = ShapeField(name="any", shape=("k", 2), shapes={"scipy.sparse.csr_array": "shape"})
MAYBE = ShapeField(name="maybe", shape=("k",), is_nullable=True, is_optional=True)
SUM = Relation(message="the places must add up", holds=lambda env: env["places"].sum() == 3)
LINES = (N, WEIGHTS, PLACES, ANY, MAYBE, SUM)

GOOD: dict[str, Any] = {
    "n": 3,
    "weights": np.zeros((3, 2)),
    "places": np.array([0, 1, 2]),
    "any": np.zeros((3, 2), object),
    "maybe": None,
}


class Thing:
    """Attributes under one name."""

    def __init__(self, *values: Any) -> None:
        self.values = values


def loaded(check: Any, *rows: dict[str, Any]) -> list[Thing]:
    """Objects with these values, which a check has passed; their fields are those of the first."""
    fields = tuple(rows[0])
    converter = vitrify.Converter[Thing](
        type_id="tests.Thing",
        types=(f"{Thing.__module__}.Thing",),
        fields=fields,
        encode=lambda thing: thing.values,
        decode=Thing,
        check=check,
    )
    things = [Thing(*(row[name] for name in fields)) for row in rows]
    found: list[Thing] = vitrify.loads(vitrify.dumps(things, converters=[converter]), converters=[converter])
    return found


def refusal(check: Any, *rows: dict[str, Any], at: int = 0) -> str:
    """Why the objects are refused."""
    with pytest.raises(StateError) as caught:
        loaded(check, *rows)
    assert caught.value.path == f"$[{at}]"
    return caught.value.message.removeprefix("<bytes>: tests.Thing: ")


class TestLines:
    def test_what_fits_is_loaded(self) -> None:
        """Sizes are bound anew for each object; a sparse matrix has the shape that its field says."""
        other = {
            "n": np.int32(1),
            "weights": np.ones((1, 2)),
            "places": np.array([1]),
            "any": scipy.sparse.csr_array((1, 2)),
            "maybe": np.zeros(1, "<U3"),
        }
        check = invariants(N, WEIGHTS, PLACES, ANY, MAYBE)
        assert [thing.values[0] for thing in loaded(check, GOOD, other)] == [3, 1]

    def test_an_attribute_that_is_optional_may_be_missing(self) -> None:
        """And others may not."""
        given = {name: value for name, value in GOOD.items() if name != "maybe"}
        assert len(loaded(invariants(*LINES), given)) == 1
        del given["weights"]
        assert refusal(invariants(*LINES), given) == "weights is missing"

    def test_objects_with_none_of_the_attributes_are_not_asked(self) -> None:
        """They were never fitted."""
        assert loaded(invariants(*LINES), {"alpha": 1})[0].values == (1,)

    @pytest.mark.parametrize(
        ("changes", "message"),
        [
            ({"n": True}, "n must be an int of at least 1"),
            ({"n": 1.0}, "n must be an int of at least 1"),
            ({"n": 0}, "n must be an int of at least 1"),
            ({"n": None}, "n must be an int of at least 1"),
            ({"n": 10}, "n must be at most 9"),
            ({"n": 4}, "weights.shape[0] is 3, must be 4"),
            ({"weights": [[1.0, 2.0]]}, "weights must be an array of <f8 in 2 dimensions"),
            ({"weights": np.zeros((3, 2), "<f4")}, "weights must be an array of <f8 in 2 dimensions"),
            ({"weights": np.zeros(3)}, "weights must be an array of <f8 in 2 dimensions"),
            ({"weights": np.zeros((3, 3))}, "weights.shape[1] is 3, must be 2"),
            ({"places": np.array([-1, 1, 3])}, "places holds a number below 0"),
            ({"places": np.array([0, 1, 6])}, "places holds a number that is not below 6"),
            ({"places": np.array([0, 1, 1])}, "the places must add up"),
            ({"any": "text"}, "any must be an array in 2 dimensions"),
            ({"any": [1, 2]}, "any must be an array in 2 dimensions"),
            ({"any": np.zeros(3)}, "any must be an array in 2 dimensions"),
            ({"any": None}, "any must be an array in 2 dimensions"),
            ({"any": scipy.sparse.csr_array((3, 3))}, "any.shape[1] is 3, must be 2"),
            ({"any": scipy.sparse.csc_array((3, 2))}, "any must be an array in 2 dimensions"),
            ({"maybe": 1}, "maybe must be an array in 1 dimensions"),
            ({"maybe": np.zeros(4)}, "maybe.shape[0] is 4, must be 3"),
        ],
    )
    def test_what_does_not_fit_is_refused_at_its_row(self, changes: dict[str, Any], message: str) -> None:
        """Here the second."""
        assert refusal(invariants(*LINES), GOOD, GOOD | changes, at=1) == message

    def test_sizes_may_be_known_beforehand(self) -> None:
        """From other attributes of the row."""

        def bound(rows: Rows, row: int) -> dict[str, Any]:
            return {"k": rows.values("n")[row]}

        check = invariants(WEIGHTS, bound=bound)
        assert len(loaded(check, GOOD)) == 1
        assert refusal(check, GOOD | {"n": 5}) == "weights.shape[0] is 3, must be 5"

    def test_several_checks_are_one(self) -> None:
        """In their order."""
        check = every(invariants(N), invariants(WEIGHTS))
        assert len(loaded(check, GOOD | {"n": 5})) == 1
        assert refusal(check, GOOD | {"n": 0, "weights": 1}) == "n must be an int of at least 1"
        assert refusal(check, GOOD | {"weights": 1}).startswith("weights must be")


class Part:
    """Something in a list."""


PARTS = vitrify.Converter[Part](
    type_id="tests.Part", types=(f"{Part.__module__}.Part",), fields=(), encode=lambda _: (), decode=Part
)


def seen(value: Any, look: Any, *others: Any) -> Any:
    """What a check sees of a field that holds this value, and in further rows others."""
    found: list[Any] = []
    converter = vitrify.Converter[Thing](
        type_id="tests.Thing",
        types=(f"{Thing.__module__}.Thing",),
        fields=("held",),
        encode=lambda thing: thing.values,
        decode=Thing,
        check=lambda rows: found.append(look(rows)),
    )
    own = [converter, PARTS]
    vitrify.loads(vitrify.dumps([Thing(each) for each in (value, *others)], converters=own), converters=own)
    return found[0]


def counted(tables: list[tuple[Rows, Any]]) -> list[tuple[str, int]]:
    return [(rows.type_id, len(numbers)) for rows, numbers in tables]


class TestContainers:
    @pytest.mark.parametrize("make", [list, tuple, lambda parts: np.array(parts, object)])
    def test_members_are_the_objects_in_a_container(self, make: Any) -> None:
        """By table; of lists, tuples and object arrays."""
        value = make([Part(), Part(), [1]])
        assert sorted(counted(seen(value, lambda rows: members(rows, "held", 0)))) == [("list", 1), ("tests.Part", 2)]

    @pytest.mark.parametrize(
        ("value", "message"),
        [
            (3, "held must be a container"),
            ("text", "held must be a container"),
            (Part(), "held must be a container"),
            (np.zeros(2), "held must be a container"),
            ({"k": Part()}, "held must be a container"),
            ([Part(), 3], "held must hold objects only"),
        ],
    )
    def test_what_holds_no_objects_is_refused(self, value: Any, message: str) -> None:
        """Plain values among them, too."""
        with pytest.raises(StateError) as caught:
            seen(value, lambda rows: members(rows, "held", 0))
        assert caught.value.message == f"<bytes>: tests.Thing: {message}"
        assert caught.value.path == "$[0]"

    def test_items_of_what_is_no_container_are_refused(self) -> None:
        """At the object that is none."""
        with pytest.raises(StateError) as caught:
            seen(Part(), lambda rows: items(rows.others(rows.column("held").table), np.array([0])))
        assert caught.value.message == "<bytes>: tests.Part: must be a container"
        assert caught.value.path == "$[0].held"

    def test_items_of_some_containers_of_a_table(self) -> None:
        """Those of the others are left out, whatever stands between; a container that is named twice counts once."""
        pairs = (Part(), Part())
        values = ([Part()], [], [Part(), 1, [2], Part(), "three", [4, 5]], [*pairs, None], [Part()])

        def look(rows: Rows) -> list[list[tuple[str, int]]]:
            table, numbers = rows.children("held", "list")
            return [
                counted(items(table, numbers[chosen])) for chosen in ([0], [1], [2], [3], [2, 0], [3, 3], [4, 2, 3])
            ]

        part, lists = "tests.Part", ("list", 2)
        one, none, many, two, both, twice, three = seen(values[0], look, *values[1:])
        assert (one, none, two, twice) == ([(part, 1)], [], [(part, 2)], [(part, 2)])
        assert sorted(many) == [lists, (part, 2)]
        assert sorted(both) == [lists, (part, 3)]
        assert sorted(three) == [lists, (part, 5)]

    def test_contents_are_plain_values_places_and_what_is_not_built(self) -> None:
        """For each row; None where there is no container."""
        plain, name, place = seen([1.5, len, [2]], lambda rows: contents(rows, "held"))[0]
        assert (plain, name, type(place)) == (1.5, UNBUILT, Place)
        assert place.type_id == "list"
        assert seen({"a": 1}, lambda rows: contents(rows, "held")) == [None]
        assert seen(5, lambda rows: contents(rows, "held")) == [None]

    def test_entries_are_the_pairs_of_a_dict(self) -> None:
        """In its order."""
        assert seen({"b": 1, "a": None}, lambda rows: entries(rows, "held")) == [[("b", 1), ("a", None)]]
        assert seen([1], lambda rows: entries(rows, "held")) == [None]


class TestRows:
    def test_ints_have_63_bits(self) -> None:
        """Unsigned ones of numpy may have more."""
        assert seen(np.uint64(2**63 - 1), lambda rows: rows.integers("held").tolist()) == [2**63 - 1]
        with pytest.raises(StateError) as caught:
            seen(np.uint64(2**63), lambda rows: rows.integers("held"))
        assert caught.value.message == "<bytes>: tests.Thing: held is beyond 63 bits"

    @pytest.mark.parametrize("value", [1.0, True, "1", None, [1]])
    def test_only_ints_are_ints(self, value: Any) -> None:
        """No bool, no text, no list of one."""
        with pytest.raises(StateError) as caught:
            seen(value, lambda rows: rows.integers("held"))
        assert caught.value.message == "<bytes>: tests.Thing: held must be an int"

    def test_plain_items_of_tuples_and_lists(self) -> None:
        """Nothing of other containers, nor of what is none."""
        assert seen((1, [2]), lambda rows: rows.tuples("held")) == [(1, None)]
        assert seen([3], lambda rows: rows.tuples("held")) == [(3,)]
        assert seen({4}, lambda rows: rows.tuples("held")) == [None]
        assert seen(5, lambda rows: rows.tuples("held")) == [None]

    def test_what_is_asked_for_again_is_not_worked_out_again(self) -> None:
        """Some checks ask for a column for each of its rows: with thousands of rows, that would be their square."""

        def look(rows: Rows) -> list[bool]:
            asked = (rows.tuples, rows.places, rows.values, rows.plain)
            return [ask("held") is ask("held") for ask in asked] + [rows.others(1) is rows.others(1)]

        assert seen((1, 2), look) == [True] * 5

    def test_shapes_of_arrays(self) -> None:
        """Also of those of objects; nothing else has one."""
        for value, expected in ((np.zeros((2, 3)), (2, 3)), (np.zeros(4, object), (4,)), ([1], None), (5, None)):
            assert seen(value, lambda rows: rows.shape("held", 0)) == expected

    def test_shapes_of_arrays_in_several_tables(self) -> None:
        """Each row has its own."""
        values = (np.zeros((2, 3)), [1], np.zeros(4), 5, np.zeros((1, 1), np.int8))
        found = seen(values[0], lambda rows: [rows.shape("held", row) for row in range(rows.n)], *values[1:])
        assert found == [(2, 3), None, (4,), None, (1, 1)]

    def test_a_field_that_is_not_there_is_missing(self) -> None:
        """Whoever asks for it."""
        with pytest.raises(StateError) as caught:
            seen(1, lambda rows: rows.column("other"))
        assert caught.value.message == "<bytes>: tests.Thing: other is missing"
