"""The compiled loops under AddressSanitizer and UndefinedBehaviorSanitizer, for as long as is asked.

    python -m tests.fuzz.kernels --minutes 60       # what `make sanitize MINUTES=60` runs
    python -m tests.fuzz.kernels --feeders trees,words --no-tests

First the tests of the loops run, then changed inputs, each beside numpy; all in children that find the vitrify that
`make sanitize` has built with sanitizers. Findings are files in `tests/fuzz/out/`, where `runs.jsonl` gets a line.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

from tests.fuzz.__main__ import OUT, findings, record, versions
from tests.fuzz.kernels.child import FEEDERS, saved

ROOT = Path(__file__).parents[3]
BUILT = ROOT / ".envs" / "sanitize"
TESTS = (
    "tests/property/test_shuffle.py", "tests/property/test_words.py", "tests/unit/converters/test_kernels.py",
    "tests/unit/container/test_shuffle.py", "tests/unit/container/test_trees.py",
    "tests/unit/container/test_trees_hostile.py", "tests/unit/container/test_vocabulary.py",
    "tests/unit/container/test_words.py",
)  # fmt: skip
HANG_S = 60
"""How long one case may take, in seconds of the clock."""


def environment(built: Path) -> dict[str, str]:
    """That of a child that finds this build, and memory that is watched from the first block on."""
    libraries = [_of_compiler(name) for name in ("libasan.so", "libstdc++.so")]
    return os.environ | {
        "LD_PRELOAD": ":".join(libraries),
        "ASAN_OPTIONS": "detect_leaks=0:abort_on_error=1:allocator_may_return_null=1",  # CPython never frees all
        "UBSAN_OPTIONS": "print_stacktrace=1:halt_on_error=1:abort_on_error=1",
        "PYTHONMALLOC": "malloc",
        "PYTHONPATH": str(built),
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
    }


def _of_compiler(name: str) -> str:
    command = [os.environ.get("CC", "gcc"), f"-print-file-name={name}"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def tested(out: Path, given: dict[str, str]) -> tuple[Counter[str], Counter[str]]:
    """Run the tests of the loops in a child; what they counted, and how often each loop was called."""
    command = [sys.executable, "-m", "pytest", "-p", "tests.fuzz.kernels.plugin", "-p", "no:faulthandler", *TESTS]
    report, calls = out / "kernels-tests.log", out / "kernels-calls"
    calls.unlink(missing_ok=True)
    with open(report, "wb") as log:
        code = subprocess.run(
            command, cwd=ROOT, env=given | {"KERNEL_CALLS": str(calls)}, stdout=log, stderr=log, check=False
        ).returncode
    if not code:
        found = Counter(json.loads(calls.read_text("utf-8")))
        return Counter(executions=found.total()), found
    with open(out / "0-kernels.jsonl", "a", encoding="utf-8") as lines:
        what = {
            "case": "tests",
            "index": 0,
            "kind": "kernel",
            "what": f"pytest ended with {code}",
            "change": str(report),
        }
        lines.write(json.dumps(what) + "\n")
    return Counter(findings=1), Counter()


def mutated(out: Path, given: dict[str, str], seed: int, seconds: float, names: list[str]) -> tuple[Any, Any, bool]:
    """Run changed inputs in a child: what it counted, how often each loop was called, whether it came to its end."""
    for name in ("at", "counts"):
        (out / name).unlink(missing_ok=True)
    command = [sys.executable, "-m", "tests.fuzz.kernels.child", str(seed), str(seconds), str(out), *names]
    with open(out / f"kernels-{seed}.log", "wb") as log:
        child = subprocess.Popen(command, cwd=ROOT, env=given, stdout=log, stderr=log)
        last, heard = b"", time.monotonic()
        while child.poll() is None:
            time.sleep(0.5)
            at = (out / "at").read_bytes() if (out / "at").exists() else b""
            if at != last:
                last, heard = at, time.monotonic()
            elif time.monotonic() - heard > HANG_S:
                child.kill()
                child.wait()
    at = (out / "at").read_bytes() if (out / "at").exists() else b""
    if not at:
        raise RuntimeError((out / f"kernels-{seed}.log").read_text("utf-8", errors="replace")[-2000:])
    found = json.loads((out / "counts").read_text("utf-8")) if (out / "counts").exists() else {}
    total, calls = Counter(found.get("counts", {})), Counter(found.get("calls", {}))
    if child.returncode:
        name, index = at.decode().split("\n")[:2]
        why = "hang" if child.returncode == -signal.SIGKILL else f"the child ended with {child.returncode}"
        saved(out, name, seed, int(index), f"{why}, see {out / f'kernels-{seed}.log'}")
        total["findings"] += 1
    return total, calls, not child.returncode


def main() -> int:
    """Run the tests once, and then changed inputs until the time is over, over crashes."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz.kernels", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0, help="how long, after the tests (default: 10)")
    parser.add_argument("--seed", type=int, default=0, help="of the first child (default: 0)")
    parser.add_argument("--feeders", default=",".join(FEEDERS), help="some of them, with commas (default: all)")
    parser.add_argument("--no-tests", action="store_true", help="changed inputs only")
    parser.add_argument("--built", type=Path, default=BUILT, help=f"where the build is (default: {BUILT})")
    parser.add_argument("--out", type=Path, default=OUT, help=f"folder for findings (default: {OUT})")
    asked = parser.parse_args()
    asked.out.mkdir(parents=True, exist_ok=True)
    (asked.out / "0-kernels.jsonl").unlink(missing_ok=True)
    given = environment(asked.built.resolve())
    started, begin = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), time.monotonic()
    total, calls = (Counter[str](), Counter[str]()) if asked.no_tests else tested(asked.out, given)
    print(f"tests: {dict(total)}, calls: {dict(calls)}", flush=True)
    seed, is_over, end = asked.seed - 1, False, time.monotonic() + 60 * asked.minutes
    while not is_over and (left := end - time.monotonic()) > 0:
        seed += 1
        counted, called, is_over = mutated(asked.out, given, seed, left, asked.feeders.split(","))
        total, calls = total + counted, calls + called
        print(f"seed {seed}: {dict(total)}", flush=True)
    total.update(findings=0)
    run = {"harness": "kernels", "started": started, "seconds": round(time.monotonic() - begin)}
    run |= {"seeds": [asked.seed, seed], "versions": versions(), "counts": dict(total), "calls": dict(calls)}
    record(asked.out, run)
    for found in findings(asked.out):
        print(f"{found['kind']:10} {found['case']} #{found['index']}: {found['what']}\n{'':10} {found['change']}")
    return 1 if total["findings"] else 0


if __name__ == "__main__":
    sys.exit(main())
