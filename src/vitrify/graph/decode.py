"""Tables to objects: check everything, then build.

The content checks see all columns of all tables before anything of the caller's own is imported or built. Objects
that may lie on cycles are allocated first and filled after; what is made whole is made in order.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Sequence
from functools import cached_property, partial
from typing import Any, Final

from vitrify.container.reader import GlassFile
from vitrify.errors import FormatError, StateError, UnsupportedError, VitrifyError
from vitrify.graph.array_reads import ArrayReads, ArrayTables, Flags
from vitrify.graph.array_tables import ARRAY_TYPE, ObjectArrayShape
from vitrify.graph.containers import Columns, DictShape, FrozensetShape, Lengths, ListShape, SetShape, Shape, TupleShape
from vitrify.graph.hashing import hashed_columns, require_cheap_hashes, require_spread
from vitrify.graph.instances import AttrsShape, ConverterShape, EnumShape, ReduceShape, RowError, own_attrs_shape
from vitrify.graph.nesting import require_shallow
from vitrify.graph.order import components, is_cyclic
from vitrify.graph.parameters import check_built
from vitrify.graph.parse import Foreign, ParsedGraph
from vitrify.graph.parsed_table import ParsedTable
from vitrify.graph.paths import cut
from vitrify.graph.registry import Registry, absent
from vitrify.graph.schema import Name, Table
from vitrify.graph.sharing import require_reachable
from vitrify.graph.streaming import stream, streams, used_once

Resolve = Callable[[str, str, str], Any]
Shapes = dict[int, Shape | None]


class Decoder(ParsedGraph):
    """One object graph on its way from a file to objects.

    Attributes:
        objects: The objects of each table, as far as they exist.
    """

    def __init__(self, file: GlassFile, registry: Registry, *, mmap: bool = False) -> None:
        super().__init__(file, registry)
        self._mmap = mmap
        self._reads: dict[int, ArrayReads] = {}
        self._later: dict[int, Flags] = {}
        self._names: list[Any] = []

    def build(self, resolve: Resolve) -> Any:
        """Check all tables, then build them; `resolve` gives the class or function for a foreign name.

        Args:
            resolve: Called with the name, `class` or `function`, and the path, when everything else has passed.

        Raises:
            StateError: The values of some object cannot belong to its type.
            UnsupportedError: A type does not exist in the versions installed here.
        """
        try:
            return self._build(resolve)
        finally:
            self._reads.clear()  # they lead to one another: without them, nothing waits for the garbage collector

    def check(self) -> None:
        """Run every content check without building what is not reviewed.

        Raises:
            StateError: The values of some object cannot belong to its type.
        """
        foreign = {f.name: f for f in self.foreign()}
        self._check(foreign, streamed=False)

    def _build(self, resolve: Resolve) -> Any:
        foreign = {f.name: f for f in self.foreign()}
        tainted = self._tainted(foreign)
        shapes = self._check(foreign, streamed=True)
        self._names = [None if name.name in foreign else self._reviewed(name) for name in self.graph.names]
        known = list(shapes)
        for component in self._order:
            if not tainted.intersection(component):
                self._construct(component, shapes)
        self._ask([number for number in known if number not in tainted], shapes)
        if foreign:
            self._resolve_foreign(foreign, shapes, resolve)
            for component in self._order:
                if tainted.intersection(component):
                    self._construct(component, shapes)
            self._ask([number for number in shapes if number in tainted], shapes)
        return self.root.materialize(self.objects, self._names)[0]

    def _ask(self, numbers: Sequence[int], shapes: Shapes) -> None:
        """Let rules use what is built; what holds nothing of the caller's own, before any of that is built."""
        for number in numbers:
            self._check_parameters(number, shapes[number])
        for number in numbers:
            shape = shapes[number]
            if not isinstance(shape, AttrsShape):
                continue
            try:
                shape.ask(self.objects[number])
            except (VitrifyError, MemoryError):
                raise
            except Exception as error:  # noqa: BLE001  # what using an object can raise has no end
                raise self._impossible(number, error, "be rebuilt from") from _cause(error)

    def _check_parameters(self, number: int, shape: Shape | None) -> None:
        if isinstance(shape, (AttrsShape, ReduceShape)):
            is_reviewed = isinstance(shape, AttrsShape) and shape.is_reviewed
            at = partial(self.path, number)
            check_built(shape.type_id, self.objects[number], self.file.limits, at, is_reviewed=is_reviewed)

    def _check(self, foreign: dict[str, Foreign], *, streamed: bool) -> Shapes:
        """Find the shapes of all reviewed tables, read the arrays and run the checks.

        With `streamed`, what is streamed is read and checked only when it is made.
        """
        require_shallow(self.tables, self.file.limits)
        require_cheap_hashes(self.tables)
        require_reachable(self.tables, self._order, self.file.limits, self.path)
        shapes: Shapes = {}
        for number, parsed in enumerate(self.tables):
            if parsed.table.type not in foreign:
                shapes[number] = self._shape(parsed.table)
        self._later = used_once(self.tables, shapes) if streamed else {}
        arrays = ArrayTables(self, mmap=self._mmap, reads=self._reads)
        known = (number for group in self._order for number in group if number in shapes)
        of_arrays = [number for number in known if shapes[number] is None]
        arrays.fetch(of_arrays, self._later)
        for number in of_arrays:
            self.objects[number] = arrays.read(number, self._later.get(number))
        for number, shape in shapes.items():
            if shape is not None and not (streamed and streams(shape, self.tables[number])):
                self._check_table(number, shape)
        return shapes

    def _check_table(self, number: int, shape: Shape) -> None:
        try:
            shape.check(self.rows(number))
        except (VitrifyError, MemoryError):
            raise
        except Exception as error:  # what numpy raises on hostile values has no end
            raise self._impossible(number, error, "have") from error

    def _impossible(self, number: int, error: Exception, verb: str) -> StateError:
        """What is said where a check or a converter raises an error that is not ours."""
        table = self.tables[number].table
        row = min(error.row, table.rows - 1) if isinstance(error, RowError) else 0
        cause = _cause(error)
        return StateError(
            f"{cut(table.type)} cannot {verb} these values ({type(cause).__name__}: {cause})",
            path=self.path(number, row) if table.rows else None,
        )

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
                self._check_table(number, shape)

    def _foreign_shape(self, parsed: ParsedTable, cls: type) -> Shape:
        table = parsed.table
        if table.layout == "attrs":
            return own_attrs_shape(table.type, cls)
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
        is_foreign = not self.registry.knows(table.type) or self.registry.attrs_class(table.type) is not None
        if converter is None and table.layout == "fields" and not is_foreign:
            raise absent(table.type)  # there is a converter, though not for the version installed here
        raise FormatError(f"a table of type {cut(table.type)!r} has the layout {cut(table.layout)!r}")

    @cached_property
    def _order(self) -> list[list[int]]:
        """The tables in the order in which they can be built, those that refer to each other together."""
        return components([parsed.children for parsed in self.tables])

    def _tainted(self, foreign: dict[str, Foreign]) -> set[int]:
        """Tables that hold, or depend on, anything that is not reviewed."""
        if not foreign:
            return set()
        indexes = {i for i, name in enumerate(self.graph.names) if name.name in foreign}
        tainted = {
            number
            for number, parsed in enumerate(self.tables)
            if parsed.table.type in foreign
            or not all(indexes.isdisjoint(column.first_names()) for column in parsed.columns.values())
        }
        for component in self._order:
            if any(number in tainted or tainted.intersection(self.tables[number].children) for number in component):
                tainted.update(component)
        return tainted

    def _construct(self, component: Sequence[int], shapes: Shapes) -> None:
        live = [number for number in component if shapes[number] is not None]
        children = [self.tables[number].children for number in range(len(self.tables))] if len(component) > 1 else None
        cyclic = len(component) > 1 or component[0] in self.tables[component[0]].children
        at = component[0]
        try:
            made = self._made_order(live, shapes, cyclic=cyclic) if cyclic or children else live
            for at in live:
                shape = _known(shapes, at)
                if not shape.is_made:
                    self.objects[at] = shape.make(self.tables[at].table.rows, *self._values(at, empty=True))
            for at in made:
                shape = _known(shapes, at)
                if streams(shape, self.tables[at]):
                    self.objects[at] = self._stream(at, shape)
                elif shape.is_made:
                    self.objects[at] = shape.make(self.tables[at].table.rows, *self._values(at))
            for at in sorted(live, key=lambda n: (_fill_rank(shapes[n]), n)):
                if not isinstance(shapes[at], ReduceShape):
                    _known(shapes, at).fill(self.objects[at], *self._values(at))
            for at in live:  # now: what a rule looks at may be filled after the object itself
                shape = _known(shapes, at)
                if isinstance(shape, AttrsShape):
                    shape.finish(self.objects[at])
            for at in live:
                shape = _known(shapes, at)
                if isinstance(shape, ReduceShape):
                    shape.fill(self.objects[at], *self._values(at))
        except (VitrifyError, MemoryError):
            raise
        except Exception as error:  # noqa: BLE001  # what numpy and converters raise on hostile values has no end
            raise self._impossible(at, error, "be rebuilt from") from _cause(error)

    def _stream(self, number: int, shape: Shape) -> list[Any]:
        return stream(
            self.rows(number),
            shape,
            tables=self.tables,
            reads=self._reads,
            later=self._later,
            names=self._names,
        )

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
        columns: dict[str, Any] = {}
        for name, c in parsed.columns.items():
            is_walked = parsed.table.layout == "pairs" and name == "values"  # only once, and there may be millions
            columns[name] = (c.each if is_walked else c.materialize)(self.objects, self._names)
        for column in hashed_columns(parsed) if lengths is not None else ():
            name = next(name for name, c in parsed.columns.items() if c is column)
            require_spread(column, columns[name], lengths)
        return lengths, columns


def _cause(error: Exception) -> BaseException:
    return error.__cause__ if isinstance(error, RowError) and error.__cause__ is not None else error


def _known(shapes: Shapes, number: int) -> Shape:
    shape = shapes[number]
    assert shape is not None
    return shape


def _fill_rank(shape: Shape | None) -> int:
    """What is filled first where tables refer to each other: attributes, then what hashes, then what runs code.

    What runs the caller's own code comes last, when all rules have passed.
    """
    if isinstance(shape, ConverterShape):
        return 2
    return 1 if isinstance(shape, (DictShape, SetShape)) else 0


_BUILTIN: Final[dict[tuple[str, str], Shape]] = {
    ("list", "items"): ListShape(),
    ("tuple", "items"): TupleShape(),
    ("set", "items"): SetShape(list),
    ("frozenset", "items"): FrozensetShape(list),
    ("dict", "pairs"): DictShape(),
}


def _array_shape(table: Table) -> Shape | None:
    """Object arrays are built like lists; other arrays are read before anything is built."""
    assert table.arrays is not None
    if table.layout == "object_arrays":
        return ObjectArrayShape(len(table.arrays.shape), table.arrays.order)
    return None
