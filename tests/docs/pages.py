"""Markdown pages as blocks of code; nothing is run here.

What a block is follows from how it is written, so that a reader sees what a test does with it:

    ```python                   runs, in the session of its page
    ```python title="train.py"  becomes that file; so does any other language with a title
    ```console                  lines after `$ ` run in a shell; the other lines are what they print
    ```text                     directly below a block that runs: what that prints; elsewhere an illustration
    ```sh                       for the reader's own machine: never runs, so it never holds a `vitrify` verb

A `python` block whose paragraph above begins with `Not run by the tests:` is only parsed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
NOT_RUN = "Not run by the tests: "
LANGUAGES = frozenset({"python", "console", "text", "sh", "json", "yaml", "ini", "toml", "markdown"})
_FENCE = re.compile(r"^(?P<indent> *)```(?P<info>[^`]*)$")
_TITLE = re.compile(r'title="([^"]+)"')


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """One fenced block.

    Attributes:
        language: The first word of the fence.
        title: The file that it becomes, or an empty text.
        code: What stands in it, without the indentation of the fence.
        line: The line of its first character, counted from 1.
        indent: The columns that the fence is indented by.
        paragraph: The text right above it.
        follows: Whether nothing but blank lines stands between it and the block above.
    """

    language: str
    title: str
    code: str
    line: int
    indent: int
    paragraph: str
    follows: bool

    @property
    def reason_not_run(self) -> str:
        """Why only its syntax is checked, as the page says it; empty if it runs."""
        return self.paragraph.removeprefix(NOT_RUN) if self.paragraph.startswith(NOT_RUN) else ""


def pages() -> list[Path]:
    """Every page: those at the root of the project, and those under docs."""
    here = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md")]
    return [*here, *sorted((ROOT / "docs").rglob("*.md"))]


def name_of(page: Path) -> str:
    """A page as tests call it."""
    return page.relative_to(ROOT).as_posix()


def blocks(text: str) -> list[Block]:
    """The fenced blocks of a page, in order.

    Raises:
        ValueError: A fence is not closed.
    """
    return list(_blocks(text.split("\n")))


def prose(text: str) -> str:
    """The page without its blocks, and with as many lines."""
    lines = text.split("\n")
    for block in blocks(text):
        n = block.code.count("\n")
        lines[block.line - 2 : block.line + n] = [""] * (n + 2)
    return "\n".join(lines)


def _blocks(lines: list[str]) -> Iterator[Block]:
    number, after_block = 0, False
    paragraph: list[str] = []
    while number < len(lines):
        opening = _FENCE.match(lines[number])
        if opening is None:
            if lines[number].strip():
                paragraph = [*paragraph, lines[number].strip()] if number and lines[number - 1].strip() else []
                paragraph = paragraph or [lines[number].strip()]
                after_block = False
            number += 1
            continue
        indent = len(opening["indent"])
        end = next((n for n in range(number + 1, len(lines)) if lines[n].strip() == "```"), None)
        if end is None:
            raise ValueError(f"line {number + 1}: the fence is not closed")
        title = _TITLE.search(opening["info"])
        yield Block(
            language=opening["info"].split(maxsplit=1)[0] if opening["info"].strip() else "",
            title=title[1] if title else "",
            code="".join(line[indent:] + "\n" for line in lines[number + 1 : end]),
            line=number + 2,
            indent=indent,
            paragraph=" ".join(paragraph),
            follows=after_block,
        )
        number, after_block, paragraph = end + 1, True, []
