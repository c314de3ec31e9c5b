"""re.Pattern: compiled again from its text and flags, which is all that a pattern is.

Compiling is bounded: at most 10 000 characters, and few character ranges where case is ignored, since Python walks
through every character of those. How long a *search* takes cannot be bounded: a pattern from a stranger may be slow
on purpose, like any regular expression that a vectorizer holds as text.
"""

from __future__ import annotations

import re
import warnings
from typing import Any, Final

from vitrify.converters.checking.values import charge, exact
from vitrify.errors import UnsupportedError
from vitrify.graph.converter import Converter
from vitrify.graph.paths import with_article
from vitrify.graph.rows import Rows

_MAX_CHARS: Final = 10_000
_MAX_RANGES: Final = 200
_FLAGS: Final = re.ASCII | re.IGNORECASE | re.LOCALE | re.MULTILINE | re.DOTALL | re.UNICODE | re.VERBOSE
_COMPILED_BYTES: Final = 20_000


def _encode(target: re.Pattern[Any]) -> tuple[object, ...]:
    reason = _problem(target.pattern, target.flags)
    if reason is not None:
        raise UnsupportedError(f"a compiled pattern: {reason}", hint="Keep its text and compile it where it is used")
    return target.pattern, target.flags


def _check(rows: Rows) -> None:
    charge(rows, _COMPILED_BYTES)


def _decode(pattern: str | bytes, flags: int) -> re.Pattern[Any]:
    exact(pattern, str, bytes)
    exact(flags, int)
    reason = _problem(pattern, flags)
    if reason is not None:
        raise ValueError(reason)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            made: re.Pattern[Any] = re.compile(pattern, flags)
    except (re.error, RecursionError) as error:
        raise ValueError(f"the pattern cannot be compiled ({error})") from error
    if made.flags != flags or made.pattern != pattern:
        raise ValueError("the flags are not those of the pattern")
    return made


def _problem(pattern: Any, flags: int) -> str | None:
    if type(pattern) not in (str, bytes):
        return f"its text is {with_article(type(pattern).__name__)}"
    if len(pattern) > _MAX_CHARS:
        return f"it has {len(pattern)} characters, at most {_MAX_CHARS} are possible"
    if flags & ~int(_FLAGS) or flags < 0:
        return f"flags {flags} are not possible"
    text = pattern if isinstance(pattern, str) else pattern.decode("latin-1")
    may_ignore_case = flags & re.IGNORECASE or re.search(r"\(\?[a-zA-Z-]*i", text)
    if may_ignore_case and text.count("-") > _MAX_RANGES:
        return f"it ignores case and has more than {_MAX_RANGES} ranges"
    return None


CONVERTERS: Final[tuple[Converter[Any], ...]] = (
    Converter(
        type_id="re.Pattern",
        types=("re.Pattern",),
        fields=("pattern", "flags"),
        encode=_encode,
        decode=_decode,
        check=_check,
    ),
)
