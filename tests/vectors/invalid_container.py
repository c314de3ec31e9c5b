"""Invalid golden files that break SPEC.md §1 to §4: the file, its header, digests and encoded blocks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import zstandard

from tests.support.independent_reader import MAGIC
from tests.support.lying_writer import Lie, resealed, seal
from tests.vectors.cases import add, case, in_header, spelled

Files = dict[str, bytes]


def _header(data: bytes) -> tuple[int, bytes]:
    """The header's length and its text without the padding."""
    n = int.from_bytes(data[:8], "little")
    return n, data[8 : 8 + n].rstrip(b" ")


@case("1.1", "NotGlassFileError", "empty")
def file_empty(files: Files) -> bytes:
    """Nothing."""
    return b""


@case("1.1", "NotGlassFileError", "pickle")
def file_prefixed(files: Files) -> bytes:
    """A pickle in front of a whole file."""
    return b"\x80\x04N." + files["tiny"]


@case("1.1", "FormatError", "trailing data")
def file_trailing(files: Files) -> bytes:
    """The end of a zip archive behind a whole file."""
    return files["tiny"] + b"PK\5\6" + bytes(18)


@case("1.1", "FormatError", "trailing data")
def file_twice(files: Files) -> bytes:
    """Two files in one."""
    return files["tiny"] + files["tiny"]


@case("2.8", "FormatError", "truncated")
def file_truncated(files: Files) -> bytes:
    """The last byte is missing."""
    return files["tiny"][:-1]


@case("2.8", "FormatError", "truncated")
def header_truncated(files: Files) -> bytes:
    """The file ends within the header."""
    return files["tiny"][:300]


@case("8.1", "LimitError", "header")
def header_length_huge(files: Files) -> bytes:
    """The header claims 2⁶⁴ - 1 bytes."""
    return b"\xff" * 8 + files["tiny"][8:]


@case("2.1", "FormatError", "")
def header_length_zero(files: Files) -> bytes:
    """The header claims no bytes."""
    return bytes(8) + files["tiny"][8:]


@case("2.1", "NotGlassFileError", "")
def header_leading_space(files: Files) -> bytes:
    """A space before the JSON, as some safetensors readers allow."""
    n, text = _header(files["tiny"])
    return n.to_bytes(8, "little") + (b" " + text).ljust(n) + files["tiny"][8 + n :]


@case("2.1", "NotGlassFileError", "safetensors")
def header_plain_safetensors(files: Files) -> bytes:
    """A safetensors file that is not a glass file."""
    text = b'{"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}'
    return len(text).to_bytes(8, "little") + text + bytes(4)


@case("2.12", "FormatError", "padded")
def header_padding_long(files: Files) -> bytes:
    """64 spaces too many."""
    n, text = _header(files["tiny"])
    return seal(text, 0, padding=n - len(text) + 64) + files["tiny"][8 + n :]


@case("2.12", "FormatError", "")
def header_padding_tab(files: Files) -> bytes:
    """A tab among the spaces."""
    n, _ = _header(files["tiny"])
    return resealed(files["tiny"][: 7 + n] + b"\t") + files["tiny"][8 + n :]


@case("2.12", "FormatError", "padded")
def header_padding_room(files: Files) -> bytes:
    """Room for a signature in a small file."""
    n, text = _header(files["tiny"])
    return seal(text, 2**20) + files["tiny"][8 + n :]


spelled("header_space", "2.3", "canonical", '"format":', '"format": ')
spelled(
    "header_duplicate_entry",
    "2.3",
    "canonical",
    '"$cells":',
    '"$cells":{"dtype":"U8","shape":[0],"data_offsets":[0,0]},"$cells":',
)
spelled("header_duplicate_field", "2.3", "canonical", '"dtype":"U8"', '"dtype":"I8","dtype":"U8"')
spelled("header_duplicate_metadata", "2.3", "canonical", '"format":', '"format":"vitrify/1","format":')
spelled("header_unknown_field", "2.7", "", '"dtype":"U8"', '"dtype":"U8","trusted":true')
spelled("header_unknown_metadata", "2.4", "", '"format":', '"trusted":"yes","format":')
spelled("header_number_spelling", "2.3", "", "[0,32]", "[0,3.2e1]")
spelled("header_minus_zero", "2.3", "canonical", "[0,32]", "[-0,32]")
spelled("header_escape", "2.3", "canonical", '"U8"', '"\\u0055\\u0038"')
spelled("header_field_order", "2.3", "canonical", '"dtype":"U8","shape":[32]', '"shape":[32],"dtype":"U8"')
spelled("header_default_piece", "2.6", "canonical", r"\"]},{", r"\"],\"piece\":null},{")
spelled("header_default_codec", "2.6", "canonical", r'\"]}]"', r'\"],\"codec\":\"raw\"}]"')
spelled("header_bom", "2.3", "", '"format"', '"\ufeffformat"')
spelled("header_not_utf8", "2.3", "", '"$cells"', '"$\udcffcells"')
spelled("metadata_missing", "2.4", "", '"record":', '"recorb":')
spelled("metadata_number", "2.4", "", '"format":"vitrify/1"', '"format":0')
spelled("format_newer", "2.5", "Upgrade", "vitrify/1", "vitrify/2", error="NewerFormatError")
_NOW, _LATER = '"format":"vitrify/1",', '"format":"vitrify/2",'
spelled("format_newer_field", "2.5", "Upgrade", _NOW, _LATER + '"extra":1.5,', error="NewerFormatError")
spelled("format_newer_field_twice", "2.5", "Upgrade", _NOW, _LATER + '"model":[],', error="NewerFormatError")
spelled("format_newer_no_json", "2.5", "Upgrade", _NOW, _LATER + "<", error="NewerFormatError")
spelled("format_newer_not_utf8", "2.5", "Upgrade", _NOW, _LATER + "\udcff\udcfe", error="NewerFormatError")
spelled("format_draft", "2.5", "a draft", "vitrify/1", "vitrify/0")
spelled("format_unknown", "2.5", "expected", "vitrify/1", "glass/0")
spelled("model_malformed", "5.2", "model", '"model":"', '"model":"trust me ')
spelled("record_not_canonical", "7.1", "record", r"{\"versions\"", r"{ \"versions\"")
spelled("record_unknown_field", "7.1", "record", r"{\"versions\"", r"{\"trusted\":true,\"versions\"")


@case("3.3", "IntegrityError", "digest")
def root_wrong(files: Files) -> bytes:
    """One bit of the padding is changed, the root digest is not."""
    n, _ = _header(files["tiny"])
    data = bytearray(files["tiny"])
    data[7 + n] ^= 1
    return bytes(data)


@case("3.3", "IntegrityError", "digest")
def root_digit(files: Files) -> bytes:
    """One digit of the root digest is another, and everything else is right."""
    data = bytearray(files["tiny"])
    data[96] = ord("1" if data[96] == ord("0") else "0")
    return bytes(data)


@case("3.4", "IntegrityError", "$cells")
def block_damaged(files: Files) -> bytes:
    """One bit of a coefficient is changed."""
    n, _ = _header(files["tiny"])
    data = bytearray(files["tiny"])
    data[8 + n + 16] ^= 1
    return bytes(data)


def _entry(name: str, **fields: Any) -> Callable[[Any], Any]:
    return lambda header: header[name].update(fields)


def _offsets(name: str, begin: int, end: int) -> Callable[[Any], Any]:
    return _entry(name, data_offsets=[begin, end], shape=[end - begin])


def _described(index: int, **fields: Any) -> Callable[[Any], Any]:
    return lambda header: header["__metadata__"]["blocks"][index].update(fields)


def _swapped(header: Any) -> Any:
    """`$graph` before `$cells`."""
    blocks = header["__metadata__"]["blocks"]
    blocks[-1], blocks[-2] = blocks[-2], blocks[-1]
    cells, graph = header.pop("$cells"), header.pop("$graph")
    n_bytes = graph["data_offsets"][1]
    graph["data_offsets"], cells["data_offsets"] = [0, graph["shape"][0]], [graph["shape"][0], n_bytes]
    return header | {"$graph": graph, "$cells": cells}


def _renamed(header: Any) -> Any:
    return {("cells" if name == "$cells" else name): value for name, value in header.items()}


def _numbered_cells(header: Any) -> None:
    header["__metadata__"]["blocks"][-2]["piece"] = 0


def _too_many(header: Any) -> None:
    header["__metadata__"]["blocks"][-1]["digests"].append("0" * 64)


def _too_few(header: Any) -> None:
    header["__metadata__"]["blocks"].pop()


in_header("offsets_hole", "2.8", "begin", _offsets("$cells", 8, 40))
in_header("offsets_overlap", "2.8", "begin", _offsets("$graph", 24, 500))
in_header("offsets_reversed", "2.8", "", _offsets("$cells", 0, -8))
in_header("offsets_huge", "2.7", "", _offsets("$cells", 0, 2**70))
in_header("offsets_beyond", "2.8", "", _offsets("$graph", 32, 5000))
in_header("offsets_text", "2.7", "", _entry("$cells", data_offsets=["0", "32"]))
in_header("offsets_three", "2.7", "", _entry("$cells", data_offsets=[0, 32, 32]))
in_header("shape_wrong", "2.8", "shape", _entry("$cells", shape=[4, 9]))
in_header("shape_negative", "2.7", "", _entry("$cells", shape=[-4, -8]))
in_header("shape_overflow", "2.7", "", _entry("$cells", shape=[2**32, 2**32, 32]))
in_header("shape_66_dimensions", "2.7", "", _entry("$cells", shape=[1] * 65 + [32]))
in_header("dtype_unknown_in_header", "2.9", "dtype", _entry("$cells", dtype="BF16", shape=[16]))
in_header("dtype_of_cells", "2.9", "", _entry("$cells", dtype="F64", shape=[4]))
in_header("reserved_order", "2.10", "order", _swapped)
in_header("reserved_missing", "2.11", "order", _renamed)
in_header("reserved_numbered", "2.11", "", _numbered_cells)
in_header("digests_missing", "3.2", "digests", _described(-1, digests=[]))
in_header("digests_too_many", "3.2", "digests", _too_many)
in_header("digest_wrong", "3.4", "digest", _described(-1, digests=["0" * 64]), error="IntegrityError")
in_header("descriptions_too_few", "2.6", "descriptions", _too_few)
in_header("piece_repeated", "6.3.3", "", _described(1, piece=0), "two_blocks")
in_header("piece_gap", "6.3.3", "", _described(0, piece=99), "two_blocks")
in_header("piece_negative", "2.7", "", _described(0, piece=-1), "two_blocks")
in_header("codec_unknown", "4.4", "codec", _described(-1, codec="exe", n_bytes=5))
in_header("codec_without_size", "4.1", "size", _described(-1, codec="zstd"))
in_header("size_without_codec", "4.1", "size", _described(-1, n_bytes=5))
in_header("array_dtype_shown", "2.11", "F32", _entry("zeros", dtype="F32", shape=[1024]), "two_blocks")
in_header("array_size_shown", "2.8", "shape", _entry("zeros", shape=[511]), "two_blocks")
in_header("array_shape_shown", "2.11", "graph", _entry("zeros", shape=[2, 256]), "two_blocks")


@case("2.9", "FormatError", "bytes")
def dtype_of_encoded(files: Files) -> bytes:
    """An encoded block that says it is I8."""
    frame = _frame(bytes(4096))
    return Lie(files["two_blocks"]).file(encoded={0: ("zstd", frame, 4096)}, header=_entry("zeros", dtype="I8"))


def _encoded(name: str, frame: Callable[[bytes], bytes], declared: int = 0) -> None:
    """Add a file whose graph is an encoded block; `declared` is added to its true size."""

    def make(files: Files) -> bytes:
        data = files["tiny"]
        text = data[data.rindex(b'{"root":{') :]
        return Lie(data).file(encoded={"$graph": ("zstd", frame(text), len(text) + declared)})

    add(name, "4.2", "zstd", make)


def _frame(text: bytes, **how: Any) -> bytes:
    return zstandard.ZstdCompressor(level=3, **how).compress(text)


def _by_hand(text: bytes, *, window: int, n_bytes: int, kind: int = 0) -> bytes:
    """A frame of one raw block (RFC 8878 §3.1.1), whose header says what it is told to."""
    head = b"\x28\xb5\x2f\xfd" + bytes([0b11000000, (window - 10) << 3]) + n_bytes.to_bytes(8, "little")
    return head + (len(text) << 3 | kind << 1 | 1).to_bytes(3, "little") + text


_encoded("zstd_size_too_small", _frame, -1)
_encoded("zstd_size_too_large", _frame, 1)
_encoded("zstd_no_content_size", lambda text: _frame(text, write_content_size=False))
_encoded("zstd_truncated", lambda text: _frame(text)[:-4])
_encoded("zstd_trailing", lambda text: _frame(text) + b"\0")
_encoded("zstd_two_frames", lambda text: _frame(text) + _frame(b""))
_encoded("zstd_skippable_first", lambda text: b"\x50\x2a\x4d\x18\x01\0\0\0x" + _frame(text))
_encoded("zstd_window", lambda text: _by_hand(text, window=30, n_bytes=len(text)))
_encoded("zstd_holds_more", lambda text: _by_hand(text + b" ", window=20, n_bytes=len(text)))
_encoded("zstd_holds_less", lambda text: _by_hand(text[:-1], window=20, n_bytes=len(text)))
_encoded("zstd_reserved_block", lambda text: _by_hand(text, window=20, n_bytes=len(text), kind=3))
_encoded("zstd_damaged", lambda text: _frame(text)[:20] + b"\xff" * 8 + _frame(text)[28:])
_encoded("zstd_not_zstd", lambda text: b"\x1f\x8b" + text)


@case("3.3", "FormatError", "root")
def root_longer(files: Files) -> bytes:
    """Text behind the 64 digits of the root."""
    n, text = _header(files["tiny"])
    at = 8 + len(MAGIC) + 64
    return resealed(seal(text, 0)[:at] + b"0" + text[at - 8 :].ljust(n + 7 - at)) + files["tiny"][8 + n :]
