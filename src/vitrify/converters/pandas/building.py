"""The one way in which a pandas array, index or dtype becomes a converter."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from vitrify.converters.pandas import types_of
from vitrify.graph.converter import Converter
from vitrify.graph.rows import Rows


def pandas_converter(
    name: str,
    fields: tuple[str, ...],
    encode: Callable[..., Any],
    decode: Callable[..., Any],
    check: Callable[[Rows], None],
    *,
    owns_arrays: bool = False,
) -> Converter[Any]:
    """A converter for `pandas.<name>`, under every private path that the class has had."""
    type_id = f"pandas.{name}"
    return Converter(
        type_id=type_id,
        types=types_of(type_id),
        fields=fields,
        encode=encode,
        decode=decode,
        check=check,
        owns_arrays=owns_arrays,
    )
