"""What travels with a model besides its values: here, the versions that wrote it.

The record is plain data. It never switches behaviour on load; versions only choose a warning or an error.
"""

from __future__ import annotations

import platform
import sys
from typing import Any, Final

import msgspec

from vitrify._version import __version__
from vitrify.errors import FormatError


class Record(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The record as it stands in the header.

    Attributes:
        versions: Library → version, for Python, vitrify and the libraries that the model's types come from.
    """

    versions: dict[str, str]


_DECODER: Final = msgspec.json.Decoder(Record)  # made here, not in two threads at once: see `container.layout`


def plain_record(libraries: tuple[str, ...]) -> str:
    """The record of a plain `dump`: versions of modules that are imported already, nothing else."""
    versions = {"python": platform.python_version(), "vitrify": __version__, "numpy": _version("numpy")}
    for library in libraries:
        found = _version(library)
        if found:
            versions[library] = found
    return msgspec.json.encode(Record(versions={k: v for k, v in versions.items() if v})).decode()


def read_record(text: str) -> Record:
    """Parse and check the record.

    Raises:
        FormatError: It is not a record.
    """
    try:
        record = _DECODER.decode(text)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise FormatError(f"the record is not what SPEC.md §7 describes ({error})") from error
    if msgspec.json.encode(record).decode() != text:
        raise FormatError("the record is not in canonical form")
    return record


def _version(library: str) -> str:
    module: Any = sys.modules.get(library)
    found = getattr(module, "__version__", "")
    return found if isinstance(found, str) else ""
