"""The record of a file with every rule of SPEC.md §7 that a reader can check, from that page alone.

It stands on the strict reader of the object graph, imports nothing of vitrify, and builds no object. Numbers in
comments are clauses.
"""

from __future__ import annotations

import json
import math
import re
from decimal import Decimal
from typing import Any, NamedTuple

import numpy as np
from blake3 import blake3

from tests.support.independent_columns import require
from tests.vectors.strict_graph import Glass, Ref

FIELDS = {  # 7.1: name, type, and the default after "="
    "Summary": "versions:text{} model_path:step[]=[] environment:Environment=null data:Data=null target:Target=null "
    "scores:Score[]=[] probes:ProbeSummary=null source:Source=null notes:text= authors:text[]=[] license:text= "
    "extra:json{}={} parents:digest[]=[]",
    "Environment": "implementation:text system:text machine:text cpu:text= thread_libraries:ThreadLibrary[]=[] "
    "distributions:text{}={}",
    "ThreadLibrary": "name:text version:text= architecture:text= n_threads:count=0",
    "Data": "form:form n_rows:count n_columns:count fingerprint:digest n_missing:count=0 reference:Reference=null",
    "Reference": "uri:text version:text=",
    "Target": "form:form n_outputs:count fingerprint:digest classes:ClassCount[]=[] n_classes:count=0 "
    "mean:number?=null deviation:number?=null",
    "ClassCount": "label:text n:count",
    "Score": "scorer:text values:number?[] origin:score_origin fit_seconds:number[]=[] score_seconds:number[]=[] "
    "splitter:Splitter=null fingerprint:digest=",
    "Splitter": "type:text parameters:json{}={} n_splits:count=0 has_groups:bool=false",
    "ProbeSummary": "n_rows:count origin:probe_origin methods:text[] failed:text{}={}",
    "Source": "remote:text= commit:text= branch:text= is_dirty:bool?=null script:text= script_digest:text= "
    "texts:text[]=[]",
}  # fmt: skip
WORDS = {
    "form": ("array", "frame", "sparse", "texts", "records"),
    "score_origin": ("cross_validate", "search", "given", "holdout"),
    "probe_origin": ("synthetic", "sample"),
}
KINDS = ("bool", "int", "float", "complex", "text", "datetime", "timedelta", "object")  # 7.4
PARTS = ["columns", "target", "probes", "texts"]  # 7.9
LIBRARIES = {"numpy", "scipy", "pandas", "datetime", "zoneinfo", "decimal"}
LISTS = ("names", "kinds", "dtypes", "categories")  # 7.8
COUNTS, MEASURES = ("n_missing", "n_distinct"), ("mean", "deviation", "minimum", "maximum")


class Recorded(NamedTuple):
    """A checked record: the summary as JSON, the file in `$record` (or None), and the four parts of its root."""

    summary: dict[str, Any]
    attached: Glass | None
    parts: dict[str, Any]


def read_record(data: bytes) -> Recorded:
    """The record of a file.

    Raises:
        ValueError: A rule of §7 is broken.
    """
    glass = Glass(data)
    summary = read_summary(glass.container.metadata["record"])
    _follow(_value(glass, glass.root, {}), summary.get("model_path", []))
    if glass.container.record is None:
        return Recorded(summary, None, {name: {} for name in PARTS})
    inner = Glass(glass.container.record)
    require(inner.container.metadata["record"] == '{"versions":{}}', "a record within the record")  # 7.9
    require(inner.container.record is None, "a record within the record")  # 7.9
    require(not inner.names, "a name")  # 7.9
    types = [table["type"].split(".") for table in inner.tables]
    is_plain = [len(parts) == 1 or (parts[0] in LIBRARIES and parts[1] != "random") for parts in types]
    require(all(is_plain), "a type that no record has")  # 7.9
    parts = _value(inner, inner.root, {})
    require(type(parts) is dict and list(parts) == PARTS, "the four parts")  # 7.9
    require(all(type(part) is dict for part in parts.values()), "the four parts")  # 7.9
    require(any(parts.values()), "a block in which nothing stands")  # 7.9
    _check_texts(parts["texts"], summary)
    if summary.get("data") is not None and parts["columns"]:
        _check_columns(parts["columns"], summary["data"]["form"], summary["data"]["n_columns"])
    if parts["target"]:
        _check_columns(parts["target"], summary["target"]["form"], summary["target"]["n_outputs"])
    _check_probes(parts["probes"])
    return Recorded(summary, inner, parts)


def read_summary(text: str) -> dict[str, Any]:
    """The summary of a record, from the text in the header."""
    found = json.loads(text)
    require(spelled(found) == text, "not canonical")  # 2.3
    _check(found, "Summary")
    return found  # type: ignore[no-any-return]  # an object, as was checked


def spelled(value: Any) -> str:
    """Canonical JSON, with the numbers of a record (7.1)."""
    match value:
        case dict():
            require(all(type(name) is str for name in value), "a name that is no text")
            return "{" + ",".join(f"{spelled(name)}:{spelled(item)}" for name, item in value.items()) + "}"
        case list():
            return "[" + ",".join(map(spelled, value)) + "]"
        case float():
            return spelled_number(value)
        case str():
            value.encode()  # 2.3: no lone surrogate
    return json.dumps(value, ensure_ascii=False)


def spelled_number(number: float) -> str:
    """The spelling of a number that is no integer (7.1)."""
    require(math.isfinite(number), "a number that is not finite")
    sign, digits, exponent = Decimal(repr(number)).normalize().as_tuple()
    assert isinstance(exponent, int)
    text, minus = "".join(map(str, digits)), "-" * sign
    if number == 0:
        return f"{minus}0.0"
    first = len(text) + exponent - 1
    if not -5 <= first < 16:
        return f"{minus}{text[0]}{'.' * (len(text) > 1)}{text[1:]}e{first}"
    if first < 0:
        return f"{minus}0.{'0' * (-first - 1)}{text}"
    return f"{minus}{text[: first + 1].ljust(first + 1, '0')}.{text[first + 1 :] or '0'}"


def table_digest(n_rows: int, names: list[Any], digests: list[str]) -> str:
    """The fingerprint of a table (7.7) whose columns have these names, texts or None, and digests."""
    found = blake3(f"vitrify table 0\n{n_rows} {len(names)}\n".encode())
    for name in names:
        found.update(b"0" if name is None else b"t" + len(name.encode()).to_bytes(8, "little") + name.encode())
    found.update(b"".join(map(bytes.fromhex, digests)))
    return found.hexdigest()


def _check(value: Any, kind: str) -> None:
    """A value of a summary against its type."""
    if kind in FIELDS:
        _check_object(value, kind)
    elif kind.endswith("?"):
        if value is not None:
            _check(value, kind[:-1])
    elif kind.endswith("[]"):
        require(type(value) is list, kind)
        for item in value:
            _check(item, kind[:-2])
    elif kind.endswith("{}"):
        require(type(value) is dict, kind)
        for item in value.values():
            _check(item, kind[:-2])
    elif kind in WORDS:
        require(value in WORDS[kind], kind)
    elif kind == "digest":
        require(type(value) is str and re.fullmatch("[0-9a-f]{64}", value), kind)
    elif kind == "count":
        require(type(value) is int and value >= 0, kind)
    elif kind != "json":
        kinds = {"text": (str,), "number": (float,), "bool": (bool,), "step": (str, int)}[kind]
        require(type(value) in kinds, kind)


def _check_object(value: Any, kind: str) -> None:
    require(type(value) is dict, kind)
    fields = [re.fullmatch(r"(\w+):([^=]+)(?:=(.*))?", field) for field in FIELDS[kind].split(" ")]
    known = {found[1]: (found[2], found[3]) for found in fields if found}
    require([name for name in known if name in value] == list(value), f"fields of {kind}")  # 2.3
    for name, (inner, default) in known.items():
        require(name in value or default is not None, f"{kind} without {name}")
        if name in value:
            require(default is None or spelled(value[name]).strip('"') != default, f"{name}: a default")  # 2.3
            _check(value[name], inner)


def _value(glass: Glass, value: Any, seen: dict[Any, Any]) -> Any:
    """Dicts, lists, tuples and arrays as such; other objects stay references."""
    if not isinstance(value, Ref) or value in seen:
        return seen.get(value, value) if isinstance(value, Ref) else value
    table = glass.tables[value.table]
    if value in glass.arrays:
        return seen.setdefault(value, glass.arrays[value])
    if table["type"] not in ("dict", "list", "tuple"):
        return seen.setdefault(value, value)
    begin = sum(table["lengths"][: value.row])
    columns = [column[begin : begin + table["lengths"][value.row]] for column in table["columns"].values()]
    made: Any = seen.setdefault(value, {} if table["type"] == "dict" else [])
    if table["type"] == "dict":
        made |= {key: _value(glass, item, seen) for key, item in zip(*columns, strict=True)}
        return made
    made += [_value(glass, item, seen) for item in columns[0]]
    return made if table["type"] == "list" else tuple(made)


def _follow(value: Any, path: list[str | int]) -> None:
    """The keys and positions that lead to the model (7.1)."""
    for step in path:
        require(type(value) in (dict, list, tuple), "no model there")
        places = value if type(value) is dict else range(len(value))
        require(step in places, "no model there")
        value = value[step]


def _check_texts(texts: dict[Any, Any], summary: dict[str, Any]) -> None:
    listed = (summary.get("source") or {}).get("texts", [])
    require(list(texts) == listed, "texts that source does not list")  # 7.9
    require(all(type(text) is str for text in texts.values()), "a text that is none")  # 7.9


def _check_columns(columns: dict[str, Any], form: str, n: int) -> None:
    """What is known of columns (7.8), where columns have places."""
    if form in ("texts", "records"):
        return
    for name in LISTS:
        require(type(columns.get(name)) is list and len(columns[name]) == n, name)
    require(set(columns["kinds"]) <= set(KINDS), "kinds")
    require(all(type(dtype) is str for dtype in columns["dtypes"]), "dtypes")
    digests = columns.get("digests", [])
    require(type(digests) is list and len(digests) in (0, n), "digests")
    require(all(re.fullmatch("[0-9a-f]{64}", str(digest)) for digest in digests), "digests")
    for names, dtype in ((COUNTS, np.int64), (MEASURES, np.float64)):
        for name in names:
            found = columns.get(name)
            is_right = isinstance(found, np.ndarray) and found.dtype == dtype and found.shape == (n,)
            require(is_right or (found is None and name != "n_missing"), name)
    require((columns["n_missing"] >= 0).all(), "n_missing")
    quantiles = columns.get("quantiles")
    require(quantiles is None or quantiles.shape == (n, 5), "quantiles")


def _check_probes(probes: dict[str, Any]) -> None:
    """Rows and outputs (7.10)."""
    if not probes:
        return
    require(list(probes) == ["X", "outputs"], "probes")
    require(isinstance(probes["X"], (np.ndarray, list, Ref)), "rows")
    require(type(probes["outputs"]) is dict and len(probes["outputs"]) > 0, "outputs")
    require(all(type(name) is str for name in probes["outputs"]), "outputs")
