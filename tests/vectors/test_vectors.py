"""The golden files: what today's code must still read, still refuse and still write."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import zstandard
from blake3 import blake3

import vitrify
from tests.support.independent_reader import Arrays, Container
from tests.support.repacked import codecs
from tests.vectors.cases import CASES as INVALID
from tests.vectors.describing import describe, describe_glass, described_arrays
from tests.vectors.generate import FILES, SPEC, SUMS, build, example, manifest, sums, valid_files
from tests.vectors.own import OWN
from tests.vectors.strict_graph import read
from tests.vectors.valid import CASES as VALID
from tests.vectors.valid import CHOSEN_ANEW, EFFORT, KEPT

ZSTD_VERSION = (1, 5, 7)
HAS_X87 = np.finfo(np.longdouble).nmant == 63
CONTAINERS = {  # The invalid files that break §1 to §5, §7 or §8.1, and those whose blocks have other numbers.
    name for name, case in INVALID.items() if case.clause[0] in "123457" or case.clause == "8.1" or name[:6] == "piece_"
}
NEED_THE_GRAPH = {"array_dtype_shown", "array_shape_shown", "graph_deep", "graph_field_order"}
SOURCES = Path(vitrify.__file__).parent


def valid(name: str) -> tuple[bytes, Any]:
    """A valid file and its expectation."""
    if name == "longdouble" and not HAS_X87:
        pytest.skip("long doubles are not x87 extended precision here (SPEC.md 6.4.2)")
    path = FILES / "valid" / f"{name}.glass"
    return path.read_bytes(), json.loads(path.with_suffix(".json").read_text("utf-8"))


def load(data: bytes, expected: Any) -> Any:
    """Load a golden file, with the classes that it needs."""
    return vitrify.loads(data, trust={name: OWN[name] for name in expected.get("trust", ())}, versions="ignore")


def test_no_golden_file_has_changed() -> None:
    """Each has its digest in the list; a new one is added there by `generate`, no other line ever changes."""
    assert sums() == SUMS.read_text("utf-8")


class TestValidFiles:
    """SPEC.md §10: golden files are read by every later release."""

    def test_none_is_missing(self) -> None:
        """Every case has its file and its expectation, and there are no others."""
        assert {path.stem for path in (FILES / "valid").glob("*.glass")} == set(VALID)
        assert {path.stem for path in (FILES / "valid").glob("*.json")} == set(VALID)

    @pytest.mark.parametrize("name", sorted(VALID))
    def test_vitrify_loads_what_was_put_in(self, name: str) -> None:
        """The loaded object has the description that its author wrote."""
        data, expected = valid(name)
        assert describe(load(data, expected)) == expected["value"]

    @pytest.mark.parametrize("name", sorted(VALID))
    def test_independent_reader_returns_the_arrays(self, name: str) -> None:
        """Two hundred lines find every array under its path, with its dtype, shape, order and elements."""
        data, expected = valid(name)
        described = described_arrays(expected["value"])
        found = Arrays(data).by_path
        assert set(found) >= set(described)
        assert len({id(array) for array in found.values()}) == len(described)
        for path, array in described.items():
            kept = {key: value for key, value in array.items() if key != "overlaps"}
            if name == "spaced":
                del kept["layout"]
            assert kept.items() <= describe(found[path]).items(), path

    @pytest.mark.parametrize("name", sorted(VALID))
    def test_arrays_share_memory_as_they_did(self, name: str) -> None:
        """Those that overlap in the expectation do so when they come from the independent reader."""
        data, expected = valid(name)
        described = described_arrays(expected["value"])
        found = Arrays(data).by_path
        before: list[str] = []
        for path, array in described.items():
            assert [p for p in before if np.shares_memory(found[path], found[p])] == array["overlaps"]
            before.append(path)

    @pytest.mark.parametrize("name", sorted(VALID))
    def test_blocks_are_called_by_the_paths_of_their_arrays(self, name: str) -> None:
        """§2.11: safetensors shows the bytes under the name that the independent reader finds for them."""
        data, _ = valid(name)
        by_name = {re.sub(r"\[['\"]?(.*?)['\"]?\]", r".\1", path)[2:]: a for path, a in Arrays(data).by_path.items()}
        header = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])
        stored = json.loads(header.pop("__metadata__")["blocks"])
        begin = 8 + int.from_bytes(data[:8], "little")
        for (block, entry), how in zip(header.items(), stored, strict=True):
            if block[0] != "$" and "codec" not in how:
                first, last = entry["data_offsets"]
                assert by_name[block.removesuffix(".T")].tobytes("A") == data[begin + first : begin + last]

    @pytest.mark.parametrize("name", sorted(VALID))
    def test_strict_reader_sees_the_same(self, name: str) -> None:
        """A reader that knows nothing but SPEC.md finds the same tables, values and arrays."""
        data, expected = valid(name)
        assert describe_glass(read(data)) == expected["value"]

    @pytest.mark.parametrize("name", sorted(set(VALID) - KEPT))
    def test_todays_writer_writes_the_same_bytes(self, name: str) -> None:
        """The file is reproduced byte for byte; with another zstd, or another choice of codecs, its content is."""
        data, _ = valid(name)
        made = build(name, VALID[name]())
        if name in CHOSEN_ANEW:
            assert codecs(made) != codecs(data)
        if name in CHOSEN_ANEW or (name in EFFORT and zstandard.ZSTD_VERSION != ZSTD_VERSION):
            assert Container(made).metadata["model"] == Container(data).metadata["model"]
        else:
            assert made == data

    @pytest.mark.parametrize("name", sorted(KEPT))
    def test_a_kept_model_is_written_as_it_was(self, name: str) -> None:
        """A model of another library comes out of the writer as it went in."""
        data, expected = valid(name)
        assert build(name, load(data, expected)) == data

    @pytest.mark.parametrize("name", sorted(VALID))
    def test_model_digest_is_the_one_of_the_spec(self, name: str) -> None:
        """§5.1, computed here from the decoded blocks."""
        data, _ = valid(name)
        container = Container(data)
        digest = blake3(b"vitrify model 0\n")
        for content in (*(block.data for block in container.blocks), container.cells, container.graph):
            digest.update(f"{len(content)}\n".encode())
            for i in range(0, len(content), 1 << 20):
                digest.update(blake3(content[i : i + (1 << 20)]).hexdigest().encode())
        assert container.metadata["model"] == digest.hexdigest()


class TestInvalidFiles:
    """SPEC.md §9: what a reader must refuse."""

    def test_none_is_missing(self) -> None:
        """Every case has its file, the manifest lists exactly these."""
        listed = json.loads((FILES / "invalid" / "manifest.json").read_text("utf-8"))
        assert listed == manifest()
        assert {path.stem for path in (FILES / "invalid").glob("*.glass")} == set(INVALID)

    @pytest.mark.parametrize("name", sorted(INVALID))
    def test_vitrify_refuses_it_for_its_reason(self, name: str) -> None:
        """The error has the class and the words that the manifest says."""
        case = INVALID[name]
        data = (FILES / "invalid" / f"{name}.glass").read_bytes()
        with pytest.raises(vitrify.errors.VitrifyError, match=f"(?i){re.escape(case.message)}") as caught:
            vitrify.loads(data, trust=OWN, versions="ignore")
        assert type(caught.value).__name__ == case.error

    @pytest.mark.parametrize("name", sorted(INVALID))
    def test_strict_reader_refuses_it(self, name: str) -> None:
        """The rule is in SPEC.md, not only in vitrify."""
        with pytest.raises(ValueError, match=r"\w"):
            read((FILES / "invalid" / f"{name}.glass").read_bytes())

    @pytest.mark.parametrize("name", sorted(CONTAINERS - NEED_THE_GRAPH))
    def test_independent_reader_refuses_broken_containers(self, name: str) -> None:
        """Two hundred lines check §1 to §5 and §7; what is left to the strict reader is the object graph."""
        with pytest.raises(ValueError, match=r"\w"):
            Arrays((FILES / "invalid" / f"{name}.glass").read_bytes())

    @pytest.mark.parametrize("name", sorted(INVALID))
    def test_it_is_what_the_case_makes(self, name: str) -> None:
        """The file is made again from the valid ones, so nothing in it is accidental."""
        if zstandard.ZSTD_VERSION != ZSTD_VERSION and INVALID[name].clause == "4.2":
            pytest.skip("another zstd writes other frames")
        data = (FILES / "invalid" / f"{name}.glass").read_bytes()
        assert INVALID[name].make(valid_files()) == data


class TestSpec:
    """SPEC.md and what cites it agree."""

    def test_the_example_is_exact(self) -> None:
        """The bytes in §11 are those of the golden file."""
        text = SPEC.read_text("utf-8").split("## §11")[1].split("```\n")[1]
        lines = [line for line in text.splitlines() if not line.startswith("#")]
        shown = b"".join(bytes.fromhex(line[6:73].replace(" ", "")) for line in lines)
        data, _ = valid("tiny")
        assert shown == data
        assert text.rstrip("\n") == example(data)

    def test_every_broken_clause_exists(self) -> None:
        """A clause that the manifest names is in SPEC.md."""
        text = SPEC.read_text("utf-8")
        missing = {case.clause for case in INVALID.values() if not re.search(_heading(case.clause), text)}
        assert missing == set()

    def test_every_clause_that_the_code_cites_exists(self) -> None:
        """`SPEC.md §6.2` in a docstring or message leads somewhere."""
        cited = set[str]()
        for path in SOURCES.rglob("*.py"):
            cited.update(re.findall(r"SPEC\.md §([0-9.]*[0-9])", path.read_text("utf-8")))
        text = SPEC.read_text("utf-8")
        assert cited
        assert {clause for clause in cited if not re.search(_heading(clause), text)} == set()


def _heading(clause: str) -> str:
    return rf"(?m)(\*\*{re.escape(clause)}\*\*|^#+ §{re.escape(clause)} )"
