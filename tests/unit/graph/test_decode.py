"""What building objects says when it fails, and what it leaves behind: nothing."""

from __future__ import annotations

import collections
import gc
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import vitrify
from tests.support import own_code
from tests.support.forge import forge, reforge
from tests.support.lying_writer import Lie
from vitrify import kernels
from vitrify.errors import FormatError, StateError, UnsupportedError
from vitrify.graph import registry
from vitrify.graph.schema import Graph


class Shard:
    """A number that no file may hold above 4."""

    def __init__(self, number: int) -> None:
        self.number = number


class Picky(Exception):
    """What nobody expects."""


def _decode(number: int, _: Any = None) -> Shard:
    if number > 4:
        raise Picky("too large")
    return Shard(number)


@pytest.mark.parametrize("streams", [False, True])
def test_an_error_of_a_converter_names_the_object_it_happened_at(streams: bool) -> None:
    """The sixth of ten, each with an array of 2 MB, so that streaming takes several stretches; with its cause."""
    converter = vitrify.Converter[Shard](
        type_id="tests.Shard",
        types=(f"{Shard.__module__}.Shard",),
        fields=("number", "weights"),
        encode=lambda shard: (shard.number, np.full(1 << 18, float(shard.number))),
        decode=_decode,
        streams=streams,
    )
    data = vitrify.dumps({"shards": [Shard(i) for i in range(10)]}, converters=[converter])
    with pytest.raises(StateError, match=r"Picky: too large\) - at \$\['shards'\]\[5\]") as caught:
        vitrify.loads(data, converters=[converter])
    assert isinstance(caught.value.__cause__, Picky)


@pytest.mark.parametrize("as_file", [False, True])
def test_nothing_waits_for_the_garbage_collector(as_file: bool, tmp_path: Path) -> None:
    """A model's memory is free as soon as the model is dropped, from bytes or from a file with large blocks."""
    value = [np.arange(2_000_000.0), np.arange(5), "text"]
    data = vitrify.dumps(value)
    (tmp_path / "value.glass").write_bytes(data)
    gc.collect()
    gc.disable()
    try:
        loaded = vitrify.load(tmp_path / "value.glass") if as_file else vitrify.loads(data)
        arrays = [weakref.ref(array) for array in loaded[:2]]
        del loaded
        assert [array() for array in arrays] == [None, None]
    finally:
        gc.enable()


def test_a_view_of_bytes_that_are_no_value_is_refused_when_saving() -> None:
    """Bools that are neither 0 nor 1 can be put right, but not where another array shows the same bytes."""
    numbers = np.array([0, 1, 2], np.uint8)
    with pytest.raises(UnsupportedError, match=r"neither 0 nor 1 - at \$\[1\]"):
        vitrify.dumps([numbers, numbers.view(np.bool_)])
    flags = vitrify.loads(vitrify.dumps([numbers.view(np.bool_).copy()]))[0]
    assert flags.view(np.uint8).tolist() == [0, 1, 1]


class Keeper:
    """Keeps the very array that it was given."""

    def __init__(self, weights: Any) -> None:
        self.weights = weights


def test_a_converter_may_keep_the_arrays_it_is_given(tmp_path: Path) -> None:
    """Memory for what is streamed is used again and again, but not while somebody has it."""
    converter = vitrify.Converter[Keeper](
        type_id="tests.Keeper",
        types=(f"{Keeper.__module__}.Keeper",),
        fields=("weights",),
        encode=lambda keeper: (keeper.weights,),
        decode=Keeper,
        streams=True,
    )
    keepers = [Keeper(np.full(1 << 17, float(i))) for i in range(40)]
    vitrify.dump(keepers, tmp_path / "keepers.glass", converters=[converter])
    loaded = vitrify.load(tmp_path / "keepers.glass", converters=[converter])
    assert [set(keeper.weights.tolist()) for keeper in loaded] == [{float(i)} for i in range(40)]


def test_an_error_of_a_check_names_the_type() -> None:
    """Of its first object, with its cause: what numpy raises on hostile values has no end."""

    def check(rows: Any) -> None:
        raise Picky("no")

    saved = vitrify.Converter[Shard](
        type_id="tests.Shard",
        types=(f"{Shard.__module__}.Shard",),
        fields=("number", "weights"),
        encode=lambda shard: (shard.number, None),
        decode=_decode,
        check=check,
    )
    data = vitrify.dumps([1, Shard(1), Shard(2)], converters=[saved])
    with pytest.raises(StateError) as caught:
        vitrify.loads(data, converters=[saved])
    assert caught.value.message == "<bytes>: tests.Shard cannot have these values (Picky: no)"
    assert caught.value.path == "$[1]"
    assert isinstance(caught.value.__cause__, Picky)


NOT_WHAT_IS_MEANT: dict[str, tuple[Any, str, Any, str]] = {
    "a class for a function": (
        own_code.clip_income,
        "clip_income",
        own_code.Plain,
        "{} is not the function that the file means",
    ),
    "a function for a class that is a value": (
        own_code.Plain,
        "Plain",
        own_code.clip_income,
        "{} is not the class that the file means",
    ),
    "a function for the class of an object": (
        own_code.Plain([1]),
        "Plain",
        own_code.clip_income,
        "{} is not a class here",
    ),
    "a class for an enumeration": (
        own_code.Colour.RED,
        "Colour",
        own_code.Plain,
        "{} is not an enumeration here",
    ),
}


@pytest.mark.parametrize("case", NOT_WHAT_IS_MEANT)
def test_what_the_caller_gives_for_a_name_is_of_its_kind(case: str) -> None:
    """Else a file could have the caller's function called as a class, or the other way round."""
    value, name, given, message = NOT_WHAT_IS_MEANT[case]
    full = f"{own_code.__name__}.{name}"
    with pytest.raises(UnsupportedError) as caught:
        vitrify.loads(vitrify.dumps(value), trust={full: given})
    assert caught.value.message == "<bytes>: " + message.format(full)


@pytest.mark.parametrize(
    ("value", "what"), [(int, "function"), (len, "class"), (np.float64, "function"), (np.log, "class")]
)
def test_a_reviewed_name_is_of_its_kind(value: Any, what: str) -> None:
    """A class is no function, whatever the file calls it."""
    lie = Lie(vitrify.dumps([value]))
    (name,) = lie.graph["names"]
    name["what"] = what
    with pytest.raises(FormatError) as caught:
        vitrify.loads(lie.file())
    assert caught.value.message == f"<bytes>: {name['name']} is not a {what}"


def test_what_a_converter_reads_is_not_rebuilt_from_attributes() -> None:
    """A reviewed type has one layout; `attrs` is the one that is not spelled."""
    lie = Lie(vitrify.dumps(collections.deque([1])))
    del lie.tables("collections.deque")[0]["layout"]
    with pytest.raises(FormatError) as caught:
        vitrify.loads(lie.file())
    assert caught.value.message == "<bytes>: a table of type 'collections.deque' has the layout 'attrs'"


def test_a_type_whose_converter_is_not_here_has_no_attributes_either(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the installed version of a library has no such type."""
    lie = Lie(vitrify.dumps(collections.deque([1])))
    del lie.tables("collections.deque")[0]["layout"]
    monkeypatch.setattr(registry, "load_family", lambda _: ())
    with pytest.raises(FormatError) as caught:
        vitrify.loads(lie.file())
    assert caught.value.message == "<bytes>: a table of type 'collections.deque' has the layout 'attrs'"


def test_what_is_its_attributes_has_no_converter() -> None:
    """The other way round."""
    type_id = "sklearn.linear_model._base.LinearRegression"
    with pytest.raises(FormatError) as caught:
        vitrify.loads(forge(type_id, {"copy_X": True}))
    assert caught.value.message == f"<bytes>: a table of type {type_id!r} has the layout 'fields'"


def _renamed(layout: str) -> Callable[[Graph], Graph]:
    import msgspec

    def edit(graph: Graph) -> Graph:
        tables = [msgspec.structs.replace(t, layout=layout) if t.type.endswith("Plain") else t for t in graph.tables]
        return msgspec.structs.replace(graph, tables=tuple(tables))

    return edit


def test_a_layout_that_nobody_knows_is_refused() -> None:
    """Also of a type that the caller trusts."""
    data = reforge(vitrify.dumps(own_code.Plain([1])), _renamed("exec"))
    with pytest.raises(FormatError) as caught:
        vitrify.loads(data, trust=[own_code.Plain])
    name = f"{own_code.__name__}.Plain"
    assert caught.value.message == f"<bytes>: a table of type {name!r} has the unknown layout 'exec'"


@pytest.mark.parametrize("compress", [0, 3])
def test_a_map_of_what_cannot_be_mapped_is_a_copy(compress: int, tmp_path: Path) -> None:
    """Compressed blocks are read, as are texts and integers of a mapped file."""
    value = {"w": np.arange(50_000.0), "n": np.arange(50_000), "t": np.array(["a" * 9] * 5000)}
    vitrify.dump(value, tmp_path / "v.glass", compress=compress)
    found = vitrify.load(tmp_path / "v.glass", mmap=True)
    for name, array in value.items():
        np.testing.assert_array_equal(found[name], array)
        assert found[name].flags.writeable


@pytest.mark.parametrize("compiled", [True, False])
def test_a_large_dict_keeps_its_order_and_its_type(compiled: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if not compiled:
        monkeypatch.setattr(kernels, "COMPILED", False)
    words = {f"w{(7919 * i) % 20_011}": i for i in range(20_011)}
    loaded = vitrify.loads(vitrify.dumps([words, {"small": 1}, {}]))
    assert list(loaded[0].items()) == list(words.items())
    assert type(loaded[0]) is dict
    assert loaded[1:] == [{"small": 1}, {}]
