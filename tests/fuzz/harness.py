"""What must hold for any bytes: a value or a `VitrifyError`, and nothing else, within bounds of memory.

`container` and `graph` are what the coverage-guided fuzzers call; a call that returns is a pass, one that raises is a
finding. Neither needs atheris, so `make test` calls them too.
"""

from __future__ import annotations

import contextlib
import dataclasses
import os
import warnings
from collections.abc import Callable
from functools import cache
from typing import Any, Final

import vitrify
from tests.fuzz.renewing import renewed, rooted
from tests.vectors.own import OWN
from vitrify.cli.render import print_summary
from vitrify.errors import VitrifyError

LIMITS: Final = dataclasses.replace(vitrify.LIMITS, memory_bytes=64 << 20, rows=1 << 22, text_bytes=1 << 24)
_SHOWN_CHARS: Final = 100_000
Outcome = tuple[str, ...]


def container(data: bytes) -> Outcome:
    """Inspect and load the bytes as they are, with another root digest, and with every digest renewed.

    Returns:
        For each of the different files: `value` or the name of the error.
    """
    files = dict.fromkeys((data, rooted(data), renewed(data)))
    return tuple(outcome for file in files for outcome in (_inspected(file), _loaded(file)))


def graph(data: bytes) -> Outcome:
    """Inspect and load one file; print its summary; show and save again what was loaded.

    Returns:
        For both: `value` or the name of the error.
    """
    return _inspected(data, shown=True), _loaded(data, used=True)


def _inspected(data: bytes, *, shown: bool = False) -> str:
    def inspect() -> None:
        summary = vitrify.inspect(data, limits=LIMITS)
        text = summary.to_json()
        if shown and len(text) <= _SHOWN_CHARS:
            print_summary(_console(), summary, "file", True)

    return _outcome(inspect)


def _loaded(data: bytes, *, used: bool = False) -> str:
    found: list[Any] = []
    outcome = _outcome(lambda: found.append(vitrify.loads(data, trust=OWN, versions="ignore", limits=LIMITS)))
    if used and found:
        with contextlib.suppress(Exception):  # objects with odd attributes may not know how they look
            repr(found[0])
        _outcome(lambda: vitrify.dumps(found[0]))
    return outcome


def _outcome(act: Callable[[], object]) -> str:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            act()
        except VitrifyError as error:
            return type(error).__name__
    return "value"


@cache
def _console() -> Any:
    from rich.console import Console

    return Console(file=open(os.devnull, "w", encoding="utf-8"), width=80)
