"""Loads and uses mutated files in children of its own, so that a crash costs one child and is told which it was.

    python -m tests.fuzz.worker OUT SEED COUNT SECONDS CASE …

writes a line of JSON for each finding to OUT.jsonl, the file to OUT/, and a line of counts at the end.
"""

from __future__ import annotations

import faulthandler
import json
import os
import re
import resource
import select
import signal
import sys
import time
import warnings
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import vitrify
from tests.fuzz.mutations import Mutator, parameters_of
from tests.support.estimators import CASES, output_calls
from tests.support.lying_writer import Lie

MEMORY_BYTES = 6 << 30
HANG_S = 20
_BATCH = 500


def main(out: Path, seed: int, count: int, seconds: float, names: list[str]) -> None:
    """Fuzz each case `count` times, as long as there is time."""
    end = time.monotonic() + seconds
    done = loaded = found = 0
    for name in names:
        if time.monotonic() > end:
            break
        for kind, value in fuzz(name, seed, count, end):
            if kind == "count":
                done, loaded = done + value[0], loaded + value[1]
            else:
                found += 1
                _save(out, value)
    print(json.dumps({"cases": len(names), "executions": done, "loaded": loaded, "findings": found}), flush=True)


def fuzz(name: str, seed: int, count: int, end: float) -> Iterator[tuple[str, Any]]:
    """Findings of one case, and how many files were tried and loaded."""
    fitted = CASES[name].fit()
    warnings.simplefilter("ignore")
    lie = Lie(vitrify.dumps(fitted.model))
    mutator = Mutator(lie, parameters_of(fitted.model))
    first = 0
    while first < count and time.monotonic() < end:
        last = min(first + _BATCH, count)
        at, outcome, loaded, findings = _batch(name, fitted, mutator, seed, range(first, last))
        yield "count", (at - first, loaded)
        for index, kind, what in [*findings, *([(at, *outcome)] if outcome else [])]:
            change, data = mutator.file(_random(name, seed, index))
            finding = {"case": name, "seed": seed, "index": index, "kind": kind, "what": what, "change": change}
            yield "finding", finding | {"data": data}
        first = at + 1 if outcome else last


def _batch(
    name: str, fitted: Any, mutator: Mutator, seed: int, indexes: range
) -> tuple[int, tuple[str, str] | None, int, list[tuple[int, str, str]]]:
    """Try files in a child; where it stopped, and why if it did not come to the end."""
    reading, writing = os.pipe()
    errors = os.memfd_create("errors")
    pid = os.fork()
    if pid == 0:
        os.close(reading)
        code = 1
        try:
            os.dup2(errors, 2)
            _child(name, fitted, mutator, seed, indexes, writing)
            code = 0
        finally:
            os._exit(code)
    os.close(writing)
    at, loaded, findings, pending, hung = indexes.start, 0, list[tuple[int, str, str]](), b"", False
    with open(reading, "rb", buffering=0) as stream:
        while True:
            if not select.select([stream], [], [], HANG_S)[0]:
                hung = True
                os.kill(pid, signal.SIGKILL)
            part = stream.read(1 << 16)
            if not part:
                break
            *lines, pending = (pending + part).split(b"\n")
            for line in lines:
                said = json.loads(line)
                at = said["index"]
                loaded += said.get("loaded", 0)
                if "kind" in said:
                    findings.append((at, said["kind"], said["what"]))
    _, status = os.waitpid(pid, 0)
    os.lseek(errors, 0, os.SEEK_SET)
    trace = os.read(errors, 1 << 16).decode(errors="replace")
    os.close(errors)
    if hung:
        return at, ("hang", _place(trace)), loaded, findings
    if os.WIFSIGNALED(status):
        return at, (signal.Signals(os.WTERMSIG(status)).name, _place(trace)), loaded, findings
    if os.WEXITSTATUS(status):
        return at, ("harness", trace[-2000:]), loaded, findings
    return indexes.stop, None, loaded, findings


def _child(name: str, fitted: Any, mutator: Mutator, seed: int, indexes: range, pipe: int) -> None:
    faulthandler.enable()
    warnings.simplefilter("ignore")
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 1)  # parameters such as verbose=1
    for index in indexes:
        os.write(pipe, b'{"index":%d}\n' % index)
        _, data = mutator.file(_random(name, seed, index))
        faulthandler.dump_traceback_later(HANG_S - 5)
        try:
            model = vitrify.loads(data)
        except vitrify.errors.VitrifyError:
            continue
        except Exception as error:
            what = f"{type(error).__name__}: {error}"[:500]
            os.write(pipe, json.dumps({"index": index, "kind": "error", "what": what}).encode() + b"\n")
            continue
        finally:
            faulthandler.cancel_dump_traceback_later()
        faulthandler.dump_traceback_later(HANG_S - 5)
        use(model, fitted)
        del model
        faulthandler.cancel_dump_traceback_later()
        os.write(pipe, b'{"index":%d,"loaded":1}\n' % index)


def use(model: Any, fitted: Any) -> None:
    """Everything the model answers; Python errors are fine answers."""
    try:
        output_calls(model, fitted.X, fitted.y, calls=fitted.calls)
        repr(model)
    except Exception:
        return


def _random(name: str, seed: int, index: int) -> Random:
    return Random(f"{name} {seed} {index}")


def _place(trace: str) -> str:
    """The innermost lines of the trace that faulthandler left."""
    lines = [line.strip() for line in trace.splitlines() if re.match(r'\s*File "', line)]
    return (
        " < ".join(re.sub(r'File "(?:.*/)?(.*/.*)", line (\d+) in', r"\1:\2", line) for line in lines[:4])
        or trace[:200]
    )


def _save(out: Path, finding: dict[str, Any]) -> None:
    data = finding.pop("data")
    out.mkdir(parents=True, exist_ok=True)
    stem = f"{finding['case']}-{finding['seed']}-{finding['index']}"
    (out / f"{stem}.glass").write_bytes(data)
    with open(f"{out}.jsonl", "a", encoding="utf-8") as lines:
        lines.write(json.dumps(finding) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4]), sys.argv[5:])
