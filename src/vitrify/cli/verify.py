"""`vitrify verify` and `vitrify check-input`: is it still the same model, and does this data fit it?"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from vitrify.cli.data import as_trained, features_and_target, read_data
from vitrify.cli.options import AsJson, Debug, Groups, Target, Trust, UsageError
from vitrify.cli.screen import console, styled

if TYPE_CHECKING:
    from vitrify.verification import Report

_STYLES = {"pass": "green", "warn": "yellow", "fail": "red"}


def verify_file(
    file: Annotated[str, typer.Argument(metavar="FILE", help="A glass file.")],
    data: Annotated[str, typer.Option("--data", metavar="TABLE", help="Training data: .parquet, .csv or .npz.")] = "",
    target: Target = "",
    groups: Groups = "",
    skip: Annotated[
        list[str] | None,
        typer.Option("--skip", metavar="CHECK", help="versions, probes, data, schema, target, scores, holdout."),
    ] = None,
    no_cv: Annotated[bool, typer.Option("--no-cv", help="Do not fit models again to compare scores.")] = False,
    trust: Trust = None,
    as_json: AsJson = False,
    _debug: Debug = False,
) -> None:
    """Check that a file is whole, that its model predicts what it did, and with --data that its scores still hold.

    Exit code 1 if a check failed.
    """
    from vitrify.verification import verify  # here: other verbs need not wait for it

    if (target or groups) and not data:
        raise UsageError("--target and --groups name columns of --data")
    X, y, by = features_and_target(read_data(data), target, groups) if data else (None, None, None)
    try:
        report = verify(
            file,
            as_trained(X, file),
            y,
            groups=by,
            cv=not no_cv,
            skip=tuple(skip or ()),
            trust=tuple(trust or ()),
            progress=fold_progress(as_json),
        )
    except ValueError as error:
        if type(error) is not ValueError:
            raise
        raise UsageError(str(error)) from error
    if as_json:
        sys.stdout.write(json.dumps(_plain(report), indent=2) + "\n")
    else:
        _print(report)
    if not report.ok:
        raise typer.Exit(1)


def check_input_file(
    file: Annotated[str, typer.Argument(metavar="FILE", help="A glass file.")],
    data: Annotated[str, typer.Argument(metavar="TABLE", help="Data for its model: .parquet, .csv or .npz.")],
    target: Annotated[str, typer.Option("--target", metavar="COLUMN", help="A column that is no input.")] = "",
    as_json: AsJson = False,
    _debug: Debug = False,
) -> None:
    """List everything of a table that does not fit what the model of a file expects.

    Exit code 1 if something does not.
    """
    from vitrify.verification import check_input

    X, _, _ = features_and_target(read_data(data), target, "")
    found = check_input(file, as_trained(X, file))
    if as_json:
        sys.stdout.write(json.dumps([asdict(one) for one in found], indent=2, default=str) + "\n")
    else:
        page = console()
        for one in found:
            page.print(styled(f"{one.severity}: {one.message}"), soft_wrap=True)
        if not found:
            page.print("the data fits what the model expects")
    if any(one.severity != "note" for one in found):
        raise typer.Exit(1)


def fold_progress(as_json: bool) -> Any:
    """What shows the folds of cross-validation as they are done; None where nobody looks."""
    if as_json or not sys.stderr.isatty():
        return None

    def show(done: int, total: int, seconds: float) -> None:
        sys.stderr.write(f"\rcross-validation: fold {done} of {total}, {seconds:.1f} s" + "\n" * (done == total))

    return show


def _plain(report: Report) -> dict[str, Any]:
    return {"file": report.file, "ok": report.ok, "findings": [asdict(finding) for finding in report.findings]}


def _print(report: Report) -> None:
    page = console()
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    for finding in report.findings:
        table.add_row(
            styled(finding.status, _STYLES[finding.status]), styled(finding.check, "bold"), styled(finding.message)
        )
        if finding.status != "pass" and (finding.expected or finding.found):
            table.add_row("", "", styled(f"expected {finding.expected}; found {finding.found}", "dim"))
    page.print(table)
    page.print(styled(f"{report.file}: {'ok' if report.ok else 'NOT the same'}", _STYLES[report.worst]))
