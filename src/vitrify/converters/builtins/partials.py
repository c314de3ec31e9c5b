"""functools.partial: a function with arguments fixed beforehand.

A partial of a partial is refused where Python does not merge the two by itself: chains of them are freed recursively.
"""

from __future__ import annotations

import functools
from typing import Any, Final

from vitrify.converters.builtins.calls import refusal
from vitrify.converters.checking.values import charge, exact, is_attribute
from vitrify.errors import UnsupportedError
from vitrify.graph.converter import Converter
from vitrify.graph.rows import Rows

_OBJECT_BYTES: Final = 700


def _encode(target: functools.partial[Any]) -> tuple[object, ...]:
    attributes = dict(vars(target))
    reason = _problem(target.func, target.args, target.keywords, attributes)
    if reason is not None:
        raise UnsupportedError(f"a functools.partial: {reason}", hint="Write a function of your own instead")
    return target.func, target.args, dict(target.keywords), attributes or None


def _check(rows: Rows) -> None:
    charge(rows, _OBJECT_BYTES)


def _decode(
    func: Any, args: tuple[Any, ...], keywords: dict[str, Any], attributes: dict[str, Any] | None
) -> functools.partial[Any]:
    exact(args, tuple)
    exact(keywords, dict)
    exact(attributes, dict, type(None))
    reason = _problem(func, args, keywords, attributes or {})
    if reason is not None:
        raise ValueError(reason)
    target = functools.partial(func, *args, **keywords)
    vars(target).update(attributes or {})
    return target


def _problem(func: Any, args: tuple[Any, ...], keywords: dict[str, Any], attributes: dict[str, Any]) -> str | None:
    if isinstance(func, functools.partial):
        return "its function is a partial"
    if not all(type(keyword) is str for keyword in keywords):
        return "a keyword is not a string"
    if not all(is_attribute(functools.partial, name) for name in attributes):
        return "it has an attribute that no partial may have"
    return refusal(func, args, keywords)


CONVERTERS: Final[tuple[Converter[Any], ...]] = (
    Converter(
        type_id="functools.partial",
        types=("functools.partial",),
        fields=("func", "args", "keywords", "attributes"),
        encode=_encode,
        decode=_decode,
        check=_check,
    ),
)
