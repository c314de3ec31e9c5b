"""Letting a loaded model predict what it predicted when it was saved, before it is handed out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from vitrify.container.reader import GlassFile
from vitrify.errors import FormatError, VerificationError
from vitrify.graph.paths import cut
from vitrify.record.attached import read_attached
from vitrify.record.probing.probes import replay
from vitrify.record.summary import Summary
from vitrify.record.telling import no_probes

SAME = ("equal", "close")


def recorded_model(built: Any, summary: Summary) -> Any:
    """The model that the record is about.

    Raises:
        FormatError: There is none where the record says.
    """
    try:
        return _follow(built, summary.model_path)
    except LookupError as error:
        raise FormatError("the record is about a model that the file does not hold") from error


def opening(readers: Sequence[str]) -> str | None:
    """Why the probes of a file are not replayed, given the paths of what opens files in it; None if they are."""
    return f"{readers[0]} opens the files whose names it is given, and its probes could name any" if readers else None


def require_same(built: Any, summary: Summary, file: GlassFile, readers: Sequence[str]) -> None:
    """Replay the probes of a file with the model that was loaded from it.

    Args:
        built: What was loaded.
        summary: What the record says of it.
        file: Where the probes lie.
        readers: The paths of what opens files in it, which are never opened because a record names them.

    Raises:
        VerificationError: The file has no probes, or they are not replayed, or one of the outputs differs.
    """
    reason = opening(readers)
    if reason is not None:
        raise VerificationError(f"probes are not replayed: {reason}", hint="Load it without verify=")
    attached = read_attached(file, file.limits)
    if not attached.probes:
        message = "the file has no probes, so nothing shows that the model predicts what it did"
        if summary.probes is not None and summary.probes.failed:
            reason = no_probes(summary.probes.failed)
            raise VerificationError(f"{message}; when it was saved, {reason}", hint="Load it without verify=")
        raise VerificationError(message, hint="Save it with X=, which keeps rows with the outputs they gave")
    outcomes = replay(recorded_model(built, summary), attached.probes)
    different = [outcome for outcome in outcomes if outcome.status not in SAME]
    if different:
        raise VerificationError(
            "the model does not predict what it did when it was saved: "
            + "; ".join(f"{cut(outcome.method)}: {outcome.message}" for outcome in different),
            hint="Load it where it was made, or look at vitrify verify",
        )


def _follow(saved: Any, path: Sequence[str | int]) -> Any:
    """The model in what was saved.

    Raises:
        LookupError: The path leads nowhere.
    """
    for step in path:
        parts: Any = saved if isinstance(saved, (dict, list, tuple)) else {}
        if isinstance(parts, dict) and step not in parts:  # a defaultdict would make a value
            parts = {}
        try:
            saved = parts[step]
        except (LookupError, TypeError) as error:
            raise LookupError(f"{type(saved).__name__} has no part {step!r}") from error
    return saved
