"""What the installed pandas lacks, in one wording."""

from __future__ import annotations

from typing import Final

import pandas as pd

from vitrify.errors import UnsupportedError

PANDAS: Final = tuple(int(part) for part in pd.__version__.split(".")[:2])
"""The version of pandas that is installed, as (major, minor)."""


def missing_here(what: str, hint: str | None = None) -> UnsupportedError:
    """The error for what other versions of pandas have."""
    return UnsupportedError(
        f"{what} does not exist in the pandas {pd.__version__} installed here",
        hint=hint or "Install the version that wrote the file: vitrify inspect shows it",
    )
