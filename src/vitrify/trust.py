"""Which classes and functions may be rebuilt, on whose word.

Trust comes from the caller alone. It is never read from a file, a setting or a tool, there is no way to trust
everything, and some names cannot be trusted at all: the standard library, builtins, what the reviewed libraries
hold beyond the registry, and what loads, installs or runs what it is given.
"""

from __future__ import annotations

import builtins
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import ModuleType
from typing import Any, Final

from msgspec import Struct

from vitrify.errors import UnsupportedError, UntrustedTypeError
from vitrify.graph.paths import cut
from vitrify.graph.registry import REVIEWED_LIBRARIES, import_dotted, runs_what_it_gets

TrustArgument = Iterable[Any] | Mapping[str, Any]

_OWN_PARSERS: Final = {
    "xgboost": "xgboost.core.Booster reads its bytes with xgboost's own parser",
    "lightgbm": "lightgbm.basic.Booster reads its text with lightgbm's own parser",
    "catboost": "CatBoost models read their bytes with catboost's own parser",
}
"""Libraries whose objects hand bytes of a file to compiled code → a sentence that says which objects do."""

_MAX_LISTED: Final = 20
_MAX_WIDTH: Final = 60
_MAX_PATH_CHARS: Final = 100
_MAX_SPELLED_CHARS: Final = 200
_OWN_ONLY: Final = "trust= is for classes and functions of your own"


class Need(Struct, frozen=True, kw_only=True):
    """A name that a file needs and the registry does not have.

    Attributes:
        name: The dotted name.
        what: `class` or `function`.
        path: Where in the model it is first used.
    """

    name: str
    what: str
    path: str


class Trust(Struct, frozen=True, kw_only=True):
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
    top = _top(name)
    parts = name.split(".")
    if len(parts) < 2 or not all(part.isidentifier() for part in parts):
        return True
    if any(part.startswith("__") and part.endswith("__") and part != "__main__" for part in parts):
        return True
    is_pythons = (top in sys.stdlib_module_names and top != "__main__") or top == "builtins"
    return is_pythons or top in REVIEWED_LIBRARIES or runs_what_it_gets(name)


def can_be_spelled(names: Sequence[str]) -> bool:
    """Whether names can be put before a reader to be copied: few, and in letters that look like no others."""
    return len(names) <= _MAX_LISTED and all(
        name.isascii() and name.replace(".", "").isidentifier() and len(name) <= _MAX_SPELLED_CHARS for name in names
    )


def require(needs: Sequence[Need], trust: Trust, shown_file: str) -> None:
    """Raise unless the caller trusts every name.

    Raises:
        UntrustedTypeError: Lists each that is missing, with its path and the package that provides it.
    """
    missing = [need for need in needs if not trust.covers(need.name)]
    if missing:
        names = tuple(need.name for need in missing)
        found = providers(names)
        message, is_grantable = _describe(missing, found, shown_file), all(is_usable for _, is_usable in found)
        raise UntrustedTypeError(message, names=names, is_grantable=is_grantable)


def _describe(missing: Sequence[Need], found: Sequence[tuple[str, bool]], shown_file: str) -> str:
    names = [need.name for need in missing]
    lines = [f"{shown_file} needs {len(missing):,} name{'s' * (len(missing) > 1)} that vitrify has not reviewed:"]
    lines += _listed(missing, found)
    notes = unchecked_parsers(names)
    lines += notes
    if all(is_usable for _, is_usable in found):
        its, it = ("its", "it") if len(names) == 1 else ("their", "them")
        yours = {1: "it is yours", 2: "both are yours"}.get(len(names), "all are yours")
        condition = "you trust whoever made it" if notes else yours
        lines.append(f"Loading would run {its} code on data from this file. If {condition}, import {it} and pass")
        if can_be_spelled(names):
            lines.append(f"  trust={_spelled(names)}")
        elif len(names) > _MAX_LISTED:
            lines.append("  trust=[…] with each of them: names of this error, and vitrify inspect, have them all.")
        else:
            lines.append("  trust=[…] with the objects themselves: what a name above looks like may not be what it is.")
    else:
        lines.append("Nothing was loaded. What is not found here, or can never be trusted, must be replaced in the")
        lines.append("model by something that is; ask who made the file.")
        if any(name.split(".", maxsplit=1)[0] in REVIEWED_LIBRARIES for name in names):
            lines.append("If a newer vitrify wrote the file, upgrade vitrify: it may have reviewed more.")
    return "\n".join(lines)


def _listed(missing: Sequence[Need], found: Sequence[tuple[str, bool]]) -> Iterator[str]:
    """A line for each need; of very many for some, beginning with those that cannot be met."""
    rows = list(zip(missing, found, strict=True))
    if len(rows) > _MAX_LISTED:
        rows.sort(key=lambda row: row[1][1])
    shown = [(cut(need.name), need.what, _ending(need.path), status) for need, (status, _) in rows[:_MAX_LISTED]]
    width = max(len(name) for name, *_ in shown)
    path_width = min(_MAX_WIDTH, max(len(path) for _, _, path, _ in shown))
    for name, what, path, status in shown:
        yield f"  {name:<{width}}   {what:<8}   {path:<{path_width}}   {status}".rstrip()
    if len(rows) > _MAX_LISTED:
        yield f"  and {len(rows) - _MAX_LISTED:,} more"


def _ending(path: str) -> str:
    """A path, or of a long one the end."""
    return path if len(path) <= _MAX_PATH_CHARS else f"$…{path[-_MAX_PATH_CHARS:]}"


def _spelled(names: Sequence[str]) -> str:
    """What would stand in code: names without their modules, or with them where two are called alike.

    What another program defined is not where the file says, so then each object comes with the name that it has there.
    """
    called = [name.removeprefix(f"{_module_of(name)}.") for name in names]
    counts = Counter(called)
    objects = [name if counts[short] > 1 else short for name, short in zip(names, called, strict=True)]
    if not any(map(_is_of_another_main, names)):
        return f"[{', '.join(objects)}]"
    pairs = [f'"{name}": {shown}' for name, shown in zip(names, objects, strict=True)]
    return f"{{{', '.join(pairs)}}}"


def _is_of_another_main(name: str) -> bool:
    """Whether a name is one of `__main__` that the program running now does not have; no code of its runs for it."""
    module, *steps = name.split(".")
    if module != "__main__":
        return False
    found: object = sys.modules.get(module)
    for step in steps:
        found = vars(found).get(step) if isinstance(found, (ModuleType, type)) else None
    return found is None


def _module_of(name: str) -> str:
    """The longest beginning of a dotted name that is a module here; nothing is imported."""
    from importlib import machinery, util

    parts = name.split(".")
    inside: list[str] = []
    for n in range(1, len(parts)):
        module = ".".join(parts[:n])
        if module in sys.modules:
            inside = list(getattr(sys.modules[module], "__path__", ()))
            continue
        spec = util.find_spec(module) if n == 1 else machinery.PathFinder.find_spec(module, inside)
        if spec is None:
            return ".".join(parts[: n - 1])
        inside = list(spec.submodule_search_locations or ())
    return ".".join(parts[:-1])


def unchecked_parsers(names: Iterable[str]) -> tuple[str, ...]:
    """For each library among the names that parses bytes by itself: a sentence that says so."""
    tops = dict.fromkeys(map(_top, names))
    return tuple(
        f"{_OWN_PARSERS[top]}, which vitrify does not check: load only files of people you trust."
        for top in tops
        if top in _OWN_PARSERS
    )


def providers(names: Sequence[str]) -> list[tuple[str, bool]]:
    """Where each name would come from, and whether the caller could trust it; nothing is imported."""
    tops = dict.fromkeys(_top(name) for name in names if not is_forbidden(name))
    distributions = _distributions() if tops else {}
    found = {top: _provider(top, distributions.get(top, ())) for top in tops}
    return [_provider_of(name, found) for name in names]


def _provider_of(name: str, found: Mapping[str, tuple[str, bool]]) -> tuple[str, bool]:
    if is_forbidden(name):
        return "can never be trusted", False
    if _is_of_another_main(name):
        return "was defined in the program that saved it: pass trust={name: object}", True
    return found[_top(name)]


def _distributions() -> Mapping[str, Sequence[str]]:
    """Module → the installed packages that provide it."""
    from importlib import metadata

    return metadata.packages_distributions()


def _provider(top: str, packages: Sequence[str]) -> tuple[str, bool]:
    from importlib import metadata, util

    if packages:
        return f"installed: {packages[0]} {metadata.version(packages[0])}", True
    if top in sys.modules:
        return "imported here", True
    if util.find_spec(top) is not None:
        return "found here", True
    return "not found here", False


def _top(name: str) -> str:
    return name.split(".", maxsplit=1)[0]


def _name_of(value: Any) -> str:
    if isinstance(value, str):
        return value
    module, qualname = getattr(value, "__module__", None), getattr(value, "__qualname__", None)
    if not callable(value) or not isinstance(module, str) or not isinstance(qualname, str):
        raise TypeError(f"trust= takes classes, functions or exact names, got {type(value).__name__}")
    return f"{module}.{qualname}"


def _refuse_forbidden(name: str) -> None:
    if is_forbidden(name):
        verdict, hint = _verdict(name)
        raise UnsupportedError(f"{cut(name)} {verdict}", hint=hint)


def _verdict(name: str) -> tuple[str, str]:
    """What is wrong with a name that nobody can make trusted, and what to pass instead."""
    top, parts = _top(name), name.split(".")
    if "<lambda>" in parts:
        return "cannot be trusted: a lambda has no name", "Write it as a function at the top level of a module"
    if "<locals>" in parts:
        return "cannot be trusted: it was defined inside a function", "Move it to the top level of a module"
    if not all(part.isidentifier() for part in parts) or (len(parts) == 1 and not hasattr(builtins, name)):
        return "cannot be trusted: it is not a full dotted name", 'Give "package.module.Name", or the object itself'
    if top in REVIEWED_LIBRARIES:
        return f"can never be trusted: it is code of {top}, of which a file may use what was reviewed", _OWN_ONLY
    if len(parts) == 1 or top in sys.stdlib_module_names or top == "builtins":
        return "can never be trusted: it is code of Python's own", _OWN_ONLY
    if runs_what_it_gets(name):
        return "can never be trusted: it loads, installs or runs what it is given", _OWN_ONLY
    return "can never be trusted: names with two underscores lead beyond your own code", _OWN_ONLY
