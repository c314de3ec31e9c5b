"""What building objects says when it fails, and what it leaves behind: nothing."""

from __future__ import annotations

import gc
import weakref
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import vitrify
from vitrify.errors import StateError, UnsupportedError


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
