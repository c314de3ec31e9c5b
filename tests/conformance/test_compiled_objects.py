"""What models hold that is no plain attribute: every object of a compiled type, or of one that a converter takes apart.

`compiled_objects.json` lists them by the id of their converter: the classes, each with a case of the zoo that has one,
the check that guards their content, the rules of estimators that tie them to their owner, and what must hold.
"""

from __future__ import annotations

import json
import sys
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.support.estimators import CASES
from vitrify.converters import default_registry
from vitrify.graph.converter import accept
from vitrify.graph.registry import full_name, import_dotted

TABLE: dict[str, Any] = json.loads(Path(__file__).with_name("compiled_objects.json").read_text(encoding="utf-8"))
TYPES = {name: (type_id, case) for type_id, entry in TABLE.items() for name, case in entry["types"].items()}
CONSTRUCTED = "the constructor"
"""Stands for the check of what is made by its own constructor from nothing, or from one float."""
UNREAD = "nothing compiled reads it"
"""Stands for the check of what Python alone takes apart."""

_REGISTRY = default_registry()
_LEAVES = (str, bytes, int, float, complex, type(None), range, slice, np.generic)
_FUNCTIONS = (types.FunctionType, types.MethodType, types.ModuleType)
_IS_HEAP_TYPE = 1 << 9


def test_the_walk_finds_objects_in_every_kind_of_container() -> None:
    """Attributes, items, keys, elements, slots and what a compiled object says of its own state."""

    class Slotted:
        __slots__ = ("held",)

    slotted = Slotted()
    slotted.held = np.random.RandomState(0)
    model = {frozenset([np.dtype("f8")]): [np.array([slotted, None], dtype=object)]}

    assert _held(model) == {
        "numpy.dtypes.Float64DType",
        "numpy.random._mt19937.MT19937",
        "numpy.random.mtrand.RandomState",
    }


@pytest.mark.parametrize("name", sorted(CASES))
def test_every_object_that_a_model_holds_is_in_the_table(name: str) -> None:
    """A type that turns up in a model for the first time needs a converter, a check and a line there."""
    assert _held(CASES[name].fit().model) - set(TYPES) == set()


@pytest.mark.parametrize("name", TYPES)
def test_every_type_in_the_table_is_held_by_its_case(name: str) -> None:
    """What no model holds any more has no place in the table."""
    _, case = TYPES[name]

    assert name in _held(CASES[case].fit().model)


@pytest.mark.parametrize("name", TYPES)
def test_every_type_has_the_converter_that_the_table_says(name: str) -> None:
    """The id in the file, looked up by the class that a model holds."""
    type_id, case = TYPES[name]
    held = next(value for value in _walk(CASES[case].fit().model) if full_name(type(value)) == name)
    converter = _REGISTRY.converter_of(type(held))

    assert converter is not None
    assert converter.type_id == type_id


@pytest.mark.parametrize("type_id", TABLE)
def test_the_check_is_registered(type_id: str) -> None:
    """The engine runs exactly this function on all objects of the type, before any of them is built."""
    converter = _REGISTRY.converter_for(type_id)
    assert converter is not None

    expected = TABLE[type_id]["check"]
    if expected == CONSTRUCTED:
        assert (converter.check, len(converter.fields) <= 1) == (accept, True)
    elif expected == UNREAD:
        assert (converter.check, [_is_compiled(cls) for cls in _classes(type_id)]) == (accept, [False])
    else:
        assert f"{converter.check.__module__}.{converter.check.__qualname__}" == expected


@pytest.mark.parametrize("rule", sorted({rule for entry in TABLE.values() for rule in entry["rules"]}))
def test_the_rules_of_the_owners_are_registered(rule: str) -> None:
    """A part can be right by itself and too wide for the estimator that hands it its input."""
    found = _REGISTRY.rule(rule)

    assert found.check is not accept
    assert found.requires


def _classes(type_id: str) -> list[Any]:
    return [import_dotted(name) for name in TABLE[type_id]["types"]]


def _held(model: Any) -> set[str]:
    """The `module.qualname` of each type that is not made of plain attributes."""
    return {full_name(type(value)) for value in _walk(model) if _is_listed(type(value))}


def _is_listed(cls: type) -> bool:
    return cls.__module__ != "builtins" and cls is not np.ndarray and (_is_compiled(cls) or _has_converter(cls))


def _is_compiled(cls: type) -> bool:
    """Whether the class was not made by a `class` statement of Python."""
    file = getattr(sys.modules.get(cls.__module__), "__file__", None) or ""
    return not cls.__flags__ & _IS_HEAP_TYPE or not file.endswith(".py")


def _has_converter(cls: type) -> bool:
    is_library = cls.__module__.partition(".")[0] in ("numpy", "scipy", "sklearn", "pandas")
    return is_library and _REGISTRY.attrs_id(cls) is None and _REGISTRY.converter_of(cls) is not None


def _walk(model: Any) -> Iterator[Any]:
    """Every object that can be reached, once; functions and classes, which travel by name, are not gone into."""
    waiting, seen = [model], dict[int, Any]()
    while waiting:
        value = waiting.pop()
        if id(value) in seen or isinstance(value, (type, *_LEAVES, *_FUNCTIONS)):
            continue
        if callable(value) and _REGISTRY.name_of(value) is not None:
            continue
        seen[id(value)] = value
        yield value
        waiting += _parts(value)


def _parts(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return [*value, *value.values(), *getattr(value, "__dict__", {}).values()]
    if type(value) in (list, tuple, set, frozenset):
        return list(value)
    if type(value) is np.ndarray:
        return value.ravel().tolist() if value.dtype.hasobject else []
    if type(value).__module__ == "builtins":
        return []
    _, *parts = value.__reduce_ex__(4)
    arguments_and_state = [part for part in parts[:2] if part is not None]
    items = [item for part in parts[2:4] if part is not None for item in part]
    return [*arguments_and_state, *items, *getattr(value, "__dict__", {}).values()]
