"""How work grows, without a clock: the number of calls is the same on every machine."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FrameType


def n_calls(work: Callable[[], object]) -> int:
    """How many functions, Python's and C's, are called on the way."""
    n = 0

    def count(_: FrameType, event: str, __: object) -> None:
        nonlocal n
        n += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        work()
    finally:
        sys.setprofile(before)
    return n
