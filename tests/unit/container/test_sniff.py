"""What other files are called in the message, with files that other tools have really written."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import pickle
import zipfile
import zlib
from pathlib import Path

import joblib
import numpy as np
import pytest
import zstandard
from sklearn.preprocessing import StandardScaler

import vitrify
from vitrify.container.sniff import looks_like
from vitrify.errors import NotGlassFileError

VALUE = {"a": np.arange(10)}


def _joblib(compress: object) -> bytes:
    out = io.BytesIO()
    joblib.dump(VALUE, out, compress=compress)
    return out.getvalue()


def _npy() -> bytes:
    out = io.BytesIO()
    np.save(out, VALUE["a"])
    return out.getvalue()


def _zip(**members: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return out.getvalue()


OTHERS = {
    "joblib": (_joblib(0), "pickle"),
    "joblib zlib": (_joblib(("zlib", 3)), "zlib"),
    "joblib zlib 9": (_joblib(("zlib", 9)), "zlib"),
    "joblib gzip": (_joblib(("gzip", 3)), "gzip"),
    "joblib bz2": (_joblib(("bz2", 3)), "bzip2"),
    "joblib xz": (_joblib(("xz", 3)), "xz"),
    "joblib lzma": (_joblib(("lzma", 3)), "lzma"),
    "lzma": (lzma.compress(b"x", lzma.FORMAT_ALONE), "lzma"),
    "npy": (_npy(), "npy"),
    "zip": (_zip(schema=b"{}"), "zip"),
    "empty zip": (_zip(), "zip"),
    "gzip": (gzip.compress(b"x"), "gzip"),
    "bz2": (bz2.compress(b"x"), "bzip2"),
    "xz": (lzma.compress(b"x"), "xz"),
    "zlib": (zlib.compress(b"x", 0), "zlib"),
    "zstd": (zstandard.ZstdCompressor().compress(b"x"), "zstd"),
    "hdf5": (b"\x89HDF\r\n\x1a\n" + bytes(100), "HDF5"),
    "program": (b"\x7fELF" + bytes(100), "program"),
    "pdf": (b"%PDF-1.7", "PDF"),
    "lfs": (b"version https://git-lfs.github.com/spec/v1\noid sha256:0", "Git LFS"),
    "html": (b"<!DOCTYPE html><html>404</html>", "web page"),
    "json": (b'{"a": 1}', "JSON"),
    "nothing": (b"", "empty"),
    "zeros": (bytes(1000), "not a file that vitrify knows"),
}


class TestLooksLike:
    @pytest.mark.parametrize("kind", OTHERS)
    def test_loading_says_what_it_is_instead(self, kind: str, tmp_path: Path) -> None:
        """By path and from memory, with a hint; the path's name comes first."""
        data, said = OTHERS[kind]
        path = tmp_path / "model.glass"
        path.write_bytes(data)
        with pytest.raises(NotGlassFileError, match=said) as caught:
            vitrify.load(path)
        assert str(caught.value).startswith("model.glass: ")
        assert caught.value.hint
        with pytest.raises(NotGlassFileError, match=said):
            vitrify.loads(data)

    @pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
    @pytest.mark.parametrize(
        "value",
        [VALUE, {}, [1], [StandardScaler()], (StandardScaler(), 1), StandardScaler(), np.arange(3), StandardScaler],
        ids=["dict", "empty", "list", "list of a model", "tuple", "model", "array", "class"],
    )
    def test_a_pickle_of_every_protocol_is_named(self, protocol: int, value: object) -> None:
        """From protocol 2 on by its first byte; before by how a dict, a list, a class begin."""
        with pytest.raises(NotGlassFileError, match=r"this is a pickle .*Load it where it was written"):
            vitrify.loads(pickle.dumps(value, protocol))

    @pytest.mark.parametrize(
        "text", [b"case a\nb\n", b"(a)\n", b"[1, 2]", b"count\n1\n", b"class A:\n    x\n", b"c\nd\n"]
    )
    def test_other_text_is_no_pickle(self, text: bytes) -> None:
        """It may begin with a letter that means something in a pickle."""
        with pytest.raises(NotGlassFileError, match="not a file that vitrify knows"):
            vitrify.loads(text)

    def test_code_in_a_hint_stays_as_it_is(self) -> None:
        """Python tells upper case from lower case."""
        with pytest.raises(NotGlassFileError) as caught:
            vitrify.loads(_npy())
        assert caught.value.hint == "Read it with numpy.load(…, allow_pickle=False)"

    def test_the_answer_is_a_phrase_and_an_advice(self) -> None:
        """Both are text, whatever the bytes."""
        for byte in range(256):
            kind, hint = looks_like(bytes([byte]) * 20)
            assert kind
            assert hint
