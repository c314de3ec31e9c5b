"""Tables from the caller's own files, for verbs that compare a model with data."""

from __future__ import annotations

import os
import zipfile
import zlib
from typing import Any

import numpy as np

from vitrify.cli.options import UsageError
from vitrify.container.reader import open_glass
from vitrify.errors import VitrifyError
from vitrify.record.summary import read_summary


def read_data(path: str) -> Any:
    """A DataFrame from .parquet or .csv, or arrays by name from .npz.

    Raises:
        UsageError: The file is of another kind, or not what its name says, or what reads it is not installed.
        OSError: It cannot be read.
    """
    kind = os.path.splitext(path)[1].lower()
    if kind == ".npz":
        return _read_npz(path)
    if kind not in (".parquet", ".csv"):
        raise UsageError(f"{path}: data is a .parquet, .csv or .npz file")
    try:
        import pandas as pd

        return pd.read_parquet(path) if kind == ".parquet" else pd.read_csv(path)
    except ImportError as error:
        raise UsageError(f"{path}: reading it needs pandas" + (" and pyarrow" if kind == ".parquet" else "")) from error
    except ValueError as error:
        raise UsageError(f"{path}: {error}") from error


def _read_npz(path: str) -> dict[str, Any]:
    try:
        with np.load(path, allow_pickle=False) as found:  # noqa: TID251  # the caller's own arrays, without pickle
            return {name: found[name] for name in found.files}
    except (ValueError, TypeError, EOFError, RuntimeError, zipfile.BadZipFile, zlib.error) as error:
        raise UsageError(f"{path}: no .npz file of plain arrays, as numpy.savez writes them") from error


def as_trained(X: Any, file: str) -> Any:
    """The rows of a DataFrame as texts or dicts, where the model of a glass file was trained on such; else X itself.

    A cell without a value is a key that the dict does not have.

    Raises:
        UsageError: Texts are missing.
    """
    if not hasattr(X, "columns"):
        return X
    try:
        with open_glass(file) as opened:
            data = read_summary(opened.header.metadata.record).data
    except (VitrifyError, OSError):
        return X  # the verb itself tells what is wrong with the file
    form = "" if data is None else data.form
    if form == "records":
        return [{key: value for key, value in row.items() if value == value} for row in X.to_dict("records")]
    if form != "texts" or len(X.columns) != 1:
        return X
    texts = X.iloc[:, 0].tolist()
    n_missing = sum(not isinstance(text, str) for text in texts)
    if 0 < n_missing < len(texts):
        raise UsageError(f"{n_missing:,} of {len(texts):,} rows of the column {X.columns[0]!r} have no text")
    return X if n_missing else texts


def features_and_target(data: Any, target: str, groups: str) -> tuple[Any, Any, Any]:
    """X, y and groups: of a DataFrame the other columns, and those named; of an .npz its arrays `X`, `y`, `groups`.

    Raises:
        UsageError: There is no such column or array.
    """
    if isinstance(data, dict):
        if "X" not in data:
            raise UsageError(f"the .npz file has {', '.join(sorted(data)) or 'no arrays'}, and no X")
        return data["X"], data.get(target or "y"), data.get(groups or "groups")
    named = [name for name in (target, groups) if name]
    missing = [name for name in named if name not in data.columns]
    if missing:
        raise UsageError(f"the data has no column {missing[0]!r}; it has {', '.join(map(str, data.columns[:20]))}")
    X = data.drop(columns=named)
    return X, data[target] if target else None, data[groups] if groups else None
