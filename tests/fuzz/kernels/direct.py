"""Calls that no file leads to, beside those that one does: lengths, places and dtypes of every kind."""

from __future__ import annotations

from random import Random
from typing import Any, Final

import numpy as np

from tests.fuzz.kernels.feeder import Case, Feeder, extreme, numbers
from tests.fuzz.kernels.guarding import DisagreementError, Guard
from vitrify import kernels

_BEFORE: Final = 0xAA
_WIDTHS: Final = (1, 1, 2, 2, 3, 4, 4, 8, 8, 20)


def _field(random: Random) -> Case:
    """Where a field of some items lies; most often it fits."""
    width, n = random.choice(_WIDTHS), random.choice((0, 1, 2, 9, 100))
    offset = random.choice((0, 0, 1, 5))
    item_bytes = offset + width + random.choice((0, 0, 1, 7))
    n_out = n * item_bytes + random.choice((0, 0, 0, 1, item_bytes, -1, -item_bytes))
    case = {"n": n, "n_out": max(0, n_out), "offset": offset, "width": width, "item_bytes": item_bytes}
    if random.random() < 0.3:
        case[random.choice(("offset", "width", "item_bytes"))] = extreme(random)
    return case


def _has_room(case: Case, n_out: int, n: int) -> bool:
    offset, width, item_bytes = (int(case[name]) for name in ("offset", "width", "item_bytes"))
    return offset >= 0 and width > 0 and offset + width <= item_bytes and n * item_bytes <= n_out


def _strided(out: Any, case: Case, n: int) -> Any:
    """The field of the first `n` items, shape (n, width)."""
    items = out[: n * case["item_bytes"]].reshape(n, -1)
    return items[:, case["offset"] : case["offset"] + case["width"]]


def _draw_planes(random: Random) -> Case:
    case = _field(random)
    size = case["n"] * min(max(case["width"], 0), 64) + random.choice((*[0] * 9, 1, -1))
    return case | {"data": random.randbytes(max(size, 0))}


def _run_planes(case: Case, guard: Guard) -> str:
    data = np.frombuffer(case["data"], np.uint8)
    out = np.full(case["n_out"], _BEFORE, np.uint8)
    expected = out.copy()
    n, rest = divmod(len(data), case["width"]) if case["width"] > 0 else (0, 1)
    holds = not rest and _has_room(case, len(out), n)
    if holds and n:
        _strided(expected, case, n)[:] = data.reshape(case["width"], n).T
    with guard.between():
        found = kernels.put_planes(data, out, case["offset"], case["width"], case["item_bytes"])
    return _same(found, holds, (out, expected))


def _draw_entries(random: Random) -> Case:
    case = _field(random)
    width, n_entries = min(max(case["width"], 0), 64), random.choice((0, 1, 2, 7, 300))
    entries = np.array([random.randrange(n_entries or 1) for _ in range(case["n"])], "<u4")
    if random.random() < 0.3:
        entries = numbers(entries, random)
    table = random.randbytes(max(0, n_entries * width + random.choice((*[0] * 9, 1, -1, width))))
    return case | {"entries": entries.tobytes(), "table": table, "n_entries": n_entries}


def _run_entries(case: Case, guard: Guard) -> str:
    entries, table = np.frombuffer(case["entries"], "<u4"), np.frombuffer(case["table"], np.uint8)
    out, used = np.full(case["n_out"], _BEFORE, np.uint8), np.zeros(case["n_entries"], np.uint8)
    expected, marks = out.copy(), used.copy()
    n = len(entries)
    fits = _has_room(case, len(out), n) and len(table) == case["n_entries"] * case["width"]
    holds = fits and bool((entries < case["n_entries"]).all())
    if holds and n:
        _strided(expected, case, n)[:] = table.reshape(case["n_entries"], -1)[entries]
        marks[entries] = 1
    with guard.between():
        found = kernels.put_entries(entries, table, used, out, case["offset"], case["width"], case["item_bytes"])
    return _same(found, holds, *([] if fits and not holds else [(out, expected), (used, marks)]))


def _same(found: bool, expected: bool, *arrays: tuple[Any, Any]) -> str:
    if found is not expected:
        raise DisagreementError(f"the loop says {found}, numpy {expected}")
    if not all(np.array_equal(mine, theirs) for mine, theirs in arrays):
        raise DisagreementError("the loop writes other bytes than numpy")
    return "taken" if found else "refused"


FEEDERS: Final = {
    "planes": Feeder(feeds=frozenset({"put_planes"}), draw=_draw_planes, run=_run_planes),
    "entries": Feeder(feeds=frozenset({"put_entries"}), draw=_draw_entries, run=_run_entries),
}
