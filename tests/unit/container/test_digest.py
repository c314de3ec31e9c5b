"""Digests per MiB, whatever the buffers are cut into."""

from __future__ import annotations

from itertools import pairwise

import pytest
from blake3 import blake3
from hypothesis import given
from hypothesis import strategies as st

from vitrify.container.digest import CHUNK_BYTES, chunk_digests, digest_count, hex_digest

DATA = bytes(i * 7 % 251 for i in range(2 * CHUNK_BYTES + 5))
EXPECTED = [blake3(DATA[i : i + CHUNK_BYTES]).hexdigest() for i in range(0, len(DATA), CHUNK_BYTES)]


class TestChunkDigests:
    @given(st.lists(st.integers(0, len(DATA)), max_size=5))
    def test_the_cuts_between_buffers_do_not_count(self, cuts: list[int]) -> None:
        """Two MiB and five bytes in one buffer or in several, empty ones among them."""
        edges = [0, *sorted(cuts), len(DATA)]
        buffers = [DATA[a:b] for a, b in pairwise(edges)]
        assert chunk_digests(buffers) == EXPECTED

    @pytest.mark.parametrize("n", [0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 3 * CHUNK_BYTES])
    def test_there_is_one_for_each_mebibyte_begun(self, n: int) -> None:
        """None for no bytes."""
        assert digest_count(n) == len(chunk_digests([bytes(n)])) == -(-n // (1 << 20))

    def test_known_value(self) -> None:
        """The digest of nothing, as the BLAKE3 paper's test vectors give it."""
        assert hex_digest(b"") == "af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262"
