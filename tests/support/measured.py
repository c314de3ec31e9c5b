"""A pytest plugin for `make coverage`: what coverage.py could not follow, or only at great cost, happens where it can.

coverage.py follows threads through `threading`; `vitrify.container.parallel` starts its own below that, for reasons
that stand there. And the lies about models in `tests/attacks` are told in this process rather than in a child of its
own: `make test` tells them there.
"""

from __future__ import annotations

import _thread
import sys
import threading
from collections.abc import Callable
from typing import Any

_start = _thread.start_new_thread


def _start_measured(function: Callable[..., Any], args: tuple[Any, ...], *more: Any) -> int:
    trace = threading.gettrace()

    def run(*values: Any, **named: Any) -> Any:
        sys.settrace(trace)
        return function(*values, **named)

    return _start(run, args, *more)


_thread.start_new_thread = _start_measured


def pytest_collection_modifyitems() -> None:
    """Before any test runs, and not before pytest rewrites the assertions of what is imported here."""
    from tests.attacks import lies, test_memory_content
    from tests.attacks.harness import Attack, Outcome
    from vitrify import loads
    from vitrify.errors import VitrifyError

    told = lies.Lie
    traces: list[Any] = []

    def lie_unmeasured(data: bytes) -> lies.Lie:
        traces.append(sys.gettrace())
        sys.settrace(None)  # what is traced has more references, and arrays that have any cannot be resized
        return told(data)

    def run_here(attack: Attack) -> Outcome:
        if traces:
            sys.settrace(traces.pop())
        try:
            loads(attack.data)
        except VitrifyError as error:
            name = type(error).__name__
            return Outcome(kind="error", error=name, message=error.message, path=error.path, is_ours=True)
        return Outcome(kind="loaded")

    test_memory_content.run_one = run_here
    lies.run_one, lies.Lie = run_here, lie_unmeasured  # type: ignore[misc]  # it is only called
