"""What a caller states about a model: texts and JSON values, as they come back."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from math import isfinite
from typing import Any, Final

from vitrify.errors import UnsupportedError
from vitrify.graph.paths import cut, with_article
from vitrify.record.summary import Json

_DIGEST: Final = re.compile("[0-9a-f]{64}")
_MAX_DEPTH: Final = 100


def stated_text(value: Any, what: str) -> str:
    """A text that can be written.

    Raises:
        UnsupportedError: It is none.
    """
    if type(value) is not str:
        raise UnsupportedError(f"{what} is {with_article(type(value).__name__)}, not a text", hint="Give a str")
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise UnsupportedError(f"{what} holds half of a character (a lone surrogate)") from error
    return value


def stated_texts(values: Iterable[Any], what: str) -> tuple[str, ...]:
    """Texts that can be written; one text is no list of them.

    Raises:
        UnsupportedError: They are none.
    """
    if not isinstance(values, Iterable):
        raise UnsupportedError(
            f"{what} is {with_article(type(values).__name__)}, not a list of texts", hint="Give a list of str"
        )
    given = [values] if isinstance(values, str) else list(values)
    return tuple(stated_text(value, f"{what}[{i}]") for i, value in enumerate(given))


def stated_digests(values: Iterable[Any], what: str) -> tuple[str, ...]:
    """Digests of models, as `inspect` shows them.

    Raises:
        UnsupportedError: One is none.
    """
    given = stated_texts(values, what)
    for i, value in enumerate(given):
        if _DIGEST.fullmatch(value) is None:
            raise UnsupportedError(
                f"{what}[{i}] is {cut(value)!r}, not 64 hexadecimal digits",
                hint="Give vitrify.inspect(file).model_digest",
            )
    return given


def stated_json(values: Mapping[str, Json] | None, what: str, depth: int = 0) -> dict[str, Json]:
    """A dict of JSON values, which come back as what they are.

    Raises:
        UnsupportedError: One of them would not, or lies deeper than 100 levels; the error says where.
    """
    if values is None:
        return {}
    if not isinstance(values, Mapping):
        raise UnsupportedError(f"{what} is {with_article(type(values).__name__)}, not a dict")
    return {
        stated_text(name, f"a key of {what}"): _json(value, f"{what}[{name!r}]", depth + 1)
        for name, value in values.items()
    }


def _json(value: Any, where: str, depth: int) -> Json:
    if value is None or type(value) in (bool, int):
        return value  # type: ignore[no-any-return]  # narrowed by its type
    if type(value) is float and isfinite(value):
        return value
    if type(value) is str:
        return stated_text(value, where)
    if depth > _MAX_DEPTH:
        what = where.partition("[")[0]
        raise UnsupportedError(f"{what} holds values deeper than {_MAX_DEPTH} levels", hint="Give it as a text")
    if type(value) is list:
        return [_json(item, f"{where}[{i}]", depth + 1) for i, item in enumerate(value)]
    if type(value) is dict:
        return stated_json(value, where, depth)
    shown = repr(value) if type(value) is float else f"{with_article(type(value).__name__)}"
    raise UnsupportedError(f"{where} is {shown}, which JSON does not have", hint="Give a text or a plain number")
