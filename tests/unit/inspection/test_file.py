"""What a summary says of the file as a whole, and how files are handed over."""

from __future__ import annotations

import dataclasses
import io
import json
import os
import platform
import subprocess
import sys
from typing import Any

import numpy as np
import pytest
import sklearn
from safetensors import safe_open
from sklearn.dummy import DummyClassifier

import vitrify
from tests.unit.inspection.samples import MODELS, bundle, forest, pipeline
from vitrify.errors import FormatError, IntegrityError, NotGlassFileError
from vitrify.inspection import Attached, inspect, read_attached
from vitrify.inspection.summary import Need


class TestFile:
    def test_a_path_bytes_and_streams_say_the_same(self, tmp_path: Any) -> None:
        """However a file is handed over, its summary is the same, and streams are left open."""
        path = tmp_path / "model.glass"
        vitrify.dump(pipeline(), path)
        data = path.read_bytes()
        stream = io.BytesIO(data)
        found = [inspect(source) for source in (path, str(path), data, bytearray(data), memoryview(data), stream)]
        assert all(summary == found[0] for summary in found)
        assert not stream.closed

    def test_what_is_attached_comes_back_as_it_was_captured(self, tmp_path: Any) -> None:
        """From a path, bytes and a stream; columns are told as numpy counts them, and rows as they were."""
        X, y = np.arange(240.0).reshape(60, 4), np.arange(60) % 2
        model = DummyClassifier().fit(X, y)
        record = vitrify.capture(model, X, y, probes="sample")
        path = tmp_path / "m.glass"
        vitrify.dump({"model": model}, path, record=record)
        for source in (path, path.read_bytes(), io.BytesIO(path.read_bytes())):
            found = read_attached(source)
            assert found.columns["mean"].tolist() == X.mean(axis=0).tolist()
            assert found.columns["kinds"] == ["float"] * 4
            assert found.target["n_distinct"].tolist() == [2]
            assert {tuple(row) for row in found.probes["X"].tolist()} <= {tuple(row) for row in X.tolist()}
            assert found.probes["outputs"]["predict"].tolist() == model.predict(found.probes["X"]).tolist()
            assert found.texts == {}

    def test_a_plain_file_attaches_nothing(self) -> None:
        assert read_attached(vitrify.dumps(pipeline())) == Attached()

    def test_damage_of_what_is_attached_is_named(self, tmp_path: Any) -> None:
        """With the file that it is in."""
        X = np.arange(240.0).reshape(60, 4)
        data = bytearray(vitrify.dumps(DummyClassifier().fit(X, X[:, 0]), X=X))
        data[-100] ^= 1
        (tmp_path / "m.glass").write_bytes(data)
        with pytest.raises(IntegrityError, match=r"^m\.glass: block '\$record' does not match its digest"):
            read_attached(tmp_path / "m.glass")

    def test_size_and_versions_are_those_of_the_machine_that_wrote(self, tmp_path: Any) -> None:
        """Sizes agree with the file system, versions with the running libraries."""
        path = tmp_path / "model.glass"
        vitrify.dump(pipeline(), path)
        summary = inspect(path)
        assert summary.file_bytes == os.stat(path).st_size
        assert summary.versions["python"] == platform.python_version()
        assert summary.versions["numpy"] == np.__version__
        assert summary.versions["sklearn"] == sklearn.__version__
        with safe_open(path, "np") as tensors:
            assert summary.n_blocks == len(tensors.keys())
            assert summary.model_digest == tensors.metadata()["model"]
            assert summary.format == tensors.metadata()["format"]

    def test_the_digest_of_the_model_does_not_depend_on_compression(self) -> None:
        """Equal models have one digest, others have another."""
        model = pipeline()
        plain, small = inspect(vitrify.dumps(model)), inspect(vitrify.dumps(model, compress=9))
        assert plain.model_digest == small.model_digest
        assert plain.model_digest != inspect(vitrify.dumps(forest())).model_digest

    def test_a_plain_file_names_what_it_does_not_record(self) -> None:
        """Data, source and score are said to be missing, not passed over."""
        summary = inspect(vitrify.dumps(pipeline()))
        assert summary.not_recorded == ("training data", "source", "score", "probes")
        assert "author" in summary.integrity
        assert "not checked" in summary.content

    @pytest.mark.parametrize("name", ["pipeline", "forest"])
    @pytest.mark.parametrize("compress", [None, 3])
    def test_every_block_is_compared_with_its_digest(self, name: str, compress: int | None) -> None:
        """A changed byte in any block is found."""
        data = vitrify.dumps(MODELS[name](), compress=compress)
        header = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])
        start = 8 + int.from_bytes(data[:8], "little")
        for block, entry in header.items():
            if block == "__metadata__":
                continue
            begin, end = entry["data_offsets"]
            damaged = bytearray(data)
            damaged[start + (begin + end) // 2] ^= 1
            with pytest.raises(IntegrityError, match="digest"):
                inspect(bytes(damaged))

    @pytest.mark.parametrize("data", [b"", b"\x80\x05pickle", b"PK\x03\x04", b"{}"])
    def test_other_files_are_refused_by_name(self, data: bytes) -> None:
        """What is no glass file is called what it is."""
        with pytest.raises(NotGlassFileError, match="<bytes>: not a glass file"):
            inspect(data)

    def test_errors_name_the_file(self, tmp_path: Any) -> None:
        """A truncated file's error begins with its name."""
        path = tmp_path / "cut.glass"
        path.write_bytes(vitrify.dumps(pipeline())[:-1])
        with pytest.raises(FormatError, match=r"^cut\.glass: truncated"):
            inspect(path)


class TestSummary:
    def test_it_survives_json(self) -> None:
        """Everything is plain data; nothing is lost on the way."""
        summary = inspect(vitrify.dumps(bundle()))
        found = json.loads(summary.to_json())
        assert found == summary.to_dict()
        assert found["tree"]["children"][0]["name"] == "model"
        assert found["arrays"][0]["path"] == summary.arrays[0].path
        assert found["file_bytes"] == summary.file_bytes

    def test_it_cannot_be_changed(self) -> None:
        """A summary is a value."""
        summary = inspect(vitrify.dumps(1))
        with pytest.raises(AttributeError):
            summary.file_bytes = 0  # type: ignore[misc]  # what is tested

    def test_its_repr_counts_names_beyond_twenty(self) -> None:
        """Each of them would need trust."""
        summary = inspect(vitrify.dumps([1]))
        needs = tuple(Need(name=f"acme.C{i}", what="class", path="$") for i in range(25))
        assert repr(dataclasses.replace(summary, code=needs)).endswith("'acme.C19', 'and 5 more']>")

    def test_its_repr_is_short(self) -> None:
        """Thousands of arrays do not flood a notebook."""
        assert len(repr(inspect(vitrify.dumps([np.arange(3)] * 3 + [np.arange(i) for i in range(500)])))) < 200


class TestImports:
    @pytest.mark.parametrize("call", ["inspect(path)", "read_array(path, 'steps.2.1.coef_')"])
    def test_no_machine_learning_library_is_needed(self, tmp_path: Any, call: str) -> None:
        """It works where scikit-learn, scipy and pandas cannot be imported, and without the terminal's libraries."""
        path = tmp_path / "model.glass"
        vitrify.dump(pipeline(), path)
        program = (
            "import sys\n"
            "class Refuse:\n"
            "    def find_spec(self, name, path=None, target=None):\n"
            "        if name.split('.')[0] in {'sklearn', 'scipy', 'pandas', 'joblib', 'rich', 'typer'}:\n"
            "            raise ImportError(name)\n"
            "sys.meta_path.insert(0, Refuse())\n"
            "from vitrify.inspection import inspect, read_array\n"
            f"path = {os.fspath(path)!r}\n"
            f"{call}\n"
            "kept_out = {'sklearn', 'scipy', 'pandas', 'joblib', 'rich', 'typer', 'vitrify.cli'}\n"
            "print(*sorted(kept_out & set(sys.modules)))\n"
        )
        found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
        assert found.stdout == "\n"
