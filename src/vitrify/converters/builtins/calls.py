"""What a file may have a function called with: `functools.partial`, a `default_factory`, `kw_args=` and the like.

A function of the caller's own may get any arguments: its author answers for it. A reviewed function gets only those
that its review lists (`KEYWORDS` and `LEADING` of each library's index), with plain values: `out=` would write into
an array of the file's choosing, `where=` would leave memory as it was found, `key=` would call something else.
"""

from __future__ import annotations

import functools
import re
import sys
import types
from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, Final

import numpy as np

from vitrify.converters import builtins, default_registry, numpy, pandas, scipy, sklearn
from vitrify.graph.paths import with_article
from vitrify.graph.registry import REVIEWED_LIBRARIES

_FUNCTIONS: Final = (
    type, types.FunctionType, types.BuiltinFunctionType, types.MethodDescriptorType, np.ufunc, type(np.mean),
)  # fmt: skip
_PLAIN: Final = frozenset({type(None), bool, int, float, complex, str, bytes})
_DTYPE: Final = re.compile(r"[<>=|]?[A-Za-z]{1,12}[0-9_]{0,5}")
_BOUNDS: Final = {"decimals": 400, "ndigits": 400, "n_jobs": 1024}
_MAX_CHARS: Final = 1000
_MAX_DEPTH: Final = 3


def refusal(function: Any, args: Sequence[Any], keywords: Mapping[str, Any]) -> str | None:
    """Why a file may not have `function` called with these arguments before the caller's own; None if it may."""
    name = default_registry().name_of(function) if _is_named(function) else None
    if name is None:
        if callable(function) and not _is_reviewed(function):
            return None
        return f"{with_article(type(function).__name__)} is not a reviewed function"
    allowed, leading = _reviews()[0].get(name, frozenset()), _reviews()[1].get(name, 0)
    if len(args) > leading:
        return f"{name} may be given {leading} arguments beforehand, found {len(args)}"
    if function is defaultdict:
        return None if all(map(is_factory, args)) and not keywords else "collections.defaultdict takes a factory"
    for keyword, value in keywords.items():
        if keyword not in allowed:
            return f"{name} may not be given {keyword[:40]}= beforehand"
        if keyword == "dtype" and type(value) is str and not _DTYPE.fullmatch(value):
            return f"{name} may not be given this dtype="
        if keyword in _BOUNDS and value is not None and not (type(value) is int and abs(value) <= _BOUNDS[keyword]):
            return f"{name} may not be given this {keyword}="
        if keyword == "metric" and type(value) is not str:
            return f"{name} may not be given a metric= that is no text"
    if not all(_is_plain(value, _MAX_DEPTH) for value in (*args, *keywords.values())):
        return f"{name} may be given plain values only"
    return None


def is_factory(value: Any) -> bool:
    """Whether a value may be a `default_factory`: None, a class, a function, a partial, an object of the caller's."""
    if value is None or type(value) is functools.partial or _is_named(value):
        return True
    return callable(value) and not _is_reviewed(value)


def _is_named(value: Any) -> bool:
    return isinstance(value, _FUNCTIONS) or type(value).__name__ == "cython_function_or_method"


def _is_reviewed(value: Any) -> bool:
    """Whether a class, a function or an object's class comes from a library of which only the listed is rebuilt."""
    owner = value if _is_named(value) else type(value)
    top = str(getattr(owner, "__module__", None) or "builtins").partition(".")[0]
    return top in REVIEWED_LIBRARIES or (top in sys.stdlib_module_names and top != "__main__") or top == "builtins"


def _is_plain(value: Any, depth: int) -> bool:
    kind = type(value)
    if kind is str or kind is bytes:
        return len(value) <= _MAX_CHARS
    if kind is np.ndarray:
        return not value.dtype.hasobject
    if kind is list or kind is tuple:
        return depth > 0 and all(_is_plain(item, depth - 1) for item in value)
    return kind in _PLAIN or isinstance(value, (np.generic, np.dtype, type))


@lru_cache(maxsize=1)
def _reviews() -> tuple[dict[str, frozenset[str]], dict[str, int]]:
    """For each reviewed function: the keywords, and the number of leading arguments, that a file may give it."""
    keywords: dict[str, frozenset[str]] = {}
    leading: dict[str, int] = {}
    for library in (builtins, numpy, scipy, pandas, sklearn):
        keywords |= getattr(library, "KEYWORDS", {})
        leading |= getattr(library, "LEADING", {})
    return keywords, leading
