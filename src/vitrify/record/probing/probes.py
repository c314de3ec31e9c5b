"""Rows of input with the outputs that they gave, and whether a model still gives them.

The rows are made up unless the caller asks for real ones: they have the form, names, dtypes and categories of the
training data, and numbers drawn between its quantiles. No value of it is among them that the model does not hold
itself. Nothing is fitted, and the model is left as it was.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np

from vitrify.errors import FormatError
from vitrify.graph.parameters import opens_files
from vitrify.record.data.tables import Table
from vitrify.record.probing.asking import answers, copied, is_kept, output_methods, undisturbed
from vitrify.record.probing.comparing import Tolerance, compare
from vitrify.record.probing.draws import WAYS, Draws
from vitrify.record.probing.known import Known, known_to, objects_in
from vitrify.record.probing.margins import compare_labels
from vitrify.record.probing.rows import made_rows, ordered_like, spaced
from vitrify.record.summary import ProbeSummary
from vitrify.record.telling import told

_UNSTABLE: Final = "not deterministic"
MAX_ROWS: Final = 10_000
_MAX_BYTES: Final = 1 << 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of asking a method again.

    Attributes:
        method: Its name.
        status: `equal` bit for bit, `close` within the tolerance, `different`, `missing` (the model has no such
            method), or `raised`.
        n_different: How many values differ; for `different`, how many by more than is allowed.
        largest: The largest absolute difference, where it is a finite number.
        where: The position of that value: row, column.
        message: In words, with the tolerance.
    """

    method: str
    status: str
    n_different: int = 0
    largest: float | None = None
    where: tuple[int, ...] | None = None
    message: str = ""


def make_probes(
    model: Any, table: Table, *, origin: Literal["synthetic", "sample"] = "synthetic", n_rows: int = 32
) -> tuple[ProbeSummary, dict[str, Any]]:
    """Rows of input, and what each output method of a fitted model gives for them.

    A model that refuses the made-up rows gets milder ones: without missing values, then near the mean.

    Args:
        model: Anything with methods that take rows: `predict`, `transform` …
        table: The training data.
        origin: `synthetic` for made-up rows, `sample` for rows of the training data at even distances.
        n_rows: How many.

    Returns:
        What stands in the summary, and `X` with `outputs`, method → output; empty where no output could be kept.
    """
    known = known_to(model)
    methods = output_methods(model)
    failed: dict[str, str] = {}
    if any(map(opens_files, known.objects)):
        failed = {"X": "the model opens the files whose names it is given, and a record names none to open"}
    elif not methods:
        failed = {"predict": "the model has no method that gives an output for rows alone"}
    if failed:
        return ProbeSummary(n_rows=0, origin=origin, methods=(), failed=failed), {}
    with undisturbed(known.objects):
        if origin == "sample":
            X = _sample(table, n_rows)
            outputs, failed = answers(methods, X)
        else:
            X, outputs, failed = _asked(methods, table, known, n_rows)
        if outputs and not is_kept(X):
            outputs, failed = {}, {"X": "the rows hold values that no record keeps"}
    n_made = (X.shape[0] if hasattr(X, "shape") else len(X)) if outputs else 0
    summary = ProbeSummary(n_rows=n_made, origin=origin, methods=tuple(outputs), failed=failed)
    return summary, {"X": X, "outputs": outputs} if outputs else {}


def _asked(
    methods: dict[str, Any], table: Table, known: Known, n_rows: int
) -> tuple[Any, dict[str, Any], dict[str, str]]:
    """The first rows for which every method gives something, else those for which most do."""
    best: tuple[Any, dict[str, Any], dict[str, str]] | None = None
    for way in WAYS:
        try:
            X = made_rows(table, Draws(way, known, n_rows))
        except ValueError as error:
            return None, {}, {"X": told(error)}
        if best is not None:
            refused = {name: methods[name] for name, why in best[2].items() if not why.startswith(_UNSTABLE)}
            if not answers(refused, X)[0]:
                continue
        outputs, failed = answers(methods, X)
        if best is None or len(outputs) > len(best[1]):
            best = X, outputs, failed
        if all(why.startswith(_UNSTABLE) for why in best[2].values()):
            break
    assert best is not None
    return best


def _sample(table: Table, n_rows: int) -> Any:
    rows, source = spaced(table.n_rows, n_rows), table.source
    if hasattr(source, "iloc"):
        taken = source.iloc[rows].copy()
        taken.attrs = {}  # the caller's own notes, which are no rows
        return taken
    if isinstance(source, np.ndarray):
        return ordered_like(source[rows], source)
    return copied(table.take(rows))


def replay(model: Any, probes: dict[str, Any], *, rtol: float = 1e-6, atol: float = 1e-9) -> list[Outcome]:
    """One outcome for each method whose output was kept.

    Only methods that the model itself offers for rows are called, whatever names the probes hold.

    Args:
        model: The model of now.
        probes: What `make_probes` gave.
        rtol: How far a number may be from the stored one, as a part of that.
        atol: The same, absolute. Labels are compared only where the stored scores decide by more than that.

    Raises:
        FormatError: The probes are not what `make_probes` gives.
    """
    if not probes:
        return []
    outputs: Any = probes.get("outputs")
    is_named = type(outputs) is dict and len(outputs) > 0 and all(type(name) is str for name in outputs)
    if set(probes) != {"X", "outputs"} or not is_named:
        raise FormatError("the probes of the record are not rows with outputs, as SPEC.md §7 describes them")
    _require_few(probes["X"])
    tolerance = Tolerance(rtol=rtol, atol=atol)
    methods = output_methods(model)
    with undisturbed(list(objects_in(model))):
        return [_outcome(name, methods.get(name), probes["X"], outputs, tolerance) for name in outputs]


def _require_few(X: Any) -> None:
    """Rows that views repeat take no bytes in a file, and all of them in a copy.

    Raises:
        FormatError: They are no rows, or more than anybody looks at.
    """
    if not (isinstance(X, list) or hasattr(X, "copy")):
        raise FormatError("the probes of the record have no rows of input")
    shape = (len(X),) if isinstance(X, list) else X.shape
    if shape and (shape[0] > MAX_ROWS or (isinstance(X, np.ndarray) and X.nbytes > _MAX_BYTES)):
        raise FormatError(f"the probes of the record are rows of the shape {shape}, more than are replayed")


def _outcome(name: str, method: Any, X: Any, outputs: dict[str, Any], tolerance: Tolerance) -> Outcome:
    if method is None:
        return Outcome(method=name, status="missing", message="the model has no such method")
    try:
        found = method(copied(X))
    except Exception as error:  # noqa: BLE001  # what a model can raise has no end
        return Outcome(method=name, status="raised", message=told(error))
    compared = (
        compare_labels(outputs, found, tolerance) if name == "predict" else compare(outputs[name], found, tolerance)
    )
    return Outcome(
        method=name,
        status=compared.status,
        n_different=compared.n_different,
        largest=compared.largest,
        where=compared.where,
        message=compared.message or "equal bit for bit",
    )
