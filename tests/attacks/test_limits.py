"""Every field of `Limits`: a file that asks for exactly so much is loaded, and for one more is refused and told why."""

from __future__ import annotations

import dataclasses
import io
import json
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from sklearn.ensemble import RandomForestClassifier

import vitrify
from tests.support.independent_reader import Container
from tests.support.lying_writer import Lie
from vitrify.errors import LimitError

VALUE = {
    "weights": np.arange(2000.0),
    "vector": np.arange(3),
    "words": [f"word {i}" for i in range(300)],
    "mixed": [1, "one", b"bytes", 2**80, None],
    "tuples": [(1, "a"), (2, "b")],
}
SAMPLE = vitrify.dumps(VALUE)
_COUNTED = 1000
LIST = vitrify.dumps(list(range(_COUNTED)))


def graph(data: bytes = SAMPLE) -> Any:
    """The JSON of the object graph, read by the second reader."""
    return json.loads(Container(data).graph)


def header(data: bytes = SAMPLE) -> Any:
    """The JSON of the header."""
    return json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])


def text_bytes(column: Any) -> int:
    """The bytes of the strings of a column, those of its parts too."""
    return sum(map(text_bytes, column.get("parts", ()))) + (column["n_bytes"] if column["kind"] == "strings" else 0)


def decoded(data: bytes) -> int:
    """The bytes of all blocks after decoding; of packed ones twice or four times (SPEC.md 8.2)."""
    found = header(data)
    described = json.loads(found.pop("__metadata__")["blocks"])
    sizes = [end - begin for begin, end in (entry["data_offsets"] for entry in found.values())]
    times = {"shuffle": 2, "sparse": 2, "trees": 2, "words": 2, "vocabulary": 4}
    return sum(
        how["n_bytes"] * times.get(how["codec"], 1) if "codec" in how else size
        for how, size in zip(described, sizes, strict=True)
    )


def n_columns() -> int:
    """How many columns all tables have."""
    return sum(len(table["columns"]) for table in graph()["tables"])


DEMANDS: dict[str, Callable[[], int]] = {
    "file_bytes": lambda: len(SAMPLE),
    "header_bytes": lambda: int.from_bytes(SAMPLE[:8], "little"),
    "blocks": lambda: len(header()) - 1,
    "graph_bytes": lambda: len(Container(SAMPLE).graph),
    "tables": lambda: len(graph()["tables"]),
    "columns": n_columns,
    "rows": lambda: sum(table["rows"] for table in graph()["tables"]),
    "text_bytes": lambda: sum(text_bytes(c) for table in graph()["tables"] for c in table["columns"].values()),
}
DEMANDS["items"] = lambda: max(len(VALUE["words"]), len(VALUE))
TOTALS = {"memory_bytes", "expansion"}
LOADED = {"depth", "reached", "workers"}


def refused(data: bytes, **limits: int) -> LimitError:
    """The error, the same one for every way to open the bytes."""
    bounds = dataclasses.replace(vitrify.LIMITS, **limits)
    errors = []
    for call in (
        lambda: vitrify.loads(data, limits=bounds),
        lambda: vitrify.load(io.BytesIO(data), limits=bounds),
        lambda: vitrify.inspect(data, limits=bounds),
    ):
        with pytest.raises(LimitError) as caught:
            call()
        errors.append(caught.value)
    assert len({(error.limit, error.actual, error.message.split(": ", 1)[1]) for error in errors}) == 1
    return errors[0]


def test_every_field_has_a_case() -> None:
    """A new one needs a demand here."""
    assert {field.name for field in dataclasses.fields(vitrify.Limits)} == set(DEMANDS) | TOTALS | LOADED


@pytest.mark.parametrize("name", DEMANDS)
def test_exactly_the_limit_passes_and_one_less_does_not(name: str) -> None:
    """What the file asks for is counted by other readers than the one that is tested."""
    demand = DEMANDS[name]()
    assert demand > 1
    bounds = dataclasses.replace(vitrify.LIMITS, **{name: demand})
    assert vitrify.loads(SAMPLE, limits=bounds)["words"] == VALUE["words"]
    assert vitrify.inspect(SAMPLE, limits=bounds).file_bytes == len(SAMPLE)
    error = refused(SAMPLE, **{name: demand - 1})
    assert (error.limit, error.actual) == (demand - 1, demand)
    assert str(demand) in error.message
    assert str(demand - 1) in error.message


@pytest.mark.parametrize("name", sorted(DEMANDS))
def test_the_error_names_the_field_and_what_to_do(name: str) -> None:
    """The line in its hint is what loads the file, if it is one's own."""
    demand = DEMANDS[name]()
    error = refused(SAMPLE, **{name: demand - 1})
    assert name in error.message
    assert error.hint is not None
    assert error.hint.endswith(f"limits=dataclasses.replace(vitrify.LIMITS, {name}={demand})")
    raised = dataclasses.replace(vitrify.LIMITS, **{name: demand})
    np.testing.assert_array_equal(vitrify.loads(SAMPLE, limits=raised)["weights"], np.arange(2000.0))


def test_memory_is_counted_to_the_byte() -> None:
    """Decoded blocks, 56 bytes for the root, 72 for the list, 56 for its length, 16 + 32 for each int (SPEC.md 8.2)."""
    demand = decoded(LIST) + 56 + 72 + 56 + (16 + 32) * _COUNTED
    bounds = dataclasses.replace(vitrify.LIMITS, expansion=0, memory_bytes=demand)
    assert vitrify.loads(LIST, limits=bounds) == list(range(_COUNTED))
    error = refused(LIST, expansion=0, memory_bytes=demand - 1)
    assert (error.limit, error.actual) == (demand - 1, demand)
    taken = demand - 32 * _COUNTED
    assert error.message.endswith(
        f"the values of a column would take {32 * _COUNTED} bytes of memory after {taken} for the rest; this file may "
        f"take {demand - 1} (memory_bytes {demand - 1}, and expansion 0 for each byte of the file)"
    )


@pytest.mark.parametrize("data", [SAMPLE, LIST], ids=["sample", "list"])
def test_the_number_that_is_named_for_memory_will_do(data: bytes) -> None:
    """It has room for what is asked for later, so that one change is enough."""
    error = refused(data, expansion=0, memory_bytes=decoded(data) - 1)
    assert (error.limit, error.actual) == (decoded(data) - 1, decoded(data))
    found = re.search(r"limits=dataclasses\.replace\(vitrify\.LIMITS, memory_bytes=(\d+)\)$", str(error.hint))
    assert found is not None
    assert decoded(data) < int(found[1]) <= 2 * decoded(data)
    high = vitrify.loads(data, limits=dataclasses.replace(vitrify.LIMITS, memory_bytes=int(found[1])))
    assert len(high) == len(vitrify.loads(data))


def test_expansion_is_counted_by_the_byte_of_the_file() -> None:
    """Zeros that take a thousandth of their room on disk."""
    data = vitrify.dumps(np.zeros(500_000), compress=9)
    demand = decoded(data) + 56 + 256 + 56 + 16
    whole = -(-demand // len(data))
    assert whole > 100
    bounds = dataclasses.replace(vitrify.LIMITS, memory_bytes=0, expansion=whole)
    assert not vitrify.loads(data, limits=bounds).any()
    error = refused(data, memory_bytes=0, expansion=whole - 1)
    assert error.limit is not None
    assert error.actual is not None
    assert error.actual > error.limit


@pytest.mark.parametrize(
    ("field", "type_id", "number", "limit"),
    [("rows", "list", 2**47, "rows"), ("rows", "tuple", 2**33, "rows"), ("n_bytes", "dict", 2**47, "text_bytes")],
)
def test_a_claim_is_refused_by_its_limit_before_anything_is_read(
    field: str, type_id: str, number: int, limit: str
) -> None:
    """With every digest right, and the default limits."""
    lie = Lie(SAMPLE)
    table = lie.tables(type_id)[0]
    (table if field == "rows" else table["columns"]["keys"])[field] = number
    error = refused(lie.file())
    assert limit in error.message
    assert error.actual is not None
    assert error.actual >= number


def test_tables_are_counted_before_their_json_is_read() -> None:
    """A million of them would take a GB as objects; attributes and texts that look like rows do not count."""
    data = vitrify.dumps([{"rows": 1, '"rows":1': '"rows":2'}])
    found = json.loads(Container(data).graph)
    bounds = dataclasses.replace(vitrify.LIMITS, tables=len(found["tables"]))
    assert vitrify.loads(data, limits=bounds) == [{"rows": 1, '"rows":1': '"rows":2'}]
    twice = Lie(data).file(graph_text=lambda text: text + b',{"rows":1' * 5)
    assert refused(twice, tables=len(found["tables"]) + 4).actual == len(found["tables"]) + 5


def test_pieces_of_a_group_count_as_blocks() -> None:
    """A group of a few bytes could name millions of them."""
    rng = np.random.default_rng(0)
    model = RandomForestClassifier(4, random_state=0).fit(rng.normal(size=(800, 4)), rng.integers(0, 3, 800))
    data = vitrify.dumps(model, compress=True)
    described = json.loads(header(data)["__metadata__"]["blocks"])
    demand = sum(len(how.get("pieces", [0])) for how in described)
    assert demand > len(described)
    bounds = dataclasses.replace(vitrify.LIMITS, blocks=demand)
    assert len(vitrify.loads(data, limits=bounds).estimators_) == 4
    error = refused(data, blocks=demand - 1)
    assert (error.limit, error.actual) == (demand - 1, demand)


def test_depth_is_counted_where_objects_are_built() -> None:
    """Tuples in tuples; `inspect` builds nothing, and takes any depth."""
    nested: tuple[Any, ...] = ()
    for _ in range(29):
        nested = (nested, 1)
    data = vitrify.dumps(nested)
    assert vitrify.loads(data, limits=dataclasses.replace(vitrify.LIMITS, depth=30)) == nested
    low = dataclasses.replace(vitrify.LIMITS, depth=29)
    with pytest.raises(LimitError, match="objects deep in one another: 30, the limit depth is 29") as caught:
        vitrify.loads(data, limits=low)
    assert (caught.value.limit, caught.value.actual) == (29, 30)
    assert vitrify.inspect(data, limits=low).file_bytes == len(data)


def test_limits_can_be_lowered_for_one_call_only() -> None:
    """They are values, not settings."""
    refused(SAMPLE, tables=1)
    assert vitrify.loads(SAMPLE)["mixed"] == VALUE["mixed"]
    with pytest.raises(dataclasses.FrozenInstanceError):
        vitrify.LIMITS.tables = 1  # type: ignore[misc]  # that is the test
