"""The protocol for types that need more than their attributes: how to take them apart, check and rebuild them.

A converter never names what it rebuilds through the file: its `type_id` is written, and the same `type_id` finds it
again. vitrify's own converters use exactly this.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, Literal, TypeVar

from msgspec import Struct, field

from vitrify.graph.rows import Rows

T = TypeVar("T")


def accept(rows: Rows) -> None:
    """The check of a type whose `decode` refuses every bad value by itself."""


class AttrsRule(Struct, frozen=True, kw_only=True):
    """What holds for a reviewed class that is rebuilt from its attributes.

    Attributes:
        drop: Attributes that are not saved, because `finish` makes them again.
        derived: Attributes that some versions of a class keep, and others work out by a property: where it is a
            property, what a file says of it is read past.
        stored_as: Attributes that are stored as something else; called with the object.
        check: Called once for all objects of a table, before any is built.
        finish: Called for each object when its attributes are set.
        ask: Called for each object when all is built, for what only using an object can tell. It runs code of the
            caller's where the object holds any, and then after everything else has passed.
        precheck: Called for each object before it is saved; raises `UnsupportedError` for what would not load.
        requires: What a fitted object must have, since `check` would have nothing to look at without it. It is asked
            for only where the library is newer than reviewed, and may call the same thing otherwise.
    """

    drop: frozenset[str] = frozenset()
    derived: frozenset[str] = frozenset()
    stored_as: Mapping[str, Callable[[Any], object]] = field(default_factory=dict)
    check: Callable[[Rows], None] = accept
    finish: Callable[[Any], None] | None = None
    ask: Callable[[Any], None] | None = None
    precheck: Callable[[Any], None] | None = None
    requires: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Converter(Generic[T]):
    """How one type is saved.

    Attributes:
        type_id: What the file calls it, such as `acme.Winsorizer`; matched exactly.
        types: The `module.qualname` of every class that is saved this way, matched exactly; subclasses are not.
        fields: The names of the values that `encode` returns, in order.
        encode: Object → tuple of values, each of any type that vitrify can save.
        decode: Values → object. All values are complete when it is called, so objects of this type cannot lie on a
            cycle; a type that can has `allocate` and `fill` instead.
        allocate: Nothing → an empty object.
        fill: Empty object and values → None; the values may be incomplete if they lie on a cycle with the object.
        check: Called once for all objects of a file, before any is built; raises through `Rows.fail`.
        packs: The codec that stores arrays of all objects together in a compressed file: `trees` for the fields
            `nodes` and `values` of what wraps scikit-learn's `Tree`.
        owns_arrays: Whether the arrays that `encode` returns, or lists of which it returns, belong to nothing else:
            what memory they share with other arrays of the model is not saved.
        reads: Older `type_id`s that this converter reads too.
        streams: Whether `check` and `decode` may be called for a few rows at a time, so that the arrays of those
            rows are freed before the next are read.
    """

    type_id: str
    types: tuple[str, ...]
    fields: tuple[str, ...]
    encode: Callable[[T], tuple[object, ...]]
    decode: Callable[..., T] | None = None
    allocate: Callable[[], T] | None = None
    fill: Callable[..., Any] | None = None
    check: Callable[[Rows], None] = accept
    reads: tuple[str, ...] = ()
    streams: bool = False
    owns_arrays: bool = False
    packs: Literal["trees"] | None = None

    def __post_init__(self) -> None:
        if (self.decode is None) == (self.allocate is None) or (self.allocate is None) != (self.fill is None):
            raise ValueError(f"converter {self.type_id}: give either decode, or allocate and fill")
        if len(set(self.fields)) != len(self.fields):
            raise ValueError(f"converter {self.type_id}: two fields share a name")
        if self.packs not in (None, "trees"):
            raise ValueError(f'converter {self.type_id}: packs= is None or "trees", got {self.packs!r}')
