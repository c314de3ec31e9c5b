"""Made-up rows as a table of pandas: the same columns, dtypes and categories as the training data."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from vitrify.record.data.tables import Column, is_nothing, read_table
from vitrify.record.probing.draws import Draws, as_dtype


def made_frame(read: Any, draws: Draws) -> Any:
    """Rows like those of a DataFrame or a Series.

    Raises:
        ValueError: It has a column of which no values can be made.
    """
    import pandas as pd

    frame = read.to_frame() if read.ndim == 1 else read
    is_alone = read.ndim == 1
    dtypes = list(frame.dtypes)
    plain = [i for i, dtype in enumerate(dtypes) if isinstance(dtype, np.dtype) and dtype.kind in "iuf"]
    numbers = draws.matrix(frame.iloc[:, plain].to_numpy(), is_alone=is_alone)
    columns = {i: as_dtype(numbers[:, k], dtypes[i]) for k, i in enumerate(plain)}
    others = [i for i in range(len(dtypes)) if i not in columns]
    for i, column in zip(others, read_table(frame.iloc[:, others]).columns, strict=True):
        columns[i] = _series(frame.iloc[:, i], column, draws, is_alone=is_alone)
    made = pd.DataFrame({i: columns[i] for i in range(len(dtypes))}, index=pd.RangeIndex(draws.n_rows))
    made.columns = frame.columns
    return made.iloc[:, 0] if is_alone else made


def made_series(rows: list[Any], source: Any) -> Any:
    """Texts or dicts as a Series like `source`."""
    import pandas as pd

    return pd.Series(rows, dtype=source.dtype, name=source.name)


def _series(read: Any, column: Column, draws: Draws, *, is_alone: bool) -> Any:
    is_missing = draws.gaps(float(column.read(0, len(read)).is_missing.mean()))
    if column.categories is not None:
        return _categories(read.dtype, is_missing, draws)
    values = draws.column(column, len(read), is_alone=is_alone)
    try:
        return _of_dtype(read, values, is_missing)
    except (TypeError, ValueError) as error:
        raise ValueError(f"no values can be made for the column {column.name!r} of {read.dtype} ({error})") from error


def _categories(dtype: Any, is_missing: npt.NDArray[np.bool_], draws: Draws) -> Any:
    import pandas as pd

    codes = draws.pick(len(dtype.categories), draws.n_rows) if len(dtype.categories) else np.full(draws.n_rows, -1)
    return pd.Series(pd.Categorical.from_codes(np.where(is_missing, -1, codes), dtype=dtype))


def _of_dtype(read: Any, values: npt.NDArray[Any], is_missing: npt.NDArray[np.bool_]) -> Any:
    """A Series of the dtype of `read`; nothing where a value is missing."""
    import pandas as pd

    dtype = read.dtype
    if hasattr(dtype, "tz"):
        moments = pd.Series(values).dt.tz_localize("UTC").dt.tz_convert(dtype.tz)
        return moments.mask(is_missing).astype(dtype)
    if isinstance(dtype, np.dtype) and dtype.kind == "b":
        return pd.Series(values.astype(dtype))
    if isinstance(dtype, np.dtype) and dtype.kind in "cmM":
        return pd.Series(values.astype(dtype)).mask(is_missing)
    listed = _listed(values, read)
    nothing = next((value for value in read.tolist() if is_nothing(value)), None) if dtype == np.dtype(object) else None
    return pd.Series([nothing if gone else value for value, gone in zip(listed, is_missing, strict=True)], dtype=dtype)


def _listed(values: npt.NDArray[Any], read: Any) -> list[Any]:
    """The values as Python's own; whole numbers where the training data has these."""
    present = [value for value in read.tolist() if not is_nothing(value) and isinstance(value, (int, float))]
    if values.dtype.kind == "f" and present and all(isinstance(value, int) for value in present):
        return [int(value) for value in np.rint(np.nan_to_num(values)).tolist()]
    if values.dtype.kind in "mM":
        import pandas as pd

        return list(pd.Series(values))
    return list(values.tolist())
