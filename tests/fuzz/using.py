"""Everything that a loaded model can be asked: outputs, scores, samples, how it is shown, saving, more training.

Python's errors are fine answers. What may not happen is a crash, a hang, or memory without measure, which is for the
parent process to see; and nothing but a `VitrifyError` may come out of saving what was loaded.
"""

from __future__ import annotations

import contextlib
import copy
import signal
from collections.abc import Callable, Iterator
from typing import Any

import vitrify
from tests.support.estimators import continue_training, output_calls
from tests.support.zoo.case import quiet

TRAINING_S = 4.0
"""How long training may take, in seconds: parameters may ask for much, which is the caller's own affair."""

_DRAWS = ("sample", "sample_y", "gibbs")
_SHOWS = ("get_params", "get_metadata_routing", "__sklearn_tags__", "build_analyzer")


class _TooLongError(Exception):
    """Training did not end in time."""


def use(model: Any, fitted: Any, *, shown: bool = True) -> None:
    """Ask a copy of the model for all that its rows suffice for, show it, and train it on.

    Small arrays of a loaded model lie side by side; those of a copy have each their own memory, and `guard` sees what
    reaches beyond one.

    Args:
        model: What was loaded.
        fitted: The case that it was made of, with its rows.
        shown: Whether it is shown as HTML as well, which takes longer than all else.

    Raises:
        VitrifyError: It cannot be saved again.
    """
    copies: list[Any] = []
    _ask(lambda: copies.append(copy.deepcopy(model)))
    model = copies[0] if copies else model
    _ask(lambda: output_calls(model, fitted.X, fitted.y, calls=fitted.calls))
    _ask(lambda: repr(model))
    for name in (*_SHOWS, *(["_repr_html_"] if shown else [])):
        _ask(lambda name=name: _call(model, name))
    for name in _DRAWS:
        _ask(lambda name=name: _call(model, name, *(() if name == "sample" else (fitted.X,))))
    try:
        vitrify.dumps(model)
    finally:
        _ask(lambda: _train(model, fitted))


def _call(model: Any, name: str, *arguments: Any) -> object:
    return getattr(model, name)(*arguments) if hasattr(model, name) else None


def _train(model: Any, fitted: Any) -> None:
    with _time_limit(TRAINING_S):
        continue_training(model, fitted.X, fitted.y)


def _ask(ask: Callable[[], object]) -> None:
    try:
        with quiet("use"):
            ask()
    except Exception:  # whatever Python says is an answer
        return


@contextlib.contextmanager
def _time_limit(seconds: float) -> Iterator[None]:
    """An error in what runs longer, as soon as it is Python's turn."""

    def stop(*_: object) -> None:
        raise _TooLongError

    former = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, former)
