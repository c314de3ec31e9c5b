"""Invalid golden files that break SPEC.md §6.4 to §6.7: dtypes, arrays, views, names, sets and cycles."""

from __future__ import annotations

from typing import Any

from tests.support.lying_writer import Chunk, Lie
from tests.vectors.cases import Change, lie
from tests.vectors.strict_graph import Ref

ARRAY = "numpy.ndarray"


def _const(*values: Any) -> list[Any]:
    return [{"kind": "const", "value": value} for value in values]


def _array(**fields: Any) -> Change:
    return lambda told: told.tables(ARRAY)[0]["arrays"].update(fields)


def _dtype(name: str, dtype: Any, message: str = "dtype", clause: str = "6.4.1") -> None:
    lie(f"dtype_{name}", clause, message, "tiny", _array(dtype=dtype))


_dtype("object", "|O")
_dtype("object_8", "|O8")
_dtype("list", "f8,f8")
_dtype("native", "f8")
_dtype("native_order", "=f8")
_dtype("order_of_byte", "<i1")
_dtype("no_order", "|i8")
_dtype("leading_zero", "|S08")
_dtype("huge", "|V9999999999")
_dtype("item_too_large", f"|V{2**30 + 1}")
_dtype("time_unit", "<M8[parsec]")
_dtype("time_one", "<M8[1D]")
_dtype("other_digits", "|S١")
_dtype("newline", "<f8\n")


def _struct(dtype: Any, **changes: Any) -> Any:
    return {"fields": [{"name": "a", "dtype": dtype, "offset": 0} | changes], "itemsize": 8, "aligned": False}


def _nested(depth: int) -> Any:
    dtype: Any = "<f8"
    for _ in range(depth):
        dtype = _struct(dtype)
    return dtype


_dtype("field_outside", _struct("<f8", offset=1), "outside", "6.4.3")
_dtype("field_negative", _struct("<f8", offset=-1), "outside", "6.4.3")
_dtype("field_object", _struct("|O"), "dtype", "6.4.3")
_dtype("field_shape_huge", _struct("<f8", shape=[2**30, 2**30]), "", "6.4.3")
_dtype("field_shape_empty", _struct("<f8", shape=[]), "canonical", "6.4.3")
_dtype("field_without_name", {"fields": [{"dtype": "<f8", "offset": 0}], "itemsize": 8, "aligned": False}, "", "6.4.3")
_dtype("field_unknown_key", _struct("<f8", hook="x"), "field", "6.4.3")
_dtype("field_key_order", {"fields": [{"offset": 0, "name": "a", "dtype": "<f8"}], "itemsize": 8, "aligned": False},
       "canonical", "6.4.3")  # fmt: skip
_dtype("field_twice", {"fields": [{"name": "a", "dtype": "<i4", "offset": n} for n in (0, 4)], "itemsize": 8,
                       "aligned": False}, "structured", "6.4.3")  # fmt: skip
_dtype("aligned_number", _struct("<f8") | {"aligned": 1}, "canonical", "6.4.3")
_dtype("struct_key_order", {"itemsize": 8, "fields": [], "aligned": False}, "structured", "6.4.3")
_dtype("struct_itemsize_text", _struct("<f8") | {"itemsize": "8"}, "itemsize", "6.4.3")
_dtype("struct_deep", _nested(18), "structured", "6.4.3")

lie("array_order", "6.6.1", "order", "tiny", _array(order="K"))
lie("array_too_long", "6.3.3", "cells", "tiny", _array(shape=_const(3)))
lie("array_too_short", "6.3.3", "cells", "tiny", _array(shape=_const(1)))
lie("array_negative", "6.6.1", "lengths", "tiny", _array(shape=_const(-2)))
lie("array_length_float", "6.6.1", "lengths", "tiny", _array(
    shape=[{"kind": "const_float", "value": "0x1.0000000000000p+1"}]))  # fmt: skip
lie("array_overflow", "6.6.1", "", "tiny", _array(shape=_const(2**40, 2**40)))
lie("array_65_dimensions", "6.6.1", "shape", "tiny", _array(shape=_const(2, *[1] * 64)))
lie(
    "array_lines_of_nothing",
    "8.2",
    "bytes",
    "tiny",
    lambda told: told.tables(ARRAY)[0].update(rows=2**45),
    "LimitError",
)


def _of(told: Lie, dtype: str, n_dims: int = 1) -> Any:
    """The arrays of the first table of that dtype and number of dimensions."""
    all_arrays = [table["arrays"] for table in told.tables(ARRAY)]
    return next(a for a in all_arrays if a["dtype"] == dtype and len(a["shape"]) == n_dims)


def _elements(dtype: str, begin: int, data: bytes) -> Change:
    def change(told: Lie) -> None:
        _of(told, dtype)["small"].data[begin : begin + len(data)] = data

    return change


lie("array_zero_overflow", "6.6.1", "shape", "empty", lambda told: _of(told, "<f8").update(
    shape=_const(0, 2**47, 2**47)))  # fmt: skip
lie("array_bool_two", "6.6.2", "bool", "numbers_in_arrays", _elements("|b1", 0, b"\2"))
lie("array_text_beyond_unicode", "6.6.2", "", "texts", _elements("<U2", 0, b"\xff\xff\xff\xff"))


def _views(told: Lie) -> Any:
    tables = told.tables(ARRAY)
    return next(t for t in tables if t["layout"] == "views" and len(t["arrays"]["shape"]) == 1)


def _objects(told: Lie) -> Any:
    return next(t for t in told.tables(ARRAY) if t["layout"] == "object_arrays")


def _view(shape: int | None = None, **columns: int) -> Change:
    def change(told: Lie) -> None:
        table = _views(told)
        table["columns"].update({name: {"kind": "const", "value": n} for name, n in columns.items()})
        if shape is not None:
            table["arrays"]["shape"] = _const(shape)

    return change


def _buffer(told: Lie, table: Any) -> None:
    """All views lie in row 0 of a table."""
    views = _views(told)
    views["columns"]["buffer"] = told.column([Ref(told.graph["tables"].index(table), 0)] * views["rows"])


lie("view_offset_negative", "6.6.3", "outside", "views", _view(offset=-8))
lie("view_offset_beyond", "6.6.3", "outside", "views", _view(offset=2**40))
lie("view_stride_beyond", "6.6.3", "outside", "views", _view(stride0=2**40))
lie("view_stride_negative", "6.6.3", "outside", "views", _view(stride0=-(2**40)))
lie("view_too_long", "6.6.3", "outside", "views", _view(shape=10**6))
lie("view_repeats_too_much", "8.2", "bytes", "views", _view(shape=2**45, offset=0, stride0=0), "LimitError")
lie("view_stride_bool", "6.6.3", "int", "views", lambda told: _views(told)["columns"].update(
    stride0={"kind": "const", "value": True}), "StateError")  # fmt: skip
lie("view_of_nothing", "6.6.3", "buffer", "views", lambda told: _views(told)["columns"].update(
    buffer={"kind": "const", "value": None}), "StateError")  # fmt: skip
lie("view_of_object_array", "6.6.3", "buffer", "views", lambda told: _buffer(told, _objects(told)))
lie("view_of_itself", "6.6.3", "buffer", "views", lambda told: _buffer(told, _views(told)))
lie("view_column_missing", "6.6.3", "layout", "views", lambda told: _views(told)["columns"].pop("stride0"))
lie("view_order", "6.6.3", "", "views", lambda told: _views(told)["arrays"].update(order="F"))
lie(
    "object_array_size",
    "6.6.5",
    "sizes",
    "object_arrays",
    lambda told: _objects(told)["arrays"].update(shape=_const(9)),
)
lie("object_array_dtype", "6.6.5", "", "object_arrays", lambda told: _objects(told)["arrays"].update(dtype="<f8"))
lie("object_array_column", "6.1.4", "layout", "object_arrays",
    lambda told: _objects(told)["columns"].update(more={"kind": "const", "value": 1}))  # fmt: skip


def _cycle_of_frozensets(told: Lie) -> None:
    table = told.tables("frozenset")[0]
    table["columns"]["items"] = told.column([Ref(told.graph["tables"].index(table), 0)])
    lengths = bytes([1] + [0] * (table["rows"] - 1))
    table["lengths"] = {"kind": "numbers", "of": "int", "width": "i1", "cells": [Chunk(bytearray(lengths))]}


def _item_twice(told: Lie) -> None:
    table = told.tables("set")[0]
    table["columns"]["items"] = told.column(["a", "a", 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11])


lie("name_what", "6.7.1", "module", "constants", lambda told: told.graph["names"][0].update(what="module"))
lie("cycle_of_frozensets", "6.5.3", "cycle", "sets", _cycle_of_frozensets)
lie("set_item_twice", "6.1.4", "twice", "sets", _item_twice, "StateError")
lie("dict_key_twice", "6.1.4", "twice", "tiny", lambda told: told.graph["tables"][0]["columns"].update(
    keys=told.column(["n", "n"])), "StateError")  # fmt: skip
lie("dict_key_list", "6.1.4", "hash", "shared", lambda told: told.tables("dict")[0]["columns"].update(
    keys=told.column([Ref(0, 0)])), "StateError")  # fmt: skip


def _strides(*values: Any) -> Change:
    def change(told: Lie) -> None:
        table = next(t for t in told.tables(ARRAY) if t["layout"] == "spaced" and len(t["arrays"]["shape"]) == 2)
        table["columns"] = {f"stride{axis}": column for axis, column in enumerate(_const(*values))}

    return change


lie("spaced_overlap", "6.6.7", "overlap", "spaced", _strides(8, 8))
lie("spaced_stride_zero", "6.6.7", "overlap", "spaced", _strides(0, 8))
lie("spaced_too_far", "8.2", "bytes", "spaced", _strides(8, 2**40), "LimitError")
lie("spaced_overflow", "8.2", "bytes", "spaced", _strides(8, 2**62), "LimitError")
lie("spaced_stride_missing", "6.6.7", "layout", "spaced", _strides(64))
lie("spaced_stride_text", "6.6.7", "int", "spaced", _strides(64, "8"), "StateError")
lie("spaced_order", "6.6.7", "", "spaced", lambda told: next(
    t for t in told.tables(ARRAY) if t["layout"] == "spaced")["arrays"].update(order="F"))  # fmt: skip
lie("call_with_kwargs", "6.1.4", "fields", "own_classes", lambda told: next(
    t for t in told.graph["tables"] if t.get("layout") == "call")["columns"].update(
        kwargs=_const(None)[0]), "StateError")  # fmt: skip
lie("new_field_order", "6.1.4", "fields", "own_classes", lambda told: _backwards(next(
    t for t in told.graph["tables"] if t.get("layout") == "new")), "StateError")  # fmt: skip
lie("new_field_unknown", "6.1.4", "fields", "own_classes", lambda told: next(
    t for t in told.graph["tables"] if t.get("layout") == "new")["columns"].update(
        function=_const(None)[0]), "StateError")  # fmt: skip
lie("member_two_columns", "6.1.4", "member", "own_classes", lambda told: next(
    t for t in told.graph["tables"] if t.get("layout") == "member")["columns"].update(
        value=_const(None)[0]), "StateError")  # fmt: skip


def _backwards(table: Any) -> None:
    table["columns"] = dict(reversed(table["columns"].items()))
