"""zstd frames: what the encoder writes, and which lies of a frame are noticed."""

from __future__ import annotations

import io
import resource
import sys
from collections.abc import Callable
from typing import Any

import pytest
import zstandard

from vitrify.container import zstd
from vitrify.container.codecs import CODECS, ZSTD, _registry
from vitrify.errors import FormatError

DATA = b"the same words again and again, " * 300


def frame(data: bytes = DATA, **how: Any) -> bytes:
    """A frame by the reference library."""
    return zstandard.ZstdCompressor(level=3, **how).compress(data)


def decode(stored: bytes, n_bytes: int = len(DATA)) -> bytes:
    """What the codec makes of a frame."""
    out = bytearray(n_bytes)
    CODECS["zstd"].decode(memoryview(stored), memoryview(out))
    return bytes(out)


class TestEncode:
    @pytest.mark.parametrize("effort", range(1, 10))
    def test_the_reference_library_reads_every_effort(self, effort: int) -> None:
        """One frame with its content size, from several buffers."""
        stored = zstd.encode([DATA[:1000], memoryview(DATA)[1000:]], len(DATA), effort)
        assert stored is not None
        assert zstandard.get_frame_parameters(stored).content_size == len(DATA)
        assert zstandard.ZstdDecompressor().decompress(stored) == DATA
        assert decode(stored) == DATA

    def test_more_effort_is_not_larger(self) -> None:
        """On text, the highest effort beats the lowest."""
        sizes = [len(zstd.encode([DATA], len(DATA), effort) or b"") for effort in (1, 9)]
        assert sizes[1] <= sizes[0]

    def test_what_does_not_shrink_stays_raw(self) -> None:
        """Bytes without a pattern save less than 3 percent."""
        noise = b"".join(hash((i, "x")).to_bytes(8, "little", signed=True) for i in range(1000))
        noise = zstandard.ZstdCompressor(level=19).compress(noise)
        assert zstd.encode([noise], len(noise), 9) is None


class Decoder:
    """Stands in for zstandard's, and gives these bytes whatever it is asked to decode."""

    def __init__(self, given: bytes) -> None:
        self._given = given

    def stream_reader(self, _: object) -> Any:
        """A stream of the bytes."""
        return io.BytesIO(self._given)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (DATA[:-1], f"zstd frame ends after {len(DATA) - 1} of {len(DATA)} bytes"),
        (b"", f"zstd frame ends after 0 of {len(DATA)} bytes"),
        (DATA + b"x", "zstd frame holds more than the header says"),
    ],
)
def test_a_decoder_that_gives_another_size_is_not_believed(
    given: bytes, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The library compares the sizes itself; a version that did not would neither hang nor be cut off here."""
    stored = frame()
    monkeypatch.setattr(zstandard, "ZstdDecompressor", lambda **_: Decoder(given))
    with pytest.raises(FormatError) as caught:
        decode(stored)
    assert caught.value.message == message


def test_no_two_codecs_share_a_name() -> None:
    """Which of them decodes a block would depend on their order."""
    with pytest.raises(ValueError, match="two block codecs share a name"):
        _registry(ZSTD, ZSTD)


LIES: dict[str, tuple[Callable[[], bytes], int]] = {
    "smaller than declared": (frame, len(DATA) + 1),
    "larger than declared": (frame, len(DATA) - 1),
    "no content size": (lambda: frame(write_content_size=False), len(DATA)),
    "cut off": (lambda: frame()[:-1], len(DATA)),
    "cut off in its header": (lambda: frame()[:6], len(DATA)),
    "nothing": (lambda: b"", len(DATA)),
    "a byte behind it": (lambda: frame() + b"\0", len(DATA)),
    "a second frame": (lambda: frame() + frame(b""), len(DATA)),
    "a skippable frame behind it": (lambda: frame() + b"\x50\x2a\x4d\x18\0\0\0\0", len(DATA)),
    "a skippable frame before it": (lambda: b"\x50\x2a\x4d\x18\0\0\0\0" + frame(), len(DATA)),
    "a wrong checksum": (lambda: _flip(frame(write_checksum=True), -1), len(DATA)),
    "a block of the reserved kind": (lambda: _by_hand(DATA, kind=3), len(DATA)),
    "a block that is longer than the frame": (lambda: _by_hand(DATA)[:-1], len(DATA)),
    "no last block": (lambda: _by_hand(DATA, is_last=0), len(DATA)),
    "another magic": (lambda: _flip(frame(), 0), len(DATA)),
}


def _flip(data: bytes, at: int) -> bytes:
    damaged = bytearray(data)
    damaged[at] ^= 0x55
    return bytes(damaged)


def _by_hand(
    data: bytes, *, n_bytes: int | None = None, window_log: int = 20, kind: int = 0, is_last: int = 1
) -> bytes:
    """A frame of one block (RFC 8878 §3.1.1), whose header says what it is told to."""
    size = len(data) if n_bytes is None else n_bytes
    head = b"\x28\xb5\x2f\xfd" + bytes([0b11000000, window_log - 10 << 3]) + size.to_bytes(8, "little")
    return head + (len(data) << 3 | kind << 1 | is_last).to_bytes(3, "little") + data


class TestDecode:
    @pytest.mark.parametrize("lie", LIES)
    def test_a_lie_is_a_format_error(self, lie: str) -> None:
        """Content size, trailing bytes, truncation, damage."""
        make, n_bytes = LIES[lie]
        with pytest.raises(FormatError, match="zstd"):
            decode(make(), n_bytes)

    def test_a_right_checksum_is_read(self) -> None:
        """Other encoders may write one."""
        assert decode(frame(write_checksum=True)) == DATA

    def test_an_empty_frame_is_read(self) -> None:
        """No bytes are an encoding of no bytes."""
        assert decode(frame(b""), 0) == b""

    @pytest.mark.parametrize("window_log", [28, 31, 40])
    def test_a_large_window_is_refused(self, window_log: int) -> None:
        """Beyond 2^27 bytes, however little the frame holds (RFC 8878 §3.1.1.1.2)."""
        with pytest.raises(FormatError, match="zstd"):
            decode(_by_hand(b"abcd", window_log=window_log), 4)

    def test_a_window_of_the_largest_size_is_read(self) -> None:
        """2^27 bytes are allowed."""
        assert decode(_by_hand(b"abcd", window_log=27), 4) == b"abcd"

    def test_a_small_frame_that_holds_a_gigabyte_takes_no_memory(self) -> None:
        """The content size says 4 bytes, run-length blocks hold 1 GiB: decoding stops at 4."""
        head = b"\x28\xb5\x2f\xfd" + bytes([0b11000000, 7 << 3]) + (4).to_bytes(8, "little")
        blocks = ((1 << 17) << 3 | 1 << 1).to_bytes(3, "little") + b"\0"
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        with pytest.raises(FormatError, match="zstd"):
            decode(head + blocks * 8191 + b"\3\0\0x", 4)
        grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
        assert grown * (1 if sys.platform == "darwin" else 1024) < 100_000_000


class TestRegistry:
    def test_codecs_cannot_be_changed(self) -> None:
        """The registry is a value, not a place to put things."""
        with pytest.raises(TypeError):
            CODECS["evil"] = ZSTD  # type: ignore[index]  # that is the test

    def test_each_has_the_name_of_its_clause(self) -> None:
        """SPEC.md 4.2, 4.6 to 4.9 and 4.11, and no other."""
        assert list(CODECS) == ["zstd", "trees", "shuffle", "words", "vocabulary", "sparse"]
