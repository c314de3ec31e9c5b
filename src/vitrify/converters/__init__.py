"""How the types of other libraries are saved: one folder for each library, the only place that imports it.

The `__init__` of a folder lists names and imports nothing of its library: `FAMILIES` (modules of converters and the
types they save), `ATTRS` (classes that are their attributes → type id), `RULES` (what must hold for those) and `NAMES`
(ids of classes and functions that may be values → module and name). A module of a family is imported when one of its
types turns up. `checking` holds what the converters of every library check alike.
"""

from __future__ import annotations

from functools import lru_cache

from vitrify.converters import builtins, numpy, pandas, scipy, sklearn
from vitrify.graph.registry import Registry

_LIBRARIES = (builtins, numpy, scipy, pandas, sklearn)


@lru_cache(maxsize=1)
def default_registry() -> Registry:
    """Everything that vitrify has reviewed."""
    return Registry(
        families=tuple(family for library in _LIBRARIES for family in library.FAMILIES),
        attrs={name: type_id for library in _LIBRARIES for name, type_id in library.ATTRS.items()},
        rules=sklearn.RULES,
        names={name_id: where for library in _LIBRARIES for name_id, where in library.NAMES.items()},
    )
