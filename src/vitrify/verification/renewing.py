"""rebuild: a file's model trained anew with today's versions, compared with what the record says, and saved."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterable
from typing import Any

import msgspec

from vitrify.api import LoadOptions, build_opened, dump
from vitrify.container.limits import LIMITS, Limits
from vitrify.container.reader import FileLike, open_glass
from vitrify.errors import spelled_out
from vitrify.graph.converter import Converter
from vitrify.record.attached import read_attached
from vitrify.record.capturing import Record, capture
from vitrify.record.replaying import recorded_model
from vitrify.record.summary import Summary, read_summary
from vitrify.record.telling import Progress
from vitrify.trust import TrustArgument
from vitrify.verification.rebuilding import Rebuilt
from vitrify.verification.rebuilding import rebuild as rebuild_model


def rebuild(
    file: FileLike,
    X: Any,
    y: Any = None,
    *,
    out: str | os.PathLike[str] | None = None,
    data: str | tuple[str, str] | None = None,
    groups: Any = None,
    scoring: Any = None,
    cv: Any = None,
    compress: bool | int | None = None,
    trust: TrustArgument = (),
    converters: Iterable[Converter[Any]] = (),
    limits: Limits = LIMITS,
    progress: Progress | None = None,
) -> Rebuilt:
    """Fit the model of a file anew, from its stored parameters, and compare it with what the file says.

    The versions that wrote the file do not matter: of its model only the parameters are used, and its outputs are
    those that the record holds.

    Args:
        file: A path or a binary file object.
        X: The data to train on, shape (n_samples, n_features).
        y: The target.
        out: Where to save the new model, with its own record and the digest of the old one as its parent.
        data: Where X can be had again, as in `capture`.
        groups: The group of each row, for splitters that want it.
        scoring: Scorers of the caller's own, which no file holds.
        cv: The same for the splitter.
        compress: As in `dump`.
        trust: Classes and functions of your own that the file may use; see `load`.
        converters: Converters of your own.
        limits: Bounds on what the file may ask for.
        progress: Called after each fold.

    Returns:
        The new model, and how it compares. In a bundle it takes the place of the old one.

    Raises:
        VitrifyError: The file cannot be loaded, or its model cannot be trained on this data.
        OSError: Nothing can be saved as `out`; that its folder is missing is told before anything is trained.
    """
    if isinstance(out, (str, os.PathLike)):
        require_folder(out)
    kept = tuple(converters)
    shown = os.path.basename(os.fsdecode(file)) if isinstance(file, (str, bytes, os.PathLike)) else "<stream>"
    with open_glass(file, limits) as opened:
        summary = read_summary(opened.header.metadata.record)
        attached = read_attached(opened, limits)
        digest = opened.header.metadata.model
        options = LoadOptions(shown=spelled_out(shown), trust=trust, versions="ignore", converters=kept)
        saved = build_opened(opened, options)
    old = recorded_model(saved, summary)
    rebuilt = rebuild_model(
        old, summary, attached, X, y, groups=groups, scoring=scoring, cv=cv, progress=progress
    )  # fmt: skip
    if out is not None:
        record = _record(rebuilt, summary, X, y, data, digest)
        dump(_replaced(saved, old, rebuilt.model), out, record=record, compress=compress, converters=kept)
    return rebuilt


def require_folder(out: str | os.PathLike[str]) -> None:
    """A file can be made at `out`, as far as that is known before.

    Raises:
        FileNotFoundError: Its folder is not there.
        NotADirectoryError: Its folder is a file.
        IsADirectoryError: It is a folder itself.
        PermissionError: It is a file that may not be written.
    """
    folder = os.path.dirname(os.path.realpath(out))
    if os.path.isdir(out) or not os.path.basename(out):
        raise IsADirectoryError(errno.EISDIR, "is a folder, where a file is to be saved", os.fspath(out))
    if not os.path.exists(folder):
        raise FileNotFoundError(errno.ENOENT, "cannot be saved: its folder does not exist", os.fspath(out))
    if not os.path.isdir(folder):
        raise NotADirectoryError(errno.ENOTDIR, "cannot be saved: its folder is a file", os.fspath(out))
    if os.path.exists(out) and not os.access(out, os.W_OK):
        raise PermissionError(errno.EACCES, "cannot be saved: the file may not be written", os.fspath(out))


def _record(rebuilt: Rebuilt, old: Summary, X: Any, y: Any, data: str | tuple[str, str] | None, digest: str) -> Record:
    """A record of the new model; what its authors said of the old one still holds."""
    record = capture(
        rebuilt.model, X, y, data=data, notes=old.notes, authors=old.authors, license=old.license, extra=old.extra,
        parents=(digest,),
    )  # fmt: skip
    summary = msgspec.structs.replace(record.summary, scores=rebuilt.new_scores)
    return Record(summary=summary, attached=record.attached, model=record.model)


def _replaced(saved: Any, old: Any, new: Any) -> Any:
    """The same with the new model wherever the old one was; its dicts and lists, which nobody else has, are changed."""
    whole = [saved]
    waiting: list[Any] = [whole]
    seen: set[int] = set()
    while waiting:
        part = waiting.pop()
        if id(part) in seen:
            continue
        seen.add(id(part))
        for step, value in list(part.items() if isinstance(part, dict) else enumerate(part)):
            now = _exchanged(value, old, new, waiting)
            if now is not value:
                part[step] = now
    return whole[0]


def _exchanged(value: Any, old: Any, new: Any, waiting: list[Any]) -> Any:
    """One value with the new model in the place of the old; dicts and lists in it wait for their turn."""
    if value is old:
        return new
    if isinstance(value, (dict, list)):
        waiting.append(value)
    if not isinstance(value, tuple):
        return value
    parts = [_exchanged(part, old, new, waiting) for part in value]
    if all(part is before for part, before in zip(parts, value, strict=True)):
        return value
    return type(value)(*parts) if hasattr(value, "_fields") else type(value)(parts)
