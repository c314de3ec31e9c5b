"""Save a trained model as a glass file and load it again: inert, see-through, durable.

vitrify.dump(model, "churn.glass")
model = vitrify.load("churn.glass")
"""

from vitrify import errors
from vitrify._version import __version__
from vitrify.api import dump, dumps, load, loads
from vitrify.container.limits import LIMITS, Limits
from vitrify.graph.converter import Converter
from vitrify.inspection import inspect

__all__ = ["LIMITS", "Converter", "Limits", "__version__", "dump", "dumps", "errors", "inspect", "load", "loads"]
