"""Capturing what must travel with a model, and finding the model again in what is saved."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec
import numpy as np

from vitrify.errors import UnsupportedError
from vitrify.graph.paths import cut, with_article
from vitrify.record import known_versions
from vitrify.record.attached import Attached
from vitrify.record.data.fingerprint import fingerprint
from vitrify.record.data.schema import schema_part
from vitrify.record.data.statistics import column_statistics, target_statistics, target_summary
from vitrify.record.data.tables import Table, read_table
from vitrify.record.probing.asking import METHODS, output_methods
from vitrify.record.stated import stated_digests, stated_json, stated_text, stated_texts
from vitrify.record.summary import Data, Json, ProbeSummary, Reference, Score, Summary
from vitrify.record.telling import Progress, no_probes, warn_caller

_STATISTICS: Final = ("summary", "full")
_PROBES: Final = ("synthetic", "sample")
_NOT_FITTED: Final = "NotFittedError"
_MAX_DEPTH: Final = 8
Reachable = str | os.PathLike[str]
"""A URI or a path."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """What `capture` found out about a model.

    Attributes:
        summary: The part that stands in the header.
        attached: Statistics, probes and texts.
        model: The model itself, by which it is found in what is saved.
    """

    summary: Summary
    attached: Attached
    model: Any = field(repr=False, compare=False)

    def within(self, saved: Any, libraries: tuple[str, ...]) -> Summary:
        """The summary as it stands in the file of `saved`, whose types come from these libraries.

        Raises:
            UnsupportedError: The model is not in there.
        """
        path = _path_to(self.model, saved, ())
        if path is None:
            raise _no_path(self.model, saved)
        summary = msgspec.structs.replace(self.summary, versions=known_versions(libraries), model_path=path)
        if summary.data is None and not summary.scores:
            return summary
        from vitrify.record.provenance.environment import environment

        return msgspec.structs.replace(summary, environment=environment(libraries))


def capture(
    model: Any,
    X: Any = None,
    y: Any = None,
    *,
    scores: Any = None,
    cv: Any = None,
    scoring: Any = None,
    groups: Any = None,
    holdout: tuple[Any, Any] | None = None,
    probes: str | None = "synthetic",
    statistics: str | None = "summary",
    data: Reachable | tuple[Reachable, str] | None = None,
    source: bool | str = False,
    notes: str = "",
    authors: Iterable[str] = (),
    license: str = "",  # noqa: A002  # the field's word
    extra: Mapping[str, Json] | None = None,
    parents: Iterable[str] = (),
    progress: Progress | None = None,
) -> Record:
    """Note down what a model was trained on, how good it is and what it predicts, to be saved with it.

    Args:
        model: A fitted model.
        X: The data that it was trained on, shape (n_samples, n_features): an array, a DataFrame, a sparse matrix, texts
            or dicts.
        y: The target, shape (n_samples,) or (n_samples, n_outputs).
        scores: What `cross_validate` or `cross_val_score` returned, instead of `cv`.
        cv: How to cross-validate, as scikit-learn takes it: a number of folds, a splitter, or splits; None does not.
        scoring: Scorers by name, or a scorer; with `cv`, `scores` or `holdout`.
        groups: The group of each row, for splitters that want it.
        holdout: X and y that the model has not seen, to be scored.
        probes: `synthetic` keeps made-up rows with the outputs they give, `sample` real rows of X, None nothing.
        statistics: `summary` keeps means and quantiles of the columns, `full` also single values (least, greatest, most
            frequent), None nothing but the schema.
        data: Where the data can be had again: a URI or a path, or that and a version. vitrify never opens it.
        source: True keeps commit and script, `text` also the code itself; see `record.provenance.source`.
        notes: Free text.
        authors: Who made the model.
        license: An SPDX expression.
        extra: Whatever else, as JSON.
        parents: The digests of the models that it was made from, as `inspect` shows them.
        progress: Called after each fold with the number done, the number of all, and the seconds it took.

    Returns:
        The record, for `dump(..., record=record)`.

    Raises:
        UnsupportedError: The model is none, or is not fitted, or the data is no table, or does not belong to it.
        TypeError: Options contradict each other.
    """
    _require_choice("probes", probes, _PROBES)
    _require_choice("statistics", statistics, _STATISTICS)
    _require_model(model)
    _require_fitted(model)
    table = None if X is None else read_table(X)
    target = None if y is None else read_table(y, "y")
    _require_rows(table, target)
    columns: dict[str, Any] = {}
    described = None
    if table is not None:
        _require_columns(model, table)
        columns = column_statistics(table, full=statistics == "full")
        if statistics is None:
            columns = schema_part(columns)
        described = Data(
            form=table.form,
            n_rows=table.n_rows,
            n_columns=table.n_columns,
            fingerprint=fingerprint(table, columns.get("digests")),
            n_missing=int(sum(columns.get("n_missing", ()))),
            reference=_reference(data),
        )
    elif data is not None:
        raise TypeError("data= says where X can be had again: give X, too")
    probed, kept = (None, {}) if table is None or probes is None else _probe(model, table, probes)
    if probed is not None and not kept:
        _tell_no_probes(model, probed)
    found_source, texts = (None, {}) if not source else _source(source, model)
    summary = Summary(
        versions={},
        data=described,
        target=None if target is None else target_summary(target, _is_classifier(model)),
        scores=_scores(model, X, y, cv, scoring, scores, groups, holdout, progress),
        probes=probed,
        source=found_source,
        notes=stated_text(notes, "notes"),
        authors=stated_texts(authors, "authors"),
        license=stated_text(license, "license"),
        extra=stated_json(extra, "extra"),
        parents=stated_digests(parents, "parents"),
    )
    attached = Attached(
        columns=columns,
        target={} if target is None or statistics is None else target_statistics(target, full=statistics == "full"),
        probes=kept,
        texts=texts,
    )
    return Record(summary=summary, attached=attached, model=model)


def model_in(saved: Any) -> Any:
    """The one model in what is to be saved: itself, or the only one among the values of a bundle.

    Raises:
        UnsupportedError: There is none, or several.
    """
    if _is_model(saved) or not isinstance(saved, (dict, list, tuple)):
        return saved
    found = [value for value in (saved.values() if isinstance(saved, dict) else saved) if _is_model(value)]
    if len(found) == 1:
        return found[0]
    raise UnsupportedError(
        f"X= belongs to one model, and this {type(saved).__name__} holds {len(found) or 'none'}",
        hint="Give record=vitrify.capture(model, X, y), which says to which",
    )


def _is_model(value: Any) -> bool:
    """Whether it predicts, or learns and gives an output: a DataFrame has a `transform`, too."""
    if isinstance(value, type):
        return False
    has = {name for name in ("fit", *METHODS) if callable(getattr(value, name, None))}
    return "predict" in has or ("fit" in has and len(has) > 1)


def _path_to(model: Any, saved: Any, path: tuple[str | int, ...]) -> tuple[str | int, ...] | None:
    if saved is model:
        return path
    if len(path) == _MAX_DEPTH or not isinstance(saved, (dict, list, tuple)):
        return None
    steps = saved.items() if isinstance(saved, dict) else enumerate(saved)
    for step, value in steps:
        if _is_named(step) and (found := _path_to(model, value, (*path, step))) is not None:
            return found
    return None


def _is_named(step: object) -> bool:
    """Whether a record can name a key: texts that can be written, and integers."""
    if type(step) is str:
        return not any("\ud800" <= character <= "\udfff" for character in step)
    return type(step) is int


def _no_path(model: Any, saved: Any) -> UnsupportedError:
    """Why a record cannot say where the model lies in what is saved."""
    kind = type(model).__name__
    steps = _steps_to(model, saved)
    if steps is None:
        return UnsupportedError(
            f"record= was captured from another {kind} than the one that is saved",
            hint="Capture the very object that you save, after its last fit",
        )
    strange = [step for step in steps if not _is_named(step)]
    if strange:
        key = f"{type(strange[0]).__name__} ({cut(repr(strange[0]))})"
        return UnsupportedError(
            f"the {kind} of the record lies under a key of type {key}, which no record can name",
            hint="Use a text as the key",
        )
    return UnsupportedError(
        f"the {kind} of the record lies {len(steps)} levels deep, and a record names at most {_MAX_DEPTH}",
        hint="Save it nearer to the root",
    )


def _steps_to(model: Any, saved: Any) -> tuple[Any, ...] | None:
    """The keys of any type, and positions, that lead to the model; None if it is not there."""
    seen = {id(saved)}
    waiting: list[tuple[tuple[Any, ...], Any]] = [((), saved)] if isinstance(saved, (dict, list, tuple)) else []
    for steps, holder in waiting:
        for step, value in holder.items() if isinstance(holder, dict) else enumerate(holder):
            if value is model:
                return *steps, step
            if isinstance(value, (dict, list, tuple)) and id(value) not in seen:
                seen.add(id(value))
                waiting.append(((*steps, step), value))
    return None


def _require_choice(name: str, value: object, choices: tuple[str, ...]) -> None:
    if value is not None and value not in choices:
        shown = ", ".join(map(repr, choices))
        raise ValueError(f"{name}= is {shown} or None, got {value!r}")


def _require_model(model: Any) -> None:
    """There must be something that learns, or gives an output."""
    if isinstance(model, type):
        name = model.__name__
        raise UnsupportedError(f"{name} is a class, not a model", hint=f"Make one, as with {name}(), and fit it")
    if callable(getattr(model, "fit", None)) or output_methods(model):
        return
    hint = "Give the fitted model"
    if isinstance(model, (dict, list, tuple)):
        steps = model.items() if isinstance(model, dict) else enumerate(model)
        found = [step for step, value in steps if _is_model(value)]
        inside = f"bundle[{cut(repr(found[0]))}]" if found else "model"
        hint = f"Give vitrify.capture({inside}, …), and the whole {type(model).__name__} to dump"
    raise UnsupportedError(
        f"this {type(model).__name__} is no model: it has neither fit nor a method that gives outputs", hint=hint
    )


def _require_fitted(model: Any) -> None:
    """What can say whether it is fitted must say so; others show it when they are asked for outputs."""
    kind = type(model)
    if hasattr(kind, "__sklearn_is_fitted__") and not model.__sklearn_is_fitted__():
        raise _not_fitted(model)
    if not kind.__module__.startswith("sklearn.") or not hasattr(kind, "fit"):
        return
    from sklearn.exceptions import NotFittedError
    from sklearn.utils.validation import check_is_fitted

    try:
        check_is_fitted(model)
    except NotFittedError as error:
        raise _not_fitted(model) from error


def _not_fitted(model: Any) -> UnsupportedError:
    return UnsupportedError(
        f"this {type(model).__name__} is not fitted: there is nothing to capture", hint="Fit it first"
    )


def _tell_no_probes(model: Any, probed: ProbeSummary) -> None:
    """Warn that nothing will show that the model is the same.

    Raises:
        UnsupportedError: It is for want of a fit.
    """
    if all(why.partition(":")[0].endswith(_NOT_FITTED) for why in probed.failed.values()):
        raise _not_fitted(model)
    warn_caller(
        f"no probes are kept, so nothing will show that this {type(model).__name__} still predicts the same: "
        f"{no_probes(probed.failed)}"
    )


def _require_rows(table: Table | None, target: Table | None) -> None:
    if table is not None and table.n_rows == 0:
        raise UnsupportedError("X has no rows", hint="Give the data that the model was trained on")
    if target is None:
        return
    if table is None:
        raise TypeError("y= was given without X=")
    if target.n_rows != table.n_rows:
        raise UnsupportedError(f"X has {table.n_rows} rows and y {target.n_rows}", hint="Give the X and y of one fit")


def _require_columns(model: Any, table: Table) -> None:
    """X must have the columns that scikit-learn noted down when the model was fitted."""
    if table.form in ("texts", "records"):
        return
    kind, hint = type(model).__name__, "Give the X that it was fitted on"
    n_columns = getattr(model, "n_features_in_", None)
    if isinstance(n_columns, (int, np.integer)) and n_columns != table.n_columns:
        raise UnsupportedError(f"X has {table.n_columns} columns, and this {kind} was fitted on {n_columns}", hint=hint)
    fitted = getattr(model, "feature_names_in_", None)
    if fitted is None or table.form != "frame":
        return
    for i, (column, name) in enumerate(zip(table.columns, fitted, strict=False)):
        if column.name != name:
            raise UnsupportedError(
                f"column {i} of X is {cut(str(column.name))!r}, and this {kind} was fitted on {cut(str(name))!r} there",
                hint=hint,
            )


def _is_classifier(model: Any) -> bool:
    return hasattr(model, "classes_") or getattr(model, "_estimator_type", None) == "classifier"


def _reference(data: Any) -> Reference | None:
    """What names the data.

    Raises:
        TypeError: It is neither a URI or a path, nor a pair.
        UnsupportedError: It is empty, or no text.
    """
    if data is None:
        return None
    given = data if isinstance(data, (tuple, list)) else (data, "")
    if len(given) != 2 or not isinstance(given[0], (str, os.PathLike)):
        shown = f"{with_article(type(data).__name__)}"
        if isinstance(data, (tuple, list)):
            shown += " of " + (", ".join(type(part).__name__ for part in data) or "nothing")
        raise TypeError(f"data= is a URI or a path, or a pair of that and its version, got {shown}")
    uri, version = given
    text = stated_text(os.fspath(uri) if isinstance(uri, os.PathLike) else uri, "data")
    if not text:
        raise UnsupportedError("data is an empty text", hint="Give a URI or a path, or leave it out")
    return Reference(uri=text, version=stated_text(version, "the version of data"))


def _probe(model: Any, table: Table, origin: str) -> tuple[Any, dict[str, Any]]:
    from vitrify.record.probing.probes import make_probes

    return make_probes(model, table, origin=origin)  # type: ignore[arg-type]  # checked before


def _source(mode: bool | str, model: Any) -> tuple[Any, dict[str, str]]:
    from vitrify.record.provenance.source import source

    return source(mode, model)


def _scores(
    model: Any, X: Any, y: Any, cv: Any, scoring: Any, scores: Any, groups: Any, holdout: Any, progress: Any
) -> tuple[Score, ...]:
    from vitrify.record.scoring.scores import capture_scores

    is_pair = isinstance(holdout, (tuple, list)) and len(holdout) == 2  # what is none is told by capture_scores
    return capture_scores(
        model,
        X,
        y,
        cv=cv,
        scoring=scoring,
        scores=scores,
        groups=groups,
        holdout=holdout,
        progress=progress,
        fingerprint=fingerprint(read_table(holdout[0], "the holdout")) if is_pair else "",
    )
