"""SPEC.md 4.7: whatever the items, they come back; whatever the content, two readers agree on what it holds."""

from __future__ import annotations

from typing import Any
from unittest import mock

import hypothesis.extra.numpy as hnp
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tests.property.strategies import dtypes
from tests.support.decoding import agreed, decoded
from tests.support.independent_codecs import unshuffle
from vitrify import kernels
from vitrify.container import shuffle
from vitrify.container.shuffle import codec


def unpacked(content: bytes, n_bytes: int) -> bytes | None:
    """What the codec makes of a content, with compiled kernels and without; None if it refuses it."""
    found = decoded(codec.decode, content, n_bytes)
    with mock.patch.object(kernels, "COMPILED", False):
        assert decoded(codec.decode, content, n_bytes) == found
    return found


@st.composite
def items(draw: st.DrawFn) -> np.ndarray[Any, Any]:
    """Some items, again and again in some order: more than a sample, few enough to be quick."""
    dtype = draw(dtypes().filter(lambda dtype: dtype.itemsize > 0))
    some = draw(hnp.arrays(np.uint8, st.tuples(st.integers(1, 40), st.just(dtype.itemsize))))
    step = draw(st.integers(1, 7))
    n = draw(st.sampled_from([9, 700, 5000, 66000]))
    picked = some[np.arange(n) // draw(st.integers(1, 9)) * step % len(some)].copy()
    counted = draw(st.integers(0, dtype.itemsize - 1))
    picked[:, counted] += np.arange(n).astype(np.uint8) * draw(st.booleans())
    return picked.reshape(-1).view(dtype)


_KINDS = st.tuples(st.sampled_from([1, 2, 3, 4, 8, 300]), st.integers(0, 4))


@st.composite
def contents(draw: st.DrawFn) -> tuple[bytes, int]:
    """Fields, dictionaries and numbers that hold together as a rule, or nearly so."""
    fields = draw(st.lists(_KINDS, min_size=1, max_size=4))
    n = draw(st.integers(1, 40))
    head = bytes([len(fields)]) + b"".join(w.to_bytes(2, "little") + bytes([kind]) for w, kind in fields)
    sizes = {i: draw(st.integers(1, min(n, 4))) for i, (_, kind) in enumerate(fields) if kind in (2, 3)}
    for i, size in sizes.items():
        planes = np.zeros((fields[i][0], size), np.uint8)
        planes[0] = draw(st.lists(st.integers(int(size > 2), 9), min_size=size, max_size=size))
        head += size.to_bytes(8, "little") + planes.tobytes()
    for i, (width, kind) in enumerate(fields):
        if kind == 4:
            leader = draw(st.sampled_from([*sizes, i]))
            head += bytes([leader]) + bytes(sizes.get(leader, 0) * width)
    for i, (width, kind) in enumerate(fields):
        if kind != 4:
            entries = sizes.get(i, 0)
            taken = {0: width * n, 1: 0, 2: -(-n // 8)}.get(entries, n)
            head += draw(st.binary(min_size=taken, max_size=taken)) if entries == 2 else _small(draw, taken, entries)
    cut = draw(st.sampled_from([0, 0, 0, 1]))
    return head[: len(head) - cut] + bytes(draw(st.sampled_from([0, 0, 0, 1]))), n * sum(width for width, _ in fields)


def _small(draw: st.DrawFn, n: int, bound: int) -> bytes:
    """Numbers below a bound, all of them if they are that many."""
    step = draw(st.integers(1, 5))
    return bytes(i * step % (bound or 256) for i in range(n))


class TestShuffledItems:
    """§4.7 "Values are bits: -0.0 and every NaN stay what they are."."""

    @given(items())
    def test_the_same_bytes_come_back(self, array: Any) -> None:
        """Of every dtype, repeated, in order or not, whichever fields are split; by both readers."""
        packed = shuffle.pack(np.frombuffer(array.tobytes(), np.uint8), array.dtype)
        if packed is not None:
            content = b"".join(part.tobytes() for part in packed.parts())
            assert len(content) == packed.n_bytes
            assert unpacked(content, array.nbytes) == array.tobytes()
            assert agreed(unshuffle, content, array.nbytes) == array.tobytes()

    @given(contents())
    def test_two_readers_agree_on_any_content(self, drawn: tuple[bytes, int]) -> None:
        """Each refuses it, or each gives the same bytes."""
        assert unpacked(*drawn) == agreed(unshuffle, *drawn)

    @given(st.binary(max_size=60), st.integers(0, 64))
    def test_two_readers_agree_on_any_bytes(self, content: bytes, n_bytes: int) -> None:
        """Also where nothing holds together."""
        assert unpacked(content, n_bytes) == agreed(unshuffle, content, n_bytes)
