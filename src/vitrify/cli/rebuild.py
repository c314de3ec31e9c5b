"""`vitrify rebuild`: the same model, trained anew."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from vitrify.cli.data import as_trained, features_and_target, read_data
from vitrify.cli.options import AsJson, Debug, Groups, Target, Trust, UsageError
from vitrify.cli.screen import console, styled, visible
from vitrify.cli.verify import fold_progress

if TYPE_CHECKING:
    from vitrify.verification import Rebuilt


def rebuild_file(
    file: Annotated[str, typer.Argument(metavar="FILE", help="A glass file.")],
    data: Annotated[str, typer.Option("--data", metavar="TABLE", help="Training data: .parquet, .csv or .npz.")],
    out: Annotated[str, typer.Option("--out", "-o", metavar="FILE", help="Where to save the new model.")],
    target: Target = "",
    groups: Groups = "",
    reference: Annotated[
        str, typer.Option("--reference", metavar="URI", help="Where the data can be had again, for the new record.")
    ] = "",
    trust: Trust = None,
    force: Annotated[bool, typer.Option("--force", help="Replace a file that exists.")] = False,
    as_json: AsJson = False,
    _debug: Debug = False,
) -> None:
    """Train a model again from its stored parameters, compare scores and outputs, and save it with its lineage."""
    from vitrify.verification import rebuild  # here: other verbs need not wait for it
    from vitrify.verification.renewing import require_folder

    require_folder(out)
    if os.path.exists(out) and not force:
        raise UsageError(f"{out} exists; --force replaces it")
    X, y, by = features_and_target(read_data(data), target, groups)
    rebuilt = rebuild(
        file,
        as_trained(X, file),
        y,
        out=out,
        data=reference or None,
        groups=by,
        trust=tuple(trust or ()),
        progress=fold_progress(as_json),
    )
    if as_json:
        sys.stdout.write(json.dumps(_plain(rebuilt), indent=2) + "\n")
    else:
        _print(rebuilt, out)


def _plain(rebuilt: Rebuilt) -> dict[str, Any]:
    return {
        "is_same_data": rebuilt.is_same_data,
        "misfits": [asdict(one) for one in rebuilt.misfits],
        "scores": [
            {
                "scorer": score.before.scorer,
                "before": list(score.before.values),
                "after": None if score.after is None else list(score.after.values),
                "in_range": None if score.range is None else score.range.is_in_range,
                "message": score.message,
            }
            for score in rebuilt.scores
        ],
        "outputs": [asdict(output) for output in rebuilt.outputs],
    }


def _print(rebuilt: Rebuilt, out: str) -> None:
    page = console()
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    table.add_row("data", "the very data of before" if rebuilt.is_same_data else "other data than before, or not known")
    for one in rebuilt.misfits:
        table.add_row(styled("schema", "bold"), styled(f"{one.severity}: {one.message}"))
    for score in rebuilt.scores:
        table.add_row(styled(score.before.scorer, "bold"), styled(score.message))
    for output in rebuilt.outputs:
        table.add_row(styled(output.method, "bold"), styled(output.message))
    page.print(table)
    page.print(f"saved {visible(out)}", soft_wrap=True)
