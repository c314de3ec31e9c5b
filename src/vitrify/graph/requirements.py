"""Questions about a whole graph: what its objects lack, and what they will do that a caller should know."""

from __future__ import annotations

from typing import Final

from vitrify.errors import StateError
from vitrify.graph.parameters import opens_files
from vitrify.graph.parse import ParsedGraph

_OF_CLASSES: Final = ("attrs", "new", "call")
_TELLING: Final = ("input", "param_grid", "param_distributions")


def missing_attribute(graph: ParsedGraph) -> StateError | None:
    """The error for the first fitted object that has not all that its rule requires; None if there is none.

    Only the names of columns are looked at: in a newer version of a library an attribute that a check reads may have
    another name. A version that is reviewed needs none of this: there, a model without the attribute is one that was
    never fitted to its end, and no code of the library finds it under another name.
    """
    for number, parsed in enumerate(graph.tables):
        type_id = parsed.table.type
        if type_id not in graph.registry.rules:
            continue
        for name in graph.registry.rule(type_id).requires:
            if name not in parsed.columns and any(map(_says_fitted, parsed.columns)):
                return StateError(
                    f"{type_id}: {name} is missing, though the object is fitted",
                    path=graph.path(number, 0) if parsed.table.rows else None,
                    hint="This version of the library is newer than reviewed: upgrade vitrify",
                )
    return None


def file_readers(graph: ParsedGraph) -> list[str]:
    """The paths of objects, already built, that open the files whose names they are given as texts."""
    found: list[str] = []
    for number, parsed in enumerate(graph.tables):
        is_reviewed = graph.registry.knows(parsed.table.type)
        if parsed.table.layout in _OF_CLASSES and not (is_reviewed and parsed.columns.keys().isdisjoint(_TELLING)):
            objects = graph.objects[number]
            readers = [row for row, v in enumerate(objects) if opens_files(v, is_reviewed=is_reviewed)]
            found += [graph.path(number, row) for row in readers]
    return found


def _says_fitted(name: str) -> bool:
    """What scikit-learn's `check_is_fitted` takes for a sign (`sklearn/utils/validation.py`)."""
    return name.endswith("_") and not name.startswith("__")
