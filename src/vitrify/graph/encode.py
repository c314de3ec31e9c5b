"""Objects to tables: every object is found once, grouped by shape, and each column is encoded as a whole.

The object is only read. What cannot be saved is collected, so that all problems are reported at once; nothing is
written before that.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from typing import Any, Final, cast

import numpy as np
from msgspec import Struct

from vitrify.container.writer import Group, Piece
from vitrify.errors import FormatError, UnsupportedError
from vitrify.graph.array_tables import ArrayMark, ObjectArrayShape, array_piece
from vitrify.graph.arrays import find_views, joined_bytes, keeps_strides, order_of
from vitrify.graph.cells import CellWriter
from vitrify.graph.columns import SCALARS, encode_column
from vitrify.graph.drafts import BlockNamer, Draft, draft_paths, level_drafts, number_drafts
from vitrify.graph.dtypes import encode_dtype, require_values
from vitrify.graph.instances import AttrsShape, ConverterShape, RowError
from vitrify.graph.leveling import MadeOnCycleError
from vitrify.graph.names import NameTable
from vitrify.graph.parameters import NEVER_SAVED
from vitrify.graph.paths import Paths, with_article
from vitrify.graph.registry import Registry
from vitrify.graph.schema import CELL_LIMIT_BYTES, Arrays, Column, Graph, Table, encode_graph
from vitrify.graph.shapes import ShapeFinder

_PLAIN: Final = frozenset({type(None), bool, int, float, str, bytes, *SCALARS})
_MAX_BLOCK_NAME_CHARS: Final = 80


class Encoded(Struct, frozen=True, kw_only=True):
    """A whole object as the container takes it.

    Attributes:
        graph: The canonical JSON of the object graph.
        cells: Small column data and arrays.
        pieces: The blocks.
        libraries: The top-level packages that the object's types come from, sorted.
        main_names: Names of `__main__` that it needs.
        dropped: Paths of parameters that are never restored.
        groups: Pieces that may be stored together.
    """

    graph: bytes
    cells: bytes
    pieces: list[Piece]
    libraries: tuple[str, ...]
    main_names: tuple[str, ...]
    dropped: tuple[str, ...]
    groups: list[Group]


def encode(root: Any, registry: Registry, *, packs: bool = False) -> Encoded:
    """Encode an object of any supported type; with `packs`, say which pieces may be stored together.

    Raises:
        UnsupportedError: Lists every value in it that cannot be saved, with its path.
    """
    return _Encoder(registry, packs=packs).run(root)


class _Problem(Struct, frozen=True, kw_only=True):
    """A value that cannot be saved: where it stands in a draft's column, or which row it is (`field` empty)."""

    draft: Draft | None
    field: str
    position: int
    what: str
    hint: str


class _Encoder:
    def __init__(
        self, registry: Registry, sort_keys: dict[int, tuple[bytes, ...]] | None = None, *, packs: bool = False
    ) -> None:
        self._packs = packs
        self.cells = CellWriter()
        self._sort_keys = {} if sort_keys is None else sort_keys
        self._registry = registry
        self._names = NameTable(registry)
        self._finder = ShapeFinder(registry, self._names, self._sorted)
        self._drafts: dict[Any, Draft] = {}
        self._draft_of: dict[int, Draft] = {}
        self._arrays: dict[int, Any] = {}
        self._unshared: set[int] = set()
        self._waiting: deque[Draft] = deque()
        self._problems: list[_Problem] = []
        self._refused: dict[int, Any] = {}
        self._dropped: list[tuple[Draft, int, str]] = []
        self._lies: dict[int, tuple[int, int]] = {}

    def run(self, root: Any) -> Encoded:
        self._scan([root], None, "")
        while self._waiting:
            self._take(self._waiting.popleft())
        if self._problems:
            raise self._refusal(root)
        drafts = self._place_arrays()
        if self._problems:
            raise self._refusal(root)
        number_drafts(drafts)
        dropped = self._dropped_paths(drafts, root)
        try:
            drafts = level_drafts(drafts, self._draft_of)
        except MadeOnCycleError as error:
            table, row = error.where
            what = f"{with_article(drafts[table].shape.type_id)} that contains itself"
            hint = "It is rebuilt from its parts, so it cannot be one of them"
            self._problems.append(_Problem(draft=drafts[table], field="", position=row, what=what, hint=hint))
            raise self._refusal(root) from None
        number_drafts(drafts)
        namer = BlockNamer(drafts, self._draft_of, root)
        root_column = encode_column([root], self, "$root")
        tables = tuple(self._table(draft, namer) for draft in drafts)
        main_names = [name.name for name in self._names.names] + [table.type for table in tables]
        return Encoded(
            graph=encode_graph(Graph(root_column, tuple(self._names.names), tables)),
            cells=bytes(self.cells.pool),
            pieces=self.cells.pieces,
            libraries=tuple(sorted(self._names.libraries)),
            main_names=tuple(dict.fromkeys(name for name in main_names if name.startswith("__main__."))),
            dropped=dropped,
            groups=self._groups(drafts, tables) if self._packs else [],
        )

    def _groups(self, drafts: Sequence[Draft], tables: Sequence[Table]) -> list[Group]:
        from vitrify.graph.packing import groups  # with the codecs, which a plain file does without

        packed: dict[str, list[Draft]] = {}
        for draft in drafts:
            if isinstance(draft.shape, ConverterShape) and draft.shape.converter.packs is not None:
                packed.setdefault(draft.shape.converter.packs, []).append(draft)
        return groups(drafts, tables, packed, self._lies, self.cells.pieces)

    # Finding objects

    def _scan(self, values: Sequence[Any], draft: Draft | None, field: str) -> None:
        """Find the objects among the values of a column, each kind at once."""
        kinds = dict.fromkeys(map(type, values))
        for kind in kinds:
            if kind in _PLAIN:
                continue
            if draft is not None:
                draft.linked.add(field)
            members = values if len(kinds) == 1 else [v for v in values if type(v) is kind]
            fresh = dict(zip(map(id, members), members, strict=True))
            if not self._draft_of.keys().isdisjoint(fresh):
                fresh = {key: value for key, value in fresh.items() if key not in self._draft_of}
            if not fresh:
                continue
            try:
                self._add(kind, list(fresh.values()))
            except UnsupportedError:
                self._add_one_by_one(kind, values, draft, field)

    def _add(self, kind: type, members: Sequence[Any]) -> None:
        if self.is_name(kind):
            for value in members:
                self._names.index(value)
            return
        for shape, alike in list(self._finder.groups(kind, members)):
            if shape is None:
                self._arrays.update(zip(map(id, alike), alike, strict=True))
                continue
            draft = self._drafts.setdefault(shape, Draft(shape))
            draft.add(alike, self._draft_of)
            if not draft.is_waiting:
                draft.is_waiting = True
                self._waiting.append(draft)

    def _add_one_by_one(self, kind: type, values: Sequence[Any], draft: Draft | None, field: str) -> None:
        """Note each value of the kind that cannot be saved, and add the others."""
        start = len(draft.columns[field]) - len(values) if draft is not None else 0
        for i, value in enumerate(values):
            if type(value) is not kind or id(value) in self._draft_of or id(value) in self._refused:
                continue
            try:
                self._add(kind, [value])
            except UnsupportedError as error:
                self._refused[id(value)] = value
                self._note(error, draft, field, start + i)

    def _note(self, error: UnsupportedError, draft: Draft | None, field: str, position: int) -> None:
        self._problems.append(
            _Problem(draft=draft, field=field, position=position, what=error.message, hint=error.hint or "")
        )

    def _take(self, draft: Draft) -> None:
        """Take the values of the rows that have come since the last time."""
        draft.is_waiting = False
        first = draft.n_taken
        batch = draft.objects[first:]
        draft.n_taken = len(draft.objects)
        try:
            lengths, columns = draft.shape.take(batch)
        except UnsupportedError as error:
            self._note(error, draft, "", first)
            return
        except RowError as error:
            cause = cast(UnsupportedError, error.__cause__)  # all that a shape raises at a row when it takes objects
            self._note(cause, draft, "", first + error.row)
            return
        if lengths is not None:
            draft.lengths = draft.lengths or []
            draft.lengths += lengths
        for name, values in columns.items():
            if name in NEVER_SAVED and isinstance(draft.shape, AttrsShape) and draft.shape.restricts(name):
                self._dropped += [(draft, first + i, name) for i, v in enumerate(values) if v is not None]
                if name != "memory":
                    continue
                values = [None] * len(values)
            if name in draft.columns:
                draft.columns[name] += values
            else:
                draft.columns[name] = values
            self._scan(values, draft, name)
            if isinstance(draft.shape, ConverterShape) and draft.shape.converter.owns_arrays:
                self._unshared.update(map(id, values))
                self._unshared.update(id(item) for value in values if type(value) is list for item in value)

    def _sorted(self, items: Iterable[Any]) -> list[Any]:
        """The items of a set in an order that depends on nothing but their values."""
        members = list(items)
        if len(members) < 2:
            return members
        kinds = set(map(type, members))
        if len(kinds) == 1 and kinds <= {str, int, bytes, bool}:
            return sorted(members)
        return sorted(members, key=self._sort_key)

    def _sort_key(self, item: Any) -> tuple[bytes, ...]:
        """The encoding of an item alone; sets in sets ask for the same ones again and again."""
        key = self._sort_keys.get(id(item))
        if key is None:
            try:
                alone = _Encoder(self._registry, self._sort_keys).run(item)
            except RecursionError:
                raise UnsupportedError("sets nested too deep", hint="Use lists or tuples") from None
            except UnsupportedError as error:
                _, what, hint = error.problems[0]  # each set around it would say it again
                raise UnsupportedError(what, hint=hint or None) from error
            blocks = (bytes(piece.data()) for piece in alone.pieces)
            key = self._sort_keys[id(item)] = (alone.graph, alone.cells, *blocks)
        return key

    # What columns ask for

    def is_name(self, kind: type) -> bool:
        """Whether values of this type are classes or functions."""
        return self._names.is_name(kind)

    def name_index(self, value: object) -> int:
        """The place of a class or function in the list of names."""
        return self._names.index(value)

    def locate(self, values: Sequence[object]) -> tuple[list[int], list[int]]:
        """The table and the row of each object."""
        ids = list(map(id, values))
        drafts = list(map(self._draft_of.__getitem__, ids))
        return [d.number for d in drafts], [d.row_of[i] for d, i in zip(drafts, ids, strict=True)]

    # Tables

    def _place_arrays(self) -> list[Draft]:
        """Give arrays their tables: by dtype, dimensions and order; those that share memory become views."""
        arrays = self._arrays
        shared = [array for key, array in arrays.items() if key not in self._unshared]
        views = {id(shared[i]): view for i, view in find_views(shared).items()}
        made = {id(view.buffer): view.buffer for view in views.values() if id(view.buffer) not in arrays}
        buffers = {id(view.buffer) for view in views.values()}
        sharing = views.keys() | buffers
        spaced = {key for key, array in arrays.items() if not array.flags.forc and keeps_strides(array)} - sharing
        others = [array for key, array in arrays.items() if key not in views and key not in spaced]
        self._place("arrays", [*others, *made.values()])
        for key, array in arrays.items():
            if key in views:
                draft = self._place("views", [array])
                try:
                    require_values(array)
                except FormatError as error:
                    refusal = UnsupportedError(error.message, hint="Give it memory of its own with .copy()")
                    self._note(refusal, draft, "", len(draft.objects) - 1)
                draft.linked.add("buffer")
                draft.columns.setdefault("buffer", []).append(views[key].buffer)
                draft.columns.setdefault("offset", []).append(views[key].offset)
            elif key in spaced:
                draft = self._place("spaced", [array])
            else:
                continue
            for axis, stride in enumerate(array.strides):
                draft.columns.setdefault(f"stride{axis}", []).append(stride)
        return list(self._drafts.values())

    def _place(self, layout: str, arrays: Sequence[Any]) -> Draft:
        """Add arrays to the tables for their dtype, dimensions and order; the last of these tables."""
        groups: dict[Any, list[Any]] = {}
        for array in arrays:
            order = order_of(array) if layout == "arrays" else "C"
            groups.setdefault((layout, array.dtype, array.ndim, order), []).append(array)
        draft = Draft(ArrayMark("arrays", np.dtype(np.uint8), 1, "C"))
        for key, alike in groups.items():
            if key not in self._drafts:
                self._drafts[key] = Draft(ArrayMark(*key))
            draft = self._drafts[key]
            draft.add(alike, self._draft_of)
        return draft

    def _table(self, draft: Draft, namer: BlockNamer) -> Table:
        prefix = f"${draft.number}"
        shape = draft.shape
        lengths = None if draft.lengths is None else encode_column(draft.lengths, self, f"{prefix}.lengths")
        columns: dict[str, Column] = {}
        for name in list(draft.columns):
            columns[name] = encode_column(draft.columns[name], self, f"{prefix}.{name}"[:_MAX_BLOCK_NAME_CHARS])
            if name == "keys":
                draft.forget_keys()
        arrays = self._array_data(draft, namer) if isinstance(shape, (ArrayMark, ObjectArrayShape)) else None
        return Table(shape.type_id, len(draft.objects), columns, shape.layout, lengths, arrays)

    def _array_data(self, draft: Draft, namer: BlockNamer) -> Arrays:
        mark = draft.shape
        assert isinstance(mark, (ArrayMark, ObjectArrayShape))
        prefix = f"${draft.number}"
        shape = tuple(
            encode_column([array.shape[axis] for array in draft.objects], self, f"{prefix}.shape{axis}")
            for axis in range(mark.ndim)
        )
        if isinstance(mark, ObjectArrayShape):
            return Arrays("|O", mark.order, shape)
        dtype = encode_dtype(mark.dtype)
        if mark.layout == "views":
            return Arrays(dtype, "C", shape)
        blocks: list[int] = []
        small: list[Any] = []
        for row, array in enumerate(draft.objects):
            if array.nbytes < CELL_LIMIT_BYTES:
                small.append(array)
            else:
                blocks.append(self.cells.add(array_piece(array, namer.name(draft.number, row), dtype)))
        if mark.layout == "spaced":
            small = [np.ascontiguousarray(array) for array in small]
        joined = self.cells.put(joined_bytes(small), f"{prefix}.arrays", mark.dtype)
        if self._packs and mark.layout == "arrays":
            self._note_places(draft.objects, blocks, joined)
        return Arrays(dtype, mark.order, shape, tuple(blocks), joined)

    def _note_places(self, arrays: Sequence[Any], blocks: Sequence[int], joined: int | None) -> None:
        """Where the arrays that may be packed lie: the number of the piece, and the offset in it."""
        big, offset = iter(blocks), 0
        for array in arrays:
            is_small = array.nbytes < CELL_LIMIT_BYTES
            piece = joined if is_small else next(big)
            if piece is not None and id(array) in self._unshared:
                self._lies[id(array)] = piece, offset if is_small else 0
            offset += array.nbytes if is_small else 0

    # Messages

    def _dropped_paths(self, drafts: Sequence[Draft], root: Any) -> tuple[str, ...]:
        if not self._dropped:
            return ()
        paths = draft_paths(drafts, self._draft_of, root)
        return tuple(f"{paths.of(draft.number, row)}.{name}" for draft, row, name in self._dropped)

    def _refusal(self, root: Any) -> UnsupportedError:
        drafts = list(self._drafts.values())
        number_drafts(drafts)
        paths = draft_paths(drafts, self._draft_of, root)
        found = tuple((_where(problem, paths), problem.what, problem.hint) for problem in self._problems)
        if len(found) == 1:
            where, what, hint = found[0]
            return UnsupportedError(f"cannot save {what}", path=where, hint=hint or None, problems=found)
        lines = [f"cannot save {len(found)} values:"]
        lines += [f"  {where}: {what}" + (f". {hint}" if hint else "") for where, what, hint in found]
        return UnsupportedError("\n".join(lines), problems=found)


def _where(problem: _Problem, paths: Paths) -> str:
    if problem.draft is None:
        return "$"
    if not problem.field:
        return paths.of(problem.draft.number, problem.position)
    table, row, step = paths.step(problem.draft.number, problem.field, problem.position)
    return paths.of(table, row) + step
