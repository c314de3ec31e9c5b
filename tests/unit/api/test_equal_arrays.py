"""Arrays with the same bytes are stored once, and come back as arrays of their own."""

from __future__ import annotations

import io
import mmap
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.ensemble import VotingClassifier
from sklearn.neighbors import KNeighborsClassifier

import vitrify
from tests.support.equality import assert_same
from vitrify.container.reader import open_glass
from vitrify.errors import IntegrityError, LimitError

RNG = np.random.default_rng(0)
NOISE = RNG.normal(size=20_000)
LEVELS = RNG.integers(0, 5, 20_000).astype(np.float64)
EFFORTS = [None, True, 9]


def equal(values: np.ndarray[Any, Any]) -> dict[str, np.ndarray[Any, Any]]:
    """Three arrays that share no memory."""
    return {"a": values.copy(), "b": values.copy(), "c": values.copy()}


def mapped(array: np.ndarray[Any, Any]) -> bool:
    """Whether an array lies in a map of a file."""
    base: Any = array
    while isinstance(base, np.ndarray):
        base = base.base
    return isinstance(base.obj if isinstance(base, memoryview) else base, mmap.mmap)


@pytest.mark.parametrize("compress", EFFORTS)
@pytest.mark.parametrize("values", [NOISE, LEVELS], ids=["noise", "levels"])
class TestEqualArrays:
    def test_three_take_the_room_of_one(self, values: np.ndarray[Any, Any], compress: Any) -> None:
        """But for some hundred bytes of names and numbers."""
        one = len(vitrify.dumps({"a": values}, compress=compress))
        assert one < len(vitrify.dumps(equal(values), compress=compress)) < one + 600

    @pytest.mark.parametrize("mmap_mode", [False, True])
    def test_each_can_be_written_to(
        self, values: np.ndarray[Any, Any], compress: Any, mmap_mode: bool, tmp_path: Path
    ) -> None:
        """Also where they are mapped: neither the others nor the file change."""
        path = tmp_path / "equal.glass"
        vitrify.dump(equal(values), path, compress=compress)
        before = path.read_bytes()
        for turn in ("a", "b", "c"):
            loaded = vitrify.load(path, mmap=mmap_mode)
            loaded[turn][7] = -1.0
            assert loaded[turn][7] == -1.0
            for name in {"a", "b", "c"} - {turn}:
                np.testing.assert_array_equal(loaded[name], values)
        assert path.read_bytes() == before

    def test_they_come_back_from_bytes_and_streams(self, values: np.ndarray[Any, Any], compress: Any) -> None:
        """With the memory of each its own."""
        data = vitrify.dumps(equal(values), compress=compress)
        for loaded in (vitrify.loads(data), vitrify.load(io.BytesIO(data))):
            assert_same(loaded, equal(values))
        assert vitrify.dumps(vitrify.loads(data), compress=compress) == data

    def test_inspect_counts_each_byte_once(self, values: np.ndarray[Any, Any], compress: Any) -> None:
        """The shares add up to the file, and what is decoded is all three."""
        data = vitrify.dumps(equal(values), compress=compress)
        found = vitrify.inspect(data)
        assert found.decoded_bytes >= 3 * values.nbytes
        assert sum(info.stored_bytes for info in found.arrays) <= len(data)
        shares = [info.stored_bytes for info in found.arrays]
        assert max(shares) - min(shares) <= 1

    def test_all_of_them_count_against_the_limit(self, values: np.ndarray[Any, Any], compress: Any) -> None:
        """A block that stands for many asks for the memory of many."""
        data = vitrify.dumps([values.copy() for _ in range(60)], compress=compress)
        assert len(data) < 2 * values.nbytes
        room = 20 * values.nbytes
        with pytest.raises(LimitError, match="decoded blocks"):
            vitrify.loads(data, limits=vitrify.Limits(memory_bytes=room, expansion=0))
        assert len(vitrify.loads(data)) == 60


def test_raw_ones_are_mapped_each_for_itself(tmp_path: Path) -> None:
    path = tmp_path / "equal.glass"
    vitrify.dump(equal(NOISE), path)
    loaded = vitrify.load(path, mmap=True)
    assert all(mapped(array) for array in loaded.values())
    assert not np.shares_memory(loaded["a"], loaded["b"])


def test_those_of_very_many_are_read_instead(tmp_path: Path) -> None:
    """A process may have so many maps only."""
    path = tmp_path / "many.glass"
    vitrify.dump([np.arange(512.0) for _ in range(300)], path)
    loaded = vitrify.load(path, mmap=True)
    assert not any(mapped(array) for array in loaded)
    loaded[3][0] = 9.0
    assert [array[0] for array in loaded].count(9.0) == 1


def test_damage_to_what_several_share_is_an_error(tmp_path: Path) -> None:
    """Whichever of them is read first."""
    path = tmp_path / "equal.glass"
    vitrify.dump(equal(NOISE), path)
    with open_glass(path) as file:
        at = file.header.data_start + file.header.blocks[0].begin + 1000
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    with pytest.raises(IntegrityError, match="does not match its digest"):
        vitrify.loads(bytes(data))


def test_equal_arrays_of_other_forms_keep_blocks_of_their_own() -> None:
    """A block is shown to safetensors with one dtype and one shape."""
    several = [NOISE, NOISE.reshape(100, 200).copy(), NOISE.view(np.int64).copy()]
    assert len(vitrify.dumps(several)) > 3 * NOISE.nbytes
    assert_same(vitrify.loads(vitrify.dumps(several)), several)


def test_neighbours_in_a_vote_keep_their_training_data_once(tmp_path: Path) -> None:
    """The model for which this is there: each member has a copy of the same points."""
    X = RNG.normal(size=(3000, 10))
    y = (X[:, 0] > 0).astype(int)
    members = [(f"k{k}", KNeighborsClassifier(k, algorithm="brute")) for k in (1, 5, 9)]
    model = VotingClassifier(members).fit(X, y)
    fitted = [member._fit_X.copy() for member in model.estimators_]
    for member, points in zip(model.estimators_, fitted, strict=True):
        member._fit_X = points
    path = tmp_path / "vote.glass"
    vitrify.dump(model, path)
    assert path.stat().st_size < 1.5 * X.nbytes
    np.testing.assert_array_equal(vitrify.load(path).predict(X), model.predict(X))
