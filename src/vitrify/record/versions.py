"""Comparing the versions that wrote a file with those that read it.

Another major or minor version is worth one warning per file; a change that is known to alter results is an error
that names the version to install. Of all names in the record, only those of libraries are looked at that the types of
the model come from; what is no version is quoted, and no advice repeats it.
"""

from __future__ import annotations

import re
import sys
import warnings
from typing import Final

from vitrify.converters.sklearn.changes import CHANGES, REVIEWED_UP_TO, Minor
from vitrify.errors import VersionError, VersionWarning
from vitrify.graph.parse import ParsedGraph
from vitrify.graph.paths import cut
from vitrify.graph.registry import DISTRIBUTIONS
from vitrify.record import Summary

POLICIES: Final = ("warn", "error", "ignore")
UNREVIEWED: Final = "this scikit-learn is newer than the ones vitrify has reviewed; upgrade vitrify when you can"
_IGNORED: Final = frozenset({"python", "vitrify"})
_LOCK: Final = "Install the versions that vitrify lock lists"
_VERSION: Final = (
    r"v?(?:[0-9]+!)?[0-9]+(?:\.[0-9]+)*"
    r"(?:[-_.]?(?:alpha|a|beta|b|preview|pre|c|rc)[-_.]?[0-9]*)?"
    r"(?:-[0-9]+|[-_.]?(?:post|rev|r)[-_.]?[0-9]*)?"
    r"(?:[-_.]?dev[-_.]?[0-9]*)?"
    r"(?:\+[a-z0-9]+(?:[-_.][a-z0-9]+)*)?"
)
"""PEP 440, appendix B; rarely needed, so that it is compiled at first use."""
_MAX_VERSION_CHARS: Final = 100


def check_versions(record: Summary, graph: ParsedGraph, shown_file: str, policy: str) -> None:
    """Compare the record's versions with the installed ones, as `versions=` asks.

    Raises:
        VersionError: Results are known to differ, or anything differs and the policy is `error`.
    """
    if policy == "ignore":
        return
    refuse_known_changes(record, graph)
    differing = differing_versions(record, graph)
    if not differing:
        if is_newer_than_reviewed(tuple(record.versions)):
            warnings.warn(UNREVIEWED, VersionWarning, stacklevel=5)
        return
    listed = ", ".join(
        f"{cut(DISTRIBUTIONS.get(name, name))} {shown_version(old)} (here {new})" for name, old, new in differing
    )
    message = f"{shown_file} was written with {listed}; results may differ"
    if policy == "error":
        what = _LOCK if all(is_version(old) for _, old, _ in differing) else "Train again"
        raise VersionError(message, hint=f'{what}, or load with versions="warn"')
    if any(name == "sklearn" for name, _, _ in differing):
        here, written = _installed("sklearn"), record.versions["sklearn"]
        from vitrify.converters.sklearn.warning import sklearn_warning

        warnings.warn(sklearn_warning(message, here, written), stacklevel=5)
    else:
        warnings.warn(message, VersionWarning, stacklevel=5)


def is_newer_than_reviewed(libraries: tuple[str, ...]) -> bool:
    """Whether a model's scikit-learn is newer than what vitrify has reviewed."""
    return "sklearn" in libraries and _minor(_installed("sklearn")) > REVIEWED_UP_TO


def compared_versions(record: Summary, graph: ParsedGraph) -> list[tuple[str, str, str]]:
    """The libraries of the model's types that are here: name, version that wrote the file, version here."""
    needed = {parsed.table.type.partition(".")[0] for parsed in graph.tables} - _IGNORED
    return [
        (library, version, found)
        for library, version in record.versions.items()
        if library in needed and (found := _installed(library))
    ]


def differing_versions(record: Summary, graph: ParsedGraph) -> list[tuple[str, str, str]]:
    """Of those, the ones whose major or minor version is another here."""
    return [one for one in compared_versions(record, graph) if not _is_same_minor(one[2], one[1])]


def is_version(text: str) -> bool:
    """Whether it is a version, as PEP 440 spells them, and nothing more."""
    return len(text) <= _MAX_VERSION_CHARS and re.fullmatch(_VERSION, text, re.IGNORECASE | re.ASCII) is not None


def shown_version(version: str) -> str:
    """A version that a file states, in quotes where it is none."""
    return cut(version) if is_version(version) else f"'{cut(version)}', which is no version"


def refuse_known_changes(record: Summary, graph: ParsedGraph) -> None:
    """Compare the versions of scikit-learn with what is known to give other results.

    Raises:
        VersionError: The model is of such a kind.
    """
    written = record.versions.get("sklearn", "")
    here = _installed("sklearn") if written else ""
    if not here or here == written:
        return
    old, new = _minor(written), _minor(here)
    for change in CHANGES:
        is_affected = (change.forward and old < change.since <= new) or (change.backward and new < change.since <= old)
        if not is_affected:
            continue
        for table, parsed in enumerate(graph.tables):
            if parsed.table.type not in change.types:
                continue
            row = next((r for r in range(parsed.table.rows) if change.applies(graph, table, r)), None)
            if row is not None:
                raise VersionError(
                    f"written with scikit-learn {shown_version(written)}, here is {here}: since {change.since[0]}."
                    f"{change.since[1]} {change.what}",
                    path=graph.path(table, row),
                    hint=f"Install scikit-learn {old[0]}.{old[1]}.*, or train again"
                    if is_version(written)
                    else "Train again",
                )


def _installed(library: str) -> str:
    """The version of a library: as imported, else from its metadata; empty if it is not there."""
    module = sys.modules.get(library)
    version = getattr(module, "__version__", None)
    if isinstance(version, str):
        return version
    if not library.isidentifier():
        return ""
    from importlib import metadata  # It costs a third of an import of vitrify, and is rarely needed.

    try:
        return metadata.version(DISTRIBUTIONS.get(library, library))
    except metadata.PackageNotFoundError:
        return ""


def _is_same_minor(one: str, other: str) -> bool:
    return one == other or (is_version(other) and _minor(one) == _minor(other))


def _minor(version: str) -> Minor:
    """The first two numbers of a version; (0, 0) if it has none."""
    parts = version.split(".")[:2]
    numbers = [int(part) if part.isascii() and part.isdigit() and len(part) < 9 else 0 for part in parts]
    return (numbers[0], numbers[1]) if len(numbers) == 2 else (0, 0)
