"""Where bytes come from: paths, byte strings, streams of every kind."""

from __future__ import annotations

import dataclasses
import io
import os
import threading
from pathlib import Path
from typing import BinaryIO, cast

import numpy as np
import pytest

import vitrify
from tests.support.lying_writer import Lie
from vitrify.container.limits import LIMITS
from vitrify.container.reader import open_glass, open_glass_bytes
from vitrify.errors import FormatError, IntegrityError, NotGlassFileError

SMALL = {"a": [1, 2, 3]}
LARGE = {"w": np.arange(50_000.0)}


class Trickle(io.RawIOBase):
    """A stream that cannot seek and gives a few bytes at a time."""

    def __init__(self, data: bytes, at_once: int) -> None:
        self._data, self._at, self._at_once = data, 0, at_once

    def readable(self) -> bool:
        """Yes."""
        return True

    def read(self, n: int = -1) -> bytes:
        """At most `at_once` bytes."""
        n = self._at_once if n < 0 else min(n, self._at_once)
        found = self._data[self._at : self._at + n]
        self._at += len(found)
        return found


class TestStreams:
    @pytest.mark.parametrize("value", [SMALL, LARGE], ids=["small", "large"])
    @pytest.mark.parametrize("at_once", [1000, 4096, 65_536, 10**9])
    def test_a_stream_that_cannot_seek_may_read_short(self, value: object, at_once: int) -> None:
        """Pipes and sockets do."""
        loaded = vitrify.load(cast("BinaryIO", Trickle(vitrify.dumps(value), at_once)))
        np.testing.assert_equal(loaded, value)

    def test_one_byte_at_a_time(self) -> None:
        """The slowest of all."""
        assert vitrify.load(cast("BinaryIO", Trickle(vitrify.dumps(SMALL), 1))) == SMALL

    def test_reading_begins_at_the_streams_position(self) -> None:
        """What stands before it is not looked at."""
        stream = io.BytesIO(b"something else" + vitrify.dumps(SMALL))
        stream.seek(14)
        assert vitrify.load(stream) == SMALL
        assert stream.read() == b""

    @pytest.mark.parametrize("value", [SMALL, LARGE], ids=["small", "large"])
    def test_bytes_behind_the_file_are_an_error(self, value: object) -> None:
        """One file holds one object."""
        with pytest.raises(FormatError, match="trailing data"):
            vitrify.load(io.BytesIO(vitrify.dumps(value) + b"x"))
        with pytest.raises(FormatError, match="trailing data"):
            vitrify.load(io.BytesIO(vitrify.dumps(value) * 2))

    @pytest.mark.parametrize("value", [SMALL, LARGE], ids=["small", "large"])
    @pytest.mark.parametrize("cut", [1, 100, 500])
    def test_a_stream_that_ends_early_is_truncated(self, value: object, cut: int) -> None:
        """With both sizes in the message."""
        data = vitrify.dumps(value)[:-cut]
        with pytest.raises(FormatError, match=rf"truncated.*{len(data)}"):
            vitrify.load(io.BytesIO(data))

    def test_a_claim_of_much_data_is_not_believed(self) -> None:
        """A header of a few kB may claim hundreds of MiB; what is not there is truncated, not allocated and filled."""

        def huge(header: dict[str, dict[str, object]]) -> None:
            n_bytes = 900 << 20
            graph = header["$graph"]
            assert isinstance(graph["data_offsets"], list)
            graph["data_offsets"][1] = graph["data_offsets"][0] + n_bytes
            graph["shape"] = [n_bytes]
            blocks = header["__metadata__"]["blocks"]
            assert isinstance(blocks, list)
            blocks[-1]["digests"] = ["0" * 64] * 900

        data = Lie(vitrify.dumps(SMALL)).file(header=huge)
        with pytest.raises(FormatError, match="truncated"):
            vitrify.load(io.BytesIO(data))

    def test_text_files_and_other_things_are_type_errors(self) -> None:
        """They never hold bytes."""
        with pytest.raises(TypeError):
            vitrify.load(io.StringIO("text"))  # type: ignore[arg-type]  # that is the test
        with pytest.raises(TypeError, match="path or a binary file"):
            vitrify.load(42)  # type: ignore[arg-type]  # that is the test

    def test_a_stream_that_was_read_before_may_be_at_its_end(self, tmp_path: Path) -> None:
        """A second load finds nothing left; a path begins at its beginning, so there the advice is another."""
        data = vitrify.dumps([1, 2])
        stream = io.BytesIO(data)
        assert vitrify.load(stream) == [1, 2]
        with pytest.raises(NotGlassFileError, match=r"this is empty.*, or the stream was already read to its end"):
            vitrify.load(stream)
        (tmp_path / "empty.glass").write_bytes(b"")
        with pytest.raises(NotGlassFileError, match="this is empty") as caught:
            vitrify.load(tmp_path / "empty.glass")
        assert "stream" not in str(caught.value)


class TestPaths:
    @pytest.mark.parametrize("value", [SMALL, LARGE], ids=["small", "large"])
    @pytest.mark.parametrize("form", [str, os.fsencode, Path], ids=["str", "bytes", "Path"])
    def test_every_form_of_a_path_is_read(self, tmp_path: Path, value: object, form: object) -> None:
        """Small files are read whole, large ones block by block."""
        path = tmp_path / "m ü.glass"
        path.write_bytes(vitrify.dumps(value))
        assert callable(form)
        np.testing.assert_equal(vitrify.load(form(path)), value)

    def test_a_directory_is_named(self, tmp_path: Path) -> None:
        """And left alone."""
        with pytest.raises(NotGlassFileError, match="directory"):
            vitrify.load(tmp_path)

    def test_a_missing_file_is_an_os_error(self, tmp_path: Path) -> None:
        """As everywhere in Python."""
        with pytest.raises(FileNotFoundError):
            vitrify.load(tmp_path / "none.glass")

    def test_an_empty_file_says_so(self, tmp_path: Path) -> None:
        """Its write was cut off."""
        path = tmp_path / "empty.glass"
        path.touch()
        with pytest.raises(NotGlassFileError, match="empty"):
            vitrify.load(path)

    def test_a_fifo_is_read(self, tmp_path: Path) -> None:
        """As a stream, to its end."""
        path = tmp_path / "pipe"
        os.mkfifo(path)
        writer = threading.Thread(target=path.write_bytes, args=(vitrify.dumps(LARGE),))
        writer.start()
        np.testing.assert_equal(vitrify.load(path), LARGE)
        writer.join()

    def test_a_device_without_end_is_refused(self) -> None:
        """After its first bytes."""
        with pytest.raises(NotGlassFileError, match=r"^zero: not a glass file"):
            vitrify.load("/dev/zero")

    def test_no_descriptor_stays_open(self, tmp_path: Path) -> None:
        """After loading, after errors, of small and large files."""
        small, large, bad = tmp_path / "s", tmp_path / "l", tmp_path / "b"
        small.write_bytes(vitrify.dumps(SMALL))
        large.write_bytes(vitrify.dumps(LARGE))
        bad.write_bytes(vitrify.dumps(LARGE)[:-1])
        before = set(os.listdir("/proc/self/fd"))
        for _ in range(3):
            vitrify.load(small)
            vitrify.load(large)
            with pytest.raises(FormatError, match=r"^b: truncated"):
                vitrify.load(bad)
        assert set(os.listdir("/proc/self/fd")) == before


@pytest.fixture
def large_file(tmp_path: Path) -> Path:
    """A file that is read block by block."""
    path = tmp_path / "large.glass"
    vitrify.dump(LARGE, path)
    return path


class TestBlocks:
    def test_each_block_is_checked_when_it_is_read(self, glass: bytes) -> None:
        """Damage in one does not hide the others."""
        damaged = bytearray(glass)
        n = int.from_bytes(glass[:8], "little")
        damaged[8 + n + 5] ^= 1
        with open_glass_bytes(bytes(damaged)) as opened:
            assert opened.n_pieces == 2
            with pytest.raises(IntegrityError, match="'bytes'"):
                opened.piece(0)
            assert opened.piece(1).view("<f4")[0] == 1.0

    @pytest.mark.parametrize("compress", [0, 3])
    def test_a_damaged_block_is_named_once(self, compress: int) -> None:
        """Raw or compressed."""
        data = bytearray(vitrify.dumps(LARGE, compress=compress))
        data[8 + int.from_bytes(data[:8], "little")] ^= 1
        with pytest.raises(IntegrityError) as caught:
            vitrify.loads(bytes(data))
        assert str(caught.value).count("block ") == 1

    def test_a_block_that_cannot_be_decoded_is_named_once(self) -> None:
        """Its digest is right, its content is not."""
        data = (Path(__file__).parents[2] / "vectors/v1/invalid/zstd_damaged.glass").read_bytes()
        with pytest.raises(FormatError) as caught:
            vitrify.loads(data)
        assert str(caught.value).count("block ") == 1

    def test_bytes_are_private(self, glass: bytes) -> None:
        """Writing to what was read changes neither the source nor what is read next."""
        with open_glass_bytes(glass) as opened:
            first = opened.piece(0)
            first[:] = 0
            assert opened.piece(0)[255] == 255
        assert glass[-1:] == b"}"

    def test_a_piece_that_does_not_exist_is_an_error(self, glass: bytes) -> None:
        """Numbers come from files."""
        with open_glass_bytes(glass) as opened:
            for number in (-1, 2, 2**40):
                with pytest.raises(FormatError, match="piece"):
                    opened.piece(number)

    def test_a_file_that_shrinks_while_it_is_read_is_an_error(self, large_file: Path) -> None:
        """Nothing is filled up with zeros."""
        with open_glass(large_file) as opened:
            os.truncate(large_file, 100_000)
            with pytest.raises(FormatError, match="shorter"):
                opened.piece(0)

    def test_what_was_opened_is_what_is_read(self, large_file: Path, tmp_path: Path) -> None:
        """A file that is replaced meanwhile does not mix with the old one (attacks F39)."""
        other = tmp_path / "other.glass"
        vitrify.dump({"w": np.zeros(50_000)}, other)
        with open_glass(large_file) as opened:
            os.replace(other, large_file)
            np.testing.assert_array_equal(opened.piece(0).view("<f8"), LARGE["w"])

    def test_a_map_is_private_and_writable(self, large_file: Path) -> None:
        """Estimators write to their arrays; the file stays as it is."""
        before = large_file.read_bytes()
        loaded = vitrify.load(large_file, mmap=True)
        loaded["w"][:] = 0
        assert large_file.read_bytes() == before
        np.testing.assert_array_equal(vitrify.load(large_file)["w"], LARGE["w"])

    def test_several_arrays_share_one_map(self, tmp_path: Path) -> None:
        """And are apart in it."""
        value = {"a": np.arange(50_000.0), "b": -np.arange(60_000.0)}
        vitrify.dump(value, tmp_path / "two.glass")
        loaded = vitrify.load(tmp_path / "two.glass", mmap=True)
        for name, array in value.items():
            np.testing.assert_array_equal(loaded[name], array)

    def test_only_raw_blocks_of_files_are_mapped(self, tmp_path: Path, glass: bytes) -> None:
        """Encoded blocks and byte strings are read."""
        path = tmp_path / "z.glass"
        vitrify.dump({"w": np.zeros(50_000)}, path, compress=3)
        with open_glass(path) as opened:
            assert opened.map(0) is None
        with open_glass_bytes(glass) as opened:
            assert opened.map(0) is None

    def test_memory_has_a_budget(self, glass: bytes) -> None:
        """What a file asks for is taken from what its size allows."""
        limits = dataclasses.replace(LIMITS, memory_bytes=20_000, expansion=0)
        with open_glass_bytes(glass, limits) as opened:
            opened.spend(7_000, "a test")
            with pytest.raises(vitrify.errors.LimitError, match="a test would take 1000 bytes"):
                opened.spend(1_000, "a test")
        with pytest.raises(vitrify.errors.LimitError, match="decoded blocks"):
            open_glass_bytes(glass, dataclasses.replace(limits, memory_bytes=12_000))
