"""Objects of classes: what their attributes, members and reductions may not be."""

from __future__ import annotations

import enum
import functools
from typing import Any, Self

import numpy as np
import pytest
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression

import vitrify
from tests.support.lying_writer import Lie
from vitrify.converters import default_registry
from vitrify.errors import FormatError, LimitError, StateError, UnsupportedError
from vitrify.graph.converter import AttrsRule
from vitrify.graph.encode import encode
from vitrify.graph.instances import AttrsShape, RowError, set_state
from vitrify.graph.registry import Registry

LOGISTIC = "sklearn.linear_model._logistic.LogisticRegression"


class Lazy:
    """Computes something once."""

    def __init__(self, n: int) -> None:
        self.n = n

    @functools.cached_property
    def twice(self) -> int:
        """What is kept in the instance."""
        return 2 * self.n

    def method(self) -> int:
        """What no attribute may hide."""
        return self.n


class Direction(enum.Enum):
    """Two of them."""

    UP = 1
    DOWN = 2


class WithArguments:
    """Is made with arguments, by position and by name."""

    def __new__(cls, a: int, *, b: int) -> Self:
        """Keeps them."""
        made = super().__new__(cls)
        made.given = a, b
        return made

    given: tuple[int, int]

    def __getnewargs_ex__(self) -> tuple[tuple[int], dict[str, int]]:
        """As `copyreg` asks for them."""
        return (self.given[0],), {"b": self.given[1]}


class Nameless:
    """Reduces itself to a name."""

    def __reduce__(self) -> str:
        """As the protocol allows, and as no file may."""
        return "os"


class Odd:
    """Keeps what it is given as a state."""

    def __init__(self, state: Any) -> None:
        self.state = state

    def __reduce__(self) -> tuple[Any, ...]:
        """Its own class, and the state."""
        return Odd, (None,), self.state


def refusal(data: bytes, error: type[Exception] = StateError, **how: Any) -> tuple[str, str | None]:
    """The message and the path of the error."""
    with pytest.raises(error) as caught:
        vitrify.loads(data, **how)
    found: Any = caught.value
    assert type(found) is error
    return found.message.removeprefix("<bytes>: "), found.path


class TestAttributes:
    @pytest.mark.parametrize("name", ["predict", "__class__", "__dict__", "_repr_html_", "__private"])
    def test_none_may_hide_a_member_of_a_reviewed_class(self, name: str) -> None:
        """Methods, properties, dunders: what a caller would call is the class's own."""
        data = _lied(LogisticRegression(), name)
        expected = f"{LOGISTIC}: attribute {name!r} would hide a member of the class"
        assert refusal(data) == (expected, "$")

    def test_none_may_hide_a_member_of_the_callers_class(self) -> None:
        """But what a cached property has kept is no more than an attribute."""
        lazy = Lazy(2)
        assert lazy.twice == 4
        found = vitrify.loads(vitrify.dumps(lazy), trust=[Lazy])
        assert vars(found) == {"n": 2, "twice": 4}
        message, path = refusal(_lied(Lazy(2), "method"), trust=[Lazy])
        assert (message, path) == (f"{__name__}.Lazy: attribute 'method' would hide a member of the class", "$")

    def test_what_is_never_saved_is_never_loaded(self) -> None:
        """What is made again when a model is loaded is not taken from a file."""
        model = IsotonicRegression().fit([1.0, 2.0, 3.0], [1.0, 3.0, 2.0])
        found = vitrify.loads(vitrify.dumps([model, IsotonicRegression()]))[0]
        assert found.predict([1.5, 2.5]).tolist() == model.predict([1.5, 2.5]).tolist()
        message, path = refusal(_lied(IsotonicRegression(), "f_"))
        assert (message, path) == ("sklearn.isotonic.IsotonicRegression: attribute 'f_' is never in a file", "$")

    def test_many_features_need_an_array_of_that_size(self) -> None:
        """Their names are made on demand; with the array it is a model like any other."""
        data = _lied(LogisticRegression(), "n_features_in_", 1 << 25)
        message, path = refusal(data)
        assert message == f"{LOGISTIC}: n_features_in_ is 33554432, and no array of the object has that size"
        assert path == "$"


class TestMembers:
    @pytest.mark.parametrize("name", ["LEFT", "__class__", "mro", 1, None])
    def test_a_member_is_one_of_the_enumeration(self, name: Any) -> None:
        """By its name, and nothing else of the class."""
        lie = Lie(vitrify.dumps([Direction.UP, Direction.DOWN]))
        (table,) = lie.tables(f"{__name__}.Direction")
        table["columns"]["member"] = lie.column(["UP", name])
        message, path = refusal(lie.file(), trust=[Direction])
        assert message == f"{__name__}.Direction: has no member {str(name)!r}"
        assert path == "$[1]"


class TestReductions:
    def test_arguments_may_have_names(self) -> None:
        """`__getnewargs_ex__`."""
        found = vitrify.loads(vitrify.dumps(WithArguments(1, b=2)), trust=[WithArguments])
        assert found.given == (1, 2)

    def test_a_name_is_no_recipe(self) -> None:
        """It would be looked up."""
        with pytest.raises(UnsupportedError) as caught:
            vitrify.dumps([Nameless()])
        assert caught.value.problems[0][:2] == ("$[0]", "Nameless.__reduce__ gives 'os', which is no recipe")

    @pytest.mark.parametrize(
        ("state", "message"),
        [
            (5, "the state of Odd is not a mapping"),
            ([1], "the state of Odd is not a mapping"),
            ((None, 5), "the state of Odd is not a mapping"),
            ({"__reduce__": 1}, "attribute '__reduce__' would hide a member of Odd"),
            ((None, {"__class__": 1}), "attribute '__class__' would hide a member of Odd"),
            ({1: 2}, "attribute '1' would hide a member of Odd"),
        ],
    )
    def test_a_state_is_attributes(self, state: Any, message: str) -> None:
        """A mapping, or two; none hides a member."""
        assert refusal(vitrify.dumps([Odd(state)]), trust=[Odd])[0] == message

    def test_both_parts_of_a_state_are_set(self) -> None:
        """What `copyreg` calls the state and the slots."""
        target = Odd(None)
        set_state(target, ({"a": 1}, {"b": 2}))
        set_state(target, (None, {"c": 3}))
        assert vars(target) == {"state": None, "a": 1, "b": 2, "c": 3}


class TestMemory:
    @pytest.mark.parametrize("error", [MemoryError("full"), LimitError("no")])
    @pytest.mark.parametrize("how", ["decode", "fill"])
    def test_what_is_no_fault_of_the_values_is_raised_as_it_is(self, how: str, error: Exception) -> None:
        """Memory that is short, and limits."""

        def fail(*_: object) -> Any:
            raise error

        made: dict[str, Any] = {"decode": fail} if how == "decode" else {"allocate": lambda: Lazy(1), "fill": fail}
        converter = vitrify.Converter[Lazy](
            type_id="tests.Lazy",
            types=(f"{Lazy.__module__}.Lazy",),
            fields=("n",),
            encode=lambda lazy: (lazy.n,),
            **made,
        )
        with pytest.raises(type(error)) as caught:
            vitrify.loads(vitrify.dumps([Lazy(1)], converters=[converter]), converters=[converter])
        assert caught.value is error

    @pytest.mark.parametrize("error", [MemoryError("full"), LimitError("no")])
    def test_the_same_of_what_a_rule_does_at_the_end(self, error: Exception) -> None:
        """Other errors name the row."""

        def finish(target: Any) -> None:
            raise (error if target.n == 1 else KeyError(target.n))

        shape = AttrsShape("acme.Lazy", Lazy, is_reviewed=False, rule=AttrsRule(finish=finish))
        with pytest.raises(type(error)) as caught:
            shape.finish([Lazy(1)])
        assert caught.value is error
        with pytest.raises(RowError) as other:
            shape.finish([Lazy(2)])
        assert (other.value.row, str(other.value.__cause__)) == (0, "2")


def _lied(value: Any, name: str, held: Any = 1) -> bytes:
    """The file of an object with one attribute more."""
    lie = Lie(vitrify.dumps(value))
    table = lie.graph["tables"][lie.graph["root"]["table"]]
    table["columns"][name] = {"kind": "const", "value": held, "cells": []}
    return lie.file()


@pytest.mark.parametrize("kind", [set, frozenset, dict.fromkeys])
def test_no_container_holds_a_key_twice(kind: Any) -> None:
    """It would be shorter than it says."""
    lie = Lie(vitrify.dumps([kind([1, 2])]))
    name = {set: "set", frozenset: "frozenset"}.get(kind, "dict")
    (table,) = lie.tables(name)
    table["columns"]["keys" if name == "dict" else "items"] = lie.column([7, 7])["parts"][0]
    message, path = refusal(lie.file())
    kinds = {"set": "a set holds an item", "frozenset": "a frozenset holds an item", "dict": "a dict holds a key"}
    assert message == f"{name} cannot be rebuilt from these values (ValueError: {kinds[name]} twice)"
    assert path == "$[0]"


@pytest.mark.skipif(not hasattr(np.dtypes, "StringDType"), reason="this numpy has no StringDType")
def test_texts_of_numpy_need_their_converter() -> None:
    """Their memory holds pointers, so they are never stored as they lie."""
    array = np.array(["a"], np.dtypes.StringDType())
    with pytest.raises(UnsupportedError) as caught:
        encode([array], Registry())
    assert caught.value.problems[0][1] == "an array of StringDType"
    assert encode([array], default_registry()).graph


def test_sets_that_are_nested_too_deep_are_not_saved() -> None:
    """Their order is that of their bytes, which is found from the innermost on."""
    held: Any = frozenset()
    for _ in range(900):
        held = frozenset({held, 1})
    with pytest.raises(UnsupportedError) as caught:
        vitrify.dumps([held])
    assert "sets nested too deep" in caught.value.problems[0][1]


def test_an_unknown_field_of_a_member_is_refused() -> None:
    """It has a name or a value."""
    lie = Lie(vitrify.dumps(Direction.UP))
    (table,) = lie.tables(f"{__name__}.Direction")
    table["columns"]["other"] = {"kind": "const", "value": 1, "cells": []}
    with pytest.raises((StateError, FormatError)) as caught:
        vitrify.loads(lie.file(), trust=[Direction])
    assert caught.value.message == f"<bytes>: {__name__}.Direction: an enum member has one name or value"
