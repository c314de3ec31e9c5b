"""Loads and uses mutated files in children of its own, so that a crash costs one child and is told which it was.

    python -m tests.fuzz.worker OUT SEED COUNT SECONDS CASE …

writes a line of JSON for each finding to OUT.jsonl, the file to OUT/, and a line of counts at the end.
"""

from __future__ import annotations

import contextlib
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
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import vitrify
from tests.fuzz import guard
from tests.fuzz.mutations import Mutator, parameters_of
from tests.fuzz.using import use
from tests.support.estimators import CASES
from tests.support.lying_writer import Lie
from vitrify.errors import VitrifyError

MEMORY_BYTES = 6 << 30
HANG_S = 20
"""How much time of a processor one file may take, in seconds."""

DEADLOCK_S = 120
"""How long nothing may be heard of a child, in seconds of the clock."""

_BATCH = 500
_SHOWN_EVERY = 8


def main(out: Path, seed: int, count: int, seconds: float, names: list[str]) -> None:
    """Fuzz each case `count` times, as long as there is time."""
    end = time.monotonic() + seconds
    total = Counter(dict.fromkeys(("cases", "executions", "loaded", "findings"), 0))
    for name in names:
        if time.monotonic() > end:
            break
        total["cases"] += 1
        for kind, value in fuzz(name, seed, count, end):
            if kind == "count":
                total.update(value)
            else:
                total["findings"] += 1
                _save(out, value)
    print(json.dumps(total), flush=True)


def fuzz(name: str, seed: int, count: int, end: float) -> Iterator[tuple[str, Any]]:
    """Findings of one case, and how many files were tried, loaded and refused with which error."""
    fitted = CASES[name].fit()
    warnings.simplefilter("ignore")
    lie = Lie(vitrify.dumps(fitted.model))
    mutator = Mutator(lie, parameters_of(fitted.model))
    first = 0
    while first < count and time.monotonic() < end:
        last = min(first + _BATCH, count)
        at, outcome, said, findings = _batch(name, fitted, mutator, seed, range(first, last))
        yield "count", Counter({"executions": at - first + (outcome is not None)}) + said
        for index, kind, what in [*findings, *([(at, *outcome)] if outcome else [])]:
            change, data = mutator.file(_random(name, seed, index))
            finding = {"case": name, "seed": seed, "index": index, "kind": kind, "what": what, "change": change}
            yield "finding", finding | {"data": data}
        first = at + 1 if outcome else last


def _batch(
    name: str, fitted: Any, mutator: Mutator, seed: int, indexes: range
) -> tuple[int, tuple[str, str] | None, Counter[str], list[tuple[int, str, str]]]:
    """Try files in a child; where it stopped, and why if it did not come to the end."""
    reading, writing = os.pipe()
    errors = os.memfd_create("errors")
    pid = os.fork()
    if pid == 0:
        os.setpgid(0, 0)
        os.close(reading)
        code = 1
        try:
            os.dup2(errors, 2)
            _child(name, fitted, mutator, seed, indexes, writing)
            code = 0
        finally:
            os._exit(code)
    os.close(writing)
    at, counted, findings, pending, hung = indexes.start, Counter[str](), list[tuple[int, str, str]](), b"", False
    heard, used_s = time.monotonic(), 0.0
    with open(reading, "rb", buffering=0) as stream:
        while True:
            if not select.select([stream], [], [], 5)[0]:
                now = time.monotonic()
                if not hung and (_cpu_s(pid) - used_s > HANG_S or now - heard > DEADLOCK_S):
                    hung = True
                    os.kill(pid, signal.SIGKILL)
                continue
            heard, used_s = time.monotonic(), _cpu_s(pid)
            part = stream.read(1 << 16)
            if not part:
                break
            *lines, pending = (pending + part).split(b"\n")
            for line in lines:
                said = json.loads(line)
                at = said["index"]
                counted.update([said["how"]] if "how" in said else [])
                if "kind" in said:
                    findings.append((at, said["kind"], said["what"]))
    _, status = os.waitpid(pid, 0)
    with contextlib.suppress(ProcessLookupError):  # workers that a model started outlive it
        os.killpg(pid, signal.SIGKILL)
    os.lseek(errors, 0, os.SEEK_SET)
    trace = os.read(errors, 1 << 16).decode(errors="replace")
    os.close(errors)
    if hung:
        return at, ("hang", _place(trace)), counted, findings
    if os.WIFSIGNALED(status):
        return at, (signal.Signals(os.WTERMSIG(status)).name, _place(trace)), counted, findings
    if os.WEXITSTATUS(status):
        return at, ("harness", trace[-2000:]), counted, findings
    return indexes.stop, None, counted, findings


def _child(name: str, fitted: Any, mutator: Mutator, seed: int, indexes: range, pipe: int) -> None:
    faulthandler.enable()
    warnings.simplefilter("ignore")
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 1)  # parameters such as verbose=1
    guard.enable()
    for index in indexes:
        os.write(pipe, b'{"index":%d}\n' % index)
        _, data = mutator.file(_random(name, seed, index))
        faulthandler.dump_traceback_later(HANG_S - 5)
        try:
            model = vitrify.loads(data)
        except VitrifyError as error:
            _say(pipe, index, how=type(error).__name__)
            continue
        except Exception as error:
            _say(pipe, index, kind="error", what=f"{type(error).__name__}: {error}"[:500])
            continue
        finally:
            faulthandler.cancel_dump_traceback_later()
        _say(pipe, index, how="loaded")
        faulthandler.dump_traceback_later(HANG_S - 5)
        try:
            use(model, fitted, shown=index % _SHOWN_EVERY == 0)
        except VitrifyError:  # what was loaded cannot be saved again
            _say(pipe, index, how="not saved again")
        except Exception as error:
            _say(pipe, index, kind="dump", what=f"{type(error).__name__}: {error}"[:500])
        del model
        faulthandler.cancel_dump_traceback_later()


def _say(pipe: int, index: int, **fields: str) -> None:
    os.write(pipe, json.dumps({"index": index, **fields}).encode() + b"\n")


def _random(name: str, seed: int, index: int) -> Random:
    return Random(f"{name} {seed} {index}")


def _cpu_s(pid: int) -> float:
    """The processor time that a process has used, in seconds."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


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
