"""Pieces that hold the same bytes in the same form: they are stored once (SPEC.md 4.10).

Nearly all pieces differ in form, or in the few bytes that are looked at first; only what is left is hashed whole.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import TYPE_CHECKING, Final

from vitrify.container.codecs import Buffer
from vitrify.container.digest import hex_digest

if TYPE_CHECKING:
    from vitrify.container.writer import Piece

_LOOK_BYTES: Final = 64


def alike(pieces: Sequence[Piece], numbers: Iterable[int]) -> list[tuple[int, ...]]:
    """Which of the pieces are alike, by number, in order; most are alone, and all that have no bytes."""
    found: list[tuple[int, ...]] = []
    for same_form in _by(numbers, lambda number: (pieces[number].dtype, pieces[number].shape)):
        if not pieces[same_form[0]].n_bytes:
            found += [(number,) for number in same_form]
            continue
        for same_look in _by(same_form, lambda number: _look(pieces[number].data())):
            same = _by(same_look, lambda number: hex_digest(memoryview(pieces[number].data())))
            found += [tuple(group) for group in same]
    return sorted(found)


def _by(numbers: Iterable[int], key: Callable[[int], Hashable]) -> list[list[int]]:
    """The numbers by their key, which is not asked for where there is one number only."""
    some = list(numbers)
    if len(some) < 2:
        return [some] if some else []
    found: dict[Hashable, list[int]] = {}
    for number in some:
        found.setdefault(key(number), []).append(number)
    return list(found.values())


def _look(data: Buffer) -> bytes:
    """Some bytes of the beginning, the middle and the end."""
    view = memoryview(data)
    middle = len(view) // 2
    return b"".join((view[:_LOOK_BYTES], view[middle : middle + _LOOK_BYTES], view[-_LOOK_BYTES:]))
