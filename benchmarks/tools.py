"""The tools that are compared: one `dump` and one `load` each, called as their documentation shows.

Nothing is imported until a child process asks for it. No tool gets a hint that its users would not give.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """A way to write an object to a path and to read it back."""

    name: str
    label: str
    modules: tuple[str, ...]
    dump: Callable[[Any, str], None]
    load: Callable[[str], Any]
    prepare: Callable[[str], None] | None = field(default=None)
    """What a user does once per file before the first load; never timed."""
    extra: bool = field(default=False)
    """Left out unless asked for with `--extra` or by name."""


def vitrify_dump(compress: bool | int | None) -> Callable[[Any, str], None]:
    """A `vitrify.dump` at the given compression."""

    def dump(model: Any, path: str) -> None:
        import_module("vitrify").dump(model, path, compress=compress)

    return dump


def vitrify_load(mmap: bool) -> Callable[[str], Any]:
    """A `vitrify.load`, mapped or not."""

    def load(path: str) -> Any:
        return import_module("vitrify").load(path, mmap=mmap)

    return load


def pickle_dump(module: str, fsync: bool = False) -> Callable[[Any, str], None]:
    """A `pickle.dump` or `cloudpickle.dump` with protocol 5, which waits for the disk if `fsync`."""

    def dump(model: Any, path: str) -> None:
        with open(path, "wb") as file:
            import_module(module).dump(model, file, protocol=5)
            if fsync:
                file.flush()
                import_module("os").fsync(file.fileno())

    return dump


def pickle_load(module: str) -> Callable[[str], Any]:
    """A `pickle.load` or `cloudpickle.load`."""

    def load(path: str) -> Any:
        with open(path, "rb") as file:
            return import_module(module).load(file)

    return load


def joblib_dump(compress: int | tuple[str, int]) -> Callable[[Any, str], None]:
    """A `joblib.dump` at the given compression."""

    def dump(model: Any, path: str) -> None:
        import_module("joblib").dump(model, path, compress=compress)

    return dump


def joblib_load(mmap_mode: str | None) -> Callable[[str], Any]:
    """A `joblib.load`, mapped or not."""

    def load(path: str) -> Any:
        return import_module("joblib").load(path, mmap_mode=mmap_mode)

    return load


def skops_dump(model: Any, path: str) -> None:
    """Write with `skops.io.dump`."""
    import_module("skops.io").dump(model, path)


def skops_prepare(path: str) -> None:
    """Write the list of types to trust beside the file.

    A real user reviews this list and keeps it in code. Trusting whatever the file declares is fine here only
    because this benchmark wrote the file a moment ago. Asking for the list costs skops one more pass over the
    file; that pass is not timed, in skops' favour.
    """
    names = import_module("skops.io").get_untrusted_types(file=path)
    with open(f"{path}.trusted", "w", encoding="utf-8") as file:
        json.dump(names, file)


def skops_load(path: str) -> Any:
    """What `skops.io.load` returns when it trusts the prepared list."""
    with open(f"{path}.trusted", encoding="utf-8") as file:
        trusted = json.load(file)
    return import_module("skops.io").load(path, trusted=trusted)


def vitrify_tool(
    name: str,
    label: str,
    compress: bool | int | None,
    mmap: bool = False,
    extra: bool = False,
) -> Tool:
    """vitrify in one of its modes."""
    return Tool(
        name=name,
        label=label,
        modules=("vitrify",),
        dump=vitrify_dump(compress),
        load=vitrify_load(mmap),
        extra=extra,
    )


def pickle_tool(name: str, label: str, module: str, fsync: bool = False) -> Tool:
    """pickle, or a module with its interface."""
    return Tool(
        name=name,
        label=label,
        modules=(module,),
        dump=pickle_dump(module, fsync),
        load=pickle_load(module),
        extra=fsync,
    )


def joblib_tool(
    name: str, label: str, compress: int | tuple[str, int], mmap_mode: str | None = None, extra: bool = False
) -> Tool:
    """joblib at one compression, or without and mapped."""
    return Tool(
        name=name,
        label=label,
        modules=("joblib",),
        dump=joblib_dump(compress),
        load=joblib_load(mmap_mode),
        extra=extra,
    )


REFERENCE = "pickle"
"""The tool that every ratio divides by; it always runs."""

TOOLS: tuple[Tool, ...] = (
    pickle_tool(REFERENCE, "pickle 5", "pickle"),
    pickle_tool("pickle-fsync", "pickle 5 + fsync", "pickle", fsync=True),
    joblib_tool("joblib", "joblib", 0),
    joblib_tool("joblib-mmap", "joblib mmap", 0, mmap_mode="r", extra=True),
    joblib_tool("joblib-zlib", "joblib zlib-3", ("zlib", 3), extra=True),
    joblib_tool("joblib-xz", "joblib xz-3", ("xz", 3), extra=True),
    pickle_tool("cloudpickle", "cloudpickle", "cloudpickle"),
    Tool(
        name="skops",
        label="skops",
        modules=("skops.io",),
        dump=skops_dump,
        load=skops_load,
        prepare=skops_prepare,
    ),
    vitrify_tool("vitrify", "vitrify", None),
    vitrify_tool("vitrify-mmap", "vitrify mmap", None, mmap=True),
    vitrify_tool("vitrify-compress", "vitrify compress", True, extra=True),
    vitrify_tool("vitrify-max", "vitrify compress=9", 9, extra=True),
)
TOOL_BY_NAME: Mapping[str, Tool] = {each.name: each for each in TOOLS}


def tools_named(*names: str) -> tuple[Tool, ...]:
    """These tools, in this order."""
    return tuple(TOOL_BY_NAME[name] for name in names)
