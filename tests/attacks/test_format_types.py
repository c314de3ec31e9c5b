"""Attacks F21 to F28: references, expansion, depth, counts, and types that the file would like to have."""

from __future__ import annotations

import dataclasses
import re
from functools import partial
from typing import Any

import numpy as np
import pytest
from sklearn.preprocessing import FunctionTransformer

import vitrify
from tests.attacks.actions import EVIL, inspect_bytes, put_evil_module_on_path
from tests.attacks.files import in_graph, lied, replaced, tiny
from tests.attacks.harness import Attack, assert_harmless, assert_refused, assert_unharmed, canary, run, run_one
from tests.support.lying_writer import Chunk, Lie
from tests.vectors.strict_graph import Name, Ref
from vitrify import LIMITS
from vitrify.errors import FormatError, LimitError, UnsupportedError, UntrustedTypeError

NESTED = vitrify.dumps([[1], (2, (3, [4])), {"k": [5]}])
GIB = 1 << 30


@pytest.mark.parametrize(
    ("change", "match"),
    [
        (lambda lie: lie.graph["root"].update(table=99), "table 99 of"),
        (lambda lie: lie.graph["root"].update(table=-1), "table -1 of"),
        (lambda lie: lie.graph["root"].update(start=2**40), "rows"),
        (lambda lie: lie.assign("$[0]", Ref(0, 2**40)), "row 1099511627776 of"),
        (lambda lie: lie.assign("$[0]", Ref(99, 0)), "table 99 of"),
        (lambda lie: lie.assign("$[1]", Ref(*lie.ref("$[1]"))._replace(row=7)), "row 7 of"),
    ],
)  # fmt: skip
def test_F21_a_reference_to_nothing(change: Any, match: str) -> None:
    """Tables and rows are compared with what the file has."""
    assert_refused(run_one(Attack(lied(NESTED, change))), FormatError, match=match)


def test_F21_references_to_itself_and_forward() -> None:
    """A list may hold itself, and loads so; a tuple may not, directly or by way of another."""
    outcome = run_one(Attack(lied(NESTED, lambda lie: lie.assign("$[0]", lie.ref("$"))), then=[repr]))
    assert_harmless(outcome)
    assert outcome.answers[0].text == "[[...], (2, (3, [4])), {'k': [5]}]"
    own = lied(NESTED, lambda lie: lie.assign("$[1][1]", lie.ref("$[1]")))
    two = lied(NESTED, lambda lie: lie.assign("$[1][1][1]", lie.ref("$[1]")))
    for outcome in run([Attack(own), Attack(two)]):
        assert_refused(outcome, FormatError, match="tuple lie on a cycle")


def test_F21_a_million_references_to_one_object() -> None:
    """They are one object, and the list of them takes eight bytes each."""
    good = vitrify.dumps([{"a": 1}] * 2)

    def repeat(lie: Lie) -> None:
        table = lie.tables("list")[0]
        table["lengths"] = {"kind": "const", "value": 10**6}
        table["columns"]["items"] = {
            "kind": "numbers", "of": "ref", "width": "u1", "table": 1, "cells": [Chunk(bytearray(10**6))],
        }  # fmt: skip

    outcome = run_one(Attack(lied(good, repeat), then=[_are_one]))
    assert_harmless(outcome)
    assert outcome.answers[0].text == "(1000000, True)"


def _are_one(loaded: Any) -> tuple[int, bool]:
    return len(loaded), all(item is loaded[0] for item in loaded)


@pytest.mark.parametrize("kind", [list, tuple])
def test_F22_thirty_levels_of_ten_references(kind: type) -> None:
    """10³⁰ leaves by reference, in a file of a few kB: refused; who allows it gets 30 objects."""
    value: Any = kind([1])
    for _ in range(30):
        value = kind([value] * 10)
    data = vitrify.dumps(value)
    assert len(data) < 20_000
    outcome = run_one(Attack(data, peak_bytes=4 << 20))
    assert_refused(outcome, LimitError, path=outcome.path, match="each as often as it can be reached")
    assert re.fullmatch(r"\$(\[0\])*", str(outcome.path))
    limits = dataclasses.replace(LIMITS, reached=10**40)
    outcome = run_one(Attack(data, then=[_depth], peak_bytes=4 << 20, keywords={"limits": limits}))
    assert_harmless(outcome)
    assert outcome.answers[0].text == "31"


def _depth(loaded: Any) -> int:
    depth = 0
    while isinstance(loaded, (list, tuple)):
        loaded, depth = loaded[-1] if loaded else None, depth + 1
    return depth


@pytest.mark.parametrize(
    "make",
    [
        lambda: lied(tiny(), graph_text=lambda _: b"[" * 10**5),
        lambda: lied(tiny(), graph_text=lambda _: b'{"root":' * 10**5),
        lambda: in_graph('"<f8"', '{"fields":[{"name":"a","dtype":' * 10**5),
        lambda: in_graph('"<f8"', "[" * 10**5 + "]" * 10**5),
        lambda: replaced(tiny(), '"shape":', '"shape":' + "[" * 10**5),
        lambda: replaced(tiny(), '"[{', '"' + "[" * 10**5 + "[{"),
        lambda: replaced(tiny(), '"record":"', '"record":"' + "[" * 10**5),
    ],
)
def test_F23_json_a_hundred_thousand_deep(make: Any) -> None:
    """Deep JSON is malformed, in header, record, descriptions of blocks, graph and dtypes."""
    data = make()
    for outcome in run([Attack(data), Attack(data, inspect_bytes)]):
        assert_refused(outcome, FormatError)


def _chain(good: bytes, type_id: str, n: int) -> bytes:
    """`n` objects of a container type, each the only item of the one before; the last one has none."""

    def change(lie: Lie) -> None:
        table = next(i for i, table in enumerate(lie.graph["tables"]) if table["type"] == type_id)
        lengths = bytes([1] * (n - 1) + [0])
        lie.graph["tables"][table] |= {
            "rows": n,
            "lengths": {"kind": "numbers", "of": "int", "width": "i1", "cells": [Chunk(bytearray(lengths))]},
            "columns": {"items": {"kind": "run", "table": table, "start": 1}},
        }

    return lied(good, change)


def test_F23_objects_a_hundred_thousand_deep() -> None:
    """A chain of lists is legal and nothing recurses along it; one of tuples is not, whatever its levels."""
    outcome = run_one(Attack(_chain(vitrify.dumps([]), "list", 10**5), then=[_depth]))
    assert_harmless(outcome)
    assert outcome.answers[0].text == "100000"
    tuples = run_one(Attack(_chain(vitrify.dumps(()), "tuple", 10**5)))
    assert_refused(tuples, (LimitError, FormatError), match="deep in one another|cycle")
    value: Any = ()
    for _ in range(900):
        value = (value,)
    assert_harmless(run_one(Attack(vitrify.dumps(value))))
    with pytest.raises(vitrify.errors.UnsupportedError, match=r"^tuples, .* more than 1000 deep in one another"):
        vitrify.dumps((((value,) * 1,) * 1, _nest(value, 200)))


def _nest(value: Any, n: int) -> Any:
    for _ in range(n):
        value = (value,)
    return value


def _many(good: bytes, type_id: str, n: int) -> bytes:
    """The file with `n` rows of a type instead of one, all items of the list at the root."""

    def change(lie: Lie) -> None:
        number = next(i for i, table in enumerate(lie.graph["tables"]) if table["type"] == type_id)
        lie.graph["tables"][number]["rows"] = n
        table = lie.tables("list")[0]
        table["lengths"] = {"kind": "const", "value": n}
        table["columns"]["items"] = {"kind": "run", "table": number, "start": 0}

    return lied(good, change)


@pytest.mark.parametrize(
    ("value", "type_id"), [([{}], "dict"), ([()], "tuple"), ([np.zeros(0)], "numpy.ndarray"), ([set()], "set")]
)  # fmt: skip
def test_F24_a_million_tiny_objects_in_a_few_bytes(value: Any, type_id: str) -> None:
    """They load in linear time within the limit of 8.2, and are refused under a smaller one."""
    data = _many(vitrify.dumps(value), type_id, 10**6)
    assert len(data) < 2_000
    outcome = run_one(Attack(data, then=[len], peak_bytes=GIB))
    assert_harmless(outcome)
    assert outcome.answers[0].text == "1000000"
    limits = dataclasses.replace(LIMITS, memory_bytes=8 << 20)
    assert_refused(run_one(Attack(data, keywords={"limits": limits})), LimitError)


@pytest.mark.parametrize("type_id", ["dict", "numpy.ndarray", "set"])
def test_F24_a_thousand_million_tiny_objects(type_id: str) -> None:
    """A count that no memory holds is refused by the limit, at once."""
    value: Any = {"dict": [{}], "numpy.ndarray": [np.zeros(0)], "set": [set()]}[type_id]
    outcome = run_one(Attack(_many(vitrify.dumps(value), type_id, 10**9), peak_bytes=4 << 20))
    assert_refused(outcome, LimitError)


EMPTY_LIST = vitrify.dumps([[]])
TRANSFORMER = vitrify.dumps(FunctionTransformer(np.log1p))


def typed(type_id: str, layout: str = "attrs") -> bytes:
    """A file whose root is an object of that type, with one attribute."""

    def change(lie: Lie) -> None:
        column = {"kind": "const", "value": 1}
        table = {"type": type_id, "rows": 1, "columns": {"args" if layout == "call" else "x": column}, "layout": layout}
        lie.graph["tables"] = [{key: value for key, value in table.items() if (key, value) != ("layout", "attrs")}]
        lie.graph["root"] = {"kind": "run", "table": 0, "start": 0}

    return lied(vitrify.dumps([]), change)


def named(name: str, what: str = "function") -> bytes:
    """A FunctionTransformer whose function is this name."""
    return lied(TRANSFORMER, lambda lie: lie.assign("$.func", Name(what, name)))


NAMES = [
    "x.y.Z", "os.system", "subprocess.Popen", "builtins.eval", "builtins.exec", "numpy.load", "joblib.load",
    "pickle.loads", "sklearn.base.os.system", "sklearn.utils._param_validation.os", "numpy.ufunc.__init__",
    "sklearn.datasets._base.load_files", "sklearn.pipeline.Pipeline.__reduce__", "__builtins__", "Pipeline", ".", "..",
    "sklearn.pipeline.", ".Pipeline", "sklearn..pipeline.Pipeline", "SKLEARN.pipeline.Pipeline",
    "sklearn.pipeline.Pipeline ", "sklearn.pipeline.Pipeline\0", "sklearn.pipeline:Pipeline", "numpy:load",
    "sklearn.pipelinе.Pipeline",  # a Cyrillic letter
    "ｓklearn.pipeline.Pipeline", "", "a" * 10_000_000, "../../etc/passwd", "http://example.org/x", f"{EVIL}.C",
]  # fmt: skip


def _short(name: str) -> str:
    return ascii(name[:40])


@pytest.mark.parametrize("name", NAMES, ids=_short)
def test_F25_F28_a_type_that_is_not_in_the_registry(name: str) -> None:
    """Ids are compared whole: what the registry does not hold is refused by name, and nothing of it is imported."""
    for layout in ("attrs", "call", "new"):
        outcome = run_one(Attack(typed(name, layout)))
        assert_refused(outcome, UntrustedTypeError, match="needs 1 name that vitrify has not reviewed")
        assert len(outcome.text) < 1000
    outcome = run_one(Attack(typed(name, "fields")))
    assert_refused(outcome, UnsupportedError, path="$", match="was saved by a converter that is not here")


@pytest.mark.parametrize("name", NAMES, ids=_short)
def test_F25_F28_a_function_that_is_not_in_the_registry(name: str) -> None:
    """So is a class or function that a value is."""
    for what in ("function", "class"):
        outcome = run_one(Attack(named(name, what)))
        assert_refused(outcome, UntrustedTypeError, match=r"\$\.func")


@pytest.mark.parametrize(
    "name", [name for name in NAMES[1:24] if name and not name.startswith((".", "SKLEARN"))], ids=_short
)
def test_F28_the_caller_cannot_trust_it_either(name: str) -> None:
    """Names of the standard library, builtins, dunders and reviewed libraries are refused whatever the caller says."""
    outcome = run_one(Attack(named(name), keywords={"trust": [name]}))
    assert_refused(outcome, UnsupportedError, match="can never be trusted|cannot be trusted: it is not a full")


def test_F28_a_function_that_claims_to_be_a_class() -> None:
    """What a name is must be what the file says it is."""
    assert_refused(run_one(Attack(named("numpy.log1p", "class"))), FormatError, match=r"numpy\.log1p is not a class")
    for what in ("module", "method", ""):
        assert_refused(run_one(Attack(named("numpy.log1p", what))), FormatError, match="neither a class nor a function")


@pytest.mark.parametrize("verb", ["loads", "load", "inspect"])
@pytest.mark.parametrize("data", [typed(f"{EVIL}.C"), typed(f"{EVIL}.C", "call"), named(f"{EVIL}.C", "class")])
def test_F26_F27_an_importable_module_with_a_side_effect(verb: str, data: bytes) -> None:
    """A module on `sys.path` is not imported for a file, not even to say where the name would come from."""
    before = partial(put_evil_module_on_path, canary=canary())
    outcome = run_one(Attack(data, verb, before=before))
    if verb == "inspect":
        assert_harmless(outcome)
    else:
        assert_refused(outcome, UntrustedTypeError, match=f"{EVIL}.C")


def test_F26_the_module_would_have_left_its_mark() -> None:
    """The same file with the caller's trust imports it, and the harness sees that."""
    before = partial(put_evil_module_on_path, canary=canary())
    outcome = run_one(Attack(typed(f"{EVIL}.C"), before=before, keywords={"trust": [f"{EVIL}.C"]}))
    assert "the canary file is there" in outcome.changed
    assert any(f"{EVIL}.py" in what for what in outcome.noted)


@pytest.mark.parametrize("data", [typed(f"{EVIL}.C"), TRANSFORMER, vitrify.dumps(FunctionTransformer())])
def test_F27_inspect_imports_no_library(data: bytes) -> None:
    """In a process without scikit-learn, `inspect` reads the file and scikit-learn is still not there."""
    before = partial(put_evil_module_on_path, canary=canary())
    outcome = run_one(Attack(data, "inspect", before=before, bare=True))
    assert_unharmed(outcome)
    assert outcome.kind == "loaded"
