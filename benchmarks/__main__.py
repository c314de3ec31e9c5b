"""The command line: one kind of measurement, all of them, or the page that shows them."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks import page, readme
from benchmarks.kinds import KINDS, Kind
from benchmarks.measure import ROOT
from benchmarks.options import budget, positive_int
from benchmarks.results import FOLDER, Results, write_text

COMMANDS = (*KINDS, "all", "page")
_EPILOG = "\n".join(f"  {name:<12} {kind.about}" for name, kind in KINDS.items())
_USAGE = f"""\
kinds, each with options of its own (python -m benchmarks KIND --help):
{_EPILOG}

  all          every kind with its defaults, and then the page
  page         the page and its pictures, from the results of the kinds"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure or render; without a kind, the options are those of the zoo."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    name = given.pop(0) if given and given[0] in COMMANDS else "zoo"
    parser = argparse.ArgumentParser(
        prog=f"python -m benchmarks {name}",
        description="Measure vitrify beside pickle, joblib, cloudpickle and skops.",
        epilog=_USAGE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    if name == "page":
        return write(parser, given)
    if name == "all":
        return measure_all(parser, given)
    KINDS[name].add_options(parser)
    options = parser.parse_args(given)
    results = measure(name, KINDS[name], options)
    print("\n".join(KINDS[name].section(results)))
    return 0


def measure(name: str, kind: Kind, options: argparse.Namespace) -> Results:
    """Run one kind, and leave its results in the folder."""
    results = kind.run(options)
    write_text(options.into / f"{name}.json", results.as_json())
    return results


def measure_all(parser: argparse.ArgumentParser, given: Sequence[str]) -> int:
    """Every kind in turn, with its defaults; the page after each, so that a stopped run shows what it has."""
    parser.add_argument("--kinds", metavar="A,B", help=f"of {', '.join(KINDS)} (default: all)")
    parser.add_argument("--repeat", type=positive_int, default=2, help="processes per figure (default: 2)")
    budget(parser)
    parser.add_argument("--into", type=Path, default=FOLDER, metavar="DIR", help="folder for the results as JSON")
    parser.add_argument("--docs", type=Path, default=ROOT / "docs", metavar="DIR", help="folder of the page")
    options = parser.parse_args(given)
    names = list(KINDS) if options.kinds is None else [name for name in options.kinds.split(",") if name]
    if unknown := sorted(set(names) - KINDS.keys()):
        parser.error(f"unknown kind: {', '.join(unknown)}")
    for index, name in enumerate(names, start=1):
        print(f"[{index}/{len(names)}] {name}: {KINDS[name].about}", file=sys.stderr, flush=True)
        own = argparse.ArgumentParser()
        KINDS[name].add_options(own)
        begin = time.monotonic()
        told = [f"--repeat={options.repeat}", f"--into={options.into}"]
        if "budget" in vars(own.parse_args([])):
            told.append(f"--budget={options.budget}")
        measure(name, KINDS[name], own.parse_args(told))
        page.write_page(page.render(page.read_folder(options.into)), options.docs)
        print(f"[{index}/{len(names)}] {name}: {time.monotonic() - begin:.0f} s", file=sys.stderr, flush=True)
    return 0


def write(parser: argparse.ArgumentParser, given: Sequence[str]) -> int:
    """Write the page from what is in the folder."""
    parser.add_argument("--from", dest="source", type=Path, default=FOLDER, metavar="DIR", help="folder of the results")
    parser.add_argument("--docs", type=Path, default=ROOT / "docs", metavar="DIR", help="folder of the page")
    parser.add_argument("--readme", type=Path, metavar="FILE", help="a README whose short table is renewed as well")
    options = parser.parse_args(given)
    found = page.read_folder(options.source)
    if not found:
        parser.error(f"no results in {options.source}")
    page.write_page(page.render(found), options.docs)
    if options.readme is not None:
        if "zoo" not in found:
            parser.error(f"no results of the zoo in {options.source}, which the table shows")
        text = options.readme.read_text(encoding="utf-8")
        write_text(options.readme, readme.replaced(text, found["zoo"], found.get("compression")))
    return 0


if __name__ == "__main__":
    sys.exit(main())
