"""dtypes as text: what has a spelling, what has none, and which bytes belong to values."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import vitrify
from tests.property.strategies import dtypes
from vitrify.errors import FormatError, UnsupportedError
from vitrify.graph import dtypes as module
from vitrify.graph.dtypes import decode_dtype, encode_dtype, holds_garbage, require_values, value_mask, without_garbage

ALIGNED = np.dtype([("a", "i1"), ("b", "<f8")], align=True)
SPELLINGS: list[tuple[Any, Any]] = [
    (np.bool_, "|b1"),
    (np.int8, "|i1"),
    (">u2", ">u2"),
    ("<f2", "<f2"),
    (">c16", ">c16"),
    ("S3", "|S3"),
    ("<U0", "<U0"),
    ("V4", "|V4"),
    ("M8[ns]", "<M8[ns]"),
    ("m8", "<m8"),
    (">M8[25s]", ">M8[25s]"),
    (ALIGNED, {"fields": [{"name": "a", "dtype": "|i1", "offset": 0}, {"name": "b", "dtype": "<f8", "offset": 8}],
               "itemsize": 16, "aligned": True}),
    ([("m", "<i2", (2, 3))], {"fields": [{"name": "m", "dtype": "<i2", "offset": 0, "shape": [2, 3]}],
                              "itemsize": 12, "aligned": False}),
    ({"names": ["x"], "formats": ["<i4"], "titles": ["the x"]},
     {"fields": [{"name": "x", "dtype": "<i4", "offset": 0, "title": "the x"}], "itemsize": 4, "aligned": False}),
    ([], {"fields": [], "itemsize": 0, "aligned": False}),
]  # fmt: skip


class TestSpelling:
    @pytest.mark.parametrize(("dtype", "spelling"), SPELLINGS)
    def test_there_is_one_both_ways(self, dtype: Any, spelling: Any) -> None:
        """As SPEC.md §6.4 has it."""
        assert encode_dtype(np.dtype(dtype)) == spelling
        assert decode_dtype(spelling) == np.dtype(dtype)

    @given(dtypes())
    def test_every_dtype_comes_back(self, dtype: Any) -> None:
        """With offsets, itemsize and the aligned flag."""
        found = decode_dtype(encode_dtype(dtype))
        assert found == dtype
        assert (found.itemsize, found.isalignedstruct, found.fields) == (
            dtype.itemsize,
            dtype.isalignedstruct,
            dtype.fields,
        )

    @pytest.mark.parametrize(
        ("dtype", "says"),
        [
            (object, "an array of dtype object"),
            ([("o", object)], "an array of a structured dtype whose field 'o' has dtype object"),
            ([("in", [("o", "O")])], "an array of a structured dtype whose field 'o' has dtype object"),
            (np.dtype((np.record, [("a", "f8")])), "an array of record items"),
            ([("\ud800", "f8")], "a name with a lone surrogate, '\\ud800'"),
        ],
    )
    def test_what_has_none_is_refused(self, dtype: Any, says: str) -> None:
        """Objects, record classes, names that UTF-8 cannot hold."""
        with pytest.raises(UnsupportedError) as caught:
            encode_dtype(np.dtype(dtype))
        assert caught.value.message == says

    @pytest.mark.parametrize(
        "text",
        ["", "f8", "=f8", "|f8", "<f", "<f7", "<f8 ", " <f8", "<f8\n", "<i1", "|i8", "O", "|O", "|O8", "object",
         "float64", "f8,f8", "(2,)f8", "<U-1", "<U01", "<U٣", "<U99999999999",
         "S", "|a3", "<M8[]", "<M8[0s]",
         "<M8[s/2]", "<M8[ns][ns]", "<M8[1s]", "<M8[fortnight]", "<T8", "|T16", "<f8\0", "i4," * 100_000, "<g16",
         "<V4"],
    )  # fmt: skip
    def test_other_text_is_refused(self, text: str) -> None:
        """The language of numpy itself has many more words (attacks A03)."""
        with pytest.raises(FormatError) as caught:
            decode_dtype(text)
        assert caught.value.message == (
            "dtype '<M8[1s]' is not in canonical form" if text == "<M8[1s]" else f"unknown dtype {text[:80]!r}"
        )

    @given(st.text("<>|=iufcbSUVMmO0123456789[]snDh(),", max_size=12))
    def test_what_is_accepted_is_what_numpy_writes(self, text: str) -> None:
        """Any text is either refused or the dtype's own short form, and never holds objects."""
        try:
            dtype = decode_dtype(text)
        except (FormatError, UnsupportedError):
            return
        assert dtype.str == text
        assert not dtype.hasobject

    @pytest.mark.parametrize(
        ("change", "says"),
        [
            ({"aligned": 1}, "is not in canonical form"),
            ({"aligned": 1.0}, "is not in canonical form"),
            ({"itemsize": 8.0}, "malformed structured dtype: itemsize"),
            ({"itemsize": True}, "malformed structured dtype: itemsize"),
            ({"itemsize": -1}, "malformed structured dtype: itemsize"),
            ({"itemsize": 2**31}, "malformed structured dtype: itemsize"),
            ({"itemsize": 7}, "a field of a structured dtype lies outside the item"),
            ({"fields": {}}, "malformed structured dtype"),
            ({"fields": [[]]}, "malformed field of a structured dtype"),
            ({"fields": None}, "malformed structured dtype"),
            ({"more": 1}, "malformed structured dtype"),
            ({"fields": [{"name": "a", "dtype": "<f8"}]}, "a field of a structured dtype lies outside the item"),
            ({"fields": [{"name": 1, "dtype": "<f8", "offset": 0}]}, "malformed field of a structured dtype"),
            (
                {"fields": [{"name": "a", "dtype": "<f8", "offset": 0.0}]},
                "a field of a structured dtype lies outside the item",
            ),
            (
                {"fields": [{"name": "a", "dtype": "<f8", "offset": False}]},
                "a field of a structured dtype lies outside the item",
            ),
            (
                {"fields": [{"name": "a", "dtype": "<f8", "offset": 1}]},
                "a field of a structured dtype lies outside the item",
            ),
            (
                {"fields": [{"name": "a", "dtype": "<f8", "offset": 2**64}]},
                "a field of a structured dtype lies outside the item",
            ),
            ({"fields": [{"name": "a", "dtype": "|V8", "offset": 0, "shape": [1.0]}]}, "malformed shape of a field"),
            ({"fields": [{"name": "a", "dtype": "|V1", "offset": 0, "shape": [-1]}]}, "malformed shape of a field"),
            (
                {"fields": [{"name": "a", "dtype": "|V1", "offset": 0, "shape": [1] * 33}]},
                "malformed field of a structured dtype",
            ),
            ({"fields": [{"name": "a", "dtype": "|V1", "offset": 0, "title": None}]}, "is not in canonical form"),
            ({"fields": [{"name": "a", "dtype": "|O", "offset": 0}]}, "unknown dtype of a field"),
            ({"fields": [{"name": "a", "dtype": None, "offset": 0}]}, "unknown dtype of a field"),
            (
                {"fields": [{"name": "a", "dtype": "<i4", "offset": 0}, {"name": "a", "dtype": "<i4", "offset": 4}]},
                "malformed structured dtype (name already used",
            ),
            (
                {
                    "fields": [
                        {"name": "a", "dtype": "|i1", "offset": 0, "title": "b"},
                        {"name": "b", "dtype": "|i1", "offset": 1},
                    ]
                },
                "malformed structured dtype (name already used",
            ),
        ],
    )
    def test_malformed_structs_are_refused(self, change: dict[str, Any], says: str) -> None:
        """Each differs in one thing from a good one (attacks A01, B12)."""
        good = {"fields": [{"name": "a", "dtype": "<f8", "offset": 0}], "itemsize": 8, "aligned": False}
        assert decode_dtype(good) == np.dtype([("a", "<f8")])
        with pytest.raises(FormatError) as caught:
            decode_dtype(good | change)
        assert says in caught.value.message


class TestValueBytes:
    @pytest.mark.parametrize(
        ("dtype", "mask"),
        [
            ("<f8", "1" * 8),
            (ALIGNED, "1" + "0" * 7 + "1" * 8),
            ([("a", ALIGNED), ("b", "?")], "1" + "0" * 7 + "1" * 9),
            ([("a", ALIGNED, (2,))], ("1" + "0" * 7 + "1" * 8) * 2),
            ({"names": ["w", "l"], "formats": ["<u4", "<u2"], "offsets": [2, 2], "itemsize": 8}, "00111100"),
            ([], ""),
        ],
    )
    def test_the_mask_marks_what_belongs_to_a_value(self, dtype: Any, mask: str) -> None:
        """Padding between, before and after fields does not."""
        assert value_mask(np.dtype(dtype)) == bytes(255 * int(bit) for bit in mask)
        assert holds_garbage(np.dtype(dtype)) == ("0" in mask)

    @pytest.mark.skipif(np.finfo(np.longdouble).nmant != 63, reason="long doubles are not x87 extended precision here")
    def test_long_doubles_have_ten_bytes_of_value(self) -> None:
        """The other six are whatever lay there."""
        assert value_mask(np.dtype(np.longdouble)) == b"\xff" * 10 + bytes(6)
        assert value_mask(np.dtype(np.clongdouble)) == (b"\xff" * 10 + bytes(6)) * 2

    @given(st.binary(min_size=48, max_size=48))
    def test_cleaning_changes_padding_only(self, data: bytes) -> None:
        """All fields stay, all other bytes are zero; what is clean is not copied."""
        dirty = np.frombuffer(data, ALIGNED)
        clean = without_garbage(dirty)
        assert clean["a"].tobytes() == dirty["a"].tobytes()
        assert clean["b"].tobytes() == dirty["b"].tobytes()
        assert not clean.view(np.uint8).reshape(3, 16)[:, 1:8].any()
        assert without_garbage(clean) is clean

    @pytest.mark.parametrize(
        ("data", "dtype", "says"),
        [
            (b"\2\0", "?", "an array of bools holds a byte that is neither 0 nor 1"),
            (b"\0\2\0\1", [("x", "i1"), ("b", "?")], "an array of bools holds a byte that is neither 0 nor 1"),
            (b"\x00\x00\x11\x00", "<U1", "an array of text holds a character beyond Unicode"),
            (b"\x00\x11\x00\x00", ">U1", "an array of text holds a character beyond Unicode"),
            (b"\xff" * 8, "<U2", "an array of text holds a character beyond Unicode"),
            (b"\1\xff\xff\xff\xff", [("b", "?"), ("u", "<U1")], "an array of text holds a character beyond Unicode"),
        ],
    )
    def test_bytes_that_are_no_value_are_refused(self, data: bytes, dtype: Any, says: str) -> None:
        """Bools, characters, in fields too (attacks A05)."""
        with pytest.raises(FormatError) as caught:
            require_values(np.frombuffer(data, np.dtype(dtype)))
        assert caught.value.message == says

    @pytest.mark.parametrize("dtype", ["<U2", [("u", "<U2")], [("b", "?"), ("u", "<U1")]])
    def test_what_would_not_be_read_is_not_written(self, dtype: Any) -> None:
        """Memory that was never written, in an array of text or with fields of bools."""
        with pytest.raises(UnsupportedError, match="never written"):
            vitrify.dumps(np.frombuffer(b"\xff" * np.dtype(dtype).itemsize, np.dtype(dtype)).copy())

    @given(st.binary(min_size=16, max_size=16), st.sampled_from(["<f8", "u1", "c16", "M8[s]", "S4", "V2", "<f4"]))
    def test_any_bytes_are_numbers(self, data: bytes, code: str) -> None:
        """Of all other dtypes."""
        require_values(np.frombuffer(data, code))


class TestOtherMachines:
    def test_a_long_double_of_another_kind_is_neither_saved_nor_loaded(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Its bytes mean other numbers there."""
        spelling: Any = np.dtype(np.longdouble).str
        monkeypatch.setattr(module, "_HAS_X87", False)
        with pytest.raises(UnsupportedError) as saved:
            encode_dtype(np.dtype(np.longdouble))
        assert saved.value.message == f"an array of dtype {np.dtype(np.longdouble)}, which other machines cannot read"
        assert saved.value.hint == "Use float64"
        with pytest.raises(UnsupportedError) as loaded:
            module._numpy_dtype(spelling)
        assert loaded.value.message == f"dtype {spelling} is the long double of another kind of machine"


@pytest.mark.parametrize(
    ("dtype", "message"),
    [
        ({"names": ["x"], "formats": ["<i4"], "titles": [5]}, "a field title of type int"),
        ("M8[2147483647s]", "an array of dtype datetime64[2147483647s]"),
        ((np.record, [("x", "<i4")]), "an array of record items"),
    ],
)
def test_what_has_no_spelling_is_not_saved(dtype: Any, message: str) -> None:
    """With the reason."""
    with pytest.raises(UnsupportedError) as caught:
        encode_dtype(np.dtype(dtype))
    assert caught.value.message == message
