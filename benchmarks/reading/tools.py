"""Ways to read from a file, each with the tool that writes it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

from benchmarks.tools import Tool, joblib_dump, joblib_load, pickle_dump, pickle_load, vitrify_dump, vitrify_load

LAYERS = 10
WANTED = "layer3"
"""How many arrays lie in the file, and the one that is asked for."""


def inspect(path: str) -> Any:
    """What `vitrify inspect FILE` asks for."""
    return import_module("vitrify").inspect(path)


def one_array(path: str) -> Any:
    """What `vitrify inspect FILE --array layer3` asks for."""
    return import_module("vitrify.inspection").read_array(path, WANTED)


def picked(load: Callable[[str], Any]) -> Callable[[str], Any]:
    """The same array out of all that a tool loads."""

    def pick(path: str) -> Any:
        return load(path)[WANTED]

    return pick


def skops_names(path: str) -> Any:
    """What skops lists of a file."""
    return import_module("skops.io").get_untrusted_types(file=path)


def skops_dump(model: Any, path: str) -> None:
    """Write with `skops.io.dump`."""
    import_module("skops.io").dump(model, path)


def way(name: str, label: str, module: str, dump: Callable[[Any, str], None], load: Callable[[str], Any]) -> Tool:
    """A way to read, as a tool."""
    return Tool(name=name, label=label, modules=(module,), dump=dump, load=load)


WAYS: Mapping[str, Tool] = {
    tool.name: tool
    for tool in (
        way(
            "pickle-array", "pickle.load, for one array", "pickle", pickle_dump("pickle"), picked(pickle_load("pickle"))
        ),
        way("joblib-array", "joblib.load mmap, for one array", "joblib", joblib_dump(0), picked(joblib_load("r"))),
        way("vitrify-array", "inspect --array", "vitrify.inspection", vitrify_dump(None), one_array),
        way(
            "vitrify-mmap-array", "load mmap, for one array", "vitrify", vitrify_dump(None), picked(vitrify_load(True))
        ),
        way("skops-names", "skops get_untrusted_types", "skops.io", skops_dump, skops_names),
        way("vitrify-inspect", "inspect", "vitrify", vitrify_dump(None), inspect),
    )
}
ONE_ARRAY = ("pickle-array", "joblib-array", "vitrify-array", "vitrify-mmap-array")
LOOKING = ("skops-names", "vitrify-inspect")
