"""What a feeder of compiled loops is, and the changes that all of them make."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Any, Final

import numpy as np

from tests.fuzz.kernels.guarding import Guard

Case = dict[str, Any]
"""All that a call is given, of what JSON has, and bytes."""

EXTREMES: Final = (
    *(0, 1, 2, 3, 7, 8, 9, 127, 128, 254, 255, 256, 2**16 - 1, 2**16, 2**31 - 1, 2**31, 2**31 + 1),
    *(2**32 - 1, 2**32, 2**62, 2**63 - 1, -1, -2, -8, -(2**31), -(2**31) - 1, -(2**62), -(2**63)),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Feeder:
    """Gives compiled functions inputs of one kind.

    Attributes:
        feeds: The functions.
        draw: A case; the same for the same random numbers.
        run: Calls the functions with a case and compares them with numpy; `taken` or `refused`.
    """

    feeds: frozenset[str]
    draw: Callable[[Random], Case]
    run: Callable[[Case, Guard], str]


def damaged(data: bytes, random: Random, others: list[bytes]) -> bytes:
    """The same bytes with a few changes, most of them near the beginning; sometimes none."""
    changed = bytearray(data)
    for _ in range(random.choice((0, 1, 1, 1, 2, 3))):
        at = random.randrange(min(len(changed), random.choice((16, 80, 1 << 30))) or 1)
        n = random.choice((1, 1, 2, 8, 40))
        match random.randrange(8):
            case 0:
                changed[at : at + 1] = bytes([random.randrange(256)])
            case 1 if len(changed) > at:
                changed[at] ^= 1 << random.randrange(8)
            case 2:
                changed[at : at + 8] = extreme(random).to_bytes(8, "little", signed=True)
            case 3:
                del changed[at : at + n]
            case 4:
                changed[at:at] = changed[at : at + n]
            case 5:
                changed[at : at + n] = bytes([random.choice((0, 1, 2, 97, 254, 255))]) * n
            case 6:
                other = random.choice(others)
                begin = random.randrange(len(other) or 1)
                changed[at : at + n] = other[begin : begin + n]
            case _:
                del changed[len(changed) - random.choice((1, 8)) :]
    return bytes(changed)


def extreme(random: Random) -> int:
    """A number of 64 bits at the end of some range, or beside it."""
    return min(max(random.choice(EXTREMES) + random.choice((0, 0, 0, -1, 1)), -(2**63)), 2**63 - 1)


def numbers(values: Any, random: Random) -> Any:
    """Integers of which a few have become extreme, or another of them, or one more or less."""
    changed = np.array(values).reshape(-1)
    limits = np.iinfo(changed.dtype)
    for _ in range(random.choice((1, 1, 2, 5)) if len(changed) else 0):
        i, j = (random.randrange(len(changed)) for _ in range(2))
        near = int(changed[i]) + random.choice((-1, 1))
        beyond, small = len(changed) + random.randrange(3), random.randrange(random.choice((4, 40, 300)))
        value = random.choice((extreme(random), near, int(changed[j]), beyond, small))
        changed[i] = min(max(value, int(limits.min)), int(limits.max))
    return changed.reshape(np.shape(values))


def resized(n_bytes: int, random: Random) -> int:
    """The size of a block, mostly the right one."""
    return max(0, n_bytes + random.choice((*[0] * 40, 1, -1, 8, -8, 64, -n_bytes, n_bytes)))
