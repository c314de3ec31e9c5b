"""SPEC.md 4.11: whatever the numbers, they come back; whatever the content, two readers agree on what it holds."""

from __future__ import annotations

from typing import Any

import hypothesis.extra.numpy as hnp
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tests.support.decoding import agreed, decoded
from tests.support.independent_codecs import CODECS, unzstd
from vitrify.container import sparse, zstd

_WIDTHS = st.sampled_from([1, 2, 4, 8])


def read(content: bytes, n_bytes: int) -> bytes:
    """What the second reader makes of a content."""
    return CODECS["sparse"](zstd.frame([content], len(content), 1), n_bytes)


@st.composite
def arrays(draw: st.DrawFn) -> np.ndarray[Any, Any]:
    """Numbers of one value, with others here and there."""
    dtype = draw(st.sampled_from(["?", "<i2", ">i4", "<f4", "<f8", "<c16", "<m8[s]"]))
    array = np.full(draw(st.sampled_from([40, 700, 70_000])), draw(st.sampled_from([0, 1])), dtype)
    width = draw(st.integers(1, array.nbytes))
    places = draw(st.lists(st.integers(0, array.nbytes - 1), min_size=1, max_size=12))
    array.view(np.uint8)[places] = draw(hnp.arrays(np.uint8, len(places))) & (1 if dtype == "?" else 255)
    array.view(np.uint8)[: width // 9] = 1
    return array


@st.composite
def contents(draw: st.DrawFn) -> tuple[bytes, int]:
    """Gaps and others that hold together as a rule, or nearly so."""
    width, gap_bytes = draw(_WIDTHS), draw(_WIDTHS)
    k = draw(st.integers(0, 5))
    gaps = [draw(st.sampled_from([0, 1, 2, 30, 256 ** (gap_bytes // 2)])) for _ in range(k)]
    others = draw(st.lists(st.integers(0, 3), min_size=k, max_size=k))
    head = bytes([width]) + bytes(width) + (k + draw(st.sampled_from([0, 0, 0, 1]))).to_bytes(8, "little")
    planes = [bytes(gap >> 8 * i & 255 for gap in gaps) for i in range(gap_bytes)]
    content = head + bytes([gap_bytes]) + b"".join(planes) + bytes(others) + bytes(k * (width - 1))
    cut = draw(st.sampled_from([0, 0, 0, 1]))
    return content[: len(content) - cut], draw(st.sampled_from([64, 96, 100, 300, 1000]))


class TestSparseNumbers:
    """§4.11 "Numbers are bits: -0.0 is not 0.0."."""

    @given(arrays())
    def test_the_same_bytes_come_back(self, array: Any) -> None:
        """Whichever of them are others, from both readers."""
        stored = sparse.encode(array.tobytes(), array.dtype, 1)
        if stored is not None:
            content = unzstd(stored, None)
            assert decoded(sparse.decode, content, array.nbytes) == array.tobytes()
            assert agreed(read, content, array.nbytes) == array.tobytes()

    @given(contents())
    def test_two_readers_agree_on_any_content(self, drawn: tuple[bytes, int]) -> None:
        """Each refuses it, or each gives the same bytes."""
        assert decoded(sparse.decode, *drawn) == agreed(read, *drawn)

    @given(st.binary(max_size=60), st.integers(0, 64))
    def test_two_readers_agree_on_any_bytes(self, content: bytes, n_bytes: int) -> None:
        """Also where nothing holds together."""
        assert decoded(sparse.decode, content, n_bytes) == agreed(read, content, n_bytes)
