"""Attacks F08 to F10, F15, F16, F38 and F42: versions, unknown and missing fields, text in errors."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np
import pytest

import vitrify
from tests.attacks.actions import refusals
from tests.attacks.files import blocks, encoded, header, in_graph, lied, replaced, tiny, with_header
from tests.attacks.harness import Attack, assert_harmless, assert_refused, assert_unharmed, run_one
from tests.support.lying_writer import Lie
from vitrify.errors import FormatError, NewerFormatError, UntrustedTypeError


@pytest.mark.parametrize("version", [2, 3, 99, 2**63, 2**64, "1.0", "0.1", "beta"])
def test_F08_a_later_version(version: object) -> None:
    """A version that is not known is told as newer, with what to do, whatever else the file holds."""
    outcome = run_one(Attack(replaced(tiny(), '"vitrify/1"', f'"vitrify/{version}"')))
    assert_refused(outcome, NewerFormatError, match=f"vitrify/{version}.*this vitrify reads 'vitrify/1'")
    assert outcome.text.endswith("Upgrade vitrify")


@pytest.mark.parametrize(
    "spelling", ["0", "1", "true", "0.5", "null", '""', '"0"', '["vitrify/1"]', '"VITRIFY/0"', '"glass/0"']
)
def test_F08_a_version_that_is_none(spelling: str) -> None:
    """A number, a bool or another name is no version."""
    outcome = run_one(Attack(replaced(tiny(), '"vitrify/1"', spelling)))
    assert_refused(outcome, FormatError, match="expected 'vitrify/1'|not the JSON")


@pytest.mark.parametrize("version", ["-1", "0", "01", "", " 1", "1 ", "1\\n"])
@pytest.mark.parametrize("good", [tiny(), blocks(), encoded()], ids=["tiny", "blocks", "encoded"])
def test_F09_an_earlier_version_chooses_no_laxer_reader(version: str, good: bytes) -> None:
    """There is one reader: other spellings of the version and versions below it are refused, too."""
    outcome = run_one(Attack(replaced(good, '"vitrify/1"', f'"vitrify/{version}"')))
    assert_refused(outcome, (FormatError, NewerFormatError), match="format|not the JSON")


@pytest.mark.parametrize(
    "make",
    [
        lambda: replaced(tiny(), '"model":', '"flags":"2147483648","model":'),
        lambda: replaced(tiny(), '"model":', '"requires":"sklearn>=99","model":'),
        lambda: lied(tiny(), header=lambda head: head["__metadata__"]["blocks"][0].update(codec="lz4", n_bytes=32)),
        lambda: lied(tiny(), header=lambda head: head["__metadata__"]["blocks"][0].update(flags=1)),
        lambda: in_graph('"kind":"run"', '"kind":"lazy"'),
        lambda: in_graph('"layout":"pairs"', '"layout":"ordered"'),
        lambda: in_graph('"order":"C"', '"order":"Z"'),
    ],
)  # fmt: skip
def test_F10_a_feature_that_is_not_known(make: Any) -> None:
    """There are no flags; what would need one (a codec, a kind of column, a layout, an order) has a name, refused."""
    assert_refused(run_one(Attack(make())), FormatError)


def _graph(data: bytes) -> Any:
    return json.loads(data[data.rindex(b'{"root":{') :])


def _objects(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], Any]]:
    """Every object of a JSON value, with the keys that lead to it."""
    if isinstance(value, dict):
        yield path, value
    for key, item in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield from _objects(item, (*path, key))


def _at(value: Any, path: tuple[Any, ...]) -> Any:
    for key in path:
        value = value[key]
    return value


def _graph_file(data: bytes, graph: Any) -> bytes:
    return lied(data, graph_text=lambda _: json.dumps(graph, ensure_ascii=False, separators=(",", ":")).encode())


STRUCT = np.array([(1, 2.0)], [("a", "<i4"), ("b", "<f8")])
RICH = vitrify.dumps(
    {"array": STRUCT, "big": np.arange(600.0), "text": ["a", "b\0", 2**70], "set": {1.5, 2.5}, "f": np.log1p}
)


def test_F15_unknown_fields_anywhere_in_the_graph() -> None:
    """A field that the page does not list is refused in every object of the graph but `columns`, which has any."""
    files = []
    for path, _ in _objects(_graph(RICH)):
        if path[-1:] != ("columns",):
            graph = _graph(RICH)
            _at(graph, path)["x"] = 1
            files.append(_graph_file(RICH, graph))
    assert len(files) > 25
    outcome = run_one(Attack(b"", partial(refusals, files=files), [dict]))
    assert_unharmed(outcome)
    assert outcome.answers[0].text == f"{{'FormatError': {len(files)}}}"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"dtype":"U8"', '"dtype":"U8","x":1'),
        ('"format":', '"x":"1","format":'),
        ('\\"digests\\":', '\\"x\\":1,\\"digests\\":'),
        ('{\\"versions\\"', '{\\"x\\":1,\\"versions\\"'),
        ('\\"python\\":', '\\"x\\":1,\\"python\\":'),
    ],
)
def test_F15_unknown_fields_in_the_header(old: str, new: str) -> None:
    """So is it in the header, in what it says of blocks, and in the record."""
    assert_refused(run_one(Attack(replaced(tiny(), old, new))), FormatError)


_OTHERS: tuple[Any, ...] = (None, True, -1, 2**63, "x", [], {}, [1], {"kind": "const", "value": 1}, "OMIT", "FLOAT")


def _misspelled(data: bytes) -> Iterator[tuple[str, bytes]]:
    """The file with each field of its graph left out, or of another JSON type."""
    original = _graph(data)
    for path, found in _objects(original):
        for key in found:
            for other in _OTHERS:
                graph = copy.deepcopy(original)
                holder = _at(graph, path)
                if other == "OMIT":
                    del holder[key]
                elif other == "FLOAT":
                    holder[key] = 1.5
                elif other == holder[key] and type(other) is type(holder[key]):
                    continue
                else:
                    holder[key] = other
                yield f"{'.'.join(map(str, path))}.{key}={other}", _graph_file(data, graph)


def test_F16_every_field_of_the_graph_missing_or_of_another_type() -> None:
    """1 000 such files are refused; what loads is another value, name or column of the same kind, and says so."""
    found = dict(_misspelled(RICH))
    outcome = run_one(Attack(b"", partial(refusals, files=list(found.values())), [dict], wall_s=60))
    assert outcome.kind == "loaded", outcome
    assert outcome.noted == (), outcome
    assert outcome.changed == (), outcome
    counts = json.loads(outcome.answers[0].text.replace("'", '"'))
    assert len(found) > 500
    assert not [name for name in counts if name.startswith("NOT OURS")]
    assert counts.pop("loaded", 0) <= 30
    assert set(counts) <= {"FormatError", "LimitError", "StateError", "UntrustedTypeError", "UnsupportedError"}


@pytest.mark.parametrize("field", ["format", "model", "record", "blocks", "root"])
@pytest.mark.parametrize("value", ["1", "null", "true", "[]", "{}", '"x"', "1.5"])
def test_F16_every_field_of_the_metadata_of_another_type(field: str, value: str) -> None:
    """The metadata has texts only, and each has its own form."""
    text = header(tiny())[1].decode()
    parsed = json.loads(text)["__metadata__"][field]
    spelled = json.dumps(parsed, ensure_ascii=False, separators=(",", ":"))
    data = with_header(tiny(), text.replace(f'"{field}":{spelled}', f'"{field}":{value}', 1).encode())
    outcome = run_one(Attack(data))
    assert_unharmed(outcome)
    assert outcome.kind == "error"
    assert outcome.is_ours, outcome


@pytest.mark.parametrize(
    "make",
    [
        lambda: replaced(tiny(), '"model":', '"trusted":"true","model":'),
        lambda: replaced(tiny(), '"model":', '"trust":"[\\"os.system\\"]","model":'),
        lambda: replaced(tiny(), '{\\"versions\\"', '{\\"trust\\":[\\"os.system\\"],\\"versions\\"'),
        lambda: in_graph('"names":[]', '"names":[],"trust":["os.system"]'),
        lambda: in_graph('"type":"dict"', '"type":"dict","trusted":true'),
    ],
)
def test_F38_a_file_that_says_whom_to_trust(make: Any) -> None:
    """There is no field for that, at any level."""
    assert_refused(run_one(Attack(make())), FormatError)


HOSTILE_TEXT = "\x1b[2J\x1b]0;x\x07\u202eevil\u2066\x00\r\n[/INST]\x9b"


def _texts() -> list[bytes]:
    """Files that bring a text into an error or a warning, each in another place."""
    spelled = json.dumps(HOSTILE_TEXT)[1:-1]
    return [
        replaced(tiny(), '"vitrify/1"', f'"vitrify/{spelled}"'),
        replaced(tiny(), '"dtype":"U8"', f'"dtype":"{spelled}"'),
        replaced(tiny(), '"$cells":', f'"{spelled}":'),
        in_graph('"type":"dict"', f'"type":"{spelled}"'),
        in_graph('"layout":"pairs"', f'"layout":"{spelled}"'),
        in_graph('"dtype":"<f8"', f'"dtype":"{spelled}"'),
        in_graph('"order":"C"', f'"order":"{spelled}"'),
        in_graph('"width":"u1"', f'"width":"{spelled}"'),
        in_graph('"of":"lines"', f'"of":"{spelled}"'),
    ]


@pytest.mark.parametrize("data", _texts(), ids=range(len(_texts())))
def test_F42_text_of_a_file_in_errors(data: bytes) -> None:
    """No control character, and none that turns the direction of writing, reaches a message."""
    for verb in ("loads", "inspect"):
        outcome = run_one(Attack(data, verb))
        assert_unharmed(outcome)
        assert outcome.kind == "error", outcome
        assert outcome.is_ours, outcome
        assert all(line.isprintable() for line in outcome.text.split("\n")), ascii(outcome.text)


def test_F42_text_of_a_file_in_paths_names_and_warnings() -> None:
    """So is it for keys and attributes in paths, for names that need trust, and for versions in warnings."""
    keyed = Lie(vitrify.dumps({"key": {"inner": np.log1p}}))
    keyed.graph["tables"][0]["columns"]["keys"] = keyed.column([HOSTILE_TEXT, "inner"])
    keyed.graph["names"][0]["name"] = f"os.{HOSTILE_TEXT}"
    outcome = run_one(Attack(keyed.file()))
    assert_refused(outcome, UntrustedTypeError, match="can never be trusted")
    assert "x1b" in outcome.text
    assert all(line.isprintable() for line in outcome.text.split("\n")), ascii(outcome.text)

    dated = Lie(tiny())
    versions = {"python": HOSTILE_TEXT, "vitrify": HOSTILE_TEXT, "numpy": f"1.0{HOSTILE_TEXT}"}
    dated.metadata["record"] = json.dumps({"versions": versions}, ensure_ascii=False, separators=(",", ":"))
    for character in set(HOSTILE_TEXT):
        if character < " " and character not in "\r\n":
            dated.metadata["record"] = dated.metadata["record"].replace(character, f"\\u{ord(character):04x}")
    loaded = run_one(Attack(dated.file()))
    assert_harmless(loaded)
    assert loaded.warnings
    assert all(line.isprintable() for warning in loaded.warnings for line in warning.split("\n")), loaded.warnings
