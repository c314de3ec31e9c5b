"""Work on more than one core, by threads that have ended when the call returns.

Nothing here keeps a pool: a process that loads, forks and loads again in the child would hang in one.
"""

from __future__ import annotations

import os
from _thread import LockType, allocate_lock, start_new_thread
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import suppress
from itertools import chain, count
from typing import Final, TypeVar
from weakref import ref

_T = TypeVar("_T")
_U = TypeVar("_U")
_MOST_THREADS: Final = 4
_LOOK_UP_S: Final = 0.5


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

    others: list[_Task] = []
    try:
        others.extend(_Task(take_turns) for _ in range(n_threads - 1))
        take_turns()
    except BaseException:
        numbers = count(n)
        raise
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
    is_made, is_taken = _closed_lock(), _closed_lock()
    is_wanted, is_over = True, False
    user = _User()
    alive = ref(user)  # an interrupt may come while this is closed, and nobody would say so

    def make() -> None:
        nonlocal is_over
        try:
            for item in items:
                results.append(work(item))
                is_made.release()
                while not is_taken.acquire(timeout=_LOOK_UP_S):
                    if alive() is None:
                        return
                if not is_wanted:
                    break
        finally:
            is_over = True
            is_made.release()

    task = _Task(make)
    try:
        yield first
        if task.revoke():
            yield from map(work, items)
            return
        while is_made.acquire() and not (is_over and not results):
            result = results.pop()
            is_taken.release()
            yield result
        task.result()
    finally:
        is_wanted = False
        with suppress(RuntimeError):  # it was open already
            is_taken.release()
        task.wait()


class _User:
    """Lives as long as whoever uses the results."""


class _Task:
    """A call on a thread of its own, as soon as there is one.

    Neither `threading.Thread`, whose start waits for ever where memory is too short to begin, nor its semaphores,
    in which an interrupt can lose a waiter: a lock of the interpreter is never half open.
    """

    def __init__(self, call: Callable[[], object]) -> None:
        self._call = call
        self._error: BaseException | None = None
        self._turn = allocate_lock()
        self._end = _closed_lock()
        self._is_revoked = False
        try:
            start_new_thread(self._run, ())
        except RuntimeError:  # there can be no more threads: it never begins
            self._is_revoked = True

    def _run(self) -> None:
        if not self._turn.acquire(blocking=False):
            self._end.release()  # an interrupt in `revoke` may have lost what it found
            return
        try:
            self._call()
        except BaseException as error:  # noqa: BLE001  # raised by result()
            self._error = error
        finally:
            self._end.release()

    def revoke(self) -> bool:
        """Whether it has not begun; then it never will."""
        self._is_revoked = self._is_revoked or self._turn.acquire(blocking=False)
        return self._is_revoked

    def wait(self) -> None:
        """Return when the call has ended, however it did, or will never begin."""
        if not self.revoke():
            self._end.acquire()
            self._end.release()

    def result(self) -> None:
        """Wait, and raise what the call raised."""
        self.wait()
        if self._error is not None:
            raise self._error


def _closed_lock() -> LockType:
    lock = allocate_lock()
    lock.acquire()
    return lock


def _n_cores() -> int:
    """The cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
