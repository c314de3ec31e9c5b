"""rebuild: a file's model trained anew with today's versions, compared with what the record says, and saved."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from vitrify.api import LoadOptions, build_opened, dump
from vitrify.container.limits import LIMITS, Limits
from vitrify.container.reader import FileLike, open_glass
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
    """
    kept = tuple(converters)
    shown = os.path.basename(os.fsdecode(file)) if isinstance(file, (str, bytes, os.PathLike)) else "<stream>"
    with open_glass(file, limits) as opened:
        summary = read_summary(opened.header.metadata.record)
        attached = read_attached(opened, limits)
        digest = opened.header.metadata.model
        options = LoadOptions(shown=shown, trust=trust, versions="ignore", converters=kept)
        saved = build_opened(opened, options)
    old = recorded_model(saved, summary)
    rebuilt = rebuild_model(
        old, summary, attached, X, y, groups=groups, scoring=scoring, cv=cv, progress=progress
    )  # fmt: skip
    if out is not None:
        record = _record(rebuilt, summary, X, y, data, digest)
        dump(
            _replaced(saved, summary.model_path, rebuilt.model), out, record=record, compress=compress, converters=kept
        )
    return rebuilt


def _record(rebuilt: Rebuilt, old: Summary, X: Any, y: Any, data: str | tuple[str, str] | None, digest: str) -> Record:
    """A record of the new model; what its authors said of the old one still holds."""
    record = capture(
        rebuilt.model, X, y, data=data, notes=old.notes, authors=old.authors, license=old.license, extra=old.extra,
        parents=(digest,),
    )  # fmt: skip
    summary = msgspec.structs.replace(record.summary, scores=rebuilt.new_scores)
    return Record(summary=summary, attached=record.attached, model=record.model)


def _replaced(saved: Any, path: Sequence[str | int], model: Any) -> Any:
    """The same with the new model where the old one was."""
    if not path:
        return model
    step, rest = path[0], path[1:]
    if isinstance(saved, dict):
        return {key: _replaced(value, rest, model) if key == step else value for key, value in saved.items()}
    parts = [_replaced(value, rest, model) if i == step else value for i, value in enumerate(saved)]
    return type(saved)(parts) if type(saved) in (list, tuple) else parts
