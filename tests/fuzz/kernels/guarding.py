"""Stands between the compiled loops and who calls them: each stream that they get lies in memory of its own."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import cycle
from typing import Any, Final

import numpy as np

from tests.fuzz.kernels.memory import Place, placed
from vitrify import kernels

OUTPUTS: Final = {
    "put_entries": (2, 3),
    "put_planes": (1,),
    "survey_trees": (4,),
    "unpack_trees": (2,),
    "unpack_vocabulary": (6, 7),
    "unpack_words": (3,),
}
"""Which arguments a function may write to."""


class DisagreementError(Exception):
    """A loop does not do what numpy does, or writes where it must not."""


def functions() -> list[str]:
    """The names of the compiled functions that the package shows."""
    return [name for name in kernels.__all__ if name != "COMPILED"]


class Guard:
    """Calls the compiled functions with copies, and notes what they say.

    Attributes:
        calls: How often each was called.
        answers: What they returned since it was emptied last.
    """

    def __init__(self, *places: Place) -> None:
        self.calls: Counter[str] = Counter()
        self.answers: list[Any] = []
        self._places = cycle(places or Place)

    @contextmanager
    def between(self) -> Iterator[None]:
        """While this holds, `vitrify.kernels` has the guarded functions."""
        real = {name: getattr(kernels, name) for name in functions()}
        for name, function in real.items():
            setattr(kernels, name, self._guarded(name, function))
        try:
            yield
        finally:
            for name, function in real.items():
                setattr(kernels, name, function)

    @contextmanager
    def without(self) -> Iterator[None]:
        """While this holds, there are none: numpy does it all."""
        was, kernels.COMPILED = kernels.COMPILED, False
        try:
            yield
        finally:
            kernels.COMPILED = was

    def _guarded(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*given: Any) -> Any:
            place = next(self._places)
            copies: list[list[tuple[Any, Any]]] = [[] for _ in given]
            passed = [_copied(value, place, pairs) for value, pairs in zip(given, copies, strict=True)]
            self.calls[name] += 1
            try:
                answer = function(*passed)
            finally:
                for i, pairs in enumerate(copies):
                    _returned(name, pairs, is_output=i in OUTPUTS.get(name, ()))
            self.answers.append(answer)
            return answer

        return call


def _copied(value: Any, place: Place, pairs: list[tuple[Any, Any]]) -> Any:
    """The same value with other arrays; what does not lie in one piece stays where it is."""
    if isinstance(value, np.ndarray):
        if not value.flags.c_contiguous or value.dtype.hasobject:
            return value
        pairs.append((value, placed(value, place)))
        return pairs[-1][1]
    if isinstance(value, (list, tuple)):
        return type(value)([_copied(item, place, pairs) for item in value])
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        names = [field.name for field in dataclasses.fields(value)]
        return dataclasses.replace(value, **{name: _copied(getattr(value, name), place, pairs) for name in names})
    return value


def _returned(name: str, pairs: list[tuple[Any, Any]], *, is_output: bool) -> None:
    for array, copy in pairs:
        if is_output and array.flags.writeable:
            array[...] = copy
        elif array.tobytes() != copy.tobytes():
            raise DisagreementError(f"{name} writes to what it reads")
