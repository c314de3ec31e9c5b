"""Which arrays share elements, what lies where in a buffer, and what a file may not ask for."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tests.property.strategies import arrays, overlapping, strided
from vitrify.graph.arrays import find_views, from_buffer, joined_bytes, keeps_strides, order_of, plain_bytes, spread


def byte_addresses(array: Any) -> list[int]:
    """The address of every byte of every element, one by one."""
    start = array.__array_interface__["data"][0]
    offsets = [sum(i * s for i, s in zip(index, array.strides, strict=True)) for index in np.ndindex(array.shape)]
    return [start + offset + k for offset in offsets for k in range(array.itemsize)]


class TestFindViews:
    @given(overlapping())
    def test_exactly_what_overlaps_is_a_view(self, found: list[Any]) -> None:
        """By addresses: each array either stands alone, or is a view, or is a buffer of views."""
        views = find_views(found)
        occupied = [set(byte_addresses(array)) for array in found]
        buffers = {id(view.buffer) for view in views.values()}
        for i, array in enumerate(found):
            shares = any(occupied[i] & other for k, other in enumerate(occupied) if k != i)
            assert (i in views or id(array) in buffers) == shares

    @given(overlapping())
    def test_the_buffer_holds_the_elements_and_nothing_else(self, found: list[Any]) -> None:
        """Every view gives its elements back; bytes of a made buffer that belong to none are zero."""
        for i, view in find_views(found).items():
            again = from_buffer(view.buffer, view.offset, found[i].shape, view.strides, found[i].dtype)
            assert again.tolist() == found[i].tolist()
        made = {id(v.buffer): v.buffer for v in find_views(found).values() if all(v.buffer is not a for a in found)}
        for buffer in made.values():
            assert buffer.flags.c_contiguous
            assert buffer.dtype == np.uint8

    def test_neighbours_in_one_allocation_are_not_views(self) -> None:
        """Columns of a matrix, halves of a vector."""
        base = np.arange(100.0).reshape(10, 10)
        assert find_views([base[:, 0], base[:, 1], base[5:, 5:], base[:5, 5:]]) == {}

    def test_memory_that_is_not_numpys_is_looked_at_by_address(self) -> None:
        """Two arrays over one bytearray have no common base."""
        data = bytearray(64)
        first, second = np.frombuffer(data, "u1", 40), np.frombuffer(data, "u1", 40, 24)
        assert set(find_views([first, second])) == {0, 1}
        assert find_views([np.frombuffer(data, "u1", 32), np.frombuffer(data, "u1", 32, 32)]) == {}

    def test_empty_arrays_share_nothing(self) -> None:
        """They have no element, wherever they point."""
        base = np.arange(10)
        assert find_views([base, base[3:3], base[:0].reshape(0, 3)]) == {}

    def test_uninitialised_gaps_are_not_copied(self) -> None:
        """A buffer that is made has zeros between the elements."""
        base = np.full(20, 0xAA, np.uint8)
        views = find_views([base[0:12:3], base[3:18:3]])
        assert set(np.unique(views[0].buffer).tolist()) == {0, 0xAA}
        assert int((views[0].buffer == 0xAA).sum()) == 6


class TestFromBuffer:
    BUFFER = np.arange(64, dtype=np.uint8)

    @given(
        st.lists(st.tuples(st.integers(0, 5), st.integers(-20, 20)), max_size=3),
        st.integers(-10, 70),
        st.sampled_from(["u1", "<i4", "<f8"]),
    )
    def test_every_element_lies_within_or_it_is_refused(
        self, axes: list[tuple[int, int]], offset: int, code: str
    ) -> None:
        """By addresses, for any shape, strides and offset."""
        shape, strides = tuple(n for n, _ in axes), tuple(s for _, s in axes)
        size = np.dtype(code).itemsize
        places = [offset + sum(i * s for i, s in zip(index, strides, strict=True)) for index in np.ndindex(shape)]
        is_inside = all(place >= 0 and place + size <= 64 for place in places) if places else 0 <= offset <= 64
        try:
            view = from_buffer(self.BUFFER, offset, shape, strides, np.dtype(code))
        except ValueError:
            assert not is_inside
            return
        assert is_inside
        expected = [self.BUFFER[place : place + size].tobytes() for place in places]
        assert view.tobytes() == b"".join(expected)

    @pytest.mark.parametrize("stride", [2**62, -(2**62), 2**63 - 1, -(2**63)])
    def test_huge_strides_do_not_wrap_around(self, stride: int) -> None:
        """The sums are exact."""
        with pytest.raises(ValueError, match="outside"):
            from_buffer(self.BUFFER, 0, (5, 5), (stride, stride), np.dtype("u1"))

    def test_an_array_that_overlaps_itself_is_read_only(self) -> None:
        """Writing one element would change others."""
        assert not from_buffer(self.BUFFER, 0, (3, 3), (1, 1), np.dtype("u1")).flags.writeable
        assert from_buffer(self.BUFFER.copy(), 0, (3, 3), (3, 1), np.dtype("u1")).flags.writeable


class TestBytes:
    @given(arrays())
    def test_contiguous_elements_are_taken_as_they_lie(self, array: Any) -> None:
        """C order for C, memory order for F; without a copy where nothing must be cleaned."""
        assume(not array.dtype.fields)
        data = plain_bytes(array)
        assert bytes(data) == array.tobytes("A")
        assert not data.nbytes or np.shares_memory(np.frombuffer(data, np.uint8), array)

    @given(st.lists(arrays(), min_size=1, max_size=3))
    def test_joining_is_one_after_another(self, found: list[Any]) -> None:
        """The same as each for itself."""
        alike = [array for array in found if array.dtype == found[0].dtype and order_of(array) == order_of(found[0])]
        assert joined_bytes(alike) == b"".join(map(plain_bytes, alike))

    @given(strided())
    def test_order_is_f_only_where_c_is_not(self, array: Any) -> None:
        """And never for what is contiguous in no order."""
        flags = array.flags
        assert order_of(array) == ("F" if flags.f_contiguous and not flags.c_contiguous else "C")

    def test_bools_are_normalised(self) -> None:
        """Equal arrays have equal bytes."""
        odd = np.array([0, 1, 2, 255], np.uint8).view(np.bool_)
        assert bytes(plain_bytes(odd)) == joined_bytes([odd]) == b"\0\1\1\1"


class TestSpaced:
    @given(arrays(), st.integers(2, 3), st.sampled_from([1, -1, 2]), st.booleans())
    def test_spreading_gives_the_same_elements_and_strides(self, inner: Any, n: int, step: int, swap: bool) -> None:
        """Of matrices with a column left out, backwards, with axes swapped."""
        array = np.stack([inner.reshape(-1)] * n)[:, 1:][::step]
        array = array.T if swap else array
        assume(keeps_strides(array) and not array.dtype.fields)
        again = spread(np.ascontiguousarray(array), array.strides)
        assert again.strides == array.strides
        assert plain_bytes(again) == plain_bytes(array)  # padding is no element
        assert len(set(byte_addresses(again))) == len(byte_addresses(again))

    @given(st.lists(st.tuples(st.integers(1, 4), st.integers(-12, 12)), min_size=2, max_size=3))
    def test_elements_that_overlap_are_refused(self, axes: list[tuple[int, int]]) -> None:
        """Whatever strides a file names."""
        shape, strides = tuple(n for n, _ in axes), tuple(s for _, s in axes)
        try:
            made = spread(np.zeros(shape, "<u2"), strides)
        except ValueError:
            return
        assert len(set(byte_addresses(made))) == 2 * made.size

    @pytest.mark.parametrize(
        ("array", "kept"),
        [
            (np.zeros((8, 8))[:, :4], True),
            (np.zeros((8, 8)).T[1:, 1:], True),
            (np.zeros((8, 8))[:, ::-1], True),
            (np.zeros((100, 100))[::20, ::20], False),
            (np.zeros(100)[::2], False),
            (np.zeros((4, 4)), False),
            (np.zeros((4, 4)).T, False),
            (np.zeros((4, 0))[::2], False),
            (np.broadcast_to(np.zeros(3), (4, 3)), False),
        ],
    )
    def test_a_matrix_with_few_gaps_keeps_its_strides(self, array: Any, kept: bool) -> None:
        """Up to sixteen times the room of its elements."""
        assert keeps_strides(array) == kept
