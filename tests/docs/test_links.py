"""Links lead somewhere, named files exist, and the site builds."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.docs.pages import ROOT, name_of, pages, prose
from tests.docs.running import environment

PAGES = {name_of(page): page for page in pages()}
LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")
FOLDERS = ("src/", "tests/", "docs/", "demo/", "benchmarks/")
GENERATED = frozenset({"docs/benchmark.md"})


def anchors(text: str) -> set[str]:
    """The anchors of a page's headings, as MkDocs and GitHub both make them."""
    found = set()
    for heading in re.findall(r"^#+ (.+)$", prose(text), re.MULTILINE):
        plain = re.sub(r"[^\w\s-]", "", heading.replace("`", "")).strip().lower()
        found.add(re.sub(r"\s", "-", plain))
    return found


@pytest.mark.parametrize("name", PAGES)
def test_links_within_the_project_resolve(name: str) -> None:
    """Files by relative path, sections by anchor."""
    page = PAGES[name]
    for target in LINK.findall(prose(page.read_text(encoding="utf-8"))):
        if target.startswith("https://"):
            continue
        path, _, anchor = target.partition("#")
        found = (page.parent / path).resolve() if path else page
        assert found.exists(), f"{name} links to {target}"
        if anchor:
            assert anchor in anchors(found.read_text(encoding="utf-8")), f"{name} links to {target}"


@pytest.mark.parametrize("name", PAGES)
def test_files_that_a_page_names_exist(name: str) -> None:
    """Paths in code, such as `src/vitrify/errors.py`."""
    for word in re.findall(r"`([^`\s]+)`", prose(PAGES[name].read_text(encoding="utf-8"))):
        if word.startswith(FOLDERS) and word not in GENERATED:
            assert (ROOT / word).exists(), f"{name} names {word}"


@pytest.mark.parametrize("name", sorted(PAGES.keys() - GENERATED))
def test_one_sentence_a_line(name: str) -> None:
    """So that a changed sentence is a changed line; tables and lists may hold more."""
    for number, line in enumerate(prose(PAGES[name].read_text(encoding="utf-8")).split("\n"), start=1):
        is_paragraph = re.match(r"[A-Z`\[*]", line) and not line.startswith(("|", "- ", "*["))
        if is_paragraph:
            assert not re.search(r"[a-z`)]\. [A-Z]", line), f"{name}:{number}: {line}"


def test_every_page_is_in_the_navigation() -> None:
    """A page that nobody can reach is not read."""
    nav = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    for page in sorted((ROOT / "docs").rglob("*.md")):
        assert f": {page.relative_to(ROOT / 'docs').as_posix()}\n" in nav


def test_the_readme_leads_to_every_page() -> None:
    """It is where people start."""
    readme = PAGES["README.md"].read_text(encoding="utf-8")
    for name in PAGES:
        if name not in ("README.md", "docs/index.md", "CHANGELOG.md", "docs/benchmark.md"):
            assert f"]({name})" in readme, name


def test_words_of_the_glossary_are_in_order() -> None:
    """Each once, and alphabetical."""
    text = (ROOT / "docs/reference/glossary.md").read_text(encoding="utf-8")
    words = re.findall(r"^(.+)\n:   ", text, re.MULTILINE)

    assert len(words) > 25
    assert words == sorted(set(words), key=str.lower)


def test_the_site_builds_without_a_warning(tmp_path: Path) -> None:
    """`mkdocs build --strict`."""
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(tmp_path / "site")]
    done = subprocess.run(command, cwd=ROOT, env=environment(), capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout + done.stderr
    assert (tmp_path / "site" / "SPEC" / "index.html").exists()
