"""How pandas converters say no: one wording for what this pandas lacks, and no exception of pandas' own.

pandas raises whatever the code it happens to reach raises, `NotImplementedError` and `AssertionError` among them; for
the reader of a file these all mean that the values cannot belong together.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, Final

import pandas as pd

from vitrify.errors import UnsupportedError, VitrifyError

PANDAS: Final = tuple(int(part) for part in pd.__version__.split(".")[:2])
"""The version of pandas that is installed, as (major, minor)."""


def refusing(decode: Callable[..., Any]) -> Callable[..., Any]:
    """`decode`, but every exception that is none of ours becomes a ValueError."""

    @functools.wraps(decode)
    def guarded(*values: Any) -> Any:
        try:
            return decode(*values)
        except (VitrifyError, MemoryError):
            raise
        except Exception as error:
            raise ValueError(f"{type(error).__name__}: {str(error)[:200]}") from error

    return guarded


def require(condition: object, message: str) -> None:
    """Raise ValueError unless the condition holds."""
    if not condition:
        raise ValueError(message)


def missing_here(what: str, hint: str | None = None) -> UnsupportedError:
    """The error for what other versions of pandas have."""
    return UnsupportedError(
        f"{what} does not exist in the pandas {pd.__version__} installed here",
        hint=hint or "Install the version that wrote the file: vitrify inspect shows it",
    )
