"""What travels with a model besides its values: where it comes from, how good it was, and what it predicted.

The record is plain data. It never switches behaviour on load; versions only choose a warning or an error.

    summary     the part in the header
    attached    what grows with columns and rows, in a block of its own
    capturing   what `capture` and `dump(..., X=)` put into both
    data        what is kept of the training data
    scoring     how good the model was
    probing     what it predicted
    provenance  the environment and the code that it comes from
    versions    comparing the versions that wrote a file with those that read it
"""

from __future__ import annotations

import platform
import sys
from typing import Any

from vitrify._version import __version__
from vitrify.record.summary import Summary, read_summary, write_summary

__all__ = ["Summary", "known_versions", "plain_record", "read_summary", "write_summary"]


def plain_record(libraries: tuple[str, ...]) -> str:
    """The record of a plain `dump`: versions of modules that are imported already, nothing else."""
    return write_summary(Summary(versions=known_versions(libraries)))


def known_versions(libraries: tuple[str, ...]) -> dict[str, str]:
    """The versions of Python, vitrify, numpy and the libraries, as far as they are imported."""
    versions = {"python": platform.python_version(), "vitrify": __version__, "numpy": _version("numpy")}
    versions |= {library: _version(library) for library in libraries}
    return {name: version for name, version in versions.items() if version}


def _version(library: str) -> str:
    module: Any = sys.modules.get(library)
    found = getattr(module, "__version__", "")
    return found if isinstance(found, str) else ""
