"""Check pages by hand, or put into them what their blocks print.

    python -m tests.docs [--write] [PAGE …]

`--write` replaces output that a page shows and that is no longer printed, and renews the command line reference.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from tests.docs.pages import ROOT, name_of, pages
from tests.docs.running import Outcome, run_page


def main(arguments: list[str]) -> int:
    """Run the pages; the number of blocks that print something else than their page says, at most 1."""
    is_writing = "--write" in arguments
    named = [ROOT / argument for argument in arguments if argument != "--write"]
    n_wrong = 0
    for page in named or pages():
        with tempfile.TemporaryDirectory() as folder:
            wrong = [outcome for outcome in run_page(page, Path(folder)) if not outcome.is_right]
        n_wrong += len(wrong)
        for outcome in wrong:
            print(f"{name_of(page)}:{outcome.line}: printed\n{outcome.found}")
        if is_writing:
            write(page, wrong)
    return int(n_wrong > 0 and not is_writing)


def write(page: Path, wrong: list[Outcome]) -> None:
    """Put what was printed into the page."""
    lines = page.read_text(encoding="utf-8").split("\n")
    for outcome in sorted(wrong, key=lambda o: -o.line):
        pad = " " * outcome.indent
        trimmed = "\n".join((pad + line).rstrip() for line in outcome.found.split("\n")).strip("\n")
        printed = trimmed.split("\n")
        if outcome.expected is None and not outcome.is_console:
            printed = [f"{pad}```text", *printed, f"{pad}```"]
        lines[outcome.line - 1 : outcome.end - 1] = printed if outcome.found.strip() else []
    page.write_text("\n".join(lines), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
