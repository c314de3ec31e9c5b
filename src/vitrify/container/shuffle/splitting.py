"""Dtypes to the fields of an item: where each begins, and how wide it is."""

from __future__ import annotations

from collections.abc import Iterator
from math import prod
from typing import Any, Final

import numpy as np

from vitrify.container.shuffle.layout import MAX_FIELD_BYTES, MAX_FIELDS

Span = tuple[int, int]
_MAX_ROW_FIELDS: Final = 64


def splits(dtype: np.dtype[Any]) -> tuple[list[Span], list[Span]]:
    """Offset and width of all fields of an item, and of a row of items; neither has any where they are too many.

    Rows are those of a dtype with a shape; others have none.
    """
    row = _split(dtype) if dtype.shape else []
    return _split(dtype.base), row if len(row) <= _MAX_ROW_FIELDS else []


def _split(dtype: np.dtype[Any]) -> list[Span]:
    """Fields without holes, what lies between them being fields, too."""
    spans: list[Span] = []
    end = 0
    for offset, width in sorted(_leaves(dtype, 0)):
        if offset < end:  # fields of a union
            spans, end = [], 0
            break
        if offset > end:
            spans.append((end, offset - end))
        spans.append((offset, width))
        end = offset + width
    if end < dtype.itemsize:
        spans.append((end, dtype.itemsize - end))
    is_possible = len(spans) <= MAX_FIELDS and all(width <= MAX_FIELD_BYTES for _, width in spans)
    return spans if is_possible else []


def _leaves(dtype: np.dtype[Any], offset: int) -> Iterator[Span]:
    """The numbers in a dtype."""
    if dtype.shape:
        for i in range(min(prod(dtype.shape), MAX_FIELDS + 1)):
            yield from _leaves(dtype.base, offset + i * dtype.base.itemsize)
    elif dtype.fields:
        for inner, at, *_ in dtype.fields.values():
            yield from _leaves(inner, offset + at)
    elif dtype.kind == "c":
        half = dtype.itemsize // 2
        yield from ((offset, half), (offset + half, half))
    elif dtype.itemsize:
        yield offset, dtype.itemsize
