"""What a reader says when it is interrupted by the file, the system or a lie, and what it leaves open: nothing."""

from __future__ import annotations

import io
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO, cast

import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.ensemble import AdaBoostClassifier, RandomForestClassifier
from sklearn.tree import DecisionTreeClassifier

import vitrify
from tests.support.lying_writer import Lie
from vitrify.container import parallel, reader, sources
from vitrify.container.memory import private_bytes
from vitrify.container.reader import open_glass, open_glass_bytes
from vitrify.errors import FormatError, IntegrityError

LARGE = {"w": np.arange(50_000.0)}


@pytest.fixture
def large_file(tmp_path: Path) -> Path:
    """A file that is read block by block."""
    path = tmp_path / "large.glass"
    vitrify.dump(LARGE, path)
    return path


def shrinking(path: Path, n_bytes: int, *, calls: int = 1) -> Callable[[int], os.stat_result]:
    """`os.fstat` of a system on which the file is cut to `n_bytes` right after its size was asked for."""
    fstat, seen = os.fstat, [0]

    def cut(fd: int) -> os.stat_result:
        status = fstat(fd)
        seen[0] += os.path.samestat(status, os.stat(path))
        if seen[0] == calls:
            os.truncate(path, n_bytes)
        return status

    return cut


class TestChecking:
    @pytest.mark.parametrize("compress", [0, 3])
    @pytest.mark.parametrize("as_file", [False, True])
    def test_a_block_can_be_checked_alone(self, compress: int, as_file: bool, tmp_path: Path) -> None:
        """A flipped bit is found in the block that has it, and in no other."""
        data = bytearray(vitrify.dumps([np.zeros(50_000), np.ones(60_000)], compress=compress))
        with open_glass_bytes(bytes(data)) as opened:
            second = opened.header.data_start + opened.block(1).begin
        data[second + 5] ^= 1
        (tmp_path / "flipped.glass").write_bytes(data)
        with open_glass(tmp_path / "flipped.glass") if as_file else open_glass_bytes(bytes(data)) as opened:
            opened.check(opened.block(0))
            with pytest.raises(IntegrityError) as caught:
                opened.check(opened.block(1))
            assert caught.value.message == f"block {opened.block(1).name!r} does not match its digest"

    @pytest.mark.parametrize("cores", [1, 4])
    def test_pieces_come_together_as_they_come_alone(self, cores: int, monkeypatch: pytest.MonkeyPatch) -> None:
        """Raw and encoded ones, in any order, on one thread or several."""
        monkeypatch.setattr(parallel, "_n_cores", lambda: cores)
        arrays = [np.arange(n * 10_000) for n in (1, 9, 3, 7)]
        noise = np.random.default_rng(0).integers(0, 256, 50_000, np.uint8)
        with open_glass_bytes(vitrify.dumps([*arrays, noise, np.zeros((300, 300))], compress=True)) as opened:
            numbers = [4, 1, 0, 5, 2, 3]
            assert {opened.block(number).stored.codec for number in numbers} == {"raw", "shuffle"}
            together = [data.tobytes() for data in opened.pieces(numbers)]
            assert together == [opened.piece(number).tobytes() for number in numbers]
            assert together[1:3] == [arrays[1].tobytes(), arrays[0].tobytes()]

    @pytest.mark.parametrize("cores", [1, 4])
    def test_damage_of_one_of_several_pieces_is_found(self, cores: int, monkeypatch: pytest.MonkeyPatch) -> None:
        """By the thread that decodes it."""
        monkeypatch.setattr(parallel, "_n_cores", lambda: cores)
        data = bytearray(vitrify.dumps([np.arange(n * 10_000) for n in (9, 3, 7)], compress=True))
        with open_glass_bytes(bytes(data)) as opened:
            data[opened.header.data_start + opened.block(1).begin + 5] ^= 1
        with open_glass_bytes(bytes(data)) as opened:
            name = opened.block(1).name
            with pytest.raises(IntegrityError) as caught:
                opened.pieces([0, 1, 2])
        assert caught.value.message == f"block {name!r} does not match its digest"

    def test_an_encoded_block_is_decoded_when_it_is_checked(self) -> None:
        """Its digests are of the stored bytes, which may be no frame."""
        lie = Lie(vitrify.dumps(LARGE))
        with open_glass_bytes(lie.file(encoded={0: ("zstd", b"no frame", 400_000)})) as opened:
            with pytest.raises(FormatError) as caught:
                opened.check(opened.block(0))
            assert caught.value.message.startswith("damaged zstd frame (")
            assert caught.value.path == f"block {opened.block(0).name!r}"


class TestStretches:
    @pytest.mark.parametrize("source", ["path", "bytes", "stream"])
    def test_pieces_come_in_a_stretch_as_they_come_alone(self, source: str, tmp_path: Path) -> None:
        """Small neighbours, what is stored once for two, what is larger than a run, and encoded ones; in any order."""
        noise = np.random.default_rng(0).bytes(2_000_000)
        model = [np.frombuffer(noise[: 8 * n], "f8") for n in (700, 600, 900, 200_000, 600, 800)]
        for n_blocks, data in ((5, vitrify.dumps(model)), (6, vitrify.dumps([*model, np.zeros(90_000)], compress=1))):
            (tmp_path / "some.glass").write_bytes(data)
            with open_glass_bytes(data) as opened:
                assert len({opened.block(number).name for number in range(opened.n_pieces)}) == n_blocks
                alone = [opened.piece(number).tobytes() for number in range(opened.n_pieces)]
            for numbers in ([4, 0, 5, 3, 1, 2], list(range(len(alone))), [2], []):
                inputs: dict[str, Any] = {"path": tmp_path / "some.glass", "stream": io.BytesIO(data)}
                with open_glass_bytes(data) if source == "bytes" else open_glass(inputs[source]) as opened:
                    found = opened.stretch(numbers, private_bytes)
                assert [piece.tobytes() for piece in found] == [alone[number] for number in numbers]
                for i, piece in enumerate(found):
                    piece[:] = i
                assert [set(piece.tolist()) for piece in found] == [{i} for i in range(len(numbers))]

    def test_small_neighbours_are_read_in_one_go(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Up to a MiB of them; what lies between them is not read."""
        vitrify.dump([np.full(1024, i, "f8") for i in range(200)], tmp_path / "many.glass")
        with open_glass(tmp_path / "many.glass") as opened:
            reads: list[tuple[int, int]] = []
            read_into = sources.FileSource.read_into

            def noted(self: sources.FileSource, begin: int, out: memoryview) -> None:
                reads.append((begin, len(out)))
                read_into(self, begin, out)

            monkeypatch.setattr(sources.FileSource, "read_into", noted)
            found = opened.stretch([*range(190), 195, 197, 198], private_bytes)
        assert reads == [
            (0, 1 << 20),
            (1 << 20, 190 * 8192 - (1 << 20)),
            (195 * 8192, 8192),
            (197 * 8192, 2 * 8192),
        ]
        assert [set(data.view("f8").tolist()) for data in found] == [{i} for i in (*range(190), 195, 197, 198)]

    def test_damage_within_a_run_is_found(self, tmp_path: Path) -> None:
        """And the block that has it is named."""
        data = bytearray(vitrify.dumps([np.full(1024, i, "f8") for i in range(20)]))
        with open_glass_bytes(bytes(data)) as opened:
            data[opened.header.data_start + opened.block(7).begin + 5] ^= 1
        (tmp_path / "flipped.glass").write_bytes(data)
        with open_glass(tmp_path / "flipped.glass") as opened:
            assert len(opened.stretch([6, 8], private_bytes)) == 2
            with pytest.raises(IntegrityError) as caught:
                opened.stretch(range(20), private_bytes)
            assert caught.value.message == "block '7' does not match its digest"

    @pytest.mark.parametrize("compress", [False, True])
    @pytest.mark.parametrize("mmap", [False, True])
    def test_forests_of_many_small_trees(self, compress: bool, mmap: bool, tmp_path: Path) -> None:
        """Trees with blocks, and some without: nodes and values to the bit."""
        X, y = load_digits(return_X_y=True)
        model = AdaBoostClassifier(DecisionTreeClassifier(max_depth=9), n_estimators=30, random_state=0).fit(X, y)
        model.estimators_ += RandomForestClassifier(30, max_depth=3, random_state=0).fit(X, y).estimators_
        vitrify.dump(model, tmp_path / "small.glass", compress=compress)
        loaded = vitrify.load(tmp_path / "small.glass", mmap=mmap)
        for mine, its in zip(model.estimators_, loaded.estimators_, strict=True):
            for name in ("children_left", "children_right", "feature", "threshold", "impurity", "value"):
                assert getattr(its.tree_, name).tobytes() == getattr(mine.tree_, name).tobytes()


class TestOpening:
    def test_a_lie_about_the_model_leaves_no_descriptor(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """What is found after the file was opened closes it."""

        def edit(header: Any) -> None:
            header["__metadata__"]["model"] = "0" * 64

        path = tmp_path / "lie.glass"
        path.write_bytes(Lie(vitrify.dumps(LARGE)).file(header=edit))
        opened: list[Any] = []
        open_path = reader.open_path
        monkeypatch.setattr(reader, "open_path", lambda *given: opened.append(open_path(*given)) or opened[0])
        with pytest.raises(IntegrityError) as caught:
            open_glass(path)
        assert caught.value.message == "the digest of the model does not match the digests of its blocks"
        assert opened[0]._file.closed


class TestShrinking:
    def test_before_it_is_mapped(self, large_file: Path) -> None:
        """A map beyond the end would end the process when it is used."""
        with open_glass(large_file) as opened:
            os.truncate(large_file, 100_000)
            with pytest.raises(FormatError) as caught:
                opened.map(0)
        assert caught.value.message == "the file became shorter while it was read"

    def test_while_it_is_mapped(self, large_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Between the look at its size and the call of the system."""
        with open_glass(large_file) as opened:
            monkeypatch.setattr(os, "fstat", shrinking(large_file, 100_000))
            with pytest.raises(FormatError) as caught:
                opened.map(0)
        assert caught.value.message == "the file became shorter while it was read"

    @pytest.mark.parametrize(
        ("n_bytes", "message"),
        [
            (100, "truncated: the header has {} bytes, the file ends after 100"),
            (30, "truncated: the header has {} bytes, the file ends after 30"),
            (9, "truncated: the header has {} bytes, the file ends after 9"),
            (8, "not a glass file: this is not a file that vitrify knows"),
            (0, "not a glass file: this is empty"),
        ],
    )
    def test_while_it_is_opened(
        self, large_file: Path, n_bytes: int, message: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The header is not filled up with zeros."""
        with open_glass(large_file) as opened:
            n_header = opened.header.data_start
        monkeypatch.setattr(os, "fstat", shrinking(large_file, n_bytes))
        with pytest.raises(FormatError) as caught:
            open_glass(large_file)
        assert caught.value.message == message.format(n_header)


class TestSystems:
    def test_one_without_positioned_reads(self, large_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Windows has no `preadv`: positions are sought under a lock, and a read may give less."""
        monkeypatch.delattr(os, "preadv", raising=False)
        read = os.read
        monkeypatch.setattr(os, "read", lambda fd, n: read(fd, min(n, 70_001)))
        np.testing.assert_array_equal(vitrify.load(large_file)["w"], LARGE["w"])

    @pytest.mark.parametrize("n_bytes", [1 << 16, 1 << 17, 1 << 20])
    def test_memory_for_a_stream_grows_with_what_has_come(self, n_bytes: int, monkeypatch: pytest.MonkeyPatch) -> None:
        """What was read already is kept when more is taken."""
        monkeypatch.setattr(sources, "_UNPROVEN_BYTES", n_bytes)
        monkeypatch.setattr(sources, "_GROWTH", 2)
        loaded = vitrify.load(cast("BinaryIO", io.BytesIO(vitrify.dumps(LARGE))))
        np.testing.assert_array_equal(loaded["w"], LARGE["w"])
