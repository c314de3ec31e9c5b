"""Save a trained model as a glass file and load it again: inert, see-through, durable.

vitrify.dump(model, "churn.glass")
model = vitrify.load("churn.glass")
"""

import sys
from typing import TYPE_CHECKING, Any

from vitrify import errors
from vitrify._version import __version__
from vitrify.api import dump, dumps, load, loads
from vitrify.container.limits import LIMITS, Limits
from vitrify.drop_in import absence
from vitrify.graph.converter import Converter

if TYPE_CHECKING:
    from vitrify.inspection import inspect

__all__ = ["LIMITS", "Converter", "Limits", "__version__", "dump", "dumps", "errors", "inspect", "load", "loads"]

if not TYPE_CHECKING:  # A checker would take every name for one that exists.

    def __getattr__(name: str) -> Any:
        """`inspect` and its package, imported at first use; an error for every other name."""
        if name not in ("inspect", "inspection"):
            raise absence(sys.modules[__name__], name)
        from vitrify.inspection import inspect

        globals()["inspect"] = inspect
        return globals()[name]

    def __dir__() -> list[str]:
        return sorted({*globals(), *__all__})
