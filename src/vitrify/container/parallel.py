"""Work on more than one core, by threads that have ended when the call returns.

Nothing here keeps a pool: a process that loads, forks and loads again in the child would hang in one.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Iterable, Iterator
from itertools import chain, count
from threading import Semaphore, Thread
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
    """`work(item)` for each item, in order; while the caller uses one result, the next is in the making.

    All but the first are made on one thread, which also takes them from `items`.
    """
    rest = iter(items)
    for first in rest:
        result = work(first)
        for second in rest:
            yield from _made_ahead(result, work, chain((second,), rest))
            return
        yield result


def _made_ahead(first: _U, work: Callable[[_T], _U], items: Iterator[_T]) -> Generator[_U, None, None]:
    results: list[_U] = []
    errors: list[BaseException] = []
    is_made, is_taken = Semaphore(0), Semaphore(0)
    is_wanted = True

    def make() -> None:
        try:
            for item in items:
                results.append(work(item))
                is_made.release()
                is_taken.acquire()
                if not is_wanted:
                    break
        except BaseException as error:  # noqa: BLE001  # raised where its result would have come
            errors.append(error)
        is_made.release()

    thread = Thread(target=make, name="vitrify", daemon=True)
    try:
        thread.start()
    except RuntimeError:  # there can be no more threads
        yield first
        yield from map(work, items)
        return
    try:
        yield first
        while is_made.acquire() and results:
            result = results.pop()
            is_taken.release()
            yield result
        for error in errors:
            raise error
    finally:
        is_wanted = False
        is_taken.release()
        thread.join()


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
