"""The containers of `collections` and `types`, each with its order, its bounds and its place on cycles.

Their content travels as a list or a dict, which is filled before they are. A mapping proxy has no empty form, so it
cannot lie on a cycle. Attributes that a program has set on an OrderedDict or a Counter are refused: a subclass says
better what is meant.
"""

from __future__ import annotations

import collections
import gc
import types
from sys import intern
from typing import Any, Final

from vitrify.converters.builtins.calls import is_factory
from vitrify.converters.checking.values import charge, exact, is_attribute
from vitrify.errors import UnsupportedError
from vitrify.graph.converter import Converter
from vitrify.graph.paths import with_article
from vitrify.graph.rows import Rows

_MAPPINGS: Final = (
    dict, collections.OrderedDict, collections.defaultdict, collections.Counter, collections.ChainMap,
)  # fmt: skip
_OBJECT_BYTES: Final = 700


def _check(rows: Rows) -> None:
    charge(rows, _OBJECT_BYTES)


def _encode_pairs(mapping: Any) -> tuple[object, ...]:
    _refuse_attributes(mapping)
    return (dict(mapping),)


def _fill_pairs(mapping: dict[Any, Any], pairs: dict[Any, Any]) -> None:
    exact(pairs, dict)
    mapping.update(pairs)


def _refuse_attributes(target: Any, known: frozenset[str] = frozenset()) -> None:
    extra = vars(target).keys() - known if hasattr(target, "__dict__") else ()
    if extra:
        kind = type(target).__name__
        raise UnsupportedError(
            f"{'an' if kind[0] in 'AO' else 'a'} {kind} with attributes of its own ({', '.join(map(str, extra))[:80]})",
            hint="Write a subclass for it",
        )


def _encode_defaultdict(target: collections.defaultdict[Any, Any]) -> tuple[object, ...]:
    if not is_factory(target.default_factory):
        raise UnsupportedError(
            f"a defaultdict whose default_factory is {with_article(type(target.default_factory).__name__)}",
            hint="Use a class, a named function or functools.partial",
        )
    return target.default_factory, dict(target)


def _fill_defaultdict(target: collections.defaultdict[Any, Any], factory: Any, pairs: dict[Any, Any]) -> None:
    if not is_factory(factory):
        raise TypeError(f"default_factory is {with_article(type(factory).__name__)}")
    _fill_pairs(target, pairs)
    target.default_factory = factory


def _fill_deque(target: collections.deque[Any], items: list[Any], maxlen: int | None) -> None:
    """Its own `__init__` is the one way to give an existing deque its bound."""
    exact(items, list)
    exact(maxlen, int, type(None))
    if maxlen is not None and len(items) > maxlen:
        raise ValueError(f"{len(items)} items do not fit a maxlen of {maxlen}")
    collections.deque.__init__(target, items, maxlen)


def _encode_chain_map(target: collections.ChainMap[Any, Any]) -> tuple[object, ...]:
    _refuse_attributes(target, frozenset({"maps"}))
    if type(target.maps) is not list:
        raise UnsupportedError(
            f"a ChainMap whose maps are {with_article(type(target.maps).__name__)}", hint="Make them a list"
        )
    return (target.maps,)


def _check_chain_map(rows: Rows) -> None:
    charge(rows, _OBJECT_BYTES)
    maps = rows.column("maps")
    for table, _, _ in maps.refs():
        if rows.others(table).type_id != "list":
            rows.fail(0, "maps must be a list")
    if sum(len(numbers) for _, numbers, _ in maps.refs()) != rows.n:
        rows.fail(0, "maps must be a list")


def _allocate_chain_map() -> collections.ChainMap[Any, Any]:
    return collections.ChainMap.__new__(collections.ChainMap)


def _fill_chain_map(target: collections.ChainMap[Any, Any], maps: list[Any]) -> None:
    exact(maps, list)
    target.maps = maps


def _encode_namespace(target: types.SimpleNamespace) -> tuple[object, ...]:
    for name in vars(target):
        if not is_attribute(types.SimpleNamespace, name):
            raise UnsupportedError(f"a SimpleNamespace with the attribute {name!r}", hint="Rename it")
    return (dict(vars(target)),)


def _fill_namespace(target: types.SimpleNamespace, pairs: dict[str, Any]) -> None:
    exact(pairs, dict)
    for name in pairs:
        if not is_attribute(types.SimpleNamespace, name):
            raise ValueError("it has an attribute that no namespace may have")
    vars(target).update((intern(name), value) for name, value in pairs.items())


def _encode_proxy(target: types.MappingProxyType[Any, Any]) -> tuple[object, ...]:
    """The mapping behind the proxy itself, so that the proxy goes on to show what happens to it."""
    mapping: Any = target
    while type(mapping) is types.MappingProxyType:
        (mapping,) = gc.get_referents(mapping)
    if type(mapping) not in _MAPPINGS:
        raise UnsupportedError(f"a mapping proxy of {with_article(type(mapping).__name__)}", hint="Keep a dict instead")
    return (mapping,)


def _decode_proxy(mapping: Any) -> types.MappingProxyType[Any, Any]:
    exact(mapping, *_MAPPINGS)
    return types.MappingProxyType(mapping)


CONVERTERS: Final[tuple[Converter[Any], ...]] = (
    Converter(
        type_id="collections.OrderedDict",
        types=("collections.OrderedDict",),
        fields=("pairs",),
        encode=_encode_pairs,
        allocate=collections.OrderedDict,
        fill=_fill_pairs,
        check=_check,
    ),
    Converter(
        type_id="collections.Counter",
        types=("collections.Counter",),
        fields=("pairs",),
        encode=_encode_pairs,
        allocate=collections.Counter,
        fill=_fill_pairs,
        check=_check,
    ),
    Converter(
        type_id="collections.defaultdict",
        types=("collections.defaultdict",),
        fields=("default_factory", "pairs"),
        encode=_encode_defaultdict,
        allocate=collections.defaultdict,
        fill=_fill_defaultdict,
        check=_check,
    ),
    Converter(
        type_id="collections.deque",
        types=("collections.deque",),
        fields=("items", "maxlen"),
        encode=lambda target: (list(target), target.maxlen),
        allocate=collections.deque,
        fill=_fill_deque,
        check=_check,
    ),
    Converter(
        type_id="collections.ChainMap",
        types=("collections.ChainMap",),
        fields=("maps",),
        encode=_encode_chain_map,
        allocate=_allocate_chain_map,
        fill=_fill_chain_map,
        check=_check_chain_map,
    ),
    Converter(
        type_id="types.SimpleNamespace",
        types=("types.SimpleNamespace",),
        fields=("pairs",),
        encode=_encode_namespace,
        allocate=types.SimpleNamespace,
        fill=_fill_namespace,
        check=_check,
    ),
    Converter(
        type_id="types.MappingProxyType",
        types=("builtins.mappingproxy",),
        fields=("mapping",),
        encode=_encode_proxy,
        decode=_decode_proxy,
    ),
)
