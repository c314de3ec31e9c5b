"""The rows M of the catalogue for skops, pickle and joblib: every lie that vitrify refuses, loaded and used there.

A model that loads is asked what the row asks; its answer is compared with that of the honest file in the same peer.
"""

from __future__ import annotations

import ctypes
import hashlib
import io
import os
import pickle
import signal
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cache, partial
from math import prod
from typing import Any, Final

import joblib
import numpy as np
from scipy import sparse
from skops import io as skops_io

from tests.attacks.harness import Attack, Outcome, run_one
from tests.attacks.lies import Edit, Told, element, every, reshaped, short, value
from tests.attacks.models import fitted
from tests.attacks.peer_models import told
from tests.attacks.test_memory_libraries import CHECKED_BY_NUMPY
from tests.attacks.test_memory_safety import (
    CLUSTERS,
    ENCODERS,
    MACHINES,
    NEIGHBOURS,
    NUMPY_PANDAS,
    SPARSE,
    TEXT,
)
from tests.attacks.test_memory_trees import ENSEMBLES, TREES

WALL_S: Final = 10.0
_DENSE_ITEMS: Final = 10**6
_AT_EXIT: Final = signal.SIGUSR1
_ROOM_BYTES: Final = 2 << 30
UNSAVED: Final = (TypeError, NotImplementedError, skops_io.exceptions.UnsupportedTypeException)
"""What saving raises for a model that a peer does not save."""


def _lead_back(draft: Any) -> None:
    draft.assign("$._bisecting_tree.left", draft.ref("$._bisecting_tree"))


def _node(at: int, field: int, new: int) -> Edit:
    """A field of a node of scipy's tree: split_dim, children, split, start_idx, end_idx, two pointers, two offsets."""

    def edit(draft: Any) -> None:
        draft.array("$.nodes").view(np.int64).reshape(-1, 9)[at, field] = new

    return edit


NODES: Final = [
    Told("M24", model, edit, "")
    for model in ("ckdtree", "scipy-kdtree")
    for edit in (
        element("$.indices", 2**40, slice(None)),
        element("$.indices", -(2**40), slice(None)),
        reshaped("$.data", short),
        value("$.leafsize", 0),
        _node(0, 0, 2**40),
        _node(0, 7, 2**40),
        _node(-1, 4, 2**40),
    )
]
"""Lies about what only others write; `test_memory_libraries.py` has what stands for them."""
FLAGS: Final = [
    Told(
        "M18",
        "unsorted",
        every(
            element("$.indices", [2, 1, 0], slice(0, 3)),
            element("$.data", 5.0),
            value("$._has_sorted_indices", True),
        ),
        "",
    ),
]
"""The same for a flag."""
LIES: Final = [
    *(*TREES, *ENSEMBLES, *MACHINES, *NEIGHBOURS, *CLUSTERS, *SPARSE, *TEXT, *ENCODERS, *NUMPY_PANDAS),
    Told("M16", "bisecting", _lead_back, ""),
    *(*CHECKED_BY_NUMPY, *NODES, *FLAGS),
]
"""What the tests of the rows M try."""


def load_skops(data: bytes, path: str, *, trusted: tuple[str, ...] = ()) -> Any:
    """`skops.io.loads` by a caller who trusts what the honest file needs."""
    return skops_io.loads(data, trusted=list(trusted))


def load_pickle(data: bytes, path: str) -> Any:
    """`pickle.loads`."""
    return pickle.loads(data)


def load_joblib(data: bytes, path: str) -> Any:
    """`joblib.load`."""
    return joblib.load(io.BytesIO(data))


def dump_joblib(model: Any) -> bytes:
    """`joblib.dump`, as bytes."""
    stream = io.BytesIO()
    joblib.dump(model, stream)
    return stream.getvalue()


PEERS: Final[dict[str, tuple[Callable[[Any], bytes], Callable[..., Any]]]] = {
    "pickle": (pickle.dumps, load_pickle),
    "joblib": (dump_joblib, load_joblib),
    "skops": (skops_io.dumps, load_skops),
}


def _leave(status: int, _: Any) -> None:
    os.kill(os.getpid(), _AT_EXIT)


_LEAVE: Final = ctypes.CFUNCTYPE(None, ctypes.c_int, ctypes.c_void_p)(_leave)


def show_exit(room: str) -> None:
    """Make a signal of what would end the process without one, as OpenMP does when it gets no threads."""
    ctypes.CDLL(None).on_exit(_LEAVE, None)


def ask(model: Any, *, call: tuple[Any, ...]) -> str:
    """A digest of what a method gives; a sparse matrix is made dense as well, unless that takes too much.

    Of a model that is trained it is a digest of its arrays.
    """
    result = getattr(model, call[0])(*call[1:])
    parts = [result]
    if result is model:
        parts = [value for value in vars(model).values() if isinstance(value, np.ndarray)]
    if sparse.issparse(result):
        parts = [result.shape, *(getattr(result, name, None) for name in ("indptr", "indices", "data"))]
        if prod(result.shape) <= _DENSE_ITEMS:
            parts.append(result.toarray())
    text = [repr((part.dtype, part.shape)) + str(part.tolist()) if hasattr(part, "tolist") else repr(part)
            for part in parts]  # fmt: skip
    return hashlib.sha256("|".join(text).encode()).hexdigest()


@dataclass(frozen=True, kw_only=True)
class Ending:
    """What became of one lie.

    Attributes:
        row: The id in the catalogue.
        model: A name in `models`.
        peer: A name in `PEERS`.
        word: What `word_of` says, or `cannot save` where the peer does not save such a model.
        detail: The error, or the lines of Python at a signal.
        trust: The types that a caller of skops must trust for the honest file.
    """

    row: str
    model: str
    peer: str
    word: str
    detail: str = ""
    trust: tuple[str, ...] = ()


def endings(lies: list[Told], peers: list[str]) -> Iterator[Ending]:
    """Tell each lie to each peer."""
    for lie in lies:
        for peer in peers:
            yield ending(lie, peer)


def ending(lie: Told, peer: str) -> Ending:
    """Tell one lie to one peer."""
    honest = _honest(peer, lie.model)
    if isinstance(honest, str):
        return Ending(row=lie.row, model=lie.model, peer=peer, word="cannot save", detail=honest)
    attack, answers = honest
    try:
        data = file_of(peer, lie)
    except RecursionError as error:  # skops writes no cycles
        return Ending(row=lie.row, model=lie.model, peer=peer, word="cannot save", detail=str(error))
    word, detail = word_of(run_one(replace(attack, data=data, label=str(lie))), answers)
    trust = needed(attack.data) if peer == "skops" else ()
    return Ending(row=lie.row, model=lie.model, peer=peer, word=word, detail=detail[:160], trust=trust)


def word_of(outcome: Outcome, honest: tuple[str, ...]) -> tuple[str, str]:
    """How it ended, and more about it: `exit`, a signal, `hang`, `refused`, an `error` of the method, or an answer."""
    if outcome.kind != "loaded":
        signal_name = "exit" if outcome.error == _AT_EXIT.name else outcome.error
        word = {"error": "refused", "signal": signal_name}.get(outcome.kind, outcome.kind)
        return word, f"{outcome.error} {outcome.message}".strip()
    failed = [answer for answer in outcome.answers if answer.error]
    if failed:
        return "error", f"{failed[0].error}: {failed[0].text}"
    return ("same" if tuple(answer.text for answer in outcome.answers) == honest else "other") + " answer", ""


def file_of(peer: str, lie: Told) -> bytes:
    """The peer's file of the model with the lie."""
    dump = PEERS[peer][0]
    model, _ = fitted(lie.model)
    if lie.model != "frame":
        return dump(told(model, lie.edit))
    data, step = dump(model), b"\x8c\x04step\x94K"  # an index of pandas would not hold it: the text, memoized, and 1
    assert data.count(step + b"\1") == 1
    return data.replace(step + b"\1", step + b"\0")


@cache
def _honest(peer: str, model: str) -> tuple[Attack, tuple[str, ...]] | str:
    """How the honest file is loaded and asked, and its answers; the error where the peer cannot save it."""
    made, calls = fitted(model)
    try:
        data = PEERS[peer][0](made)
    except UNSAVED as error:
        return f"{type(error).__name__}: {error}"
    return asked(peer, data, calls)


def asked(peer: str, data: bytes, calls: tuple[Any, ...]) -> tuple[Attack, tuple[str, ...]]:
    """How a peer's honest file is loaded, with the trust that it needs, and asked; and what it answers."""
    load = PEERS[peer][1]
    verb = partial(load, trusted=needed(data)) if peer == "skops" else load
    then = [partial(ask, call=call) for call in calls]
    attack = Attack(data, verb, then, before=show_exit, wall_s=WALL_S, peak_bytes=_ROOM_BYTES)
    outcome = run_one(attack)
    assert outcome.kind == "loaded", outcome
    assert not any(answer.error for answer in outcome.answers), outcome
    return attack, tuple(answer.text for answer in outcome.answers)


def needed(data: bytes) -> tuple[str, ...]:
    """What a caller of skops must trust."""
    return tuple(skops_io.get_untrusted_types(data=data))


def tally(found: list[Ending]) -> list[str]:
    """A line for each row and peer: how often each word, and what skops must trust for it."""
    lines = []
    for row in dict.fromkeys(each.row for each in found):
        for peer in dict.fromkeys(each.peer for each in found):
            mine = [each for each in found if (each.row, each.peer) == (row, peer)]
            words = ", ".join(f"{n} {word}" for word, n in Counter(each.word for each in mine).most_common())
            trust = sorted({name.rpartition(".")[2] for each in mine for name in each.trust})
            lines.append(f"{row:5} {peer:7} {words}{' | trust in ' + ', '.join(trust) if trust else ''}")
    return lines
