"""Which types and functions are reviewed, and how each is saved.

A registry is a value: a table of names, written in our own code. The file's names are looked up in it and are never
imported, called or taken apart. This is the only module that imports by name, and only names from that table, or
names that the caller trusts.
"""

from __future__ import annotations

import dataclasses
import importlib
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final

from msgspec import Struct

from vitrify.errors import UnsupportedError
from vitrify.graph.converter import AttrsRule, Converter

REVIEWED_LIBRARIES: Final = frozenset({"numpy", "scipy", "pandas", "sklearn", "joblib", "vitrify"})
"""Libraries of which nothing is rebuilt but what the registry lists."""

_RUNNERS: Final = frozenset(
    {
        "_distutils_hack", "cffi", "cloudpickle", "conda", "dill", "easy_install", "hickle", "ipykernel", "IPython",
        "jsonpickle", "keras.models.load_model", "keras.saving", "klepto", "numexpr", "pexpect", "pip",
        "pkg_resources", "ptyprocess", "ruamel", "setuptools", "torch.hub", "torch.jit.load", "torch.load",
        "torch.package", "torch.serialization", "torch.utils.cpp_extension", "yaml",
    }
)  # fmt: skip
"""Packages, modules and functions that load, install or run what they are given: parts of attacks, not of models."""
_RUNNER_PARTS: Final = 1 + max(name.count(".") for name in _RUNNERS)

DISTRIBUTIONS: Final = {"sklearn": "scikit-learn"}


def runs_what_it_gets(name: str) -> bool:
    """Whether a dotted name, or what it lies in, is known to load, install or run what it is given."""
    parts = name.split(".", maxsplit=_RUNNER_PARTS)
    return any(".".join(parts[:n]) in _RUNNERS for n in range(1, _RUNNER_PARTS + 1))


class Family(Struct, frozen=True, kw_only=True):
    """A module of converters that is imported only when one of its types turns up.

    Attributes:
        module: The module; it has a tuple `CONVERTERS`.
        types: The `module.qualname` of each class it saves → the `type_id` in the file.
        reads: Older type ids that it reads, too.
    """

    module: str
    types: Mapping[str, str]
    reads: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Registry:
    """Everything that needs no trust argument.

    Attributes:
        families: Converters, by module.
        attrs: `module.qualname` of each class that is its attributes → its type id.
        rules: Type id of each such class of which more must hold → the module whose `RULES` says what.
        names: Id of each class or function that may be a value → the module and the name within it.
        own: Converters that the caller passed; they stand before all others.
    """

    families: tuple[Family, ...] = ()
    attrs: Mapping[str, str] = field(default_factory=dict)
    rules: Mapping[str, str] = field(default_factory=dict)
    names: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    own: tuple[Converter[Any], ...] = ()
    _family_of_id: dict[str, Family] = field(init=False, default_factory=dict)
    _family_of_type: dict[str, Family] = field(init=False, default_factory=dict)
    _attrs_of_id: dict[str, list[str]] = field(init=False, default_factory=dict)
    _names_by_last: dict[str, list[str]] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        for family in self.families:
            for name in family.types:
                _put(self._family_of_type, name, family)
            for type_id in dict.fromkeys((*family.types.values(), *family.reads)):
                _put(self._family_of_id, type_id, family)
        for name, type_id in self.attrs.items():
            if type_id in self._family_of_id or name in self._family_of_type:
                raise ValueError(f"{name} is registered twice")
            self._attrs_of_id.setdefault(type_id, []).append(name)
        for name_id, (_, qualname) in self.names.items():
            self._names_by_last.setdefault(qualname.rpartition(".")[2], []).append(name_id)

    def extended(self, converters: Iterable[Converter[Any]]) -> Registry:
        """A registry that knows these converters as well.

        Raises:
            ValueError: One of them is for a type, or has an id, that is taken.
        """
        own = tuple(converters)
        if not own:
            return self
        taken = {*self._family_of_id, *self._attrs_of_id, *self._family_of_type, *self.attrs}
        for converter in own:
            for name in {converter.type_id, *converter.types, *converter.reads}:
                if name in taken:
                    raise ValueError(f"two converters for {name}")
            taken |= {converter.type_id, *converter.types, *converter.reads}
        return dataclasses.replace(self, own=(*self.own, *own))

    def converter_of(self, cls: type) -> Converter[Any] | None:
        """The converter that saves objects of exactly this class."""
        name = full_name(cls)
        for converter in self.own:
            if name in converter.types:
                return converter
        family = self._family_of_type.get(name)
        if family is None:
            return None
        return next(c for c in load_family(family.module) if c.type_id == family.types[name])

    def converter_for(self, type_id: str) -> Converter[Any] | None:
        """The converter that reads this type id; its library is imported now."""
        for converter in self.own:
            if type_id == converter.type_id or type_id in converter.reads:
                return converter
        family = self._family_of_id.get(type_id)
        if family is None:
            return None
        try:
            converters = load_family(family.module)
        except ImportError as error:
            raise absent(type_id, error) from error
        return next((c for c in converters if type_id == c.type_id or type_id in c.reads), None)

    def attrs_id(self, cls: type) -> str | None:
        """The type id of a reviewed class that is its attributes; None for others and for impostors."""
        type_id = self.attrs.get(full_name(cls))
        if type_id is None or find(cls.__module__, cls.__qualname__) is not cls:
            return None
        return type_id

    def attrs_class(self, type_id: str) -> type | None:
        """The class that this type id stands for, or None if the registry has none.

        Raises:
            UnsupportedError: The library is not installed, or its version has no such class.
        """
        candidates = self._attrs_of_id.get(type_id)
        if candidates is None:
            return None
        for name in candidates:
            found = import_dotted(name)
            if isinstance(found, type):
                return found
        raise absent(type_id)

    def rule(self, type_id: str) -> AttrsRule:
        """What holds for a class that is rebuilt from its attributes."""
        module = self.rules.get(type_id)
        return AttrsRule() if module is None else load_rules(module)[type_id]

    def knows(self, type_id: str) -> bool:
        """Whether the id is registered, without importing anything."""
        own = any(type_id == c.type_id or type_id in c.reads for c in self.own)
        return own or type_id in self._family_of_id or type_id in self._attrs_of_id

    def knows_name(self, name_id: str) -> bool:
        """Whether the id is that of a reviewed class or function, without importing anything."""
        return name_id in self.names or name_id in self._attrs_of_id

    def name_of(self, value: Any) -> str | None:
        """The id of a reviewed class or function, or None."""
        if isinstance(value, type):
            type_id = self.attrs_id(value)
            if type_id is not None:
                return type_id
        last = getattr(value, "__name__", "")
        for name_id in self._names_by_last.get(last, ()):
            module, qualname = self.names[name_id]
            if find(module, qualname) is value:
                return name_id
        return None

    def resolve_name(self, name_id: str) -> Any:
        """The class or function that a reviewed id stands for.

        Raises:
            UnsupportedError: Its library is not installed, or its version has no such thing.
        """
        if name_id in self.names:
            module, qualname = self.names[name_id]
            try:
                importlib.import_module(module)
            except ImportError as error:
                raise absent(name_id, error) from error
            found = find(module, qualname)
        else:
            found = self.attrs_class(name_id)
        if found is None:
            raise absent(name_id)
        return found


def full_name(cls: type) -> str:
    """`module.qualname`."""
    return f"{cls.__module__}.{cls.__qualname__}"


def find(module: str, qualname: str) -> Any:
    """What a name stands for in a module that is imported already; None if there is no such thing."""
    found: Any = sys.modules.get(module)
    for part in qualname.split("."):
        if found is None:
            return None
        found = vars(found).get(part) if isinstance(found, type) else getattr(found, part, None)
    return found.__func__ if isinstance(found, staticmethod) else found


def import_dotted(name: str) -> Any:
    """Import the longest module that `name` begins with and find the rest in it; None if there is none."""
    parts = name.split(".")
    for split in range(len(parts) - 1, 0, -1):
        module = ".".join(parts[:split])
        try:
            __import__(module)  # importlib.import_module takes ten times as long for what is there
        except ModuleNotFoundError as error:
            if error.name is not None and (module == error.name or module.startswith(error.name + ".")):
                continue
            raise
        return find(module, ".".join(parts[split:]))
    return None


@lru_cache(maxsize=64)
def load_family(module: str) -> tuple[Converter[Any], ...]:
    """The converters of one of our own modules, imported now."""
    converters: tuple[Converter[Any], ...] = importlib.import_module(module).CONVERTERS
    return converters


@lru_cache(maxsize=64)
def load_rules(module: str) -> Mapping[str, AttrsRule]:
    """The rules of one of our own modules, imported now."""
    rules: Mapping[str, AttrsRule] = importlib.import_module(module).RULES
    return rules


def absent(name: str, error: ImportError | None = None) -> UnsupportedError:
    """Why a registered name stands for nothing here: no such library, another version, or a library it needs."""
    from importlib import util

    library = name.split(".", maxsplit=1)[0]
    shown = DISTRIBUTIONS.get(library, library)
    if util.find_spec(library) is None:
        return UnsupportedError(
            f"{name} needs {shown}, which is not installed here",
            hint=f"Install {shown}: vitrify inspect shows the version that wrote the file",
        )
    if error is not None and (error.name or "").split(".", maxsplit=1)[0] != library:
        return UnsupportedError(f"{name} needs a library that is not here ({error})")
    version = getattr(sys.modules.get(library), "__version__", None)
    return UnsupportedError(
        f"{name} does not exist in the {shown}{f' {version}' if version else ''} installed here",
        hint="Install the version that wrote the file: vitrify inspect shows it",
    )


def _put(table: dict[str, Family], key: str, family: Family) -> None:
    if table.setdefault(key, family) is not family:
        raise ValueError(f"two converters for {key}")
