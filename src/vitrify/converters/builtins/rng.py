"""random.Random: the state of Python's own Mersenne Twister, checked word by word before it is set."""

from __future__ import annotations

import random
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from vitrify.converters.checking.values import charge, exact
from vitrify.errors import UnsupportedError
from vitrify.graph.converter import Converter
from vitrify.graph.rows import Rows

_VERSION: Final = 3
_WORDS: Final = 624
_OBJECT_BYTES: Final = 6000


def _encode(target: random.Random) -> tuple[object, ...]:
    version, words, gauss = target.getstate()
    if version != _VERSION or vars(target).keys() - {"gauss_next"}:
        raise UnsupportedError("a random.Random that is not one of this Python's", hint="Keep its seed instead")
    return np.array(words[:-1], np.uint32), words[-1], gauss


def _check(rows: Rows) -> None:
    charge(rows, _OBJECT_BYTES)


def _decode(key: npt.NDArray[np.uint32], pos: int, gauss: float | None) -> random.Random:
    exact(key, np.ndarray)
    exact(pos, int)
    exact(gauss, float, type(None))
    if key.dtype != np.uint32 or key.shape != (_WORDS,) or not 0 <= pos <= _WORDS:
        raise ValueError(f"its state is not {_WORDS} words and a position")
    if not key[1:].any() and not int(key[0]) >> 31:
        raise ValueError("its state is the one that never changes")
    target = random.Random(0)  # noqa: S311  # it is what was saved
    target.setstate((_VERSION, (*key.tolist(), pos), gauss))
    return target


CONVERTERS: Final[tuple[Converter[Any], ...]] = (
    Converter(
        type_id="random.Random",
        types=("random.Random",),
        fields=("key", "pos", "gauss"),
        encode=_encode,
        decode=_decode,
        check=_check,
    ),
)
