"""The feeders on the installed loops, and the guard on loops that are wrong."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest

from tests.fuzz.kernels import packed
from tests.fuzz.kernels.__main__ import mutated
from tests.fuzz.kernels.child import FEEDERS, drawn, read, require_sanitized, saved
from tests.fuzz.kernels.guarding import OUTPUTS, DisagreementError, Guard, functions
from tests.fuzz.kernels.memory import Place, placed
from vitrify import kernels

FINDINGS = Path(__file__).parent / "findings"
FOUND = {
    "entries-0-226": "refused",  # was taken, with nothing to write: a sum of 64 bits had run over
    "entries-by-hand": "refused",  # likewise, a product
    "planes-0-3164": "refused",  # likewise, a sum
    "tree-nodes-without-a-field": "refused",  # was a KeyError
}
compiled = pytest.mark.skipif(not kernels.COMPILED, reason="vitrify is installed without compiled kernels")
_CASES = 150


def test_every_compiled_function_has_a_feeder() -> None:
    """Those that the package shows, and all public ones of its modules."""
    modules = [path.stem for path in Path(kernels.__file__).parent.glob("_[a-z]*.pyx")]
    stubs = [Path(kernels.__file__).with_name(f"{name}.pyi").read_text("utf-8").splitlines() for name in modules]
    written = {line[4:].partition("(")[0] for lines in stubs for line in lines if line.startswith("def ")}
    fed = frozenset[str]().union(*(feeder.feeds for feeder in FEEDERS.values()))
    assert len(modules) >= 5
    assert set(functions()) == fed == written


@compiled
def test_every_public_function_of_the_modules_is_shown() -> None:
    """None of them is called past the guard."""
    names = [path.name.partition(".")[0] for path in Path(kernels.__file__).parent.glob("_[a-z]*.so")]
    modules = [import_module(f"vitrify.kernels.{name}") for name in names]
    found = {name for module in modules for name, value in vars(module).items() if callable(value) and name[0] != "_"}
    assert found == set(functions())


@compiled
@pytest.mark.parametrize("name", FEEDERS)
def test_loops_and_numpy_agree_on_some_hundred_inputs(name: str) -> None:
    """Some are taken and some refused, and every loop that the feeder is for is called in memory of each kind."""
    guard, outcomes = Guard(), Counter[str]()
    for index in range(_CASES):
        outcomes[FEEDERS[name].run(drawn(name, 1, index), guard)] += 1
    assert outcomes["taken"] > _CASES / 20
    assert outcomes["refused"] > _CASES / 20 or name == "dicts"
    assert set(guard.calls) == FEEDERS[name].feeds
    assert min(guard.calls.values()) > len(Place)


def test_every_finding_has_its_line() -> None:
    """A file is kept for each."""
    assert {path.stem for path in FINDINGS.glob("*.json")} == FOUND.keys()


@compiled
@pytest.mark.parametrize("name", FOUND)
def test_loops_and_numpy_agree_on_what_was_found(name: str) -> None:
    """And say what they should."""
    feeder, case = read(FINDINGS / f"{name}.json")
    assert FEEDERS[feeder].run(case, Guard()) == FOUND[name]


@pytest.mark.parametrize("name", FEEDERS)
def test_a_case_comes_again_and_can_be_kept(name: str, tmp_path: Path) -> None:
    """By its number, and from its file; the next one is another."""
    case = drawn(name, 3, 5)
    saved(tmp_path, name, 3, 5, "why")
    (kept,) = tmp_path.glob("*.json")
    line = json.loads((tmp_path / "0-kernels.jsonl").read_text("utf-8"))
    assert read(kept) == (name, case)
    assert (line["case"], line["index"], line["what"], line["change"]) == (name, 5, "why", kept.stem)
    assert len({repr(drawn(name, 3, index)) for index in range(8)}) > 4


WRONG: dict[str, tuple[Callable[..., Any], str]] = {
    "another byte": (lambda real, *given: real(*given) and _changed(given[3]), "the loop says 'yes', numpy 'yes'"),
    "no to all": (lambda real, *given: False, "a loop refuses what numpy takes"),
    "yes to all": (lambda real, *given: True, "the loop says 'yes', numpy"),
    "its input": (lambda real, *given: _changed(given[0]) and real(*given), "unpack_words writes to what it reads"),
}


def _run_words() -> None:
    for index in range(_CASES):
        packed.FEEDERS["words"].run(drawn("words", 1, index), Guard())


def _changed(array: Any) -> bool:
    array.flags.writeable = True
    array[-1:] ^= 1
    return True


@compiled
@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_loop_is_found(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Within some hundred inputs, and it is told what is wrong."""
    real, (wrong, message) = kernels.unpack_words, WRONG[name]
    monkeypatch.setattr(kernels, "unpack_words", lambda *given: wrong(real, *given))
    with pytest.raises(DisagreementError, match=message):
        _run_words()


BEYOND = """
import ctypes, sys
import numpy as np
from tests.fuzz.kernels.memory import Place, placed
memory = placed(np.arange(int(sys.argv[2]), dtype=np.uint8), Place[sys.argv[1]])
print(bytes((ctypes.c_uint8 * memory.size).from_address(memory.ctypes.data)).hex(), flush=True)
print(ctypes.c_uint8.from_address(memory.ctypes.data + int(sys.argv[3])).value)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="pages are guarded with mprotect")
@pytest.mark.parametrize(("place", "n", "step"), [("END", 9, 9), ("END", 0, 0), ("BEGIN", 9, -1), ("END", 5000, 5000)])
def test_a_step_beyond_guarded_memory_is_a_crash(place: str, n: int, step: int) -> None:
    """All bytes can be read, and the next one cannot."""
    command = [sys.executable, "-c", BEYOND, place, str(n), str(step)]
    done = subprocess.run(command, cwd=Path(__file__).parents[3], capture_output=True, text=True, check=False)
    assert done.stdout == bytes(i % 256 for i in range(n)).hex() + "\n"
    assert done.returncode < 0


@pytest.mark.parametrize("place", Place)
@pytest.mark.parametrize("array", [
    np.arange(6).reshape(2, 3), np.zeros(0, "<i8"), np.array(7.5), np.array([(1, 2.0)], "<i4,<f8"),
], ids=["table", "empty", "scalar", "record"])  # fmt: skip
@pytest.mark.parametrize("writable", [True, False])
def test_a_copy_is_the_same_array_elsewhere(array: Any, place: Place, writable: bool) -> None:
    """In content, dtype and shape, writable or not."""
    given = array.copy()
    given.flags.writeable = writable
    copy = placed(given, place)
    assert (copy.tobytes(), copy.dtype, copy.shape) == (given.tobytes(), given.dtype, given.shape)
    assert copy.flags.writeable is writable
    assert not np.shares_memory(copy, given)


@compiled
def test_what_a_function_writes_comes_back_to_its_caller() -> None:
    """And nothing else than what stands in `OUTPUTS`."""
    out, guard = np.zeros(8, np.uint8), Guard(Place.END)
    with guard.between():
        assert kernels.put_planes(np.arange(8, dtype=np.uint8), out, 0, 2, 2)
    assert out.tolist() == [0, 4, 1, 5, 2, 6, 3, 7]
    assert (guard.answers, dict(guard.calls)) == ([True], {"put_planes": 1})
    assert OUTPUTS.keys() <= set(functions())


def test_a_build_without_sanitizers_is_refused(tmp_path: Path) -> None:
    """The one that `make test` runs on: in this process, and in the child that would change inputs."""
    message = r"is compiled without sanitizers|there are no compiled loops"
    with pytest.raises(RuntimeError, match=message):
        require_sanitized()
    with pytest.raises(RuntimeError, match=message):
        mutated(tmp_path, dict(os.environ), 0, 60.0, ["dicts"])


def test_extremes_are_numbers_of_64_bits() -> None:
    """Whatever is added to them."""
    from tests.fuzz.kernels.feeder import extreme

    found = {extreme(random) for random in [Random(1)] for _ in range(2000)}
    assert {-(2**63), 2**63 - 1, 0, 2**31, 2**32 - 1, 255, 256} <= found
    assert min(found) == -(2**63)
    assert max(found) == 2**63 - 1
