"""A campaign: every case in turn, on all cores, for as long as is asked.

    python -m tests.fuzz --minutes 60            # what `make fuzz MINUTES=60` runs
    python -m tests.fuzz --cases SVC,KMeans --skip NuSVC --count 5000

Findings are files in `tests/fuzz/out/`, with a line each in `0.jsonl` …; the exit code says whether there were any.
Every run adds a line to `runs.jsonl`: when, with which versions, how many files, and what became of them.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import time
from collections import Counter
from importlib import metadata
from pathlib import Path
from random import Random

from tests.fuzz import guard
from tests.support.estimators import CASES

OUT = Path(__file__).parent / "out"
_ROUND = 200
_QUIET = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "MALLOC_PERTURB_": "165"}


def campaign(names: list[str], *, out: Path, seed: int, count: int, seconds: float, workers: int) -> dict[str, int]:
    """Fuzz cases `count` times each on several processes; the sums of what they counted."""
    environment = os.environ | _QUIET | guard.build(out)
    shares = [names[i::workers] for i in range(workers)]
    command = [sys.executable, "-m", "tests.fuzz.worker"]
    running = [
        subprocess.Popen(
            [*command, str(out / str(i)), str(seed), str(count), str(seconds), *share],
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
        )
        for i, share in enumerate(shares)
        if share
    ]
    total: Counter[str] = Counter()
    for process in running:
        said, _ = process.communicate()
        if process.returncode:
            raise RuntimeError(f"a worker ended with {process.returncode}")
        total.update(json.loads(said.splitlines()[-1]))
    return dict(total)


def findings(out: Path) -> list[dict[str, str]]:
    """What the workers of a campaign noted."""
    return [
        json.loads(line) for path in sorted(out.glob("[0-9]*.jsonl")) for line in path.read_text("utf-8").splitlines()
    ]


def versions(*more: str) -> dict[str, str]:
    """What was tested, and with what."""
    packages = ("vitrify", "numpy", "scipy", "pandas", "scikit-learn", *more)
    return {"python": platform.python_version()} | {name: metadata.version(name) for name in packages}


def record(out: Path, run: dict[str, object]) -> None:
    """Add a line to the results of all runs."""
    with open(out / "runs.jsonl", "a", encoding="utf-8") as lines:
        lines.write(json.dumps(run) + "\n")


def main() -> int:
    """Run rounds of a few hundred mutations a case until the time is over."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0, help="how long (default: 10)")
    parser.add_argument("--count", type=int, default=_ROUND, help=f"mutations a case and round (default: {_ROUND})")
    parser.add_argument("--cases", default="", help="names of cases, with commas; a part of a name is enough")
    parser.add_argument("--skip", default="", help="names, or parts of names, of cases that are left out")
    parser.add_argument("--seed", type=int, default=0, help="of the first round (default: 0)")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1, help="processes (default: one a core)")
    parser.add_argument("--out", type=Path, default=OUT, help=f"folder for findings (default: {OUT})")
    asked = parser.parse_args()
    parts, skipped = asked.cases.split(","), [part for part in asked.skip.split(",") if part]
    names = [name for name in sorted(CASES) if any(part in name for part in parts)]
    names = [name for name in names if not any(part in name for part in skipped)]
    asked.out.mkdir(parents=True, exist_ok=True)
    started, begin = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), time.monotonic()
    end = begin + 60 * asked.minutes
    total: Counter[str] = Counter()
    seed = asked.seed
    while (left := end - time.monotonic()) > 0:
        Random(seed).shuffle(names)
        total.update(campaign(names, out=asked.out, seed=seed, count=asked.count, seconds=left, workers=asked.workers))
        print(
            f"seed {seed}: {total['executions']} files, {total['loaded']} loaded, {total['findings']} findings",
            flush=True,
        )
        seed += 1
    seconds = round(time.monotonic() - begin)
    run = {"started": started, "seconds": seconds, "seeds": [asked.seed, seed - 1], "of_cases": len(names)}
    record(asked.out, run | {"versions": versions(), "counts": dict(total)})
    for found in findings(asked.out):
        print(f"{found['kind']:10} {found['case']} #{found['index']}: {found['what']}\n{'':10} {found['change']}")
    return 1 if total["findings"] else 0


if __name__ == "__main__":
    sys.exit(main())
