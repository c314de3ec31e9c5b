"""Objects that are made whole, among others that lie on cycles."""

from __future__ import annotations

import types
from typing import Any

import vitrify


def test_what_is_made_whole_may_hold_what_lies_on_a_cycle() -> None:
    """A proxy needs its dict, a list that holds itself does not; both are lists' and dicts' tables."""
    ring: list[Any] = []
    ring.append(ring)
    proxy = types.MappingProxyType({"ring": ring, "plain": [1]})
    found = vitrify.loads(vitrify.dumps([[proxy], {"outer": proxy}]))
    again = found[0][0]
    assert type(again) is types.MappingProxyType
    assert again is found[1]["outer"]
    assert again["ring"][0] is again["ring"]
    assert len(again["ring"]) == 1
    assert again["plain"] == [1]
