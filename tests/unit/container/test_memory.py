"""Scratch memory is handed out again, but never while somebody still refers to it."""

from __future__ import annotations

import numpy as np

from vitrify.container.memory import Scratch


def _address(array: np.ndarray) -> int:
    return int(array.__array_interface__["data"][0])


class TestScratch:
    def test_memory_that_nobody_uses_is_handed_out_again(self) -> None:
        """Whatever was in it."""
        scratch = Scratch(1000)
        first = _address(scratch.fresh()(1000))
        assert _address(scratch.fresh()(500)) == first

    def test_memory_in_use_is_left_alone(self) -> None:
        """A view of a part of it is use enough."""
        scratch = Scratch(1000)
        kept = scratch.fresh()(1000).view(np.uint64)[3:5]
        kept[:] = 7
        for _ in range(3):
            scratch.fresh()(1000)[:] = 1
        assert kept.tolist() == [7, 7]

    def test_pieces_do_not_overlap_and_are_aligned(self) -> None:
        """Also those that are more than there is room for."""
        take = Scratch(300).fresh()
        pieces = [take(100) for _ in range(5)]
        for i, piece in enumerate(pieces):
            piece[:] = i
        assert [set(piece.tolist()) for piece in pieces] == [{i} for i in range(5)]
        assert all(_address(piece) % 16 == 0 for piece in pieces)

    def test_nothing_is_a_piece_too(self) -> None:
        """Of length 0, wherever."""
        scratch = Scratch(0)
        assert [len(scratch.fresh()(0)) for _ in range(3)] == [0, 0, 0]
