"""Trees, packed or to be packed: whatever they hold, the loops find what numpy finds."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from random import Random
from typing import Any, Final

import numpy as np

from tests.fuzz.kernels.feeder import Case, Feeder, numbers
from tests.fuzz.kernels.guarding import DisagreementError, Guard
from tests.fuzz.kernels.packed import drawing, unpacking
from tests.unit.container import test_trees
from tests.unit.container.test_trees_hostile import N_BYTES, packed_tree
from vitrify import kernels
from vitrify.container import trees
from vitrify.container.trees import places, survey
from vitrify.container.trees import unpacking as reading
from vitrify.container.trees.streams import StreamReader

Part = tuple[str, Any]
_MOST_NODES: Final = 200


@cache
def _groups() -> list[tuple[Any, trees.Group]]:
    """The bytes of trees, and where they lie: of each model those with few nodes."""
    made = [test_trees.group_of(name, item_bytes=size) for name in test_trees.MODELS for size in trees.NODES]
    few = [(data, group) for data, group in made if group.spans[:, 1].sum() <= _MOST_NODES]
    return few + [_single(children) for n in (3, 5) for children in test_trees._families(n)]


def _single(children: list[tuple[int, int]]) -> tuple[Any, trees.Group]:
    """A tree of so few nodes that most changed children are at its end, or right behind it."""
    n = len(children)
    nodes = np.zeros(n, trees.NODES[64])
    nodes["left_child"], nodes["right_child"] = np.array(children).T
    nodes["feature"], nodes["threshold"] = np.where(nodes["left_child"] < 0, -2, 1), -2.0
    data = np.frombuffer(nodes.tobytes() + np.ones(n).tobytes(), np.uint8)
    return data, trees.Group(n_bytes=len(data), item_bytes=64, width=1, spans=np.array([[0, n, 64 * n]]))


def _content(data: Any, group: trees.Group) -> bytes | None:
    packed = trees.pack(data, group)
    return None if packed is None else b"".join(packed)


@cache
def _packed() -> list[tuple[bytes, int]]:
    packed = [(_content(data, group), len(data)) for data, group in _groups()]
    return [(packed_tree().tobytes(), N_BYTES), *((data, n) for data, n in packed if data is not None)]


class _Noting(StreamReader):
    """Keeps what it reads, column by column."""

    def __init__(self, data: Any) -> None:
        super().__init__(data)
        self.parts: list[Part] = []
        self._depth = 0

    def _noted(self, kind: str, read: Callable[[int], Any], n: int) -> Any:
        self._depth += 1
        found = read(n)
        self._depth -= 1
        if not self._depth:
            self.parts.append((kind, found))
        return found

    def take(self, n: int) -> Any:
        return self._noted("raw", super().take, n)

    def mode(self, most: int) -> Any:
        return self._noted("mode", super().mode, most)

    def bits(self, n: int) -> Any:
        return self._noted("raw", super().bits, n)

    def packed(self, n: int) -> Any:
        return self._noted("ints", super().packed, n)


@cache
def _parts(packed: bytes, n_bytes: int) -> list[Part]:
    """The columns of packed trees, with what lies between them."""
    reader = _Noting(np.frombuffer(packed, np.uint8))
    group = places.read_spans(reader, n_bytes)
    reading._read_columns(reader, group)
    for begin, end in places.gaps(group):
        reader.take(end - begin)
    reader.finish()
    return reader.parts


def _other_trees(packed: bytes, n_bytes: int, random: Random) -> bytes:
    """One to three columns are others; or the trees were, before they were packed."""
    if random.random() < 0.25:
        return _content(*_changed_group(random)) or packed
    parts = list(_parts(packed, n_bytes))
    for _ in range(random.choice((1, 1, 2, 3))):
        i = random.randrange(random.choice((0, 6, 6)), len(parts))  # most often behind the spans
        kind, found = parts[i]
        if kind == "mode" and random.random() < 0.2:
            parts[i] = kind, random.choice((0, 1, 1 - found % 2, 2, 8, 56, 64, 255))
        elif kind == "raw" and random.random() < 0.6:
            parts[i] = kind, numbers(found, random)
        elif kind == "ints" and found[1]:
            width, n, planes = found
            columns = np.zeros((8, n), np.uint8)
            columns[:width] = planes.reshape(width, n)
            folded = numbers(np.ascontiguousarray(columns.T).view("<u8").reshape(-1), random)
            width = max(width, random.choice((0, 4, 8)))
            columns = folded.view(np.uint8).reshape(n, 8).T[:width]
            parts[i] = kind, (width, n, np.ascontiguousarray(columns).reshape(-1))
    return b"".join(_stored(*part) for part in parts)


def _stored(kind: str, found: Any) -> bytes:
    match kind:
        case "mode":
            return bytes([found])
        case "raw":
            return bytes(found)
        case _:
            return bytes([found[0]]) + bytes(found[2])


def _changed_group(random: Random) -> tuple[Any, trees.Group]:
    """Trees of which a few numbers are others, as a model may have them."""
    data, group = random.choice(_groups())
    changed = data.copy()
    for _ in range(random.choice((1, 1, 3))):
        nodes_at, n, values_at = group.spans[random.randrange(len(group.spans))].tolist()
        node = random.randrange(n)
        places_of = (nodes_at + node * group.item_bytes + 8 * random.randrange(7), values_at + node * group.width * 8)
        at = random.choice(places_of)
        changed[at : at + 8] = numbers(changed[at : at + 8].view("<i8"), random).view(np.uint8)
    return changed, group


def _draw_group(random: Random) -> Case:
    data, group = _changed_group(random)
    spans = group.spans.tolist()
    return {"data": data.tobytes(), "item_bytes": group.item_bytes, "width": group.width, "spans": spans}


def _run_group(case: Case, guard: Guard) -> str:
    """Pack with the loops and without: the same bytes, or none; a loop does not leave to numpy what can be packed."""
    data, spans = np.frombuffer(case["data"], np.uint8), np.array(case["spans"], np.int64)
    group = trees.Group(n_bytes=len(data), item_bytes=case["item_bytes"], width=case["width"], spans=spans)
    guard.answers.clear()
    with guard.between():
        found = _content(data, group)
    with guard.without():
        expected = _content(data, group)
    if found != expected:
        raise DisagreementError("a loop makes numpy pack other bytes")
    if expected is not None and None in guard.answers:
        raise DisagreementError("a loop refuses what numpy takes")
    return "refused" if expected is None else "taken"


def _draw_spans(random: Random) -> Case:
    """Places that no writer gives: trees outside of their bytes, upon one another, larger or smaller."""
    case = _draw_group(random)
    spans = np.array(case["spans"], np.int64)
    if random.random() < 0.8:
        column = random.randrange(3)
        spans[:, column] = numbers(spans[:, column], random)
    room = int(np.array(case["spans"])[:, 1].sum()) + random.choice((0, 0, 0, 0, 1, -1))
    return case | {"spans": spans.tolist(), "room": room}


def _run_spans(case: Case, guard: Guard) -> str:
    """No to places outside of the bytes, an error where there is too little room; else what numpy says of the trees."""
    data, spans = np.frombuffer(case["data"], np.uint8), np.array(case["spans"], np.int64)
    item_bytes, width, room = case["item_bytes"], case["width"], case["room"]
    outputs = [1, 8, 8, 8, 8, 8, 8, 1, 8 * width]
    columns = tuple(np.zeros(size * room, np.uint8) for size in outputs)
    most = len(data) // (item_bytes + 8 * width)
    lie_within = all(
        1 <= n <= most
        and 0 <= at <= at + n * item_bytes <= len(data)
        and 0 <= values <= values + n * 8 * width <= len(data)
        for at, n, values in case["spans"]
    )
    group = trees.Group(n_bytes=len(data), item_bytes=item_bytes, width=width, spans=spans)
    has_room = lie_within and int(spans[:, 1].sum()) <= room
    expected = has_room and survey.survey(survey.Columns(data, group), group) is not None
    found: object = None
    try:
        with guard.between():
            found = kernels.survey_trees(data, spans, item_bytes, width, columns)
    except ValueError as error:
        if has_room or not lie_within or str(error) != "an array is too short":
            raise
    else:
        if lie_within and not has_room:
            raise DisagreementError("the loop takes arrays that are too short")
    if (found is not None) != expected:
        raise DisagreementError(f"the loop says {found}, numpy {expected}")
    return "taken" if expected else "refused"


FEEDERS: Final = {
    "trees": unpacking("unpack_trees", trees.unpack, drawing(_packed, _other_trees)),
    "spans": Feeder(feeds=frozenset({"survey_trees"}), draw=_draw_spans, run=_run_spans),
    "surveys": Feeder(feeds=frozenset({"survey_trees"}), draw=_draw_group, run=_run_group),
}
