"""The header: its one spelling, and limits that hold before anything is parsed."""

from __future__ import annotations

import dataclasses
import json

import pytest

from tests.support.lying_writer import resealed
from vitrify.container.layout import Stored, block_order, decode_header, decode_length, encode_header
from vitrify.container.limits import LIMITS
from vitrify.errors import FormatError, IntegrityError, LimitError, NewerFormatError

FIELDS = '","format":"vitrify/1","model":"","record":"",'
"""Of the metadata, from behind the digits of the root."""


def head_of(data: bytes) -> bytes:
    """The first 8 + N bytes."""
    return data[: 8 + int.from_bytes(data[:8], "little")]


class TestDecodeHeader:
    def test_it_gives_what_the_json_says(self, glass: bytes) -> None:
        """Names, dtypes, shapes, places, digests; sizes of header, data and file."""
        head = head_of(glass)
        header = decode_header(head, LIMITS)
        entries = json.loads(head[8:])
        metadata = entries.pop("__metadata__")
        assert [(b.name, b.dtype, list(b.shape), [b.begin, b.end]) for b in header.blocks] == [
            (name, entry["dtype"], entry["shape"], entry["data_offsets"]) for name, entry in entries.items()
        ]
        assert [list(b.stored.digests) for b in header.blocks] == [
            how["digests"] for how in json.loads(metadata["blocks"])
        ]
        assert header.metadata.root == metadata["root"]
        assert header.metadata.model == metadata["model"]
        assert (header.data_start, header.file_bytes) == (len(head), len(glass))

    def test_encoding_what_was_decoded_gives_the_same_bytes(self, glass: bytes) -> None:
        """There is one spelling."""
        head = head_of(glass)
        header = decode_header(head, LIMITS)
        assert encode_header(header.blocks, model=header.metadata.model, record=header.metadata.record) == head

    def test_damage_is_told_before_anything_else(self, glass: bytes) -> None:
        """Also when the damaged text is no JSON at all."""
        head = bytearray(head_of(glass))
        head[120:160] = b"}" * 40
        with pytest.raises(IntegrityError, match="damaged"):
            decode_header(bytes(head), LIMITS)

    @pytest.mark.parametrize("version", ["vitrify/2", "vitrify/1.5", "vitrify/10", "vitrify/-1"])
    def test_other_versions_are_newer(self, glass: bytes, version: str) -> None:
        """Even if the rest of the header means nothing here."""
        head = head_of(glass).replace(b'"vitrify/1","model":', f'"{version}","future":'.encode(), 1)
        with pytest.raises(NewerFormatError, match="Upgrade vitrify"):
            decode_header(resealed(head), LIMITS)

    @pytest.mark.parametrize(
        ("text", "says"),
        [
            (b"", "not the JSON that SPEC.md §2 describes (Input data was truncated"),
            (b"\xff\xfe", "not the JSON that SPEC.md §2 describes"),
            (b'"}}', "names the format None, expected 'vitrify/1'"),
            (b'","format":null}}', "Expected `str`, got `null`"),
            (b'","format":"vitrify/1"}}', "missing required field `model`"),
            (b'","format":"vitrify/1"},"a":' + b"[" * 100_000, "not the JSON that SPEC.md §2 describes"),
            (f'{FIELDS}"blocks":"null"}}}}'.encode(), "Expected `array`, got `null`"),
            (f'{FIELDS}"blocks":"[{{}}]"}}}}'.encode(), "missing required field `digests`"),
            (f'{FIELDS}"blocks":"{"[" * 1000}"}}}}'.encode(), "Expected `object`, got `array`"),
            (f'{FIELDS}"blocks":"[]"}},"x":null}}'.encode(), "Expected `object`, got `null`"),
            (f'{FIELDS}"blocks":"[]"}},"x":[]}}'.encode(), "Expected `object`, got `array`"),
            (f'{FIELDS}"blocks":"[]"}}}}'.encode(), "the digest of the model is not 64 hexadecimal digits"),
            (f'{FIELDS}"blocks":"[]"}}}}{{"a":1}}'.encode(), "trailing characters"),
        ],
    )
    def test_other_json_is_a_format_error(self, text: bytes, says: str, glass: bytes) -> None:
        """Whatever stands behind the root's place."""
        start = head_of(glass)[: 8 + 25 + 64]
        with pytest.raises(FormatError) as caught:
            decode_header(resealed(start + text), LIMITS)
        assert says in caught.value.message

    def test_there_are_limits(self, glass: bytes) -> None:
        """Of bytes and of blocks, with the numbers in the error."""
        with pytest.raises(LimitError) as caught:
            decode_length((100_000_001).to_bytes(8, "little"), LIMITS)
        assert (caught.value.limit, caught.value.actual) == (100_000_000, 100_000_001)
        with pytest.raises(LimitError) as caught:
            decode_header(head_of(glass), dataclasses.replace(LIMITS, blocks=3))
        assert (caught.value.limit, caught.value.actual) == (3, 4)


class TestBlockOrder:
    def test_larger_powers_of_two_come_first(self) -> None:
        """Raw before encoded before reserved; 64 is the largest that counts; then by number."""
        blocks = [
            (Stored(("",), 0), 4098),
            (Stored(("",), 1), 8192),
            (Stored(("",), 2), 4097),
            (Stored(("",), 3), 4160),
            (Stored(("",), 4, "zstd", 5000), 64),
            (Stored(("",), 5), 4096 + 32),
            (Stored((), None), 64),
        ]
        ordered = sorted(blocks, key=lambda block: block_order(*block))
        assert [stored.piece for stored, _ in ordered] == [1, 3, 5, 0, 2, 4, None]
