"""Run scikit-learn's tests module by module with the plugin, and say what is refused and what comes out otherwise.

    python -m tests.upstream [--workers N] [--only ensemble,tree.tests.test_tree] [--json FILE]

A test that fails is run again: without the plugin, because it may fail anyway, and with less of the loaded
estimator in use, which says where the difference lies. What is right is listed in `expected.json` with the reason.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import sklearn

from tests.upstream.expected import Expected

ROOT: Final = Path(__file__).parents[2]
SUITE: Final = Path(sklearn.__file__).parent
_FIRST: Final = (
    "tree", "ensemble", "neighbors", "svm", "cluster", "preprocessing", "feature_extraction", "linear_model",
    "decomposition", "manifold", "mixture", "impute", "model_selection", "tests", "compose", "gaussian_process",
    "semi_supervised", "neural_network", "covariance", "cross_decomposition", "feature_selection", "inspection",
    "frozen", "callback", "utils",
)  # fmt: skip
_WITHOUT_MODELS: Final = re.compile(
    r"sklearn\.(datasets|experimental|_loss|metrics|externals|utils\.tests\.test_(?!estimator_checks|set_output|pprint))"
    r"|sklearn\.tests\.test_(docstring|min_dep|build|check_build|init|public_functions)"
)
_LIMIT_S: Final = 1200
_AGAIN_AT_MOST: Final = 150
_QUIET: Final = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "PYTHONHASHSEED": "0"}
_LESS: Final = ("fitted", "none")
_KINDS: Final = ("refused", "defect", "difference", "warning")


@dataclass(kw_only=True)
class Outcome:
    """What one module of tests, or all of them, came to.

    Attributes:
        tests: How many tests ended how.
        counts: What the plugin counted: estimators `sent`, `loaded`, `compared`, kinds of trees.
        types: How often each class was loaded.
        noted: For each kind, subject and text how often it was noted, and in which test first.
        failed: Test → what of the loaded estimator has to be in use for it to fail, and the end of its traceback.
        trouble: What stopped the run of a module: a crash, the time.
    """

    tests: Counter[str] = field(default_factory=Counter)
    counts: Counter[str] = field(default_factory=Counter)
    types: Counter[str] = field(default_factory=Counter)
    noted: list[dict[str, Any]] = field(default_factory=list)
    failed: dict[str, dict[str, str]] = field(default_factory=dict)
    trouble: list[str] = field(default_factory=list)

    def add(self, other: Outcome) -> None:
        """Put in what another module came to."""
        for mine, its in ((self.tests, other.tests), (self.counts, other.counts), (self.types, other.types)):
            mine.update(its)
        self.noted += other.noted
        self.failed |= other.failed
        self.trouble += other.trouble

    def unexpected(self, expected: Expected) -> list[str]:
        """A line for each thing that no entry of the list explains."""
        lines = [
            f"{one['kind']}: {one['subject']}: {one['text']} [{one['n']} times, first in {one['test']}]"
            for one in self.noted
            if expected.reason(one["kind"], f"{one['subject']}: {one['text']}", one["test"]) is None
        ]
        lines += [
            f"fails ({how['use']}): {test}: {how['text'][-200:].splitlines()[-1:]}"
            for test, how in self.failed.items()
            if expected.reason("fails", test, test) is None
        ]
        return lines + self.trouble


def modules(only: str = "") -> list[str]:
    """The modules of tests in which estimators are fitted, those of compiled objects first."""
    found = [".".join(path.relative_to(SUITE.parent).with_suffix("").parts) for path in SUITE.rglob("tests/test_*.py")]
    chosen = [name for name in found if not _WITHOUT_MODELS.match(name)]
    if parts := [part for part in only.split(",") if part]:
        chosen = [name for name in found if any(f".{part}." in f"{name}." for part in parts)]
    rank = {name: i for i, name in enumerate(_FIRST)}
    return sorted(chosen, key=lambda name: (rank.get(name.split(".")[1], len(rank)), name))


def run_module(name: str, *, limit_s: float = _LIMIT_S) -> Outcome:
    """Run one module with the plugin, then what failed again."""
    lines, trouble = _pytest([str(_path(name))], "all", limit_s)
    outcome = _read(lines)
    if trouble:
        outcome.trouble.append(f"{name}: {trouble}")
    failed = outcome.failed
    asked = list(failed) if len(failed) <= _AGAIN_AT_MOST else [name]
    if failed:
        anyway = _failed_again(asked, "off", limit_s)
        outcome.tests["failed anyway"] += len(failed.keys() & anyway)
        for test in failed.keys() & anyway:
            del failed[test]
    for use in _LESS:
        if still := [test for test, how in failed.items() if how["use"] == ("all" if use == "fitted" else "fitted")]:
            for test in _failed_again(still if len(still) <= _AGAIN_AT_MOST else [name], use, limit_s) & set(still):
                failed[test]["use"] = use
    return outcome


def _failed_again(asked: list[str], use: str, limit_s: float) -> set[str]:
    wanted = [str(_path(one)) if "::" not in one else str(SUITE.parent / one) for one in asked]
    lines, _ = _pytest(wanted, use, limit_s)
    return set(_read(lines).failed)


def _path(name: str) -> Path:
    return SUITE.parent.joinpath(*name.split(".")).with_suffix(".py")


def _pytest(wanted: list[str], use: str, limit_s: float) -> tuple[list[dict[str, Any]], str]:
    """Run pytest in a process of its own; what it logged, and what stopped it."""
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder, "log")
        log.touch()
        command = [sys.executable, "-m", "pytest", "-q", "-p", "tests.upstream.plugin", "-c", os.devnull]
        command += ["--rootdir", str(SUITE.parent), "--basetemp", str(Path(folder, "tests"))]
        command += [
            "--tb=short",
            *(f"-pno:{name}" for name in ("randomly", "cacheprovider", "xdist", "hypothesispytest")),
        ]
        env = {"VITRIFY_UPSTREAM_LOG": str(log), "VITRIFY_UPSTREAM_USE": use, "TMPDIR": folder, **_QUIET}
        process = subprocess.Popen(
            [*command, *wanted], cwd=ROOT, env=_outside() | env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        try:
            said, _ = process.communicate(timeout=limit_s)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            said, trouble = b"", f"took more than {limit_s:.0f} s"
        else:
            end = said.decode("utf-8", "replace")[-1500:]
            trouble = "" if process.returncode in (0, 1, 5) else f"pytest ended with {process.returncode}: {end}"
        lines = [json.loads(line) for line in log.read_text("utf-8").splitlines()]
    if trouble and (started := [line["test"] for line in lines if line["kind"] == "start"]):
        trouble = f"in {started[-1]}: {trouble}"
    return lines, trouble


def _outside() -> dict[str, str]:
    """The environment without what a pytest that runs this one says to its workers."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}


def _read(lines: list[dict[str, Any]]) -> Outcome:
    outcome = Outcome()
    times: Counter[tuple[str, str, str]] = Counter()
    for line in lines:
        if line["kind"] == "test":
            outcome.tests[line["outcome"]] += 1
            if line["outcome"] == "failed":
                outcome.failed[line["test"]] = {"use": "all", "text": line["text"]}
        elif line["kind"] == "end":
            outcome.counts.update(line["counts"])
            outcome.types.update(line["types"])
            times.update({(kind, subject, text): n for kind, subject, text, n in line["noted"]})
        elif line["kind"] in _KINDS:
            outcome.noted.append(line)
    totals = list(times.values())
    for number, one in enumerate(outcome.noted):  # the counts stand in the order in which things were first noted
        one["n"] = totals[number] if len(totals) == len(outcome.noted) else 1
    return outcome


def report(outcome: Outcome, expected: Expected) -> str:
    """The summary that a person reads."""
    of = ", ".join(f"{outcome.counts[what]} {what}" for what in ("sent", "loaded", "compared", "left out"))
    lines = [
        "tests: " + ", ".join(f"{n} {how}" for how, n in sorted(outcome.tests.items())),
        f"estimators: {of}; of {len(outcome.types)} classes",
    ]
    lines += [f"{what}: {n}" for what, n in sorted(outcome.counts.items()) if what.startswith(("tree", "predictor"))]
    for kind in _KINDS:
        texts: Counter[str] = Counter()
        for one in outcome.noted:
            if one["kind"] == kind:
                texts[one["text"]] += one["n"]
        lines += [f"{kind}: {len(texts)}"] + [f"  {n:6} {text}" for text, n in texts.most_common()]
    unexpected = outcome.unexpected(expected)
    lines += [f"tests with another outcome: {len(outcome.failed)}", f"unexpected: {len(unexpected)}"]
    return "\n".join(lines + [f"  {line}" for line in unexpected])


def as_json(outcome: Outcome, expected: Expected) -> dict[str, object]:
    """All there is, for machines."""
    return {
        "sklearn": sklearn.__version__,
        "tests": outcome.tests,
        "counts": outcome.counts,
        "types": outcome.types,
        "noted": outcome.noted,
        "failed": outcome.failed,
        "unexpected": outcome.unexpected(expected),
    }


def main() -> int:
    """Run what is asked for; 1 if anything is not expected."""
    parser = argparse.ArgumentParser(prog="python -m tests.upstream", description=__doc__)
    parser.add_argument("--workers", type=int, default=1, help="modules at the same time (default: 1)")
    parser.add_argument("--only", default="", help="parts of names of modules, with commas")
    parser.add_argument("--limit", type=float, default=_LIMIT_S, help=f"seconds for a module (default: {_LIMIT_S})")
    parser.add_argument("--json", type=Path, help="write the summary to this file, too")
    asked = parser.parse_args()
    expected, total = Expected.read(), Outcome()

    def one(name: str) -> tuple[str, Outcome, float]:
        begin = time.monotonic()
        return name, run_module(name, limit_s=asked.limit), time.monotonic() - begin

    with ThreadPoolExecutor(asked.workers) as pool:
        for name, outcome, seconds in pool.map(one, modules(asked.only)):
            total.add(outcome)
            n_unexpected = len(outcome.unexpected(expected))
            print(
                f"{name}: {sum(outcome.tests.values())} tests, {outcome.counts['sent']} estimators, "
                f"{n_unexpected} unexpected, {seconds:.0f} s",
                flush=True,
            )
            if asked.json:
                asked.json.write_text(json.dumps(as_json(total, expected), indent=1), encoding="utf-8")
    print(report(total, expected))
    return int(bool(total.unexpected(expected)))
