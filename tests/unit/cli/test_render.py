"""The page of `vitrify inspect`, made in this process: what stands on it and how it is cut."""

from __future__ import annotations

import dataclasses
import io
import re
from typing import Any

import numpy as np
import pytest
from rich.console import Console
from sklearn.compose import ColumnTransformer
from sklearn.feature_selection import SelectFromModel
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import MinMaxScaler, StandardScaler

import vitrify
from tests.support.forge import forge
from tests.support.own_code import Winsorizer
from vitrify.cli.render import print_array, print_summary
from vitrify.inspection import Summary, inspect
from vitrify.inspection.summary import Need

X = np.arange(40.0).reshape(20, 2)


def page(what: Any, *, width: int = 80, show_all: bool = False, name: str = "m.glass") -> str:
    """What is printed of a summary, an array, or a value that is saved first."""
    out = io.StringIO()
    console = Console(file=out, width=width, markup=False, highlight=False, emoji=False)
    if isinstance(what, np.ndarray):
        print_array(console, what, show_all)
    else:
        summary = (
            what if isinstance(what, Summary) else inspect(what if isinstance(what, bytes) else vitrify.dumps(what))
        )
        print_summary(console, summary, name, show_all)
    return out.getvalue()


def words(text: str) -> str:
    """On one line, with single blanks."""
    return " ".join(text.split())


def test_long_texts_of_an_array_are_cut() -> None:
    """With a line that says so, and whole with `--all`."""
    array = np.array(["x" * 500, "short"])
    shown = page(array)
    assert f"'{'x' * 400}'… 'short'" in words(shown)
    assert "--all and --json" in shown
    assert f"'{'x' * 500}' 'short'" in words(page(array, show_all=True))
    assert "--all" not in page(array, show_all=True)


def test_values_of_an_array_are_shown_as_python_writes_them() -> None:
    """Objects and texts; numbers as numpy does."""
    assert "[None 'a' 1]" in page(np.array([None, "a", 1], object))
    assert page(np.array([1.5, 2.0])) == "float64 (2,), 16 B\n[1.5 2. ]\n"


def test_dates_without_a_unit_have_no_text() -> None:
    """And the page says so."""
    dates = np.array([5, -1], np.int64).view("<M8")
    assert "numpy cannot show the elements: " in page(dates)


def test_the_columns_of_a_transformer_stand_beside_it() -> None:
    split = ColumnTransformer([("num", StandardScaler(), [0]), ("rest", MinMaxScaler(), [1])]).fit(X)
    assert re.search(r"num +StandardScaler +on \[0\]", page(split))


def test_attributes_beyond_forty_are_counted() -> None:
    """And listed with `--all`."""
    model = Winsorizer()
    vars(model).update({f"a{i:02}_": i for i in range(50)})
    n_more = 10
    assert f"a39_=39, … and {n_more} more" in words(page(model))
    assert "a49_=49" in page(model, show_all=True)
    assert " more" not in page(model, show_all=True)


def test_a_large_attribute_has_its_size() -> None:
    """From ten thousand bytes on."""
    model = Winsorizer()
    model.large_ = np.random.RandomState(0).rand(5000)  # type: ignore[attr-defined]  # as fitting does
    assert re.search(r"large_=float64 \(5000,\) (39|40)\.\d kB", words(page(model)))


def test_arrays_that_are_alike_share_a_row() -> None:
    """With a star where their paths differ; two of a kind have rows of their own."""
    base = np.random.RandomState(0).rand(4, 3000)
    value = {"many": [{"k": [row + 0, 1]} for row in base[:3]], "two": [base[0] + 1, base[1] + 1]}
    shown = page(value)
    assert re.search(r"many\.\*\.k\.0 +float64 +3 arrays +72\.0 kB +72\.0 kB", shown)
    assert re.search(r"two\.1 +float64 +3000 ", shown)
    assert re.search(r"many\.2\.k\.0 +float64 +3000 ", page(value, show_all=True))


def test_rows_beyond_twenty_are_counted() -> None:
    """And listed with `--all`; without arrays there is no table."""
    value = {f"a{i:02}": np.arange(i + 3) for i in range(25)}
    assert "… and 5 more; --all lists every one" in page(value)
    assert "more" not in page(value, show_all=True)
    assert "in memory" not in page([1])


def test_structured_dtypes_are_counted_by_fields() -> None:
    """Their spelling is long."""
    nested = np.dtype([("x", "f8"), ("y", [("z", "f8")])])
    shown = page({"a": np.zeros(3, nested), "b": np.zeros(3, [("x", "f8")])})
    assert re.search(r"a +2 fields +3 ", shown)
    assert re.search(r"b +1 field +3 ", shown)


def test_long_values_are_cut_after_a_whole_item() -> None:
    """Of an object only its type is left; all is closed that was open."""
    items = [f"word{i:03}" for i in range(30)]
    shown = words(page({"a": items, "b": "x" * 99}))
    assert "'word004', …]" in shown
    assert f"b='{'x' * 56}…'" in shown
    assert "x" * 58 not in shown
    chosen = SelectFromModel(LogisticRegression()).fit(X, np.arange(20) % 2)
    assert "estimator=LogisticRegression(…)," in words(page(chosen))


def test_members_of_a_kind_are_counted() -> None:
    """As the trees of a forest."""
    assert "50 × Winsorizer" in page({"x": [Winsorizer() for _ in range(50)]})


def test_views_name_what_they_share() -> None:
    """In the table of arrays, with a dash for their size in the file."""
    base = np.random.RandomState(0).rand(2000)
    shown = words(page({"base": base, "view": base[5:50]}))
    assert re.search(r"view float64 45 - 360 B shares memory with base", shown)


def test_a_type_that_is_no_name_is_quoted() -> None:
    """It could stand for a line of the page."""
    shown = page(forge("acme.not a name", {"a": 1}))
    assert shown.split("\n")[2].startswith("'acme.not a name'")


def test_parsers_of_other_libraries_are_named() -> None:
    """They read bytes of the file once it is trusted."""
    summary = inspect(vitrify.dumps([1]))
    need = Need(name="xgboost.core.Booster", what="class", path="$")
    assert "code none: loading needs no trust=" in words(page(summary))
    shown = words(page(dataclasses.replace(summary, code=(need,))))
    assert "xgboost.core.Booster class at $" in shown
    assert "xgboost" in shown.partition("class at $")[2]
    need = Need(name="acme.Point", what="converter", path="$")
    assert "acme.Point converter at $, pass it in converters=" in words(
        page(dataclasses.replace(summary, code=(need,)))
    )


def test_nothing_is_missing_from_a_full_record() -> None:
    """The line of what is not recorded is left out."""
    summary = inspect(vitrify.dumps(LogisticRegression().fit(X, np.arange(20) % 2)))
    assert "not recorded" in page(summary)
    assert "not recorded" not in page(dataclasses.replace(summary, not_recorded=()))


@pytest.mark.parametrize("width", [40, 80, 110])
def test_nothing_is_wider_than_the_console(width: int) -> None:
    """However deep it lies."""
    value: Any = LogisticRegression().fit(X, np.arange(20) % 2)
    for _ in range(30):
        value = {"deeper": value, "x" * 30: "y" * 90}
    assert max(map(len, page(value, width=width).split("\n"))) <= width
