"""The harnesses of the fuzzers that follow coverage, on the golden files and on a few changes of each."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from random import Random

import pytest

from tests.fuzz import harness
from tests.fuzz.coverage import seeds
from tests.fuzz.renewing import renewed, rooted
from tests.fuzz.structure import mutate
from tests.support.independent_reader import Container
from tests.vectors.generate import FILES

VALID = sorted(path for path in (FILES / "valid").glob("*.glass"))
MANIFEST = json.loads((FILES / "invalid" / "manifest.json").read_text("utf-8"))
RANDOM = Random(3)
SMALL = [path for path in VALID if path.stat().st_size < 8000]


def flipped(data: bytes, max_bytes: int, random: Random = RANDOM) -> bytes:
    """The bytes with some changed: what atheris does, as far as a test needs it."""
    changed = bytearray(data[:max_bytes])
    for _ in range(min(len(changed), 2)):
        changed[random.randrange(len(changed))] = random.randrange(256)
    return bytes(changed)


@pytest.mark.parametrize("path", SMALL, ids=lambda path: path.stem)
def test_golden_files_pass_both_harnesses(path: Path) -> None:
    """They are values, with their digests and with the same digests computed anew."""
    data = path.read_bytes()
    assert renewed(data) == rooted(data) == data
    assert harness.container(data) == ("value", "value")
    assert harness.graph(data) == ("value", "value")


@pytest.mark.parametrize("entry", MANIFEST, ids=lambda entry: entry["file"].removesuffix(".glass"))
def test_invalid_files_are_refused_as_the_manifest_says(entry: dict[str, str]) -> None:
    """Under the bounds of the harness, too, loading gives the error that belongs to the file."""
    outcome = harness.container((FILES / "invalid" / entry["file"]).read_bytes())
    assert outcome[1] == entry["error"]


@pytest.mark.parametrize("name", ["record", "cells"])
def test_renewing_makes_digests_right_and_nothing_else(name: str) -> None:
    """A flipped bit of a block, or another text in the record, is found by its digest; renewed, by none."""
    data = (FILES / "valid" / "tiny.glass").read_bytes()
    begin = data.index(b"3.11") if name == "record" else 8 + int.from_bytes(data[:8], "little")
    damaged = data[:begin] + b"9" + data[begin + 1 :]
    assert harness.graph(damaged) == ("IntegrityError", "IntegrityError")
    mended = renewed(damaged)
    assert Container(mended).metadata["root"] != Container(data).metadata["root"]
    assert len(mended) == len(data)


def test_changes_of_structure_have_right_digests_and_are_values_or_refused() -> None:
    """A few hundred: each is opened by a reader that knows nothing of vitrify, or has a header that was changed."""
    fallback, random = (FILES / "valid" / "tiny.glass").read_bytes(), Random(5)
    outcomes: Counter[str] = Counter()
    n_right = n_other = 0
    for seed in range(300):
        data = random.choice(SMALL).read_bytes()
        changed = mutate(data, 1 << 16, seed, native=lambda part, n: flipped(part, n, random), fallback=fallback)
        n_other += changed != data
        outcomes.update(harness.graph(changed))
        try:
            Container(changed)
        except (ValueError, KeyError, TypeError, OverflowError):
            continue
        n_right += 1
    assert n_other > 225  # some draws change nothing, or make a file that is too large
    assert n_right > 150
    assert outcomes["value"] > 50
    assert outcomes["FormatError"] > 100


def test_what_is_no_glass_file_is_changed_as_another() -> None:
    """So that a fuzzer whose input is empty begins with a file."""
    fallback = (FILES / "valid" / "tiny.glass").read_bytes()
    made = [mutate(b"", 1 << 16, seed, native=flipped, fallback=fallback) for seed in range(40)]
    assert sum(data[8:33] == fallback[8:33] for data in made) > 10


@pytest.mark.parametrize("wrong", [ZeroDivisionError, MemoryError, RecursionError])
def test_other_errors_come_out_of_a_harness(monkeypatch: pytest.MonkeyPatch, wrong: type[Exception]) -> None:
    """They are findings."""

    def raising(*_: object, **__: object) -> None:
        raise wrong

    monkeypatch.setattr("vitrify.loads", raising)
    for check in (harness.container, harness.graph):
        with pytest.raises(wrong):
            check(b"")


@pytest.mark.parametrize("name", ["container", "graph"])
def test_there_are_files_to_begin_with(name: str) -> None:
    """All small golden ones, and those that must be refused for the container."""
    found = seeds(name)
    assert {f"valid-{path.stem}" for path in SMALL} <= found.keys()
    assert any(stem.startswith("invalid-") for stem in found) == (name == "container")
