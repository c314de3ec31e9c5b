"""The process that runs attacks: it imports the libraries once, then forks for every attack that it is sent.

    python -m tests.attacks.child FOLDER CANARY [--bare]

Each fork has limits on address space and processor time, and an audit hook that notes everything by which code, files
or other processes could be reached. What is let through is listed here, each with its reason; nothing else is.
"""

from __future__ import annotations

import contextlib
import faulthandler
import gc
import importlib
import json
import os
import pickle
import random
import re
import resource
import select
import shutil
import signal
import struct
import sys
import sysconfig
import threading
import time
import warnings
from dataclasses import asdict
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np

import vitrify
from tests.attacks.harness import Answer, Attack, Outcome
from vitrify.container.memory import private_bytes
from vitrify.converters import default_registry

_TEXT_CHARS = 2000
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND

NOTED = (
    "socket.", "subprocess.", "ctypes.", "shutil.", "tempfile.", "ftplib.", "urllib.", "http.", "smtplib.", "pty.",
    "fcntl.", "syslog.", "sqlite3.", "winreg.", "pickle.find_class", "code.__new__", "function.__new__", "os.system",
    "os.exec", "os.fork", "os.posix_spawn", "os.spawn", "os.startfile", "os.kill", "os.killpg", "os.remove",
    "os.rename", "os.mkdir", "os.rmdir", "os.link", "os.symlink", "os.chmod", "os.chown", "os.truncate", "os.utime",
    "os.putenv", "os.unsetenv", "os.chdir", "os.setxattr", "os.removexattr", "signal.pthread_kill", "sys.settrace",
    "sys.setprofile", "sys.addaudithook", "sys.unraisablehook", "builtins.input", "resource.setrlimit", "webbrowser.",
)  # fmt: skip
"""Beginnings of audit events that nothing that a file can ask for may cause.

`_posixsubprocess.fork_exec`, by which loky starts its workers, and `sem_open` raise none: `State` looks for what they
leave behind.
"""

LET_THROUGH: dict[str, str] = {
    r"(import|module) .*\bmultiprocessing[./]dummy\b.*": "joblib's threads, which it imports when it first starts any",
    r"open /sys/fs/cgroup/.*": "joblib counts the processors that it may use",
    r"compile b'\d+ \* \d+'": "joblib takes apart `pre_dispatch`, in which it has put numbers, and evaluates nothing",
}
"""What is noted all the same: regular expressions of whole notes → why that is not the file's doing."""


class Hook:
    """An audit hook; what it noted is in `noted`, as long as `is_on`."""

    def __init__(self, file: str) -> None:
        self.noted: list[str] = []
        self.is_on = False
        self._own = str(Path(vitrify.__file__).parent)
        library = {sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")}
        self._readable = (file, "/proc/self/", self._own, *filter(None, library))
        self._readable += tuple(path for path in sys.path if path.endswith(".zip"))  # where Python itself may lie
        sys.addaudithook(self._see)

    def _see(self, event: str, arguments: tuple[Any, ...]) -> None:
        if not self.is_on:
            return
        self.is_on = False
        try:
            what = self._what(event, arguments)
            if what is not None and not is_let_through(what):
                self.noted.append(what[:_TEXT_CHARS])
        finally:
            self.is_on = True

    def _what(self, event: str, arguments: tuple[Any, ...]) -> str | None:
        if event == "import":
            name = str(arguments[0])
            is_own = name == "vitrify" or name.startswith("vitrify.")
            return None if is_own else f"import {name}"
        if event == "open":
            return self._opened(*arguments)
        if event == "exec":
            return self._run(arguments[0])
        if event == "compile":
            name = arguments[1]
            return None if self._is_library(str(name)) else f"compile {arguments[0]!r}"
        return f"{event} {arguments!r}" if event.startswith(NOTED) else None

    def _run(self, code: Any) -> str | None:
        """`importlib.import_module` raises no event of its own: the body of the module shows it."""
        if not self._is_library(code.co_filename):
            return f"exec {code.co_filename}"
        is_own = code.co_filename.startswith(self._own)
        return f"import {code.co_filename}" if code.co_name == "<module>" and not is_own else None

    def _opened(self, path: Any, mode: Any, flags: Any) -> str | None:
        if isinstance(path, int):
            return None
        name = os.path.abspath(os.fsdecode(path))
        if (isinstance(flags, int) and flags & _WRITING) or (isinstance(mode, str) and set(mode) & set("wax+")):
            return f"open for writing {name}"
        return None if name.startswith(self._readable) else f"open {name}"

    def _is_library(self, name: str) -> bool:
        """Whether code of this name is a file of the libraries, and not a text."""
        return name.startswith("<frozen ") or (os.path.isabs(name) and name.startswith(self._readable[2:]))


def main(folder: str, canary: str, *, bare: bool) -> None:
    """Answer attacks until the pipe is closed."""
    to, back = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, 0)
    os.dup2(null, 1)
    _warm_up()
    if not bare:
        _import_registry()
    gc.collect()
    gc.freeze()
    while head := to.read(8):
        attack = pickle.loads(to.read(struct.unpack("<Q", head)[0]))
        answer = json.dumps(asdict(_fork(attack, Path(folder), canary))).encode()
        back.write(struct.pack("<Q", len(answer)) + answer)
        back.flush()


def _warm_up() -> None:
    """What vitrify does once in a process, whatever the file: none of it is an attack's doing."""
    good = vitrify.dumps([np.zeros(2), "text", 1])
    vitrify.loads(good)  # msgspec evaluates the annotations of vitrify's own structs
    vitrify.inspect(good)
    metadata.packages_distributions()  # errors say which package provides a name
    metadata.version("numpy")
    private_bytes(1 << 22)  # looks up a symbol of Python itself
    "\n".encode("unicode_escape")  # how errors show what is not printable
    _memory("VmRSS")


def _import_registry() -> None:
    """Everything that the registry may import, so that whatever else is imported was the file's doing."""
    importlib.import_module("sklearn.utils._pprint")  # what `repr` of any estimator imports
    importlib.import_module("vitrify.container.zstd")  # which most files do without
    importlib.import_module("pandas").Index(["x"])  # with the first text of pandas, pyarrow imports more of itself
    points = np.eye(2)  # the first search for what is nearest asks the libraries that are loaded for their threads
    importlib.import_module("sklearn.metrics").pairwise_distances_argmin(points, points)
    registry = default_registry()
    for family in registry.families:
        importlib.import_module(family.module)
    for module in registry.rules.values():
        importlib.import_module(module)
    for name in [*registry.attrs, *(f"{module}.x" for module, _ in registry.names.values())]:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                importlib.import_module(name.rpartition(".")[0])
            except ImportError:  # of another version of the library
                continue


def _fork(attack: Attack, folder: Path, canary: str) -> Outcome:
    """Run one attack in a child and wait for it."""
    room = folder / "room"
    room.mkdir()
    file = folder / "attack.glass"
    file.write_bytes(attack.data)
    reading, writing = os.pipe()
    trace = os.memfd_create("trace")
    pid = os.fork()
    if pid == 0:
        os.close(reading)
        os.dup2(trace, 2)
        os.setpgid(0, 0)
        try:
            outcome = _run(attack, str(file), str(room))
            with os.fdopen(writing, "wb") as pipe:
                pipe.write(json.dumps(asdict(outcome)).encode())
        except BaseException:
            faulthandler.dump_traceback(2)
            os._exit(2)
        os._exit(0)
    os.close(writing)
    said, is_hung = _read(reading, time.monotonic() + attack.wall_s)
    if is_hung:
        os.kill(pid, signal.SIGKILL)
    os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)  # what it has started and left behind; its number is not free before `waitpid`
    _, status = os.waitpid(pid, 0)
    text = _trace(trace)
    outcome = _ended(attack, said, status, text, is_hung=is_hung)
    if os.path.lexists(canary):
        os.remove(canary)
        outcome = Outcome(**(_fields(outcome) | {"changed": (*outcome.changed, "the canary file is there")}))
    shutil.rmtree(room)
    file.unlink(missing_ok=True)
    return outcome


def _fields(outcome: Outcome) -> dict[str, Any]:
    return {name: getattr(outcome, name) for name in outcome.__dataclass_fields__}


def _read(pipe: int, end: float) -> tuple[bytes, bool]:
    """What the child says until it ends, and whether it did not end in time."""
    said = b""
    with open(pipe, "rb", buffering=0) as stream:
        while True:
            if not select.select([stream], [], [], max(end - time.monotonic(), 0))[0]:
                return said, True
            part = stream.read(1 << 16)
            if not part:
                return said, False
            said += part


def _trace(memory: int) -> str:
    size = os.lseek(memory, 0, os.SEEK_END)
    text = os.pread(memory, min(size, 1 << 16), 0).decode(errors="replace")
    os.close(memory)
    return text


def _ended(attack: Attack, said: bytes, status: int, trace: str, *, is_hung: bool) -> Outcome:
    limit = attack.peak_bytes + 2 * len(attack.data)
    if is_hung:
        return Outcome(kind="hang", message=f"not done after {attack.wall_s} s", limit_bytes=limit, label=attack.label)
    if os.WIFSIGNALED(status):
        name = signal.Signals(os.WTERMSIG(status)).name
        return Outcome(kind="signal", error=name, message=_innermost(trace), limit_bytes=limit, label=attack.label)
    if os.WEXITSTATUS(status) and not trace.lstrip().startswith(("Fatal", "Current thread", "Traceback")):
        error = f"exit {os.WEXITSTATUS(status)}"  # of a library, by C's exit()
        return Outcome(kind="error", error=error, message=trace[:200], limit_bytes=limit, label=attack.label)
    if os.WEXITSTATUS(status) or not said:
        raise RuntimeError(f"the harness failed in the child: {trace[-_TEXT_CHARS:]}")
    fields = json.loads(said)
    fields["answers"] = tuple(Answer(**answer) for answer in fields["answers"])
    return Outcome(**(fields | {"limit_bytes": limit, "label": attack.label}))


def _innermost(trace: str) -> str:
    lines = [line.strip() for line in trace.splitlines() if re.match(r'\s*File "', line)]
    return " < ".join(lines[:4]) or trace[:200]


def _run(attack: Attack, file: str, room: str) -> Outcome:
    """The attack itself, watched."""
    faulthandler.enable(2)
    if attack.before is not None:
        attack.before(room)
    hook = Hook(attack.path or file)
    before = State()
    os.set_inheritable(2, False)
    _limit(attack)
    start_bytes, start_files = _memory("VmRSS"), _memory("RssFile")
    fields: dict[str, Any] = {}
    start = time.perf_counter()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        hook.is_on = True
        try:
            fields = _attempt(attack, attack.path or file)
        finally:
            hook.is_on = False
    fields["seconds"] = time.perf_counter() - start
    peak = _memory("VmHWM") - start_bytes - max(_memory("RssFile") - start_files, 0)
    resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    told = tuple(f"{w.category.__name__}: {w.message}"[:_TEXT_CHARS] for w in caught)
    changed = tuple(before.differences(State()))
    return Outcome(**fields, peak_bytes=peak, warnings=told, noted=tuple(hook.noted), changed=changed)


def _limit(attack: Attack) -> None:
    room = _memory("VmSize") + attack.room_bytes
    resource.setrlimit(resource.RLIMIT_AS, (room, resource.RLIM_INFINITY))
    seconds = int(attack.wall_s) + 5
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _attempt(attack: Attack, path: str) -> dict[str, Any]:
    try:
        loaded = _call(attack, path)
        shown = type(loaded).__name__
    except BaseException as error:
        fields = {"kind": "error", "error": type(error).__name__, "text": str(error)[:_TEXT_CHARS]}
        fields["message"] = str(getattr(error, "message", error))[:_TEXT_CHARS]
        is_ours = isinstance(error, vitrify.errors.VitrifyError)
        return {**fields, "path": getattr(error, "path", None) if is_ours else None, "is_ours": is_ours}
    return {"kind": "loaded", "shown": shown, "answers": tuple(_use(loaded, use) for use in attack.then)}


def _call(attack: Attack, path: str) -> Any:
    if callable(attack.verb):
        return attack.verb(attack.data, path)
    if attack.verb == "loads":
        return vitrify.loads(attack.data, **attack.keywords)
    return getattr(vitrify, attack.verb)(path, **attack.keywords)


def _use(loaded: Any, use: Any) -> Answer:
    try:
        if callable(use):
            result = use(loaded)
        else:
            found = getattr(loaded, use[0])
            result = found(*use[1:]) if callable(found) else found
        text = result if isinstance(result, str) else repr(result)
        return Answer(error="", text=text[:_TEXT_CHARS])
    except BaseException as error:
        return Answer(error=type(error).__name__, text=str(error)[:_TEXT_CHARS])


def _memory(name: str) -> int:
    """A line of /proc/self/status, in bytes."""
    with open("/proc/self/status", encoding="ascii", errors="replace") as lines:
        return next(int(line.split()[1]) for line in lines if line.startswith(f"{name}:")) << 10


class State:
    """What of a process must be as before."""

    def __init__(self) -> None:
        generator: Any = np.random.get_state(legacy=False)
        self.values: dict[str, Any] = {
            "numpy's global generator": (generator["state"]["key"].tobytes(), generator["state"]["pos"]),
            "random's generator": random.getstate(),
            "numpy's error handling": np.geterr(),
            "sys.path": list(sys.path),
            "sys.meta_path": list(map(id, sys.meta_path)),
            "the recursion limit": sys.getrecursionlimit(),
            "the garbage collector": gc.isenabled(),
            "the environment": dict(os.environ),
            "the current folder": os.getcwd(),
            "threads": threading.active_count(),
            "open files": sorted(os.listdir("/proc/self/fd")),
            "the signal for Ctrl-C": signal.getsignal(signal.SIGINT),
        }
        if "sklearn" in sys.modules:
            self.values["scikit-learn's settings"] = sys.modules["sklearn"].get_config()
        self.processes = _processes()
        self.shared = set(os.listdir(_SHARED))
        self.names = {f"{owner.__name__}.{name}": id(value) for owner in _watched() for name, value in _dict_of(owner)}
        self.modules = set(sys.modules)

    def differences(self, after: State) -> list[str]:
        """What is other in `after`."""
        new = [name for name in after.modules - self.modules if not _may_be_imported(name)]
        gone = self.modules - after.modules
        found = [name for name, value in self.values.items() if after.values.get(name, value) != value]
        found += [f"module {name}" for name in sorted([*new, *gone])]
        found += [f"process {pid} {after.processes[pid]}" for pid in sorted({*after.processes} - {*self.processes})]
        found += [f"{_SHARED}/{name}" for name in sorted(after.shared - self.shared) if _may_be_ours(name)]
        return found + [name for name in sorted({*self.names, *after.names}) if self.is_other(name, after)]

    def is_other(self, name: str, after: State) -> bool:
        """Whether a name of a watched class or module means another thing now."""
        return self.names.get(name) != after.names.get(name)


def _processes() -> dict[int, str]:
    """The processes that this one has started, also those that have ended: pid → name and state, as /proc shows them.

    One whose parent has ended belongs to another parent, but to the same group still.
    """
    mine = os.getpid()
    found: dict[int, str] = {}
    for pid in map(int, filter(str.isdigit, os.listdir("/proc"))):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            before, _, after = Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(") ")
            state, parent, group = after.split()[:3]
            if pid != mine and mine in (int(parent), int(group)):
                found[pid] = f"{before.partition('(')[2]} {state}"
    return found


def _may_be_ours(name: str) -> bool:
    """Not what other programs keep there: joblib's and loky's names hold the number of their process.

    Those of multiprocessing and of the C library (`sem.mp-…`, `sem.a1B2c3`) hold none; who makes them here has started
    a process, too.
    """
    numbers = [int(number) for number in re.findall(r"\d+", name)]
    if os.getpid() in numbers:
        return True
    is_of_another = any(number > 1 and os.path.exists(f"/proc/{number}") for number in numbers)
    return not is_of_another and not re.fullmatch(r"sem\.(mp-)?\w{6,8}", name)


def _may_be_imported(name: str) -> bool:
    return name == "vitrify" or name.startswith("vitrify.") or is_let_through(f"module {name}")


def is_let_through(what: str) -> bool:
    """Whether the list above says that it is not the file's doing."""
    return any(re.fullmatch(pattern, what) for pattern in LET_THROUGH)


def _watched() -> list[Any]:
    """Classes and modules whose names must mean what they did."""
    found: list[Any] = [sys.modules["builtins"], os, np, vitrify.errors, np.random, vitrify.errors.VitrifyError]
    for name, cls in _SAMPLE:
        if name in sys.modules:
            found += [sys.modules[name], getattr(sys.modules[name], cls)]
    return found


def _dict_of(owner: Any) -> list[tuple[str, Any]]:
    return [(name, value) for name, value in vars(owner).items() if name not in _CACHES]


_SHARED = "/dev/shm"
_SAMPLE = (
    ("sklearn.base", "BaseEstimator"), ("sklearn.pipeline", "Pipeline"), ("sklearn.linear_model", "LogisticRegression"),
    ("sklearn.ensemble", "RandomForestClassifier"), ("sklearn.preprocessing", "FunctionTransformer"),
    ("sklearn.svm", "SVC"), ("sklearn.tree._tree", "Tree"), ("pandas", "DataFrame"), ("scipy.sparse", "csr_matrix"),
)  # fmt: skip
_CACHES = frozenset({"__warningregistry__", "__slotnames__"})
"""Names that Python itself puts into modules and classes: what was warned about, and what copyreg found."""


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], bare="--bare" in sys.argv[3:])
