"""Lines to front-coded words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from msgspec import Struct

from vitrify.container.words.forms import (
    MAX_VOCABULARY_BYTES,
    MOST_SHARED,
    Bytes,
    Form,
    Ints,
    gathered,
    number_bytes,
)

_SAMPLE_BYTES: Final = 1 << 18
_FEWEST: Final = 256


class Lines(Struct, frozen=True, kw_only=True):
    """Words where they lie, in any order.

    Attributes:
        data: All bytes, shape (n_bytes + 1,), with a NUL behind each word.
        starts: Where each word begins, shape (n,).
        lengths: How many bytes it has, shape (n,).
    """

    data: Bytes
    starts: Ints
    lengths: Ints

    @classmethod
    def of(cls, data: Bytes) -> Lines:
        """The words between the NULs, in their order."""
        padded = np.append(data, np.uint8(0))
        ends = np.flatnonzero(padded == 0)
        starts = np.append(0, ends[:-1] + 1)
        return cls(data=padded, starts=starts, lengths=ends - starts)

    def sample(self) -> Lines | None:
        """Neighbours from the middle, so many as a trial needs; None where they are too long for one."""
        ends = np.cumsum(self.lengths + 1)
        middle = int(ends[-1]) // 2
        first, last = np.searchsorted(ends, [middle - _SAMPLE_BYTES // 2, middle + _SAMPLE_BYTES // 2]).tolist()
        part = Lines(data=self.data, starts=self.starts[first : last + 1], lengths=self.lengths[first : last + 1])
        return part if part.lengths.sum() <= 2 * _SAMPLE_BYTES else None

    def joined(self) -> Bytes:
        """All words, with a NUL between neighbours."""
        return gathered(self.data, self.starts, self.lengths + 1)[:-1]


class Dicts(Struct, frozen=True, kw_only=True):
    """What the keys and values of a group are: all keys of some dicts, and those of their values that are integers.

    Attributes:
        n_key_bytes: The size of the keys, which come first.
        value_bytes: The size of each value.
        keys: The number of keys of each dict.
        values: The number of values of each, that of its keys if all its values are there.
    """

    n_key_bytes: int
    value_bytes: int
    keys: Sequence[int]
    values: Sequence[int]


def pack(lines: Lines, form: Form) -> list[bytes] | None:
    """The streams of front-coded words; None where one of them is too long for this form."""
    shared = _shared(lines)
    head = [bytes([form]), len(shared).to_bytes(8, "little"), shared.tobytes()]
    if form == Form.LINES:
        rests = gathered(lines.data, lines.starts + shared, lines.lengths + 1 - shared)[:-1]
        return [*head, rests.tobytes()]
    if int(lines.lengths.max()) > MOST_SHARED:
        return None
    return [*head, lines.lengths.astype(np.uint8).tobytes(), *_columns(lines, shared)]


def pack_vocabulary(data: Bytes, dicts: Dicts) -> tuple[list[bytes], Lines, Lines] | None:
    """The streams of values, the keys in the order of these, and in their own; None where they number no keys.

    The keys are packed in the order of the values, and stored after these.
    """
    if len(data) > MAX_VOCABULARY_BYTES:
        return None
    values = data[dicts.n_key_bytes :].view(f"<i{dicts.value_bytes}")
    runs, is_number, index = _runs(values, dicts)
    most = int(runs[:, 2].max(initial=0)) - 1
    if most < 0:
        return None
    keys = Lines.of(data[: dicts.n_key_bytes])
    order = np.empty(len(index), np.int64)
    order[index] = np.arange(len(index))
    by_value = Lines(data=keys.data, starts=keys.starts[order], lengths=keys.lengths[order])
    numbers = values[is_number].astype(np.int64)
    planes = [(numbers >> 8 * k).astype(np.uint8).tobytes() for k in range(number_bytes(most))]
    head = [bytes([dicts.value_bytes]), len(runs).to_bytes(8, "little"), runs.astype("<i8").tobytes()]
    return [*head, values[~is_number].tobytes(), *planes], by_value, keys


def _runs(values: npt.NDArray[Any], dicts: Dicts) -> tuple[Ints, npt.NDArray[np.bool_], Ints]:
    """How keys and values take turns, which values number keys, and which word each key is.

    Before each dict that numbers its keys there are some keys and values of other dicts, shape (d, 3) with the size of
    the dict; the last run may have none.
    """
    is_number = np.zeros(len(values), np.bool_)
    index = np.arange(sum(dicts.keys))
    runs: list[tuple[int, int, int]] = []
    key = value = first_key = first_value = 0
    for n_keys, n_values in zip(dicts.keys, dicts.values, strict=True):
        if n_keys == n_values >= _FEWEST:
            mine = values[value : value + n_keys]
            if int(mine.min()) == 0 and int(mine.max()) == n_keys - 1 and np.bincount(mine, minlength=n_keys).all():
                is_number[value : value + n_keys] = True
                index[key : key + n_keys] = key + mine.astype(np.int64)
                runs.append((key - first_key, value - first_value, n_keys))
                first_key, first_value = key + n_keys, value + n_keys
        key, value = key + n_keys, value + n_values
    if key > first_key:
        runs.append((key - first_key, value - first_value, 0))
    return np.array(runs, np.int64).reshape(-1, 3), is_number, index


def _shared(lines: Lines) -> Bytes:
    """How many bytes each word has in common with the one before, at most 255."""
    starts, n = lines.starts, len(lines.starts)
    shared = np.zeros(n, np.uint8)
    most = np.minimum(lines.lengths, np.append(0, lines.lengths[:-1]))
    rows = np.arange(n)
    for k in range(MOST_SHARED):
        rows = rows[most[rows] > k]
        rows = rows[lines.data[starts[rows] + k] == lines.data[starts[rows - 1] + k]]
        if not len(rows):
            break
        shared[rows] = k + 1
    return shared


def _columns(lines: Lines, shared: Bytes) -> list[bytes]:
    """The first bytes of all words that do not share them, then the second bytes, and so on."""
    columns: list[bytes] = []
    rows = np.arange(len(shared))
    for k in range(int(lines.lengths.max())):
        rows = rows[lines.lengths[rows] > k]
        mine = rows[shared[rows] <= k]
        columns.append(lines.data[lines.starts[mine] + k].tobytes())
    return columns
