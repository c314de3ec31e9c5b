"""Loads that run out of memory or are interrupted: an error, nothing left behind, and the next load is right."""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np
import pytest
from sklearn.svm import SVC

import vitrify
from tests.faults.children import contents, descriptors, error_of, new_threads, run, threads

LITTLE_MEMORY = """
import json, resource, sys, numpy, vitrify
value = {"weights": numpy.arange(12_000_000.0), "words": [f"word {i}" for i in range(20_000)]}
vitrify.dump(value, sys.argv[1])
vitrify.load(sys.argv[1])
def size():
    with open("/proc/self/statm") as stream:
        return int(stream.read().split()[0]) * resource.getpagesize()
_, most = resource.getrlimit(resource.RLIMIT_AS)
found = {}
for room in [1, 4, 16, 40, 64, 91, 92, 100, 128, 160, 256]:
    resource.setrlimit(resource.RLIMIT_AS, (size() + (room << 20), most))
    try:
        loaded = vitrify.load(sys.argv[1])
        found[room] = "right" if (loaded["weights"] == value["weights"]).all() else "wrong"
        del loaded
    except (MemoryError, vitrify.errors.LimitError) as error:
        found[room] = "refused"
        del error
    resource.setrlimit(resource.RLIMIT_AS, (most, most))
after = vitrify.load(sys.argv[1])
after = (after["weights"] == value["weights"]).all() and after["words"] == value["words"]
print(json.dumps([found, bool(after)]))
"""


def test_too_little_memory_is_an_error_and_the_next_load_is_right(tmp_path: Path) -> None:
    """96 MB of weights with from 1 to 256 MB of room (attacks R05)."""
    found, after = run(LITTLE_MEMORY, str(tmp_path / "model.glass"), is_quiet=False)
    assert set(found.values()) == {"right", "refused"}
    assert found["1"] == found["64"] == "refused"
    assert found["256"] == "right"
    assert after is True


class Interrupt:
    """A tracer that raises KeyboardInterrupt at the `at`-th line of vitrify."""

    def __init__(self, at: int) -> None:
        self.left = at

    def __call__(self, frame: FrameType, event: str, _: Any) -> Any:
        if not str(frame.f_globals.get("__name__")).startswith("vitrify."):
            return None
        # Between the lines of `build_opened` that turn the collector on again there is no call: no signal is seen.
        if event == "line" and frame.f_code.co_name != "build_opened":
            self.left -= 1
            if self.left == 0:
                raise KeyboardInterrupt
        return self

    def caught(self, call: Callable[[], object]) -> BaseException | None:
        """What the call raises."""
        before = sys.gettrace()
        sys.settrace(self)
        try:
            return error_of(call)
        finally:
            sys.settrace(before)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # the file closes itself, and says so
@pytest.mark.parametrize("size", [10, 100_000], ids=["small", "large"])
@pytest.mark.parametrize("mmap", [False, True], ids=["read", "mapped"])
def test_an_interrupt_at_any_line_of_a_load_leaves_nothing_behind(tmp_path: Path, size: int, mmap: bool) -> None:
    """No descriptor, thread, file or setting is left, and the next load is right (attacks R06)."""
    path = tmp_path / "model.glass"
    value = {"weights": np.arange(float(size)), "pairs": [(1, "a"), {2, 3}], "model": SVC()}
    vitrify.dump(value, path)
    vitrify.load(path, mmap=mmap)
    before, open_before, threads_before = contents(tmp_path), descriptors(), threads()
    state = repr(np.random.get_state())
    at = 1
    while True:
        caught = Interrupt(at).caught(lambda: vitrify.load(path, mmap=mmap))
        if caught is None:
            break
        assert isinstance(caught, KeyboardInterrupt)
        assert gc.isenabled()
        assert new_threads(threads_before) == set()
        caught.with_traceback(None)
        del caught
        assert descriptors() == open_before
        at += 7
    assert at > 300
    assert contents(tmp_path) == before
    assert repr(np.random.get_state()) == state
    np.testing.assert_array_equal(vitrify.load(path, mmap=mmap)["weights"], np.arange(float(size)))
