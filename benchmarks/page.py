"""Results of all kinds → the page and its pictures. It measures nothing, and says what was not measured."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from benchmarks import report
from benchmarks.kinds import KINDS
from benchmarks.results import Results, parse_results, write_text

PAGE = "benchmark.md"
PICTURES = "benchmark"
INTRODUCTION = (
    "Where nothing else is said, × is the tool's median ÷ the median of pickle protocol 5 in the same run.",
    "Below 1 is faster or smaller.",
    "Times are milliseconds, the median of one figure per process, with the lowest and highest in brackets.",
    "Each section is a run of its own, and a machine is not always equally fast: compare figures of one table.",
    "cloudpickle loads by pickle's own code: how far its loads are from 1 tells how much of a figure is chance.",
    "What each column means, and what it does not, is written in `benchmarks/README.md`.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Markdown, and the pictures that it shows: file name → SVG."""

    text: str
    pictures: Mapping[str, str]


def read_folder(folder: Path) -> dict[str, Results]:
    """What every kind left there, as far as it ran."""
    found = {}
    for kind in KINDS:
        path = folder / f"{kind}.json"
        if path.exists():
            found[kind] = parse_results(path.read_text(encoding="utf-8"))
    return found


def render(results: Mapping[str, Results]) -> Page:
    """The whole page, with a line for each kind that was not measured."""
    shared = next((each.environment for each in results.values()), {})
    lines = ["# Benchmark", "", *INTRODUCTION, "", facts(shared), ""]
    pictures: dict[str, str] = {}
    for name, kind in KINDS.items():
        lines += [f"## {kind.title}", ""]
        if name not in results:
            lines += ["Not measured.", ""]
            continue
        found = results[name]
        lines += ["```text", found.command, "```", ""]
        lines += smoke_note(name, found)
        lines += [facts(found.environment), ""] if found.environment != shared else []
        lines += kind.section(found)
        lines += report.error_section(found) if name != "zoo" else []
        pictures |= kind.pictures(found)
    if "zoo" in results:
        lines += ["## Models", "", *report.models(results["zoo"])]
    return Page(text=tidy(lines), pictures=pictures)


def smoke_note(name: str, found: Results) -> list[str]:
    """A warning where models are smaller than their titles say; the scale of arrays and files is their size."""
    if name in ("arrays", "reading") or found.scale == 1:
        return []
    return [f"**A smoke run at scale {found.scale:g}: models are smaller than their titles say.**", ""]


def facts(environment: Mapping[str, str]) -> str:
    """The machine and the versions in one line."""
    return " · ".join(f"{name} {value}" for name, value in environment.items())


def tidy(lines: list[str]) -> str:
    """The page, never with two empty lines in a row."""
    kept = [line for number, line in enumerate(lines) if line or (number and lines[number - 1])]
    return "\n".join(kept).rstrip("\n") + "\n"


def write_page(page: Page, docs: Path) -> None:
    """Write the page and its pictures; pictures that it no longer shows are removed."""
    folder = docs / PICTURES
    for old in folder.glob("*.svg"):
        if old.name not in page.pictures:
            old.unlink()
    for name, svg in page.pictures.items():
        write_text(folder / name, svg)
    write_text(docs / PAGE, page.text)
