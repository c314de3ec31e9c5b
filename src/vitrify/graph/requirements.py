"""Questions about a whole graph: what its objects lack, and what they will do that a caller should know."""

from __future__ import annotations

from vitrify.errors import StateError
from vitrify.graph.parse import ParsedGraph


def missing_attribute(graph: ParsedGraph) -> StateError | None:
    """The error for the first fitted object that has not all that its rule requires; None if there is none.

    Only the names of columns are looked at: in a newer version of a library an attribute that a check reads may have
    another name. A version that is reviewed needs none of this: there, a model without the attribute is one that was
    never fitted to its end, and no code of the library finds it under another name.
    """
    for number, parsed in enumerate(graph.tables):
        type_id = parsed.table.type
        if type_id not in graph.registry.rules or not any(map(_says_fitted, parsed.columns)):
            continue
        for name in graph.registry.rule(type_id).requires:
            if name not in parsed.columns:
                return StateError(
                    f"{type_id}: {name} is missing, though the object is fitted",
                    path=graph.path(number, 0) if parsed.table.rows else None,
                    hint="This version of the library is newer than reviewed: upgrade vitrify",
                )
    return None


def file_readers(graph: ParsedGraph) -> list[str]:
    """The paths of reviewed objects, already built, that open the files whose names they are given as texts."""
    found: list[str] = []
    for number, parsed in enumerate(graph.tables):
        if "input" in parsed.columns and graph.registry.knows(parsed.table.type):
            values = graph.rows(number).values("input")
            found += [graph.path(number, row) for row, v in enumerate(values) if isinstance(v, str) and v == "filename"]
    return found


def _says_fitted(name: str) -> bool:
    """What scikit-learn's `check_is_fitted` takes for a sign (`sklearn/utils/validation.py`)."""
    return name.endswith("_") and not name.startswith("__")
