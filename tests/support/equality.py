"""Compare two object graphs as strictly as a round trip must be judged, independently of the code under test.

Types must be the same; values agree bit for bit (NaN equals NaN, -0.0 is not 0.0); an object that occurs
twice must occur twice, and arrays share memory exactly where the original's do. What a caller cannot see does
not count; the modules beside this one say what that is: `equality_walk` (traversal, identity),
`equality_sharing` (memory), `equality_values` (standard library), `equality_arrays` (numpy, scipy),
`equality_pandas`, `equality_objects` (the rest).
"""

from __future__ import annotations

import enum

from tests.support import equality_arrays, equality_objects, equality_pandas, equality_values
from tests.support.equality_walk import Rule, Walk

__all__ = ["assert_same", "differences"]

_RULES: dict[type, Rule] = {
    **equality_values.RULES,
    **equality_arrays.RULES,
    **equality_pandas.RULES,
    **equality_objects.RULES,
}


def differences(a: object, b: object, *, limit: int = 20, ignore_memory: bool = True) -> list[str]:
    """One line for each difference of `b` from `a`: `$.steps[1].coef_[3] : expected 1.0, found 2.0`.

    `limit` bounds the lines. With `ignore_memory`, the parameter `memory` of a Pipeline, OPTICS,
    AgglomerativeClustering or FeatureAgglomeration may be None in `b`.
    """
    return Walk(_rule_for, limit=limit, ignore_memory=ignore_memory).run(a, b)


def assert_same(a: object, b: object, *, limit: int = 20, ignore_memory: bool = True) -> None:
    """Nothing, if the graphs are the same.

    Raises:
        AssertionError: with the differences, one a line.
    """
    lines = differences(a, b, limit=limit, ignore_memory=ignore_memory)
    if lines:
        raise AssertionError("\n".join(("the objects differ:", *lines)))


def _rule_for(kind: type) -> Rule:
    """The rule of the nearest base class that has one; an enum comes before the int or str in its members."""
    if issubclass(kind, enum.Enum):
        return equality_values.IDENTITY
    for owner in kind.__mro__:
        if owner in _RULES:
            return _RULES[owner]
        named = equality_objects.NAMED_RULES.get(f"{owner.__module__}.{owner.__qualname__}")
        if named is not None:
            return named
    return equality_objects.UNKNOWN
