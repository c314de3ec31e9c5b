"""Every page's code runs and prints what the page shows."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tests.docs.pages import LANGUAGES, NOT_RUN, Block, blocks, name_of, pages
from tests.docs.running import commands, matches, run_blocks, run_page

PAGES = {name_of(page): page for page in pages()}
VERBLESS_COMMANDS = ("pip install", "make ", "gunicorn ", "dvc ", ".venv/bin/python -m pytest", "python -m tests.docs")


@pytest.mark.parametrize("name", PAGES)
def test_blocks_run_in_order_and_print_what_the_page_shows(name: str, tmp_path: Path) -> None:
    """In an empty folder; after a change of the output, `python -m tests.docs --write` renews the page."""
    wrong = [outcome for outcome in run_page(PAGES[name], tmp_path) if not outcome.is_right]

    assert not wrong, "\n".join(
        f"{name}:{outcome.line}: the page shows\n{outcome.expected}\nand this is printed\n{outcome.found}"
        for outcome in wrong
    )


@pytest.mark.parametrize("name", PAGES)
def test_every_block_is_of_a_known_kind(name: str) -> None:
    """An unknown language would be a block that nobody runs."""
    for block in blocks(PAGES[name].read_text(encoding="utf-8")):
        assert block.language in LANGUAGES, f"{name}:{block.line}: {block.language!r}"
        if block.language == "python":
            ast.parse(block.code, name)


@pytest.mark.parametrize("name", PAGES)
def test_commands_for_the_readers_machine_hold_no_verb_of_ours(name: str) -> None:
    """What is not run cannot be about us."""
    for block in blocks(PAGES[name].read_text(encoding="utf-8")):
        for line in block.code.splitlines() if block.language == "sh" else ():
            assert line.startswith(VERBLESS_COMMANDS), f"{name}:{block.line}: {line}"


@pytest.mark.parametrize("name", PAGES)
def test_a_block_that_does_not_run_says_why(name: str) -> None:
    """The reason stands in the page, for its reader."""
    for block in blocks(PAGES[name].read_text(encoding="utf-8")):
        if block.paragraph.startswith(NOT_RUN.strip()):
            assert len(block.reason_not_run.split()) >= 3, f"{name}:{block.line}"


PAGE = """
Words.

```python title="tool.py"
def twice(x):
    return 2 * x
```

```python
from tool import twice
print(twice(21))
```

```text
42
```

```python
twice("a", "b")
```

```text
TypeError: twice() takes 1 positional argument but 2 were given
```

```console
$ python -c "import tool; print(tool.twice(2))"
4
$ false
$ echo $?
1
```

Not run by the tests: it needs the moon.

```python
import moon
```
"""


def test_a_page_that_tells_the_truth_passes(tmp_path: Path) -> None:
    """Files, sessions, errors, shells, exit codes and reasons."""
    outcomes = run_blocks(blocks(PAGE), "page", tmp_path)

    assert [outcome.is_right for outcome in outcomes] == [True] * 5


@pytest.mark.parametrize("truth", ["\n42\n", "TypeError: twice() takes 1", "\n4\n$ false", "\n1\n```"])
def test_a_page_that_lies_is_found_out(truth: str, tmp_path: Path) -> None:
    """Each kind of output is compared."""
    outcomes = run_blocks(blocks(PAGE.replace(truth, truth.replace("4", "5").replace("1", "7"))), "page", tmp_path)

    assert [outcome.is_right for outcome in outcomes].count(False) == 1


def test_output_that_a_page_hides_is_found_out(tmp_path: Path) -> None:
    """A block that prints has its output below it; so have warnings and errors."""
    for code in ("print(1)", "1 / 0", "import warnings; warnings.warn('careful')"):
        (outcome,) = run_blocks(blocks(f"```python\n{code}\n```\n"), "page", tmp_path)

        assert not outcome.is_right


def test_a_command_that_fails_in_silence_is_found_out(tmp_path: Path) -> None:
    """`echo $?` must follow."""
    with pytest.raises(RuntimeError, match="ended with 1"):
        run_blocks(blocks("```console\n$ false\n$ true\n```\n"), "page", tmp_path)


def test_versions_and_digests_may_differ_and_nothing_else() -> None:
    """Other machines have other versions."""
    shown = "versions  python 3.11.7 · numpy 2.4.6\ndigest " + "a" * 64

    assert matches(shown, "versions  python 3.12.0 · numpy 1.23.5  \ndigest " + "b" * 64 + "\n")
    assert not matches(shown, shown.replace("digest", "hash"))
    assert matches("first\n...\nlast", "first\na\nb\nlast")
    assert not matches("first\n...\nlast", "first\nlast but one")


def test_what_a_record_says_of_the_machine_may_differ() -> None:
    """With the size of the file, and not with that of a part of the model."""
    page = (
        "a.glass  vitrify/1    386 kB\nTree    12 B\nbytes   6.07 kB header and structure · 1 array · 5 kB when decoded"
    )
    page += (
        "\nmade on       Linux 6.1 · x86_64 · 8 distributions pinned: vitrify\n              lock writes them\nnotes x"
    )
    other = page.replace("386 kB", "1.02 MB").replace("6.07", "37.9").replace("5 kB when", "999 B when")
    other = other.replace("Linux 6.1 · x86_64", "Darwin 24 · arm64").replace(
        "vitrify\n              lock", "vitrify lock"
    )

    assert matches(page, other)
    assert not matches(page, page.replace("12 B", "13 B"))
    assert not matches(page, page.replace("notes x", "notes y"))
    assert matches("pass  all 12 bytes match the file's digests", "pass  all 13 bytes match the file's digests   ")


def test_what_stands_between_blocks_decides_what_a_text_is() -> None:
    """Directly below: output. After words: an illustration."""
    below, after = blocks("```python\n1\n```\n\n```text\nx\n```\n\nWords.\n\n```text\ny\n```\n")[1:]

    assert below.follows
    assert not after.follows
    assert after.paragraph == "Words."


def test_commands_of_a_console_block() -> None:
    """Each with its line and its output."""
    block = Block(language="console", title="", code="$ a\n1\n2\n$ b\n", line=10, indent=0, paragraph="", follows=False)

    assert commands(block) == [("a", 10, ["1", "2"]), ("b", 13, [])]
