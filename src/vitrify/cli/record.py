"""How the record of a file looks: a line or two for each thing that is known."""

from __future__ import annotations

from collections.abc import Iterator
from math import hypot, sqrt

from rich.text import Text

from vitrify.cli.screen import styled
from vitrify.record.summary import Data, ProbeSummary, Score, Source, Summary, Target

_SHORT_DIGEST = 16
_MOST_CLASSES = 6
_MOST_FOLDS = 10


def record_facts(record: Summary) -> Iterator[tuple[str, Text]]:
    """Labels and lines, in the order in which a reader asks."""
    if record.model_path:
        yield "record of", styled("".join(f"[{step!r}]" for step in record.model_path))
    if record.data is not None:
        yield "trained on", styled(_data(record.data))
        if record.data.reference is not None:
            reference = record.data.reference
            yield "", styled(f"{reference.uri} {reference.version}".rstrip())
    if record.target is not None:
        yield "target", styled(_target(record.target))
    for i, score in enumerate(record.scores):
        yield "" if i else "scores", styled(_score(score))
    if record.probes is not None:
        yield "probes", styled(_probes(record.probes))
    if record.source is not None:
        yield "source", styled(_source(record.source))
    if record.environment is not None:
        where = record.environment
        pinned = f"{len(where.distributions)} distributions pinned: vitrify lock writes them"
        parts = [where.system, where.machine, pinned]
        yield "made on", styled(" · ".join(part for part in parts if part))
    for label, text in (("notes", record.notes), ("authors", ", ".join(record.authors)), ("license", record.license)):
        if text:
            yield label, styled(text)
    for name, value in record.extra.items():
        yield "extra", styled(f"{name}: {value}")
    for parent in record.parents:
        yield "made from", styled(parent)


def _data(data: Data) -> str:
    columns = f" × {data.n_columns:,} columns" if data.n_columns else ""
    missing = f", {data.n_missing:,} values missing" if data.n_missing else ""
    return f"{data.n_rows:,} rows{columns} ({data.form}{missing}), fingerprint {data.fingerprint[:_SHORT_DIGEST]}…"


def _target(target: Target) -> str:
    if target.classes:
        shown = ", ".join(f"{one.label}: {one.n:,}" for one in target.classes[:_MOST_CLASSES])
        return f"{target.n_classes} classes: {shown}" + (", …" if target.n_classes > _MOST_CLASSES else "")
    if target.mean is not None and target.deviation is not None:
        return f"numbers, mean {target.mean:.4g}, standard deviation {target.deviation:.4g}"
    return f"{target.n_outputs} outputs"


def _score(score: Score) -> str:
    values = [value for value in score.values if value is not None]
    how = score.splitter.type.rpartition(".")[2] if score.splitter is not None else score.origin
    if not values:
        return f"{score.scorer}: no fold gave a number ({how})"
    mean = sum(values) / len(values)
    if len(values) == 1:
        return f"{score.scorer} {mean:.4f} ({how})"
    spread = hypot(*(value - mean for value in values)) / sqrt(len(values) - 1)
    folds = ", ".join(f"{value:.4f}" for value in values[:_MOST_FOLDS]) + (" …" if len(values) > _MOST_FOLDS else "")
    return f"{score.scorer} {mean:.4f} ± {spread:.4f} over {len(values)} folds ({how}: {folds})"


def _probes(probes: ProbeSummary) -> str:
    failed = f"; not kept: {', '.join(probes.failed)}" if probes.failed else ""
    return f"{probes.n_rows} {probes.origin} rows with {', '.join(probes.methods)}{failed}"


def _source(source: Source) -> str:
    parts = [source.script, source.remote, source.branch, source.commit[:_SHORT_DIGEST]]
    if source.is_dirty:
        parts.append("changed since that commit")
    if source.texts:
        parts.append(f"{len(source.texts)} texts attached")
    return " · ".join(part for part in parts if part)
