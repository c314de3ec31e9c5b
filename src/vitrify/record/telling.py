"""What is told while long work runs, when another library fails, and where nothing could be noted down."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable, Mapping
from typing import Final

from vitrify.errors import VitrifyWarning, spelled_out

Progress = Callable[[int, int, float], object]
"""Called after each fold with the number done, the number of all, and the seconds it took."""
MAX_CHARS: Final = 300
_PACKAGE: Final = __name__.partition(".")[0]
_MAX_REASONS: Final = 3


def told(error: Exception) -> str:
    """An error of another library in one line of at most `MAX_CHARS` characters that can be printed."""
    return printable(f"{type(error).__qualname__}: {' '.join(str(error).split())}".removesuffix(": "))


def printable(text: str) -> str:
    """At most `MAX_CHARS` characters that can be printed; texts of a file are such, too."""
    text = spelled_out(text[: MAX_CHARS + 1])
    return text if len(text) <= MAX_CHARS else text[: MAX_CHARS - 1] + "…"


def no_probes(failed: Mapping[str, str]) -> str:
    """Why no output of a model was kept: method → why it gave none, `X` where there are no rows; in one line."""
    reasons: dict[str, list[str]] = {}
    for name, why in failed.items():
        reasons.setdefault(printable(why), []).append(printable(name))
    parts = [f"{', '.join(names)}: {why}" for why, names in reasons.items()]
    more = len(parts) - _MAX_REASONS
    return "; ".join(parts[:_MAX_REASONS]) + (f"; and {more} other reasons" if more > 0 else "")


def warn_caller(message: str) -> None:
    """Warn at the line that called vitrify, however many of its own functions lie between."""
    level, frame = 2, sys._getframe(1)
    while frame.f_back is not None and frame.f_globals.get("__name__", "").partition(".")[0] == _PACKAGE:
        level, frame = level + 1, frame.f_back
    warnings.warn(message, VitrifyWarning, stacklevel=level)
