"""Objects that are checked and made a few at a time, so that their arrays never lie in memory all at once.

The trees of a forest copy what they are given. While one stretch of them is checked and made, the next is read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import closing, nullcontext
from itertools import pairwise
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from vitrify.container.memory import Scratch
from vitrify.container.parallel import one_ahead
from vitrify.graph.array_reads import ArrayReads, Flags
from vitrify.graph.containers import Shape
from vitrify.graph.instances import ConverterShape, RowError
from vitrify.graph.parsed import Parsed
from vitrify.graph.parsed_table import ParsedTable
from vitrify.graph.rows import Rows

_STRETCH_BYTES: Final = 1 << 22
_WORTH_A_THREAD_BYTES: Final = 1 << 18
# For smaller objects the interpreter has more to do than the disk and the hash, and two threads only wait for its lock.
Stretch = tuple[int, int]
Sizes = npt.NDArray[np.int64]


def streams(shape: Shape | None, parsed: ParsedTable) -> bool:
    """Whether the objects of a table are made a few at a time."""
    if not isinstance(shape, ConverterShape) or not shape.converter.streams:
        return False
    return all(column.of != "mixed" for column in parsed.columns.values())


def used_once(tables: Sequence[ParsedTable], shapes: Mapping[int, Shape | None]) -> dict[int, Flags]:
    """For each table of arrays that streamed objects use: which rows are used by one of them and nothing else."""
    streamed = [parsed for number, parsed in enumerate(tables) if streams(shapes.get(number), parsed)]
    once: dict[int, Flags] = {}
    for column, rows in _array_columns(tables, streamed):
        once.setdefault(column, np.zeros(tables[column].table.rows, np.bool_))[rows] = True
    if not once:
        return once
    uses = {child: np.zeros(len(flags), np.int64) for child, flags in once.items()}
    for child, rows in _array_columns(tables, tables):
        if child in uses:
            uses[child] += np.bincount(rows.astype(np.int64), minlength=len(uses[child]))
    return {child: flags & (uses[child] == 1) for child, flags in once.items()}


def stream(
    rows: Rows,
    shape: Shape,
    *,
    tables: Sequence[ParsedTable],
    reads: Mapping[int, ArrayReads],
    later: Mapping[int, Flags],
    names: Sequence[object],
) -> list[Any]:
    """Check and make the objects of a table; arrays that only they use are forgotten on the way.

    Args:
        rows: The table; the lists of `rows.objects` take the arrays while they are used.
        shape: How its objects are checked and made.
        tables: All tables.
        reads: What reads the arrays of each table of arrays.
        later: Which of them are still to be read, by `used_once`.
        names: The classes and functions of the file.
    """
    lazy = [c for c in rows.columns.values() if c.of == "ref" and tables[c.table].table.layout == "arrays"]

    sizes = _sizes(rows.n, lazy, reads)
    stretches = _stretches(sizes)
    scratch = Scratch(_STRETCH_BYTES + int(sizes.max(initial=0)))

    def read(stretch: Stretch) -> Stretch:
        memory = scratch.fresh()
        for number, waiting in _waiting(stretch):
            arrays = rows.objects[number]
            missing = [row for row in waiting if arrays[row] is None]
            for row, array in zip(missing, reads[number].some(missing, memory), strict=True):
                arrays[row] = array
        return stretch

    def _waiting(stretch: Stretch) -> list[tuple[int, list[int]]]:
        begin, end = stretch
        found: list[tuple[int, list[int]]] = []
        for column in lazy:
            assert column.numbers is not None
            mine = column.numbers[begin:end]
            found.append((column.table, mine[later[column.table][mine]].tolist()))
        return found

    made: list[Any] = []
    in_turn = rows.n and int(sizes.sum()) < _WORTH_A_THREAD_BYTES * rows.n
    with nullcontext(map(read, stretches)) if in_turn else closing(one_ahead(read, stretches)) as ready:
        for stretch in ready:
            few = rows.part(*stretch)
            shape.check(few)
            values = {name: c.materialize(rows.objects, names) for name, c in few.columns.items()}
            try:
                made += shape.make(few.n, None, values)
            except RowError as error:
                raise RowError(stretch[0] + error.row) from error.__cause__
            del values, few
            for number, waiting in _waiting(stretch):
                arrays = rows.objects[number]
                for row in waiting:
                    arrays[row] = None
    return made


def _array_columns(tables: Sequence[ParsedTable], users: Sequence[ParsedTable]) -> list[tuple[int, npt.NDArray[Any]]]:
    """For each field that refers to a table of arrays: its number and the rows."""
    return [
        (child, rows)
        for parsed in users
        for _, child, rows, _ in parsed.links
        if tables[child].table.layout == "arrays"
    ]


def _sizes(n: int, lazy: Sequence[Parsed], reads: Mapping[int, ArrayReads]) -> Sizes:
    """The bytes of the arrays of each row, shape (n,)."""
    sizes = np.zeros(n, np.int64)
    for column in lazy:
        assert column.numbers is not None
        sizes += reads[column.table].sizes[column.numbers.astype(np.int64)]
    return sizes


def _stretches(sizes: Sizes) -> list[Stretch]:
    """Runs of rows whose arrays have about `_STRETCH_BYTES`."""
    cuts = np.flatnonzero(np.diff(np.cumsum(sizes) // _STRETCH_BYTES)) + 1
    edges = [0, *cuts.tolist(), len(sizes)]
    return [(begin, end) for begin, end in pairwise(edges) if begin < end]
