"""verify: every claim of a file, checked here and now."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import suppress
from typing import Any, Final

from vitrify.api import read_graph
from vitrify.container.limits import LIMITS, Limits
from vitrify.container.reader import FileLike, GlassFile, open_glass
from vitrify.errors import (
    FormatError,
    LimitError,
    StateError,
    UnsupportedError,
    VersionError,
    VitrifyError,
    spelled_out,
)  # fmt: skip
from vitrify.graph.converter import Converter
from vitrify.graph.decode import Decoder
from vitrify.graph.paths import cut
from vitrify.graph.requirements import file_readers
from vitrify.record.attached import Attached, read_attached
from vitrify.record.data.fingerprint import column_digests, fingerprint
from vitrify.record.data.same_data import is_same_data_as
from vitrify.record.data.schema import Schema, misfits
from vitrify.record.data.statistics import target_fingerprint
from vitrify.record.data.tables import Table, read_table
from vitrify.record.replaying import SAME, opening, recorded_model
from vitrify.record.scoring.comparing import Range
from vitrify.record.scoring.folds import count_rows
from vitrify.record.summary import Data, Score, Summary, read_summary
from vitrify.record.telling import Progress, no_probes
from vitrify.record.versions import compared_versions, differing_versions, refuse_known_changes, shown_version
from vitrify.trust import TrustArgument, read_trust
from vitrify.verification.report import Finding, Report, Status

CHECKS: Final = ("versions", "probes", "data", "schema", "target", "scores", "holdout")
"""What may be left out; that the bytes are whole, and the values possible, is always checked."""
REFUSALS: Final = (FormatError, LimitError, StateError, UnsupportedError)
"""What a file that cannot be read raises."""


def verify(
    file: FileLike,
    X: Any = None,
    y: Any = None,
    *,
    groups: Any = None,
    holdout: tuple[Any, Any] | None = None,
    scoring: Any = None,
    cv: Any = True,
    skip: str | Collection[str] = (),
    trust: TrustArgument = (),
    converters: Iterable[Converter[Any]] = (),
    limits: Limits = LIMITS,
    progress: Progress | None = None,
) -> Report:
    """Check whether a file still holds the model that was saved: whole, possible, and predicting the same.

    No path or URL that the file names is opened: data comes from the caller.

    Args:
        file: A path or a binary file object.
        X: The data that the model was trained on, to be compared with what the file says of it.
        y: The target of X; with it, cross-validation is run again and compared with the stored scores.
        groups: The group of each row, for splitters that want it.
        holdout: X and y of the stored holdout score, which is computed again.
        scoring: The caller's own scorer, where the stored score came from one.
        cv: False leaves out what fits models again; a splitter takes the place of a stored one that no file can hold.
        skip: The check to leave out, or several, by name; see `CHECKS`.
        trust: Classes and functions of your own that the file may use; see `load`.
        converters: Converters of your own.
        limits: Bounds on what the file may ask for.
        progress: Called after each fold of cross-validation.

    Returns:
        The findings. A file without probes fails that check, unless it is skipped: what checked nothing is not ok.

    Raises:
        OSError: The file cannot be opened or read.
        UntrustedTypeError: The model needs classes or functions that `trust` does not name.
        TypeError: y came without X.
        ValueError: `skip` names what is no check.
    """
    if y is not None and X is None:
        raise TypeError("y= was given without X=")
    skip = (skip,) if isinstance(skip, str) else skip
    unknown = set(skip) - set(CHECKS)
    if unknown:
        raise ValueError(f"skip= names {sorted(unknown)}; what can be left out is {', '.join(CHECKS)}")
    shown = os.path.basename(os.fsdecode(file)) if isinstance(file, (str, bytes, os.PathLike)) else "<stream>"
    findings: list[Finding] = []
    try:
        with open_glass(file, limits) as opened:
            run = _Verification(
                opened, shown=spelled_out(shown), X=X, y=y, groups=groups, holdout=holdout, scoring=scoring, cv=cv,
                skip=skip, trust=trust, converters=converters, progress=progress,
            )  # fmt: skip
            findings += run.findings()
    except REFUSALS as error:
        findings.append(_failed("integrity", error))
    return Report(file=shown, findings=tuple(findings))


class _Verification:
    """One run over an open file."""

    def __init__(
        self,
        opened: GlassFile,
        *,
        shown: str,
        X: Any,
        y: Any,
        groups: Any,
        holdout: tuple[Any, Any] | None,
        scoring: Any,
        cv: Any,
        skip: Collection[str],
        trust: TrustArgument,
        converters: Iterable[Converter[Any]],
        progress: Progress | None,
    ) -> None:
        self._opened, self._shown, self._skip = opened, shown, skip
        self._X, self._y, self._groups, self._holdout = X, y, groups, holdout
        self._scoring, self._cv, self._progress = scoring, cv, progress
        self._allowed, self._converters = read_trust(trust), converters

    def findings(self) -> Iterator[Finding]:
        """All checks that can be made; what stops the model from being built ends them."""
        for block in self._opened.header.blocks:
            self._opened.check(block)
        n_bytes = self._opened.header.file_bytes
        yield Finding(check="integrity", status="pass", message=f"all {n_bytes} bytes match the file's digests")
        try:
            summary = read_summary(self._opened.header.metadata.record)
            attached = read_attached(self._opened, self._opened.limits)
        except REFUSALS as error:
            yield _failed("record", error)
            return
        try:
            decoder = read_graph(self._opened, self._shown, self._allowed, self._converters)
            if "versions" not in self._skip:
                yield self._versions(summary, decoder)
            built = decoder.build(lambda name, _, path: self._allowed.resolve(name, path))
        except REFUSALS as error:
            yield _failed("content", error)
            return
        yield Finding(check="content", status="pass", message="every value belongs to an object of its type")
        try:
            model = recorded_model(built, summary)
        except FormatError as error:
            yield _failed("record", error)
            return
        if "probes" not in self._skip:
            yield from self._probes(model, summary, attached, file_readers(decoder))
        if self._X is not None:
            yield from self._data(summary, attached)
        if self._y is not None and "target" not in self._skip:
            yield self._target(summary)
        if self._cv is not False and "scores" not in self._skip:
            yield from self._scores(model, summary)
        if self._holdout is not None and "holdout" not in self._skip:
            yield from self._held_out(model, summary)

    def _versions(self, summary: Summary, decoder: Decoder) -> Finding:
        try:
            refuse_known_changes(summary, decoder)
        except VersionError as error:
            return _failed("versions", error)
        differing = differing_versions(summary, decoder)
        if not differing:
            compared = compared_versions(summary, decoder)
            same = ", ".join(f"{cut(name)} {shown_version(old)}" for name, old, _ in compared)
            message = f"nothing that matters differs from {same}" if same else "no library to compare is recorded"
            return Finding(check="versions", status="pass", message=message)
        return Finding(
            check="versions",
            status="warn",
            expected=", ".join(f"{cut(name)} {shown_version(old)}" for name, old, _ in differing),
            found=", ".join(f"{cut(name)} {new}" for name, _, new in differing),
            message="other versions than those that wrote the file; no change is known that alters this model",
        )

    def _probes(self, model: Any, summary: Summary, attached: Attached, readers: Sequence[str]) -> Iterator[Finding]:
        reason = opening(readers)
        if reason is not None:
            message = f"not replayed: {reason} - to leave this check out, skip=['probes']"
            yield Finding(check="probes", status="fail", message=message)
            return
        if not attached.probes:
            yield Finding(check="probes", status="fail", message=_why_no_probes(summary))
            return
        from vitrify.record.probing.probes import replay

        try:
            outcomes = replay(model, attached.probes)
        except FormatError as error:
            yield _failed("probes", error)
            return
        for outcome in outcomes:
            yield Finding(
                check=f"probes:{cut(outcome.method)}",
                status="pass" if outcome.status in SAME else "fail",
                expected="the stored output",
                found=outcome.status,
                message=outcome.message,
            )

    def _data(self, summary: Summary, attached: Attached) -> Iterator[Finding]:
        if summary.data is None:
            yield Finding(
                check="data", status="warn", message="the file does not say what the model was trained on: dump with X="
            )
            return
        try:
            table = read_table(self._X)
            digests = column_digests(table)
            schema = Schema.of(attached.columns, summary.data)
        except (UnsupportedError, FormatError) as error:
            yield _failed("schema", error)
            return
        if "data" not in self._skip:
            yield _same_data(summary.data, schema.digests, table, digests)
        if "schema" not in self._skip:
            problems = misfits(schema, table)
            for one in problems:
                status: Status = "warn" if one.severity == "note" else "fail"
                yield Finding(
                    check="schema", status=status, expected=one.expected, found=one.found, message=one.message
                )
            if not problems:
                yield Finding(check="schema", status="pass", message="the data fits what the model expects")

    def _target(self, summary: Summary) -> Finding:
        try:
            table = read_table(self._y, "y")
            found = target_fingerprint(table)
        except UnsupportedError as error:
            return _failed("target", error)
        with suppress(UnsupportedError):  # what is no table at all is a finding of its own
            n_rows = count_rows(self._X, "X")
            if table.n_rows != n_rows:
                message = f"y has {table.n_rows:,} rows, and X has {n_rows:,}: give one value of y for each row of X"
                return Finding(
                    check="target", status="fail", expected=f"{n_rows} rows", found=f"{table.n_rows} rows",
                    message=message,
                )  # fmt: skip
        if summary.target is None:
            message = "the file does not say what the model was to predict: dump with y="
            return Finding(check="target", status="warn", message=message)
        is_same = found == summary.target.fingerprint
        same, other = "this is the target it was trained on", "this is another target: its values or rows differ"
        return Finding(
            check="target",
            status="pass" if is_same else "warn",
            expected=summary.target.fingerprint[:16],
            found=found[:16],
            message=same if is_same else other,
        )

    def _scores(self, model: Any, summary: Summary) -> Iterator[Finding]:
        from vitrify.record.scoring.comparing import passed_over

        stored = [score for score in summary.scores if score.origin != "holdout"]
        if not stored or self._X is None:
            return
        if self._y is None and summary.target is not None:
            message = "it needs the target: give y, which on the command line is --target"
            for score in stored:
                yield Finding(check=f"scores:{cut(score.scorer)}", status="warn", message=message)
            return
        is_same = is_same_data_as(summary, self._X, self._y)
        splitter = None if self._cv is True else self._cv
        if splitter is not None:
            try:
                used = passed_over(model, stored, splitter, self._y)
            except UnsupportedError as error:
                yield _failed("scores", error)
                return
            if used:
                message = f"cv= is another splitter than that of the record, {cut(used)}, which made the folds here too"
                yield Finding(check="scores", status="warn", message=message)
        yield from self._again(model, stored, self._X, self._y, splitter, is_same=is_same, summary=summary)

    def _held_out(self, model: Any, summary: Summary) -> Iterator[Finding]:
        stored = [score for score in summary.scores if score.origin == "holdout"]
        if not stored:
            yield Finding(check="holdout", status="warn", message="the file has no holdout score")
            return
        if not isinstance(self._holdout, (tuple, list)) or len(self._holdout) != 2:
            yield Finding(check="holdout", status="fail", message="holdout= is a pair of X and y")
            return
        X, y = self._holdout
        try:
            found = fingerprint(read_table(X, "the holdout"))
        except UnsupportedError as error:
            yield _failed("holdout", error)
            return
        is_same = all(score.fingerprint in ("", found) for score in stored)
        yield from self._again(model, stored, X, y, None, is_same=is_same, summary=summary)

    def _again(
        self,
        model: Any,
        stored: list[Score],
        X: Any,
        y: Any,
        splitter: Any,
        *,
        is_same: bool,
        summary: Summary,
    ) -> Iterator[Finding]:
        from vitrify.record.scoring.comparing import NoScore, in_range, rerun_all

        check = "holdout" if stored[0].origin == "holdout" else "scores"
        try:
            again = rerun_all(
                model, stored, X, y, groups=self._groups, scoring=self._scoring, cv=splitter, progress=self._progress
            )
        except (StateError, UnsupportedError) as error:
            yield _failed(check, error)
            return
        n_rows = 0 if summary.data is None else summary.data.n_rows
        for score, now in zip(stored, again, strict=True):
            name = f"{check}:{cut(score.scorer)}"
            if isinstance(now, NoScore):
                is_failure = now.has_failed and (is_same or check == "holdout")
                yield Finding(check=name, status="fail" if is_failure else "warn", message=now.reason)
                continue
            verdict = in_range(score, now, is_same_data=is_same, n_rows=n_rows)
            yield Finding(
                check=name,
                status="pass" if verdict.is_in_range else "warn" if _is_better(verdict) else "fail",
                expected=_folds(score),
                found=_folds(now),
                message=verdict.message if is_same else f"on other data: {verdict.message}",
            )


def _same_data(data: Data, stored: Sequence[str], table: Table, digests: Sequence[str]) -> Finding:
    found = fingerprint(table, digests)
    differing = sum(old != new for old, new in zip(stored, digests, strict=False))
    if found == data.fingerprint:
        message = "this is the data it was trained on"
    elif differing and len(stored) == len(digests):
        message = f"this is other data: {differing} of {len(digests)} columns differ"
    else:
        message = "this is other data: its values, names or rows differ"
    return Finding(
        check="data",
        status="pass" if found == data.fingerprint else "warn",
        expected=f"{data.n_rows} rows, {cut(data.fingerprint[:16])}",
        found=f"{table.n_rows} rows, {found[:16]}",
        message=message,
    )


def _why_no_probes(summary: Summary) -> str:
    """What is wrong, and what to do instead, as far as the record says."""
    if summary.probes is not None and summary.probes.failed:
        return f"no probes: {no_probes(summary.probes.failed)} - to leave this check out, skip=['probes']"
    do = "capture with probes='synthetic'" if summary.data is not None and summary.probes is None else "dump with X="
    return f"nothing to replay: {do}, or leave this check out with skip=['probes']"


def _failed(check: str, error: VitrifyError) -> Finding:
    return Finding(check=check, status="fail", message=str(error))


def _is_better(verdict: Range) -> bool:
    """Whether the score left its range upwards."""
    return verdict.before is not None and verdict.after is not None and verdict.after > verdict.before


def _folds(score: Score) -> str:
    shown = ", ".join("nan" if value is None else f"{value:.4g}" for value in score.values[:10])
    return shown + (" …" if len(score.values) > 10 else "")
