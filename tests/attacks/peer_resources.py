"""The rows R of the catalogue for skops, pickle and joblib: files that ask for much, little memory, interrupts."""

from __future__ import annotations

import io
import json
import pickle
import resource
import sys
import zipfile
import zlib
from collections.abc import Callable, Iterator
from functools import partial
from types import FrameType
from typing import Any, Final

import joblib
import numpy as np
import skops
from sklearn.ensemble import RandomForestClassifier
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.kernel_approximation import Nystroem
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC
from skops import io as skops_io

from tests.attacks.child import State
from tests.attacks.harness import Attack
from tests.attacks.peer_memory import PEERS, WALL_S
from tests.attacks.test_hashing import keys_of

X: Final = np.arange(40.0).reshape(20, 2)
Y: Final = np.arange(20) % 2
_MIB: Final = 1 << 20
_LARGE: Final = (
    RandomForestClassifier(n_estimators=10**9),
    TfidfVectorizer(max_features=10**9),
    Nystroem(n_components=10**9),
    SVC(cache_size=1e12, max_iter=2**62),
)
_N_PLACES: Final = 200


def weights() -> Any:
    """96 MB."""
    return {"weights": np.arange(12_000_000.0)}


def pipeline() -> Any:
    """A small model."""
    return make_pipeline(StandardScaler(), LogisticRegression()).fit(X, Y)


def n_items(value: Any) -> str:
    """How many there are."""
    return f"{len(value)} items"


def _ints(numbers: list[int]) -> bytes:
    """The numbers in the words of pickle, without what begins and ends a pickle."""
    return b"".join(pickle.dumps(number, 2)[2:-1] for number in numbers)


def _keys(n: int, kind: str) -> bytes:
    """A pickle of a dict or a set of integers that share a hash; a dict's values are its keys."""
    if kind == "set":
        return b"\x80\x04\x8f(" + _ints(keys_of(n)) + b"\x90."
    return b"\x80\x04}(" + b"".join(_ints([key, 0]) for key in keys_of(n)) + b"u."


def _skops_file(node: Any, *, compression: int = zipfile.ZIP_STORED) -> bytes:
    """A file of skops with this schema."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", compression) as archive:
        archive.writestr("schema.json", json.dumps(node | {"protocol": 2, "_skops_version": skops.__version__}))
    return stream.getvalue()


def _node(loader: str, name: str, content: Any) -> dict[str, Any]:
    return {"__class__": name, "__module__": "builtins", "__loader__": loader, "content": content}


def _number(value: int) -> dict[str, Any]:
    return {**_node("JsonNode", "str", json.dumps(value)), "is_json": True}


def _skops_keys(n: int, kind: str) -> bytes:
    if kind == "set":
        return _skops_file(_node("SetNode", "set", [_number(key) for key in keys_of(n)]))
    types = _node("ListNode", "list", [_node("TypeNode", "int", "int")] * n)
    return _skops_file(_node("DictNode", "dict", {str(key): _number(0) for key in keys_of(n)}) | {"key_types": types})


def _doubled(depth: int) -> bytes:
    """A set of a tuple that holds the next one twice: once itself, once by its number."""
    inner: dict[str, Any] = _node("TupleNode", "tuple", [_number(1)]) | {"__id__": 1}
    for number in range(2, depth + 2):
        again = _node("CachedNode", "tuple", None) | {"__id__": number - 1}
        inner = _node("TupleNode", "tuple", [inner, again]) | {"__id__": number}
    return _skops_file(_node("SetNode", "set", [inner]))


def _pickled_doubled(depth: int) -> bytes:
    key: Any = (1,)
    for _ in range(depth):
        key = (key, key)
    return b"\x80\x04\x8f(" + pickle.dumps(key, 2)[2:-1] + b"\x90."


def _lists(n: int) -> bytes:
    """A pickle of a list of empty lists."""
    return b"\x80\x04](" + b"]" * n + b"e."


def _compressed(value: Any) -> bytes:
    stream = io.BytesIO()
    joblib.dump(value, stream, compress=9)
    return stream.getvalue()


def load_with_little_memory(data: bytes, path: str, *, load: Callable[[bytes, str], Any]) -> str:
    """Load with 1 to 256 MiB of room, then with all there is: what came of each."""
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    found = {}
    for room_mib in (1, 16, 64, 256):
        with open("/proc/self/statm", encoding="ascii") as stream:
            size_bytes = int(stream.read().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (size_bytes + room_mib * _MIB, hard))
        try:
            found[room_mib] = "right" if load(data, path)["weights"][-1] == 11_999_999 else "wrong"
        except Exception as error:  # which one is the answer
            found[room_mib] = type(error).__name__
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))
    after = "right" if (load(data, path)["weights"] == weights()["weights"]).all() else "wrong"
    return f"{found}, then {after}"


class _Interrupt:
    """A tracer that raises KeyboardInterrupt at the `at`-th line of any module but this."""

    def __init__(self, at: int) -> None:
        self.at = at
        self.n_lines = 0

    def __call__(self, frame: FrameType, event: str, _: Any) -> Any:
        if frame.f_globals.get("__name__") == __name__ or "/tests/" in frame.f_code.co_filename:
            return None
        if event == "line":
            self.n_lines += 1
            if self.n_lines == self.at:
                raise KeyboardInterrupt
        return self

    def run(self, call: Callable[[], Any]) -> str:
        """How the call ends."""
        sys.settrace(self)
        try:
            call()
        except BaseException as error:
            return type(error).__name__
        finally:
            sys.settrace(None)
        return "loaded"


def load_with_interrupts(data: bytes, path: str, *, load: Callable[[bytes, str], Any]) -> str:
    """Interrupt a load at 200 places or at every line, if there are less: how those ended, and what is other after."""
    call = partial(load, data, path)
    call()
    counting = _Interrupt(0)
    counting.run(call)
    before = State()
    places = sorted({1 + i * counting.n_lines // _N_PLACES for i in range(_N_PLACES)}) if counting.n_lines else []
    ends = [_Interrupt(at).run(call) for at in places]
    after = before.differences(State())
    right = "right" if (call().predict(X) == pipeline().predict(X)).all() else "wrong"
    counts = {end: ends.count(end) for end in sorted(set(ends))}
    return f"{counting.n_lines} lines: {counts}, changed: {after}, then {right}"


Row = tuple[str, str, Attack]


def _row(
    row: str, peer: str, data: bytes, *then: Any, peak_mib: int = 2048, load: Any = None, wall_s: float = WALL_S
) -> Row:
    how: dict[str, Any] = {"wall_s": wall_s, "peak_bytes": peak_mib * _MIB, "label": row}
    return row, peer, Attack(data, load or PEERS[peer][1], then, **how)


def resources(rows: tuple[str, ...] = ("",)) -> Iterator[Row]:
    """Row, peer and attack, for the rows whose names begin with one of `rows`."""
    for row, make in _ROWS.items():
        if row.startswith(rows):
            yield from make()


def _hashes() -> Iterator[Row]:
    for kind in ("dict", "set"):
        for n in (30_000, 300_000):
            pickled = _keys(n, kind)
            yield _row(f"R01 {kind} {n}", "pickle", pickled, n_items)
            yield _row(f"R01 {kind} {n}", "joblib", pickled, n_items)
            yield _row(f"R01 {kind} {n}", "skops", _skops_keys(n, kind), n_items)
    yield _row("R01 tuples", "pickle", _pickled_doubled(60), n_items)
    yield _row("R01 tuples", "joblib", _pickled_doubled(60), n_items)
    yield _row("R01 tuples", "skops", _doubled(60), n_items)


def _patterns() -> Iterator[Row]:
    slow = CountVectorizer(token_pattern=r"(a+)+$", vocabulary=["a"])
    for peer, (dump, _) in PEERS.items():
        yield _row("R02", peer, dump(slow), ("transform", ["a", "aa"]))


def _parameters() -> Iterator[Row]:
    claims = RandomForestClassifier(3, random_state=0).fit(X, Y).set_params(n_estimators=10**9)
    trusting = partial(PEERS["skops"][1], trusted=("sklearn.tree._tree.Tree",))
    for peer, (dump, _) in PEERS.items():
        for model in _LARGE:
            yield _row(f"R03 {type(model).__name__[:8]}", peer, dump(model), ("get_params",), peak_mib=64)
        yield _row("R03 trees", peer, dump(claims), ("predict", X[:2]), load=trusting if peer == "skops" else None)


def _amounts() -> Iterator[Row]:
    many = 10**6
    yield _row("R04 lists", "pickle", _lists(many), n_items)
    yield _row("R04 call", "pickle", b"\x80\x04cbuiltins\nbytearray\n\x8a\x05\0\0\0@\0\x85R.", n_items)
    yield _row("R04 lists", "joblib", zlib.compress(_lists(many), 9), n_items)
    yield _row("R04 bytes", "joblib", _compressed(np.zeros(50_000_000)), n_items)
    lists = _node("ListNode", "list", [_node("ListNode", "list", [])] * many)
    yield _row("R04 lists", "skops", _skops_file(lists, compression=zipfile.ZIP_DEFLATED), n_items)
    zeros = skops_io.dumps(np.zeros(50_000_000), compression=zipfile.ZIP_DEFLATED)
    yield _row("R04 bytes", "skops", zeros, n_items)


def _little_memory() -> Iterator[Row]:
    for peer, (dump, load) in PEERS.items():
        yield _row("R05", peer, dump(weights()), str, load=partial(load_with_little_memory, load=load), wall_s=60.0)


def _interrupts() -> Iterator[Row]:
    for peer, (dump, load) in PEERS.items():
        yield _row("R06", peer, dump(pipeline()), str, load=partial(load_with_interrupts, load=load), wall_s=60.0)


_ROWS: Final[dict[str, Callable[[], Iterator[Row]]]] = {
    "R01": _hashes,
    "R02": _patterns,
    "R03": _parameters,
    "R04": _amounts,
    "R05": _little_memory,
    "R06": _interrupts,
}
