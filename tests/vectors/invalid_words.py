"""Invalid golden files that break SPEC.md 4.8 and 4.9: front-coded words, and vocabularies."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.support.repacked import repacked
from tests.vectors.cases import add, packed

N_BYTES = 8999
"""The size of the block of `words_in_columns`."""

_RUNS, _PLAIN, _NUMBERS = 9, 81, 91  # of `vocabulary`: where its three runs begin, other values, numbers of keys
_WORDS = 91 + 2 * 2880  # and words


def number(*numbers: int) -> bytes:
    """Eight bytes each."""
    return b"".join(n.to_bytes(8, "little") for n in numbers)


def lines(shared: tuple[int, ...], *rests: bytes, n: int | None = None) -> bytes:
    """Words in the form of lines; `n` is what is said of their number."""
    return b"\0" + number(len(shared) if n is None else n) + bytes(shared) + b"\0".join(rests)


def columns(shared: tuple[int, ...], lengths: tuple[int, ...], rest: bytes) -> bytes:
    """Words in the form of columns."""
    return b"\1" + number(len(shared)) + bytes(shared) + bytes(lengths) + rest


def _words(name: str, message: str, content: bytes) -> None:
    """Add a file whose block of 8999 bytes holds these words."""
    packed(f"words_{name}", "4.8", message, content, of="words_in_columns", codec="words")


def _vocabulary(name: str, message: str, change: Callable[[bytearray], Any]) -> None:
    """Add a file whose vocabulary is changed."""
    add(
        f"vocabulary_{name}",
        "4.9",
        message,
        lambda files: repacked(files["vocabulary"], lambda _: None, change, "vocabulary"),
    )


def _put(at: int, data: bytes) -> Callable[[bytearray], None]:
    def change(packed: bytearray) -> None:
        packed[at : at + len(data)] = data

    return change


def _repeat(packed: bytearray) -> None:
    """The second key gets the number of the first."""
    for plane in (_NUMBERS, _NUMBERS + 2880):
        packed[plane + 1] = packed[plane]


_HALF = b"a" * 4499
_FORTY = b"x" * 224  # 40 words of 224 bytes, with 39 NULs: 8999

_words("empty", "packed words of 0 bytes", b"")
_words("large", "packed words of 9000 bytes, for a block of 8999", lines((0,), b"a" * 8990))
_words("cut_short", "end too early", lines((0,), b"")[:8])
_words("form", "unknown form 2", b"\2" + lines((0,), b"a" * N_BYTES)[1:100])
_words("none", "are not 0 words", lines((), b"", n=0))
_words("too_many", "are not 4 words", lines((0, 0, 0), n=4))
_words("far_too_many", "are not 18446744073709551615 words", lines((0,), b"", n=2**64 - 1))
_words("first_shares", "more with the one before than that has", lines((1, 255), b"a" * 4498, b"a" * 4244))
_words("shares_too_much", "more with the one before than that has", lines((0, 5, 0), b"abcd", b"e", b"a" * 8980))
_words("shares_too_little", "than it says", lines((0, 254), _HALF, b"a" * 4245))
_words("one_byte_less", "add up", lines((0, 255), _HALF, b"a" * 4243))
_words("one_byte_more", "add up", lines((0, 255), _HALF, b"a" * 4245))
_words("expanding", "add up", lines((0, *[255] * 300), b"a" * 255, *[b""] * 300))
_words("too_few_rests", "3 packed words have 2 rests", lines((0, 0, 255), b"b", _HALF))
_words("too_many_rests", "2 packed words have 3 rests", lines((0, 255), _HALF, b"a" * 4242, b"b"))
_words("lengths_missing", "are not 4000 words", b"\1" + number(4000) + bytes(7000))
_words("shorter_than_shared", "shorter than what it shares", columns((0, 5), (5, 4), b"a" * 5))
_words("columns_add_up", "add up", columns((0, *[224] * 39), (224, *[224] * 38, 225), _FORTY + b"a"))
_words("columns_cut_short", "are not the rest", columns((0, *[224] * 39), (224,) * 40, _FORTY[1:]))
_words("columns_trailing", "are not the rest", columns((0, *[224] * 39), (224,) * 40, _FORTY + b"a"))
_words("nul", "a NUL in it", columns((0, *[224] * 39), (224,) * 40, b"\0" + _FORTY[1:]))

_vocabulary("empty", "packed words of 0 bytes", lambda _: bytearray())
_vocabulary("cut_short", "end too early", lambda packed: packed[:8])
_vocabulary("width", "values of 3 bytes", _put(0, b"\3"))
_vocabulary("width_of_numbers", "numbers 2160 keys by values of 1 bytes", _put(0, b"\1"))
_vocabulary("no_runs", "a run without numbers", lambda _: bytearray(b"\2" + number(0)))
_vocabulary("too_many_runs", "of 4096 runs", _put(1, number(4096)))
_vocabulary("no_numbers", "a run without numbers", _put(_RUNS, number(2, 2, 0)))
_vocabulary("empty_run", "a run without numbers", _put(_RUNS + 48, number(0, 0, 0)))
_vocabulary("negative_run", "than its group has room for", _put(_RUNS, b"\xff" * 8))
_vocabulary("large_run", "than its group has room for", _put(_RUNS + 8, number(2**40)))
_vocabulary("large_runs", "than its group has room for", _put(_RUNS, number(37_000, 37_000, 37_000)))
_vocabulary("larger_than_its_group", "than its group has room for", lambda _: bytearray(_large()))
_vocabulary("values_cut_short", "end too early", lambda packed: packed[: _PLAIN + 9])
_vocabulary("numbers_cut_short", "end too early", lambda packed: packed[: _WORDS - 1])
_vocabulary("without_words", "end too early", lambda packed: packed[:_WORDS])
_vocabulary("number_beyond", "beyond the size of its dict", _put(_NUMBERS + 2880 + 2160, b"\xff"))
_vocabulary("number_twice", "a number twice", _repeat)
_vocabulary("other_words", "2886 keys has 2885 words", _put(_WORDS + 1, number(2885)))
_vocabulary("form", "unknown form 2", _put(_WORDS, b"\2"))
_vocabulary("shares_too_much", "than that has", _put(_WORDS + 9, b"\1"))
_vocabulary("trailing", "add up", lambda packed: packed + b"a")


def _large() -> bytes:
    """Keys of one dict, whose values take eight bytes each in the group, which leaves too few for the keys."""
    n = 4300
    return b"\x08" + number(1, 0, 0, n) + bytes(2 * n) + b"\0" + number(n) + bytes(n)
