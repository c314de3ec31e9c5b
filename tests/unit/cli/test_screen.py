"""Text made harmless and sizes made readable."""

from __future__ import annotations

import pytest

from vitrify.cli.screen import readable_bytes, visible


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
