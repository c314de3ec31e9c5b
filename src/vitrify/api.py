"""dump, dumps, load, loads: what they take, and the steps of a load in their order; `saving` has those of a save."""

from __future__ import annotations

import gc
import logging
import os
import sys
import warnings
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, BinaryIO, Never

from msgspec import Struct

from vitrify.container.limits import LIMITS, Limits
from vitrify.container.reader import FileLike, GlassFile, open_glass, open_glass_bytes
from vitrify.converters import default_registry
from vitrify.drop_in import misuse, require_bytes, require_kinds, require_target
from vitrify.errors import ReadsFilesWarning, VitrifyError, spelled_out
from vitrify.graph.converter import Converter
from vitrify.graph.decode import Decoder
from vitrify.graph.paths import with_article
from vitrify.graph.requirements import file_readers, missing_attribute
from vitrify.record import read_summary
from vitrify.record.versions import POLICIES, check_versions, is_newer_than_reviewed
from vitrify.trust import Need, Trust, TrustArgument, read_trust, require

if TYPE_CHECKING:
    from vitrify.record.capturing import Record

log = logging.getLogger("vitrify")
log.addHandler(logging.NullHandler())

_SHORT_DIGEST_CHARS = 12


def dump(
    obj: Any,
    file: str | bytes | os.PathLike[str] | BinaryIO,
    *_no_more: Never,
    X: Any = None,
    y: Any = None,
    record: Record | None = None,
    compress: bool | int | None = None,
    converters: Iterable[Converter[Any]] = (),
    **_no_others: Never,
) -> None:
    """Save a model, or any value that may lie in one, to a file.

    Args:
        obj: What to save.
        file: A path, or a binary file object; after an error nothing was written, and an old file is untouched.
        X: The data that the model was trained on: its fingerprint, its schema and probes travel with the model, so that
            `verify` can tell whether it is still the same. Short for `record=capture(obj, X, y)`.
        y: The target.
        record: What `capture` found out, instead.
        compress: None or False stores the bytes as they lie in memory; True or 1-9 compresses, more with more effort.
        converters: Converters of your own, for types that vitrify does not know.

    Raises:
        UnsupportedError: Something in `obj` cannot be saved; the error lists every such value with its path.
        OSError: The file cannot be written.
        TypeError: An argument is another library's, such as `protocol=`; the error names what to write instead.
    """
    if _no_more or _no_others:
        raise misuse(dump, _no_more, _no_others)
    require_target(obj, file)
    from vitrify.saving import prepare, write

    prepared = prepare(obj, compress, converters, _record_of(obj, X, y, record))
    write(prepared, file)
    log.debug("dumped %s: %d bytes", spelled_out(_shown(file)), prepared.n_bytes)


def dumps(
    obj: Any,
    *_no_more: Never,
    X: Any = None,
    y: Any = None,
    record: Record | None = None,
    compress: bool | int | None = None,
    converters: Iterable[Converter[Any]] = (),
    **_no_others: Never,
) -> bytes:
    """Save a model to a byte string; see `dump`."""
    if _no_more or _no_others:
        raise misuse(dumps, _no_more, _no_others)
    from vitrify.saving import prepare

    return b"".join(prepare(obj, compress, converters, _record_of(obj, X, y, record)).buffers())


def load(
    file: FileLike,
    *_no_more: Never,
    trust: TrustArgument = (),
    mmap: bool = False,
    versions: str = "warn",
    verify: str | None = None,
    converters: Iterable[Converter[Any]] = (),
    limits: Limits = LIMITS,
    **_no_others: Never,
) -> Any:
    """Load what `dump` saved; no code from the file runs, whatever its bytes are.

    Args:
        file: A path or a binary file object, which is read to its end.
        trust: Classes and functions of your own that the file may use: the objects, their exact names, or a dict
            from the name in the file to the object.
        mmap: Map big arrays of floats instead of reading them: for files that were verified when they were
            deployed, since mapped bytes are not compared with their digests.
        versions: What to do if other versions wrote the file: "warn", "error" or "ignore".
        verify: "probes" lets the model predict what it predicted when it was saved, before it is handed out.
        converters: Converters of your own.
        limits: Bounds on what the file may ask for.

    Raises:
        FormatError: It is not one whole, undamaged glass file.
        UntrustedTypeError: It needs classes or functions that `trust` does not name.
        StateError: Its values cannot belong to objects of their types.
        UnsupportedError: It holds types that do not exist here.
        VersionError: Its results would differ with the versions installed here.
        VerificationError: It was to be verified, and does not predict what it did.
        LimitError: It asks for more than `limits` allows.
        TypeError: An argument is another library's, such as `mmap_mode=`; the error names what to write instead.
    """
    if _no_more or _no_others:
        raise misuse(load, _no_more, _no_others)
    require_kinds(limits, mmap)
    shown = _shown(file)
    sys.audit("vitrify.load", shown)
    with _Naming(shown), open_glass(file, limits) as opened:
        options = LoadOptions(
            shown=spelled_out(shown), trust=trust, mmap=mmap, versions=versions, verify=verify, converters=converters
        )
        return build_opened(opened, options)


def loads(
    data: bytes | bytearray | memoryview,
    *_no_more: Never,
    trust: TrustArgument = (),
    versions: str = "warn",
    verify: str | None = None,
    converters: Iterable[Converter[Any]] = (),
    limits: Limits = LIMITS,
    **_no_others: Never,
) -> Any:
    """Load from a byte string; see `load`."""
    if _no_more or _no_others:
        raise misuse(loads, _no_more, _no_others)
    require_kinds(limits)
    require_bytes(data)
    sys.audit("vitrify.load", "<bytes>")
    with _Naming("<bytes>"), open_glass_bytes(data, limits) as opened:
        options = LoadOptions(shown="<bytes>", trust=trust, versions=versions, verify=verify, converters=converters)
        return build_opened(opened, options)


def _record_of(obj: Any, X: Any, y: Any, record: Record | None) -> Record | None:
    """The record that the arguments of `dump` ask for."""
    if X is None and y is None:
        return None if record is None else _required_record(record)
    if record is not None:
        raise TypeError("X= and y= are short for record=vitrify.capture(obj, X, y): give one of both")
    from vitrify.record.capturing import capture, model_in

    return capture(model_in(obj), X, y)


def _required_record(record: object) -> Record:
    from vitrify.record.capturing import Record

    if not isinstance(record, Record):
        raise TypeError(
            f"record= is what vitrify.capture(model, X, y) returns, got {with_article(type(record).__name__)}"
        )
    return record


class LoadOptions(Struct, frozen=True, kw_only=True):
    """What `load` was asked for; see there.

    Attributes:
        shown: The file as warnings and errors call it.
    """

    shown: str
    trust: TrustArgument = ()
    mmap: bool = False
    versions: str = "warn"
    verify: str | None = None
    converters: Iterable[Converter[Any]] = ()

    def __post_init__(self) -> None:
        if self.verify not in (None, "probes"):
            raise ValueError(f'verify= is None or "probes", got {self.verify!r}')
        if self.versions not in POLICIES:
            raise ValueError(f'versions= is "warn", "error" or "ignore", got {self.versions!r}')


def build_opened(opened: GlassFile, options: LoadOptions) -> Any:
    """The object of an open file."""
    was_enabled = gc.isenabled()
    try:
        gc.disable()  # within: an interrupt may come right after it
        return _checked_and_built(opened, options)
    finally:
        if was_enabled:
            gc.enable()  # now: what was needed on the way is gone, and need not be walked through


def _checked_and_built(opened: GlassFile, options: LoadOptions) -> Any:
    shown, allowed = options.shown, read_trust(options.trust)
    record = read_summary(opened.header.metadata.record)
    decoder = read_graph(opened, shown, allowed, options.converters, mmap=options.mmap)
    check_versions(record, decoder, shown, options.versions)
    if (missing := missing_attribute(decoder)) and is_newer_than_reviewed(("sklearn",)):
        raise missing
    built = decoder.build(lambda name, _, path: allowed.resolve(name, path))
    readers = file_readers(decoder)
    for path in readers:
        warnings.warn(f"{shown}: {path} opens the files whose names it is given", ReadsFilesWarning, stacklevel=4)
    opened.check_attached()
    if options.verify:
        from vitrify.record.replaying import require_same

        require_same(built, record, opened, readers)
    header = opened.header
    log.debug("loaded %s: %d bytes, model %s", shown, header.file_bytes, header.metadata.model[:_SHORT_DIGEST_CHARS])
    return built


def read_graph(
    opened: GlassFile, shown: str, allowed: Trust, converters: Iterable[Converter[Any]], *, mmap: bool = False
) -> Decoder:
    """The object graph of a file, all of whose names are reviewed or allowed.

    Raises:
        UntrustedTypeError: One is neither.
    """
    decoder = Decoder(opened, default_registry().extended(converters), mmap=mmap)
    needs = [Need(name=f.name, what=f.what, path=decoder.path_of(f)) for f in decoder.foreign()]
    require(needs, allowed, shown)
    return decoder


def _shown(file: FileLike) -> str:
    if isinstance(file, (str, bytes, os.PathLike)):
        return os.path.basename(os.fsdecode(file)) or os.fsdecode(file)
    return str(getattr(file, "name", f"<{type(file).__name__}>"))


class _Naming:
    """Puts the file's name in front of every error's message."""

    def __init__(self, shown: str) -> None:
        self.shown = shown

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, VitrifyError):
            error.name_file(self.shown)
