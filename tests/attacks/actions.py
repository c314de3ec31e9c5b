"""What attacks do inside their child: functions that `Attack` names by reference, so they stand in a module."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any
from unittest import mock

import vitrify
from vitrify.container import reader, sources

EVIL = "vitrify_evil_module"
"""A module that exists on `sys.path` only after `put_evil_module_on_path`."""


def put_evil_module_on_path(room: str, *, canary: str) -> None:
    """A module whose import leaves the canary file, and whose class does too."""
    text = (
        f"open({canary!r}, 'w').close()\n\n\nclass C:\n    def __init__(self, *args): open({canary!r}, 'w').close()\n"
    )
    Path(room, f"{EVIL}.py").write_text(text, encoding="utf-8")
    sys.path.insert(0, room)


def load_path(data: bytes, path: str, **keywords: Any) -> Any:
    """`vitrify.load` of the file itself."""
    return vitrify.load(path, **keywords)


def load_stream(data: bytes, path: str, **keywords: Any) -> Any:
    """`vitrify.load` of an open file object."""
    with open(path, "rb") as stream:
        return vitrify.load(stream, **keywords)


def inspect_bytes(data: bytes, path: str) -> Any:
    """`vitrify.inspect` of the bytes."""
    return vitrify.inspect(data)


def load_while_it_changes(data: bytes, path: str, *, change: Callable[[str], None], **keywords: Any) -> Any:
    """`vitrify.load` of a file that changes as soon as its header has been checked."""
    opened = sources.open_path

    def and_change(*arguments: Any) -> Any:
        source = opened(*arguments)
        change(path)
        return source

    with mock.patch.object(reader, "open_path", and_change):
        return vitrify.load(path, **keywords)


def refusals(data: bytes, path: str, *, files: Iterable[bytes]) -> dict[str, int]:
    """How often each error was raised over many files, `loaded` where there was none; others than ours show as such."""
    return dict(sorted(Counter(_refusal(file) for file in files).items()))


def refusals_of_edits(data: bytes, path: str, *, edits: Iterable[Edit]) -> dict[str, int]:
    """The same for one file and many edits of it."""
    return refusals(data, path, files=(edited(data, *edit) for edit in edits))


Edit = tuple[str, int, int]


def edited(data: bytes, how: str, at: int, bit: int) -> bytes:
    """The bytes cut off before `at`, or with one bit there flipped."""
    if how == "cut":
        return data[:at]
    changed = bytearray(data)
    changed[at] ^= 1 << bit
    return bytes(changed)


def _refusal(file: bytes) -> str:
    try:
        vitrify.loads(file)
    except vitrify.errors.VitrifyError as error:
        return type(error).__name__
    except Exception as error:
        return f"NOT OURS {type(error).__name__}: {error}"
    return "loaded"


def use_many(data: bytes, path: str, *, files: Iterable[bytes], X: Any) -> dict[str, int]:
    """How loading and predicting ended over many files."""
    return dict(sorted(Counter(_use(file, X) for file in files).items()))


def _use(file: bytes, X: Any) -> str:
    refusal = _refusal(file)
    if refusal != "loaded":
        return refusal
    try:
        vitrify.loads(file).predict(X)
    except Exception as error:
        return f"loaded, then {type(error).__name__}"
    return "loaded"


def start_warm(model: Any, *, X: Any, y: Any) -> str:
    """Train on from where the model is."""
    return type(model.set_params(warm_start=True).fit(X, y)).__name__
