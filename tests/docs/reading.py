"""How much there is to read of what decides what a file may do, for the table in `docs/security-model.md`.

    python -m tests.docs.reading [--write]

A line of code is a line that is neither blank, nor comment, nor docstring. `--write` puts the figures into the page.
"""

from __future__ import annotations

import io
import re
import sys
import tokenize
from pathlib import Path

from tests.docs.pages import ROOT

PAGE = ROOT / "docs/security-model.md"
SOURCE = ROOT / "src/vitrify"
HEADING = "## What to read"
ROUNDED_TO = 50
READER_ROWS = 6
ONLY_SAVES = frozenset(
    f"src/vitrify/{name}.py"
    for name in (
        "container/alike", "container/choice", "container/files", "container/shuffle/choosing",
        "container/shuffle/items", "container/shuffle/packing", "container/shuffle/splitting",
        "container/shuffle/trial",
        "container/trees/packing", "container/trees/survey", "container/words/framing", "container/words/packing",
        "container/writer",
        "graph/columns", "graph/drafts", "graph/encode", "graph/leveling", "graph/names",
        "graph/packing/__init__", "graph/packing/trees", "graph/packing/vocabularies", "graph/shapes",
        "record/capturing", "record/stated", "record/data/fingerprint", "record/data/sparse_statistics",
        "record/data/spread", "record/data/statistics", "record/data/tagged", "record/provenance/environment",
        "record/provenance/git", "record/provenance/source",
    )
)  # fmt: skip
"""Modules beside those of the table that run when a model is saved, or on data that the caller brings; nothing of them
runs when one is loaded."""

_ROW = re.compile(r"^\| \d+ \| (?P<files>.*) \| (?P<lines>[0-9 ]+) \| .* \|$")
_TOTALS = (
    re.compile(r"(?<=meets it: )[0-9 ]+(?= lines of code)"),
    re.compile(r"(?<=rows 1 to 6, has )[0-9 ]+(?= lines)"),
)
_PATH = re.compile(r"`([^`]+)`")
_LAYOUT = frozenset(
    {tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.COMMENT, tokenize.ENCODING}
)
_BEFORE_A_STATEMENT = frozenset({tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENCODING})


def code_lines(text: str) -> int:
    """How many lines of code a Python or Cython module has."""
    tokens = [t for t in tokenize.generate_tokens(io.StringIO(text).readline) if t.type != tokenize.ENDMARKER]
    lines: set[int] = set()
    before = tokenize.ENCODING
    for token, after in zip(tokens, [*tokens[1:], None], strict=True):
        is_docstring = (
            token.type == tokenize.STRING
            and before in _BEFORE_A_STATEMENT
            and (after is None or after.type in (tokenize.NEWLINE, tokenize.COMMENT))
        )
        if token.type not in _LAYOUT and not is_docstring:
            lines.update(range(token.start[0], token.end[0] + 1))
        if token.type not in (tokenize.NL, tokenize.COMMENT):
            before = token.type
    return len(lines)


def section() -> str:
    """The part of the page under the heading."""
    return PAGE.read_text(encoding="utf-8").split(f"{HEADING}\n")[1].split("\n## ")[0]


def rows() -> list[tuple[tuple[Path, ...], int]]:
    """Each row of the table: the modules that it names, and the number of lines that it states."""
    found = [_ROW.match(line) for line in section().split("\n")]
    return [(_modules(row["files"]), _number(row["lines"])) for row in found if row]


def totals() -> list[tuple[int, int]]:
    """What the sentences above the table state, and what is right: for all rows, and for the reader alone."""
    found = [pattern.search(section()) for pattern in _TOTALS]
    table = rows()
    right = [sum(counted(modules) for modules, _ in part) for part in (table, table[:READER_ROWS])]
    return [(_number(match[0]) if match else 0, n) for match, n in zip(found, right, strict=True)]


def counted(modules: tuple[Path, ...]) -> int:
    """The lines of code of modules."""
    return sum(code_lines(module.read_text(encoding="utf-8")) for module in modules)


def write() -> None:
    """Put the figures, rounded, into the page."""
    text = PAGE.read_text(encoding="utf-8")
    new = section()
    for line in new.split("\n"):
        row = _ROW.match(line)
        if row:
            begin, end = row.span("lines")
            new = new.replace(line, line[:begin] + _shown(counted(_modules(row["files"]))) + line[end:])
    for pattern, (_, right) in zip(_TOTALS, totals(), strict=True):
        new = pattern.sub(_shown(right, 100), new)
    PAGE.write_text(text.replace(section(), new), encoding="utf-8")


def _modules(cell: str) -> tuple[Path, ...]:
    """The modules that a cell names: `trust.py`, `container/reader.py`, `converters/pandas/`."""
    found: list[Path] = []
    for name in _PATH.findall(cell):
        path = SOURCE / name
        assert path.exists(), f"{PAGE} names {name}"
        found += sorted([*path.rglob("*.py"), *path.rglob("*.pyx"), *path.rglob("*.pxi")]) if path.is_dir() else [path]
    return tuple(found)


def _number(text: str) -> int:
    return int(text.replace(" ", ""))


def _shown(n: int, to: int = ROUNDED_TO) -> str:
    return f"{max(to, round(n / to) * to):,}".replace(",", " ")


if __name__ == "__main__":
    if "--write" in sys.argv[1:]:
        write()
    for these, stated in rows():
        print(f"{counted(these):6d}  stated {stated:6d}  {', '.join(m.relative_to(SOURCE).as_posix() for m in these)}")
    for stated, right in totals():
        print(f"{right:6d}  stated {stated:6d}")
