"""Work on more than one core, by threads that have ended when the call returns.

Nothing here keeps a pool: a process that loads, forks and loads again in the child would hang in one.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Iterable
from functools import partial
from itertools import count
from threading import Thread
from typing import Final, Generic, TypeVar

_T = TypeVar("_T")
_U = TypeVar("_U")
_MOST_THREADS: Final = 4


def share(work: Callable[[int], object], n: int, *, least: int) -> None:
    """Call `work(0)` … `work(n - 1)`, side by side where each thread would get `least` of them or more.

    The first exception of any of them is raised, and what has not begun by then is left out.
    """
    n_threads = min(_MOST_THREADS, n // max(1, least))
    if n_threads < 2 or (n_threads := min(n_threads, _n_cores())) < 2:
        for i in range(n):
            work(i)
        return
    numbers = count()

    def take_turns() -> None:
        nonlocal numbers
        try:
            while (i := next(numbers)) < n:
                work(i)
        except BaseException:
            numbers = count(n)
            raise

    others = [_Task(take_turns) for _ in range(n_threads - 1)]
    try:
        take_turns()
    finally:
        for other in others:
            other.wait()
    for other in others:
        other.result()


def one_ahead(work: Callable[[_T], _U], items: Iterable[_T]) -> Generator[_U, None, None]:
    """`work(item)` for each item, in order; while the caller uses one result, the next is in the making."""
    rest = iter(items)
    for first in rest:
        result = work(first)
        for item in rest:
            task = _Task(partial(work, item))
            try:
                yield result
            finally:
                task.wait()
            result = task.result()
        yield result


class _Task(Generic[_U]):
    """A call on a thread of its own, or on this one where no thread can be had."""

    def __init__(self, call: Callable[[], _U]) -> None:
        self._call = call
        self._results: list[_U] = []
        self._error: BaseException | None = None
        self._thread: Thread | None = Thread(target=self._run, name="vitrify", daemon=True)
        try:
            self._thread.start()
        except RuntimeError:
            self._thread = None
            self._run()

    def _run(self) -> None:
        try:
            self._results.append(self._call())
        except BaseException as error:  # noqa: BLE001  # raised by result()
            self._error = error

    def wait(self) -> None:
        """Return when the call has ended, however it did."""
        if self._thread is not None:
            self._thread.join()

    def result(self) -> _U:
        """What the call returned, or its exception."""
        self.wait()
        if self._error is not None:
            raise self._error
        return self._results[0]


def _n_cores() -> int:
    """The cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
