"""Attacks F01 to F07 and F11 to F14: the file, its header and its digests."""

from __future__ import annotations

import random
import struct
from functools import partial
from typing import Any

import pytest

from tests.attacks.actions import Edit, load_path, load_stream, refusals_of_edits
from tests.attacks.files import (
    blocks,
    boundaries,
    encoded,
    header,
    in_graph,
    lied,
    redigested,
    replaced,
    tiny,
    with_head,
    with_header,
    with_length,
    zip_archive,
)
from tests.attacks.harness import Attack, assert_refused, assert_unharmed, run_one
from tests.support.lying_writer import seal
from vitrify.errors import FormatError, IntegrityError, LimitError, NotGlassFileError

VERBS = ("loads", load_path, load_stream, "inspect")


def _labels(verb: Any) -> str:
    return verb if isinstance(verb, str) else verb.__name__


@pytest.mark.parametrize("verb", VERBS, ids=_labels)
@pytest.mark.parametrize(
    ("magic", "error", "match"),
    [
        (b"XXXX", LimitError, "bytes of the header"),
        (tiny()[:8] + b"XXXX", NotGlassFileError, "not a file that vitrify knows"),
        (tiny()[:8] + b'{"__metadata__":{"ROOT"', NotGlassFileError, "safetensors"),
        (b"GLASSv1\0", LimitError, "bytes of the header"),
    ],
)
def test_F01_wrong_magic(verb: Any, magic: bytes, error: type[Exception], match: str) -> None:
    """The first 32 bytes must be those of a glass file."""
    outcome = run_one(Attack(magic + tiny()[len(magic) :], verb))
    assert_refused(outcome, error, match=match)


@pytest.mark.parametrize("verb", VERBS, ids=_labels)
@pytest.mark.parametrize(
    ("n_bytes", "match"), [(0, "empty"), (1, "not a glass"), (4, "not a glass"), (8, "not a glass")]
)
def test_F02_hardly_any_bytes(verb: Any, n_bytes: int, match: str) -> None:
    """What ends within the magic is not a glass file."""
    assert_refused(run_one(Attack(tiny()[:n_bytes], verb)), NotGlassFileError, match=match)


@pytest.mark.parametrize("good", [tiny(), blocks(), encoded()], ids=["tiny", "blocks", "encoded"])
def test_F03_truncated_at_every_boundary(good: bytes) -> None:
    """A file cut off where one of its parts ends is refused, and the error counts the bytes."""
    for at in boundaries(good):
        if at == len(good):
            continue
        error, match = (NotGlassFileError, "not a glass") if at < 9 else (FormatError, "truncated")
        assert_refused(run_one(Attack(good[:at], label=str(at))), error, match=match)


@pytest.mark.parametrize("good", [tiny(), blocks(), encoded()], ids=["tiny", "blocks", "encoded"])
def test_F03_truncated_anywhere(good: bytes) -> None:
    """200 other places make no difference."""
    chosen = random.Random(3).sample(range(33, len(good)), 200)
    edits: list[Edit] = [("cut", at, 0) for at in chosen]
    outcome = run_one(Attack(good, partial(refusals_of_edits, edits=edits), [dict]))
    assert_unharmed(outcome)
    assert outcome.answers[0].text == "{'FormatError': 200}"


def test_F04_one_flipped_bit_in_the_header() -> None:
    """Every byte of the header is under the root digest; in the first 33 it is no glass file, or of another length."""
    n, _ = header(tiny())
    chosen = random.Random(4)
    edits: list[Edit] = [("flip", at, chosen.randrange(8)) for at in range(33, 8 + n)]
    outcome = run_one(Attack(tiny(), partial(refusals_of_edits, edits=edits), [dict]))
    assert_unharmed(outcome)
    # 64 flips stand in the root itself; a digit may become a character that is no digit, and the digest differs anyway.
    assert outcome.answers[0].text == f"{{'IntegrityError': {8 + n - 33}}}"
    first = run_one(Attack(tiny(), partial(refusals_of_edits, edits=[("flip", at, 0) for at in range(8, 33)]), [dict]))
    assert_unharmed(first)
    assert first.answers[0].text == "{'NotGlassFileError': 25}"


@pytest.mark.parametrize("good", [tiny(), blocks(), encoded()], ids=["tiny", "blocks", "encoded"])
def test_F04_one_flipped_bit_in_the_data(good: bytes) -> None:
    """500 flips in the data section are all found by a digest."""
    n, _ = header(good)
    chosen = random.Random(44)
    edits: list[Edit] = [("flip", chosen.randrange(8 + n, len(good)), chosen.randrange(8)) for _ in range(500)]
    outcome = run_one(Attack(good, partial(refusals_of_edits, edits=edits), [dict]))
    assert_unharmed(outcome)
    assert outcome.answers[0].text == "{'IntegrityError': 500}"


def test_F05_a_flip_with_its_own_digest_renewed_only() -> None:
    """The digest of a block is itself under the root, and the digests of all blocks are under the model's."""
    n, _ = header(blocks())
    damaged = bytearray(blocks())
    damaged[8 + n + 100] ^= 1
    sealed = redigested(blocks(), bytes(damaged))
    old_root = blocks()[33:97]
    unsealed = sealed[:33] + old_root + sealed[97:]
    assert_refused(run_one(Attack(unsealed)), IntegrityError, match="the header does not match its digest")
    assert_refused(run_one(Attack(sealed)), IntegrityError, match="the digest of the model does not match")


@pytest.mark.parametrize("verb", VERBS, ids=_labels)
@pytest.mark.parametrize(
    "tail",
    [b"\0", b"\n", b"PK\5\6" + bytes(18), zip_archive(), tiny(), bytes(1 << 20)],
    ids=lambda tail: str(len(tail)),
)
def test_F06_bytes_behind_the_file(verb: Any, tail: bytes) -> None:
    """Nothing may stand behind a file: a newline, an archive, another file."""
    assert_refused(run_one(Attack(tiny() + tail, verb)), FormatError, match="trailing data")
    assert_refused(run_one(Attack(blocks() + tail, verb)), FormatError, match="trailing data")


@pytest.mark.parametrize("verb", VERBS, ids=_labels)
@pytest.mark.parametrize(
    ("prefix", "match"),
    [
        (b"\x80\x04N.", "pickle"),
        (zip_archive(), "zip"),
        (b"%PDF-1.7\n", "PDF"),
        (b"<html><script>", "web page"),
        (b"\x1f\x8b\x08\0", "gzip"),
        (b"\x7fELF", "program"),
        (b"#!/bin/sh\n", "not a file that vitrify knows"),
        (b" ", "not a file that vitrify knows"),
        (b"\xef\xbb\xbf", "not a file that vitrify knows"),
    ],
)
def test_F07_bytes_before_the_file(verb: Any, prefix: bytes, match: str) -> None:
    """Another kind of file in front makes it that other kind."""
    assert_refused(run_one(Attack(prefix + tiny(), verb)), NotGlassFileError, match=match)


@pytest.mark.parametrize("verb", VERBS, ids=_labels)
@pytest.mark.parametrize(
    ("length", "error", "match"),
    [
        (0, FormatError, "too short"),
        (1, FormatError, "too short"),
        (23, FormatError, "too short"),
        (100_000_000, FormatError, "truncated"),
        (100_000_001, LimitError, "bytes of the header: 100000001, the limit"),
        (2**31, LimitError, "bytes of the header: "),
        (2**63, LimitError, "bytes of the header: "),
        (2**64 - 1, LimitError, "bytes of the header: "),
        (2**64 - len(tiny()), LimitError, "bytes of the header: "),
        (len(tiny()), FormatError, "truncated"),
    ],
)
def test_F11_a_lie_about_the_length_of_the_header(verb: Any, length: int, error: type[Exception], match: str) -> None:
    """The length is compared with the limit and with the bytes that are there before anything is taken."""
    outcome = run_one(Attack(with_length(tiny(), length), verb, peak_bytes=4 << 20))
    assert_refused(outcome, error, match=match)


@pytest.mark.parametrize("by", [-64, -1, 1, 64])
def test_F11_a_length_that_is_off_by_a_little(by: int) -> None:
    """With a root digest for just those bytes, text and padding are not what the length says."""
    n, _ = header(tiny())
    good = tiny()
    outcome = run_one(
        Attack(with_head(struct.pack("<Q", n + by) + good[8:], struct.pack("<Q", n + by) + good[8 : 8 + n + by]))
    )
    assert_refused(outcome, FormatError)


@pytest.mark.parametrize(
    ("make", "match"),
    [
        (lambda: replaced(tiny(), '"$cells"', b'"$\xffcells"'), "not the JSON"),
        (lambda: replaced(tiny(), '"$cells"', b'"$\xed\xa0\x80cells"'), "not the JSON"),
        (lambda: replaced(tiny(), '"$cells"', '"$\\ud800cells"'), "not the JSON"),
        (lambda: replaced(tiny(), '"$cells"', b'"$\0cells"'), "not the JSON"),
        (lambda: replaced(tiny(), '"$cells"', '"$\\u0000cells"'), "canonical"),
        (lambda: replaced(tiny(), '"format"', '\ufeff"format"'), ""),
        (lambda: with_header(tiny(), header(tiny())[1] + b"\0"), "not the JSON"),
        (lambda: in_graph('"dict"', b'"dic\xff"'), ""),
        (lambda: in_graph('"dict"', b'"\xed\xa0\x80"'), ""),
        (lambda: in_graph('{"root"', '\ufeff{"root"'), ""),
    ],
)
def test_F12_text_that_is_not_plain_utf8(make: Any, match: str) -> None:
    """The header and the graph are strict UTF-8 without marks, NULs or halves of surrogate pairs."""
    assert_refused(run_one(Attack(make())), FormatError, match=match)


@pytest.mark.parametrize(
    "head",
    [tiny()[:8] + b"\xef\xbb\xbf" + tiny()[8:], tiny()[:8] + header(tiny())[1].decode().encode("utf-16")],
    ids=["bom", "utf-16"],
)
def test_F12_a_header_in_another_encoding(head: bytes) -> None:
    """A mark or another encoding at byte 8 is not the magic."""
    assert_refused(run_one(Attack(head)), NotGlassFileError, match="not a glass file")


def _doubled(field: str, value: str) -> tuple[str, str]:
    return f'"{field}":', f'"{field}":{value},"{field}":'


@pytest.mark.parametrize(
    ("old", "new"),
    [
        _doubled("$cells", '{"dtype":"U8","shape":[0],"data_offsets":[0,0]}'),
        _doubled("dtype", '"I8"'),
        _doubled("shape", "[0]"),
        _doubled("data_offsets", "[0,0]"),
        _doubled("format", '"vitrify/1"'),
        _doubled("model", '"' + "0" * 64 + '"'),
        ("}}", '},"__metadata__":{}}'),
        ('\\"digests\\":', '\\"digests\\":[],\\"digests\\":'),
        ('\\"versions\\":', '\\"versions\\":{},\\"versions\\":'),
        ('\\"python\\":', '\\"python\\":\\"2\\",\\"python\\":'),
    ],
)
def test_F13_repeated_keys_in_the_header(old: str, new: str) -> None:
    """A name that comes twice is refused at every level: readers differ in which of the two counts."""
    assert_refused(run_one(Attack(replaced(tiny(), old, new))), FormatError, match="canonical|not the JSON")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('{"root":', '{"root":{"kind":"const","value":null},"root":'),
        _doubled("names", "[]"),
        _doubled("tables", "[]"),
        _doubled("rows", "9"),
        _doubled("type", '"list"'),
        _doubled("keys", '{"kind":"const","value":1}'),
        _doubled("kind", '"run"'),
        _doubled("start", "7"),
        _doubled("order", '"F"'),
    ],
)
def test_F13_repeated_keys_in_the_graph(old: str, new: str) -> None:
    """The same holds in the object graph."""
    assert_refused(run_one(Attack(in_graph(old, new))), FormatError, match="canonical|not the JSON|object graph")


@pytest.mark.parametrize(
    "make",
    [
        lambda: replaced(tiny(), '"format":', ' "format":'),
        lambda: replaced(tiny(), "}}", "}}\n"),
        lambda: replaced(tiny(), "}}", "} }"),
        lambda: replaced(tiny(), "[{", "[ {"),
        lambda: replaced(tiny(), '{\\"versions', '{ \\"versions'),
        lambda: in_graph('{"root"', ' {"root"'),
        lambda: in_graph('{"root"', '\n{"root"'),
        lambda: lied(tiny(), graph_text=lambda text: text + b" "),
        lambda: lied(tiny(), graph_text=lambda text: text + b"\n"),
    ],
)
def test_F14_white_space(make: Any) -> None:
    """No space, tab or line end stands between or around tokens."""
    assert_refused(run_one(Attack(make())), FormatError, match="canonical|not the JSON|padded")


@pytest.mark.parametrize("padding", [0, 1, 63, 64, 4096])
def test_F14_padding_of_another_length(padding: int) -> None:
    """The header has exactly the length that the rule gives."""
    n, text = header(tiny())
    assert n - len(text) != padding
    data = seal(text, 0, padding=padding) + tiny()[8 + n :]
    assert_refused(run_one(Attack(data)), FormatError, match="padded")
