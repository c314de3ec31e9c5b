"""Threads and forks: calls do not disturb one another, and none leaves a thread behind."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.ensemble import RandomForestClassifier

import vitrify
from tests.support.equality import assert_same

N_THREADS = 8
_LARGE = "{'weights': numpy.arange(9_000_000.0), 'names': ['a', 'b']}"  # 72 MB


@pytest.fixture(scope="module")
def model() -> dict[str, Any]:
    """A forest and an array that is large enough to be read into memory of its own."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(300, 5))
    forest = RandomForestClassifier(30, random_state=0).fit(X, (X[:, 0] > 0).astype(int))
    return {"forest": forest, "weights": rng.normal(size=400_000), "words": {f"w{i}": i for i in range(3000)}}


def at_once(call: Callable[[int], Any]) -> list[Any]:
    """What a call returns in each of the threads, which begin together."""
    barrier = threading.Barrier(N_THREADS)

    def begin(number: int) -> Any:
        barrier.wait(60)
        return call(number)

    with ThreadPoolExecutor(N_THREADS) as pool:
        return list(pool.map(begin, range(N_THREADS)))


class TestThreads:
    @pytest.mark.parametrize("compress", [False, True])
    @pytest.mark.parametrize("mmap", [False, True])
    def test_one_file_is_loaded_by_many_at_once(
        self, compress: bool, mmap: bool, model: dict[str, Any], tmp_path: Path
    ) -> None:
        """Each gets the whole model, and one of its own."""
        vitrify.dump(model, tmp_path / "m.glass", compress=compress)
        loaded = at_once(lambda _: vitrify.load(tmp_path / "m.glass", mmap=mmap))
        for number, found in enumerate(loaded):
            assert_same(model, found)
            assert not any(np.shares_memory(found["weights"], other["weights"]) for other in loaded[:number])

    def test_one_byte_string_is_loaded_by_many_at_once(self, model: dict[str, Any]) -> None:
        """No thread sees what another changes in its model."""
        data = vitrify.dumps(model)

        def change(number: int) -> Any:
            found = vitrify.loads(data)
            found["weights"][:] = number
            return found

        for number, found in enumerate(at_once(change)):
            assert (found["weights"] == number).all()
        assert_same(model, vitrify.loads(data))

    def test_one_model_is_saved_by_many_at_once(self, model: dict[str, Any], tmp_path: Path) -> None:
        """To different files, which are equal; the model is only read."""
        before = vitrify.dumps(model)
        at_once(lambda number: vitrify.dump(model, tmp_path / f"{number}.glass"))
        assert {path.name for path in tmp_path.iterdir()} == {f"{number}.glass" for number in range(N_THREADS)}
        assert {path.read_bytes() for path in tmp_path.iterdir()} == {before}

    def test_one_file_is_replaced_by_many_at_once(self, model: dict[str, Any], tmp_path: Path) -> None:
        """The last one wins; what lies there is always one whole file, and nothing else is left."""
        target = tmp_path / "m.glass"
        vitrify.dump({"number": -1, **model}, target)

        def replace_and_read(number: int) -> tuple[Any, Any]:
            vitrify.dump({"number": number, **model}, target)
            return number, vitrify.load(target)["number"]

        for _, found in at_once(replace_and_read):
            assert 0 <= found < N_THREADS
        assert [path.name for path in tmp_path.iterdir()] == ["m.glass"]
        assert 0 <= vitrify.load(target)["number"] < N_THREADS

    def test_saving_while_loading(self, model: dict[str, Any]) -> None:
        """Threads that encode and threads that decode, each with its own compression."""
        data = vitrify.dumps(model)

        def either(number: int) -> Any:
            return vitrify.loads(data) if number % 2 else vitrify.dumps(model, compress=number or None)

        for number, found in enumerate(at_once(either)):
            assert_same(model, found if number % 2 else vitrify.loads(found))

    def test_the_garbage_collector_runs_again_after_all_are_done(self, model: dict[str, Any]) -> None:
        """It pauses while objects are built; threads that overlap must not leave it off, nor one that fails."""
        program = (
            "import concurrent.futures, gc, sys, vitrify\n"
            "data = vitrify.dumps([[i] for i in range(20_000)])\n"
            "with concurrent.futures.ThreadPoolExecutor(8) as pool:\n"
            "    list(pool.map(lambda _: vitrify.loads(data), range(64)))\n"
            "print(gc.isenabled())"
        )
        assert run(program) == "True\n"


def run(program: str, *words: str) -> str:
    """What a fresh process prints; one that hangs is an error."""
    command = [sys.executable, "-c", program, *words]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
class TestFork:
    PROGRAM = (
        "import os, signal, sys, numpy, vitrify\n"
        "from multiprocessing import Pipe\n"
        "path, mmap = sys.argv[1], sys.argv[2] == 'mmap'\n"
        f"value = {_LARGE}\n"
        "vitrify.dump(value, path, compress=sys.argv[3] == 'small')\n"
        "before = vitrify.load(path, mmap=mmap)\n"
        "child = os.fork()\n"
        "if child == 0:\n"
        "    signal.alarm(60)\n"
        "    again = vitrify.load(path, mmap=mmap)\n"
        "    whole = vitrify.loads(vitrify.dumps(before))\n"
        "    same = (again['weights'] == value['weights']).all() and (whole['weights'] == value['weights']).all()\n"
        "    os._exit(0 if same else 3)\n"
        "print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))\n"
        "print((vitrify.load(path)['weights'] == value['weights']).all())"
    )

    @pytest.mark.parametrize("how", ["read raw", "mmap raw", "read small"])
    def test_a_child_loads_and_saves_after_its_parent_did(self, how: str, tmp_path: Path) -> None:
        """What a server with `preload_app` does; a thread pool that the parent had started would hang here."""
        assert run(self.PROGRAM, str(tmp_path / "m.glass"), *how.split()) == "0\nTrue\n"

    def test_several_children_load_at_once(self, tmp_path: Path) -> None:
        """Four workers of a server that has loaded the model once itself."""
        program = (
            "import os, signal, sys, vitrify, numpy\n"
            f"vitrify.dump({_LARGE}, sys.argv[1])\n"
            "total = vitrify.load(sys.argv[1])['weights'].sum()\n"
            "children = []\n"
            "for _ in range(4):\n"
            "    child = os.fork()\n"
            "    if child == 0:\n"
            "        signal.alarm(60)\n"
            "        os._exit(0 if vitrify.load(sys.argv[1])['weights'].sum() == total else 3)\n"
            "    children.append(child)\n"
            "print([os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children])"
        )
        assert run(program, str(tmp_path / "m.glass")) == "[0, 0, 0, 0]\n"


@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="this system does not list threads in /proc")
class TestNoThreadIsLeft:
    @pytest.mark.parametrize("compress", ["False", "1"])
    def test_large_files_leave_no_thread_behind(self, compress: str, tmp_path: Path) -> None:
        """Neither of Python's nor of a library's: after each call the process has as many as before vitrify."""
        program = (
            "import os, sys, threading, time, numpy\n"
            "before = threading.active_count(), len(os.listdir('/proc/self/task'))\n"
            "def count():\n"
            "    # A thread that was joined may take a moment to vanish from /proc.\n"
            "    for _ in range(200):\n"
            "        found = threading.active_count(), len(os.listdir('/proc/self/task'))\n"
            "        if found == before: break\n"
            "        time.sleep(0.01)\n"
            "    return found\n"
            f"value = {_LARGE}\n"
            "import vitrify\n"
            "after = [count()]\n"
            f"vitrify.dump(value, sys.argv[1], compress={compress}); after.append(count())\n"
            f"data = vitrify.dumps(value, compress={compress}); after.append(count())\n"
            "vitrify.load(sys.argv[1]); after.append(count())\n"
            "vitrify.load(sys.argv[1], mmap=True); after.append(count())\n"
            "vitrify.loads(data); after.append(count())\n"
            "vitrify.inspect(sys.argv[1]); after.append(count())\n"
            "print(before[0], [found for found in after if found != before])"
        )
        assert run(program, str(tmp_path / "m.glass")) == "1 []\n"

    def test_the_count_sees_a_thread_of_a_library(self) -> None:
        """What the test above relies on: BLAKE3's own pool, which vitrify does not use, shows in it."""
        program = (
            "import os, blake3\n"
            "before = len(os.listdir('/proc/self/task'))\n"
            "blake3.blake3(bytes(1 << 24), max_threads=2).digest()\n"
            "print(len(os.listdir('/proc/self/task')) > before)"
        )
        assert run(program) == "True\n"
