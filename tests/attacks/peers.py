"""What skops and pickle do with the ideas of the catalogue that they can be asked: run in children with limits.

    python -m tests.attacks.peers              # everything, some ten minutes
    python -m tests.attacks.peers M01 R04      # these rows
    python -m tests.attacks.peers M            # the rows M

prints a row for each, with the versions. The tables in README.md have these answers. The rows M
are in `peer_memory.py` and `peer_content.py`, the rows R in `peer_resources.py`.
"""

from __future__ import annotations

import io
import itertools
import json
import pickle
import sys
import zipfile
from collections.abc import Callable
from functools import partial
from typing import Any

import joblib
import numpy as np
import skops
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from skops import io as skops_io

from tests.attacks.actions import EVIL, put_evil_module_on_path
from tests.attacks.harness import Attack, Outcome, canary, run_one
from tests.attacks.peer_content import content_endings
from tests.attacks.peer_memory import LIES, PEERS, endings, load_pickle, load_skops, tally
from tests.attacks.peer_resources import resources

X = np.arange(20.0).reshape(10, 2)
Y = np.arange(10) % 2


def edited(model: Any, change: Callable[[Any], Any]) -> bytes:
    """The skops file of a model with a change to its schema."""
    archive = zipfile.ZipFile(io.BytesIO(skops_io.dumps(model)))
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as new:
        for name in archive.namelist():
            data = archive.read(name)
            if name == "schema.json":
                schema = json.loads(data)
                data = json.dumps(change(schema) or schema).encode()
            new.writestr(name, data)
    return stream.getvalue()


def _model() -> Any:
    return make_pipeline(StandardScaler(), LogisticRegression()).fit(X, Y)


def _attribute(name: str, value: Any) -> Callable[[Any], None]:
    """An attribute of the root, given as JSON text."""

    def change(schema: Any) -> None:
        content = schema["content"]["content"]
        content[name] = {
            "__class__": "str",
            "__module__": "builtins",
            "__loader__": "JsonNode",
            "content": json.dumps(value),
        }

    return change


def _renamed(old: str, new: str) -> Callable[[Any], None]:
    """Another name for an attribute of the root; its place stays, since keys and their types are lists side by side."""

    def change(schema: Any) -> None:
        attributes = schema["content"]["content"]
        schema["content"]["content"] = {new if name == old else name: value for name, value in attributes.items()}

    return change


def _type(module: str, name: str) -> Callable[[Any], None]:
    return lambda schema: schema.update(__module__=module, __class__=name)


def _doubled(data: bytes) -> bytes:
    """Two members called schema.json, the second of another model."""
    stream = io.BytesIO(data)
    other = zipfile.ZipFile(io.BytesIO(skops_io.dumps({"other": 1})))
    with zipfile.ZipFile(stream, "a") as archive:
        archive.writestr("schema.json", other.read("schema.json"))
    return stream.getvalue()


def _deep(n: int) -> bytes:
    node: Any = {"__class__": "list", "__module__": "builtins", "__loader__": "ListNode", "content": [], "__id__": 0}
    text = json.dumps({**node, "protocol": 2, "_skops_version": skops.__version__})
    inner = text.replace(
        "[]",
        "[" + '{"__class__":"list","__module__":"builtins","__loader__":"ListNode","content":[' * n + "]}" * n + "]",
    )
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("schema.json", inner)
    return stream.getvalue()


class Payload:
    """An object whose pickle opens the canary for writing."""

    def __reduce__(self) -> tuple[Any, ...]:
        return open, (canary(), "w")


def _global(name: str) -> bytes:
    module, _, rest = name.rpartition(".")
    return f"c{module}\n{rest}\n.".encode()


def _laughs() -> bytes:
    key: Any = (1,)
    for _ in range(30):
        key = (key,) * 10
    stream = pickle.dumps(key, 2)
    return b"\x80\x02}" + stream[2:-1] + b"K\x01s."


def _attacks() -> list[tuple[str, str, Attack]]:
    good = skops_io.dumps(_model())
    dumped = pickle.dumps(_model())
    evil = partial(put_evil_module_on_path, canary=canary())
    linear = LogisticRegression().fit(X, Y)
    flipped = bytearray(pickle.dumps(linear))
    flipped[flipped.index(linear.coef_.tobytes()) + 6] ^= 1
    skops_rows: list[tuple[str, bytes, dict[str, Any]]] = [
        ("F06", good + b"garbage", {}),
        ("F07", b"\x80\x04N." + good, {}),
        ("F13", _doubled(good), {}),
        ("F15", edited(_model(), lambda schema: schema.update(x=1)), {}),
        ("F23", _deep(10**4), {}),
        ("F25", edited(_model(), _type("x.y", "Z")), {}),
        ("F26", edited(_model(), _type(EVIL, "C")), {"before": evil}),
        ("F30 predict", edited(LogisticRegression().fit(X, Y), _renamed("tol", "predict")), {"then": [("predict", X)]}),
        ("F30 unknown", edited(LogisticRegression().fit(X, Y), _renamed("tol", "unheard_of")), {}),
        ("F31", edited(FunctionTransformer(), _attribute("func", "os.system")), {"then": [("transform", X)]}),
        ("F32", skops_io.dumps(make_pipeline(StandardScaler(), memory=canary() + "-folder")), {"then": [("memory",)]}),
        ("F34", edited(KNeighborsClassifier().fit(X, Y), _attribute("n_jobs", 10**6)), {"then": [("n_jobs",)]}),
        ("F38", edited(_model(), lambda schema: schema.update(trusted=True)), {}),
    ]
    pickle_rows: list[tuple[str, bytes, dict[str, Any]]] = [
        ("F04", bytes(flipped), {"then": [("decision_function", X[:1])]}),
        ("F06", dumped + b"PK\5\6" + bytes(18), {}),
        ("F22", _laughs(), {}),
        ("F25", _global("os.getcwd"), {}),
        ("F26", _global(f"{EVIL}.C"), {"before": evil}),
        ("F30 predict", pickle.dumps(_with(LogisticRegression().fit(X, Y), predict=1)), {"then": [("predict", X)]}),
        ("F32", pickle.dumps(make_pipeline(StandardScaler(), memory="/tmp/x")), {"then": [("memory",)]}),
        ("F37", pickle.dumps(Payload()), {}),
        (
            "A05",
            pickle.dumps(np.array(["a"])).replace(b"a\0\0\0", b"\xff\xff\xff\xff"),
            {"then": [("tolist",)]},
        ),
    ]
    return [
        *(("skops", row, Attack(data, load_skops, label=row, **how)) for row, data, how in skops_rows),
        *(("pickle", row, Attack(data, load_pickle, label=row, **how)) for row, data, how in pickle_rows),
    ]


def _with(model: Any, **attributes: Any) -> Any:
    model.__dict__.update(attributes)
    return model


def describe(outcome: Outcome) -> str:
    """The end in a few words."""
    said = f"{outcome.kind} {outcome.error} {outcome.message[:100]}".strip()
    used = "; ".join(f"{answer.error} {answer.text[:200]}".strip() for answer in outcome.answers)
    harm = [what for what in (*outcome.changed, *outcome.noted) if "canary" in what or EVIL in what]
    harm.sort(key=lambda what: "canary" not in what)
    return " | ".join(filter(None, [said, used, harm[0][-80:] if harm else ""]))


def main(rows: tuple[str, ...]) -> None:
    """Print what each peer does with the rows whose names begin with one of `rows`."""
    print(f"skops {skops.__version__}, joblib {joblib.__version__}, pickle of Python {sys.version.split()[0]}")
    for peer, row, attack in _attacks():
        if row.startswith(rows):
            print(f"{row:12} {peer:7} {describe(run_one(attack))}".replace("\n", " "), flush=True)
    found = []
    told = endings([lie for lie in LIES if lie.row.startswith(rows)], list(PEERS))
    for each in itertools.chain(told, content_endings(rows, list(PEERS))):
        found.append(each)
        print(f"{each.row:5} {each.model:19} {each.peer:7} {each.word} {each.detail}".replace("\n", " "), flush=True)
    for row, peer, attack in resources(rows):
        outcome = run_one(attack)
        cost = f"{len(attack.data)} bytes, {outcome.peak_bytes >> 20} MiB, {outcome.seconds:.1f} s"
        print(f"{row:18} {peer:7} {describe(outcome)} | {cost}".replace("\n", " "), flush=True)
    print(*tally(found), sep="\n")


if __name__ == "__main__":
    from tests.attacks.peers import main as _main  # so that what children are sent is not called `__main__`

    _main(tuple(sys.argv[1:]) or ("",))
