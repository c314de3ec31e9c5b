"""Golden files of SPEC.md 4.10, valid and invalid: blocks that stand for several numbered ones with the same bytes."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import numpy as np

from tests.support.lying_writer import seal
from tests.vectors.cases import add
from tests.vectors.valid import case

Described = list[dict[str, Any]]


@case
def equal_arrays() -> Any:
    """Raw blocks for several (4.10): equal arrays; not those of another shape or order, nor views."""
    values = np.arange(512.0)
    whole = values.copy()
    same = [values, values + 1, values.copy(), (values + 1).copy(), values.copy()]
    return [*same, values.reshape(2, 256), np.asfortranarray(values.reshape(2, 256)), whole, whole[:4]]


@case
def equal_arrays_packed() -> Any:
    """Encoded blocks for several (4.10): two arrays, and columns of words and of numbers that come twice."""
    words, numbers = [f"word {i:05d}" for i in range(500)], [i * i for i in range(1200)]
    values = np.repeat(np.arange(16.0), 64)
    return [values, values.copy(), {"a": tuple(words)}, {"b": numbers}, words, tuple(numbers)]


def _redescribed(data: bytes, change: Callable[[Described], Any]) -> bytes:
    """The file with other descriptions of its blocks, and right digests."""
    n = int.from_bytes(data[:8], "little")
    header, body = json.loads(data[8 : 8 + n]), data[8 + n :]
    described = json.loads(header["__metadata__"]["blocks"])
    change(described)
    header["__metadata__"]["blocks"] = json.dumps(described, separators=(",", ":"))
    return seal(json.dumps(header, separators=(",", ":")).encode(), len(body)) + body


def _wrong(name: str, message: str, change: Callable[[Described], Any], of: str = "equal_arrays") -> None:
    add(f"several_{name}", "4.10", message, lambda files: _redescribed(files[of], change))


def _with_number(described: Described) -> None:
    """A number as well, in its place."""
    how = described[0]
    pieces = how.pop("pieces")
    how |= {"piece": 0, "pieces": pieces}


def _one(described: Described) -> None:
    del described[0]["pieces"][1:]


def _size(described: Described) -> None:
    described[0]["pieces"][1][1] -= 8


def _all_sizes(described: Described) -> None:
    for pair in described[0]["pieces"]:
        pair[1] += 8


def _twice(described: Described) -> None:
    described[0]["pieces"][1][0] = described[0]["pieces"][0][0]


def _taken(described: Described) -> None:
    """A number that another block has."""
    described[0]["pieces"][1][0] = described[1]["pieces"][-1][0]


def _reserved(described: Described) -> None:
    described[-2]["pieces"] = [[90, 8], [91, 8]]


_wrong("with_a_number", "has a number, and names several pieces", _with_number)
_wrong("of_one", "names several pieces that are not", _one)
_wrong("none", "plain bytes", lambda described: described[0].pop("pieces"))
_wrong("descending", "not in order", lambda described: described[0]["pieces"].reverse())
_wrong("twice", "not in order", _twice)
_wrong("negative", "not in order", lambda described: described[0]["pieces"][0].__setitem__(0, -1))
_wrong("another_size", "names several pieces that are not as large", _size)
_wrong("other_sizes", "names several pieces that are not as large", _all_sizes)
_wrong("taken", "numbered", _taken)
_wrong("cells", "", _reserved)
_wrong("packed_another_size", "names several pieces that are not as large", _size, "equal_arrays_packed")
