"""Writing to the terminal: text from files made harmless, sizes made readable, colour only where it is wanted.

Everything that may come from a file passes through `visible`, and nothing is ever read as rich markup.
"""

from __future__ import annotations

import sys
from typing import Any, TextIO, cast

from rich.console import Console
from rich.text import Text

from vitrify.errors import spelled_out

MAX_WIDTH = 110
_MAX_CHARS = 400


def console() -> Console:
    """The standard output: plain when it is no terminal, never wider than 110 columns."""
    # Characters that the terminal's encoding lacks must not end the program.
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="backslashreplace")
    out = sys.stdout if sys.stdout.isatty() else cast("TextIO", _Unpadded(sys.stdout))
    found = Console(file=out, markup=False, highlight=False, emoji=False)
    found.width = max(40, min(found.width, MAX_WIDTH))
    return found


class _Unpadded:
    """A stream without the spaces with which tables fill their lines up to the width."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        """Write text, which holds whole lines."""
        return self._stream.write("\n".join(line.rstrip(" ") for line in text.split("\n")))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def visible(text: str, max_chars: int | None = _MAX_CHARS) -> str:
    """The text with control, bidirectional and other invisible characters spelled out, cut when it is long."""
    shown = spelled_out(text if max_chars is None else text[: max_chars + 1])
    return shown if max_chars is None or len(shown) <= max_chars else shown[: max_chars - 1] + "…"


def styled(text: str, style: str = "") -> Text:
    """Text from anywhere, ready to be printed; what is appended to it keeps its own style."""
    return Text().append(visible(text), style)


def readable_bytes(n_bytes: int) -> str:
    """A size to three digits: `0 B`, `999 B`, `1.23 kB`, `45.6 MB`; 1 kB is 1000 bytes."""
    if n_bytes < 1000:
        return f"{n_bytes} B"
    size, units = n_bytes / 1000, ["kB", "MB", "GB", "TB", "PB"]
    while size >= 999.5 and len(units) > 1:
        size, units = size / 1000, units[1:]
    unit = units[0]
    return f"{size:.{2 if size < 9.995 else 1 if size < 99.95 else 0}f} {unit}"
