"""Save a trained model as a glass file and load it again: inert, see-through, durable.

vitrify.dump(model, "churn.glass")
model = vitrify.load("churn.glass")
"""

import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any

from vitrify import errors
from vitrify._version import __version__
from vitrify.api import dump, dumps, load, loads
from vitrify.container.limits import LIMITS, Limits
from vitrify.drop_in import absence
from vitrify.graph.converter import Converter

if TYPE_CHECKING:
    from vitrify.inspection import inspect
    from vitrify.record.capturing import Record, capture
    from vitrify.verification import Report, check_input, rebuild, verify

__all__ = [
    "LIMITS",
    "Converter",
    "Limits",
    "Record",
    "Report",
    "__version__",
    "capture",
    "check_input",
    "dump",
    "dumps",
    "errors",
    "inspect",
    "load",
    "loads",
    "rebuild",
    "verify",
]
_LATER = {
    "inspect": "vitrify.inspection",
    "inspection": "vitrify.inspection",
    "Record": "vitrify.record.capturing",
    "capture": "vitrify.record.capturing",
    "Report": "vitrify.verification",
    "check_input": "vitrify.verification",
    "rebuild": "vitrify.verification",
    "verify": "vitrify.verification",
}

if not TYPE_CHECKING:  # A checker would take every name for one that exists.

    def __getattr__(name: str) -> Any:
        """What is imported at first use; an error for every other name."""
        if name not in _LATER:
            raise absence(sys.modules[__name__], name)
        module = import_module(_LATER[name])
        if _LATER[name] != f"vitrify.{name}":
            globals()[name] = getattr(module, name)
        return globals()[name]

    def __dir__() -> list[str]:
        return sorted({*globals(), *__all__})
