"""What calls written for pickle, joblib, cloudpickle or skops must say instead: one line for each of their arguments.

Only the error is made here. No argument is translated: a call either means the same under both imports, or raises.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from inspect import Parameter, signature
from io import TextIOBase
from typing import Any, Final

_FORMAT: Final = "pickle's: a glass file has one format; leave it out"
_IMPORTS: Final = "pickle's: a glass file imports nothing; leave it out"
_BUFFERS: Final = "pickle's: a glass file holds all of its bytes; leave it out"
_PYTHON_2: Final = "pickle's, for files of Python 2: text is always UTF-8 here; leave it out"

SAVING: Final = {
    "protocol": _FORMAT,
    "fix_imports": _IMPORTS,
    "buffer_callback": _BUFFERS,
    "cache_size": "joblib's: there is nothing to tune; leave it out",
    "compression": "skops's: use compress=True, or an effort from 1 to 9",
    "compresslevel": "skops's: use compress=, an effort from 1 to 9",
}
LOADING: Final = {
    "fix_imports": _IMPORTS,
    "encoding": _PYTHON_2,
    "errors": _PYTHON_2,
    "buffers": _BUFFERS,
    "mmap_mode": "joblib's: use load(file, mmap=True)",
    "ensure_native_byte_order": "joblib's: arrays keep the byte order that they were saved in; leave it out",
    "trusted": "skops's: use trust=, which takes classes and functions of your own",
}
_BY_POSITION: Final = {
    "dump": "leave pickle's protocol out, and write joblib's compress as compress=",
    "dumps": "leave pickle's protocol out",
    "load": "write joblib's mmap_mode as mmap=True, and skops's trusted as trust=",
    "loads": "write skops's trusted as trust=",
}
ABSENT: Final = {
    "HIGHEST_PROTOCOL": "a glass file has one format; leave protocol= out",
    "DEFAULT_PROTOCOL": "a glass file has one format; leave protocol= out",
    "PickleError": "use vitrify.errors.VitrifyError",
    "PicklingError": "use vitrify.errors.UnsupportedError, which dump raises",
    "UnpicklingError": "use vitrify.errors.VitrifyError",
    "Pickler": "use vitrify.dump",
    "Unpickler": "use vitrify.load",
    "get_untrusted_types": "use vitrify.inspect, whose code names what loading needs",
}


def misuse(function: Callable[..., Any], beyond: tuple[Any, ...], foreign: Iterable[str]) -> TypeError:
    """The error for arguments that a function of ours does not take; it names what to write instead.

    Args:
        function: dump, dumps, load or loads.
        beyond: Arguments by position beyond those that it takes.
        foreign: The names of keyword arguments that it does not take.
    """
    name = function.__name__
    kinds = {parameter.name: parameter.kind for parameter in signature(function).parameters.values()}
    if beyond:
        takes = sum(kind is Parameter.POSITIONAL_OR_KEYWORD for kind in kinds.values())
        return TypeError(
            f"{name}() takes {takes} positional argument{'s' * (takes != 1)} but {takes + len(beyond)} were given; "
            f"{_BY_POSITION[name]}"
        )
    replacements = SAVING if name.startswith("dump") else LOADING
    known = [f"{argument}= is {replacements[argument]}" for argument in foreign if argument in replacements]
    if known:
        return TypeError(". ".join(known))
    from difflib import get_close_matches

    argument = next(iter(foreign))
    ours = [ours for ours, kind in kinds.items() if kind is Parameter.KEYWORD_ONLY]
    near = get_close_matches(argument, ours, n=1)
    hint = f". Did you mean {near[0]!r}?" if near else f". It takes {', '.join(ours)}"
    return TypeError(f"{name}() got an unexpected keyword argument {argument!r}{hint}")


def not_a_file(obj: Any, file: Any) -> TypeError:
    """The error for what `dump` got as a file: neither a path nor a binary file object."""
    if isinstance(file, TextIOBase):
        return TypeError('the file was opened in text mode; open it in binary mode: open(path, "wb")')
    message = f"expected a path or a binary file object, got {type(file).__name__}"
    if isinstance(obj, (str, os.PathLike)) or callable(getattr(obj, "write", None)):
        message += "; dump takes the model first: dump(model, file)"
    return TypeError(message)


def absence(module: object, name: str) -> AttributeError:
    """The error for a name that vitrify does not have; those of pickle and skops come with what to use instead."""
    hint = f"; {ABSENT[name]}" if name in ABSENT else ""
    return AttributeError(f"module 'vitrify' has no attribute {name!r}{hint}", name=name, obj=module)
