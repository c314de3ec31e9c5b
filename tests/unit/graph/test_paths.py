"""Where in a model something is: in messages, in names of blocks, and in hostile graphs."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

import vitrify
from tests.support.counting import n_calls
from tests.vectors.own import Row, Slotted
from vitrify.graph import paths as module
from vitrify.graph.paths import Edge, Holder, Paths, cut

BAD = (letter for letter in "a generator, which cannot be saved")


def path_of_problem(value: Any) -> str:
    """The path that `dump` gives for the only value in it that cannot be saved."""
    with pytest.raises(vitrify.errors.UnsupportedError) as caught:
        vitrify.dumps(value)
    assert len(caught.value.problems) == 1
    return str(caught.value.path)


class TestPathsOfProblems:
    @pytest.mark.parametrize(
        ("value", "path"),
        [
            (BAD, "$"),
            ([0, BAD], "$[1]"),
            ((0, (BAD,)), "$[1][0]"),
            ({"model": BAD}, "$['model']"),
            ({1: {None: BAD}}, "$[1][None]"),
            ({"a": 1, BAD: 2}, "$.keys[1]"),
            (Row(steps=[("scale", Row(coef_=BAD))]), "$.steps[0][1].coef_"),
            (Slotted(1, BAD), "$.right"),
            ({"x" * 100: BAD}, "$['" + "x" * 59 + "…]"),
            ({"a\nb\x1b[2J": BAD}, r"$['a\nb\x1b[2J']"),
            (np.array([[1, None], [BAD, 2]], object), "$[2]"),
        ],
    )
    def test_the_path_is_the_one_to_type(self, value: Any, path: str) -> None:
        """Attributes, items, keys; long keys are cut, control characters escaped."""
        assert path_of_problem(value) == path

    def test_the_shortest_way_counts(self) -> None:
        """What is reached twice is named by the way that is found first, breadth first."""
        shared = [BAD]
        assert path_of_problem({"deep": [[[shared]]], "near": shared}) == "$['near'][0]"

    def test_all_problems_have_paths(self) -> None:
        """One line for each."""
        with pytest.raises(vitrify.errors.UnsupportedError) as caught:
            vitrify.dumps({"a": [BAD, 1, (letter for letter in "x")], "b": Row(f=lambda: None)})
        assert [problem[0] for problem in caught.value.problems] == ["$['a'][0]", "$['a'][2]", "$['b'].f"]

    def test_a_deep_path_shows_its_end(self) -> None:
        """Sixty steps at most."""
        value: Any = [BAD]
        for _ in range(500):
            value = [value]
        assert path_of_problem(value).startswith("$…")

    def test_a_chain_twice_as_long_takes_twice_the_work(self) -> None:
        """Objects in one another, whose paths are asked for because they are the caller's own."""

        def there_and_back(n: int) -> None:
            value = None
            for _ in range(n):
                value = Row(next=value)
            loaded = vitrify.loads(vitrify.dumps(value), trust=[Row])
            for first in (value, loaded):
                while first is not None:
                    first.__dict__, first = {}, first.next

        there_and_back(100_000)
        half, whole = (n_calls(lambda n=n: there_and_back(n)) for n in (2000, 4000))  # type: ignore[misc]  # bound now
        assert 1.5 * half < whole < 2.5 * half


class TestNamesOfBlocks:
    def test_arrays_are_called_by_their_path(self) -> None:
        """Without `$`, brackets and quotes; `root` for the whole."""
        big = [np.full(512, i, "f8") for i in range(4)]
        model = {"steps": [("scale", Row(mean_=big[0]))], "its": {3: big[1]}, "$": big[2], "a.b": [big[3]]}
        assert sorted(names(vitrify.dumps(model))) == ["_", "a.b.0", "its.3", "steps.0.1.mean_"]
        assert names(vitrify.dumps(big[0])) == ["root"]

    def test_columns_are_called_by_their_table(self) -> None:
        """`$` marks what is no array of the model."""
        assert names(vitrify.dumps(["x" * 5000])) == ["$0.items"]


def names(data: bytes) -> list[str]:
    """The names of the numbered blocks."""
    header = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])
    return [name for name in header if name not in ("__metadata__", "$cells", "$graph")]


def ints(*values: int) -> Any:
    """An array of int64."""
    return np.array(values, np.int64)


class TestPaths:
    def test_rows_out_of_reach_have_no_path(self) -> None:
        """Nothing leads there from the root."""
        holder = Holder(n=2, layout="attrs", starts=None, key=lambda _: None)
        edge = Edge(table=0, field="a", child=0, rows=ints(1), positions=ints(0))
        paths = Paths([holder], [edge], (0, 0))
        assert paths.of(0, 0) == "$"
        assert paths.of(0, 1) == "$.a"
        assert Paths([holder], [], (0, 0)).of(0, 1) == "$…"
        assert Paths([holder], [], None).of(0, 0) == "$…"

    @pytest.mark.parametrize("most_known", [0, 10, 10_000])
    @pytest.mark.parametrize("order", [1, -1])
    def test_what_was_asked_before_changes_nothing(
        self, order: int, most_known: int, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A row's path leads through others' that are known; one of more than 60 steps is cut, and begins with `$…`."""
        monkeypatch.setattr(module, "_MAX_KNOWN", most_known)
        n = 70
        holder = Holder(n=n, layout="attrs", starts=None, key=lambda _: None)
        edge = Edge(table=0, field="a", child=0, rows=np.arange(1, n), positions=np.arange(n - 1))
        found = Paths([holder], [edge], (0, 0))
        for row in list(range(n))[::order] * 2:
            assert found.of(0, row) == ("$" + ".a" * row if row <= 60 else "$…")

    def test_cycles_end(self) -> None:
        """A row that refers to itself is reached once."""
        holder = Holder(n=1, layout="items", starts=ints(0, 2), key=lambda _: None)
        edge = Edge(table=0, field="items", child=0, rows=ints(0, 0), positions=ints(0, 1))
        assert Paths([holder], [edge], (0, 0)).of(0, 0) == "$"

    @pytest.mark.parametrize(
        ("text", "shown"),
        [("plain", "plain"), ("é", "é"), ("\x1b[31m", r"\x1b[31m"), ("\u202e", r"\u202e"), ("y" * 61, "y" * 60 + "…")],
    )
    def test_text_from_a_file_is_short_and_harmless(self, text: str, shown: str) -> None:
        """No control characters reach a terminal (attacks F42)."""
        assert cut(text) == shown
