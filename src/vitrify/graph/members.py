"""What belongs to a class, and what to its objects: attributes, slots, and the members that an attribute would hide."""

from __future__ import annotations

import copyreg
import functools
from collections.abc import Iterable, Sequence
from typing import Any, Final

_ABSENT: Final = object()


def attributes(target: Any) -> dict[str, Any]:
    """The instance's `__dict__`, and after it the slots that are set."""
    state: dict[str, Any] = getattr(target, "__dict__", {})
    cls: Any = type(target)
    slots = slots_of(cls)
    if not slots:
        return state
    found = {name: getattr(target, name, _ABSENT) for name in slots}
    return {**state, **{name: value for name, value in found.items() if value is not _ABSENT}}


def attributes_of_all(cls: type, targets: Sequence[Any]) -> list[dict[str, Any]]:
    """The same for instances of one class, of which there may be thousands."""
    if slots_of(cls):
        return list(map(attributes, targets))
    return [getattr(target, "__dict__", {}) for target in targets]


@functools.lru_cache(maxsize=4096)
def slots_of(cls: Any) -> tuple[str, ...]:
    """The slots of a class and of its bases."""
    return tuple(copyreg._slotnames(cls))  # type: ignore[attr-defined]  # the function that pickle itself relies on


def is_property(cls: type, name: str) -> bool:
    """Whether the class computes it."""
    return isinstance(getattr(cls, name, None), property)


def shadowing(cls: type, names: Iterable[str], *, is_reviewed: bool) -> list[str]:
    """The names of which an instance attribute would hide a method, a property or a dunder.

    Plain class data may be hidden, so may slots (they are the attribute) and, in a caller's class, cached properties.
    """
    if is_reviewed:  # scikit-learn puts `__doc_link_template` into its HTML as it is
        return [name for name in names if name[:2] == "__" or _hides_reviewed(cls, name)]
    return [name for name in names if _is_dunder(name) or _hides(cls, name, is_reviewed=False)]


def _is_dunder(name: str) -> bool:
    return name.startswith("__") and name.endswith("__")


def _hides(cls: type, name: str, *, is_reviewed: bool) -> bool:
    member = next((vars(base)[name] for base in cls.__mro__ if name in vars(base)), _ABSENT)
    if member is _ABSENT or name in slots_of(cls):
        return False
    if isinstance(member, functools.cached_property) and not is_reviewed:
        return False
    return callable(member) or hasattr(type(member), "__get__")


@functools.lru_cache(maxsize=1 << 14)
def _hides_reviewed(cls: type, name: str) -> bool:
    return _hides(cls, name, is_reviewed=True)
