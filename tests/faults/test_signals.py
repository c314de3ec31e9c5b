"""The interrupt of a terminal, at any moment of a save."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.faults.children import run

SIGNALS = """
import collections, json, os, signal, sys, time, numpy, vitrify
from tests.faults.children import contents, descriptors, new_descriptors, new_threads, threads
folder, is_there = sys.argv[1], sys.argv[2] == "old"
path = os.path.join(folder, "model.glass")
old, new = ({"weights": numpy.full(600_000, value), "names": ["x"] * 50} for value in (1.0, 2.0))
names = {vitrify.dumps(old): "old", vitrify.dumps(new): "new"}
def reset():
    if is_there:
        vitrify.dump(old, path)
    elif os.path.exists(path):
        os.unlink(path)
signal.signal(signal.SIGALRM, signal.default_int_handler)
took = []
for _ in range(5):
    reset()
    begin = time.perf_counter()
    vitrify.dump(new, path)
    took.append(time.perf_counter() - begin)
whole = sorted(took)[2]
open_before, threads_before = descriptors(), threads()
found = collections.Counter()
for i in range(60):
    reset()
    outcome = "through"
    try:
        signal.setitimer(signal.ITIMER_REAL, max(1e-6, 1.1 * whole * i / 60))
        vitrify.dump(new, path)
        signal.setitimer(signal.ITIMER_REAL, 0)
    except KeyboardInterrupt:
        outcome = "interrupted"
    lies = {name: names.get(data, "else") for name, data in contents(folder).items()}
    found[outcome, json.dumps(lies), len(new_threads(threads_before)), len(new_descriptors(open_before))] += 1
print(json.dumps([[*key, n] for key, n in found.items()]))
"""


@pytest.mark.parametrize("is_there", [True, False], ids=["old", "new"])
def test_a_signal_at_any_moment_leaves_a_whole_file_or_none(tmp_path: Path, is_there: bool) -> None:
    """The interrupt of a terminal, after delays that are swept over the time of a whole save."""
    whole = [{"model.glass": "new"}, {"model.glass": "old"} if is_there else {}]
    n_interrupted = 0
    told = run(SIGNALS, str(tmp_path), "old" if is_there else "new", is_quiet=False)  # Python may lose an interrupt
    for outcome, lies, n_threads, n_descriptors, n in told:
        assert json.loads(lies) in (whole if outcome == "interrupted" else whole[:1])
        assert (n_threads, n_descriptors) == (0, 0)
        n_interrupted += n * (outcome == "interrupted")
    assert n_interrupted > 10
