"""`vitrify inspect`: what a file says, without loading it."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Annotated, Any, BinaryIO

import numpy as np
import numpy.typing as npt
import typer

from vitrify.cli.options import AsJson, Debug, UsageError
from vitrify.cli.render import describe_array, print_array, print_summary
from vitrify.cli.screen import console, visible
from vitrify.inspection import inspect, read_array, read_attached

_MAX_JSON_VALUES = 10_000


def inspect_file(
    file: Annotated[str, typer.Argument(metavar="FILE", help="A glass file, or - for standard input.")],
    as_json: AsJson = False,
    array: Annotated[
        str | None,
        typer.Option(
            "--array",
            metavar="PATH",
            help="Print this array, such as steps.1.1.coef_; as JSON without the values if it has more than 10,000, "
            "unless --all is given.",
        ),
    ] = None,
    out: Annotated[
        str | None, typer.Option("--out", metavar="FILE.npy", help="With --array: write it there instead.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="With --out: replace a file that exists.")] = False,
    source: Annotated[bool, typer.Option("--source", help="Print the code that the record attaches.")] = False,
    columns: Annotated[bool, typer.Option("--columns", help="Print what is known of the training data.")] = False,
    show_all: Annotated[bool, typer.Option("--all", help="Show every array, attribute and column.")] = False,
    _debug: Debug = False,
) -> None:
    """Show what a glass file holds: parts, parameters, sizes, arrays, versions, and the code it would need.

    Nothing in the file is run or built, and no machine-learning library is needed.
    """
    if source or columns:
        if array is not None or out is not None or force or (source and columns):
            raise UsageError("--source, --columns and --array are asked for one at a time")
        _print_attached(_input(file), wants_columns=columns, as_json=as_json, show_all=show_all)
        return
    if array is None:
        if out is not None or force:
            raise UsageError("--out and --force go with --array")
        summary = inspect(_input(file))
        if as_json:
            sys.stdout.write(summary.to_json() + "\n")
        else:
            print_summary(console(), summary, "standard input" if file == "-" else os.path.basename(file), show_all)
        return
    if force and out is None:
        raise UsageError("--force goes with --out")
    if out is not None:
        _require_target(out, force=force)
    found = read_array(_input(file), array)
    if out is not None:
        _save(found, Path(out), force=force)
        console().print(f"{visible(out)}: {describe_array(found)}", soft_wrap=True)
    elif as_json:
        sys.stdout.write(json.dumps(_array_json(array, found, show_all), allow_nan=False) + "\n")
    else:
        print_array(console(), found, show_all)


def _print_attached(file: str | BinaryIO, *, wants_columns: bool, as_json: bool, show_all: bool) -> None:
    from vitrify.cli.attached import known_columns, print_columns, print_texts

    data = file if isinstance(file, str) else file.read()
    attached = read_attached(data)
    if not wants_columns and not as_json:
        print_texts(console(), attached)
        return
    known = known_columns(attached, inspect(data).record) if wants_columns else {}
    if as_json:
        found: dict[str, Any] = {"columns": {}, "target": {}} | known if wants_columns else {"texts": attached.texts}
        sys.stdout.write(json.dumps(found, allow_nan=False, indent=2) + "\n")
    else:
        print_columns(console(), known, show_all)


def _input(file: str) -> str | BinaryIO:
    return sys.stdin.buffer if file == "-" else file


def _require_target(out: str, *, force: bool) -> None:
    """Refuse what no .npy file can be written to.

    Raises:
        UsageError: It is standard output, a directory, a name that says something else, or a file to be kept.
    """
    if out == "-":
        raise UsageError("--out writes a file, not standard output; --json prints the values")
    if out and Path(out).is_dir():
        raise UsageError(f"{out} is a directory; --out takes the path of a file")
    if Path(out).suffix != ".npy":
        raise UsageError(f"--out writes an .npy file: give it a name that ends in .npy, not {out!r}")
    if not force and Path(out).exists():
        raise UsageError(f"{out} exists; --force replaces it")


def _save(array: npt.NDArray[Any], path: Path, *, force: bool) -> None:
    """Write an .npy file; an old one is replaced only when the new one is whole."""
    if array.dtype.hasobject:
        raise UsageError("an array of Python values cannot be an .npy file without pickle; print it instead")
    target = path.with_name(f".{path.name}.{os.getpid()}.tmp") if force else path
    with open(target, "xb") as stream:
        try:
            np.save(stream, array, allow_pickle=False)
        except BaseException:
            os.unlink(target)
            raise
    if force:
        os.replace(target, path)


def _array_json(path: str, array: npt.NDArray[Any], show_all: bool) -> dict[str, object]:
    """Values of big arrays are left out: `--out` is for those."""
    is_small = show_all or array.size <= _MAX_JSON_VALUES
    return {
        "path": path,
        "dtype": str(array.dtype),
        "shape": list(array.shape),
        "n_bytes": array.nbytes,
        "values": _jsonable(array.tolist()) if is_small else None,
    }


def _jsonable(value: object) -> object:
    """Numbers, texts and lists as they are; what JSON lacks (NaN, complex, dates …) as text."""
    if isinstance(value, (list, tuple)):
        return [_jsonable(item) for item in value]
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, float) and value - value == 0:
        return value
    return str(value)
