"""Text made harmless and sizes made readable."""

from __future__ import annotations

import io
import sys

import pytest

from vitrify.cli.screen import console, readable_bytes, visible


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain é 漢", "plain é 漢"), ("a\x1b[2Jb", "a\\x1b[2Jb"), ("\u202e", "\\u202e"), ("\ud800", "\\ud800"),
        ("a\nb\tc\r", "a\\nb\\tc\\r"), ("\x00\x7f\x9b", "\\x00\\x7f\\x9b"), ("\U000e0001", "\\U000e0001"),
        ("[b]", "[b]"),
    ],
)  # fmt: skip
def test_only_printable_characters_come_through(text: str, shown: str) -> None:
    """What cannot be seen is spelled as Python spells it; what can be seen stays."""
    assert visible(text) == shown
    assert visible(text).isprintable()


def test_long_text_is_cut() -> None:
    """A name of a million characters is one line."""
    assert visible("x" * 10**6, 20) == "x" * 19 + "…"
    assert visible("x" * 1000, None) == "x" * 1000


@pytest.mark.parametrize(
    ("n_bytes", "shown"),
    [
        (0, "0 B"), (999, "999 B"), (1000, "1.00 kB"), (1234, "1.23 kB"), (9999, "10.0 kB"), (45_678, "45.7 kB"),
        (99_990, "100 kB"), (999_499, "999 kB"), (999_500, "1.00 MB"), (140 * 10**6, "140 MB"), (3 * 10**12, "3.00 TB"),
        (10**18, "1000 PB"),
    ],
)  # fmt: skip
def test_sizes_have_three_digits(n_bytes: int, shown: str) -> None:
    """1 kB is 1000 bytes, and rounding never gives four digits before the next unit."""
    assert readable_bytes(n_bytes) == shown


def test_what_the_encoding_lacks_is_spelled_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """It does not end the program."""
    held = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(held, "ascii"))
    console().print("漢 é")
    sys.stdout.flush()
    assert held.getvalue() == b"\\u6f22 \\xe9\n"


@pytest.mark.parametrize(("columns", "width"), [("20", 40), ("90", 90), ("500", 110)])
def test_a_stream_without_an_encoding_is_written_to(columns: str, width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the blanks at the end of lines, within the bounds of the width."""
    out = io.StringIO()
    monkeypatch.setattr(sys, "stdout", out)
    monkeypatch.setenv("COLUMNS", columns)
    found = console()
    found.print("[b]text[/b]   ")
    assert out.getvalue() == "[b]text[/b]\n"
    assert found.width == width
