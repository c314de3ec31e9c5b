"""What cannot be saved is refused with its path and a way out; what is not a glass file is named."""

from __future__ import annotations

import array
import functools
import gzip
import io
import operator
import pickle
import socket
import threading
import warnings
import zipfile
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pytest
from sklearn.feature_extraction.text import CountVectorizer, HashingVectorizer, TfidfVectorizer
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

import vitrify
from vitrify.errors import (
    FormatError,
    NotGlassFileError,
    NotRestoredWarning,
    ReadsFilesWarning,
    UnsupportedError,
    VitrifyError,
)
from vitrify.graph.paths import with_article

REFUSED: dict[str, tuple[Any, str]] = {
    "lambda": (lambda x: x, "named function"),
    "generator": ((i for i in range(3)), "list"),
    "lock": (threading.Lock(), "__getstate__"),
    "module": (np, "Import it"),
    "method": (StandardScaler().fit, "method's name"),
    "thread": (threading.Thread(), "Stop it"),
    "bare object": (object(), "sentinel"),
    "memoryview": (memoryview(b"x"), "bytes"),
    "code": (compile("1", "x", "eval"), "text"),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_a_refusal_says_where_and_what_to_do(kind: str) -> None:
    """The path inside the model and the hint."""
    value, hint = REFUSED[kind]
    with pytest.raises(UnsupportedError) as caught:
        vitrify.dumps({"parts": [1, value]})

    assert caught.value.problems[0][0] == "$['parts'][1]"
    assert caught.value.path == "$['parts'][1]"
    assert hint in str(caught.value)


class Measured(np.ndarray[Any, Any]):
    """A caller's kind of array, without a `__reduce__` of its own."""


def plainly(values: Any) -> Any:
    """A function that is called otherwise than it says."""
    return values


@functools.wraps(plainly)
def wrapped(values: Any) -> Any:
    """Called `plainly` as well."""
    return values


STRUCTURE = np.dtype([("n", "<i4"), ("inner", [("note", "O")])])
WORDED: dict[str, tuple[Any, str, str]] = {
    "array": (array.array("i"), "an array.array", "Replace it by plain data before saving"),
    "object": (object(), "an object", "Use None, or a named sentinel of a class of your own"),
    "enumerate": (enumerate([]), "an enumerate", "Replace it by plain data before saving"),
    "member": (
        socket.AF_INET,
        "a socket.AddressFamily",
        "Keep its value, and make the member of it again where you need it",
    ),
    "itemgetter": (
        operator.itemgetter("a"),
        "an operator.itemgetter",
        "Write a function in a module of your own that gets the item",
    ),
    "subclass of ndarray": (
        np.arange(3).view(Measured),
        "a Measured, which is a subclass of numpy's ndarray",
        "Keep np.asarray(x) of it, or write a converter",
    ),
    "structure": (
        np.zeros(2, STRUCTURE),
        "an array of a structured dtype whose field 'note' has dtype object",
        "Give the field texts or numbers of a fixed size, or keep it as an array of its own",
    ),
    "wrapped": (
        wrapped,
        f"the function plainly, whose name stands for another object in {__name__}",
        "If functools.wraps gave it that name, set its __qualname__ to the name that it has there",
    ),
}


@pytest.mark.parametrize("kind", WORDED)
def test_a_refusal_names_what_it_is_and_a_way_out(kind: str) -> None:
    """In words that hold for just this."""
    value, what, hint = WORDED[kind]
    with pytest.raises(UnsupportedError) as caught:
        vitrify.dumps({"parts": [1, value]})
    assert caught.value.problems == (("$['parts'][1]", what, hint),)


@pytest.mark.parametrize(
    ("noun", "expected"),
    [
        ("array.array", "an array.array"), ("Estimator", "an Estimator"), ("int", "an int"), ("tuple", "a tuple"),
        ("OneHotEncoder", "a OneHotEncoder"), ("UserDict", "a UserDict"), ("ufunc", "a ufunc"),
    ],
)  # fmt: skip
def test_a_noun_has_the_article_that_it_is_spoken_with(noun: str, expected: str) -> None:
    """As far as its first letters tell."""
    assert with_article(noun) == expected


def test_an_open_file_is_refused(tmp_path: Path) -> None:
    """Its contents are what matters."""
    with open(tmp_path / "x", "w") as stream, pytest.raises(UnsupportedError, match="Close the file"):
        vitrify.dumps([stream])


@pytest.mark.parametrize(
    ("attribute", "value", "text"),
    [
        ("n_jobs", 5000, "n_jobs asks for more than 1024 workers"),
        ("pre_dispatch", "9**9**9", "pre_dispatch must be"),
        ("n_features_in_", 2**25, "n_features_in_ is 33554432, and no array"),
    ],
)
def test_what_would_not_load_is_not_saved(attribute: str, value: object, text: str) -> None:
    """An estimator with such an attribute is refused now, and not when it is needed."""
    model = StandardScaler()
    setattr(model, attribute, value)
    with pytest.raises(UnsupportedError, match=text) as caught:
        vitrify.dumps([model])
    assert caught.value.path == "$[0]"


def test_a_width_that_an_array_has_is_saved() -> None:
    """Whatever it is."""
    model = StandardScaler()
    model.n_features_in_, model.mean_ = 2**24 + 1, np.zeros(2**24 + 1, np.int8)
    assert vitrify.loads(vitrify.dumps(model)).n_features_in_ == 2**24 + 1


def test_all_problems_are_reported_at_once() -> None:
    """One run is enough to mend them all."""
    model = Pipeline([("a", FunctionTransformer(lambda x: x)), ("b", FunctionTransformer(lambda x: -x))])
    with pytest.raises(UnsupportedError) as caught:
        vitrify.dumps({"model": model, "lock": threading.Lock()})

    assert sorted(path for path, _, _ in caught.value.problems) == [
        "$['lock']",
        "$['model'].steps[0][1].func",
        "$['model'].steps[1][1].func",
    ]


def test_a_failed_dump_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    """Nothing is lost."""
    target = tmp_path / "model.glass"
    vitrify.dump([1, 2, 3], target)
    with pytest.raises(UnsupportedError, match=r"cannot save a lambda - at \$\[1\]"):
        vitrify.dump([1, lambda: 0], target)

    assert vitrify.load(target) == [1, 2, 3]
    assert [path.name for path in tmp_path.iterdir()] == ["model.glass"]


def test_memory_is_not_saved_and_says_so(tmp_path: Path) -> None:
    """A folder named by a file could make a later fit load pickles."""
    model = Pipeline([("s", StandardScaler())], memory=str(tmp_path))
    with pytest.warns(NotRestoredWarning, match=r"\$\['m'\].memory is not saved"):
        data = vitrify.dumps({"m": model})

    assert vitrify.loads(data)["m"].memory is None
    assert model.memory == str(tmp_path)


@pytest.mark.parametrize("vectorizer", [CountVectorizer, TfidfVectorizer, HashingVectorizer])
def test_a_model_that_opens_files_says_so(vectorizer: Any, tmp_path: Path) -> None:
    """No name comes from the file, and the model does what it did."""
    (tmp_path / "text").write_text("red blue")
    model = vectorizer(input="filename").fit([tmp_path / "text"])
    vitrify.dump({"m": model}, tmp_path / "m.glass")
    with pytest.warns(
        ReadsFilesWarning, match=r"^m\.glass: \$\['m'\] opens the files whose names it is given$"
    ) as caught:
        loaded = vitrify.load(tmp_path / "m.glass")["m"]
    assert [warning.filename for warning in caught] == [__file__]
    assert (loaded.transform([tmp_path / "text"]) != model.transform([tmp_path / "text"])).nnz == 0


def _pickle() -> bytes:
    return pickle.dumps([1, 2])


def _joblib() -> bytes:
    stream = io.BytesIO()
    joblib.dump(np.arange(3), stream, compress=3)
    return stream.getvalue()


def _zip() -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("schema.json", "{}")
    return stream.getvalue()


FOREIGN = {
    "pickle": (_pickle, "a pickle"),
    "joblib": (_joblib, "zlib stream"),
    "zip": (_zip, "zip archive"),
    "gzip": (lambda: gzip.compress(b"x"), "gzip stream"),
    "empty": (lambda: b"", "empty"),
    "text": (lambda: b"hello world, this is text", "not a file that vitrify knows"),
    "web page": (lambda: b"<!doctype html><p>404", "web page"),
    "LFS pointer": (lambda: b"version https://git-lfs.github.com/spec/v1\n", "Git LFS"),
}


@pytest.mark.parametrize("kind", FOREIGN)
def test_other_files_are_named(kind: str, tmp_path: Path) -> None:
    """By path, bytes and stream alike."""
    make, expected = FOREIGN[kind]
    (tmp_path / "x.glass").write_bytes(make())
    for attempt in (
        lambda: vitrify.load(tmp_path / "x.glass"),
        lambda: vitrify.loads(make()),
        lambda: vitrify.load(io.BytesIO(make())),
    ):
        with pytest.raises(NotGlassFileError, match=expected):
            attempt()


def test_a_directory_is_named(tmp_path: Path) -> None:
    """For reading and for writing."""
    with pytest.raises(NotGlassFileError, match="directory"):
        vitrify.load(tmp_path)
    with pytest.raises(IsADirectoryError):
        vitrify.dump(1, tmp_path)


def test_a_missing_file_is_what_python_says() -> None:
    """No error of ours in its place."""
    with pytest.raises(FileNotFoundError):
        vitrify.load("no such file.glass")


def test_truncated_and_trailing_bytes() -> None:
    """One file holds one object, whole."""
    data = vitrify.dumps(list(range(1000)))
    with pytest.raises(FormatError, match="truncated"):
        vitrify.loads(data[:-1])
    with pytest.raises(FormatError, match="holds one object"):
        vitrify.loads(data + data)


def test_joblibs_forms_of_compress_name_the_replacement() -> None:
    """Not silently another meaning."""
    for compress in ("zlib", ("xz", 3)):
        with pytest.raises(TypeError, match="effort from 1 to 9"):
            vitrify.dumps(1, compress=compress)  # type: ignore[arg-type]  # the point of the test
    with pytest.raises(TypeError, match="0 to 9"):
        vitrify.dumps(1, compress=10)


def test_errors_survive_the_pipes_of_process_pools() -> None:
    """Pools pickle exceptions."""
    with pytest.raises(UnsupportedError) as caught:
        vitrify.dumps([lambda: 0])
    again = pickle.loads(pickle.dumps(caught.value))

    assert isinstance(again, VitrifyError)
    assert str(again) == str(caught.value)
    assert again.problems == caught.value.problems  # type: ignore[attr-defined]  # the same class


def test_no_warning_for_plain_models() -> None:
    """Quiet where all is well."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        vitrify.loads(vitrify.dumps(StandardScaler()))
