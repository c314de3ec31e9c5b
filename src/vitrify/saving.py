"""How a model becomes the bytes of a file; imported with the first that is saved, since most processes only load."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterable
from numbers import Integral
from typing import TYPE_CHECKING, Any, BinaryIO

from vitrify.container.files import write_file
from vitrify.container.limits import LIMITS
from vitrify.container.reader import open_glass_bytes
from vitrify.container.writer import Plan, plan
from vitrify.converters import default_registry
from vitrify.errors import (
    FormatError,
    LimitError,
    MainModuleWarning,
    NotRestoredWarning,
    StateError,
    UnsupportedError,
    VersionWarning,
)  # fmt: skip
from vitrify.graph.converter import Converter
from vitrify.graph.decode import Decoder
from vitrify.graph.encode import Encoded, encode
from vitrify.graph.parameters import NEVER_SAVED
from vitrify.graph.registry import Registry
from vitrify.graph.requirements import missing_attribute
from vitrify.record import plain_record, write_summary
from vitrify.record.versions import UNREVIEWED, is_newer_than_reviewed

if TYPE_CHECKING:
    from vitrify.record.capturing import Record

_DEFAULT_EFFORT = 3


def prepare(obj: Any, compress: bool | int | None, converters: Iterable[Converter[Any]], record: Record | None) -> Plan:
    """All of a file but the writing: see `dump` for the arguments.

    Raises:
        UnsupportedError: Something in `obj` cannot be saved.
    """
    effort = _effort(compress)
    registry = default_registry().extended(converters)
    encoded = encode(obj, registry, packs=effort > 0)
    _warn(encoded)
    text, attached = plain_record(encoded.libraries), None
    if record is not None:
        from vitrify.record.attached import write_attached

        text = write_summary(record.within(obj, encoded.libraries))
        attached = write_attached(record.attached)
    prepared = plan(
        encoded.pieces,
        cells=encoded.cells,
        graph=encoded.graph,
        record=text,
        effort=effort,
        groups=encoded.groups,
        attached=attached,
    )
    _require_readable(prepared, text)
    if is_newer_than_reviewed(encoded.libraries):
        _check_unreviewed(prepared, registry)
    return prepared


def _require_readable(prepared: Plan, record: str) -> None:
    """The header, in which the record stands, must not be longer than any reader takes (SPEC.md 8.1).

    Raises:
        UnsupportedError: It is.
    """
    if prepared.head_bytes > LIMITS.header_bytes:
        most = "the record" if 2 * len(record) > LIMITS.header_bytes else "names and places of arrays"
        raise UnsupportedError(
            f"the header would have {prepared.head_bytes} bytes, most of them {most}, and no file has more than "
            f"{LIMITS.header_bytes}",
            hint="Put long notes= and extra= elsewhere, and name the place" if most == "the record" else None,
        )


def _check_unreviewed(prepared: Plan, registry: Registry) -> None:
    """On a scikit-learn newer than reviewed, a file is only written if its content passes the checks we know.

    Raises:
        UnsupportedError: It does not: what a check reads has changed.
    """
    warnings.warn(UNREVIEWED, VersionWarning, stacklevel=4)
    try:
        with open_glass_bytes(b"".join(prepared.buffers())) as opened:
            decoder = Decoder(opened, registry)
            decoder.check()
            if missing := missing_attribute(decoder):
                raise missing
    except (FormatError, LimitError, StateError) as error:
        raise UnsupportedError(
            f"this scikit-learn is newer than reviewed, and {error.message}",
            path=error.path,
            hint="Upgrade vitrify",
        ) from error


def write(prepared: Plan, file: str | bytes | os.PathLike[str] | BinaryIO) -> None:
    """Write the bytes of a file to a path, or to a binary file object."""
    if isinstance(file, (str, bytes, os.PathLike)):
        write_file(file, prepared)
    else:
        for buffer in prepared.buffers():
            _write_whole(file, buffer)


def _effort(compress: Any) -> int:
    """The effort from 0 to 9 that `compress=` asks for."""
    if compress is None or compress is False:
        return 0
    if compress is True:
        return _DEFAULT_EFFORT
    if isinstance(compress, Integral) and 0 <= int(compress) <= 9:
        return int(compress)
    if isinstance(compress, (str, tuple)):
        raise TypeError(f"compress={compress!r} is joblib's form; give True or an effort from 1 to 9")
    raise TypeError(f"compress= takes None, a bool or an int from 0 to 9, got {compress!r}")


def _warn(encoded: Encoded) -> None:
    for path in encoded.dropped:
        warnings.warn(
            f"{path} is not saved: {NEVER_SAVED[path.rpartition('.')[2]]}",
            NotRestoredWarning,
            stacklevel=4,
        )
    for name in encoded.main_names:
        short = name.removeprefix("__main__.")
        warnings.warn(
            f"{short} was defined in __main__; elsewhere load with trust={{{name!r}: {short}}}, or move it to a module",
            MainModuleWarning,
            stacklevel=4,
        )


def _write_whole(stream: BinaryIO, data: bytes | memoryview) -> None:
    view = memoryview(data)
    while view:
        n: Any = stream.write(view)
        if not isinstance(n, int):
            return
        view = view[n:]
