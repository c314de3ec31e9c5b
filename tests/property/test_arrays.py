"""SPEC.md §6.4 and §6.6: arrays of every dtype, order and stride, and arrays that share memory."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import vitrify
from tests.property.strategies import arrays, overlapping, strided
from tests.support.equality import assert_same
from tests.support.independent_reader import Container
from tests.vectors.describing import describe, describe_glass
from tests.vectors.strict_graph import read


class TestDtypes:
    """§6.4.1 "The text is numpy's `dtype.str`, one of exactly these"."""

    @given(arrays())
    def test_every_dtype_comes_back(self, array: Any) -> None:
        """With byte order, fields, offsets, alignment; all values bit for bit."""
        loaded = vitrify.loads(vitrify.dumps(array))
        assert loaded.dtype == array.dtype
        assert loaded.dtype.isalignedstruct == array.dtype.isalignedstruct
        assert loaded.dtype.str == array.dtype.str
        assert_same(array, loaded)

    @given(arrays())
    def test_the_independent_reader_sees_the_same(self, array: Any) -> None:
        """The elements, without vitrify."""
        assert describe_glass(read(vitrify.dumps([array]))) == describe([array])

    @given(arrays())
    def test_bytes_are_little_else_than_the_elements(self, array: Any) -> None:
        """Native or not, there is no conversion: contiguous elements without padding stand in the file as they lie."""
        raw = array.tobytes(order="A")
        if not array.dtype.fields and raw:
            assert raw in vitrify.dumps(array)

    def test_padding_is_zero(self) -> None:
        """What lay between the fields does not travel."""
        dtype = np.dtype([("a", "i1"), ("b", "<f8")], align=True)
        dirty = np.frombuffer(b"\xaa" * 64, dtype).copy()
        clean = np.zeros(4, dtype)
        clean["a"], clean["b"] = dirty["a"], dirty["b"]
        assert vitrify.dumps(dirty) == vitrify.dumps(clean)
        assert vitrify.dumps([dirty[:3], dirty[1:]]) == vitrify.dumps([clean[:3], clean[1:]])

    def test_objects_in_a_field_are_refused(self) -> None:
        """They have no spelling."""
        with pytest.raises(vitrify.errors.UnsupportedError, match="field 'o' has dtype object"):
            vitrify.dumps(np.zeros(2, [("o", object)]))


class TestOrder:
    """§6.6.2 "An array that is contiguous in Fortran order only has order `F`"."""

    @given(strided())
    def test_arrays_of_any_strides_come_back(self, array: Any) -> None:
        """Reversed, stepped, transposed, repeated."""
        assert_same(array, vitrify.loads(vitrify.dumps([array]))[0])

    @given(arrays())
    def test_contiguous_arrays_keep_their_strides(self, array: Any) -> None:
        """C stays C and F stays F."""
        loaded = vitrify.loads(vitrify.dumps(array))
        if array.size > 1:
            assert loaded.flags.c_contiguous == array.flags.c_contiguous
            assert loaded.flags.f_contiguous == array.flags.f_contiguous

    @given(arrays())
    def test_loaded_arrays_are_writable_and_aligned(self, array: Any) -> None:
        """Estimators and compiled code rely on both."""
        loaded = vitrify.loads(vitrify.dumps({"a": array, "b": np.tile(array.reshape(-1), 200)}))
        assert all(found.flags.writeable and found.flags.aligned for found in loaded.values())


class TestViews:
    """§6.6.3 "Arrays share memory after loading exactly when their elements overlapped before"."""

    @given(overlapping())
    def test_overlapping_views_come_back(self, found: list[Any]) -> None:
        """Which elements are shared, among views of several dtypes, steps and directions."""
        loaded = vitrify.loads(vitrify.dumps(found))
        assert_same(found, loaded)
        for i, one in enumerate(found):
            for j, other in enumerate(found):
                assert np.shares_memory(loaded[i], loaded[j]) == np.shares_memory(one, other)

    @given(overlapping())
    def test_the_independent_reader_sees_the_same(self, found: list[Any]) -> None:
        """Offsets and strides mean the same to both."""
        glass = read(vitrify.dumps(found))
        seen = [glass.arrays[ref] for ref in glass.tables[0]["columns"]["items"]]
        assert [array.tolist() for array in seen] == [array.tolist() for array in found]
        for i, one in enumerate(found):
            assert [np.shares_memory(seen[i], a) for a in seen] == [np.shares_memory(one, a) for a in found]

    def test_what_is_written_to_one_is_seen_in_the_other(self) -> None:
        """They are the same memory, not equal copies."""
        base = np.arange(2000.0)
        first, second = vitrify.loads(vitrify.dumps([base[:1500], base[500:]]))
        second[0] = -1
        assert first[500] == -1

    def test_a_view_does_not_drag_its_base_along(self) -> None:
        """§6.6.4: no byte outside the elements is written, and neighbours do not share."""
        base = np.arange(1_000_000.0)
        data = vitrify.dumps([base[10:20], base[30:40]])
        assert len(data) < 3000
        first, second = vitrify.loads(data)
        assert not np.shares_memory(first, second)

    def test_an_array_that_repeats_itself_is_small_and_read_only(self) -> None:
        """A broadcast array has its one element in the file; writing to one place would change others."""
        wide = np.broadcast_to(np.float64(3), (500, 500))
        data = vitrify.dumps([wide])
        assert len(data) < 3000
        (loaded,) = vitrify.loads(data)
        assert_same(np.array(wide), np.array(loaded))
        assert loaded.strides == (0, 0)
        assert not loaded.flags.writeable


class TestBigArrays:
    """§6.3.2 "larger arrays can be mapped and are visible to safetensors"."""

    @given(
        st.lists(st.tuples(st.sampled_from(["u1", "<f4", ">i8", "c16", "<U3"]), st.integers(4080, 4110)), max_size=4)
    )
    def test_every_array_of_4096_bytes_has_a_block(self, wanted: list[tuple[str, int]]) -> None:
        """Smaller ones have none."""
        found = [np.zeros(size // np.dtype(code).itemsize, code) for code, size in wanted]
        data = vitrify.dumps(found)
        n_big = sum(array.nbytes >= 4096 for array in found)
        joined = len(Container(data).blocks) - n_big
        graph = json.loads(Container(data).graph)
        assert joined == sum("joined" in table.get("arrays", {}) for table in graph["tables"])
        assert_same(found, vitrify.loads(data))


class TestObjectArrays:
    """§6.6.5 "Elements are values of the graph, never pointers."."""

    @given(
        st.lists(
            st.one_of(st.none(), st.integers(), st.text(max_size=3), st.lists(st.integers(), max_size=2)), max_size=6
        )
    )
    def test_they_come_back_in_every_shape_and_order(self, items: list[Any]) -> None:
        """One and two dimensions, C and F."""
        flat = np.empty(len(items), object)
        for i, item in enumerate(items):
            flat[i] = item
        square = flat.reshape(2, -1) if len(flat) % 2 == 0 else flat.reshape(1, -1)
        value = [flat, square.copy(order="F"), square.copy()]
        assert_same(value, vitrify.loads(vitrify.dumps(value)))
