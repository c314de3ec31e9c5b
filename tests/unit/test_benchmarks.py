"""The arithmetic of the benchmark report, on made-up measurements whose answers were worked out by hand."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

# The benchmarks are not part of the installed package.
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from benchmarks.figures import Board, Cell, Ratio, Spread, geomean
from benchmarks.layout import factor, number, table
from benchmarks.measure import plain_error
from benchmarks.page import render
from benchmarks.results import Results, parse_results
from benchmarks.tools import REFERENCE, TOOLS
from benchmarks.zoo import RECIPES, words


def cell(model: str, tool: str, errors: dict[str, str] | None = None, **samples: tuple[float, ...]) -> Cell:
    """A made-up cell."""
    return Cell(model=model, tool=tool, samples=samples, errors=errors or {})


CELLS = (
    cell(
        "tree",
        "pickle",
        save_s=(0.010, 0.030, 0.020),
        file_bytes=(4_000_000.0,),
        load_peak_bytes=(12e6, 14e6),
        load_held_bytes=(10e6,),
        save_extra_bytes=(1e6,),
    ),
    cell(
        "tree",
        "fast",
        save_s=(0.010,),
        file_bytes=(1_000_000.0,),
        load_peak_bytes=(11e6,),
        load_held_bytes=(11e6,),
        save_extra_bytes=(5e6,),
    ),
    cell("text", "pickle", save_s=(0.5, 0.3), file_bytes=(100.0,), load_held_bytes=(1e6,)),
    cell(
        "text",
        "fast",
        save_s=(0.6, 1.0),
        file_bytes=(100.0,),
        load_peak_bytes=(9e6,),
        load_held_bytes=(1e6,),
        save_extra_bytes=(9e6,),
    ),
    cell("grid", "pickle", save_s=(1.0,), file_bytes=(10.0,)),
    cell("grid", "fast", errors={"save": "TypeError: no `such`\x1b[31m thing"}),
)


@pytest.fixture
def board() -> Board:
    """The made-up run, with ratios to pickle."""
    return Board(CELLS, "pickle")


@pytest.mark.parametrize(
    ("values", "expected"),
    [((8.0,), 8.0), ((2.0, 8.0), 4.0), ((0.5, 2.0), 1.0), ((1.0, 10.0, 100.0), 10.0)],
)
def test_geomean_is_the_nth_root_of_the_product(values: tuple[float, ...], expected: float) -> None:
    """√(2·8) = 4, and the cube root of 1 000 is 10."""
    assert geomean(values) == pytest.approx(expected)


@pytest.mark.parametrize("values", [(), (0.0, 1.0), (-1.0,)])
def test_geomean_refuses_what_has_no_geometric_mean(values: tuple[float, ...]) -> None:
    """Nothing, zero and negative numbers have none."""
    with pytest.raises(ValueError, match="positive numbers"):
        geomean(values)


def test_spread_is_median_and_range(board: Board) -> None:
    """The median of 10, 30 and 20 ms is 20 ms; of 0.5 and 0.3 s it is 0.4 s."""
    assert board.spread("tree", "pickle", "save_s") == Spread(median=0.020, low=0.010, high=0.030)
    spread = board.spread("text", "pickle", "save_s")
    assert spread is not None
    assert spread.median == pytest.approx(0.4)


def test_ratio_divides_medians_of_the_same_model(board: Board) -> None:
    """10 ms ÷ 20 ms = 0.5, and 0.8 s ÷ 0.4 s = 2."""
    assert board.ratio("tree", "fast", "save_s") == Ratio(model="tree", ratio=0.5, difference=-0.010)
    slower = board.ratio("text", "fast", "save_s")
    assert slower is not None
    assert slower.ratio == pytest.approx(2.0)
    assert slower.difference == pytest.approx(0.4)


def test_ratio_is_missing_where_a_tool_failed(board: Board) -> None:
    """A failure is neither 0 nor infinity."""
    assert board.ratio("grid", "fast", "save_s") is None
    assert board.ratio("tree", "unknown", "save_s") is None


def test_summary_takes_the_models_that_both_finished(board: Board) -> None:
    """√(0.5 · 2) = 1 over two models of three, the worse of them is 2; sizes: √(¼ · 1) = ½."""
    saved, sized = board.summary("fast", "save_s"), board.summary("fast", "file_bytes")
    assert saved is not None
    assert sized is not None
    assert (saved.n_models, saved.worst.model) == (2, "text")
    assert saved.geomean == pytest.approx(1.0)
    assert saved.worst.ratio == pytest.approx(2.0)
    assert sized.geomean == pytest.approx(0.5)
    assert board.summary("fast", "start_s") is None


def test_summary_can_leave_out_what_takes_the_reference_no_time(board: Board) -> None:
    """Pickle takes 0.02 s for the tree and 0.4 s for the text: from 0.1 s on, only the text counts, at 0.8 / 0.4."""
    longer = board.summary("fast", "save_s", least=0.1)
    assert longer is not None
    assert (longer.n_models, longer.geomean) == (1, pytest.approx(2.0))
    assert board.summary("fast", "save_s", least=0.5) is None


def test_summary_can_be_of_some_models(board: Board) -> None:
    """Only the tree's pickle is larger than 1 MB, and its ratio is 10 ÷ 20 ms."""
    assert board.larger_than(1e6) == ("tree",)
    some = board.summary("fast", "save_s", models=board.larger_than(1e6))
    assert some is not None
    assert some.n_models == 1
    assert some.geomean == pytest.approx(0.5)


def test_summary_against_a_rival_is_the_inverse_of_the_rivals(board: Board) -> None:
    """100 ÷ 100 and 4 ÷ 1 MB: √(1 · 4) = 2."""
    summary = board.summary("pickle", "file_bytes", against="fast")
    assert summary is not None
    assert summary.geomean == pytest.approx(2.0)


def test_extra_memory_while_loading_is_beyond_what_the_model_holds(board: Board) -> None:
    """pickle: 13 − 10 = 3 MB; the other: 11 − 10 = 1 MB, whatever it holds itself."""
    assert board.load_extra_bytes("tree", "pickle") == pytest.approx(3e6)
    assert board.load_extra_bytes("tree", "fast") == pytest.approx(1e6)
    assert board.save_extra_bytes("tree", "fast") == pytest.approx(5e6)


def test_worst_extra_memory_leaves_out_small_models(board: Board) -> None:
    """`text` holds 1 MB and needs 9 more, `tree` holds 10 MB and needs 5 more."""
    large = board.worst_extra("fast", save=True, at_least_bytes=10e6)
    assert large == Ratio(model="tree", ratio=0.5, difference=5e6)
    every = board.worst_extra("fast", save=True, at_least_bytes=0.0)
    assert every is not None
    assert every.model == "text"
    assert every.ratio == pytest.approx(9.0)
    assert board.worst_extra("fast", save=True, at_least_bytes=1e9) is None


@pytest.mark.parametrize(
    ("value", "expected"),
    [(0.01234, "0.012"), (1.234, "1.23"), (12.34, "12.3"), (123.4, "123"), (12345.6, "12 346")],
)
def test_numbers_keep_about_three_digits(value: float, expected: str) -> None:
    """More digits than the measurement has would be a lie."""
    assert number(value) == expected


def test_factors_keep_small_ratios_apart() -> None:
    """0.004 must not read as 0.00."""
    assert [factor(value) for value in (0.004, 0.5, 12.34)] == ["0.004×", "0.50×", "12.3×"]


def test_table_is_aligned() -> None:
    """Every line has the same length."""
    assert table(["a", "bb"], [["long", "1"], ["x", "1234"]]) == [
        "| a    |   bb |",
        "| ---- | ---: |",
        "| long |    1 |",
        "| x    | 1234 |",
    ]


def test_report_shows_ratios_failures_and_how_to_run_it_again() -> None:
    """A failed tool is an error cell and a note, without markup or control characters from the tool."""
    results = Results(
        environment={"cpu": "Abacus", "numpy": "2.4"},
        command="python -m benchmarks --repeat 3",
        reference="pickle",
        scale=0.5,
        titles={"tree": "A tree", "text": "A text", "grid": "A grid"},
        labels={"pickle": "pickle 5", "fast": "fast"},
        cells=CELLS,
    )
    text = render({"zoo": results}).text
    assert "cpu Abacus · numpy 2.4" in text
    assert "python -m benchmarks --repeat 3" in text
    assert "| fast | 2 of 3 |" in text
    assert "- fast, save: `TypeError: no 'such' [31m thing`" in text
    assert "20.0 (10.0–30.0)" in text
    assert "smoke run at scale 0.5" in text
    assert json.loads(results.as_json())["cells"][0]["samples"]["save_s"] == [0.010, 0.030, 0.020]
    assert parse_results(results.as_json()) == results


def test_report_keeps_a_tool_that_failed_everywhere() -> None:
    """A row of dashes says more than a row that is not there."""
    results = Results(
        environment={},
        command="",
        reference="pickle",
        scale=1.0,
        titles={"grid": "A grid"},
        labels={"pickle": "pickle 5", "fast": "fast"},
        cells=tuple(each for each in CELLS if each.model == "grid"),
    )
    text = render({"zoo": results}).text
    assert "| fast | 0 of 1 |" in text
    assert "smoke run" not in text


def test_errors_in_a_report_carry_no_paths() -> None:
    """A report is read on other machines."""
    shown = plain_error("FileNotFoundError: no '/home/someone/a.model'\nsecond line")
    assert shown == "FileNotFoundError: no '…'"
    assert len(plain_error("x" * 1000)) <= 140


def test_names_of_models_and_tools_are_unique() -> None:
    """Names are keys of the tables and of the command line."""
    for names in ([recipe.name for recipe in RECIPES], [tool.name for tool in TOOLS]):
        assert len(names) == len(set(names))
    assert TOOLS[0].name == REFERENCE


def test_every_model_has_a_title_that_fits_a_heading() -> None:
    """The first line of a builder's docstring is what the report prints."""
    assert all(0 < len(recipe.title) <= 110 and "\n" not in recipe.title for recipe in RECIPES)


def test_cache_keys_differ_by_model_and_scale() -> None:
    """A smoke run must not leave small models for the real one."""
    keys = {recipe.cache_key(scale) for recipe in RECIPES for scale in (1.0, 0.02)}
    assert len(keys) == 2 * len(RECIPES)


def test_made_up_words_never_repeat() -> None:
    """The vocabulary has as many words as its title says."""
    made = words(50_000)
    assert len(set(made)) == 50_000
    assert {len(word) for word in made} == {7}
