"""Calls written for pickle, joblib, cloudpickle or skops: what differs is an error that says what to write."""

from __future__ import annotations

import importlib
import inspect
import io
import pickle
import subprocess
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cloudpickle
import joblib
import numpy as np
import pytest
import skops.io

import vitrify
from tests.support.own_code import Winsorizer
from vitrify.drop_in import ABSENT

PEERS = (pickle, joblib, cloudpickle, skops.io)
OURS: dict[str, Callable[..., Any]] = {
    "dump": vitrify.dump,
    "dumps": vitrify.dumps,
    "load": vitrify.load,
    "loads": vitrify.loads,
}
CALLS = [
    (function, argument)
    for function, ours in OURS.items()
    for argument in sorted(
        {
            parameter.name
            for peer in PEERS
            if hasattr(peer, function)
            for parameter in inspect.signature(getattr(peer, function)).parameters.values()
            if parameter.default is not parameter.empty
        }
        - inspect.signature(ours).parameters.keys()
    )
]
SAVING = {
    "protocol": "protocol= is pickle's: a glass file has one format; leave it out",
    "fix_imports": "fix_imports= is pickle's: a glass file imports nothing; leave it out",
    "buffer_callback": "buffer_callback= is pickle's: a glass file holds all of its bytes; leave it out",
    "cache_size": "cache_size= is joblib's: there is nothing to tune; leave it out",
    "compression": "compression= is skops's: use compress=True, or an effort from 1 to 9",
    "compresslevel": "compresslevel= is skops's: use compress=, an effort from 1 to 9",
}
LOADING = {
    "fix_imports": "fix_imports= is pickle's: a glass file imports nothing; leave it out",
    "encoding": "encoding= is pickle's, for files of Python 2: text is always UTF-8 here; leave it out",
    "errors": "errors= is pickle's, for files of Python 2: text is always UTF-8 here; leave it out",
    "buffers": "buffers= is pickle's: a glass file holds all of its bytes; leave it out",
    "mmap_mode": "mmap_mode= is joblib's: use load(file, mmap=True)",
    "ensure_native_byte_order": "ensure_native_byte_order= is joblib's: arrays keep the byte order that they were "
    "saved in; leave it out",
    "trusted": "trusted= is skops's: use trust=, which takes classes and functions of your own",
}
DATA = vitrify.dumps([1, 2])


def call(function: str, *more: Any, **keywords: Any) -> Any:
    """One of the four functions, with what it needs and something that it does not take."""
    first: dict[str, tuple[Any, ...]] = {
        "dump": ([1, 2], io.BytesIO()),
        "dumps": ([1, 2],),
        "load": (io.BytesIO(DATA),),
        "loads": (DATA,),
    }
    return OURS[function](*first[function], *more, **keywords)


def refusal(function: str, *more: Any, **keywords: Any) -> str:
    with pytest.raises(TypeError) as caught:
        call(function, *more, **keywords)
    assert type(caught.value) is TypeError
    return str(caught.value)


class TestKeywords:
    @pytest.mark.parametrize(("function", "argument"), CALLS)
    def test_every_argument_of_the_installed_libraries_is_named(self, function: str, argument: str) -> None:
        """Whatever their signatures have and ours lack has an entry: a new one makes this fail."""
        told = SAVING if function.startswith("dump") else LOADING
        assert refusal(function, **{argument: None}) == told[argument]

    @pytest.mark.parametrize("argument", SAVING)
    @pytest.mark.parametrize("function", ["dump", "dumps"])
    def test_arguments_for_saving_name_what_replaces_them(self, function: str, argument: str) -> None:
        """By name, whatever their value."""
        assert refusal(function, **{argument: 1}) == SAVING[argument]

    @pytest.mark.parametrize("argument", LOADING)
    @pytest.mark.parametrize("function", ["load", "loads"])
    def test_arguments_for_loading_name_what_replaces_them(self, function: str, argument: str) -> None:
        """By name, whatever their value."""
        assert refusal(function, **{argument: "r"}) == LOADING[argument]

    def test_several_at_once_are_all_named(self) -> None:
        """In the order of the call."""
        text = refusal("dump", protocol=5, fix_imports=False)
        assert text == f"{SAVING['protocol']}. {SAVING['fix_imports']}"

    @pytest.mark.parametrize("compress", ["lz4", "xz", ("xz", 3), ("zlib", 9)])
    def test_joblibs_forms_of_compress_name_the_replacement(self, compress: Any) -> None:
        """Both are fine in joblib; here `compress=` is an effort."""
        assert "joblib's form; give True or an effort from 1 to 9" in refusal("dump", compress=compress)

    @pytest.mark.parametrize(
        ("function", "argument", "near"),
        [
            ("dump", "compres", "compress"),
            ("dumps", "converter", "converters"),
            ("load", "trusts", "trust"),
            ("loads", "version", "versions"),
        ],
    )
    def test_a_slip_of_the_pen_is_corrected(self, function: str, argument: str, near: str) -> None:
        """Python's own words, and the argument that comes near."""
        text = refusal(function, **{argument: 1})
        assert text == f"{function}() got an unexpected keyword argument '{argument}'. Did you mean '{near}'?"

    def test_an_unknown_argument_is_what_it_is_in_python(self) -> None:
        """With the list of those that there are."""
        assert refusal("load", colour=1) == (
            "load() got an unexpected keyword argument 'colour'. "
            "It takes trust, mmap, versions, verify, converters, limits"
        )

    @pytest.mark.parametrize("function", ["dump", "load"])
    def test_joblibs_names_for_the_first_arguments_lead_to_ours(self, function: str) -> None:
        """`joblib.dump(value=…, filename=…)`: Python names what is missing."""
        with pytest.raises(TypeError, match=r"missing .* required positional arguments?: .*'file'"):
            OURS[function](filename="x", **({"value": 1} if function == "dump" else {}))


class TestPositions:
    @pytest.mark.parametrize("third", [3, True, ("xz", 3), pickle.HIGHEST_PROTOCOL, -1])
    def test_a_third_argument_of_dump_is_joblibs_or_pickles(self, third: Any) -> None:
        """`joblib.dump(model, path, 3)` compresses, `pickle.dump(model, f, 5)` chooses a protocol: both are told."""
        assert refusal("dump", third) == (
            "dump() takes 2 positional arguments but 3 were given; "
            "leave pickle's protocol out, and write joblib's compress as compress="
        )

    @pytest.mark.parametrize(
        ("function", "more", "text"),
        [
            ("dump", (3, 5), "takes 2 positional arguments but 4 were given; "),
            ("dumps", (5,), "takes 1 positional argument but 2 were given; leave pickle's protocol out"),
            ("load", ("r",), "write joblib's mmap_mode as mmap=True, and skops's trusted as trust="),
            ("load", ([Winsorizer],), "write joblib's mmap_mode as mmap=True, and skops's trusted as trust="),
            ("loads", ([Winsorizer],), "write skops's trusted as trust="),
        ],
    )
    def test_the_others_alike(self, function: str, more: tuple[Any, ...], text: str) -> None:
        """With Python's count, and what to write."""
        assert text in refusal(function, *more)


class TestRefusedCalls:
    def test_nothing_was_done(self, tmp_path: Path) -> None:
        """No file, and no look at the one that there is."""
        with pytest.raises(TypeError):
            vitrify.dump([1], tmp_path / "x", protocol=5)  # type: ignore[arg-type]  # the point of the test
        with pytest.raises(TypeError):
            vitrify.load(tmp_path / "missing", mmap_mode="r")  # type: ignore[arg-type]  # the point of the test
        assert list(tmp_path.iterdir()) == []

    def test_the_error_points_at_the_call(self) -> None:
        """The caller's line, then one of ours."""
        with pytest.raises(TypeError) as caught:
            vitrify.loads(DATA, encoding="latin1")  # type: ignore[arg-type]  # the point of the test
        frames = traceback.extract_tb(caught.tb)
        assert [Path(frame.filename).name for frame in frames] == ["test_drop_in.py", "api.py"]

    @pytest.mark.parametrize("function", OURS)
    def test_what_may_not_be_given_is_typed_so(self, function: str) -> None:
        """Type checkers refuse what the call would."""
        parameters = inspect.signature(OURS[function]).parameters.values()
        variable = [p for p in parameters if p.kind in (p.VAR_POSITIONAL, p.VAR_KEYWORD)]
        assert [p.annotation for p in variable] == ["Never", "Never"]

    def test_the_type_checker_finds_them_too(self, tmp_path: Path) -> None:
        """Before anything runs, and a name that is not there as well."""
        lines = [
            "import vitrify",
            "vitrify.dump(1, 'x', 3)",
            "vitrify.dump(1, 'x', protocol=5)",
            "vitrify.load('x', mmap_mode='r')",
            "vitrify.HIGHEST_PROTOCOL",
            "vitrify.dump(1, 'x', compress=3)",
            "vitrify.load('x', mmap=True)",
        ]
        (tmp_path / "calls.py").write_text("\n".join(lines) + "\n")
        command = [sys.executable, "-m", "mypy", "--strict", "--follow-imports=silent", "--cache-dir", "cache"]
        done = subprocess.run([*command, "calls.py"], cwd=tmp_path, capture_output=True, text=True, check=False)
        found = {int(line.split(":")[1]) for line in done.stdout.splitlines() if ": error: " in line}
        assert found == {2, 3, 4, 5}


class TestNames:
    @pytest.mark.parametrize(
        ("name", "text"),
        [
            ("HIGHEST_PROTOCOL", "a glass file has one format; leave protocol= out"),
            ("DEFAULT_PROTOCOL", "a glass file has one format; leave protocol= out"),
            ("PickleError", "use vitrify.errors.VitrifyError"),
            ("PicklingError", "use vitrify.errors.UnsupportedError, which dump raises"),
            ("UnpicklingError", "use vitrify.errors.VitrifyError"),
            ("Pickler", "use vitrify.dump"),
            ("Unpickler", "use vitrify.load"),
            ("get_untrusted_types", "use vitrify.inspect, whose code names what loading needs"),
        ],
    )
    def test_names_of_the_others_lead_to_ours(self, name: str, text: str) -> None:
        """`import vitrify as pickle`, and then `pickle.HIGHEST_PROTOCOL`."""
        assert any(hasattr(peer, name) for peer in PEERS)
        with pytest.raises(AttributeError) as caught:
            getattr(vitrify, name)
        assert str(caught.value) == f"module 'vitrify' has no attribute '{name}'; {text}"

    def test_what_they_lead_to_exists(self) -> None:
        """No replacement is an empty promise."""
        for text in ABSENT.values():
            for word in text.replace(",", "").split():
                if word.startswith("vitrify."):
                    module, _, name = word.rpartition(".")
                    assert hasattr(importlib.import_module(module), name)

    def test_other_names_are_missing_as_in_any_module(self) -> None:
        """With Python's suggestion below the traceback, and no trace of them for `hasattr`."""
        assert not hasattr(vitrify, "inspekt")
        done = subprocess.run(
            [sys.executable, "-c", "import vitrify; vitrify.inspekt"], capture_output=True, text=True, check=False
        )
        last = done.stderr.splitlines()[-1]
        assert last == "AttributeError: module 'vitrify' has no attribute 'inspekt'. Did you mean: 'inspect'?"


class TestStreams:
    def test_two_dumps_into_one_stream_are_told_apart_from_one(self, tmp_path: Path) -> None:
        """By stream and by path: the error says how to save several."""
        with open(tmp_path / "two.glass", "wb") as stream:
            vitrify.dump({"a": np.arange(5000.0)}, stream)
            vitrify.dump([1], stream)
        with open(tmp_path / "two.glass", "rb") as stream, pytest.raises(vitrify.errors.FormatError) as by_stream:
            vitrify.load(stream)
        with pytest.raises(vitrify.errors.FormatError) as by_path:
            vitrify.load(tmp_path / "two.glass")
        for caught in (by_stream, by_path):
            assert "A glass file holds one object; put several into one dict or list" in str(caught.value)
