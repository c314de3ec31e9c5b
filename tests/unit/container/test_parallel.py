"""Work side by side: all of it is done once, errors come through, and no thread is left."""

from __future__ import annotations

import _thread
import os
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from vitrify.container import parallel
from vitrify.container.parallel import one_ahead, share


@pytest.fixture(params=["threads", "no more threads", "one core"])
def _machine(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """One with cores to spare, one that starts no thread, and one with a single core."""
    cores = {0} if request.param == "one core" else {0, 1, 2, 3}
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: cores, raising=False)
    if request.param == "no more threads":

        def start(*_: object) -> None:
            raise RuntimeError("can't start new thread")

        monkeypatch.setattr(parallel, "start_new_thread", start)


@pytest.fixture(autouse=True)
def _no_thread_is_left() -> Iterator[None]:
    before = threading.active_count()
    yield
    assert threading.active_count() == before


@pytest.mark.usefixtures("_machine")
class TestShare:
    @pytest.mark.parametrize("n", [0, 1, 2, 7, 100])
    @pytest.mark.parametrize("least", [1, 3, 1000])
    def test_every_number_comes_once(self, n: int, least: int) -> None:
        """However many there are for each thread."""
        done: list[int] = []
        share(done.append, n, least=least)
        assert sorted(done) == list(range(n))

    @pytest.mark.parametrize("bad", [0, 5, 99])
    def test_an_error_comes_through_and_stops_the_rest(self, bad: int) -> None:
        """Whichever thread it happens on; nothing begins after it but what others had taken."""
        done: list[int] = []

        def work(i: int) -> None:
            if i == bad:
                raise KeyError(i)
            done.append(i)

        with pytest.raises(KeyError, match=str(bad)):
            share(work, 100_000, least=1)
        assert bad not in done
        assert len(done) < 100_000


class TestThreads:
    def test_there_are_as_many_as_cores_and_work(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Each waits until the others are there, which fewer than expected would never see."""
        monkeypatch.setattr(parallel, "_n_cores", lambda: 3)
        barrier = threading.Barrier(3, timeout=20)
        share(lambda _: barrier.wait(), 3, least=1)
        lonely = threading.Barrier(2, timeout=0.05)
        with pytest.raises(threading.BrokenBarrierError):
            share(lambda _: lonely.wait(), 3, least=2)

    def test_an_error_of_another_thread_comes_through(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Whoever has called waits for it and raises it."""
        monkeypatch.setattr(parallel, "_n_cores", lambda: 2)
        both, own = threading.Barrier(2, timeout=20), threading.get_ident()

        def work(_: int) -> None:
            both.wait()
            if threading.get_ident() != own:
                raise ZeroDivisionError("there")

        with pytest.raises(ZeroDivisionError, match="there"):
            share(work, 2, least=1)

    @pytest.mark.parametrize(("found", "expected"), [(3, 3), (None, 1)])
    def test_cores_are_counted_where_nobody_knows_which_are_ours(
        self, found: int | None, expected: int, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Neither macOS nor Windows has `sched_getaffinity`."""
        monkeypatch.delattr(os, "sched_getaffinity", raising=False)
        monkeypatch.setattr(os, "cpu_count", lambda: found)
        assert parallel._n_cores() == expected

    def test_a_thread_ends_that_nobody_told_so(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """An interrupt came while its user was closing; it looks whether there still is one."""

        class Interrupted:
            def __init__(self, *_: object) -> None:
                raise KeyboardInterrupt

        before = _thread._count()
        monkeypatch.setattr(parallel, "_LOOK_UP_S", 0.01)
        made = threading.Event()
        results = one_ahead(lambda i: made.set() if i == 1 else None, range(3))
        next(results)
        assert made.wait(timeout=20)
        monkeypatch.setattr(parallel, "suppress", Interrupted)
        with pytest.raises(KeyboardInterrupt):
            results.close()
        del results
        deadline = time.monotonic() + 20
        while _thread._count() > before and time.monotonic() < deadline:
            time.sleep(0.01)
        assert _thread._count() == before

    @pytest.mark.parametrize("bad", [None, 1, 2])
    def test_what_is_ready_is_taken(self, bad: int | None, monkeypatch: pytest.MonkeyPatch) -> None:
        """All but the first result, or error, come from one other thread once it has begun, however long they lie."""
        monkeypatch.setattr(parallel, "_LOOK_UP_S", 0.01)
        begun, threads = threading.Event(), list[int]()

        def work(i: int) -> int:
            threads.append(threading.get_ident())
            if i == 1:
                begun.set()
            if i == bad:
                raise ZeroDivisionError(i)
            return i

        results = one_ahead(work, range(4))
        used = [next(results)]
        assert begun.wait(timeout=20)
        time.sleep(0.1)
        if bad is None:
            used += results
        else:
            with pytest.raises(ZeroDivisionError, match=str(bad)):
                used.extend(results)
        assert used == list(range(4 if bad is None else bad))
        assert threads[0] == threading.get_ident()
        assert len(set(threads[1:])) == 1
        assert threads[1] != threads[0]

    def test_closing_ends_a_thread_that_waits(self) -> None:
        """Nothing is made beyond what was ready."""
        made, ready = list[int](), threading.Event()

        def work(i: int) -> None:
            made.append(i)
            if i == 1:
                ready.set()

        results = one_ahead(work, range(10))
        next(results)
        assert ready.wait(timeout=20)
        results.close()
        assert made == [0, 1]

    def test_the_next_is_made_while_one_is_used(self) -> None:
        """The second waits for a sign that only the user of the first can give."""
        sign = threading.Event()

        def work(i: int) -> bool:
            return sign.wait(timeout=20) if i == 1 else True

        results = one_ahead(work, range(2))
        assert next(results)
        sign.set()
        assert next(results)
        assert next(results, None) is None


@pytest.mark.usefixtures("_machine")
class TestOneAhead:
    @pytest.mark.parametrize("n", [0, 1, 2, 50])
    def test_results_come_in_order(self, n: int) -> None:
        """Each once."""
        assert list(one_ahead(lambda i: i * i, range(n))) == [i * i for i in range(n)]

    @pytest.mark.parametrize("bad", [0, 1, 3])
    def test_an_error_comes_where_its_result_would(self, bad: int) -> None:
        """What came before it has been used."""
        used: list[float] = []
        with pytest.raises(ZeroDivisionError):
            used.extend(one_ahead(lambda i: 1 / (i - bad), range(5)))
        assert len(used) == bad

    def test_a_user_who_stops_leaves_no_thread(self) -> None:
        """Closing waits for what is in the making."""
        results = one_ahead(lambda i: i, range(10))
        assert next(results) == 0
        results.close()


def test_an_interrupt_that_loses_a_turn_leaves_nobody_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Between taking the turn of a task that has not begun, and noting that down."""
    begin = threading.Event()

    def late(run: Callable[..., object], arguments: tuple[object, ...]) -> int:
        return _thread.start_new_thread(lambda: (begin.wait(), run(*arguments)), ())

    monkeypatch.setattr(parallel, "start_new_thread", late)
    called: list[int] = []
    task = parallel._Task(lambda: called.append(1))
    assert task._turn.acquire(blocking=False)
    begin.set()
    task.wait()
    assert called == []
    time.sleep(0.05)
