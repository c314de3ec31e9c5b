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
from vitrify.inspection import inspect, read_array

_MAX_JSON_VALUES = 10_000


def inspect_file(
    file: Annotated[str, typer.Argument(metavar="FILE", help="A glass file, or - for standard input.")],
    as_json: AsJson = False,
    array: Annotated[
        str, typer.Option("--array", metavar="PATH", help="Print this array, such as steps.1.1.coef_.")
    ] = "",
    out: Annotated[str, typer.Option("--out", metavar="FILE.npy", help="With --array: write it there instead.")] = "",
    force: Annotated[bool, typer.Option("--force", help="With --out: replace a file that exists.")] = False,
    show_all: Annotated[bool, typer.Option("--all", help="Show every array and every attribute.")] = False,
    _debug: Debug = False,
) -> None:
    """Show what a glass file holds: parts, parameters, sizes, arrays, versions, and the code it would need.

    Nothing in the file is run or built, and no machine-learning library is needed.
    """
    if not array:
        if out or force:
            raise UsageError("--out and --force go with --array")
        summary = inspect(_input(file))
        if as_json:
            sys.stdout.write(summary.to_json() + "\n")
        else:
            print_summary(console(), summary, "standard input" if file == "-" else os.path.basename(file), show_all)
        return
    if force and not out:
        raise UsageError("--force goes with --out")
    if out and not force and Path(out).exists():
        raise UsageError(f"{out} exists; --force replaces it")
    found = read_array(_input(file), array)
    if out:
        _save(found, Path(out), force=force)
        console().print(f"{visible(out)}: {describe_array(found)}", soft_wrap=True)
    elif as_json:
        sys.stdout.write(json.dumps(_array_json(array, found, show_all), allow_nan=False) + "\n")
    else:
        print_array(console(), found, show_all)


def _input(file: str) -> str | BinaryIO:
    return sys.stdin.buffer if file == "-" else file


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
