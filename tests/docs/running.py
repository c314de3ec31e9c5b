"""Runs a page: its blocks in order, in an empty folder, and tells where it prints something else than it says."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Final

from tests.docs.pages import ROOT, Block, blocks, name_of

TIMEOUT_S: Final = 300
SHELL_PROMPT: Final = "$ "
_MARK: Final = "\x1e"
_LIBRARIES: Final = "python|vitrify|numpy|scipy|pandas|sklearn|scikit-learn|xgboost|lightgbm|joblib"
_VARYING: Final = (
    (re.compile(rf"\b({_LIBRARIES})(\s+)\d[\w.]*"), r"\1\2N"),
    (re.compile(r"\bhere is \d[\w.]*"), "here is N"),
    (re.compile(r"\b[0-9a-f]{64}\b"), "DIGEST"),
    (re.compile(r"\b[0-9a-f]{40}\b"), "SHA1"),
    (re.compile(r"<[\w.]+ object at 0x[0-9a-f]+>"), "OBJECT"),
    # A record says on which machine a file was made, which takes more or fewer bytes.
    (re.compile(r"^made on  .*(?:\n {14}.*)?", re.MULTILINE), "made on SOMETHING"),
    (re.compile(r"(\.glass  vitrify/\d+) +[\d.]+ [kM]?B$", re.MULTILINE), r"\1 SIZE"),
    (re.compile(r"^bytes  .* header and structure · ", re.MULTILINE), "bytes "),
    (re.compile(r"· [\d.]+ [kM]?B when decoded$", re.MULTILINE), "SIZE when decoded"),
    (re.compile(r"\ball \d+ bytes match the file's digests *$", re.MULTILINE), "all bytes match the file's digests"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a block printed, next to what its page says.

    Attributes:
        line: The line of the page at which the shown output begins, or would begin.
        end: The line after it.
        expected: What the page shows; None where it shows nothing.
        found: What was printed.
        indent: The columns that the block is indented by.
        is_console: Whether the output stands in the block itself.
    """

    line: int
    end: int
    expected: str | None
    found: str
    indent: int
    is_console: bool

    @property
    def is_right(self) -> bool:
        """Whether the page tells the truth; what `plain` leaves out may differ, `...` stands for any lines."""
        return matches(self.expected or "", self.found)


def matches(expected: str, found: str) -> bool:
    """Whether printed text is what a page shows."""
    pattern = "\n".join(
        r"(?:.*\n)*?.*" if line.strip() == "..." else re.escape(line) for line in plain(expected).split("\n")
    )
    return re.fullmatch(pattern, plain(found)) is not None


def plain(text: str) -> str:
    """The text without what differs between machines: versions, digests, sizes of files; no spaces at ends of lines."""
    for pattern, replacement in _VARYING:
        text = pattern.sub(replacement, text)
    return "\n".join(line.rstrip() for line in text.split("\n")).strip("\n")


def run_page(page: Path, folder: Path) -> list[Outcome]:
    """Run every block of a page in `folder`."""
    return run_blocks(blocks(page.read_text(encoding="utf-8")), name_of(page), folder)


def run_blocks(found: list[Block], name: str, folder: Path) -> list[Outcome]:
    """Run blocks in order in `folder`."""
    outcomes: list[Outcome] = []
    with _session(folder) as ask:
        for block, below in zip_longest(found, found[1:]):
            if block.title:
                _write(folder, block)
            elif block.language == "python" and not block.reason_not_run:
                printed = ask(block.code, name, block.line)
                outcomes.append(_outcome_of_python(block, below, printed))
            elif block.language == "console":
                outcomes += _run_console(block, folder)
    return outcomes


def environment() -> dict[str, str]:
    """What child processes see: this interpreter first, a terminal of 80 columns without colour."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("GIT_", "PYTEST_"))}
    return {
        **kept,
        "PATH": os.pathsep.join([os.path.dirname(sys.executable), kept.get("PATH", "")]),
        "PYTHONPATH": os.pathsep.join([str(ROOT / "src"), str(ROOT), str(ROOT / "tests/docs/stand_ins")]),
        "PYTHONDONTWRITEBYTECODE": "1",
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "COLUMNS": "80",
        "TERM": "dumb",
        "NO_COLOR": "1",
        "LC_ALL": "C.UTF-8",
        "HOME": "/nonexistent",
    }


@contextmanager
def _session(folder: Path) -> Iterator[_Ask]:
    command = [sys.executable, "-m", "tests.docs.session"]
    child = subprocess.Popen(
        command, cwd=folder, env=environment(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8"
    )
    try:
        yield _Ask(child)
    finally:
        child.kill()
        child.communicate()


class _Ask:
    def __init__(self, child: subprocess.Popen[str]) -> None:
        self._child = child

    def __call__(self, code: str, filename: str, line: int) -> str:
        """What the code prints in the session."""
        assert self._child.stdin is not None
        assert self._child.stdout is not None
        self._child.stdin.write(json.dumps([code, filename, line]) + "\n")
        self._child.stdin.flush()
        answer = self._child.stdout.readline()
        if not answer:
            raise RuntimeError(f"{filename}:{line}: the session ended")
        found: str = json.loads(answer)
        return found


def _write(folder: Path, block: Block) -> None:
    target = folder / block.title
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(block.code, encoding="utf-8")


def _outcome_of_python(block: Block, below: Block | None, printed: str) -> Outcome:
    end = block.line + block.code.count("\n") + 1
    shown = below if below is not None and below.language == "text" and below.follows else None
    return Outcome(
        line=shown.line if shown else end,
        end=shown.line + shown.code.count("\n") if shown else end,
        expected=shown.code if shown else None,
        found=printed,
        indent=block.indent,
        is_console=False,
    )


def commands(block: Block) -> list[tuple[str, int, list[str]]]:
    """The commands of a console block, the line of each, and the lines that it is said to print."""
    found: list[tuple[str, int, list[str]]] = []
    for number, line in enumerate(block.code.rstrip("\n").split("\n")):
        if line.startswith(SHELL_PROMPT):
            found.append((line[len(SHELL_PROMPT) :], block.line + number, []))
        elif not found:
            raise ValueError(f"line {block.line}: a console block begins with `$ `")
        else:
            found[-1][2].append(line)
    return found


def _run_console(block: Block, folder: Path) -> list[Outcome]:
    """Run the commands in one shell; one that fails must be followed by `echo $?`.

    Raises:
        RuntimeError: A command failed, and the page does not say so.
    """
    asked = commands(block)
    script = "".join(f"{command}\n__s=$?; printf '{_MARK}%s\\n' $__s; (exit $__s)\n" for command, _, _ in asked)
    done = subprocess.run(
        ["bash", "-c", script],
        cwd=folder,
        env=environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        timeout=TIMEOUT_S,
        check=False,
    )
    parts = re.split(rf"{_MARK}(\d+)\n", done.stdout)
    outcomes: list[Outcome] = []
    for number, (command, line, shown) in enumerate(asked):
        printed, status = parts[2 * number], parts[2 * number + 1]
        is_told = number + 1 < len(asked) and asked[number + 1][0] == "echo $?"
        if status != "0" and not is_told:
            raise RuntimeError(f"line {line}: `{command}` ended with {status}:\n{printed}")
        outcomes.append(
            Outcome(
                line=line + 1,
                end=line + 1 + len(shown),
                expected="\n".join(shown) if shown else None,
                found=printed,
                indent=block.indent,
                is_console=True,
            )
        )
    return outcomes
