"""What scipy's optimizers return: a dict whose keys are attributes, too."""

from __future__ import annotations

from typing import Any, Final

import scipy.optimize

from vitrify.converters.scipy import types_of
from vitrify.converters.scipy.rowwise import charged
from vitrify.graph.converter import Converter

_RESULT_BYTES: Final = 1_000


def _encode(result: Any) -> tuple[dict[Any, Any]]:
    return (dict(result),)


def _decode(items: Any) -> Any:
    if type(items) is not dict or not all(isinstance(key, str) for key in items):
        raise ValueError("needs a dict of names")
    return scipy.optimize.OptimizeResult(items)


CONVERTERS: tuple[Converter[Any], ...] = (
    Converter(
        type_id="scipy.optimize.OptimizeResult",
        types=types_of("scipy.optimize.OptimizeResult"),
        fields=("items",),
        encode=_encode,
        decode=_decode,
        check=charged(_RESULT_BYTES),
    ),
)
