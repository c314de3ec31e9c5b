"""Invalid golden files that break SPEC.md §6.1 to §6.3: tables, columns, cells and blocks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.support.lying_writer import Lie
from tests.vectors.cases import Change, case, in_graph, lie, untouched
from tests.vectors.strict_graph import Ref

ONE = {"kind": "const", "value": 1}


def _column(table: int, name: str, /, **fields: Any) -> Change:
    return lambda told: told.graph["tables"][table]["columns"][name].update(fields)


def _table(table: int, **fields: Any) -> Change:
    return lambda told: told.graph["tables"][table].update(fields)


def _put(table: int, name: str, column: Any) -> Change:
    return lambda told: told.graph["tables"][table]["columns"].update({name: column})


def _root(**fields: Any) -> Change:
    return lambda told: told.graph["root"].update(fields)


def _cell(name: str, position: int, byte: int, which: int = 0, *, table: int = 1, part: int | None = None) -> Change:
    """One byte of a column's data, or of one part's of a mixed column."""

    def change(told: Lie) -> None:
        column = told.graph["tables"][table]["columns"][name]
        column = column if part is None else column["parts"][part]
        column["cells"][which].data[position] = byte

    return change


in_graph("graph_space", "2.3", "canonical", '"names":', '"names": ')
in_graph("graph_duplicate_field", "2.3", "canonical", '"rows":1', '"rows":2,"rows":1')
in_graph("graph_duplicate_column", "2.3", "canonical", '{"keys"', '{"keys":{"kind":"const","value":1},"keys"')
in_graph("graph_field_order", "2.3", "canonical", '"type":"dict","rows":1', '"rows":1,"type":"dict"')
in_graph("graph_float", "2.3", "", '"value":3', '"value":3.0')
in_graph("graph_nan", "2.3", "", '"value":3', '"value":NaN')
in_graph("graph_not_utf8", "2.3", "", '"dict"', '"dic\udcf4"')
in_graph("graph_unknown_field", "6.1.2", "", '"rows":1', '"rows":1,"trusted":true')
in_graph("graph_missing_field", "6.1.2", "", '"rows":1,', "")
in_graph("graph_default_arrays", "6.1.2", "canonical", '2}},{"type"', '2},"arrays":null},{"type"')
in_graph("graph_default_layout", "6.1.2", "canonical", '"columns":{}}', '"columns":{},"layout":"attrs"}', "empty")
in_graph("graph_unknown_top", "6.1.1", "", '{"root"', '{"run":"x","root"')


@case("2.3", "FormatError", "")
def graph_deep(files: dict[str, bytes]) -> bytes:
    """100 000 brackets."""
    return Lie(files["tiny"]).file(graph_text=lambda _: b"[" * 100_000)


def _rename_column(told: Lie) -> None:
    columns = told.graph["tables"][0]["columns"]
    columns["things"] = columns.pop("items")


lie("layout_unknown", "6.1.4", "layout", "shared", _table(0, layout="heap"))
lie("layout_of_list", "6.1.4", "layout", "shared", _table(0, layout="pairs"))
lie("list_extra_column", "6.1.4", "layout", "shared", _put(0, "more", ONE))
lie("list_other_column", "6.1.4", "layout", "shared", _rename_column)
lie("list_without_lengths", "6.1.4", "lengths", "cycles", lambda told: told.tables("list")[0].pop("lengths"))
lie("list_with_arrays", "6.1.4", "", "shared", _table(0, arrays={"dtype": "<f8", "order": "C", "shape": []}))
lie("arrays_with_column", "6.1.4", "layout", "tiny", _put(1, "more", ONE))
lie("arrays_with_lengths", "6.1.4", "lengths", "tiny", _table(1, lengths=ONE))
lie("arrays_missing", "6.1.4", "arrays", "none", lambda told: told.graph.update(
    tables=[{"type": "numpy.ndarray", "rows": 1, "columns": {}, "layout": "arrays"}]))  # fmt: skip
lie("rows_negative", "6.1.2", "rows", "tiny", _table(0, rows=-1))
lie("rows_huge", "6.1.2", "", "tiny", _table(0, rows=2**62))
lie("rows_more_than_memory", "8.2", "bytes", "constants", _table(2, rows=2**40), "LimitError")
lie("lengths_negative", "6.1.2", "lengths", "shared", _table(0, lengths={"kind": "const", "value": -1}))
lie("lengths_text", "6.1.2", "lengths", "shared", _table(0, lengths={"kind": "const", "value": "7"}))
lie("lengths_bool", "6.1.2", "lengths", "tiny", _table(0, lengths={"kind": "const", "value": True}))
lie("lengths_huge", "6.1.2", "", "shared", _table(0, lengths={"kind": "const", "value": 2**62}))

lie("kind_unknown", "6.2", "", "constants", _column(1, "n", kind="eval"))
lie("run_beyond", "6.2.4", "rows", "tiny", _root(start=1))
lie("run_negative", "6.2.4", "rows", "tiny", _root(start=-1))
lie("run_missing_table", "6.2.4", "table", "tiny", _root(table=9))
lie("run_negative_table", "6.2.4", "table", "tiny", _root(table=-1))
lie("const_65_bits", "6.2.1", "64 bits", "constants", _column(1, "n", value=2**63))
lie("const_list", "6.2.1", "", "constants", _column(1, "n", value=[]))
lie("const_float_nan", "6.2.2", "canonical", "constants", _column(1, "half", value="nan"))
lie("const_float_decimal", "6.2.2", "canonical", "constants", _column(1, "half", value="0.5"))
lie("const_float_text", "6.2.2", "float", "constants", _column(1, "half", value="half"))
lie("const_float_overflow", "6.2.2", "float", "constants", _column(1, "half", value="0x1p+5000"))
lie("const_name_missing", "6.2.3", "name", "constants", _column(1, "cls", name=1))
lie("const_name_huge", "6.2.3", "name", "constants", _column(1, "cls", name=2**63))
lie("const_name_negative", "6.2.3", "name", "constants", _column(1, "cls", name=-1))
lie("numbers_unknown", "6.2.5", "numbers", "numbers", _column(1, "i1", of="ptr"))
lie("numbers_width_unknown", "6.2.5", "width", "numbers", _column(1, "i1", width="i3"))
lie("numbers_width_of_bool", "6.2.5", "numbers", "numbers", _column(1, "bits", width="i1"))
lie("numbers_width_of_float", "6.2.5", "numbers", "numbers", _column(1, "floats", width="u8"))
lie("numbers_width_of_scalar", "6.2.5", "width", "numpy_scalars",
    lambda told: told.graph["tables"][0]["columns"]["items"]["parts"][1].update(width="u1"))  # fmt: skip
lie("numbers_bool_two", "6.2.5", "bool", "numbers", _cell("bits", 1, 2))
lie("numbers_numpy_bool_two", "6.2.5", "bool", "numpy_scalars", _cell("items", 0, 2, table=0, part=0))
lie("numbers_name_missing", "6.2.5", "name", "numbers", _cell("names", 1, 2))
lie("numbers_row_missing", "6.2.5", "row", "numbers", _cell("refs", 1, 99))
lie("numbers_ref_without_table", "6.2.5", "table", "numbers",
    lambda told: told.graph["tables"][1]["columns"]["refs"].pop("table"))  # fmt: skip
lie("numbers_int_with_table", "6.2.5", "table", "numbers", lambda told: told.graph["tables"][1]["columns"].update(
    {"i1": {"kind": "numbers", "of": "int", "width": "i1", "table": 0,
            "cells": told.graph["tables"][1]["columns"]["i1"]["cells"]}}))  # fmt: skip
lie("lines_too_few", "6.2.6", "texts", "strings", _cell("lines", 0, ord("x")))
lie("lines_not_utf8", "6.2.6", "UTF-8", "strings", _cell("lines", 1, 0xFF))
lie("lines_with_lengths", "6.2.6", "lengths", "strings", _column(1, "lines", width="u1"))
lie("strings_unknown", "6.2.7", "strings", "strings", _column(1, "nul", of="json"))
lie("strings_signed_lengths", "6.2.7", "strings", "strings", _column(1, "nul", width="i1"))
lie("strings_lengths_wrong", "6.2.7", "add up", "strings", _cell("nul", 0, 2))
lie("strings_length_beyond", "6.2.7", "longer", "strings", _cell("nul", 0, 255))
lie("strings_size_negative", "6.2.7", "size", "strings", _column(1, "nul", n_bytes=-1))
lie("strings_size_huge", "6.2.7", "", "strings", _column(1, "nul", n_bytes=2**62))
lie("strings_not_utf8", "6.2.7", "UTF-8", "strings", _cell("nul", 0, 0xFF, 1))
lie("mixed_part_missing", "6.2.8", "part", "mixed", _cell("items", 0, 200, table=0))
lie("mixed_part_unused", "6.2.8", "part", "mixed",
    lambda told: told.graph["tables"][0]["columns"]["items"]["parts"].append(ONE))  # fmt: skip
lie("mixed_no_parts", "6.2.8", "part", "tiny", _column(0, "values", parts=[]))
lie("mixed_in_mixed", "6.2.8", "", "tiny", lambda told: told.graph["tables"][0]["columns"]["values"].update(
    parts=[dict(told.graph["tables"][0]["columns"]["values"])]))  # fmt: skip


def _blocks(numbers: list[int]) -> Callable[[Any], Any]:
    """Other numbers for the blocks of the big arrays."""
    return lambda graph: graph["tables"][1]["arrays"].update(blocks=numbers)


def _forgotten(told: Lie) -> None:
    """The last table is dropped, and what referred to it: its blocks stay."""
    told.graph["root"].clear()
    told.graph["root"].update(kind="const", value=None, cells=[])
    told.graph["tables"].clear()


def _no_blocks(graph: Any) -> None:
    del graph["tables"][1]["arrays"]["blocks"]


def _block_for_cells(graph: Any) -> None:
    graph["tables"][0]["columns"]["keys"]["block"] = 0


lie("cells_too_few", "6.3.3", "cells", "tiny", untouched, cells=lambda cells: cells[:-8])
lie("cells_too_many", "6.3.3", "cells", "tiny", untouched, cells=lambda cells: cells + bytes(8))
lie("cells_padding", "6.3.2", "padded", "tiny", untouched, cells=lambda cells: cells[:7] + b"x" + cells[8:])
lie("cells_unused", "6.3.3", "cells", "tiny", _forgotten, cells=lambda _: bytes(8))
lie("block_unused", "6.3.3", "", "two_blocks", untouched, graph=lambda _: {"root": ONE, "names": [], "tables": []},
    cells=lambda _: b"")  # fmt: skip
lie("block_for_few_bytes", "6.3.2", "block", "tiny", untouched, graph=_block_for_cells)
lie("block_missing", "6.3.3", "piece", "two_blocks", untouched, graph=_blocks([0, 2]))
lie("block_negative", "6.3.3", "piece", "two_blocks", untouched, graph=_blocks([0, -1]))
lie("block_left_out", "6.3.2", "blocks", "two_blocks", untouched, graph=_no_blocks)
lie("block_twice", "6.3.3", "piece", "two_blocks", untouched, graph=_blocks([0, 0]))
lie("blocks_out_of_order", "6.3.3", "piece", "two_blocks", untouched, graph=_blocks([1, 0]))
lie("cycle_of_tuples", "6.5.3", "cycle", "tuples", lambda told: told.assign("$[0][1]", Ref(*told.ref("$[0]"))))
