"""How objects without a rule of their own are compared: by attributes, or by the state they give for copying.

Python objects: `__dict__` and `__slots__`. Compiled objects (Tree, KDTree, losses, SeedSequence …) keep their
content out of reach, so what `__reduce_ex__` returns stands for it. A compiled object that gives no state is
a difference.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.support.equality_step import Step
from tests.support.equality_values import RULES as VALUE_RULES
from tests.support.equality_values import compare_identity
from tests.support.equality_walk import Origin, Rule, Walk

__all__ = ["NAMED_RULES", "RULES", "UNKNOWN"]

_POINTER_BYTES = np.dtype(np.intp).itemsize
_PARTS_OF_REDUCE = ("function", "arguments", "state", "items", "pairs", "setter")


def _compare_unknown(walk: Walk, expected: object, found: object, step: Step) -> None:
    if not _has_hidden_state(type(expected)):
        return  # its attributes are all there is, and the walk compares them
    if expected is not found:
        _compare_reduced(walk, expected, found, step)


def _has_hidden_state(kind: type) -> bool:
    """Whether instances hold more bytes than attributes explain, as `object.__reduce_ex__` decides it."""
    n_pointers = sum(_n_slots(owner) for owner in kind.__mro__)
    n_pointers += (kind.__dictoffset__ > 0) + (kind.__weakrefoffset__ > 0)
    return kind.__itemsize__ > 0 or kind.__basicsize__ > object.__basicsize__ + _POINTER_BYTES * n_pointers


def _n_slots(owner: type) -> int:
    slots = owner.__dict__.get("__slots__", ())
    return len({slots} if isinstance(slots, str) else set(slots) - {"__dict__", "__weakref__"})


def _compare_reduced(walk: Walk, expected: Any, found: Any, step: Step) -> None:
    try:
        mine, theirs = expected.__reduce_ex__(4), found.__reduce_ex__(4)
    except Exception as error:  # whatever it is, there is no state to look at
        walk.lines.append(f"{step} : cannot compare a {type(expected).__qualname__}: {error}")
        return
    if isinstance(mine, str) or isinstance(theirs, str):
        compare_identity(walk, expected, found, step)  # a global name: the object exists once
        return
    if len(mine) != len(theirs):
        walk.report(step, f"a state of {len(mine)} parts", f"{len(theirs)} parts")
        return
    for name, my_part, their_part in zip(_PARTS_OF_REDUCE, mine, theirs, strict=False):
        if name in ("items", "pairs") and my_part is not None and their_part is not None:
            my_part, their_part = list(my_part), list(their_part)
        walk.compare(my_part, their_part, step, "<", name, Origin.STATE)


def _compare_get_state(walk: Walk, expected: Any, found: Any, step: Step) -> None:
    walk.compare(expected.__getstate__(), found.__getstate__(), step, "<", "state", Origin.STATE)


def _compare_random_state(walk: Walk, expected: Any, found: Any, step: Step) -> None:
    """The global generator of numpy must be the global generator again, whatever its state."""
    singleton = np.random.mtrand._rand
    if expected is singleton or found is singleton:
        if expected is not found:
            name = "numpy's global generator", "a generator of its own"
            walk.report(step, *(name if expected is singleton else reversed(name)))
        return
    mine, theirs = expected.get_state(legacy=False), found.get_state(legacy=False)
    walk.compare(mine, theirs, step, "<", "state", Origin.STATE)
    walk.pair(expected._bit_generator, found._bit_generator, Step(step, ".", "_bit_generator"))


def _compare_generator(walk: Walk, expected: Any, found: Any, step: Step) -> None:
    walk.compare(expected.bit_generator, found.bit_generator, step, ".", "bit_generator")


def _compare_bit_generator(walk: Walk, expected: Any, found: Any, step: Step) -> None:
    walk.compare(expected.state, found.state, step, ".", "state", Origin.STATE)
    if hasattr(expected, "seed_seq"):  # numpy >= 1.25; before, a pickle loses it and nothing public shows it
        walk.compare(expected.seed_seq, found.seed_seq, step, ".", "seed_seq")


UNKNOWN = Rule(compare=_compare_unknown, tracked=True)
_VIA_STATE = Rule(compare=_compare_get_state, tracked=True, attributes=False)
# By name, so that the libraries need not be installed.
NAMED_RULES: dict[str, Rule] = {
    # Python classes whose attributes are made anew for each copy: exec'd functions, pointers into a library.
    "scipy.stats._distn_infrastructure.rv_generic": _VIA_STATE,
    "xgboost.core.Booster": _VIA_STATE,
    "lightgbm.basic.Booster": _VIA_STATE,
    # A dict whose own `__setstate__` drops its attributes, which hold deprecated keys.
    "sklearn.utils.Bunch": Rule(compare=VALUE_RULES[dict].compare, tracked=True, attributes=False),
    "sklearn.utils._bunch.Bunch": Rule(compare=VALUE_RULES[dict].compare, tracked=True, attributes=False),
}

RULES: dict[type, Rule] = {
    np.random.RandomState: Rule(compare=_compare_random_state, tracked=True),
    np.random.Generator: Rule(compare=_compare_generator, tracked=True),
    np.random.BitGenerator: Rule(compare=_compare_bit_generator, tracked=True),
}
