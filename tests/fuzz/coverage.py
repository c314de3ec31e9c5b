"""Fuzzing that follows coverage, with atheris: `python -m tests.fuzz.coverage --minutes 40`.

Half of the time goes to each harness. `make fuzz-coverage` runs this in an environment of its own, `.envs/fuzz`.
What was found lies in `tests/fuzz/out/`, where `runs.jsonl` gets a line for each run; inputs that reach something new
are kept in `tests/fuzz/out/corpus-*` for the next one.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import vitrify
from tests.fuzz.__main__ import OUT, findings, record, versions
from tests.support.estimators import CASES
from tests.vectors.generate import FILES

HARNESSES = ("container", "graph")
MAX_BYTES = {"container": 1 << 14, "graph": 1 << 16}
_MODELS = (
    "LogisticRegression", "DecisionTreeClassifier", "GradientBoostingRegressor", "HistGradientBoostingRegressor", "SVC",
    "KNeighborsClassifier", "KMeans", "OneHotEncoder", "CountVectorizer", "ColumnTransformer", "Pipeline",
    "GridSearchCV", "SplineTransformer", "IsotonicRegression", "Birch", "SGDClassifier", "CalibratedClassifierCV",
)  # fmt: skip
_MEMORY_MIB, _TIMEOUT_S = 4096, 25


def seeds(name: str) -> dict[str, bytes]:
    """Files to begin with: the golden ones, and for the graph small models."""
    folders = ("valid", "invalid") if name == "container" else ("valid",)
    paths = [path for folder in folders for path in sorted((FILES / folder).glob("*.glass"))]
    found = {f"{path.parent.name}-{path.stem}": path.read_bytes() for path in paths}
    if name == "graph":
        found |= {model: vitrify.dumps(CASES[model].fit().model) for model in _MODELS if model in CASES}
    return {stem: data for stem, data in found.items() if len(data) <= MAX_BYTES[name]}


def run(name: str, out: Path, seconds: float) -> dict[str, Any]:
    """Fuzz one harness for some time, over crashes; what became of it."""
    corpus = out / f"corpus-{name}"
    corpus.mkdir(parents=True, exist_ok=True)
    for stem, data in seeds(name).items():
        (corpus / stem).write_bytes(data)
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    end, total = time.monotonic() + seconds, Counter[str]()
    covered = 0
    while (left := int(end - time.monotonic())) > 0:
        flags = [f"-max_total_time={left}", f"-timeout={_TIMEOUT_S}", f"-rss_limit_mb={_MEMORY_MIB}"]
        flags += [f"-max_len={MAX_BYTES[name]}", f"-artifact_prefix={out}/{name}-", "-print_final_stats=1"]
        command = [sys.executable, "-m", "tests.fuzz.coverage_child", name, str(out), *flags, str(corpus)]
        with open(out / f"{name}.log", "wb") as log:
            code = subprocess.run(command, stdout=log, stderr=log, env=environment, check=False).returncode
        said = (out / f"{name}.log").read_text(errors="replace")
        executed = re.findall(r"stat::number_of_executed_units:\s*(\d+)", said)
        total.update(executions=int(executed[-1]) if executed else 0, crashes=int(code != 0))
        covered = max([covered, *(int(n) for n in re.findall(r"cov: (\d+)", said))])
        if code and not executed:
            raise RuntimeError(f"the fuzzer ended with {code}:\n{said[-2000:]}")
        if code:
            (out / f"{name}.log").rename(out / f"{name}-crash-{total['crashes']}.log")
    return {"harness": name, "edges": covered, "counts": dict(total)}


def main() -> int:
    """Fuzz one harness after the other."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz.coverage", description=__doc__)
    parser.add_argument("--minutes", type=float, default=20.0, help="how long, for all harnesses (default: 20)")
    parser.add_argument("--harness", choices=HARNESSES, action="append", help="only this one")
    parser.add_argument("--out", type=Path, default=OUT, help=f"folder for findings (default: {OUT})")
    asked = parser.parse_args()
    names = asked.harness or HARNESSES
    asked.out.mkdir(parents=True, exist_ok=True)
    crashes = 0
    for name in names:
        started, begin = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), time.monotonic()
        done = run(name, asked.out, 60 * asked.minutes / len(names))
        timed = {"started": started, "seconds": round(time.monotonic() - begin)}
        record(asked.out, timed | done | {"versions": versions("atheris")})
        crashes += done["counts"]["crashes"]
        print(f"{name}: {done['counts']}, {done['edges']} edges", flush=True)
    found = findings(asked.out)
    for finding in found:
        print(f"{finding['kind']:10} {finding['case']} {finding['index']}: {finding['what']}")
    return 1 if found or crashes else 0


if __name__ == "__main__":
    sys.exit(main())
