"""Front-coded words back to lines."""

from __future__ import annotations

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
from vitrify.errors import FormatError

_NUMBER_BYTES = 8


class Words(Struct, frozen=True, kw_only=True):
    """Front-coded words, as they lie.

    Attributes:
        shared: How many bytes each word has in common with the one before, shape (n,).
        lengths: How many it has in all, shape (n,), if `rest` holds columns.
        rest: The other bytes: of one word after another, with NULs between them, or in columns.
    """

    shared: Bytes
    lengths: Bytes | None
    rest: Bytes


class Vocabulary(Struct, frozen=True, kw_only=True):
    """The keys of dicts and their values, as they lie.

    Attributes:
        value_bytes: The size of a value.
        runs: How many keys and values come before each dict that numbers its keys, and how many it has, shape (d, 3).
        plain: The values that come before such dicts, and after the last.
        planes: The values of such dicts: the lowest byte of each, then the next.
        words: The keys, those of such a dict by number.
    """

    value_bytes: int
    runs: Ints
    plain: Bytes
    planes: Bytes
    words: Words


def unpack(packed: Bytes, out: Bytes) -> None:
    """Fill `out`, shape (n_bytes,), with the words, joined by NUL.

    Raises:
        FormatError: They are not words of so many bytes.
    """
    words = _read_words(packed)
    from vitrify import kernels  # not before there are words: without any, nothing compiled is needed

    if kernels.COMPILED and kernels.unpack_words(words.shared, words.lengths, words.rest, out):
        return
    out[:] = _expanded(words, len(out))[0][:-1]


def unpack_vocabulary(packed: Bytes, out: Bytes) -> None:
    """Fill `out`, shape (n_bytes,), with the keys of dicts, joined by NUL, and their values.

    Raises:
        FormatError: They are not a vocabulary of so many bytes.
    """
    found = _read_vocabulary(packed, len(out))
    words, runs, width = found.words, found.runs, found.value_bytes
    n_keys, n_values = int(runs[:, [0, 2]].sum()), int(runs[:, [1, 2]].sum())
    if len(words.shared) != n_keys:
        raise FormatError(f"a vocabulary of {n_keys} keys has {len(words.shared)} words")
    n_key_bytes = len(out) - n_values * width
    if n_key_bytes < n_keys - 1:
        raise FormatError("a vocabulary has more keys or values than its group has room for")
    keys, values = out[:n_key_bytes], out[n_key_bytes:]
    from vitrify import kernels

    streams = words.shared, words.lengths, words.rest, runs, found.plain, found.planes
    if kernels.COMPILED and kernels.unpack_vocabulary(*streams, keys, values, width):
        return
    numbers = _joined(found.planes, int(runs[:, 2].sum()))
    index = _checked_index(numbers, runs)
    lines, starts, lengths = _expanded(words, n_key_bytes)
    keys[:] = gathered(lines, starts[index], lengths[index] + 1)[:-1]
    is_number = _turns(runs[:, 1], runs[:, 2])
    of_all = values.view(f"<i{width}")
    of_all[is_number] = numbers
    of_all[~is_number] = found.plain.view(f"<i{width}")


def _read_number(packed: Bytes, at: int) -> int:
    return int.from_bytes(packed[at : at + _NUMBER_BYTES].tobytes(), "little")


def _read_words(packed: Bytes) -> Words:
    begin = 1 + _NUMBER_BYTES
    if len(packed) < begin:
        raise FormatError("packed words end too early")
    form, n = int(packed[0]), _read_number(packed, 1)
    if form not in tuple(Form):
        raise FormatError(f"packed words have the unknown form {form}")
    ends = begin + n, begin + n * (1 + form)
    if n < 1 or ends[1] > len(packed):
        raise FormatError(f"packed words are not {n} words, of which each takes a byte or more")
    lengths = packed[ends[0] : ends[1]] if form == Form.COLUMNS else None
    return Words(shared=packed[begin : ends[0]], lengths=lengths, rest=packed[ends[1] :])


def _read_vocabulary(packed: Bytes, n_bytes: int) -> Vocabulary:
    begin = 1 + _NUMBER_BYTES
    if n_bytes > MAX_VOCABULARY_BYTES:
        raise FormatError(f"a vocabulary has {n_bytes} bytes, at most {MAX_VOCABULARY_BYTES} are allowed")
    if len(packed) < begin:
        raise FormatError("packed words end too early")
    width, n_runs = int(packed[0]), _read_number(packed, 1)
    if width not in (1, 2, 4, 8):
        raise FormatError(f"a vocabulary has values of {width} bytes")
    end = begin + 3 * _NUMBER_BYTES * n_runs
    if end > len(packed):
        raise FormatError(f"a vocabulary of {n_runs} runs does not give their sizes")
    runs = packed[begin:end].copy().view("<i8").astype(np.int64, copy=False).reshape(-1, 3)
    if (runs < 0).any() or (runs > n_bytes).any() or int(runs.sum()) > 2 * n_bytes:
        raise FormatError("a vocabulary has more keys or values than its group has room for")
    most = int(runs[:, 2].max(initial=0)) - 1
    if most < 0 or (runs[:-1, 2] == 0).any() or (runs[-1] == 0).all():
        raise FormatError("a vocabulary has a run without numbers of keys")
    if most >> (8 * width - 1):
        raise FormatError(f"a vocabulary numbers {most + 1} keys by values of {width} bytes")
    plain_end = end + int(runs[:, 1].sum()) * width
    planes_end = plain_end + int(runs[:, 2].sum()) * number_bytes(most)
    if planes_end > len(packed):
        raise FormatError("packed words end too early")
    plain, planes = packed[end:plain_end], packed[plain_end:planes_end]
    words = _read_words(packed[planes_end:])
    return Vocabulary(value_bytes=width, runs=runs, plain=plain, planes=planes, words=words)


def _joined(planes: Bytes, n: int) -> Ints:
    numbers = np.zeros(n, np.int64)
    for k, plane in enumerate(planes.reshape(-1, n)):
        numbers |= plane.astype(np.int64) << (8 * k)
    return numbers


def _checked_index(numbers: Ints, runs: Ints) -> Ints:
    """Which word each key is: those of a dict that numbers them lie by number."""
    others, sizes = runs[:, 0], runs[:, 2]
    if (numbers >= np.repeat(sizes, sizes)).any():
        raise FormatError("a vocabulary has a number beyond the size of its dict")
    index = np.arange(int(others.sum() + sizes.sum()))
    index[_turns(others, sizes)] = numbers + np.repeat(np.cumsum(others + sizes) - sizes, sizes)
    if not np.bincount(index, minlength=len(index)).all():
        raise FormatError("a vocabulary has a number twice")
    return index


def _turns(others: Ints, mine: Ints) -> npt.NDArray[np.bool_]:
    """Some False and some True for each run."""
    return np.repeat(np.tile([False, True], len(mine)), np.stack([others, mine], axis=1).reshape(-1))


def _lengths(words: Words) -> Ints:
    """How many bytes each word has."""
    shared = words.shared.astype(np.int64)
    if words.lengths is None:
        cuts = np.flatnonzero(np.append(words.rest, np.uint8(0)) == 0)
        if len(cuts) != len(shared):
            raise FormatError(f"{len(shared)} packed words have {len(cuts)} rests")
        return shared + np.diff(cuts, prepend=-1) - 1
    lengths = words.lengths.astype(np.int64)
    if (lengths < shared).any():
        raise FormatError("a packed word is shorter than what it shares with the one before")
    if int((lengths - shared).sum()) != len(words.rest):
        raise FormatError("the columns of packed words are not the rest of their bytes")
    if not words.rest.all():
        raise FormatError("a packed word has a NUL in it")
    return lengths


def _expanded(words: Words, n_bytes: int) -> tuple[Bytes, Ints, Ints]:
    """All words with a NUL behind each, shape (n_bytes + 1,), where each begins, and its length."""
    shared, lengths = words.shared.astype(np.int64), _lengths(words)
    before = np.append(0, lengths[:-1])
    if (shared > before).any():
        raise FormatError("a packed word shares more with the one before than that has")
    if int(lengths.sum()) + len(lengths) - 1 != n_bytes:
        raise FormatError("packed words do not add up to the size of their block")
    starts = np.cumsum(lengths + 1) - lengths - 1
    found = np.zeros(n_bytes + 1, np.uint8)
    is_in_columns = words.lengths is not None
    if not is_in_columns:
        _fill_lines(found, words.rest, starts, shared)
    rows, at = np.arange(len(starts)), 0
    for k in range(int(lengths.max() if is_in_columns else shared.max())):
        rows = rows[lengths[rows] > k]
        is_own = shared[rows] <= k
        if is_in_columns:
            mine = rows[is_own]
            found[starts[mine] + k] = words.rest[at : at + len(mine)]
            at += len(mine)
        source = np.maximum.accumulate(np.where(is_own, np.arange(len(rows)), 0))  # the last that has its own
        found[starts[rows] + k] = found[starts[rows[source]] + k]
    ended = np.flatnonzero((shared < MOST_SHARED) & (shared < before) & (shared < lengths))
    if (found[starts[ended] + shared[ended]] == found[starts[ended - 1] + shared[ended]]).any():
        raise FormatError("a packed word shares more with the one before than it says")
    return found, starts, lengths


def _fill_lines(found: Bytes, rest: Bytes, starts: Ints, shared: Ints) -> None:
    """Put the rests, and the NULs between them, where no word shares anything."""
    edges = np.zeros(len(found) + 1, np.int8)
    rows = np.flatnonzero(shared)
    edges[starts[rows]] = 1
    edges[starts[rows] + shared[rows]] = -1
    found[np.cumsum(edges[:-1], dtype=np.int8) == 0] = np.append(rest, np.uint8(0))
