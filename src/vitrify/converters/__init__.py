"""How the types of other libraries are saved: one folder or file per library, the only place that imports it.

`default_registry` knows them all by name and imports none of them.
"""

from __future__ import annotations

from functools import lru_cache

from vitrify.graph.registry import Registry


@lru_cache(maxsize=1)
def default_registry() -> Registry:
    """Everything that vitrify has reviewed."""
    return Registry()
