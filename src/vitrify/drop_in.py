"""What calls with arguments that are not ours must say instead, in one line.

Those written for pickle, joblib, cloudpickle or skops have a line for each of their arguments; others gave a value of
another kind. Only errors are made here. No argument is translated: a call either means the same under both imports, or
raises.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from inspect import Parameter, signature
from io import TextIOBase
from typing import Any, Final

from vitrify.container.limits import require_limits

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


def require_target(obj: Any, file: Any) -> None:
    """`dump` writes to a path or a binary file object.

    Raises:
        TypeError: It got something else, perhaps both in the other order.
    """
    if isinstance(file, TextIOBase):
        raise TypeError('the file was opened in text mode; open it in binary mode: open(path, "wb")')
    if isinstance(file, (str, bytes, os.PathLike)) or callable(getattr(file, "write", None)):
        return
    message = f"expected a path or a binary file object, got {type(file).__name__}"
    if isinstance(obj, (str, os.PathLike)) or callable(getattr(obj, "write", None)):
        message += "; dump takes the model first: dump(model, file)"
    raise TypeError(message)


def require_bytes(data: object) -> None:
    """`loads` takes bytes, of any kind that a memoryview may look at.

    Raises:
        TypeError: It got something else.
    """
    try:
        memoryview(data).release()  # type: ignore[arg-type]  # that is the question
    except TypeError:
        message = f"loads() takes the bytes of a file, got {type(data).__name__}; load() takes a path or a file object"
        raise TypeError(message) from None


def require_kinds(limits: object, mmap: object = False) -> None:
    """Two arguments that any value would pass for: a text is true, and anything may have the fields of limits.

    Raises:
        TypeError: One is of another kind.
    """
    require_limits(limits)
    if not isinstance(mmap, bool):
        raise TypeError(f"mmap= takes a bool, got {mmap!r:.40}; joblib's mmap_mode= is mmap=True")


def absence(module: object, name: str) -> AttributeError:
    """The error for a name that vitrify does not have; those of pickle and skops come with what to use instead."""
    hint = f"; {ABSENT[name]}" if name in ABSENT else ""
    return AttributeError(f"module 'vitrify' has no attribute {name!r}{hint}", name=name, obj=module)
