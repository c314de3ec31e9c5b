"""A MkDocs hook: the pages at the root of the repository are pages of the site, too.

They keep their place, so that people find them where they look for them; here their links are turned round. The
benchmark report is left out of the navigation until a run has written it.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

ROOT_PAGES = ("SPEC.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md")
OPTIONAL_PAGES = ("benchmark.md",)


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """The navigation without optional pages that are not there."""
    missing = [name for name in OPTIONAL_PAGES if not Path(config.docs_dir, name).exists()]
    config.nav = [_without(entry, missing) for entry in config.nav or []]
    return config


def on_files(files: Files, *, config: MkDocsConfig) -> Files:
    """The site's files, and with them the pages of the root."""
    for name in ROOT_PAGES:
        path = Path(config.docs_dir).parent / name
        text = re.sub(r"\]\(docs/", "](", path.read_text(encoding="utf-8"))
        files.append(File.generated(config, name, content=text))
    return files


def on_page_markdown(markdown: str, **_: Any) -> str:
    """A page whose links to pages of the root lead to their copies in the site."""
    names = "|".join(map(re.escape, ROOT_PAGES))
    return re.sub(rf"\]\(((?:\.\./)*)\.\./({names})", r"](\1\2", markdown)


def _without(entry: Any, names: list[str]) -> Any:
    if isinstance(entry, dict):
        return {title: _without(value, names) for title, value in entry.items()}
    if isinstance(entry, list):
        return [_without(value, names) for value in entry if not _is_one_of(value, names)]
    return entry


def _is_one_of(entry: Any, names: list[str]) -> bool:
    return entry in names or (isinstance(entry, dict) and any(value in names for value in entry.values()))
