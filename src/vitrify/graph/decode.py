"""Tables to objects: check everything, then build.

The content checks see all columns of all tables before anything of the caller's own is imported or built. Objects
that may lie on cycles are allocated first and filled after; what is made whole is made in order.
"""

from __future__ import annotations

import enum
import gc
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from vitrify.container.reader import GlassFile
from vitrify.errors import FormatError, StateError, UnsupportedError, VitrifyError
from vitrify.graph.array_tables import ARRAY_TYPE, ArrayReads, ObjectArrayShape
from vitrify.graph.arrays import from_buffer, span_bytes, spread
from vitrify.graph.columns import Parsed
from vitrify.graph.containers import Columns, DictShape, FrozensetShape, Lengths, ListShape, SetShape, Shape, TupleShape
from vitrify.graph.dtypes import decode_dtype, require_values
from vitrify.graph.instances import AttrsShape, ConverterShape, EnumShape, ReduceShape
from vitrify.graph.nesting import NestedTable, require_shallow
from vitrify.graph.order import components, is_cyclic
from vitrify.graph.parse import Foreign, ParsedGraph, ParsedTable
from vitrify.graph.paths import cut
from vitrify.graph.registry import Registry
from vitrify.graph.schema import Name, Table

Resolve = Callable[[str, str, str], Any]
Shapes = dict[int, Shape | None]
_MAPPABLE: Final = frozenset("fc")
_STREAM_BYTES: Final = 1 << 22


class Decoder(ParsedGraph):
    """One object graph on its way from a file to objects.

    Attributes:
        objects: The objects of each table, as far as they exist.
    """

    def __init__(self, file: GlassFile, registry: Registry, *, mmap: bool = False) -> None:
        super().__init__(file, registry)
        self._mmap = mmap
        self._names: list[Any] = []
        self._reads: dict[int, ArrayReads] = {}

    def build(self, resolve: Resolve) -> Any:
        """Check all tables, then build them; `resolve` gives the class or function for a foreign name.

        Args:
            resolve: Called with the name, `class` or `function`, and the path, when everything else has passed.

        Raises:
            StateError: The values of some object cannot belong to its type.
            UnsupportedError: A type does not exist in the versions installed here.
        """
        was_enabled = gc.isenabled()
        gc.disable()
        try:
            return self._build(resolve)
        finally:
            if was_enabled:
                gc.enable()

    def check(self) -> None:
        """Run every content check without building what is not reviewed.

        Raises:
            StateError: The values of some object cannot belong to its type.
        """
        foreign = {f.name: f for f in self.foreign()}
        self._check(foreign, streams=False)

    def _build(self, resolve: Resolve) -> Any:
        foreign = {f.name: f for f in self.foreign()}
        tainted = self._tainted(foreign)
        order = self._order()
        shapes = self._check(foreign, streams=True)
        self._names = [None if name.name in foreign else self._reviewed(name) for name in self.graph.names]
        for component in order:
            if not tainted.intersection(component):
                self._construct(component, shapes)
        if foreign:
            self._resolve_foreign(foreign, shapes, resolve)
            for component in order:
                if tainted.intersection(component):
                    self._construct(component, shapes)
        return self.root.materialize(self.objects, self._names)[0]

    def _check(self, foreign: dict[str, Foreign], *, streams: bool) -> Shapes:
        """Find the shapes of all reviewed tables, read the arrays and run the checks.

        With `streams`, what is streamed is read and checked only when it is made.
        """
        require_shallow([_nested(parsed) for parsed in self.tables])
        shapes: Shapes = {}
        for number, parsed in enumerate(self.tables):
            if parsed.table.type not in foreign:
                shapes[number] = self._shape(parsed.table)
        streamed = self._streamed(shapes) if streams else {}
        for component in self._order():
            for number in component:
                if number in shapes and shapes[number] is None:
                    self.objects[number] = self._arrays(number, streamed.get(number))
        for number, shape in shapes.items():
            if shape is not None and not (streams and _streams(shape, self.tables[number])):
                shape.check(self.rows(number))
        return shapes

    def _reviewed(self, name: Name) -> Any:
        found = self.registry.resolve_name(name.name)
        if isinstance(found, type) != (name.what == "class"):
            raise FormatError(f"{name.name} is not a {name.what}")
        return found

    def _resolve_foreign(self, foreign: dict[str, Foreign], shapes: Shapes, resolve: Resolve) -> None:
        for index, name in enumerate(self.graph.names):
            if name.name in foreign:
                found = resolve(name.name, name.what, self.path_of(foreign[name.name]))
                if isinstance(found, type) != (name.what == "class") or not callable(found):
                    raise UnsupportedError(f"{cut(name.name)} is not the {name.what} that the file means")
                self._names[index] = found
        for number, parsed in enumerate(self.tables):
            if parsed.table.type in foreign:
                cls = resolve(parsed.table.type, "class", self.path_of(foreign[parsed.table.type]))
                if not isinstance(cls, type):
                    raise UnsupportedError(f"{cut(parsed.table.type)} is not a class here", path=self.path(number, 0))
                shapes[number] = self._foreign_shape(parsed, cls)
        for number, parsed in enumerate(self.tables):
            shape = shapes[number]
            if parsed.table.type in foreign and shape is not None:
                shape.check(self.rows(number))

    def _foreign_shape(self, parsed: ParsedTable, cls: type) -> Shape:
        table = parsed.table
        if table.layout == "attrs":
            return AttrsShape(table.type, cls, is_reviewed=False)
        if table.layout in ("member", "value"):
            if not issubclass(cls, enum.Enum):
                raise UnsupportedError(f"{cut(table.type)} is not an enumeration here")
            return EnumShape(table.type, cls, layout=table.layout)
        return ReduceShape(table.type, cls, how=table.layout, fields=tuple(table.columns))

    def _shape(self, table: Table) -> Shape | None:
        builtin = _BUILTIN.get((table.type, table.layout))
        if builtin is not None:
            return builtin
        if table.type == ARRAY_TYPE:
            return _array_shape(table)
        converter = self.registry.converter_for(table.type)
        if converter is not None and table.layout == "fields":
            return ConverterShape(converter)
        if converter is None and table.layout == "attrs":
            cls = self.registry.attrs_class(table.type)
            if cls is not None:
                return AttrsShape(table.type, cls, is_reviewed=True, rule=self.registry.rule(table.type))
        raise FormatError(f"a table of type {cut(table.type)!r} has the layout {cut(table.layout)!r}")

    def _order(self) -> list[list[int]]:
        children = [parsed.children for parsed in self.tables]
        return components(children)

    def _tainted(self, foreign: dict[str, Foreign]) -> set[int]:
        """Tables that hold, or depend on, anything that is not reviewed."""
        indexes = {i for i, name in enumerate(self.graph.names) if name.name in foreign}
        tainted = {
            number
            for number, parsed in enumerate(self.tables)
            if parsed.table.type in foreign or any(_uses_names(column, indexes) for column in parsed.columns.values())
        }
        for component in self._order() if tainted else ():
            if any(number in tainted or tainted.intersection(self.tables[number].children) for number in component):
                tainted.update(component)
        return tainted

    def _construct(self, component: Sequence[int], shapes: Shapes) -> None:
        live = [number for number in component if shapes[number] is not None]
        children = [self.tables[number].children for number in range(len(self.tables))] if len(component) > 1 else None
        cyclic = len(component) > 1 or component[0] in self.tables[component[0]].children
        try:
            made = self._made_order(live, shapes, cyclic=cyclic) if cyclic or children else live
            for number in live:
                shape = shapes[number]
                assert shape is not None
                if not shape.is_made:
                    self.objects[number] = shape.make(self.tables[number].table.rows, *self._values(number, empty=True))
            for number in made:
                shape = shapes[number]
                assert shape is not None
                if _streams(shape, self.tables[number]):
                    self.objects[number] = self._stream(number, shape)
                elif shape.is_made:
                    self.objects[number] = shape.make(self.tables[number].table.rows, *self._values(number))
            for number in sorted(live, key=lambda n: (_fill_rank(shapes[n]), n)):
                shape = shapes[number]
                assert shape is not None
                shape.fill(self.objects[number], *self._values(number))
        except VitrifyError:
            raise
        except (TypeError, ValueError, KeyError, IndexError, OverflowError, AttributeError) as error:
            table = self.tables[component[0]].table
            raise StateError(
                f"{cut(table.type)} cannot be rebuilt from these values ({type(error).__name__}: {error})",
                path=self.path(component[0], 0) if table.rows else None,
            ) from error

    def _streamed(self, shapes: Shapes) -> dict[int, npt.NDArray[np.bool_]]:
        """For each table of arrays: which rows are used exactly once, by an object that is streamed."""
        uses: dict[int, npt.NDArray[np.int64]] = {}
        once: dict[int, npt.NDArray[np.bool_]] = {}
        for number, parsed in enumerate(self.tables):
            shape = shapes.get(number)
            is_streamed = shape is not None and _streams(shape, parsed)
            for column in parsed.columns.values():
                for child, rows, _ in column.refs():
                    if self.tables[child].table.layout != "arrays":
                        continue
                    n = self.tables[child].table.rows
                    uses.setdefault(child, np.zeros(n, np.int64))
                    uses[child] += np.bincount(rows.astype(np.int64), minlength=n)
                    if is_streamed:
                        once.setdefault(child, np.zeros(n, np.bool_))[rows] = True
        return {child: flags & (uses[child] == 1) for child, flags in once.items()}

    def _stream(self, number: int, shape: Shape) -> list[Any]:
        """Check and make the objects of a table a few rows at a time; what only they use is freed on the way."""
        rows = self.rows(number)
        made: list[Any] = []
        lazy = [c for c in rows.columns.values() if c.of == "ref" and self.tables[c.table].table.layout == "arrays"]
        for begin, end in self._stretches(rows.n, lazy):
            for column in lazy:
                self._read_rows(column, begin, end)
            few = rows.part(begin, end)
            shape.check(few)
            values = {name: c.materialize(self.objects, self._names) for name, c in few.columns.items()}
            made += shape.make(few.n, None, values)
            del values
            for column in lazy:
                self._free_rows(column, begin, end)
        return made

    def _stretches(self, n: int, lazy: Sequence[Parsed]) -> list[tuple[int, int]]:
        """Runs of rows whose arrays have about `_STREAM_BYTES`."""
        sizes = np.zeros(n, np.int64)
        for column in lazy:
            assert column.numbers is not None
            sizes += self._reads[column.table].sizes[column.numbers.astype(np.int64)]
        cuts = np.flatnonzero(np.diff(np.cumsum(sizes) // _STREAM_BYTES)) + 1
        edges = [0, *cuts.tolist(), n]
        return [(begin, end) for begin, end in pairwise(edges) if begin < end]

    def _read_rows(self, column: Parsed, begin: int, end: int) -> None:
        assert column.numbers is not None
        arrays, reads = self.objects[column.table], self._reads[column.table]
        for row in column.numbers[begin:end].tolist():
            if arrays[row] is None:
                arrays[row] = reads(row)

    def _free_rows(self, column: Parsed, begin: int, end: int) -> None:
        assert column.numbers is not None
        arrays, flags = self.objects[column.table], self._reads[column.table].is_lazy
        for row in column.numbers[begin:end].tolist():
            if flags is not None and flags[row]:
                arrays[row] = None

    def _made_order(self, live: Sequence[int], shapes: Shapes, *, cyclic: bool) -> list[int]:
        """The order in which the tables of a cycle can be made whole: what they refer to directly comes first."""
        made = [n for n in live if (shape := shapes[n]) is not None and shape.is_made]
        place = {number: i for i, number in enumerate(made)}
        direct = [[place[c] for c in self.tables[n].children if c in place] for n in made]
        result: list[int] = []
        for group in components(direct):
            shape = shapes[made[group[0]]]
            assert shape is not None
            if is_cyclic(group, direct) or (cyclic and shape.needs_complete):
                raise FormatError(f"objects of type {cut(shape.type_id)} lie on a cycle, but are made whole")
            result += [made[i] for i in group]
        return result

    def _values(self, number: int, *, empty: bool = False) -> tuple[Lengths, Columns]:
        parsed = self.tables[number]
        lengths: Any = None if parsed.lengths is None else parsed.lengths.tolist()
        if parsed.table.layout == "object_arrays":
            lengths = parsed.shapes
        if empty:
            return lengths, {}
        return lengths, {name: c.materialize(self.objects, self._names) for name, c in parsed.columns.items()}

    # Arrays

    def _arrays(self, number: int, is_lazy: npt.NDArray[np.bool_] | None) -> list[Any]:
        """The arrays of a table; those that are streamed later stay None."""
        parsed = self.tables[number]
        spec = parsed.table.arrays
        assert spec is not None
        dtype = decode_dtype(spec.dtype)
        if parsed.table.layout == "views":
            return self._views(number, dtype)
        assert parsed.joined is not None
        reads = self._reads[number] = ArrayReads(
            shapes=parsed.shapes,
            dtype=dtype,
            order=spec.order,
            blocks=spec.blocks,
            joined=parsed.joined,
            read_block=self._block,
            is_lazy=is_lazy,
        )
        arrays = [None if is_lazy is not None and is_lazy[row] else reads(row) for row in range(parsed.table.rows)]
        return arrays if parsed.table.layout == "arrays" else self._spaced(number, arrays)

    def _spaced(self, number: int, arrays: list[Any]) -> list[Any]:
        """Arrays with the gaps between elements that they had."""
        spec = self.tables[number].table.arrays
        if spec is None or spec.order != "C":
            raise FormatError("arrays with gaps have no order but C")
        strides = list(zip(*self._strides(number), strict=True))
        for array, steps in zip(arrays, strides, strict=True):
            self.file.spend(span_bytes(array.shape, steps, array.dtype.itemsize), "an array with gaps")
        try:
            return [spread(array, steps) for array, steps in zip(arrays, strides, strict=True)]
        except ValueError as error:
            raise FormatError(str(error)) from error

    def _strides(self, number: int) -> list[list[int]]:
        rows = self.rows(number)
        spec = self.tables[number].table.arrays
        assert spec is not None
        return [rows.integers(f"stride{axis}").tolist() for axis in range(len(spec.shape))]

    def _block(self, number: int, dtype: np.dtype[Any]) -> npt.NDArray[np.uint8]:
        if self._mmap and dtype.kind in _MAPPABLE:
            mapped = self.file.map(number)
            if mapped is not None:
                return mapped
        return self.file.piece(number)

    def _views(self, number: int, dtype: np.dtype[Any]) -> list[Any]:
        parsed = self.tables[number]
        assert parsed.table.arrays is not None
        if parsed.table.arrays.order != "C":
            raise FormatError("views have no order but C")
        if any(self.tables[child].table.layout != "arrays" for child, _, _ in parsed.columns["buffer"].refs()):
            raise FormatError("the buffer of a view must be a plain array")
        rows = self.rows(number)
        buffers = rows.arrays("buffer")
        places = [rows.integers("offset").tolist(), *self._strides(number)]
        views: list[Any] = []
        for shape, buffer, offset, *strides in zip(parsed.shapes, buffers, *places, strict=True):
            try:
                views.append(from_buffer(buffer, offset, shape, tuple(strides), dtype))
                require_values(views[-1])
            except ValueError as error:
                raise FormatError(str(error)) from error
        return views


def _nested(parsed: ParsedTable) -> NestedTable:
    table = parsed.table
    return NestedTable(table.type, table.layout, table.rows, list(parsed.columns.values()), parsed.lengths)


def _fill_rank(shape: Shape | None) -> int:
    """What is filled first where tables refer to each other: attributes, then what hashes, then what runs code."""
    if isinstance(shape, ReduceShape):
        return 3
    if isinstance(shape, ConverterShape):
        return 2
    return 1 if isinstance(shape, (DictShape, SetShape)) else 0


def _streams(shape: Shape, parsed: ParsedTable) -> bool:
    is_plain = all(column.of != "mixed" for column in parsed.columns.values())
    return isinstance(shape, ConverterShape) and shape.converter.streams and is_plain


def _unsorted(items: Any) -> list[Any]:
    return list(items)


_BUILTIN: Final[dict[tuple[str, str], Shape]] = {
    ("list", "items"): ListShape(),
    ("tuple", "items"): TupleShape(),
    ("set", "items"): SetShape(_unsorted),
    ("frozenset", "items"): FrozensetShape(_unsorted),
    ("dict", "pairs"): DictShape(),
}


def _array_shape(table: Table) -> Shape | None:
    """Object arrays are built like lists; other arrays are read before anything is built."""
    assert table.arrays is not None
    if table.layout == "object_arrays":
        return ObjectArrayShape(len(table.arrays.shape), table.arrays.order)
    return None


def _uses_names(column: Parsed, indexes: set[int]) -> bool:
    if column.of == "name" and column.numbers is not None:
        return bool(np.isin(column.numbers, list(indexes)).any())
    return any(_uses_names(part, indexes) for part in column.parts)
