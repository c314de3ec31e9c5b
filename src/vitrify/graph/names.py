"""Classes and functions as values: stored by name, and found again by the very same name.

A reviewed one travels by its id in the registry, one of the caller's own by its dotted name. What has no name that
finds it again (a lambda, something local) is refused.
"""

from __future__ import annotations

import sys
import types
from typing import Any, Final

import numpy as np

from vitrify.errors import UnsupportedError
from vitrify.graph.registry import REVIEWED_LIBRARIES, Registry, find, runs_what_it_gets
from vitrify.graph.schema import Name

STANDARD_LIBRARY: Final = frozenset(sys.stdlib_module_names) - {"__main__"}
_FUNCTIONS: Final = (types.FunctionType, types.BuiltinFunctionType, types.MethodDescriptorType, np.ufunc)
_FUNCTION_TYPE_NAMES: Final = frozenset(
    {"cython_function_or_method", "fused_cython_function", "_ArrayFunctionDispatcher"}
)


class NameTable:
    """The names that a file lists, in the order in which they were met.

    Attributes:
        names: The names so far.
        libraries: The top-level packages that the object's types come from.
    """

    def __init__(self, registry: Registry) -> None:
        self.names: list[Name] = []
        self.libraries: set[str] = set()
        self._registry = registry
        self._index: dict[int, int] = {}
        self._keep: list[object] = []

    def is_name(self, kind: type) -> bool:
        """Whether values of this type are classes or functions."""
        return issubclass(kind, (type, *_FUNCTIONS)) or kind.__name__ in _FUNCTION_TYPE_NAMES

    def index(self, value: object) -> int:
        """The place of a class or function in the list.

        Raises:
            UnsupportedError: It cannot be found again by a name.
        """
        found = self._index.get(id(value))
        if found is None:
            what = "class" if isinstance(value, type) else "function"
            name = self._registry.name_of(value) or self._own_name(value, what)
            if isinstance(value, type):
                self.note_library(value)
            found = self._index[id(value)] = len(self.names)
            self.names.append(Name(what, name))
            self._keep.append(value)
        return found

    def note_library(self, kind: type) -> None:
        """Remember where a type comes from, for the versions in the record."""
        self.libraries.add(kind.__module__.split(".", maxsplit=1)[0])

    def importable(self, value: Any, what: str) -> str:
        """The dotted name by which a class or function of the caller's own is found.

        Raises:
            UnsupportedError: There is no such name.
        """
        module, qualname = value.__module__, value.__qualname__
        if "<lambda>" in qualname:
            raise UnsupportedError("a lambda", hint="Write it as a named function in a module of yours")
        if runs_what_it_gets(f"{module}.{qualname}"):
            raise UnsupportedError(
                f"the {what} {module}.{qualname}, which loads, installs or runs what it is given",
                hint="Do that before you save, and keep the result",
            )
        found = None if "<locals>" in qualname else find(module, qualname)
        if found is None:
            raise UnsupportedError(
                f"the {what} {qualname}, which cannot be found by that name in {module}",
                hint=f"Move the {what} to the top level of a module",
            )
        if found is not value:
            raise UnsupportedError(
                f"the {what} {qualname}, whose name stands for another object in {module}",
                hint="If functools.wraps gave it that name, set its __qualname__ to the name that it has there",
            )
        return f"{module}.{qualname}"

    def _own_name(self, value: Any, what: str) -> str:
        module = getattr(value, "__module__", None)
        top = str(module).split(".", maxsplit=1)[0]
        if module is None or top in REVIEWED_LIBRARIES or top in STANDARD_LIBRARY:
            name = getattr(value, "__qualname__", type(value).__name__)
            wrap = "wrap it in a named function of your own module"
            is_of_library = top in REVIEWED_LIBRARIES
            raise UnsupportedError(
                f"the {what} {module}.{name}" if module else f"the {what} {name}",
                hint=f"This vitrify has not reviewed it: upgrade vitrify, or {wrap}"
                if is_of_library
                else f"vitrify has not reviewed it; {wrap}",
            )
        return self.importable(value, what)
