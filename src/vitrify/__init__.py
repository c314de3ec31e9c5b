"""Save a trained model as a glass file and load it again: inert, see-through, durable, fast."""

from vitrify import errors
from vitrify._version import __version__
from vitrify.api import dump, dumps, load, loads

__all__ = ["__version__", "dump", "dumps", "errors", "load", "loads"]
