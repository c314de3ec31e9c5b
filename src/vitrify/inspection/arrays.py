"""The arrays of a file: what they are, where they lie, and one of them read alone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from math import prod
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from vitrify.container.layout import CELLS
from vitrify.errors import FormatError, UnsupportedError
from vitrify.graph.array_reads import ArrayReads
from vitrify.graph.arrays import from_buffer, span_bytes, spread
from vitrify.graph.dtypes import decode_dtype
from vitrify.graph.extents import Extents
from vitrify.graph.paths import cut
from vitrify.graph.schema import CELL_LIMIT_BYTES
from vitrify.graph.schema import Arrays as ArraysSpec
from vitrify.inspection.origins import Origins
from vitrify.inspection.runs import runs
from vitrify.inspection.summary import ArrayInfo
from vitrify.inspection.tables import Ints, Named, Ref, Tables

Array = npt.NDArray[Any]
MAX_LISTED: Final = 20_000
_POINTER_BYTES: Final = 8
_TEXT_DTYPE: Final = "StringDType"
_TEXT_BYTES: Final = 16
"""The size of an item of numpy's StringDType."""
_MAX_DIMS: Final = 65


@dataclass(frozen=True, slots=True)
class Placement:
    """Where the arrays of one table lie.

    Attributes:
        dtype: Their dtype.
        sizes: Their sizes in bytes, shape (n,) int64.
        is_big: Whether each has a block of its own, shape (n,) bool.
        places: For those, their place in `blocks`; for the others, where in the joined bytes they begin.
        blocks: The blocks of big arrays, in order.
        joined: The block in which the others lie one after another, or None for the cells.
    """

    dtype: np.dtype[Any]
    sizes: npt.NDArray[np.int64]
    is_big: npt.NDArray[np.bool_]
    places: npt.NDArray[np.int64]
    blocks: tuple[int, ...]
    joined: int | None


class Arrays:
    """All arrays of one file, none of them read before it is asked for."""

    def __init__(self, tables: Tables, origins: Origins) -> None:
        self._tables = tables
        self._origins = origins
        self._placements: dict[int, Placement] = {}
        self._stored: dict[int, npt.NDArray[np.int64]] = {}
        self._item_totals: dict[int, int] = {}
        cells = next(b for b in tables.file.header.blocks if b.name == CELLS and b.stored.piece is None)
        self._cells_codec = cells.stored.codec
        self._cells_ratio = cells.stored_bytes / cells.n_bytes if cells.n_bytes else 1.0

    def spec(self, table: int) -> ArraysSpec:
        """What the graph says of a table of arrays."""
        found = self._tables.tables[table].table.arrays
        assert found is not None
        return found

    def placement(self, table: int) -> Placement:
        """Where the arrays of a table lie."""
        found = self._placements.get(table)
        if found is None:
            spec, shapes = self.spec(table), self._tables.tables[table].shapes
            dtype = np.dtype(object) if self._tables.is_container(table) else decode_dtype(spec.dtype)
            item_bytes = _POINTER_BYTES if dtype.hasobject else dtype.itemsize
            sizes = np.fromiter((prod(shape) * item_bytes for shape in shapes), np.int64, len(shapes))
            is_big = (sizes >= CELL_LIMIT_BYTES) & self._tables.is_stored_array(table)
            begins = np.cumsum(np.where(is_big, 0, sizes)) - sizes
            places = np.where(is_big, np.cumsum(is_big) - 1, begins)
            found = self._placements[table] = Placement(dtype, sizes, is_big, places, spec.blocks, spec.joined)
        return found

    def shape(self, ref: Ref) -> tuple[int, ...]:
        """The shape of an array."""
        return tuple(self._tables.tables[ref.table].shapes[ref.row])

    def describe(self, ref: Ref) -> str:
        """Dtype and shape in short."""
        return f"{cut(dtype_text(self.placement(ref.table).dtype))} {self.shape(ref)}"

    def is_at_hand(self, ref: Ref) -> bool:
        """Whether the array can be read without reading a block of its own."""
        buffer = self._buffer(ref)
        return not self._is_alone(ref if buffer is None else buffer)

    def read(self, ref: Ref) -> Array:
        """The array itself; of the blocks with arrays, only its own is read.

        Raises:
            IntegrityError: Its block does not match its digests.
            FormatError: It is a view that lies outside its buffer.
            UnsupportedError: It holds objects.
        """
        if self._tables.is_text_array(ref.table):
            return self._read_texts(ref)
        match self._tables.layout(ref.table):
            case "arrays":
                return self._read_plain(ref)
            case "spaced":
                return self._read_spaced(ref)
            case "views":
                return self._read_view(ref)
        return self._read_objects(ref)

    def _read_plain(self, ref: Ref) -> Array:
        spec, parsed = self.spec(ref.table), self._tables.tables[ref.table]
        assert parsed.joined is not None
        place = int(self.placement(ref.table).places[ref.row])
        is_big = self._is_alone(ref)
        reads = ArrayReads(
            shapes=parsed.shapes[ref.row : ref.row + 1],
            extents=Extents.of(self.placement(ref.table).sizes[ref.row : ref.row + 1]),
            dtype=self.placement(ref.table).dtype,
            order=spec.order,
            blocks=spec.blocks[place : place + 1] if is_big else (),
            joined=parsed.joined[0 if is_big else place :],
            read_blocks=lambda numbers, _dtype, _scratch: [self._tables.file.piece(number) for number in numbers],
        )
        return reads(0)

    def _read_spaced(self, ref: Ref) -> Array:
        """An array whose elements have gaps between them in memory, but not in the file."""
        strides = tuple(_ints(slot.value for slot in self._tables.attributes(ref)))
        n_bytes = span_bytes(self.shape(ref), strides, self.placement(ref.table).dtype.itemsize)
        self._tables.file.spend(n_bytes, "an array with gaps")
        try:
            return spread(self._read_plain(ref), strides)
        except ValueError as error:
            raise FormatError(str(error)) from error

    def _read_view(self, ref: Ref) -> Array:
        buffer, *places = (slot.value for slot in self._tables.attributes(ref))
        shape = self.shape(ref)
        if not isinstance(buffer, Ref) or self._tables.layout(buffer.table) != "arrays":
            raise FormatError("a view lies in something that is not an array")
        offset, *strides = _ints(places)
        try:
            return from_buffer(self._read_plain(buffer), offset, shape, tuple(strides), self.placement(ref.table).dtype)
        except ValueError as error:
            raise FormatError(str(error)) from error

    def _read_objects(self, ref: Ref) -> Array:
        """An array of plain values; anything else would have to be built."""
        items = [slot.value for slot in self._tables.items(ref)]
        if any(isinstance(item, (Ref, Named)) for item in items):
            raise UnsupportedError("this array holds objects, which only load can build", path=self._origins.path(ref))
        flat = np.empty(len(items), object)
        flat[:] = items
        shape = self.shape(ref)
        return flat.reshape(shape) if self.spec(ref.table).order == "C" else flat.reshape(shape[::-1]).T

    def describe_texts(self, ref: Ref) -> str:
        """Dtype and shape in short, of an array of texts."""
        return f"{_TEXT_DTYPE} {self._text_parts(ref)[0]}"

    def _text_parts(self, ref: Ref) -> tuple[tuple[int, ...], str, Ref]:
        """The shape, the order and the list of texts of an array of texts.

        Raises:
            FormatError: It has none, or another number of them than its shape says.
        """
        slots = {slot.key: slot.value for slot in self._tables.attributes(ref)}
        shape, order, items = slots.get("shape"), slots.get("order"), slots.get("items")
        if (
            isinstance(shape, Ref)
            and isinstance(items, Ref)
            and all(map(self._tables.is_container, (shape.table, items.table)))
        ):
            dims = tuple(_ints(slot.value for slot in self._tables.items(shape, _MAX_DIMS)))
            n_items = self._tables.n_items(items)
            if (
                order in ("C", "F")
                and all(n >= 0 for n in dims)
                and prod(dims) == n_items == len(self._tables.items(items))
            ):
                return dims, str(order), items
        raise FormatError("the texts of an array do not make its shape", path=self._origins.path(ref))

    def _read_texts(self, ref: Ref) -> Array:
        """The texts of an array of numpy's StringDType as objects, None where one is missing."""
        shape, order, items = self._text_parts(ref)
        flat = np.empty(self._tables.n_items(items), object)
        for place, slot in enumerate(self._tables.items(items)):
            if slot.value is not None and not isinstance(slot.value, str):
                raise FormatError("an array of texts holds something else", path=self._origins.path(ref))
            flat[place] = slot.value
        return flat.reshape(shape) if order == "C" else flat.reshape(shape[::-1]).T

    def _text_infos(self) -> list[ArrayInfo]:
        """What is known of each array of texts, nearest to the root first."""
        found: list[ArrayInfo] = []
        root = self._tables.root
        steps = [(root.table, [root.row])] if isinstance(root, Ref) else []
        steps += [(step.child, step.rows.tolist()) for step in self._origins.steps]
        for table, rows in steps:
            if not self._tables.is_text_array(table):
                continue
            for row in rows[: MAX_LISTED - len(found)]:
                shape, _, items = self._text_parts(Ref(table, row))
                info = ArrayInfo(
                    path=self._origins.path(Ref(table, row)),
                    dtype=_TEXT_DTYPE,
                    shape=shape,
                    n_bytes=_TEXT_BYTES * prod(shape),
                    stored_bytes=self._item_bytes(items),
                    codec=self._cells_codec,
                    block=None,
                    shares=None,
                )
                found.append(info)
        return found

    def infos(self) -> tuple[tuple[ArrayInfo, ...], int]:
        """What is known of each array, those that take most bytes in the file first; and how many there are."""
        n_arrays = 0
        found: list[tuple[int, Ref]] = []
        for table, rows in self._listed():
            n_arrays += len(rows)
            if self._tables.is_stored_array(table):
                stored = self._stored_column(table)[rows]
                largest = np.argsort(-stored, kind="stable")[:MAX_LISTED]
                rows, sizes = rows[largest], stored[largest].tolist()
            else:
                rows = rows[:MAX_LISTED]
                sizes = [self._stored_bytes(Ref(table, row)) for row in rows.tolist()]
            found += [(size, Ref(table, row)) for size, row in zip(sizes, rows.tolist(), strict=True)]
            if len(found) > 2 * MAX_LISTED:
                found = sorted(found, key=_by_size)[:MAX_LISTED]
        found.sort(key=_by_size)
        infos = [self._info(ref, size) for size, ref in found[:MAX_LISTED]]
        texts = self._text_infos()
        if texts:
            infos = sorted(infos + texts, key=lambda info: -info.stored_bytes)[:MAX_LISTED]
        return tuple(infos), n_arrays + len(texts)

    def _listed(self) -> Iterator[tuple[int, Ints]]:
        """The arrays of the model, table by table, nearest to the root first."""
        root = self._tables.root
        if isinstance(root, Ref) and self._tables.holds_arrays(root.table):
            yield root.table, np.array([root.row])
        for step in self._origins.steps:
            if self._tables.holds_arrays(step.child) and not self._is_made_buffer(step.edge):
                yield step.child, step.rows

    def _is_made_buffer(self, edge: int) -> bool:
        """Whether arrays reached by this column are no arrays of the model, but what views have in common."""
        table, field = self._origins.edges[edge]
        return field == "buffer" and self._tables.layout(table) == "views"

    def _info(self, ref: Ref, stored_bytes: int) -> ArrayInfo:
        placed = self.placement(ref.table)
        block = self._block(ref)
        return ArrayInfo(
            path=self._origins.path(ref),
            dtype=dtype_text(placed.dtype),
            shape=self.shape(ref),
            n_bytes=int(placed.sizes[ref.row]),
            stored_bytes=stored_bytes,
            codec=self._cells_codec if block is None else self._tables.file.block(block).stored.codec,
            block=self._tables.file.block(block).name if block is not None and self._is_alone(ref) else None,
            shares=self._shares(ref),
        )

    def _buffer(self, ref: Ref) -> Ref | None:
        """The array in which a view lies."""
        if self._tables.layout(ref.table) != "views":
            return None
        value = self._tables.value(self._tables.tables[ref.table].columns["buffer"], ref.row)
        return value if isinstance(value, Ref) else None

    def _shares(self, ref: Ref) -> str | None:
        buffer = self._buffer(ref)
        if buffer is None:
            return None
        owner = self._origins.owner(buffer)
        if owner is None or not (owner[1] == "buffer" and self._tables.layout(owner[0]) == "views"):
            return self._origins.path(buffer)
        first = Ref(owner[0], owner[2])
        return None if first == ref else self._origins.path(first)

    def _is_alone(self, ref: Ref) -> bool:
        return self._tables.is_stored_array(ref.table) and bool(self.placement(ref.table).is_big[ref.row])

    def _block(self, ref: Ref) -> int | None:
        """The block in which an array's own bytes lie; None for cells."""
        buffer = self._buffer(ref)
        if buffer is not None:
            return self._block(buffer) if self._tables.is_stored_array(buffer.table) else None
        placed = self.placement(ref.table)
        if self._is_alone(ref):
            return placed.blocks[int(placed.places[ref.row])]
        return placed.joined

    def _stored_bytes(self, ref: Ref) -> int:
        buffer = self._buffer(ref)
        if buffer is not None:
            is_first = self._shares(ref) is None and self._tables.is_stored_array(buffer.table)
            return self._stored_bytes(buffer) if is_first else 0
        if self._tables.is_container(ref.table):
            return self._item_bytes(ref)
        return int(self._stored_column(ref.table)[ref.row])

    def _stored_column(self, table: int) -> npt.NDArray[np.int64]:
        """The bytes in the file of each array of a table; those of joined arrays in proportion."""
        found = self._stored.get(table)
        if found is None:
            placed, file = self.placement(table), self._tables.file
            ratio = self._cells_ratio
            if placed.joined is not None:
                ratio = file.share(placed.joined) / max(1, file.block(placed.joined).n_bytes)
            found = self._stored[table] = np.rint(placed.sizes * ratio).astype(np.int64)
            found[placed.is_big] = [file.share(number) for number in placed.blocks]
        return found

    def _item_bytes(self, ref: Ref) -> int:
        """The share that an array of objects has in the column of its table's items."""
        parsed = self._tables.tables[ref.table]
        column = parsed.columns["items"]
        total = self._item_totals.get(ref.table)
        if total is None:  # once for the table: a mixed column is looked at as a whole
            total = sum(run.n_bytes for run in runs(parsed.table.columns["items"], column))
            self._item_totals[ref.table] = total
        return round(total * self._tables.n_items(ref) / max(1, column.n))


def _ints(values: Iterable[object]) -> list[int]:
    """The values, which must be ints.

    Raises:
        FormatError: One is something else.
    """
    found: list[int] = []
    for value in values:
        if type(value) is not int:
            raise FormatError("the place of an array is not given in ints")
        found.append(value)
    return found


def _by_size(entry: tuple[int, Ref]) -> int:
    return -entry[0]


def dtype_text(dtype: np.dtype[Any]) -> str:
    """The dtype in short: `float64`, or `{left_child: int64, …}` with all fields."""
    if dtype.fields is None:
        return str(dtype)
    return "{" + ", ".join(f"{name}: {dtype_text(dtype.fields[name][0])}" for name in dtype.names or ()) + "}"
