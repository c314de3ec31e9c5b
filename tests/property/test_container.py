"""SPEC.md §1 to §5: whatever is written is a strict safetensors file, and no other bytes are a file."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from blake3 import blake3
from hypothesis import given
from hypothesis import strategies as st

import vitrify
from tests.property.strategies import arrays, nested
from tests.support.equality import assert_same
from tests.support.independent_reader import Container
from tests.support.lying_writer import Lie
from tests.vectors.strict_graph import read
from vitrify.errors import FormatError, IntegrityError, VitrifyError

safetensors = pytest.importorskip("safetensors", reason="safetensors is not installed")

SMALL = {"coef": np.array([0.5, -1.0]), "steps": [("a", {1, 2}), None], "name": "é"}
LARGE = {"weights": np.arange(2**17 + 9.0), "text": ["w" * (i % 7) for i in range(3000)]}


@pytest.fixture(scope="module")
def small() -> bytes:
    """A small file of several tables."""
    return vitrify.dumps(SMALL)


def header_of(data: bytes) -> tuple[int, bytes]:
    """The header's length and its JSON text."""
    n = int.from_bytes(data[:8], "little")
    return n, data[8 : 8 + n].rstrip(b" ")


class TestTheWholeFile:
    """§1.1 "Nothing MUST stand before or after."."""

    def test_every_truncation_is_an_error(self, small: bytes) -> None:
        """Cut off after any number of bytes, by path of memory or not, a file is refused."""
        for length in range(len(small)):
            with pytest.raises(FormatError, match="truncated" if length > 8 else "not a glass file"):
                vitrify.loads(small[:length])

    @given(st.binary(min_size=1, max_size=40))
    def test_trailing_bytes_are_an_error(self, tail: bytes) -> None:
        """Whatever stands behind the file, zeros and spaces included."""
        with pytest.raises(FormatError, match="trailing"):
            vitrify.loads(vitrify.dumps(SMALL) + tail)

    @given(st.binary(min_size=1, max_size=40))
    def test_leading_bytes_are_an_error(self, head: bytes) -> None:
        """Whatever stands before the file."""
        with pytest.raises(VitrifyError, match="not a glass file"):
            vitrify.loads(head + vitrify.dumps(SMALL))

    @given(st.binary(max_size=200))
    def test_other_bytes_are_no_file(self, data: bytes) -> None:
        """Random bytes end in one of our errors."""
        with pytest.raises(VitrifyError, match="not a glass file"):
            vitrify.loads(data)


class TestStrictSafetensors:
    """§1.2 "Every glass file is a valid safetensors file."."""

    @given(nested(), st.lists(arrays(), max_size=3), st.sampled_from([0, 5]))
    def test_safetensors_opens_every_file(self, value: Any, found: list[Any], effort: int) -> None:
        """The reference reader parses it and finds the metadata."""
        data = vitrify.dumps({"value": value, "arrays": found}, compress=effort)
        tensors = safetensors.deserialize(data)
        assert {"$cells", "$graph"} <= {name for name, _ in tensors}

    def test_safetensors_lists_big_arrays_by_path(self, tmp_path: Any) -> None:
        """`safe_open` gives the names, dtypes, shapes and values of arrays of 4 KiB and more."""
        cube = np.arange(2000, dtype="<f4").reshape(2, 10, 100)
        model = {"steps": [("scale", {"mean_": np.arange(512.0)})], "coef": np.asfortranarray(cube),
                 "flags": np.arange(4096) % 3 == 0, "z": np.arange(512) * 1j, "be": np.arange(2048, dtype=">i2"),
                 "small": np.arange(5)}  # fmt: skip
        path = tmp_path / "model.glass"
        vitrify.dump(model, path)
        with safetensors.safe_open(path, framework="numpy") as opened:
            names = set(opened.keys())
            assert {"steps.0.1.mean_", "coef.T", "flags", "z", "be"} <= names
            assert "small" not in names
            assert_same(opened.get_tensor("steps.0.1.mean_"), np.arange(512.0))
            assert_same(opened.get_tensor("coef.T"), np.ascontiguousarray(cube.T))
            assert_same(opened.get_tensor("flags"), model["flags"])
            assert_same(opened.get_tensor("z").view("<c16")[:, 0], model["z"])
            assert_same(opened.get_tensor("be").view(">i2")[:, 0], model["be"])
            assert json.loads(opened.metadata()["record"])["versions"]["numpy"] == np.__version__

    def test_names_that_safetensors_or_the_format_need_are_not_taken(self) -> None:
        """A model may call its arrays `__metadata__`, `$cells` or anything else, twice."""
        keys = ["__metadata__", "$cells", "$graph", "a.b", "", "\ud800", "\n", "é", "x~2", "x"]
        model = {key: np.full(512, i) for i, key in enumerate(keys)} | {"a": {"b": np.full(512, -1)}}
        data = vitrify.dumps(model)
        assert_same(model, vitrify.loads(data))
        assert len(safetensors.deserialize(data)) == len(keys) + 3


class TestCanonicalHeader:
    """§2.3 "All JSON of the format (the header, and the texts in 2.6, 6.1 and 7.1) is *canonical*"."""

    @given(nested(), st.lists(arrays(), max_size=2), st.sampled_from([0, 5]))
    def test_the_header_is_what_a_json_library_writes(self, value: Any, found: list[Any], effort: int) -> None:
        """Another JSON library, told to leave out spaces, writes the very bytes."""
        data = vitrify.dumps([value, found], compress=effort)
        _, text = header_of(data)
        header = json.loads(text)
        assert json.dumps(header, ensure_ascii=False, separators=(",", ":")).encode() == text
        graph = Container(data).graph
        assert json.dumps(json.loads(graph), ensure_ascii=False, separators=(",", ":")).encode() == graph

    @given(st.data())
    def test_no_other_spelling_is_read(self, data: st.DataObject) -> None:
        """White space between any two tokens of header, record or graph is refused, with all digests made to fit."""
        written = vitrify.dumps(SMALL)
        is_header = data.draw(st.booleans())

        def spaced(text: bytes) -> bytes:
            places = [i + 1 for i, byte in enumerate(text[:-1]) if byte in b"{}[],:"]
            at = data.draw(st.sampled_from(places))
            return text[:at] + data.draw(st.sampled_from([b" ", b"\n", b"\t"])) + text[at:]

        with pytest.raises(FormatError, match=r"not in canonical form|not the JSON that SPEC.md|not a glass file"):
            vitrify.loads(Lie(written).file(header_text=spaced) if is_header else Lie(written).file(graph_text=spaced))


class TestBlocksWithoutHoles:
    """§2.8 "The first block begins at 0 of the data section, each other where the one before it ends"."""

    @given(st.lists(st.integers(4090, 4200), max_size=6), st.sampled_from([0, 5]))
    def test_blocks_are_contiguous_and_aligned(self, sizes: list[int], effort: int) -> None:
        """No hole, no overlap; every raw array begins at a multiple of the power of two that its size has (2.10)."""
        data = vitrify.dumps([np.arange(size, dtype=np.uint8) for size in sizes], compress=effort)
        _, text = header_of(data)
        header = json.loads(text)
        stored = json.loads(header.pop("__metadata__")["blocks"])
        position = 0
        for entry, how in zip(header.values(), stored, strict=True):
            begin, end = entry["data_offsets"]
            assert begin == position
            position = end
            if "piece" in how and "codec" not in how:
                assert begin % min((end - begin) & -(end - begin), 64) == 0


class TestPadding:
    """§2.12 "The header is padded with spaces (0x20) after the JSON text"."""

    @pytest.mark.parametrize("value", [SMALL, LARGE])
    def test_length_follows_the_rule(self, value: Any) -> None:
        """The data section begins at a multiple of 64; from 1 MiB on there is room for a signature."""
        data = vitrify.dumps(value)
        n, text = header_of(data)
        room = 4096 if len(data) - 8 - n >= 1 << 20 else 0
        assert (8 + n) % 64 == 0
        assert room <= n - len(text) < room + 64
        assert data[8 + len(text) : 8 + n] == b" " * (n - len(text))


class TestDigests:
    """§3.3 "the root covers every byte of the file"."""

    def test_a_flipped_bit_in_any_header_byte_is_an_error(self, small: bytes) -> None:
        """Every byte of length, JSON and padding, a different bit of each; behind the magic it is called damage."""
        n, _ = header_of(small)
        for at in range(8 + n):
            damaged = bytearray(small)
            damaged[at] ^= 1 << at % 8
            with pytest.raises(VitrifyError) as caught:
                vitrify.loads(bytes(damaged))
            assert at < 33 or isinstance(caught.value, IntegrityError)

    @given(st.data())
    def test_a_flipped_bit_anywhere_is_an_error(self, data: st.DataObject) -> None:
        """In blocks of a small and a large file, raw and encoded, compared by the independent reader as well."""
        written = _files()[data.draw(st.integers(0, 3))]
        at = data.draw(st.integers(0, len(written) - 1))
        damaged = bytearray(written)
        damaged[at] ^= 1 << data.draw(st.integers(0, 7))
        # Damage to the length or to the first letters makes it another file, or one that ends too early.
        says = "does not match its digest" if at >= 33 else "truncated|limit header_bytes|not a glass file|its digest"
        with pytest.raises(VitrifyError, match=says):
            vitrify.loads(bytes(damaged))
        with pytest.raises(ValueError, match=r"\w"):
            read(bytes(damaged))

    def test_digests_are_blake3_of_each_mebibyte(self) -> None:
        """§3.2, computed here."""
        data = vitrify.dumps(LARGE)
        n, text = header_of(data)
        header = json.loads(text)
        stored = json.loads(header.pop("__metadata__")["blocks"])
        for entry, how in zip(header.values(), stored, strict=True):
            begin, end = (8 + n + offset for offset in entry["data_offsets"])
            parts = [data[i : min(i + (1 << 20), end)] for i in range(begin, end, 1 << 20)]
            assert how["digests"] == [blake3(part).hexdigest() for part in parts]


_WRITTEN: list[bytes] = []


def _files() -> list[bytes]:
    """Small and large, raw and encoded; written once."""
    if not _WRITTEN:
        _WRITTEN.extend(vitrify.dumps(value, compress=effort) for value in (SMALL, LARGE) for effort in (0, 5))
    return _WRITTEN


class TestCodecs:
    """§4.3 "A codec is lossless to the bit."."""

    @given(arrays(), st.integers(1, 9))
    def test_compressed_values_come_back(self, array: Any, effort: int) -> None:
        """At every effort, for arrays that compress well and badly."""
        value = {"one": array, "many": np.tile(array.reshape(-1), 300) if array.size else array}
        assert_same(value, vitrify.loads(vitrify.dumps(value, compress=effort)))


class TestModelDigest:
    """§5.1 "Equal models have equal digests at every compression level"."""

    @given(nested(), st.lists(arrays(), max_size=2))
    def test_compression_does_not_change_it(self, value: Any, found: list[Any]) -> None:
        """Raw and at two efforts; loaded and written again."""
        model = [value, found, "x" * 5000]
        digests = {Container(vitrify.dumps(model, compress=effort)).metadata["model"] for effort in (0, 1, 6)}
        again = vitrify.dumps(vitrify.loads(vitrify.dumps(model)))
        assert digests == {Container(again).metadata["model"]}


class TestDeterminism:
    """§6.1.4 "The same set gives the same bytes under any hash seed."."""

    def test_bytes_do_not_depend_on_the_hash_seed(self) -> None:
        """Sets of every kind of items, of long text, and sets in sets, written by processes with other seeds."""
        program = (
            "import sys, vitrify\n"
            "a = {str(i) for i in range(99)}; b = {1, 'x', None, 2.5, b'', (1, 'y')}\n"
            "c = {c * 5000 for c in 'abcd'} | {1}; d = {frozenset({str(i), i}) for i in range(20)}\n"
            "e = {(c * 5000,) for c in 'abcd'}\n"
            "sys.stdout.buffer.write(vitrify.dumps([a, b, c, d, e, {'k': a}]))\n"
        )
        outputs = set[bytes]()
        for seed in ("1", "2", "3"):
            env = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(sys.path)}
            outputs.add(
                subprocess.run([sys.executable, "-c", program], env=env, capture_output=True, check=True).stdout
            )
        assert len(outputs) == 1

    @given(nested())
    def test_equal_values_give_equal_bytes(self, value: Any) -> None:
        """Written twice, and written after loading."""
        data = vitrify.dumps(value)
        assert vitrify.dumps(value) == data
        assert vitrify.dumps(vitrify.loads(data)) == data
