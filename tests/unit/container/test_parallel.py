"""Work side by side: all of it is done once, errors come through, and no thread is left."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator

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
