"""How places in a model are written: `steps.1.1.coef_`, `models['north east'].coef_`.

Attributes, positions and keys are separated by dots. Keys that are not plain words stand in brackets, as Python
spells them; keys that are neither short text nor whole numbers go by position: `#3`. `$` is the root, also as a
prefix, and brackets do where dots do: `$.steps[1][1].coef_` is the same place. Nothing here is evaluated.
"""

from __future__ import annotations

import ast
import re
from typing import Final

from vitrify.errors import PathError, spelled_out

ROOT: Final = "$"
_MAX_KEY_CHARS: Final = 80
_WORD: Final = re.compile(r"[^\W\d]\w*(?:-\w+)*")
_INT: Final = re.compile(r"-?[0-9]{1,18}")
_TOKEN: Final = re.compile(
    r"""
    \.?\[(?P<quoted>'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")\]
    | \.?\[(?P<index>-?[0-9]{1,18})\]
    | \.?(?P<bare>[^.\[\]'"]+)
    """,
    re.VERBOSE,
)


def spell_key(key: object, position: int) -> str:
    """One step: an attribute or a key of a dict; `position` stands for what cannot be written."""
    if type(key) is int and -(10**17) < key < 10**17:
        return str(key)
    if type(key) is not str or len(key) > _MAX_KEY_CHARS:
        return f"#{position}"
    return key if _WORD.fullmatch(key) and key == spelled_out(key) else f"[{key!r}]"


def join(parent: str, step: str) -> str:
    """The path of what one step leads to; an empty step stays where it is."""
    if not step or parent == ROOT:
        return step or parent
    return parent + step if step.startswith("[") else f"{parent}.{step}"


def split(path: str) -> list[str | int]:
    """The steps of a path: ints for positions and whole numbers, texts for the rest; `#3` stays as it is.

    Raises:
        PathError: It is not spelled like a path.
    """
    rest = path.strip().removeprefix(ROOT)
    steps: list[str | int] = []
    position = 0
    while position < len(rest):
        match = _TOKEN.match(rest, position)
        if match is None:
            raise PathError(f"{path!r} is not a path", hint="Paths look like steps.1.1.coef_ or ['a key'].coef_")
        position = match.end()
        if match["quoted"] is not None:
            steps.append(_unquote(match["quoted"], path))
        else:
            text = match["index"] or match["bare"]
            steps.append(int(text) if _INT.fullmatch(text) else text)
    return steps


class Quoted(str):
    """A key that was written in quotes: never a number or a position, whatever it looks like."""

    __slots__ = ()


def _unquote(text: str, path: str) -> str:
    try:
        found = ast.literal_eval(text)
    except (SyntaxError, ValueError) as error:
        raise PathError(f"{path!r} is not a path: {text} is not a text") from error
    return Quoted(found)
