"""The invalid golden files: each breaks one rule of SPEC.md, and everything else in it is right, digests included.

A case says which clause is broken, which error of vitrify's must be raised, and a part of its message.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import zstandard

from tests.support.independent_reader import Ref
from tests.support.lying_writer import Chunk, Lie, resealed, seal

Make = Callable[[dict[str, bytes]], bytes]


@dataclass(frozen=True, kw_only=True)
class Case:
    """One invalid file.

    Attributes:
        clause: The clause of SPEC.md that it breaks.
        error: The name of vitrify's error class.
        message: A part of the error's message.
        make: Valid files by name → the file.
    """

    clause: str
    error: str
    message: str
    make: Make


CASES: dict[str, Case] = {}


def case(clause: str, error: str, message: str) -> Callable[[Make], Make]:
    """Add a file; the function's docstring says what is wrong with it."""

    def add(make: Make) -> Make:
        CASES[make.__name__] = Case(clause=clause, error=error, message=message, make=make)
        return make

    return add


def lie(
    name: str,
    clause: str,
    message: str,
    valid: str,
    change: Callable[[Lie], Any],
    error: str = "FormatError",
    **how: Any,
) -> None:
    """Add a file that is `valid` with a change to its object graph."""

    def make(files: dict[str, bytes]) -> bytes:
        told = Lie(files[valid])
        change(told)
        return told.file(**how)

    CASES[name] = Case(clause=clause, error=error, message=message, make=make)


def spelled(
    name: str, clause: str, message: str, old: str, new: str, valid: str = "tiny", error: str = "FormatError"
) -> None:
    """Add a file in which a piece of the header's text is spelled otherwise."""

    def make(files: dict[str, bytes]) -> bytes:
        return Lie(files[valid]).file(header_text=lambda text: _replaced(text, old.encode(), new.encode()))

    CASES[name] = Case(clause=clause, error=error, message=message, make=make)


def in_header(
    name: str,
    clause: str,
    message: str,
    change: Callable[[Any], Any],
    valid: str = "blocks",
    error: str = "FormatError",
) -> None:
    """Add a file with a change to the JSON of its header; the descriptions of blocks are in `blocks`, a list."""

    def make(files: dict[str, bytes]) -> bytes:
        return Lie(files[valid]).file(header=lambda header: change(header))

    CASES[name] = Case(clause=clause, error=error, message=message, make=make)


def _replaced(text: bytes, old: bytes, new: bytes) -> bytes:
    assert old in text, f"{old!r} is not in the header"
    return text.replace(old, new, 1)


# §1 and §2: the file and its header


@case("1.1", "NotGlassFileError", "empty")
def file_empty(files: dict[str, bytes]) -> bytes:
    """Nothing."""
    return b""


@case("1.1", "NotGlassFileError", "pickle")
def file_prefixed(files: dict[str, bytes]) -> bytes:
    """A pickle in front of a whole file."""
    return b"\x80\x04N." + files["tiny"]


@case("1.1", "FormatError", "trailing data")
def file_trailing(files: dict[str, bytes]) -> bytes:
    """A zip's end behind a whole file."""
    return files["tiny"] + b"PK\5\6" + bytes(18)


@case("1.1", "FormatError", "trailing data")
def file_twice(files: dict[str, bytes]) -> bytes:
    """Two files in one."""
    return files["tiny"] + files["tiny"]


@case("2.8", "FormatError", "truncated")
def file_truncated(files: dict[str, bytes]) -> bytes:
    """The last byte is missing."""
    return files["tiny"][:-1]


@case("2.8", "FormatError", "truncated")
def header_truncated(files: dict[str, bytes]) -> bytes:
    """The file ends within the header."""
    return files["tiny"][:300]


@case("8.1", "LimitError", "header")
def header_length_huge(files: dict[str, bytes]) -> bytes:
    """The header claims 2⁶⁴ - 1 bytes."""
    return b"\xff" * 8 + files["tiny"][8:]


@case("2.1", "NotGlassFileError", "safetensors")
def header_leading_space(files: dict[str, bytes]) -> bytes:
    """A space before the JSON, as some safetensors readers allow."""
    data = files["tiny"]
    length = int.from_bytes(data[:8], "little") + 1
    return resealed(length.to_bytes(8, "little") + b" " + data[8 : 7 + length]) + data[7 + length :]


@case("2.1", "NotGlassFileError", "safetensors")
def header_plain_safetensors(files: dict[str, bytes]) -> bytes:
    """A safetensors file that is not a glass file."""
    text = b'{"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}'
    return len(text).to_bytes(8, "little") + text + bytes(4)


@case("2.12", "FormatError", "padded")
def header_padding_long(files: dict[str, bytes]) -> bytes:
    """64 spaces too many."""
    data = files["tiny"]
    n = int.from_bytes(data[:8], "little")
    text = data[8 : 8 + n].rstrip()
    return seal(text, 0, padding=n - len(text) + 64) + data[8 + n :]


@case("2.12", "FormatError", "")
def header_padding_tab(files: dict[str, bytes]) -> bytes:
    """A tab among the spaces."""
    data = files["tiny"]
    n = int.from_bytes(data[:8], "little")
    return resealed(data[: 7 + n] + b"\t") + data[8 + n :]


@case("2.12", "FormatError", "padded")
def header_padding_no_room(files: dict[str, bytes]) -> bytes:
    """More than 1 MiB of data, but no room for a signature."""
    data = files["mebibyte"]
    n = int.from_bytes(data[:8], "little")
    return seal(data[8 : 8 + n].rstrip(), 0) + data[8 + n :]


spelled("header_space", "2.3", "canonical", '"format":', '"format": ')
spelled(
    "header_duplicate_entry",
    "2.3",
    "canonical",
    '"$cells":{"dtype":"U8"',
    '"$cells":{"dtype":"I8"},"$cells":{"dtype":"U8"',
)
spelled("header_duplicate_field", "2.3", "canonical", '"dtype":"U8"', '"dtype":"I8","dtype":"U8"')
spelled("header_unknown_field", "2.7", "", '"dtype":"U8"', '"dtype":"U8","trusted":true')
spelled("header_unknown_metadata", "2.4", "", '"format":', '"trusted":"yes","format":')
spelled("header_number_spelling", "2.3", "", "[0,32]", "[0,3.2e1]")
spelled("header_minus_zero", "2.3", "canonical", "[0,32]", "[-0,32]")
spelled("header_escape", "2.3", "canonical", '"U8"', '"\\u0055\\u0038"')
spelled("header_field_order", "2.3", "canonical", '"dtype":"U8","shape":[32]', '"shape":[32],"dtype":"U8"')
spelled("header_default", "2.6", "canonical", r"[{\"digests\"", r"[{\"piece\":null,\"digests\"")
spelled("header_codec_default", "4.1", "", r'\"]}]"', r'\"],\"codec\":\"raw\"}]"')
spelled("header_bom", "2.3", "", '"format"', '"\ufeffformat"')
spelled("format_newer", "2.5", "Upgrade", "vitrify/0", "vitrify/1", error="NewerFormatError")
spelled("format_unknown", "2.5", "expected", "vitrify/0", "glass/0")
spelled("model_malformed", "5.2", "model", '"model":"', '"model":"trust me ')
spelled("metadata_missing_record", "2.4", "record", '"record":', '"recorb":')


@case("3.3", "IntegrityError", "digest")
def root_wrong(files: dict[str, bytes]) -> bytes:
    """One bit of the padding is changed, the root digest is not."""
    data = bytearray(files["tiny"])
    data[int.from_bytes(data[:8], "little") + 7] ^= 1
    return bytes(data)


@case("3.4", "IntegrityError", "$cells")
def block_damaged(files: dict[str, bytes]) -> bytes:
    """One bit of a coefficient is changed."""
    data = bytearray(files["tiny"])
    data[8 + int.from_bytes(data[:8], "little") + 16] ^= 1
    return bytes(data)


def _stored(header: Any) -> Any:
    return header["__metadata__"]["blocks"]


def _offsets(name: str, begin: int, end: int) -> Callable[[Any], Any]:
    def change(header: Any) -> None:
        header[name]["data_offsets"] = [begin, end]
        header[name]["shape"] = [end - begin]

    return change


def _entry(name: str, **fields: Any) -> Callable[[Any], Any]:
    return lambda header: header[name].update(fields)


def _described(index: int, **fields: Any) -> Callable[[Any], Any]:
    def change(header: Any) -> None:
        _stored(header)[index].update(fields)

    return change


def _swapped(header: Any) -> Any:
    names = list(header)
    names[-1], names[-2] = names[-2], names[-1]
    blocks = _stored(header)
    blocks[-1], blocks[-2] = blocks[-2], blocks[-1]
    found, position = {}, 0
    for name in names:
        found[name] = header[name]
        if name != "__metadata__":
            size = header[name]["data_offsets"][1] - header[name]["data_offsets"][0]
            header[name]["data_offsets"] = [position, position + size]
            position += size
    return found


def _renamed(old: int, new: str) -> Callable[[Any], Any]:
    return lambda header: {(new if i == old else name): value for i, (name, value) in enumerate(header.items())}


in_header("offsets_hole", "2.8", "begin", _offsets("$cells", 8, 40), "tiny")
in_header("offsets_overlap", "2.8", "begin", _offsets("$graph", 24, 500), "tiny")
in_header("offsets_reversed", "2.8", "", _offsets("$cells", 0, -8), "tiny")
in_header("offsets_huge", "2.7", "", _entry("$cells", data_offsets=[0, 2**70], shape=[2**70]), "tiny")
in_header("offsets_beyond", "2.8", "", _offsets("$graph", 32, 5000), "tiny")
in_header("shape_wrong", "2.8", "shape", _entry("$cells", shape=[4, 9]), "tiny")
in_header("shape_negative", "2.7", "", _entry("$cells", shape=[-4, -8]), "tiny")
in_header("shape_overflow", "2.7", "", _entry("$cells", shape=[2**32, 2**32, 32]), "tiny")
in_header("shape_66_dimensions", "2.7", "", _entry("$cells", shape=[1] * 65 + [32]), "tiny")
in_header("dtype_unknown", "2.9", "dtype", _entry("$cells", dtype="BF16", shape=[16]), "tiny")
in_header("dtype_of_cells", "2.9", "", _entry("$cells", dtype="F64", shape=[4]), "tiny")
in_header("reserved_order", "2.10", "order", _swapped, "tiny")
in_header("reserved_missing", "2.11", "order", _renamed(1, "cells"), "tiny")
in_header("reserved_taken", "2.11", "", _renamed(1, "$cells~"))
in_header("digests_missing", "3.2", "digests", _described(-1, digests=[]), "tiny")
in_header("digests_too_many", "3.2", "digests", lambda h: _stored(h)[-1]["digests"].append("0" * 64), "tiny")
in_header("digest_wrong", "3.4", "digest", _described(-1, digests=["0" * 64]), "tiny", "IntegrityError")
in_header("descriptions_too_few", "2.6", "descriptions", lambda h: _stored(h).pop() and h, "tiny")
in_header("piece_repeated", "6.3.3", "", _described(1, piece=0))
in_header("piece_gap", "6.3.3", "", _described(0, piece=99))
in_header("piece_negative", "2.7", "", _described(0, piece=-1))
in_header("codec_unknown", "4.4", "codec", _described(-1, codec="exe", n_bytes=5), "tiny")
in_header("codec_without_size", "4.1", "size", _described(-1, codec="zstd"), "tiny")
in_header("size_without_codec", "4.1", "size", _described(-1, n_bytes=5), "tiny")
in_header("array_dtype_shown", "2.11", "", _entry("weights", dtype="F32", shape=[2 * (2**17 + 3), 1]), "mebibyte")
in_header("array_shape_shown", "2.11", "", _entry("weights", shape=[1, 2**17 + 3]), "mebibyte")


def _encoded(name: str, clause: str, message: str, frame: Callable[[bytes], bytes], declared: int = 0) -> None:
    """Add a file whose graph is an encoded block; `declared` is added to its true size."""

    def make(files: dict[str, bytes]) -> bytes:
        told = Lie(files["tiny"])
        text = json.dumps(_plain_graph(files["tiny"]), separators=(",", ":")).encode()
        return told.file(encoded={"$graph": ("zstd", frame(text), len(text) + declared)})

    CASES[name] = Case(clause=clause, error="FormatError", message=message, make=make)


def _plain_graph(data: bytes) -> Any:
    return json.loads(data[data.rindex(b'{"root":{') :])


def _frame(text: bytes, **how: Any) -> bytes:
    compressor = zstandard.ZstdCompressor(level=3, **how)
    return compressor.compress(text)


def _windowed(text: bytes) -> bytes:
    """A frame header by hand (RFC 8878 §3.1.1.1): window of 2³⁰ bytes, 8 bytes of content size, one raw block."""
    head = b"\x28\xb5\x2f\xfd" + bytes([0b11000000, (30 - 10) << 3]) + len(text).to_bytes(8, "little")
    return head + (len(text) << 3 | 1).to_bytes(3, "little") + text


_encoded("zstd_size_too_small", "4.2", "", _frame, -1)
_encoded("zstd_size_too_large", "4.2", "", _frame, 1)
_encoded("zstd_no_content_size", "4.2", "", lambda text: _frame(text, write_content_size=False))
_encoded("zstd_truncated", "4.2", "", lambda text: _frame(text)[:-4])
_encoded("zstd_trailing", "4.2", "", lambda text: _frame(text) + b"\0")
_encoded("zstd_two_frames", "4.2", "", lambda text: _frame(text) + _frame(b""))
_encoded("zstd_skippable_first", "4.2", "", lambda text: b"\x50\x2a\x4d\x18\x01\0\0\0x" + _frame(text))
_encoded("zstd_window", "4.2", "", _windowed)
_encoded("zstd_content_size_lies", "4.2", "", lambda text: _frame(text + b" " * 9).replace(b"", b"", 0), 0)
_encoded("zstd_damaged", "4.2", "", lambda text: _frame(text)[:20] + b"\xff" * 8 + _frame(text)[28:])
_encoded("zstd_not_zstd", "4.2", "", lambda text: b"\x1f\x8b" + text)


# §6: the object graph


def _column(table: int, name: str, /, **fields: Any) -> Callable[[Lie], Any]:
    return lambda told: told.graph["tables"][table]["columns"][name].update(fields)


def _table(table: int, **fields: Any) -> Callable[[Lie], Any]:
    return lambda told: told.graph["tables"][table].update(fields)


def _put(table: int, name: str, column: Any) -> Callable[[Lie], Any]:
    def change(told: Lie) -> None:
        told.graph["tables"][table]["columns"][name] = column

    return change


def _cells(table: int, name: str, data: bytes, which: int = 0) -> Callable[[Lie], Any]:
    def change(told: Lie) -> None:
        told.graph["tables"][table]["columns"][name]["cells"][which].data[:] = data

    return change


def _graph(name: str, clause: str, message: str, old: str, new: str, valid: str = "tiny") -> None:
    lie(
        name,
        clause,
        message,
        valid,
        lambda _: None,
        graph_text=lambda text: _replaced(text, old.encode(), new.encode()),
    )


_graph("graph_space", "2.3", "canonical", '"names":', '"names": ')
_graph(
    "graph_trailing_space",
    "2.3",
    "canonical",
    '"lengths":{"kind":"const","value":2}}',
    '"lengths":{"kind":"const","value":2} }',
)
_graph("graph_duplicate_field", "2.3", "canonical", '"rows":1', '"rows":2,"rows":1')
_graph("graph_field_order", "2.3", "canonical", '"type":"dict","rows":1', '"rows":1,"type":"dict"')
_graph("graph_unknown_field", "6.1.2", "", '"rows":1', '"rows":1,"trusted":true')
_graph("graph_missing_field", "6.1.2", "", '"rows":1,', "")
_graph("graph_default", "6.1.2", "canonical", '"value":2}}', '"value":2},"arrays":null}')
_graph("graph_float", "2.3", "", '"value":3', '"value":3.0')
_graph("graph_nan", "2.3", "", '"value":3', '"value":NaN')
_graph("graph_not_utf8", "2.3", "", '"dict"', '"dic\udc74"'.encode("utf-8", "surrogatepass").decode("latin-1"))
_graph(
    "graph_duplicate_column",
    "2.3",
    "canonical",
    '"columns":{"keys"',
    '"columns":{"keys":{"kind":"const","value":1},"keys"',
)
_graph("graph_default_layout", "6.1.2", "canonical", '},"lengths"', '},"layout":"pairs","lengths"')


@case("2.3", "FormatError", "")
def graph_deep(files: dict[str, bytes]) -> bytes:
    """100 000 brackets."""
    return Lie(files["tiny"]).file(graph_text=lambda _: b"[" * 100_000)


lie("layout_unknown", "6.1.4", "layout", "shared", _table(0, layout="heap"))
lie("layout_of_list", "6.1.4", "layout", "shared", _table(0, layout="pairs"))
lie("list_extra_column", "6.1.4", "", "shared", _put(0, "more", {"kind": "const", "value": 1}))
lie("list_without_lengths", "6.1.4", "", "cycles", lambda told: told.tables("list")[0].pop("lengths"))
lie("list_other_column", "6.1.4", "", "shared",
    lambda told: told.graph["tables"][0].update(columns={"things": told.graph["tables"][0]["columns"]["items"]}))  # fmt: skip
lie("list_with_arrays", "6.1.4", "", "shared", _table(0, arrays={"dtype": "<f8", "order": "C", "shape": []}))
lie("arrays_with_column", "6.1.4", "", "tiny", _put(1, "more", {"kind": "const", "value": 1}))
lie("arrays_with_lengths", "6.1.4", "", "tiny", _table(1, lengths={"kind": "const", "value": 1}))
lie("arrays_missing", "6.1.4", "arrays", "none", lambda told: told.graph.update(
    tables=[{"type": "numpy.ndarray", "rows": 1, "columns": {}, "layout": "arrays"}]))  # fmt: skip
lie("rows_negative", "6.1.2", "rows", "tiny", _table(0, rows=-1))
lie("rows_huge", "6.1.2", "", "tiny", _table(0, rows=2**62))
lie("rows_more_than_memory", "8.2", "bytes", "constants", lambda told: told.tables("tests.vectors.own.Row")[1].update(
    rows=2**40), error="LimitError")  # fmt: skip
lie("lengths_negative", "6.1.2", "lengths", "shared", _table(0, lengths={"kind": "const", "value": -1}))
lie("lengths_text", "6.1.2", "lengths", "shared", _table(0, lengths={"kind": "const", "value": "7"}))
lie("lengths_huge", "6.1.2", "", "shared", _table(0, lengths={"kind": "const", "value": 2**62}))
lie("lengths_bool", "6.1.2", "lengths", "tiny", _table(0, lengths={"kind": "const", "value": True}))

lie("root_missing_table", "6.2.4", "table", "tiny", lambda told: told.graph["root"].update(table=9))
lie("root_missing_row", "6.2.4", "rows", "tiny", lambda told: told.graph["root"].update(start=1))
lie("run_negative", "6.2.4", "rows", "tiny", lambda told: told.graph["root"].update(start=-1))
lie("run_negative_table", "6.2.4", "table", "tiny", lambda told: told.graph["root"].update(table=-1))
lie("const_66_bits", "6.2.1", "64 bits", "constants", _column(1, "n", value=2**65))
lie("const_list", "6.2.1", "", "constants", _column(1, "n", value=[]))
lie("const_float_nan", "6.2.2", "", "constants", _column(1, "half", value="nan"))
lie("const_float_decimal", "6.2.2", "canonical", "constants", _column(1, "half", value="0.5"))
lie("const_float_text", "6.2.2", "float", "constants", _column(1, "half", value="half"))
lie("const_float_overflow", "6.2.2", "float", "constants", _column(1, "half", value="0x1p+5000"))
lie("const_name_missing", "6.2.3", "name", "constants", _column(1, "cls", name=1))
lie("const_name_negative", "6.2.3", "name", "constants", _column(1, "cls", name=-1))
lie("kind_unknown", "6.2", "", "constants", _column(1, "n", kind="eval"))
lie("numbers_width_unknown", "6.2.5", "width", "numbers", _column(1, "i1", width="i3"))
lie("numbers_width_of_bool", "6.2.5", "", "numbers", _column(1, "bits", width="i1"))
lie("numbers_width_of_float", "6.2.5", "", "numbers", _column(1, "floats", width="u8"))
lie("numbers_unknown", "6.2.5", "numbers", "numbers", _column(1, "i1", of="ptr"))
lie("numbers_bool_two", "6.2.5", "bool", "numbers", _cells(1, "bits", b"\0\2\0"))
lie("numbers_numpy_bool_two", "6.2.5", "bool", "numpy_scalars",
    lambda told: told.graph["tables"][0]["columns"]["items"]["parts"][0]["cells"][0].data.__setitem__(0, 2))  # fmt: skip
lie("numbers_scalar_width", "6.2.5", "width", "numpy_scalars",
    lambda told: told.graph["tables"][0]["columns"]["items"]["parts"][1].update(width="u1"))  # fmt: skip
lie("numbers_name_missing", "6.2.5", "name", "numbers", _cells(1, "names", b"\0\2\0"))
lie("numbers_row_missing", "6.2.5", "row", "numbers", _cells(1, "refs", b"\2\3\0"))
lie(
    "numbers_ref_without_table",
    "6.2.5",
    "table",
    "numbers",
    lambda told: told.graph["tables"][1]["columns"]["refs"].pop("table"),
)
lie("numbers_int_with_table", "6.2.5", "table", "numbers", _column(1, "i1", table=0), graph=lambda graph: graph)
lie("lines_too_few", "6.2.6", "texts", "strings", lambda told: _first_cells(told, "lines").__setitem__(0, ord("x")))
lie("lines_not_utf8", "6.2.6", "UTF-8", "strings", lambda told: _first_cells(told, "lines").__setitem__(1, 0xFF))
lie("lines_with_lengths", "6.2.6", "", "strings", _column(1, "lines", width="u1"))
lie("strings_unknown", "6.2.7", "strings", "strings", _column(1, "nul", of="json"))
lie("strings_lengths_wrong", "6.2.7", "add up", "strings", lambda told: _first_cells(told, "nul").__setitem__(0, 2))
lie("strings_length_beyond", "6.2.7", "", "strings", lambda told: _first_cells(told, "nul").__setitem__(0, 255))
lie("strings_size_negative", "6.2.7", "size", "strings", _column(1, "nul", n_bytes=-1))
lie("strings_not_utf8", "6.2.7", "UTF-8", "strings", lambda told: _second_cells(told, "nul").__setitem__(0, 0xFF))
lie("strings_signed_lengths", "6.2.7", "", "strings", _column(1, "nul", width="i1"))
lie("mixed_part_missing", "6.2.8", "part", "mixed", lambda told: _first_cells(told, "items", 0).__setitem__(0, 200))
lie("mixed_part_unused", "6.2.8", "part", "mixed",
    lambda told: told.graph["tables"][0]["columns"]["items"]["parts"].append({"kind": "const", "value": 1}))  # fmt: skip
lie("mixed_no_parts", "6.2.8", "", "tiny", _column(0, "values", parts=[]))
lie("mixed_in_mixed", "6.2.8", "", "tiny", lambda told: told.graph["tables"][0]["columns"]["values"].update(
    parts=[dict(told.graph["tables"][0]["columns"]["values"])]))  # fmt: skip


def _first_cells(told: Lie, name: str, table: int = 1) -> bytearray:
    return bytearray_of(told, table, name, 0)


def _second_cells(told: Lie, name: str, table: int = 1) -> bytearray:
    return bytearray_of(told, table, name, 1)


def bytearray_of(told: Lie, table: int, name: str, which: int) -> bytearray:
    """The data of a column, in place."""
    chunk: Chunk = told.graph["tables"][table]["columns"][name]["cells"][which]
    return chunk.data


lie("cells_too_few", "6.3.3", "cells", "tiny", lambda _: None, cells=lambda cells: cells[:-8])
lie("cells_too_many", "6.3.3", "cells", "tiny", lambda _: None, cells=lambda cells: cells + bytes(8))
lie("cells_padding", "6.3.2", "padded", "tiny", lambda _: None, cells=lambda cells: cells[:4] + b"x" + cells[5:])
lie("block_unused", "6.3.3", "", "blocks", _put(0, "keys", {"kind": "const", "value": 1}))


def _small_block(graph: Any) -> None:
    graph["tables"][0]["columns"]["keys"]["block"] = 0


lie("block_for_few_bytes", "6.3.2", "block", "tiny", lambda _: None, graph=_small_block)
lie("block_missing", "6.3.3", "piece", "mebibyte", lambda _: None,
    graph=lambda graph: graph["tables"][1]["arrays"].update(blocks=[1]))  # fmt: skip
lie("block_negative", "6.3.3", "piece", "mebibyte", lambda _: None,
    graph=lambda graph: graph["tables"][1]["arrays"].update(blocks=[-1]))  # fmt: skip
lie("block_left_out", "6.3.2", "blocks", "mebibyte", lambda _: None,
    graph=lambda graph: graph["tables"][1]["arrays"].pop("blocks") and graph)  # fmt: skip
lie(
    "block_twice",
    "6.3.3",
    "",
    "blocks",
    lambda _: None,
    graph=lambda graph: _arrays_with_blocks(graph, [1, 1, 2, 3, 4]),
)
lie(
    "blocks_out_of_order",
    "6.3.3",
    "",
    "own_order",
    lambda _: None,
    graph=lambda graph: _arrays_with_blocks(graph, [1, 0]),
)


def _arrays_with_blocks(graph: Any, numbers: list[int]) -> None:
    table = next(t for t in graph["tables"] if len(t.get("arrays", {}).get("blocks", ())) == len(numbers))
    first = table["arrays"]["blocks"][0]
    table["arrays"]["blocks"] = [first + n for n in numbers] if numbers == [1, 0] else [first + n - 1 for n in numbers]


def _dtype(name: str, dtype: Any, clause: str = "6.4.1", message: str = "", valid: str = "tiny") -> None:
    lie(name, clause, message, valid, lambda told: told.tables("numpy.ndarray")[0]["arrays"].update(dtype=dtype))


_dtype("dtype_object", "|O", message="dtype")
_dtype("dtype_object_8", "|O8", message="dtype")
_dtype("dtype_list", "f8,f8", message="dtype")
_dtype("dtype_native", "f8", message="dtype")
_dtype("dtype_native_order", "=f8", message="dtype")
_dtype("dtype_order_of_byte", "<i1", message="dtype")
_dtype("dtype_leading_zero", "|S08", message="dtype")
_dtype("dtype_huge", "|V9999999999", message="dtype")
_dtype("dtype_time_unit", "<M8[parsec]", message="dtype")
_dtype("dtype_time_week_multiple", "<M8[1D]", message="dtype")
_dtype("dtype_other_digits", "|S١", message="dtype")


def _struct(dtype: Any, **changes: Any) -> Any:
    return {"fields": [{"name": "a", "dtype": dtype, "offset": 0} | changes], "itemsize": 8, "aligned": False}


_dtype("struct_field_outside", _struct("<f8", offset=1), "6.4.3", "outside")
_dtype("struct_field_negative", _struct("<f8", offset=-1), "6.4.3", "outside")
_dtype("struct_field_object", _struct("|O"), "6.4.3", "dtype")
_dtype("struct_shape_huge", _struct("<f8", shape=[2**30, 2**30]), "6.4.3", "")
_dtype("struct_shape_empty", _struct("<f8", shape=[]), "6.4.3", "")
_dtype("struct_field_order", {"fields": [{"offset": 0, "name": "a", "dtype": "<f8"}], "itemsize": 8, "aligned": False},
       "6.4.3", "canonical")  # fmt: skip
_dtype("struct_aligned_number", {"fields": [{"name": "a", "dtype": "<f8", "offset": 0}], "itemsize": 8, "aligned": 1},
       "6.4.3", "canonical")  # fmt: skip
_dtype("struct_names_twice", {"fields": [{"name": "a", "dtype": "<i4", "offset": n} for n in (0, 4)], "itemsize": 8,
                              "aligned": False}, "6.4.3", "")  # fmt: skip
_dtype("struct_unknown_key", _struct("<f8", hook="x"), "6.4.3", "field")


def _array(**fields: Any) -> Callable[[Lie], Any]:
    return lambda told: told.tables("numpy.ndarray")[0]["arrays"].update(fields)


def _const(*values: Any) -> list[Any]:
    return [{"kind": "const", "value": value} for value in values]


lie("array_order", "6.6.1", "order", "tiny", _array(order="K"))
lie("array_too_long", "6.3.3", "cells", "tiny", _array(shape=_const(3)))
lie("array_negative", "6.6.1", "lengths", "tiny", _array(shape=_const(-2)))
lie("array_overflow", "6.6.1", "", "tiny", _array(shape=_const(2**40, 2**40)))
lie("array_zero_overflow", "6.6.1", "", "empty", lambda told: _table_of_dims(told, "<f8", 1)["arrays"].update(
    shape=_const(0, 2**47, 2**47)))  # fmt: skip
lie("array_65_dimensions", "6.6.1", "shape", "tiny", _array(shape=_const(2, *[1] * 64)))
lie("array_bool_two", "6.6.2", "bool", "numbers_in_arrays",
    lambda told: _table_of_dims(told, "|b1", 1)["arrays"]["small"].data.__setitem__(0, 2))  # fmt: skip
lie("array_text_beyond_unicode", "6.6.2", "", "texts",
    lambda told: _table_of_dims(told, "<U2", 1)["arrays"]["small"].data.__setitem__(slice(0, 4), b"\xff" * 4))  # fmt: skip


def _table_of_dims(told: Lie, dtype: str, n_dims: int) -> Any:
    return next(
        t for t in told.tables("numpy.ndarray") if t["arrays"]["dtype"] == dtype and len(t["arrays"]["shape"]) == n_dims
    )


def _view(told: Lie) -> Any:
    return next(t for t in told.tables("numpy.ndarray") if t["layout"] == "views" and len(t["arrays"]["shape"]) == 1)


def _view_column(name: str, value: int) -> Callable[[Lie], Any]:
    def change(told: Lie) -> None:
        column = _view(told)["columns"][name]
        column.clear()
        column.update({"kind": "const", "value": value, "cells": []})

    return change


lie("view_offset_negative", "6.6.3", "outside", "views", _view_column("offset", -8))
lie("view_offset_beyond", "6.6.3", "outside", "views", _view_column("offset", 2**40))
lie("view_stride_beyond", "6.6.3", "outside", "views", _view_column("stride0", 2**40))
lie("view_stride_negative", "6.6.3", "outside", "views", _view_column("stride0", -(2**40)))
lie("view_too_long", "6.6.3", "outside", "views", lambda told: _view(told)["arrays"].update(shape=_const(10**6)))
lie("view_repeats_too_much", "8.2", "bytes", "views", lambda told: (
    _view_column("stride0", 0)(told), _view_column("offset", 0)(told),
    _view(told)["arrays"].update(shape=_const(2**45))), error="LimitError")  # fmt: skip
lie("view_of_nothing", "6.6.3", "", "views", lambda told: _view(told)["columns"].update(
    buffer={"kind": "const", "value": None}))  # fmt: skip
lie("view_of_object_array", "6.6.3", "", "view_and_objects", lambda told: _view(told)["columns"].update(
    buffer=told.column([_ref_to_objects(told)] * _view(told)["rows"])))  # fmt: skip
lie("view_of_itself", "6.6.3", "", "views", lambda told: _view(told)["columns"].update(
    buffer={"kind": "run", "table": told.graph["tables"].index(_view(told)), "start": 0}))  # fmt: skip
lie("view_column_missing", "6.6.3", "columns", "views", lambda told: _view(told)["columns"].pop("stride0"))
lie(
    "object_array_size",
    "6.6.5",
    "sizes",
    "object_arrays",
    lambda told: _objects(told)["arrays"].update(shape=_const(9)),
)
lie("object_array_dtype", "6.6.5", "", "object_arrays", lambda told: _objects(told)["arrays"].update(dtype="<f8"))
lie("object_array_extra_column", "6.1.4", "", "object_arrays",
    lambda told: _objects(told)["columns"].update(more={"kind": "const", "value": 1}))  # fmt: skip


def _objects(told: Lie) -> Any:
    return next(t for t in told.tables("numpy.ndarray") if t["layout"] == "object_arrays")


def _ref_to_objects(told: Lie) -> Ref:
    return Ref(told.graph["tables"].index(_objects(told)), 0)


lie("name_what", "6.7.1", "", "constants", lambda told: told.graph["names"][0].update(what="module"))
lie("tuple_of_itself", "6.5.3", "cycle", "tuples", lambda told: told.assign("$[0][0]", Ref(0, 0)))
lie("frozenset_of_itself", "6.5.3", "cycle", "sets", lambda told: _into_set(told))
lie("set_item_twice", "6.1.4", "twice", "sets", lambda told: _repeat_item(told), error="StateError")
lie("dict_key_twice", "6.1.4", "twice", "tiny", lambda told: told.graph["tables"][0]["columns"].update(
    keys=told.column(["n", "n"])), error="StateError")  # fmt: skip
lie("dict_key_list", "6.1.4", "", "dict_and_list", lambda told: told.graph["tables"][0]["columns"].update(
    keys=told.column([Ref(1, 0)])), error="StateError")  # fmt: skip


def _into_set(told: Lie) -> None:
    table = told.tables("frozenset")[0]
    number = told.graph["tables"].index(table)
    table["columns"]["items"] = told.column([Ref(number, 0)])
    table["lengths"], table["rows"] = {"kind": "const", "value": 1}, 1


def _repeat_item(told: Lie) -> None:
    table = told.tables("set")[0]
    values = told._glass.tables[told.graph["tables"].index(table)]["columns"]["items"]
    values[1] = values[0]
    table["columns"]["items"] = told.column(values)
