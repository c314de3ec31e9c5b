"""What is told while long work runs, and when another library fails."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

Progress = Callable[[int, int, float], object]
"""Called after each fold with the number done, the number of all, and the seconds it took."""
MAX_CHARS: Final = 300


def told(error: Exception) -> str:
    """An error of another library in one line of at most `MAX_CHARS` characters that can be printed."""
    text = f"{type(error).__qualname__}: {' '.join(str(error).split())}".removesuffix(": ")
    text = text if text.isprintable() else text.encode("unicode_escape").decode()
    return text if len(text) <= MAX_CHARS else text[: MAX_CHARS - 1] + "…"
