"""Does this data fit what the model was trained on? Everything that does not, at once."""

from __future__ import annotations

from typing import Any

from vitrify.container.limits import LIMITS, Limits
from vitrify.container.reader import FileLike, open_glass
from vitrify.errors import UnsupportedError
from vitrify.record.attached import read_attached
from vitrify.record.data.schema import Misfit, Schema, misfits
from vitrify.record.data.tables import read_table
from vitrify.record.summary import read_summary


def check_input(file: FileLike, X: Any, *, limits: Limits = LIMITS) -> list[Misfit]:
    """What of X does not fit the model of a file, without loading it.

    That is columns that are missing, extra, renamed or in another order, other types, and categories that the model has
    not seen.

    Args:
        file: A path or a binary file object.
        X: The data, in any form that `capture` takes.
        limits: Bounds on what the file may ask for.

    Returns:
        All misfits, none where everything fits.

    Raises:
        UnsupportedError: The file does not say what its model expects, or X is no table.
        FormatError: It is not one whole, undamaged glass file.
    """
    with open_glass(file, limits) as opened:
        summary = read_summary(opened.header.metadata.record)
        if summary.data is None:
            raise UnsupportedError("the file does not say what its model expects", hint="Save it with X=")
        schema = Schema.of(read_attached(opened, limits).columns, summary.data)
    return misfits(schema, read_table(X))
