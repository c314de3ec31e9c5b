"""What a fitted model itself tells about its input: the categories, words and keys that lie in it anyway.

Attributes are read as they lie in the objects; no property or method of the model runs.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType
from typing import Any, Final

import numpy as np

from vitrify.record.data.tables import is_nothing

_MOST_OBJECTS: Final = 20_000
_MOST_ELEMENTS: Final = 10_000
_SCALARS: Final = (str, bytes, int, float, complex, type(None), np.generic)
_NEVER_ENTERED: Final = (type, FunctionType, BuiltinFunctionType, MethodType, ModuleType)


@dataclass(frozen=True, slots=True)
class Words:
    """The vocabulary of a vectorizer, and what stands between two words: nothing where these are characters."""

    words: Sequence[str]
    between: str
    known: Mapping[Any, Any]


@dataclass(frozen=True, slots=True)
class Keys:
    """What a DictVectorizer knows: key → its texts; none for keys that hold numbers."""

    texts: Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What was found in a model.

    Attributes:
        choices: The categories of encoders, one list for each column of each.
        labels: The classes of classifiers and of encoders of labels.
        words: Vocabularies.
        keys: Of dicts.
        objects: All objects that the model holds, itself first.
    """

    choices: list[list[Any]] = field(default_factory=list)
    labels: list[list[Any]] = field(default_factory=list)
    words: list[Words] = field(default_factory=list)
    keys: list[Keys] = field(default_factory=list)
    objects: list[Any] = field(default_factory=list)

    def choice(self, values: Iterable[Any], share: float, *, or_labels: bool = False) -> list[Any] | None:
        """The list that holds most of the values; None where none holds this share of them."""
        wanted = set(values)
        lists = [*self.choices, *self.labels] if or_labels else self.choices
        held = [(len(wanted.intersection(known)), known) for known in lists if known] if wanted else []
        best = max(held, key=lambda found: found[0], default=None)
        return best[1] if best is not None and best[0] >= share * len(wanted) else None

    def vocabulary(self, texts: Sequence[str]) -> Words | None:
        """The vocabulary in which most words of these texts lie; None where there is none."""
        if len(self.words) < 2:
            return self.words[0] if self.words else None
        tokens = [token for text in texts[:50] for token in text.lower().split()]
        return max(self.words, key=lambda words: sum(token in words.known for token in tokens))


def known_to(model: Any) -> Known:
    """What a model tells about its input."""
    known = Known()
    for value in objects_in(model):
        known.objects.append(value)
        found = _attributes(value)
        known.choices.extend(_lists(found.get("categories_")))
        labels = found.get("classes_")
        known.labels.extend(_lists([labels] if isinstance(labels, np.ndarray) else labels))
        words = found.get("vocabulary_")
        if isinstance(words, dict):
            _add_words(known, words, found)
    return known


def _add_words(known: Known, words: dict[Any, Any], found: dict[str, Any]) -> None:
    texts = [word for word in words if isinstance(word, str)]
    names, separator = found.get("feature_names_"), found.get("separator")
    if isinstance(names, list) and isinstance(separator, str) and separator:
        known.keys.append(_keys(texts, separator))
    elif texts:
        between = "" if found.get("analyzer") in ("char", "char_wb") else " "
        known.words.append(Words(texts, between, words))


def _keys(names: list[str], separator: str) -> Keys:
    texts: dict[str, list[str]] = {}
    for name in names:
        key, found, value = name.partition(separator)
        values = texts.setdefault(key, [])
        if found:
            values.append(value)
    return Keys(texts)


def _lists(values: Any) -> list[list[Any]]:
    """Arrays of categories as lists of what can be looked up, without what stands for nothing."""
    if not isinstance(values, (list, tuple)):
        return []
    arrays = [np.asarray(value).tolist() for value in values if isinstance(value, np.ndarray) and value.ndim == 1]
    return [[value for value in array if isinstance(value, _SCALARS) and not is_nothing(value)] for array in arrays]


def objects_in(model: Any) -> Iterator[Any]:
    """The objects that a model holds, each once, the nearest first."""
    waiting, seen = deque([model]), set[int]()
    while waiting and len(seen) < _MOST_OBJECTS:
        value = waiting.popleft()
        if id(value) in seen:
            continue
        seen.add(id(value))
        held = _elements(value)
        if held is None:
            yield value
            held = _attributes(value).values()
        waiting.extend(part for part in held if _may_hold(part))


def _may_hold(value: Any) -> bool:
    if isinstance(value, np.ndarray):
        return bool(value.dtype == np.dtype(object))
    return not isinstance(value, (*_SCALARS, *_NEVER_ENTERED))


def _elements(value: Any) -> Iterable[Any] | None:
    """What a container holds, nothing for one that is large; None for what is no container."""
    if isinstance(value, np.ndarray):
        return value.ravel().tolist() if value.size <= _MOST_ELEMENTS else ()
    if isinstance(value, (list, tuple, dict)):
        parts = value.values() if isinstance(value, dict) else value
        return parts if len(value) <= _MOST_ELEMENTS else ()
    return None


def _attributes(value: Any) -> dict[str, Any]:
    found = getattr(value, "__dict__", None)
    return found if isinstance(found, dict) else {}
