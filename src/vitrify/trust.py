"""Which classes and functions may be rebuilt, on whose word.

Trust comes from the caller alone. It is never read from a file, a setting or a tool, there is no way to trust
everything, and some names cannot be trusted at all: the standard library, builtins, and what the reviewed libraries
hold beyond the registry.
"""

from __future__ import annotations

import importlib.metadata
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from vitrify.errors import UnsupportedError, UntrustedTypeError
from vitrify.graph.paths import cut
from vitrify.graph.registry import REVIEWED_LIBRARIES, import_dotted

TrustArgument = Iterable[Any] | Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """A name that a file needs and the registry does not have.

    Attributes:
        name: The dotted name.
        what: `class` or `function`.
        path: Where in the model it is first used.
    """

    name: str
    what: str
    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Trust:
    """What the caller trusts: objects by the name that the file has for them, and names to be imported."""

    objects: Mapping[str, Any]
    names: frozenset[str]

    def covers(self, name: str) -> bool:
        """Whether the caller named it."""
        return name in self.objects or name in self.names

    def resolve(self, name: str, path: str) -> Any:
        """The class or function itself; a name that was trusted as text is imported now.

        Raises:
            UnsupportedError: No such thing can be imported.
        """
        if name in self.objects:
            return self.objects[name]
        try:
            found = import_dotted(name)
        except ImportError as error:
            raise UnsupportedError(f"{cut(name)} cannot be imported ({error})", path=path) from error
        if found is None:
            raise UnsupportedError(
                f"{cut(name)} cannot be imported",
                path=path,
                hint="If it has moved, pass trust={'old.name': the_object}",
            )
        return found


def read_trust(argument: TrustArgument) -> Trust:
    """Check what the caller passed as `trust=`.

    Raises:
        TypeError: It is not classes, functions, exact names, or a mapping of name → object.
        UnsupportedError: It is something that can never be trusted.
    """
    if isinstance(argument, (str, bytes, bool)) or not isinstance(argument, Iterable):
        raise TypeError(
            f"trust= takes a list of classes, functions or exact names, or a dict, got {type(argument).__name__}"
        )
    if isinstance(argument, Mapping):
        entries = [(str(name), value) for name, value in argument.items()]
    else:
        entries = [(_name_of(value), value) for value in argument]
    objects: dict[str, Any] = {}
    names: set[str] = set()
    for name, value in entries:
        if isinstance(value, str):
            _refuse_forbidden(value)
            if value != name:
                raise TypeError(f"trust= maps {name!r} to a text; give the class or function itself")
            names.add(name)
        else:
            _refuse_forbidden(_name_of(value))
            objects[name] = value
    return Trust(objects=objects, names=frozenset(names))


def is_forbidden(name: str) -> bool:
    """Whether no word of the caller's can make this name trusted."""
    top = name.split(".", maxsplit=1)[0]
    parts = name.split(".")
    if len(parts) < 2 or not all(part.isidentifier() for part in parts):
        return True
    if any(part.startswith("__") and part.endswith("__") and part != "__main__" for part in parts):
        return True
    return top in REVIEWED_LIBRARIES or (top in sys.stdlib_module_names and top != "__main__") or top == "builtins"


def require(needs: Sequence[Need], trust: Trust, shown_file: str) -> None:
    """Raise unless the caller trusts every name.

    Raises:
        UntrustedTypeError: Lists each that is missing, with its path and the package that provides it.
    """
    missing = [need for need in needs if not trust.covers(need.name)]
    if missing:
        raise UntrustedTypeError(_describe(missing, shown_file), names=tuple(need.name for need in missing))


def _describe(missing: Sequence[Need], shown_file: str) -> str:
    providers = [provider(need.name) for need in missing]
    width = max(len(cut(need.name)) for need in missing)
    path_width = max(len(need.path) for need in missing)
    lines = [f"{shown_file} needs {len(missing)} name{'s' * (len(missing) > 1)} that vitrify has not reviewed:"]
    for need, (status, _) in zip(missing, providers, strict=True):
        lines.append(f"  {cut(need.name):<{width}}   {need.what:<8}   {need.path:<{path_width}}   {status}".rstrip())
    usable = [need for need, (_, is_usable) in zip(missing, providers, strict=True) if is_usable]
    if len(usable) == len(missing):
        lasts = ", ".join(need.name.rpartition(".")[2] for need in usable)
        theirs = {1: "it is yours, import it", 2: "both are yours, import them"}
        lines.append("Loading would run their code on data from this file." if len(missing) > 1 else
                     "Loading would run its code on data from this file.")  # fmt: skip
        lines[-1] += f" If {theirs.get(len(missing), 'all are yours, import them')} and pass"
        lines.append(f"  trust=[{lasts}]")
    else:
        lines.append("Nothing was loaded. What is not installed, or can never be trusted, must be replaced in the")
        lines.append("model by something that is; ask who made the file.")
    return "\n".join(lines)


def provider(name: str) -> tuple[str, bool]:
    """Where a name would come from, and whether the caller could trust it; nothing is imported."""
    if is_forbidden(name):
        return "can never be trusted", False
    top = name.split(".", maxsplit=1)[0]
    if top == "__main__":
        return "was defined in the program that saved it: pass trust={name: object}", True
    packages = importlib.metadata.packages_distributions().get(top)
    if packages:
        return f"installed: {packages[0]} {importlib.metadata.version(packages[0])}", True
    if top in sys.modules:
        return "imported here", True
    return "not installed here", False


def _name_of(value: Any) -> str:
    if isinstance(value, str):
        return value
    module, qualname = getattr(value, "__module__", None), getattr(value, "__qualname__", None)
    if not callable(value) or not isinstance(module, str) or not isinstance(qualname, str):
        raise TypeError(f"trust= takes classes, functions or exact names, got {type(value).__name__}")
    return f"{module}.{qualname}"


def _refuse_forbidden(name: str) -> None:
    if is_forbidden(name):
        raise UnsupportedError(
            f"{cut(name)} can never be trusted: it is not code of yours",
            hint="trust= is for classes and functions of your own",
        )
