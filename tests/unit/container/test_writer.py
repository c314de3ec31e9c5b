"""Blocks to bytes: names, digests and streaming."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import BinaryIO, cast

import numpy as np
import pytest

import vitrify
from tests.support.independent_reader import Container
from vitrify.container import parallel
from vitrify.container.reader import open_glass_bytes
from vitrify.container.writer import Piece, plan


def piece(name: str, data: bytes, dtype: str = "U8", shape: tuple[int, ...] | None = None) -> Piece:
    """A piece of these bytes."""
    return Piece(name=name, dtype=dtype, shape=(len(data),) if shape is None else shape, data=lambda: data)


def names(data: bytes) -> list[str]:
    """The names of the blocks in order."""
    return [name for name in json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")]) if name != "__metadata__"]


def written(pieces: Sequence[Piece], effort: int = 0) -> bytes:
    """A whole file."""
    made = plan(pieces, cells=b"", graph=b"{}", record='{"versions":{}}', effort=effort)
    data = b"".join(made.buffers())
    assert len(data) == made.n_bytes
    return data


class TestPlan:
    @pytest.mark.parametrize("effort", [0, 3])
    def test_an_independent_reader_gets_the_bytes_back(self, effort: int) -> None:
        """Numbered as they were given, whatever the order in the file."""
        contents = [b"a" * 5001, bytes(4096), np.arange(3000, dtype="<f4").tobytes()]
        pieces = [piece("a", contents[0]), piece("b", contents[1]), piece("c", contents[2], "F32", (30, 100))]
        container = Container(written(pieces, effort))
        assert [block.data for block in container.blocks] == contents
        assert container.graph == b"{}"

    def test_every_name_comes_once(self) -> None:
        """Reserved names and repetitions get a number that is free."""
        wanted = ["x", "x", "x~2", "x", "$cells", "$graph", "__metadata__", "__metadata__", "x~2"]
        found = names(written([piece(name, bytes([i]) * 4096) for i, name in enumerate(wanted)]))
        assert len(set(found)) == len(wanted) + 2
        assert found[-2:] == ["$cells", "$graph"]
        assert found[:4] == ["x", "x~3", "x~2", "x~4"]

    def test_many_equal_names_take_no_time(self) -> None:
        """A hundred thousand of them."""
        found = names(written([piece("x", b"")] * 100_000))
        assert len(set(found)) == 100_002

    @pytest.mark.parametrize("effort", [0, 3])
    def test_equal_bytes_of_one_form_are_stored_once(self, effort: int) -> None:
        """Not those that differ in one byte that is not looked at first, nor those of another shape."""
        noise = np.random.default_rng(0).bytes(8192)
        nearly = noise[:100] + bytes([noise[100] ^ 1]) + noise[101:]
        contents = [noise, nearly, noise, noise, nearly, noise[:4096], noise]
        pieces = [piece(str(i), content) for i, content in enumerate(contents)]
        pieces[6] = piece("6", noise, "F64", (1024,))
        data = written(pieces, effort)
        assert sorted(names(data)[:-2]) == ["0", "1", "5", "6"]
        assert [block.data for block in Container(data).blocks] == contents
        with open_glass_bytes(data) as file:
            assert [file.piece(number).tobytes() for number in range(7)] == contents
            assert sum(file.share(number) for number in range(7)) == sum(
                b.stored_bytes for b in file.header.blocks[:-2]
            )

    def test_buffers_are_made_when_they_are_needed(self) -> None:
        """Not before, and for a path once: no second copy of the model waits in memory."""
        calls: list[str] = []

        def data() -> bytes:
            calls.append("made")
            return bytes(8192)

        made = plan(
            [Piece(name="x", dtype="U8", shape=(8192,), data=data)], cells=b"", graph=b"{}", record="{}", effort=0
        )
        assert calls == []
        assert sum(map(len, made.bodies())) + made.head_bytes == made.n_bytes
        assert calls == ["made"]
        assert len(made.head()) == made.head_bytes
        assert calls == ["made"]

    @pytest.mark.parametrize("effort", [0, 3])
    def test_the_file_does_not_depend_on_the_number_of_threads(
        self, effort: int, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Pieces are encoded side by side where there are cores, the largest first."""
        sorted_numbers = [np.arange(n * 10_000).tobytes() for n in (1, 9, 3, 7)]
        pieces = [
            Piece(name="x", dtype="U8", shape=(len(data),), data=partial(bytes, data), items=np.dtype(np.int64))
            for data in sorted_numbers
        ]
        monkeypatch.setattr(parallel, "_n_cores", lambda: 1)
        alone = written(pieces, effort)
        monkeypatch.setattr(parallel, "_n_cores", lambda: 4)
        assert written(pieces, effort) == alone
        assert [block.data for block in Container(alone).blocks] == sorted_numbers

    def test_an_error_of_one_of_several_threads_is_raised(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Whatever a piece's data says."""
        monkeypatch.setattr(parallel, "_n_cores", lambda: 4)

        def fail() -> bytes:
            raise OSError("gone")

        broken = Piece(name="x", dtype="U8", shape=(1 << 20,), data=fail)
        with pytest.raises(OSError, match="gone"):
            written([piece("a", bytes(1 << 20)), broken, piece("b", bytes(1 << 20))], 3)

    @pytest.mark.parametrize("effort", [0, 3])
    def test_the_head_is_the_same_before_and_after_the_bodies(self, effort: int) -> None:
        """Hashed all at once for a stream, on the way for a path: blocks of less and of more than a few MiB."""
        noise = np.random.default_rng(0).bytes(9 << 20)
        pieces = [piece("big", noise), piece("small", b"x" * 5000), piece("zeros", bytes(6 << 20)), piece("one", b"1")]
        first, second = (
            plan(pieces, cells=b"c", graph=b"{}", record='{"versions":{}}', effort=effort) for _ in range(2)
        )
        bodies = b"".join(first.bodies())
        assert first.head() + bodies == b"".join(second.buffers())

    def test_what_does_not_shrink_stays_raw_beside_what_does(self) -> None:
        """Each block is decided for itself; raw ones come first."""
        noise = np.random.default_rng(0).bytes(5000)
        container = Container(written([piece("zeros", bytes(5000)), piece("noise", noise)], effort=3))
        assert [block.is_raw for block in container.blocks] == [False, True]


class Slow(io.RawIOBase):
    """A raw stream that takes a few bytes at a time and cannot seek."""

    def __init__(self, at_once: int) -> None:
        self.taken = bytearray()
        self._at_once = at_once

    def writable(self) -> bool:
        """Yes."""
        return True

    def write(self, data: object) -> int:
        """Take the first few."""
        part = bytes(memoryview(data))[: self._at_once]  # type: ignore[arg-type]  # any buffer
        self.taken += part
        return len(part)


class TestFileObjects:
    VALUE = {"w": np.arange(2000.0), "n": [1, "x"]}

    @pytest.mark.parametrize("at_once", [100, 4096, 10**9])
    def test_a_stream_that_takes_less_than_it_is_given_gets_all(self, at_once: int) -> None:
        """Sockets and raw pipes do."""
        stream = Slow(at_once)
        vitrify.dump(self.VALUE, cast("BinaryIO", stream))
        assert bytes(stream.taken) == vitrify.dumps(self.VALUE)

    def test_writing_begins_at_the_streams_position(self) -> None:
        """What stands before it stays."""
        stream = io.BytesIO(b"head")
        stream.seek(4)
        vitrify.dump(self.VALUE, stream)
        assert stream.getvalue() == b"head" + vitrify.dumps(self.VALUE)

    def test_a_file_object_and_a_path_get_the_same_bytes(self, tmp_path: Path) -> None:
        """However it was opened."""
        one, two = tmp_path / "one", tmp_path / "two"
        vitrify.dump(self.VALUE, one)
        for buffering in (-1, 0):
            with open(two, "wb", buffering=buffering) as stream:
                vitrify.dump(self.VALUE, stream)
            assert one.read_bytes() == two.read_bytes() == vitrify.dumps(self.VALUE)

    def test_nothing_is_written_to_a_stream_when_saving_fails(self) -> None:
        """Not a byte."""
        stream = io.BytesIO()
        with pytest.raises(vitrify.errors.UnsupportedError, match=r"cannot save a lambda - at \$\[1\]"):
            vitrify.dump([np.arange(9000.0), lambda: None], stream)
        assert stream.getvalue() == b""
