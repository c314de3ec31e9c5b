"""Files with hostile content: errors, or harmless text, and little memory."""

from __future__ import annotations

import contextlib
import dataclasses
from typing import Any

import msgspec
import numpy as np
import pytest

import vitrify
from tests.support.forge import Forged, forge_value, reforge
from tests.unit.inspection.samples import Clipper, parts
from vitrify.container.limits import LIMITS
from vitrify.errors import FormatError, LimitError, UnsupportedError
from vitrify.graph.schema import Arrays, Const, Run
from vitrify.inspection import ArrayInfo, inspect, read_array

HAS_STRING_DTYPE = hasattr(np, "dtypes") and hasattr(np.dtypes, "StringDType")


class TestHostile:
    def test_tables_with_the_wrong_columns_are_refused(self) -> None:
        """What only building would find out is found before anything walks the tables."""
        data = vitrify.dumps({"a": [1, "x"], "b": np.arange(2000.0)[::2], "c": np.array([1, None], object)})
        changes: list[dict[str, Any]] = [{"layout": "attrs"}, {"layout": "nonsense"}, {"type": "acme.X"}]
        changes += [{"columns": {}}, {"lengths": None}, {"arrays": None}]
        for change in changes:
            for number in range(5):
                self._try(data, number, change)

    @staticmethod
    def _try(data: bytes, number: int, change: dict[str, Any]) -> None:
        def edit(graph: Any) -> Any:
            tables = list(graph.tables)
            if number < len(tables):
                tables[number] = msgspec.structs.replace(tables[number], **change)
            return msgspec.structs.replace(graph, tables=tuple(tables))

        forged = reforge(data, edit)
        try:
            summary = inspect(forged)
        except (FormatError, LimitError):
            return
        assert summary.tree.n_bytes + summary.structure_bytes == len(forged)
        for info in summary.arrays:
            assert_reads(forged, info)

    def test_arrays_of_objects_may_hold_themselves(self) -> None:
        """They are shown to a certain depth."""
        array = np.empty(2, object)
        array[:] = [array, 1]
        assert inspect(vitrify.dumps({"a": array})).tree.params == {"a": "[[[object (2,), 1], 1], 1]"}

    def test_dates_without_a_unit_are_shown_as_numbers(self) -> None:
        """There is no text in numpy for them."""
        dates = np.array([5, -1], np.int64).view("<M8")
        with pytest.raises(ValueError, match="generic units"):
            str(dates)
        assert inspect(vitrify.dumps({"dates": dates})).tree.params == {"dates": "[5, -1]"}

    def test_a_small_file_cannot_ask_for_much_memory(self) -> None:
        """Empty arrays beyond number, which take no bytes in a file, are refused before they are listed."""

        def edit(graph: Any) -> Any:
            items, arrays = graph.tables
            n = 200_000
            items = msgspec.structs.replace(items, lengths=Const(n), columns={"items": Run(1, 0)})
            arrays = msgspec.structs.replace(arrays, rows=n, arrays=Arrays("<f8", "C", (Const(0),)))
            return msgspec.structs.replace(graph, tables=(items, arrays))

        forged = reforge(vitrify.dumps([np.zeros(0)]), edit)
        assert inspect(forged).n_arrays == 200_000
        with pytest.raises(LimitError, match=r"would take [0-9]+ bytes"):
            inspect(forged, limits=dataclasses.replace(LIMITS, memory_bytes=10_000_000, expansion=0))

    def test_text_of_the_file_is_only_ever_text(self) -> None:
        """Control and bidirectional characters are escaped in all that is shown, and JSON is plain ASCII."""
        nasty = "\x1b[2J[red]\u202e[/INST]\ud800"
        summary = inspect(vitrify.dumps({nasty: nasty, "list": [nasty, nasty.encode("utf-8", "surrogatepass")]}))
        assert summary.to_json().isascii()
        for part in parts(summary.tree):
            assert all(text.isprintable() for text in part.params.values())

    def test_long_values_are_cut(self) -> None:
        """No text of a file makes a summary long."""
        big = {"t": "x" * 10**6, "b": b"x" * 10**6, "i": 1 << 100_000, "l": list(range(10**5)), "n": [[[[[[1]]]]]]}
        assert all(len(text) <= 160 for text in inspect(vitrify.dumps(big)).tree.params.values())

    @pytest.mark.parametrize(
        ("columns", "says"),
        [
            ({"offset": Const(10**6)}, "a view lies outside its buffer"),
            ({"offset": Const(-8)}, "a view lies outside its buffer"),
            ({"offset": Const("x")}, "the place of an array is not given in ints"),
            ({"buffer": Run(0, 0)}, "a view lies in something that is not an array"),
            ({"buffer": Const(1)}, "a view lies in something that is not an array"),
        ],
    )
    def test_impossible_views_are_not_read(self, columns: dict[str, Any], says: str) -> None:
        """Only the array itself is lost: the others can be read."""
        base = np.arange(2000.0)
        data = changed(vitrify.dumps({"base": base, "view": base[5:50]}), "views", columns)
        with pytest.raises(FormatError, match=rf"^<bytes>: {says}"):
            read_array(data, "view")

    @pytest.mark.parametrize("layout", ["tuple", "arrays", "acme"])
    def test_layouts_of_other_types_are_refused(self, layout: str) -> None:
        """No class is laid out like a tuple."""

        def edit(graph: Any) -> Any:
            first, second, *others = graph.tables
            return msgspec.structs.replace(
                graph, tables=(first, msgspec.structs.replace(second, layout=layout), *others)
            )

        with pytest.raises(FormatError, match=f"Clipper' has (the|an unknown) layout '{layout}'"):
            inspect(reforge(vitrify.dumps([Clipper(0, 1)]), edit))

    @pytest.mark.parametrize("stride", [0, 8])
    def test_impossible_gaps_are_not_read(self, stride: int) -> None:
        """Elements do not lie on one another."""
        data = changed(vitrify.dumps({"m": np.zeros((50, 64))[:, ::2]}), "spaced", {"stride0": Const(stride)})
        with pytest.raises(FormatError, match="overlap"):
            read_array(data, "m")

    @pytest.mark.skipif(not HAS_STRING_DTYPE, reason="this numpy has no StringDType")
    @pytest.mark.parametrize(
        ("change", "says"),
        [
            ({"shape": (3,)}, "the texts of an array do not make its shape"),
            ({"shape": 2}, "the texts of an array do not make its shape"),
            ({"shape": ("a",)}, "the place of an array is not given in ints"),
            ({"items": None}, "the texts of an array do not make its shape"),
            ({"items": ["a", 1]}, "an array of texts holds something else"),
        ],
    )
    def test_impossible_arrays_of_texts_are_not_read(self, change: dict[str, Any], says: str) -> None:
        """Texts, as many as the shape says."""
        fields = {"dtype": np.dtypes.StringDType(), "shape": (2,), "order": "C", "items": ["a", "b"]}
        assert read_array(forge_value({"t": Forged("numpy.StringArray", fields)}), "t").tolist() == ["a", "b"]
        with pytest.raises(FormatError, match=says):
            read_array(forge_value({"t": Forged("numpy.StringArray", {**fields, **change})}), "t")


def changed(data: bytes, layout: str, columns: dict[str, Any]) -> bytes:
    """The file with other columns in the table of that layout."""

    def edit(graph: Any) -> Any:
        tables = tuple(
            msgspec.structs.replace(table, columns={**table.columns, **columns}) if table.layout == layout else table
            for table in graph.tables
        )
        return msgspec.structs.replace(graph, tables=tables)

    return reforge(data, edit)


def assert_reads(data: bytes, info: ArrayInfo) -> None:
    with contextlib.suppress(FormatError, UnsupportedError):
        assert read_array(data, info.path).shape == info.shape
