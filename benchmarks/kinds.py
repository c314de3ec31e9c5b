"""The kinds of measurement, in the order in which they run and stand on the page."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from benchmarks import compression, report, zoo_run
from benchmarks.arrays import measure as arrays
from benchmarks.arrays.section import section as arrays_section
from benchmarks.cold import measure as cold
from benchmarks.cold.section import section as cold_section
from benchmarks.growth import measure as growth
from benchmarks.growth.section import pictures as growth_pictures
from benchmarks.growth.section import section as growth_section
from benchmarks.reading import measure as reading
from benchmarks.reading.section import section as reading_section
from benchmarks.results import Results
from benchmarks.stages import measure as stages
from benchmarks.stages.section import section as stages_section
from benchmarks.workers import measure as workers
from benchmarks.workers.section import section as workers_section


def no_pictures(_results: Results) -> dict[str, str]:
    """For kinds that tables show best."""
    return {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One kind: its options, how it is measured, and what the page says of it."""

    title: str
    about: str
    add_options: Callable[[argparse.ArgumentParser], None]
    run: Callable[[argparse.Namespace], Results]
    section: Callable[[Results], list[str]]
    pictures: Callable[[Results], dict[str, str]] = no_pictures


KINDS: Mapping[str, Kind] = {
    "zoo": Kind(
        title="Summary",
        about="save, load, start, size and memory of eleven models",
        add_options=zoo_run.add_options,
        run=zoo_run.run,
        section=report.summary,
    ),
    "compression": Kind(
        title="Compressed files",
        about="the same models, saved small",
        add_options=compression.add_options,
        run=compression.run,
        section=compression.section,
    ),
    "stages": Kind(
        title="Where the time goes",
        about="stages of a save and of a load, and their floors",
        add_options=stages.add_options,
        run=stages.run,
        section=stages_section,
    ),
    "arrays": Kind(
        title="Big arrays",
        about="one big array, beside its bare bytes",
        add_options=arrays.add_options,
        run=arrays.run,
        section=arrays_section,
    ),
    "growth": Kind(
        title="Growth",
        about="more trees, more words, more bytes",
        add_options=growth.add_options,
        run=growth.run,
        section=growth_section,
        pictures=growth_pictures,
    ),
    "workers": Kind(
        title="Workers that share memory",
        about="memory of eight processes with the same model",
        add_options=workers.add_options,
        run=workers.run,
        section=workers_section,
    ),
    "cold": Kind(
        title="Cold cache, disk, one core",
        about="what the other figures leave out",
        add_options=cold.add_options,
        run=cold.run,
        section=cold_section,
    ),
    "reading": Kind(
        title="Reading a part",
        about="bytes read to look into a file, and to get one array",
        add_options=reading.add_options,
        run=reading.run,
        section=reading_section,
    ),
}
