"""Whole, correctly digested files with hostile content: what an attacker who knows the format would write.

Digests, canonical form and sizes of a forged file are right, so that the check under test is the one that fires:

- `forge(type_id, fields)`: a file whose root is an object of that type with those field values, whatever they are;
  `Forged(type_id, fields)` stands for such an object inside another value;
- `tamper(value, type_id, field=…)`: a real object's file, in which every object of that type has another field;
- `reforge(data, edit)`: a file whose object graph, as JSON, was edited.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import msgspec

import vitrify
from vitrify.container.reader import open_glass_bytes
from vitrify.container.writer import Piece, plan
from vitrify.converters import default_registry
from vitrify.errors import VitrifyError
from vitrify.graph.converter import Converter
from vitrify.graph.encode import encode
from vitrify.graph.registry import Registry
from vitrify.graph.schema import Graph, Table, encode_graph

__all__ = ["Forged", "forge", "forge_value", "reforge", "refusal", "tamper"]

_RECORD = '{"versions":{}}'


class Forged:
    """An object that will claim to be of type `type_id`, with the given values as its fields, in their order.

    `layout` is `fields` for types that a converter reads and `attrs` for classes that are their attributes. The
    values may hold other forged objects, and real ones.
    """

    def __init__(self, type_id: str, fields: Mapping[str, Any], layout: str = "fields") -> None:
        self.type_id = type_id
        self.fields = dict(fields)
        self.layout = layout


def forge(type_id: str, fields: Mapping[str, Any], layout: str = "fields") -> bytes:
    """A file whose root is such an object; see `Forged`."""
    return forge_value(Forged(type_id, fields, layout))


def refusal(type_id: str, fields: Mapping[str, Any]) -> tuple[str, str | None] | None:
    """The message and the path of the error that such a file gives, if there is one."""
    try:
        vitrify.loads(forge(type_id, fields))
    except VitrifyError as error:
        return error.message, error.path
    return None


def forge_value(value: Any) -> bytes:
    """A file of any value in which forged objects may lie: in lists, tuples, dicts and other forged objects."""
    cases: dict[tuple[str, tuple[str, ...], str], type] = {}
    done: dict[int, Any] = {}
    root = _in_disguise(value, cases, done)
    disguises = tuple(
        Converter(
            type_id=f"{number}\n{type_id}\n{layout}",
            types=(f"{cls.__module__}.{cls.__qualname__}",),
            fields=names,
            encode=lambda target: tuple(target.values),
            decode=lambda *_: None,
        )
        for number, ((type_id, names, layout), cls) in enumerate(cases.items())
    )
    encoded = encode(root, dataclasses.replace(default_registry(), own=disguises))
    return _write(encoded.graph, encoded.cells, encoded.pieces, _unmask)


def tamper(value: Any, type_id: str, /, **fields: Any) -> bytes:
    """The file of `value` in which all objects of the type have these field values.

    A function in place of a value is called with the right one and returns the wrong one.
    """
    registry = default_registry()
    converter = registry.converter_for(type_id)
    assert converter is not None, f"{type_id} has no converter; change the attributes instead"
    assert set(fields) <= set(converter.fields), f"{type_id} has the fields {converter.fields}"

    def lie(target: Any) -> tuple[Any, ...]:
        values = dict(zip(converter.fields, converter.encode(target), strict=True))
        for name, wrong in fields.items():
            values[name] = wrong(values[name]) if callable(wrong) and not isinstance(wrong, type) else wrong
        return tuple(values.values())

    encoded = encode(value, _before(registry, dataclasses.replace(converter, encode=lie)))
    return _write(encoded.graph, encoded.cells, encoded.pieces, lambda graph: graph)


def reforge(data: bytes, edit: Callable[[Graph], Graph]) -> bytes:
    """The file with another object graph: `edit` gets its JSON as structs, and may use `msgspec.structs.replace`."""
    with open_glass_bytes(data) as file:
        cells = file.reserved("$cells").tobytes()
        graph = file.reserved("$graph").tobytes()
        pieces = [_copy_of(file, number) for number in range(file.n_pieces)]
    return _write(graph, cells, pieces, edit)


def _write(graph: bytes, cells: bytes, pieces: list[Piece], edit: Callable[[Graph], Graph]) -> bytes:
    edited = encode_graph(edit(msgspec.json.decode(graph, type=Graph)))
    return b"".join(plan(pieces, cells=cells, graph=edited, record=_RECORD, effort=0).buffers())


def _copy_of(file: Any, number: int) -> Piece:
    block = file.block(number)
    held = file.piece(number).tobytes()
    return Piece(name=block.name, dtype=block.dtype, shape=block.shape, data=lambda: held)


def _before(registry: Registry, converter: Converter[Any]) -> Registry:
    return dataclasses.replace(registry, own=(converter,))


def _unmask(graph: Graph) -> Graph:
    """Put the type ids and layouts that were asked for in the place of the disguises."""
    return msgspec.structs.replace(graph, tables=tuple(map(_unmask_table, graph.tables)))


def _unmask_table(table: Table) -> Table:
    if "\n" not in table.type:
        return table
    _, type_id, layout = table.type.split("\n")
    return msgspec.structs.replace(table, type=type_id, layout=layout)


def _in_disguise(value: Any, cases: dict[Any, type], done: dict[int, Any]) -> Any:
    """The value with an instance of a class of its own for each kind of forged object."""
    if id(value) in done:
        return done[id(value)][1]
    made: Any = value
    if isinstance(value, Forged):
        key = (value.type_id, tuple(value.fields), value.layout)
        cls = cases.setdefault(key, type(f"Disguise{len(cases)}", (), {"__slots__": ("values",)}))
        made = cls()
        done[id(value)] = (value, made)
        made.values = [_in_disguise(part, cases, done) for part in value.fields.values()]
        return made
    if type(value) in (list, tuple, dict) and any(isinstance(part, Forged) for part in _parts(value)):
        if type(value) is dict:
            pairs = value.items()
            made = {_in_disguise(k, cases, done): _in_disguise(v, cases, done) for k, v in pairs}
        else:
            made = type(value)(_in_disguise(part, cases, done) for part in value)
        done[id(value)] = (value, made)
    return made


def _parts(value: Any) -> Iterator[Any]:
    """All that lies in nested containers."""
    waiting, seen = [value], {id(value)}
    while waiting:
        part = waiting.pop()
        yield part
        inner = part if type(part) in (list, tuple) else (*part.keys(), *part.values()) if type(part) is dict else ()
        waiting += [item for item in inner if id(item) not in seen]
        seen.update(map(id, inner))
