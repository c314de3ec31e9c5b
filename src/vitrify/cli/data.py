"""Tables from the caller's own files, for verbs that compare a model with data."""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from vitrify.cli.options import UsageError


def read_data(path: str) -> Any:
    """A DataFrame from .parquet or .csv, or arrays by name from .npz.

    Raises:
        UsageError: The file is of another kind, or what reads it is not installed.
        OSError: It cannot be read.
    """
    kind = os.path.splitext(path)[1].lower()
    if kind == ".npz":
        with np.load(path, allow_pickle=False) as found:  # noqa: TID251  # the caller's own arrays, without pickle
            return {name: found[name] for name in found.files}
    if kind not in (".parquet", ".csv"):
        raise UsageError(f"{path}: data is a .parquet, .csv or .npz file")
    try:
        import pandas as pd

        return pd.read_parquet(path) if kind == ".parquet" else pd.read_csv(path)
    except ImportError as error:
        raise UsageError(f"{path}: reading it needs pandas" + (" and pyarrow" if kind == ".parquet" else "")) from error
    except ValueError as error:
        raise UsageError(f"{path}: {error}") from error


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
