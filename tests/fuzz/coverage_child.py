"""One process of a fuzzer that follows coverage.

    python -m tests.fuzz.coverage_child HARNESS OUT [flags of libFuzzer] CORPUS

What a harness raises is noted with its file, once for each place, and fuzzing goes on; a crash, a hang or too much
memory ends the process, and libFuzzer keeps the file. Needs atheris, which `make fuzz-coverage` installs.
"""

from __future__ import annotations

import importlib
import json
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import atheris

with atheris.instrument_imports(include=["vitrify"]):
    from tests.fuzz import harness, structure
    from vitrify.converters import default_registry

    for _name in {f.module for f in default_registry().families} | set(default_registry().rules.values()):
        importlib.import_module(_name)

HARNESSES: dict[str, Callable[[bytes], Any]] = {"container": harness.container, "graph": harness.graph}


def noting(check: Callable[[bytes], Any], out: Path, name: str) -> Callable[[bytes], None]:
    """The same check, which writes down what it raises instead of raising it."""
    seen: set[str] = set()

    def test(data: bytes) -> None:
        try:
            check(data)
        except Exception as error:
            frames = [f for f in traceback.extract_tb(error.__traceback__) if "/tests/" not in f.filename]
            place = " < ".join(f"{Path(f.filename).name}:{f.lineno} {f.name}" for f in reversed(frames[-4:]))
            if place not in seen:
                seen.add(place)
                stem = f"{name}-{abs(hash(data)):016x}"
                (out / f"{stem}.glass").write_bytes(data)
                what = f"{type(error).__name__}: {error}"[:500]
                finding = {"case": name, "index": stem, "kind": "error", "what": f"{place}: {what}", "change": ""}
                with open(out / f"0-{name}.jsonl", "a", encoding="utf-8") as lines:
                    lines.write(json.dumps(finding) + "\n")

    return test


def main() -> None:
    """Fuzz until libFuzzer's flags say that it is enough."""
    name, out, *flags = sys.argv[1:]
    fallback = min(Path(flags[-1]).iterdir()).read_bytes()

    def mutator(data: bytes, max_bytes: int, seed: int) -> bytes:
        return structure.mutate(data, max_bytes, seed, native=atheris.Mutate, fallback=fallback)

    how = {"custom_mutator": mutator} if name == "graph" else {}
    atheris.Setup([sys.argv[0], *flags], noting(HARNESSES[name], Path(out), name), **how)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
